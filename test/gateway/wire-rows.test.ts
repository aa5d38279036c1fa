/** Whatever way rows come in, they go on as they are, whole, and in memory of their own. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireRows } from '../../src/gateway/wire-rows.ts';
import { BACKEND_TYPES, MessageReader } from '../../src/pgwire/framing.ts';

function dataRow(bytes: number, fill: number): Buffer {
  const row = Buffer.alloc(5 + bytes, fill);
  row.write('D');
  row.writeInt32BE(4 + bytes, 1);
  return row;
}

/** The lengths of the messages in a chunk; it ends where one does. */
function lengthsIn(chunk: Uint8Array): number[] {
  const lengths: number[] = [];
  const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < buffer.length; at += 1 + buffer.readInt32BE(at + 1))
    lengths.push(1 + buffer.readInt32BE(at + 1));
  return lengths;
}

it('hands rows on as they came, however they were cut, with nothing between them left out', () => {
  const sizes = fc.array(fc.oneof(fc.nat(200), fc.nat(70_000)), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 65_536 }), fc.nat(5), (rows, read, notices) => {
      const messages = rows.map((bytes, i) => dataRow(bytes, i % 251));
      const other = Buffer.from([0x4e, 0, 0, 0, 5, 0]);
      const sent = Buffer.concat(messages.flatMap((row, i) => (i % 6 < notices ? [row] : [row, other])));
      const wire = new WireRows();
      const reader = new MessageReader(
        { side: 'backend', known: BACKEND_TYPES, streamed: new Set(), maxWholeBytes: 1 << 20 },
        {
          message: (type, buffer, start, end) => {
            if (type === 0x44) wire.push(buffer, start, end);
            return true;
          },
          piece: () => {},
        },
      );
      for (let at = 0; at < sent.length; at += read) {
        const chunk = Buffer.from(sent.subarray(at, at + read));
        reader.push(chunk);
        wire.settle();
        // Its memory is another's from now on.
        chunk.fill(0xff);
      }
      const chunks = wire.chunks();
      expect(wire.count).toBe(messages.length);
      expect(chunks.flatMap(lengthsIn)).toEqual(messages.map(({ length }) => length));
      expect(Buffer.concat(chunks).equals(Buffer.concat(messages))).toBe(true);
      expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length);
    }),
    { numRuns: 200, seed: 9 },
  );
});
