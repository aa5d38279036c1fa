/** Functions, operators, casts, aggregates and types: those that are there, and the attacker's own. */
import type { Attack } from '../attack.ts';

const sqlFunction = (name: string, signature: string, body: string) =>
  `CREATE FUNCTION ${name}${signature} LANGUAGE sql AS $f$ ${body} $f$`;
const plpgsql = (name: string, signature: string, body: string) =>
  `CREATE FUNCTION ${name}${signature} LANGUAGE plpgsql AS $f$ ${body} $f$`;

export const routines: readonly Attack[] = [
  { id: 'routine.scalar', sql: 'SELECT zeige_mail(g) FROM generate_series(1, 9) g' },
  { id: 'routine.scalar-lateral', sql: 'SELECT m FROM generate_series(1, 9) g, zeige_mail(g) m', by: 'extended' },
  { id: 'routine.out', sql: `SELECT zeige_akte(3) ->> 'mail', zeige_akte(4)` },
  { id: 'routine.table', sql: 'SELECT k FROM zeige_karten(9)' },
  { id: 'routine.table-expanded', sql: 'SELECT (zeige_karten(9)).*', by: 'binary' },
  { id: 'routine.set-plpgsql', sql: 'SELECT mail, telefon FROM zeige_alle(9)' },
  { id: 'routine.set-field', sql: 'SELECT (zeige_alle(9)).nachname', by: 'copy' },
  { id: 'routine.definer', sql: 'SELECT zeige_nummer(g) FROM generate_series(1, 9) g' },
  { id: 'routine.row-argument', sql: 'SELECT anschrift(p) FROM patienten p' },
  { id: 'routine.row-notation', sql: 'SELECT p.anschrift FROM patienten p', by: 'extended' },
  {
    id: 'routine.in-default',
    sql: [
      'CREATE TABLE atk_def (id int, t text DEFAULT zeige_mail(3))',
      'INSERT INTO atk_def (id) VALUES (1) RETURNING t',
    ],
  },
  {
    id: 'routine.own-sql',
    sql: [
      sqlFunction('atk_s', '(i int) RETURNS text', 'SELECT telefon || mail FROM patienten WHERE id = $1'),
      'SELECT atk_s(g) FROM generate_series(1, 6) g',
    ],
  },
  {
    id: 'routine.own-atomic',
    sql: [
      'CREATE FUNCTION atk_a(i int) RETURNS text LANGUAGE sql RETURN (SELECT mail FROM patienten WHERE id = i)',
      'SELECT atk_a(4)',
    ],
  },
  {
    id: 'routine.own-plpgsql',
    sql: [
      plpgsql('atk_p', '(i int) RETURNS text', 'BEGIN RETURN (SELECT mail FROM patienten WHERE id = i); END'),
      'SELECT atk_p(4)',
    ],
  },
  {
    id: 'routine.own-dynamic',
    sql: [
      plpgsql(
        'atk_d',
        '(i int) RETURNS text',
        `DECLARE r text; BEGIN EXECUTE 'SELECT ma' || 'il FROM patienten WHERE id = $1' INTO r USING i; RETURN r; END`,
      ),
      'SELECT atk_d(4)',
    ],
  },
  {
    id: 'routine.own-default',
    sql: [
      sqlFunction('atk_dv', '() RETURNS text', `SELECT string_agg(mail, ' ') FROM patienten`),
      sqlFunction('atk_dd', '(t text DEFAULT atk_dv()) RETURNS text', 'SELECT $1'),
      'SELECT atk_dd()',
    ],
  },
  {
    id: 'routine.own-variadic',
    sql: [
      sqlFunction('atk_va', '(VARIADIC t text[]) RETURNS text', `SELECT array_to_string($1, '#')`),
      'SELECT atk_va(mail, telefon) FROM patienten',
    ],
    by: 'extended',
  },
  {
    id: 'routine.own-polymorphic',
    sql: [
      sqlFunction('atk_id', '(x anyelement) RETURNS anyelement', 'SELECT $1'),
      'SELECT atk_id(mail) FROM patienten',
    ],
  },
  {
    id: 'routine.own-set',
    sql: [
      plpgsql(
        'atk_set',
        '() RETURNS SETOF text',
        'DECLARE r record; BEGIN FOR r IN SELECT * FROM patienten LOOP RETURN NEXT r.mail; END LOOP; END',
      ),
      'SELECT * FROM atk_set()',
    ],
  },
  {
    id: 'routine.own-record',
    sql: [
      sqlFunction('atk_rec', '() RETURNS SETOF record', 'SELECT id, mail FROM patienten'),
      'SELECT bezeichnung FROM atk_rec() AS artikel (id int, bezeichnung text)',
    ],
  },
  {
    id: 'routine.own-overload',
    sql: [sqlFunction('summe', '(a text, b text) RETURNS text', 'SELECT $1'), `SELECT summe(mail, 'x') FROM patienten`],
  },
  {
    id: 'routine.own-cursor',
    sql: [
      plpgsql(
        'atk_cur',
        '() RETURNS refcursor',
        `DECLARE c refcursor := 'offen'; BEGIN OPEN c FOR SELECT mail FROM patienten; RETURN c; END`,
      ),
      'BEGIN',
      'SELECT atk_cur()',
      'FETCH ALL FROM offen',
    ],
  },
  {
    id: 'routine.procedure-out',
    sql: [
      'CREATE PROCEDURE atk_pr(INOUT t text) LANGUAGE plpgsql AS $f$ BEGIN SELECT mail INTO t FROM patienten WHERE id = 4; END $f$',
      'CALL atk_pr(NULL)',
    ],
  },
  {
    id: 'routine.operator',
    sql: [
      sqlFunction('atk_op', '(a text, b int) RETURNS text', 'SELECT $1'),
      'CREATE OPERATOR <~~> (LEFTARG = text, RIGHTARG = int, FUNCTION = atk_op)',
      'SELECT mail <~~> 1 FROM patienten',
    ],
  },
  {
    id: 'routine.prefix-operator',
    sql: [
      sqlFunction('atk_pre', '(a int) RETURNS text', 'SELECT mail FROM patienten WHERE id = $1'),
      'CREATE OPERATOR !~! (RIGHTARG = int, FUNCTION = atk_pre)',
      'SELECT !~! 4',
    ],
  },
  {
    id: 'routine.cast',
    sql: [
      'CREATE TYPE atk_ct AS (i int)',
      sqlFunction('atk_cf', '(c atk_ct) RETURNS text', 'SELECT mail FROM patienten WHERE id = $1.i'),
      'CREATE CAST (atk_ct AS text) WITH FUNCTION atk_cf(atk_ct)',
      'SELECT ROW(g)::atk_ct::text FROM generate_series(1, 6) g',
    ],
  },
  {
    id: 'routine.implicit-cast',
    sql: [
      'CREATE TYPE atk_ict AS (i int)',
      sqlFunction('atk_icf', '(c atk_ict) RETURNS text', 'SELECT mail FROM patienten WHERE id = $1.i'),
      'CREATE CAST (atk_ict AS text) WITH FUNCTION atk_icf(atk_ict) AS IMPLICIT',
      'SELECT length(ROW(3)::atk_ict), lower(ROW(3)::atk_ict)',
    ],
  },
  {
    id: 'routine.aggregate',
    sql: [
      sqlFunction('atk_af', '(s text, v text) RETURNS text', `SELECT coalesce($1, '') || ' ' || $2`),
      'CREATE AGGREGATE atk_agg(text) (SFUNC = atk_af, STYPE = text)',
      'SELECT atk_agg(mail) FROM patienten',
    ],
  },
  {
    id: 'routine.aggregate-final',
    sql: [
      sqlFunction('atk_sf', '(s int, v int) RETURNS int', 'SELECT $1 + $2'),
      sqlFunction('atk_ff', '(s int) RETURNS text', 'SELECT mail FROM patienten WHERE id = 5 AND $1 > 0'),
      `CREATE AGGREGATE atk_sum(int) (SFUNC = atk_sf, STYPE = int, INITCOND = '0', FINALFUNC = atk_ff)`,
      'SELECT atk_sum(id) FROM artikel',
    ],
  },
  {
    id: 'routine.domain-check',
    sql: [
      plpgsql(
        'atk_dc',
        '(t text) RETURNS boolean',
        `BEGIN RAISE NOTICE '%', (SELECT mail FROM patienten WHERE id = 3); RETURN true; END`,
      ),
      'CREATE DOMAIN atk_dom AS text CHECK (atk_dc(VALUE))',
      `SELECT 'x'::atk_dom`,
    ],
  },
  {
    id: 'routine.window-own',
    sql: [
      sqlFunction('atk_wf', '(s text, v text) RETURNS text', 'SELECT $2'),
      'CREATE AGGREGATE atk_last(text) (SFUNC = atk_wf, STYPE = text)',
      'SELECT atk_last(telefon) OVER (ORDER BY id) FROM patienten',
    ],
  },
  {
    id: 'routine.trigger',
    sql: [
      plpgsql(
        'atk_tr',
        '() RETURNS trigger',
        'BEGIN NEW.detail := (SELECT mail FROM patienten WHERE id = 4); RETURN NEW; END',
      ),
      'CREATE TRIGGER atk_t BEFORE INSERT ON protokoll FOR EACH ROW EXECUTE FUNCTION atk_tr()',
      `INSERT INTO protokoll (aktion) VALUES ('x') RETURNING detail`,
    ],
  },
  {
    id: 'routine.trigger-copy-old',
    sql: [
      plpgsql(
        'atk_tu',
        '() RETURNS trigger',
        `BEGIN INSERT INTO protokoll (aktion, detail) VALUES ('alt', OLD.mail); RETURN NEW; END`,
      ),
      'CREATE TRIGGER atk_tu BEFORE UPDATE ON patienten FOR EACH ROW EXECUTE FUNCTION atk_tu()',
      'UPDATE patienten SET station = station WHERE id <= 5',
      `SELECT detail FROM protokoll WHERE aktion = 'alt'`,
    ],
  },
  {
    id: 'routine.event-in-view',
    sql: [
      sqlFunction('atk_vf', '(i int) RETURNS text', 'SELECT mail FROM patienten WHERE id = $1'),
      'CREATE VIEW atk_fv AS SELECT id, atk_vf(id) AS t FROM artikel',
      'SELECT t FROM atk_fv',
    ],
  },
  {
    id: 'routine.replaced',
    sql: [
      sqlFunction('atk_rp', '(i int) RETURNS text', 'SELECT sku FROM artikel WHERE id = $1'),
      'SELECT atk_rp(3)',
      'CREATE OR REPLACE FUNCTION atk_rp(i int) RETURNS text LANGUAGE sql AS $f$ SELECT mail FROM patienten WHERE id = $1 $f$',
      'SELECT atk_rp(3)',
    ],
  },
  {
    id: 'routine.do-temp',
    sql: [
      `DO $$ DECLARE r record; BEGIN CREATE TEMP TABLE atk_do (t text); FOR r IN SELECT mail FROM patienten LOOP INSERT INTO atk_do VALUES (r.mail); END LOOP; END $$`,
      'SELECT t FROM atk_do',
    ],
  },
  {
    id: 'routine.set-clause',
    sql: [
      `CREATE FUNCTION atk_sp() RETURNS SETOF text LANGUAGE sql SET search_path = saas AS $f$ SELECT login FROM accounts $f$`,
      'SELECT atk_sp()',
    ],
  },
];
