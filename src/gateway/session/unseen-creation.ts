/**
 * Objects that a statement makes without its text naming them to the session: what stands in a DO block, or in a routine that
 * it calls, means something only when it runs. So the session is asked once it is through, before its transaction ends, what
 * that transaction has made; and another session is asked which of this it sees as well, for what somebody else has made and
 * this one merely altered is there for both. What is left was made here.
 *
 * It counts as the principal's own if a DO block of theirs names it, or a routine of their own does: code of others that
 * runs along with it makes what is others'.
 */
import type { ObjectTarget, StatementFacts } from '../../sql/facts.ts';
import { nameParts } from '../../sql/names.ts';
import type { NamedObject } from './contract.ts';
import { catalogOf } from './ownership-probe.ts';

/** What may come into being. */
export interface UnseenCreation {
  readonly catalog: string;
  /** Schema and name, or the name alone. */
  readonly parts: readonly string[];
  /** The routine, in full, that makes it; undefined: the text itself does. */
  readonly routine: string | undefined;
}

export const NO_CREATION: readonly UnseenCreation[] = [];

/** `statements`: with what the routines do that they call. */
export function unseenCreations(statements: readonly StatementFacts[]): readonly UnseenCreation[] {
  const found: UnseenCreation[] = [];
  for (const { command, functions, targets } of statements) {
    // What is in a body that is only defined here is made by whoever calls it.
    if (command !== 'DO' && command !== 'CALL' && (functions.length === 0 || DEFINES.test(command))) continue;
    for (const target of targets) {
      const catalog = isMade(target) ? catalogOf(target.kind) : undefined;
      if (catalog === undefined) continue;
      const parts = nameParts(target.via?.name ?? target.name);
      found.push({ catalog, parts, routine: target.via?.routine });
    }
  }
  return found.length === 0 ? NO_CREATION : found;
}

const DEFINES = /^(?:CREATE|ALTER|PREPARE|DECLARE)/;

function isMade({ action, lookup, temporary, label }: ObjectTarget): boolean {
  return (action === 'create' || action === 'replace') && lookup === undefined && !temporary && label !== 'index';
}

/**
 * Does it end transactions itself, or may it? That is refused within a transaction block. Of what a procedure does in
 * its turn nobody can say it.
 */
export function mayEndTransaction({ command, nested }: StatementFacts): boolean {
  return command === 'CALL' || nested?.some((one) => ENDS.test(one)) === true;
}

const ENDS = /^(?:COMMIT|ROLLBACK|CALL)$/;

const EQ = 'OPERATOR(pg_catalog.=)';
const NE = 'OPERATOR(pg_catalog.<>)';

// Rows of this transaction, and of whichever began after it. Everything is qualified: nothing in a search_path can stand in.
const kind = (catalog: string, alias: string, columns: string, from: string, where: string): string => `
  SELECT '${catalog}'::pg_catalog.text AS catalog, ${alias}.oid, ${columns} FROM pg_catalog.${catalog} ${alias} ${from}
  WHERE pg_catalog.age(${alias}.xmin) OPERATOR(pg_catalog.<=) 0 AND ${where}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid ${EQ} 'pg_catalog.${catalog}'::pg_catalog.regclass
      AND d.objid ${EQ} ${alias}.oid AND d.deptype ${EQ} 'e'::pg_catalog."char")`;

const schemaOf = (column: string): string => `JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} ${column}
    AND n.oid ${NE} pg_catalog.pg_my_temp_schema()`;

const oneOf = (column: string, letters: string): string =>
  `${column} ${EQ} ANY ('{${[...letters].join()}}'::pg_catalog."char"[])`;

