/**
 * How many streams share one connection between the CLI and the gateway: frames of 8 bytes and what they carry. One byte
 * says what it is, three how long it is (of CREDIT: how much), four which stream. All numbers are big-endian.
 *
 *     0     1           4             8
 *     +-----+-----------+-------------+----------------+
 *     | type|  length   |  stream     | bytes of DATA  |
 *     +-----+-----------+-------------+----------------+
 *
 * The side that dialled opens streams, numbered 1, 2, 3, … For each of them either side sends at most as many bytes as it
 * has credit for, which begins with the other's window and grows by its CREDIT.
 */
import { DbgateError } from '../errors.ts';

export const OPEN = 1;
export const DATA = 2;
/** This side says nothing more. */
export const END = 3;
/** The stream is over, whatever was on its way. */
export const RESET = 4;
/** So many more bytes may come. */
export const CREDIT = 5;
export type FrameType = typeof OPEN | typeof DATA | typeof END | typeof RESET | typeof CREDIT;

export const HEADER_BYTES = 8;
/** Of what one frame carries, and of one CREDIT. */
export const MAX_LENGTH = 0xff_ff_ff;
export const MAX_STREAM = 0xff_ff_ff_ff;

export function writeHeader(into: Buffer, at: number, type: FrameType, stream: number, length: number): void {
  into.writeUInt32BE(type * 0x1_00_00_00 + length, at);
  into.writeUInt32BE(stream, at + 4);
}

/** What a reader finds. `data` may come in pieces; each `bytes` is part of the chunk that was pushed. */
export interface FrameSink {
  data(stream: number, bytes: Buffer): void;
  frame(type: Exclude<FrameType, typeof DATA>, stream: number, length: number): void;
}

/** Bytes → frames, wherever they are cut. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  /** Bytes of the header that have come. */
  #has = 0;
  #stream = 0;
  /** Of the DATA under way: what is still to come. */
  #left = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Throws DbgateError `protocol`: the other side speaks something else. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        this.#sink.data(this.#stream, chunk.subarray(at, end));
        at = end;
        continue;
      }
      if (this.#has === 0 && chunk.length - at >= HEADER_BYTES) {
        this.#take(chunk, at);
        at += HEADER_BYTES;
        continue;
      }
      const taken = chunk.copy(this.#header, this.#has, at, Math.min(chunk.length, at + HEADER_BYTES - this.#has));
      this.#has += taken;
      at += taken;
      if (this.#has < HEADER_BYTES) return;
      this.#has = 0;
      this.#take(this.#header, 0);
    }
  }

  #take(from: Buffer, at: number): void {
    const type = from[at]!;
    const length = from.readUIntBE(at + 1, 3);
    const stream = from.readUInt32BE(at + 4);
    if (
      stream === 0 ||
      type < OPEN ||
      type > CREDIT ||
      (length > 0 && (type === OPEN || type === END || type === RESET))
    )
      throw new DbgateError('protocol', 'no frame of streams that share a connection');
    if (type !== DATA) {
      this.#sink.frame(type as Exclude<FrameType, typeof DATA>, stream, length);
      return;
    }
    this.#stream = stream;
    this.#left = length;
  }
}
