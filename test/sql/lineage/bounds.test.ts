/** Texts that ask for more work than anyone should wait for are refused by what they ask, not by a clock. */
import { describe, expect, it } from 'vitest';
import type { Lineage } from '../../../src/sql/lineage/lineage.ts';
import { LineageTooDeep, traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();
const trace = (sql: string): Lineage => traceLineage(sql, test.grammar, test.world());
const many = (count: number, one: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => one(i)).join(', ');

describe('bounds of a trace', () => {
  it.each([
    ['NULLIF within NULLIF', `SELECT ${'nullif('.repeat(19)}mail${", 'x')".repeat(19)} FROM person`],
    [
      'conditions within COALESCE',
      `SELECT ${"mail = 'x' AND coalesce(".repeat(30)} 1/code = 1 ${', true)'.repeat(30)} FROM person`,
    ],
    ['rows within rows', `SELECT ${'ROW('.repeat(30)}mail${', 1/code) = ROW(true, 1)'.repeat(30)} FROM person`],
    [
      'whole rows',
      `SELECT ${many(1000, () => 'to_jsonb(x)')} FROM (SELECT ${many(1000, (i) => `mail AS c${i}`)} FROM person) x`,
    ],
    ['more columns than PostgreSQL takes', `SELECT ${many(1665, () => 'mail')} FROM person`],
    ['stars', `SELECT ${many(140, () => '*')} FROM person`],
    [
      'columns of joins',
      `SELECT p0.mail FROM person p0 ${Array.from({ length: 1500 }, (_, i) => `JOIN person p${i + 1} USING (id)`).join(' ')}`,
    ],
  ])('%s', (_what, sql) => {
    expect(() => trace(sql)).toThrow(LineageTooDeep);
  });

  it('recursive queries within one another, each of which is traced until it settles', () => {
    const nested = (depth: number): string =>
      depth === 0
        ? 'SELECT 1 AS a'
        : `WITH RECURSIVE c${depth} AS (${nested(depth - 1)} UNION ALL SELECT a + 1 FROM c${depth}) SELECT a FROM c${depth}`;
    expect(trace(nested(4)).statements[0]?.columns).toHaveLength(1);
    expect(() => trace(nested(18))).toThrow(LineageTooDeep);
  });

  it('constants do not count', () => {
    const { statements } = trace(`SELECT id FROM person WHERE code IN (${many(199_000, () => '1')})`);
    expect(statements[0]?.uses).toMatchObject([{ use: 'lookup', own: 199_000 }]);
  }, 60_000);

  it('1,664 columns, 1,000 joins', () => {
    const [wide] = trace(`SELECT ${many(1664, (i) => `mail AS c${i}`)} FROM person`).statements;
    expect(wide?.columns).toHaveLength(1664);
    const joins = Array.from({ length: 1000 }, (_, i) => `JOIN person p${i + 1} ON p${i + 1}.id = p${i}.id`);
    const [joined] = trace(`SELECT p1000.mail, p0.* FROM person p0 ${joins.join(' ')}`).statements;
    expect(joined?.columns).toHaveLength(13);
    expect(joined?.columns?.[0]).toMatchObject({ name: 'mail', shape: { kind: 'copy' } });
    expect(joined?.unknown).toEqual([]);
  });

  it('a join without an alias is what it joins, side by side', () => {
    const names = (sql: string): readonly string[] => trace(sql).statements[0]!.columns!.map(({ name }) => name);
    const both = names('SELECT * FROM firm f JOIN chore c ON c.id = f.id');
    expect(both).toEqual(['id', 'title', 'boss_id', 'contact', 'id', 'person_id']);
    expect(names('SELECT * FROM (firm f JOIN chore c ON c.id = f.id) LEFT JOIN step s USING (chore_id)')).toHaveLength(
      8,
    );
    const [ambiguous] = trace('SELECT id FROM firm f JOIN chore c ON true').statements;
    expect(ambiguous?.columns?.[0]?.unknown).toEqual(['column "id" is ambiguous']);
    const [mixed] = trace('SELECT title, person_id, x.boss_id FROM (firm f JOIN chore c ON true) AS x').statements;
    expect(mixed?.columns?.every(({ unknown }) => unknown.length === 0)).toBe(true);
  });

  it('documents with more keys than anyone picks one of are computed', () => {
    const merged = (count: number): string | undefined => {
      const documents = many(count, (i) => `jsonb_build_object('k${i}', mail)`);
      const [statement] = trace(`SELECT coalesce(${documents}) AS d FROM person`).statements;
      const shape = statement?.columns?.[0]?.shape;
      return shape?.kind === 'json' ? shape.value.shape.kind : shape?.kind;
    };
    expect(merged(1000)).toBe('row');
    expect(merged(1001)).toBe('derived');
  });
});
