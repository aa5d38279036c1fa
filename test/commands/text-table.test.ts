import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, displayWidth, renderTable } from '../../src/commands/text-table.ts';

const columns = [
  { title: 'NAME', text: (row: string[]) => row[0]! },
  { title: 'SQL', text: (row: string[]) => row[1]!, flexible: true },
  { title: 'ROWS', text: (row: string[]) => row[2]!, align: 'right' as const },
];
const rows = [
  ['shop', 'SELECT * FROM a_long_table WHERE something = 1', '12'],
  ['日本', 'SELECT 1', '1234'],
];

describe('tables', () => {
  it('align by what a terminal shows', () => {
    expect(renderTable(columns, rows, { columns: undefined, unicode: true })).toEqual([
      'NAME  SQL                                             ROWS',
      'shop  SELECT * FROM a_long_table WHERE something = 1    12',
      '日本  SELECT 1                                        1234',
    ]);
  });

  it('take from the flexible column what is too wide', () => {
    expect(renderTable(columns, rows, { columns: 32, unicode: true })).toEqual([
      'NAME  SQL                   ROWS',
      'shop  SELECT * FROM a_lon…    12',
      '日本  SELECT 1              1234',
    ]);
    expect(renderTable(columns, rows, { columns: 32, unicode: false })[1]).toBe('shop  SELECT * FROM a_l...    12');
  });

  it('clip never exceeds its width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 4, max: 40 }),
        fc.boolean(),
        (text, width, unicode) => {
          expect(displayWidth(clip(text, width, unicode))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('count cells the same, whether a text is looked at by graphemes or not', () => {
    const slowly = (text: string): number => displayWidth(`日${text}`) - 2;
    for (let code = 0x20; code < 0x2100; code++) {
      const text = `a${String.fromCharCode(code)}é`;
      expect([code, displayWidth(text)]).toEqual([code, slowly(text)]);
    }
  });
});
