/**
 * Durable before it matters, with real processes, real disks and real faults: killed gateways, a full disk, failing
 * fdatasync and write, a state directory that goes. The gateway under test is a process of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { failure, Rig, readRecords, recordedText, until } from './gateway-rig.ts';

let rig: Rig;
let token: string;
beforeAll(async () => {
  rig = await Rig.open({ sql: 'CREATE TABLE marks (id text primary key)' });
  token = await rig.token();
  // Its issuer, certificate and Postgres are used; the gateways of these tests are processes.
  await rig.gateway.close();
  return () => rig.close();
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface GatewayProcess {
  readonly child: ChildProcess;
  readonly stateDir: string;
  readonly lines: string[];
  readonly exited: Promise<unknown>;
}

let count = 0;
async function gatewayProcess(
  options: { stateDir?: string; under?: string[]; segmentBytes?: string } = {},
): Promise<GatewayProcess> {
  const dir = path.join(rig.stateDir, `process-${++count}`);
  mkdirSync(dir);
  const stateDir = options.stateDir ?? path.join(dir, 'state');
  const { upstream } = rig.settings.databases.get('app')!;
  writeFileSync(path.join(dir, 'cert.pem'), rig.certificates.cert);
  writeFileSync(path.join(dir, 'key.pem'), rig.certificates.key, { mode: 0o600 });
  writeFileSync(path.join(dir, 'password'), upstream.password!, { mode: 0o600 });
  const port = await freePort();
  const config = path.join(dir, 'gateway.yaml');
  writeFileSync(
    config,
    stringify({
      gateway_id: 'durable',
      public_url: rig.settings.publicUrl,
      listen: { https: `127.0.0.1:${port}` },
      tls: { cert: `file:${path.join(dir, 'cert.pem')}`, key: `file:${path.join(dir, 'key.pem')}` },
      state_dir: stateDir,
      issuers: [
        { issuer: rig.oidc.issuer, audience: rig.settings.publicUrl, client_id: 'dbgate-cli', allow_insecure: true },
      ],
      databases: {
        app: {
          environment: 'production',
          upstream: {
            host: '127.0.0.1',
            port: upstream.port,
            database: 'app',
            user: 'app',
            password: `file:${path.join(dir, 'password')}`,
            tls: { mode: 'disable' },
          },
        },
      },
      grants: [{ to: { group: 'developers' }, database: 'app', access: 'write', create: true }],
    }),
  );
  const command = [
    ...(options.under ?? []),
    process.execPath,
    path.join(import.meta.dirname, 'gateway-child.ts'),
    config,
  ];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  undo.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await exited;
    }
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n')));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the gateway ended: ${lines.join('\n')}`);
    return lines.some((line) => line.includes('listening on https'));
  });
  (rig.gateway as { httpsAddress: object }).httpsAddress = { host: '127.0.0.1', port };
  return { child, stateDir, lines, exited };
}

function intentsOf(records: Awaited<ReturnType<typeof readRecords>>): Set<string> {
  const ids = new Set<string>();
  for (const record of records) {
    if (record.kind !== 'statement.intent') continue;
    for (const [, id] of recordedText(record).matchAll(/ m([\dx]+) /g)) ids.add(id!.replaceAll('x', '-'));
  }
  return ids;
}

/** The row's id stands in a comment too: as a literal it may be kept as a hash only, until classes are known. */
function insertMark(id: string): string {
  return `INSERT INTO marks VALUES ('${id}') /* m${id.replaceAll('-', 'x')} */`;
}

describe('what the gateway writes', () => {
  it('is for its own user alone, also where the state directory was made open by others', async () => {
    const stateDir = path.join(rig.stateDir, 'open');
    mkdirSync(stateDir, { mode: 0o755 });
    await gatewayProcess({ stateDir });
    await (await rig.connect(token)).query('SELECT 1');
    const files = readdirSync(stateDir, { recursive: true }).map((name) => path.join(stateDir, String(name)));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((statSync(file).mode & 0o077).toString(8), file).toBe('0');
  });
});

/** `npm run kills`: a thousand. */
const KILLS = Number(process.env.DBGATE_KILLS ?? 20);

describe('a gateway that is killed', () => {
  it(`has an intent on disk for every row that is in Postgres, ${KILLS} times`, {
    timeout: KILLS * 12_000,
  }, async () => {
    const stateDir = path.join(rig.stateDir, 'killed');
    let rows = 0;
    let slowestMs = 0;
    for (let round = 0; round < KILLS; round++) {
      const startedAt = performance.now();
      const gateway = await gatewayProcess({ stateDir });
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      const clients = await Promise.all(Array.from({ length: 20 }, () => rig.connect(token)));
      // What the gateway has to learn of the database before the first row is not what is tested here.
      await Promise.all(clients.map((client) => client.query("INSERT INTO marks SELECT 'none' WHERE false")));
      const told = new Set<string>();
      const working = clients.map(async (client, c) => {
        for (let i = 0; ; i++) {
          const id = `${round}-${c}-${i}`;
          await client.query(insertMark(id));
          told.add(id);
        }
      });
      for (const work of working) work.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 200));
      gateway.child.kill('SIGKILL');
      await Promise.allSettled(working);
      await gateway.exited;
      // What was under way upstream ends before it is counted.
      await until(
        async () =>
          (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '%dev@%'")).length === 0,
      );
      const written = await rig.direct<{ id: string }>(`SELECT id FROM marks WHERE id LIKE '${round}-%'`);
      const intents = intentsOf(await readRecords(path.join(stateDir, 'audit')));
      expect(written.filter(({ id }) => !intents.has(id))).toEqual([]);
      expect([...told].filter((id) => !intents.has(id))).toEqual([]);
      rows += written.length;
    }
    expect(rows).toBeGreaterThan(KILLS);
    // Whatever was open each time has an end when it is started once more.
    await gatewayProcess({ stateDir });
    await until(async () => {
      const open = new Set<string>();
      for (const one of await readRecords(path.join(stateDir, 'audit'))) {
        if (one.kind === 'statement.intent' && one.decision !== 'deny') open.add(`${one.session}.${one.n}`);
        if (one.kind === 'statement.outcome') open.delete(`${one.session}.${one.n}`);
      }
      return open.size === 0;
    });
    console.log(`${rows} rows, slowest start of the process ${Math.round(slowestMs)} ms`);
  });
});

