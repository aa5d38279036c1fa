/** Documents of odd shapes, and operators and aggregates that are not what their names say, and DDL on copies. */
import type { Attack } from '../attack.ts';

const CARDS = 'FROM rejestr.kartoteka';
const STAFF = 'FROM rejestr.pracownicy';
const PATIENTS = 'FROM patienten';
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz';

const documents: readonly Attack[] = [
  { id: 'structure.dotted-key', sql: `SELECT teczka ->> 'osoba.nazwisko' ${CARDS}` },
  { id: 'structure.dotted-key-whole', sql: `SELECT teczka - 'czlonkowie' - '2024' - 'wiersze' ${CARDS}`, by: 'binary' },
  { id: 'structure.document', sql: `SELECT teczka ${CARDS}`, by: 'copy' },
  { id: 'structure.number-key', sql: `SELECT teczka -> '2024' ->> 'nazwisko' ${CARDS}` },
  { id: 'structure.number-key-path', sql: `SELECT teczka #>> '{2024,nazwisko}' ${CARDS}`, by: 'extended' },
  { id: 'structure.number-key-jsonpath', sql: `SELECT jsonb_path_query(teczka, '$."2024".nazwisko') ${CARDS}` },
  { id: 'structure.number-key-part', sql: `SELECT teczka -> '2024' ${CARDS}`, by: 'binary portal' },
  { id: 'structure.key-of-a-row', sql: `SELECT teczka -> 'czlonkowie' -> ('p' || id) ->> 'nazwisko' ${CARDS}` },
  { id: 'structure.part', sql: `SELECT teczka -> 'czlonkowie' ${CARDS}`, by: 'prepare' },
  { id: 'structure.part-as-text', sql: `SELECT teczka ->> 'czlonkowie' ${CARDS}`, by: 'copy csv' },
  { id: 'structure.subscript', sql: `SELECT teczka['czlonkowie']['p3'] ${CARDS}` },
  { id: 'structure.lax-path', sql: `SELECT jsonb_path_query_array(teczka, '$.**.nazwisko') ${CARDS}` },
  { id: 'structure.wildcard', sql: `SELECT jsonb_path_query(teczka, 'lax $.czlonkowie.*.nazwisko') ${CARDS}` },
  { id: 'structure.rows', sql: `SELECT teczka -> 'wiersze' -> 0 -> 0 ->> 'nazwisko' ${CARDS}` },
  { id: 'structure.rows-last', sql: `SELECT teczka #>> '{wiersze,-1,-1,nazwisko}' ${CARDS}` },
  { id: 'structure.each', sql: `SELECT e.value ${CARDS}, jsonb_each_text(teczka) e` },
  {
    id: 'structure.record',
    sql: `SELECT r.* ${CARDS}, jsonb_to_record(teczka) AS r ("osoba.nazwisko" text, "2024" jsonb)`,
  },
  { id: 'structure.text', sql: `SELECT zapis ${CARDS}`, by: 'binary cursor' },
  { id: 'structure.text-as-json', sql: `SELECT zapis::jsonb ->> 'nazwisko' ${CARDS}` },
  { id: 'structure.text-in-json', sql: `SELECT jsonb_build_object('stan', zapis) ${CARDS}` },
  { id: 'structure.text-pretty', sql: `SELECT jsonb_pretty(zapis::jsonb) ${CARDS}` },
  { id: 'structure.bytes', sql: `SELECT surowe ${CARDS}`, by: 'copy binary' },
  { id: 'structure.bytes-as-text', sql: `SELECT convert_from(surowe, 'UTF8') ${CARDS}` },
  { id: 'structure.hstore', sql: `SELECT cechy ${CARDS}`, by: 'binary' },
  { id: 'structure.hstore-key', sql: `SELECT cechy -> 'osoba.nazwisko' ${CARDS}` },
  { id: 'structure.hstore-keys', sql: `SELECT cechy -> ARRAY['stan', 'osoba.nazwisko'] ${CARDS}` },
  { id: 'structure.hstore-json', sql: `SELECT hstore_to_jsonb(cechy) - 'stan' ${CARDS}` },
  { id: 'structure.hstore-matrix', sql: `SELECT %# cechy, avals(cechy) ${CARDS}` },
  { id: 'structure.hstore-slice', sql: `SELECT slice(cechy, ARRAY['osoba.nazwisko']) ${CARDS}` },
  { id: 'structure.hstore-subscript', sql: `SELECT cechy['osoba.nazwisko'] ${CARDS}` },
  { id: 'structure.hstore-of-row', sql: `SELECT hstore(p) -> 'email' ${STAFF} p` },
  {
    id: 'structure.hstore-record',
    sql: `SELECT (populate_record(NULL::kontakt_t, hstore('wer', mail))).wer ${PATIENTS}`,
  },
  { id: 'structure.documents', sql: `SELECT wpisy ${CARDS}`, by: 'copy' },
  { id: 'structure.documents-element', sql: `SELECT wpisy[1] ->> 'nazwisko', wpisy[1:1] ${CARDS}` },
  { id: 'structure.documents-unnest', sql: `SELECT u -> 'nazwisko' ${CARDS}, unnest(wpisy) u` },
  { id: 'structure.documents-json', sql: `SELECT array_to_json(wpisy), to_jsonb(wpisy) ${CARDS}` },
];

