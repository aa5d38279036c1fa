import { describe, expect, it } from 'vitest';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { SHORT, shortColumn } from './short-columns.ts';

/** Not told by values yet. */
const UNTOLD: ReadonlySet<string> = new Set(['with the age', 'diagnoses in Spanish', 'genders of Spanish']);

describe('columns called `c3` of a few rows', () => {
  it('are many, of each kind one', () => {
    expect(new Set(SHORT.map(([label, what]) => `${label} ${what}`)).size).toBe(60);
  });

  for (const rows of [20, 12])
    it.each(SHORT.map(([label, what], at) => [label, what, at] as const).filter(([, what]) => !UNTOLD.has(what)))(
      `%s: %s, ${rows} rows`,
      (label, _what, at) => {
        expect(classifyTable([shortColumn(at, rows)])[0]!.class).toBe(label === '-' ? undefined : label);
      },
    );
});
