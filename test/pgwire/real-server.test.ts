/** What the codecs take for granted, asked of a real server. */
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeErrorFields } from '../../src/pgwire/error-response.ts';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  SYNC,
  TERMINATE,
} from '../../src/pgwire/extended.ts';
import { encodeQuery } from '../../src/pgwire/query.ts';
import { commandTag, decodeDataRow, decodeRowDescription, rowsOfTag } from '../../src/pgwire/result.ts';
import { encodeStartup } from '../../src/pgwire/startup.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres({ hba: 'host all all 127.0.0.1/32 trust\n' });
const sockets: net.Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Sends bytes and gives the messages until ReadyForQuery. */
class Session {
  readonly #socket: net.Socket;
  #held = Buffer.alloc(0);
  constructor() {
    this.#socket = net.connect(server.port, '127.0.0.1');
    sockets.push(this.#socket);
  }

  async send(...bytes: Buffer[]): Promise<Message[]> {
    this.#socket.write(Buffer.concat(bytes));
    const messages: Message[] = [];
    for (;;) {
      while (this.#held.length >= 5 && this.#held.length > this.#held.readInt32BE(1)) {
        const end = this.#held.readInt32BE(1) + 1;
        messages.push({ type: String.fromCharCode(this.#held[0]!), bytes: this.#held.subarray(0, end) });
        this.#held = this.#held.subarray(end);
        if (messages.at(-1)!.type === 'Z') return messages;
      }
      const chunk = await new Promise<Buffer>((resolve) => this.#socket.once('data', resolve));
      this.#held = Buffer.concat([this.#held, chunk]);
    }
  }

  start(minor = 0, more: readonly [string, string][] = []): Promise<Message[]> {
    return this.send(encodeStartup(new Map([['user', 'postgres'], ...more]), minor));
  }
}

const types = (messages: Message[]) => messages.map(({ type }) => type).join('');
const find = (messages: Message[], type: string) => messages.find((message) => message.type === type)!.bytes;

describe('a real server', () => {
  it('takes what is encoded, and what it says is decoded', async () => {
    const session = new Session();
    await session.start();
    const answer = await session.send(
      encodeParse('s', 'select $1::int as n, $2::text as t, $3::bytea as b from generate_series(1, 3)', [23]),
      encodeDescribe('S', 's'),
      encodeBind('p', 's', ['7', null, Buffer.of(0, 255)], [1, 0, 1]),
      encodeDescribe('P', 'p'),
      encodeExecute('p', 2),
      encodeExecute('p'),
      encodeClose('P', 'p'),
      SYNC,
    );
    expect(types(answer)).toBe('1tT2TDDsDC3Z');
    const row = find(answer, 'D');
    expect(decodeDataRow(row, 5, row.length)).toEqual([Buffer.from('00000007', 'hex'), null, Buffer.of(0, 255)]);
    const description = answer.filter(({ type }) => type === 'T')[1]!.bytes;
    expect(decodeRowDescription(description, 5, description.length)).toMatchObject([
      { name: 'n', typeOid: 23, typeSize: 4, format: 1, tableOid: 0, attnum: 0 },
      { name: 't', typeOid: 25, typeSize: -1, format: 0 },
      { name: 'b', typeOid: 17, format: 1 },
    ]);
    const tag = find(answer, 'C');
    expect(rowsOfTag(commandTag(tag, 5, tag.length))).toBe(1);
    const insert = find(
      await session.send(encodeQuery('create temp table x(a int); insert into x values (1),(2)')),
      'C',
    );
    expect(commandTag(insert, 5, insert.length)).toBe('CREATE TABLE');
    session.send(TERMINATE).catch(() => {});
  });

  it('keys statements and portals by 63 bytes', async () => {
    const session = new Session();
    await session.start();
    const long = 'x'.repeat(63);
    expect(types(await session.send(encodeParse(`${long}1`, 'select 1'), SYNC))).toBe('1Z');
    expect(types(await session.send(encodeBind('', `${long}2`, []), encodeExecute(''), SYNC))).toBe('2DCZ');
    const twice = find(await session.send(encodeParse(`${long}3`, 'select 2'), SYNC), 'E');
    expect(decodeErrorFields(twice, 5, twice.length).code).toBe('42P05');
    expect(types(await session.send(encodeClose('S', `${long}4`), encodeParse(long, 'select 3'), SYNC))).toBe('31Z');
  });

  it('sends the whole version in NegotiateProtocolVersion', async () => {
    const messages = await new Session().start(9999, [['_pq_.x', 'y']]);
    expect(types(messages)[0]).toBe('v');
    expect(find(messages, 'v').readInt32BE(5) >> 16).toBe(3);
    expect(find(messages, 'v').toString('latin1', 9)).toBe('\0\0\0\x01_pq_.x\0');
  });
});
