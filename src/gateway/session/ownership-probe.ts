/**
 * Asks the session itself what names mean at this very point: its own search_path, its temporary schema and its open
 * transaction decide, so no copy of the catalog can. The messages use a name of their own and touch neither the
 * client's unnamed statement nor, with Flush in place of Sync, its implicit transaction.
 */
import { encodeBind, encodeClose, encodeExecute, encodeParse } from '../../pgwire/extended.ts';
import type { ResolvedTarget } from '../../policy/context.ts';
import type { ObjectKind, ObjectTarget } from '../../sql/facts.ts';

// Everything is qualified, operators too (CASE x WHEN y would look = up): nothing in a search_path can stand in for it.
// The fourth column is what an unqualified name is created in, the fifth is true for what shows the rows of others, the
// sixth, for CASCADE, is everything that depends on it at any remove, as class:oid; parts of a table count as the table, and
// of an index or a column's sequence the table stands behind it. The
// seventh is the table of an index, or of the column that a sequence is for: to PostgreSQL its owner owns them too.
const PROBE_SQL = `
SELECT w.i, w.oid, CASE WHEN w.kind OPERATOR(pg_catalog.=) 'relation' THEN (
    SELECT c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
    FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) w.oid) ELSE false END,
  CASE WHEN w.kind OPERATOR(pg_catalog.=) 'schema' OR w.kind OPERATOR(pg_catalog.=) 'prepared_transaction'
      OR w.kind OPERATOR(pg_catalog.=) 'extension'
      OR pg_catalog.array_length(pg_catalog.parse_ident(w.name, false), 1) OPERATOR(pg_catalog.>) 1 THEN ''
    ELSE pg_catalog.quote_ident(pg_catalog.current_schema()::pg_catalog.text) OPERATOR(pg_catalog.||) '.' END,
  CASE WHEN w.kind OPERATOR(pg_catalog.=) 'relation' THEN (
    SELECT c.relkind OPERATOR(pg_catalog.=) 'v' OR c.relkind OPERATOR(pg_catalog.=) 'f'
    FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) w.oid) ELSE false END,
  CASE WHEN w.cascades THEN pg_catalog.array_to_string(ARRAY(
    WITH RECURSIVE deps(class, oid, hard) AS (
      SELECT CASE WHEN w.kind OPERATOR(pg_catalog.=) 'relation' THEN 1259 WHEN w.kind OPERATOR(pg_catalog.=) 'function' OR w.kind OPERATOR(pg_catalog.=) 'routine' THEN 1255
        WHEN w.kind OPERATOR(pg_catalog.=) 'type' THEN 1247 ELSE 2615 END::pg_catalog.oid, w.oid, false
      UNION
      SELECT CASE WHEN COALESCE(r.oid, k.oid, a.oid, t.oid, p.oid) IS NOT NULL THEN 1259::pg_catalog.oid ELSE d.classid END,
        COALESCE(r.ev_class, k.conrelid, a.adrelid, t.tgrelid, p.polrelid, d.objid), d.deptype OPERATOR(pg_catalog.=) 'n'
      FROM deps
      JOIN pg_catalog.pg_depend d ON d.refclassid OPERATOR(pg_catalog.=) deps.class AND d.refobjid OPERATOR(pg_catalog.=) deps.oid
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid OPERATOR(pg_catalog.=) 2618::pg_catalog.oid AND r.oid OPERATOR(pg_catalog.=) d.objid
      LEFT JOIN pg_catalog.pg_constraint k ON d.classid OPERATOR(pg_catalog.=) 2606::pg_catalog.oid
        AND k.oid OPERATOR(pg_catalog.=) d.objid AND k.conrelid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid OPERATOR(pg_catalog.=) 2604::pg_catalog.oid AND a.oid OPERATOR(pg_catalog.=) d.objid
      LEFT JOIN pg_catalog.pg_trigger t ON d.classid OPERATOR(pg_catalog.=) 2620::pg_catalog.oid AND t.oid OPERATOR(pg_catalog.=) d.objid
      LEFT JOIN pg_catalog.pg_policy p ON d.classid OPERATOR(pg_catalog.=) 3256::pg_catalog.oid AND p.oid OPERATOR(pg_catalog.=) d.objid)
    SELECT deps.class::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) deps.oid::pg_catalog.text
      OPERATOR(pg_catalog.||) COALESCE((SELECT ':' OPERATOR(pg_catalog.||) d.refobjid::pg_catalog.text FROM pg_catalog.pg_depend d
        WHERE deps.class OPERATOR(pg_catalog.=) 1259::pg_catalog.oid AND d.classid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid
          AND d.objid OPERATOR(pg_catalog.=) deps.oid AND d.refclassid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid
          AND d.refobjsubid OPERATOR(pg_catalog.>) 0
          AND (d.deptype OPERATOR(pg_catalog.=) 'a' OR d.deptype OPERATOR(pg_catalog.=) 'i') LIMIT 1), '')
    FROM deps WHERE deps.hard), ',') END,
  CASE WHEN w.kind OPERATOR(pg_catalog.=) 'relation' THEN COALESCE((
    SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid OPERATOR(pg_catalog.=) w.oid), (
    SELECT d.refobjid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.objid
    WHERE d.classid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid AND d.objid OPERATOR(pg_catalog.=) w.oid AND c.relkind OPERATOR(pg_catalog.=) 'S'
      AND d.refclassid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid AND d.refobjsubid OPERATOR(pg_catalog.>) 0
      AND (d.deptype OPERATOR(pg_catalog.=) 'a' OR d.deptype OPERATOR(pg_catalog.=) 'i') LIMIT 1)) END
FROM (SELECT u.i, u.kind, u.name, u.cascades, CASE
      WHEN u.kind OPERATOR(pg_catalog.=) 'relation' THEN (SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(u.name)::pg_catalog.oid
          AND NOT EXISTS (SELECT FROM pg_catalog.unnest(u.columns::pg_catalog.text[]) AS w(name) WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
              AND NOT a.attisdropped AND a.attname::pg_catalog.text OPERATOR(pg_catalog.=) w.name)))
      WHEN u.kind OPERATOR(pg_catalog.=) 'function' THEN pg_catalog.to_regprocedure(u.name)::pg_catalog.oid
      WHEN u.kind OPERATOR(pg_catalog.=) 'type' THEN pg_catalog.to_regtype(u.name)::pg_catalog.oid
      WHEN u.kind OPERATOR(pg_catalog.=) 'schema' THEN pg_catalog.to_regnamespace(u.name)::pg_catalog.oid
      WHEN u.kind OPERATOR(pg_catalog.=) 'prepared_transaction' THEN (SELECT 1::pg_catalog.oid
        FROM pg_catalog.pg_prepared_xacts x WHERE x.gid OPERATOR(pg_catalog.=) u.name)
      WHEN u.kind OPERATOR(pg_catalog.=) 'extension' THEN (SELECT x.oid
        FROM pg_catalog.pg_extension x WHERE x.extname::pg_catalog.text OPERATOR(pg_catalog.=) u.name)
      WHEN u.kind OPERATOR(pg_catalog.=) 'routine' THEN (SELECT CASE
          WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN pg_catalog.min(p.oid)
          WHEN pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 THEN 0::pg_catalog.oid END
        FROM pg_catalog.pg_proc p, pg_catalog.pg_namespace n,
          (SELECT pg_catalog.parse_ident(u.name) AS parts, pg_catalog.array_length(pg_catalog.parse_ident(u.name), 1) AS last) w
        WHERE n.oid OPERATOR(pg_catalog.=) p.pronamespace
          AND p.proname::pg_catalog.text OPERATOR(pg_catalog.=) w.parts[w.last]
          AND (w.last OPERATOR(pg_catalog.=) 1 OR n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) w.parts[w.last OPERATOR(pg_catalog.-) 1]
            OR (w.parts[w.last OPERATOR(pg_catalog.-) 1] OPERATOR(pg_catalog.=) 'pg_temp'
              AND n.oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()))) END AS oid
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
      pg_catalog.unnest($3::pg_catalog.bool[]), pg_catalog.unnest($4::pg_catalog.text[]))
    WITH ORDINALITY AS u(kind, name, cascades, columns, i)) w`;

