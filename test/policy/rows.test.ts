/** Whose rows are they: tables of one's own are emptied freely, views never, and a list of one's own bounds a join. */
import { describe, expect, it } from 'vitest';
import { DEVELOPER, judge, ruleOf, type World } from './judge.ts';

/** What each name stands for. */
const world =
  (names: Readonly<Record<string, 'own' | 'others' | 'temporary' | 'own view' | 'temporary view'>>): World =>
  ({ lookup }) => {
    const what = names[lookup ?? ''];
    return {
      oid: what === undefined ? undefined : 1,
      own: what?.startsWith('own') ?? false,
      temporary: what?.startsWith('temporary') ?? false,
      isView: what?.endsWith('view') ?? false,
    };
  };

const DENIED = 'production.no-unbounded-write';

describe('writes to all rows', () => {
  it.each([
    ['DELETE FROM t', { t: 'own' }, 'allow'],
    ['DELETE FROM t', { t: 'temporary' }, 'allow'],
    ['DELETE FROM t', { t: 'others' }, DENIED],
    ['DELETE FROM t', { t: 'own view' }, DENIED],
    ['DELETE FROM t', { t: 'temporary view' }, DENIED],
    ['DELETE FROM pg_temp.t', { 'pg_temp.t': 'temporary view' }, DENIED],
    ['DELETE FROM pg_temp.t', { 'pg_temp.t': 'temporary' }, 'allow'],
    ['DELETE FROM t USING l WHERE t.id = l.id', { t: 'others', l: 'temporary' }, 'allow'],
    ['DELETE FROM t USING l WHERE t.id = l.id', { t: 'others', l: 'own' }, 'allow'],
    ['DELETE FROM t USING l WHERE t.id = l.id', { t: 'others', l: 'others' }, DENIED],
    ['DELETE FROM t USING l WHERE t.id = l.id', { t: 'others', l: 'temporary view' }, DENIED],
    ['DELETE FROM t USING l WHERE t.id > l.id', { t: 'others', l: 'temporary' }, DENIED],
    ['DELETE FROM t USING l, m WHERE t.id = m.id', { t: 'others', l: 'temporary', m: 'others' }, DENIED],
    ['DELETE FROM t WHERE id IN (SELECT id FROM l)', { t: 'others', l: 'temporary' }, 'allow'],
    ['DELETE FROM t WHERE id IN (SELECT id FROM l)', { t: 'others', l: 'others' }, DENIED],
    ['DELETE FROM t WHERE id IN (SELECT t.id FROM l)', { t: 'others', l: 'temporary' }, DENIED],
    ['UPDATE t SET a = l.a FROM public.l WHERE t.id = l.id', { t: 'others', 'public.l': 'own' }, 'allow'],
    ['MERGE INTO t USING l ON t.id = l.id WHEN MATCHED THEN DELETE', { t: 'others', l: 'temporary' }, 'allow'],
    ['MERGE INTO t USING l ON t.id = l.id WHEN MATCHED THEN DELETE', { t: 'others', l: 'others' }, DENIED],
    ["SELECT setval('s', 1)", { s: 'own' }, 'allow'],
    ["SELECT setval('s', 1)", { s: 'others' }, 'production.no-alter'],
    ["SELECT setval('16384', 1)", { '16384': 'own' }, 'production.no-alter'],
    ["SELECT setval(pg_get_serial_sequence('t', 'id'), 1)", { t: 'own' }, 'allow'],
    ["SELECT setval(pg_get_serial_sequence('t', 'id'), 1)", { t: 'others' }, 'production.no-alter'],
    ['SELECT lo_unlink(oid) FROM pg_largeobject_metadata', {}, DENIED],
    ['SELECT lo_unlink(4711)', {}, 'allow'],
    ['SELECT lo_unlink(g) FROM (VALUES (1), (2)) v(g)', {}, 'allow'],
    ['CREATE AGGREGATE a (text, bool) (SFUNC = set_config, STYPE = text)', {}, 'session.pinned-settings'],
    ["SELECT ts_rewrite('a'::tsquery, 'SELECT 1')", {}, 'production.no-dangerous-function'],
  ] as const)('%s with %j: %s', (sql, names, expected) => {
    expect(ruleOf(judge(sql, DEVELOPER, world(names)))).toBe(expected);
  });
});
