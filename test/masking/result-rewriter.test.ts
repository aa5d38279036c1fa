import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteOutput } from '../../src/masking/byte-output.ts';
import { maskContext } from '../../src/masking/maskers/context.ts';
import type { ColumnAction } from '../../src/masking/plan.ts';
import { ResultRewriter } from '../../src/masking/result-rewriter.ts';
import { encodeDataRow } from '../../src/pgwire/result.ts';
import { builtins, columnOf, planOf, rewriteRow, rewriterOf, TOKEN_KEY } from './rows.ts';

const PASS: ColumnAction = { do: 'pass' };
const REDACT: ColumnAction = { do: 'redact' };
const REDACT_VALUE: ColumnAction = { do: 'redact', keepsBlank: true };
const EMAIL: ColumnAction = { do: 'mask', class: 'email', mode: 'partial' };
const cell = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);

describe('ResultRewriter', () => {
  it('gives what passes byte for byte', () => {
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 20 }), (values) => {
        const rewriter = rewriterOf(
          planOf(...values.map(() => PASS)),
          values.map(() => columnOf(25)),
        );
        const row = encodeDataRow(values);
        const out = new ByteOutput();
        rewriter.row(row, 0, row.length, out);
        expect(out.take()).toEqual(row);
        expect(rewriter.cellsMasked).toBe(0);
      }),
    );
  });

  it('masks what is to be masked, and nothing else', () => {
    const column = fc.record({ value: cell, action: fc.constantFrom<ColumnAction>(PASS, REDACT, REDACT_VALUE, EMAIL) });
    fc.assert(
      fc.property(fc.array(column, { maxLength: 12 }), (columns) => {
        const rewriter = rewriterOf(
          planOf(...columns.map(({ action }) => action)),
          columns.map(() => columnOf(25)),
        );
        const values = columns.map(({ value }) => value);
        const masked = rewriteRow(rewriter, values);
        masked.forEach((got, i) => {
          const { value, action } = columns[i]!;
          if (action === REDACT) expect(got?.toString()).toBe('[redacted]');
          else if (value === null || action.do === 'pass' || value.length === 0) expect(got).toEqual(value);
          else if (action.do === 'redact') expect(got?.toString()).toBe('[redacted]');
          else expect(got?.toString('latin1')).toMatch(/^\[redacted\]$|^.{1,4}\*\*\*@.{1,4}\*\*\*(\.[a-z]{2,9})?$/is);
        });
        const told = columns.filter(
          ({ value, action }) => action === REDACT || (value !== null && action.do !== 'pass'),
        ).length;
        expect(rewriter.cellsMasked).toBe(told);
      }),
    );
  });

  it('takes rows from anywhere in a chunk, in any pieces', () => {
    const rows = [
      ['jonas@mailbox.example', null, 'x'.repeat(3000)],
      ['', 'é', ''],
      [null, null, null],
    ].map(encodeDataRow);
    const all = Buffer.concat(rows);
    const columns = [columnOf(25), columnOf(25), columnOf(25)];
    const whole = new ByteOutput();
    const rewriter = rewriterOf(planOf(EMAIL, PASS, EMAIL), columns);
    let at = 0;
    for (const row of rows) {
      rewriter.row(all, at, at + row.length, whole);
      at += row.length;
    }
    const expected = whole.take();
    fc.assert(
      fc.property(fc.array(fc.nat(rows[0]!.length - 1)), (cuts) => {
        const pieces = rewriterOf(planOf(EMAIL, PASS, EMAIL), columns);
        const out = new ByteOutput();
        const ends = [...new Set(cuts)].filter((cut) => cut > 0).sort((a, b) => a - b);
        ends.push(rows[0]!.length);
        let from = 0;
        for (const end of ends) {
          pieces.piece(all, from, end, from === 0, end === rows[0]!.length, out);
          from = end;
        }
        pieces.row(all, rows[0]!.length, rows[0]!.length + rows[1]!.length, out);
        pieces.row(all, rows[0]!.length + rows[1]!.length, all.length, out);
        expect(out.take()).toEqual(expected);
      }),
    );
  });

  it.each([
    ['fewer columns', encodeDataRow(['a@b.co'])],
    ['more columns', encodeDataRow(['a@b.co', 'b', 'c'])],
    ['no columns', encodeDataRow([])],
    ['a length beyond its end', Buffer.from([68, 0, 0, 0, 15, 0, 2, 0, 0, 0, 1, 97, 0, 0, 0, 9])],
    ['a negative length', Buffer.from([68, 0, 0, 0, 15, 0, 2, 0, 0, 0, 1, 97, 255, 255, 255, 0])],
    ['bytes behind its values', Buffer.concat([encodeDataRow(['a@b.co', 'b']), Buffer.from('secret')])],
    ['no length of its second value', Buffer.from([68, 0, 0, 0, 11, 0, 2, 0, 0, 0, 1, 97])],
  ])('throws on a row with %s, and leaves no byte of it', (what, row) => {
    const rewriter = rewriterOf(planOf(EMAIL, EMAIL), [columnOf(25), columnOf(25)]);
    const out = new ByteOutput();
    const good = encodeDataRow(['a@b.co', 'x@y.co']);
    rewriter.row(good, 0, good.length, out);
    const before = out.length;
    expect(() => rewriter.row(row, 0, row.length, out)).toThrow(/columns$/.test(what) ? /planned/ : /DataRow/);
    expect(out.length).toBe(before);
    expect(rewriter.cellsMasked).toBe(2);
  });

  it('throws when the plan is for another number of columns, or when pieces come out of order', () => {
    expect(() => rewriterOf(planOf(EMAIL), [columnOf(25), columnOf(25)])).toThrow(/2 columns .* 1/);
    const rewriter = rewriterOf(planOf(EMAIL), [columnOf(25)]);
    expect(() => rewriter.piece(Buffer.alloc(5), 0, 5, false, false, new ByteOutput())).toThrow(/out of order/);
  });

  it('refuses a row that is larger than it may be kept', () => {
    const options = { ...maskContext(TOKEN_KEY), types: builtins, maxRowBytes: 100 };
    const rewriter = new ResultRewriter(planOf(EMAIL), [columnOf(25)], options);
    const out = new ByteOutput();
    const row = encodeDataRow(['x'.repeat(200)]);
    rewriter.piece(row, 0, 90, true, false, out);
    expect(() => rewriter.piece(row, 90, row.length, false, true, out)).toThrow(/larger than 100 bytes/);
    expect(out.length).toBe(0);
  });

  it('keeps no room back from columns behind one whose mask is longer than its value', () => {
    const json = {
      do: 'json',
      keys: new Map(),
      otherwise: { do: 'mask', class: 'free_text', mode: 'partial' },
    } as const;
    const values = [`[${Array(50).fill('"a"').join(',')}]`, ...Array(30).fill('x'), 'end'.repeat(500)];
    const actions: ColumnAction[] = [
      json,
      ...Array<ColumnAction>(30).fill({ do: 'mask', class: 'photo', mode: 'partial' }),
      PASS,
    ];
    const masked = rewriteRow(
      rewriterOf(planOf(...actions), [columnOf(114), ...values.slice(1).map(() => columnOf(25))]),
      values,
    );
    expect(JSON.parse(masked[0]!.toString())).toEqual(Array(50).fill('[redacted, 1 characters]'));
    expect(masked[30]?.toString()).toBe('https://masked.invalid/photo.png');
    expect(masked[31]?.toString()).toBe(values[31]);
  });

  it('redacts what has a type that is not known, in any action but pass', () => {
    for (const action of [EMAIL, { do: 'redact' }, { do: 'scan' }, { do: 'array', element: PASS }] as ColumnAction[]) {
      const rewriter = rewriterOf(planOf(action, PASS), [columnOf(987654), columnOf(987654)]);
      expect(rewriteRow(rewriter, ['jonas', 'x'])).toEqual([null, Buffer.from('x')]);
      expect(rewriter.cellsMasked).toBe(1);
    }
  });

  it('does not write again into what was taken', () => {
    const rewriter = rewriterOf(planOf(PASS), [columnOf(25)]);
    const out = new ByteOutput();
    const rows = ['first', 'other'].map((value) => encodeDataRow([value]));
    const taken = rows.map((row) => {
      rewriter.row(row, 0, row.length, out);
      return out.take();
    });
    expect(taken).toEqual(rows);
    expect(out.take()).toHaveLength(0);
  });

  it('allocates as values need, not a buffer a row', () => {
    const rewriter = rewriterOf(planOf(EMAIL), [columnOf(25)]);
    const row = encodeDataRow(['jonas@mailbox.example']);
    const out = new ByteOutput();
    const buffers = new Set<Buffer>();
    for (let i = 0; i < 10_000; i++) {
      rewriter.row(row, 0, row.length, out);
      buffers.add(out.bytes);
    }
    expect(buffers.size).toBeLessThan(15);
    const size = out.take().length;
    rewriter.row(row, 0, row.length, out);
    // The next one begins as large as the last one was.
    expect(out.bytes.length).toBeGreaterThanOrEqual(size);
  });
});