const CATALOGS: Record<Exclude<ObjectKind, 'other'>, string> = {
  relation: 'pg_class',
  function: 'pg_proc',
  type: 'pg_type',
  schema: 'pg_namespace',
  prepared_transaction: 'pg_prepared_xacts',
  extension: 'pg_extension',
  routine: 'pg_proc',
};

export function catalogOf(kind: ObjectKind): string | undefined {
  return kind === 'other' ? undefined : CATALOGS[kind];
}

/** Targets that a name lookup can say anything about. */
export function isProbeable(target: ObjectTarget): boolean {
  return target.kind !== 'other' && target.lookup !== undefined;
}

/** The messages of one probe; `id` makes its names unique in the session, and what ends it is the caller's. */
export function probeMessages(targets: readonly ObjectTarget[], id: number): Buffer {
  const name = `dbgate_probe_${id}`;
  return Buffer.concat([
    encodeParse(name, PROBE_SQL),
    encodeBind(name, name, [
      arrayLiteral(targets.map((t) => t.kind)),
      arrayLiteral(targets.map((t) => t.lookup!)),
      arrayLiteral(targets.map((t) => (t.cascade === true ? 't' : 'f'))),
      arrayLiteral(targets.map((t) => arrayLiteral(t.columns ?? []))),
    ]),
    encodeExecute(name, 0),
    encodeClose('P', name),
    encodeClose('S', name),
  ]);
}

