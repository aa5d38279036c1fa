/**
 * What a sample's DataRows hold, column by column as text: NULLs left out, of each column no more than is worth reading.
 * Most texts are ASCII: a column's are cut out of one string. They lie side by side in it, as they are read: among the
 * other columns' each would have to be fetched from memory again.
 */
import { thinned } from '../classify/sample-query.ts';
import { HEADER_BYTES } from '../pgwire/framing.ts';

/** Sampling a column is worth no more text than this. */
const MAX_SAMPLE_CHARACTERS = 128 * 1024;

interface Row {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where its number of fields stands. */
  readonly at: number;
}

/** Of each of so many columns its values. Throws RangeError when the rows are not of so many columns. */
export function sampledValues(chunks: readonly Uint8Array[], columns: number): readonly (readonly string[])[] {
  const rows = thinned(chunks.flatMap(rowsOf));
  const { starts, longest } = fieldsOf(rows, columns);
  const room = Buffer.allocUnsafeSlow(MAX_SAMPLE_CHARACTERS + longest);
  const values = Array.from({ length: columns }, (_, i) =>
    textsOf(rows, starts.subarray(i * rows.length, (i + 1) * rows.length), room),
  );
  // At once: V8 looks for such memory when there are 64 MB of it.
  room.buffer.transfer(0);
  return values;
}

function rowsOf(bytes: Uint8Array): Row[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const rows: Row[] = [];
  for (let at = 0; at < buffer.length; at += 1 + view.getInt32(at + 1))
    rows.push({ bytes: buffer, view, at: at + HEADER_BYTES });
  return rows;
}

/** Where each value begins, column after column; 0: it is NULL. */
function fieldsOf(rows: readonly Row[], columns: number): { readonly starts: Int32Array; readonly longest: number } {
  const starts = new Int32Array(rows.length * columns);
  let longest = 0;
  for (const [at, row] of rows.entries()) {
    if (row.view.getUint16(row.at) !== columns) throw new RangeError(`expected ${columns} fields`);
    let next = row.at + 2;
    for (let i = 0; i < columns; i++) {
      const length = row.view.getInt32(next);
      next += 4;
      if (length < 0) continue;
      starts[i * rows.length + at] = next;
      if (length > longest) longest = length;
      next += length;
    }
  }
  return { starts, longest };
}

/** `room`: for the bytes of all that are ASCII. */
function textsOf(rows: readonly Row[], starts: Int32Array, room: Buffer): readonly string[] {
  const view = new DataView(room.buffer, room.byteOffset, room.length);
  /** Where it ends in the room, or a text that is not there. */
  const texts: (number | string)[] = [];
  let used = 0;
  let characters = 0;
  for (let at = 0; at < rows.length && characters <= MAX_SAMPLE_CHARACTERS; at++) {
    const start = starts[at]!;
    if (start === 0) continue;
    const row = rows[at]!;
    const length = row.view.getInt32(start - 4);
    if (copyAscii(row.view, start, length, view, used)) {
      used += length;
      characters += length;
      texts.push(used);
    } else {
      const text = row.bytes.toString('utf8', start, start + length);
      characters += text.length;
      texts.push(text);
    }
  }
  const all = room.toString('latin1', 0, used);
  let from = 0;
  return texts.map((text) => {
    if (typeof text === 'string') return text;
    const ascii = all.slice(from, text);
    from = text;
    return ascii;
  });
}

/** Four bytes at a time; false: some are not ASCII. */
function copyAscii(from: DataView, start: number, length: number, to: DataView, at: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const four = from.getInt32(start + i);
    if ((four & HIGH_BITS) !== 0) return false;
    to.setInt32(at + i, four);
  }
  for (; i < length; i++) {
    const byte = from.getUint8(start + i);
    if (byte > 127) return false;
    to.setUint8(at + i, byte);
  }
  return true;
}
const HIGH_BITS = 0x80808080 | 0;
