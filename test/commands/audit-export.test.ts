import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditCommand } from '../../src/commands/audit.ts';
import { buildCommand, parseCommandLine } from '../../src/commands/run-command.ts';
import { makeCertificates } from '../../src/demo/certificates.ts';
import { expectOcsf } from '../audit/export/check-ocsf.ts';
import { readRecords } from '../gateway/gateway-rig.ts';
import { testContext } from '../login/command-context.ts';
import { withGateway } from '../support/gateway.ts';
import { type InProcessResult, runInProcess } from './run-in-process.ts';

const CANARY = 'canary.secret@demo.test';
let stateDir = '';
const gateway = withGateway({
  sql: `CREATE TABLE person (id int PRIMARY KEY, email text); INSERT INTO person VALUES (1, 'ann@demo.test')`,
  tune: (settings) => {
    stateDir = settings.stateDir;
    return settings;
  },
});

let dir: string;
let client: pg.Client;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-export-'));
  client = new pg.Client({ connectionString: gateway.as('developer').url });
  await client.connect();
  await client.query('SELECT id, email FROM person');
  await client.query('SELECT count(*) FROM person WHERE email = $1', [CANARY]);
  await client.query(`SELECT count(*) FROM person WHERE email = '${CANARY}'`);
  await client.query('INSERT INTO person VALUES (2, NULL)');
  await client.query('DROP TABLE person').catch(() => {});
  await client.query('SELECT 1 AS "=cmd|\u001b[31m"');
});
afterAll(async () => {
  await client.end().catch(() => {});
  for (const close of closers.splice(0)) await close();
  rmSync(dir, { recursive: true, force: true });
});

function envOf(role: 'auditor' | 'developer' | 'admin', more: Record<string, string> = {}): Record<string, string> {
  return { ...gateway.env(role), DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir, ...more };
}

