import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

const grammar = await loadGrammar(15);

describe('names of prepared statements', () => {
  it.each([
    ['PREPARE "S 1"(int) AS DELETE FROM t WHERE id = $1', [{ action: 'prepare', name: 'S 1' }]],
    ['EXECUTE S1(2)', [{ action: 'execute', name: 's1' }]],
    ['EXPLAIN ANALYZE EXECUTE s1', [{ action: 'execute', name: 's1' }]],
    ['CREATE TEMP TABLE x AS EXECUTE s1(1)', [{ action: 'execute', name: 's1' }]],
    ['DEALLOCATE PREPARE s1', [{ action: 'deallocate', name: 's1' }]],
    ['DEALLOCATE ALL', [{ action: 'deallocate', name: undefined }]],
    ['DISCARD ALL', [{ action: 'deallocate', name: undefined }]],
    ['DISCARD PLANS', undefined],
    ['SELECT 1', undefined],
  ])('%s', (sql, expected) => {
    expect(analyse(sql, grammar).statements[0]!.prepared).toEqual(expected);
  });
});
