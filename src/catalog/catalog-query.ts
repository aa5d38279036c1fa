/**
 * The query of a database's catalog: one text, one snapshot, for PostgreSQL 14 to 18. It runs on a connection of the
 * gateway's own and, by extended protocol, in a client's session, where it sees what that transaction has changed: so
 * everything in it is qualified, operators too, and nothing in a search_path can stand in for it. Needs no rights.
 */

// IN, BETWEEN, USING, NULLIF and CASE x WHEN look an = up by name: none of them is used.
const EQ = 'OPERATOR(pg_catalog.=)';
const NE = 'OPERATOR(pg_catalog.<>)';

/** PostgreSQL's own objects have OIDs below this one (FirstNormalObjectId), whatever their schema. */
export const FIRST_USER_OID = 16384;

const IS_USERS = `OPERATOR(pg_catalog.>=) ${FIRST_USER_OID}::pg_catalog.oid`;
const IS_INITIAL = `OPERATOR(pg_catalog.<) ${FIRST_USER_OID}::pg_catalog.oid`;

const CLASS_OF = {
  pg_class: '1259::pg_catalog.oid',
  pg_proc: '1255::pg_catalog.oid',
  pg_rewrite: '2618::pg_catalog.oid',
  pg_attrdef: '2604::pg_catalog.oid',
  pg_operator: '2617::pg_catalog.oid',
  pg_type: '1247::pg_catalog.oid',
  pg_constraint: '2606::pg_catalog.oid',
  pg_policy: '3256::pg_catalog.oid',
};

/** Numbers of JSON; an OID alone would be a string in it. */
const oid = (expression: string): string => `${expression}::pg_catalog.int8`;

const row = (...elements: readonly string[]): string => `pg_catalog.json_build_array(${elements.join(', ')})`;

/** A row of the answer. */
const select = (what: string, payload: string, estimate = 'NULL'): string =>
  `SELECT '${what}', ${payload}::pg_catalog.text, ${estimate}`;

/** Rows as one array, one a schema: `from` has it as `s`. */
const selectEach = (what: string, payload: string, from: string): string =>
  `${select(what, `pg_catalog.json_agg(${payload})`)} ${from} GROUP BY s.oid`;

/**
 * PostgreSQL locks what a text names before it prints it. Where somebody holds such a lock (an ALTER TABLE in an open
 * transaction), there is null at once in place of a wait. `about`: condition on the OID `l.oid` of a locked relation.
 */
const unlessLocked = (printed: string, about: string): string => `
  CASE WHEN NOT EXISTS (SELECT FROM locked) THEN ${printed}
    WHEN EXISTS (SELECT FROM locked l WHERE ${about}) THEN NULL ELSE ${printed} END`;

const dependsOnLocked = (catalog: keyof typeof CLASS_OF, object: string): string => `
  EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid ${EQ} ${CLASS_OF[catalog]} AND d.objid ${EQ} ${object}
    AND d.refclassid ${EQ} ${CLASS_OF.pg_class} AND d.refobjid ${EQ} l.oid)`;

const isIndex = (relkind: string): string => `(${relkind} ${EQ} 'i' OR ${relkind} ${EQ} 'I')`;

