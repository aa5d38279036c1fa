import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decide } from '../../../src/policy/decide.ts';
import { readRules } from '../../../src/policy/language/read-rules.ts';
import { type Circumstances, compilePolicy, scopeRules } from '../../../src/policy/policy.ts';
import { analyse } from '../../../src/sql/analyse.ts';
import { ABSENT, DEVELOPER, grammar, OTHERS, OWN, ruleOf, TEMPORARY, type World } from '../judge.ts';

const WEDNESDAY_NOON = Date.parse('2026-11-25T12:00:00Z');
const AT: Circumstances = {
  ...DEVELOPER,
  labels: { team: 'payments', tier: '1' },
  groups: ['engineering', 'on-call'],
  names: ['ada@example.com', 'u-17'],
  application: 'psql',
  purpose: 'ticket 4711',
  nowMs: WEDNESDAY_NOON,
};

/** `allow`, or the rule that refuses, with `!` if it holds. */
function judge(rules: string, sql: string, at: Partial<Circumstances> = {}, world: World = OTHERS): string {
  const read = readRules(parse(rules));
  expect(read.faults).toEqual([]);
  const circumstances = { ...AT, ...at };
  const context = { ...circumstances, rules: scopeRules(compilePolicy(read.rules), circumstances) };
  const analysis = analyse(sql, grammar);
  const first = decide(analysis, context);
  const decision =
    first.effect === 'resolve'
      ? decide(analysis, { ...context, resolved: first.targets.map((target) => ({ target, ...world(target) })) })
      : first;
  return decision.effect === 'deny' && decision.held === true ? `${ruleOf(decision)}!` : ruleOf(decision);
}

const rule = (match: string, then = 'deny') => `[{id: x, match: {${match}}, then: ${then}}]`;

/** match → a statement or circumstance that it is meant for, and a neighbour that it is not. */
const WHO_AND_WHERE: readonly (readonly [string, Partial<Circumstances>, Partial<Circumstances>])[] = [
  ['environment: production', {}, { environment: 'prod-eu' }],
  ['environment: prod*', { environment: 'prod-eu' }, { environment: 'staging' }],
  ['tier: production', { environment: 'prod-eu' }, { environment: 'staging' }],
  ['database: shop', {}, { database: 'Shop' }],
  ['database: [billing-*, shop]', { database: 'billing-eu' }, { database: 'billing' }],
  ['labels: {team: payments}', {}, { labels: { team: 'search' } }],
  ['labels: {team: [search, pay*]}', {}, { labels: {} }],
  ['labels: {team: payments, tier: "1"}', {}, { labels: { team: 'payments' } }],
  ['labels: {toString: "*"}', { labels: { toString: 'x' } }, {}],
  ['group: on-call', {}, { groups: ['engineering'] }],
  ['user: ada@example.com', {}, { names: ['bob@example.com'] }],
  ["user: '*@example.com'", {}, { names: ['ada@example.com.evil.test'] }],
  ['user: u-17', {}, { names: [] }],
  ['kind: [agent, service]', { principalKind: 'agent' }, {}],
  ['access: write', {}, { access: 'ddl' }],
  ['access: below ddl', {}, { access: 'ddl' }],
  ['create: true', {}, { create: false }],
  ['create: false', { create: false }, {}],
  ["application: 'pgAdmin*'", { application: 'pgAdmin 4' }, {}],
  ['hours: Mon-Fri 08:00-18:00 UTC', {}, { nowMs: Date.parse('2026-11-28T12:00:00Z') }],
  ['hours: Mon-Fri 08:00-18:00 UTC', { nowMs: undefined }, { nowMs: Date.parse('2026-11-25T18:00:00Z') }],
  ['purpose: missing', { purpose: ' ' }, {}],
  ['group: on-call, kind: user, access: write', {}, { groups: [] }],
];

describe('who and where', () => {
  it.each(WHO_AND_WHERE)('%s', (match, meant, other) => {
    expect(judge(rule(match), 'SELECT 1', meant)).toBe('x');
    expect(judge(rule(match), 'SELECT 1', other)).toBe('allow');
  });
});

