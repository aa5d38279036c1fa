import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { RULES } from '../../src/policy/rules.ts';
import { analyse } from '../../src/sql/analyse.ts';
import { ABSENT, ADMIN, ANALYST, DEVELOPER, grammar, judge, OTHERS, OWN, ruleOf, TEMPORARY } from './judge.ts';

const DDL = { ...DEVELOPER, access: 'ddl' } as const;

describe('CASCADE', () => {
  const own = { oid: 16_384, own: true, temporary: false };

  it.each(['DROP SCHEMA s CASCADE', 'DROP TABLE t CASCADE', 'TRUNCATE t CASCADE', 'ALTER TABLE t DROP c CASCADE'])(
    '%s needs that nobody else’s objects depend on it',
    (sql) => {
      expect(judge(sql, DEVELOPER, () => ({ ...own, othersDepend: false }))).toEqual({ effect: 'allow' });
      expect(judge(sql, DEVELOPER, () => ({ ...own, othersDepend: true }))).toMatchObject({ effect: 'deny' });
      // Not looked up is not known.
      expect(judge(sql, DEVELOPER, () => own)).toMatchObject({ effect: 'deny' });
    },
  );

  it('without it, Postgres itself refuses while something depends', () => {
    expect(judge('DROP TABLE t', DEVELOPER, () => ({ ...own, othersDepend: true }))).toEqual({ effect: 'allow' });
  });
});

describe('an extension that is to be there', () => {
  const present = 'CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public';

  it('changes nothing where it is', () => {
    expect(decide(analyse(present, grammar), DEVELOPER).effect).toBe('resolve');
    expect(judge(present, DEVELOPER, OTHERS)).toEqual({ effect: 'allow' });
    expect(judge('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', DEVELOPER, OTHERS)).toEqual({ effect: 'allow' });
  });

  it.each([
    [present, ABSENT],
    [present, () => undefined],
    ['CREATE EXTENSION hstore', OTHERS],
    ['DROP EXTENSION IF EXISTS hstore', OTHERS],
    ['ALTER EXTENSION hstore UPDATE', OTHERS],
    [`DO $$ BEGIN ${present}; END $$`, OTHERS],
    [`DROP EXTENSION hstore; ${present}`, OTHERS],
    [`SELECT removes_it(); ${present}`, OTHERS],
  ] as const)('%s is refused', (sql, names) => {
    expect(judge(sql, DEVELOPER, names as typeof OTHERS)).toMatchObject({ effect: 'deny' });
  });

  it('is nothing for who may only read', () => {
    expect(judge(present, ANALYST, OTHERS)).toMatchObject({ effect: 'deny' });
  });
});

