/**
 * A gateway of the test's own in this process: real Postgres behind it, real issuer keys, real TLS in front. Unlike
 * `withGateway` it gives the RunningGateway itself (reload, restart), raw sockets, and any claims for a token.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JWTPayload } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import type { GatewaySettings } from '../../src/config/gateway-settings.ts';
import { type DemoCertificates, makeCertificates } from '../../src/demo/certificates.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { parseUpstreamUrl } from '../../src/demo/upstream-url.ts';
import { type RunningGateway, startGateway } from '../../src/gateway/server.ts';
import type { StoredRecord } from '../../src/store/event-log.ts';
import { readSegments, START } from '../../src/store/segment-reader.ts';
import { type OidcFixture, startOidc } from '../support/oidc.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../support/postgres.ts';

export interface RigOptions {
  readonly postgres?: PostgresOptions;
  /** Run as the upstream role, which owns database `app`. */
  readonly sql?: string;
  tune?(settings: GatewaySettings): GatewaySettings;
}

export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { error: { code: string; message: string; hint?: string } };
}

export interface UpgradeOptions {
  readonly token?: string | undefined;
  readonly database?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly protocol?: string;
}

export type { AuditRecord } from '../../src/audit/record.ts';

/** An API answer, as the test that asked for it knows it. */
// biome-ignore lint/suspicious/noExplicitAny: tests name the fields they expect
export type Json = any;

export class Rig {
  readonly server: PostgresServer;
  readonly directUrl: string;
  readonly oidc: OidcFixture;
  readonly certificates: DemoCertificates;
  readonly stateDir: string;
  readonly logs: string[] = [];
  settings: GatewaySettings;
  gateway: RunningGateway;
  readonly #closers: (() => unknown)[] = [];

  private constructor(
    parts: Pick<Rig, 'server' | 'directUrl' | 'oidc' | 'certificates' | 'stateDir' | 'settings' | 'gateway'>,
  ) {
    this.server = parts.server;
    this.directUrl = parts.directUrl;
    this.oidc = parts.oidc;
    this.certificates = parts.certificates;
    this.stateDir = parts.stateDir;
    this.settings = parts.settings;
    this.gateway = parts.gateway;
  }

  static async open(options: RigOptions = {}): Promise<Rig> {
    const server = await startPostgres(options.postgres);
    const password = randomBytes(12).toString('hex');
    await runSql(server.superuserUrl, [
      `CREATE ROLE app LOGIN CREATEROLE PASSWORD '${password}'`,
      'CREATE DATABASE app OWNER app',
    ]);
    const directUrl = server.url('app', password, 'app');
    if (options.sql !== undefined) await runSql(directUrl, [options.sql]);
    const certificates = await makeCertificates();
    const stateDir = mkdtempSync(path.join(tmpdir(), 'dbgate-rig-'));
    const httpsPort = await freePort();
    const publicUrl = `https://127.0.0.1:${httpsPort}`;
    const oidc = await startOidc({ audience: publicUrl });
    const plain: GatewaySettings = {
      gatewayId: 'rig',
      publicUrl,
      listen: {
        https: { host: '127.0.0.1', port: httpsPort },
        postgres: { host: '127.0.0.1', port: await freePort() },
      },
      tls: { cert: certificates.cert, key: certificates.key },
      stateDir: path.join(stateDir, 'state'),
      issuers: [oidc.settings],
      databases: new Map([
        [
          'app',
          {
            name: 'app',
            environment: 'production',
            labels: {},
            upstream: await parseUpstreamUrl(`${directUrl}?sslmode=disable`),
          },
        ],
      ]),
      grants: [
        { to: { group: 'developers' }, database: '*', environment: undefined, access: 'write', create: true },
        { to: { group: 'analysts' }, database: '*', environment: undefined, access: 'read', create: false },
        { to: { group: 'admins' }, database: '*', environment: undefined, access: 'admin', create: true },
      ],
      audit: { durability: 'sync', segmentBytes: 64 << 20 },
      limits: {
        maxSessions: 400,
        maxStatementBytes: 1 << 20,
        idleTimeoutMs: 0,
        startupTimeoutMs: 60_000,
        databaseTokenTtlMs: 600_000,
      },
    };
    const settings = options.tune?.(plain) ?? plain;
    const logs: string[] = [];
    const gateway = await startGateway(settings, { log: (line) => logs.push(line) });
    const rig = new Rig({ server, directUrl, oidc, certificates, stateDir, settings, gateway });
    (rig as { logs: string[] }).logs = logs;
    return rig;
  }

