/** What a string constant stands for, beside what PostgreSQL's own parser makes of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrammarError, loadGrammar } from '../../src/sql/grammar.ts';
import { stringValue } from '../../src/sql/string-value.ts';
import { endOfString } from '../../src/sql/token-ends.ts';
import { as, child, list, unwrap } from '../../src/sql/tree.ts';

const grammar = await loadGrammar(17);

/** Undefined: to PostgreSQL it is not one constant. */
function parsed(constant: string): string | undefined {
  try {
    const [statement] = grammar.parse(`SELECT ${constant}`);
    const [target] = list(unwrap(statement!.node)![1], 'targetList');
    const value = as(child(as(target, 'ResTarget')!, 'val'), 'A_Const');
    return value === undefined ? undefined : ((child(value, 'sval')?.sval as string | undefined) ?? '');
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

const plain = fc.constantFrom('a', ' ', '\n', '--', '/*', 'é', '😀', '$$', '"', 'x', 'u', '7', "''");
const escaped = fc.constantFrom('\\\\', "\\'", '\\n', '\\t', '\\r', '\\b', '\\f', '\\q', '\\é', '\\😀', '\\\n', '\\8');
const code = fc.constantFrom('\\x41', '\\101', '\\u00e9', '\\U0001F600', '\\u12', '\\xg', '\\xC3\\xA9');
const between = fc.constantFrom('\n', ' \r\n\t', " -- it's\n", '\n--\n -- \\\n');

function constants(part: fc.Arbitrary<string>, prefix: string): fc.Arbitrary<string> {
  const piece = fc.array(part, { maxLength: 6 }).map((parts) => `'${parts.join('')}'`);
  const more = fc.array(fc.tuple(between, piece), { maxLength: 2 }).map((all) => all.flat().join(''));
  return fc.tuple(piece, more).map(([first, rest]) => prefix + first + rest);
}

function read(constant: string): { value: string; isCoded: boolean } {
  const quote = constant.indexOf("'");
  expect(endOfString(constant, quote, constant.length, quote === 1)).toBe(constant.length);
  return stringValue(constant, quote, constant.length, quote === 1);
}

describe('a string constant stands for what PostgreSQL reads', () => {
  it('of plain ones and those with escapes', () => {
    const any = fc.oneof(constants(fc.oneof(plain, fc.constant('\\')), ''), constants(fc.oneof(plain, escaped), 'E'));
    fc.assert(
      fc.property(any, (constant) => {
        expect(read(constant)).toEqual({ value: parsed(constant), isCoded: false });
      }),
      { numRuns: 2_000 },
    );
  });

  it('of those with codes, or it says that there are some', () => {
    let coded = 0;
    fc.assert(
      fc.property(constants(fc.oneof(plain, escaped, code), 'e'), (constant) => {
        const { value, isCoded } = read(constant);
        if (isCoded) coded++;
        else expect(value).toBe(parsed(constant));
      }),
      { numRuns: 1_000 },
    );
    expect(coded).toBeGreaterThan(100);
  });

  it.each([
    ["E'\\x41\\101\\u0041\\U00000041'", 'AAAA'],
    ["E'\\xg\\u00e9'", 'xgé'],
    ["E'\\U0001F600'", '😀'],
  ])('%s', (constant, value) => {
    expect(read(constant)).toEqual({ value, isCoded: true });
    expect(parsed(constant)).toBe(value);
  });

  it.each([
    ["'open", 0, 'open'],
    ["E'open\\", 1, 'open'],
    ["'a'\n'b", 0, 'ab'],
  ])('of what is not closed as much as there is: %s', (text, quote, value) => {
    expect(stringValue(text, quote, text.length, quote === 1).value).toBe(value);
  });
});
