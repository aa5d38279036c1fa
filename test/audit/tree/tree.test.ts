import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envelopeOf } from '../../../src/audit/envelope.ts';
import { parseCheckpoint } from '../../../src/audit/tree/checkpoint.ts';
import { leafOf } from '../../../src/audit/tree/leaf.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../../src/audit/tree/merkle.ts';
import { parseVkey, verifyNote } from '../../../src/audit/tree/note.ts';
import { keyChainPath, openSigner, readKeyChain, rotateKey } from '../../../src/audit/tree/signer.ts';
import { trustedKeys } from '../../../src/audit/tree/trusted-keys.ts';
import { verifyDirectory } from '../../../src/audit/tree/verify-directory.ts';
import { rewriteSegment } from '../../../src/store/segment-rewrite.ts';
import { temporaryDirectory, until } from '../../store/log-fixture.ts';
import { frames, patch, readAll, segmentNames, writeAll } from './tamper.ts';
import { fill, openTree } from './tree-fixture.ts';

const checkpointOf = (dir: string) => parseCheckpoint(readFileSync(join(dir, 'tree/checkpoint'), 'utf8'))!;
const check = (dir: string, key: string, more = {}) =>
  verifyDirectory(dir, { keys: trustedKeys([key]), witnesses: [], patienceMs: 5_000, ...more });

