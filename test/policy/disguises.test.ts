import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEVELOPER, grammar, judge } from './judge.ts';

/** Words of dangerous statements, so that what is between them can vary; `"x"` are names. */
const DANGEROUS = [
  'DELETE FROM "audit_log"',
  'DELETE FROM "audit_log" WHERE true',
  'DELETE FROM "audit_log" WHERE "id" = "id"',
  'DELETE FROM "audit_log" WHERE "id" <= 1000000',
  'UPDATE "users" SET "status" = 1',
  'TRUNCATE TABLE "users"',
  'DROP TABLE "audit_log"',
  'DROP VIEW "public" . "v"',
  'ALTER TABLE "users" DROP COLUMN "email"',
  'ALTER SYSTEM SET "work_mem" = 1',
  'GRANT ALL ON "users" TO "x"',
  'SET ROLE "hr"',
  'SET SESSION AUTHORIZATION "hr"',
  'COPY "users" TO PROGRAM \'sh\'',
  'SELECT "pg_terminate_backend" ( 1 )',
  "SELECT \"set_config\" ( 'role' , 'hr' , false )",
  'SELECT * FROM "pg_catalog" . "pg_read_file" ( \'x\' )',
  'CREATE EXTENSION "dblink"',
  'VACUUM FULL "users"',
];

/** White space and comments, also those that look like the end or the start of something. */
const blank = fc.constantFrom(
  ' ',
  '\n',
  '\t',
  ' /* SELECT */ ',
  '/**/',
  ' -- x\n',
  " /* ' */ ",
  ' /* ; */ ',
  ' /* /* */ */ ',
  '\r\n',
  ' /* $$ */ ',
  ' --\\\n',
  ' /* " */ ',
);
const caseOf = (word: string) =>
  fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((upper) =>
      [...word].map((letter, i) => (upper[i] === true ? letter.toUpperCase() : letter.toLowerCase())).join(''),
    );

/** A name stays quoted, or is written bare in any case. */
function disguise(statement: string): fc.Arbitrary<string> {
  const words = statement.split(' ').map((word) => {
    if (word.startsWith("'")) return fc.constant(word);
    if (!word.startsWith('"')) return caseOf(word);
    const bare = word.slice(1, -1);
    return fc.oneof(fc.constant(word), caseOf(bare), fc.constant(`U&${word}`));
  });
  return fc
    .tuple(fc.tuple(...words), fc.array(blank, { minLength: words.length + 1, maxLength: words.length + 1 }))
    .map(([parts, blanks]) => blanks[0]! + parts.map((part, i) => part + blanks[i + 1]).join(''));
}

/** Ways to send a statement so that it runs, sooner or later. */
const WRAPPERS: readonly ((sql: string) => string)[] = [
  (sql) => sql,
  (sql) => `${sql};`,
  (sql) => `;;${sql}`,
  (sql) => `SELECT 1;${sql}`,
  (sql) => `${sql}; SELECT 1`,
  (sql) => `BEGIN;${sql};COMMIT`,
  (sql) => `DO $w$ BEGIN ${sql.replace(/^(\s|--[^\n]*\n|\/\*.*?\*\/)*select/i, 'PERFORM ')}; END $w$`,
  (sql) => `DO $w$ BEGIN EXECUTE $e$${sql}$e$; END $w$`,
  (sql) => `DO $w$ BEGIN EXECUTE $e$${sql.slice(0, 3)}$e$ || $e$${sql.slice(3)}$e$; END $w$`,
  (sql) => `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $w$${sql}$w$`,
  (sql) => `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $w$ BEGIN EXECUTE $e$${sql}$e$; END $w$`,
  (sql) => `SELECT '--'; ${sql}`,
  (sql) => `SELECT $x$;$x$; ${sql}`,
  (sql) => `SELECT E'\\''; ${sql}`,
];
/** Only for what can stand in a query. */
const QUERY_WRAPPERS: readonly ((sql: string) => string)[] = [
  (sql) => `EXPLAIN ANALYZE ${sql}`,
  (sql) => `EXPLAIN (COSTS off, ANALYZE) ${sql}`,
  (sql) => `PREPARE p AS ${sql}`,
];
const RETURNING_WRAPPERS: readonly ((sql: string) => string)[] = [
  (sql) => `WITH x AS (${sql} RETURNING 1) SELECT * FROM x`,
  (sql) => `WITH a AS (SELECT 1), x AS (${sql} RETURNING 1) INSERT INTO t SELECT * FROM x`,
  (sql) => `COPY (${sql} RETURNING 1) TO STDOUT`,
];

const disguised = fc.constantFrom(...DANGEROUS).chain((statement) => {
  const wrappers = [...WRAPPERS];
  if (/^(DELETE|UPDATE|SELECT)/.test(statement)) wrappers.push(...QUERY_WRAPPERS);
  if (/^(DELETE|UPDATE)/.test(statement)) wrappers.push(...RETURNING_WRAPPERS);
  return fc.tuple(disguise(statement), fc.constantFrom(...wrappers)).map(([sql, wrap]) => wrap(sql));
});

describe('disguises', () => {
  it('comments, case, quoting, blocks, CTEs and EXPLAIN never make a dangerous statement pass', () => {
    let parsed = 0;
    fc.assert(
      fc.property(disguised, (sql) => {
        const decision = judge(sql, DEVELOPER);
        expect(decision.effect, sql).toBe('deny');
        if (decision.effect === 'deny' && decision.rule !== 'sql.syntax') parsed++;
      }),
      { numRuns: 3000 },
    );
    // A denial for a syntax error would prove nothing.
    expect(parsed).toBeGreaterThan(2700);
    expect(() => grammar.parse('DELETE FROM t')).not.toThrow();
  });
});
