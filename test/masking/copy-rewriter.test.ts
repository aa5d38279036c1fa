import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteOutput } from '../../src/masking/byte-output.ts';
import { CopyRewriter } from '../../src/masking/copy-rewriter.ts';
import { maskContext } from '../../src/masking/maskers/context.ts';
import type { ColumnAction, ResultPlan } from '../../src/masking/plan.ts';
import { encodeMessage } from '../../src/pgwire/message.ts';
import type { CopyFormat } from '../../src/sql/lineage/lineage.ts';
import { withPostgres } from '../support/postgres.ts';
import { builtins, maskText, TOKEN_KEY } from './rows.ts';

const TEXT: CopyFormat = { format: 'text', delimiter: '\t', nullText: '\\N', quote: '"', escape: '"', header: false };
const CSV: CopyFormat = { ...TEXT, format: 'csv', delimiter: ',', nullText: '' };
const BINARY: CopyFormat = { ...TEXT, format: 'binary' };
const PASS: ColumnAction = { do: 'pass' };
const EMAIL: ColumnAction = { do: 'mask', class: 'email', mode: 'partial' };
const TOKEN: ColumnAction = { do: 'mask', class: 'person_name', mode: 'token' };

const planFor = (columns: readonly ColumnAction[], types: readonly number[]): ResultPlan => ({
  columns,
  passes: false,
  because: [],
  types,
});

/** The stream in CopyData messages that end at `cuts`; what comes out, without the headers of messages. */
function rewrite(
  stream: Buffer,
  plan: ResultPlan,
  format: CopyFormat,
  cuts: readonly number[] = [],
): { bytes: Buffer; messages: number; cells: number } {
  const rewriter = new CopyRewriter(plan, format, builtins, maskContext(TOKEN_KEY));
  const out = new ByteOutput();
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    const message = encodeMessage('d', stream.subarray(from, cut));
    rewriter.data(message, 0, message.length, out);
    from = cut;
  }
  rewriter.end(out);
  const all = out.take();
  const bodies: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    expect(all[at]).toBe(0x64);
    const next = at + 1 + all.readInt32BE(at + 1);
    bodies.push(all.subarray(at + 5, next));
    at = next;
  }
  return { bytes: Buffer.concat(bodies), messages: bodies.length, cells: rewriter.cellsMasked };
}