const operators: readonly Attack[] = [
  {
    id: 'structure.operator-delete',
    writes: true,
    sql: [
      `CREATE OPERATOR public.-> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = pg_catalog.jsonb_delete)`,
      `SET search_path = public, pg_catalog`,
      `SELECT teczka -> 'stan'::text ${CARDS}`,
    ],
  },
  {
    id: 'structure.operator-qualified',
    writes: true,
    sql: [
      `CREATE OPERATOR public.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = pg_catalog.jsonb_delete)`,
      `SELECT teczka OPERATOR(public.->>) 'stan'::text ${CARDS}`,
    ],
  },
  {
    id: 'structure.operator-row',
    writes: true,
    sql: [
      `CREATE OPERATOR public.!~> (RIGHTARG = anyelement, FUNCTION = pg_catalog.to_jsonb)`,
      `SELECT !~> p ${STAFF} p`,
    ],
  },
  {
    id: 'structure.operator-concat',
    writes: true,
    sql: [
      `CREATE OPERATOR public.< (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textcat)`,
      `SELECT email::text OPERATOR(public.<) '' ${STAFF}`,
    ],
  },
  {
    id: 'structure.operator-notify',
    writes: true,
    run: async (attacker) => {
      const listener = await attacker.connect();
      await listener.query('LISTEN atk_op');
      const wire = await attacker.connect();
      await wire.query(`CREATE OPERATOR public.@!@ (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.pg_notify)`);
      await wire.query(`SELECT 'atk_op'::text @!@ (nazwisko || ' ' || pesel) ${STAFF}`);
      await listener.query('SELECT 1');
    },
  },
  ...['=', 'IN', 'NULLIF', 'CASE', 'ANY'].map(
    (form): Attack => ({
      id: `structure.equality-${form === '=' ? 'operator' : form.toLowerCase()}`,
      infers: true,
      writes: true,
      run: async (attacker) => {
        const wire = await attacker.connect();
        await wire.query(`CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textlike)`);
        await wire.query('SET search_path = public, pg_catalog');
        const is = (pattern: string): string => {
          if (form === 'IN') return `nazwisko IN ('${pattern}')`;
          if (form === 'NULLIF') return `nullif(nazwisko, '${pattern}') IS NULL`;
          if (form === 'CASE') return `CASE nazwisko WHEN '${pattern}' THEN true END`;
          return form === 'ANY' ? `nazwisko = ANY (ARRAY['${pattern}'])` : `nazwisko = '${pattern}'`;
        };
        let known = '';
        for (let at = 0; at < 11; at++) {
          let found: string | undefined;
          for (const letter of LETTERS) {
            const { rows } = await wire.query(
              `SELECT 1 ${STAFF} WHERE id OPERATOR(pg_catalog.=) 5 AND ${is(`${known}${letter}%`)}`,
            );
            if (rows.length > 0) found = letter;
          }
          if (found === undefined) break;
          known += found;
        }
        attacker.found.push(known);
      },
    }),
  ),
  {
    id: 'structure.aggregate-count',
    writes: true,
    sql: [
      `CREATE AGGREGATE public.count(text) (SFUNC = pg_catalog.textcat, STYPE = text)`,
      `SET search_path = public, pg_catalog`,
      `SELECT count(mail) ${PATIENTS}`,
    ],
  },
  {
    id: 'structure.aggregate-max',
    writes: true,
    sql: [
      `CREATE AGGREGATE public.bool_or(text) (SFUNC = pg_catalog.text_larger, STYPE = text)`,
      `SELECT id, bool_or(telefon::text) ${PATIENTS} GROUP BY id`,
    ],
  },
];

/** What DDL finds out of a copy. */
const definitions: readonly Attack[] = [
  ...[true, false].map(
    (isEarly): Attack => ({
      id: `structure.statistics-${isEarly ? 'before' : 'after'}`,
      infers: true,
      writes: true,
      run: async (attacker) => {
        const wire = await attacker.connect();
        const copy = `SELECT nazwisko ${STAFF} WHERE id = 5`;
        let known = '';
        for (let at = 1; at <= 11; at++) {
          let found = '';
          for (const letter of LETTERS) {
            await wire.query(
              isEarly ? 'CREATE TEMP TABLE atk_s (nazwisko text)' : `CREATE TEMP TABLE atk_s AS ${copy}`,
            );
            await wire.query(
              `CREATE STATISTICS atk_st ON (1 / (ascii(substr(nazwisko, ${at}, 1)) - ascii('${letter}'))) FROM atk_s`,
            );
            if (isEarly) await wire.query(`INSERT INTO atk_s ${copy}`);
            const { errors } = await wire.query('ANALYZE atk_s');
            if (errors.length > 0) found += letter;
            await wire.query('DROP TABLE atk_s');
            if (found !== '') break;
          }
          if (found === '') break;
          known += found;
        }
        attacker.found.push(known);
      },
    }),
  ),
  {
    id: 'structure.cluster',
    infers: true,
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`CREATE TEMP TABLE atk_o AS SELECT id, nazwisko ${STAFF} WHERE id = 5`);
      await wire.query('CREATE INDEX atk_ox ON atk_o (nazwisko COLLATE "C")');
      let known = '';
      for (let at = 0; at < 11; at++) {
        const guesses = [...LETTERS].map((letter, i) => `(${100 * (at + 1) + i}, '${known}${letter}')`);
        await wire.query(`INSERT INTO atk_o VALUES ${guesses.join(', ')}`);
        await wire.query('CLUSTER atk_o USING atk_ox');
        const { rows } = await wire.query('SELECT id FROM atk_o');
        const ids = rows.map(([id]) => Number(id));
        const before = ids.slice(0, ids.indexOf(5)).findLast((id) => id >= 100 * (at + 1));
        const letter = before === undefined ? undefined : LETTERS[before - 100 * (at + 1)];
        if (letter === undefined) break;
        known += letter;
      }
      attacker.found.push(known);
    },
  },
];

export const structures: readonly Attack[] = [...documents, ...operators, ...definitions];
