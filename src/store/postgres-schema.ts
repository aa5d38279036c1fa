import type pg from 'pg';
import { DbgateError, ErrorCode } from '../errors.ts';

/** Of the schema that holds what gateways share; also the prefix of its channels. */
export const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,49}$/;

/** Any number that nobody else takes: whoever migrates holds it. */
const MIGRATION_LOCK = 7_236_119_045_113;

/**
 * Version by version, what the tables and functions are. `s` is the schema.
 *
 * The order of positions is the order of commits: whoever writes locks the row of `heads` first and keeps it until its
 * commit is done, so no reader sees a position while a lower one is still to come (as with a sequence it could).
 * A function, and not several queries, so that the row is locked for no round trip.
 */
const MIGRATIONS: readonly ((s: string) => string)[] = [
  (s) => `
CREATE TABLE ${s}.heads (
  name text PRIMARY KEY,
  last_position bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO ${s}.heads VALUES ('log', 0), ('notices', 0);

CREATE TABLE ${s}.instances (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ${s}.records (
  position bigint PRIMARY KEY,
  stream text COLLATE "C" NOT NULL,
  stream_seq bigint NOT NULL,
  instance integer NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  payload text NOT NULL,
  UNIQUE (stream, stream_seq)
);

-- What became of a write, for whoever did not hear the answer. No positions: it is never to be written.
CREATE TABLE ${s}.batches (
  id uuid PRIMARY KEY,
  written_at timestamptz NOT NULL DEFAULT now(),
  first_position bigint,
  last_position bigint,
  results jsonb
);

CREATE TABLE ${s}.notices (
  position bigint PRIMARY KEY,
  instance integer NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  body text NOT NULL
);

-- Writes items: of the i-th, counts[i] payloads on streams[i], if that is at expected[i] (NULL: wherever it is).
-- Positions begin behind at_least. The answer, item by item: {"position", "seq"} of its last record, or {"conflict"}.
CREATE FUNCTION ${s}.append(
  batch uuid, instance integer, at_least bigint,
  streams text[], expected bigint[], counts integer[], payloads text[]
) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  answer jsonb := '[]';
  base bigint;
  wrote bigint;
  seq bigint;
  taken integer := 0;
BEGIN
  SELECT last_position INTO STRICT base FROM ${s}.heads WHERE name = 'log' FOR UPDATE;
  -- Each statement of a function sees what was committed before it: the lock is held by now.
  IF EXISTS (SELECT FROM ${s}.batches b WHERE b.id = append.batch) THEN
    RETURN (SELECT b.results FROM ${s}.batches b WHERE b.id = append.batch);
  END IF;
  base := greatest(base, at_least);
  FOR i IN 1 .. cardinality(streams) LOOP
    SELECT r.stream_seq INTO seq FROM ${s}.records r WHERE r.stream = append.streams[i] ORDER BY r.stream_seq DESC LIMIT 1;
    seq := coalesce(seq, 0);
    IF expected[i] IS NOT NULL AND expected[i] <> seq THEN
      answer := answer || jsonb_build_object('conflict', seq);
    ELSE
      INSERT INTO ${s}.records (position, stream, stream_seq, instance, payload)
        SELECT base + u.n, append.streams[i], seq + u.n, append.instance, u.payload
        FROM unnest(append.payloads[taken + 1 : taken + append.counts[i]]) WITH ORDINALITY AS u (payload, n);
      wrote := base + counts[i];
      answer := answer || jsonb_build_object('position', wrote, 'seq', seq + counts[i]);
    END IF;
    base := base + counts[i];
    taken := taken + counts[i];
  END LOOP;
  INSERT INTO ${s}.batches (id, first_position, last_position, results)
    VALUES (append.batch, base - taken + 1, base, answer);
  IF wrote IS NOT NULL THEN
    UPDATE ${s}.heads SET last_position = base WHERE name = 'log';
    PERFORM pg_notify('${s}_log', append.instance::text);
  END IF;
  RETURN answer;
END
$body$;

-- Has a write never happen, if it has not; otherwise tells which positions it took.
CREATE FUNCTION ${s}.forget(batch uuid) RETURNS TABLE (first_position bigint, last_position bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  PERFORM FROM ${s}.heads WHERE name = 'log' FOR UPDATE;
  INSERT INTO ${s}.batches (id) VALUES (forget.batch) ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT b.first_position, b.last_position FROM ${s}.batches b
    WHERE b.id = forget.batch AND b.first_position IS NOT NULL;
END
$body$;

CREATE FUNCTION ${s}.give_notice(instance integer, body text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  at bigint;
BEGIN
  UPDATE ${s}.heads SET last_position = last_position + 1 WHERE name = 'notices' RETURNING last_position INTO STRICT at;
  INSERT INTO ${s}.notices (position, instance, body) VALUES (at, give_notice.instance, give_notice.body);
  PERFORM pg_notify('${s}_notices', give_notice.instance::text);
  RETURN at;
END
$body$;
`,
];

/** Brings the schema to this program's version, or finds that it is there. Throws `config` when it is of a newer one. */
export async function migrate(client: pg.Client, schema: string): Promise<void> {
  if (!SCHEMA_NAME.test(schema)) throw new DbgateError(ErrorCode.config, `${JSON.stringify(schema)} is no schema name`);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const version = await versionOf(client, schema);
    if (version > MIGRATIONS.length) {
      throw new DbgateError(
        ErrorCode.config,
        `schema ${schema} of the shared database has version ${version}, this dbgate knows ${MIGRATIONS.length}`,
        { hint: 'update this gateway as the others' },
      );
    }
    for (const [index, sql] of MIGRATIONS.slice(version).entries()) {
      await client.query(sql(schema));
      await client.query(`INSERT INTO ${schema}.migrations (version) VALUES ($1)`, [version + index + 1]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function versionOf(client: pg.Client, schema: string): Promise<number> {
  const { rows: schemas } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (schemas.length === 0) await client.query(`CREATE SCHEMA ${schema}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.migrations (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  const { rows } = await client.query(`SELECT coalesce(max(version), 0)::int AS version FROM ${schema}.migrations`);
  return (rows[0] as { version: number }).version;
}
