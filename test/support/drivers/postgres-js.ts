import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { type Checks, cancelled, same, state } from './driver-run.ts';

/** postgres.js: pipelines by itself, prepares every statement. */
export function postgresJsChecks(options: postgres.Options<Record<string, never>>, table: string): Checks {
  const sql = postgres({ ...options, max: 1, onnotice: () => {} });
  const name = sql(table);
  const count = async (where: postgres.PendingQuery<postgres.Row[]>) =>
    (await sql`SELECT count(*)::int AS n FROM ${name} ${where}`)[0]!.n;
  return {
    async connect() {
      same([...(await sql`SELECT 1 AS one`)], [{ one: 1 }]);
    },
    async parameters() {
      const [row] =
        await sql`SELECT ${41}::int + 1 AS a, ${'grün €'} || 'ö' AS b, ${true}::bool AS c, ${null}::text AS d`;
      same(row, { a: 42, b: 'grün €ö', c: true, d: null });
    },
    async types() {
      const at = new Date('2026-11-21T12:00:00.123Z');
      const [row] =
        await sql`SELECT ${'1.50'}::numeric AS a, ${at}::timestamptz AS b, ${Buffer.from([0, 255])}::bytea AS c,
        ${[1, 2, 3]}::int[] AS d, ${sql.json({ a: [1, 'é'] })}::jsonb AS e`;
      same(row, { a: '1.50', b: at, c: Buffer.from([0, 255]), d: [1, 2, 3], e: { a: [1, 'é'] } });
    },
    async prepared_reuse() {
      for (let i = 0; i < 10; i++) same([...(await sql`SELECT ${i}::int * 2 AS reused`)], [{ reused: i * 2 }]);
      const [row] = await sql`SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE '%AS reused'`;
      same(row, { n: 1 });
    },
    async transaction_error() {
      await sql`CREATE TABLE ${name} (id int PRIMARY KEY, name text)`;
      await state(
        '23505',
        sql.begin(async (tx) => {
          await tx`INSERT INTO ${name} VALUES (1, 'one')`;
          await tx`INSERT INTO ${name} VALUES (1, 'again')`;
        }),
      );
      same(await count(sql``), 0);
      await sql.begin(async (tx) => {
        await tx`INSERT INTO ${name} VALUES (1, 'one')`;
        await state(
          '22012',
          tx.savepoint((inner) => inner`SELECT 1/0`),
        );
      });
      same(await count(sql``), 1);
    },
    async pipeline() {
      const all = await Promise.allSettled([
        ...Array.from({ length: 20 }, (_, i) => sql`SELECT ${i}::int AS i`),
        sql`SELECT 1/0`,
        sql`DROP TABLE keep_me`,
        sql`INSERT INTO ${name} VALUES (${2}, ${'two'})`,
      ]);
      const codes = all.map((result) => (result.status === 'fulfilled' ? 'ok' : result.reason.code));
      same(codes, [...Array<string>(20).fill('ok'), '22012', '42501', 'ok']);
      same(await count(sql`WHERE id = 2`), 1);
      const rows = Array.from({ length: 500 }, (_, i) => ({ id: i + 1000, name: `n${i}` }));
      await sql`INSERT INTO ${name} ${sql(rows, 'id', 'name')}`;
      await state('42501', sql.unsafe(`INSERT INTO ${table} VALUES (99, 'never'); DROP TABLE keep_me`));
      same(await count(sql`WHERE id = 99`), 0);
    },
    async copy() {
      const rows = Array.from({ length: 10_000 }, (_, i) => `${i + 2000}\trow ${i} ä\n`);
      await pipeline(Readable.from(rows), await sql`COPY ${name} FROM STDIN`.writable());
      const out = await sql`COPY (SELECT * FROM ${name} WHERE id >= 2000 ORDER BY id) TO STDOUT`.readable();
      same((await text(out)) === rows.join(''), true);
    },
    async cursor() {
      let total = 0;
      for await (const rows of sql`SELECT g FROM generate_series(1, 1000) AS g`.cursor(70)) {
        for (const { g } of rows) total += g as number;
      }
      same(total, 500_500);
    },
    async cancel() {
      let query: postgres.PendingQuery<postgres.Row[]>;
      await cancelled(
        () => (query = sql`SELECT pg_sleep(30)`.execute()),
        () => query.cancel(),
      );
      same([...(await sql`SELECT 2 AS two`)], [{ two: 2 }]);
    },
    async listen_notify() {
      const heard = new Promise((resolve, reject) => {
        sql.listen(table, resolve).then(() => sql.notify(table, 'hello'), reject);
      });
      same(await heard, 'hello');
    },
    async denied() {
      await state('42501', sql`DROP TABLE keep_me`);
      same([...(await sql`SELECT count(*)::int AS n FROM keep_me`)], [{ n: 3 }]);
      await state(
        '42501',
        sql.begin(async (tx) => {
          await tx`INSERT INTO ${name} VALUES (70000, 'rolled back')`;
          await state('42501', tx`DROP TABLE keep_me`);
          await state('25P02', tx`SELECT 1`);
        }),
      ).catch((error) => {
        // The block went on after the denial; what ends it is the COMMIT that PostgreSQL turns into a ROLLBACK.
        if (!String(error).includes('no error')) throw error;
      });
      same(await count(sql`WHERE id = 70000`), 0);
    },
    async bad_text() {
      await state('22021', sql`SELECT ${'a\0b'}::text AS a`);
      same([...(await sql`SELECT 3 AS three`)], [{ three: 3 }]);
    },
    async big_parameter() {
      same([...(await sql`SELECT length(${'p'.repeat(1024 * 1024)}) AS n`)], [{ n: 1024 * 1024 }]);
    },
    async big_value() {
      const [row] = await sql`SELECT repeat('x', ${5 * 1024 * 1024}) AS value`;
      same((row!.value as string).length, 5 * 1024 * 1024);
    },
    async drop_own() {
      await sql`DROP TABLE ${name}`;
      await sql.end({ timeout: 5 });
    },
  };
}