// An attribute's place in the arrays is its attnum less one: a dropped one stands there with type 0. A type's sign says
// NOT NULL. Lengths and precisions that columns were given stand beside the attnums of these. A sequence's attributes are
// always the same. A relation's row type has its name; of the array type there is one more.
const RELATIONS = `${select(
  'relation',
  row(
    oid('c.oid'),
    's.nspname',
    'c.relname',
    'c.relkind',
    oid('c.reltype'),
    oid('t.typarray'),
    'a.typname',
    'k.names',
    'k.types',
    ...['k.modified', 'k.modifiers'].map(
      (one) => `CASE WHEN (c.relkind ${EQ} 'r' OR c.relkind ${EQ} 'p') AND c.oid ${IS_USERS} THEN ${one} END`,
    ),
  ),
  'c.reltuples::pg_catalog.text',
)}
FROM pg_catalog.pg_class c
JOIN spaces s ON s.oid ${EQ} c.relnamespace
LEFT JOIN pg_catalog.pg_type t ON t.oid ${EQ} c.reltype
LEFT JOIN pg_catalog.pg_type a ON a.oid ${EQ} t.typarray
CROSS JOIN LATERAL (
  SELECT pg_catalog.json_agg(x.attname) AS names, pg_catalog.json_agg(x.type) AS types,
    pg_catalog.array_agg(x.attnum) FILTER (WHERE x.modifier OPERATOR(pg_catalog.>=) 0) AS modified,
    pg_catalog.array_agg(x.modifier) FILTER (WHERE x.modifier OPERATOR(pg_catalog.>=) 0) AS modifiers
  FROM (
    SELECT y.attnum, y.attname, y.atttypmod AS modifier, CASE WHEN y.attnotnull AND NOT y.attisdropped
      THEN OPERATOR(pg_catalog.-) ${oid('y.atttypid')} ELSE ${oid('y.atttypid')} END AS type
    FROM pg_catalog.pg_attribute y
    WHERE c.relkind ${NE} 'S' AND y.attrelid ${EQ} c.oid AND y.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
    ORDER BY y.attrelid, y.attnum) x) k
WHERE NOT ${isIndex('c.relkind')} AND c.relkind ${NE} 't'`;

const INDEXES = selectEach(
  'indexes',
  row(oid('c.oid'), 's.nspname', 'c.relname'),
  `FROM pg_catalog.pg_class c JOIN spaces s ON s.oid ${EQ} c.relnamespace WHERE ${isIndex('c.relkind')}`,
);

const DEFINITIONS = `${select(
  'definition',
  row(
    oid('r.ev_class'),
    unlessLocked(
      'pg_catalog.pg_get_viewdef(r.ev_class)',
      `l.oid ${EQ} r.ev_class OR ${dependsOnLocked('pg_rewrite', 'r.oid')}`,
    ),
  ),
)}
FROM pg_catalog.pg_rewrite r WHERE r.rulename ${EQ} '_RETURN' AND r.ev_class ${IS_USERS}`;

const RULES = `${select('rule', row(oid('r.ev_class')))}
FROM pg_catalog.pg_rewrite r WHERE r.rulename ${NE} '_RETURN' AND r.ev_class ${IS_USERS}`;

const GENERATED = `${select(
  'generated',
  row(oid('e.adrelid'), 'e.adnum', unlessLocked('pg_catalog.pg_get_expr(e.adbin, e.adrelid)', `l.oid ${EQ} e.adrelid`)),
)}
FROM pg_catalog.pg_attrdef e
WHERE (SELECT a.attgenerated FROM pg_catalog.pg_attribute a
  WHERE a.attrelid ${EQ} e.adrelid AND a.attnum ${EQ} e.adnum) ${NE} ''`;

/** Only defaults that call what is not PostgreSQL's own: a routine, an operator, a type's. */
const DEFAULTS = `${select(
  'default',
  row(
    oid('a.attrelid'),
    'a.attnum',
    unlessLocked('pg_catalog.pg_get_expr(e.adbin, e.adrelid)', `l.oid ${EQ} e.adrelid`),
  ),
)}
FROM pg_catalog.pg_attrdef e
JOIN pg_catalog.pg_attribute a ON a.attrelid ${EQ} e.adrelid AND a.attnum ${EQ} e.adnum
WHERE a.attgenerated ${EQ} '' AND EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid ${EQ} ${CLASS_OF.pg_attrdef} AND d.objid ${EQ} e.oid AND d.refobjid ${IS_USERS}
    AND (d.refclassid ${EQ} ${CLASS_OF.pg_proc} OR d.refclassid ${EQ} ${CLASS_OF.pg_operator} OR d.refclassid ${EQ} ${CLASS_OF.pg_type}))`;

