import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_INPUT, type TicketPattern, ticketPattern } from '../../../src/policy/language/ticket-pattern.ts';

function pattern(source: string): TicketPattern {
  const made = ticketPattern(source);
  if ('fault' in made) throw new Error(`${source}: ${made.fault}`);
  return made;
}

const SOURCES = [
  'INC-\\d+',
  '^INC-\\d{3,5}$',
  '\\bCHG\\d\\b',
  '[A-Z]{2,4}-[0-9]+',
  '(INC|CHG|REQ)-?\\d*x',
  'a*a*a*b',
  '(a|b)*abb',
  '[^a-c\\d]+z',
  'a?b?c?$',
  '.\\.\\w\\W',
  '(?:ab|a)(bc|c)',
  'x{2}y{0,1}z{1,}',
  '\\Ba',
  '|a',
];

describe('a ticket pattern', () => {
  it.each(SOURCES)('%s finds what JavaScript finds', (source) => {
    const mine = pattern(source);
    const theirs = new RegExp(source, 'u');
    const letter = fc.constantFrom(...'abcxyzINCHGREQ-0129. _\n'.split(''));
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 14 }), (letters) => {
        const text = letters.join('');
        expect([text, mine.isIn(text)]).toEqual([text, theirs.test(text)]);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    '',
    'x'.repeat(201),
    '(?=a)',
    '(a',
    'a)',
    '[a',
    'a**',
    'a+?',
    '*a',
    'a{2,1}',
    'a{',
    '(a)\\1',
    '\\p{L}',
    '^*',
    '[z-a]',
    'a{999}{999}',
    '((a{99}){99}){99}',
    '((((((((((){999}){999}){999}){999}){999}){999}){999}){999}){999}){999}',
    `${'('.repeat(60)}${')'.repeat(60)}`,
  ])('is no pattern: %j', (source) => {
    expect(ticketPattern(source)).toHaveProperty('fault');
  });

  it('takes work in proportion to what it reads, however it is written', () => {
    const text = 'a'.repeat(MAX_INPUT);
    for (const source of ['(a*)*b', '(a|a)*b', 'a*a*a*a*a*b', '(a|aa|aaa)*b', '(\\w+\\s?)*x']) {
      expect(pattern(source).isIn(text)).toBe(false);
    }
    expect(pattern('a').isIn(`${text}a`)).toBe(false);
  });
});
