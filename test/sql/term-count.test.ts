/** What counts of a text, against PostgreSQL's own scanner, and what is refused for having too much of it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { type Grammar, loadGrammar } from '../../src/sql/grammar.ts';
import { countTerms } from '../../src/sql/term-count.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

let grammar: Grammar;
let scan: (sql: string) => { tokens: Token[] };
beforeAll(async () => {
  grammar = await loadGrammar(18);
  scan = ((await import('pg-query-18')) as unknown as { scanSync: typeof scan }).scanSync;
});

const count = (sql: string): number => countTerms(sql, Number.POSITIVE_INFINITY).terms;
const times = (n: number, part: (i: number) => string, between: string): string =>
  Array.from({ length: n }, (_, i) => part(i)).join(between);

describe('a text has as many terms as', () => {
  it.each<[string, number]>([
    ['', 0],
    ['SELECT a.b, "c d".e FROM t WHERE id = 1 OR id <> 2', 13],
    ["SELECT 1, -2, +.5, 'x', E'\\'', U&'x', B'1', $$y$$, $a$ b c $a$, $1, NULL, true, FALSE, DEFAULT", 1],
    ["INSERT INTO t (a, b) VALUES (1, 'x'), (-1, NULL), ( /* c */ 'a b c', 2)", 8],
    ['SELECT (1), (a), ((1)), (-1)', 6],
    ['SELECT ARRAY[[1, 2], [3, 4]]', 4],
    ["SELECT '2026-01-01'::date, N'x'", 4],
    ['SELECT 1-1, 1 - 1, 1=-1, - 1, -a', 8],
    ['SELECT 1+-+1, 1<->-1, a ->> 1, a@-1', 10],
    ["SELECT 'a''b' -- a b c\n 'still one' /* a /* b */ c */", 1],
    ['SELECT 1;;', 3],
  ])('%j', (sql, expected) => {
    expect(count(sql)).toBe(expected);
  });

  it('PostgreSQL finds', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."SELECT,a,t.b,null,TRUE,default,nulls,x1,é,n'q',(,),[,],;,.,:,::,:=,$1,1,2.5,.5,1e5 ,0x1f ".split(','),
      ),
      fc.constantFrom(',', ',', ',', '(', '(', '+', '-', '*', '/', '<', '>', '=', '<=', '->', '||', '@', '!', '%', '?'),
      fc.constantFrom(
        "'x'",
        "'a''b'",
        "E'\\''",
        "U&'x'",
        'U&"x"',
        "B'01'",
        "x'1f'",
        '$$ a $$',
        '$q$ $$ $q$',
        '"a "" b"',
      ),
      fc.constantFrom(' -- c a\n', '/* c */', '/* /* c */ */', '\n', '\t', "\n'x'"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.constantFrom('', '', ' ')), { maxLength: 30 }), (parts) => {
        const sql = `SELECT ${parts.flat().join('')}`;
        let tokens: Token[];
        try {
          tokens = scan(sql).tokens;
        } catch {
          return;
        }
        expect(count(sql), sql).toBe(termsOf(tokens));
      }),
      { numRuns: 5_000 },
    );
  });

  it('are, and no more are counted than asked for', () => {
    expect(countTerms('a '.repeat(1000), 10).terms).toBe(11);
    expect(countTerms('1,'.repeat(1000), 10).constants).toBe(11);
  });
});

/** By what PostgreSQL found. */
function termsOf(all: readonly Token[]): number {
  const tokens = all.filter(({ text }) => !/^(?:--|\/\*)/.test(text));
  const isNumber = (i: number): boolean => /^\.?\d/.test(tokens[i]?.text ?? '');
  const isConstant = (i: number): boolean =>
    isNumber(i) || /^(?:[ebx]?'|u&'|\$|(?:null|true|false|default)$)/i.test(tokens[i]?.text ?? '');
  const isSign = (i: number): boolean =>
    /^[+-]$/.test(tokens[i]?.text ?? '') &&
    /^[,([]$/.test(tokens[i - 1]?.text ?? '') &&
    tokens[i]!.end === tokens[i + 1]?.start &&
    isNumber(i + 1);
  return tokens.filter(({ text }, i) => {
    if (/^(?:[,)\]]|\.\.?)$/.test(text) || isConstant(i) || isSign(i)) return false;
    if (!/^[([]$/.test(text) || tokens[i - 1]?.text !== ',') return true;
    return !isConstant(isSign(i + 1) ? i + 2 : i + 1);
  }).length;
}

describe('a statement with too many of them', () => {
  const error = (sql: string) => analyse(sql, grammar).error;

  it.each<[string, string, string]>([
    ['terms of an expression', `SELECT 1 FROM t WHERE ${times(100_000, (i) => `a = ${i}`, ' OR ')}`, '300003'],
    ['words', `SELECT ${times(900_000, () => 'long_name', ', ')} FROM t`, '900003'],
    ['signs', `SELECT ${'+-'.repeat(100_000)}1`, '200001'],
    ['brackets', `SELECT ${'('.repeat(200_000)}1${')'.repeat(200_000)}`, '200001'],
    ['rows that are computed', `INSERT INTO t VALUES ${times(60_000, (i) => `(${i}, now())`, ',')}`, '120005'],
    ['statements without anything', ';'.repeat(10_000_000), 'more than 1000000'],
    ['what is no SQL', 'no '.repeat(200_000), '200000'],
  ])('is not parsed: %s', (_what, sql, terms) => {
    const { parse } = grammar;
    expect(error(sql)).toEqual({
      kind: 'too_complex',
      message: `statement has ${terms} words and operators, more than 100000 are not analysed`,
      sqlstate: '54001',
      cursorPosition: undefined,
    });
    expect(() => parse(sql)).toThrow(/more than 100000/);
  });

  it('is not parsed either within another', () => {
    const many = times(100_001, () => 'NULL', ' AND ');
    for (const sql of [
      `DO $$ BEGIN PERFORM ${many}; END $$`,
      `DO $$ BEGIN ${'PERFORM 1; '.repeat(60_000)} END $$`,
      `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $x$ BEGIN PERFORM ${many}; END $x$`,
      `CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT ${many}'`,
    ]) {
      expect(error(sql)).toMatchObject({ kind: 'too_complex', sqlstate: '54001' });
    }
  });

  it.each<[string, string]>([
    ['rows of constants', `INSERT INTO t (a, b, c) VALUES ${times(100_000, (i) => `(${i}, 'a b ${i}', -1.5)`, ', ')}`],
    ['constants in IN', `SELECT a FROM t WHERE a IN (${times(100_000, String, ', ')})`],
    ['constants in an array', `SELECT a FROM t WHERE a = ANY (ARRAY[${times(100_000, (i) => `'x ${i}'`, ', ')}])`],
    ['one constant', `SELECT '${'a + b '.repeat(1_000_000)}'`],
    ['a comment', `SELECT 1 /* ${'a + b '.repeat(1_000_000)} */`],
    ['a script of 10,000 statements', times(10_000, (i) => `INSERT INTO public.t VALUES (${i}, 'a', NULL);`, '\n')],
    ['tables', times(100, (i) => `CREATE TABLE t${i} (${times(100, (j) => `c${j} integer NOT NULL`, ', ')});`, '\n')],
    ['terms up to the bound', `SELECT 1 FROM t WHERE ${times(33_332, (i) => `a = ${i}`, ' OR ')}`],
  ])('is none: %s', (_what, sql) => {
    expect(sql.length).toBeGreaterThan(100_000);
    expect(error(sql)).toBeUndefined();
  });
});
