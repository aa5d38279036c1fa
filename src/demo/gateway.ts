/**
 * The gateway of a demo: settings built by hand around one database and the demo's own OpenID provider, run in this
 * process. In: folder, certificates, provider, upstream. Out: the running gateway. It grants by the demo's groups only.
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ApprovalSettings } from '../config/approval-settings.ts';
import type { DatabaseSettings, GatewaySettings, GrantSettings } from '../config/gateway-settings.ts';
import { startGateway } from '../gateway/server.ts';
import type { DemoCertificates } from './certificates.ts';
import { freePort } from './free-port.ts';
import { DEMO_CLIENT_ID, DEMO_SCOPES, DEMO_WEB_CLIENT_ID } from './identity-provider.ts';
import { DEMO_PEOPLE, type DemoRole } from './people.ts';

export const DEMO_SESSION_SECONDS = 8 * 3600;

export interface DemoGatewayOptions {
  readonly publicUrl: string;
  readonly httpsPort: number;
  readonly postgresPort: number;
  readonly stateDir: string;
  readonly logFile: string;
  readonly issuer: string;
  readonly certificates: Pick<DemoCertificates, 'cert' | 'key'>;
  readonly databases: readonly DatabaseSettings[];
  /** Default `sync`. */
  readonly durability?: 'sync' | 'async';
  /** The last word on the settings; for tests. */
  readonly tune?: (settings: GatewaySettings) => GatewaySettings;
}

const ACCESS: Record<DemoRole, Pick<GrantSettings, 'access' | 'create'>> = {
  developer: { access: 'write', create: true },
  analyst: { access: 'read', create: false },
  agent: { access: 'read', create: false },
  reviewer: { access: 'read', create: false },
  admin: { access: 'admin', create: true },
  auditor: { access: 'read', create: false },
};

const HOUR_MS = 3_600_000;

/** Whoever may connect asks, reviewers decide. */
const DEMO_APPROVALS: ApprovalSettings = {
  rules: [
    {
      id: 'everybody',
      to: undefined,
      database: '*',
      environment: undefined,
      labels: undefined,
      access: ['write', 'ddl'],
      unmask: 'all',
      statements: true,
      approvers: [{ group: 'reviewers' }],
      needs: 1,
      maxDurationMs: 4 * HOUR_MS,
      cooldownMs: 0,
      auto: undefined,
      breakGlass: false,
    },
  ],
  requestTtlMs: 8 * HOUR_MS,
  holdMs: HOUR_MS / 4,
  holdInTransactionMs: 120_000,
  approvalTtlMs: HOUR_MS,
  noticeEveryMs: 30_000,
  atEnd: 'finish',
  maxBatch: 100,
};

export function demoGatewaySettings(options: DemoGatewayOptions): GatewaySettings {
  return {
    gatewayId: 'demo',
    publicUrl: options.publicUrl,
    listen: {
      https: { host: '127.0.0.1', port: options.httpsPort },
      postgres: { host: '127.0.0.1', port: options.postgresPort },
    },
    tls: { cert: options.certificates.cert, key: options.certificates.key },
    stateDir: options.stateDir,
    issuers: [
      {
        issuer: options.issuer,
        audience: options.publicUrl,
        clientId: DEMO_CLIENT_ID,
        scopes: DEMO_SCOPES,
        token: 'access',
        dpop: 'optional',
        claims: { email: 'email', name: 'name', groups: 'groups' },
        ca: undefined,
        allowInsecure: true,
      },
    ],
    databases: new Map(options.databases.map((database) => [database.name, database])),
    grants: DEMO_PEOPLE.map(({ group, role }) => ({
      to: { group },
      database: '*',
      environment: undefined,
      ...ACCESS[role],
    })),
    web: { issuer: options.issuer, clientId: DEMO_WEB_CLIENT_ID, clientSecret: undefined },
    roles: {
      admins: DEMO_PEOPLE.filter(({ role }) => role === 'admin').map(({ email }) => ({ user: email })),
      auditors: DEMO_PEOPLE.filter(({ role }) => role === 'auditor').map(({ email }) => ({ user: email })),
    },
    approvals: DEMO_APPROVALS,
    audit: { durability: options.durability ?? 'sync', segmentBytes: 64 * 1024 * 1024 },
    limits: {
      maxSessions: 1000,
      maxStatementBytes: 16 * 1024 * 1024,
      idleTimeoutMs: 0,
      startupTimeoutMs: 60_000,
      databaseTokenTtlMs: DEMO_SESSION_SECONDS * 1000,
    },
  };
}

export interface DemoGateway {
  readonly url: string;
  lastLogLines(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Both ports are free ones: the public URL is part of the settings, and of the tokens. */
export async function pickGatewayAddress(): Promise<{ publicUrl: string; httpsPort: number; postgresPort: number }> {
  const httpsPort = await freePort();
  return { publicUrl: `https://127.0.0.1:${httpsPort}`, httpsPort, postgresPort: await freePort() };
}

/** Runs it in this process. */
export async function startDemoGateway(options: DemoGatewayOptions): Promise<DemoGateway> {
  const { logFile } = options;
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  // A full disk must not end the demo for the sake of its log.
  log.on('error', () => {});
  const settings = demoGatewaySettings(options);
  const gateway = await startGateway(options.tune?.(settings) ?? settings, {
    log: (line) => void log.write(`${line}\n`),
  });
  return {
    url: options.publicUrl,
    async lastLogLines(count) {
      const text = await readFile(logFile, 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean).slice(-count);
    },
    async close() {
      await gateway.close();
      await new Promise<void>((resolve) => void log.end(() => resolve()));
    },
  };
}