describe('the tree of a log', () => {
  it('has a key that nobody else may read, and checkpoints by it', async () => {
    const dir = temporaryDirectory();
    const { log, tree, close } = await openTree(dir);
    await fill(log, 300);
    const text = (await tree.ask({ kind: 'checkpoint' }))!;
    const checkpoint = parseCheckpoint(text)!;
    expect(checkpoint).toMatchObject({ origin: 'dbgate/gw', size: 300 });
    expect(statSync(join(dir, 'tree.key')).mode & 0o777).toBe(0o600);
    const key = readKeyChain(dir)!.keys[0]!;
    expect(verifyNote(checkpoint.note, [key])).toMatchObject({ kind: 'verified', by: [{ key: { vkey: key.vkey } }] });
    await close();
    expect(await check(dir, key.vkey)).toMatchObject({ verdict: 'ok', records: 300, covered: 300 });
  });

  it('signs by itself, a second after something was written', async () => {
    const dir = temporaryDirectory();
    const { log } = await openTree(dir);
    await fill(log, 3);
    await until(() => existsSync(join(dir, 'tree/checkpoint')) && checkpointOf(dir).size === 3);
    await fill(log, 4);
    await until(() => checkpointOf(dir).size === 7);
  });

  it('proves every record, and that it only grew', async () => {
    const dir = temporaryDirectory();
    const { log, tree } = await openTree(dir, { segmentBytes: 4000 });
    await fill(log, 100);
    const before = parseCheckpoint((await tree.ask({ kind: 'checkpoint' }))!)!;
    await fill(log, 230, 't');
    for (const position of [1, 2, 57, 100, 101, 256, 257, 330]) {
      const proved = (await tree.ask({ kind: 'prove', position, since: before.size }))!;
      const proof = proved.proof!;
      const { size, root } = parseCheckpoint(proof.checkpoint)!;
      const hashes = proof.hashes.map((one) => Buffer.from(one, 'base64'));
      const leaf = leafHash(leafOf(Buffer.from(proved.record)).data);
      expect(proved.index).toBe(position - 1);
      expect(verifyInclusion(proved.index, size, leaf, hashes, root)).toBe(true);
      if (size <= before.size) continue;
      const consistency = proof.consistency!.map((one) => Buffer.from(one, 'base64'));
      expect(verifyConsistency(before.size, size, before.root, root, consistency)).toBe(true);
    }
    expect(await tree.ask({ kind: 'prove', position: 331 })).toBeUndefined();
  });

  it('goes on after a restart, with tiles or without them, and can be verified while it is written to', async () => {
    const dir = temporaryDirectory();
    const first = await openTree(dir, { segmentBytes: 30_000 });
    const key = readKeyChain(dir)!.keys[0]!.vkey;
    await fill(first.log, 600);
    await first.close();
    for (const spoil of [
      () => undefined,
      () => rmSync(join(dir, 'tree/tile'), { recursive: true }),
      // What a power cut leaves of files that were not synced.
      () => truncateSync(join(dir, 'tree/tile/0/001'), 0),
      () => rmSync(join(dir, 'tree/tile/1'), { recursive: true }),
    ]) {
      spoil();
      const again = await openTree(dir, { segmentBytes: 30_000 });
      expect(again.warnings).toEqual([]);
      await fill(again.log, 100);
      expect(await check(dir, key)).toMatchObject({ verdict: 'ok' });
      await again.close();
    }
    expect(await check(dir, key)).toMatchObject({ verdict: 'ok', records: 1000, covered: 1000, notes: [] });
  });

  it('goes on while bodies are erased under it, in segments that are written anew', async () => {
    const dir = temporaryDirectory();
    const { log, tree, close } = await openTree(dir, { segmentBytes: 8_000 });
    await fill(log, 30);
    // It has read to the middle of a segment, which is sealed and written anew before it goes on.
    await tree.ask({ kind: 'checkpoint' });
    await fill(log, 270);
    const sealed = readAll(dir).slice(0, -1);
    expect(sealed.length).toBeGreaterThan(1);
    for (const { header, records } of sealed) {
      const { firstPosition } = header;
      await rewriteSegment(log.dir, firstPosition, firstPosition + records.length - 1, (position, payload) =>
        position % 2 === 0 ? envelopeOf(payload) : undefined,
      );
    }
    await fill(log, 299);
    // As `audit/erasure.ts` tells of it.
    log.enqueue('audit', '{"v":2,"kind":"audit.erased","detail":{"records":300},"body":{"salt":"a"}}');
    await log.flush();
    const proved = (await tree.ask({ kind: 'prove', position: 2 }))!;
    expect(leafOf(Buffer.from(proved.record)).body).toBe('erased');
    expect(proved.proof).toBeDefined();
    await until(() => tree.status?.checkpointSize === 600);
    expect(tree.status).toMatchObject({ state: 'ok', size: 600 });
    await close();
    const verdict = await check(dir, readKeyChain(dir)!.keys[0]!.vkey);
    expect(verdict).toMatchObject({ verdict: 'ok', covered: 600, notes: [] });
    expect(verdict.erased).toBeGreaterThan(50);
  });

  it('says what it cannot tell: no key, no checkpoint, newer than the checkpoint', async () => {
    const dir = temporaryDirectory();
    const { log, close } = await openTree(dir);
    await fill(log, 5);
    await close();
    const key = readKeyChain(dir)!.keys[0]!.vkey;
    const none = await verifyDirectory(dir, { keys: trustedKeys([]), witnesses: [], patienceMs: 0 });
    expect(none).toMatchObject({
      verdict: 'unknown',
      covered: 5,
      unproved: [expect.stringMatching(/^no key was given/)],
    });
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string;
    expect(await check(dir, other, { patienceMs: 0 })).toMatchObject({ verdict: 'tampered' });
    const without = await openTree(dir);
    const checkpoint = readFileSync(join(dir, 'tree/checkpoint'));
    await fill(without.log, 2);
    await without.close();
    writeFileSync(join(dir, 'tree/checkpoint'), checkpoint);
    expect(await check(dir, key, { patienceMs: 0 })).toMatchObject({
      verdict: 'unknown',
      covered: 5,
      unproved: ['2 records are newer than the newest checkpoint'],
    });
    rmSync(join(dir, 'tree'), { recursive: true });
    expect(await check(dir, key)).toMatchObject({ verdict: 'unknown', unproved: ['there is no checkpoint'] });
  });
});

