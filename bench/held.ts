/**
 * How long it takes from a reviewer's yes to the first byte of the answer of a statement that waited on the wire:
 * `node bench/held.ts [times]`. Everything on loopback, in this process: a PostgreSQL, an issuer, the gateway over TLS.
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
import { approvalSettings } from '../test/support/approvals.ts';
import { startOidc } from '../test/support/oidc.ts';

const times = Number(process.argv[2] ?? 200);
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
  rules: [{ id: 'held', effect: 'hold', match: { command: ['SELECT'] } }],
  approvals: approvalSettings({ noticeEveryMs: 0 }),
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

async function api(method: string, target: string, token: string, sent?: unknown): Promise<{ [key: string]: never }> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = https.request(new URL(target, publicUrl), { method, agent, headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
    request.once('error', reject).end(sent === undefined ? undefined : JSON.stringify(sent));
  });
}

const signed = (subject: string, group: string): Promise<string> =>
  oidc.sign(oidc.claims({ sub: subject, email: `${subject}@example.test`, groups: [group] }));
try {
  const dev = await signed('dev', 'developers');
  const reviewer = await signed('rosa', 'reviewers');
  const { token } = await api('POST', '/v1/databases/app/token', dev);
  const client = new pg.Client({
    host: '127.0.0.1',
    port: gateway.postgresAddress!.port,
    user: 'dev@example.test',
    password: token,
    database: 'app',
    ssl: { ca: certificates.ca, servername: 'localhost' },
  });
  const noticed: ((id: string) => void)[] = [];
  client.on('notice', ({ message }) => noticed.shift()?.(/r-\w+/.exec(message ?? '')![0]));
  await client.connect();
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  const approvalMs: number[] = [];
  const noticeMs: number[] = [];
  for (let i = 0; i < times; i++) {
    const notice = new Promise<string>((resolve) => noticed.push(resolve));
    const askedAt = performance.now();
    const running = client.query(`SELECT ${i}`);
    const id = await notice;
    noticeMs.push(performance.now() - askedAt);
    const first = new Promise<number>((resolve) => connection.once('rowDescription', () => resolve(performance.now())));
    const approvedAt = performance.now();
    await api('POST', `/v1/requests/${id}/approve`, reviewer, { reason: 'bench' });
    approvalMs.push((await first) - approvedAt);
    await running;
  }
  await client.end();
  const at = (values: number[], part: number) =>
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!.toFixed(1);
  const line = (what: string, values: number[]) =>
    console.log(`${what}: p50 ${at(values, 0.5)} ms, p95 ${at(values, 0.95)} ms, p99 ${at(values, 0.99)} ms`);
  console.log(`${times} statements, one after another`);
  line('statement sent → NOTICE with the request’s number', noticeMs);
  line('approval sent (HTTPS) → first byte of the answer', approvalMs);
} finally {
  agent.destroy();
  await gateway.close();
  await oidc.stop();
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
