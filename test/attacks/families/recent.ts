/** What PostgreSQL 16 to 18 brought: run with DBGATE_ATTACKS_MAJOR=18. */
import type { Attack } from '../attack.ts';

const STAFF = 'FROM rejestr.pracownicy';

export const recent: readonly Attack[] = [
  { id: 'recent.build-keys', sql: `SELECT jsonb_build_object(pesel, 1), json_build_object('a', 1, email, 2) ${STAFF}` },
  { id: 'recent.json-value', since: 17, sql: `SELECT JSON_VALUE(metryka, '$.kontakty[0].adres.mail') ${STAFF}` },
  {
    id: 'recent.json-query',
    since: 17,
    sql: `SELECT JSON_QUERY(metryka, '$.kontakty[*].adres' WITH WRAPPER) ${STAFF}`,
    by: 'binary',
  },
  {
    id: 'recent.json-query-quotes',
    since: 17,
    sql: `SELECT JSON_QUERY(metryka, '$.kontakty[0].adres.mail' RETURNING text OMIT QUOTES) ${STAFF}`,
  },
  {
    id: 'recent.json-value-passing',
    since: 17,
    sql: `SELECT JSON_VALUE('{}'::jsonb, '$x' PASSING email::text AS x) ${STAFF}`,
  },
  {
    id: 'recent.json-table',
    since: 17,
    sql: `SELECT j.* ${STAFF} p, JSON_TABLE(p.metryka, '$.kontakty[*]' COLUMNS (a text PATH '$.adres.mail', NESTED PATH '$.adres.tel[*]' COLUMNS (t text PATH '$'))) j`,
  },
  {
    id: 'recent.json-table-made',
    since: 17,
    sql: `SELECT j.a ${STAFF} p, JSON_TABLE(jsonb_build_array(p.email, p.pesel), '$[*]' COLUMNS (a text PATH '$')) j`,
  },
  { id: 'recent.json-scalar', since: 17, sql: `SELECT JSON_SERIALIZE(JSON_SCALAR(email::text)) ${STAFF}` },
  { id: 'recent.json-object', since: 16, sql: `SELECT JSON_OBJECT('a': email, pesel: 1) ${STAFF}` },
  { id: 'recent.json-objectagg', since: 16, sql: `SELECT JSON_OBJECTAGG(id: email) ${STAFF}` },
  { id: 'recent.json-arrayagg', since: 16, sql: `SELECT JSON_ARRAYAGG(nazwisko ORDER BY id RETURNING jsonb) ${STAFF}` },
  { id: 'recent.json-array-query', since: 16, sql: `SELECT JSON_ARRAY(SELECT email ${STAFF})` },
  {
    id: 'recent.path-string',
    since: 17,
    sql: `SELECT jsonb_path_query(metryka, '$.kontakty[*].adres.mail.string()') ${STAFF}`,
  },
  { id: 'recent.any-value', since: 16, sql: `SELECT any_value(email) ${STAFF} GROUP BY id` },
  {
    id: 'recent.system-user',
    since: 16,
    sql: `SELECT array_sample(ARRAY(SELECT nazwisko ${STAFF}), 3), array_shuffle(ARRAY(SELECT pesel ${STAFF}))`,
  },
  { id: 'recent.input-error', since: 16, sql: `SELECT (pg_input_error_info(nazwisko, 'int')).message ${STAFF}` },
  {
    id: 'recent.merge-returning',
    since: 17,
    sql: [
      `CREATE TABLE atk_m (i int, t text)`,
      `MERGE INTO atk_m USING rejestr.pracownicy p ON i = p.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, 'x') RETURNING merge_action(), p.email`,
    ],
  },
  {
    id: 'recent.merge-cte',
    since: 17,
    sql: [
      `CREATE TABLE atk_mc (i int, t text)`,
      `WITH m AS (MERGE INTO atk_mc USING rejestr.pracownicy p ON i = p.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.email) RETURNING atk_mc.t) SELECT t FROM m`,
    ],
  },
  {
    id: 'recent.merge-old',
    since: 18,
    sql: `MERGE INTO rejestr.pracownicy p USING (SELECT 3 AS i) s ON p.id = s.i WHEN MATCHED THEN UPDATE SET pietro = 2 RETURNING merge_action(), p.email, old.nazwisko`,
  },
  {
    id: 'recent.returning-old',
    since: 18,
    sql: `UPDATE rejestr.pracownicy SET pietro = 1 WHERE id IN (2, 3, 4) RETURNING old.email, new.nazwisko`,
  },
  {
    id: 'recent.returning-old-row',
    since: 18,
    sql: `UPDATE rejestr.pracownicy SET pietro = 1 WHERE id IN (2, 3, 4) RETURNING old`,
    by: 'binary',
  },
  {
    id: 'recent.returning-old-star',
    since: 18,
    sql: `UPDATE rejestr.pracownicy SET pietro = 1 WHERE id IN (2, 3, 4) RETURNING old.*`,
  },
  {
    id: 'recent.returning-alias',
    since: 18,
    sql: `DELETE FROM rejestr.wejscia WHERE id IN (2, 3, 4) RETURNING WITH (OLD AS o) o.kto, o.adres_ip`,
  },
  {
    id: 'recent.returning-old-json',
    since: 18,
    sql: `UPDATE rejestr.pracownicy SET pietro = 1 WHERE id IN (2, 3, 4) RETURNING to_jsonb(old) - 'id'`,
  },
  {
    id: 'recent.virtual-column',
    since: 18,
    sql: [
      `CREATE TABLE atk_v AS SELECT id, email::text AS e FROM rejestr.pracownicy`,
      `ALTER TABLE atk_v ADD w text GENERATED ALWAYS AS (reverse(e)) VIRTUAL`,
      `SELECT w FROM atk_v`,
    ],
  },
  {
    id: 'recent.virtual-column-there',
    since: 18,
    sql: [
      `ALTER TABLE rejestr.pracownicy ADD nazwa text GENERATED ALWAYS AS (nazwisko || '') VIRTUAL`,
      `SELECT nazwa FROM rejestr.pracownicy`,
    ],
  },
  {
    id: 'recent.casefold',
    since: 18,
    sql: `SELECT casefold(nazwisko), crc32(nazwisko::bytea), reverse(nazwisko::bytea) ${STAFF}`,
  },
  {
    id: 'recent.array-sort',
    since: 18,
    sql: `SELECT array_sort(telephones), array_reverse(telephones) FROM rejestr.abonnes`,
  },
  {
    id: 'recent.uuid',
    since: 18,
    sql: `SELECT (substr(rpad(to_hex(pesel::bigint), 32, '0'), 1, 32))::uuid ${STAFF}`,
    decode: ({ rows }) =>
      rows.map((row) =>
        String(Number.parseInt((row[0] ?? '').replaceAll('-', '').replace(/0+$/, '').padEnd(9, '0'), 16)),
      ),
  },
  { id: 'recent.json-strip-arrays', since: 18, sql: `SELECT jsonb_strip_nulls(metryka, true) ${STAFF}` },
  { id: 'recent.copy-view', since: 18, sql: `COPY rejestr.mv_lista TO STDOUT` },
  {
    id: 'recent.explain-memory',
    since: 17,
    sql: [
      `CREATE FUNCTION atk_im() RETURNS text IMMUTABLE LANGUAGE sql AS $f$ SELECT string_agg(email, '') FROM rejestr.pracownicy $f$`,
      `EXPLAIN (GENERIC_PLAN, VERBOSE) SELECT $1::int FROM rejestr.oddzialy WHERE nazwa <> atk_im()`,
    ],
  },
  {
    id: 'recent.explain-generic',
    since: 16,
    sql: [
      `CREATE FUNCTION atk_ig(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT email FROM rejestr.pracownicy WHERE id = i); END $f$`,
      `EXPLAIN (GENERIC_PLAN) SELECT 1 FROM rejestr.oddzialy WHERE nazwa = atk_ig(3) AND id = $1`,
    ],
  },
  {
    id: 'recent.virtual-guard',
    since: 18,
    infers: true,
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TABLE atk_vg (i int, v int GENERATED ALWAYS AS (1 / (i - i)) VIRTUAL)');
      await wire.query('INSERT INTO atk_vg VALUES (1)');
      let text = '';
      for (let at = 1; at <= 11; at++) {
        let found = '';
        for (const letter of 'BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz') {
          const { errors } = await wire.query(
            `SELECT substr(nazwisko, ${at}, 1) = '${letter}' AND v > 0 ${STAFF}, atk_vg WHERE id = 5`,
          );
          if (errors.length > 0) found += letter;
        }
        if (found.length !== 1) break;
        text += found;
      }
      attacker.found.push(text);
    },
  },
];