describe('whose object it is', () => {
  const CHANGES = [
    'DROP TABLE t',
    'DROP TABLE IF EXISTS a, b.c',
    'DROP FUNCTION f(int, text[])',
    'DROP TYPE s.t',
    'DROP SCHEMA s CASCADE',
    'ALTER TABLE t ADD c int',
    'ALTER TABLE t RENAME TO u',
    'CREATE INDEX i ON t (a)',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    'TRUNCATE t',
    'DELETE FROM t',
    'UPDATE t SET a = 1',
    'VACUUM FULL t',
    'CLUSTER t',
    'REINDEX TABLE t',
    'REFRESH MATERIALIZED VIEW m',
    'LOCK TABLE t',
    "COMMENT ON TABLE t IS 'x'",
    'CREATE TRIGGER t BEFORE INSERT ON r EXECUTE FUNCTION f()',
    'WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x',
    'BEGIN; ALTER TABLE t ADD c int; COMMIT',
  ];

  it.each(CHANGES)('%s', (sql) => {
    const first = decide(analyse(sql, grammar), DEVELOPER);
    expect(first.effect).toBe('resolve');
    expect(judge(sql, DEVELOPER, OTHERS).effect).toBe('deny');
    expect(judge(sql, DEVELOPER, OWN)).toEqual({ effect: 'allow' });
    expect(judge(sql, DEVELOPER, ABSENT)).toEqual({ effect: 'allow' });
    expect(judge(sql, DEVELOPER, TEMPORARY)).toEqual({ effect: 'allow' });
    expect(judge(sql, DDL, OTHERS)).toEqual({ effect: 'allow' });
  });

  it('names what to look up so that to_reg* reads it back', () => {
    const targets = (sql: string) => {
      const decision = decide(analyse(sql, grammar), DEVELOPER);
      return decision.effect === 'resolve' ? decision.targets.map(({ kind, lookup }) => [kind, lookup]) : [];
    };
    expect(targets('DROP TABLE "Odd ""Name", s.t')).toEqual([
      ['relation', '"Odd ""Name"'],
      ['relation', 's.t'],
    ]);
    expect(targets('DROP FUNCTION s.f(int, "T"[], OUT x text)')).toEqual([['function', 's.f(pg_catalog.int4, "T"[])']]);
    expect(
      targets('CREATE OR REPLACE FUNCTION f(a int, OUT b text, VARIADIC c int[]) LANGUAGE sql AS $$SELECT 1$$'),
    ).toEqual([['function', 'f(pg_catalog.int4, pg_catalog.int4[])']]);
    expect(targets('ALTER DOMAIN d SET NOT NULL')).toEqual([['type', 'd']]);
    expect(targets('DROP POLICY p ON s.t')).toEqual([['relation', 's.t']]);
    expect(targets('DELETE FROM s."T"')).toEqual([['relation', 's."T"']]);
  });

  it('never takes a name for one’s own that means something later', () => {
    for (const sql of [
      'PREPARE p AS DELETE FROM t',
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'",
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE t'",
      'DO $$ BEGIN TRUNCATE t; END $$',
      'DO $$ BEGIN SET search_path = finance; DELETE FROM t; END $$',
      'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END',
    ]) {
      for (const world of [OWN, ABSENT, TEMPORARY]) expect(judge(sql, DEVELOPER, world).effect, sql).toBe('deny');
    }
  });

  it('does not trust a look-up past a statement that may change what names mean', () => {
    for (const earlier of [
      'SET search_path = finance',
      'RESET ALL',
      'ROLLBACK',
      'COMMIT',
      'DISCARD ALL',
      "SELECT set_config('search_path', 'finance', false)",
      'SELECT own_function()',
      'INSERT INTO own_table VALUES (1)',
      'CALL p()',
      'EXECUTE p',
      'DO $$ BEGIN NULL; END $$',
      'DROP TABLE t',
      'ALTER TABLE t RENAME TO u',
    ]) {
      expect(judge(`${earlier}; DROP TABLE t`, DEVELOPER, TEMPORARY).effect, earlier).toBe('deny');
      expect(judge(`${earlier}; DELETE FROM t`, DEVELOPER, ABSENT).effect, earlier).toBe('deny');
    }
    for (const earlier of ['BEGIN', 'CREATE TABLE u (a int)', 'DROP TABLE u', 'SAVEPOINT s']) {
      expect(judge(`${earlier}; DROP TABLE t`, DEVELOPER, OWN).effect, earlier).toBe('allow');
    }
  });

  it('wants the grant `create` for one’s own and for new objects, but not for temporary ones', () => {
    const guest = { ...DEVELOPER, create: false };
    expect(ruleOf(judge('CREATE TABLE t (a int)', guest))).toBe('production.no-create');
    expect(ruleOf(judge("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", guest))).toBe(
      'production.no-create',
    );
    expect(ruleOf(judge('CREATE OR REPLACE VIEW v AS SELECT 1', guest, ABSENT))).toBe('production.no-create');
    expect(ruleOf(judge('DROP TABLE t', guest, OWN))).toBe('production.no-drop');
    expect(ruleOf(judge('SELECT 1 INTO t', guest))).toBe('production.no-create');
    for (const sql of [
      'CREATE TEMP TABLE t (a int)',
      'CREATE TEMP TABLE t AS SELECT 1',
      'SELECT 1 INTO TEMP t',
      'CREATE TABLE pg_temp.t (a int)',
    ]) {
      expect(judge(sql, guest), sql).toEqual({ effect: 'allow' });
    }
    expect(judge('CREATE INDEX ON t (a)', guest, TEMPORARY)).toEqual({ effect: 'allow' });
  });
});

