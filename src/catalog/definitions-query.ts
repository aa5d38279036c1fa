/**
 * What the objects of a database are defined by, as the transactions (xmin) that wrote the rows of their definitions. One
 * text reads all of them; another, prepared, those of some by index: as long as nobody changed a definition both give the
 * very same rows for it. PostgreSQL's own objects and temporary relations, a session's own, are left out.
 *
 * An xmin is never another's, and stays when a row is frozen. Of pg_class only what gives a name its meaning counts: TRUNCATE,
 * VACUUM and GRANT write there too.
 */

/** OIDs below are given by initdb (FirstNormalObjectId in access/transam.h). */
const FIRST_OID = 16_384;

/** Not by the index of OIDs: on a catalog without statistics that would look like the better one. */
const NOT_SYSTEM = `x.oid::pg_catalog.int8 >= ${FIRST_OID}`;

interface Part {
  /** what, owner, id, name, value. `owner`: OID of the object that it is about. */
  readonly select: string;
  readonly from: string;
  readonly fromSome?: string;
  readonly all: string;
  /** By the parameters of the prepared text. */
  readonly some: string;
  readonly groupBy?: string;
}

const ofRelation = (what: string, catalog: string, owner: string, also = ''): Part => ({
  select: `'${what}', x.${owner}, x.oid, NULL, x.xmin::pg_catalog.text`,
  from: `pg_catalog.${catalog} x`,
  all: `x.${owner} >= ${FIRST_OID}${also}`,
  some: `x.${owner} = ANY($2)${also}`,
});

const ofPartitions = (what: string, catalog: string, owner: string, which: string): Part => ({
  select: `'below', i.inhparent, NULL::pg_catalog.oid, '${what}', pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
    pg_catalog.string_agg(x.oid::pg_catalog.text || '.' || x.xmin::pg_catalog.text, ' ' ORDER BY x.oid), 'UTF8')), 'hex')`,
  from: `pg_catalog.pg_inherits i JOIN pg_catalog.${catalog} x ON x.${owner} = i.inhrelid`,
  all: which,
  // From the partitions to what is on each, never the other way round, whatever the statistics say.
  fromSome: `pg_catalog.pg_inherits i CROSS JOIN LATERAL (
    SELECT x.oid, x.xmin FROM pg_catalog.${catalog} x WHERE x.${owner} = i.inhrelid AND ${which} OFFSET 0) x`,
  some: 'i.inhparent = ANY($8)',
  groupBy: 'i.inhparent',
});

const PARTS: readonly Part[] = [
  {
    select: `'r', x.oid, NULL::pg_catalog.oid, x.relname::pg_catalog.text, pg_catalog.concat_ws(' ', x.relkind, x.relnamespace,
      x.relrowsecurity, x.relforcerowsecurity, x.reloptions)`,
    from: 'pg_catalog.pg_class x',
    all: `x.oid >= ${FIRST_OID} AND x.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND x.relpersistence <> 't'`,
    some: `x.relname = ANY($1) AND ${NOT_SYSTEM} AND x.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
      AND x.relpersistence <> 't'`,
  },
  // A view's definition, too.
  ofRelation('rule', 'pg_rewrite', 'ev_class'),
  // Clones on partitions are internal to some versions.
  ofRelation('trigger', 'pg_trigger', 'tgrelid', ' AND (NOT x.tgisinternal OR x.tgparentid <> 0)'),
  ofRelation('policy', 'pg_policy', 'polrelid'),
  ofRelation('default', 'pg_attrdef', 'adrelid'),
  ofRelation('constraint', 'pg_constraint', 'conrelid'),
  {
    select: `'child', x.inhparent, x.inhrelid, NULL, x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_inherits x',
    all: 'true',
    some: 'x.inhparent = ANY($2)',
  },
  {
    select: `'parent', x.inhrelid, x.inhparent, NULL, x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_inherits x',
    all: 'true',
    some: 'x.inhrelid = ANY($2)',
  },
  // What fires on a row that goes into one of very many partitions, and the checks that it has to pass there.
  ofPartitions('trigger', 'pg_trigger', 'tgrelid', '(NOT x.tgisinternal OR x.tgparentid <> 0)'),
  ofPartitions('check', 'pg_constraint', 'conrelid', `x.contype = 'c'`),
  {
    select: `'columns', x.attrelid, NULL, NULL,
      pg_catalog.string_agg(x.attnum::pg_catalog.text || '.' || x.xmin::pg_catalog.text, ' ' ORDER BY x.attnum)`,
    from: 'pg_catalog.pg_attribute x',
    all: `x.attrelid >= ${FIRST_OID} AND x.attnum > 0`,
    some: 'x.attrelid = ANY($2) AND x.attnum > 0',
    groupBy: 'x.attrelid',
  },
  {
    select: `'p', x.oid, NULL, x.proname::pg_catalog.text, x.pronamespace::pg_catalog.text || ' ' || x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_proc x',
    all: `x.oid >= ${FIRST_OID}`,
    some: `x.proname = ANY($3) AND ${NOT_SYSTEM}`,
  },
  {
    select: `'t', x.oid, NULL, x.typname::pg_catalog.text, x.typnamespace::pg_catalog.text || ' ' || x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_type x',
    all: `x.oid >= ${FIRST_OID} AND x.typrelid = 0 AND x.typelem = 0`,
    some: `x.typname = ANY($4) AND ${NOT_SYSTEM} AND x.typrelid = 0 AND x.typelem = 0`,
  },
  {
    select: `'check', x.contypid, x.oid, NULL, x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_constraint x',
    all: `x.contypid >= ${FIRST_OID}`,
    some: 'x.contypid = ANY($5)',
  },
  {
    select: `'o', x.oid, NULL, x.oprname::pg_catalog.text, x.oprnamespace::pg_catalog.text || ' ' || x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_operator x',
    all: `x.oid >= ${FIRST_OID}`,
    some: `x.oprname = ANY($6) AND ${NOT_SYSTEM}`,
  },
  // There is no CREATE OR REPLACE of one, and a new one has a higher OID than all before.
  {
    select: `'newest', NULL, pg_catalog.max(x.oid), NULL, NULL`,
    from: 'pg_catalog.pg_operator x',
    all: 'true',
    some: 'true',
  },
  {
    select: `'n', x.oid, NULL, NULL, x.nspname::pg_catalog.text`,
    from: 'pg_catalog.pg_namespace x',
    all: 'true',
    some: 'x.oid = ANY($7)',
  },
  {
    select: `'x', NULL, x.oid, NULL, x.xmin::pg_catalog.text`,
    from: 'pg_catalog.pg_cast x',
    all: `x.oid >= ${FIRST_OID}`,
    some: `x.oid >= ${FIRST_OID}`,
  },
];

