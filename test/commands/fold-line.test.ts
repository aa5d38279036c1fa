import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldLine } from '../../src/commands/fold-line.ts';
import { displayWidth } from '../../src/commands/text-table.ts';

describe('a line that is too long', () => {
  it.each([
    ['sql   SELECT 1', 20, 6, ['sql   SELECT 1']],
    ['sql   SELECT a, b FROM t', 18, 6, ['sql   SELECT a, b', 'FROM t']],
    ['sql   SELECT first_column, b FROM t', 28, 8, ['sql   SELECT first_column, b', '        FROM t']],
    // Nothing but the margin stands in front of the first word.
    ['    abcdefghijklmnopqrstuvwxyz', 24, 4, ['    abcdefghijklmnopqrst', '    uvwxyz']],
    ['人人人人人人人人人人人人', 20, 0, ['人人人人人人人人人人', '人人']],
  ])('%j', (line, columns, indent, pieces) => {
    expect(foldLine(line, columns, indent)).toEqual(pieces);
  });

  it('loses nothing but blanks where it is folded, and is never too wide', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'B', ' ', ',', 'é', '人', '😀'), maxLength: 300 });
    fc.assert(
      fc.property(line, fc.integer({ min: 20, max: 120 }), fc.nat(60), (text, columns, indent) => {
        const pieces = foldLine(text, columns, indent);
        expect(pieces.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const piece of pieces) expect(displayWidth(piece)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('of a megabyte is folded once through', () => {
    expect(foldLine('x'.repeat(1 << 20), 80, 10)).toHaveLength(Math.ceil(((1 << 20) - 80) / 70) + 1);
  });
});
