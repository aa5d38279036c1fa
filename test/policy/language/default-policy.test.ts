import { describe, expect, it } from 'vitest';
import type { PolicyContext } from '../../../src/policy/context.ts';
import { DEFAULT_RULES } from '../../../src/policy/default-policy.ts';
import { DEVELOPER, judge, ruleOf } from '../judge.ts';

type Access = PolicyContext['access'];
const LEVELS: readonly Access[] = ['write', 'ddl', 'admin'];

/** Rule, a statement, the access from which it passes on production, staging, development. */
const THRESHOLDS: readonly (readonly [string, string, Access, Access, Access])[] = [
  ['no-server-files', "COPY t TO '/tmp/x'", 'admin', 'admin', 'admin'],
  ['no-server-files', "COPY t FROM PROGRAM 'x'", 'admin', 'admin', 'admin'],
  ['no-acting-as', 'SET ROLE x', 'admin', 'admin', 'admin'],
  ['no-acting-as', 'SET SESSION AUTHORIZATION x', 'admin', 'admin', 'admin'],
  ['no-alter-system', 'ALTER SYSTEM SET a = 1', 'admin', 'admin', 'admin'],
  ['no-extension', 'CREATE EXTENSION x', 'admin', 'admin', 'ddl'],
  ['no-grant', 'GRANT SELECT ON t TO u', 'admin', 'admin', 'ddl'],
  ['no-role', 'CREATE ROLE x', 'admin', 'admin', 'admin'],
  ['no-database', 'CREATE DATABASE x', 'admin', 'admin', 'admin'],
  ['no-server-object', 'CREATE PUBLICATION p FOR ALL TABLES', 'admin', 'admin', 'admin'],
  ['no-load', "LOAD 'x'", 'admin', 'admin', 'admin'],
  ['no-dangerous-function', "SELECT pg_read_file('x')", 'admin', 'admin', 'ddl'],
  [
    'no-security-definer',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    'admin',
    'admin',
    'ddl',
  ],
  ['no-drop', 'DROP TABLE t', 'ddl', 'ddl', 'write'],
  ['no-truncate', 'TRUNCATE t', 'ddl', 'ddl', 'write'],
  ['no-alter', 'ALTER TABLE t ADD a int', 'ddl', 'ddl', 'write'],
  ['no-maintenance', 'VACUUM FULL t', 'ddl', 'write', 'write'],
  ['no-unbounded-write', 'DELETE FROM t', 'ddl', 'write', 'write'],
  ['no-opaque-code', "DO $$ BEGIN EXECUTE format('x'); END $$", 'admin', 'ddl', 'write'],
  ['no-prepared-transaction', "PREPARE TRANSACTION 'x'", 'admin', 'ddl', 'write'],
];

describe('the shipped rules', () => {
  it.each(THRESHOLDS)('%s: %s', (id, sql, ...from) => {
    for (const [index, environment] of ['production', 'staging', 'development'].entries()) {
      for (const access of LEVELS) {
        const passes = LEVELS.indexOf(access) >= LEVELS.indexOf(from[index]!);
        const found = ruleOf(judge(sql, { ...DEVELOPER, environment, access }));
        expect(found, `${environment} ${access}`).toBe(passes ? 'allow' : `${environment}.${id}`);
      }
    }
  });

  it('are all in that table, but no-create', () => {
    const listed = new Set(THRESHOLDS.map(([id]) => `{tier}.${id}`));
    expect(DEFAULT_RULES.map(({ id }) => id).filter((id) => !listed.has(id))).toEqual(['{tier}.no-create']);
  });

  it('take an unknown environment for production, and say its own word', () => {
    expect(judge('DROP TABLE t', { ...DEVELOPER, environment: 'qa' })).toMatchObject({
      rule: 'production.no-drop',
      message: 'DROP TABLE on qa is not allowed: "t"',
    });
  });
});
