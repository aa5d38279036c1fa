import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell } from '../../src/audit/export/csv-line.ts';
import { KeptValues, MOST_UNITS } from '../../src/audit/export/kept-values.ts';
import type { HistoryLine, TranscriptAnswer, TranscriptStep } from '../../src/commands/history-answers.ts';
import { csvEntry, csvHeader } from '../../src/commands/history-csv.ts';
import { asciicast, sqlScript } from '../../src/commands/replay-export.ts';
import { filmOf } from '../../src/commands/replay-frames.ts';

const entry = (sql: string | null, more: Partial<HistoryLine> = {}): HistoryLine => ({
  ...{ id: 's.1', at: '2026-01-01T00:00:01.000Z', database: 'app', environment: 'production', principal: 'ann' },
  ...{
    session: 's',
    sql,
    fingerprint: 'f',
    command: 'SELECT',
    class: 'read',
    relations: [],
    columns: {},
    other_columns: [],
  },
  ...{ decision: 'allow', gateway: 'gw', rows: 1, ms: 2, sqlstate: null, masked: 0, state: 'done', ...more },
});
const step = (
  n: number,
  sql: string | null,
  more: Partial<HistoryLine> = {},
  values?: (string | null)[],
): TranscriptStep => ({
  ...{ n, entry: entry(sql, more), binds: values?.length ?? 0, protocol: 'simple' },
  ...(values === undefined ? {} : { values }),
});
const transcript = (steps: TranscriptStep[], purpose: string | null = null): TranscriptAnswer => ({
  session: {
    ...{
      session: 's',
      at: '2026-01-01T00:00:00.000Z',
      closedAt: null,
      state: 'closed',
      reason: null,
      principal: 'ann',
    },
    ...{ actors: [], database: 'app', environment: 'production', application: null, purpose, statements: 1, denied: 0 },
  },
  own: true,
  judged_as: null,
  steps,
});

/** Lines that a server would take for more than comments and blanks. */
const code = (script: string): string[] => script.split('\n').filter((line) => !/^\s*(--.*)?$/.test(line));

describe('an exported script', () => {
  it('repeats what succeeded, with its bind values', () => {
    const values = ["it's", null, 'a\\b\nc'];
    expect(code(sqlScript(transcript([step(1, 'select 1 -- end'), step(2, 'select $1, $2, $3', {}, values)])))).toEqual(
      [
        'select 1 -- end',
        ';',
        'PREPARE dbgate_2 AS',
        'select $1, $2, $3',
        ';',
        "EXECUTE dbgate_2('it''s', NULL, E'a\\\\b\\u000ac');",
        'DEALLOCATE dbgate_2;',
      ],
    );
  });

  it('repeats a value that is as long as one may be', () => {
    const script = sqlScript(transcript([step(1, 'select $1', {}, [new KeptValues().kept('a'.repeat(MOST_UNITS))])]));
    expect(script.includes(`EXECUTE dbgate_1('${'a'.repeat(MOST_UNITS)}')`)).toBe(true);
  });

  it.each([
    ['failed', step(1, 'select /*', { state: 'failed', sqlstate: '42601' })],
    ['denied', step(1, 'drop table x\r; drop table y', { state: 'denied', decision: 'deny' })],
    ['may have run', step(1, 'delete from x', { state: 'may_have_run' })],
    ['hashed', step(1, "select * from p where email = '‹email:3f9a0c12ab34›'")],
    ['hashed bind', step(1, 'select $1', {}, ['‹email:3f9a0c12ab34›'])],
    ['binds not kept', { ...step(1, 'select $1'), binds: 1 }],
    ['binds not all kept', { ...step(1, 'select $1, $2', {}, ['a']), binds: 2 }],
    ['bind cut', step(1, 'select $1', {}, [new KeptValues().kept('a'.repeat(MOST_UNITS + 1))])],
    ['COPY', step(1, 'COPY t FROM STDIN')],
    ['erased', step(1, null)],
  ])('only tells of what is not to be repeated: %s', (_, one) => {
    const script = sqlScript(transcript([one, step(2, 'select 2')]));
    expect(code(script)).toEqual(['select 2', ';']);
  });

  it('lets no metadata out of its comments', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('*/', '/*', '\n', '\r', '\u2028', '\u0085', '\v', '; drop table x', '--', "'"), {
          maxLength: 6,
        }),
        (parts) => {
          const text = parts.join('');
          const script = sqlScript(
            transcript([step(1, `x${text}`, { state: 'failed', rule: text, decision: 'deny' })], text),
          );
          expect(code(script)).toEqual([]);
          expect(script).not.toMatch(/[\r\u2028\u0085\v]/);
        },
      ),
    );
  });

  it('cuts pauses in a film, and holds no control characters', async () => {
    const film = await filmOf(
      transcript([step(1, 'select 1'), step(2, '\u001b[2J\u009b1m', { at: '2026-01-01T01:00:00.000Z' })]),
      2000,
    );
    const [head, ...events] = asciicast(film, '2026-01-01T00:00:00.000Z')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(head).toMatchObject({ version: 2, timestamp: 1767225600 });
    expect(events.map(([at]: [number]) => at)).toEqual([1, 1.002, 3.002, 3.004]);
    expect(JSON.stringify(events)).not.toMatch(/\\u001b|\u009b/);
  });
});

describe('CSV', () => {
  it('has as many cells in each line, and comes back as it was', () => {
    const header = csvHeader();
    expect(header).toMatch(/^id,at,.*,state\r\n$/);
    const line = csvEntry(entry('select "a",\n\'b\''));
    expect(line).toContain('"select ""a"",\n\'b\'"');
    expect(line.endsWith('\r\n')).toBe(true);
  });

  it('gives a spreadsheet nothing to run', () => {
    for (const text of ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1']) expect(csvCell(text)).toMatch(/^"?'/);
    expect(csvCell(-1)).toBe('-1');
    expect(csvCell(null)).toBe('');
    expect(csvCell('select 1')).toBe('select 1');
  });
});
