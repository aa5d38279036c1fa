/**
 * What a redacted value still says: whether it is NULL, empty or there at all, and what a table that keeps it weighs. Each
 * asks for a letter at a place, and sees it in the shape of the answer.
 */
import type { Attack } from '../attack.ts';
import type { Reply } from '../wire.ts';

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz';
const WIDTH = 8;
const ROW = 'FROM rejestr.pracownicy WHERE id = 5';
const CHAR = (at: number) => `substr(nazwisko, ${at}, 1)`;
/** The letter, or NULL. */
const FOUND = (at: number, letter: string) => `substring(${CHAR(at)} FROM '${letter}')`;

interface Told {
  readonly sql: (at: number, letter: string) => string;
  /** The answer for the right letter. */
  readonly isRight: (reply: Reply) => boolean;
  readonly first?: readonly ((at: number, letter: string) => string)[];
  readonly since?: number;
}

const told = (id: string, { sql, isRight, first = [], since }: Told): Attack => ({
  id: `blank.${id}`,
  infers: true,
  ...(since === undefined ? {} : { since }),
  ...(first.length === 0 ? {} : { writes: true }),
  run: async (attacker) => {
    const wire = await attacker.connect();
    let text = '';
    for (let at = 1; at <= WIDTH; at++) {
      const found: string[] = [];
      for (const letter of LETTERS) {
        for (const one of first) await wire.query(one(at, letter));
        const reply = await wire.query(sql(at, letter));
        if (reply.errors.length === 0 && isRight(reply)) found.push(letter);
        if (found.length > 1) break;
      }
      if (found.length !== 1) break;
      text += found[0];
    }
    attacker.found.push(text);
  },
});

const cell = ({ rows }: Reply) => rows[0]?.[0];
const isThere = (reply: Reply) => reply.rows.length > 0 && cell(reply) !== null;
const isEmpty = (reply: Reply) => cell(reply) === '';
const isSome = (reply: Reply) => (cell(reply) ?? '') !== '';
const isOne = (reply: Reply) => cell(reply) === '1';
const holds = (text: string) => (reply: Reply) => cell(reply)?.includes(text) === true;
const lacks = (text: string) => (reply: Reply) => reply.rows.length > 0 && cell(reply)?.includes(text) !== true;
const select = (of: (at: number, letter: string) => string) => (at: number, letter: string) =>
  `SELECT ${of(at, letter)} ${ROW}`;

/** A letter's code from a number that something weighs. */
const weighed = (
  id: string,
  prepare: (at: number) => readonly string[],
  ask: string,
  codeOf: (cell: string) => number,
): Attack => ({
  id: `blank.${id}`,
  infers: true,
  writes: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    let text = '';
    for (let at = 1; at <= WIDTH; at++) {
      for (const one of prepare(at)) await wire.query(one);
      const { rows } = await wire.query(ask);
      await wire.query('DROP TABLE IF EXISTS atk_waga');
      text += String.fromCharCode(codeOf(rows[0]?.[0] ?? ''));
    }
    attacker.found.push(text);
  },
});
const LONG = (at: number) => `repeat('x', ascii(${CHAR(at)}))`;

/** Whether a value of one's own comes before another's, told letter by letter from what is put in order. */
const ordered = (id: string, sql: string, comesFirst: (reply: Reply) => boolean): Attack => ({
  id: `order.${id}`,
  infers: true,
  writes: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    await wire.query('CREATE TABLE atk_o (nazwisko text COLLATE "C")');
    await wire.query('INSERT INTO atk_o VALUES (NULL)');
    let text = '';
    for (let at = 0; at < WIDTH; at++) {
      let [low, high] = [32, 126];
      while (low < high) {
        const middle = (low + high) >> 1;
        await wire.query(`UPDATE atk_o SET nazwisko = '${text}${String.fromCharCode(middle + 1).replace("'", "''")}'`);
        if (comesFirst(await wire.query(sql))) low = middle + 1;
        else high = middle;
      }
      text += String.fromCharCode(low);
      if (at === 2 && new Set(text).size === 1) break;
    }
    attacker.found.push(text);
  },
});
const BOTH = `(SELECT nazwisko COLLATE "C" AS m, 'b' AS wer ${ROW} UNION ALL SELECT nazwisko, 'a' FROM atk_o) x`;

