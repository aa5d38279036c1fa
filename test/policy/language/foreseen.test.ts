import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decide } from '../../../src/policy/decide.ts';
import type { Decision, ResolveDecision } from '../../../src/policy/decision.ts';
import { type Foresight, HARMLESS, type TouchedColumn, UNFORESEEN } from '../../../src/policy/foresight.ts';
import { readRules } from '../../../src/policy/language/read-rules.ts';
import { compilePolicy, scopeRules } from '../../../src/policy/policy.ts';
import { analyse } from '../../../src/sql/analyse.ts';
import { DEVELOPER, grammar, OTHERS, ruleOf } from '../judge.ts';

function contextOf(rules: string) {
  const read = readRules(parse(rules));
  expect(read.faults).toEqual([]);
  return { ...DEVELOPER, rules: scopeRules(compilePolicy(read.rules), DEVELOPER) };
}

const first = (rules: string, sql: string): Decision => decide(analyse(sql, grammar), contextOf(rules));

/** With all that was asked for. */
function judge(rules: string, sql: string, foresight: Foresight): Decision {
  const context = contextOf(rules);
  const analysis = analyse(sql, grammar);
  const decision = decide(analysis, context);
  if (decision.effect !== 'resolve') return decision;
  const resolved = decision.targets.map((target) => ({ target, ...OTHERS(target) }));
  const foreseen = analysis.statements.map(() => foresight);
  return decide(analysis, { ...context, resolved, ...(decision.foresee === undefined ? {} : { foreseen }) });
}

const column = (name: string, classes: TouchedColumn['classes'] = []): TouchedColumn => {
  const [schema, table, last] = name.split('.');
  return { schema: schema!, table: table!, column: last!, classes };
};
const touching = (...columns: TouchedColumn[]): Foresight => ({ ...HARMLESS, columns });
const rule = (match: string, then = 'deny') => `[{id: x, match: {${match}}, then: ${then}}]`;

describe('what is asked for', () => {
  const CASES: readonly (readonly [string, string, readonly string[] | undefined])[] = [
    ['column: hr.salaries.amount', 'SELECT a FROM t', ['columns']],
    ['column class: email', 'SELECT f()', ['columns']],
    ['column: hr.salaries.amount', 'SELECT 1', undefined],
    ['column: hr.salaries.amount', 'BEGIN', undefined],
    ['column: hr.salaries.amount', 'SET work_mem = 1', undefined],
    ['column: hr.salaries.amount, command: DELETE', 'SELECT a FROM t', undefined],
    ['column: hr.salaries.amount, relation: other', 'SELECT a FROM t', undefined],
    ['column: hr.salaries.amount, finding: drops', 'SELECT a FROM t', undefined],
    ['cascades: true', 'DELETE FROM t WHERE id = 1', ['effects']],
    ['cascades: true, triggers: true', 'UPDATE t SET a = 1 WHERE id = 1', ['effects']],
    ['triggers: true', 'SELECT * FROM t', undefined],
    ['estimated rows: over 10', 'SELECT * FROM t', ['rows']],
    ['estimated rows: over 10', 'SELECT 1', undefined],
    ['estimated rows: over 10', 'SHOW search_path', undefined],
    ['relation: t', 'SELECT 1', undefined],
  ];
  it.each(CASES)('%s of %s', (match, sql, needs) => {
    const decision = first(rule(match), sql);
    if (needs === undefined) expect(decision.effect).toBe('allow');
    else expect(decision).toMatchObject({ effect: 'resolve', targets: [], foresee: needs });
  });

  it('nothing, where no rule has such a word', () => {
    for (const sql of ['SELECT * FROM t', 'DELETE FROM t WHERE id = 1', 'SELECT f()', 'DROP TABLE t']) {
      const decision = first(rule('relation: other'), sql);
      expect(decision.effect === 'resolve' && decision.foresee !== undefined).toBe(false);
    }
  });

  it('in one go with whose the objects are, and what another rule denies is denied at once', () => {
    const rules = '[{id: x, match: {finding: drops, column: a.b}, then: hold}]';
    expect(first(rules, 'DROP TABLE t')).toMatchObject({ effect: 'resolve', foresee: ['columns'] });
    expect((first(rules, 'DROP TABLE t') as ResolveDecision).targets.length).toBeGreaterThan(0);
    expect(
      ruleOf(
        first(
          '[{id: x, match: {column: a.b}, then: deny}, {id: y, match: {relation: t}, then: deny}]',
          'SELECT a FROM t',
        ),
      ),
    ).toBe('y');
  });
});

