import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeErrorResponse } from '../../src/pgwire/error-response.ts';
import { encodeCommandComplete, encodeDataRow, readyForQuery } from '../../src/pgwire/result.ts';
import { MessageBoundary } from '../../src/tunnel/message-boundary.ts';

const row = encodeDataRow(['x'.repeat(300)]);
const error = encodeErrorResponse({ severity: 'FATAL', code: '57P01', message: 'gone' });
const stream = Buffer.concat([row, encodeCommandComplete('SELECT 1'), readyForQuery('I'), row, error]);
const ends = new Set<number>();
for (let at = 0; at < stream.length; at += 1 + stream.readInt32BE(at + 1)) ends.add(at);
ends.add(stream.length);

describe('MessageBoundary', () => {
  it('knows at every byte whether it stands between messages', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const boundary = new MessageBoundary();
      boundary.push(stream.subarray(0, cut));
      expect(boundary.isBetweenMessages, `byte ${cut}`).toBe(ends.has(cut));
      expect(boundary.endedInError, `byte ${cut}`).toBe(cut === stream.length);
    }
  });

  it('sees the same however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), fc.nat(stream.length), (cuts, end) => {
        const boundary = new MessageBoundary();
        const at = [0, ...cuts.filter((cut) => cut < end).sort((a, b) => a - b), end];
        for (let i = 1; i < at.length; i++) boundary.push(stream.subarray(at[i - 1], at[i]));
        expect(boundary.isBetweenMessages).toBe(ends.has(end));
        expect(boundary.endedInError).toBe(end === stream.length);
      }),
    );
  });
});
