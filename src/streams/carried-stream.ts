/** One of the streams of a `Carrier`: to everybody else a socket. */
import { Duplex } from 'node:stream';
import { DbgateError } from '../errors.ts';
import { PUSHES_BETWEEN_READS } from '../socket-reads.ts';
import type { Carrier } from './carrier.ts';
import { CREDIT, END, MAX_LENGTH, RESET } from './frames.ts';

type Done = (error?: Error | null) => void;

export interface CarriedStreamOptions {
  readonly carrier: Carrier;
  /** Whose addresses are this one's. */
  readonly connection: Duplex;
  readonly number: number;
  /** Bytes that may come before they are read. */
  readonly window: number;
  /** Bytes that may go at first. */
  readonly credit: number;
}

interface Addresses {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localPort?: number;
}

export class CarriedStream extends Duplex {
  readonly [PUSHES_BETWEEN_READS] = true;
  readonly number: number;
  readonly carrier: Carrier;
  readonly #connection: Addresses;
  readonly #window: number;
  /** Bytes that may still be sent. */
  #credit: number;
  /** Bytes that may still come. */
  #room: number;
  /** Bytes that came since the last CREDIT. */
  #read = 0;
  /** More than may be sent now. */
  #held: { readonly bytes: Buffer; readonly done: Done } | undefined;
  /** The other side has said all. */
  #hasEnded = false;
  /** There is nobody to be told of the end. */
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ carrier, connection, number, window, credit }: CarriedStreamOptions) {
    super({ allowHalfOpen: true, decodeStrings: true });
    this.number = number;
    this.carrier = carrier;
    this.#connection = connection as Addresses;
    this.#window = this.#room = window;
    this.#credit = credit;
    this.on('error', () => {});
  }

  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#connection.remotePort;
  }

  get localPort(): number | undefined {
    return this.#connection.localPort;
  }

  /** 'timeout' unless another is set before: as Node's HTTP server does with sockets between two requests. */
  setTimeout(timeoutMs: number): this {
    clearTimeout(this.#timer);
    this.#timer = timeoutMs === 0 ? undefined : setTimeout(() => this.emit('timeout'), timeoutMs).unref();
    return this;
  }

  /** Bytes of the other side. Throws DbgateError `protocol`: more than may come. */
  came(bytes: Buffer): void {
    this.#room -= bytes.length;
    if (this.#room < 0 || this.#hasEnded) throw new DbgateError('protocol', 'more than the stream has room for');
    this.#read += bytes.length;
    if (this.push(bytes)) this.#giveCredit();
  }

  mayWrite(more: number): void {
    this.#credit += more;
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#send(held.bytes, held.done);
  }

  /** The other side has said all. Throws DbgateError `protocol`: it had said so before. */
  ended(): void {
    if (this.#hasEnded) throw new DbgateError('protocol', 'a stream that ends twice');
    this.#hasEnded = true;
    this.push(null);
    // Whoever does not read is still told that there is nothing more.
    if (this.readableLength === 0) this.read(0);
  }

  /** The other side, or the connection, has let go: nothing can be said any more. What it had said to the end is still read. */
  lost(): void {
    this.#isLost = true;
    if (this.#hasEnded && !this.readableEnded && this.readableLength > 0) this.once('end', () => this.destroy());
    else this.destroy();
  }

  override _read(): void {
    this.#giveCredit();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(bytes, done);
  }

  override _final(done: Done): void {
    this.carrier.send(END, this.number, 0, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    this.carrier.forget(this.number);
    // Ended on both sides, it is over anyway.
    if (!this.#isLost && !(this.readableEnded && this.writableFinished)) this.carrier.send(RESET, this.number);
    const held = this.#held;
    this.#held = undefined;
    held?.done(error ?? new Error('the stream is gone'));
    done(error);
  }

  #send(bytes: Buffer, done: Done): void {
    // A peer may give more than a frame can be long.
    const now = Math.min(this.#credit, MAX_LENGTH);
    if (bytes.length <= now) {
      this.#credit -= bytes.length;
      this.carrier.sendData(this.number, bytes, done);
      return;
    }
    if (now === 0) {
      this.#held = { bytes, done };
      return;
    }
    this.#credit -= now;
    this.carrier.sendData(this.number, bytes.subarray(0, now), (error) => {
      if (error != null) done(error);
      else this.#send(bytes.subarray(now), done);
    });
  }

  /** In few words: half a window at a time. */
  #giveCredit(): void {
    if (this.#read * 2 < this.#window || this.destroyed) return;
    const read = this.#read;
    this.#read = 0;
    this.#room += read;
    this.carrier.send(CREDIT, this.number, read);
  }
}