describe('column', () => {
  const meets = (match: string, ...columns: TouchedColumn[]) =>
    ruleOf(judge(rule(match), 'SELECT a FROM t', touching(...columns)));

  it.each([
    ['column: hr.salaries.amount', 'hr.salaries.amount', 'hr.salaries.person'],
    ['column: salaries.amount', 'any.salaries.amount', 'hr.people.amount'],
    ['column: hr.*.*', 'hr.people.name', 'sales.people.name'],
    ["column: '*.*amount*'", 'x.y.total_amount_eur', 'x.y.total'],
    ['column: [a.b, c.d]', 's.c.d', 's.a.d'],
  ])('%s', (match, met, other) => {
    expect(meets(match, column(met))).toBe('x');
    expect(meets(match, column(other))).toBe('allow');
    expect(meets(match, column(other), column(met))).toBe('x');
    expect(meets(match)).toBe('allow');
  });

  it('by its class; what nobody has looked at may be of any', () => {
    expect(meets('column class: [email, phone]', column('s.t.c', ['email']))).toBe('x');
    expect(meets('column class: [email, phone]', column('s.t.c', ['geo']))).toBe('allow');
    expect(meets('column class: email', { ...column('s.t.c'), classes: undefined })).toBe('x');
    // Both of one column.
    expect(meets('column: t.c, column class: email', column('s.t.c', []), column('s.t.d', ['email']))).toBe('allow');
  });

  it('by the tables that it inherits from', () => {
    const part = { ...column('hr.salaries_2024.amount'), alsoNamed: [column('hr.salaries.amount')] };
    expect(meets('column: hr.salaries.amount', part)).toBe('x');
  });

  it('says what it met', () => {
    const decision = judge(
      rule('column: hr.salaries.amount'),
      'SELECT a FROM t',
      touching(column('hr.salaries.amount')),
    );
    expect(decision).toMatchObject({
      message: 'SELECT on production is not allowed: "hr.salaries.amount"',
      detail: expect.stringContaining('it reads or writes hr.salaries.amount'),
      matched: { columns: ['hr.salaries.amount'] },
    });
  });
});

describe('what is not known', () => {
  it.each([
    ['column: a.b', 'SELECT a FROM t', 'columns'],
    ['cascades: true', 'DELETE FROM t WHERE id = 1', 'cascades'],
    ['cascades: false', 'DELETE FROM t WHERE id = 1', 'cascades'],
    ['triggers: true', 'DELETE FROM t WHERE id = 1', 'triggers'],
    ['estimated rows: over 10', 'SELECT a FROM t', 'estimated rows'],
  ])('meets a rule that denies or holds: %s', (match, sql, what) => {
    expect(judge(rule(match), sql, UNFORESEEN)).toMatchObject({ rule: 'x', matched: { unknown: [what] } });
    expect(judge(rule(match, 'hold'), sql, UNFORESEEN)).toMatchObject({ rule: 'x', held: true });
    expect(judge(rule(match, 'hold'), sql, UNFORESEEN)).toMatchObject({
      detail: expect.stringContaining('could not be told'),
    });
  });

  it('meets none that allows', () => {
    const sql = 'DELETE FROM t';
    for (const match of ['cascades: false', 'triggers: false', 'column: "*.*"', 'estimated rows: over 0']) {
      const rules = rule(`finding: delete without where, ${match}`, 'allow');
      expect(ruleOf(judge(rules, sql, UNFORESEEN))).toBe('production.no-unbounded-write');
    }
    const rules = rule('finding: delete without where, cascades: false', 'allow');
    expect(ruleOf(judge(rules, sql, HARMLESS))).toBe('allow');
    expect(ruleOf(judge(rules, sql, { ...HARMLESS, cascades: ['s.t'] }))).toBe('production.no-unbounded-write');
    const columns = rule('finding: delete without where, column: "t.*"', 'allow');
    expect(ruleOf(judge(columns, sql, touching(column('s.t.a'))))).toBe('allow');
    expect(ruleOf(judge(columns, sql, touching(column('s.t.a'), column('s.u.a'))))).toBe(
      'production.no-unbounded-write',
    );
  });

  it('of one statement is not that of another', () => {
    const context = contextOf(rule('column: a.b'));
    const analysis = analyse('SELECT a FROM t; SELECT b FROM t', grammar);
    const met = touching(column('s.a.b'));
    expect(ruleOf(decide(analysis, { ...context, foreseen: [HARMLESS, HARMLESS] }))).toBe('allow');
    expect(ruleOf(decide(analysis, { ...context, foreseen: [HARMLESS, met] }))).toBe('x');
    // One that is missing is not known.
    expect(ruleOf(decide(analysis, { ...context, foreseen: [HARMLESS] }))).toBe('x');
  });
});

it('a hold that meets opens what a shipped rule closes, one that does not leaves it closed', () => {
  const rules = rule('finding: delete without where, cascades: true', 'hold');
  expect(judge(rules, 'DELETE FROM t', { ...HARMLESS, cascades: ['s.u'] })).toMatchObject({ rule: 'x', held: true });
  expect(ruleOf(judge(rules, 'DELETE FROM t', HARMLESS))).toBe('production.no-unbounded-write');
});

it('estimated rows', () => {
  const rows = (estimatedRows: number) =>
    ruleOf(judge(rule('estimated rows: over 1000'), 'SELECT a FROM t', { ...HARMLESS, estimatedRows }));
  expect([rows(999), rows(1000), rows(1001)]).toEqual(['allow', 'allow', 'x']);
});

it('refuses what is no such pattern', () => {
  const faults = (match: string) => readRules(parse(rule(match))).faults.map(({ message }) => message);
  expect(faults('column: amount')[0]).toContain('expected `table.column`');
  expect(faults('column: a.b.c.d')[0]).toContain('expected `table.column`');
  expect(faults('column: a..c')[0]).toContain('expected `table.column`');
  expect(faults('estimated rows: 100')[0]).toContain('expected `over`');
  expect(faults('column class: mail')[0]).toContain('unknown word');
  expect(faults('cascades: maybe')[0]).toContain('expected `true` or `false`');
});
