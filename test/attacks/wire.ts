/** An attacker's client of bytes: logs in, says whatever an attack wants, keeps everything that comes back. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { encodeSASLInitialResponse, encodeSASLResponse } from '../../src/pgwire/authentication.ts';
import { decodeErrorFields, type ErrorFields } from '../../src/pgwire/error-response.ts';
import { encodeBind, encodeDescribe, encodeExecute, encodeParse, FLUSH, SYNC } from '../../src/pgwire/extended.ts';
import { encodeMessage, int16, int32 } from '../../src/pgwire/message.ts';
import { decodeDataRow, decodeRowDescription, type FieldDescription } from '../../src/pgwire/result.ts';
import { clientFinal, clientFirst, readServerFirst, SCRAM_SHA_256, scramKeys } from '../../src/pgwire/scram.ts';
import { encodeStartup } from '../../src/pgwire/startup.ts';

/** One message; a DataRow with its values as text, one with texts in it with these. */
export interface Received {
  readonly type: string;
  readonly body: Buffer;
  readonly cells?: readonly (string | null)[];
  readonly text?: string;
}

/** What came back for one thing that was said. */
export interface Reply {
  readonly messages: readonly Received[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly errors: readonly ErrorFields[];
  readonly notices: readonly ErrorFields[];
  readonly tags: readonly string[];
  /** Of CopyData. */
  readonly copy: Buffer;
  readonly fields: readonly FieldDescription[];
}

const PATIENCE_MS = 12_000;

export class Wire {
  readonly received: Received[] = [];
  private readonly socket: net.Socket;
  private held: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  private fields: readonly FieldDescription[] = [];
  private taken = 0;
  private ended = false;
  private wake: () => void = () => {};

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    const end = () => {
      this.ended = true;
      this.wake();
    };
    socket.on('error', end).on('close', end);
  }

  static async connect(url: string, parameters: Readonly<Record<string, string>> = {}): Promise<Wire> {
    const { hostname, port, username, password, pathname } = new URL(url);
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const wire = new Wire(socket);
    const startup = new Map(
      Object.entries({ user: decodeURIComponent(username), database: pathname.slice(1), ...parameters }),
    );
    socket.write(encodeStartup(startup));
    await wire.authenticate(decodeURIComponent(password));
    // Keys and challenges are random by design.
    wire.received.length = 0;
    wire.taken = 0;
    return wire;
  }

  private async authenticate(password: string): Promise<void> {
    const first = clientFirst(randomBytes(18).toString('base64').replaceAll(',', ''), 'none');
    for (;;) {
      const { type, body } = await this.next();
      if (type === 'Z') return;
      if (type === 'E') throw new Error(decodeErrorFields(body, 0, body.length).message);
      if (type !== 'R') continue;
      const kind = body.readInt32BE(0);
      if (kind === 10) this.socket.write(encodeSASLInitialResponse(SCRAM_SHA_256, first.message));
      if (kind === 11) {
        const challenge = readServerFirst(first, body.subarray(4));
        const final = clientFinal(first, challenge, scramKeys(password, challenge.salt, challenge.iterations));
        this.socket.write(encodeSASLResponse(final.message));
      }
      if (kind === 3 || kind === 5) throw new Error(`authentication ${kind} is not known here`);
    }
  }

  private take(chunk: Buffer): void {
    this.held = Buffer.concat([this.held, chunk]);
    while (this.held.length >= 5 && this.held.length >= this.held.readInt32BE(1) + 1) {
      const length = this.held.readInt32BE(1) + 1;
      const body = Buffer.from(this.held.subarray(5, length));
      this.received.push(this.understood(String.fromCharCode(this.held[0]!), body));
      this.held = this.held.subarray(length);
    }
    this.wake();
  }