/** Columns of `relation` on which an object depends, as JSON; null: none by name. */
const columnsUsed = (catalog: keyof typeof CLASS_OF, object: string, relation: string): string => `
  (SELECT pg_catalog.json_agg(d.refobjsubid) FROM pg_catalog.pg_depend d
    WHERE d.classid ${EQ} ${CLASS_OF[catalog]} AND d.objid ${EQ} ${object} AND d.refclassid ${EQ} ${CLASS_OF.pg_class}
      AND d.refobjid ${EQ} ${relation} AND d.refobjsubid OPERATOR(pg_catalog.>) 0)`;

/** OIDs of routines on which it depends, also by operators, which are not PostgreSQL's own, as JSON; null: none. */
const routinesUsed = (catalog: keyof typeof CLASS_OF, object: string): string => `
  (SELECT pg_catalog.json_agg(CASE WHEN d.refclassid ${EQ} ${CLASS_OF.pg_operator} THEN
      (SELECT ${oid('o.oprcode')} FROM pg_catalog.pg_operator o WHERE o.oid ${EQ} d.refobjid) ELSE ${oid('d.refobjid')} END)
    FROM pg_catalog.pg_depend d WHERE d.classid ${EQ} ${CLASS_OF[catalog]} AND d.objid ${EQ} ${object} AND d.refobjid ${IS_USERS}
      AND (d.refclassid ${EQ} ${CLASS_OF.pg_proc} OR d.refclassid ${EQ} ${CLASS_OF.pg_operator}))`;

/** Columns of an exclusion constraint `k`, or one WITHOUT OVERLAPS, that are not compared by `=`; those of its expressions. */
const EXCLUDING = `pg_catalog.json_build_array(
      (SELECT pg_catalog.json_agg(u.attnum)
        FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.conexclop)) AS u (attnum, operator)
        JOIN pg_catalog.pg_operator o ON o.oid ${EQ} u.operator AND o.oprname ${NE} '='::pg_catalog.name),
      ${columnsUsed('pg_class', 'k.conindid', 'k.conrelid')})`;

const GUARDS = `${select(
  'guards',
  `pg_catalog.json_agg(${row(oid('g.relation'), 'g.columns', 'g.routines', 'g.policy', 'g.excluding')})`,
)}
FROM (
  SELECT k.conrelid AS relation, pg_catalog.to_json(k.conkey) AS columns, ${routinesUsed('pg_constraint', 'k.oid')} AS routines,
    false AS policy, CASE WHEN k.conexclop IS NOT NULL THEN ${EXCLUDING} END AS excluding
  FROM pg_catalog.pg_constraint k
  WHERE (k.contype ${EQ} 'c' OR k.conexclop IS NOT NULL) AND k.conrelid ${IS_USERS}
  UNION ALL
  SELECT i.indrelid, ${columnsUsed('pg_class', 'i.indexrelid', 'i.indrelid')}, ${routinesUsed('pg_class', 'i.indexrelid')}, false, NULL
  FROM pg_catalog.pg_index i WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND i.indrelid ${IS_USERS}
  UNION ALL
  SELECT p.partrelid, pg_catalog.to_json(pg_catalog.string_to_array(p.partattrs::pg_catalog.text, ' ')),
    ${routinesUsed('pg_class', 'p.partrelid')}, false, NULL
  FROM pg_catalog.pg_partitioned_table p
  UNION ALL
  SELECT p.polrelid, COALESCE(${columnsUsed('pg_policy', 'p.oid', 'p.polrelid')}, '[]'::pg_catalog.json),
    ${routinesUsed('pg_policy', 'p.oid')}, true, NULL
  FROM pg_catalog.pg_policy p WHERE p.polrelid ${IS_USERS}) g`;

/** Domains that check their values. */
const CHECKED_TYPES = `${select('checked_types', `pg_catalog.json_agg(${row(oid('k.contypid'), routinesUsed('pg_constraint', 'k.oid'))})`)}
FROM pg_catalog.pg_constraint k WHERE k.contype ${EQ} 'c' AND k.contypid ${IS_USERS}`;

