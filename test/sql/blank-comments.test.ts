/** Comments in great number: to the parser they are blanks, and every place stays where it is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankComments, blankCommentsOfBodies } from '../../src/sql/blank-comments.ts';
import { GRAMMAR_MAJORS, GrammarError, loadGrammar } from '../../src/sql/grammar.ts';

const grammar = await loadGrammar(17);

/** As the parser reads it with its comments, of which there are few. */
function places(sql: string): unknown {
  try {
    return grammar.parse(sql);
  } catch (error) {
    if (error instanceof GrammarError) return error.message;
    throw error;
  }
}

it.each(GRAMMAR_MAJORS)('side by side and within one another, by the grammar of %i', async (major) => {
  const { parse } = await loadGrammar(major);
  for (const many of ['/**/'.repeat(60_000), `${'/*'.repeat(60_000)}${'*/'.repeat(60_000)}`]) {
    const [statement] = parse(`SELECT 1${many} + a FROM t`);
    expect(JSON.stringify(statement!.node)).toContain(`"location":${8 + many.length + 3}`);
  }
});

describe('as few', () => {
  const word = fc.constantFrom(
    'SELECT',
    'a',
    '"b/*"',
    "'c/*'",
    "E'\\'/*'",
    '$$/*$$',
    '$x$ */ $x$',
    '1',
    '+',
    '-',
    ',',
    'FROM',
    't',
    ';',
  );
  const gap = fc.constantFrom(' ', '\n', '/**/', '/* ä */', '/*\n*/', '/* /* */ */', '-- /*\n', '/*--*/', "/*'*/");

  it('are what blanks of their bytes are, and nothing else is touched', () => {
    const many = '/**/'.repeat(300);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, gap), { maxLength: 12 }), (parts) => {
        const sql = parts.flat().join('');
        const told = blankComments(`${sql}\n${many}`);
        expect(Buffer.byteLength(told)).toBe(Buffer.byteLength(`${sql}\n${many}`));
        const [few, blanked] = [places(sql), places(told)];
        if (typeof few !== 'string') expect(blanked).toEqual(few);
      }),
      { numRuns: 2_000 },
    );
  });

  it('stay as they are', () => {
    const sql = `SELECT 1 ${'/**/'.repeat(200)}`;
    expect(blankComments(sql)).toBe(sql);
  });

  it('what is not closed stays, for PostgreSQL to say so', () => {
    const sql = `SELECT 1 ${'/**/'.repeat(300)} /*`;
    expect(blankComments(sql)).toBe(sql);
    expect(() => grammar.parse(sql)).toThrow(GrammarError);
  });
});

describe('within the body of a routine', () => {
  const many = '/**/'.repeat(60_000);

  it('are blanks too', () => {
    const text = `DO $a$ BEGIN ${many} PERFORM '/**/' ${many}|| $b$/**/$b$; END $a$`;
    const tree = JSON.stringify(grammar.parseRoutine(text));
    expect(tree).toMatch(/"SELECT '\/\*\*\/' +\|\| \$b\$\/\*\*\/\$b\$"/);
    expect(Buffer.byteLength(blankCommentsOfBodies(text))).toBe(text.length);
  });

  it('are what they were where they are few, or not closed', () => {
    for (const text of ['DO $$ BEGIN /* a */ NULL; END $$', `DO $$ BEGIN ${many} /* NULL; END $$`, `DO $$ ${many}`]) {
      expect(blankCommentsOfBodies(text)).toBe(text);
    }
  });
});
