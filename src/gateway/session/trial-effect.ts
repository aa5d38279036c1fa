/**
 * What a statement that is tried changes, table by table: by the statistics that the server keeps of the open transaction,
 * asked before and after it in the client's session. In: facts. Out: questions; from their answers the rows that count
 * against a limit and what was changed besides, by triggers, cascades and rules.
 *
 * The statistics go on from what the session did before, so it is the difference that counts. They count what was rolled
 * back to a savepoint too, and nothing of TRUNCATE, whose rows are counted before it, nor of foreign tables. Names are
 * qualified, operators too: nothing in a search_path can stand in for them.
 * @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-XACT-ALL-TABLES-VIEW
 */
import type { TableEffect } from '../../approvals/request.ts';
import type { Analysis, FindingKind, StatementFacts } from '../../sql/facts.ts';

/**
 * What tells the rows that it changes: `tags`: its command tags, all of them; `tables`: those of the tables that it names;
 * `all`: those of all tables, as functions change them. Undefined: nothing does.
 */
export type Counting = 'tags' | 'tables' | 'all';

const COUNTED = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES)$/;
const READS_ONLY = /^(?:SELECT|VALUES)$/;
const TRUNCATE = 'TRUNCATE TABLE';
/** What does more than change rows, or who knows what. */
const UNCOUNTED: ReadonlySet<FindingKind> = new Set([
  'drop',
  'alter',
  'create',
  'copy_server_file',
  'copy_program',
  'extension',
  'role',
  'database',
  'server_object',
  'dynamic_sql',
  'procedural_code',
  'dangerous_function',
  'rewrite_table',
  'prepared_transaction',
  'load_library',
  'replication',
]);

/** `analysis`: with what the routines do that it calls. */
export function countingOf({ statements }: Analysis): Counting | undefined {
  if (statements.every(isTagged)) return 'tags';
  if (!statements.every(isTallied)) return undefined;
  return statements.some(({ callsWrite }) => callsWrite === true) ? 'all' : 'tables';
}

function isTagged({ command, nested = [], changesTwice, callsWrite, findings }: StatementFacts): boolean {
  // Code that is put together, or was not understood, may change anything.
  if (findings.some(({ kind }) => UNCOUNTED.has(kind))) return false;
  const changes = changesTwice === true || callsWrite === true || nested.some((one) => !READS_ONLY.test(one));
  return COUNTED.test(command) && !changes;
}

function isTallied({ command, nested = [], findings, targets }: StatementFacts): boolean {
  const isTruncate = command === TRUNCATE;
  return (
    (COUNTED.test(command) || isTruncate) &&
    nested.every((one) => COUNTED.test(one)) &&
    findings.every(({ kind }) => !UNCOUNTED.has(kind) && (kind !== 'truncate' || isTruncate)) &&
    targets.every(({ action, lookup }) => isTruncate && action === 'truncate' && lookup !== undefined)
  );
}

const SETTING_SQL = `SELECT 's', pg_catalog.current_setting('track_counts'),
  EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) 'f')`;

/** OIDs of a table and all that it is a part of. */
const WHOLES = (oid: string): string => `pg_catalog.array_to_string(ARRAY(
    WITH RECURSIVE up(oid) AS (SELECT ${oid} UNION
      SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) up.oid)
    SELECT up.oid::pg_catalog.text FROM up), ',')`;

const NAME = (schema: string, table: string): string =>
  `pg_catalog.quote_ident(${schema}) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(${table})`;

const TALLY_SQL = `SELECT 't', t.relid, ${NAME('t.schemaname', 't.relname')}, t.n_tup_ins, t.n_tup_upd, t.n_tup_del,
  ${WHOLES('t.relid')}
FROM pg_catalog.pg_stat_xact_user_tables t
WHERE t.n_tup_ins OPERATOR(pg_catalog.>) 0 OR t.n_tup_upd OPERATOR(pg_catalog.>) 0 OR t.n_tup_del OPERATOR(pg_catalog.>) 0`;