const COMMENTS = `${select('comment', row(oid('d.objoid'), 'd.objsubid', 'd.description'))}
FROM pg_catalog.pg_description d
JOIN pg_catalog.pg_class c ON c.oid ${EQ} d.objoid
JOIN spaces s ON s.oid ${EQ} c.relnamespace
WHERE d.classoid ${EQ} ${CLASS_OF.pg_class} AND d.objoid ${IS_USERS} AND NOT ${isIndex('c.relkind')}`;

const KEYS = selectEach(
  'keys',
  row(oid('i.indrelid'), oid('i.indexrelid'), 'i.indisprimary', 'i.indnkeyatts', 'i.indkey::pg_catalog.text'),
  `FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid ${EQ} i.indrelid
JOIN spaces s ON s.oid ${EQ} c.relnamespace
WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND NOT i.indisexclusion
  AND i.indpred IS NULL AND i.indexprs IS NULL`,
);

const FOREIGN_KEYS = selectEach(
  'foreign_keys',
  row(oid('k.conrelid'), 'k.conkey', oid('k.confrelid'), 'k.confkey', 'k.confdeltype', 'k.confupdtype'),
  `FROM pg_catalog.pg_constraint k JOIN spaces s ON s.oid ${EQ} k.connamespace WHERE k.contype ${EQ} 'f'`,
);

const PARENTS = `${select('parents', `pg_catalog.json_agg(${row(oid('i.inhrelid'), oid('i.inhparent'))})`)}
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid ${EQ} i.inhrelid
WHERE NOT ${isIndex('c.relkind')} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0::pg_catalog.int8`;

// Arguments of tsvector_update_trigger and tsvector_update_trigger_column.
const FILLS = `CASE WHEN t.tgfoid ${EQ} ANY ('{3752,3753}'::pg_catalog.oid[]) THEN pg_catalog.encode(t.tgargs, 'hex') END`;

// Internal ones without a constraint are a partitioned table's, as its partitions have them.
const TRIGGERS = `${select('trigger', row(oid('t.tgrelid'), 't.tgname', oid('t.tgfoid'), 't.tgtype', FILLS))}
FROM pg_catalog.pg_trigger t
WHERE t.tgenabled ${NE} 'D' AND (NOT t.tgisinternal OR t.tgconstraint ${EQ} 0::pg_catalog.oid)`;

// Row types and arrays of them are told by their relations.
const TYPES = selectEach(
  'types',
  row(
    oid('t.oid'),
    's.nspname',
    't.typname',
    't.typtype',
    oid('t.typarray'),
    `CASE WHEN t.typsubscript ${EQ} 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      THEN ${oid('t.typelem')} ELSE 0::pg_catalog.int8 END`,
    `CASE WHEN t.typtype ${EQ} 'd' THEN ${oid('t.typbasetype')}
      WHEN t.typtype ${EQ} 'r' THEN (SELECT ${oid('g.rngsubtype')} FROM pg_catalog.pg_range g WHERE g.rngtypid ${EQ} t.oid)
      WHEN t.typtype ${EQ} 'm' THEN (SELECT ${oid('g.rngtypid')} FROM pg_catalog.pg_range g WHERE g.rngmultitypid ${EQ} t.oid)
      ELSE 0::pg_catalog.int8 END`,
    't.typcategory',
    `CASE WHEN t.typtype ${EQ} 'e' THEN (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
      FROM pg_catalog.pg_enum e WHERE e.enumtypid ${EQ} t.oid) END`,
  ),
  `FROM pg_catalog.pg_type t
JOIN spaces s ON s.oid ${EQ} t.typnamespace
LEFT JOIN pg_catalog.pg_type m ON m.oid ${EQ} t.typelem AND m.typarray ${EQ} t.oid
WHERE t.typrelid ${EQ} 0::pg_catalog.oid AND (m.typrelid IS NULL OR m.typrelid ${EQ} 0::pg_catalog.oid)`,
);

