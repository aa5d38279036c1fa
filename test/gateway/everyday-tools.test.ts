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