function exported(args: string[], env = envOf('auditor')): Promise<InProcessResult> {
  return runInProcess(auditCommand, ['export', ...args], { env });
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('dbgate audit export', () => {
  it('gives all that was recorded as OCSF, each as its class has it', async () => {
    const { code, stdout, stderr } = await exported(['--since', '1h']);
    expect([code, stderr]).toEqual([0, '']);
    const events = lines(stdout);
    for (const event of events) expectOcsf(event);
    expect(new Set(events.map((event) => event.class_uid))).toEqual(new Set([6005, 3002, 3003, 6003]));
    const statements = events.filter((event) => event.class_uid === 6005);
    expect(statements.map(({ activity_name, status_id, action_id }) => [activity_name, status_id, action_id])).toEqual([
      ['Query', 1, 1],
      ['Query', 1, 1],
      ['Query', 1, 1],
      ['Write', 1, 1],
      ['Delete', 2, 2],
      ['Query', 1, 1],
    ]);
    expect(statements[0]).toMatchObject({
      actor: { user: { email_addr: 'dev@demo.test', uid: 'demo-dev' } },
      database: { name: 'app' },
      table: { name: 'public.person' },
      unmapped: { decision: 'mask', masked_by: { email: 1 }, classified_columns: { 'public.person.email': 'email' } },
    });
    expect(new Set(events.map(({ metadata }) => metadata.uid)).size).toBe(events.length);
    expect(stdout).not.toContain(CANARY);
  });

  it('tells no literal or bind value that the record does not have, and nothing that moves a cursor', async () => {
    for (const format of ['jsonl', 'csv', 'cef']) {
      const { code, stdout } = await exported(['--since', '1h', '--format', format]);
      expect(code).toBe(0);
      expect(stdout).toContain('dev@demo.test');
      expect(stdout).not.toContain(CANARY);
      expect(stdout).not.toContain('\u001b');
    }
  });

  it('is for auditors and administrators, and is on the record before anything leaves', async () => {
    const refused = await exported(['--since', '1h'], envOf('developer'));
    expect(refused.code).toBe(5);
    expect(refused.stdout).toBe('');
    const before = (await readRecords(join(stateDir, 'audit'))).filter(({ kind }) => kind === 'audit.exported').length;
    await exported(['--since', '1h', '--db', 'app'], envOf('admin'));
    const records = (await readRecords(join(stateDir, 'audit'))).filter(({ kind }) => kind === 'audit.exported');
    expect(records).toHaveLength(before + 1);
    expect(records.at(-1)).toMatchObject({
      database: 'app',
      detail: { follow: false },
      body: { format: 'ocsf', to: '-' },
    });
  });

  it('narrows by time and database', async () => {
    expect((await exported(['--since', '2020-01-01', '--until', '2020-01-02'])).stdout).toBe('');
    // Nothing but that somebody asks for it.
    const [asked, ...others] = lines((await exported(['--since', '1h', '--db', 'other'])).stdout);
    expect([asked.api.operation, others]).toEqual(['audit.exported', []]);
    const { stdout } = await exported(['--since', '1h', '--db', 'app', '--format', 'jsonl']);
    expect(lines(stdout).every(({ record, session }) => (record.database ?? session.database) === 'app')).toBe(true);
    const usage = await exported([]);
    expect([usage.code, usage.stderr]).toEqual([2, expect.stringContaining('--since')]);
  });

  it('goes on behind its cursor in the same file, with nothing twice and nothing left out', async () => {
    const [file, cursor] = [join(dir, 'export.jsonl'), join(dir, 'cursor')];
    const args = ['--format', 'jsonl', '--to', file, '--cursor', cursor];
    expect((await exported(['--since', '1h', ...args])).code).toBe(0);
    await client.query('SELECT 2');
    expect((await exported(args)).code).toBe(0);
    const positions = lines(readFileSync(file, 'utf8')).map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(JSON.parse(readFileSync(cursor, 'utf8')).position).toBeGreaterThanOrEqual(positions.at(-1));
    const sql = lines(readFileSync(file, 'utf8')).map(({ record }) => record.body?.sql);
    expect(sql.filter((text) => text === 'SELECT 2')).toHaveLength(1);
    expect(statSync(file).mode & 0o077).toBe(0);
    const again = await exported(['--since', '1h', '--format', 'jsonl', '--to', file]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('is there already')]);
  });

  it('follows through lost connections: each record once, in order', async () => {
    // A proxy in between that cuts what goes through it, again and again.
    const upstream = new URL(gateway.demo.gateway.url);
    let cuts = 0;
    const sockets = new Set<net.Socket>();
    const proxy = net.createServer((socket) => {
      sockets.add(socket);
      const there = net.connect(Number(upstream.port), upstream.hostname);
      let passed = 0;
      there.on('data', (chunk) => {
        passed += chunk.length;
        socket.write(chunk);
        // TLS and the beginning of the answer come through; then, in the midst of a record, nothing more.
        if (cuts < 4 && passed > 6_000) {
          cuts++;
          socket.destroy();
        }
      });
      socket.on('data', (chunk) => there.write(chunk));
      for (const one of [socket, there]) one.on('error', () => one.destroy());
      socket.on('close', () => there.destroy());
      there.on('close', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    const context = testContext({ ...envOf('auditor'), DBGATE_GATEWAY: url });
    const command = buildCommand({ name: 'audit', summary: 'audit' }, auditCommand);
    const parsed = parseCommandLine(command, ['export', '--since', '1h', '--format', 'jsonl', '--follow'], 80);
    if (parsed.kind === 'help') throw new Error('help');
    const run = auditCommand.run(context, parsed.options, parsed.args);
    await context.until(/SELECT 1 AS/);
    // As many as it takes: how much goes through at once, before it is cut, is the network's to say.
    let last = 1000;
    for (; last < 1030 || cuts < 4; last++) {
      await client.query(`SELECT ${last}`);
      if (last > 1030) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await context.until(new RegExp(`"sql":"SELECT ${last - 1}"[^\\n]*\\n(?:.*\\n)*.*statement.outcome`));
    context.abort.abort();
    await run;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    expect(cuts).toBe(4);
    const got = lines(context.out());
    const positions = got.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    const wanted = (await readRecords(join(stateDir, 'audit'))).filter(
      ({ kind }) => kind === 'statement.intent',
    ).length;
    expect(got.filter(({ record }) => record.kind === 'statement.intent')).toHaveLength(wanted);
  });
});

describe('export over HTTP', () => {
  it('tries again with the same key, and gives up on what will not pass', async () => {
    const got: { key: string | undefined; auth: string | undefined; body: string }[] = [];
    const answers = [503, 429, 200];
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        got.push({
          key: request.headers['idempotency-key'] as string,
          auth: request.headers.authorization,
          body,
        });
        response.writeHead(answers.shift() ?? 403).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const to = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/in`;
    const env = envOf('auditor', { DBGATE_EXPORT_AUTHORIZATION: 'Splunk abc' });
    const args = ['--since', '1h', '--format', 'csv', '--to', to];
    const { code, stdout } = await exported(args, env);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+ lines exported/)]);
    expect(new Set(got.map(({ key }) => key)).size).toBe(1);
    expect(got.map(({ body }) => body)).toEqual([got[0]!.body, got[0]!.body, got[0]!.body]);
    expect(got[0]!.auth).toBe('Splunk abc');
    expect(got[0]!.body).toMatch(/^at,id,gateway/);
    const refused = await exported([...args, '--cursor', join(dir, 'http-cursor')], env);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('answered 403')]);
    expect(existsSync(join(dir, 'http-cursor'))).toBe(false);
  });

  it('sends the record over https only, and no password in the command line', async () => {
    expect((await exported(['--since', '1h', '--to', 'http://siem.example/'])).code).toBe(2);
    expect((await exported(['--since', '1h', '--to', 'https://u:p@siem.example/'])).code).toBe(2);
    expect((await exported(['--since', '1h', '--to', 'ftp://siem.example/'])).code).toBe(2);
  });
});

describe('export to syslog over TLS', () => {
  it('frames by octets, verifies the receiver, and goes on when the connection breaks', async () => {
    const { cert, key, ca } = await makeCertificates();
    const received: Buffer[] = [];
    const server = tls.createServer({ cert, key }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => received.push(chunk));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const to = `syslog+tls://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const untrusted = await exported(['--since', '1h', '--to', to]);
    expect([untrusted.code, untrusted.stderr]).toEqual([1, expect.stringContaining('not exported')]);
    expect(received).toEqual([]);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(dir, 'ca.pem'), ca);
    const env = envOf('auditor', { DBGATE_EXPORT_CA_FILE: join(dir, 'ca.pem') });
    await client.query(`SELECT '${'é'.repeat(5_000)}'`);
    expect((await exported(['--since', '1h', '--to', to], env)).code).toBe(0);
    const messages = unframed(Buffer.concat(received));
    expect(messages.length).toBeGreaterThan(8);
    for (const message of messages) {
      const match = /^<10[6-9]|^<11[0-1]/.exec(message);
      expect(match, message).not.toBeNull();
      expect(message.length).toBeLessThan(8_192);
      expectOcsf(JSON.parse(message.slice(message.indexOf('\ufeff') + 1)));
    }
    expect(messages.join('')).toContain('… (5009 characters)');
  });
});

/** RFC 5425: `LENGTH SP MESSAGE`, and nothing between. */
function unframed(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('ascii', at, space));
    if (!(length > 0)) throw new Error(`no length at ${at}`);
    messages.push(bytes.toString('utf8', space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return messages;
}