describe('a log that is not what was signed', () => {
  const rewritten: [string, (dir: string) => void, RegExp][] = [
    [
      'is shorter',
      (dir) => {
        const last = frames(dir).at(-3)!;
        const path = join(dir, 'audit', last.name);
        writeFileSync(path, readFileSync(path).subarray(0, last.start));
      },
      /has 297 of the 300 records/,
    ],
    [
      'has another record at its end',
      (dir) => {
        const place = frames(dir).at(-1)!;
        patch(dir, place, place.frame.next - 4, 0, true);
      },
      /not those that were signed/,
    ],
    [
      'has another record in its last segment',
      (dir) => {
        const place = frames(dir).findLast(
          ({ name }, i, all) => name !== all.at(-1)!.name || i === 0 || all[i - 1]!.name !== name,
        )!;
        const inLast = frames(dir).find(({ name }) => name === segmentNames(dir).at(-1))!;
        patch(dir, inLast ?? place, (inLast ?? place).frame.payloadStart + 45, 0, true);
      },
      /not those that were signed/,
    ],
    [
      'lacks a record',
      (dir) => {
        const segments = readAll(dir);
        segments.at(-1)!.records.splice(0, 1);
        writeAll(dir, segments);
      },
      /299 of the 300|not those/,
    ],
    [
      'is gone',
      (dir) => {
        for (const name of segmentNames(dir)) rmSync(join(dir, 'audit', name));
      },
      /has 0 of the 300/,
    ],
  ];

  it.each(rewritten)('%s: refuses the start, until the operator takes it', async (name, rewrite, message) => {
    const dir = temporaryDirectory();
    const first = await openTree(dir, { segmentBytes: 16_000 });
    const key = readKeyChain(dir)!.keys[0]!.vkey;
    await fill(first.log, 300);
    await first.close();
    const signed = checkpointOf(dir);
    rewrite(dir);
    await expect(openTree(dir, { segmentBytes: 16_000 })).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringContaining('--accept-rewritten'),
    });
    // Looking changes nothing: who looks into it finds the place.
    const { findings } = await check(dir, key, { patienceMs: 0 });
    if (name.startsWith('has another')) expect(findings[0]).toMatchObject({ byte: expect.any(Number) });
    const taken = await openTree(dir, { segmentBytes: 16_000, acceptRewritten: true });
    expect(taken.tree.accepted).toMatchObject({ why: expect.stringMatching(message) });
    await fill(taken.log, 10);
    await taken.close();
    expect(await check(dir, key)).toMatchObject({ verdict: 'ok' });
    // Whoever has seen the old checkpoint still finds it.
    expect(await check(dir, key, { known: signed })).toMatchObject({ verdict: 'tampered' });
    expect(readdirSync(join(dir, 'tree')).filter((name) => name.startsWith('abandoned-'))).toHaveLength(1);
  });
});

it('a checkpoint that nobody of this tree has signed refuses the start, and changes nothing', async () => {
  const dir = temporaryDirectory();
  const first = await openTree(dir);
  await fill(first.log, 30);
  await first.close();
  const path = join(dir, 'tree/checkpoint');
  const signed = readFileSync(path, 'utf8');
  writeFileSync(path, signed.replace(/^30$/m, '29'));
  await expect(openTree(dir)).rejects.toThrow(/not a checkpoint that was signed/);
  writeFileSync(path, signed);
  await (await openTree(dir)).close();
});

