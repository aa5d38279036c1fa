/** Segments go to a real S3 server, are removed here only when they are there, and come back as what was signed. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Archive } from '../../../src/audit/archive/archive.ts';
import { openDirectoryArchive, restoreArchive } from '../../../src/audit/archive/restore.ts';
import { Erasure } from '../../../src/audit/erasure.ts';
import { openRecorder } from '../../../src/audit/recorder.ts';
import { openS3, parseList } from '../../../src/audit/s3/s3-client.ts';
import { readKeyChain } from '../../../src/audit/tree/signer.ts';
import { verifyDirectory } from '../../../src/audit/tree/verify-directory.ts';
import { auditCommand } from '../../../src/commands/audit.ts';
import type { S3Settings } from '../../../src/config/audit-settings.ts';
import { removableSegments } from '../../../src/gateway/retention.ts';
import { upkeep } from '../../../src/gateway/segment-upkeep.ts';
import { listSegments } from '../../../src/store/segment-directory.ts';
import { readSegments, START } from '../../../src/store/segment-reader.ts';
import { rewriteSegment } from '../../../src/store/segment-rewrite.ts';
import { runInProcess } from '../../commands/run-in-process.ts';
import { all, cleanUp, temporaryDirectory, until } from '../../store/log-fixture.ts';
import { type S3Fixture, startS3 } from '../../support/s3.ts';
import { fill, openTree } from '../tree/tree-fixture.ts';

let s3: S3Fixture;
let places = 0;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());
afterEach(() => {
  s3.interfere = undefined;
});

const none = (): void => undefined;
const HOUR_MS = 3_600_000;

/** A log of several segments, its tree and its archive, in a place of its own; `hours` from now the archive runs. */
async function rig(
  options: { keepLocalMs?: number; records?: number; s3?: Partial<S3Settings>; stateDir?: string } = {},
) {
  const stateDir = options.stateDir ?? temporaryDirectory();
  const opened = await openTree(stateDir, { segmentBytes: 20_000 });
  const { log, tree } = opened;
  if (options.records !== 0) await fill(log, options.records ?? 1000);
  const lines: string[] = [];
  const clock = { hours: 2 };
  const now = (): number => Date.now() + clock.hours * HOUR_MS;
  const recorder = openRecorder(log, { gatewayId: 'gw', now: Date.now });
  cleanUp(() => recorder.close());
  const forgotten = { catchUp: () => Promise.resolve(), forget: () => Promise.resolve(0) };
  const erasure = new Erasure({ log, recorder, history: forgotten });
  const settings = { ...s3.settings, prefix: `place-${++places}/`, ...options.s3 };
  const client = openS3(settings);
  const copies = new Archive({
    ...{
      stateDir,
      dir: log.dir,
      client,
      now,
      origin: tree.status!.origin,
      logLine: (line: string) => lines.push(line),
    },
    settings: { afterMs: HOUR_MS, keepLocalMs: options.keepLocalMs },
    checkpointOf: (size) => tree.ask({ kind: 'checkpoint-of', size }),
    cosigned: () => tree.cosigned(),
    removable: async (before) => (await removableSegments(log.dir, before)).going,
    record: (kind, detail) => recorder.event({ kind, by: undefined, database: undefined, detail }),
    exclusively: (task) => erasure.exclusively(task),
  });
  const archive = { copies, afterMs: HOUR_MS };
  const run = () => upkeep({ log, erasure, archive, now, logLine: (line) => lines.push(line) });
  const verify = (dir: string) =>
    verifyDirectory(dir, { keys: () => readKeyChain(stateDir)!.keys, witnesses: [], patienceMs: 0 });
  return { ...opened, stateDir, client, copies, run, lines, clock, recorder, erasure, settings, verify };
}

async function keysAt(client: ReturnType<typeof openS3>, under = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of client.list(under)) found.push(key);
  return found.sort();
}

