/**
 * The PostgreSQL that several gateways share: what `postgres-log.ts` and `postgres-notices.ts` stand on.
 *
 * In: where it is, and this gateway's name. Out: a connection that writes and one that watches, a number for this
 * process, and a wake-up whenever there may be something new. NOTIFY is a hint, polling the truth.
 * It must never go on with a server that could forget what it has confirmed, nor let two gateways have one name.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { isServerTrouble, PostgresConnection } from './postgres-connection.ts';
import { migrate } from './postgres-schema.ts';

export interface SharedDatabaseOptions {
  readonly settings: UpstreamSettings;
  /** Of this gateway, and of no other that uses the schema. */
  readonly gatewayId: string;
  /** Default `dbgate`; made if it is not there. */
  readonly schema?: string;
  /** How often is looked for what is new, should a notification be lost. Default 500. */
  readonly pollMs?: number;
  /** A query that is not answered in this time ends its connection. Default 5,000. */
  readonly deadlineMs?: number;
  /** How long is waited for a gateway of the same name to be gone. Default 10,000. */
  readonly nameWaitMs?: number;
}

export type Topic = 'log' | 'notices';

const OLDEST_VERSION = 140_000;
const CLEAN_EVERY_MS = 600_000;

export async function openSharedDatabase(options: SharedDatabaseOptions): Promise<SharedDatabase> {
  const database = new SharedDatabase(options);
  try {
    await database.open();
  } catch (error) {
    await database.close();
    if (error instanceof DbgateError) throw error;
    const { host, port, database: name } = options.settings;
    throw new DbgateError(
      ErrorCode.upstreamUnavailable,
      `the shared database ${name} on ${host}:${port} cannot be used: ${(error as Error).message}`,
      { cause: error, hint: 'see `shared` in gateway.yaml; its role needs CREATE on the database, or on the schema' },
    );
  }
  return database;
}

export class SharedDatabase {
  readonly gatewayId: string;
  readonly schema: string;
  readonly writer: PostgresConnection;
  readonly watcher: PostgresConnection;
  readonly #options: SharedDatabaseOptions;
  readonly #listeners: Record<Topic, Set<() => void>> = { log: new Set(), notices: new Set() };
  readonly #upListeners = new Set<() => void>();
  readonly #timers: NodeJS.Timeout[] = [];
  #instance = 0;

