import { beforeAll, describe, expect, it } from 'vitest';
import { haveInCommon, namesChanged, namesUsed } from '../../../src/gateway/session/schema-names.ts';
import { analyse } from '../../../src/sql/analyse.ts';
import { type Grammar, loadGrammar } from '../../../src/sql/grammar.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(15);
});

const concerns = (change: string, statement: string): boolean =>
  haveInCommon(
    namesChanged(analyse(change, grammar).statements),
    namesUsed(analyse(statement, grammar).statements, false),
  );

describe('a change of the schema', () => {
  it.each([
    ['DROP TABLE a', 'SELECT x FROM a'],
    ['CREATE TABLE other.a (x int)', 'SELECT x FROM a'],
    ['CREATE OR REPLACE VIEW "s.t"."a.b" AS SELECT 1', 'SELECT * FROM "a.b"'],
    ['CREATE FUNCTION upper(int) RETURNS int LANGUAGE sql AS $$SELECT 1$$', "SELECT upper('x')"],
    ['CREATE TYPE pair AS (a int)', "SELECT '(1)'::pair"],
    // What else may be another by it cannot be told.
    ['ALTER TABLE a RENAME TO b', 'SELECT x FROM b'],
    ['DROP TABLE a CASCADE', 'SELECT x FROM v'],
    ['ALTER TABLE a DROP y CASCADE', 'SELECT x FROM b'],
    ['ALTER TABLE a ADD y int', 'SELECT x FROM s.a'],
    ['ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)', 'SELECT x FROM c'],
    ['ALTER TABLE a ADD y int, INHERIT b', 'SELECT x FROM c'],
    ['ALTER TABLE a OWNER TO somebody', 'SELECT x FROM b'],
    ['CREATE TABLE a (x int) INHERITS (b)', 'SELECT x FROM c'],
    ['ALTER TYPE a RENAME ATTRIBUTE x TO y', 'SELECT (c).y FROM b'],
    ['ALTER FUNCTION a() RENAME TO b', 'SELECT c()'],
    ['CREATE SCHEMA s', 'SELECT x FROM a'],
    ['DO $$ BEGIN NULL; END $$', 'SELECT x FROM a'],
  ])('%s concerns %s', (change, statement) => {
    expect(concerns(change, statement)).toBe(true);
  });

  it.each([
    ['CREATE TABLE a (x int)', 'SELECT x FROM b'],
    ['DROP FUNCTION f(int)', 'SELECT g(1) FROM b'],
    ['CREATE TYPE pair AS (a int)', 'SELECT x FROM b'],
    ['ALTER TABLE a ADD y int', 'SELECT'],
    ['ALTER TABLE a ADD y int REFERENCES c', 'SELECT x FROM b'],
    ['ALTER TABLE a RENAME y TO b', 'SELECT x FROM b'],
    ['ALTER TABLE a RENAME TO c', 'SELECT x FROM b'],
    ['ALTER TABLE a SET SCHEMA b', 'SELECT x FROM b'],
    ['CREATE TABLE a (x int REFERENCES c)', 'SELECT x FROM b'],
    ['CREATE INDEX b ON a (x)', 'SELECT x FROM c'],
  ])('%s does not concern %s', (change, statement) => {
    expect(concerns(change, statement)).toBe(false);
  });

  it('concerns everything that reads through other names', () => {
    expect(haveInCommon(new Set(['a']), namesUsed(analyse('SELECT 1', grammar).statements, true))).toBe(true);
  });
});