const STATEMENTS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'command: DELETE',
    [
      'DELETE FROM t WHERE id = 1',
      'delete from t where id = 1',
      'WITH d AS (DELETE FROM t WHERE id = 1 RETURNING 1) SELECT * FROM d',
      'EXPLAIN ANALYZE DELETE FROM t WHERE id = 1',
      'PREPARE p AS DELETE FROM t WHERE id = 1',
      'DO $$ BEGIN DELETE FROM t WHERE id = 1; END $$',
      'SELECT 1; DELETE FROM t WHERE id = 1',
    ],
    ["SELECT 'DELETE FROM t'", 'EXPLAIN DELETE FROM t WHERE id = 1', 'UPDATE t SET a = 1 WHERE id = 1'],
  ],
  ['command: TRUNCATE', ['TRUNCATE t', 'DO $$ BEGIN TRUNCATE t; END $$'], ['DELETE FROM t WHERE id = 1']],
  ['command: [lock, end]', ['LOCK TABLE t', 'COMMIT', 'END'], ['ROLLBACK']],
  ["command: 'CREATE *'", ['CREATE TABLE n (a int)', 'CREATE TEMP VIEW v AS SELECT 1'], ['SELECT 1']],
  ['class: ddl', ['CREATE TABLE n (a int)'], ['INSERT INTO t VALUES (1)']],
  ['writes: true', ['INSERT INTO t VALUES (1)', "SELECT nextval('s')"], ['SELECT 1', 'SET work_mem = 1']],
  ['writes: false, command: SELECT', ['SELECT 1'], ["SELECT nextval('s')"]],
  [
    'relation: finance.*',
    [
      'SELECT * FROM finance.salaries',
      'SELECT * FROM "finance"."salaries"',
      'SELECT 1 WHERE EXISTS (SELECT 1 FROM finance.x)',
      // Where an unqualified name leads is not known: what forbids takes it for a match.
      'SELECT * FROM salaries',
      'INSERT INTO finance.x VALUES (1)',
      'WITH a AS (SELECT * FROM finance.x) SELECT * FROM a',
    ],
    ['SELECT * FROM public.salaries', "SELECT 'finance.x'", 'SELECT * FROM "finance.x".y', 'SELECT 1'],
  ],
  [
    'relation: salaries',
    ['TABLE finance.salaries', 'TABLE salaries'],
    ['TABLE public.salaries_old', 'TABLE "Salaries"'],
  ],
  ["relation: 'public.Us?rs'", ['TABLE public."Users"'], ['TABLE public.users']],
  ['relation: finance.salaries', ['TABLE salaries', 'TABLE finance.salaries'], ['TABLE finance.other', 'TABLE other']],
  [
    "function: 'pg_sleep*'",
    ['SELECT pg_sleep(1)', 'SELECT pg_catalog.pg_sleep_for($$1s$$)', 'SELECT 1 WHERE pg_sleep(1) IS NULL'],
    ['SELECT now()', "SELECT 'pg_sleep(1)'"],
  ],
  [
    'finding: creates',
    ['CREATE TABLE n (a int)', 'SELECT 1 INTO n'],
    ['CREATE TEMP TABLE n (a int)', 'INSERT INTO t VALUES (1)'],
  ],
  ['finding: locks tables', ['LOCK TABLE t IN SHARE MODE'], ['SELECT 1']],
  ['finding: asks to write', ['BEGIN READ WRITE'], ['BEGIN']],
];

describe('the statement', () => {
  it.each(STATEMENTS)('%s', (match, meant, others) => {
    for (const sql of meant) expect(judge(rule(match), sql, {}, OWN), sql).toBe('x');
    for (const sql of others) expect(judge(rule(match), sql, {}, OWN), sql).toBe('allow');
  });
});