/**
 * What is defined by what, `r12` by `p34`. What a routine's body names is looked up when it runs, and is no part of it; a
 * foreign key only compares.
 */
const EDGES = `
SELECT DISTINCT 'e', NULL::pg_catalog.oid, NULL::pg_catalog.oid, one.id,
  CASE d.refclassid WHEN 1259 THEN 'r' WHEN 1255 THEN 'p' WHEN 1247 THEN 't' ELSE 'o' END || d.refobjid::pg_catalog.text
FROM pg_catalog.pg_depend d
JOIN (
  SELECT 2618::pg_catalog.oid AS classid, x.oid AS objid, 'r' || x.ev_class::pg_catalog.text AS id FROM pg_catalog.pg_rewrite x
  UNION ALL SELECT 2620, x.oid, 'r' || x.tgrelid::pg_catalog.text FROM pg_catalog.pg_trigger x WHERE NOT x.tgisinternal
  UNION ALL SELECT 3256, x.oid, 'r' || x.polrelid::pg_catalog.text FROM pg_catalog.pg_policy x
  UNION ALL SELECT 2604, x.oid, 'r' || x.adrelid::pg_catalog.text FROM pg_catalog.pg_attrdef x
  UNION ALL SELECT 2606, x.oid, CASE WHEN x.contypid <> 0 THEN 't' || x.contypid::pg_catalog.text
    ELSE 'r' || x.conrelid::pg_catalog.text END FROM pg_catalog.pg_constraint x WHERE x.contype NOT IN ('f', 'p', 'u')
  UNION ALL SELECT 1255, x.oid, 'p' || x.oid::pg_catalog.text FROM pg_catalog.pg_proc x WHERE x.oid >= ${FIRST_OID}
  UNION ALL SELECT 1247, x.oid, 't' || x.oid::pg_catalog.text FROM pg_catalog.pg_type x
    WHERE x.oid >= ${FIRST_OID} AND x.typtype = 'd'
  UNION ALL SELECT 2617, x.oid, 'o' || x.oid::pg_catalog.text FROM pg_catalog.pg_operator x WHERE x.oid >= ${FIRST_OID}
) one ON one.classid = d.classid AND one.objid = d.objid
WHERE d.refclassid IN (1259, 1255, 1247, 2617) AND d.refobjid >= ${FIRST_OID}
UNION ALL
SELECT DISTINCT 'e', NULL::pg_catalog.oid, NULL::pg_catalog.oid, 'r' || a.attrelid::pg_catalog.text, 't' || t.oid::pg_catalog.text
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' AND t.oid >= ${FIRST_OID}
WHERE a.attnum > 0 AND NOT a.attisdropped`;

function selects(which: 'all' | 'some'): string {
  return PARTS.map((part) => {
    const grouped = part.groupBy === undefined ? '' : ` GROUP BY ${part.groupBy}`;
    const from = which === 'some' ? (part.fromSome ?? part.from) : part.from;
    return `SELECT ${part.select} FROM ${from} WHERE ${part[which]}${grouped}`;
  }).join('\nUNION ALL\n');
}

const BUILTIN_TYPES = `
SELECT 'builtin', NULL::pg_catalog.oid, NULL::pg_catalog.oid, x.typname::pg_catalog.text, NULL FROM pg_catalog.pg_type x
WHERE x.oid < ${FIRST_OID}`;

/** Rows of text: what, owner, id, name, value; `e`: from and to; `builtin`: a type of PostgreSQL's own. */
export const DEFINITIONS_SQL = [selects('all'), EDGES, BUILTIN_TYPES].join('\nUNION ALL\n');

/** What `DefinitionQuestion.parameters` are: names of relations, their OIDs, and so on; at last those with very many partitions. */
export const DEFINITIONS_PARAMETERS = ['name', 'oid', 'name', 'name', 'oid', 'name', 'oid', 'oid'] as const;

export const DEFINITIONS_STATEMENT = 'dbgate_definitions';
export const MOMENT_STATEMENT = 'dbgate_moment';

/**
 * Then `dbgate_definitions`, with these parameters, gives the same rows but for `e`. `dbgate_moment` gives a text that is the
 * same as before only if no transaction has written anything meanwhile; NULL: this server cannot tell. The snapshots of a
 * standby do not name the transactions that are under way.
 */
export const PREPARE_DEFINITIONS_SQL = `SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
PREPARE ${MOMENT_STATEMENT} AS SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_current_snapshot()::pg_catalog.text END;
PREPARE ${DEFINITIONS_STATEMENT}(${DEFINITIONS_PARAMETERS.map((type) => `pg_catalog.${type}[]`).join(', ')}) AS
${selects('some')}`;
