import { describe, expect, it } from 'vitest';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { UNNAMED, unnamedColumn } from './unnamed-columns.ts';

/** Sensitive as well, and told as another class. */
const AS_ANOTHER = new Map([['given names in small letters', 'username']]);

describe('columns called `col1`, with gaps', () => {
  it('are many, of each kind one', () => {
    expect(UNNAMED.length).toBeGreaterThanOrEqual(150);
    expect(new Set(UNNAMED.map(([label, what]) => `${label} ${what}`)).size).toBe(UNNAMED.length);
  });

  for (const rows of [100, 25])
    it.each(UNNAMED.map(([label, what], at) => [label, what, at] as const))(
      `%s: %s, ${rows} rows`,
      (label, what, at) => {
        const expected = AS_ANOTHER.get(what) ?? (label === '-' ? undefined : label);
        expect(classifyTable([unnamedColumn(at, rows)])[0]!.class).toBe(expected);
      },
    );

  it('has a name that is only numbered say nothing', () => {
    const json = { schema: 'public', table: 'users', type: 'jsonb', siblings: ['email', 'first_name'] };
    const [plain, numbered] = ['fields', 'field_9'].map((column) => classifyTable([{ ...json, column }])[0]!.class);
    expect([plain, numbered]).toEqual(['free_text', undefined]);
  });
});
