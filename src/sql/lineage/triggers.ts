/**
 * What fires when a table's rows are written: the bodies of its triggers' functions, with NEW and OLD as its rows. They
 * put nothing into the answer; what they read, and whether that could be told, is for the reader of the lineage.
 */
import type { CatalogRelation } from '../../catalog/catalog.ts';
import { combine, rowOf, valueFrom } from './flows.ts';
import { traceProcedural } from './procedural.ts';
import { columnsOf } from './relations.ts';
import type { Tracer } from './tracer.ts';

/** Takes down the relation as written, with all of its parts, and every trigger routine of theirs. */
export function noteModified(t: Tracer, relation: CatalogRelation): void {
  for (const oid of [relation.oid, ...t.catalog.descendants(relation.oid)]) {
    if (t.findings.modifies.has(oid)) continue;
    t.findings.modifies.add(oid);
    const part = t.catalog.relationByOid(oid);
    for (const { routine } of part?.triggers ?? []) noteTrigger(t, part!, routine);
  }
}

/** RETURN NEW gives the row as it is to the table that it belongs to. */
function withoutReturn(definition: string): string {
  return definition.replace(/\breturn\s+(?:new|old)\s*;/gi, 'RETURN NULL;');
}

function noteTrigger(t: Tracer, relation: CatalogRelation, oid: number): void {
  const routine = t.catalog.routineByOid(oid);
  // PostgreSQL's own (foreign keys, tsvector_update_trigger) carry nothing elsewhere.
  if (routine === undefined) return;
  const name = `${routine.schema}.${routine.name}`;
  if (t.findings.opaque.some((one) => one.routine === name && one.trigger === true)) return;
  if (t.firing.has(oid)) return;
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
    t.findings.opaque.push({ routine: name, reads: read.sources, trigger: true, ...(blind ? { blind } : {}) });
    for (const modified of findings.modifies) t.findings.modifies.add(modified);
    for (const one of findings.opaque) t.findings.opaque.push({ ...one, trigger: true });
  } finally {
    t.firing.delete(oid);
  }
}
