import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

describe('blank texts', async () => {
  const grammar = await loadGrammar(15);

  // The library throws for them what looks like a broken instance: the worker was thrown away for a ping.
  it.each(['', ' ', '\n\t \r\f\v', ';', ' ; ;', '-- only a comment', '/* x */'])('%j is an empty query', (sql) => {
    expect(analyse(sql, grammar)).toMatchObject({ statements: [], error: undefined });
  });

  it.each(['\u00a0', '\u2003\u2003', '\ufeff'])('%j is no white space to Postgres', (sql) => {
    expect(analyse(sql, grammar).error).toMatchObject({ kind: 'syntax', sqlstate: '42601' });
  });

  it('reads a function with a blank body', () => {
    const { error, statements } = analyse('CREATE PROCEDURE p(int4) LANGUAGE SQL AS $$ $$', grammar);
    expect(error).toBeUndefined();
    expect(statements).toMatchObject([{ command: 'CREATE PROCEDURE' }]);
  });
});
