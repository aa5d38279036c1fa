/** A client that throws its answers away: what it costs by itself does not hide what the gateway costs. */
import type { Socket } from 'node:net';
import { clientOf, type Target } from './targets.ts';

export interface Question {
  readonly sql: string;
  /** Of a SELECT's columns. */
  readonly format: 'text' | 'binary';
}

export type Pace = 'fast' | 'slow';
/** A slow client rests so long for each chunk. */
const REST_MS = 1;

export interface Answer {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** CommandComplete and ReadyForQuery fit into it. */
const TAIL_BYTES = 64;

export class AnswerReader {
  readonly #socket: Socket;
  #tail: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #done: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(socket: Socket, pace: Pace = 'fast') {
    this.#socket = socket;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      if (pace === 'slow') {
        socket.pause();
        setTimeout(() => socket.resume(), REST_MS);
      }
      this.#bytes += chunk.length;
      this.#tail =
        chunk.length >= TAIL_BYTES
          ? chunk.subarray(chunk.length - TAIL_BYTES)
          : Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES);
      if (isReady(this.#tail)) this.#done?.resolve();
    });
    const lost = () => this.#done?.reject(new Error('the connection was lost'));
    socket.on('close', lost).on('error', lost);
  }

  static async open(target: Target, pace?: Pace): Promise<AnswerReader> {
    const client = clientOf(target);
    client.on('error', () => {});
    await client.connect();
    return new AnswerReader((client as unknown as { connection: { stream: Socket } }).connection.stream, pace);
  }

  async ask({ sql, format }: Question): Promise<Answer> {
    this.#bytes = 0;
    this.#tail = Buffer.alloc(0);
    const ended = new Promise<void>((resolve, reject) => {
      this.#done = { resolve, reject };
    });
    const before = performance.now();
    this.#socket.write(format === 'text' ? message('Q', `${sql}\0`) : binaryQuestion(sql));
    await ended;
    const seconds = (performance.now() - before) / 1000;
    const rows = /(?:SELECT|COPY) (\d+)\0/.exec(this.#tail.toString('latin1'))?.[1];
    if (rows === undefined) throw new Error(`${sql}: ${JSON.stringify(this.#tail.toString('latin1'))}`);
    return { rows: Number(rows), bytes: this.#bytes, seconds };
  }

  close(): void {
    this.#socket
      .removeAllListeners('close')
      .removeAllListeners('error')
      .on('error', () => {});
    this.#socket.destroy();
  }
}

function isReady(tail: Buffer): boolean {
  const at = tail.length - 6;
  return at >= 0 && tail[at] === 0x5a && tail.readInt32BE(at + 1) === 5;
}

function message(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.from(`${type}0000`);
  header.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

/** Parse, Bind with all results in binary, Describe, Execute, Sync. */
function binaryQuestion(sql: string): Buffer {
  return Buffer.concat([
    message('P', `\0${sql}\0\0\0`),
    message('B', '\0\0\0\0\0\0\0\x01\0\x01'),
    message('D', 'P\0'),
    message('E', '\0\0\0\0\0'),
    message('S', ''),
  ]);
}
