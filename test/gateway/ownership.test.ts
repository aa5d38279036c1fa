/** Who may change what: a developer's own objects, and every trick to make another's look like one's own. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const VICTIMS = `
  DROP SCHEMA IF EXISTS theirs CASCADE;
  CREATE SCHEMA theirs;
  DROP TABLE IF EXISTS users CASCADE;
  CREATE TABLE users (id int primary key, name text);
  INSERT INTO users SELECT i, 'name ' || i FROM generate_series(1, 20) i;
  CREATE TABLE theirs.victim (id int);
  INSERT INTO theirs.victim VALUES (1), (2);
  CREATE VIEW user_names AS SELECT name FROM users`;

const rig = withRig({
  sql: `CREATE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE SEQUENCE counter;
        CREATE TYPE mood AS ENUM ('good', 'bad');`,
});

const run = promisify(execFile);

function findPgbench(): string | undefined {
  if (spawnSync('pgbench', ['--version'], { stdio: 'ignore' }).status === 0) return 'pgbench';
  return [18, 17, 16, 15, 14]
    .map((major) => `/usr/lib/postgresql/${major}/bin/pgbench`)
    .find((file) => existsSync(file));
}

let dev: pg.Client;
let token: string;

beforeAll(async () => {
  token = await rig.tokenOf('dev');
});
beforeEach(async () => {
  // New OIDs each time: what one trick got hold of does not help the next.
  await rig.direct(VICTIMS);
  dev = await rig.connect(token);
  return () => dev.end();
});

const denied = async (sql: string, client = dev) => expect((await failure(client.query(sql))).code, sql).toBe('42501');

/** The victims are there, with their rows. */
async function unharmed(): Promise<void> {
  const [row] = await rig.direct(
    `SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM theirs.victim) AS victim,
            (SELECT count(*)::int FROM user_names) AS names, one() AS one`,
  );
  expect(row).toEqual({ users: 20, victim: 2, names: 20, one: 1 });
  expect(
    await rig.direct(
      "SELECT 1 FROM pg_attribute WHERE attrelid IN ('users'::regclass, 'theirs.victim'::regclass) AND attnum > 0 AND NOT attisdropped",
    ),
  ).toHaveLength(3);
}

describe('own objects', () => {
  it('may be altered, truncated and dropped, also after a reconnect and after a restart of the gateway', async () => {
    await dev.query('CREATE TABLE mine (id int primary key, t text)');
    await dev.query('ALTER TABLE mine ADD COLUMN extra int');
    await dev.query('TRUNCATE mine');
    const again = await rig.connect(token);
    await again.query('ALTER TABLE mine DROP COLUMN extra');
    await rig.restart();
    const later = await rig.connect(token);
    await later.query('TRUNCATE mine');
    await denied('DROP TABLE mine', await rig.connect(await rig.tokenOf('someone-else')));
    await later.query('DROP TABLE mine');
    await later.end();
  });

  it('of every kind: schema, view, materialised view, sequence, index, function, type, domain', async () => {
    for (const [create, drop] of [
      ['CREATE SCHEMA own_schema', 'DROP SCHEMA own_schema'],
      ['CREATE VIEW own_view AS SELECT 1 AS a', 'DROP VIEW own_view'],
      ['CREATE MATERIALIZED VIEW own_mv AS SELECT 1 AS a', 'DROP MATERIALIZED VIEW own_mv'],
      ['CREATE SEQUENCE own_seq', 'DROP SEQUENCE own_seq'],
      ['CREATE TABLE own_t AS SELECT 1 AS a', 'DROP TABLE own_t'],
      ["CREATE TYPE own_type AS ENUM ('a')", 'DROP TYPE own_type'],
      ['CREATE FUNCTION own_f(int) RETURNS int LANGUAGE sql AS $$SELECT $1$$', 'DROP FUNCTION own_f(int)'],
      ['CREATE FUNCTION own_g(int) RETURNS int LANGUAGE sql AS $$SELECT $1$$', 'DROP FUNCTION own_g'],
    ] as const) {
      await dev.query(create);
      await dev.query(drop);
    }
    await dev.query('CREATE TABLE own_i (id serial, a int)');
    await dev.query('CREATE INDEX own_index ON own_i (a)');
    await dev.query('DROP INDEX own_index');
    await dev.query('DROP TABLE own_i');
    expect(await rig.direct("SELECT 1 FROM pg_class WHERE relname LIKE 'own\\_%'")).toEqual([]);
  });
});