describe('records that were retired', () => {
  const setUp = async (says: boolean) => {
    const dir = temporaryDirectory();
    const options = { segmentBytes: 16_000 };
    const { log, tree, close } = await openTree(dir, options);
    await fill(log, 600);
    await tree.ask({ kind: 'checkpoint' });
    const segments = readAll(dir);
    const treeSize = segments[2]!.header.firstLeaf;
    const detail = { segments: 2, treeSize: says ? treeSize : 1 };
    await log.append('audit', [{ payload: `{"v":2,"kind":"audit.retired","detail":${JSON.stringify(detail)}}` }]);
    for (const { name } of segments.slice(0, 2)) rmSync(join(dir, 'audit', name));
    await close();
    return { dir, treeSize, key: readKeyChain(dir)!.keys[0]!.vkey, options };
  };

  it('leave their hashes: what is left is proved, and the gateway goes on', async () => {
    const { dir, treeSize, key, options } = await setUp(true);
    expect(treeSize % 256).not.toBe(0);
    expect(await check(dir, key)).toMatchObject({
      verdict: 'ok',
      retired: treeSize,
      records: 601 - treeSize,
      covered: 601,
    });
    // The end is damaged, so that all has to be made again from what there is.
    truncateSync(join(dir, 'tree/tile/0/002.p/89'), 0);
    truncateSync(join(dir, 'tree/tile/0/001'), 0);
    const again = await openTree(dir, options);
    await fill(again.log, 5);
    await again.close();
    expect(await check(dir, key)).toMatchObject({ verdict: 'ok', retired: treeSize, covered: 606 });
    rmSync(join(dir, 'tree/tile'), { recursive: true });
    await expect(openTree(dir, options)).rejects.toThrow(
      /tiles of the \d+ records before the first segment are missing|of the 606 records/,
    );
    expect(await check(dir, key)).toMatchObject({ verdict: 'tampered' });
  });

  it('are missing where the record does not say that they were retired', async () => {
    const { dir, key } = await setUp(false);
    expect(await check(dir, key)).toMatchObject({
      verdict: 'tampered',
      findings: [{ what: expect.stringMatching(/does not say that they were retired/) }],
    });
  });
});

