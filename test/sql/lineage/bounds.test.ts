/** Texts that ask for more work than anyone should wait for are refused by what they ask, not by a clock. */
import { describe, expect, it } from 'vitest';
import type { Lineage } from '../../../src/sql/lineage/lineage.ts';
import { LineageTooDeep, traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();
const trace = (sql: string): Lineage => traceLineage(sql, test.grammar, test.world());
const many = (count: number, one: (i: number) => string, glue = ', '): string =>
  Array.from({ length: count }, (_, i) => one(i)).join(glue);
const nested = (depth: number, open: string, core: string, close: string): string =>
  open.repeat(depth) + core + close.repeat(depth);

describe('bounds of a trace', () => {
  it.each([
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

  it.each([
    ['NULLIF within NULLIF', `SELECT ${nested(200, 'nullif(', 'mail', ", 'x')")} FROM person`],
    ['NULLIF of a column', `SELECT ${nested(200, 'nullif(', 'mail', ', name)')} FROM person`],
    [
      'conditions within COALESCE',
      `SELECT ${nested(300, "mail = 'x' AND coalesce(", '1/code = 1', ', true)')} FROM person`,
    ],
    ['rows within rows', `SELECT ${nested(400, 'ROW(', 'mail', ', 1/code) = ROW(true, 1)')} FROM person`],
    ['COALESCE behind COALESCE', `SELECT ${nested(900, 'coalesce(name, ', 'mail', ')')} FROM person`],
    [
      'rows that are compared with a query of another width',
      `SELECT 1 FROM person WHERE ${nested(400, '(id, name) = (SELECT id FROM person WHERE ', "mail = 'x'", ')')}`,
    ],
    [
      'an operand beside a long list',
      `SELECT 1 FROM person WHERE coalesce(${many(200, () => 'mail')}) IN (${many(5000, (i) => `'${i}'`)})`,
    ],
    ['functions of what a column holds', `UPDATE person SET name = ${nested(900, 'lower(', 'name', ')')}`],
    ['a column and what is put behind it', `UPDATE person SET name = name${' || mail'.repeat(1000)}`],
    [
      'a sum of many columns',
      `SELECT ${many(1500, (i) => `c${i % 1000}`, ' + ')} FROM (SELECT ${many(1000, (i) => `code AS c${i}`)} FROM person) x`,
    ],
  ])('%s: each part is looked at once', (_what, sql) => {
    expect(trace(sql).statements).toHaveLength(1);
  });

  it('recursive queries within one another, each of which is traced until it settles', () => {
    const recursive = (depth: number): string =>
      depth === 0
        ? 'SELECT 1 AS a'
        : `WITH RECURSIVE c${depth} AS (${recursive(depth - 1)} UNION ALL SELECT a + 1 FROM c${depth}) SELECT a FROM c${depth}`;
    expect(trace(recursive(4)).statements[0]?.columns).toHaveLength(1);
    expect(() => trace(recursive(18))).toThrow(LineageTooDeep);
  });

  it('constants do not count', () => {
    const { statements } = trace(`SELECT id FROM person WHERE code IN (${many(199_000, () => '1')})`);
    expect(statements[0]?.uses).toMatchObject([{ use: 'lookup', own: 199_000 }]);
  });

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
