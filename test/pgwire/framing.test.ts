import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BACKEND_STREAMED,
  BACKEND_TYPES,
  FRONTEND_STREAMED,
  FRONTEND_TYPES,
  type FramingLimits,
  MAX_MESSAGE_BYTES,
  MessageReader,
} from '../../src/pgwire/framing.ts';
import { encodeMessage, int32 } from '../../src/pgwire/message.ts';
import { ProtocolError } from '../../src/pgwire/protocol-error.ts';

const backend: FramingLimits = {
  side: 'backend',
  known: BACKEND_TYPES,
  streamed: BACKEND_STREAMED,
  maxWholeBytes: 1000,
};
const frontend: FramingLimits = {
  side: 'frontend',
  known: FRONTEND_TYPES,
  streamed: FRONTEND_STREAMED,
  maxWholeBytes: 1000,
};

/** Collects messages; those whose letter is in `stopAt` stop the reader. */
class Collector {
  readonly reader: MessageReader;
  readonly messages: Buffer[] = [];
  /** Where the bytes of whole messages lay: the very chunks that came. */
  readonly buffers: Buffer[] = [];
  #pieces: Buffer[] = [];
  stopAt = '';

  constructor(limits: FramingLimits) {
    this.reader = new MessageReader(limits, {
      message: (type, buffer, start, end) => {
        expect(this.#pieces).toEqual([]);
        expect(buffer[start]).toBe(type);
        this.messages.push(Buffer.from(buffer.subarray(start, end)));
        this.buffers.push(buffer);
        return !this.stopAt.includes(String.fromCharCode(type));
      },
      piece: (type, buffer, start, end, first, last) => {
        expect(first).toBe(this.#pieces.length === 0);
        this.#pieces.push(Buffer.from(buffer.subarray(start, end)));
        if (!last) return;
        const whole = Buffer.concat(this.#pieces);
        expect(whole[0]).toBe(type);
        this.messages.push(whole);
        this.#pieces = [];
      },
    });
  }

  get pieces(): number {
    return this.#pieces.length;
  }
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((to, i) => bytes.subarray(i === 0 ? 0 : at[i - 1]!, to));
}

const message = fc
  .tuple(fc.constantFrom(...'ZTDdCVSn'), fc.uint8Array({ maxLength: 60 }))
  .map(([type, body]) => encodeMessage(type, Buffer.from(body)));

describe('MessageReader', () => {
  it('gives the same messages for any split', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), (messages, cuts) => {
        const collector = new Collector(backend);
        for (const piece of cut(Buffer.concat(messages), cuts)) collector.reader.push(piece);
        expect(collector.messages).toEqual(messages);
        expect(collector.reader.atBoundary).toBe(true);
        expect(collector.reader.inStream).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('at every cut, and byte by byte', () => {
    const messages = ['T', 'D', 'd', 'Z', 'D'].map((type) => encodeMessage(type, Buffer.from(`body of ${type}`)));
    const all = Buffer.concat(messages);
    for (let at = 0; at <= all.length; at++) {
      const collector = new Collector(backend);
      collector.reader.push(all.subarray(0, at));
      collector.reader.push(all.subarray(at));
      expect(collector.messages).toEqual(messages);
    }
    const single = new Collector(backend);
    for (const byte of all) single.reader.push(Buffer.of(byte));
    expect(single.messages).toEqual(messages);
  });

  it('hands over the very chunk that came', () => {
    const collector = new Collector(backend);
    const chunk = Buffer.concat([encodeMessage('Z', Buffer.from('I')), encodeMessage('Z', Buffer.from('T'))]);
    collector.reader.push(chunk);
    expect(collector.buffers).toEqual([chunk, chunk]);
    expect(collector.buffers[0]).toBe(chunk);
  });

  it('stops when told, wherever the bytes were cut, and goes on with the rest', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), (messages, cuts) => {
        const collector = new Collector(backend);
        collector.stopAt = 'ZS';
        for (const piece of cut(Buffer.concat(messages), cuts)) collector.reader.push(piece);
        for (let i = 0; i <= messages.length && collector.reader.stopped; i++) {
          const before = collector.messages.length;
          collector.reader.resume();
          const given = collector.messages.slice(before);
          // Not one more than up to the next that stops.
          expect(given.slice(0, -1).some((m) => m[0] === 0x5a || m[0] === 0x53)).toBe(false);
        }
        expect(collector.messages).toEqual(messages);
        expect(collector.reader.backlogBytes).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('streams what is large, and allocates nothing by an announced length', () => {
    const collector = new Collector(backend);
    const header = Buffer.concat([Buffer.from('D'), int32(MAX_MESSAGE_BYTES)]);
    collector.reader.push(header.subarray(0, 3));
    collector.reader.push(header.subarray(3));
    expect(collector.reader.inStream).toBe(true);
    collector.reader.push(Buffer.alloc(1000));
    expect(collector.pieces).toBe(2);
    expect(collector.messages).toEqual([]);
  });

  it.each([
    ['unknown type', Buffer.concat([Buffer.from('!'), int32(4)])],
    ['a frontend type from a backend', Buffer.concat([Buffer.from('Q'), int32(4)])],
    ['length 3', Buffer.concat([Buffer.from('Z'), int32(3)])],
    ['length 0', Buffer.concat([Buffer.from('Z'), int32(0)])],
    ['length -1', Buffer.concat([Buffer.from('D'), int32(-1)])],
    ['length 2^31-1', Buffer.concat([Buffer.from('D'), int32(0x7fffffff)])],
    ['length above 1 GB', Buffer.concat([Buffer.from('d'), int32(MAX_MESSAGE_BYTES + 1)])],
    ['above the cap for whole messages', Buffer.concat([Buffer.from('T'), int32(1001)])],
  ])('refuses at the header, however it is cut: %s', (_name, bytes) => {
    for (let at = 0; at < bytes.length; at++) {
      const { reader } = new Collector(backend);
      expect(() => {
        reader.push(bytes.subarray(0, at));
        reader.push(bytes.subarray(at));
      }).toThrow(ProtocolError);
    }
  });

  it('takes what is exactly at the cap', () => {
    const collector = new Collector(frontend);
    const whole = encodeMessage('Q', Buffer.alloc(996));
    collector.reader.push(whole.subarray(0, 500));
    collector.reader.push(whole.subarray(500));
    expect(collector.messages).toEqual([whole]);
  });

  it('gives the reader’s user nothing behind a refusal', () => {
    const collector = new Collector(frontend);
    const good = encodeMessage('S');
    expect(() => collector.reader.push(Buffer.concat([good, Buffer.from('!!!!!'), good]))).toThrow(ProtocolError);
    expect(collector.messages).toEqual([good]);
  });

  it('garbage is messages or a ProtocolError, never another error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const { reader } = new Collector(frontend);
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