  /** The same gateway again, on the same state. */
  async restart(settings: GatewaySettings = this.settings, openFilesLimit?: number): Promise<void> {
    await this.gateway.close();
    this.settings = settings;
    this.gateway = await startGateway(settings, {
      log: (line) => this.logs.push(line),
      ...(openFilesLimit === undefined ? {} : { openFilesLimit }),
    });
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await Promise.resolve(closer()).catch(() => {});
    await this.gateway.close();
    await this.oidc.stop();
    await this.server.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  onClose(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  token(claims: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> {
    return this.oidc.sign(this.oidc.claims(claims), header);
  }

  /** A token for another person of some groups. */
  tokenOf(sub: string, groups: readonly string[] = ['developers'], claims: JWTPayload = {}): Promise<string> {
    return this.token({ sub, email: `${sub}@example.test`, groups: [...groups], ...claims });
  }

  /** A JSON request to the API; an answer of NDJSON is an array of its lines. */
  async api(
    method: string,
    target: string,
    token?: string,
    headers: Record<string, string> = {},
    sent?: string,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Json }> {
    return new Promise((resolve, reject) => {
      const request = https.request(new URL(target, this.settings.publicUrl), {
        method,
        ca: this.certificates.ca,
        servername: 'localhost',
        agent: false,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      });
      request.once('response', (response) =>
        readText(response).then((text) => {
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: text === '' ? undefined : parseAnswer(text, response.headers['content-type']),
          });
        }, reject),
      );
      request.once('error', reject);
      request.end(sent);
    });
  }

  async upgrade(options: UpgradeOptions): Promise<net.Socket> {
    const result = await this.tryUpgrade(options);
    if ('socket' in result) return result.socket;
    throw new Error(`refused: ${result.refusal.status} ${JSON.stringify(result.refusal.body)}`);
  }

  async refusal(options: UpgradeOptions): Promise<Refusal> {
    const result = await this.tryUpgrade(options);
    if ('refusal' in result) return result.refusal;
    result.socket.destroy();
    throw new Error('101 Switching Protocols');
  }

  tryUpgrade(options: UpgradeOptions): Promise<{ socket: net.Socket } | { refusal: Refusal }> {
    const { token, database = 'app', protocol = 'postgresql' } = options;
    return new Promise((resolve, reject) => {
      const request = https.request({
        host: '127.0.0.1',
        port: this.gateway.httpsAddress.port,
        method: options.method ?? 'GET',
        path: options.path ?? `/v1/databases/${encodeURIComponent(database)}/connect`,
        ca: this.certificates.ca,
        servername: 'localhost',
        agent: false,
        allowHalfOpen: true,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          connection: 'Upgrade',
          upgrade: protocol,
          ...options.headers,
        },
      } as https.RequestOptions);
      request.once('upgrade', (_response, socket: net.Socket, head: Buffer) => {
        socket.on('error', () => {});
        socket.setNoDelay(true);
        if (head.length > 0) socket.unshift(head);
        this.onClose(() => socket.destroy());
        setImmediate(() => resolve({ socket }));
      });
      request.once('response', (response) =>
        readText(response).then(
          (text) =>
            resolve({ refusal: { status: response.statusCode!, headers: response.headers, body: JSON.parse(text) } }),
          reject,
        ),
      );
      request.once('error', reject);
      request.end();
    });
  }

