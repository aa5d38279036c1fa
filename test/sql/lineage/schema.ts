/** A small database with one of each: what the tables of cases are about. */
export const SCHEMA_SQL = `
CREATE TYPE address AS (street text, town text);
CREATE DOMAIN mail_text AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE person (
  id int PRIMARY KEY, name text NOT NULL, mail text UNIQUE, tel varchar(30), born date, pay numeric(12,2), code int,
  doc jsonb, tags text[], home address, active boolean, shout text GENERATED ALWAYS AS (upper(mail)) STORED
);
CREATE TABLE firm (id int PRIMARY KEY, title text, boss_id int REFERENCES person, contact mail_text);
CREATE TABLE chore (id int PRIMARY KEY, person_id int REFERENCES person ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE step (id int, chore_id int REFERENCES chore ON DELETE SET NULL);
CREATE TABLE visit (id bigint PRIMARY KEY, person_id int, day date, ms float8, note text);
CREATE TABLE item (id int, label text);
CREATE TABLE gadget (volts int) INHERITS (item);
CREATE TABLE log (at date, line text) PARTITION BY RANGE (at);
CREATE TABLE log_old PARTITION OF log FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
CREATE TABLE booked (id int, span daterange, room int, since date, till date, EXCLUDE USING gist (span WITH &&), EXCLUDE USING gist (daterange(since, till) WITH &&));
CREATE TABLE ruled (id int, v text);
CREATE RULE r AS ON INSERT TO ruled DO ALSO SELECT mail FROM person;
CREATE VIEW v_person AS SELECT id AS key, mail AS contact, name || '!' AS cry FROM person WHERE active;
CREATE VIEW v_deep AS SELECT contact AS c, cry FROM v_person;
CREATE MATERIALIZED VIEW mv AS SELECT id, mail AS m, upper(name) AS n FROM person;
CREATE FUNCTION mail_of(k int) RETURNS text LANGUAGE sql STABLE AS 'SELECT mail FROM person WHERE id = k';
CREATE FUNCTION cards(k int) RETURNS TABLE (who text, n bigint) LANGUAGE sql AS 'SELECT p.name, count(*) FROM person p WHERE p.id >= k GROUP BY 1';
CREATE FUNCTION doc_of(k int, OUT d jsonb) LANGUAGE sql AS 'SELECT to_jsonb(p) FROM person p WHERE id = k';
CREATE FUNCTION full_line(p person) RETURNS text LANGUAGE sql AS 'SELECT p.name || p.mail';
CREATE FUNCTION atomic_sum(a int, b int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + b; END;
CREATE FUNCTION glued(VARIADIC v text[]) RETURNS text LANGUAGE sql AS $$SELECT array_to_string($1, '|')$$;
CREATE FUNCTION first_mail() RETURNS text LANGUAGE sql AS 'SELECT min(mail) FROM person';
CREATE FUNCTION defaulted(v text DEFAULT first_mail()) RETURNS text LANGUAGE sql AS 'SELECT v';
CREATE FUNCTION secret_of(k int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN SELECT tel INTO r FROM person WHERE id = k; RETURN r; END $$;
CREATE FUNCTION dynamic(q text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END $$;
CREATE FUNCTION all_people() RETURNS SETOF person LANGUAGE sql AS 'SELECT * FROM person';
CREATE PROCEDURE note(what text) LANGUAGE sql AS 'INSERT INTO visit(id, note) VALUES (1, what)';
CREATE FUNCTION moved(homes address[], near address) RETURNS SETOF visit LANGUAGE plpgsql AS $$ BEGIN
  RETURN QUERY INSERT INTO visit (id, note) SELECT 1, h.town || near.town FROM unnest(homes) h RETURNING *; END $$;
CREATE FUNCTION changed(homes address[], near address) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  SELECT mail, tel INTO near FROM person; homes[1].town := (SELECT name FROM person LIMIT 1);
  INSERT INTO visit (id, note) SELECT 1, h.town FROM unnest(homes) h; INSERT INTO item (label) VALUES (near.town); END $$;
CREATE FUNCTION fielded(k int, near address) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  near.town := (SELECT name FROM person WHERE id = k); INSERT INTO item (label) VALUES (near.town); END $$;
CREATE FUNCTION handed(near address) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  CALL give(near); INSERT INTO item (label) VALUES (near.town); END $$;
CREATE PROCEDURE give(INOUT v text) LANGUAGE plpgsql AS $$ BEGIN SELECT string_agg(mail, ' ') INTO v FROM person; END $$;
CREATE SCHEMA other;
CREATE TABLE other.firm (id int, title text);
CREATE FUNCTION other.md5(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION other.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT $1 LIKE $2';
CREATE OPERATOR other.= (LEFTARG = text, RIGHTARG = text, FUNCTION = other.same);
CREATE OPERATOR other.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textlike);
CREATE OPERATOR other.-> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = pg_catalog.jsonb_delete);
CREATE OPERATOR other.!!> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.pg_notify);
CREATE OPERATOR other.<-> (LEFTARG = text, RIGHTARG = text, FUNCTION = other.same);
${Array.from({ length: 14 }, (_, i) => `CREATE TABLE ring_${i} (v text);`).join('\n')}
${Array.from({ length: 14 }, (_, i) => {
  const others = Array.from({ length: 14 }, (_, j) => `UPDATE ring_${j} SET v = (SELECT min(mail) FROM person);`).join(
    ' ',
  );
  return `CREATE FUNCTION round_${i}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${others} RETURN NEW; END $$;
CREATE TRIGGER t AFTER UPDATE ON ring_${i} FOR EACH ROW EXECUTE FUNCTION round_${i}();`;
}).join('\n')}
`;