function mountTmpfs(dir: string, size: string): boolean {
  mkdirSync(dir, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' }).status !== 0)
    return false;
  undo.push(() => spawnSync('umount', ['-l', dir], { stdio: 'ignore' }));
  return true;
}

/** Statements are refused with 58030 and leave no row, and the same connection works again once `heal` was called. */
async function expectRefusedUntilHealed(client: pg.Client, prefix: string, heal: () => unknown): Promise<void> {
  let refused = 0;
  for (let i = 0; refused < 3 && i < 2_000; i++) {
    const error = await client.query(`${insertMark(`${prefix}-0-${i}`)} -- ${'x'.repeat(20_000)}`).then(
      () => undefined,
      (e: pg.DatabaseError) => e,
    );
    if (error === undefined) continue;
    expect(error.code).toBe('58030');
    refused++;
    expect(await rig.direct('SELECT 1 FROM marks WHERE id = $1', [`${prefix}-0-${i}`])).toEqual([]);
  }
  expect(refused).toBe(3);
  // A read is refused too: its result is withheld.
  expect(await failure(client.query('SELECT count(*) FROM marks'))).toMatchObject({ code: '58030' });
  await heal();
  await until(() =>
    client.query(insertMark(`${prefix}-1-1`)).then(
      () => true,
      () => false,
    ),
  );
  expect(await rig.direct('SELECT 1 FROM marks WHERE id = $1', [`${prefix}-1-1`])).toHaveLength(1);
}

describe('a log that cannot be written', () => {
  it('for a full disk: refused, nothing run, and well again without a restart', async ({ skip }) => {
    const disk = path.join(rig.stateDir, 'small-disk');
    if (!mountTmpfs(disk, '8m')) skip('mounting a tmpfs is not permitted here');
    const gateway = await gatewayProcess({ stateDir: path.join(disk, 'state') });
    const client = await rig.connect(token);
    const filler = path.join(disk, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'], { stdio: 'ignore' });
    await expectRefusedUntilHealed(client, '101', () => rmSync(filler));
    const other = await rig.connect(token);
    await other.query('SELECT 1');
    expect(gateway.child.exitCode).toBeNull();
    const intents = intentsOf(await readRecords(path.join(gateway.stateDir, 'audit')));
    for (const { id } of await rig.direct<{ id: string }>("SELECT id FROM marks WHERE id LIKE '101-%'"))
      expect(intents.has(id)).toBe(true);
  });

  const strace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
  it.skipIf(!strace).each([
    ['fdatasync that fails', 'fdatasync:error=EIO:when=40+'],
    ['write that fails', 'pwrite64,pwritev,pwritev2,writev:error=EIO:when=60+'],
  ])('for a %s: refused with 58030, nothing run, no process dead', async (name, inject) => {
    const gateway = await gatewayProcess({
      under: ['strace', '-D', '-f', '-o', '/dev/null', '-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`],
    });
    const client = await rig.connect(token);
    const prefix = name.startsWith('fdatasync') ? '102' : '103';
    let refused: string | undefined;
    let id = '';
    for (let i = 0; refused === undefined && i < 500; i++) {
      id = `${prefix}-0-${i}`;
      refused = await client.query(insertMark(id)).then(
        () => undefined,
        (e: pg.DatabaseError) => e.code,
      );
    }
    expect(refused).toBe('58030');
    expect(await rig.direct('SELECT 1 FROM marks WHERE id = $1', [id])).toEqual([]);
    expect(gateway.child.exitCode).toBeNull();
    const intents = intentsOf(await readRecords(path.join(gateway.stateDir, 'audit')));
    for (const row of await rig.direct<{ id: string }>(`SELECT id FROM marks WHERE id LIKE '${prefix}-%'`))
      expect(intents.has(row.id)).toBe(true);
  });

  it('whose directory was removed: every row still has its intent where somebody can find it, or was refused', async () => {
    const gateway = await gatewayProcess();
    const client = await rig.connect(token);
    await client.query(insertMark('104-0-0'));
    rmSync(path.join(gateway.stateDir, 'audit'), { recursive: true });
    const codes = new Set<string>();
    for (let i = 1; i < 200; i++) {
      await client.query(insertMark(`104-0-${i}`)).catch((e: pg.DatabaseError) => codes.add(String(e.code)));
      if (codes.size > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([...codes]).toEqual(['58030']);
  });
});
