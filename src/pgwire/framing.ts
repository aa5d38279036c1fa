/**
 * Bytes → messages, for one direction of a connection after start-up.
 * In: chunks, split anywhere. Out: calls on a sink, either a whole message inside one buffer (usually the very chunk
 * that came, so that it can be forwarded untouched) or the pieces of a message that is streamed because it may be
 * large. Lengths are checked at the header, before anything is kept; nothing is allocated by a length that was only
 * announced.
 *
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */
import { ProtocolError } from './protocol-error.ts';

/** Type byte and Int32 length. */
export const HEADER_BYTES = 5;

export interface MessageSink {
  /** True: streamed types are handed over whole as well, for now. */
  readonly wantsWhole?: boolean;
  /**
   * One whole message at `buffer[start..end)`, header included. `false` stops the reader: the rest stays in it until
   * `resume()`.
   */
  message(type: number, buffer: Buffer, start: number, end: number): boolean;
  /** A piece of a streamed message: `first` begins with its header, `last` ends it. */
  piece(type: number, buffer: Buffer, start: number, end: number, first: boolean, last: boolean): void;
}

export interface FramingLimits {
  /** Largest value of the length field for messages that are handed over whole. */
  readonly maxWholeBytes: number;
  /** Types (byte values) that are streamed when they are not inside one chunk. */
  readonly streamed: ReadonlySet<number>;
  /** Types that may come at all; others are a protocol violation. */
  readonly known: ReadonlySet<number>;
  /** For messages: `frontend` or `backend`. */
  readonly side: 'frontend' | 'backend';
}

/** The wire's own maximum: PostgreSQL allocates at most 1 GB for a message. */
export const MAX_MESSAGE_BYTES = 0x3fffffff;

const NOTHING = Buffer.alloc(0);
/** Of a message that has begun, if it is as long. */
const LEAST_ROOM = 512;

export class MessageReader {
  readonly #limits: FramingLimits;
  readonly #sink: MessageSink;
  /** The message that is being collected, with room for more. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  /** Total bytes of the collected message, 0 while its header is incomplete. */
  #heldTotal = 0;
  /** Bytes still to come of a streamed message. */
  #streamLeft = 0;
  #streamType = 0;
  /** What came after the sink said stop. */
  #backlog: Buffer[] = [];
  #stopped = false;

  constructor(limits: FramingLimits, sink: MessageSink) {
    this.#limits = limits;
    this.#sink = sink;
  }

  /** True when the last byte read ended a message. */
  get atBoundary(): boolean {
    return this.#streamLeft === 0 && this.#heldBytes === 0;
  }

