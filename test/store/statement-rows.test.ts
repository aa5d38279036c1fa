import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StoredRecord } from '../../src/store/event-log.ts';
import { openIndexDatabase } from '../../src/store/index-database.ts';
import { cleanUp, temporaryDirectory } from './log-fixture.ts';

const at = (minute: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + minute * 60_000).toISOString();

function intent(session: string, n: unknown, minute: number, sql: string): object {
  const facts = { fingerprint: 'f', command: 'SELECT', class: 'read', relations: [], columns: {} };
  const body = { salt: 's', sql, hash: 'h' };
  const rest = { protocol: 'simple', ...facts, decision: 'allow', binds: 0, body };
  return { v: 2, kind: 'statement.intent', at: at(minute), session, n, ...rest };
}

function outcome(session: string, n: number, rows: unknown, more: object = {}): object {
  return { v: 2, kind: 'statement.outcome', at: at(0), session, n, rows, bytes: 7, ms: 1.5, masked: 0, ...more };
}

const long = `SELECT '${'x'.repeat(5_000)}'`;
const RECORDS: readonly object[] = [
  intent('a', 1, 0, long),
  intent('b', 1, 0, 'SELECT 2'),
  outcome('a', 1, 3),
  // A pipeline.
  intent('a', 2, 9, 'SELECT 3'),
  intent('a', 3, 9, long),
  outcome('a', 2, 4, { sqlstate: '42P01' }),
  outcome('a', 3, 5, { masked: 2 }),
  outcome('b', 1, 6, { fate: 'rolled_back' }),
  // Another ten minutes.
  intent('b', 2, 11, 'SELECT 4'),
  // What has no sense leaves its neighbours alone.
  outcome('b', 2, 'many'),
  intent('b', 'three', 12, 'SELECT 5'),
  intent('b', 4, 12, 'SELECT 6'),
  outcome('b', 4, 7),
  // A number that is taken.
  intent('b', 4, 13, 'SELECT 7'),
  outcome('b', 4, 8),
  intent('b', 5, 30, 'SELECT 8'),
];

/** What is in the index of them, put in by batches of these lengths. */
function indexed(lengths: readonly number[]): unknown {
  const index = openIndexDatabase(join(temporaryDirectory(), 'index.sqlite'), 0);
  cleanUp(() => index.close());
  let senseless = 0;
  let from = 0;
  for (const length of lengths) {
    const records = RECORDS.slice(from, from + length).map(
      (record, i): StoredRecord => ({
        position: from + i + 1,
        stream: 'audit',
        streamSeq: from + i + 1,
        payload: JSON.stringify(record),
      }),
    );
    from += records.length;
    senseless += index.apply(records, { segment: 1, offset: from, position: from });
  }
  const all = (sql: string) => index.sqlite.prepare(sql).all();
  return [senseless, all('SELECT * FROM statement'), all('SELECT * FROM span'), all('SELECT id, shape_id FROM text')];
}

it('has the same rows whether an outcome comes in the batch of its intent or later', () => {
  const one = indexed(RECORDS.map(() => 1));
  for (const first of [0, 3, 5, 10, 12, 14]) expect(indexed([first, RECORDS.length - first])).toEqual(one);
  const [senseless, statements, spans, texts] = one as [number, Record<string, unknown>[], unknown[], unknown[]];
  expect(senseless).toBe(2);
  expect(statements.map(({ position, rows, answered }) => [position, rows, answered])).toEqual([
    [1, 3, 2],
    [2, 6, 6],
    [4, 4, 2],
    [5, 5, 2],
    [9, null, null],
    [12, 8, 3],
    [16, null, null],
  ]);
  expect(spans).toHaveLength(3);
  expect(texts).toHaveLength(8);
});
