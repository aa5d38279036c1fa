import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrame,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type Frame,
  FrameBuffer,
  findFrame,
  judgeTail,
  recordOf,
  type SegmentHeader,
} from '../../src/store/segment-format.ts';

const header: SegmentHeader = {
  version: 1,
  gateway: 'gw.example',
  firstPosition: 7,
  firstLeaf: 5,
  createdAt: '2026-01-01T00:00:00.000Z',
  previous: { firstPosition: 1, endOffset: 4711 },
  streams: [['audit', 6]],
};

/** Frames as group commits: the first of each commit says that its predecessors are durable. */
function encode(commits: readonly (readonly string[])[], first = 1): Buffer {
  const frames = new FrameBuffer(32);
  let position = first;
  for (const commit of commits) {
    for (const [i, payload] of commit.entries()) {
      frames.add(position, Buffer.from('audit'), position, payload, i === 0);
      position++;
    }
  }
  return Buffer.from(frames.bytes());
}

function decodeAll(bytes: Buffer): { payloads: string[]; end: number; last: string } {
  const payloads: string[] = [];
  let at = 0;
  for (;;) {
    const frame = decodeFrame(bytes, at);
    if (frame.kind !== 'frame') return { payloads, end: at, last: frame.kind };
    payloads.push(recordOf(bytes, frame).payload);
    at = frame.next;
  }
}

describe('segment header', () => {
  it('round-trips, whatever follows it', () => {
    const bytes = encodeSegmentHeader(header);
    expect(decodeSegmentHeader(Buffer.concat([bytes, Buffer.from('more')]))).toEqual({
      kind: 'header',
      header,
      next: bytes.length,
    });
  });

  it('asks for more at every cut', () => {
    const bytes = encodeSegmentHeader(header);
    for (let cut = 0; cut < bytes.length; cut++) {
      const result = decodeSegmentHeader(bytes.subarray(0, cut));
      expect(result.kind).toBe('incomplete');
      if (result.kind === 'incomplete') expect(result.need).toBeGreaterThan(cut);
    }
  });

  it('finds every flipped bit', () => {
    const bytes = encodeSegmentHeader(header);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeSegmentHeader(flipped).kind).not.toBe('header');
    }
  });

  it('names another version', () => {
    const newer = encodeSegmentHeader({ ...header, version: 2 } as unknown as SegmentHeader);
    expect(decodeSegmentHeader(newer)).toEqual({ kind: 'unsupported', version: 2 });
  });
});

describe('frames', () => {
  it('round-trip any text, stream and position', () => {
    const record = fc.record({
      position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      stream: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
      seq: fc.integer({ min: 1, max: 0xffffffff }),
      payload: fc.string({ unit: 'grapheme', maxLength: 400 }),
      durable: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const frames = new FrameBuffer(16);
        for (const r of records) frames.add(r.position, Buffer.from(r.stream), r.seq, r.payload, r.durable);
        expect(frames.count).toBe(records.length);
        const bytes = frames.bytes();
        let at = 0;
        for (const r of records) {
          const frame = decodeFrame(bytes, at) as Frame;
          expect(frame.kind).toBe('frame');
          expect(frame.predecessorsDurable).toBe(r.durable);
          expect(recordOf(bytes, frame)).toEqual({
            position: r.position,
            stream: r.stream,
            streamSeq: r.seq,
            payload: r.payload,
          });
          at = frame.next;
        }
        expect(at).toBe(bytes.length);
      }),
    );
  });

  it('are read up to any cut, and the rest is asked for', () => {
    const bytes = encode([['{"a":1}', '{"b":"ü"}'], ['{"c":3}']]);
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; at = (decodeFrame(bytes, at) as Frame).next) {
      ends.push((decodeFrame(bytes, at) as Frame).next);
    }
    for (let cut = 0; cut <= bytes.length; cut++) {
      const read = decodeAll(bytes.subarray(0, cut));
      expect(read.payloads.length).toBe(ends.filter((end) => end <= cut).length);
      expect(read.last).toBe('incomplete');
    }
  });

  it('end at a zero length', () => {
    expect(decodeAll(Buffer.concat([encode([['{}']]), Buffer.alloc(100)]))).toMatchObject({
      payloads: ['{}'],
      last: 'end',
    });
  });

  it('never pass with a flipped bit', () => {
    const bytes = encode([['{"sql":"select 1"}']]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeFrame(flipped, 0).kind).not.toBe('frame');
    }
  });

  it('never make the decoder throw or read outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        const result = decodeFrame(Buffer.from(raw), 0);
        if (result.kind === 'frame') expect(result.next).toBeLessThanOrEqual(raw.length);
        judgeTail(Buffer.from(raw), 0);
      }),
    );
  });

  it('are found again behind rubbish, within the bounds of position only', () => {
    const good = encode([['{"x":1}']], 10);
    const bytes = Buffer.concat([Buffer.from('rubbish'), good]);
    expect(findFrame(bytes, 0, { after: 9, before: 11 })?.offset).toBe(7);
    expect(findFrame(bytes, 0, { after: 10, before: 20 })).toBeUndefined();
    expect(findFrame(bytes, 0, { after: 0, before: 10 })).toBeUndefined();
  });

  it('keeps a queue of large records out of memory once it is cleared', () => {
    const frames = new FrameBuffer();
    frames.add(1, Buffer.from('audit'), 1, 'x'.repeat(5_000_000), true);
    frames.clear();
    frames.add(2, Buffer.from('audit'), 2, '{}', true);
    expect(frames.bytes().buffer.byteLength).toBeLessThan(100_000);
  });
});

describe('judgeTail', () => {
  const commits = [['{"a":1}', '{"a":2}'], ['{"b":1}', '{"b":2}', '{"b":3}'], ['{"c":1}']];

  it('calls zeros clean', () => {
    expect(judgeTail(Buffer.alloc(50), 3)).toEqual({ kind: 'clean', lastLegiblePosition: 3 });
    expect(judgeTail(Buffer.alloc(0), 3).kind).toBe('clean');
  });

  it('calls a broken frame in the last commit torn, though whole frames of that commit follow', () => {
    const bytes = encode([commits[0]!, commits[1]!]);
    const start = encode([commits[0]!]).length;
    const broken = Buffer.from(bytes);
    broken[start + 30]! ^= 0xff;
    expect(judgeTail(broken.subarray(start), 2)).toEqual({ kind: 'torn', lastLegiblePosition: 5 });
  });

  it('calls a broken frame damaged when a later commit is there', () => {
    const bytes = encode(commits);
    const start = encode([commits[0]!]).length;
    for (const at of [start, start + 4, start + 30]) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 0x10;
      expect(judgeTail(broken.subarray(start), 2)).toMatchObject({
        kind: 'damaged',
        legibleEnd: bytes.length - start,
        lastLegiblePosition: 6,
      });
    }
  });

  it('calls a zeroed block in the middle damaged, not the end', () => {
    const bytes = encode(commits);
    const start = encode([commits[0]!]).length;
    bytes.fill(0, start, start + 40);
    expect(judgeTail(bytes.subarray(start), 2).kind).toBe('damaged');
  });
});