describe('the archive', () => {
  it('has every sealed segment, and gives all of them back as they were signed', async () => {
    const { run, client, log, stateDir, verify, copies } = await rig();
    await run();
    const segments = await listSegments(log.dir);
    expect(segments.length).toBeGreaterThan(4);
    const keys = await keysAt(client);
    expect(keys.filter((key) => key.startsWith('segments/')).length).toBe(copies.status.segments);
    expect(copies.status).toMatchObject({ state: 'ok', lost: [] });
    expect(copies.status.segments).toBeGreaterThan(3);
    expect(s3.wrongBodies).toEqual([]);
    expect(keys).toEqual(expect.arrayContaining(['tile/0/000', 'tile/0/001', 'tile/entries/000', 'origin']));
    const before = await all(log.readAll());

    const to = join(temporaryDirectory(), 'state');
    const restored = await restoreArchive(client, to, none);
    expect(restored).toMatchObject({ segments: copies.status.segments, problems: [], firstLeaf: 0 });
    expect(restored.checkpoint).toBe(restored.records);
    expect(await verify(to)).toMatchObject({ verdict: 'ok', records: restored.records, covered: restored.records });
    // Again: nothing to do.
    expect(await restoreArchive(client, to, none)).toMatchObject({ segments: 0, problems: [] });
    expect(readFileSync(join(to, 'tree.keys'))).toEqual(readFileSync(join(stateDir, 'tree.keys')));
    // A gateway with its key goes on from it.
    writeFileSync(join(to, 'tree.key'), readFileSync(join(stateDir, 'tree.key')), { mode: 0o600 });
    const again = await openTree(to);
    expect((await all(again.log.readAll())).map(({ payload }) => payload)).toEqual(
      before.slice(0, restored.records).map(({ payload }) => payload),
    );
    await fill(again.log, 3, 'more');
    expect(await again.tree.ask({ kind: 'checkpoint' })).toContain(`\n${restored.records + 3}\n`);
  });

  it('is what is left when segments are removed here, and that is on record', async () => {
    const { run, clock, log, client, stateDir, verify, tree, copies } = await rig({ keepLocalMs: 24 * HOUR_MS });
    await run();
    const before = await listSegments(log.dir);
    clock.hours = 30;
    await run();
    const left = await listSegments(log.dir);
    expect(left.length).toBeLessThan(3);
    expect(await copies.awayFrom()).toBeGreaterThan(before.length - 3);
    await log.flush();
    await tree.ask({ kind: 'checkpoint' });
    // What is here is proved though the beginning is elsewhere.
    expect(await verify(stateDir)).toMatchObject({ verdict: 'ok' });
    expect((await verify(stateDir)).retired).toBeGreaterThan(500);
    const to = temporaryDirectory();
    const restored = await restoreArchive(client, to, none);
    expect(restored.problems).toEqual([]);
    expect(await verify(to)).toMatchObject({ verdict: 'ok', retired: 0 });
  });

  it('removes nothing here that is not there any more, and says what is lost', async () => {
    const { run, clock, log, client, lines, copies } = await rig({ keepLocalMs: 24 * HOUR_MS });
    await run();
    const [, second] = await keysAt(client, 'segments/');
    await client.remove(second!);
    clock.hours = 25.5;
    await expect(run()).rejects.toThrow(/is not what was sent: no of \d+ bytes/);
    expect(copies.status.state).toBe('failing');
    const here = await listSegments(log.dir);
    expect(here.length).toBeGreaterThan(4);
    // The daily look finds it, and copies it again; then it is removed here.
    clock.hours = 27;
    await run();
    expect(lines.join('\n')).toContain(`${second} IS GONE or another one; it is copied again from here`);
    expect(await keysAt(client, 'segments/')).toContain(second);
    expect((await listSegments(log.dir)).length).toBeLessThan(here.length);
    expect(copies.status).toMatchObject({ state: 'ok', lost: [] });
    // Now it is gone for good.
    await client.remove(second!);
    clock.hours = 60;
    await run();
    expect(copies.status.lost).toEqual([second]);
    const restored = await restoreArchive(client, temporaryDirectory(), none);
    expect(restored.problems.join()).toMatch(/segments between 1 and \d+ are missing in the archive/);
  });

  it('that lost or changed something is found out when it is restored', async () => {
    const { run, client, settings, verify } = await rig();
    await run();
    const copy = temporaryDirectory();
    for await (const { key } of client.list('')) {
      const chunks: Buffer[] = [];
      for await (const chunk of (await client.get(key))!) chunks.push(chunk as Buffer);
      await mkdir(dirname(join(copy, key)), { recursive: true });
      await writeFile(join(copy, key), Buffer.concat(chunks));
    }
    const source = openDirectoryArchive(copy);
    const whole = temporaryDirectory();
    expect((await restoreArchive(source, whole, none)).problems).toEqual([]);
    expect(await verify(whole)).toMatchObject({ verdict: 'ok' });
    const names = readdirSync(join(copy, 'segments')).sort();
    const path = join(copy, 'segments', names[1]!);
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const changed = await restoreArchive(source, temporaryDirectory(), none);
    expect(changed.problems.join()).toContain('its bytes are not those that its name says');
    rmSync(path);
    rmSync(join(copy, 'segments', names.at(-1)!));
    const dir = temporaryDirectory();
    const lost = await restoreArchive(source, dir, none);
    expect(lost.problems.join()).toMatch(/segments between 1 and \d+ are missing.*segments are missing at the end/);
    expect(await verify(dir)).toMatchObject({ verdict: 'tampered' });
    expect(settings.prefix).toMatch(/^place/);
  });

  it('goes on after refusals, cut connections and a new start, and copies nothing twice', async () => {
    const { run, client, copies, lines, stateDir, log, tree, recorder, erasure, settings } = await rig();
    let cuts = 0;
    s3.interfere = (method, key) =>
      method === 'PUT' && key.includes('segments/') && cuts++ < 2 ? (cuts === 1 ? 'cut' : 503) : undefined;
    await run();
    expect(copies.status.state).toBe('ok');
    expect(cuts).toBeGreaterThan(2);
    // It answers nothing but refusals: said once, and nothing is gone.
    const before = await listSegments(log.dir);
    await fill(log, 400, 'later');
    s3.interfere = (method) => (method === 'PUT' ? 507 : undefined);
    await expect(run()).rejects.toThrow(/answered with 507/);
    await expect(run()).rejects.toThrow(/answered with 507/);
    expect(lines.filter((line) => line.includes('NOT UP TO DATE')).length).toBe(1);
    s3.interfere = undefined;
    // Another process, that knows nothing of what was copied.
    rmSync(join(stateDir, 'archive.json'));
    const again = new Archive({
      ...{ stateDir, dir: log.dir, client: openS3(settings), now: () => Date.now() + 2 * HOUR_MS },
      ...{ origin: tree.status!.origin, logLine: none, settings: { afterMs: HOUR_MS, keepLocalMs: undefined } },
      checkpointOf: (size) => tree.ask({ kind: 'checkpoint-of', size }),
      cosigned: () => tree.cosigned(),
      removable: () => Promise.resolve([]),
      record: (kind, detail) => recorder.event({ kind, by: undefined, database: undefined, detail }),
      exclusively: (task) => erasure.exclusively(task),
    });
    await again.run();
    expect(again.status.segments).toBeGreaterThan(before.length - 1);
    expect((await keysAt(client, 'segments/')).length).toBe(again.status.segments);
    expect((await restoreArchive(client, temporaryDirectory(), none)).problems).toEqual([]);
    s3.seen.length = 0;
    await again.run();
    expect(s3.seen.filter((line) => line.startsWith('PUT'))).toEqual([]);
  });

  it('says what is wrong with a key or a bucket, and never the key', async () => {
    const secretKey = 'another-secret-that-is-wrong';
    const { run, lines } = await rig({ s3: { secretKey } });
    await expect(run()).rejects.toThrow(/answered with 403 SignatureDoesNotMatch/);
    expect(lines.join()).not.toContain(secretKey);
    const other = await rig({ s3: { bucket: 'nowhere' } });
    await expect(other.run()).rejects.toThrow(/answered with 404 NoSuchBucket/);
    const unreachable = await rig({ s3: { endpoint: 'http://127.0.0.1:1' } });
    await expect(unreachable.run()).rejects.toThrow(/got no answer \(ECONNREFUSED\)/);
    expect(existsSync(unreachable.log.dir)).toBe(true);
  });

  it('takes nothing for an erasure that changed what was signed', async () => {
    const { run, client, log, copies } = await rig();
    await run();
    const before = await keysAt(client, 'segments/');
    const [, second, third] = await listSegments(log.dir);
    await rewriteSegment(log.dir, second!, third! - 1, (position, payload) =>
      position === second! + 3 ? payload.replace('"x":1', '"x":2') : undefined,
    );
    await run();
    await fill(log, 100, 'later');
    await expect(run()).rejects.toThrow('IS NOT WHAT IT WAS when it was archived');
    expect(copies.status.state).toBe('failing');
    expect(await keysAt(client, 'segments/')).toEqual(expect.arrayContaining(before));
  });

  it('is of one record only', async () => {
    const { run, settings } = await rig();
    await run();
    const stateDir = temporaryDirectory();
    const other = await openTree(stateDir, { gatewayId: 'another', segmentBytes: 20_000 });
    await fill(other.log, 300);
    await other.close();
    const second = await rig({ stateDir, records: 0, s3: { prefix: settings.prefix } });
    await expect(second.run()).rejects.toThrow('is the archive of another record');
  });

  it('loses what was erased', async () => {
    const { run, erasure, client, verify, log } = await rig();
    await run();
    const before = await keysAt(client, 'segments/');
    const { records } = await erasure.erase({ session: 's' }, { reason: 'asked', by: undefined });
    expect(records).toBe(1000);
    // Not before the record of it is there as well.
    await run();
    expect(await keysAt(client, 'segments/')).toEqual(expect.arrayContaining(before));
    await fill(log, 100, 'later');
    await run();
    const after = await keysAt(client, 'segments/');
    expect(after.filter((key) => before.includes(key))).toEqual([]);
    const to = temporaryDirectory();
    await restoreArchive(client, to, none);
    const verdict = await verify(to);
    expect(verdict).toMatchObject({ verdict: 'ok' });
    for await (const { records: left } of readSegments(join(to, 'audit'), { from: START, to: 1e9 })) {
      expect(left.map(({ payload }) => payload).join()).not.toMatch(/"session":"s".*SELECT/);
    }
    expect(verdict.erased).toBeGreaterThan(900);
  });
});

