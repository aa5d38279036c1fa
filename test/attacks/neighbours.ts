/**
 * Ordinary work beside the attacks, in the same shapes: through the gateway it answers as the server does, byte for
 * byte but for the columns named in `masked`, whose values are others of the same type. A new one is an entry here.
 */
import type { Way } from './attack.ts';

export interface Neighbour {
  readonly id: string;
  /** Of several, the last one's answer is compared; all must succeed. */
  readonly sql: string | readonly string[];
  readonly by?: Way;
  /** Columns by name that may hold other values; `all` for COPY: as many lines. */
  readonly masked?: readonly string[] | 'all';
  /** Run past the gateway afterwards: what is stored is the same. */
  readonly stored?: string;
}

export const NEIGHBOURS: readonly Neighbour[] = [
  { id: 'clear.table', sql: 'SELECT * FROM artikel ORDER BY id' },
  { id: 'clear.binary', sql: 'SELECT * FROM artikel ORDER BY id', by: 'binary' },
  { id: 'clear.portal', sql: 'SELECT id, sku, preis FROM artikel ORDER BY id', by: 'portal' },
  { id: 'clear.cursor', sql: 'SELECT id, sku FROM artikel ORDER BY id', by: 'cursor' },
  { id: 'clear.binary-cursor', sql: 'SELECT id, schlagworte FROM artikel ORDER BY id', by: 'binary cursor' },
  { id: 'clear.prepare', sql: 'SELECT numero, total FROM laden.pedidos ORDER BY id', by: 'prepare' },
  { id: 'clear.named', sql: 'SELECT id, total FROM laden.pedidos ORDER BY id', by: 'named' },
  { id: 'clear.no-describe', sql: 'SELECT id, estado FROM laden.pedidos ORDER BY id', by: 'no describe' },
  { id: 'clear.pipeline', sql: 'SELECT raum, beginn FROM termine ORDER BY id', by: 'pipeline' },
  { id: 'clear.copy', sql: 'SELECT id, bezeichnung, masse FROM artikel ORDER BY id', by: 'copy' },
  { id: 'clear.copy-csv', sql: 'SELECT id, numero, feito_em FROM laden.pedidos ORDER BY id', by: 'copy csv' },
  { id: 'clear.copy-binary', sql: 'SELECT id, git_sha, preis FROM artikel ORDER BY id', by: 'copy binary' },
  { id: 'clear.copy-table', sql: 'COPY termine TO STDOUT' },
  { id: 'clear.columns-of-patients', sql: 'SELECT id, station, aufgenommen FROM patienten ORDER BY id' },
  { id: 'clear.columns-of-clients', sql: 'SELECT id, puntos, nivel FROM laden.clientes ORDER BY id', by: 'binary' },
  { id: 'clear.columns-of-accounts', sql: 'SELECT id, plan, seats FROM saas.accounts ORDER BY id' },
  { id: 'clear.other-script', sql: 'SELECT id, "会員種別" FROM saas."会員" ORDER BY id', by: 'extended' },
  { id: 'clear.filled-by-trigger', sql: 'SELECT id, titel, ort, stand, geaendert FROM kartei ORDER BY id' },
  {
    id: 'clear.generated-words',
    sql: [
      `CREATE TABLE team (id int, nachname text, mail text, aufgabe text, worte tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(aufgabe, ''))) STORED)`,
      `INSERT INTO team (id, nachname, mail, aufgabe) SELECT i, 'Probe', 'probe@posteo.example', 'Nachtwache ' || i FROM generate_series(1, 20) i`,
      'SELECT pg_sleep(3)',
      `SELECT id, ts_rank(worte, q) FROM team, plainto_tsquery('simple', 'nachtwache 7') q WHERE worte @@ q ORDER BY 2 DESC, 1`,
    ],
    stored: 'SELECT count(*) FROM team',
  },
  {
    id: 'write.document-by-a-cte',
    sql: [
      `WITH neu AS (INSERT INTO patienten (id, vorname, nachname, akte) VALUES (9001, 'Probe', 'Probe', '{"kontakt": {}}') RETURNING id) SELECT count(*) FROM neu`,
      'SELECT id, akte, station FROM patienten WHERE id <= 20 ORDER BY id',
    ],
    masked: ['akte'],
    stored: 'SELECT count(*) FROM patienten',
  },
  { id: 'lookup.filled-by-trigger', sql: `SELECT id FROM kartei WHERE feld_a = 'probe-3'` },
  {
    id: 'write.filled-by-trigger',
    sql: [
      `UPDATE kartei SET ort = 'Kiel', mail = 'neu@posteo.example' WHERE id = 3`,
      `INSERT INTO kartei (id, nachname) VALUES (900, 'Probe') RETURNING id, stand`,
    ],
    stored: 'SELECT id, ort, mail, feld_a, stand FROM kartei ORDER BY id',
  },
  { id: 'clear.view', sql: 'SELECT * FROM v_auslastung ORDER BY raum' },
  { id: 'clear.generated', sql: 'SELECT id, laenge FROM artikel ORDER BY id' },
  {
    id: 'clear.json',
    sql: `SELECT masse ->> 'farbe', masse -> 'breite', to_jsonb(a) - 'git_sha' FROM artikel a ORDER BY id`,
  },
  {
    id: 'clear.json-agg',
    sql: `SELECT estado, jsonb_agg(id ORDER BY id), json_object_agg(numero, total ORDER BY id) FROM laden.pedidos GROUP BY 1 ORDER BY 1`,
  },
  { id: 'clear.arrays', sql: 'SELECT id, schlagworte[1], unnest(schlagworte) FROM artikel ORDER BY 1, 3' },
  {
    id: 'clear.window',
    sql: 'SELECT id, sum(total) OVER (ORDER BY id), rank() OVER (PARTITION BY estado ORDER BY total DESC, id) FROM laden.pedidos ORDER BY id',
  },
  {
    id: 'clear.recursive',
    sql: 'WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 20) SELECT n, n * n FROM r',
  },
  {
    id: 'clear.join-masked-table',
    sql: 'SELECT t.raum, p.station, t.dauer_min FROM termine t JOIN patienten p ON p.id = t.patient_id ORDER BY t.id',
  },
  { id: 'clear.function', sql: 'SELECT summe(id, 1), bestellwert(id) FROM laden.pedidos ORDER BY id' },
  {
    id: 'clear.generate-series',
    sql: `SELECT d::date, count(t.id) FROM generate_series(date '2025-03-10', date '2025-03-26', '1 day') d LEFT JOIN termine t ON t.beginn::date = d::date GROUP BY 1 ORDER BY 1`,
  },
  {
    id: 'clear.types',
    sql: `SELECT 1.50::numeric, 'é'::text, date '2024-02-29', interval '1 day', '{1,2}'::int[], '\\x00ff'::bytea, uuid '00000000-0000-4000-8000-000000000001', int4range(1, 5), point(1, 2), NULL::text`,
    by: 'binary',
  },
  {
    id: 'clear.literals-like-secrets',
    sql: `SELECT 'a@b.example' AS mail, '+49 170 1234567' AS telefon, 4111 AS tarjeta`,
  },
  { id: 'clear.values', sql: `VALUES (1, 'mail'), (2, 'telefon')` },
  {
    id: 'clear.set-operations',
    sql: 'SELECT sku FROM artikel WHERE id < 4 UNION SELECT numero FROM laden.pedidos WHERE id < 4 EXCEPT SELECT NULL ORDER BY 1',
  },
  { id: 'clear.several-statements', sql: 'SELECT 1 AS a; SELECT count(*) FROM artikel; SELECT 2', by: 'simple' },
  { id: 'clear.empty', sql: 'SELECT id, sku FROM artikel WHERE false', by: 'extended' },
  {
    id: 'group.citext',
    sql: `SELECT count(*) FROM (SELECT lower(mail::citext::text) FROM patienten GROUP BY lower(mail::citext::text) HAVING count(*) > 1) doppelt`,
  },
  {
    id: 'group.citext-distinct',
    sql: 'SELECT count(DISTINCT mail::citext), count(DISTINCT upper(mail::citext::text)) FROM patienten',
  },
  { id: 'clear.group-cast', sql: 'SELECT id::text, count(*) FROM patienten GROUP BY id::text ORDER BY 1' },
  {
    id: 'group.cast',
    sql: 'SELECT count(*) FROM (SELECT geburtsdatum::text FROM patienten GROUP BY geburtsdatum::text) q',
  },
  {
    id: 'lookup.without-signs',
    sql: `SELECT id FROM patienten WHERE replace(replace(telefon, ' ', ''), '-', '') = '+491700000000'`,
  },
  {
    id: 'lookup.host',
    sql: `SELECT id FROM zugriffe WHERE host(von_ip) = '10.0.0.1'`,
  },
  {
    id: 'lookup.joined',
    sql: `SELECT id FROM patienten WHERE vorname || ' ' || nachname = 'Ana Probe' OR concat_ws(', ', nachname, vorname) = 'Probe, Ana'`,
  },
  {
    id: 'lookup.joined-lower',
    sql: `SELECT id FROM patienten WHERE lower(trim(coalesce(vorname, '') || ' ' || nachname)) = lower('Ana Probe')`,
  },
  { id: 'lookup.joined-view', sql: `SELECT nr FROM v_etikett WHERE zeile = 'Probe <ana@posteo.example>'` },
  {
    id: 'lookup.digits',
    sql: String.raw`SELECT id FROM patienten WHERE regexp_replace(telefon, '\D', '', 'g') = '491700000000'`,
  },
  {
    id: 'lookup.digits-and-blanks',
    sql: String.raw`SELECT id FROM patienten WHERE regexp_replace(telefon, '[\s()-]', '', 'g') = '+491700000000' OR ltrim(telefon, '+') = '49'`,
  },
  { id: 'lookup.citext', sql: `SELECT id FROM patienten WHERE mail::citext = 'Niemand@posteo.example'` },
  { id: 'lookup.unaccent', sql: `SELECT id FROM patienten WHERE lower(unaccent(nachname)) = lower(unaccent('Prôbe'))` },
  { id: 'lookup.ilike', sql: `SELECT id FROM patienten WHERE mail ILIKE 'Niemand@posteo.example'` },
  {
    id: 'lookup.digest',
    sql: `SELECT id FROM patienten WHERE encode(digest(lower(trim(mail)), 'sha256'), 'hex') = 'ab' OR encode(sha256(convert_to(mail, 'UTF8')), 'hex') = 'ab'`,
  },
  {
    id: 'lookup.not-empty',
    sql: `SELECT count(*) FROM patienten WHERE length(trim(mail)) > 0 AND char_length(telefon) <> 0`,
  },
  {
    id: 'lookup.path',
    sql: `SELECT id FROM patienten WHERE akte @@ '$.kontakt.mail == "a@b.example"' OR akte @? '$.kontakt ? (@.mail == "a@b.example")'`,
  },
  {
    id: 'lookup.path-clear',
    sql: `SELECT id FROM patienten WHERE akte @@ '$.station < 3 && $.sprache == "de"' ORDER BY id`,
  },
  {
    id: 'group.lower',
    sql: 'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY lower(mail) ORDER BY id) AS n FROM patienten) q WHERE n > 1',
  },
  {
    id: 'group.lower-counts',
    sql: 'SELECT count(DISTINCT lower(mail)), (SELECT count(*) FROM (SELECT 1 FROM patienten GROUP BY upper(trim(mail))) q) FROM patienten',
  },
  {
    id: 'write.upsert-where-changed',
    sql: `INSERT INTO patienten (id, vorname, nachname, mail) VALUES (950, 'Ana', 'Probe', 'p@posteo.example') ON CONFLICT (id) DO UPDATE SET mail = EXCLUDED.mail WHERE patienten.mail IS DISTINCT FROM EXCLUDED.mail RETURNING id`,
    stored: 'SELECT id, nachname, mail FROM patienten WHERE id > 900',
  },
  { id: 'lookup.element', sql: `SELECT id FROM patienten WHERE 'a@b.example' = ANY (weitere_mails)` },
  {
    id: 'lookup.elements',
    sql: `SELECT count(*) FROM patienten WHERE weitere_mails @> ARRAY['a@b.example'] OR weitere_mails && '{c@d.example}'`,
  },
  {
    id: 'lookup.part-of-document',
    sql: `SELECT id FROM patienten WHERE akte @> '{"sprache": "de", "station": 1}' AND akte ? 'kontakt' ORDER BY id`,
  },
  {
    id: 'lookup.masked-part-of-document',
    sql: `SELECT id FROM patienten WHERE akte @> '{"kontakt": {"mail": "a@b.example"}}'`,
  },
  {
    id: 'write.into-document',
    sql: `UPDATE patienten SET akte = jsonb_set(akte, '{sprache}', '"en"') WHERE id = 3`,
    stored: 'SELECT akte FROM patienten WHERE id = 3',
  },
  {
    id: 'write.document-without',
    sql: `UPDATE patienten SET akte = coalesce(akte, '{}') #- '{kontakt,telefon}' WHERE id = 4`,
    stored: 'SELECT akte FROM patienten WHERE id = 4',
  },
  {
    id: 'write.array-without',
    sql: `UPDATE patienten SET weitere_mails = array_remove(weitere_mails, 'a@b.example') WHERE id = 5`,
    stored: 'SELECT weitere_mails FROM patienten WHERE id = 5',
  },
  { id: 'clear.lookalikes', sql: `SELECT wartezeit_s, name, wert FROM einstellungen ORDER BY name` },
  { id: 'clear.comments', sql: `/* app=web; it's */ SELECT id -- mail\n, sku FROM artikel ORDER BY id` },
  { id: 'clear.dollar-quotes', sql: `SELECT $x$ mail ' $x$ AS t` },
  {
    id: 'aggregate.counts',
    sql: 'SELECT count(*), count(mail), count(DISTINCT mail), count(*) FILTER (WHERE telefon IS NULL) FROM patienten',
  },
  {
    id: 'aggregate.group-count',
    sql: 'SELECT station, count(DISTINCT nachname) FROM patienten GROUP BY station ORDER BY station',
  },
  {
    id: 'aggregate.null-tests',
    sql: 'SELECT id, mail IS NULL AS ohne, telefon IS NOT NULL AS mit FROM patienten ORDER BY id',
  },
  { id: 'lookup.equality', sql: `SELECT id, station FROM patienten WHERE mail = 'niemand@posteo.example'` },
  { id: 'lookup.in', sql: `SELECT count(*) FROM laden.clientes WHERE cpf IN ('1', '2')` },
  { id: 'lookup.join', sql: 'SELECT count(*) FROM patienten a JOIN patienten b ON a.mail = b.mail' },
  {
    id: 'masked.columns',
    sql: 'SELECT id, vorname, nachname, mail, telefon, station FROM patienten ORDER BY id',
    masked: ['vorname', 'nachname', 'mail', 'telefon'],
  },
  {
    id: 'masked.binary',
    sql: 'SELECT id, geburtsdatum, mail FROM patienten ORDER BY id',
    by: 'binary',
    masked: ['geburtsdatum', 'mail'],
  },
  {
    id: 'masked.star',
    sql: 'SELECT * FROM laden.clientes ORDER BY id',
    masked: [
      'nome_completo',
      'cpf',
      'correo_electronico',
      'tarjeta',
      'iban',
      'direccion',
      'fecha_nacimiento',
      'ultima_ip',
      'extras',
    ],
  },
  {
    id: 'masked.inet',
    sql: 'SELECT id, von_ip, pfad, am FROM zugriffe ORDER BY id',
    by: 'extended',
    masked: ['von_ip'],
  },
  { id: 'masked.composite', sql: 'SELECT id, kontakt FROM patienten ORDER BY id', masked: ['kontakt'] },
  {
    id: 'masked.array',
    sql: 'SELECT id, weitere_mails FROM patienten ORDER BY id',
    by: 'binary',
    masked: ['weitere_mails'],
  },
  {
    id: 'masked.json',
    sql: `SELECT id, akte, akte ->> 'station' AS st FROM patienten ORDER BY id`,
    masked: ['akte', 'st'],
  },
  { id: 'masked.cursor', sql: 'SELECT id, telefon FROM patienten ORDER BY id', by: 'cursor', masked: ['telefon'] },
  {
    id: 'masked.portal',
    sql: 'SELECT id, login, seats FROM saas.accounts ORDER BY id',
    by: 'binary portal',
    masked: ['login'],
  },
  { id: 'masked.view', sql: 'SELECT nr, a, b, c FROM v_verteiler ORDER BY nr', masked: ['a', 'b', 'c'] },
  { id: 'masked.free-text', sql: 'SELECT id, betreff, body, prio FROM saas.vorfaelle ORDER BY id', masked: ['body'] },
  { id: 'masked.copy', sql: 'SELECT id, mail FROM patienten ORDER BY id', by: 'copy', masked: 'all' },
  {
    id: 'write.insert',
    sql: `INSERT INTO laden.clientes (id, nome_completo, cpf, correo_electronico, puntos) VALUES (900, 'Rui Teste', '529.982.247-25', 'rui@correio.example', 3) RETURNING id, puntos`,
    stored: 'SELECT * FROM laden.clientes WHERE id = 900',
  },
  {
    id: 'write.update',
    sql: 'UPDATE artikel SET preis = preis + 1 WHERE id = 3 RETURNING id, preis',
    stored: 'SELECT id, preis FROM artikel ORDER BY id',
  },
  {
    id: 'write.update-person',
    sql: `UPDATE patienten SET mail = 'neu@posteo.example', telefon = '+49170000000' WHERE id = 3 RETURNING id`,
    stored: 'SELECT mail, telefon, mail_klein FROM patienten ORDER BY id',
  },
  {
    id: 'write.insert-returning-masked',
    sql: `INSERT INTO personen (id, name, tel) VALUES (77, 'Ute Probe', '+49170111222') RETURNING id, name`,
    masked: ['name'],
    stored: 'SELECT * FROM personen WHERE id = 77',
  },
  {
    id: 'write.same-class',
    sql: "INSERT INTO zugriffe (id, wer, am) SELECT id + 500, mail, date '2025-05-05' FROM patienten WHERE id <= 3",
    stored: 'SELECT id, wer FROM zugriffe WHERE id > 500 ORDER BY id',
  },
  {
    id: 'write.upsert',
    sql: `INSERT INTO einstellungen VALUES ('suche.grenze', '60', 9) ON CONFLICT (name) DO UPDATE SET wert = EXCLUDED.wert RETURNING name, wert`,
    stored: 'SELECT * FROM einstellungen ORDER BY name',
  },
  {
    id: 'write.merge',
    sql: `MERGE INTO einstellungen e USING (VALUES ('x', '1')) v (n, w) ON e.name = v.n WHEN NOT MATCHED THEN INSERT (name, wert) VALUES (v.n, v.w)`,
    stored: 'SELECT * FROM einstellungen ORDER BY name',
  },
  {
    id: 'write.delete',
    sql: `DELETE FROM protokoll WHERE aktion = 'stop' RETURNING aktion`,
    stored: 'SELECT aktion FROM protokoll ORDER BY id',
  },
  {
    id: 'write.transaction',
    sql: ['BEGIN', 'SAVEPOINT s', `UPDATE artikel SET preis = 0 WHERE id = 1`, 'ROLLBACK TO s', 'COMMIT'],
    stored: 'SELECT id, preis FROM artikel ORDER BY id',
  },
  {
    id: 'write.temp-table',
    sql: ['CREATE TEMP TABLE zwischen AS SELECT id, sku, preis FROM artikel', 'SELECT * FROM zwischen ORDER BY id'],
  },
  {
    id: 'write.temp-named-as-another',
    sql: [
      'CREATE TEMP TABLE zuerst (i int)',
      'CREATE TEMP TABLE artikel (einer int)',
      'INSERT INTO artikel VALUES (3)',
      'DELETE FROM public.protokoll WHERE id IN (SELECT einer FROM artikel WHERE einer = 3)',
      'SELECT einer FROM artikel',
    ],
    stored: 'SELECT aktion FROM protokoll ORDER BY id',
  },
  {
    id: 'write.table-of-execute',
    sql: [
      'PREPARE auswahl AS SELECT id, sku, preis FROM artikel',
      'CREATE TEMP TABLE behalten AS EXECUTE auswahl',
      'SELECT * FROM behalten ORDER BY id',
    ],
  },
  {
    id: 'write.own-trigger-of-the-server',
    sql: [
      'CREATE TABLE suchbar (id int, name text, worte tsvector)',
      `CREATE TRIGGER w BEFORE INSERT ON suchbar FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('worte', 'pg_catalog.simple', 'name')`,
      `INSERT INTO suchbar (id, name) VALUES (1, 'Ute Probe') RETURNING id`,
    ],
    stored: 'SELECT id, name, worte::text FROM suchbar',
  },
  {
    id: 'write.own-trigger-of-others',
    sql: [
      'CREATE TABLE notizen (id int, mail text, am timestamptz)',
      'CREATE TRIGGER s BEFORE INSERT ON notizen FOR EACH ROW EXECUTE FUNCTION stempel()',
      `INSERT INTO notizen (id, mail) VALUES (1, 'ute@posteo.example') RETURNING id`,
    ],
    stored: 'SELECT id, mail FROM notizen',
  },
  {
    id: 'write.procedure',
    sql: `CALL notiere('einsatz')`,
    stored: `SELECT aktion, detail FROM protokoll WHERE aktion = 'einsatz'`,
  },
  {
    id: 'catalog.tables',
    sql: `SELECT relname, relkind FROM pg_class WHERE relnamespace = 'laden'::regnamespace ORDER BY 1`,
  },
  {
    id: 'catalog.columns',
    sql: `SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'artikel' ORDER BY ordinal_position`,
  },
  {
    id: 'catalog.types',
    sql: `SELECT typname, typlen, typcategory FROM pg_type WHERE typname IN ('text', 'int4', 'kontakt_t') ORDER BY 1`,
  },
  {
    id: 'write.element',
    sql: `UPDATE artikel SET schlagworte[2] = 'neu', masse['farbe'] = '"rot"' WHERE id = 2 RETURNING schlagworte, masse`,
    stored: 'SELECT schlagworte, masse FROM artikel ORDER BY id',
  },
  {
    id: 'write.element-by-column',
    sql: `UPDATE artikel a SET masse[t.raum] = to_jsonb(t.dauer_min) FROM termine t WHERE t.id = a.id AND a.id = 2 RETURNING a.masse`,
    stored: 'SELECT masse FROM artikel ORDER BY id',
  },
  {
    id: 'lookup.row-of-query',
    sql: 'SELECT a.id FROM artikel a WHERE (a.id, a.sku) = (SELECT b.id, b.sku FROM artikel b WHERE b.id = 3)',
  },
  {
    id: 'lookup.row-of-query-masked',
    sql: 'SELECT p.id FROM patienten p WHERE (p.id, p.mail) = (SELECT q.id, q.mail FROM patienten q WHERE q.id = 3)',
  },
  {
    id: 'write.excluding',
    sql: [
      `INSERT INTO rejestr.adresy VALUES (900, '198.51.100.7', 'nowy')`,
      `UPDATE rejestr.adresy SET opis = 'y' WHERE id = 3`,
    ],
    stored: 'SELECT * FROM rejestr.adresy ORDER BY id',
  },
  {
    id: 'write.excluding-own',
    sql: [
      'CREATE TABLE sale (raum int, wann int4range, EXCLUDE USING gist (wann WITH &&))',
      `INSERT INTO sale VALUES (1, '[1,5)')`,
      `INSERT INTO sale VALUES (2, '[3,9)') ON CONFLICT DO NOTHING`,
      'SELECT * FROM sale',
    ],
  },
  { id: 'clear.sample', sql: 'SELECT id FROM artikel TABLESAMPLE BERNOULLI (50) REPEATABLE (7) ORDER BY id' },
  {
    id: 'clear.xml-namespaces',
    sql: `SELECT x.i FROM XMLTABLE(XMLNAMESPACES('urn:a' AS n), '/r/n:a' PASSING ('<r><a xmlns="urn:a">5</a></r>'::xml) COLUMNS i int PATH '.') x`,
  },
  { id: 'catalog.show', sql: 'SHOW server_version' },
  { id: 'catalog.regclass', sql: `SELECT 'artikel'::regclass, 'summe'::regproc, 'int4'::regtype` },
  { id: 'explain.plain', sql: 'EXPLAIN (COSTS OFF) SELECT id, sku FROM artikel WHERE id = 3' },
  {
    id: 'session.settings',
    sql: [`SET TimeZone = 'Asia/Tokyo'`, `SET DateStyle = 'German'`, 'SELECT id, beginn FROM termine ORDER BY id'],
  },
];
