/** What a sample's DataRows hold, column by column as text: NULLs left out, of each column no more than is worth reading. */
import type { ColumnSample } from '../classify/classes.ts';
import { thinned } from '../classify/sample-query.ts';
import { HEADER_BYTES } from '../pgwire/framing.ts';
import { type ReceivedRow, TextRoom } from './text-room.ts';

interface Row extends ReceivedRow {
  /** Where its number of fields stands. */
  readonly at: number;
}

/** Of each of so many columns its values. Throws RangeError when the rows are not of so many columns. */
export function sampledValues(chunks: readonly Uint8Array[], columns: number): readonly ColumnSample[] {
  const rows = thinned(chunks.flatMap(rowsOf));
  const { starts, longest } = fieldsOf(rows, columns);
  const room = new TextRoom(rows.length, longest);
  const samples = Array.from({ length: columns }, (_, i) =>
    room.textsOf(rows, starts.subarray(i * rows.length, (i + 1) * rows.length)),
  );
  room.close();
  return samples;
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