describe('whose object it is', () => {
  it.each([
    ['finding: drops, object: own', 'DROP TABLE t', OWN, 'x'],
    ['finding: drops, object: own', 'DROP TABLE t', TEMPORARY, 'allow'],
    ['finding: drops, object: own', 'DROP TABLE t', ABSENT, 'allow'],
    ['finding: drops, object: own', 'DROP TABLE t', OTHERS, 'production.no-drop'],
    ['finding: drops, object: temporary', 'DROP TABLE t', TEMPORARY, 'x'],
    ['object: [own, temporary]', 'ALTER TABLE t ADD a int', OWN, 'x'],
    ['object: own', 'DELETE FROM t', OWN, 'x'],
    ['object: own', 'DELETE FROM t WHERE id = 1', OWN, 'allow'],
    ['object: others', 'DROP TABLE t', OTHERS, 'x'],
    ['object: others', 'SELECT 1', OTHERS, 'allow'],
    // What a statement before it may make the name mean cannot be told.
    ['finding: drops, object: own', 'SET search_path = a; DROP TABLE t', OWN, 'x'],
  ] as const)('%s: %s', (match, sql, world, expected) => {
    expect(judge(rule(match), sql, {}, world)).toBe(expected);
  });

  it('of an administrator too, whom the shipped rules let pass', () => {
    expect(judge(rule('finding: drops, object: others'), 'DROP TABLE t', { access: 'admin' })).toBe('x');
    expect(judge(rule('finding: drops, object: others'), 'DROP TABLE t', { access: 'admin' }, OWN)).toBe('allow');
  });
});

describe('deny beats hold beats allow', () => {
  const ALLOW = '{id: open, match: {finding: truncates}, then: allow}';
  const HOLD = '{id: wait, match: {finding: truncates}, then: hold, approvers: dba}';
  const DENY = '{id: shut, match: {finding: truncates}, then: deny}';
  it.each([
    [[], 'production.no-truncate'],
    [[ALLOW], 'allow'],
    [[ALLOW, HOLD], 'wait!'],
    [[HOLD], 'wait!'],
    [[ALLOW, HOLD, DENY], 'shut'],
    [[ALLOW, DENY], 'shut'],
  ])('%j', (rules, expected) => {
    for (const order of [rules, [...rules].reverse()]) {
      expect(judge(`[${order.join(', ')}]`, 'TRUNCATE t')).toBe(expected);
    }
  });

  it('a hold is refused with a SQLSTATE of its own, and says why', () => {
    const { rules } = readRules(parse(`[${HOLD}]`));
    const context = { ...AT, rules: scopeRules(compilePolicy(rules), AT) };
    expect(decide(analyse('TRUNCATE t', grammar), context)).toEqual({
      effect: 'deny',
      held: true,
      approvers: ['dba'],
      sqlstate: 'DG002',
      rule: 'wait',
      message: 'TRUNCATE TABLE on production needs an approval: "t"',
      detail: 'rule wait: it needs an approval',
      hint: 'this gateway has no approvals, so nobody can approve it: ask an administrator of shop',
      position: 10,
    });
  });
  it.each([
    [undefined, 'this gateway has no approvals, so nobody can approve it: ask an administrator of shop'],
    [[], 'nobody has been named who could approve it: ask an administrator of shop'],
    [[{ statements: false }], 'nobody has been named who could approve it: ask an administrator of shop'],
    [[{ statements: true }], 'run it: it waits until somebody approves it'],
  ])('a hold says what to do where this may be asked for: %j', (rulesOfApprovals, hint) => {
    const { rules } = readRules(parse(`[${HOLD}]`));
    const requestable = rulesOfApprovals?.map((one) => ({ ...one, access: undefined, unmask: [], maxDurationMs: 1 }));
    const context = { ...AT, rules: scopeRules(compilePolicy(rules), AT), requestable };
    expect(decide(analyse('TRUNCATE t', grammar), context)).toMatchObject({ held: true, hint });
  });

  // An approval lets through whatever is held, so nothing else may speak against that.
  it.each([
    // Held before, refused behind it, in the text or in the statement.
    ['finding: truncates', 'TRUNCATE t; DROP TABLE t', 'production.no-drop'],
    ['finding: truncates', 'TRUNCATE t; SELECT pg_read_file($$x$$)', 'production.no-dangerous-function'],
    ['finding: truncates', 'DO $$ BEGIN TRUNCATE t; DROP TABLE t; END $$', 'production.no-drop'],
    ['finding: truncates, relation: a', 'TRUNCATE a, b', 'production.no-truncate'],
    // A rule about the whole statement opens what shipped rules say of its objects, and nothing else.
    ['class: ddl', 'DROP TABLE t', 'x!'],
    ['relation: a', 'DELETE FROM a', 'x!'],
    ['relation: a', 'SELECT pg_read_file($$x$$) FROM a', 'production.no-dangerous-function'],
    ['relation: a', 'SELECT 1 FROM a; SET ROLE x', 'production.no-acting-as'],
    ['finding: dangerous functions', 'SELECT pg_read_file($$x$$)', 'x!'],
  ])('a hold of %s on %s', (match, sql, expected) => {
    expect(judge(rule(match, 'hold'), sql)).toBe(expected);
  });

  it('whose object it is is asked before anybody is asked for an approval', () => {
    const { rules } = readRules(parse(rule('class: [write, ddl]', 'hold')));
    const context = { ...AT, access: 'write' as const, rules: scopeRules(compilePolicy(rules), AT) };
    const shut = readRules(parse('[{id: shut, match: {finding: drops, object: others}, then: deny}]')).rules;
    const both = { ...context, rules: scopeRules(compilePolicy([...rules, ...shut]), AT) };
    expect(decide(analyse('DROP TABLE t', grammar), context)).toMatchObject({ effect: 'deny', held: true });
    expect(decide(analyse('DROP TABLE t', grammar), both)).toMatchObject({ effect: 'resolve' });
  });

  it('two rules of different approvers are not approved by one of them', () => {
    const leads = '{id: leads, match: {relation: a}, then: hold, approvers: leads}';
    expect(judge(`[${leads}, ${HOLD}]`, 'DELETE FROM a WHERE id = 1; TRUNCATE t')).toBe('wait');
    expect(judge(`[${leads}, ${HOLD}]`, 'TRUNCATE a')).toBe('wait');
    const dba = '{id: dba, match: {relation: a}, then: hold, approvers: [dba]}';
    expect(judge(`[${dba}, ${HOLD}]`, 'DELETE FROM a WHERE id = 1; TRUNCATE t')).toBe('dba!');
  });
});

