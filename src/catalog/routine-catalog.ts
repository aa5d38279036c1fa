/**
 * Which routines a database has besides PostgreSQL's own, and what stands behind its operators, aggregates and casts:
 * one query. The model is pure; the gateway runs the query. What stands behind relations (views, policies; triggers, checks,
 * defaults) is read from pg_depend, not from their texts, which a lock could hide.
 * What views show is read from their texts, unless a lock hides them.
 * Of an extension's, those in SQL and PL/pgSQL are read like others; the rest is trusted as it was installed.
 */

/** Rows of text columns: what, schema, name, and what `routineCatalogFromRows` takes for that kind. */
export const ROUTINE_CATALOG_SQL = `
WITH locked AS MATERIALIZED (
  SELECT l.relation AS oid FROM pg_catalog.pg_locks l
  WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid()
    AND l.database = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
), system AS (
  SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema')
), own AS (
  SELECT p.oid, n.nspname, p.proname, p.prokind, p.provolatile, p.prorettype, p.pronargs, p.proargtypes,
    l.lanname, l.lanpltrusted,
    EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.objid = p.oid AND d.deptype = 'e') AS of_extension
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE p.pronamespace NOT IN (SELECT oid FROM system)
), rel AS (
  SELECT c.oid, c.relkind, c.relrowsecurity, n.nspname, c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relnamespace NOT IN (SELECT oid FROM system) AND c.relkind IN ('r', 'p', 'v', 'f')
), calls AS (
  SELECT d.classid, d.objid, o.nspname, o.proname
  FROM pg_catalog.pg_depend d JOIN own o ON o.oid = d.refobjid
  WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  UNION ALL
  SELECT d.classid, d.objid, o.nspname, o.proname
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_operator x ON x.oid = d.refobjid JOIN own o ON o.oid = x.oprcode
  WHERE d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass
), domains AS (
  SELECT k.contypid, calls.nspname, calls.proname
  FROM pg_catalog.pg_constraint k
  JOIN calls ON calls.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND calls.objid = k.oid
  WHERE k.contypid <> 0
), behind(relation, at, nspname, proname) AS (
  SELECT r.ev_class, CASE WHEN r.ev_type = '1' THEN 'read' ELSE 'write' END, calls.nspname, calls.proname
  FROM pg_catalog.pg_rewrite r
  JOIN calls ON calls.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND calls.objid = r.oid
  UNION ALL
  SELECT y.polrelid, 'read', calls.nspname, calls.proname
  FROM pg_catalog.pg_policy y
  JOIN calls ON calls.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND calls.objid = y.oid
  UNION ALL
  SELECT t.tgrelid, 'write', o.nspname, o.proname
  FROM pg_catalog.pg_trigger t JOIN own o ON o.oid = t.tgfoid
  WHERE NOT t.tgisinternal AND t.tgtype & 1 = 1
  UNION ALL
  SELECT k.conrelid, 'write', calls.nspname, calls.proname
  FROM pg_catalog.pg_constraint k
  JOIN calls ON calls.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND calls.objid = k.oid
  WHERE k.conrelid <> 0
  UNION ALL
  SELECT a.adrelid, 'write', calls.nspname, calls.proname
  FROM pg_catalog.pg_attrdef a
  JOIN calls ON calls.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND calls.objid = a.oid
  UNION ALL
  SELECT a.attrelid, 'write', domains.nspname, domains.proname
  FROM pg_catalog.pg_attribute a JOIN domains ON domains.contypid = a.atttypid
)
SELECT DISTINCT 'builtin', n.nspname::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.pronamespace IN (SELECT oid FROM system)
UNION ALL
SELECT DISTINCT 'known', o.nspname::pg_catalog.text, o.proname::pg_catalog.text, NULL, NULL, NULL, NULL FROM own o
UNION ALL
SELECT 'routine', o.nspname::pg_catalog.text, o.proname::pg_catalog.text,
  CASE WHEN o.provolatile = 'v' THEN 'volatile'
    WHEN o.lanpltrusted OR o.lanname = 'sql' THEN 'reads' ELSE 'volatile' END,
  CASE WHEN o.pronargs = 1 THEN (SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = t.typrelid AND a.attname = o.proname AND NOT a.attisdropped)
      THEN 'behind a column' ELSE 'attribute' END
    FROM pg_catalog.pg_type t WHERE t.oid = o.proargtypes[0] AND t.typtype IN ('c', 'p')) END,
  pg_catalog.pg_get_functiondef(o.oid), NULL
FROM own o
WHERE o.prokind IN ('f', 'p')
  AND o.prorettype <> 'pg_catalog.event_trigger'::pg_catalog.regtype
  AND (NOT o.of_extension OR o.lanname IN ('sql', 'plpgsql'))
UNION ALL
SELECT DISTINCT 'operator', n.nspname::pg_catalog.text, x.oprname::pg_catalog.text,
  m.nspname::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL
FROM pg_catalog.pg_operator x
JOIN pg_catalog.pg_namespace n ON n.oid = x.oprnamespace
JOIN pg_catalog.pg_proc p ON p.oid = x.oprcode
JOIN pg_catalog.pg_namespace m ON m.oid = p.pronamespace
WHERE x.oprnamespace NOT IN (SELECT oid FROM system)
UNION ALL
SELECT DISTINCT 'aggregate', o.nspname::pg_catalog.text, o.proname::pg_catalog.text,
  m.nspname::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL
FROM own o
JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = o.oid
JOIN pg_catalog.pg_proc p ON p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
  a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
JOIN pg_catalog.pg_namespace m ON m.oid = p.pronamespace
UNION ALL
SELECT DISTINCT 'cast', NULL, t.typname::pg_catalog.text, m.nspname::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
JOIN pg_catalog.pg_namespace m ON m.oid = p.pronamespace
JOIN pg_catalog.pg_type t ON t.oid IN (c.castsource, c.casttarget)
WHERE p.pronamespace NOT IN (SELECT oid FROM system)
UNION ALL
SELECT DISTINCT 'cast', NULL, t.typname::pg_catalog.text, domains.nspname::pg_catalog.text, domains.proname::pg_catalog.text,
  NULL, NULL
FROM domains JOIN pg_catalog.pg_type t ON t.oid = domains.contypid
UNION ALL
SELECT DISTINCT behind.at, rel.nspname::pg_catalog.text, rel.relname::pg_catalog.text, behind.nspname::pg_catalog.text,
  behind.proname::pg_catalog.text, NULL, NULL
FROM behind JOIN rel ON rel.oid = behind.relation
UNION ALL
SELECT DISTINCT 'view', rel.nspname::pg_catalog.text, rel.relname::pg_catalog.text, x.nspname::pg_catalog.text,
  x.relname::pg_catalog.text, NULL, NULL
FROM pg_catalog.pg_rewrite r
JOIN rel ON rel.oid = r.ev_class AND rel.relkind = 'v'
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
JOIN rel x ON x.oid = d.refobjid AND x.oid <> rel.oid AND (x.relkind = 'v' OR x.relrowsecurity)
UNION ALL
SELECT 'shown', n.nspname::pg_catalog.text, c.relname::pg_catalog.text, pg_catalog.concat_ws(' ', c.oid, r.xmin,
    (SELECT pg_catalog.string_agg(a.xmin::pg_catalog.text, ' ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0)), NULL,
  CASE WHEN NOT EXISTS (SELECT FROM locked) THEN pg_catalog.pg_get_viewdef(c.oid)
    WHEN EXISTS (SELECT FROM locked l WHERE l.oid = c.oid OR EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = l.oid)) THEN NULL
    ELSE pg_catalog.pg_get_viewdef(c.oid) END, NULL
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename = '_RETURN' AND c.relnamespace NOT IN (SELECT oid FROM system)`;

