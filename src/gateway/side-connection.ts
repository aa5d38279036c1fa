/**
 * A connection of the gateway's own that is kept for many queries, one at a time: for sampling and small questions. Read-only,
 * with short timeouts, closed when idle. A query that fails leaves it usable; a connection that fails is opened anew.
 */
import type net from 'node:net';
import { closeSoon } from '../close-soon.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { decodeErrorFields } from '../pgwire/error-response.ts';
import { TERMINATE } from '../pgwire/extended.ts';
import { BACKEND_TYPES, HEADER_BYTES, MessageReader } from '../pgwire/framing.ts';
import { encodeQuery } from '../pgwire/query.ts';
import { decodeDataRow } from '../pgwire/result.ts';
import { giveBack } from '../spent-memory.ts';
import { connectUpstream } from './upstream.ts';
import { WireRows } from './wire-rows.ts';

const NONE: ReadonlySet<number> = new Set();
const MAX_MESSAGE_BYTES = 16 << 20;
const MAX_ANSWER_BYTES = 64 << 20;
/** Beyond statement_timeout: the server itself does not answer. */
const GRACE_MS = 5_000;
const IDLE_MS = 5_000;

export type Rows = readonly (readonly (string | null)[])[];

interface Waiting {
  readonly rows: (string | null)[][];
  /** They are wanted as they come. */
  readonly wire: WireRows | undefined;
  /** How many rows there were when each of its statements was through. */
  readonly ends: number[];
  received: number;
  failure: DbgateError | undefined;
  readonly resolve: () => void;
  readonly reject: (error: DbgateError) => void;
}

export class SideConnection {
  readonly #settings: UpstreamSettings;
  readonly #timeoutMs: number;
  readonly #prologue: string | undefined;
  readonly #idleMs: number;
  #socket: net.Socket | undefined;
  /** Connections until now. */
  opened = 0;
  #waiting: Waiting | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** `prologue`: run on each connection before all else. */
  constructor(
    settings: UpstreamSettings,
    timeoutMs: number,
    { prologue, idleMs = IDLE_MS }: { readonly prologue?: string; readonly idleMs?: number } = {},
  ) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    this.#prologue = prologue;
    this.#idleMs = idleMs;
  }

  /** Rows as text. Throws DbgateError with the server's SQLSTATE. Only one query at a time. */
  async query(sql: string): Promise<Rows> {
    return (await this.#send(encodeQuery(sql))).rows;
  }

  /** The same for rows that are read elsewhere. */
  async wireRows(sql: string): Promise<WireRows> {
    const rows = new WireRows();
    await this.#send(encodeQuery(sql), rows);
    return rows;
  }

  /** The same as `query` with messages of the extended protocol up to a Sync: the rows of each Execute. */
  async ask(messages: Buffer): Promise<readonly Rows[]> {
    const { rows, ends } = await this.#send(messages);
    return ends.map((end, i) => rows.slice(ends[i - 1] ?? 0, end));
  }

  async #send(messages: Buffer, wire?: WireRows): Promise<Waiting> {
    if (this.#waiting !== undefined) throw new Error('a query is under way on this connection');
    if (this.#socket !== undefined) return await this.#run(this.#socket, messages, wire);
    const socket = await this.#open();
    if (this.#prologue !== undefined) {
      await this.#run(socket, encodeQuery(this.#prologue)).catch((error: unknown) => {
        this.close();
        throw error;
      });
      if (this.#socket !== socket) throw new DbgateError('upstream_unavailable', 'the connection was closed');
    }
    return await this.#run(socket, messages, wire);
  }

  async #run(socket: net.Socket, messages: Buffer, wire?: WireRows): Promise<Waiting> {
    try {
      clearTimeout(this.#idle);
      return await new Promise<Waiting>((resolve, reject) => {
        const waiting: Waiting = {
          rows: [],
          wire,
          ends: [],
          received: 0,
          failure: undefined,
          resolve: () => resolve(waiting),
          reject,
        };
        this.#waiting = waiting;
        this.#deadline = setTimeout(
          () => this.#fail('the database did not answer in time'),
          this.#timeoutMs + GRACE_MS,
        );
        socket.write(messages);
        socket.resume();
      });
    } finally {
      clearTimeout(this.#deadline);
      this.#waiting = undefined;
      if (this.#socket !== undefined) {
        this.#idle = setTimeout(() => this.close(), this.#idleMs);
        this.#idle.unref();
      }
    }
  }

  close(): void {
    clearTimeout(this.#idle);
    const socket = this.#socket;
    this.#socket = undefined;
    if (this.#waiting !== undefined) this.#fail('the connection was closed');
    if (socket === undefined) return;
    socket
      .removeAllListeners('data')
      .removeAllListeners('close')
      .removeAllListeners('error')
      .on('error', () => {});
    closeSoon(socket, { lastWord: TERMINATE });
  }

  async #open(): Promise<net.Socket> {
    const parameters = new Map([
      ['application_name', 'dbgate'],
      ['client_encoding', 'UTF8'],
      ['search_path', 'pg_catalog'],
      ['default_transaction_read_only', 'on'],
      ['statement_timeout', String(this.#timeoutMs)],
      // A schema change that is under way is waited for by nobody.
      ['lock_timeout', String(Math.min(this.#timeoutMs, 500))],
      ['DateStyle', 'ISO, MDY'],
      ['IntervalStyle', 'postgres'],
      ['bytea_output', 'hex'],
    ]);
    const { socket } = await connectUpstream(this.#settings, { parameters });
    const reader = new MessageReader(
      { side: 'backend', known: BACKEND_TYPES, streamed: NONE, maxWholeBytes: MAX_MESSAGE_BYTES },
      { message: (type, buffer, start, end) => this.#message(type, buffer, start, end), piece: () => {} },
    );
    socket.on('data', (chunk: Buffer) => {
      const waiting = this.#waiting;
      if (waiting === undefined) return;
      waiting.received += chunk.length;
      if (waiting.received > MAX_ANSWER_BYTES) return this.#fail(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
      try {
        reader.push(chunk);
        waiting.wire?.settle();
        // What is kept of it was copied.
        giveBack(chunk);
      } catch (error) {
        this.#fail((error as Error).message);
      }
    });
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the database closed the connection'));
    this.#socket = socket;
    this.opened++;
    return socket;
  }

  #message(type: number, buffer: Buffer, start: number, end: number): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) return true;
    const body = start + HEADER_BYTES;
    if (type === 0x44 && waiting.wire !== undefined) waiting.wire.push(buffer, start, end);
    else if (type === 0x44) waiting.rows.push(decodeDataRow(buffer, body, end).map((v) => v?.toString('utf8') ?? null));
    else if (type === 0x43) waiting.ends.push(waiting.rows.length);
    else if (type === 0x45) {
      const { message, code } = decodeErrorFields(buffer, body, end);
      waiting.failure = new DbgateError('upstream_unavailable', message, { sqlstate: code });
    } else if (type === 0x5a) {
      if (waiting.failure === undefined) waiting.resolve();
      else waiting.reject(waiting.failure);
    }
    return true;
  }

  /** The connection is no good any more. */
  #fail(message: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.removeAllListeners().on('error', () => {});
    socket?.destroy();
    waiting?.reject(new DbgateError('upstream_unavailable', message, { sqlstate: '08006' }));
  }
}
