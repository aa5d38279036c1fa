import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitise } from '../../src/commands/sanitise.ts';

describe('sanitise', () => {
  it.each([
    ['plain text, Größe, 日本語 👩‍👩‍👧', 'plain text, Größe, 日本語 👩‍👩‍👧'],
    ['\u001b[31mred\u001b]0;title\u0007', '\\x1b[31mred\\x1b]0;title\\x07'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u009b2J\u007f\u0000', '\\x9b2J\\x7f\\x00'],
    ['abc\u202edcb\u2066x\u2069', 'abc\\u{202e}dcb\\u{2066}x\\u{2069}'],
    ['\u2028\ufeff\u200b\u{e0041}', '\\u{2028}\\u{feff}\\u{200b}\\u{e0041}'],
    ['half \ud83d pair \udc00', 'half \ufffd pair \ufffd'],
  ])('%j', (text, expected) => {
    expect(sanitise(text)).toBe(expected);
  });

  it('keeps newline and tab when told to', () => {
    expect(sanitise('a\n\tb\r', { keepLayout: true })).toBe('a\n\tb\\r');
  });

  it('leaves nothing that a terminal acts on, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = sanitise(text);
        expect(shown).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
        expect(shown.isWellFormed()).toBe(true);
        expect(sanitise(shown)).toBe(shown);
      }),
    );
  });
});