describe('dbgate audit restore', () => {
  it('brings an archive back, from the bucket of gateway.yaml or a copy of it', async () => {
    const { run, client, verify, settings } = await rig();
    await run();
    const dir = temporaryDirectory();
    const certificate = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem'), '-subj', '/CN=db.example.com'];
    execFileSync('openssl', [...certificate, ...files], { stdio: 'ignore' });
    const config = join(dir, 'gateway.yaml');
    writeFileSync(
      config,
      `public_url: https://db.example.com
state_dir: state
tls: { cert: file:cert.pem, key: file:key.pem }
issuers: [{ issuer: https://login.example.com, audience: https://db.example.com, client_id: cli }]
databases: { shop: { upstream: { host: pg.internal, user: dbgate, password: env:KEY } } }
audit:
  archive:
    s3:
      endpoint: ${settings.endpoint}
      bucket: ${settings.bucket}
      prefix: ${settings.prefix}
      access_key: env:ID
      secret: env:KEY
`,
    );
    const env = { ID: settings.accessKey, KEY: settings.secretKey };
    const restore = (args: string[]) => runInProcess(auditCommand, ['restore', '--config', config, ...args], { env });
    const to = join(dir, 'restored');
    const done = await restore(['--from', 's3', '--to', to, '--json']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(done.stdout)).toMatchObject({ problems: [], firstLeaf: 0 });
    expect(await verify(to)).toMatchObject({ verdict: 'ok' });
    const [, second] = await keysAt(client, 'segments/');
    await client.remove(second!);
    const lost = await restore(['--from', 's3', '--to', join(dir, 'again')]);
    expect(lost).toMatchObject({ code: 1 });
    expect(lost.stderr).toMatch(/missing: segments between 1 and \d+ are missing in the archive/);
    expect((await restore(['--from', dir, '--to', join(dir, 'none')])).stderr).toContain('there are no segments');
    expect((await restore(['--from', 's3'])).stderr).toContain('--from s3|DIR --to STATE_DIR');
    // While a gateway runs there, nothing is put under it.
    const running = await openTree(join(dir, 'running'));
    expect((await restore(['--from', 's3', '--to', join(dir, 'running')])).stderr).toMatch(/lock/);
    await running.close();
  });
});