export interface RoutineName {
  readonly schema: string;
  readonly name: string;
}

export interface CatalogRoutine extends RoutineName {
  /** Postgres lets it read only: STABLE or IMMUTABLE, in a trusted language. */
  readonly readsOnly: boolean;
  /** `(row).name` calls it too. */
  readonly isAttribute: boolean;
  /** `(row).name` is a column of the row, as long as that is there. */
  readonly behindColumn: boolean;
  /** CREATE FUNCTION as pg_get_functiondef writes it. */
  readonly definition: string;
}

/** A relation behind which routines are called. */
export interface CallingRelation extends RoutineName {
  /** By whoever reads it: a view's, a policy's. */
  readonly read: readonly RoutineName[];
  /** For each row that is written: row triggers, checks, defaults, rules. */
  readonly write: readonly RoutineName[];
  /** What a view shows. */
  readonly shows: readonly RoutineName[];
}

export interface CatalogView extends RoutineName {
  /** Stays as long as its definition does. */
  readonly version: string;
  /** Its query, names in it with their schemas; undefined: somebody has locked what it names. */
  readonly definition: string | undefined;
}

export interface RoutineCatalog {
  /** Bare names of pg_catalog and information_schema. */
  readonly builtin: ReadonlySet<string>;
  /** All others that there are. */
  readonly known: readonly RoutineName[];
  readonly routines: readonly CatalogRoutine[];
  /** Bare name of an operator, aggregate or type → the functions behind it. */
  readonly operators: ReadonlyMap<string, readonly RoutineName[]>;
  readonly aggregates: ReadonlyMap<string, readonly RoutineName[]>;
  readonly casts: ReadonlyMap<string, readonly RoutineName[]>;
  readonly relations: readonly CallingRelation[];
  readonly views: readonly CatalogView[];
}

