/**
 * What Postgres itself locked or read for a statement is among what the analysis says of it: facts (names as written)
 * and lineage (through views and routines). The SQL is Postgres' own regression suite (DBGATE_REGRESS_SQL), each file in
 * a database of its own that has the suite's tables without rows. DBGATE_REGRESS_ALL=1 takes every file (12 minutes), DBGATE_REGRESS_FILES those that it names.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { loadGrammar } from '../../src/sql/grammar.ts';
import { withPostgres } from '../support/postgres.ts';
import { Differ, newTally, piecesOf } from './locks-differential/differ.ts';
import { WatchedSession } from './locks-differential/session.ts';

const folder = process.env.DBGATE_REGRESS_SQL ?? '';
const there = folder !== '' && existsSync(folder);
const all = process.env.DBGATE_REGRESS_ALL === '1';

/** Half a minute of them: one for each kind of statement that reads, writes or locks. */
/** Some seconds of them: one for each kind of statement that reads, writes or locks. */
const SUBSET = new Set(
  (
    process.env.DBGATE_REGRESS_FILES ??
    `cluster copy2 create_function_sql create_view delete dependency lock matview merge namespace prepare returning select
   select_into select_views triggers truncate union with`
  ).split(/\s+/),
);

/** They need another server than a throw-away one, or take it down. */
const LEFT_OUT = /^(?:test_setup|psql|psql_crosstab|event_trigger|tablespace)\.sql$/;

describe.skipIf(!there)('the regression SQL of PostgreSQL 15 on a server (DBGATE_REGRESS_SQL)', async () => {
  const server = withPostgres({ major: 15, settings: { max_locks_per_transaction: '1024', autovacuum: 'off' } });
  const grammar = await loadGrammar(15);
  const wanted = (name: string): boolean => all || SUBSET.has(name.replace(/\.sql$/, ''));
  const files = there
    ? readdirSync(folder).filter((name) => name.endsWith('.sql') && !LEFT_OUT.test(name) && wanted(name))
    : [];
  const tally = newTally();

  it('has the tables of the suite', async () => {
    await admin('CREATE DATABASE regress');
    const client = new pg.Client({ connectionString: urlOf('regress') });
    await client.connect();
    for (const { sql, type, node } of piecesOf(readFileSync(path.join(folder, 'test_setup.sql'), 'utf8'), grammar)) {
      if (type !== 'CopyStmt' || node.is_from !== true) await client.query(sql).catch(() => {});
    }
    const { rows } = await client.query("SELECT to_regclass('tenk1') IS NOT NULL AS there");
    await client.end();
    expect(rows[0].there).toBe(true);
  });

  it.each(files)('%s', { timeout: 600_000 }, async (name) => {
    const database = name.replace(/\W/g, '_');
    await admin(`CREATE DATABASE ${database} TEMPLATE regress`);
    const session = new WatchedSession(urlOf(database));
    await session.open();
    const before = tally.missed.length;
    try {
      await new Differ(session, grammar, name, tally).run(readFileSync(path.join(folder, name), 'utf8'));
    } finally {
      await session.close();
      await admin(`DROP DATABASE ${database} WITH (FORCE)`);
    }
    expect(tally.missed.slice(before)).toEqual([]);
  });

  afterAll(() => {
    const { statements, watched, failed, unwatched, relations, by } = tally;
    console.log(
      `locks: ${statements} statements of ${files.length} files: ${watched} watched, ${failed} fail, ${unwatched} not watched; ${relations} relations locked or read`,
    );
    for (const [what, count] of [...by].sort((a, b) => b[1] - a[1]))
      console.log(`${String(count).padStart(8)} ${what}`);
  });

  function urlOf(database: string): string {
    const url = new URL(server.superuserUrl);
    url.pathname = `/${database}`;
    return url.href;
  }

  async function admin(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
});