/** Which of them are tables and nothing else: what is changed through others is changed elsewhere. */
function namesSql(names: readonly string[]): string {
  return `SELECT 'n', c.oid, c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[]) AND NOT c.relhasrules
FROM pg_catalog.unnest(ARRAY[${names.map(literal).join()}]::pg_catalog.text[]) AS n(name)
LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(n.name)::pg_catalog.oid`;
}

/** Rows of what TRUNCATE empties; NULL where row security shows some of them only. */
function emptiedSql(names: readonly string[], cascade: boolean): string {
  const referring = `UNION ALL SELECT k.conrelid FROM pg_catalog.pg_constraint k
      WHERE k.contype OPERATOR(pg_catalog.=) 'f' AND k.confrelid OPERATOR(pg_catalog.=) cut.oid`;
  return `WITH RECURSIVE cut(oid) AS (
  SELECT pg_catalog.to_regclass(n.name)::pg_catalog.oid
  FROM pg_catalog.unnest(ARRAY[${names.map(literal).join()}]::pg_catalog.text[]) AS n(name)
  UNION SELECT x.oid FROM cut, LATERAL (
      SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent OPERATOR(pg_catalog.=) cut.oid
      ${cascade ? referring : ''}) AS x(oid))
SELECT 'c', c.oid, ${NAME('s.nspname', 'c.relname')}, CASE
    WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN '>0<'
    WHEN c.relkind OPERATOR(pg_catalog.=) 'r' AND NOT pg_catalog.row_security_active(c.oid) THEN pg_catalog.query_to_xml(
      'SELECT pg_catalog.count(*) AS n FROM ONLY ' OPERATOR(pg_catalog.||) ${NAME('s.nspname', 'c.relname')},
      false, false, '')::pg_catalog.text END,
  ${WHOLES('c.oid')}
FROM cut JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) cut.oid
JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

type Row = readonly (Buffer | null)[];

interface Tally {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** OIDs of it and all that it is a part of. */
  readonly wholes: readonly string[];
}

/** `effects`: the most changed first; undefined: not known. */
export interface Changed {
  readonly rows: number;
  readonly effects: readonly TableEffect[] | undefined;
}

/** Tables that are listed. */
const MAX_EFFECTS = 50;

export class TrialEffect {
  readonly #counting: Counting;
  readonly #names: readonly string[];
  readonly #emptied: readonly string[];
  readonly #cascade: boolean;
  #isOwn = false;
  #before: ReadonlyMap<string, Tally> = new Map();
  /** OIDs; undefined: what it names is no table, so all count. */
  #named: ReadonlySet<string> | undefined;
  readonly #truncated = new Map<string, { readonly table: string; readonly rows: number; readonly isNamed: boolean }>();

  constructor({ statements }: Analysis, counting: Counting) {
    this.#counting = counting;
    const truncated = statements.flatMap(({ targets }) => targets.filter(({ action }) => action === 'truncate'));
    this.#emptied = truncated.map(({ lookup }) => lookup!);
    this.#cascade = truncated.some(({ cascade }) => cascade === true);
    this.#names = [...new Set([...statements.flatMap(({ written = [] }) => written), ...this.#emptied])];
  }

  /** What is asked before it runs, in its transaction. */
  get questionsBefore(): readonly string[] {
    const counted = this.#emptied;
    return [
      SETTING_SQL,
      ...(this.#names.length > 0 ? [namesSql(this.#names)] : []),
      // As TRUNCATE itself will: what is counted stays so.
      ...(counted.length > 0 ? [`LOCK TABLE ${counted.join(', ')} IN ACCESS EXCLUSIVE MODE`] : []),
      ...(counted.length > 0 ? [emptiedSql(counted, this.#cascade)] : []),
      TALLY_SQL,
    ];
  }

  get questionsAfter(): readonly string[] {
    return [SETTING_SQL, TALLY_SQL];
  }

  /** Takes the answers to `questionsBefore`, `isOwn`: with nothing before them in their transaction; why it cannot be counted, as a clause; undefined: it can. */
  begun(rows: readonly Row[], isOwn: boolean): string | undefined {
    this.#isOwn = isOwn;
    const named = rows.filter(([kind]) => isKind(kind, 'n'));
    if (this.#counting !== 'all' && named.every(([, oid, isTable]) => oid != null && textOf(isTable) === 't')) {
      this.#named = new Set(named.map(([, oid]) => textOf(oid)));
    }
    this.#before = talliesIn(rows);
    for (const [kind, oid, table, counted, wholes] of rows) {
      if (!isKind(kind, 'c')) continue;
      const count = />(\d+)</.exec(textOf(counted))?.[1];
      if (count === undefined) return `the rows of ${textOf(table)} cannot be counted before it is emptied`;
      const isNamed = this.#isNamed(textOf(wholes).split(','));
      this.#truncated.set(textOf(oid), { table: textOf(table), rows: Number(count), isNamed });
    }
    return this.#counting === 'tags' ? undefined : this.#uncountedBy(rows);
  }

  /** Takes the answers to `questionsAfter`. `tagged`: rows as its command tags say. Undefined: it was not counted. */
  changed(rows: readonly Row[], tagged: number): Changed | undefined {
    if (this.#uncountedBy(rows) !== undefined) {
      return this.#counting === 'tags' ? { rows: tagged, effects: undefined } : undefined;
    }
    const effects: TableEffect[] = [];
    let counted = 0;
    const truncated = new Map(this.#truncated);
    for (const [oid, after] of talliesIn(rows)) {
      const emptied = truncated.get(oid);
      truncated.delete(oid);
      // TRUNCATE begins the count of its transaction anew: in one that did more before, all of it counts.
      const before = emptied === undefined || this.#isOwn ? this.#before.get(oid) : undefined;
      const inserted = since(before?.inserted, after.inserted);
      const updated = since(before?.updated, after.updated);
      const deleted = since(before?.deleted, after.deleted);
      const removed = emptied?.rows ?? 0;
      if (inserted + updated + deleted + removed === 0) continue;
      if (this.#isNamed(after.wholes)) counted += inserted + updated + deleted + removed;
      effects.push({ table: after.table, inserted, updated, deleted, truncated: removed });
    }
    for (const { table, rows: removed, isNamed } of truncated.values()) {
      if (removed === 0) continue;
      if (isNamed) counted += removed;
      effects.push({ table, inserted: 0, updated: 0, deleted: 0, truncated: removed });
    }
    effects.sort((a, b) => total(b) - total(a) || (a.table < b.table ? -1 : 1));
    return { rows: this.#counting === 'tags' ? tagged : counted, effects: effects.slice(0, MAX_EFFECTS) };
  }

  #isNamed(wholes: readonly string[]): boolean {
    return this.#named === undefined || wholes.some((oid) => this.#named!.has(oid));
  }

  #uncountedBy(rows: readonly Row[]): string | undefined {
    const [, setting, hasForeign] = rows.find(([kind]) => isKind(kind, 's')) ?? [];
    if (textOf(setting) !== 'on') return 'track_counts is off in the database, so its rows cannot be counted';
    // Whatever is behind a name that is no table's, or in a function.
    if (this.#counting !== 'tags' && this.#named === undefined && textOf(hasForeign) !== 'f') {
      return 'it may change foreign tables, whose rows cannot be counted';
    }
    return undefined;
  }
}

function talliesIn(rows: readonly Row[]): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const [kind, oid, table, inserted, updated, deleted, wholes] of rows) {
    if (!isKind(kind, 't')) continue;
    const [i, u, d] = [inserted, updated, deleted].map((count) => Number(textOf(count)));
    const tally = { table: textOf(table), inserted: i!, updated: u!, deleted: d!, wholes: textOf(wholes).split(',') };
    tallies.set(textOf(oid), tally);
  }
  return tallies;
}

/** A count that is smaller than before was begun anew. */
function since(before: number | undefined, after: number): number {
  return before === undefined || after < before ? after : after - before;
}

function total({ inserted, updated, deleted, truncated }: TableEffect): number {
  return inserted + updated + deleted + truncated;
}

function isKind(value: Buffer | null | undefined, kind: string): boolean {
  return textOf(value) === kind;
}

function textOf(value: Buffer | null | undefined): string {
  return value?.toString('utf8') ?? '';
}
