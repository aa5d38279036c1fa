/** What DO blocks and routines of one's own make is one's own; what others' code makes, or what was there before, is not. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  // Who is masked waits for the catalog behind each change of it, so most of it is tried by others.
  tune: (settings) => ({
    ...settings,
    grants: [
      ...settings.grants,
      {
        to: { group: 'clear' },
        database: '*',
        environment: undefined,
        access: 'write',
        create: true,
        masking: { mask: 'none' },
      },
    ],
  }),
  sql: `CREATE SCHEMA theirs;
        CREATE TABLE theirs.victim (id int PRIMARY KEY, name text);
        INSERT INTO theirs.victim VALUES (1, 'a'), (2, 'b');
        CREATE TABLE victim (id int);
        CREATE TABLE theirs.parts (id int) PARTITION BY RANGE (id);
        CREATE FUNCTION theirs.make_part() RETURNS void LANGUAGE plpgsql AS
          $$ BEGIN CREATE TABLE public.part_one (id int); CREATE TYPE public.part_kind AS ENUM ('a'); END $$;
        CREATE FUNCTION theirs.helper() RETURNS int LANGUAGE plpgsql AS
          $$ BEGIN CREATE TABLE public.helped (id int); RETURN 1; END $$;`,
});

let dev: pg.Client;
beforeAll(async () => {
  dev = await rig.connect(await rig.tokenOf('dev', ['clear']));
});
afterAll(() => dev.end());

/** Until a statement is in the middle of its run. */
async function sleeping(): Promise<void> {
  while ((await rig.direct("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0);
}

const denied = async (sql: string, client = dev) => expect((await failure(client.query(sql))).code, sql).toBe('42501');
const own = async (...statements: string[]) => {
  for (const sql of statements) await dev.query(sql);
};

describe('what a DO block makes', () => {
  it('is one’s own, in a block and by itself, by text and by messages, over a reconnect', async () => {
    const guarded = (create: string) =>
      `DO $$ BEGIN ${create}; EXCEPTION WHEN duplicate_object OR duplicate_table THEN NULL; END $$`;
    await own(guarded("CREATE TYPE public.\"enum_Users_role\" AS ENUM ('a', 'b')"));
    await own(
      `ALTER TYPE "enum_Users_role" ADD VALUE 'c'`,
      `CREATE TABLE typed (r "enum_Users_role")`,
      'DROP TABLE typed',
    );
    await own('DROP TYPE "enum_Users_role"');
    await own(
      'BEGIN',
      guarded('CREATE TABLE in_block (id serial, t text)'),
      'ALTER TABLE in_block ADD COLUMN x int',
      'COMMIT',
    );
    const again = await rig.connect(await rig.tokenOf('dev', ['clear']));
    await again.query('DROP TABLE in_block');
    await again.end();
    await dev.query({ text: guarded('CREATE TABLE by_messages (id int)'), name: 'prepared' });
    await own('ALTER TABLE by_messages ADD COLUMN x int', 'DROP TABLE by_messages');
    await dev.query({ text: guarded('CREATE TABLE by_messages (id int)'), name: 'prepared' });
    await own('DROP TABLE by_messages');
  });

  it('of every kind, several at once, and in a text with other statements', async () => {
    await own(`DO $$ BEGIN
      CREATE SCHEMA made; CREATE TABLE made.t (id int); CREATE VIEW made.v AS SELECT 1 AS a; CREATE SEQUENCE made.s;
      CREATE DOMAIN made.d AS int; CREATE TYPE made.c AS (a int);
      CREATE FUNCTION made.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; END $$`);
    await own('DROP FUNCTION made.f(int)', 'DROP TYPE made.c', 'DROP DOMAIN made.d', 'DROP SEQUENCE made.s');
    await own('DROP VIEW made.v', 'DROP TABLE made.t', 'DROP SCHEMA made');
    await own(
      'DO $$ BEGIN CREATE TABLE one (id int); END $$; CREATE TABLE two (id int)',
      'DROP TABLE one',
      'DROP TABLE two',
    );
  });

  it('is nobody’s who looks the same: another person, what it found there, what is temporary', async () => {
    await own('DO $$ BEGIN CREATE TABLE mine (id int); END $$');
    const other = await rig.connect(await rig.tokenOf('someone-else', ['clear']));
    await denied('DROP TABLE mine', other);
    await other.end();
    await own('DROP TABLE mine');
    const found = 'DO $$ BEGIN CREATE TABLE IF NOT EXISTS victim (id int); CREATE TABLE beside (id int); END $$';
    await own(found, 'DROP TABLE beside');
    await denied('DROP TABLE victim');
    await own('DO $$ BEGIN CREATE TEMP TABLE victim (id int); END $$', 'DROP TABLE victim');
    await denied('DROP TABLE victim');
    // Made by somebody else while the block runs, and found there by it.
    await own('BEGIN', 'CREATE TABLE before_it (id int)');
    const race = dev.query('DO $$ BEGIN PERFORM pg_sleep(1.5); CREATE TABLE IF NOT EXISTS late (id int); END $$');
    await sleeping();
    await rig.direct('CREATE TABLE late (id int)');
    await race;
    await own('COMMIT', 'DROP TABLE before_it');
    await denied('DROP TABLE late');
  });

  it('is not what others made between the look-up and the creation, in one text', async () => {
    const other = await rig.connect(await rig.tokenOf('dev', ['clear']));
    await own('CREATE TABLE held_up (id int PRIMARY KEY)', 'INSERT INTO held_up VALUES (1)');
    for (const kind of ['TABLE', 'SEQUENCE']) {
      await other.query('BEGIN');
      await other.query('UPDATE held_up SET id = 1 WHERE id = 1');
      const text = dev.query(
        `UPDATE held_up SET id = 1 WHERE id = 1; CREATE ${kind} IF NOT EXISTS race ${kind === 'TABLE' ? '(id int)' : ''}`,
      );
      while ((await rig.direct("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length === 0);
      await rig.direct(`CREATE ${kind} race ${kind === 'TABLE' ? '(id int)' : ''}`);
      await other.query('COMMIT');
      await text;
      await denied(`DROP ${kind} race`);
      await rig.direct(`DROP ${kind} race`);
    }
    await own('DROP TABLE held_up');
    await other.end();
  });

  it('is one transaction still: errors, COMMIT in it, savepoints', async () => {
    const failed = await failure(dev.query('DO $$ BEGIN CREATE TABLE gone (id int); RAISE EXCEPTION $m$no$m$; END $$'));
    expect(failed.code).toBe('P0001');
    expect((await dev.query("SELECT to_regclass('gone') AS gone")).rows).toEqual([{ gone: null }]);
    await own('DO $$ BEGIN CREATE TABLE kept (id int); COMMIT; CREATE TABLE kept2 (id int); END $$');
    await own('BEGIN', 'SAVEPOINT s', 'DO $$ BEGIN CREATE TABLE rolled (id int); END $$', 'ROLLBACK TO s', 'COMMIT');
    await rig.direct('CREATE TABLE rolled (id int)');
    await denied('DROP TABLE rolled');
  });
});

describe('what a DO block changes', () => {
  const guarded = (sql: string) => `DO $$ BEGIN ${sql}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`;
  const unless = (sql: string, condition = "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'own_c')") =>
    `DO $$ BEGIN IF NOT ${condition} THEN ${sql}; END IF; END $$`;

  it('may be one’s own, if it is one statement that cannot come to mean another’s', async () => {
    await own('CREATE TABLE own_t (id int PRIMARY KEY, a int)', "CREATE TYPE own_e AS ENUM ('a')");
    for (let i = 0; i < 2; i++) await own(guarded('ALTER TABLE own_t ADD CONSTRAINT own_c CHECK (a > 0)'));
    await own(
      unless('ALTER TABLE public.own_t ADD CONSTRAINT own_c CHECK (a > 0)'),
      guarded('DROP TABLE IF EXISTS own_t'),
    );
    await own(unless("ALTER TYPE public.own_e ADD VALUE 'b'", "EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'b')"));
    await own('DROP TYPE own_e');
  });

  it('is denied of others’, and where its names may be theirs by then', async () => {
    const count = async () => (await rig.direct('SELECT count(*)::int AS n FROM theirs.victim'))[0];
    await own('CREATE SCHEMA swap', 'CREATE TABLE swap.victim (id int)', 'SET search_path = swap, theirs, public');
    for (const sql of [
      guarded('ALTER TABLE theirs.victim ADD COLUMN x int'),
      guarded('DELETE FROM theirs.victim'),
      unless('DROP TABLE theirs.victim'),
      unless('TRUNCATE victim', "set_config('search_path', 'theirs', true) = ''"),
      unless('DROP TABLE victim', "set_config('search_path', 'theirs', true) = ''"),
      'DO $$ BEGIN DROP TABLE victim; DROP TABLE victim; END $$',
      'DO $$ BEGIN LOOP DROP TABLE victim; END LOOP; END $$',
      "DO $$ BEGIN PERFORM set_config('search_path', 'theirs', true); TRUNCATE victim; END $$",
      'DO $$ BEGIN SET LOCAL search_path = theirs; TRUNCATE victim; END $$',
      'DO $$ BEGIN ALTER TABLE victim RENAME TO gone; TRUNCATE victim; END $$',
    ]) {
      await denied(sql);
    }
    await own(`CREATE FUNCTION swap.show() RETURNS bool LANGUAGE plpgsql AS
      $$ BEGIN CREATE VIEW swap.shown AS SELECT * FROM theirs.victim; RETURN false; END $$`);
    await denied(unless('DELETE FROM swap.shown', 'swap.show()'));
    await denied('DO $$ DECLARE x bool := swap.show(); BEGIN DELETE FROM swap.shown; END $$');
    await own('SET search_path = public');
    expect(await count()).toEqual({ n: 2 });
  });

  it('of who is masked, also behind what changes names in one text', async () => {
    const masked = await rig.connect(await rig.tokenOf('masked'));
    for (const sql of [
      'CREATE TABLE seen (id int PRIMARY KEY, a int)',
      guarded('ALTER TABLE seen ADD CONSTRAINT seen_c CHECK (a > 0)'),
      unless('DROP TABLE public.seen', "EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'seen')"),
      guarded("CREATE TYPE own_f AS ENUM ('a')"),
      `DROP TYPE IF EXISTS own_f; ${guarded("CREATE TYPE own_f AS ENUM ('a', 'b')")}`,
      'DROP TYPE own_f',
    ]) {
      await masked.query(sql);
    }
    await masked.end();
  });
});

describe('what routines make', () => {
  it('is one’s own by one’s own routines, and others’ by others’', async () => {
    await own(`CREATE FUNCTION build() RETURNS int LANGUAGE plpgsql AS
      $$ BEGIN CREATE TABLE public.built (id int); PERFORM theirs.helper(); RETURN 1; END $$`);
    await own('SELECT build()', 'ALTER TABLE built ADD COLUMN x int', 'DROP TABLE built');
    await denied('DROP TABLE helped');
    await own('SELECT theirs.make_part()');
    await denied('DROP TABLE part_one');
    await denied('DROP TYPE part_kind');
    await own(
      'DO $$ BEGIN PERFORM theirs.helper(); EXCEPTION WHEN duplicate_table THEN CREATE TABLE aside (id int); END $$',
    );
    await own('DROP TABLE aside');
    await denied('DROP TABLE helped');
    await own('CREATE PROCEDURE proc() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE by_proc (id int); END $$');
    await own('BEGIN', 'CALL proc()', 'COMMIT', 'DROP TABLE by_proc');
  });
});
