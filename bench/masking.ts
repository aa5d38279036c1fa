/**
 * What masking costs by itself: rows a CPU second through the rewriters, in one process, without sockets. A walk that only
 * counts rows is what an answer without sensitive columns costs. `node bench/masking.ts [rows]`
 */
import type { ColumnClass } from '../src/classify/classes.ts';
import { BUILTIN_TYPES } from '../src/masking/builtin-types.ts';
import { ByteOutput } from '../src/masking/byte-output.ts';
import { CopyRewriter } from '../src/masking/copy-rewriter.ts';
import { maskContext } from '../src/masking/maskers/context.ts';
import type { ColumnAction, ResultPlan } from '../src/masking/plan.ts';
import { ResultRewriter } from '../src/masking/result-rewriter.ts';
import { BACKEND_STREAMED, BACKEND_TYPES, MessageReader } from '../src/pgwire/framing.ts';
import { encodeMessage } from '../src/pgwire/message.ts';
import { encodeDataRow } from '../src/pgwire/result.ts';
import { median } from './statistics.ts';

const CHUNK_BYTES = 65_536;
const DATA_ROW = 0x44;
const ROUNDS = 7;
const wanted = Number(process.argv[2] ?? 1_000_000);

interface Column {
  readonly type: number;
  readonly action: ColumnAction;
  value(i: number): string;
}

const masked = (columnClass: ColumnClass, type: number, value: (i: number) => string): Column => ({
  type,
  action: { do: 'mask', class: columnClass, mode: 'partial' },
  value,
});
const plain = (type: number, value: (i: number) => string): Column => ({ type, action: { do: 'pass' }, value });

const id = plain(20, (i) => String(i));
const email = masked('email', 25, (i) => `person.number${i}@mailbox.example`);
const small = [id, email, plain(1043, (i) => (i % 3 === 0 ? 'active' : 'suspended'))];
const wide = [
  email,
  masked('person_name', 25, (i) => `Jonas Weber ${i}`),
  masked('phone', 1043, (i) => `+49 170 ${1000000 + i}`),
  masked('date_of_birth', 1082, (i) => `19${50 + (i % 50)}-03-12`),
  masked('ip_address', 869, (i) => `192.168.${i % 256}.77`),
  masked('payment_card', 25, (i) => `4111 1111 1111 ${1000 + (i % 9000)}`),
  masked('national_id', 23, (i) => String(10_000_000 + i)),
  masked('postal_address', 25, (i) => `${i} Long Street, Lakeview`),
  masked('username', 25, (i) => `user${i}`),
  masked('device_id', 2950, (i) => `2f1c0a52-0b6f-4f0e-9f0e-${String(i).padStart(12, '0')}`),
];
const prose = [
  id,
  { ...email, action: { do: 'scan' }, value: (i: number) => `please ring back about order ${i}, thanks` } as Column,
];
const document = (i: number): string =>
  `{"id": ${i}, "kind": "order_placed", "tags": ["new", "large"], "note": "please ring back, thanks", "inner": {"sku": "AB-${i}", "n": 2.5, "ok": true}}`;
const documents = [id, { type: 3802, action: { do: 'scan' }, value: document } as Column];
const keyed = [
  id,
  {
    type: 3802,
    action: {
      do: 'json',
      keys: new Map([['note', { do: 'mask', class: 'free_text', mode: 'partial' }]]),
      otherwise: { do: 'pass' },
    },
    value: document,
  } as Column,
];

/** Chunks as a socket gives them: rows straddle them. */
function chunksOf(columns: readonly Column[], rows: number): Buffer[] {
  const messages: Buffer[] = [];
  for (let i = 0; i < rows; i++) messages.push(encodeDataRow(columns.map(({ value }) => value(i))));
  const all = Buffer.concat(messages);
  const chunks: Buffer[] = [];
  for (let at = 0; at < all.length; at += CHUNK_BYTES) chunks.push(all.subarray(at, at + CHUNK_BYTES));
  return chunks;
}

