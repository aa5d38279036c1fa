/** Guards against a parse tree's field `constructor` being taken for what every object inherits: refused as not analysed. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

describe.each([16, 17, 18] as const)('aggregates of JSON in the grammar of %s', (major) => {
  it.each([
    'SELECT JSON_OBJECTAGG(id: label) FROM item',
    'SELECT JSON_ARRAYAGG(label ORDER BY id RETURNING jsonb) FROM item',
    'SELECT JSON_OBJECTAGG(id: label) FILTER (WHERE id > 1) OVER (PARTITION BY label) FROM item',
  ])('%s', async (sql) => {
    const { statements } = analyse(sql, await loadGrammar(major));
    expect(statements).toMatchObject([{ command: 'SELECT', class: 'read', relations: ['item'] }]);
  });
});
