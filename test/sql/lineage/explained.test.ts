/** Guards against reading how long a value is by what EXPLAIN says of sizes: `blank.explained-*` in `test/attacks`. */
import { describe, expect, it } from 'vitest';
import { traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();

function computes(sql: string): unknown {
  const [statement] = traceLineage(sql, test.grammar, test.world()).statements;
  const { computes: found } = statement!;
  return typeof found === 'string' ? found : found?.map(({ attnum }) => attnum);
}

describe('of which columns EXPLAIN may tell sizes', () => {
  const mail = () => test.catalog.relation('public', 'person')!.columns.find(({ name }) => name === 'mail')!.attnum;

  it.each([
    'EXPLAIN (ANALYZE, SERIALIZE) SELECT mail FROM person',
    'EXPLAIN (ANALYZE, SERIALIZE BINARY, FORMAT JSON) SELECT p FROM person p',
    'EXPLAIN (serialize text, analyze) SELECT x FROM (SELECT mail AS x FROM person OFFSET 0) y',
    'EXPLAIN (ANALYZE, SERIALIZE) UPDATE person SET name = name WHERE id = 3 RETURNING mail',
    'EXPLAIN (ANALYZE, SERIALIZE) DECLARE c CURSOR FOR SELECT mail FROM person',
    'EXPLAIN (ANALYZE) SELECT replace(mail, $1, $2) FROM person',
  ])('those of %s', (sql) => {
    expect(computes(sql)).toContain(mail());
  });

  it('not those of a plain column, whose answer is not counted', () => {
    expect(computes('EXPLAIN (ANALYZE, BUFFERS) SELECT mail FROM person')).toEqual([]);
    expect(computes('EXPLAIN (ANALYZE, SERIALIZE) SELECT id FROM person')).not.toContain(mail());
  });

  it('any, of a prepared statement', () => {
    expect(computes('EXPLAIN (ANALYZE, SERIALIZE) EXECUTE p')).toBe('unknown');
  });
});
