/**
 * Writing sockets at the end of a turn of the event loop. Of what one turn reads on many sockets, what is to go on leaves
 * together, after the last read: a write wakes its receiver, which on a busy machine takes the processor at once, and
 * the caches with it. A proxy of 32 busy sessions needs a fifth less CPU so; one that is alone waits for nothing more.
 */
import type { Duplex } from 'node:stream';
import { giveBack, LEAST_SPENT_BYTES, ownMemory } from './spent-memory.ts';

/** More than this goes at once: it would only be held in memory. */
const MAX_LATE_BYTES = 16_384;

/** The sockets that have something to write in this turn; one for all that share a thread. */
export class LateWrites {
  #due: LateWriter[] = [];
  #spare: LateWriter[] = [];
  #isScheduled = false;

  /** Of this turn: what is put off to its end by others after this call comes behind the writes. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  add(writer: LateWriter): void {
    this.#due.push(writer);
    this.schedule();
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const due = this.#due;
    this.#due = this.#spare;
    this.#spare = due;
    for (let i = 0; i < due.length; i++) due[i]!.flush();
    due.length = 0;
  };
}

/** The writing side of one socket. */
export class LateWriter {
  readonly #stream: Duplex;
  readonly #turn: LateWrites;
  readonly #onFull: () => void;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  /** What of these nobody else has. */
  #spent: Buffer[] = [];
  #isDue = false;

  /** `onFull`: the stream wants no more until it has drained. */
  constructor(stream: Duplex, turn: LateWrites, onFull: () => void) {
    this.#stream = stream;
    this.#turn = turn;
    this.#onFull = onFull;
  }

  /** `bytes` must stay as they are. `spent`: what they are of, if nobody else has it: its memory goes when they are written. */
  write(bytes: Buffer, spent?: Buffer): void {
    if (bytes.length > MAX_LATE_BYTES) {
      this.flush();
      this.#write(bytes, spent);
      return;
    }
    if (spent !== undefined) this.#spent.push(spent);
    if (this.#first === undefined) this.#first = bytes;
    else (this.#more ??= [this.#first]).push(bytes);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#turn.add(this);
  }

  /** What was written is with the socket: before it is ended, or written past this. */
  flush(): void {
    this.#isDue = false;
    const bytes = this.#first;
    if (bytes === undefined) return;
    const more = this.#more;
    const spent = this.#spent;
    this.#first = this.#more = undefined;
    if (spent.length > 0) this.#spent = [];
    if (more === undefined) {
      this.#write(bytes, spent[0]);
      return;
    }
    const all = concatenated(more);
    for (let i = 0; i < spent.length; i++) giveBack(spent[i]!);
    this.#write(all, all);
  }

  #write(bytes: Buffer, spent: Buffer | undefined): void {
    const stream = this.#stream;
    if (!stream.writable) return;
    if (spent === undefined || spent.length < LEAST_SPENT_BYTES) {
      if (!stream.write(bytes)) this.#onFull();
      return;
    }
    const written = (error: Error | null | undefined): void => {
      // After an error it may still be read from.
      if (error == null) giveBack(spent);
    };
    if (!stream.write(bytes, written)) this.#onFull();
  }
}

function concatenated(parts: readonly Buffer[]): Buffer {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += parts[i]!.length;
  if (length < LEAST_SPENT_BYTES) return Buffer.concat(parts, length);
  const all = ownMemory(length);
  for (let i = 0, at = 0; i < parts.length; at += parts[i++]!.length) all.set(parts[i]!, at);
  return all;
}
