import net from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import pg from 'pg';
import type { UpstreamSettings } from '../config/gateway-settings.ts';

/** The connection broke, or there is none. */
export class ConnectionLost extends Error {
  /** The query may have reached the server: what became of it nobody knows. */
  readonly sent: boolean;
  constructor(sent: boolean, cause?: Error) {
    super(cause?.message ?? 'there is no connection', cause === undefined ? undefined : { cause });
    this.name = 'ConnectionLost';
    this.sent = sent;
  }
}

export interface PostgresConnectionOptions {
  readonly settings: UpstreamSettings;
  /** A query that is not answered within so many milliseconds ends its connection. */
  readonly deadlineMs: number;
  /** Makes a new connection ready before anything else uses it; throws where it cannot be used. */
  readonly prepare: (client: pg.Client) => Promise<void>;
  /** Called when there is a connection again; not for the first. */
  readonly onUp?: () => void;
  readonly onNotification?: (channel: string, payload: string) => void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

/** One connection that is opened anew, by and by less eagerly, whenever it breaks. Queries run one after the other. */
export class PostgresConnection {
  readonly #options: PostgresConnectionOptions;
  #client: pg.Client | undefined;
  #socket: net.Socket | undefined;
  #closed = false;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #error: Error | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PostgresConnectionOptions) {
    this.#options = options;
  }

  /** Why there is no connection. */
  get error(): Error | undefined {
    return this.#client === undefined ? this.#error : undefined;
  }

  /** The first connection; throws when it cannot be made. */
  async open(): Promise<void> {
    await this.#connect();
  }

  /** In turn. Throws `ConnectionLost`, or `pg.DatabaseError` when the server refused the query and did nothing. */
  query<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    const run = this.#turn.then(() => this.#query<Row>(name, text, values));
    this.#turn = run.catch(() => {});
    return run;
  }

  async #query<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    const client = this.#client;
    if (client === undefined) throw new ConnectionLost(false, this.#error);
    const deadline = setTimeout(
      () => this.#drop(client, new Error(`no answer within ${this.#options.deadlineMs} ms`)),
      this.#options.deadlineMs,
    );
    try {
      return (await client.query({ name, text, values: [...values] })).rows as Row[];
    } catch (error) {
      if (this.#client === client && isAnswer(error)) throw error;
      this.#drop(client, error as Error);
      throw new ConnectionLost(true, error as Error);
    } finally {
      clearTimeout(deadline);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    const client = this.#client;
    const socket = this.#socket;
    this.#client = undefined;
    if (client === undefined) {
      socket?.destroy();
      return;
    }
    const deadline = setTimeout(() => socket?.destroy(), 1_000);
    await client.end().catch(() => {});
    clearTimeout(deadline);
  }

  async #connect(): Promise<void> {
    const { settings, deadlineMs, prepare, onNotification } = this.#options;
    const socket = new net.Socket();
    this.#socket = socket;
    const client = new pg.Client({
      host: settings.host,
      port: settings.port,
      user: settings.user,
      database: settings.database,
      // As a function: an empty one would be looked for in the environment.
      password: () => settings.password ?? '',
      ssl: tlsOptions(settings),
      application_name: 'dbgate',
      connectionTimeoutMillis: settings.connectTimeoutMs,
      keepAlive: true,
      stream: () => socket,
    } as pg.ClientConfig);
    client.on('error', (error) => this.#drop(client, error));
    client.on('end', () => this.#drop(client, new Error('the server ended the connection')));
    if (onNotification !== undefined) {
      client.on('notification', ({ channel, payload }) => onNotification(channel, payload ?? ''));
    }
    const deadline = setTimeout(() => socket.destroy(), settings.connectTimeoutMs + deadlineMs);
    try {
      await client.connect();
      await prepare(client);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
    if (this.#closed || socket.destroyed) {
      socket.destroy();
      throw new Error('the connection ended at once');
    }
    this.#client = client;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #drop(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#error = error;
    this.#socket?.destroy();
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retryTimer = setTimeout(() => void this.#retry(), this.#retryMs * (0.75 + Math.random() / 2));
    this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  async #retry(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.#error = error as Error;
      this.#retryLater();
      return;
    }
    this.#options.onUp?.();
  }
}

/** The server refused a query, rolled it back, and goes on; anything else leaves it open what happened. */
function isAnswer(error: unknown): boolean {
  // 08: connections. 57P: shut down or terminated, possibly while a commit waited. 58, XX: the server is not well.
  return error instanceof pg.DatabaseError && error.code !== undefined && !/^(08|57P|58|XX)/.test(error.code);
}

/** It is not a fault of this program: the connection or the server. */
export function isServerTrouble(error: unknown): boolean {
  return error instanceof ConnectionLost || error instanceof pg.DatabaseError;
}

/** As libpq's sslmode; `prefer` is none here, as it would go on in the clear. */
function tlsOptions({ host, tls }: UpstreamSettings): false | TlsOptions {
  if (tls.mode === 'disable' || host.startsWith('/')) return false;
  const checksChain = tls.mode !== 'prefer' && (tls.mode !== 'require' || tls.ca !== undefined);
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: checksChain,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
    ...(tls.mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
