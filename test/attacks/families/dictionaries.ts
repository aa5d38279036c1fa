/** Tables of one's own with thousands of guesses, joined with a masked column: more than are counted as lookups. */
import type { Attack, Attacker } from '../attack.ts';

const COLUMNS = 40;
const ROWS = 75;
const KEYS = Array.from({ length: COLUMNS }, (_, i) => `mail${i}`);

/** With the patients' own among them. */
function guessesOf({ seed }: Attacker, count: number, kind: 'mail' | 'telefon'): readonly string[] {
  const guesses = Array.from({ length: count }, (_, i) =>
    kind === 'mail' ? `niemand${i}@posteo.example` : `+49 30 ${100_000 + i}`,
  );
  for (const [i, patient] of seed.patients.entries()) guesses[(i * 97 + 11) % count] = patient[kind];
  return guesses;
}

function rowsOf(guesses: readonly string[]): string[][] {
  return Array.from({ length: ROWS }, (_, i) => guesses.slice(i * COLUMNS, (i + 1) * COLUMNS));
}

const spread = (id: string, columns: string, row: (guesses: readonly string[]) => string, place: string): Attack => ({
  id: `dictionary.${id}`,
  infers: true,
  writes: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    const rows = rowsOf(guessesOf(attacker, COLUMNS * ROWS, 'mail'));
    await wire.query(`CREATE TABLE buch (nr int, ${columns})`);
    await wire.query(`INSERT INTO buch VALUES ${rows.map((one, i) => `(${i}, ${row(one)})`).join(', ')}`);
    await wire.query('SELECT pg_sleep(3)');
    const places = KEYS.map((key) => place.replace('KEY', key)).join(', ');
    const found = await wire.query(`SELECT nr FROM buch b, patienten p WHERE p.id = 5 AND p.mail IN (${places})`);
    for (const guess of rows[Number(found.rows[0]?.[0] ?? -1)] ?? []) {
      const { rows: hit } = await wire.query(`SELECT 1 FROM patienten WHERE id = 5 AND mail = '${guess}'`);
      if (hit.length > 0) attacker.found.push(guess);
    }
  },
});

/** All guesses stand in one value. */
const apart = (id: string, columns: string, value: string, join: readonly string[], since?: number): Attack => ({
  id: `dictionary.${id}`,
  infers: true,
  writes: true,
  ...(since === undefined ? {} : { since }),
  run: async (attacker) => {
    const wire = await attacker.connect();
    const guesses = guessesOf(attacker, 3_000, 'mail');
    await wire.query(`CREATE TABLE buch (${columns})`);
    await wire.query(`INSERT INTO buch SELECT ${value} FROM unnest('{${guesses.join()}}'::text[]) g`);
    await wire.query('SELECT pg_sleep(3)');
    for (const sql of join.slice(0, -1)) await wire.query(sql);
    const { rows } = await wire.query(join.at(-1)!);
    for (const [place] of rows) attacker.found.push(guesses[Number(place) - 1] ?? '');
  },
});

const OF_ROWS = `jsonb_build_object('zeilen', jsonb_agg(jsonb_build_object('mail', g)))`;
const PLACES = 'SELECT b.n FROM seiten b JOIN patienten p USING (mail)';

export const dictionaries: readonly Attack[] = [
  apart('array-taken-apart', 'mail text[]', 'array_agg(g)', [
    'CREATE TABLE seiten AS SELECT row_number() OVER () AS n, u AS mail FROM buch, unnest(mail) u',
    PLACES,
  ]),
  apart('array-by-position', 'mail text[]', 'array_agg(g)', [
    'CREATE TABLE seiten AS SELECT n, mail[n] AS mail FROM buch, generate_series(1, 3000) n',
    PLACES,
  ]),
  apart('document-taken-apart', 'akte jsonb', `jsonb_build_object('mail', jsonb_agg(g))`, [
    `CREATE TABLE seiten AS SELECT row_number() OVER () AS n, m AS mail FROM buch, jsonb_array_elements_text(akte -> 'mail') m`,
    PLACES,
  ]),
  apart('through-arrays', 'akte jsonb', OF_ROWS, [
    `SELECT b.n FROM (SELECT row_number() OVER () AS n, m #>> '{}' AS mail FROM buch, jsonb_path_query(akte, '$.zeilen.mail') m) b JOIN patienten p USING (mail)`,
  ]),
  apart(
    'through-arrays-of-a-table',
    'akte jsonb',
    OF_ROWS,
    [
      `SELECT b.n FROM (SELECT n, mail FROM buch, JSON_TABLE(akte, '$.zeilen.mail' COLUMNS (n FOR ORDINALITY, mail text PATH '$')) j) b JOIN patienten p USING (mail)`,
    ],
    17,
  ),
  spread(
    'columns',
    KEYS.map((key) => `${key} text`).join(', '),
    (guesses) => guesses.map((guess) => `'${guess}'`).join(', '),
    'b.KEY',
  ),
  spread(
    'keys',
    'akte jsonb',
    (guesses) => `'${JSON.stringify(Object.fromEntries(guesses.map((guess, i) => [KEYS[i], guess])))}'`,
    "b.akte ->> 'KEY'",
  ),
  {
    id: 'dictionary.beside-another-class',
    infers: true,
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      const guesses = guessesOf(attacker, 3_000, 'telefon');
      const rows = guesses.map((telefon, i) => JSON.stringify({ mail: `niemand${i}@posteo.example`, telefon }));
      await wire.query('CREATE TABLE buch (nr int, akte jsonb)');
      await wire.query(`INSERT INTO buch VALUES ${rows.map((row, i) => `(${i}, '${row}')`).join(', ')}`);
      await wire.query('SELECT pg_sleep(3)');
      const found = await wire.query(`SELECT nr FROM buch b JOIN patienten p ON b.akte ->> 'telefon' = p.telefon`);
      for (const [nr] of found.rows) attacker.found.push(guesses[Number(nr)] ?? '');
    },
  },
];
