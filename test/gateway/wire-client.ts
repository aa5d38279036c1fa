/** A PostgreSQL client of bytes: says exactly what a test wants, and splits what comes back into messages. */
import type { Duplex } from 'node:stream';
import { decodeErrorFields, type ErrorFields } from '../../src/pgwire/error-response.ts';
import { encodeQuery } from '../../src/pgwire/query.ts';
import { encodeStartup } from '../../src/pgwire/startup.ts';

export interface WireMessage {
  readonly type: string;
  readonly raw: Buffer;
}

export class WireClient {
  readonly stream: Duplex;
  readonly messages: WireMessage[] = [];
  ended = false;
  #held = Buffer.alloc(0);
  #wake: (() => void)[] = [];

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#held = Buffer.concat([this.#held, chunk]);
      while (this.#held.length >= 5 && this.#held.length >= this.#held.readInt32BE(1) + 1) {
        const length = this.#held.readInt32BE(1) + 1;
        this.messages.push({
          type: String.fromCharCode(this.#held[0]!),
          raw: Buffer.from(this.#held.subarray(0, length)),
        });
        this.#held = this.#held.subarray(length);
      }
      this.#woken();
    });
    const end = (): void => {
      this.ended = true;
      this.#woken();
    };
    stream
      .on('error', () => {})
      .on('end', end)
      .on('close', end);
  }

  send(...parts: Buffer[]): this {
    this.stream.write(Buffer.concat(parts));
    return this;
  }

  startup(parameters: Record<string, string> = { user: 'me', database: 'app' }): this {
    return this.send(encodeStartup(new Map(Object.entries(parameters))));
  }

  query(sql: string): this {
    return this.send(encodeQuery(sql));
  }

  /** Takes messages up to and with the first of this type; throws when the connection ends before. */
  async through(type: string): Promise<WireMessage[]> {
    for (;;) {
      const at = this.messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.messages.splice(0, at + 1);
      if (this.ended) throw new Error(`the connection ended before ${type}: ${this.#summary()}`);
      await this.#more();
    }
  }

  async error(): Promise<ErrorFields> {
    return fieldsOf((await this.through('E')).at(-1)!);
  }

  async end(): Promise<void> {
    while (!this.ended) await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #summary(): string {
    return this.messages.map((m) => (m.type === 'E' ? `E ${fieldsOf(m).message}` : m.type)).join(' ');
  }
}

export function fieldsOf({ raw }: WireMessage): ErrorFields {
  return decodeErrorFields(raw, 5, raw.length);
}
