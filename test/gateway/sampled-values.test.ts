import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampledValues } from '../../src/gateway/sampled-values.ts';

type Row = readonly (string | null)[];

function dataRow(row: Row): Buffer {
  const fields = row.flatMap((text) => {
    const length = Buffer.alloc(4);
    const bytes = Buffer.from(text ?? '');
    length.writeInt32BE(text === null ? -1 : bytes.length);
    return [length, bytes];
  });
  const head = Buffer.alloc(7);
  const body = Buffer.concat(fields);
  head.write('D');
  head.writeInt32BE(6 + body.length, 1);
  head.writeInt16BE(row.length, 5);
  return Buffer.concat([head, body]);
}

/** Whole rows, a few in each. */
function chunksOf(rows: readonly Row[], each: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += each)
    chunks.push(new Uint8Array(Buffer.concat(rows.slice(at, at + each).map(dataRow))));
  return chunks;
}

const columnsOf = (rows: readonly Row[], columns: number) =>
  Array.from({ length: columns }, (_, i) => rows.flatMap((row) => row[i] ?? []));

const valuesOf = (chunks: Uint8Array[], columns: number) => sampledValues(chunks, columns).map(({ values }) => values);

const text = fc.option(
  fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 9 }),
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'ü', '€'), maxLength: 12 }),
  ),
  { nil: null },
);

describe('sampledValues', () => {
  it('are the texts of each column, without NULL', () => {
    const rows = fc.array(fc.tuple(text, text, text), { maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 7 }), (some, each) => {
        expect(valuesOf(chunksOf(some, each), 3)).toEqual(columnsOf(some, 3));
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('are told apart where that is the same as to trim them and look for what repeats', () => {
    const few = fc.oneof(
      { weight: 8, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '1'), minLength: 1, maxLength: 6 }) },
      fc.constantFrom('', ' a', 'a\t', 'b\u001f', '\vb', 'ä', '\u00a0a', 'ab\u007f', 'x'.repeat(9), null),
    );
    const rows = fc.array(fc.tuple(few), { maxLength: 1_100 });
    let told = 0;
    fc.assert(
      fc.property(rows, (some) => {
        const [{ values, distinct, places }] = sampledValues(chunksOf(some, 100), 1) as [
          ReturnType<typeof sampledValues>[0],
        ];
        const trimmed = new Set(values.map((value) => value.trim()));
        const arePlain = values.every((value) => /^[\x00-\x7f]+$/.test(value) && value === value.trim());
        expect(distinct).toEqual(arePlain ? [...trimmed] : undefined);
        if (distinct === undefined || distinct.length === values.length) expect(places).toBeUndefined();
        else expect(Array.from(places!, (place) => distinct[place])).toEqual(values);
        if (arePlain && trimmed.size > 1) told++;
      }),
      { numRuns: 300, seed: 12 },
    );
    expect(told).toBeGreaterThan(30);
  });

  it('are no more of a column than is worth reading, whatever the others hold', () => {
    const rows = Array.from(
      { length: 900 },
      (_, i): Row => [`${i}`, 'x'.repeat(1_000), i % 2 === 0 ? 'ü'.repeat(1_000) : null],
    );
    const [short, long, beyond] = valuesOf(chunksOf(rows, 50), 3);
    expect(short).toEqual(rows.map(([first]) => first));
    expect(long).toEqual(Array.from({ length: 132 }, () => 'x'.repeat(1_000)));
    expect(beyond).toEqual(Array.from({ length: 132 }, () => 'ü'.repeat(1_000)));
  });

  it('refuses rows of another number of columns', () => {
    expect(() => sampledValues(chunksOf([['a', 'b']], 1), 3)).toThrow(RangeError);
  });
});
