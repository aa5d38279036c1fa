import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import { type Checks, cancelled, same, state } from './driver-run.ts';

/** `pg`, with pg-cursor and pg-copy-streams. */
export function nodePgChecks(options: pg.ClientConfig, table: string): Checks {
  const client = new pg.Client(options);
  const one = async (sql: string, values?: unknown[]) => Object.values((await client.query(sql, values)).rows[0] ?? {});
  return {
    async connect() {
      client.on('error', () => {});
      await client.connect();
      same(await one('SELECT 1 AS one'), [1]);
    },
    async parameters() {
      const sql = "SELECT $1::int + 1 AS a, $2 || 'ö' AS b, $3::bool AS c, $4::text AS d";
      same(await one(sql, [41, 'grün €', true, null]), [42, 'grün €ö', true, null]);
    },
    async types() {
      const at = new Date('2026-11-21T12:00:00.123Z');
      const values = ['12345678901234567890.123456789', at, Buffer.from([0, 255, 128]), [1, null, 3], { a: [1, 'é'] }];
      const sql = 'SELECT $1::numeric AS a, $2::timestamptz AS b, $3::bytea AS c, $4::int[] AS d, $5::jsonb AS e';
      same(await one(sql, values), values);
    },
    async prepared_reuse() {
      for (let i = 0; i < 10; i++) {
        const { rows } = await client.query({ name: 'twice', text: 'SELECT $1::int * 2 AS twice', values: [i] });
        same(rows, [{ twice: i * 2 }]);
      }
      same(await one("SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name = 'twice'"), [1]);
    },
    async transaction_error() {
      await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text)`);
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${table} VALUES (1, 'one')`);
      await state('23505', client.query(`INSERT INTO ${table} VALUES ($1, 'again')`, [1]));
      await state('25P02', client.query('SELECT 1'));
      await client.query('ROLLBACK');
      same(await one(`SELECT count(*)::int AS n FROM ${table}`), [0]);
    },
    async pipeline() {
      // Sent without waiting for answers: every query has its own Sync.
      const all = await Promise.allSettled([
        client.query('SELECT 1 AS a'),
        client.query('SELECT 1/0'),
        client.query('DROP TABLE keep_me'),
        client.query(`INSERT INTO ${table} VALUES ($1, $2)`, [2, 'two']),
        client.query('SELECT 2 AS a; SELECT 3 AS a'),
      ]);
      same(
        all.map((result) => (result.status === 'fulfilled' ? 'ok' : (result.reason as pg.DatabaseError).code)),
        ['ok', '22012', '42501', 'ok', 'ok'],
      );
      same(await one(`SELECT name FROM ${table} WHERE id = 2`), ['two']);
      await state('42501', client.query(`INSERT INTO ${table} VALUES (99, 'never'); DROP TABLE keep_me`));
      same(await one(`SELECT count(*)::int AS n FROM ${table} WHERE id = 99`), [0]);
    },
    async copy() {
      const rows = Array.from({ length: 10_000 }, (_, i) => `${i + 2000}\trow ${i} ä\n`);
      await pipeline(Readable.from(rows), client.query(copyFrom(`COPY ${table} FROM STDIN`)));
      const out = client.query(copyTo(`COPY (SELECT * FROM ${table} WHERE id >= 2000 ORDER BY id) TO STDOUT`));
      same((await text(out)) === rows.join(''), true);
      const bad = client.query(copyFrom(`COPY ${table} FROM STDIN`));
      await state('22P02', pipeline(Readable.from(['not a number\tx\n']), bad));
      same(await one('SELECT 1 AS one'), [1]);
    },
    async cursor() {
      const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, 1000) AS g'));
      let total = 0;
      for (;;) {
        const rows = (await cursor.read(70)) as { g: number }[];
        if (rows.length === 0) break;
        for (const { g } of rows) total += g;
      }
      await cursor.close();
      same(total, 500_500);
    },
    async cancel() {
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      await cancelled(
        () => client.query('SELECT pg_sleep(30)'),
        () => cancelInTheClear(options, processID, secretKey),
      );
      same(await one('SELECT 2 AS two'), [2]);
    },
    async listen_notify() {
      await client.query(`LISTEN ${table}`);
      const other = new pg.Client(options);
      await other.connect();
      const heard = once(client, 'notification');
      await other.query('SELECT pg_notify($1, $2)', [table, 'hello']);
      await other.end();
      const [{ channel, payload }] = (await heard) as [pg.Notification];
      same([channel, payload], [table, 'hello']);
      await client.query('UNLISTEN *');
    },
    async denied() {
      await state('42501', client.query('DROP TABLE keep_me'));
      await state('42501', client.query({ text: 'DROP TABLE keep_me', name: 'drop' }));
      same(await one('SELECT count(*)::int AS n FROM keep_me'), [3]);
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${table} VALUES (70000, 'rolled back')`);
      await state('42501', client.query({ text: 'DROP TABLE keep_me', values: [] }));
      await state('25P02', client.query('SELECT 1'));
      await client.query('ROLLBACK');
      same(await one(`SELECT count(*)::int AS n FROM ${table} WHERE id = 70000`), [0]);
    },
    async bad_text() {
      await state('22021', client.query('SELECT $1::text', ['a\0b']));
      same(await one('SELECT 3 AS three'), [3]);
    },
    async big_parameter() {
      same(await one('SELECT length($1::text) AS n', ['p'.repeat(1024 * 1024)]), [1024 * 1024]);
    },
    async big_value() {
      const size = 5 * 1024 * 1024;
      const value = Buffer.alloc(size, 'ä€');
      const [back] = (await one('SELECT $1::bytea AS value', [value])) as [Buffer];
      same(back.equals(value), true);
      same(((await one("SELECT repeat('x', $1) AS value", [size])) as [string])[0].length, size);
    },
    async drop_own() {
      await client.query(`DROP TABLE ${table}`);
      await client.end();
    },
  };
}

/** As libpq before 17 does it, whatever the connection that is cancelled uses. */
async function cancelInTheClear(options: pg.ClientConfig, pid: number, secret: number): Promise<void> {
  const { connect } = await import('node:net');
  const socket = connect(options.port!, options.host!);
  const message = Buffer.alloc(16);
  for (const [i, value] of [16, 80_877_102, pid, secret].entries()) message.writeInt32BE(value, i * 4);
  socket.end(message);
  socket.resume();
  await once(socket, 'close');
}