describe('allow', () => {
  it.each([
    ['finding: truncates', 'TRUNCATE t', 'allow'],
    ['finding: truncates', 'DROP TABLE t', 'production.no-drop'],
    ['finding: truncates', 'TRUNCATE t; DROP TABLE t', 'production.no-drop'],
    ['finding: truncates', 'DO $$ BEGIN TRUNCATE t; DROP TABLE t; END $$', 'production.no-drop'],
    ['finding: [truncates, drops]', 'DO $$ BEGIN TRUNCATE t; DROP TABLE t; END $$', 'allow'],
    ['finding: truncates, relation: scratch.*', 'TRUNCATE scratch.a', 'allow'],
    ['finding: truncates, relation: scratch.*', 'TRUNCATE scratch.a, scratch.b', 'allow'],
    ['finding: truncates, relation: scratch.*', 'TRUNCATE scratch.a, public.b', 'production.no-truncate'],
    // It may be public.a: what permits takes a doubt for no match.
    ['finding: truncates, relation: scratch.*', 'TRUNCATE a', 'production.no-truncate'],
    ['finding: drops, relation: scratch.*', 'DROP SCHEMA scratch', 'allow'],
    ['finding: drops, relation: scratch.a', 'DROP SCHEMA scratch', 'production.no-drop'],
    ['finding: dangerous functions, function: pg_cancel_backend', 'SELECT pg_cancel_backend(1)', 'allow'],
    [
      'finding: dangerous functions, function: pg_cancel_backend',
      'SELECT pg_cancel_backend(1), pg_terminate_backend(1)',
      'production.no-dangerous-function',
    ],
    ['finding: truncates, command: TRUNCATE TABLE', 'TRUNCATE t', 'allow'],
    // The command of an allow is that of all that runs.
    ['finding: truncates, command: DO', 'DO $$ BEGIN TRUNCATE t; END $$', 'production.no-truncate'],
    ['finding: delete without where, relation: scratch.*', 'DELETE FROM scratch.a', 'allow'],
    ['finding: delete without where, relation: scratch.*', 'DELETE FROM finance.a', 'production.no-unbounded-write'],
    ['finding: truncates, group: nobody', 'TRUNCATE t', 'production.no-truncate'],
    ['finding: truncates, hours: Sat 00:00-24:00 UTC', 'TRUNCATE t', 'production.no-truncate'],
  ])('%s: %s', (match, sql, expected) => {
    expect(judge(rule(match, 'allow'), sql)).toBe(expected);
  });

  it('never opens what is always refused', () => {
    const words = '[drops, truncates, alters, acts as another role, asks to write, dangerous functions, locks tables]';
    const everything = rule(`finding: ${words}`, 'allow');
    expect(judge(everything, 'DROP TABLE t', { access: 'read' })).toBe('access.read-only');
    expect(judge(everything, 'BEGIN READ WRITE', { access: 'read' })).toBe('access.read-only');
    expect(judge(everything, 'SET standard_conforming_strings = off')).toBe('session.pinned-settings');
    expect(judge(everything, 'SELEC 1')).toBe('sql.syntax');
    expect(judge(everything, 'SET ROLE x')).toBe('allow');
  });

  it('without the time, hours that allow are closed', () => {
    expect(
      judge(rule('finding: truncates, hours: daily 00:00-24:00 UTC', 'allow'), 'TRUNCATE t', { nowMs: undefined }),
    ).toBe('production.no-truncate');
  });
});