const ROUTINES = `${select(
  'routine',
  row(
    oid('p.oid'),
    's.nspname',
    'p.proname',
    'p.prokind',
    'l.lanname',
    'p.provolatile',
    'p.prosecdef',
    oid('p.prorettype'),
    'p.proretset',
    'p.proargtypes::pg_catalog.text',
    'p.proallargtypes::pg_catalog.text',
    'p.proargmodes',
    'p.proargnames',
    'p.pronargdefaults',
    `p.provariadic ${NE} 0::pg_catalog.oid`,
    'p.proconfig',
    `(SELECT x.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid ${EQ} d.refobjid
      WHERE d.classid ${EQ} ${CLASS_OF.pg_proc} AND d.objid ${EQ} p.oid AND d.deptype ${EQ} 'e')`,
    `CASE WHEN p.prokind ${NE} 'a' THEN ${unlessLocked('pg_catalog.pg_get_functiondef(p.oid)', dependsOnLocked('pg_proc', 'p.oid'))} END`,
  ),
)}
FROM pg_catalog.pg_proc p
JOIN spaces s ON s.oid ${EQ} p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid ${EQ} p.prolang
WHERE s.nspname ${NE} 'pg_catalog' OR p.oid ${IS_USERS}`;

const BUILTINS = `${select(
  'builtins',
  `pg_catalog.json_agg(${row('b.proname', 'b.volatility', 'b.aggregate', 'b.set', 'b.types')})`,
)}
FROM (
  SELECT p.proname, pg_catalog.max(p.provolatile::pg_catalog.text) AS volatility,
    pg_catalog.bool_or(p.prokind ${EQ} 'a') AS aggregate, pg_catalog.bool_or(p.proretset) AS set,
    pg_catalog.array_agg(DISTINCT ${oid('p.prorettype')}) AS types
  FROM pg_catalog.pg_proc p JOIN spaces s ON s.oid ${EQ} p.pronamespace
  WHERE s.nspname ${EQ} 'pg_catalog' AND p.oid ${IS_INITIAL}
  GROUP BY p.proname) b`;

const OPERATORS = `${select(
  'operator',
  row('s.nspname', 'o.oprname', oid('o.oprcode'), 'p.proname', oid('o.oprleft'), oid('o.oprright')),
)}
FROM pg_catalog.pg_operator o JOIN spaces s ON s.oid ${EQ} o.oprnamespace
JOIN pg_catalog.pg_proc p ON p.oid ${EQ} o.oprcode
WHERE s.nspname ${NE} 'pg_catalog' OR o.oid ${IS_USERS}`;

const CASTS = `${select('cast', row(oid('k.castsource'), oid('k.casttarget'), oid('k.castfunc')))}
FROM pg_catalog.pg_cast k WHERE k.oid ${IS_USERS}`;

/**
 * Rows of three text columns: what, a JSON array (`catalog-model.ts` names its elements), and the estimated rows of a
 * relation, which alone change without anybody changing the schema. A text that could not be had is null.
 */
export const CATALOG_SQL = `
WITH locked AS MATERIALIZED (
  SELECT l.relation AS oid FROM pg_catalog.pg_locks l
  WHERE l.locktype ${EQ} 'relation' AND l.mode ${EQ} 'AccessExclusiveLock' AND l.pid ${NE} pg_catalog.pg_backend_pid()
    AND l.database ${EQ} (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname ${EQ} pg_catalog.current_database())
), spaces AS MATERIALIZED (
  SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
  WHERE n.nspname ${NE} 'pg_toast' AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_toast_temp_')
)
SELECT 'database' AS what, ${row('pg_catalog.current_database()', 'pg_catalog.current_schemas(true)')}::pg_catalog.text AS payload,
  NULL::pg_catalog.text AS estimate
UNION ALL
SELECT 'schemas', pg_catalog.json_agg(s.nspname)::pg_catalog.text, NULL FROM spaces s
${[
  RELATIONS,
  INDEXES,
  DEFINITIONS,
  RULES,
  GENERATED,
  DEFAULTS,
  GUARDS,
  CHECKED_TYPES,
  COMMENTS,
  KEYS,
  FOREIGN_KEYS,
  PARENTS,
  TRIGGERS,
  TYPES,
  ROUTINES,
  BUILTINS,
  OPERATORS,
  CASTS,
]
  .map((part) => `UNION ALL\n${part}`)
  .join('\n')}`;