describe('a migration in one text', () => {
  const MIGRATION = `
    CREATE SCHEMA shop; SET LOCAL lock_timeout = 5000;
    CREATE TABLE shop.goods (id serial PRIMARY KEY, title text);
    CREATE INDEX ON shop.goods (title); ALTER TABLE shop.goods ADD COLUMN stock int NOT NULL DEFAULT 0;
    INSERT INTO shop.goods (title) VALUES ('a'), ('b'); UPDATE shop.goods SET stock = stock + id;
    CREATE VIEW shop.names AS SELECT title FROM shop.goods;`;

  it('may change what it makes, and later what it made, indexes and sequences too', async () => {
    await dev.query(MIGRATION);
    expect((await dev.query('SELECT stock FROM shop.goods ORDER BY id')).rows).toEqual([{ stock: 1 }, { stock: 2 }]);
    await dev.query('BEGIN; DROP INDEX shop.goods_title_idx; ALTER SEQUENCE shop.goods_id_seq RESTART 10; COMMIT');
    await dev.query(`SET search_path = shop; ALTER TABLE goods ADD a int; ALTER TABLE goods DROP a; RESET search_path`);
    await denied(
      'ALTER TABLE shop.goods ADD b int; DROP TABLE shop.goods',
      await rig.connect(await rig.tokenOf('someone-else')),
    );
    await rig.direct("CREATE TABLE theirs.t (id int DEFAULT nextval('shop.goods_id_seq'))");
    await denied('DROP SCHEMA shop CASCADE');
    await rig.direct('DROP TABLE theirs.t');
    await dev.query('DROP SCHEMA shop CASCADE');
    await unharmed();
  });

  it('is taken back where it comes to what others made', async () => {
    await rig.direct('DROP SCHEMA IF EXISTS shop CASCADE');
    for (const other of [
      'ALTER TABLE users ADD x int',
      'SET search_path = theirs; DROP TABLE victim',
      'DROP VIEW user_names',
    ]) {
      await denied(`${MIGRATION} ${other}`);
      expect(await rig.direct("SELECT 1 FROM pg_namespace WHERE nspname = 'shop'")).toEqual([]);
    }
    await rig.direct('CREATE TABLE theirs.s (id serial, a int); CREATE INDEX s_a ON theirs.s (a)');
    await denied('DROP INDEX theirs.s_a');
    await denied('ALTER SEQUENCE theirs.s_id_seq RESTART');
    await denied(
      'CREATE TABLE mine (id int); ALTER SEQUENCE theirs.s_id_seq OWNED BY mine.id; DROP SEQUENCE theirs.s_id_seq',
    );
    await unharmed();
  });
});

describe('CREATE EXTENSION IF NOT EXISTS', () => {
  it('of one that is there does nothing, as tools say it at every start; of another it is refused', async () => {
    const there = 'CREATE EXTENSION IF NOT EXISTS plpgsql';
    for (let i = 0; i < 2; i++) await dev.query(there);
    await dev.query({ text: there, name: 'prepared' });
    await dev.query(`BEGIN; CREATE TABLE with_it (id int); ${there}; COMMIT`);
    await denied('CREATE EXTENSION plpgsql');
    await denied('CREATE EXTENSION IF NOT EXISTS "no such"');
    await denied('CREATE EXTENSION IF NOT EXISTS hstore');
    await denied(`${there}; CREATE EXTENSION IF NOT EXISTS hstore`);
    await denied('DROP EXTENSION IF EXISTS plpgsql');
    expect(await rig.direct('SELECT extname FROM pg_extension')).toEqual([{ extname: 'plpgsql' }]);
  });
});