describe('against a real server', () => {
  const server = withPostgres();
  let client: pg.Client;
  const types = [25, 25, 25, 23, 1082, 1009];
  const masks: ColumnAction[] = [
    PASS,
    EMAIL,
    TOKEN,
    TOKEN,
    { do: 'mask', class: 'date_of_birth', mode: 'partial' },
    { do: 'array', element: EMAIL },
  ];
  beforeAll(async () => {
    client = new pg.Client(server.superuserUrl);
    await client.connect();
    await client.query(`
      CREATE TABLE people (note text, mail text, name text, n int, born date, others text[]);
      CREATE TABLE back (LIKE people);
      CREATE TABLE nothing ();
      INSERT INTO people VALUES
        ('plain', 'jonas@mailbox.example', 'Jonas', 5, '1985-03-12', '{a@b.co,"x \\"y\\"@z.co",NULL}'),
        (E'tab\\there\\nline\\r\\\\back', E'tab\\t@x\\n.com', E'q"uo,te|\\\\', -1, NULL, '{}'),
        (NULL, NULL, NULL, NULL, NULL, NULL), ('', '', '', 0, 'infinity', '{""}'),
        ('\\N', '\\N', '\\N', 1, '2000-01-01', NULL), ('NULL', 'NULL', E'\\\\.', 1, '2000-01-01', NULL), (E'\\\\.', 'é@ü.de', ';''"', 2, '2001-02-03', NULL),
        (repeat('long "text", ', 3000), repeat('x', 9000) || '@y.com', repeat('ü', 3000), 7, '1990-09-09', NULL)`);
  });
  afterAll(() => client?.end());

  const formats: readonly (readonly [string, CopyFormat])[] = [
    ['', TEXT],
    ['(HEADER)', { ...TEXT, header: true }],
    [`(DELIMITER '|', NULL 'NULL')`, { ...TEXT, delimiter: '|', nullText: 'NULL' }],
    [`(DELIMITER '@', NULL '')`, { ...TEXT, delimiter: '@', nullText: '' }],
    [`(DELIMITER '*')`, { ...TEXT, delimiter: '*' }],
    ['(FORMAT csv)', CSV],
    ['(FORMAT csv, HEADER)', { ...CSV, header: true }],
    [`(FORMAT csv, DELIMITER '.', QUOTE '@')`, { ...CSV, delimiter: '.', quote: '@', escape: '@' }],
    [`(FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\')`, { ...CSV, delimiter: ';', quote: "'", escape: '\\' }],
    [`(FORMAT csv, FORCE_QUOTE *, NULL '\\N')`, { ...CSV, nullText: '\\N' }],
    [`(FORMAT csv, DELIMITER E'\\t', QUOTE '*')`, { ...CSV, delimiter: '\t', quote: '*', escape: '*' }],
    ['(FORMAT binary)', BINARY],
  ];

  const copied = (options: string): Promise<Buffer> => buffer(client.query(copyTo(`COPY people TO STDOUT ${options}`)));

  it.each(formats)('%s: what passes is the same', async (options, format) => {
    const stream = await copied(options);
    const { bytes, messages } = rewrite(
      stream,
      planFor(
        masks.map(() => PASS),
        types,
      ),
      format,
    );
    expect(bytes).toEqual(stream);
    expect(messages).toBe(8 + (format.header ? 1 : 0) + (format.format === 'binary' ? 2 : 0));
  });

  it.each(formats)('%s: what is masked can be copied back, and is what a SELECT gives', async (options, format) => {
    const stream = await copied(options);
    const { bytes, cells } = rewrite(stream, planFor(masks, types), format);
    await client.query('TRUNCATE back');
    const readOptions = options.replace(', FORCE_QUOTE *', '');
    await pipeline(Readable.from([bytes]), client.query(copyFrom(`COPY back FROM STDIN ${readOptions}`)));
    const select = 'SELECT note, mail, name, n::text, born::text, others::text FROM';
    const want = (await client.query({ text: `${select} people`, rowMode: 'array' })).rows as (string | null)[][];
    const got = (await client.query({ text: `${select} back`, rowMode: 'array' })).rows as (string | null)[][];
    const nulls = options.includes("'NULL'") ? 'NULL' : format.nullText;
    const expected = want.map((row) =>
      row.map((value, i) => {
        // The text format does not tell such a text from NULL.
        if (format.format === 'text' && nulls !== '\\N' && value === nulls) return null;
        return value === null ? null : maskText(masks[i]!, types[i]!, value);
      }),
    );
    const plainArrays = (rows: (string | null)[][]) =>
      rows.map((row) => row.map((value, i) => (i === 5 ? (value?.replaceAll('"', '') ?? null) : value)));
    expect(plainArrays(got)).toEqual(plainArrays(expected));
    // An empty array holds nothing to mask.
    const masked = expected.flatMap((row) => row.slice(1)).filter((value) => value !== null && value !== '{}');
    expect(cells).toBe(masked.length);
  });

  it.each(formats)('%s: any split gives the same', async (options, format) => {
    const stream = await copied(options);
    const plan = planFor(masks, types);
    const whole = rewrite(stream, plan, format);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), (cuts) => {
        const split = rewrite(
          stream,
          plan,
          format,
          cuts.sort((a, b) => a - b),
        );
        expect(split.bytes.equals(whole.bytes)).toBe(true);
        expect(split.cells).toBe(whole.cells);
      }),
      { numRuns: 40 },
    );
    // Byte by byte, and in two at each place.
    const few = await buffer(
      client.query(copyTo(`COPY (SELECT * FROM people WHERE length(note) < 30) TO STDOUT ${options}`)),
    );
    const places = Array.from({ length: few.length }, (_, i) => i);
    const { bytes } = rewrite(few, plan, format);
    expect(bytes.length).toBeGreaterThan(200);
    expect(rewrite(few, plan, format, places).bytes).toEqual(bytes);
    for (const place of places) expect(rewrite(few, plan, format, [place]).bytes.equals(bytes)).toBe(true);
  });

  it('takes rows of no columns', async () => {
    await client.query('INSERT INTO nothing DEFAULT VALUES');
    for (const [options, format] of [
      ['', TEXT],
      ['(FORMAT csv)', CSV],
      ['(FORMAT binary)', BINARY],
    ] as const) {
      const stream = await buffer(client.query(copyTo(`COPY (SELECT FROM people) TO STDOUT ${options}`)));
      expect(rewrite(stream, planFor([], []), format).bytes).toEqual(stream);
    }
  });
});

