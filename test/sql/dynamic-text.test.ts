import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';
import { GIVEN_TEXT } from '../../src/sql/routine-bodies.ts';

const grammar = await loadGrammar(15);

/** The facts of a function's body that runs `expression`. */
function bodyOf(expression: string, declare = '', inner = '') {
  const sql = `CREATE FUNCTION f(raw text, tab regclass, tabs regclass[], n int, day date, nested jsonb) RETURNS int STABLE LANGUAGE plpgsql AS $f$
    DECLARE ${declare} result int; BEGIN ${inner} EXECUTE ${expression} INTO result; RETURN result; END $f$`;
  const analysis = analyse(sql, grammar);
  expect(analysis.error).toBeUndefined();
  return analysis.statements[0]!.routine!;
}
const subjects = (...of: Parameters<typeof bodyOf>) =>
  bodyOf(...of)
    .findings.filter(({ kind }) => kind === 'dynamic_sql')
    .map(({ subject }) => subject);

describe('a text that is put together', () => {
  it.each([
    ["'SELECT count(*) FROM t WHERE a = ' || quote_literal(raw)", false],
    ["'SELECT count(*) FROM t WHERE a = ' || n || ' LIMIT ' || n::bigint", false],
    ["'SELECT ' || 5 || ' FROM t'", false],
    ["format('SELECT count(*) FROM t WHERE a = %L AND b = %2$L', raw, raw)", false],
    ["format('SELECT 100 %% %s', n)", false],
    ["concat('SELECT a FROM t WHERE d > ', quote_nullable(raw))", false],
    ["'SELECT count(*) FROM ' || quote_ident(raw)", true],
    ["'SELECT count(*) FROM ' || tab", true],
    ["'SELECT count(*) FROM ' || tab::text", true],
    ["'SELECT count(*) FROM ' || raw::regclass", true],
    ["format('SELECT max(%I) FROM %s', raw, tab)", true],
    ["format('SELECT count(*) FROM %I.%I', raw, raw)", true],
  ])('%s is quoted throughout', (expression, names) => {
    expect(subjects(expression)).toEqual([undefined]);
    expect(bodyOf(expression).anyRelation === true).toBe(names);
  });

  it.each([
    "'SELECT ' || raw",
    "'SELECT 1 FROM t WHERE a = ''' || raw || ''''",
    "'SELECT count(*) FROM ' || (tabs)[1]",
    "'SELECT count(*) FROM ' || tabs",
    "'SELECT ' || nested ->> 'x'",
    "'SELECT ' || (SELECT expression FROM t)",
    "'SELECT ' || raw::text",
    "'SELECT ' || raw::text[]",
    "'SELECT ' || lower(raw)",
    "format('SELECT %s', raw)",
    "format('SELECT %1$s, %1$L', raw)",
    'format(raw, n)',
    "format('SELECT %s FROM t')",
    'raw',
    "quote_ident(raw) || ' FROM t'",
    "'DELETE FROM t WHERE a = ' || quote_literal(raw)",
    // A name that is given must not be a function's, a type's, or an operator's.
    "format('SELECT %I()', raw)",
    "format('SELECT %I.f()', raw)",
    "format('SELECT public.%I(1)', raw)",
    "'SELECT ' || quote_ident(raw) || '(1)'",
    "format('SELECT 1::%I', raw)",
    "'SELECT 1; SELECT ' || n",
    "'SELECT (' || n",
  ])('%s is somebody else’s', (expression) => {
    expect(subjects(expression)).toEqual([GIVEN_TEXT]);
  });

  it('knows the types of variables, but not of two of one name', () => {
    const expression = "'SELECT count(*) FROM t WHERE a = ' || v";
    expect(subjects(expression, 'v int;')).toEqual([undefined]);
    expect(subjects(expression, 'v bigint := 4;')).toEqual([undefined]);
    expect(subjects(expression, 'v text;')).toEqual([GIVEN_TEXT]);
    expect(subjects(expression, 'v int[];')).toEqual([GIVEN_TEXT]);
    expect(subjects(expression, 'v int;', 'DECLARE v text; BEGIN result := 1; END;')).toEqual([GIVEN_TEXT]);
    expect(subjects(expression, 'v text;', 'DECLARE v int; BEGIN result := 1; END;')).toEqual([GIVEN_TEXT]);
    expect(subjects("'SELECT ' || n", '', 'DECLARE n text; BEGIN result := 1; END;')).toEqual([GIVEN_TEXT]);
    expect(subjects("'SELECT count(*) FROM ' || tab", 'tab text;')).toEqual([GIVEN_TEXT]);
  });

  it('calls what it says', () => {
    const body = bodyOf("format('SELECT purge() FROM t, %I WHERE a ### b', raw)");
    expect(body.functions).toContain('purge');
    expect(body.relations).toEqual(['t']);
    expect(body.operators).toContain('###');
  });
});