describe('the key', () => {
  it('is changed under a running gateway; whoever has the old one follows', async () => {
    const dir = temporaryDirectory();
    const { log, tree, close, rotated } = await openTree(dir);
    await fill(log, 10);
    await tree.ask({ kind: 'checkpoint' });
    const old = readKeyChain(dir)!.keys[0]!;
    const { signer } = openSigner({
      stateDir: dir,
      origin: undefined,
      defaultOrigin: 'x',
      command: undefined,
      now: Date.now,
    });
    const next = await rotateKey(dir, { signer, publicKey: undefined, now: Date.now });
    await fill(log, 10);
    const checkpoint = parseCheckpoint((await tree.ask({ kind: 'checkpoint' }))!)!;
    expect(verifyNote(checkpoint.note, [next])).toMatchObject({ by: [{ key: { vkey: next.vkey } }] });
    expect(rotated).toEqual([next.vkey]);
    await close();
    expect(statSync(join(dir, 'tree.key')).mode & 0o777).toBe(0o600);
    expect(await check(dir, old.vkey)).toMatchObject({ verdict: 'ok', covered: 20 });
    expect(await check(dir, next.vkey)).toMatchObject({ verdict: 'ok', covered: 20 });
    await (await openTree(dir)).close();
  });

  it('that was changed while no gateway ran is told of once, when one starts', async () => {
    const dir = temporaryDirectory();
    const first = await openTree(dir);
    await fill(first.log, 3);
    await first.close();
    const { signer } = openSigner({
      ...{ stateDir: dir, origin: undefined, defaultOrigin: 'x', command: undefined },
      now: Date.now,
    });
    const next = await rotateKey(dir, { signer, publicKey: undefined, now: Date.now });
    const second = await openTree(dir);
    const checkpoint = parseCheckpoint((await second.tree.ask({ kind: 'checkpoint' }))!)!;
    expect(verifyNote(checkpoint.note, [next])).toMatchObject({ by: [{ key: { vkey: next.vkey } }] });
    expect(second.rotated).toEqual([next.vkey]);
    await second.close();
    const third = await openTree(dir);
    await third.tree.ask({ kind: 'checkpoint' });
    expect(third.rotated).toEqual([]);
  });

  it('a rotation that was cut short between its steps is finished', async () => {
    const dir = temporaryDirectory();
    const { log, close } = await openTree(dir);
    await fill(log, 1);
    await close();
    const before = readFileSync(join(dir, 'tree.key'));
    const open = () =>
      openSigner({ stateDir: dir, origin: undefined, defaultOrigin: 'x', command: undefined, now: Date.now });
    const next = await rotateKey(dir, { signer: open().signer, publicKey: undefined, now: Date.now });
    writeFileSync(join(dir, 'tree.key.next'), readFileSync(join(dir, 'tree.key')));
    writeFileSync(join(dir, 'tree.key'), before);
    expect(open().signer.key.vkey).toBe(next.vkey);
    expect(existsSync(join(dir, 'tree.key.next'))).toBe(false);
  });

  it('of another, or none where there was one, refuses the start', async () => {
    const dir = temporaryDirectory();
    await (await openTree(dir)).close();
    rmSync(join(dir, 'tree.key'));
    await expect(openTree(dir)).rejects.toThrow(/tree\.key is missing/);
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(dir, 'tree.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    await expect(openTree(dir)).rejects.toThrow(/is not the key that .*tree\.keys ends with/);
    await expect(openTree(dir, { tree: { origin: 'other.example' } })).rejects.toThrow(
      /is of dbgate\/gw, not of other\.example/,
    );
    expect(readFileSync(keyChainPath(dir), 'utf8').trim().split('\n')).toHaveLength(1);
  });
});

describe('a signer elsewhere', () => {
  const setUp = () => {
    const dir = temporaryDirectory();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const key = join(dir, 'kms.pem');
    writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const program = join(dir, 'kms.mjs');
    writeFileSync(
      program,
      `import { sign } from 'node:crypto'; import { existsSync, readFileSync } from 'node:fs';
       if (existsSync(${JSON.stringify(join(dir, 'down'))})) process.exit(3);
       const text = readFileSync(0);
       process.stdout.write(sign(null, text, readFileSync(${JSON.stringify(key)}, 'utf8')).toString('base64') + '\\n');`,
    );
    const signer = {
      command: [process.execPath, program],
      publicKey: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    };
    return { dir, signer };
  };

  it('signs; while it does not, the log goes on, and health and the log say so', async () => {
    const { dir, signer } = setUp();
    const { log, tree, warnings, close } = await openTree(dir, { tree: { signer } });
    expect(existsSync(join(dir, 'tree.key'))).toBe(false);
    await fill(log, 3);
    expect(parseCheckpoint((await tree.ask({ kind: 'checkpoint' }))!)).toMatchObject({ size: 3 });
    writeFileSync(join(dir, 'down'), '');
    await fill(log, 3);
    await until(() => tree.status?.state === 'late');
    expect(tree.status).toMatchObject({ checkpointSize: 3, error: expect.stringMatching(/ended with 3/) });
    expect(warnings).toEqual([expect.stringMatching(/^CHECKPOINTS ARE LATE.*ended with 3/)]);
    expect(await tree.ask({ kind: 'prove', position: 5 })).toMatchObject({ proof: undefined });
    rmSync(join(dir, 'down'));
    expect(await tree.ask({ kind: 'prove', position: 5 })).toMatchObject({ proof: { hashes: expect.any(Array) } });
    await close();
    expect(await check(dir, readKeyChain(dir)!.keys[0]!.vkey)).toMatchObject({ verdict: 'ok', covered: 6 });
  });

  it('whose signature is not of its key signs nothing', async () => {
    const { dir, signer } = setUp();
    const publicKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const { log, tree, close } = await openTree(dir, { tree: { signer: { ...signer, publicKey } } });
    await fill(log, 3);
    await until(() => tree.status?.state === 'late');
    expect(tree.status?.error).toMatch(/not a signature of audit\.signer\.public_key/);
    expect(existsSync(join(dir, 'tree/checkpoint'))).toBe(false);
    await close();
  });

  it('takes over from a file’s key when that has signed the change', async () => {
    const { dir, signer } = setUp();
    const first = await openTree(dir);
    await fill(first.log, 3);
    await first.close();
    await expect(openTree(dir, { tree: { signer } })).rejects.toThrow(/audit\.signer is not the key/);
    const old = openSigner({ stateDir: dir, origin: undefined, defaultOrigin: 'x', command: undefined, now: Date.now });
    await rotateKey(dir, { signer: old.signer, publicKey: signer.publicKey, now: Date.now });
    const second = await openTree(dir, { tree: { signer } });
    await fill(second.log, 3);
    await second.close();
    expect(await check(dir, old.signer.key.vkey)).toMatchObject({ verdict: 'ok', covered: 6 });
    expect(parseVkey(old.signer.key.vkey).name).toBe('dbgate/gw');
  });
});
