/** Values out of nested types, documents, ranges, partitions and views of the register (`seed-register.ts`). */
import type { Attack } from '../attack.ts';

const STAFF = 'FROM rejestr.pracownicy';

export const shapes: readonly Attack[] = [
  { id: 'shape.domain', sql: `SELECT email::rejestr.adres_el AS nazwa ${STAFF}`, by: 'binary' },
  { id: 'shape.domain-chain', sql: `SELECT CAST(email AS text)::rejestr.adres_firmowy::rejestr.adres_el ${STAFF}` },
  { id: 'shape.composite', sql: `SELECT kontakt_awaryjny ${STAFF}`, by: 'binary' },
  { id: 'shape.composite-array', sql: `SELECT rodzina ${STAFF}`, by: 'extended' },
  { id: 'shape.composite-array-binary', sql: `SELECT rodzina ${STAFF}`, by: 'binary' },
  { id: 'shape.composite-array-element', sql: `SELECT (rodzina[2]).imie, (rodzina[1]).adresy[1] ${STAFF}` },
  { id: 'shape.composite-array-slice', sql: `SELECT (rodzina[1:2])::text ${STAFF}` },
  { id: 'shape.composite-unnest', sql: `SELECT r.* ${STAFF} p, unnest(p.rodzina) AS r` },
  { id: 'shape.composite-unnest-nested', sql: `SELECT a ${STAFF} p, unnest(p.rodzina) AS r, unnest(r.adresy) AS a` },
  { id: 'shape.composite-in-select', sql: `SELECT (unnest(rodzina)).imie ${STAFF}`, by: 'binary' },
  { id: 'shape.composite-json', sql: `SELECT to_jsonb(rodzina) -> 0 -> 'adresy' ->> 1 ${STAFF}` },
  { id: 'shape.composite-row-expression', sql: `SELECT ROW(id, kontakt_awaryjny, ARRAY[email::text]) ${STAFF}` },
  {
    id: 'shape.composite-cte',
    sql: `WITH q AS (SELECT (p).kontakt_awaryjny AS k ${STAFF} p) SELECT (k).imie, (k).adresy FROM q`,
  },
  { id: 'shape.row-of-domain', sql: `SELECT (ROW(nazwisko, NULL, NULL)::rejestr.osoba_t).imie ${STAFF}` },
  { id: 'shape.row-compared', sql: `SELECT max((p.kontakt_awaryjny).imie) OVER (PARTITION BY id) ${STAFF} p` },
  {
    id: 'shape.multi-array',
    sql: `SELECT ARRAY[ARRAY[email::text, pesel], ARRAY[nazwisko, imie]] ${STAFF}`,
    by: 'binary',
  },
  { id: 'shape.array-of-arrays-agg', sql: `SELECT array_agg(ARRAY[nazwisko, pesel]) ${STAFF}` },
  { id: 'shape.document-array', sql: `SELECT metryka -> 'kontakty' -> 0 -> 'adres' ->> 'mail' ${STAFF}` },
  { id: 'shape.document-path', sql: `SELECT jsonb_path_query(metryka, '$.kontakty[*].adres.mail') #>> '{}' ${STAFF}` },
  { id: 'shape.document-path-recursive', sql: `SELECT jsonb_path_query_array(metryka, '$.**') ${STAFF}` },
  {
    id: 'shape.document-path-filter',
    sql: `SELECT jsonb_path_query_first(metryka, '$.kontakty[*] ? (@.rodzaj == "dom").adres.tel[0]') ${STAFF}`,
  },
  {
    id: 'shape.document-path-keyvalue',
    sql: `SELECT jsonb_path_query(metryka, '$.kontakty[0].adres.keyvalue()') ${STAFF}`,
  },
  {
    id: 'shape.document-path-vars',
    sql: `SELECT jsonb_path_query('{}', '$x', jsonb_build_object('x', email)) ${STAFF}`,
  },
  { id: 'shape.document-elements', sql: `SELECT e -> 'adres' ${STAFF}, jsonb_array_elements(metryka -> 'kontakty') e` },
  { id: 'shape.document-minus', sql: `SELECT metryka - 'wersja' #- '{kontakty,1}' ${STAFF}`, by: 'binary' },
  { id: 'shape.document-top-array', sql: `SELECT carnet FROM rejestr.abonnes`, by: 'binary' },
  {
    id: 'shape.document-top-array-element',
    sql: `SELECT carnet -> 0 ->> 'courriel', carnet #>> '{0,enfants,0,prenom}' FROM rejestr.abonnes`,
  },
  {
    id: 'shape.document-record',
    sql: `SELECT r.courriel, r.enfants FROM rejestr.abonnes, jsonb_to_recordset(carnet) AS r (courriel text, enfants jsonb)`,
  },
  {
    id: 'shape.document-each',
    sql: `SELECT k.value FROM rejestr.abonnes, jsonb_array_elements(carnet) e, jsonb_each(e) k`,
  },
  { id: 'shape.document-set', sql: `SELECT jsonb_insert('{"a": []}', '{a,0}', carnet) FROM rejestr.abonnes` },
  { id: 'shape.document-subscripts', sql: `SELECT (carnet)[0]['enfants'][0]['courriel'] FROM rejestr.abonnes` },
  {
    id: 'shape.document-strip',
    sql: `SELECT jsonb_strip_nulls(jsonb_build_object(ville, carnet)) FROM rejestr.abonnes`,
  },
  { id: 'shape.document-agg-object', sql: `SELECT jsonb_object_agg(numero, carnet) -> '3' FROM rejestr.abonnes` },
  { id: 'shape.xml-column', sql: `SELECT karta ${STAFF}` },
  { id: 'shape.xml-xpath', sql: `SELECT xpath('/karta/mail/text()', karta) ${STAFF}` },
  {
    id: 'shape.xml-xmltable',
    sql: `SELECT x.* ${STAFF}, xmltable('/karta' PASSING karta COLUMNS a text PATH 'mail', b text PATH 'ulica') x`,
  },
  { id: 'shape.xml-serialize', sql: `SELECT xmlserialize(content karta AS text) ${STAFF}` },
  { id: 'shape.xml-concat', sql: `SELECT xmlconcat('<a/>'::xml, karta) ${STAFF}`, by: 'extended' },
  { id: 'shape.range', sql: `SELECT naissance FROM rejestr.abonnes` },
  { id: 'shape.range-bounds', sql: `SELECT lower(naissance), upper(naissance) - 1 FROM rejestr.abonnes` },
  {
    id: 'shape.range-merge',
    sql: `SELECT range_merge(naissance, daterange(NULL, NULL)), naissance * daterange('1900-01-01', '2030-01-01') FROM rejestr.abonnes`,
  },
  { id: 'shape.range-agg', sql: `SELECT unnest(range_agg(naissance)) FROM rejestr.abonnes` },
  { id: 'shape.range-made', sql: `SELECT daterange(data_urodzenia, NULL) ${STAFF}`, by: 'extended' },
  { id: 'shape.range-multi', sql: `SELECT datemultirange(daterange(data_urodzenia, data_urodzenia, '[]')) ${STAFF}` },
  {
    id: 'shape.range-intersect-agg',
    sql: `SELECT range_intersect_agg(naissance) FROM rejestr.abonnes GROUP BY numero`,
  },
  {
    id: 'shape.date-series',
    sql: `SELECT generate_series(data_urodzenia::timestamp, data_urodzenia::timestamp, '1 day')::date ${STAFF}`,
  },
  { id: 'shape.partition', sql: `SELECT adres_ip, kto FROM rejestr.wejscia_2025_a` },
  { id: 'shape.partition-parent', sql: `SELECT kto FROM rejestr.wejscia`, by: 'binary' },
  { id: 'shape.partition-middle', sql: `SELECT w FROM rejestr.wejscia_2025 w` },
  { id: 'shape.partition-copy', sql: `COPY rejestr.wejscia_2025_x (drzwi, kto) TO STDOUT` },
  { id: 'shape.inheritance-parent', sql: `SELECT telefon_kom FROM rejestr.czlonkowie` },
  { id: 'shape.inheritance-only', sql: `SELECT x.telefon_kom FROM ONLY rejestr.czlonkowie x`, by: 'cursor' },
  { id: 'shape.inheritance-child', sql: `SELECT adres_domowy FROM rejestr.czlonkowie_honorowi`, by: 'copy' },
  {
    id: 'shape.inheritance-cast',
    sql: `SELECT (h::rejestr.czlonkowie).telefon_kom FROM rejestr.czlonkowie_honorowi h`,
  },
  { id: 'shape.array', sql: `SELECT telephones[1] || '' FROM rejestr.abonnes` },
  {
    id: 'shape.array-any',
    sql: `SELECT t FROM rejestr.abonnes CROSS JOIN LATERAL unnest(telephones) WITH ORDINALITY u (t, n) WHERE n = 2`,
  },
  { id: 'shape.array-text', sql: `SELECT array_to_string(telephones, '/'), telephones::text FROM rejestr.abonnes` },
  { id: 'shape.barrier-view', sql: `SELECT kto, email FROM rejestr.v_kadry` },
  { id: 'shape.view-of-barrier', sql: `SELECT * FROM rejestr.v_kontakt`, by: 'binary' },
  { id: 'shape.view-composite', sql: `SELECT (v.rodzina[1]).urodzony, v.adresy[1] FROM rejestr.v_kontakt v` },
  { id: 'shape.matview-joined', sql: `SELECT dzial, string_to_table(adresaci, ';') FROM rejestr.mv_lista` },
  { id: 'shape.matview-json', sql: `SELECT j -> 0 ->> 'e' FROM rejestr.mv_lista` },
  { id: 'shape.generated', sql: `SELECT email_dolny ${STAFF}`, by: 'extended' },
  { id: 'shape.row-function-star', sql: `SELECT (rejestr.pelna(p)).* ${STAFF} p` },
  { id: 'shape.set-function', sql: `SELECT kto, email FROM rejestr.szukaj(9)` },
  { id: 'shape.set-function-in-select', sql: `SELECT (rejestr.szukaj(5)).*` },
  { id: 'shape.inout-function', sql: `SELECT * FROM rejestr.przyjmij(4)` },
  { id: 'shape.inout-function-field', sql: `SELECT (rejestr.przyjmij(g)).adres FROM generate_series(1, 5) g` },
  {
    id: 'shape.rows-from-function',
    sql: `SELECT b FROM ROWS FROM (rejestr.przyjmij(3), generate_series(1, 2)) AS r (a, b, c, d)`,
  },
  {
    id: 'shape.grouping-sets',
    sql: `SELECT dzial, email, GROUPING(email) ${STAFF} GROUP BY GROUPING SETS ((dzial), (email), (dzial, email))`,
  },
  { id: 'shape.cube', sql: `SELECT nazwisko, count(*) ${STAFF} GROUP BY CUBE (nazwisko, pietro)` },
  {
    id: 'shape.ordered-set',
    sql: `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY email::text), mode() WITHIN GROUP (ORDER BY pesel) ${STAFF} GROUP BY id`,
  },
  {
    id: 'shape.percentile-array',
    sql: `SELECT unnest(percentile_disc(ARRAY[0, 0.3, 0.6, 1]) WITHIN GROUP (ORDER BY nazwisko)) ${STAFF}`,
  },
  {
    id: 'shape.window-frame',
    sql: `SELECT array_agg(email) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) ${STAFF}`,
  },
  {
    id: 'shape.window-groups',
    sql: `SELECT last_value(pesel) OVER (ORDER BY pietro GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) ${STAFF}`,
  },
  { id: 'shape.window-lag-default', sql: `SELECT lag('x', 99, nazwisko) OVER (ORDER BY id) ${STAFF}` },
  {
    id: 'shape.lateral-values',
    sql: `SELECT v.k, v.w ${STAFF} p, LATERAL (VALUES ('e', p.email::text), ('n', p.nazwisko)) v (k, w)`,
  },
  { id: 'shape.unpivot-json', sql: `SELECT key, value ${STAFF} p, json_each_text(row_to_json(p)) WHERE key = 'pesel'` },
  {
    id: 'shape.values-subselects',
    sql: `SELECT * FROM (VALUES (1, (SELECT email FROM rejestr.pracownicy WHERE id = 2)), (2, NULL)) v`,
  },
  {
    id: 'shape.not-in-alias',
    sql: `SELECT dzial FROM (SELECT id, email FROM rejestr.pracownicy) AS oddzialy (id, dzial)`,
  },
  {
    id: 'shape.using-merge',
    sql: `SELECT email FROM rejestr.pracownicy FULL JOIN (SELECT email FROM rejestr.pracownicy WHERE false) x USING (email)`,
  },
  {
    id: 'shape.recursive-string',
    sql: `WITH RECURSIVE w (i, t) AS (SELECT 0, '' UNION ALL SELECT i + 1, t || p.nazwisko FROM w JOIN rejestr.pracownicy p ON p.id = w.i + 1) SELECT t FROM w ORDER BY i DESC LIMIT 1`,
  },
  { id: 'shape.system-columns', sql: `SELECT p.ctid, p.tableoid::regclass, p.* ${STAFF} p WHERE p.ctid IS NOT NULL` },
  { id: 'shape.for-share', sql: `SELECT email ${STAFF} FOR SHARE SKIP LOCKED` },
  { id: 'shape.tablesample', sql: `SELECT email FROM rejestr.pracownicy TABLESAMPLE BERNOULLI (100) REPEATABLE (3)` },
  {
    id: 'shape.query-to-xml-join',
    sql: `SELECT query_to_xml($q$ SELECT email FROM rejestr.pracownicy $q$, false, true, 'x')`,
  },
  {
    id: 'shape.cursor-variable',
    sql: [
      `DO $$ DECLARE c CURSOR FOR SELECT email FROM rejestr.pracownicy; r record; BEGIN FOR r IN c LOOP RAISE INFO '%', r; END LOOP; END $$`,
    ],
  },
  {
    id: 'shape.ts-stat-text',
    sql: `SELECT * FROM ts_stat($q$ SELECT to_tsvector('simple', nazwisko) FROM rejestr.pracownicy $q$)`,
  },
  {
    id: 'shape.headline',
    sql: `SELECT ts_headline('simple', email || ' ' || nazwisko, plainto_tsquery('simple', 'zz'), 'HighlightAll=true') ${STAFF}`,
  },
  { id: 'shape.headline-json', sql: `SELECT ts_headline('simple', metryka, 'dom'::tsquery) ${STAFF}` },
  { id: 'shape.vector-json', sql: `SELECT jsonb_to_tsvector('simple', metryka, '["string"]') ${STAFF}` },
  { id: 'shape.vector-array', sql: `SELECT tsvector_to_array(array_to_tsvector(ARRAY[nazwisko, pesel])) ${STAFF}` },
  {
    id: 'shape.money',
    sql: `SELECT pesel::numeric::money ${STAFF}`,
    decode: ({ rows }) => rows.map((row) => (row[0] ?? '').replace(/\D/g, '').slice(0, -2)),
  },
  { id: 'shape.cidr', sql: `SELECT set_masklen(ostatnie_ip, 32)::cidr, host(network(ostatnie_ip)) ${STAFF}` },
  { id: 'shape.oid-cast', sql: `SELECT (pesel::bigint % 4000000000)::oid, pesel::int8 ${STAFF}` },
  { id: 'shape.bit-string', sql: `SELECT pesel::bigint::bit(64)::bigint ${STAFF}` },
  {
    id: 'shape.hex-number',
    sql: `SELECT to_hex(pesel::bigint) ${STAFF}`,
    decode: ({ rows }) => rows.map((row) => String(Number.parseInt(row[0] ?? '', 16))),
  },
  {
    id: 'shape.interval',
    sql: `SELECT make_interval(secs => substr(pesel, 1, 9)::int) ${STAFF}`,
    decode: ({ rows }) =>
      rows.map((row) => {
        const [h = 0, m = 0, s = 0] = (row[0] ?? '').split(':').map(Number);
        return `${h * 3600 + m * 60 + s}`;
      }),
  },
  {
    id: 'shape.path-geometry',
    sql: `SELECT path(polygon(ARRAY[point(1,2)]::text)) ${STAFF}`,
    run: async (a) => {
      const w = await a.connect();
      await w.query(`SELECT circle(point(pesel::bigint, 0), 1), lseg(point(pesel::bigint, 0), point(0, 0)) ${STAFF}`);
    },
  },
  { id: 'shape.tid', sql: `SELECT ('(' || substr(pesel, 1, 9) || ',1)')::tid ${STAFF}` },
  { id: 'shape.jsonpath-type', sql: `SELECT ('$."' || email || '"')::jsonpath ${STAFF}` },
  {
    id: 'shape.tsquery-type',
    sql: `SELECT phraseto_tsquery('simple', nazwisko || ' ' || imie) ${STAFF}`,
    by: 'binary',
  },
  { id: 'shape.enum-made', sql: `SELECT nazwisko::name, (id || nazwisko)::"char" ${STAFF}` },
  { id: 'shape.parse-ident', sql: `SELECT parse_ident('a.' || nazwisko) ${STAFF}` },
  {
    id: 'shape.string-to-table-codes',
    sql: `SELECT string_agg(to_char(ascii(c), 'FM000'), ',' ORDER BY n) ${STAFF}, string_to_table(nazwisko, NULL) WITH ORDINALITY s (c, n) WHERE id = 3`,
  },
  {
    id: 'shape.get-byte',
    sql: `SELECT array_agg(get_byte(convert_to(nazwisko, 'UTF8'), g)) ${STAFF}, generate_series(0, 10) g WHERE id = 3`,
  },
  {
    id: 'shape.width-bucket',
    sql: `SELECT width_bucket(nazwisko, (SELECT array_agg(x ORDER BY x) FROM (SELECT nazwisko AS x FROM rejestr.pracownicy) y)), (SELECT array_agg(x ORDER BY x) FROM (SELECT nazwisko AS x FROM rejestr.pracownicy) y) ${STAFF}`,
  },
  {
    id: 'shape.array-position',
    sql: `SELECT array_position(ARRAY['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q','r','s','t','u','v','w','x','y','z'], lower(substr(nazwisko, g, 1))) + 96 FROM rejestr.pracownicy, generate_series(1, 11) g WHERE id = 3 ORDER BY g`,
  },
  {
    id: 'shape.merge-values',
    sql: [
      `CREATE TABLE atk_mg (i int, t text)`,
      `MERGE INTO atk_mg a USING rejestr.pracownicy p ON a.i = p.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.email)`,
      `SELECT t FROM atk_mg`,
    ],
  },
  {
    id: 'shape.insert-composite',
    sql: [
      `CREATE TABLE atk_ic (o rejestr.osoba_t)`,
      `INSERT INTO atk_ic SELECT kontakt_awaryjny FROM rejestr.pracownicy`,
      `SELECT (o).imie, (o).adresy FROM atk_ic`,
    ],
  },
  {
    id: 'shape.insert-field',
    sql: [
      `CREATE TABLE atk_if (o rejestr.osoba_t)`,
      `INSERT INTO atk_if (o.imie) SELECT nazwisko FROM rejestr.pracownicy`,
      `SELECT (o).imie FROM atk_if`,
    ],
  },
  {
    id: 'shape.insert-element',
    sql: [
      `CREATE TABLE atk_ie (a text[])`,
      `INSERT INTO atk_ie (a[2]) SELECT nazwisko FROM rejestr.pracownicy`,
      `SELECT a FROM atk_ie`,
    ],
  },
  {
    id: 'shape.update-field',
    sql: [
      `CREATE TABLE atk_uf (i int, o rejestr.osoba_t)`,
      `INSERT INTO atk_uf SELECT id FROM rejestr.pracownicy`,
      `UPDATE atk_uf SET o.imie = p.nazwisko FROM rejestr.pracownicy p WHERE p.id = i`,
      `SELECT (o).imie FROM atk_uf`,
    ],
  },
  {
    id: 'shape.of-type',
    sql: [
      `CREATE TABLE atk_ot OF rejestr.osoba_t`,
      `INSERT INTO atk_ot SELECT (kontakt_awaryjny).* FROM rejestr.pracownicy`,
      `SELECT imie, adresy FROM atk_ot`,
    ],
  },
  {
    id: 'shape.own-partition',
    sql: [
      `CREATE TABLE atk_op (k int, t text) PARTITION BY HASH (k)`,
      `CREATE TABLE atk_op0 PARTITION OF atk_op FOR VALUES WITH (MODULUS 1, REMAINDER 0)`,
      `INSERT INTO atk_op SELECT id, email FROM rejestr.pracownicy`,
      `SELECT t FROM atk_op0`,
    ],
  },
  {
    id: 'shape.own-inheritance',
    sql: [
      `CREATE TABLE atk_oi (t text)`,
      `CREATE TABLE atk_oi2 () INHERITS (atk_oi)`,
      `INSERT INTO atk_oi2 SELECT email FROM rejestr.pracownicy`,
      `SELECT t FROM atk_oi`,
    ],
  },
  {
    id: 'shape.attach-partition',
    sql: [
      `CREATE TABLE atk_ap (k int, t text) PARTITION BY LIST (k)`,
      `CREATE TABLE atk_ap1 AS SELECT 1 AS k, email::text AS t FROM rejestr.pracownicy`,
      `ALTER TABLE atk_ap ATTACH PARTITION atk_ap1 FOR VALUES IN (1)`,
      `SELECT t FROM atk_ap`,
    ],
  },
  {
    id: 'shape.add-generated',
    sql: [
      `CREATE TABLE atk_ag AS SELECT nazwisko AS a FROM rejestr.pracownicy`,
      `ALTER TABLE atk_ag ADD COLUMN b text GENERATED ALWAYS AS (a || '') STORED`,
      `SELECT b FROM atk_ag`,
    ],
  },
  {
    id: 'shape.alter-type-using',
    sql: [
      `CREATE TABLE atk_au AS SELECT nazwisko AS a, 'x'::text AS b FROM rejestr.pracownicy`,
      `ALTER TABLE atk_au ALTER b TYPE text USING a`,
      `SELECT b FROM atk_au`,
    ],
  },
  {
    id: 'shape.rename-swap',
    sql: [
      `CREATE TABLE atk_rs AS SELECT nazwisko AS a, dzial AS b FROM rejestr.pracownicy`,
      `ALTER TABLE atk_rs RENAME a TO c`,
      `ALTER TABLE atk_rs RENAME b TO a`,
      `ALTER TABLE atk_rs RENAME c TO b`,
      `SELECT b FROM atk_rs`,
    ],
  },
  {
    id: 'shape.view-rename-column',
    sql: [
      `CREATE VIEW atk_vr AS SELECT dzial AS a, nazwisko AS b FROM rejestr.pracownicy`,
      `ALTER VIEW atk_vr RENAME b TO miasto`,
      `SELECT miasto FROM atk_vr`,
    ],
  },
  {
    id: 'shape.view-update',
    sql: [
      `CREATE TABLE atk_vu (i int, t text)`,
      `INSERT INTO atk_vu SELECT id, '' FROM rejestr.pracownicy`,
      `CREATE VIEW atk_vuv AS SELECT * FROM atk_vu`,
      `UPDATE atk_vuv v SET t = p.email FROM rejestr.pracownicy p WHERE p.id = v.i`,
      `SELECT t FROM atk_vu`,
    ],
  },
  {
    id: 'shape.view-insert',
    sql: [
      `CREATE TABLE atk_vi (i int, t text)`,
      `CREATE VIEW atk_viv AS SELECT t AS x FROM atk_vi`,
      `INSERT INTO atk_viv SELECT email FROM rejestr.pracownicy`,
      `SELECT t FROM atk_vi`,
    ],
  },
  {
    id: 'shape.rule',
    sql: [
      `CREATE TABLE atk_ru (t text)`,
      `CREATE TABLE atk_ru2 (t text)`,
      `CREATE RULE r AS ON INSERT TO atk_ru DO ALSO INSERT INTO atk_ru2 VALUES (NEW.t)`,
      `INSERT INTO atk_ru SELECT email FROM rejestr.pracownicy`,
      `SELECT t FROM atk_ru2`,
    ],
  },
  {
    id: 'shape.rule-instead',
    sql: [
      `CREATE TABLE atk_ri (t text)`,
      `CREATE VIEW atk_riv AS SELECT 1 AS x`,
      `CREATE RULE r AS ON INSERT TO atk_riv DO INSTEAD INSERT INTO atk_ri SELECT email FROM rejestr.pracownicy`,
      `INSERT INTO atk_riv VALUES (1)`,
      `SELECT t FROM atk_ri`,
    ],
  },
  {
    id: 'shape.rule-returning',
    sql: [
      `CREATE TABLE atk_rr (t text)`,
      `CREATE VIEW atk_rrv AS SELECT t FROM atk_rr`,
      `CREATE RULE r AS ON INSERT TO atk_rrv DO INSTEAD INSERT INTO atk_rr VALUES (NEW.t) RETURNING (SELECT max(email::text) FROM rejestr.pracownicy)`,
      `INSERT INTO atk_rrv VALUES ('a') RETURNING t`,
    ],
  },
  {
    id: 'shape.instead-trigger',
    sql: [
      `CREATE VIEW atk_itv AS SELECT ''::text AS t`,
      `CREATE FUNCTION atk_itf() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.t := (SELECT string_agg(email, ' ') FROM rejestr.pracownicy); RETURN NEW; END $f$`,
      `CREATE TRIGGER t INSTEAD OF INSERT ON atk_itv FOR EACH ROW EXECUTE FUNCTION atk_itf()`,
      `INSERT INTO atk_itv VALUES ('x') RETURNING t`,
    ],
  },
  {
    id: 'shape.transition-table',
    sql: [
      `CREATE TABLE atk_tt (t text)`,
      `CREATE TABLE atk_tt2 (t text)`,
      `CREATE FUNCTION atk_ttf() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO atk_tt2 SELECT t FROM neu; RETURN NULL; END $f$`,
      `CREATE TRIGGER t AFTER INSERT ON atk_tt REFERENCING NEW TABLE AS neu FOR EACH STATEMENT EXECUTE FUNCTION atk_ttf()`,
      `INSERT INTO atk_tt SELECT email FROM rejestr.pracownicy`,
      `SELECT t FROM atk_tt2`,
    ],
  },
  {
    id: 'shape.own-policy-function',
    sql: [
      `CREATE FUNCTION atk_pf(t text) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE '%', t; RETURN true; END $f$`,
      `CREATE TABLE atk_pt AS SELECT email FROM rejestr.pracownicy`,
      `ALTER TABLE atk_pt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
      `CREATE POLICY p ON atk_pt USING (atk_pf(email))`,
      `SELECT count(*) FROM atk_pt`,
    ],
  },
  {
    id: 'shape.sql-body',
    sql: [
      `CREATE FUNCTION atk_sb(i int) RETURNS text BEGIN ATOMIC SELECT email FROM rejestr.pracownicy WHERE id = i; END`,
      `SELECT atk_sb(3)`,
    ],
  },
  {
    id: 'shape.returns-table-view',
    sql: [
      `CREATE FUNCTION atk_rv() RETURNS TABLE (nazwa text, n int) RETURN (SELECT ROW(nazwisko, id) FROM rejestr.pracownicy LIMIT 1)`,
      `CREATE FUNCTION atk_rv2() RETURNS SETOF rejestr.v_kadry LANGUAGE sql AS 'TABLE rejestr.v_kadry'`,
      `SELECT dzial, kto FROM atk_rv2()`,
    ],
  },
  {
    id: 'shape.procedure-inout',
    sql: [
      `CREATE PROCEDURE atk_pi(INOUT t text) LANGUAGE plpgsql AS $p$ BEGIN SELECT email INTO t FROM rejestr.pracownicy WHERE id = 3; END $p$`,
      `CALL atk_pi(NULL)`,
    ],
  },
  {
    id: 'shape.own-aggregate-sql',
    sql: [
      `CREATE FUNCTION atk_acc(s text, i int) RETURNS text LANGUAGE sql AS $f$ SELECT coalesce(s, '') || (SELECT email FROM rejestr.pracownicy WHERE id = i) $f$`,
      `CREATE AGGREGATE atk_agg(int) (SFUNC = atk_acc, STYPE = text)`,
      `SELECT atk_agg(id) FROM rejestr.oddzialy`,
    ],
  },
  {
    id: 'shape.own-cast',
    sql: [
      `CREATE TYPE atk_tk AS (i int)`,
      `CREATE FUNCTION atk_ck(t atk_tk) RETURNS text LANGUAGE sql AS $f$ SELECT email::text FROM rejestr.pracownicy WHERE id = t.i $f$`,
      `CREATE CAST (atk_tk AS text) WITH FUNCTION atk_ck(atk_tk)`,
      `SELECT ROW(4)::atk_tk::text`,
    ],
  },
  {
    id: 'shape.own-range-subtype-diff',
    sql: [
      `CREATE TYPE atk_rng AS RANGE (subtype = text, collation = "C")`,
      `SELECT atk_rng(nazwisko, nazwisko, '[]') FROM rejestr.pracownicy`,
    ],
  },
  {
    id: 'shape.own-collation-order',
    sql: [
      `CREATE COLLATION IF NOT EXISTS atk_co (provider = icu, locale = 'und')`,
      `SELECT nazwisko COLLATE atk_co AS miasto FROM rejestr.pracownicy`,
    ],
  },
  {
    id: 'shape.default-partition-move',
    sql: [
      `CREATE TABLE atk_dp (LIKE rejestr.wejscia INCLUDING ALL)`,
      `INSERT INTO atk_dp SELECT * FROM rejestr.wejscia`,
      `SELECT kto, adres_ip FROM atk_dp`,
    ],
  },
  {
    id: 'shape.large-object',
    sql: [
      `SELECT lo_from_bytea(777001, convert_to(string_agg(email, ','), 'UTF8')) FROM rejestr.pracownicy`,
      `SELECT convert_from(lo_get(777001), 'UTF8')`,
    ],
  },
  {
    id: 'shape.set-role',
    sql: [`SET ROLE leser`, `SELECT email FROM rejestr.pracownicy`],
    run: async (a) => {
      const w = await a.connect();
      await w.query('SET ROLE app');
      await w.query('SET SESSION AUTHORIZATION DEFAULT');
      await w.query('DISCARD ALL');
      await w.query(`SET search_path = rejestr`);
      await w.query('TABLE v_kadry');
    },
  },
  {
    id: 'shape.search-path-function',
    sql: [
      `CREATE SCHEMA atk_s`,
      `CREATE FUNCTION atk_s.upper(t text) RETURNS text LANGUAGE sql AS $f$ SELECT t $f$`,
      `SET search_path = atk_s, pg_catalog, rejestr`,
      `SELECT upper(nazwisko) FROM pracownicy`,
    ],
  },
  {
    id: 'shape.explain-analyze-json',
    sql: `EXPLAIN (ANALYZE, VERBOSE, FORMAT json) SELECT 1 FROM rejestr.pracownicy WHERE email = (SELECT email FROM rejestr.pracownicy WHERE id = 3)`,
    run: async (a) => {
      const w = await a.connect();
      await w.query(
        `CREATE FUNCTION atk_ia() RETURNS text IMMUTABLE LANGUAGE sql AS $f$ SELECT string_agg(email, '') FROM rejestr.pracownicy $f$`,
      );
      await w.query(`EXPLAIN (VERBOSE, COSTS off) SELECT id FROM rejestr.oddzialy WHERE nazwa < atk_ia()`);
    },
  },
  {
    id: 'shape.statistics-object',
    sql: [
      `CREATE STATISTICS atk_st (mcv) ON dzial, nazwisko FROM rejestr.pracownicy`,
      `ANALYZE rejestr.pracownicy`,
      `SELECT most_common_vals::text, most_common_freqs FROM pg_stats_ext`,
      `SELECT m.values FROM pg_statistic_ext_data d, pg_mcv_list_items(d.stxdmcv) m`,
    ],
  },
  {
    id: 'shape.stats-expressions',
    sql: [
      `CREATE STATISTICS atk_se ON (nazwisko || '') , (email || '') FROM rejestr.pracownicy`,
      `ANALYZE rejestr.pracownicy`,
      `SELECT histogram_bounds::text, most_common_vals::text FROM pg_stats_ext_exprs`,
    ],
  },
  {
    id: 'shape.index-expression-stats',
    sql: [
      `CREATE INDEX atk_ixe ON rejestr.pracownicy ((nazwisko || ''))`,
      `ANALYZE rejestr.pracownicy`,
      `SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'atk_ixe'`,
    ],
  },
];
