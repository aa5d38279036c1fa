/** The tables that read a text against the same rules, counted one after another. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AT, DIGITS, DOTS, LONG, scanSigns, TOKEN } from '../../src/classify/scan-signs.ts';

/** Words that a secret follows, by their ends; letters are told by five bits of theirs. */
const SECRET_WORD = /(?:word|sswd|cret|oken|asic|arer|rase|ials|tial|pwd|key)$/;
const asLetters = (some: string): string =>
  [...some].map((char) => String.fromCharCode(96 + (char.charCodeAt(0) & 31))).join('');

function counted(text: string): number {
  let found = 0;
  let [digits, dots, colons, dashes] = [0, 0, 0, 0];
  let run = '';
  for (const [at, char] of [...text].entries()) {
    const isLetterOrDigit = /[A-Za-z0-9]/.test(char);
    const isDigit = /\d/.test(char);
    if (isLetterOrDigit) {
      digits = isDigit ? digits + 1 : 0;
      if (digits >= 6) found |= DIGITS;
      if (digits >= 9) found |= LONG;
      if (isDigit && (dots >= 3 || colons >= 2)) found |= DOTS;
      if (!isDigit) dots = 0;
      run += char;
      dashes = 0;
      if (run.length >= 12 && /[A-Zg-z]/.test(run) && (/\d/.test(run) || run.length >= 20)) found |= TOKEN | LONG;
      continue;
    }
    if (char === '-') {
      run += char;
      if (++dashes >= 5) found |= TOKEN;
      continue;
    }
    dashes = 0;
    if (char === '_') {
      run += char;
      continue;
    }
    run = '';
    if (char === '.') dots++;
    else if (char === ' ') [dots, colons] = [0, 0];
    else if (char === ':') {
      digits = 0;
      if (++colons >= 2) found |= DOTS;
    } else if (!/[()/+\x80-\xff]/.test(char)) [digits, dots, colons] = [0, 0, 0];
    if (char === '@') found |= AT;
    if (/[%\\&]/.test(char)) found |= AT | TOKEN;
    if (/[$=]/.test(char)) found |= TOKEN;
    if (/[: "]/.test(char) && SECRET_WORD.test(asLetters(text.slice(Math.max(0, at - 4), at)))) found |= TOKEN;
  }
  return found;
}

const alphabet = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 60 });
const text = fc.oneof(
  alphabet('0123456789abcdefgxyzABZ---___..:: ()/+@%\\&$="\'#\n\u00e9,;'),
  alphabet('0123456789.: -ab'),
  alphabet('aBc1_-'),
  fc
    .array(fc.constantFrom('password', 'PWD', 'token', 'api-key', ': ', '"', ' ', '1', 'x'), { maxLength: 12 })
    .map((parts) => parts.join('')),
);

it('sees what there is to look for, as counting does', () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(text, (some) => {
      const bytes = Buffer.from(some, 'latin1');
      const found = counted(some);
      seen.add(found);
      expect(scanSigns(bytes, 0, bytes.length)).toBe(found);
    }),
    { numRuns: 20_000, seed: 5 },
  );
  expect(seen.size).toBeGreaterThan(10);
});