  private understood(type: string, body: Buffer): Received {
    if (type === 'T') {
      this.fields = decodeRowDescription(body, 0, body.length);
      return { type, body, text: this.fields.map(({ name }) => name).join('\n') };
    }
    if (type === 'D') {
      const cells = decodeDataRow(body, 0, body.length).map((value, i) =>
        value === null ? null : asText(value, this.fields[i]),
      );
      return { type, body, cells };
    }
    if (type === 'E' || type === 'N') return { type, body, text: body.toString('utf8').replaceAll('\0', '\n') };
    if (type === 'd' || type === 'V' || type === 'A' || type === 'C' || type === 'S')
      return { type, body, text: body.toString('utf8').replaceAll('\0', ' ') };
    return { type, body };
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** Up to this many ReadyForQuery, or until `stop` says so. Answers a CopyInResponse with `copyIn`. */
  async reply(options: { ready?: number; stop?: (type: string) => boolean; copyIn?: Buffer } = {}): Promise<Reply> {
    let ready = options.ready ?? 1;
    const from = this.taken;
    for (;;) {
      const { type } = await this.next();
      if (type === 'G') {
        this.send(
          ...(options.copyIn
            ? [encodeMessage('d', options.copyIn), encodeMessage('c')]
            : [encodeMessage('f', Buffer.from('no\0'))]),
        );
      }
      if (type === 'Z' && --ready <= 0) break;
      if (options.stop?.(type)) break;
    }
    const messages = this.received.slice(from, this.taken);
    const of = (type: string) => messages.filter((message) => message.type === type);
    return {
      messages,
      rows: of('D').map(({ cells }) => cells ?? []),
      errors: of('E').map(({ body }) => decodeErrorFields(body, 0, body.length)),
      notices: of('N').map(({ body }) => decodeErrorFields(body, 0, body.length)),
      tags: of('C').map(({ body }) => body.toString('utf8', 0, body.length - 1)),
      copy: Buffer.concat(of('d').map(({ body }) => body)),
      fields: this.fields,
    };
  }

  private async next(): Promise<Received> {
    const until = Date.now() + PATIENCE_MS;
    while (this.taken >= this.received.length) {
      if (this.ended) throw new Error('the connection ended');
      const left = until - Date.now();
      if (left <= 0) throw new Error('no answer in time');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.received[this.taken++]!;
  }

  query(sql: string | Buffer, copyIn?: Buffer): Promise<Reply> {
    this.send(encodeMessage('Q', Buffer.from(sql), Buffer.from([0])));
    return this.reply(copyIn ? { copyIn } : {});
  }

  extended(
    sql: string,
    options: {
      values?: readonly (string | null)[];
      formats?: readonly number[];
      describe?: boolean;
      types?: readonly number[];
    } = {},
  ): Promise<Reply> {
    const { values = [], formats = [0], describe = true, types = [] } = options;
    this.send(
      encodeParse('', sql, types),
      bind('', '', values, formats),
      ...(describe ? [encodeDescribe('P', '')] : []),
      encodeExecute(''),
      SYNC,
    );
    return this.reply();
  }

  end(): void {
    this.socket.destroy();
  }
}

export const bind = (
  portal: string,
  statement: string,
  values: readonly (string | null)[] = [],
  formats: readonly number[] = [0],
): Buffer => encodeBind(portal, statement, values, formats);

export const functionCall = (oid: number, ...values: readonly string[]): Buffer =>
  encodeMessage(
    'F',
    int32(oid),
    int16(1),
    int16(0),
    int16(values.length),
    ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
    int16(0),
  );

export { encodeDescribe, encodeExecute, encodeParse, FLUSH, SYNC };

/** A binary value as far as it can be read; anything else byte by byte. */
function asText(value: Buffer, field: FieldDescription | undefined): string {
  if (field?.format !== 1) return value.toString('utf8');
  switch (field.typeOid) {
    case 21:
      return String(value.readInt16BE(0));
    case 23:
      return String(value.readInt32BE(0));
    case 20:
      return String(value.readBigInt64BE(0));
    case 701:
      return String(value.readDoubleBE(0));
    case 1082:
      return new Date(Date.UTC(2000, 0, 1 + value.readInt32BE(0))).toISOString().slice(0, 10);
    case 869:
      return [...value.subarray(4)].join('.');
    default:
      return value.toString('utf8');
  }
}