describe('pgbench', () => {
  it('-i works, a second time as well, and so does a run', async ({ skip }) => {
    const program = findPgbench();
    if (program === undefined) skip('there is no pgbench here');
    const env = {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(rig.gateway.postgresAddress!.port),
      PGUSER: 'dev@example.test',
      PGPASSWORD: await rig.databaseToken(token),
      PGDATABASE: 'app',
      PGSSLMODE: 'require',
    };
    const pgbench = (...args: string[]) => run(program!, args, { env });
    await pgbench('-i', '-q', '-s', '1');
    await pgbench('-i', '-q', '-s', '1');
    // More sums than there are lookups in an hour: those of what is not masked are none.
    const { stdout } = await pgbench('-n', '-t', '90', '-c', '4', '-M', 'prepared');
    expect(stdout).toContain('number of transactions actually processed: 360/360');
    await denied('DROP TABLE pgbench_accounts', await rig.connect(await rig.tokenOf('someone-else')));
  });
});

describe('what was there before', () => {
  it.each([
    'DROP TABLE users',
    'DROP TABLE IF EXISTS users',
    'TRUNCATE users',
    'ALTER TABLE users ADD COLUMN x int',
    'ALTER TABLE users RENAME TO gone',
    'DROP VIEW user_names',
    'DROP SCHEMA theirs CASCADE',
    'DROP FUNCTION one()',
    'DROP FUNCTION one',
    'DROP FUNCTION one CASCADE',
    'DROP SEQUENCE counter',
    'DROP TYPE mood',
    "ALTER TYPE mood ADD VALUE 'x'",
    'CREATE OR REPLACE VIEW user_names AS SELECT id::text AS name FROM users',
    "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2'",
  ])('%s is denied', async (sql) => {
    await denied(sql);
    await unharmed();
  });
});

