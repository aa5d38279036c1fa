import { beforeAll, describe, expect, it } from 'vitest';
import { countingOf, TrialEffect } from '../../../src/gateway/session/trial-effect.ts';
import { analyse as analyseText } from '../../../src/sql/analyse.ts';
import type { Analysis } from '../../../src/sql/facts.ts';
import { type Grammar, loadGrammar } from '../../../src/sql/grammar.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(17);
});

const analyse = (sql: string): Analysis => analyseText(sql, grammar);
const row = (...values: (string | null)[]) => values.map((value) => (value === null ? null : Buffer.from(value)));
const ON = row('s', 'on', 'f');
const MOVE = 'WITH gone AS (DELETE FROM a RETURNING id) INSERT INTO b SELECT id FROM gone';

describe('what counts the rows', () => {
  it.each([
    ['DELETE FROM a WHERE id = 1', 'tags'],
    ['SELECT 1; UPDATE a SET x = 1 WHERE id = 2', 'tags'],
    ['WITH x AS (SELECT 1) DELETE FROM a USING x WHERE id = 1', 'tags'],
    [MOVE, 'tables'],
    ['WITH gone AS (DELETE FROM a RETURNING id) SELECT * FROM gone', 'tables'],
    ['TRUNCATE a, b.c CASCADE', 'tables'],
    ['TRUNCATE a; DELETE FROM b WHERE id = 1', 'tables'],
    ['DROP TABLE a', undefined],
    ['CREATE TABLE x AS SELECT 1', undefined],
    ['TRUNCATE a; DROP TABLE b', undefined],
    ['EXPLAIN ANALYZE DELETE FROM a', undefined],
    ["COPY a FROM '/tmp/x'", undefined],
    ['DO $$ BEGIN DELETE FROM a; END $$', undefined],
    ["SELECT query_to_xml('DELETE FROM a', true, true, '')", undefined],
  ])('of %s: %s', (sql, counting) => {
    expect(countingOf(analyse(sql))).toBe(counting);
  });

  it('of what functions change is all tables; of code that is put together nothing', () => {
    const { statements, ...rest } = analyse('SELECT f()');
    const calling = (more: object): Analysis => ({ ...rest, statements: [{ ...statements[0]!, ...more }] });
    const found = (kind: string) => ({ findings: [{ kind, offset: undefined, subject: undefined }] });
    expect(countingOf(calling({}))).toBe('tags');
    expect(countingOf(calling({ callsWrite: true, nested: ['DELETE'] }))).toBe('all');
    expect(countingOf(calling({ callsWrite: true, nested: ['DELETE', 'TRUNCATE TABLE'] }))).toBeUndefined();
    for (const kind of ['dynamic_sql', 'procedural_code', 'dangerous_function']) {
      expect(countingOf(calling(found(kind))), kind).toBeUndefined();
    }
  });
});

describe('what it changed', () => {
  const table = (oid: number, name: string, counts: readonly [number, number, number], wholes = `${oid}`) =>
    row('t', String(oid), name, ...counts.map(String), wholes);
  const names = [row('n', '1', 't'), row('n', '2', 't')];
  const started = (before: (Buffer | null)[][], isOwn = true, sql = MOVE): TrialEffect => {
    const analysis = analyse(sql);
    const effect = new TrialEffect(analysis, countingOf(analysis)!);
    expect(effect.begun([ON, ...names, ...before], isOwn)).toBeUndefined();
    return effect;
  };

  it('is the difference, by what it names and what is a part of that', () => {
    const effect = started([table(1, 'a', [5, 1, 0]), table(9, 'z', [2, 0, 0])]);
    const after = [
      table(1, 'a', [5, 1, 3]),
      table(7, 'b1', [3, 0, 0], '7,2'),
      table(8, 'log', [4, 0, 0]),
      table(9, 'z', [2, 0, 0]),
    ];
    expect(effect.changed([ON, ...after], 3)).toEqual({
      rows: 6,
      effects: [
        { table: 'log', inserted: 4, updated: 0, deleted: 0, truncated: 0 },
        { table: 'a', inserted: 0, updated: 0, deleted: 3, truncated: 0 },
        { table: 'b1', inserted: 3, updated: 0, deleted: 0, truncated: 0 },
      ],
    });
  });

  it.each([
    ['a view or a table with rules', row('n', '2', 'f')],
    ['a name that is not known', row('n', null, null)],
  ])('through %s is all that was changed', (_, name) => {
    const analysis = analyse(MOVE);
    const effect = new TrialEffect(analysis, 'tables');
    effect.begun([ON, row('n', '1', 't'), name], true);
    expect(effect.changed([ON, table(8, 'log', [4, 0, 0])], 0)).toMatchObject({ rows: 4 });
  });

  it('by TRUNCATE is what was there; behind other changes in its transaction all that is counted since', () => {
    const cut = row('c', '1', 'a', '<row><n>10</n></row>', '1');
    const more = row('c', '5', 'child', '>4<', '5');
    const own = started([cut, more, table(1, 'a', [6, 0, 0])], true, 'TRUNCATE a CASCADE');
    expect(own.changed([ON, table(1, 'a', [6, 0, 0])], 0)).toMatchObject({
      rows: 10,
      effects: [
        { table: 'a', truncated: 10, inserted: 0 },
        { table: 'child', truncated: 4 },
      ],
    });
    const clients = started([cut, table(1, 'a', [6, 0, 0])], false, 'TRUNCATE a; INSERT INTO a SELECT 1');
    expect(clients.changed([ON, table(1, 'a', [7, 0, 0])], 1)).toMatchObject({ rows: 17 });
  });

  it('is not known without statistics, with rows that are hidden, and where it may change foreign tables', () => {
    const begun = (setting: (Buffer | null)[], ...more: (Buffer | null)[][]) =>
      new TrialEffect(analyse(MOVE), 'tables').begun([setting, ...more], true);
    expect(begun(row('s', 'off', 'f'), ...names)).toContain('track_counts');
    expect(begun(row('s', 'on', 't'), ...names)).toBeUndefined();
    expect(begun(row('s', 'on', 't'), row('n', null, null))).toContain('foreign');
    expect(begun(ON, ...names, row('c', '1', 'a', null, '1'))).toContain('cannot be counted');
    expect(started([]).changed([row('s', 'off', 'f')], 3)).toBeUndefined();
    expect(started([]).changed([], 3)).toBeUndefined();
    const tagged = new TrialEffect(analyse('DELETE FROM a WHERE id = 1'), 'tags');
    expect(tagged.begun([row('s', 'off', 'f')], true)).toBeUndefined();
    expect(tagged.changed([row('s', 'off', 'f')], 3)).toEqual({ rows: 3, effects: undefined });
  });
});

it('names are quoted in what is asked', () => {
  const questions = new TrialEffect(analyse(`TRUNCATE "o'neil"."A b"`), 'tables').questionsBefore.join('\n');
  expect(questions).toContain(`'"o''neil"."A b"'`);
  expect(questions).toContain(`LOCK TABLE "o'neil"."A b" IN ACCESS EXCLUSIVE MODE`);
});
