/** A table of people for tests of masking on a real server, and a client that remembers every byte it got. */
import { expect } from 'vitest';
import { encodeBind, encodeDescribe, encodeExecute, encodeParse, SYNC } from '../../src/pgwire/extended.ts';
import { decodeDataRow } from '../../src/pgwire/result.ts';
import type { Rig } from './gateway-rig.ts';
import { fieldsOf, WireClient, type WireMessage } from './wire-client.ts';

export const PEOPLE = 60;

export const PEOPLE_SQL = `
  CREATE TABLE people (id int PRIMARY KEY, full_name text, email text UNIQUE, ssn text, born date, note text);
  INSERT INTO people SELECT i, 'Zerlina Quastvogel' || i, 'zerlina.quast' || i || '@mailhaus.example',
    '457-55-' || lpad((1000 + i)::text, 4, '0'), date '1961-02-03' + i, 'told by zerlina.quast' || i || '@mailhaus.example'
    FROM generate_series(1, ${PEOPLE}) i;
  CREATE TABLE products (id int PRIMARY KEY, title text, price numeric);
  INSERT INTO products SELECT i, 'Kettle ' || i, i FROM generate_series(1, 20) i;
  ANALYZE people; ANALYZE products;
`;

/** Of the values above: none of it may ever be heard. */
const RAW = /Quastvogel\d|zerlina\.quast\d|457-55-1|1961-0[2-4]-\d\d/;

export class Listener {
  readonly client: WireClient;
  readonly #heard: Buffer[] = [];

  constructor(client: WireClient) {
    this.client = client;
    client.stream.on('data', (chunk: Buffer) => this.#heard.push(chunk));
  }

  static async open(rig: Rig, subject = 'dev-1', groups: readonly string[] = ['developers']): Promise<Listener> {
    const socket = await rig.upgrade({ token: await rig.tokenOf(subject, groups) });
    const listener = new Listener(new WireClient(socket));
    listener.client.startup();
    await listener.client.through('Z');
    return listener;
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  expectNothingRaw(): void {
    expect(RAW.exec(this.heard.toString('latin1'))?.[0]).toBeUndefined();
  }

  /** All answers to a simple Query. */
  async query(sql: string): Promise<Answer> {
    this.client.query(sql);
    return new Answer(await this.client.through('Z'));
  }

  /** Parse, Bind, maybe Describe, Execute, Sync. */
  async execute(
    sql: string,
    options: { values?: (string | null)[]; formats?: number[]; describe?: boolean; rows?: number } = {},
  ): Promise<Answer> {
    const { values = [], formats = [], describe = false, rows = 0 } = options;
    this.client.send(
      encodeParse('', sql),
      encodeBind('', '', values, formats),
      ...(describe ? [encodeDescribe('P', '')] : []),
      encodeExecute('', rows),
      SYNC,
    );
    return new Answer(await this.client.through('Z'));
  }

  send(...parts: Buffer[]): this {
    this.client.send(...parts);
    return this;
  }

  async answer(): Promise<Answer> {
    return new Answer(await this.client.through('Z'));
  }
}

export class Answer {
  readonly messages: readonly WireMessage[];

  constructor(messages: readonly WireMessage[]) {
    this.messages = messages;
  }

  get types(): string {
    return this.messages.map(({ type }) => type).join('');
  }

  get rows(): (Buffer | null)[][] {
    return this.messages.filter(({ type }) => type === 'D').map(({ raw }) => decodeDataRow(raw, 5, raw.length));
  }

  get texts(): (string | null)[][] {
    return this.rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
  }

  /** First value of the first row. */
  get value(): string | null | undefined {
    return this.texts[0]?.[0];
  }

  get errors(): string[] {
    return this.messages.filter(({ type }) => type === 'E').map((message) => fieldsOf(message).code);
  }

  get error(): string | undefined {
    const message = this.messages.find(({ type }) => type === 'E');
    return message === undefined ? undefined : fieldsOf(message).message;
  }

  get copied(): string {
    const parts = this.messages.filter(({ type }) => type === 'd').map(({ raw }) => raw.subarray(5));
    return Buffer.concat(parts).toString('latin1');
  }

  get status(): string {
    return String.fromCharCode(this.messages.at(-1)!.raw[5]!);
  }
}