describe('bounds', () => {
  it('looks up no more names than a session can wait for', () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(', ');
    expect(judge(`DROP TABLE ${names(500)}`, DEVELOPER, OWN).effect).toBe('allow');
    expect(judge(`DROP TABLE ${names(501)}`, DEVELOPER, OWN)).toMatchObject({
      sqlstate: '54000',
      rule: 'sql.too-many-objects',
    });
  });

  it('refuses a text of very many statements', () => {
    expect(judge('SELECT 1;'.repeat(10_000), DEVELOPER).effect).toBe('allow');
    expect(judge('SELECT 1;'.repeat(10_001), DEVELOPER)).toMatchObject({ sqlstate: '54000', rule: 'sql.not-analysed' });
  });

  it('refuses a text of very many words and operators, and says what to do', () => {
    const list = (n: number): string => Array.from({ length: n }, (_, i) => `a${i}`).join(', ');
    expect(judge(`SELECT ${list(99_997)} FROM t`, DEVELOPER).effect).toBe('allow');
    expect(judge(`SELECT ${list(100_000)} FROM t`, DEVELOPER)).toMatchObject({
      sqlstate: '54001',
      rule: 'sql.not-analysed',
      message: 'statement has 100003 words and operators, more than 100000 are not analysed',
      hint: expect.stringContaining('= ANY (ARRAY[…])'),
    });
  });

  it('gives up on a condition that is too involved, as one that does not narrow', () => {
    const deep = (n: number): string =>
      n === 0
        ? 'SELECT t.id FROM t WHERE t.id = 1'
        : `SELECT x${n}.id FROM (${deep(n - 1)}) x${n} WHERE x${n}.id IN (${n})`;
    expect(judge(`DELETE FROM t WHERE t.id IN (${deep(3)})`, DEVELOPER).effect).toBe('allow');
    const from = (n: number): string =>
      n === 0 ? 'SELECT t.id FROM t' : `SELECT x.id FROM (${from(n - 1)}) x, (${from(n - 1)}) y`;
    expect(judge(`DELETE FROM t WHERE t.id IN (${from(9)})`, DEVELOPER).effect).toBe('deny');
  });
});

