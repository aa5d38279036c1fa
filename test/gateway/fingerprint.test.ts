/** A fingerprint is the same for texts that differ in literals, comments and blanks, and for no others. */
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/gateway/fingerprint.ts';
import { LiteralTokens } from '../../src/sql/literal-tokens.ts';

const tokens = new LiteralTokens();
function of(sql: string): string {
  tokens.scan(sql);
  return fingerprintOf(sql, tokens);
}

const blank = fc.constantFrom(' ', '\n', '\t \r\n', '/* a; b */', '-- x\n', '  ', '\f', '\v');
const word = fc.constantFrom('SELECT', 'a', '"b  c"', ',', '(', ')', ';', '*', '::int', '= ', 'ü', '"日本"');
const literal = fc.constantFrom("'x'", '5', "E'\\''", '$q$ ; $q$', "'é'", '-1.5e3', "B'01'");
const piece = fc.oneof(
  blank.map((text) => ({ text, means: ' ' })),
  word.map((text) => ({ text, means: text })),
  literal.map((text) => ({ text, means: text.startsWith('-') ? '-?' : '?' })),
);

describe('a fingerprint', () => {
  it('is the hash of what is left without literals, comments and needless blanks', () => {
    // Not glued together: that would be another token, or one constant on two lines.
    const comma = { text: ' ,', means: ' ,' };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.oneof(blank, fc.constant(';'))), (pieces, ends) => {
        const end = ends.map((text) => ({ text, means: text === ';' ? ';' : ' ' }));
        const all = [...pieces.flatMap((one) => [one, comma]), ...end];
        const left = all
          .map(({ means }) => means)
          .join('')
          .replace(/\s+/g, ' ')
          .replace(/[\s;]+$/, '')
          .trim();
        expect(of(all.map(({ text }) => text).join(''))).toBe(hash('sha256', left).slice(0, 16));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["SELECT 'a', 1", "\tSELECT 'b' , 2 -- c\n;;", false],
    ["SELECT 'a',1;", "SELECT 'b',22 ; ", true],
    ["SELECT 'a' FROM ü", "SELECT 'é'/**/FROM   ü;", true],
    ['SELECT a', 'SELECT b', false],
  ])('of %s and %s', (one, other, same) => {
    expect(of(one) === of(other)).toBe(same);
  });
});
