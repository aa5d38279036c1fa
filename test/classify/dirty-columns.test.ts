import { describe, expect, it } from 'vitest';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { DIRTY, dirtyColumn } from './dirty-columns.ts';

/** More than the thing alone stands in each value: sensitive, as text in which such things are. */
const AS_TEXT: ReadonlySet<string> = new Set(['in capitals, with a semicolon', 'two a line each', 'with the bank']);
/** Not told of so few. */
const TOO_FEW: ReadonlySet<string> = new Set(['of China']);

describe('columns called `c3`, with much that is missing', () => {
  it('are many, of each kind one', () => {
    expect(DIRTY.length).toBeGreaterThanOrEqual(100);
    expect(new Set(DIRTY.map(([label, what]) => `${label} ${what}`)).size).toBe(DIRTY.length);
  });

  for (const rows of [60, 15])
    it.each(
      DIRTY.map(([label, what], at) => [label, what, at] as const).filter(
        ([, what]) => rows === 60 || !TOO_FEW.has(what),
      ),
    )(`%s: %s, ${rows} rows`, (label, what, at) => {
      const expected = AS_TEXT.has(what) ? 'free_text' : label === '-' ? undefined : label;
      expect(classifyTable([dirtyColumn(at, rows)])[0]!.class).toBe(expected);
    });
});