describe('CopyRewriter', () => {
  const plan = planFor([EMAIL, EMAIL], [25, 25]);

  /** What comes of it, or that it was refused. */
  const outcome = (stream: Buffer, format: CopyFormat, cuts: readonly number[]): string => {
    try {
      const { bytes, cells } = rewrite(stream, plan, format, cuts);
      return `${cells} ${bytes.toString('latin1')}`;
    } catch {
      return 'refused';
    }
  };

  // A line that ends its message is found and masked in one pass, others are found first.
  it.each([
    ['text', TEXT],
    ['CSV', CSV],
    ['CSV with an escape of its own', { ...CSV, quote: "'", escape: '\\' }],
  ])('gives the same for any %s, whether lines end their messages or not', (_what, format) => {
    const { quote, escape: escapeWith, delimiter } = format;
    const rows = [`a@b.co${delimiter}c@d.co\n`, `${quote}a@b.co${quote}${delimiter}\n`, `${delimiter}${quote}x\n`];
    const short = [delimiter, delimiter, quote, escapeWith, '\\', '\n', '\n', 'a', 'x@y.co', format.nullText];
    // What is far is looked for in another way.
    const words = [...rows, ...short, 'long '.repeat(11), `${'a@b.co '.repeat(9)}\\${delimiter}`];
    let taken = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), (parts) => {
        const stream = Buffer.from(`${parts.join('')}${rows[0]}`);
        const places = Array.from({ length: stream.length }, (_, i) => i);
        const lines = places.filter((at) => at > 0 && stream[at - 1] === 0x0a);
        const whole = outcome(stream, format, []);
        expect(outcome(stream, format, places)).toBe(whole);
        expect(outcome(stream, format, lines)).toBe(whole);
        if (whole !== 'refused') taken++;
      }),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it.each([
    ['fewer columns', TEXT, 'jonas@x.co\n'],
    ['more columns', TEXT, 'a\tb\tjonas@x.co\n'],
    ['fewer columns in CSV', CSV, '"jonas@x.co"\n'],
    ['more columns in CSV', CSV, 'a,b,jonas@x.co\n'],
    ['text behind a closing quote', CSV, '"a"jonas@x.co\n'],
    ['an end within a row', TEXT, 'a\tjonas@x.co'],
    ['a quote that is not closed', CSV, 'a,"jonas@x.co\n'],
    ['no signature', BINARY, 'jonas@x.co\tb\njonas@x.co\tb\n'],
  ])('throws on %s', (_what, format, stream) => {
    expect(() => rewrite(Buffer.from(stream), plan, format)).toThrow();
  });

  it('quotes a masked value that would be read as NULL or as the end', () => {
    const stream = Buffer.from('jonas,x\n');
    expect(rewrite(stream, plan, { ...CSV, nullText: '[redacted]' }).bytes.toString()).toBe(
      '"[redacted]","[redacted]"\n',
    );
    const scan = planFor([{ do: 'mask', class: 'email', mode: 'null' }], [25]);
    expect(rewrite(Buffer.from('jonas\n'), scan, CSV).bytes.toString()).toBe('\n');
  });

  it('throws on a binary row of another number of columns', () => {
    const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
    const row = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1]), Buffer.from('x')]);
    expect(() => rewrite(Buffer.concat([header, row]), plan, BINARY)).toThrow(/1 columns .* 2/);
    expect(() => rewrite(Buffer.concat([header, Buffer.from([255, 255]), row]), plan, BINARY)).toThrow(/trailer/);
  });

  it('takes a column without a known type for text, but in binary for nothing', () => {
    const { bytes } = rewrite(Buffer.from('jonas@mailbox.example\t5\n'), { ...planFor([EMAIL, EMAIL], []) }, TEXT);
    expect(bytes.toString()).toBe('j***@m***.example\t[redacted]\n');
  });
});
