/** What PL/pgSQL's parser searches of a routine, against what it declares, and what is refused for having too much of it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { countSearched } from '../../src/sql/declared-names.ts';
import { type Grammar, loadGrammar, TooComplexError } from '../../src/sql/grammar.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(18);
});

const many = (n: number, one: (i: number) => string, glue = ' '): string =>
  Array.from({ length: n }, (_, i) => one(i)).join(glue);
const routine = (declarations: string, statements: string): string =>
  `DO $$ DECLARE ${declarations} BEGIN ${statements} END $$`;
/** What the last word of a routine is looked for among. */
const namesOf = (sql: string): number =>
  countSearched(sql.replace(/\bEND \$\$$/, 'x END $$$$'), Number.POSITIVE_INFINITY) -
  countSearched(sql, Number.POSITIVE_INFINITY);

describe('names that a routine declares', () => {
  it.each<[string, string, number]>([
    ['variables', routine('a int; b text := $x$;$x$; c t.d%TYPE; "e;" int;', 'NULL;'), 4],
    ['behind a comment', routine('a int; -- ;;\n b int; /* ; */', 'NULL;'), 2],
    ['cursors and what they take', routine('a CURSOR (b int, c int) FOR SELECT b; d numeric(8, 2);', 'NULL;'), 3],
    ['those of a block within', routine('a int;', 'DECLARE b int; c int; BEGIN NULL; END;'), 3],
    [
      'what CASE compares, of a statement',
      routine('a int;', 'CASE a WHEN 1 THEN NULL; END CASE; a := CASE a WHEN 1 THEN 2 END;'),
      2,
    ],
    ['behind an option', 'DO $$ #variable_conflict use_variable\nDECLARE a int; BEGIN NULL; END $$', 1],
  ])('%s', (_what, sql, expected) => {
    // The word before the body is taken for one.
    expect(namesOf(sql) - 1).toBe(expected);
    expect(() => grammar.parseRoutine(sql)).not.toThrow();
  });

  it.each<[string, (n: number) => string]>([
    [
      'variables',
      (n) =>
        routine(
          many(n, (i) => `v${i} int;`),
          'NULL;',
        ),
    ],
    [
      'variables that are set',
      (n) =>
        routine(
          many(n / 2, (i) => `v${i} int;`),
          many(n, (i) => `v${i % (n / 2)} := 1;`),
        ),
    ],
    [
      'parameters',
      (n) =>
        `CREATE FUNCTION f(${many(n / 2, (i) => `OUT p${i} int`, ', ')}) LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$`,
    ],
    [
      'cursors',
      (n) =>
        routine(
          many(n / 2, (i) => `v${i} CURSOR (a int) FOR SELECT a;`),
          'NULL;',
        ),
    ],
  ])('too many %s are refused before they are parsed, some hundreds are not', (_what, made) => {
    expect(analyse(made(600), grammar).error).toBeUndefined();
    expect(analyse(made(8_000), grammar).error).toMatchObject({
      kind: 'too_complex',
      message: expect.stringMatching(
        /^statement has more than \d+ words times declared names in a routine, more than 16000000 are/,
      ),
    });
    expect(() => grammar.parseRoutine(made(8_000))).toThrow(TooComplexError);
  });
});
