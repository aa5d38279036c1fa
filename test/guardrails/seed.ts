/** Tables of ordinary shapes, owned by a role that the gateway's upstream role `app` is a member of. */

/** Run as the superuser, in database `app`. */
export const SEED_SQL = `
CREATE EXTENSION dblink SCHEMA public; CREATE EXTENSION pgcrypto SCHEMA public; CREATE EXTENSION tablefunc SCHEMA public;
CREATE EXTENSION xml2 SCHEMA public;
CREATE ROLE shop_owner NOLOGIN; CREATE ROLE boss NOLOGIN; CREATE ROLE clerk LOGIN PASSWORD 'clerk';
GRANT shop_owner, boss, pg_signal_backend, pg_read_server_files, pg_write_server_files, pg_monitor TO app WITH ADMIN OPTION;
GRANT shop_owner TO boss;
GRANT EXECUTE ON FUNCTION pg_reload_conf(), pg_switch_wal(), pg_stat_reset(), pg_create_restore_point(text), pg_promote(boolean, integer) TO app;
GRANT EXECUTE ON FUNCTION lo_import(text), lo_export(oid, text) TO app;
GRANT ALTER SYSTEM ON PARAMETER work_mem TO app;
CREATE SCHEMA archive AUTHORIZATION shop_owner;
GRANT ALL ON SCHEMA public TO shop_owner, app;
GRANT ALL ON SCHEMA archive TO app;
SET ROLE shop_owner;
CREATE TYPE mood AS ENUM ('low', 'fine');
CREATE TABLE customers (id serial PRIMARY KEY, email text UNIQUE, name text, status text DEFAULT 'active', score int,
  prefs jsonb DEFAULT '{}', created_at timestamptz DEFAULT now(), manager_id int, feel mood DEFAULT 'fine');
CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, total numeric,
  status text, placed_at timestamptz, tags text[] DEFAULT '{}', span tstzrange);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TABLE order_lines (order_id bigint REFERENCES orders ON DELETE CASCADE, line int, sku text, qty int, PRIMARY KEY (order_id, line));
CREATE TABLE journal (id serial PRIMARY KEY, actor text DEFAULT current_user, what text, at timestamptz DEFAULT now());
CREATE TABLE settings (key text PRIMARY KEY, value text);
CREATE TABLE readings (id bigint, at timestamptz, value float8, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE readings_old PARTITION OF readings FOR VALUES FROM ('2000-01-01') TO ('2025-01-01');
CREATE TABLE readings_new PARTITION OF readings DEFAULT;
CREATE TABLE animals (id int PRIMARY KEY, name text); CREATE TABLE cats (lives int) INHERITS (animals);
CREATE TABLE "Order Items" ("Id" int PRIMARY KEY, "Drop" text);
CREATE TABLE archive.orders (id int PRIMARY KEY, note text);
CREATE VIEW open_orders AS SELECT id, customer_id, total FROM orders WHERE status = 'open';
CREATE VIEW all_customers AS SELECT * FROM customers;
CREATE VIEW noted AS SELECT *, 1 AS one, 'entry'::text AS kind, lower(what) AS small FROM journal;
CREATE VIEW noted_again (key, same, word) AS SELECT id, one, what FROM noted;
CREATE MATERIALIZED VIEW noted_then AS SELECT id, 1 AS one FROM journal;
CREATE VIEW order_sums AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE MATERIALIZED VIEW daily AS SELECT placed_at::date AS day, count(*) AS n FROM orders GROUP BY 1;
CREATE SEQUENCE ticket_no START 100;
INSERT INTO customers (email, name, score, manager_id, created_at)
  SELECT 'c' || g || '@shop.example', 'Customer ' || g, g % 10, 1 + g % 5, '2023-01-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 60) g;
INSERT INTO orders (customer_id, total, status, placed_at, tags, span)
  SELECT 1 + g % 60, g, CASE g % 3 WHEN 0 THEN 'open' ELSE 'paid' END, '2023-06-01'::timestamptz + g * interval '1 hour', ARRAY['t' || g % 4], '[2023-01-01,2023-02-01)' FROM generate_series(1, 120) g;
INSERT INTO order_lines SELECT o, l, 'sku' || l, 1 FROM generate_series(1, 120) o, generate_series(1, 2) l;
INSERT INTO journal (actor, what, at) SELECT 'seed', 'event ' || g, '2023-01-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 80) g;
INSERT INTO settings VALUES ('theme', 'dark'), ('mail', 'on'), ('limit', '10');
INSERT INTO readings SELECT g, '2023-01-01'::timestamptz + g * interval '1 day', g FROM generate_series(1, 60) g;
INSERT INTO animals SELECT g, 'a' || g FROM generate_series(1, 10) g; INSERT INTO cats SELECT g, 'cat' || g, 9 FROM generate_series(11, 15) g;
INSERT INTO "Order Items" SELECT g, 'shelf ' || g FROM generate_series(1, 10) g;
INSERT INTO archive.orders SELECT g, 'old ' || g FROM generate_series(1, 20) g;
REFRESH MATERIALIZED VIEW daily;
SELECT lo_from_bytea(4711, 'content'), lo_from_bytea(4712, 'content');
CREATE FUNCTION purge_everything() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM order_lines; DELETE FROM journal; END';
CREATE FUNCTION purge_sql() RETURNS bigint LANGUAGE sql AS 'WITH d AS (DELETE FROM public.journal RETURNING 1) SELECT count(*) FROM d';
CREATE FUNCTION run_text(q text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE q; END';
CREATE FUNCTION read_text(q text) RETURNS SETOF text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY EXECUTE q; END';
CREATE FUNCTION wrapper(n int) RETURNS int LANGUAGE sql AS 'SELECT purge_everything(); SELECT n';
CREATE FUNCTION wipe_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('TRUNCATE %s', t); END $$;
CREATE FUNCTION drop_it() RETURNS void LANGUAGE plpgsql AS 'BEGIN DROP TABLE public.settings; END';
CREATE FUNCTION kick(p int) RETURNS boolean LANGUAGE sql AS 'SELECT pg_terminate_backend(p)';
CREATE FUNCTION remove_order(i bigint) RETURNS void LANGUAGE sql AS 'DELETE FROM public.orders WHERE id = i';
CREATE FUNCTION purge_pair(a int, b int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal; RETURN true; END';
CREATE OPERATOR public.%%% (FUNCTION = purge_pair, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION purge_step(a int, b int) RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal; RETURN 1; END';
CREATE AGGREGATE public.purge_agg (int) (SFUNC = purge_step, STYPE = int);
CREATE FUNCTION purge_attr(c customers) RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal; RETURN 1; END';
CREATE PROCEDURE purge_proc() LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal; COMMIT; END';
CREATE PROCEDURE add_entry(what text) LANGUAGE sql AS 'INSERT INTO public.journal (what) VALUES (what)';
CREATE FUNCTION order_total(o bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT total FROM public.orders WHERE id = o';
CREATE FUNCTION top_orders(n int) RETURNS SETOF orders LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN QUERY EXECUTE format('SELECT * FROM public.orders ORDER BY total DESC LIMIT %s', n); END $$;
CREATE FUNCTION set_status(o bigint, s text) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE public.orders SET status = s WHERE id = o; END';
CREATE FUNCTION add_up(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE AGGREGATE public.add_all (int) (SFUNC = add_up, STYPE = int, INITCOND = '0');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := coalesce(NEW.at, now()); RETURN NEW; END';
CREATE TRIGGER stamp BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE FUNCTION prune(n int) RETURNS void LANGUAGE sql AS 'DELETE FROM public.noted WHERE one = n';
GRANT ALL ON ALL TABLES IN SCHEMA public, archive TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
RESET ROLE;
`;

