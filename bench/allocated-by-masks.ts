/**
 * What masking a row allocates on the heap of V8: bytes a row through the rewriters, by themselves and warm, for the ten
 * columns of the other benches. Buffers, one a chunk, are not of the heap. A mask that is keyed has a digest of
 * node:crypto, which is a string; these columns have none.
 */
import v8 from 'node:v8';
import type { ColumnClass } from '../src/classify/classes.ts';
import { BUILTIN_TYPES } from '../src/masking/builtin-types.ts';
import { ByteOutput } from '../src/masking/byte-output.ts';
import { CopyRewriter } from '../src/masking/copy-rewriter.ts';
import { maskContext } from '../src/masking/maskers/context.ts';
import type { ResultPlan } from '../src/masking/plan.ts';
import { ResultRewriter } from '../src/masking/result-rewriter.ts';
import { encodeMessage } from '../src/pgwire/message.ts';
import { encodeDataRow } from '../src/pgwire/result.ts';

const ROWS = 400;
const WARM_CHUNKS = 500;
const CHUNKS = 500;
const RUNS = 4;
const TEXT = 25;
const DATE = 1082;

const COLUMNS: readonly (readonly [ColumnClass, number, (i: number) => string])[] = [
  ['email', TEXT, (i) => `person.number${i}@mailbox.example`],
  ['person_name', TEXT, (i) => `Jonas Weber ${i}`],
  ['phone', TEXT, (i) => `+49 170 ${1_000_000 + i}`],
  ['username', TEXT, (i) => `user${i}`],
  ['postal_address', TEXT, (i) => `${i} Long Street, Lakeview`],
  ['payment_card', TEXT, (i) => `4111 1111 1111 ${1000 + i}`],
  ['bank_account', TEXT, (i) => `DE44 5001 0517 5407 ${1000 + i} 31`],
  ['email', TEXT, (i) => `second${i}@mailbox.example`],
  ['person_name', TEXT, (i) => `Weber ${i}`],
  ['date_of_birth', DATE, (i) => `19${50 + (i % 50)}-03-12`],
];

const PLAN: ResultPlan = {
  columns: COLUMNS.map(([columnClass]) => ({ do: 'mask', class: columnClass, mode: 'partial' })),
  types: COLUMNS.map(([, type]) => type),
  passes: false,
  because: [],
};

/** Bytes a row, of DataRow and of COPY as text and CSV: the largest of them. NaN where V8 does not count. */
export function allocatedByMasks(): number {
  const context = maskContext(Buffer.alloc(32, 9));
  const types = (oid: number) => BUILTIN_TYPES.get(oid);
  const values = Array.from({ length: ROWS }, (_, i) => COLUMNS.map(([, , value]) => value(i)));
  const rows = new ResultRewriter(
    PLAN,
    COLUMNS.map(([, typeOid]) => ({ typeOid, format: 0, typeModifier: -1 })),
    { ...context, types },
  );
  const text = { format: 'text', delimiter: '\t', nullText: '\\N', quote: '"', escape: '"', header: false } as const;
  const copies = [text, { ...text, format: 'csv', delimiter: ';', nullText: '' } as const].map(
    (format) => [new CopyRewriter(PLAN, format, types, context), format.delimiter] as const,
  );
  return Math.max(
    0,
    bytesARow(values.map(encodeDataRow), (chunk, start, end, out) => rows.row(chunk, start, end, out)),
    ...copies.map(([copy, delimiter]) =>
      bytesARow(
        values.map((row) => encodeMessage('d', Buffer.from(`${row.join(delimiter)}\n`))),
        (chunk, start, end, out) => copy.data(chunk, start, end, out),
      ),
    ),
  );
}

type Rewrite = (chunk: Buffer, start: number, end: number, out: ByteOutput) => void;

/** Of a row more in a chunk: what each chunk takes, however many rows it has, is not counted. */
function bytesARow(messages: readonly Buffer[], rewrite: Rewrite): number {
  const half = messages.slice(messages.length / 2);
  return (bytesAChunk(messages, rewrite) - bytesAChunk(half, rewrite)) / (messages.length - half.length);
}

function bytesAChunk(messages: readonly Buffer[], rewrite: Rewrite): number {
  const chunk = Buffer.concat(messages);
  const out = new ByteOutput();
  const run = (chunks: number): void => {
    for (let i = 0; i < chunks; i++) {
      for (let at = 0; at < chunk.length; ) {
        const end = at + 1 + ((chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!);
        rewrite(chunk, at, end, out);
        at = end;
      }
      out.take();
    }
  };
  run(WARM_CHUNKS);
  // The least: now and then V8 compiles something.
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const before = allocated();
    run(CHUNKS);
    least = Math.min(least, (allocated() - before) / CHUNKS);
  }
  return least;
}

function allocated(): number {
  const { total_allocated_bytes: bytes } = v8.getHeapStatistics() as { total_allocated_bytes?: number };
  return bytes ?? Number.NaN;
}
