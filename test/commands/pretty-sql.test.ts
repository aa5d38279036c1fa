import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, prettySql } from '../../src/commands/pretty-sql.ts';

/** Without blanks outside of quotes, and without the case of words outside of them. */
const bare = (sql: string): string =>
  sql
    .split(/('(?:[^']|'')*'|"(?:[^"]|"")*")/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/\s+/g, '').toLowerCase()))
    .join('');

describe('pretty SQL', () => {
  it.each([
    [
      'select id, name from users u left outer join orders o on o.uid=u.id where u.id = 5 and exists (select 1 from t where a in (1,2)) order by 1 limit 10',
      'SELECT id, name\nFROM users u\n  LEFT OUTER JOIN orders o ON o.uid=u.id\nWHERE u.id = 5 AND EXISTS (\n  SELECT 1\n  FROM t\n  WHERE a IN (1,2)\n)\nORDER BY 1\nLIMIT 10',
    ],
    ['select  1', 'SELECT 1'],
    ['select \'from  x\' as "Where"', 'SELECT \'from  x\' AS "Where"'],
    // Not in the grammar of the parser: as it is.
    ['explain  select 1', 'explain  select 1'],
  ])('%s', async (sql, expected) => {
    expect(await prettySql(sql)).toBe(expected);
  });

  it('leaves what could be read in two ways as it is, so that nothing is hidden', async () => {
    for (const sql of [
      "SELECT 1 /* ' */ ; DROP TABLE users /* ' */",
      'select 1 -- and more\n, 2',
      "select E'a\\'b' from t",
      'select $$ from $$',
      "select U&'x' from t",
      "select 'a' \n 'b'",
      'select \\x',
    ]) {
      expect(bare(await prettySql(sql))).toBe(bare(sql));
      if (!sql.includes("'a' \n")) expect(await prettySql(sql)).toBe(sql);
    }
  });

  it('never changes a token, whatever the text', async () => {
    const word = fc.constantFrom(
      ...[
        'select',
        'FROM',
        'where',
        '*',
        'a',
        't',
        '=',
        '1',
        "'x'",
        "''",
        '"Q"',
        '(',
        ')',
        ',',
        ';',
        'join',
        'on',
        'E',
        "'",
        '"',
      ],
      ...[
        '--',
        '/*',
        '*/',
        '$1',
        '$$',
        '::',
        'in',
        'values',
        'insert',
        'into',
        'with',
        'as',
        '.',
        'order',
        'by',
        '\n',
        '-',
        '1.5',
      ],
    );
    const text = fc.array(fc.tuple(word, fc.constantFrom(' ', '', '\n  ')), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(text, async (words) => {
        const sql = words.map(([one, gap]) => one + gap).join('');
        const hasQuoteLeft =
          bare(sql)
            .replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '')
            .match(/['"]/) !== null;
        const pretty = await prettySql(sql);
        if (hasQuoteLeft) expect(pretty).toBe(sql.trim());
        else expect(bare(pretty)).toBe(bare(sql));
      }),
      { numRuns: 500 },
    );
  });

  it('puts it on one line for lists, quotes untouched', () => {
    expect(oneLine("select 'a\n  b',\n\t c\n")).toBe("select 'a\n  b', c");
    expect(oneLine('select 1 -- x\n , 2')).toBe('select 1 -- x , 2');
  });

  it('of a long text also what is in quotes is put on one line, whatever it is', () => {
    const values = (count: number) => Array.from({ length: count }, (_, i) => `('a\n  ${i}')`).join(',\n');
    expect(oneLine(values(100))).toContain("('a\n  0'),");
    const long = oneLine(values(400));
    expect(long).toContain("('a 0'), ('a 1')");
    expect(long).not.toContain('\n');
  });
});
