/**
 * The oracle: a statement's lineage against what the server does. In: a statement, its lineage, a schema whose base
 * columns can be changed. Out: findings, each a column that depends on what its lineage does not name. Everything runs
 * in transactions that are rolled back.
 *
 * 1. All base columns that are in neither `sources` of an output column nor in `uses` are changed at once: the output
 *    column's values must stay (data and control, complete).
 * 2. One cell of a column that only steers gets a canary: it must not be seen in the answer (control is not data).
 * 3. The same canary in a source of a `copy` is seen as it is, or not at all.
 * 4. RowDescription against name, type and origin.
 * 5. Where `fallible` names none of the changed columns, what worked must not fail. One that a condition compares freely
 *    (`predicate`) may decide whether anything is computed at all: it is refused in any case.
 * 6. What a statement leaves in its target is changed only by what `writes` and `uses` say.
 */
import type pg from 'pg';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { ColumnRef, Flow, StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import { CANARY_NUMBER, CANARY_TEXT, canary, changed, type Kind, showsCanary } from './kinds.ts';
import type { Statement } from './queries.ts';
import type { Random } from './random.ts';
import { baseColumns, baseTables, type Schema } from './schema.ts';

export interface Base {
  readonly relation: number;
  readonly attnum: number;
  readonly table: string;
  readonly column: string;
  readonly kind: Kind;
  /** `relation.attnum` of every reference that covers it: its own, a parent's, a partition's, a generated column's … */
  readonly coveredBy: ReadonlySet<string>;
}

export interface Finding {
  readonly rule: 'control' | 'data' | 'copy' | 'description' | 'fallible' | 'write' | 'columns' | 'throws' | 'literals';
  readonly says: string;
}

export interface Answer {
  readonly fields: readonly { name: string; tableID: number; columnID: number; dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** SQLSTATE; undefined: it ran. */
  readonly error: string | undefined;
  readonly target: readonly (readonly (string | null)[])[] | undefined;
  readonly targetFields: readonly string[];
  /** OIDs of the relations that the server locked for it, when it was asked for them. */
  readonly locked: readonly number[];
}

const LOCKED = "SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'";

/** Slower statements are left out; none is, unless the machine stands still: the same seed judges the same statements. */
const PATIENCE_MS = 5_000;

const key = (ref: { relation: number; attnum: number }) => `${ref.relation}.${ref.attnum}`;

/** What can be changed, with everything that depends on it by the catalog alone. */
export function basesOf(
  schema: Schema,
  catalog: Catalog,
  matviewSources: ReadonlyMap<string, readonly ColumnRef[]>,
): Base[] {
  const bases: Base[] = [];
  for (const table of baseTables(schema)) {
    const relation = catalog.relation(schema.name, table.name)!;
    const family = [
      relation.oid,
      ...(table.is === 'partitioned' ? catalog.descendants(relation.oid) : []),
      ...ancestors(catalog, relation.oid),
    ];
    for (const column of baseColumns(table)) {
      const coveredBy = new Set<string>();
      const names = [
        column.name,
        ...[...table.generated].filter(([, from]) => from.includes(column.name)).map(([name]) => name),
      ];
      for (const oid of family) {
        for (const one of catalog.relationByOid(oid)!.columns) {
          if (names.includes(one.name)) coveredBy.add(`${oid}.${one.attnum}`);
        }
      }
      const attnum = relation.columns.find(({ name }) => name === column.name)!.attnum;
      bases.push({
        relation: relation.oid,
        attnum,
        table: table.name,
        column: column.name,
        kind: column.kind,
        coveredBy,
      });
    }
  }
  // A materialised view's column stands for what its definition reads, which may be another one's.
  for (let turn = 0; turn < 3; turn++) {
    for (const [ref, sources] of matviewSources) {
      for (const base of bases) {
        if (sources.some((source) => base.coveredBy.has(key(source)))) (base.coveredBy as Set<string>).add(ref);
      }
    }
  }
  return bases;
}

function ancestors(catalog: Catalog, oid: number): number[] {
  const parents = catalog.relationByOid(oid)?.parents ?? [];
  return parents.flatMap((parent) => [parent, ...ancestors(catalog, parent)]);
}

export class Differential {
  readonly client: pg.Client;
  readonly schema: Schema;
  readonly bases: readonly Base[];
  private readonly random: Random;
  private readonly catalog: Catalog;
  /** In the order in which they were made: one may read those before it. */
  private readonly matviews: readonly { readonly oid: number; readonly name: string }[];
  runs = 0;

  constructor(client: pg.Client, schema: Schema, bases: readonly Base[], catalog: Catalog, random: Random) {
    this.client = client;
    this.schema = schema;
    this.bases = bases;
    this.random = random;
    this.catalog = catalog;
    this.matviews = schema.relations
      .filter(({ is }) => is === 'matview')
      .map(({ name }) => ({ oid: catalog.relation(schema.name, name)!.oid, name }));
  }

  /** Runs it as the schema is, and asks what the server locked for it. */
  first(sql: string, target: string | undefined): Promise<Answer> {
    return this.run(sql, target, '', `; ${LOCKED}`);
  }

  /** Runs it after `before`, in a transaction that leaves nothing. */
  async run(sql: string, target: string | undefined, before = '', last = ''): Promise<Answer> {
    this.runs++;
    const skip = before.split(';').length - 1 + 2;
    const look = target === undefined ? '' : `; SELECT * FROM ONLY ${target}`;
    try {
      const text = `BEGIN; SET LOCAL statement_timeout = ${PATIENCE_MS}; ${before} ${sql}${look}${last}; ROLLBACK`;
      const results = (await this.client.query({
        text,
        rowMode: 'array',
      } as pg.QueryConfig)) as unknown as pg.QueryArrayResult[];
      const result = results[skip]!;
      const after = target === undefined ? undefined : results[skip + 1];
      return {
        fields: result.fields ?? [],
        rows: (result.rows ?? []) as string[][],
        error: undefined,
        target: after?.rows as string[][] | undefined,
        targetFields: after?.fields.map(({ name }) => name) ?? [],
        locked: last === '' ? [] : results.at(-2)!.rows.map(([oid]) => Number(oid)),
      };
    } catch (error) {
      await this.client.query('ROLLBACK');
      const code = (error as { code?: string }).code;
      if (code === undefined) throw error;
      return { fields: [], rows: [], error: code, target: undefined, targetFields: [], locked: [] };
    }
  }

  /** UPDATEs that give these columns other values (or, `idle`, the ones that they have). */
  private updates(bases: readonly Base[], idle: boolean): string {
    const byTable = new Map<string, Base[]>();
    for (const base of bases) byTable.set(base.table, [...(byTable.get(base.table) ?? []), base]);
    let sql = '';
    for (const [table, columns] of byTable) {
      const set = columns.map(({ column, kind }) => `${column} = ${idle ? column : changed(kind, column)}`);
      sql += `UPDATE ${this.only(table)}${table} SET ${set.join(', ')};`;
    }
    return sql;
  }

  /** Each table's own rows; a partitioned one has none. */
  private only(table: string): string {
    return this.schema.relations.find(({ name }) => name === table)!.is === 'partitioned' ? '' : 'ONLY ';
  }

  /** The answer when these columns have other values; undefined: PostgreSQL's answer is not determined by the data. */
  private async differs(
    sql: string,
    target: string | undefined,
    bases: readonly Base[],
    first: Answer,
    same: (a: Answer, b: Answer) => boolean,
    refresh: string,
  ): Promise<Answer | undefined> {
    const other = await this.run(sql, target, this.updates(bases, false) + refresh);
    if (same(first, other) || slow(other)) return undefined;
    // Rows have moved in the table: what depends on that alone depends on no value.
    const idle = await this.run(sql, target, this.updates(bases, true) + refresh);
    if (!same(first, idle))
      return same(idle, other)
        ? undefined
        : (await this.stable(sql, target, bases, idle, same, refresh))
          ? other
          : undefined;
    return other;
  }

  private async stable(
    sql: string,
    target: string | undefined,
    bases: readonly Base[],
    idle: Answer,
    same: (a: Answer, b: Answer) => boolean,
    refresh: string,
  ) {
    return same(idle, await this.run(sql, target, this.updates(bases, true) + this.updates(bases, true) + refresh));
  }

  /** The answer with other values in these columns. */
  changedAnswer(sql: string, bases: readonly Base[], first: Answer, lineage: StatementLineage): Promise<Answer> {
    return this.run(sql, undefined, this.updates(bases, false) + this.refreshOf(first, lineage));
  }

  /** Findings of one statement, which ran as `first`. */
  async check(statement: Statement, first: Answer, lineage: StatementLineage): Promise<Finding[]> {
    const { sql, writes: target } = statement;
    const findings: Finding[] = [];
    if (lineage.unknown.length > 0) return findings;
    const columns = lineage.columns;
    if ((columns?.length ?? 0) !== first.fields.length) {
      return [{ rule: 'columns', says: `${columns?.length ?? 'no'} columns, the server says ${first.fields.length}` }];
    }
    const uses = new Set(lineage.uses.map(({ source }) => key(source)));
    const refresh = this.refreshOf(first, lineage);
    for (const [i, column] of (columns ?? []).entries()) findings.push(...this.described(i, column, first));

    // 1: output columns with the same lineage share a run.
    const groups = new Map<string, { outside: Base[]; columns: number[] }>();
    for (const [i, column] of (columns ?? []).entries()) {
      if (column.unknown.length > 0) continue;
      const within = new Set([...uses, ...column.sources.map(key)]);
      const outside = this.bases.filter((base) => !covered(base, within));
      const id = outside.map(key).join();
      const group = groups.get(id) ?? { outside, columns: [] };
      group.columns.push(i);
      groups.set(id, group);
    }
    // Two of them: more statements tell more than more runs of one.
    for (const { outside, columns: members } of this.random.shuffle([...groups.values()]).slice(0, 2)) {
      if (outside.length === 0) continue;
      const same = (a: Answer, b: Answer) =>
        a.error === b.error && members.every((i) => bag(a.rows, i) === bag(b.rows, i));
      const other = await this.differs(sql, undefined, outside, first, same, refresh);
      if (!other) continue;
      const culprits = await this.narrow(sql, undefined, outside, first, same, refresh);
      if (!culprits) continue;
      const which = members.filter((i) => other.error !== undefined || bag(first.rows, i) !== bag(other.rows, i));
      const how = other.error === undefined ? '' : ` (fails with ${other.error})`;
      findings.push({
        rule: 'control',
        says: `column ${which.map((i) => `${i + 1} ${columns![i]!.name}`).join()} depends on ${culprits}${how}`,
      });
    }

    // 2: what only steers. 3: what is copied.
    const steering = this.bases.filter(
      (base) => covered(base, uses) && columns?.some((column) => mayNotShow(base, column)),
    );
    const copied = this.bases.filter((base) => columns?.some((column) => isCopyOf(base, column)));
    const marked = [
      ...this.random.shuffle(steering.filter(marks)).slice(0, 1),
      ...this.random.shuffle(copied.filter(marks)).slice(0, 1),
    ];
    for (const base of marked) {
      const mark = canary(base.kind)!;
      const before = `UPDATE ${this.only(base.table)}${base.table} SET ${base.column} = ${mark} WHERE id = ${1 + this.random.below(4)};`;
      const other = await this.run(sql, undefined, before + refresh);
      if (other.error !== undefined) continue;
      for (const [i, column] of (columns ?? []).entries()) {
        const shown = other.rows.map((row) => row[i]).filter((cell) => cell != null && showsCanary(cell));
        if (shown.length === 0) continue;
        const name = `column ${i + 1} ${column.name}`;
        if (mayNotShow(base, column)) {
          findings.push({ rule: 'data', says: `${name} shows the value of ${base.table}.${base.column}` });
        } else if (isCopyOf(base, column) && shown.some((cell) => cell !== CANARY_TEXT && cell !== CANARY_NUMBER)) {
          findings.push({
            rule: 'copy',
            says: `${name} is said to be a copy of ${base.table}.${base.column} and is not`,
          });
        }
      }
    }

    // 5
    const mayFail = new Set(
      lineage.uses
        .filter(({ use }) => use === 'fallible' || use === 'sink' || use === 'predicate')
        .map(({ source }) => key(source)),
    );
    if (
      (statement.fallible || this.random.chance(20)) &&
      lineage.writes.length === 0 &&
      (columns ?? []).every((column) => column.unknown.length === 0)
    ) {
      const harmless = this.bases.filter((base) => !covered(base, mayFail));
      const other = await this.run(sql, undefined, this.updates(harmless, false) + refresh);
      // Class 22: data exception. Numbers out of range are let be: any addition may meet one.
      if (other.error?.startsWith('22') && other.error !== '22003') {
        const same = (_: Answer, b: Answer) => b.error !== other.error;
        const culprits = await this.narrow(sql, undefined, harmless, first, same, refresh);
        if (culprits)
          findings.push({ rule: 'fallible', says: `fails with ${other.error} for other values of ${culprits}` });
      }
    }

    // 6
    if (target !== undefined && first.target)
      findings.push(...(await this.checkWrites(sql, target, first, lineage, uses, refresh)));
    return findings;
  }

  private async checkWrites(
    sql: string,
    target: string,
    first: Answer,
    lineage: StatementLineage,
    uses: ReadonlySet<string>,
    refresh: string,
  ): Promise<Finding[]> {
    const findings: Finding[] = [];
    const own = this.bases.filter(({ table }) => table === target);
    for (const base of own) {
      const i = first.targetFields.indexOf(base.column);
      const into = lineage.writes.filter(({ target: to }) => to.kind === 'column' && base.coveredBy.has(key(to)));
      if (into.some(({ flow }) => flow.unknown.length > 0)) continue;
      const within = new Set([...uses, ...into.flatMap(({ flow }) => flow.sources.map(key))]);
      const outside = this.bases.filter((one) => one !== base && one.column !== 'id' && !covered(one, within));
      const same = (a: Answer, b: Answer) => a.error === b.error && bag(a.target ?? [], i) === bag(b.target ?? [], i);
      const other = await this.differs(sql, target, outside, first, same, refresh);
      if (!other || other.error !== undefined) continue;
      const culprits = await this.narrow(sql, target, outside, first, same, refresh);
      if (!culprits) continue;
      findings.push({ rule: 'write', says: `${target}.${base.column} takes in ${culprits}` });
    }
    return findings;
  }

  /** Fills anew the materialised views that it reads, by the server's word or by its lineage, and those before them. */
  private refreshOf(first: Answer, lineage: StatementLineage): string {
    const last = this.matviews.findLastIndex(({ oid }) => first.locked.includes(oid) || lineage.reads.includes(oid));
    return this.matviews
      .slice(0, last + 1)
      .map(({ name }) => `REFRESH MATERIALIZED VIEW ${name};`)
      .join('');
  }

  /** Which single columns suffice. */
  private async narrow(
    sql: string,
    target: string | undefined,
    bases: readonly Base[],
    first: Answer,
    same: (a: Answer, b: Answer) => boolean,
    refresh: string,
  ): Promise<string | undefined> {
    const found: string[] = [];
    for (const base of bases) {
      if (await this.differs(sql, target, [base], first, same, refresh)) found.push(`${base.table}.${base.column}`);
    }
    // Else rows have moved, and an order that is not determined with them.
    return found.length > 0 ? found.join(', ') : undefined;
  }

  private described(i: number, column: NonNullable<StatementLineage['columns']>[number], first: Answer): Finding[] {
    const field = first.fields[i]!;
    const says: string[] = [];
    // Fields of a row that VALUES put together: their names are for people only.
    if (column.name !== field.name && !/^f\d+$/.test(column.name))
      says.push(`name ${column.name}, the server says ${field.name}`);
    // RowDescription has the type under a domain.
    const type = this.catalog.typeByOid(column.type ?? 0);
    const sent = type?.kind === 'd' ? type.base : column.type;
    if (sent !== undefined && sent !== field.dataTypeID)
      says.push(`type ${column.type}, the server says ${field.dataTypeID}`);
    const origin = `${column.origin?.relation ?? 0}.${column.origin?.attnum ?? 0}`;
    // A cast to the very type and length that a column has leaves it as it is; a catalog knows no lengths.
    // An origin that is not foreseen is only not compared by the gateway; a wrong one would withhold an answer.
    const isForeseen = column.origin !== undefined;
    if (column.unknown.length === 0 && isForeseen && origin !== `${field.tableID}.${field.columnID}`) {
      says.push(`origin ${origin}, the server says ${field.tableID}.${field.columnID}`);
    }
    return says.map((one) => ({ rule: 'description', says: `column ${i + 1} ${column.name}: ${one}` }));
  }
}

const slow = ({ error }: Answer) => error === '57014';

function covered(base: Base, refs: ReadonlySet<string>): boolean {
  for (const ref of base.coveredBy) if (refs.has(ref)) return true;
  return false;
}

const marks = ({ kind }: Base) => canary(kind) !== undefined;

/** Plain values only: a container's text is not its canary's. */
function isCopyOf(base: Base, column: Flow): boolean {
  if (column.shape.kind !== 'copy' || column.unknown.length > 0 || column.sources.some(({ path }) => path))
    return false;
  return ['int', 'text', 'tag', 'digits'].includes(base.kind) && covered(base, new Set(column.sources.map(key)));
}

function mayNotShow(base: Base, column: Flow): boolean {
  return column.unknown.length === 0 && !covered(base, new Set(column.sources.map(key)));
}

function bag(rows: readonly (readonly (string | null)[])[], i: number): string {
  return JSON.stringify(rows.map((row) => row[i] ?? null).sort());
}