const SCHEMAS = `nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'`;

/** One text for each part of the database's state: what changed can be named. */
export const STATE_SQL = `
WITH n AS (SELECT oid, nspname, nspowner FROM pg_namespace WHERE ${SCHEMAS})
SELECT
 (SELECT string_agg(nspname || nspowner, ',' ORDER BY nspname) FROM n) AS schemas,
 (SELECT md5(string_agg(concat_ws('|', nspname, relname, relkind, relowner, relacl::text, reloptions::text, relrowsecurity, relpersistence, relispartition, relreplident, reltablespace), ',' ORDER BY nspname, relname)) FROM pg_class c JOIN n ON n.oid = relnamespace) AS relations,
 (SELECT md5(string_agg(pg_relation_filenode(c.oid)::text, ',' ORDER BY c.oid)) FROM pg_class c JOIN n ON n.oid = relnamespace WHERE relkind IN ('r', 'i', 'm')) AS files,
 (SELECT md5(string_agg(concat_ws('|', attrelid, attname, atttypid, attnotnull, attacl::text, attstattarget, attisdropped), ',' ORDER BY attrelid, attnum)) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN n ON n.oid = relnamespace WHERE attnum > 0) AS columns,
 (SELECT md5(string_agg(pg_get_expr(adbin, adrelid), ',' ORDER BY oid)) FROM pg_attrdef) AS defaults,
 (SELECT md5(string_agg(concat(conname, pg_get_constraintdef(c.oid)), ',' ORDER BY c.oid)) FROM pg_constraint c JOIN n ON n.oid = connamespace) AS constraints,
 (SELECT md5(string_agg(concat_ws('|', proname, prosrc, prosecdef, proacl::text, proowner, proconfig::text), ',' ORDER BY p.oid)) FROM pg_proc p JOIN n ON n.oid = pronamespace) AS functions,
 (SELECT md5(string_agg(concat_ws('|', tgrelid, tgname, tgenabled), ',' ORDER BY oid)) FROM pg_trigger) AS triggers,
 (SELECT md5(string_agg(pg_get_ruledef(r.oid), ',' ORDER BY r.oid)) FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN n ON n.oid = relnamespace) AS rules,
 (SELECT md5(string_agg(concat_ws('|', typname, typowner, typacl::text), ',' ORDER BY t.oid)) FROM pg_type t JOIN n ON n.oid = typnamespace) AS types,
 (SELECT md5(string_agg(enumlabel, ',' ORDER BY oid)) FROM pg_enum) AS enums,
 (SELECT md5(string_agg(concat_ws('|', objoid, objsubid, description), ',' ORDER BY objoid, objsubid)) FROM pg_description WHERE objoid >= 16384) AS comments,
 (SELECT md5(string_agg(concat_ws('|', rolname, rolsuper, rolcreaterole, rolcanlogin, rolconnlimit, rolpassword), ',' ORDER BY rolname)) FROM pg_authid) AS roles,
 (SELECT md5(string_agg(concat_ws('|', roleid, member, admin_option), ',' ORDER BY roleid, member)) FROM pg_auth_members) AS memberships,
 (SELECT md5(string_agg(concat_ws('|', setdatabase, setrole, setconfig::text), ',' ORDER BY setdatabase, setrole)) FROM pg_db_role_setting) AS role_settings,
 (SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension) AS extensions,
 (SELECT md5(concat_ws('|', (SELECT string_agg(evtname, ',' ORDER BY evtname) FROM pg_event_trigger), (SELECT string_agg(pubname, ',' ORDER BY pubname) FROM pg_publication), (SELECT string_agg(srvname, ',' ORDER BY srvname) FROM pg_foreign_server), (SELECT count(*) FROM pg_user_mapping), (SELECT string_agg(lanname, ',' ORDER BY oid) FROM pg_language), (SELECT count(*) FROM pg_foreign_data_wrapper)))) AS server_objects,
 (SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots) AS slots,
 (SELECT string_agg(gid, ',' ORDER BY gid) FROM pg_prepared_xacts) AS prepared_transactions,
 (SELECT string_agg(datname || datdba || datconnlimit, ',' ORDER BY datname) FROM pg_database) AS databases,
 (SELECT string_agg(spcname, ',' ORDER BY spcname) FROM pg_tablespace) AS tablespaces,
 (SELECT md5(string_agg(concat(m.oid, m.lomowner, encode(coalesce(lo_get(m.oid), ''), 'hex')), ',' ORDER BY m.oid)) FROM pg_largeobject_metadata m) AS large_objects,
 (SELECT md5(string_agg(concat_ws('|', defaclrole, defaclnamespace, defaclacl::text), ',' ORDER BY oid)) FROM pg_default_acl) AS default_acl,
 (SELECT count(*) FROM pg_cast WHERE oid >= 16384) AS casts,
 (SELECT md5(string_agg(concat(oprname, oprowner), ',' ORDER BY o.oid)) FROM pg_operator o JOIN n ON n.oid = oprnamespace) AS operators,
 (SELECT md5(string_agg(schemaname || sequencename || coalesce(last_value, -1), ',' ORDER BY schemaname, sequencename)) FROM pg_sequences) AS sequences,
 (SELECT md5(string_agg(name || setting, ',' ORDER BY seqno)) FROM pg_file_settings) AS system_settings,
 pg_conf_load_time()::text AS configuration_loaded,
 (SELECT coalesce(stats_reset::text, '') FROM pg_stat_database WHERE datname = current_database()) AS statistics_reset`;

/** `data <schema>.<table>`: one row for each table of the seed's schemas. */
export const TABLES_SQL = `
SELECT format('SELECT %L AS t, count(*) || '':'' || coalesce(sum(hashtextextended(x::text, 0)), 0) AS h FROM ONLY %s x', 'data ' || c.oid::regclass::text, c.oid::regclass) AS sql
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND c.relowner <> 'app'::regrole AND ${SCHEMAS}`;