describe('what is told', () => {
  const told = (text: string, sql: string) => {
    const { rules } = readRules(parse(text));
    const decision = decide(analyse(sql, grammar), { ...AT, rules: scopeRules(compilePolicy(rules), AT) });
    return decision.effect === 'deny' ? decision : undefined;
  };
  it('is what the rule says, filled in', () => {
    const text = `[{id: x, name: rows are kept for the auditors, match: {command: DELETE, access: below admin}, then: deny,
      message: "{command} on {database} ({environment}, {tier}){subject}", hint: mark them as gone}]`;
    expect(told(text, 'SELECT 1; DELETE FROM t WHERE id = 1')).toMatchObject({
      message: 'DELETE on shop (production, production)',
      detail: 'rule x: rows are kept for the auditors',
      hint: 'mark them as gone, or ask an administrator of shop for admin access',
      position: 11,
    });
  });
  it('has a message and a hint in any case', () => {
    expect(told(rule('class: read'), 'SELECT 1')).toMatchObject({
      sqlstate: '42501',
      message: 'SELECT on production is not allowed',
      detail: 'rule x: the policy of this gateway does not allow it',
      hint: 'ask an administrator of shop',
    });
  });
});

describe('settings that a grant fixes', () => {
  const fixed = { fixedSettings: new Set(['statement_timeout', 'work_mem']) };
  it.each([
    'SET statement_timeout = 0',
    'SET LOCAL Statement_Timeout TO 0',
    "SELECT set_config('statement_timeout', '0', false)",
    "SELECT set_config('WORK_MEM', '1GB', true)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '1GB' AS 'SELECT 1'",
    'DO $$ BEGIN SET work_mem = 1; END $$',
  ])('%s', (sql) => {
    expect(judge('[]', sql, fixed)).toBe('access.fixed-settings');
    expect(judge('[]', sql, {})).not.toBe('access.fixed-settings');
  });
  it.each(['SHOW statement_timeout', 'RESET statement_timeout', 'SET lock_timeout = 1', 'DISCARD ALL'])('%s', (sql) => {
    expect(judge('[]', sql, fixed)).toBe('allow');
  });
});
