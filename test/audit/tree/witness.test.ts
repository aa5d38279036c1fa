import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../../src/audit/tree/checkpoint.ts';
import { verifyNote } from '../../../src/audit/tree/note.ts';
import { readKeyChain } from '../../../src/audit/tree/signer.ts';
import { trustedKeys } from '../../../src/audit/tree/trusted-keys.ts';
import { verifyDirectory } from '../../../src/audit/tree/verify-directory.ts';
import { witnessed } from '../../../src/audit/tree/witnessed.ts';
import type { WitnessSettings } from '../../../src/config/audit-settings.ts';
import { cleanUp, temporaryDirectory, until } from '../../store/log-fixture.ts';
import { readAll, writeAll } from './tamper.ts';
import { fill, openTree } from './tree-fixture.ts';
import { startWitness } from './witness-server.ts';

const logKey = (dir: string) => readKeyChain(dir)!.keys.at(-1)!;

describe('a witness that cosigns', () => {
  const setUp = async () => {
    const dir = temporaryDirectory();
    const witness = await startWitness('witness.example/w', () => logKey(dir));
    const settings: WitnessSettings = {
      kind: 'url',
      name: 'w',
      everyMs: 1000,
      url: witness.url,
      key: witness.key.vkey,
    };
    return { dir, witness, tree: { witnesses: [settings] } };
  };

  it('checks that the log only grows, and its signatures stand under the checkpoint and in proofs', async () => {
    const { dir, witness, tree } = await setUp();
    const opened = await openTree(dir, { tree });
    await fill(opened.log, 10);
    await until(() => opened.tree.status?.cosignedSize === 10);
    await fill(opened.log, 300);
    await until(() => opened.tree.status?.cosignedSize === 310);
    const cosigned = parseCheckpoint((await opened.tree.cosigned())!)!;
    expect(verifyNote(cosigned.note, [logKey(dir), witness.key])).toMatchObject({
      by: [{ key: { name: 'dbgate/gw' } }, { key: { name: 'witness.example/w' }, time: expect.any(Number) }],
    });
    const proved = await opened.tree.ask({ kind: 'prove', position: 7 });
    expect(proved!.proof!.checkpoint).toBe(cosigned.text);
    expect(opened.tree.status?.witnesses).toMatchObject([{ name: 'w', kind: 'url', state: 'ok', size: 310 }]);
    await opened.close();
    // A restart begins by asking what it has seen.
    const again = await openTree(dir, { tree });
    await fill(again.log, 5);
    await until(() => again.tree.status?.cosignedSize === 315);
    await again.close();
    expect(witness.answers.filter((status) => status !== 200)).toEqual([409]);
    const keys = trustedKeys([logKey(dir).vkey]);
    const verdict = await verifyDirectory(dir, { keys, witnesses: [witness.key], patienceMs: 0 });
    expect(verdict).toMatchObject({ verdict: 'ok', witnessed: 315 });
    const stranger = await startWitness('stranger.example', () => logKey(dir));
    expect(await verifyDirectory(dir, { keys, witnesses: [stranger.key], patienceMs: 0 })).toMatchObject({
      verdict: 'unknown',
      unproved: ['no checkpoint here is cosigned by stranger.example'],
    });
  });

  it('finds a history that was rewritten with the gateway’s own key, which the gateway then says loudly', async () => {
    const { dir, witness, tree } = await setUp();
    const first = await openTree(dir, { tree });
    await fill(first.log, 40);
    await until(() => first.tree.status?.cosignedSize === 40);
    await first.close();
    // Everything that would give it away here is removed.
    const segments = readAll(dir);
    segments[0]!.records.splice(20, 1);
    writeAll(dir, segments);
    rmSync(join(dir, 'tree'), { recursive: true });
    const second = await openTree(dir, { tree });
    await fill(second.log, 40);
    await until(() => second.tree.status?.witnesses[0]?.state === 'conflict');
    expect(second.warnings).toContainEqual(expect.stringMatching(/HOLDS ANOTHER HISTORY OF THIS LOG/));
    expect(witness.seen.size).toBe(40);
    expect(second.tree.status?.cosignedSize).toBeUndefined();
    await second.close();
  });

  it('that fails is told of and tried again; what is not its signature is none', async () => {
    const { dir, witness, tree } = await setUp();
    witness.broken = { status: 500, body: '' };
    const { log, tree: opened, warnings, close } = await openTree(dir, { tree });
    await fill(log, 3);
    await until(() => opened.status?.witnesses[0]?.state === 'failing');
    expect(warnings).toEqual([expect.stringMatching(/^witness w: it answered 500/)]);
    const stranger = await startWitness('witness.example/w', () => logKey(dir));
    witness.broken = { status: 200, body: `\u2014 ${stranger.key.name} AAAAAAAA\n` };
    await until(() => /no cosignature/.test(opened.status?.witnesses[0]?.error ?? ''));
    expect(opened.status?.cosignedSize).toBeUndefined();
    witness.broken = undefined;
    await until(() => opened.status?.cosignedSize === 3);
    await close();
  });
});