/** `xact, path, catalog, oid, schema, name, parents`: objects that the open transaction may have made. */
export const MADE_SQL = `
SELECT x.xact, pg_catalog.current_schema(), m.* FROM
  (SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text AS xact) x, (
  ${kind(
    'pg_class',
    'c',
    `n.nspname, c.relname, ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid ${EQ} c.oid)::pg_catalog.text`,
    schemaOf('c.relnamespace'),
    `${oneOf('c.relkind', 'rpvmSf')} AND c.relpersistence ${NE} 't'::pg_catalog."char"`,
  )} UNION ALL ${kind(
    'pg_type',
    't',
    "n.nspname, t.typname, '{}'",
    schemaOf('t.typnamespace'),
    `(${oneOf('t.typtype', 'edr')} OR (t.typtype ${EQ} 'c'::pg_catalog."char" AND EXISTS (SELECT FROM pg_catalog.pg_class r
      WHERE r.oid ${EQ} t.typrelid AND r.relkind ${EQ} 'c'::pg_catalog."char")))`,
  )} UNION ALL ${kind('pg_proc', 'p', "n.nspname, p.proname, '{}'", schemaOf('p.pronamespace'), 'true')}
  UNION ALL ${kind('pg_namespace', 's', "NULL, s.nspname, '{}'", '', `NOT pg_catalog.starts_with(s.nspname::pg_catalog.text, 'pg_')`)}
) m WHERE x.xact IS NOT NULL`;

/** `routine, oid, schema, name` of all routines of these names, in full. */
export function routinesSql(routines: readonly string[]): string {
  const rows = routines.map((one) => `(${nameParts(one).map(literal).join(', ')})`);
  return `SELECT 'routine', p.oid, n.nspname, p.proname FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} p.pronamespace
    JOIN (VALUES ${rows.join(', ')}) AS w(schema, name)
      ON n.nspname::pg_catalog.text ${EQ} w.schema AND p.proname::pg_catalog.text ${EQ} w.name`;
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'::pg_catalog.text`;

/** What may be the principal's own, if nobody else sees it. */
export interface MadeHere {
  /** pg_current_xact_id */
  readonly xact: string;
  readonly objects: readonly NamedObject[];
}

/** Reads the answers to `MADE_SQL` and `routinesSql`; undefined: nothing of theirs was made. */
export function readMade(
  expected: readonly UnseenCreation[],
  rows: readonly (Buffer | null)[][],
  isOwn: (catalog: string, oid: number) => boolean,
): MadeHere | undefined {
  const texts = rows.map((row) => row.map((value) => value?.toString('utf8') ?? ''));
  const routines = new Map<string, boolean>();
  for (const [word, oid, schema = '', name = ''] of texts) {
    if (word !== 'routine') continue;
    const key = JSON.stringify([schema, name]);
    routines.set(key, routines.get(key) !== false && isOwn('pg_proc', Number(oid)));
  }
  const theirs = expected.filter(
    ({ routine }) => routine === undefined || routines.get(JSON.stringify(nameParts(routine))) === true,
  );
  let xact: string | undefined;
  const made: (NamedObject & { readonly parents: readonly number[] })[] = [];
  for (const [of, path = '', catalog = '', oid, schema = '', name = '', parents = '{}'] of texts) {
    if (of === undefined || of === 'routine') continue;
    xact = of;
    const isNamed = theirs.some(({ catalog: expects, parts }) => {
      if (expects !== catalog || parts.at(-1) !== name) return false;
      return catalog === 'pg_namespace' || (parts.at(-2) ?? path) === schema;
    });
    if (!isNamed) continue;
    const inherits = [...parents.matchAll(/\d+/g)].map(([parent]) => Number(parent));
    made.push({ catalog, oid: Number(oid), name: schema === '' ? name : `${schema}.${name}`, parents: inherits });
  }
  const isTheirs = (parent: number): boolean =>
    isOwn('pg_class', parent) || made.some(({ catalog, oid }) => catalog === 'pg_class' && oid === parent);
  const objects = made
    .filter(({ parents }) => parents.every(isTheirs))
    .map(({ catalog, oid, name }) => ({ catalog, oid, name }));
  return xact === undefined || objects.length === 0 ? undefined : { xact, objects };
}
