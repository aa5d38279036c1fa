/** Statements with more words and operators than are analysed: refused at once, by every way in, on the record, not run. */
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { StatementIntent } from '../../src/audit/record.ts';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  sql: 'CREATE TABLE things (id int PRIMARY KEY, name text); INSERT INTO things VALUES (1, NULL)',
});

const many = (n: number): string => Array.from({ length: n }, (_, i) => `id=${i}`).join(' OR ');
const numbers = Array.from({ length: 100_000 }, (_, i) => i);
const UPDATE = `UPDATE things SET name = 'x' WHERE ${many(40_000)}`;

describe('a statement of 40,000 conditions', () => {
  it.each<[string, (client: pg.Client) => Promise<unknown>]>([
    ['as a simple query', (client) => client.query(UPDATE)],
    ['as one of several', (client) => client.query(`UPDATE things SET name = 'y' WHERE id = 1; ${UPDATE}`)],
    ['parsed', (client) => client.query(UPDATE, [])],
    ['parsed under a name', (client) => client.query({ name: 'n', text: UPDATE, values: [] })],
    ['in PREPARE', (client) => client.query(`PREPARE p AS ${UPDATE}`)],
    ['in EXPLAIN', (client) => client.query(`EXPLAIN ANALYZE ${UPDATE}`)],
    ['in DO', (client) => client.query(`DO $$ BEGIN ${UPDATE}; END $$`)],
  ])('is refused %s', async (_way, send) => {
    const client = await rig.connect(await rig.tokenOf('ada'));
    const error = await failure(send(client));
    expect(error).toMatchObject({
      code: '54001',
      message: expect.stringMatching(/^statement has 1200\d\d words and operators, more than 100000 are not analysed$/),
      detail: 'rule sql.not-analysed: a statement that cannot be read is not run',
      hint: expect.stringMatching(/ANY \(ARRAY\[…\]\).*COPY.*several queries/),
    });
    const { rows } = await client.query('SELECT name FROM things');
    expect(rows).toEqual([{ name: null }]);
    await client.end();
  });

  it('is on the record, and its transaction is as after any error', async () => {
    const client = await rig.connect(await rig.tokenOf('recorded'));
    await client.query('BEGIN');
    const sql = `SELECT * FROM things WHERE ${many(40_000)}`;
    expect(await failure(client.query(sql))).toMatchObject({
      code: '54001',
      message: 'statement has 120004 words and operators, more than 100000 are not analysed',
    });
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    await client.end();
    const records = await rig.records();
    const refused = records.filter(
      (one): one is StatementIntent & typeof one => one.kind === 'statement.intent' && one.rule === 'sql.not-analysed',
    );
    expect(refused.at(-1)).toMatchObject({ decision: 'deny', class: 'unknown' });
    const outcome = records.find(
      (one) =>
        one.kind === 'statement.outcome' && one.session === refused.at(-1)?.session && one.n === refused.at(-1)?.n,
    );
    expect(outcome).toMatchObject({ rows: 0, sqlstate: '54001' });
  });

  it('leaves lists of 100,000 constants alone', async () => {
    const client = await rig.connect(await rig.tokenOf('ada'));
    // On a machine that is too busy for it a statement meets the time for its analysis: then once more.
    const run = (sql: string): Promise<pg.QueryResult> =>
      client.query(sql).catch((error: pg.DatabaseError) => {
        if (error.code === '54000' && /took longer than/.test(error.message)) return run(sql);
        throw error;
      });
    const counted = async (condition: string): Promise<unknown> =>
      (await run(`SELECT count(*)::int AS n FROM things WHERE ${condition}`)).rows[0];
    expect(await counted(`id IN (${numbers.join(', ')})`)).toEqual({ n: 1 });
    expect(await counted(`id = ANY (ARRAY[${numbers.join(', ')}])`)).toEqual({ n: 1 });
    expect(await counted(`id IN (VALUES (${numbers.join('), (')}))`)).toEqual({ n: 1 });
    await client.query('BEGIN');
    const rows = numbers.slice(2, 40_000).map((i) => `(${i}, 'x')`);
    expect((await client.query(`INSERT INTO things VALUES ${rows.join(', ')}`)).rowCount).toBe(rows.length);
    await client.query('ROLLBACK');
    const script = numbers.slice(2, 5_000).map((i) => `INSERT INTO public.things (id, name) VALUES (${i}, NULL);`);
    expect(await client.query(script.join('\n'))).toHaveLength(script.length);
    await client.end();
  });
});
