/** Statements that tools in daily use send, shortened, by someone whose answers are masked and who may create. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  sql: `CREATE TABLE people (id int PRIMARY KEY, email text, name text);
        INSERT INTO people VALUES (1, 'ana@example.com', 'Ana'), (2, 'bo@example.com', 'Bo');`,
});

let dev: pg.Client;
beforeAll(async () => {
  dev = await rig.connect(await rig.tokenOf('dev'));
});
afterAll(() => dev.end());

describe('graphile-worker', () => {
  const MIGRATIONS = [
    `CREATE SCHEMA worker;
     CREATE TABLE worker.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, identifier text UNIQUE);
     CREATE TABLE worker.jobs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, payload json,
       key text UNIQUE, locked_at timestamptz, attempts int DEFAULT 0, flags jsonb)`,
    'ALTER TABLE worker.jobs RENAME TO _jobs',
    `CREATE VIEW worker.jobs AS SELECT j.id, j.key, j.locked_at, t.identifier FROM worker._jobs j
     JOIN worker.tasks t ON t.id = j.task_id`,
  ];
  const LAST = `
    CREATE TYPE worker.job_spec AS (identifier text, payload json, job_key text, flags text[]);
    CREATE FUNCTION worker.add_jobs(specs worker.job_spec[], keep boolean DEFAULT false) RETURNS SETOF worker._jobs
    LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO worker.tasks AS tasks (identifier) SELECT DISTINCT spec.identifier FROM unnest(specs) spec
        ON CONFLICT DO NOTHING;
      UPDATE worker._jobs AS jobs SET key = NULL, attempts = 9 FROM unnest(specs) spec
        WHERE spec.job_key IS NOT NULL AND jobs.key = spec.job_key AND jobs.attempts > 0;
      PERFORM pg_notify('jobs:insert', '{"count":' || array_length(specs, 1)::text || '}');
      RETURN QUERY INSERT INTO worker._jobs AS jobs (task_id, payload, key, flags)
        SELECT tasks.id, coalesce(spec.payload, '{}'::json), spec.job_key,
          (SELECT jsonb_object_agg(flag, true) FROM unnest(spec.flags) AS item(flag))
        FROM unnest(specs) spec INNER JOIN worker.tasks AS tasks ON tasks.identifier = spec.identifier
        ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, attempts = 0 WHERE jobs.locked_at IS NULL
        RETURNING *;
    END $$;
    CREATE FUNCTION worker.add_job(identifier text, payload json DEFAULT NULL, job_key text DEFAULT NULL)
    RETURNS worker._jobs LANGUAGE plpgsql AS $$ DECLARE v_job worker._jobs; BEGIN
      SELECT * INTO v_job FROM worker.add_jobs(ARRAY[(identifier, payload, job_key, NULL)::worker.job_spec]) LIMIT 1;
      RETURN v_job;
    END $$`;

  it('is installed, and adds jobs by a function that takes rows', async () => {
    for (const sql of [...MIGRATIONS, LAST]) await dev.query(sql);
    const add = 'SELECT * FROM worker.add_job(identifier => $1::text, payload => $2::json, job_key => $3::text)';
    expect((await dev.query(add, ['hello', '{"a":1}', 'k'])).rows).toMatchObject([{ payload: { a: 1 }, key: 'k' }]);
    expect((await dev.query(add, ['hello', '{"a":2}', 'k'])).rows).toMatchObject([{ payload: { a: 2 }, key: 'k' }]);
    expect(await rig.direct('SELECT count(*)::int AS n FROM worker._jobs')).toEqual([{ n: 1 }]);
  });

  it('does not let a renamed view narrow by a constant that it shows', async () => {
    await dev.query('BEGIN');
    await dev.query('CREATE VIEW every AS SELECT *, 1 AS one FROM people');
    await dev.query('ALTER TABLE every RENAME TO each_one');
    const refused = await failure(dev.query('DELETE FROM each_one WHERE one = 1'));
    expect(refused.detail).toMatch(/no-unbounded-write/);
    await dev.query('ROLLBACK');
  });
});

describe('Django', () => {
  it('takes its migrations back: names in a table of one’s own get shorter again', async () => {
    await dev.query('CREATE TABLE auth_user (id int PRIMARY KEY, first_name varchar(30), email text)');
    await dev.query('ALTER TABLE auth_user ALTER COLUMN first_name TYPE varchar(150)');
    await dev.query("INSERT INTO auth_user VALUES (1, 'Ana', 'ana@example.com')");
    await expect
      .poll(async () => (await dev.query('SELECT first_name FROM auth_user')).rows[0].first_name)
      .not.toBe('Ana');
    await dev.query('ALTER TABLE auth_user ALTER COLUMN first_name TYPE varchar(30)');
    const computed = 'ALTER TABLE auth_user ALTER COLUMN first_name TYPE int USING ascii(first_name) / 0';
    expect((await failure(dev.query(computed))).detail).toMatch(/no-inference/);
  });

  it('but not where names of others were copied to it, nor those that others wrote', async () => {
    await dev.query('CREATE TABLE copied AS SELECT id, name FROM people');
    const shorter = 'ALTER COLUMN name TYPE varchar(2)';
    expect((await failure(dev.query(`ALTER TABLE copied ${shorter}`))).detail).toMatch(/no-inference/);
    await dev.query('CREATE TABLE shared (id int, name varchar(150), email text)');
    await rig.direct("INSERT INTO shared SELECT n, 'Ana', 'ana@example.com' FROM generate_series(1, 9) n");
    await expect
      .poll(async () => (await failure(dev.query(`ALTER TABLE shared ${shorter}`))).detail)
      .toMatch(/no-inference/);
  });
});

describe('knex', () => {
  it('alters a column by USING itself', async () => {
    await dev.query('CREATE TABLE kn (id int PRIMARY KEY, email varchar(255) UNIQUE)');
    await dev.query("INSERT INTO kn VALUES (1, 'ana@example.com')");
    await dev.query('alter table "kn" alter column "email" type varchar(400) using ("email"::varchar(400))');
    const shorter = 'alter table "kn" alter column "email" type varchar(2) using ("email"::varchar(2))';
    expect((await failure(dev.query(shorter))).detail).toMatch(/no-inference/);
    await dev.query('alter table "kn" alter column "email" type varchar(255)');
  });
});

describe('a dump in plain SQL', () => {
  it('is read in with the owner that everything has', async () => {
    await dev.query(`CREATE TABLE public.dumped (id int NOT NULL);
      ALTER TABLE public.dumped OWNER TO app;
      CREATE SEQUENCE public.dumped_id_seq AS int;
      ALTER SEQUENCE public.dumped_id_seq OWNER TO app;
      ALTER SEQUENCE public.dumped_id_seq OWNED BY public.dumped.id;
      CREATE VIEW public.dumped_v AS SELECT id FROM public.dumped;
      ALTER VIEW public.dumped_v OWNER TO app`);
    const given = await failure(dev.query('ALTER TABLE dumped OWNER TO pg_monitor'));
    expect(given.detail).toMatch(/no-alter/);
    expect((await failure(dev.query('ALTER TABLE people OWNER TO app'))).detail).toMatch(/no-alter/);
    await dev.query('DROP VIEW dumped_v; DROP TABLE dumped');
  });
});

describe('what tools ask of the catalog', () => {
  it.each([
    [
      'Grafana: what is in the search_path',
      `SELECT quote_ident(table_name) AS t FROM information_schema.tables WHERE quote_ident(table_schema) IN (
         SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
         FROM generate_series(1, array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
           string_to_array(current_setting('search_path'), ',') s) ORDER BY 1`,
    ],
    [
      'Metabase: what one may read',
      `SELECT t.tablename, has_any_column_privilege(current_user, quote_ident(t.schemaname) || '.' || quote_ident(t.tablename),
         'select') AS may FROM pg_tables t WHERE t.schemaname !~ '^pg_' AND has_schema_privilege(current_user, t.schemaname, 'usage')
         ORDER BY t.schemaname, t.tablename`,
    ],
    [
      'JDBC: columns with their defaults',
      `SELECT a.attname, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS n, nullif(a.attidentity, '') AS i,
         pg_get_expr(d.adbin, d.adrelid) AS expr FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid
         AND a.attnum = d.adnum JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname LIKE 'people' AND a.attnum > 0 ORDER BY 2`,
    ],
    [
      'Npgsql: types by how they are received',
      `SELECT t.oid, t.typname, CASE WHEN p.proname = 'array_recv' THEN 'a' ELSE t.typtype END AS k, r.rngsubtype
         FROM pg_type t LEFT JOIN pg_proc p ON p.oid = t.typreceive LEFT JOIN pg_range r ON r.rngtypid = t.oid
         WHERE t.typtype IN ('b', 'r', 'm', 'e', 'd') ORDER BY t.oid LIMIT 50`,
    ],
    [
      'DataGrip: texts of views and bodies',
      `SELECT c.relname, pg_get_viewdef(c.oid, true) AS text FROM pg_class c WHERE c.relnamespace = 'worker'::regnamespace
         AND c.relkind IN ('m', 'v') ORDER BY 1`,
    ],
    [
      'PostGraphile: all in one document, as a text',
      `WITH attributes AS (SELECT * FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0),
         classes AS (SELECT oid AS _id, * FROM pg_class WHERE relname = 'people')
         SELECT json_build_object('attributes', (SELECT coalesce((SELECT json_agg(row_to_json(attributes) ORDER BY attnum)
           FROM attributes), '[]'::json)), 'classes', (SELECT json_agg(row_to_json(classes) ORDER BY relname) FROM classes))::text AS t`,
    ],
    [
      'pgAdmin: sizes and statistics',
      `SELECT s.relname, pg_size_pretty(pg_relation_size(s.relid)) AS size, n_live_tup > -1 AS live, last_vacuum IS NULL AS v
         FROM pg_stat_all_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = 'public' ORDER BY 1`,
    ],
  ])('%s', async (_, sql) => {
    const { rows } = await dev.query(sql);
    expect(rows).toEqual(await rig.direct(sql));
    expect(rows.length).toBeGreaterThan(0);
  });
});
