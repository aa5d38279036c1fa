/** Guards what is said of columns against changes that only mean to judge them faster. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FILE, ofDecodedColumns, verdicts } from './verdicts.ts';

it('says of every made and labelled column what it said before (after a change of rules: node test/classify/verdicts.ts)', () => {
  const before = readFileSync(FILE, 'utf8').trimEnd().split('\n');
  const now = [...verdicts()];
  expect(now.length).toBe(before.length);
  expect(now.filter((line, at) => line !== before[at])).toEqual([]);
});

it('says the same of values that are known to be distinct', () => {
  const before = readFileSync(FILE, 'utf8').split('\n');
  const now = [...ofDecodedColumns()];
  expect(now.length).toBeGreaterThan(700);
  expect(now.filter((line, at) => line !== before[at])).toEqual([]);
});