describe('access read', () => {
  it.each([
    'SELECT 1',
    'TABLE t',
    'EXPLAIN DELETE FROM t',
    'EXPLAIN ANALYZE SELECT * FROM t',
    'BEGIN READ ONLY',
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
    'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
    'SET default_transaction_read_only = on',
    'SHOW ALL',
    'SET work_mem = 1',
    'PREPARE p AS SELECT $1::int',
    'EXECUTE p(1)',
    'DEALLOCATE p',
    'DECLARE c CURSOR FOR SELECT 1',
    'FETCH ALL FROM c',
    'CLOSE c',
    'COPY t TO STDOUT',
    'COPY (SELECT 1) TO STDOUT',
    'LISTEN x',
    'UNLISTEN *',
    'DISCARD ALL',
    'LOCK TABLE a, b IN ACCESS SHARE MODE',
    'SELECT pg_try_advisory_lock(1)',
    'SELECT 1; SELECT 2',
  ])('may: %s', (sql) => {
    expect(judge(sql, ANALYST)).toEqual({ effect: 'allow' });
  });

  it.each([
    'INSERT INTO t VALUES (1)',
    'UPDATE t SET a = 1 WHERE id = 1',
    'WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM x',
    'EXPLAIN ANALYZE INSERT INTO t VALUES (1)',
    'PREPARE p AS INSERT INTO t VALUES (1)',
    'COPY t FROM STDIN',
    'COPY (INSERT INTO t VALUES (1) RETURNING 1) TO STDOUT',
    'CREATE TEMP TABLE t (a int)',
    'SELECT 1 INTO TEMP t',
    'SELECT * FROM t FOR UPDATE',
    'SELECT * FROM (SELECT * FROM t FOR SHARE) x',
    'LOCK TABLE t IN ROW EXCLUSIVE MODE',
    "SELECT nextval('s')",
    "SELECT setval('s', 1)",
    'SELECT lo_unlink(1)',
    'BEGIN READ WRITE',
    'START TRANSACTION READ WRITE',
    'SET TRANSACTION READ WRITE',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
    'SET transaction_read_only = off',
    'SET LOCAL transaction_read_only TO 0',
    'SET default_transaction_read_only = false',
    'RESET default_transaction_read_only',
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT set_config('Default_Transaction_Read_Only', $1, false)",
    'DO $$ BEGIN NULL; END $$',
    'CALL p()',
    'NOTIFY x',
    'ANALYZE t',
    'VACUUM t',
    'DROP TABLE t',
    'SELECT pg_cancel_backend(1)',
  ])('may not: %s', (sql) => {
    expect(judge(sql, ANALYST, OWN).effect).toBe('deny');
  });

  it('asks for the access that the statement would need', () => {
    const hint = (sql: string) => {
      const decision = judge(sql, ANALYST);
      return decision.effect === 'deny' ? decision.hint : '';
    };
    expect(hint('INSERT INTO t VALUES (1)')).toContain('ask an administrator of shop for write access');
    expect(hint('DROP TABLE t')).toContain('ask an administrator of shop for ddl access');
    expect(hint('GRANT a TO b')).toContain('ask an administrator of shop for admin access');
  });
});

describe('who may ask', () => {
  const MAY = [
    { access: 'write', unmask: [], maxDurationMs: 20 * 60_000 },
    { access: 'ddl', unmask: 'all', maxDurationMs: 4 * 3_600_000 },
  ] as const;
  const asked = (sql: string, who = { ...ANALYST, requestable: MAY }) => {
    const decision = judge(sql, who);
    return decision.effect === 'deny' ? [decision.hint, decision.ask?.tables] : [];
  };

  it.each([
    ['INSERT INTO t VALUES (1)', 'dbgate request shop --access write --tables t --for 20m --reason "…"', ['t']],
    ['DROP TABLE s.t, u', 'dbgate request shop --access ddl --tables s.t,u --for 1h --reason "…"', ['s.t', 'u']],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'dbgate request shop --access ddl --for 1h --reason "…"',
      undefined,
    ],
    ['DELETE FROM "T"', 'dbgate request shop --access write --for 20m --reason "…"', undefined],
    ['DELETE FROM t; DROP TABLE u', 'dbgate request shop --access write --for 20m --reason "…"', undefined],
  ])('is told what to type: %s', (sql, hint, tables) => {
    expect(asked(sql)).toEqual([hint, tables]);
  });

  it('is told whom to ask where no rule gives it', () => {
    expect(asked('GRANT a TO b')).toEqual(['ask an administrator of shop for admin access', undefined]);
  });
});