  constructor(options: SharedDatabaseOptions) {
    const { settings, gatewayId, schema = 'dbgate', deadlineMs = 5_000 } = options;
    this.gatewayId = gatewayId;
    this.schema = schema;
    this.#options = options;
    this.writer = new PostgresConnection({
      settings,
      deadlineMs,
      prepare: (client) => this.#prepare(client, deadlineMs),
      onUp: () => {
        for (const listener of [...this.#upListeners]) listener();
      },
    });
    this.watcher = new PostgresConnection({
      settings,
      deadlineMs,
      prepare: async (client) => {
        await this.#prepare(client, deadlineMs);
        if (this.#instance === 0) return;
        await this.#listen(client);
        // Whoever has it now was told so when it began; this one has shown that the name is its own.
        await this.#takeName(client);
      },
      onUp: () => this.#wakeAll(),
      onNotification: (channel, instance) => {
        if (instance === String(this.#instance)) return;
        if (channel === `${schema}_log`) this.#wake('log');
        else if (channel === `${schema}_notices`) this.#wake('notices');
      },
    });
  }

  /** A number that no other process ever has in this schema. */
  get instance(): number {
    return this.#instance;
  }

  async open(): Promise<void> {
    await this.watcher.open();
    await this.writer.open();
    await this.#beOnlyOneOfTheName();
    const [row] = await this.writer.query<{ id: number }>(
      '',
      `INSERT INTO ${this.schema}.instances (gateway) VALUES ($1) RETURNING id`,
      [this.gatewayId],
    );
    this.#instance = row!.id;
    for (const topic of ['log', 'notices']) await this.watcher.query('', `LISTEN ${this.schema}_${topic}`, []);
    this.#timers.push(
      setInterval(() => this.#wakeAll(), this.#options.pollMs ?? 500).unref(),
      setInterval(() => this.#clean(), CLEAN_EVERY_MS).unref(),
    );
  }

  /** Calls it whenever there may be something new; returns the function that unregisters. */
  onNews(topic: Topic, listener: () => void): () => void {
    this.#listeners[topic].add(listener);
    return () => this.#listeners[topic].delete(listener);
  }

  /** Calls it when what was lost, the connection that writes, is there again. */
  onWriterUp(listener: () => void): () => void {
    this.#upListeners.add(listener);
    return () => this.#upListeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await Promise.all([this.writer.close(), this.watcher.close()]);
  }

  #wakeAll(): void {
    this.#wake('log');
    this.#wake('notices');
  }

  #wake(topic: Topic): void {
    for (const listener of [...this.#listeners[topic]]) listener();
  }

  async #listen(client: pg.Client): Promise<void> {
    for (const topic of ['log', 'notices']) await client.query(`LISTEN ${this.schema}_${topic}`);
  }

  async #prepare(client: pg.Client, deadlineMs: number): Promise<void> {
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
         current_setting('fsync') AS fsync, pg_is_in_recovery() AS standby,
         -- A server that waits for its standbys to apply goes on doing so.
         set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
         set_config('default_transaction_isolation', 'read committed', false),
         set_config('default_transaction_read_only', 'off', false),
         set_config('search_path', 'pg_catalog', false),
         set_config('statement_timeout', $1, false),
         set_config('idle_session_timeout', '0', false),
         set_config('tcp_keepalives_idle', '10', false),
         set_config('tcp_keepalives_interval', '5', false),
         set_config('tcp_keepalives_count', '3', false)`,
      [String(deadlineMs)],
    );
    const { version, encoding, fsync, standby } = rows[0] as {
      version: number;
      encoding: string;
      fsync: string;
      standby: boolean;
    };
    if (version < OLDEST_VERSION) throw unfit('is older than PostgreSQL 14');
    if (encoding !== 'UTF8') throw unfit(`has the encoding ${encoding}, only UTF8 is supported`);
    if (standby) throw unfit('is a standby: nothing can be written there');
    if (fsync !== 'on') throw unfit('runs with fsync=off: it could forget what it has confirmed');
    await migrate(client, this.schema);
  }

  async #beOnlyOneOfTheName(): Promise<void> {
    const { nameWaitMs = 10_000 } = this.#options;
    for (let waited = 0; ; waited += 250) {
      const [row] = await this.watcher.query<{ mine: boolean }>('', TAKE_NAME, [nameLock(this.schema, this.gatewayId)]);
      if (row?.mine === true) return;
      if (waited >= nameWaitMs) break;
      await sleep(250);
    }
    throw new DbgateError(
      ErrorCode.config,
      `another gateway with the name ${JSON.stringify(this.gatewayId)} uses the shared database`,
      { hint: 'give each gateway a `gateway_id` of its own in gateway.yaml' },
    );
  }

  async #takeName(client: pg.Client): Promise<void> {
    await client.query(TAKE_NAME, [nameLock(this.schema, this.gatewayId)]);
  }

  #clean(): void {
    this.writer
      .query('', `DELETE FROM ${this.schema}.batches WHERE written_at < now() - interval '1 day'`, [])
      .catch((error) => {
        if (!isServerTrouble(error)) throw error;
      });
  }
}

const TAKE_NAME = 'SELECT pg_try_advisory_lock($1) AS mine';

function nameLock(schema: string, gatewayId: string): string {
  return createHash('sha256').update(`dbgate gateway\0${schema}\0${gatewayId}`).digest().readBigInt64BE(0).toString();
}

function unfit(why: string): DbgateError {
  return new DbgateError(ErrorCode.config, `the shared database ${why}`, {
    hint: 'see docs/several-gateways.md for what it has to be',
  });
}