const planOf = (columns: readonly Column[]): ResultPlan => ({
  columns: columns.map(({ action }) => action),
  passes: false,
  because: [],
  types: columns.map(({ type }) => type),
});

const options = { ...maskContext(Buffer.alloc(32, 9)), types: (oid: number) => BUILTIN_TYPES.get(oid) };

/** Of this process: other work on the machine does not count. */
function cpuMilliseconds(): number {
  return process.cpuUsage().user / 1000;
}

/** Rows a second; `rewrite` false: only framing. */
function rowsPerSecond(columns: readonly Column[], chunks: readonly Buffer[], rows: number, rewrite: boolean): number {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const out = new ByteOutput();
    const rewriter = new ResultRewriter(
      planOf(columns),
      columns.map(({ type }) => ({ typeOid: type, format: 0, typeModifier: -1 })),
      options,
    );
    let seen = 0;
    const reader = new MessageReader(
      { maxWholeBytes: 1 << 24, streamed: BACKEND_STREAMED, known: BACKEND_TYPES, side: 'backend' },
      {
        message(type, buffer, start, end) {
          if (type !== DATA_ROW) throw new Error('another message');
          seen++;
          if (rewrite) rewriter.row(buffer, start, end, out);
          return true;
        },
        piece(_type, buffer, start, end, first, last) {
          if (first) seen++;
          if (rewrite) rewriter.piece(buffer, start, end, first, last, out);
        },
      },
    );
    const before = cpuMilliseconds();
    let bytes = 0;
    for (const chunk of chunks) {
      reader.push(chunk);
      bytes += out.take().length;
    }
    took.push(cpuMilliseconds() - before);
    if (seen !== rows || (rewrite && bytes === 0)) throw new Error('rows were lost');
  }
  return Math.round((rows / median(took)) * 1000);
}

function copyRowsPerSecond(columns: readonly Column[], rows: number): number {
  const chunks: Buffer[] = [];
  for (let at = 0; at < rows; at += 500) {
    const messages = Array.from({ length: Math.min(500, rows - at) }, (_, i) =>
      encodeMessage('d', Buffer.from(`${columns.map(({ value }) => value(at + i)).join('\t')}\n`)),
    );
    chunks.push(Buffer.concat(messages));
  }
  const format = { format: 'text', delimiter: '\t', nullText: '\\N', quote: '"', escape: '"', header: false } as const;
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const out = new ByteOutput();
    const rewriter = new CopyRewriter(planOf(columns), format, options.types, options);
    const before = cpuMilliseconds();
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const end = at + 1 + chunk.readInt32BE(at + 1);
        rewriter.data(chunk, at, end, out);
        at = end;
      }
      out.take();
    }
    took.push(cpuMilliseconds() - before);
  }
  return Math.round((rows / median(took)) * 1000);
}

for (const [name, columns, rows] of [
  ['one masked text of three columns', small, wanted],
  ['ten masked columns', wide, Math.ceil(wanted / 4)],
  ['one text that is scanned', prose, wanted],
  ['one document that is scanned', documents, Math.ceil(wanted / 4)],
  ['one document with a masked key', keyed, Math.ceil(wanted / 4)],
] as const) {
  const chunks = chunksOf(columns, rows);
  const bytesARow = chunks.reduce((sum, chunk) => sum + chunk.length, 0) / rows;
  const walk = rowsPerSecond(columns, chunks, rows, false);
  const rewritten = rowsPerSecond(columns, chunks, rows, true);
  const copied = copyRowsPerSecond(columns, rows);
  console.log(
    `${name} (${bytesARow.toFixed(0)} bytes a row): walk ${walk} rows/s, rewritten ${rewritten} (${(1e9 / rewritten).toFixed(0)} ns a row), COPY ${copied}`,
  );
}