describe('staging and development', () => {
  const staging = { ...DEVELOPER, environment: 'staging' };
  const development = { ...DEVELOPER, environment: 'development' };
  it.each([
    ['DELETE FROM t', 'allow', 'allow'],
    ['DROP TABLE t', 'staging.no-drop', 'allow'],
    ['ALTER TABLE t ADD c int', 'staging.no-alter', 'allow'],
    ['VACUUM FULL t', 'allow', 'allow'],
    ["DO $$ BEGIN EXECUTE format('x'); END $$", 'staging.no-opaque-code', 'allow'],
    ['ALTER SYSTEM SET a = 1', 'staging.no-alter-system', 'development.no-alter-system'],
    ['SET standard_conforming_strings = off', 'session.pinned-settings', 'session.pinned-settings'],
    ['SET ROLE x', 'staging.no-acting-as', 'development.no-acting-as'],
  ])('%s', (sql, onStaging, onDevelopment) => {
    expect(ruleOf(judge(sql, staging))).toBe(onStaging);
    expect(ruleOf(judge(sql, development))).toBe(onDevelopment);
  });
});

describe('a denial', () => {
  it('says what, where, why and what to do', () => {
    expect(judge('/* é */ DROP TABLE s.audit_log', DEVELOPER)).toEqual({
      effect: 'deny',
      sqlstate: '42501',
      rule: 'production.no-drop',
      message: 'DROP TABLE on production is not allowed: "s.audit_log"',
      detail: 'rule production.no-drop: objects that others made are not dropped without approval',
      hint: 'ask an administrator of shop for ddl access',
      position: 9,
    });
  });

  it('counts characters, not bytes', () => {
    const decision = judge("SELECT '😀é' ; DELETE FROM t", DEVELOPER);
    expect(decision).toMatchObject({ effect: 'deny', position: 27 });
  });

  it('points behind blanks and comments within comments', () => {
    const reader = { ...DEVELOPER, access: 'read' as const };
    expect(judge('/* é /* 日 */ x */ -- c\n  UPDATE t SET a = 1 WHERE id = 1', reader)).toMatchObject({ position: 26 });
    expect(judge('SELECT 1; /* é */\n UPDATE t SET a = 1 WHERE id = 1', reader)).toMatchObject({ position: 20 });
  });

  it('of a syntax error looks like Postgres’ own', () => {
    expect(judge("SELECT 'é' FRM x", DEVELOPER)).toEqual({
      effect: 'deny',
      sqlstate: '42601',
      rule: 'sql.syntax',
      message: 'syntax error at or near "x"',
      detail: '',
      hint: '',
      position: 16,
    });
    expect(judge('SELEC 1', ADMIN)).toMatchObject({ sqlstate: '42601', position: 1 });
  });

  it('of what could not be analysed says so', () => {
    expect(judge('SELECT 1\0', ADMIN)).toMatchObject({ effect: 'deny', sqlstate: '22021', rule: 'sql.not-analysed' });
  });

  it('of an unknown command is there for everybody', () => {
    const analysis = analyse('SELECT 1', grammar);
    const facts = { ...analysis.statements[0]!, command: 'UNKNOWN', class: 'unknown' as const };
    expect(ruleOf(decide({ ...analysis, statements: [facts] }, ADMIN))).toBe('sql.unknown-command');
  });
});

describe('the rules', () => {
  it('have different names', () => {
    expect(new Set(RULES.map((rule) => rule.id)).size).toBe(RULES.length);
  });

  it('are all in the list', () => {
    const files = readdirSync('src/policy/rules').map((file) => file.replace('.ts', ''));
    const list = readFileSync('src/policy/rules.ts', 'utf8');
    for (const file of files) expect(list).toContain(`'./rules/${file}.ts'`);
    expect(RULES).toHaveLength(files.length);
  });

  it('know facts, never a parser or its nodes', () => {
    const files = readdirSync('src/policy', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const source = readFileSync(`src/policy/${file}`, 'utf8');
      for (const [, module] of source.matchAll(/from '([^']+)'/g)) {
        expect(module, file).not.toMatch(/pg-query|libpg|ast-parser|sql\/(tree|grammar|walk|analyse|names|statements)/);
      }
      expect(source, file).not.toMatch(/\b[A-Z][A-Za-z]+Stmt\b|RangeVar|A_Const|OBJECT_[A-Z]/);
    }
  });
});