it('git: each checkpoint is a commit, pushed', async () => {
  const dir = temporaryDirectory();
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: dir, encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } });
  git('init', '--quiet', '--bare', 'far.git');
  git('init', '--quiet', 'near');
  git('-C', 'near', 'remote', 'add', 'origin', join(dir, 'far.git'));
  const directory = join(dir, 'near');
  const state = join(dir, 'state');
  mkdirSync(state);
  writeFileSync(join(directory, 'somebody-elses'), 'x');
  git('-C', 'near', 'add', 'somebody-elses');
  const witnesses: WitnessSettings[] = [{ kind: 'git', name: 'g', everyMs: 1000, directory, remote: 'origin' }];
  const { log, tree, close } = await openTree(state, { tree: { witnesses } });
  await fill(log, 3);
  await until(() => tree.status?.witnesses[0]?.size === 3);
  await fill(log, 4);
  await until(() => tree.status?.witnesses[0]?.size === 7);
  // It signs nothing, and has it all the same.
  expect(tree.status?.cosignedSize).toBeUndefined();
  expect(witnessed(tree.status!)).toMatchObject({ size: 7, at: expect.stringMatching(/^2/), conflicts: 0 });
  await close();
  const last = git('-C', 'far.git', 'show', 'HEAD:dbgate/gw/checkpoint');
  expect(parseCheckpoint(last)).toMatchObject({ size: 7 });
  expect(git('-C', 'far.git', 'log', '--format=%s').trim().split('\n')).toEqual([
    'dbgate/gw: 7 records',
    'dbgate/gw: 3 records',
  ]);
  expect(git('-C', 'far.git', 'ls-tree', '-r', '--name-only', 'HEAD').trim()).toBe('dbgate/gw/checkpoint');
});

it('git that cannot push says why', async () => {
  const dir = temporaryDirectory();
  execFileSync('git', ['init', '--quiet', join(dir, 'near')]);
  const state = join(dir, 'state');
  mkdirSync(state);
  const witnesses: WitnessSettings[] = [
    { kind: 'git', name: 'g', everyMs: 1000, directory: join(dir, 'near'), remote: 'origin' },
  ];
  const { log, tree, close } = await openTree(state, { tree: { witnesses } });
  await fill(log, 3);
  await until(() => tree.status?.witnesses[0]?.state === 'failing');
  expect(tree.status?.witnesses[0]?.error).toMatch(/^git push: /);
  await close();
});

it('file: appended, the last one counts; webhook: signed as Standard Webhooks says', async () => {
  const dir = temporaryDirectory();
  const path = join(dir, 'checkpoints');
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
  const got: { headers: http.IncomingHttpHeaders; body: string }[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ headers: request.headers, body });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const witnesses: WitnessSettings[] = [
    { kind: 'file', name: 'f', everyMs: 1000, path },
    { kind: 'webhook', name: 'h', everyMs: 1000, url, secret },
  ];
  const { log, tree, close } = await openTree(dir, { tree: { witnesses } });
  await fill(log, 3);
  await until(() => tree.status?.witnesses.every(({ size }) => size === 3) === true);
  await fill(log, 4);
  await close();
  expect(readFileSync(path, 'utf8').match(/^dbgate\/gw$/gm)).toHaveLength(2);
  const { headers, body } = got.at(-1)!;
  const payload = new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    data: { checkpoint: string };
  };
  expect(payload.type).toBe('audit.checkpoint');
  expect(parseCheckpoint(payload.data.checkpoint)).toMatchObject({ size: 7 });
});

it('the last checkpoint is told at the end, also to a witness that is still being told an earlier one', async () => {
  const dir = temporaryDirectory();
  const sizes: number[] = [];
  let letGo: (() => void) | undefined;
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    sizes.push(parseCheckpoint((JSON.parse(body) as { data: { checkpoint: string } }).data.checkpoint)!.size);
    if (sizes.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
  const witnesses: WitnessSettings[] = [{ kind: 'webhook', name: 'h', everyMs: 1000, url, secret }];
  const { log, tree, close } = await openTree(dir, { tree: { witnesses } });
  await fill(log, 3);
  await tree.ask({ kind: 'checkpoint' });
  await until(() => letGo !== undefined);
  await fill(log, 4);
  const closing = close();
  await until(async () => parseCheckpoint((await tree.checkpoint())!)?.size === 7);
  letGo!();
  await closing;
  expect(sizes).toEqual([3, 7]);
});