describe('a process that archives', () => {
  it('is killed again and again, and what it began is whole in the end', async () => {
    const { stateDir, client, settings, close, verify } = await rig({ records: 600 });
    await close();
    const script = join(import.meta.dirname, 'upload-child.ts');
    let done = false;
    for (let round = 0; round < 15 && !done; round++) {
      const child = spawn(process.execPath, [script, stateDir, JSON.stringify(settings)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.on('data', (text: Buffer) => {
        if (text.includes('done')) done = true;
      });
      // Amid the body of its third segment, later and later.
      let puts = 0;
      s3.interfere = (method, key) => {
        if (method !== 'PUT' || !key.includes('segments/') || puts++ < round / 4) return undefined;
        if (round < 10) setTimeout(() => child.kill('SIGKILL'), round);
        return undefined;
      };
      await once(child, 'exit');
    }
    expect(done).toBe(true);
    const names = await keysAt(client, 'segments/');
    expect(new Set(names.map((key) => key.slice(0, 25))).size).toBe(names.length);
    const to = temporaryDirectory();
    expect((await restoreArchive(client, to, none)).problems).toEqual([]);
    expect(await verify(to)).toMatchObject({ verdict: 'ok' });
  });
});

describe('an archive under an object lock', () => {
  it('keeps what is there, and it is said that something erased could not be removed', async () => {
    const { run, client, erasure, lines, log } = await rig({ s3: { objectLockDays: 30 } });
    await run();
    const before = await keysAt(client, 'segments/');
    await erasure.erase({ session: 's' }, { reason: 'asked', by: undefined });
    await run();
    await fill(log, 100, 'later');
    await run();
    expect(await keysAt(client, 'segments/')).toEqual(expect.arrayContaining(before));
    expect(lines.join()).toMatch(/is of before an erasure AND CANNOT BE REMOVED/);
    // The newest one counts.
    const to = temporaryDirectory();
    await restoreArchive(client, to, none);
    for await (const { records: left } of readSegments(join(to, 'audit'), { from: START, to: 1e9 })) {
      expect(left.map(({ payload }) => payload).join()).not.toMatch(/"session":"s".*SELECT/);
    }
  });

  it('is a witness: a checkpoint cannot be taken back, and another of the same size is a conflict', async () => {
    const settings = { ...s3.settings, prefix: `witness-${++places}/`, objectLockDays: 30 };
    const witness = { kind: 's3', name: 's3', everyMs: 1000, s3: settings } as const;
    const stateDir = temporaryDirectory();
    const first = await openTree(stateDir, { tree: { witnesses: [witness] } });
    await fill(first.log, 10);
    await until(() => first.tree.status!.witnesses[0]!.size === 10);
    await first.close();
    const client = openS3(settings);
    const key = 'checkpoint/0000000000000010';
    expect(await keysAt(client)).toContain(key);
    await expect(client.remove(key)).rejects.toThrow('403');
    expect(
      await client.put(key, {
        size: 1,
        sha256: createHash('sha256').update('x').digest('hex'),
        open: () => Buffer.from('x'),
      }),
    ).toBe('exists');
    // Whoever holds the key writes another history of the same length.
    for (const name of ['audit', 'tree']) rmSync(join(stateDir, name), { recursive: true });
    const second = await openTree(stateDir, { tree: { witnesses: [witness] } });
    await fill(second.log, 10, 'forged');
    await second.tree.ask({ kind: 'checkpoint' });
    await until(() => second.tree.status!.witnesses[0]!.state === 'conflict');
    expect(second.warnings.join()).toContain('HOLDS ANOTHER HISTORY OF THIS LOG');
  });
});

describe('lists of objects', () => {
  it('are read with entities, and page by page', () => {
    const entry = (key: string) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>3</Size></Contents>`;
    const xml = `<?xml version="1.0"?><ListBucketResult xmlns="x">${entry('a&amp;b&#x41;')}${entry('c')}<IsTruncated>true</IsTruncated><NextContinuationToken>t&quot;</NextContinuationToken></ListBucketResult>`;
    expect(parseList(xml)).toEqual({
      objects: [
        { key: 'a&bA', size: 3, at: Date.parse('2026-01-01T00:00:00Z') },
        { key: 'c', size: 3, at: Date.parse('2026-01-01T00:00:00Z') },
      ],
      next: 't"',
    });
    expect(() => parseList('<html>login</html>')).toThrow('is no list');
    expect(() => parseList('<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>')).toThrow(
      'how it goes on',
    );
  });
});