describe('tricks', () => {
  it('CREATE TABLE IF NOT EXISTS of an existing table gives no right to it', async () => {
    await dev.query('CREATE TABLE IF NOT EXISTS users (id int)');
    await denied('DROP TABLE users');
    await denied('TRUNCATE users');
    await unharmed();
  });

  it('a temporary table that was rolled back leaves no right to the real one of its name', async () => {
    await dev.query('BEGIN');
    await dev.query('CREATE TEMP TABLE users (id int)');
    await dev.query('ROLLBACK');
    await denied('DROP TABLE users');
    await dev.query('CREATE TEMP TABLE users (id int)');
    await dev.query('DROP TABLE users');
    await denied('DROP TABLE users');
    await unharmed();
  });

  it.each([
    ['before it in the text', 'SET search_path = theirs; CREATE TABLE IF NOT EXISTS victim (id int)'],
    ['behind it in the text', 'CREATE TABLE victim (id int); SET search_path = theirs'],
    ['inside it', "CREATE TABLE victim AS SELECT set_config('search_path', 'theirs', false)"],
    ['inside a SELECT INTO', "SELECT set_config('search_path', 'theirs', false) INTO victim"],
    ['by dropping what was created', 'CREATE TABLE victim (id int); DROP TABLE victim'],
    ['by a temporary table that goes', 'CREATE TABLE victim (id int); ALTER TABLE victim RENAME TO other'],
  ])('a creating text whose name means another’s table afterwards: search_path %s', async (_where, sql) => {
    await dev.query('DROP TABLE IF EXISTS trick.victim, trick.other').catch(() => {});
    await dev.query('CREATE SCHEMA IF NOT EXISTS trick');
    await dev.query(sql.includes('search_path') ? 'SET search_path = trick' : 'SET search_path = trick, theirs');
    await dev.query(sql).catch(() => {});
    await dev.query('SET search_path = public');
    await denied('TRUNCATE theirs.victim');
    await unharmed();
  });

  it('SET search_path before a DROP in one text', async () => {
    await dev.query('CREATE SCHEMA IF NOT EXISTS trick2');
    await dev.query('CREATE TABLE trick2.victim (id int)');
    await dev.query('SET search_path = trick2');
    await denied('SET search_path = theirs; DROP TABLE victim');
    await denied("SELECT set_config('search_path', 'theirs', false); DROP TABLE victim");
    await denied('RESET search_path; TRUNCATE theirs.victim');
    await unharmed();
  });

  it('across the messages of a pipeline: Parse DROP, then SET search_path, then Bind and Execute', async () => {
    await dev.query('CREATE SCHEMA IF NOT EXISTS trick3');
    await dev.query('CREATE TABLE IF NOT EXISTS trick3.victim (id int)');
    await dev.query('SET search_path = trick3');
    const { connection } = dev as unknown as { connection: PgConnection };
    const codes: (string | undefined)[] = [];
    const ready = new Promise<void>((resolve) => connection.once('readyForQuery', () => resolve()));
    connection.on('errorMessage', (message: { code: string }) => codes.push(message.code));
    connection.parse({ name: 'd', text: 'TRUNCATE victim', types: [] }, true);
    connection.parse({ name: 's', text: 'SET search_path = theirs', types: [] }, true);
    connection.bind({ statement: 's', portal: '', values: [] }, true);
    connection.execute({ portal: '', rows: 0 }, true);
    connection.bind({ statement: 'd', portal: '', values: [] }, true);
    connection.execute({ portal: '', rows: 0 }, true);
    connection.sync();
    await ready;
    expect(codes).toEqual(['42501']);
    await unharmed();
  });

  it('through SQL PREPARE and EXECUTE', async () => {
    await dev.query('CREATE SCHEMA IF NOT EXISTS trick4');
    await dev.query('CREATE TABLE IF NOT EXISTS trick4.victim (id int)');
    await dev.query('SET search_path = trick4');
    await dev.query('PREPARE q AS TRUNCATE victim').catch(() => {});
    await dev.query('PREPARE p AS CREATE TABLE taken AS SELECT * FROM victim').catch(() => {});
    await dev.query('SET search_path = theirs');
    await dev.query('EXECUTE q').catch(() => {});
    await dev.query('EXECUTE p').catch(() => {});
    await dev.query('SET search_path = public');
    await denied('TRUNCATE theirs.victim');
    await unharmed();
  });

  it('renaming one’s own table to the name of another’s and back', async () => {
    await dev.query('CREATE SCHEMA IF NOT EXISTS trick5');
    await dev.query('CREATE TABLE trick5.mine (id int)');
    await dev.query('SET search_path = trick5, theirs');
    await dev.query('ALTER TABLE mine RENAME TO victim');
    await denied('ALTER TABLE victim RENAME TO x; DROP TABLE victim');
    await denied('BEGIN; DROP TABLE victim; DROP TABLE victim; COMMIT').catch(() => {});
    await dev.query('ROLLBACK');
    await unharmed();
    await dev.query('DROP TABLE victim');
    await denied('DROP TABLE victim');
    await unharmed();
  });

  it('a rolled-back creation, then another’s object of that name', async () => {
    await dev.query('BEGIN');
    await dev.query('CREATE TABLE later (id int)');
    await dev.query('ROLLBACK');
    await rig.direct('CREATE TABLE later (id int)');
    await denied('DROP TABLE later');
    await rig.direct('DROP TABLE later');
  });

  it('partitions and children of another’s table are no way to it', async () => {
    await denied('CREATE TABLE child () INHERITS (users)');
    await dev.query('CREATE TABLE own_parent (id int, name text)');
    await dev.query('CREATE TABLE child () INHERITS (own_parent)');
    await dev.query('TRUNCATE own_parent');
    await dev.query('DROP TABLE child');
    await dev.query('DROP TABLE own_parent');
    await unharmed();
  });

  it('ALTER TABLE of one’s own that reaches into another’s: ATTACH, OWNED BY, SET SCHEMA', async () => {
    await rig.direct('CREATE TABLE IF NOT EXISTS parts (id int) PARTITION BY RANGE (id)');
    await dev.query('CREATE TABLE part1 (id int)');
    await denied('ALTER TABLE parts ATTACH PARTITION part1 FOR VALUES FROM (1) TO (2)');
    await dev.query('DROP TABLE part1');
    await dev.query('CREATE TABLE fam (id int) PARTITION BY RANGE (id)');
    await failure(
      dev.query('ALTER TABLE fam ATTACH PARTITION theirs.victim FOR VALUES FROM (0) TO (100); DROP TABLE fam'),
    );
    const attached = await dev
      .query('ALTER TABLE fam ATTACH PARTITION theirs.victim FOR VALUES FROM (0) TO (100)')
      .then(
        () => true,
        () => false,
      );
    if (attached) await dev.query('DROP TABLE fam').catch(() => {});
    await unharmed();
    await dev.query('DROP TABLE IF EXISTS fam').catch(() => {});
    await dev.query('CREATE TABLE seq_home (id int)');
    const owned = await dev.query('ALTER SEQUENCE counter OWNED BY seq_home.id').then(
      () => true,
      () => false,
    );
    expect(owned).toBe(false);
    await dev.query('DROP TABLE seq_home');
    expect(await rig.direct("SELECT 1 FROM pg_class WHERE relname = 'counter'")).toHaveLength(1);
  });

  it('INHERIT of another’s table under one’s own: TRUNCATE and DROP CASCADE reach children', async () => {
    await dev.query('CREATE TABLE parent (id int)');
    const linked = await dev.query('ALTER TABLE theirs.victim INHERIT parent').then(
      () => true,
      () => false,
    );
    expect(linked).toBe(false);
    await dev.query('DROP TABLE parent CASCADE');
    await unharmed();
  });

  it('DROP SCHEMA … CASCADE of one’s own schema with another’s table in it', async () => {
    await dev.query('CREATE SCHEMA home');
    await rig.direct('CREATE TABLE home.precious (id int)');
    await denied('DROP SCHEMA home CASCADE');
    expect(await rig.direct("SELECT to_regclass('home.precious') AS t")).toEqual([{ t: 'home.precious' }]);
    await rig.direct('DROP SCHEMA home CASCADE');
  });

  it('DROP … CASCADE of one’s own table with another’s view or foreign key on it', async () => {
    await dev.query('CREATE TABLE base (id int primary key)');
    await rig.direct('CREATE VIEW on_base AS SELECT * FROM base');
    await denied('DROP TABLE base CASCADE');
    await rig.direct('DROP VIEW on_base');
    await rig.direct('CREATE TABLE refers (id int references base)');
    await denied('TRUNCATE base CASCADE');
    await rig.direct('DROP TABLE refers');
    await dev.query('DROP TABLE base');
  });

  it('CASCADE over what is all one’s own, or absent, or temporary', async () => {
    await dev.query('CREATE SCHEMA own');
    await dev.query('CREATE TABLE own.a (id serial primary key, n int default 1)');
    await dev.query('CREATE TABLE own.b (id int references own.a, parent int)');
    await dev.query('CREATE VIEW own.v AS SELECT * FROM own.a');
    await dev.query('CREATE VIEW own.w AS SELECT * FROM own.v');
    await dev.query('TRUNCATE own.a CASCADE');
    await dev.query('ALTER TABLE own.a DROP COLUMN n CASCADE');
    await dev.query('DROP TABLE own.a CASCADE');
    await dev.query('DROP SCHEMA own CASCADE');
    await dev.query('DROP TABLE IF EXISTS nothing_there CASCADE');
    await dev.query('CREATE TEMP TABLE basket (id int); CREATE TEMP VIEW basket_view AS SELECT * FROM basket');
    await dev.query('DROP TABLE basket CASCADE');
    await unharmed();
  });

  it('CASCADE that reaches another’s view by way of one’s own', async () => {
    await dev.query('CREATE TABLE base (id int primary key)');
    await dev.query('CREATE VIEW mine AS SELECT * FROM base');
    await rig.direct('CREATE VIEW theirs.over AS SELECT * FROM mine');
    await denied('DROP TABLE base CASCADE');
    await denied('ALTER TABLE base DROP COLUMN id CASCADE');
    await rig.direct('DROP VIEW theirs.over');
    await dev.query('DROP TABLE base CASCADE');
  });
});

interface PgConnection extends NodeJS.EventEmitter {
  parse(query: object, more: boolean): void;
  bind(config: object, more: boolean): void;
  execute(config: object, more: boolean): void;
  sync(): void;
}
