/** What pg_class and pg_depend say of a database's relations, read beside dbgate's own catalog: the other opinion. */
import { nameParts } from '../../../src/sql/names.ts';

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind */
  readonly kind: string;
}

/**
 * Edges as rows of `kind, from, to`. `part`: an index, TOAST table or owned sequence → its table. `heir`: a child or
 * partition → its parent. `view`: a view → what its rules name. `key`: a table with a foreign key → the table referenced.
 * `rule`, `policy`: a table → what its rules and row security policies name. `typed`: a table → the type that it is OF.
 * `calls`: a table whose indexes, checks or defaults call a routine → itself. `holds`: what has columns → the row types of them.
 */
export const STRUCTURE_SQL = `
SELECT 'relation' AS what, c.oid::int8::text AS a, n.nspname::text AS b, c.relname::text AS c, c.relkind::text AS d
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
UNION ALL SELECT 'part', i.indexrelid::int8::text, i.indrelid::int8::text, NULL, NULL FROM pg_catalog.pg_index i
UNION ALL SELECT 'part', c.reltoastrelid::int8::text, c.oid::int8::text, NULL, NULL
  FROM pg_catalog.pg_class c WHERE c.reltoastrelid <> 0
UNION ALL SELECT 'part', d.objid::int8::text, d.refobjid::int8::text, NULL, NULL FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.deptype IN ('a', 'i')
UNION ALL SELECT 'heir', h.inhrelid::int8::text, h.inhparent::int8::text, NULL, NULL FROM pg_catalog.pg_inherits h
UNION ALL SELECT DISTINCT CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'rule' END,
    r.ev_class::int8::text, d.refobjid::int8::text, NULL, NULL
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1259 AND d.refobjid <> r.ev_class
 
UNION ALL SELECT DISTINCT 'policy', p.polrelid::int8::text, d.refobjid::int8::text, NULL, NULL
  FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_depend d ON d.classid = 3256 AND d.objid = p.oid AND d.refclassid = 1259
UNION ALL SELECT DISTINCT 'calls', i.indrelid::int8::text, i.indrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_depend d ON d.classid = 1259 AND d.objid = i.indexrelid
    AND d.refclassid = 1255 AND d.refobjid >= 16384
UNION ALL SELECT DISTINCT 'calls', k.conrelid::int8::text, k.conrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_depend d ON d.classid = 2606 AND d.objid = k.oid
    AND d.refclassid = 1255 AND d.refobjid >= 16384 WHERE k.conrelid <> 0
UNION ALL SELECT DISTINCT 'calls', f.adrelid::int8::text, f.adrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_depend d ON d.classid = 2604 AND d.objid = f.oid
    AND d.refclassid = 1255 AND d.refobjid >= 16384
UNION ALL SELECT DISTINCT 'key', t.tgrelid::int8::text, t.tgconstrrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_trigger t WHERE t.tgconstrrelid <> 0
UNION ALL SELECT 'key', k.conrelid::int8::text, k.confrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'
UNION ALL SELECT 'typed', c.oid::int8::text, t.typrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_type t ON t.oid = c.reloftype WHERE c.reloftype <> 0
UNION ALL SELECT DISTINCT 'holds', a.attrelid::int8::text, t.typrelid::int8::text, NULL, NULL
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  WHERE t.typrelid <> 0 AND NOT a.attisdropped`;

const EDGES = ['part', 'heir', 'view', 'rule', 'policy', 'key', 'typed', 'calls', 'holds'] as const;
type Edge = (typeof EDGES)[number];

function edges(): Record<Edge, Map<number, number[]>> {
  return Object.fromEntries(EDGES.map((edge) => [edge, new Map()])) as Record<Edge, Map<number, number[]>>;
}

export class Structure {
  readonly #byOid = new Map<number, Relation>();
  readonly #byName = new Map<string, number>();
  readonly #edges = edges();
  readonly #back = edges();

  constructor(rows: readonly (readonly (string | null)[])[]) {
    for (const [what, a, b, c, d] of rows) {
      const oid = Number(a);
      if (what === 'relation') {
        this.#byOid.set(oid, { oid, schema: b!, name: c!, kind: d! });
        this.#byName.set(JSON.stringify([b, c]), oid);
      } else {
        push(this.#edges[what as Edge], oid, Number(b));
        push(this.#back[what as Edge], Number(b), oid);
      }
    }
  }

  get(oid: number): Relation | undefined {
    return this.#byOid.get(oid);
  }

  has(oid: number, edge: Edge): boolean {
    return this.#edges[edge].has(oid);
  }

  /** Of that bare name, in any schema. */
  *called(name: string): Generator<number> {
    for (const relation of this.#byOid.values()) if (relation.name === name) yield relation.oid;
  }

  /** As to_regclass finds it. `path`: current_schemas(true). */
  resolve(written: string, path: readonly string[]): number | undefined {
    const parts = nameParts(written);
    const name = parts.at(-1)!;
    const schema = parts.at(-2);
    const places =
      schema === undefined ? path : schema === 'pg_temp' ? path.filter((one) => one.startsWith('pg_temp_')) : [schema];
    for (const place of places) {
      const oid = this.#byName.get(JSON.stringify([place, name]));
      if (oid !== undefined) return oid;
    }
    return undefined;
  }

  /** Itself, what it is a part of, and whatever those point to by such edges, at any remove. */
  closure(from: Iterable<number>, along: readonly Edge[], back: readonly Edge[] = []): Set<number> {
    const seen = new Set(from);
    for (const oid of seen) {
      for (const edge of along) for (const next of this.#edges[edge].get(oid) ?? []) seen.add(next);
      for (const edge of back) for (const next of this.#back[edge].get(oid) ?? []) seen.add(next);
    }
    return seen;
  }
}

function push(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
