import { randomBytes, randomUUID } from 'node:crypto';
import { DbgateError, ErrorCode } from '../errors.ts';
import { openGatewayClient } from '../login/gateway-client.ts';
import { openLocalListener } from '../tunnel/local-listener.ts';
import { SharedConnection } from '../tunnel/shared-connection.ts';
import { dialUpgrade } from '../tunnel/upgrade-client.ts';
import type { Demo } from './demo.ts';
import { DEMO_SESSION_SECONDS } from './gateway.ts';
import { DEMO_PEOPLE, type DemoPerson, type DemoRole } from './people.ts';

/** One entry of the ready line. */
export interface DemoConnection {
  readonly principal: string;
  readonly role: DemoRole;
  readonly database: string;
  /** Through a local tunnel, as `dbgate connect` opens one. */
  readonly url: string;
  /** Through the gateway's own listener, with a database token as the password. */
  readonly nativeUrl: string;
  /** For DBGATE_TOKEN. */
  readonly token: string;
}

export interface DemoConnections {
  readonly connections: readonly DemoConnection[];
  close(): Promise<void>;
}

/** A token, a tunnel and a database token for each demo person, good for as long as a demo lasts (8 h). */
export async function openConnections(demo: Demo): Promise<DemoConnections> {
  const tunnels: Tunnel[] = [];
  const close = async () => {
    await Promise.all(tunnels.splice(0).map((tunnel) => tunnel.close()));
  };
  try {
    const connections: DemoConnection[] = [];
    for (const person of DEMO_PEOPLE) {
      const tunnel = await openConnection(demo, person);
      tunnels.push(tunnel);
      connections.push(tunnel.connection);
    }
    return { connections, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Tunnel {
  readonly connection: DemoConnection;
  close(): Promise<void>;
}

async function openConnection(demo: Demo, person: DemoPerson): Promise<Tunnel> {
  const { database } = demo;
  const token = await demo.identity.mintToken(person, DEMO_SESSION_SECONDS);
  const native = await databaseToken(demo, token);
  const password = randomBytes(18).toString('base64url');
  const tunnel = randomUUID();
  const gatewayUrl = demo.gateway.url;
  const headers = async () => ({ authorization: `Bearer ${token}` });
  const shared = new SharedConnection({ ...{ gatewayUrl, headers }, ca: demo.ca });
  const listener = await openLocalListener({
    listen: { port: 0 },
    password,
    spare: 0,
    dial: (signal) =>
      dialUpgrade({
        ...{ gatewayUrl, shared },
        path: `/v1/databases/${encodeURIComponent(database)}/connect`,
        headers: async () => ({ ...(await headers()), 'dbgate-tunnel': tunnel }),
        ca: demo.ca,
        signal,
      }),
  });
  if ('socketPath' in listener.address) throw new DbgateError(ErrorCode.internal, 'the tunnel has no port');
  const { email: user } = person;
  const local = { ...listener.address, user, password, database };
  return {
    async close() {
      await listener.close();
      shared.close();
    },
    connection: {
      principal: user,
      role: person.role,
      database,
      url: postgresUrl(local),
      nativeUrl: `${postgresUrl({ ...native, password: native.token })}?sslmode=require`,
      token,
    },
  };
}

interface DatabaseToken {
  readonly token: string;
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** `POST /v1/databases/{name}/token`, as `dbgate token` does it. */
async function databaseToken(demo: Demo, token: string): Promise<DatabaseToken> {
  const env = { DBGATE_GATEWAY: demo.gateway.url, DBGATE_TOKEN: token, DBGATE_CA_FILE: demo.caFile };
  const client = await openGatewayClient({ env });
  try {
    const path = `/v1/databases/${encodeURIComponent(demo.database)}/token`;
    return (await client.request('POST', path)) as DatabaseToken;
  } finally {
    await client.close();
  }
}

function postgresUrl(to: { host: string; port: number; user: string; password: string; database: string }): string {
  const login = `${encodeURIComponent(to.user)}:${encodeURIComponent(to.password)}`;
  const host = to.host.includes(':') ? `[${to.host}]` : to.host;
  return `postgresql://${login}@${host}:${to.port}/${encodeURIComponent(to.database)}`;
}
