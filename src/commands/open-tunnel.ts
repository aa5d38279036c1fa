/**
 * Opens the local end of a tunnel to one database. In: the database's name and where to listen. Out: how clients
 * connect, and close(). The gateway's answer is known before anything is promised: the first stream is dialled here,
 * so a refusal, a missing login or an unreachable gateway is this function's error.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { DbgateError, ErrorCode } from '../errors.ts';
import { configDir, type Env } from '../login/config-dir.ts';
import { type GatewayClient, openGatewayClient } from '../login/gateway-client.ts';
import { type LocalListener, type LocalListenerEvents, openLocalListener } from '../tunnel/local-listener.ts';
import { SharedConnection } from '../tunnel/shared-connection.ts';
import { stablePort } from '../tunnel/stable-port.ts';
import { dialUpgrade } from '../tunnel/upgrade-client.ts';
import { type Connection, connectionUrl } from './connection-variables.ts';
import { databasesAnswer, readAnswer, whoamiAnswer } from './gateway-answers.ts';
import { runtimeDir } from './running-tunnels.ts';

export interface OpenTunnelOptions {
  readonly env: Env;
  readonly database: string;
  /** Undefined: the database's own, kept port. 0: any free one. */
  readonly port?: number | undefined;
  /** A Unix socket instead; empty: the default path. */
  readonly socket?: string | undefined;
  readonly signal: AbortSignal;
  readonly events: LocalListenerEvents;
}

export interface OpenTunnel {
  readonly connection: Connection;
  /** Path of the Unix socket; undefined: TCP. */
  readonly socket: string | undefined;
  readonly tunnel: string;
  readonly environment: string;
  readonly access: string;
  /** Epoch milliseconds at which the present token ends. */
  readonly expiresAt: number;
  readonly client: GatewayClient;
  close(): Promise<void>;
}

export async function openTunnel(options: OpenTunnelOptions): Promise<OpenTunnel> {
  const { env, database, signal } = options;
  const client = await openGatewayClient({ env, signal });
  const { gateway: gatewayUrl, ca } = client;
  const shared = new SharedConnection({
    ...{ gatewayUrl, ca },
    headers: async (method, path) => ({ ...(await client.authorizationHeaders(method, path)) }),
  });
  let listener: LocalListener | undefined;
  try {
    const tunnel = randomUUID();
    const purpose = env.DBGATE_PURPOSE
      ? { 'dbgate-purpose': encodeURIComponent(env.DBGATE_PURPOSE.toWellFormed()) }
      : {};
    const path = `/v1/databases/${encodeURIComponent(database)}/connect`;
    const dial = async (stop: AbortSignal) =>
      dialUpgrade({
        gatewayUrl,
        path,
        shared,
        headers: async () => ({
          ...(await client.authorizationHeaders('GET', path)),
          'dbgate-tunnel': tunnel,
          ...purpose,
        }),
        ca,
        signal: stop,
      });

    const [who, known] = await Promise.all([
      client.request('GET', '/v1/whoami'),
      client.request('GET', '/v1/databases'),
    ]);
    const { email, subject, expires_at } = readAnswer(whoamiAnswer, who, 'GET /v1/whoami');
    const { databases } = readAnswer(databasesAnswer, known, 'GET /v1/databases');
    let first: Duplex | undefined = await dial(signal);
    first.once('close', () => {
      first = undefined;
    });
    const listing = databases.find(({ name }) => name === database);

    const trusted = options.socket !== undefined;
    const password = trusted ? '' : randomBytes(24).toString('base64url');
    listener = await listen(options, client.gateway, password, async (stop) => {
      const ready = first;
      first = undefined;
      if (ready === undefined || ready.destroyed) return dial(stop);
      ready.removeAllListeners('close');
      return ready;
    });
    const { address } = listener;
    const socket = 'socketPath' in address ? address.socketPath : undefined;
    const place =
      'socketPath' in address
        ? { host: dirname(address.socketPath), port: Number(basename(address.socketPath).split('.').at(-1)) }
        : address;
    const login = { ...place, user: email || subject, password, database };
    const opened = listener;
    return {
      connection: { ...login, url: connectionUrl(login) },
      socket,
      tunnel,
      environment: listing?.environment ?? '',
      access: listing?.access ?? '',
      expiresAt: Date.parse(expires_at),
      client,
      async close() {
        await opened.close();
        shared.close();
        await client.close();
      },
    };
  } catch (error) {
    await listener?.close();
    shared.close();
    await client.close();
    throw error;
  }
}

async function listen(
  { env, database, port, socket, events }: OpenTunnelOptions,
  gateway: string,
  password: string,
  dial: (signal: AbortSignal) => Promise<Duplex>,
): Promise<LocalListener> {
  if (socket !== undefined) {
    const socketPath = socket === '' ? defaultSocketPath(env, database) : libpqSocketPath(resolve(socket));
    return openLocalListener({ listen: { socketPath }, password: { trust: true }, dial, events });
  }
  if (port !== undefined) return openLocalListener({ listen: { port }, password, dial, events });
  const choose = () => stablePort(join(configDir(env), 'ports.json'), gateway, database);
  try {
    return await openLocalListener({ listen: { port: await choose() }, password, dial, events });
  } catch (error) {
    // Taken between the look and the bind, by another `connect` for example: the next look sees it.
    if (!(error instanceof DbgateError) || error.code !== ErrorCode.usage) throw error;
    return openLocalListener({ listen: { port: await choose() }, password, dial, events });
  }
}

/** libpq finds a socket by its folder and a port number: `<folder>/.s.PGSQL.<port>`. */
function libpqSocketPath(path: string): string {
  return /^\.s\.PGSQL\.\d{1,5}$/.test(basename(path)) ? path : join(path, '.s.PGSQL.5432');
}

function defaultSocketPath(env: Env, database: string): string {
  return join(runtimeDir(env), encodeURIComponent(database), '.s.PGSQL.5432');
}