  /** A `pg` client through a tunnel, connected. */
  async connect(
    token: string,
    options: UpgradeOptions & { readonly config?: pg.ClientConfig } = {},
  ): Promise<pg.Client> {
    const socket = await this.upgrade({ token, ...options });
    const client = new pg.Client({ user: 'me', database: 'app', ...options.config, stream: () => connected(socket) });
    client.on('error', () => {});
    await client.connect();
    this.onClose(() => client.end().catch(() => {}));
    return client;
  }

  /** A `pg` client on the native listener, not connected yet. */
  native(user: string, password: string, config: pg.ClientConfig = {}): pg.Client {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.gateway.postgresAddress!.port,
      user,
      password,
      database: 'app',
      ssl: { ca: this.certificates.ca },
      ...config,
    });
    client.on('error', () => {});
    return client;
  }

  async databaseToken(token: string, database = 'app'): Promise<string> {
    const { body } = await this.api('POST', `/v1/databases/${database}/token`, token);
    return body.token as string;
  }

  /** Past the gateway. */
  async direct<T extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.directUrl });
    await client.connect();
    try {
      return (await client.query<T>(sql, values as never)).rows;
    } finally {
      await client.end();
    }
  }

  records(): Promise<AuditRecord[]> {
    return readRecords(path.join(this.settings.stateDir, 'audit'));
  }
}

/** The text of an intent, as it is recorded; '' of what has none, or has it no more. */
export function recordedText(record: AuditRecord): string {
  return record.kind !== 'statement.intent' || typeof record.body === 'string' ? '' : record.body.sql;
}

/** What the segments hold now: the tail that is being written is no damage. */
export async function readRecords(dir: string): Promise<AuditRecord[]> {
  const to = Number.MAX_SAFE_INTEGER;
  for (let attempt = 1; ; attempt++) {
    const found: StoredRecord[] = [];
    for await (const { records } of readSegments(dir, { from: START, to, onDamage: () => {} })) found.push(...records);
    // Half of a write may be seen before the rest of it: then one is missing that was only not there yet.
    const isTorn = found.some(({ position }, i) => i > 0 && position !== found[i - 1]!.position + 1);
    if (!isTorn || attempt === MOST_READS) return found.map(({ payload }) => JSON.parse(payload) as AuditRecord);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const MOST_READS = 5;

export function withRig(options: RigOptions = {}): Rig {
  let rig: Rig | undefined;
  beforeAll(async () => {
    rig = await Rig.open(options);
  });
  afterAll(() => rig?.close());
  return new Proxy({} as Rig, {
    get(_target, name) {
      if (rig === undefined) throw new Error('the rig is there from beforeAll on');
      const value = Reflect.get(rig, name, rig) as unknown;
      return typeof value === 'function' ? value.bind(rig) : value;
    },
  });
}

/** Makes a socket that is connected look like one that `pg` connects. */
export function connected(socket: net.Socket): net.Socket {
  (socket as { connect: unknown }).connect = () => {
    setImmediate(() => socket.emit('connect'));
    // `pg` waits for 'close', which a half-open socket does not come to by itself.
    socket.once('end', () => socket.destroy());
    return socket;
  };
  return socket;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/**
 * What `begin` makes before the end that it is told. On a machine that is too busy for it that end is there first: then once
 * more, with twice the time.
 */
export async function beforeEnd<T>(ms: number, begin: (end: number) => Promise<T>): Promise<T> {
  const end = Date.now() + ms;
  try {
    const made = await begin(end);
    if (Date.now() < end) return made;
  } catch (error) {
    if (Date.now() < end) throw error;
  }
  return beforeEnd(2 * ms, begin);
}

export function closed(socket: net.Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) =>
    socket.closed || socket.readableEnded ? resolve() : socket.once('end', resolve).once('close', resolve),
  );
}

/** SQLSTATE, message and hint of what a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<pg.DatabaseError> {
  try {
    await promise;
  } catch (error) {
    return error as pg.DatabaseError;
  }
  throw new Error('it did not fail');
}

function parseAnswer(text: string, type: string | undefined): Json {
  if (type !== 'application/x-ndjson') return JSON.parse(text);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}
