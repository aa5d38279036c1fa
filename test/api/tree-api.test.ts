/** Proofs and the tree over the API, and `dbgate verify` as a person has it: gateway, files, directories. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/audit/tree/checkpoint.ts';
import { leafOf } from '../../src/audit/tree/leaf.ts';
import { leafHash, rootOf, verifyInclusion } from '../../src/audit/tree/merkle.ts';
import { parseVkey, verifyNote } from '../../src/audit/tree/note.ts';
import { parseProof } from '../../src/audit/tree/proof-file.ts';
import { tilePath } from '../../src/audit/tree/tile-path.ts';
import { subtreesOf } from '../../src/audit/tree/tiles.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { frames, patch } from '../audit/tree/tamper.ts';
import { runCli } from '../commands/run-cli.ts';
import { withRig } from '../gateway/gateway-rig.ts';
import { until } from '../store/log-fixture.ts';

const rig = withRig({
  sql: 'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, $$a$$)',
  tune: (settings) => ({
    ...settings,
    roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
  }),
});

let dir: string;
let own: string;
let auditor: string;
let id: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-tree-api-'));
  own = await rig.tokenOf('ada');
  auditor = await rig.tokenOf('otto', ['auditors']);
  const client = await rig.connect(own);
  await client.query('SELECT name FROM item WHERE id = $1', [1]);
  await client.query('SELECT 2');
  await client.end();
  const { body } = await rig.api('GET', '/v1/history', own);
  id = body.entries.at(-1).id;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const dbgate = (args: string[], token = own) => {
  const ca = join(dir, 'ca.pem');
  writeFileSync(ca, rig.certificates.ca);
  return runCli(args, {
    DBGATE_GATEWAY: rig.settings.publicUrl.replace('127.0.0.1', 'localhost'),
    DBGATE_CA_FILE: ca,
    DBGATE_TOKEN: token,
    DBGATE_CONFIG_DIR: join(dir, 'config'),
  });
};
const vkey = (): string =>
  JSON.parse(readFileSync(join(rig.settings.stateDir, 'tree.keys'), 'utf8').split('\n')[0]!).vkey;

describe('GET /v1/proofs/{session}.{n}', () => {
  it('proves the session, the intent and the outcome, to whoever ran it', async () => {
    const { status, body } = await rig.api('GET', `/v1/proofs/${id}`, own);
    expect(status).toBe(200);
    for (const part of ['session', 'intent', 'outcome']) {
      const { proof, record, envelope, index } = body[part];
      const parsed = parseProof(proof)!;
      expect(leafOf(Buffer.from(record)).data.toString()).toBe(envelope);
      expect(parsed.index).toBe(index);
      const { size, root } = parsed.checkpoint;
      expect(verifyInclusion(index, size, leafHash(Buffer.from(envelope)), parsed.hashes, root)).toBe(true);
    }
    expect(JSON.parse(body.intent.record)).toMatchObject({
      kind: 'statement.intent',
      body: { sql: expect.stringContaining('item') },
    });
  });

  it('to nobody else but auditors, whose reading is recorded first', async () => {
    expect(await rig.api('GET', `/v1/proofs/${id}`, await rig.tokenOf('bob'))).toMatchObject({ status: 404 });
    expect(await rig.api('GET', `/v1/proofs/${id.replace(/\.\d+$/, '.99')}`, own)).toMatchObject({ status: 404 });
    expect(await rig.api('GET', '/v1/proofs/nothing', own)).toMatchObject({ status: 404 });
    expect(await rig.api('GET', `/v1/proofs/${id}`)).toMatchObject({ status: 401 });
    expect(await rig.api('GET', `/v1/proofs/${id}`, auditor)).toMatchObject({ status: 200 });
    const reads = (await rig.records()).filter(({ kind }) => kind === 'history.read');
    expect(reads).toMatchObject([{ by: expect.stringContaining('otto'), detail: { proof: id } }]);
  });
});

describe('GET /v1/tree/…', () => {
  it('is C2SP tlog-tiles for auditors: checkpoint, tiles and entries fit together', async () => {
    for (const path of ['checkpoint', 'keys', 'tile/0/000.p/1', 'consistency?from=1&to=2']) {
      expect(await rig.api('GET', `/v1/tree/${path}`, own)).toMatchObject({ status: 403 });
    }
    const get = async (path: string): Promise<Buffer> => {
      const { fetch, Agent } = await import('undici');
      const dispatcher = new Agent({ connect: { ca: rig.certificates.ca, servername: 'localhost' } });
      const answer = await fetch(`${rig.settings.publicUrl}/v1/tree/${path}`, {
        dispatcher,
        headers: { authorization: `Bearer ${auditor}` },
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      await dispatcher.close();
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return bytes;
    };
    const checkpoint = parseCheckpoint((await get('checkpoint')).toString())!;
    const name = { level: 0, index: 0, width: checkpoint.size };
    const tile = await get(tilePath(name));
    expect(
      rootOf(
        checkpoint.size,
        subtreesOf(checkpoint.size, () => tile),
      ),
    ).toEqual(checkpoint.root);
    const entries = await get(tilePath({ ...name, level: 'entries' }));
    const first = entries.subarray(2, 2 + entries.readUInt16BE(0));
    expect(leafHash(first)).toEqual(tile.subarray(0, 32));
    expect(entries.includes('"salt"')).toBe(false);
    expect((await get('keys')).toString()).toContain(vkey());
    for (const path of [
      'tile/0/999',
      'tile/0/../../../tree.key',
      'tile/0/%2e%2e/%2e%2e/tree.key',
      '../tree.key',
      'x',
    ]) {
      await expect(get(path)).rejects.toThrow(/40\d/);
    }
  });

  it('health says how the tree is, and no more', async () => {
    const { body } = await rig.api('GET', '/healthz');
    expect(body.tree).toEqual({
      state: 'ok',
      size: expect.any(Number),
      checkpoint_size: expect.any(Number),
      checkpoint_at: expect.any(String),
      cosigned_size: null,
      witnesses: [],
    });
  });
});

describe('dbgate verify', () => {
  it('a statement: asks the gateway for its proofs, checks them here, keeps them', async () => {
    const { code, stdout } = await dbgate(['verify', id, '--key', vkey(), '--save', dir]);
    expect(stdout).toMatch(new RegExp(`^${id.replaceAll('.', '\\.')} session: ok: as it was signed \\(leaf \\d+\\)`));
    expect(code).toBe(0);
    const file = join(dir, `${id}.intent.tlog-proof`);
    const json = await dbgate(['verify', file, '--key', vkey(), '--json']);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      verdict: 'ok',
      index: expect.any(Number),
      checkpoints: [{ signedBy: [vkey()] }],
      record: { kind: 'statement.intent', body: { sql: expect.stringContaining('item') } },
    });
    expect(await dbgate(['verify', file])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('no key was given'),
      stderr: expect.stringContaining('fix: --key KEY. Its key is what "dbgate audit keys" prints'),
    });
    const text = readFileSync(file, 'utf8');
    const extra = /^extra (.*)$/m.exec(text)![1]!;
    const lie = Buffer.from(Buffer.from(extra, 'base64').toString().replace('item', 'users')).toString('base64');
    writeFileSync(`${file}.changed`, text.replace(extra, lie));
    expect(await dbgate(['verify', `${file}.changed`, '--key', vkey()])).toMatchObject({
      code: 1,
      stdout: expect.not.stringContaining('statement.intent'),
    });
    const outcome = join(dir, `${id}.outcome.tlog-proof`);
    const several = await dbgate(['verify', file, `${file}.changed`, outcome, '--key', vkey()]);
    expect(several.code).toBe(1);
    expect(several.stdout).toMatch(
      /intent.*: ok(.|\n)* {2}statement\.intent .* SELECT(.|\n)*TAMPERED WITH(.|\n)*outcome.*: ok/,
    );
    expect((await dbgate(['verify', file, outcome, '--key', vkey()])).code).toBe(0);
    // Nothing was checked: a finding could be taken for what could not be told.
    expect(await dbgate(['verify', `${file}.changed`, 'missing', '--key', vkey()])).toMatchObject({
      code: 2,
      stdout: '',
    });
  });

  it('a statement, from a checkpoint on that was seen before', async () => {
    const seen = join(dir, 'seen');
    copyFileSync(join(rig.settings.stateDir, 'tree/checkpoint'), seen);
    const client = await rig.connect(own);
    await client.query('SELECT 3');
    const { body } = await rig.api('GET', '/v1/history', own);
    const { code, stdout } = await dbgate(['verify', body.entries[0].id, '--key', vkey(), '--checkpoint', seen]);
    expect(stdout).toMatch(/the known checkpoint: \d+ records of dbgate\/rig, signed by the key given/);
    expect(code).toBe(0);
    await client.end();
  });

  it('a directory of a gateway that runs', async () => {
    const { code, stdout } = await dbgate(['verify', rig.settings.stateDir, '--key', vkey()]);
    expect(stdout).toMatch(
      /: ok: as it was signed\n {2}\d+ records, \d+ with a body, 0 erased; \d+ in a checkpoint that holds/,
    );
    expect(code).toBe(0);
    expect((await dbgate(['verify', rig.settings.stateDir])).code).toBe(2);
  });

  it('what is neither is said', async () => {
    expect(await dbgate(['verify', 'what?'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is no file, no directory/),
    });
    expect(await dbgate(['verify', dir, '--key', 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/not an Ed25519 verifier key/),
    });
  });
});

describe('on the gateway’s machine', () => {
  const config = (): string => {
    const path = join(dir, 'gateway.yaml');
    const file = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text, { mode: 0o600 });
      return `file:${name}`;
    };
    writeFileSync(
      path,
      `public_url: ${rig.settings.publicUrl.replace('127.0.0.1', 'localhost')}
gateway_id: rig
state_dir: ${rig.settings.stateDir}
tls: { cert: ${file('cert.pem', rig.certificates.cert)}, key: '${file('key.pem', rig.certificates.key)}' }
issuers: [{ issuer: https://login.example, audience: x, client_id: y }]
databases: { app: { upstream: { host: db.example, user: u } } }
`,
    );
    return path;
  };

  it('audit keys and rotate-key: a running gateway signs with the new key, and who has the old one follows', async () => {
    const old = vkey();
    expect(await dbgate(['audit', 'keys', '--config', config()])).toMatchObject({ code: 0, stdout: `${old}\n` });
    const rotated = await dbgate(['audit', 'rotate-key', '--config', config(), '--json']);
    expect(rotated).toMatchObject({ code: 0 });
    const next = JSON.parse(rotated.stdout);
    expect(next).toMatchObject({ before: old, vkey: expect.stringMatching(/^dbgate\/rig\+/) });
    await until(async () => (await rig.records()).some(({ kind }) => kind === 'audit.key_rotated'));
    const newest = () => parseCheckpoint(readFileSync(join(rig.settings.stateDir, 'tree/checkpoint'), 'utf8'))!;
    const signer = parseVkey(next.vkey);
    await until(() => {
      const verdict = verifyNote(newest().note, [signer]);
      return verdict.kind === 'verified' && verdict.by.length > 0;
    });
    const verified = await dbgate(['verify', id, '--key', old, '--save', join(dir, 'rotated')]);
    expect(verified).toMatchObject({ code: 0 });
    const file = join(dir, 'rotated', `${id}.intent.tlog-proof`);
    expect(await dbgate(['verify', file, '--key', old])).toMatchObject({ code: 0 });
    expect(await dbgate(['verify', rig.settings.stateDir, '--key', old])).toMatchObject({ code: 0 });
  });

  it('a gateway does not start on a record that is not what was signed, unless it is told to; that is recorded', async () => {
    const { stateDir } = rig.settings;
    await rig.gateway.close();
    const place = frames(stateDir).at(-1)!;
    const payload = readFileSync(join(stateDir, 'audit', place.name)).subarray(place.frame.payloadStart);
    // Another year, which is still JSON.
    patch(stateDir, place, place.frame.payloadStart + payload.indexOf('"at":"') + 9, 0, true);
    await expect(startGateway(rig.settings)).rejects.toMatchObject({
      code: 'audit_unavailable',
      message: expect.stringMatching(/^THE RECORD IS NOT WHAT WAS SIGNED/),
      hint: expect.stringContaining('--accept-rewritten'),
    });
    const old = vkey();
    expect(await dbgate(['verify', stateDir, '--key', old])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /the record is not the one that was signed: position \d+, segment \d{16}\.seg, byte \d+/,
      ),
    });
    const running = await startGateway(rig.settings, { acceptRewritten: 'a test of it' });
    await running.close();
    const accepted = (await rig.records()).find(({ kind }) => kind === 'audit.rewrite_accepted');
    expect(accepted).toMatchObject({ detail: { signed_size: expect.any(Number) }, body: { reason: 'a test of it' } });
    await rig.restart();
  });
});
