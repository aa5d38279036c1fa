/**
 * What of a database's catalog tells a pure read from others: one query, one row for each name. The model is pure; the
 * gateway runs the query. Names are bare and of all schemas, temporary ones too.
 */
import type { PurityCatalog } from '../sql/purity.ts';

export type { PurityCatalog } from '../sql/purity.ts';

/** Rows of two text columns: what, name. Needs no rights; every name in it is qualified. */
export const PURITY_CATALOG_SQL = `
WITH RECURSIVE system AS (
  SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema', 'pg_toast')
), remote AS (
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'f'
  UNION
  SELECT i.inhparent FROM remote r JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid
)
SELECT DISTINCT
  CASE WHEN c.relnamespace IN (SELECT oid FROM system) THEN 'plain'
       WHEN c.relkind IN ('r', 'p', 'm', 'S') AND NOT c.relrowsecurity
        AND NOT EXISTS (SELECT FROM remote r WHERE r.oid = c.oid) THEN 'plain'
       ELSE 'other' END,
  c.relname::pg_catalog.text
FROM pg_catalog.pg_class c
WHERE c.relkind IN ('r', 'p', 'm', 'S', 'v', 'f') AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
UNION ALL
SELECT DISTINCT 'function', p.proname::pg_catalog.text
FROM pg_catalog.pg_proc p WHERE p.pronamespace NOT IN (SELECT oid FROM system)
UNION ALL
SELECT DISTINCT 'operator', o.oprname::pg_catalog.text
FROM pg_catalog.pg_operator o WHERE o.oprnamespace NOT IN (SELECT oid FROM system)
UNION ALL
SELECT DISTINCT 'type', t.typname::pg_catalog.text
FROM pg_catalog.pg_type t
WHERE t.typnamespace NOT IN (SELECT oid FROM system) AND t.typtype <> 'e' AND t.typcategory <> 'A'
UNION ALL
SELECT DISTINCT 'function', '*'
FROM pg_catalog.pg_cast k
JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
JOIN pg_catalog.pg_type s ON s.oid = k.castsource
JOIN pg_catalog.pg_type t ON t.oid = k.casttarget
WHERE p.pronamespace NOT IN (SELECT oid FROM system)
  AND s.typnamespace IN (SELECT oid FROM system) AND t.typnamespace IN (SELECT oid FROM system)`;

/** Throws on a row that the query cannot have given. */
export function purityCatalogFromRows(rows: readonly (readonly (string | null)[])[]): PurityCatalog {
  const plainRelations = new Set<string>();
  const otherRelations = new Set<string>();
  const userFunctions = new Set<string>();
  const userOperators = new Set<string>();
  const userTypes = new Set<string>();
  const sets: Readonly<Record<string, Set<string>>> = {
    plain: plainRelations,
    other: otherRelations,
    function: userFunctions,
    operator: userOperators,
    type: userTypes,
  };
  for (const [what, name] of rows) {
    const set = what == null ? undefined : sets[what];
    if (set === undefined || name == null) throw new Error('purity catalog: expected rows of what and name');
    set.add(name);
  }
  return { plainRelations, otherRelations, userFunctions, userOperators, userTypes };
}
