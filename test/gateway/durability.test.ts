/**
 * Durable before it matters, with real processes, real disks and real faults: a full disk, failing
 * fdatasync and write, a state directory that goes. The gateway under test is a process of its own. Killed ones: `kills.test.ts`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type GatewayProcess,
  type GatewayProcessOptions,
  insertMark,
  intentsOf,
  spawnGateway,
} from './gateway-process.ts';
import { failure, Rig, readRecords, until } from './gateway-rig.ts';

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

async function gatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const gateway = await spawnGateway(rig, options);
  undo.push(() => gateway.kill());
  await gateway.listens();
  return gateway;
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