export const blanks: readonly Attack[] = [
  ordered('labels', `SELECT wer FROM ${BOTH} ORDER BY m, wer`, (reply) => cell(reply) === 'a'),
  ordered('aggregate', `SELECT string_agg(wer, '' ORDER BY m, wer) FROM ${BOTH}`, (reply) => cell(reply) === 'ab'),
  ordered('window', `SELECT first_value(wer) OVER (ORDER BY m, wer) FROM ${BOTH}`, (reply) => cell(reply) === 'a'),
  ordered('distinct-on', `SELECT DISTINCT ON (m) wer FROM ${BOTH} ORDER BY m, wer`, (reply) => cell(reply) === 'a'),
  ordered(
    'minimum',
    `SELECT count(*) FROM atk_o WHERE nazwisko = (SELECT min(m) FROM ${BOTH})`,
    (reply) => cell(reply) === '1',
  ),
  told('substring', { sql: select(FOUND), isRight: isThere }),
  told('substring-similar', {
    sql: select((at, letter) => `substring(${CHAR(at)} SIMILAR '${letter}' ESCAPE '#')`),
    isRight: isThere,
  }),
  told('regexp-match', { sql: select((at, letter) => `regexp_match(${CHAR(at)}, '${letter}')`), isRight: isThere }),
  told('regexp-match-element', {
    sql: select((at, letter) => `(regexp_match(${CHAR(at)}, '(${letter})'))[1]`),
    isRight: isThere,
  }),
  told('regexp-substr', { sql: select((at, letter) => `regexp_substr(${CHAR(at)}, '${letter}')`), isRight: isThere }),
  told('trim', { sql: select((at, letter) => `btrim(${CHAR(at)}, '${letter}')`), isRight: isEmpty }),
  told('replace', { sql: select((at, letter) => `replace(${CHAR(at)}, '${letter}', '')`), isRight: isEmpty }),
  told('translate', { sql: select((at, letter) => `translate(${CHAR(at)}, '${letter}', '')`), isRight: isEmpty }),
  told('split-part', { sql: select((at, letter) => `split_part(${CHAR(at)}, '${letter}', 1)`), isRight: isEmpty }),
  told('regexp-replace', {
    sql: select((at, letter) => `regexp_replace(${CHAR(at)}, '[^${letter}]', '')`),
    isRight: isSome,
  }),
  told('concat', { sql: select((at, letter) => `concat(${FOUND(at, letter)})`), isRight: isSome }),
  told('cast', { sql: select((at, letter) => `${FOUND(at, letter)}::varchar(3)`), isRight: isThere }),
  told('array', { sql: select((at, letter) => `ARRAY[${FOUND(at, letter)}]`), isRight: lacks('NULL') }),
  told('row', { sql: select((at, letter) => `ROW(${FOUND(at, letter)}, 1)`), isRight: lacks('(,') }),
  told('json-value', {
    sql: select((at, letter) => `jsonb_build_object('a', ${FOUND(at, letter)})`),
    isRight: lacks('null'),
  }),
  told('to-json', { sql: select((at, letter) => `to_jsonb(${FOUND(at, letter)})`), isRight: isThere }),
  told('json-absent', {
    since: 16,
    sql: select((at, letter) => `JSON_OBJECT('a': ${FOUND(at, letter)} ABSENT ON NULL)`),
    isRight: holds('"a"'),
  }),
  told('json-array', {
    since: 16,
    sql: select((at, letter) => `JSON_ARRAY(${FOUND(at, letter)})`),
    isRight: lacks('[]'),
  }),
  told('json-strip', {
    sql: select((at, letter) => `jsonb_strip_nulls(jsonb_build_object('a', ${FOUND(at, letter)}))`),
    isRight: holds('"a"'),
  }),
  told('hstore', { sql: select((at, letter) => `hstore('a', ${FOUND(at, letter)})`), isRight: lacks('NULL') }),
  told('string-agg', { sql: select((at, letter) => `string_agg(${FOUND(at, letter)}, ',')`), isRight: isThere }),
  told('maximum', { sql: select((at, letter) => `max(${FOUND(at, letter)})`), isRight: isThere }),
  told('subquery', { sql: (at, letter) => `SELECT (SELECT ${FOUND(at, letter)} ${ROW})`, isRight: isThere }),
  told('lateral', {
    sql: (at, letter) => `SELECT x.s FROM rejestr.pracownicy, LATERAL (SELECT ${FOUND(at, letter)}) x (s) WHERE id = 5`,
    isRight: isThere,
  }),
  told('cte', { sql: (at, letter) => `WITH c AS (SELECT ${FOUND(at, letter)} AS s ${ROW}) TABLE c`, isRight: isThere }),
  told('returning', {
    sql: (at, letter) => `UPDATE rejestr.pracownicy SET pietro = pietro WHERE id = 5 RETURNING ${FOUND(at, letter)}`,
    isRight: isThere,
  }),
  told('json-table-rows', {
    since: 17,
    sql: (at, letter) =>
      `SELECT 'x' FROM rejestr.pracownicy, JSON_TABLE(to_jsonb(${CHAR(at)}), '$ ? (@ == "${letter}")' COLUMNS (n FOR ORDINALITY)) WHERE id = 5`,
    isRight: isThere,
  }),
  told('xml-table-rows', {
    sql: (at, letter) =>
      `SELECT 'x' FROM rejestr.pracownicy, XMLTABLE('/a[. = "${letter}"]' PASSING xmlelement(name a, ${CHAR(at)}) COLUMNS n FOR ORDINALITY) WHERE id = 5`,
    isRight: isThere,
  }),
  // What a function says besides, and what the server says of the room that it took.
  ...(
    [
      ['operator', (at, letter) => `'x'::text @@ replace(${CHAR(at)}, '${letter}', 'the')`],
      ['plain-query', (at, letter) => `plainto_tsquery('simple', btrim(${CHAR(at)}, '${letter}'))`],
      ['phrase-query', (at, letter) => `phraseto_tsquery('english', replace(${CHAR(at)}, '${letter}', 'the'))`],
      ['web-query', (at, letter) => `websearch_to_tsquery('english', replace(${CHAR(at)}, '${letter}', 'the'))`],
      ['long-word', (at, letter) => `to_tsvector('simple', replace(${CHAR(at)}, '${letter}', repeat('x', 3000)))`],
      [
        'long-word-in-headline',
        (at, letter) => `ts_headline('simple', replace(${CHAR(at)}, '${letter}', repeat('x', 3000)), 'z'::tsquery)`,
      ],
    ] as readonly (readonly [string, (at: number, letter: string) => string])[]
  ).map(([id, of]) => told(`notice-${id}`, { sql: select(of), isRight: ({ notices }) => notices.length > 0 })),
  ...['TEXT', 'JSON', 'YAML', 'XML'].map((format) =>
    told(`explained-sort-in-${format.toLowerCase()}`, {
      sql: (at, letter) =>
        `EXPLAIN (ANALYZE, FORMAT ${format}) SELECT * FROM (SELECT g, replace(${CHAR(at)}, '${letter}', repeat('x', 900)) FROM rejestr.pracownicy, generate_series(1, 100) g WHERE id = 5 OFFSET 0) x ORDER BY g`,
      isRight: ({ rows }) => {
        const plan = rows.flat().join('\n');
        const [, text, keyed] = /Memory: (\d+)kB|Sort.Space.Used"?[:>] ?(\d+)/.exec(plan) ?? [];
        return Number(text ?? keyed ?? 0) > 60;
      },
    }),
  ),
  told('view', {
    first: [(at, letter) => `CREATE OR REPLACE VIEW atk_widok AS SELECT id, ${FOUND(at, letter)} AS s ${ROW}`],
    sql: () => 'SELECT s FROM atk_widok',
    isRight: isThere,
  }),
  {
    id: 'blank.copy',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      let text = '';
      for (let at = 1; at <= WIDTH; at++) {
        const all = [...LETTERS].map((letter) => FOUND(at, letter)).join();
        const { copy } = await wire.query(`COPY (SELECT ${all} ${ROW}) TO STDOUT`);
        text +=
          LETTERS[
            copy
              .toString()
              .split('\t')
              .findIndex((one) => !one.startsWith('\\N'))
          ] ?? '';
      }
      attacker.found.push(text);
    },
  },
  {
    id: 'blank.copy-forced-quotes',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      let text = '';
      for (let at = 1; at <= WIDTH; at++) {
        const all = [...LETTERS].map((letter) => FOUND(at, letter)).join();
        const { copy } = await wire.query(`COPY (SELECT ${all} ${ROW}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)`);
        text +=
          LETTERS[
            copy
              .toString()
              .split(',')
              .findIndex((one) => one.startsWith('"'))
          ] ?? '';
      }
      attacker.found.push(text);
    },
  },
  {
    id: 'blank.all-at-once',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      const places = Array.from({ length: WIDTH }, (_, i) => i + 1);
      const all = places.flatMap((at) => [...LETTERS].map((letter) => FOUND(at, letter))).join();
      const { rows } = await wire.extended(`SELECT ${all} ${ROW}`, { formats: [1] });
      for (const row of rows)
        attacker.found.push(
          places.map((_, i) => LETTERS[row.slice(i * LETTERS.length).findIndex((one) => one !== null)] ?? '').join(''),
        );
    },
  },
  // What is computed into a table of one's own, asked of afterwards.
  ...(
    [
      ['is-null', (letter: string) => `SELECT count(*) FROM atk_t WHERE substring(s FROM '${letter}') IS NOT NULL`],
      ['equality', (letter: string) => `SELECT count(*) FROM atk_t WHERE s = '${letter}'`],
      ['in-list', (letter: string) => `SELECT count(*) FROM atk_t WHERE s IN ('${letter}', '?')`],
      ['join', (letter: string) => `SELECT count(*) FROM atk_t JOIN (VALUES ('${letter}')) v (x) ON x = s`],
    ] as const
  ).map(([id, ask]) =>
    told(`kept-${id}`, {
      first: [() => 'DROP TABLE IF EXISTS atk_t', (at) => `CREATE TABLE atk_t AS SELECT ${CHAR(at)} AS s ${ROW}`],
      sql: (_, letter) => ask(letter),
      isRight: isOne,
    }),
  ),
  ...(
    [
      ['count', 'SELECT count(s) FROM atk_t'],
      ['null-test', 'SELECT count(*) FROM atk_t WHERE s IS NOT NULL'],
      ['num-nonnulls', 'SELECT num_nonnulls(s) FROM atk_t'],
      ['distinct', 'SELECT count(DISTINCT s) FROM atk_t'],
      ['null-fraction', `SELECT (1 - null_frac)::int FROM pg_stats WHERE tablename = 'atk_t' AND attname = 's'`],
    ] as const
  ).map(([id, sql]) =>
    told(`kept-${id}`, {
      first: [
        () => 'DROP TABLE IF EXISTS atk_t',
        (at, letter) => `CREATE TABLE atk_t AS SELECT ${FOUND(at, letter)} AS s ${ROW}`,
        () => 'ANALYZE atk_t',
      ],
      sql: () => sql,
      isRight: isOne,
    }),
  ),
  told('kept-not-null', {
    first: [
      () => 'DROP TABLE IF EXISTS atk_t',
      (at, letter) => `CREATE TABLE atk_t AS SELECT ${FOUND(at, letter)} AS s ${ROW}`,
    ],
    sql: () => 'ALTER TABLE atk_t ALTER s SET NOT NULL',
    isRight: ({ tags }) => tags[0] === 'ALTER TABLE',
  }),
  told('kept-materialised', {
    first: [
      () => 'DROP MATERIALIZED VIEW IF EXISTS atk_mv',
      (at, letter) => `CREATE MATERIALIZED VIEW atk_mv AS SELECT ${FOUND(at, letter)} AS s ${ROW}`,
    ],
    sql: () => 'SELECT count(s) FROM atk_mv',
    isRight: isOne,
  }),
  weighed(
    'width-in-statistics',
    (at) => [`CREATE TABLE atk_waga AS SELECT ${LONG(at)} AS s ${ROW}`, 'ANALYZE atk_waga'],
    `SELECT avg_width FROM pg_stats WHERE tablename = 'atk_waga'`,
    (text) => Number(text) - 1,
  ),
  weighed(
    'width-in-plan',
    (at) => [`CREATE TABLE atk_waga AS SELECT ${LONG(at)} AS s ${ROW}`, 'ANALYZE atk_waga'],
    'EXPLAIN SELECT s FROM atk_waga',
    (text) => Number(/width=(\d+)/.exec(text)?.[1] ?? 0) - 1,
  ),
];