/** Throws on a row that the query cannot have given. */
export function routineCatalogFromRows(rows: readonly (readonly (string | null)[])[]): RoutineCatalog {
  const builtin = new Set<string>();
  const known: RoutineName[] = [];
  const routines: CatalogRoutine[] = [];
  const behind = {
    operator: new Map<string, RoutineName[]>(),
    aggregate: new Map<string, RoutineName[]>(),
    cast: new Map<string, RoutineName[]>(),
  };
  const views: CatalogView[] = [];
  const relations = new Map<
    string,
    { schema: string; name: string; read: RoutineName[]; write: RoutineName[]; shows: RoutineName[] }
  >();
  for (const [what, schema, name, first, second, definition] of rows) {
    if (name == null) throw new Error('routine catalog: a row without a name');
    switch (what) {
      case 'builtin':
        builtin.add(name);
        break;
      case 'known':
        known.push({ schema: schema ?? '', name });
        break;
      case 'routine':
        if (definition == null) throw new Error('routine catalog: a routine without its definition');
        routines.push({
          schema: schema ?? '',
          name,
          readsOnly: first === 'reads',
          isAttribute: second !== null,
          behindColumn: second === 'behind a column',
          definition,
        });
        break;
      case 'shown':
        views.push({ schema: schema ?? '', name, version: first ?? '', definition: definition ?? undefined });
        break;
      case 'operator':
      case 'aggregate':
      case 'cast': {
        const functions = behind[what].get(name) ?? [];
        functions.push({ schema: first ?? '', name: second ?? '' });
        behind[what].set(name, functions);
        break;
      }
      case 'read':
      case 'write':
      case 'view': {
        const key = JSON.stringify([schema, name]);
        let relation = relations.get(key);
        if (relation === undefined) {
          relation = { schema: schema ?? '', name, read: [], write: [], shows: [] };
          relations.set(key, relation);
        }
        relation[what === 'view' ? 'shows' : what].push({ schema: first ?? '', name: second ?? '' });
        break;
      }
      default:
        throw new Error(`routine catalog: unknown row ${what}`);
    }
  }
  return {
    builtin,
    known,
    routines,
    operators: behind.operator,
    aggregates: behind.aggregate,
    casts: behind.cast,
    relations: [...relations.values()],
    views,
  };
}
