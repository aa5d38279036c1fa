/**
 * A built gateway in a process of its own, in front of a rig's Postgres and issuer, so that it can be killed. The rig's own
 * gateway is closed; its `connect` goes to the newest of these processes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { type AuditRecord, type Rig, recordedText, until } from './gateway-rig.ts';

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly stateDir: string;
  readonly lines: string[];
  readonly exited: Promise<unknown>;
  /** It was started, until it listens; throws when it ends before. */
  listens(): Promise<void>;
  kill(): Promise<void>;
}

export interface GatewayProcessOptions {
  readonly stateDir?: string;
  /** A command that runs it. */
  readonly under?: readonly string[];
  /** Of node itself. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly segmentSize?: string;
}

const LAUNCHER = path.join(import.meta.dirname, '../../bin/dbgate.js');
let count = 0;

export async function spawnGateway(rig: Rig, options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const dir = path.join(rig.stateDir, `process-${++count}`);
  mkdirSync(dir);
  const stateDir = options.stateDir ?? path.join(dir, 'state');
  const port = await freePort();
  const config = path.join(dir, 'gateway.yaml');
  writeFileSync(
    config,
    stringify({
      ...gatewayFile(rig, dir, port),
      state_dir: stateDir,
      grants: [{ to: { group: 'developers' }, database: 'app', access: 'write', create: true }],
      ...(options.segmentSize === undefined ? {} : { audit: { segment_size: options.segmentSize } }),
    }),
  );
  const node = [process.execPath, ...(options.flags ?? [])];
  const command = [...(options.under ?? []), ...node, LAUNCHER, 'gateway', '--config', config];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n')));
  (rig.gateway as { httpsAddress: object }).httpsAddress = { host: '127.0.0.1', port };
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    stateDir,
    lines,
    exited,
    async listens() {
      await until(() => {
        if (hasEnded()) throw new Error(`the gateway ended: ${lines.join('\n')}`);
        return lines.some((line) => line.includes('listening on https'));
      });
    },
    async kill() {
      if (hasEnded()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What a gateway.yaml says that stands in front of the rig; its secrets are written to `dir`. */
export function gatewayFile(rig: Rig, dir: string, port: number) {
  const { upstream } = rig.settings.databases.get('app')!;
  const secret = (name: string, content: string): string => {
    const file = path.join(dir, name);
    writeFileSync(file, content, { mode: 0o600 });
    return `file:${file}`;
  };
  return {
    gateway_id: 'own',
    public_url: rig.settings.publicUrl,
    listen: { https: `127.0.0.1:${port}` },
    tls: { cert: secret('cert.pem', rig.certificates.cert), key: secret('key.pem', rig.certificates.key) },
    issuers: [
      { issuer: rig.oidc.issuer, audience: rig.settings.publicUrl, client_id: 'dbgate-cli', allow_insecure: true },
    ],
    databases: {
      app: {
        environment: 'production',
        upstream: {
          ...{ host: '127.0.0.1', port: upstream.port, database: 'app', user: 'app' },
          ...{ password: secret('password', upstream.password!), tls: { mode: 'disable' } },
        },
      },
    },
  };
}

/** Of each intent, the id in its comment. */
export function intentsOf(records: readonly AuditRecord[]): Set<string> {
  const ids = new Set<string>();
  for (const record of records) {
    if (record.kind !== 'statement.intent') continue;
    for (const [, id] of recordedText(record).matchAll(/ m([\dx]+) /g)) ids.add(id!.replaceAll('x', '-'));
  }
  return ids;
}

/** The row's id stands in a comment too: as a literal it may be kept as a hash only, until classes are known. */
export function insertMark(id: string): string {
  return `INSERT INTO marks VALUES ('${id}') /* m${id.replaceAll('-', 'x')} */`;
}
