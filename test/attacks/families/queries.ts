/** Scopes, joins, set operations, recursion, aggregates, windows, views. */
import type { Attack } from '../attack.ts';

export const queries: readonly Attack[] = [
  { id: 'query.star', sql: 'SELECT * FROM patienten', by: 'binary' },
  { id: 'query.table', sql: 'TABLE patienten' },
  { id: 'query.alias-star', sql: 'SELECT x.* FROM patienten AS x (a, b, c, d, e, f)' },
  { id: 'query.renamed', sql: 'SELECT bezeichnung FROM patienten AS artikel (id, bezeichnung)' },
  { id: 'query.cte', sql: 'WITH x (artikel) AS (SELECT mail FROM patienten) SELECT artikel FROM x' },
  {
    id: 'query.cte-shadow',
    sql: 'WITH artikel AS (SELECT id, mail AS bezeichnung FROM patienten) SELECT bezeichnung FROM artikel',
    by: 'extended',
  },
  {
    id: 'query.cte-of-cte',
    sql: 'WITH a AS (SELECT mail m FROM patienten), b AS (SELECT m n FROM a), c AS MATERIALIZED (SELECT n o FROM b) SELECT o FROM c',
  },
  {
    id: 'query.recursive',
    sql: `WITH RECURSIVE r (i, t) AS (SELECT 1, ''::text UNION ALL SELECT i + 1, (SELECT mail FROM patienten WHERE id = i) FROM r WHERE i < 9) SELECT t FROM r`,
  },
  {
    id: 'query.recursive-swap',
    sql: `WITH RECURSIVE r (i, a, b) AS (SELECT 1, bezeichnung, sku FROM artikel WHERE id = 1 UNION ALL SELECT i + 1, b, (SELECT mail FROM patienten WHERE id = i) FROM r WHERE i < 9) SELECT a FROM r`,
  },
  {
    id: 'query.recursive-search',
    sql: `WITH RECURSIVE r (i, t) AS (SELECT id, mail FROM patienten WHERE id = 1 UNION ALL SELECT p.id, p.mail FROM r JOIN patienten p ON p.id = r.i + 1) SEARCH DEPTH FIRST BY t SET weg SELECT weg FROM r`,
  },
  {
    id: 'query.recursive-cycle',
    sql: `WITH RECURSIVE r (i, t) AS (SELECT id, mail FROM patienten WHERE id = 1 UNION ALL SELECT p.id, p.mail FROM r JOIN patienten p ON p.id = r.i + 1) CYCLE t SET k USING weg SELECT weg FROM r`,
  },
  { id: 'query.union', sql: 'SELECT bezeichnung FROM artikel UNION SELECT mail FROM patienten' },
  {
    id: 'query.union-second',
    sql: `SELECT id, 'x' FROM artikel UNION ALL SELECT id, telefon FROM patienten`,
    by: 'copy csv',
  },
  { id: 'query.intersect', sql: 'SELECT mail FROM patienten INTERSECT SELECT mail FROM patienten' },
  { id: 'query.except', sql: 'SELECT mail FROM patienten EXCEPT SELECT bezeichnung FROM artikel' },
  {
    id: 'query.values',
    sql: 'VALUES ((SELECT mail FROM patienten WHERE id = 2)), ((SELECT mail FROM patienten WHERE id = 3))',
  },
  {
    id: 'query.lateral',
    sql: 'SELECT l.z FROM termine t, LATERAL (SELECT nachname AS z FROM patienten p WHERE p.id = t.patient_id OFFSET 0) l',
  },
  {
    id: 'query.lateral-nested',
    sql: `SELECT l2.y FROM patienten p, LATERAL (SELECT p.mail AS z) l1, LATERAL (SELECT l1.z || '' AS y) l2`,
  },
  { id: 'query.natural', sql: 'SELECT bezeichnung, mail FROM (SELECT id, mail FROM patienten) p NATURAL JOIN artikel' },
  {
    id: 'query.using-alias',
    sql: 'SELECT j.mail FROM patienten JOIN (SELECT mail FROM patienten) k USING (mail) AS j',
    by: 'extended',
  },
  {
    id: 'query.full-join',
    sql: 'SELECT coalesce(a.mail, b.mail) FROM patienten a FULL JOIN patienten b ON a.id = b.id + 100',
  },
  {
    id: 'query.distinct-on',
    sql: 'SELECT DISTINCT ON (station) mail, telefon FROM patienten ORDER BY station, id DESC',
  },
  { id: 'query.group-by', sql: 'SELECT mail, count(*) FROM patienten GROUP BY 1' },
  { id: 'query.group-key', sql: 'SELECT nachname FROM patienten GROUP BY id' },
  { id: 'query.rollup', sql: 'SELECT station, mail FROM patienten GROUP BY ROLLUP (station, mail)' },
  { id: 'query.max', sql: 'SELECT max(mail), min(telefon), max(nachname) FROM patienten', by: 'binary' },
  { id: 'query.string-agg', sql: `SELECT string_agg(mail, E'\\n' ORDER BY id) FROM patienten` },
  { id: 'query.array-agg', sql: 'SELECT array_agg(telefon) FROM patienten', by: 'binary' },
  { id: 'query.mode', sql: 'SELECT mode() WITHIN GROUP (ORDER BY mail) FROM patienten GROUP BY id' },
  {
    id: 'query.percentile',
    sql: 'SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6]) WITHIN GROUP (ORDER BY versicherten_nr) FROM patienten',
  },
  { id: 'query.filter', sql: 'SELECT max(mail) FILTER (WHERE id = 5), max(mail) FILTER (WHERE id = 6) FROM patienten' },
  { id: 'query.sum-cast', sql: 'SELECT sum(substr(versicherten_nr, 2)::bigint) FROM patienten GROUP BY id' },
  { id: 'query.bit-or', sql: 'SELECT bit_or(tarjeta::bigint) FROM laden.clientes GROUP BY id' },
  {
    id: 'query.window',
    sql: 'SELECT first_value(mail) OVER (PARTITION BY id), lead(telefon) OVER (ORDER BY id) FROM patienten',
  },
  {
    id: 'query.window-agg',
    sql: `SELECT string_agg(mail, ' ') OVER w FROM patienten WINDOW w AS (ORDER BY id ROWS 1 PRECEDING)`,
  },
  { id: 'query.inherited', sql: 'SELECT tel FROM ONLY personen', by: 'extended' },
  { id: 'query.child-row', sql: 'SELECT a::personen FROM aerzte a' },
  { id: 'query.partition-row', sql: 'SELECT z FROM zugriffe_2024 z' },
  { id: 'query.generated', sql: 'SELECT substr(mail_klein, 1) AS x FROM patienten' },
  { id: 'query.sample', sql: 'SELECT nachname FROM patienten TABLESAMPLE SYSTEM (100)' },
  { id: 'query.for-update', sql: 'SELECT mail FROM patienten WHERE id <= 6 FOR NO KEY UPDATE' },
  { id: 'query.parenthesised', sql: '(((SELECT mail FROM patienten)))' },
  {
    id: 'query.two-columns-one-name',
    sql: 'SELECT a.sku AS x, b.mail AS x FROM artikel a JOIN patienten b USING (id)',
  },
  {
    id: 'query.rows-from',
    sql: 'SELECT r.b FROM ROWS FROM (generate_series(1, 9), unnest((SELECT array_agg(mail) FROM patienten))) AS r (a, b)',
  },
  {
    id: 'query.correlated-order',
    sql: 'SELECT (SELECT mail FROM patienten p ORDER BY p.id = a.id DESC LIMIT 1) FROM artikel a',
  },
  { id: 'view.columns', sql: 'SELECT a, b, c FROM v_verteiler' },
  { id: 'view.of-view', sql: 'SELECT zeile FROM v_etikett', by: 'binary' },
  { id: 'view.checked', sql: 'SELECT * FROM v_notfall', by: 'cursor' },
  { id: 'view.row', sql: 'SELECT v FROM v_verteiler v' },
  { id: 'view.matview-row', sql: 'SELECT to_json(m) FROM mv_suche m', by: 'copy' },
  {
    id: 'view.own',
    sql: ['CREATE VIEW atk_v AS SELECT id, mail AS artikel FROM patienten', 'SELECT artikel FROM atk_v'],
  },
  {
    id: 'view.own-temp',
    sql: ['CREATE TEMP VIEW atk_tv (n, t) AS SELECT id, telefon FROM patienten', 'SELECT t FROM atk_tv'],
    by: 'extended',
  },
  {
    id: 'view.own-matview',
    sql: ['CREATE MATERIALIZED VIEW atk_m AS SELECT reverse(mail) AS sku FROM patienten', 'SELECT sku FROM atk_m'],
  },
  {
    id: 'view.replaced',
    sql: [
      'CREATE VIEW atk_r AS SELECT id, sku AS t FROM artikel',
      'SELECT t FROM atk_r',
      'CREATE OR REPLACE VIEW atk_r AS SELECT id, mail AS t FROM patienten',
      'SELECT t FROM atk_r',
    ],
  },
  {
    id: 'view.recursive',
    sql: [
      'CREATE RECURSIVE VIEW atk_rec (i, t) AS SELECT id, mail FROM patienten WHERE id = 1 UNION ALL SELECT p.id, p.mail FROM patienten p JOIN atk_rec r ON p.id = r.i + 1',
      'SELECT t FROM atk_rec',
    ],
  },
  {
    id: 'view.dynamic',
    sql: [
      `DO $$ BEGIN EXECUTE 'CREATE VIEW atk_dyn AS SELECT ma' || 'il AS t FROM patienten'; END $$`,
      'SELECT t FROM atk_dyn',
    ],
  },
];
