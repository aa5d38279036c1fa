/**
 * One connection that carries many streams, as `frames.ts` says. In: the connection, behind its own handshake. Out: streams,
 * each a half-open capable Duplex that knows nothing of the others. What streams write in one turn of the event loop leaves
 * together. A stream whose reader takes its time holds up no other, and has at most a window of bytes and a stream's own buffer
 * wait in memory; a peer that sends more than it may, or asks on and on and reads no answer, loses the connection.
 */
import type { Duplex } from 'node:stream';
import { DbgateError } from '../errors.ts';
import { takeReads } from '../socket-reads.ts';
import { CarriedStream } from './carried-stream.ts';
import {
  CREDIT,
  DATA,
  END,
  FrameReader,
  type FrameType,
  HEADER_BYTES,
  MAX_STREAM,
  OPEN,
  writeHeader,
} from './frames.ts';

export interface CarrierOptions {
  /** Bytes of a stream that may come before they are read, at most `MAX_LENGTH`. */
  readonly window: number;
  /** The same of the other side. */
  readonly peerWindow: number;
  /** Takes streams that the other side opens; false: none of them is wanted. Missing: it may open none. */
  readonly accept?: (stream: CarriedStream) => boolean;
  /** Called once, when the connection is gone and all streams with it. */
  readonly onClosed: () => void;
}

type Written = (error?: Error | null) => void;

/** What is written together is copied together up to this size. */
const COPIED_BYTES = 16_384;
/** Frames without bytes that a peer leaves unread while it says more: as many as 8,000 streams have to say at their end. */
const MAX_UNREAD_FRAMES = 16_384;

export class Carrier {
  readonly #connection: Duplex;
  readonly #options: CarrierOptions;
  readonly #streams = new Map<number, CarriedStream>();
  /** The newest stream's number. */
  #last = 0;
  /** Headers and what they carry, in order. */
  #due: Buffer[] = [];
  #dueBytes = 0;
  #told: Written[] = [];
  #isScheduled = false;
  #isClosed = false;
  /** Frames without bytes: among what is due, and that are not with the system yet. */
  #dueFrames = 0;
  #unreadFrames = 0;
  readonly #stopReading: () => void;

  constructor(connection: Duplex, options: CarrierOptions) {
    this.#connection = connection;
    this.#options = options;
    const reader = new FrameReader({
      data: (stream, bytes) => this.#data(stream, bytes),
      frame: (type, stream, length) => this.#frame(type, stream, length),
    });
    this.#stopReading = takeReads(connection, (chunk) => {
      if (this.#isClosed) return;
      if (this.#unreadFrames > MAX_UNREAD_FRAMES) return this.destroy();
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof DbgateError)) throw error;
        this.destroy();
      }
    });
    connection.on('error', () => {});
    connection.once('end', () => this.destroy());
    connection.once('close', () => this.destroy());
    connection.resume();
  }

  get size(): number {
    return this.#streams.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Undefined: the connection is gone, or has had all the streams it can have. */
  open(): CarriedStream | undefined {
    if (this.#isClosed || this.#last === MAX_STREAM) return undefined;
    const stream = this.#add(++this.#last);
    this.send(OPEN, stream.number);
    return stream;
  }

  /** Says what was written, and lets go. */
  end(graceMs: number): void {
    if (this.#isClosed) return;
    const connection = this.#connection;
    process.nextTick(() => connection.end());
    const timer = setTimeout(() => this.destroy(), graceMs);
    connection.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopReading();
    this.#connection.destroy();
    for (const stream of [...this.#streams.values()]) stream.lost();
    this.#streams.clear();
    const told = this.#told;
    this.#due = [];
    this.#told = [];
    for (const written of told) written(new Error('the connection is gone'));
    this.#options.onClosed();
  }

  /** Puts a frame without bytes in line; `written`: it is with the system. */
  send(type: Exclude<FrameType, typeof DATA>, stream: number, length = 0, written?: Written): void {
    if (this.#isClosed) {
      written?.(new Error('the connection is gone'));
      return;
    }
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    writeHeader(header, 0, type, stream, length);
    this.#put(header);
    this.#dueFrames++;
    this.#unreadFrames++;
    if (written !== undefined) this.#told.push(written);
  }

  /** Puts bytes in line; `taken`: they are with the system, so a stream has no more than these on their way. */
  sendData(stream: number, bytes: Buffer, taken: Written): void {
    if (this.#isClosed) {
      taken(new Error('the connection is gone'));
      return;
    }
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    writeHeader(header, 0, DATA, stream, bytes.length);
    this.#put(header);
    this.#put(bytes);
    this.#told.push(taken);
  }

  /** The stream is over on both sides, or was reset. */
  forget(stream: number): void {
    this.#streams.delete(stream);
  }

  #put(bytes: Buffer): void {
    this.#due.push(bytes);
    this.#dueBytes += bytes.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Behind what this turn has to write for other streams.
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const due = this.#due;
    const told = this.#told;
    const bytes = this.#dueBytes;
    const frames = this.#dueFrames;
    this.#due = [];
    this.#told = [];
    this.#dueBytes = 0;
    this.#dueFrames = 0;
    const written: Written = (error) => {
      this.#unreadFrames -= frames;
      for (let i = 0; i < told.length; i++) told[i]!(error);
    };
    const connection = this.#connection;
    if (due.length === 1) connection.write(due[0]!, written);
    else if (bytes <= COPIED_BYTES) connection.write(Buffer.concat(due, bytes), written);
    else {
      connection.cork();
      for (let i = 0; i < due.length - 1; i++) connection.write(due[i]!);
      connection.write(due.at(-1)!, written);
      connection.uncork();
    }
  };

  #data(number: number, bytes: Buffer): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) {
      // It was reset on this side while they were on their way.
      if (number <= this.#last) return;
      throw new DbgateError('protocol', 'bytes of a stream that was never opened');
    }
    stream.came(bytes);
  }

  #frame(type: Exclude<FrameType, typeof DATA>, number: number, length: number): void {
    if (type === OPEN) {
      if (this.#options.accept === undefined || number !== this.#last + 1)
        throw new DbgateError('protocol', 'a stream that cannot be opened');
      this.#last = number;
      const stream = this.#add(number);
      if (!this.#options.accept(stream)) stream.destroy();
      return;
    }
    const stream = this.#streams.get(number);
    if (stream === undefined) {
      if (number > this.#last) throw new DbgateError('protocol', 'word of a stream that was never opened');
      return;
    }
    if (type === CREDIT) stream.mayWrite(length);
    else if (type === END) stream.ended();
    else stream.lost();
  }

  #add(number: number): CarriedStream {
    const { window, peerWindow } = this.#options;
    const stream = new CarriedStream({
      carrier: this,
      connection: this.#connection,
      number,
      window,
      credit: peerWindow,
    });
    this.#streams.set(number, stream);
    return stream;
  }
}
