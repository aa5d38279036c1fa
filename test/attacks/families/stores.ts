/** Values put where nobody masks, then read; schema changes that launder a column's class. */
import type { Attack } from '../attack.ts';

export const stores: readonly Attack[] = [
  { id: 'store.ctas', sql: ['CREATE TABLE atk_c AS SELECT id, mail AS sku FROM patienten', 'SELECT sku FROM atk_c'] },
  {
    id: 'store.ctas-execute',
    sql: [
      'PREPARE atk_pe AS SELECT mail AS sku FROM patienten',
      'CREATE TABLE atk_ce AS EXECUTE atk_pe',
      'SELECT sku FROM atk_ce',
    ],
  },
  { id: 'store.ctas-row', sql: ['CREATE TABLE atk_cr AS SELECT p AS r FROM patienten p', 'SELECT r FROM atk_cr'] },
  {
    id: 'store.ctas-json',
    sql: ["CREATE TABLE atk_cj AS SELECT to_jsonb(p) - 'mail' AS masse FROM patienten p", 'SELECT masse FROM atk_cj'],
  },
  {
    id: 'store.ctas-codes',
    sql: [
      'CREATE TEMP TABLE atk_cc AS SELECT g AS n, ascii(substr(mail, g, 1)) AS punkte FROM patienten, generate_series(1, 26) g WHERE id = 3',
      'SELECT punkte FROM atk_cc ORDER BY n',
    ],
  },
  {
    id: 'store.select-into',
    sql: ['SELECT id, telefon AS anzahl INTO TEMP atk_si FROM patienten', 'SELECT anzahl FROM atk_si'],
  },
  {
    id: 'store.like',
    sql: [
      'CREATE TABLE atk_l (LIKE patienten)',
      'INSERT INTO atk_l SELECT id, vorname, nachname, geburtsdatum, mail, telefon, strasse, versicherten_nr, weitere_mails, kontakt, akte, feld_7, station, aufgenommen, mail_klein FROM patienten',
      'SELECT feld_7, strasse FROM atk_l',
    ],
  },
  {
    id: 'store.inherit',
    sql: [
      'CREATE TABLE atk_i (zusatz text) INHERITS (patienten)',
      'INSERT INTO atk_i (id, vorname, nachname, zusatz) SELECT id + 100, vorname, nachname, mail FROM patienten',
      'SELECT zusatz FROM atk_i',
    ],
  },
  {
    id: 'store.insert-select',
    sql: [
      `INSERT INTO protokoll (aktion, detail) SELECT 'n', mail FROM patienten`,
      `SELECT detail FROM protokoll WHERE aktion = 'n'`,
    ],
  },
  {
    id: 'store.insert-returning',
    sql: `INSERT INTO protokoll (aktion, detail) SELECT 'n', mail FROM patienten RETURNING detail`,
    by: 'extended',
  },
  {
    id: 'store.insert-cte',
    sql: [
      `WITH q AS (SELECT mail FROM patienten) INSERT INTO protokoll (detail) SELECT * FROM q`,
      'SELECT detail FROM protokoll',
    ],
  },
  {
    id: 'store.insert-values',
    sql: [
      `INSERT INTO einstellungen VALUES ('x', (SELECT string_agg(mail, ',') FROM patienten))`,
      'SELECT wert FROM einstellungen',
    ],
  },
  {
    id: 'store.upsert',
    sql: `INSERT INTO artikel (id, bezeichnung, sku) SELECT id, telefon, mail FROM patienten ON CONFLICT (id) DO UPDATE SET bezeichnung = EXCLUDED.sku RETURNING bezeichnung`,
  },
  {
    id: 'store.update-from',
    sql: [
      'UPDATE artikel a SET bezeichnung = p.mail FROM patienten p WHERE p.id = a.id',
      'SELECT bezeichnung FROM artikel',
    ],
  },
  {
    id: 'store.update-row',
    sql: [
      'UPDATE artikel SET (bezeichnung, sku) = (SELECT nachname, mail FROM patienten p WHERE p.id = artikel.id)',
      'SELECT sku FROM artikel',
    ],
  },
  { id: 'store.update-itself', sql: 'UPDATE patienten SET station = station WHERE id <= 6 RETURNING mail, telefon' },
  {
    id: 'store.update-array',
    sql: [
      'UPDATE artikel SET schlagworte[1] = (SELECT mail FROM patienten p WHERE p.id = artikel.id)',
      'SELECT schlagworte FROM artikel',
    ],
  },
  {
    id: 'store.update-json',
    sql: [
      `UPDATE artikel SET masse['farbe'] = (SELECT to_jsonb(mail) FROM patienten p WHERE p.id = artikel.id)`,
      `SELECT masse ->> 'farbe' FROM artikel`,
    ],
  },
  {
    id: 'store.delete-using',
    sql: ['BEGIN', 'DELETE FROM termine t USING patienten p WHERE p.id = t.patient_id RETURNING p.mail'],
  },
  {
    id: 'store.merge',
    sql: [
      `MERGE INTO artikel a USING patienten p ON a.id = p.id WHEN MATCHED THEN UPDATE SET bezeichnung = p.mail`,
      'SELECT bezeichnung FROM artikel',
    ],
  },
  {
    id: 'store.cte-chain',
    sql: 'WITH i AS (INSERT INTO protokoll (detail) SELECT mail FROM patienten RETURNING id, detail) SELECT detail FROM i',
  },
  {
    id: 'store.copy-round',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const out = await wire.query('COPY patienten (id, mail) TO STDOUT');
      await wire.query('CREATE TABLE atk_cp (id int, t text)');
      await wire.query('COPY atk_cp FROM STDIN', out.copy);
      await wire.query('SELECT t FROM atk_cp');
    },
  },
  {
    id: 'store.two-steps',
    sql: [
      'CREATE TABLE atk_1 AS SELECT mail AS a FROM patienten',
      'CREATE TABLE atk_2 AS SELECT reverse(a) AS b FROM atk_1',
      'CREATE VIEW atk_3 AS SELECT b AS c FROM atk_2',
      'SELECT c FROM atk_3',
    ],
  },
  {
    id: 'store.default-expression',
    sql: [
      'CREATE TABLE atk_de (i int, t text DEFAULT zeige_mail(5))',
      'INSERT INTO atk_de VALUES (1), (2)',
      'SELECT t FROM atk_de',
    ],
  },
  {
    id: 'store.generated-column',
    sql: [
      'ALTER TABLE laden.clientes ADD COLUMN kennung text GENERATED ALWAYS AS (reverse(correo_electronico)) STORED',
      'SELECT kennung FROM laden.clientes',
    ],
  },
  {
    id: 'store.added-default',
    sql: ['ALTER TABLE artikel ADD COLUMN neu text DEFAULT zeige_mail(6)', 'SELECT neu FROM artikel'],
  },
  {
    id: 'store.partition-key',
    sql: [
      'CREATE TABLE atk_pt (t text) PARTITION BY LIST (t)',
      'CREATE TABLE atk_ptd PARTITION OF atk_pt DEFAULT',
      'INSERT INTO atk_pt SELECT mail FROM patienten',
      'SELECT t FROM atk_ptd',
    ],
  },
  {
    id: 'store.attach',
    sql: [
      'CREATE TABLE atk_at (id int, v text) PARTITION BY RANGE (id)',
      'CREATE TABLE atk_at1 AS SELECT id, mail AS v FROM patienten',
      'ALTER TABLE atk_at ATTACH PARTITION atk_at1 DEFAULT',
      'SELECT v FROM atk_at',
    ],
  },
  {
    id: 'store.instead-rule',
    sql: [
      'CREATE TABLE atk_ir (t text)',
      'CREATE RULE atk_rule AS ON INSERT TO atk_ir DO ALSO INSERT INTO protokoll (detail) SELECT mail FROM patienten',
      `INSERT INTO atk_ir VALUES ('x')`,
      'SELECT detail FROM protokoll',
    ],
  },
  {
    id: 'store.rule-returning',
    sql: [
      'CREATE VIEW atk_rv AS SELECT id, sku FROM artikel',
      'CREATE RULE atk_rr AS ON UPDATE TO atk_rv DO INSTEAD UPDATE patienten SET station = station RETURNING id, mail',
      'UPDATE atk_rv SET sku = sku RETURNING sku',
    ],
  },
  {
    id: 'store.index-statistics',
    sql: [
      'CREATE INDEX atk_ix ON patienten (reverse(mail))',
      'ANALYZE patienten',
      `SELECT histogram_bounds FROM pg_stats WHERE tablename = 'atk_ix'`,
    ],
  },
  {
    id: 'store.extended-statistics',
    sql: [
      'CREATE STATISTICS atk_st (mcv) ON name, tel FROM personen',
      `INSERT INTO personen SELECT * FROM personen`,
      'ANALYZE personen',
      `SELECT most_common_vals FROM pg_stats_ext WHERE statistics_name = 'atk_st'`,
    ],
  },
  {
    id: 'store.large-object',
    sql: [
      `DO $$ BEGIN PERFORM lo_from_bytea(88123, (SELECT convert_to(string_agg(mail, ','), 'UTF8') FROM patienten)); END $$`,
      'SELECT lo_get(88123)',
    ],
  },
  {
    id: 'store.large-object-read',
    sql: [
      `SELECT lo_from_bytea(88124, (SELECT convert_to(string_agg(telefon, ','), 'UTF8') FROM patienten))`,
      'BEGIN',
      `SELECT loread(lo_open(88124, 262144), 9999)`,
    ],
  },
  {
    id: 'launder.rename',
    sql: ['ALTER TABLE patienten RENAME COLUMN mail TO artikelnummer', 'SELECT artikelnummer FROM patienten'],
  },
  {
    id: 'launder.rename-table',
    sql: [
      'ALTER TABLE laden.clientes RENAME TO warengruppen',
      'ALTER TABLE laden.warengruppen RENAME correo_electronico TO sku',
      'SELECT sku FROM laden.warengruppen',
    ],
  },
  {
    id: 'launder.swap',
    sql: [
      'ALTER TABLE saas.accounts RENAME login TO x1',
      'ALTER TABLE saas.accounts RENAME plan TO login',
      'ALTER TABLE saas.accounts RENAME x1 TO plan',
      'SELECT plan FROM saas.accounts',
    ],
  },
  {
    id: 'launder.type',
    sql: [
      "ALTER TABLE saas.vorfaelle ALTER COLUMN body TYPE bytea USING convert_to(body, 'UTF8')",
      'SELECT body FROM saas.vorfaelle',
    ],
  },
  {
    id: 'launder.type-codes',
    sql: [
      'CREATE FUNCTION atk_codes(t text) RETURNS int[] LANGUAGE sql IMMUTABLE AS $f$ SELECT array_agg(ascii(c)) FROM string_to_table(t, NULL) c $f$',
      'ALTER TABLE saas."会員" ALTER COLUMN "メール" TYPE int[] USING atk_codes("メール")',
      'SELECT "メール" FROM saas."会員"',
    ],
  },
  {
    id: 'launder.type-using-other',
    sql: [
      'ALTER TABLE laden.clientes ALTER COLUMN nivel TYPE text USING correo_electronico',
      'SELECT nivel FROM laden.clientes',
    ],
  },
  { id: 'launder.schema', sql: ['ALTER TABLE laden.clientes SET SCHEMA public', 'SELECT direccion FROM clientes'] },
  { id: 'launder.view-rename', sql: ['ALTER VIEW v_verteiler RENAME COLUMN b TO sku', 'SELECT sku FROM v_verteiler'] },
  {
    id: 'launder.drop-and-copy',
    sql: [
      'ALTER TABLE saas.vorfaelle ADD COLUMN neu text',
      'UPDATE saas.vorfaelle SET neu = body',
      'ALTER TABLE saas.vorfaelle DROP COLUMN body',
      'SELECT neu FROM saas.vorfaelle',
    ],
  },
  {
    id: 'launder.type-attribute',
    sql: ['ALTER TYPE kontakt_t RENAME ATTRIBUTE mail TO farbe', 'SELECT (kontakt).farbe FROM patienten'],
  },
];
