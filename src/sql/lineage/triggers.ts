/**
 * What fires when a table's rows are written: the bodies of its triggers' functions, with NEW and OLD as its rows. They
 * put nothing into the answer; what they read, and whether that could be told, is for the reader of the lineage.
 */
import type { CatalogRelation } from '../../catalog/catalog.ts';
import { GrammarError } from '../grammar.ts';
import { as, child, list } from '../tree.ts';
import { combine, rowOf, unknownFlow, valueFrom } from './flows.ts';
import type { Flow } from './lineage.ts';
import { traceProcedural } from './procedural.ts';
import { columnsOf } from './relations.ts';
import { EMPTY_SCOPE } from './scopes.ts';
import type { Fired, Referring, Tracer } from './tracer.ts';
import { definitionPath } from './views.ts';

/** tsvector_update_trigger and tsvector_update_trigger_column: the words of some columns go into another. */
const FILLS_COLUMNS: ReadonlySet<number> = new Set([3752, 3753]);

/** Their triggers in C put the time, the user or a number into a row, or look rows up by a key. */
const STAMPS: ReadonlySet<string> = new Set(['autoinc', 'insert_username', 'lo', 'moddatetime', 'refint']);

/** Which foreign keys pass a change on to the tables that refer to what is changed. */
export type Follows = 'nothing' | 'update' | 'delete' | 'update and delete' | 'truncate';

/**
 * Takes down the relation as written, with all of its parts, what foreign keys change along with it, and every trigger
 * routine of theirs.
 */
export function noteModified(t: Tracer, relation: CatalogRelation, follows: Follows): void {
  const seen = new Set<string>();
  const visit = (changed: CatalogRelation, along: Follows): void => {
    for (const oid of [changed.oid, ...t.catalog.descendants(changed.oid)]) {
      const key = `${oid} ${along}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const part = t.catalog.relationByOid(oid);
      if (!t.findings.modifies.has(oid)) {
        t.findings.modifies.add(oid);
        for (const { routine } of part?.triggers ?? []) noteTrigger(t, part!, routine);
        if (part !== undefined) noteDefaults(t, part);
      }
      if (along === 'nothing') continue;
      for (const { relation: other, onDelete, onUpdate } of referringTo(t, oid)) {
        for (const next of passedOn(along, onDelete, onUpdate)) {
          if (next === 'update') t.findings.fires.add(other.oid);
          visit(other, next);
        }
      }
    }
  };
  visit(relation, follows);
}

/** Of all foreign keys, looked through once. */
function referringTo(t: Tracer, oid: number): readonly Referring[] {
  if (t.referring === undefined) {
    const referring = new Map<number, Referring[]>();
    for (const relation of t.catalog.allRelations) {
      for (const { references, onDelete, onUpdate } of relation.foreignKeys) {
        const found = referring.get(references);
        if (found === undefined) referring.set(references, [{ relation, onDelete, onUpdate }]);
        else found.push({ relation, onDelete, onUpdate });
      }
    }
    t.referring = referring;
  }
  return t.referring.get(oid) ?? [];
}

/** By pg_constraint.confdeltype and confupdtype: cascade, set null, set default. */
function passedOn(follows: Follows, onDelete: string, onUpdate: string): readonly Follows[] {
  if (follows === 'truncate') return ['truncate'];
  const next: Follows[] = [];
  if (follows.endsWith('delete') && onDelete === 'c') next.push('delete');
  if (follows.endsWith('delete') && (onDelete === 'n' || onDelete === 'd')) next.push('update');
  if (follows.startsWith('update') && /[cnd]/.test(onUpdate)) next.push('update');
  return next;
}

/** RETURN NEW gives the row as it is to the table that it belongs to. */
function withoutReturn(definition: string): string {
  return definition.replace(/\breturn\s+(?:new|old)\s*;/gi, 'RETURN NULL;');
}

/** What a default's routine does now need not be what it did when the default was made. */
function noteDefaults(t: Tracer, relation: CatalogRelation): void {
  for (const column of relation.columns) {
    if (column.default === undefined) continue;
    const flow = storedFlow(t, column.default, `the default of ${relation.schema}.${relation.name}.${column.name}`);
    if (flow.sources.length === 0 && flow.unknown.length === 0) continue;
    const target = { kind: 'column' as const, relation: relation.oid, attnum: column.attnum };
    t.findings.writes.push({ target, flow, offset: undefined });
  }
}

function storedFlow(t: Tracer, sql: string, what: string): Flow {
  if (sql === '') return unknownFlow(what);
  try {
    const traced = t.elsewhere(definitionPath(t.catalog), undefined, () => {
      const select = as(t.parse(`SELECT ${sql}`)[0]?.node, 'SelectStmt');
      const expression = child(as(list(select ?? {}, 'targetList')[0], 'ResTarget') ?? {}, 'val');
      return t.apart(() => t.value(expression, EMPTY_SCOPE).flow).result;
    });
    return traced ?? unknownFlow(what);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return unknownFlow(what);
  }
}

function noteTrigger(t: Tracer, relation: CatalogRelation, oid: number): void {
  const routine = t.catalog.routineByOid(oid);
  // Those of foreign keys carry nothing elsewhere.
  if (routine === undefined && !FILLS_COLUMNS.has(oid)) return;
  const name = routine === undefined ? 'pg_catalog.tsvector_update_trigger' : `${routine.schema}.${routine.name}`;
  if (t.findings.opaque.some((one) => one.routine === name && one.on === relation.oid)) return;
  if (routine?.language === 'c' && STAMPS.has(routine.extension ?? '')) return;
  if (routine === undefined || routine.language === 'c') {
    const reads = columnsOf(t, relation, true).flatMap(({ value }) => value.flow.sources);
    t.findings.opaque.push({ routine: name, reads, trigger: true, on: relation.oid });
    return;
  }
  if (t.firing.has(oid)) return;
  const key = `${oid} ${relation.oid}`;
  const known = t.fired.get(key);
  if (known !== undefined) {
    takeOver(t, known);
    return;
  }
  t.firing.add(oid);
  try {
    const { result, findings } = t.apart(() => {
      const row = valueFrom(
        rowOf(columnsOf(t, relation, false).map((column) => ({ name: column.name, flow: column.value.flow }))),
        relation.rowType,
      );
      const byName = new Map([
        ['new', row],
        ['old', row],
      ]);
      const path = routine.setsSearchPath ?? t.runningPath;
      const bound = { routine: routine.name, byNumber: [], byName };
      return t.elsewhere(
        path,
        undefined,
        () => traceProcedural(t, withoutReturn(routine.definition ?? ''), bound),
        path,
      );
    });
    const written = combine(findings.writes.map(({ flow }) => flow));
    const read = combine([result ?? written, written]);
    const blind = result === undefined || findings.unknown.size > 0 || read.unknown.length > 0;
    const own = { routine: name, reads: read.sources, trigger: true, on: relation.oid, ...(blind ? { blind } : {}) };
    const fired: Fired = {
      opaque: [own, ...findings.opaque.map((one) => (one.trigger === true ? one : { ...one, trigger: true }))],
      modifies: findings.modifies,
    };
    t.fired.set(key, fired);
    takeOver(t, fired);
  } finally {
    t.firing.delete(oid);
  }
}

function takeOver(t: Tracer, { opaque, modifies }: Fired): void {
  for (const oid of modifies) {
    t.findings.modifies.add(oid);
    t.findings.firedOn.add(oid);
    t.findings.fires.add(oid);
  }
  for (const one of opaque) if (!t.findings.opaque.includes(one)) t.findings.opaque.push(one);
}
