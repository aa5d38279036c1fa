/**
 * A gateway for benches of approvals: a PostgreSQL, an issuer and the gateway over TLS, everything on loopback and, but for
 * PostgreSQL, in this process. In: rules. Out: calls of the API, tokens, clients of the native listener.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { GatewaySettings } from '../src/config/gateway-settings.ts';
import { makeCertificates } from '../src/demo/certificates.ts';
import { freePort } from '../src/demo/free-port.ts';
import { startPostgres } from '../src/demo/postgres-server.ts';
import { parseUpstreamUrl } from '../src/demo/upstream-url.ts';
import { startGateway } from '../src/gateway/server.ts';
import { startOidc } from '../test/support/oidc.ts';

export type Answer = { [key: string]: never };

export interface LoopbackGateway {
  readonly url: string;
  readonly settings: GatewaySettings;
  /** Of the gateway's certificate, PEM. */
  readonly ca: string;
  api(method: string, target: string, token: string, sent?: unknown): Promise<Answer>;
  /** The body as it came. */
  text(method: string, target: string, token: string, sent?: unknown): Promise<string>;
  token(subject: string, group: string): Promise<string>;
  /** Connected through the native listener. */
  client(token: string): Promise<pg.Client>;
  reload(settings: GatewaySettings): void;
  close(): Promise<void>;
}

export async function startLoopbackGateway(
  more: Pick<GatewaySettings, 'rules' | 'approvals'>,
): Promise<LoopbackGateway> {
  const server = await startPostgres();
  const certificates = await makeCertificates();
  const stateDir = mkdtempSync(path.join(tmpdir(), 'dbgate-held-'));
  const port = await freePort();
  const publicUrl = `https://127.0.0.1:${port}`;
  const oidc = await startOidc({ audience: publicUrl });
  const password = randomBytes(12).toString('hex');
  const setUp = new pg.Client({ connectionString: server.superuserUrl });
  await setUp.connect();
  await setUp.query(`CREATE ROLE app LOGIN PASSWORD '${password}'`);
  await setUp.query('CREATE DATABASE app OWNER app');
  await setUp.end();
  const settings: GatewaySettings = {
    gatewayId: 'bench',
    publicUrl,
    listen: { https: { host: '127.0.0.1', port }, postgres: { host: '127.0.0.1', port: await freePort() } },
    tls: { cert: certificates.cert, key: certificates.key },
    stateDir,
    issuers: [oidc.settings],
    databases: new Map([
      [
        'app',
        {
          name: 'app',
          environment: 'production',
          labels: {},
          upstream: await parseUpstreamUrl(`${server.url('app', password, 'app')}?sslmode=disable`),
        },
      ],
    ]),
    grants: [{ to: { group: 'developers' }, database: '*', environment: undefined, access: 'write', create: true }],
    ...more,
    audit: { durability: 'sync', segmentBytes: 64 << 20 },
    limits: {
      maxSessions: 50,
      maxStatementBytes: 1 << 20,
      idleTimeoutMs: 0,
      startupTimeoutMs: 5_000,
      databaseTokenTtlMs: 600_000,
    },
  };
  const gateway = await startGateway(settings);
  const agent = new https.Agent({ keepAlive: true, ca: certificates.ca, servername: 'localhost' });

  const text: LoopbackGateway['text'] = (method, target, token, sent) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const request = https.request(new URL(target, publicUrl), { method, agent, headers }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        resolve(Buffer.concat(chunks).toString());
      });
      request.once('error', reject).end(sent === undefined ? undefined : JSON.stringify(sent));
    });
  const api: LoopbackGateway['api'] = async (...call) => JSON.parse(await text(...call)) as Answer;
  return {
    url: publicUrl,
    settings,
    ca: certificates.ca,
    api,
    text,
    token: (subject, group) =>
      oidc.sign(oidc.claims({ sub: subject, email: `${subject}@example.test`, groups: [group] })),
    async client(token) {
      const { token: password, user } = await api('POST', '/v1/databases/app/token', token);
      const client = new pg.Client({
        ...{ host: '127.0.0.1', port: gateway.postgresAddress!.port, user, password, database: 'app' },
        ssl: { ca: certificates.ca, servername: 'localhost' },
      });
      await client.connect();
      return client;
    },
    reload: (wanted) => gateway.reload(wanted),
    async close() {
      agent.destroy();
      await gateway.close();
      await oidc.stop();
      await server.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
