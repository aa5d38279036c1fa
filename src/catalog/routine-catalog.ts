/**
 * Which routines a database has besides PostgreSQL's own, and what stands behind its operators, aggregates and casts:
 * one query. The model is pure; the gateway runs the query. Trigger functions have names only: no statement calls them.
 * Of an extension's, those in SQL and PL/pgSQL are read like others; the rest is trusted as it was installed.
 */

/** Rows of text columns: what, schema, name, and what `routineCatalogFromRows` takes for that kind. */
export const ROUTINE_CATALOG_SQL = `
WITH system AS (
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
  CASE WHEN o.pronargs = 1 AND EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = o.proargtypes[0]
    AND t.typtype IN ('c', 'p')) THEN 'attribute' END,
  pg_catalog.pg_get_functiondef(o.oid), NULL
FROM own o
WHERE o.prokind IN ('f', 'p')
  AND o.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
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
WHERE p.pronamespace NOT IN (SELECT oid FROM system)`;

export interface RoutineName {
  readonly schema: string;
  readonly name: string;
}

export interface CatalogRoutine extends RoutineName {
  /** Postgres lets it read only: STABLE or IMMUTABLE, in a trusted language. */
  readonly readsOnly: boolean;
  /** `(row).name` calls it too. */
  readonly isAttribute: boolean;
  /** CREATE FUNCTION as pg_get_functiondef writes it. */
  readonly definition: string;
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
          isAttribute: second === 'attribute',
          definition,
        });
        break;
      case 'operator':
      case 'aggregate':
      case 'cast': {
        const functions = behind[what].get(name) ?? [];
        functions.push({ schema: first ?? '', name: second ?? '' });
        behind[what].set(name, functions);
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
  };
}
