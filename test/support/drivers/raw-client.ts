import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { clientFinal, clientFirst, readServerFirst, scramKeys } from '../../../src/pgwire/scram.ts';

export interface RawMessage {
  readonly type: string;
  readonly body: Buffer;
}

const MAX_HELD_BYTES = 256 * 1024;

const CLOSED: RawMessage = { type: 'closed', body: Buffer.alloc(0) };

/** A PostgreSQL client that sends any bytes it is told to, and reads messages one by one. */
export class RawClient {
  readonly stream: Duplex;
  #held = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;
  /** Of BackendKeyData. */
  key: { pid: number; secret: Buffer } | undefined;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#held = Buffer.concat([this.#held, chunk]);
      if (this.#held.length > MAX_HELD_BYTES) stream.pause();
      this.#wake?.();
    });
    const ended = () => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.on('end', ended).on('close', ended).on('error', ended);
  }

  static async connect(host: string, port: number): Promise<RawClient> {
    const socket = net.connect(port, host);
    await once(socket, 'connect');
    socket.setNoDelay();
    return new RawClient(socket);
  }

  send(...parts: (Buffer | string)[]): void {
    this.stream.write(
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    );
  }

  async #need(bytes: number): Promise<boolean> {
    while (this.#held.length < bytes) {
      if (this.#ended) return false;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.stream.resume();
      await promise;
    }
    return true;
  }

  /** One byte without a frame, as the answer to SSLRequest is; undefined when the peer closed. */
  async byte(): Promise<string | undefined> {
    if (!(await this.#need(1))) return undefined;
    const byte = this.#held.subarray(0, 1).toString('latin1');
    this.#held = this.#held.subarray(1);
    return byte;
  }

  /** The next message, or one of type `closed`. */
  async receive(): Promise<RawMessage> {
    if (!(await this.#need(5))) return CLOSED;
    const length = this.#held.readInt32BE(1);
    if (!(await this.#need(length + 1))) return CLOSED;
    const type = this.#held.subarray(0, 1).toString('latin1');
    const body = this.#held.subarray(5, length + 1);
    this.#held = this.#held.subarray(length + 1);
    if (type === 'K') this.key = { pid: body.readInt32BE(0), secret: Buffer.from(body.subarray(4)) };
    return { type, body };
  }

  /** All messages to the next one of these types, or the end. */
  async receiveTo(...types: string[]): Promise<RawMessage[]> {
    const messages: RawMessage[] = [];
    for (;;) {
      const message = await this.receive();
      messages.push(message);
      if (message.type === 'closed' || types.includes(message.type)) return messages;
    }
  }

  /** As text: `T D C(SELECT 1) Z(I)`, `E(42501 FATAL)`, `closed`. */
  async says(...types: string[]): Promise<string> {
    return (await this.receiveTo(...(types.length === 0 ? ['Z'] : types))).map(describeMessage).join(' ');
  }

  async startTls(options: tls.ConnectionOptions = {}): Promise<RawClient> {
    this.send(int32(8), int32(80_877_103));
    const answer = await this.byte();
    if (answer !== 'S') throw new Error(`SSLRequest was answered with ${answer}`);
    this.stream.removeAllListeners('data');
    const secure = tls.connect({ socket: this.stream as net.Socket, rejectUnauthorized: false, ...options });
    await once(secure, 'secureConnect');
    return new RawClient(secure);
  }

  /** Sends a StartupMessage, answers what is asked, waits for ReadyForQuery or the refusal. */
  async logIn(parameters: Readonly<Record<string, string>>, password: string): Promise<string> {
    this.send(startupMessage(parameters));
    return this.authenticate(password);
  }

  async authenticate(password: string): Promise<string> {
    let scram: { first: ReturnType<typeof clientFirst> } | undefined;
    for (;;) {
      const message = await this.receive();
      if (message.type !== 'R') {
        const rest = message.type === 'E' || message.type === 'closed' ? '' : ` ${await this.says('Z')}`;
        return (describeMessage(message) + rest).replaceAll(/S |K /g, '');
      }
      const kind = message.body.readInt32BE(0);
      if (kind === 3) this.send(frame('p', password, '\0'));
      else if (kind === 10) {
        const first = clientFirst(randomBytes(18).toString('base64'), 'none');
        scram = { first };
        this.send(frame('p', 'SCRAM-SHA-256\0', int32(first.message.length), first.message));
      } else if (kind === 11 && scram !== undefined) {
        const challenge = readServerFirst(scram.first, message.body.subarray(4));
        const keys = scramKeys(password, challenge.salt, challenge.iterations);
        this.send(frame('p', clientFinal(scram.first, challenge, keys).message));
      }
    }
  }

  close(): void {
    this.stream.destroy();
  }
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

/** A message with its true length; strings are Latin-1, so that any byte can be written. */
export function frame(type: string, ...body: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(bytes.length + 4), bytes]);
}

export function query(sql: string): Buffer {
  return frame('Q', Buffer.from(`${sql}\0`));
}

export function startupMessage(parameters: Readonly<Record<string, string>>, version = 0x30000): Buffer {
  const pairs = Object.entries(parameters).flat();
  return startupPacket(version, Buffer.from(`${pairs.map((text) => `${text}\0`).join('')}\0`));
}

export function startupPacket(version: number, body: Buffer | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  return Buffer.concat([int32(bytes.length + 8), int32(version), bytes]);
}

export function cancelRequest(pid: number, secret: Buffer): Buffer {
  return Buffer.concat([int32(12 + secret.length), int32(80_877_102), int32(pid), secret]);
}

export function describeMessage({ type, body }: RawMessage): string {
  if (type === 'E' || type === 'N') {
    const fields = new Map(
      body
        .toString()
        .split('\0')
        .map((field) => [field[0], field.slice(1)]),
    );
    return `${type}(${fields.get('C')} ${fields.get('V') ?? fields.get('S')})`;
  }
  if (type === 'C') return `C(${body.subarray(0, -1)})`;
  if (type === 'Z') return `Z(${body})`;
  return type;
}

/** The values of a DataRow, as text. */
export function rowValues({ body }: RawMessage): (string | null)[] {
  const values: (string | null)[] = [];
  let at = 2;
  for (let i = body.readInt16BE(0); i > 0; i--) {
    const length = body.readInt32BE(at);
    values.push(length < 0 ? null : body.toString('utf8', at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  return values;
}