/** The same of a query without parameters. */
export function queryMessages(sql: string, id: number): Buffer {
  const name = `dbgate_probe_${id}`;
  return Buffer.concat([
    encodeParse(name, sql),
    encodeBind(name, name, []),
    encodeExecute(name, 0),
    encodeClose('P', name),
    encodeClose('S', name),
  ]);
}

/** Their requests, as they are answered. */
export const PROBE_REQUESTS = ['parse', 'bind', 'execute', 'close', 'close'] as const;

/** A target as it was looked up, and where it would come into being. */
export interface ProbedTarget extends ResolvedTarget {
  /** Quoted, with its dot; empty for a qualified name. Undefined: nowhere. */
  readonly creationSchema: string | undefined;
}

/** Reads the probe's rows; throws when they are not what was asked for. */
export function readProbe(
  targets: readonly ObjectTarget[],
  rows: readonly (Buffer | null)[][],
  isOwn: (catalog: string, oid: number) => boolean,
): ProbedTarget[] {
  if (rows.length !== targets.length) throw new Error(`probe answered ${rows.length} rows for ${targets.length} names`);
  const resolved: ProbedTarget[] = new Array(targets.length);
  for (const [index, oid, temporary, schema, view, dependants, table] of rows) {
    const i = Number(index?.toString('latin1')) - 1;
    const target = targets[i];
    if (target === undefined || resolved[i] !== undefined) throw new Error('probe answered for another name');
    const number = oid == null ? undefined : Number(oid.toString('latin1'));
    const catalog = CATALOGS[target.kind as Exclude<ObjectKind, 'other'>];
    resolved[i] = {
      target,
      oid: number,
      own:
        number !== undefined &&
        (isOwn(catalog, number) || (table != null && isOwn('pg_class', Number(table.toString('latin1'))))),
      temporary: temporary?.toString('latin1') === 't',
      isView: view?.toString('latin1') === 't',
      creationSchema: schema?.toString('utf8'),
      othersDepend: dependants == null || !allOwn(dependants.toString('latin1'), number, isOwn),
    };
  }
  return resolved;
}

const CATALOG_OF_CLASS: Readonly<Record<string, string>> = {
  '1259': 'pg_class',
  '1255': 'pg_proc',
  '1247': 'pg_type',
  '2615': 'pg_namespace',
};

/** `class:oid[:table],…`; `self` is the target's own parts. */
function allOwn(
  dependants: string,
  self: number | undefined,
  isOwn: (catalog: string, oid: number) => boolean,
): boolean {
  if (dependants === '') return true;
  return dependants.split(',').every((dependant) => {
    const [classOid = '', oid, table] = dependant.split(':');
    const catalog = CATALOG_OF_CLASS[classOid];
    if (Number(oid) === self || (catalog !== undefined && isOwn(catalog, Number(oid)))) return true;
    return table !== undefined && isOwn('pg_class', Number(table));
  });
}

/**
 * What to look up once the statement is through: under the very schema that an unqualified name was to be created in.
 * The search_path may be another by then (`CREATE TABLE … AS SELECT set_config(…)`), and the name somebody else's.
 */
export function createdBy({ target, creationSchema }: ProbedTarget): ObjectTarget | undefined {
  if (creationSchema === undefined || target.lookup === undefined) return undefined;
  return { ...target, lookup: creationSchema + target.lookup };
}

/** A text[] literal of PostgreSQL. */
function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((v) => `"${v.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}