  /** True in the middle of a streamed message, whose first bytes have gone on already. */
  get inStream(): boolean {
    return this.#streamLeft > 0;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Bytes kept because the sink said stop. */
  get backlogBytes(): number {
    let sum = 0;
    for (const buffer of this.#backlog) sum += buffer.length;
    return sum;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) {
      if (chunk.length > 0) this.#backlog.push(chunk);
      return;
    }
    this.#read(chunk);
  }

  /** Goes on after a stop; the message that stopped the reader is not given again. */
  resume(): void {
    this.#stopped = false;
    while (!this.#stopped) {
      const chunk = this.#backlog.shift();
      if (chunk === undefined) return;
      this.#read(chunk);
    }
  }

  #read(chunk: Buffer): void {
    const sink = this.#sink;
    const end = chunk.length;
    let at = 0;
    if (this.#streamLeft > 0) {
      at = Math.min(this.#streamLeft, end);
      this.#streamLeft -= at;
      sink.piece(this.#streamType, chunk, 0, at, false, this.#streamLeft === 0);
    } else if (this.#heldBytes > 0) {
      at = this.#fill(chunk);
      if (at < 0) return;
    }
    while (!this.#stopped && end - at >= HEADER_BYTES) {
      const type = chunk[at]!;
      const total = this.#checkedTotal(type, readLength(chunk, at + 1));
      const next = at + total;
      if (next <= end) {
        if (!sink.message(type, chunk, at, next)) this.#stopped = true;
        at = next;
      } else if (this.#limits.streamed.has(type) && sink.wantsWhole !== true) {
        this.#streamType = type;
        this.#streamLeft = next - end;
        sink.piece(type, chunk, at, end, true, false);
        return;
      } else break;
    }
    if (at >= end) return;
    if (this.#stopped) this.#backlog.unshift(chunk.subarray(at));
    else this.#hold(chunk, at);
  }

  /** Completes the collected message from `chunk`; gives the offset behind it, or -1 when more is needed. */
  #fill(chunk: Buffer): number {
    let at = 0;
    if (this.#heldTotal === 0) {
      at = Math.min(HEADER_BYTES - this.#heldBytes, chunk.length);
      this.#append(chunk, 0, at);
      if (this.#heldBytes < HEADER_BYTES) return -1;
      const header = this.#held.subarray(0, HEADER_BYTES);
      const type = header[0]!;
      const total = this.#checkedTotal(type, header.readInt32BE(1));
      if (
        this.#limits.streamed.has(type) &&
        this.#sink.wantsWhole !== true &&
        total > HEADER_BYTES + chunk.length - at
      ) {
        // A streamed message whose header came in parts: its pieces go on from here.
        this.#forget();
        this.#streamType = type;
        this.#streamLeft = total - HEADER_BYTES - (chunk.length - at);
        this.#sink.piece(type, header, 0, HEADER_BYTES, true, false);
        if (at < chunk.length) this.#sink.piece(type, chunk, at, chunk.length, false, false);
        return -1;
      }
      this.#heldTotal = total;
    }
    const need = this.#heldTotal - this.#heldBytes;
    const have = chunk.length - at;
    if (have < need) {
      this.#append(chunk, at, chunk.length);
      return -1;
    }
    this.#append(chunk, at, at + need);
    const message = this.#held.subarray(0, this.#heldBytes);
    this.#forget();
    if (!this.#sink.message(message[0]!, message, 0, message.length)) this.#stopped = true;
    return at + need;
  }

  /** Room grows with what came, never by what was announced; a byte at a time costs no object each. */
  #append(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#heldBytes + end - start;
    if (bytes > this.#held.length) {
      const room = Buffer.allocUnsafe(Math.max(bytes, Math.min(2 * bytes, this.#heldTotal), HEADER_BYTES));
      this.#held.copy(room, 0, 0, this.#heldBytes);
      this.#held = room;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = bytes;
  }

  #forget(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
    this.#heldTotal = 0;
  }

  /** A copy: of the chunk nothing is kept, so that its memory is whose it was. */
  #hold(chunk: Buffer, start: number): void {
    const bytes = chunk.length - start;
    const total = bytes >= HEADER_BYTES ? 1 + readLength(chunk, start + 1) : 0;
    this.#held = Buffer.allocUnsafe(Math.max(bytes, Math.min(total, Math.max(2 * bytes, LEAST_ROOM)), HEADER_BYTES));
    chunk.copy(this.#held, 0, start);
    this.#heldBytes = bytes;
    this.#heldTotal = total;
  }

  #checkedTotal(type: number, length: number): number {
    const { known, streamed, maxWholeBytes, side } = this.#limits;
    if (!known.has(type)) {
      throw new ProtocolError(`unknown ${side} message type 0x${type.toString(16).padStart(2, '0')}`);
    }
    const max = streamed.has(type) ? MAX_MESSAGE_BYTES : maxWholeBytes;
    if (length < 4 || length > max) {
      throw new ProtocolError(
        `${side} message '${String.fromCharCode(type)}': length ${length} is not between 4 and ${max}`,
      );
    }
    return length + 1;
  }
}

function readLength(buffer: Buffer, at: number): number {
  // As readInt32BE, without its argument checks: this runs for every row.
  return (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
}

const bytesOf = (letters: string): ReadonlySet<number> => new Set([...letters].map((c) => c.charCodeAt(0)));

/** Query, Parse, Bind, Describe, Execute, Sync, Flush, Close, FunctionCall, CopyData, CopyDone, CopyFail, Terminate, password. */
export const FRONTEND_TYPES = bytesOf('QPBDESHCFdcfXp');
/** Every backend message of protocol 3.x. */
export const BACKEND_TYPES = bytesOf('RKSZTDCEN123tnIsGHWdcAVv');
/** CopyData may be as large as the wire allows and is never looked into as a whole. */
export const FRONTEND_STREAMED = bytesOf('d');
/** DataRow and CopyData; FunctionCallResponse. */
export const BACKEND_STREAMED = bytesOf('DdV');
