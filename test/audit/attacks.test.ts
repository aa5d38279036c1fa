/** What somebody types in order to spoil the record, or to get something out of it: a real gateway, a real Postgres. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { envelopeOf } from '../../src/audit/envelope.ts';
import type { StatementIntent } from '../../src/audit/record.ts';
import { readKeyChain } from '../../src/audit/tree/signer.ts';
import { trustedKeys } from '../../src/audit/tree/trusted-keys.ts';
import { verifyDirectory } from '../../src/audit/tree/verify-directory.ts';
import { failure, type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';

const CANARY = 'canary.kowalski@example.org';
const PHONE = '+48 601 234 567';

const rig = withRig({
  sql: `CREATE TABLE person (id int PRIMARY KEY, email text, phone text);
    INSERT INTO person SELECT i, 'mail' || i || '@example.com', '+49 30 9018' || (1000 + i) FROM generate_series(1, 200) i;
    INSERT INTO person VALUES (1000, '${CANARY}', '${PHONE}'); ANALYZE`,
  tune: (settings) => ({
    ...settings,
    rules: [{ id: 'held', effect: 'hold', match: { command: ['DELETE'] } }],
    roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
    approvals: approvalSettings({ noticeEveryMs: 0 }),
  }),
});

const NASTY = [
  ',"body":{"salt":"x","sql":"harmless"}}',
  '"}\n{"v":2,"kind":"statement.outcome","session":"s","n":1}',
  ',"decision":"deny",',
  '\\"\\\\\u2028\u202e\u0001\u007f',
  '‹email:0123456789ab›',
  '😀'.repeat(300),
];

const intents = async (): Promise<StatementIntent[]> =>
  (await rig.records()).filter((one): one is StatementIntent => one.kind === 'statement.intent');

it('words that look like parts of a record are words', async () => {
  const client = await rig.connect(await rig.tokenOf('nina'));
  const texts: string[] = [];
  for (const [i, word] of NASTY.entries()) {
    const name = word.slice(0, 50).replaceAll('"', '""').replaceAll('\u0000', '');
    const sql = `SELECT ${i} AS "${name}" /* ${word.replaceAll('*/', '')} */`;
    texts.push(sql);
    await client.query(sql);
    await client.query(`CREATE TEMP TABLE "t${i}${name}" ("${name}" int)`);
    await client.query(`SELECT "${name}" FROM "t${i}${name}"`);
  }
  const kept = await intents();
  for (const record of kept) expect(typeof record.body).toBe('object');
  for (const [i] of texts.entries()) {
    expect(kept.filter(({ body }) => typeof body === 'object' && body.sql.startsWith(`SELECT ${i} AS`))).toHaveLength(
      1,
    );
  }
  const outcomes = (await rig.records()).filter(({ kind }) => kind === 'statement.outcome');
  expect(outcomes).toHaveLength(kept.length);
  for (const one of await rig.records()) {
    const text = JSON.stringify(one);
    // What is hashed ends where the body begins, whatever stands in it.
    expect(JSON.parse(envelopeOf(text)), text).toEqual(
      'body' in one && typeof one.body === 'object' ? { ...one, body: expect.stringMatching(/^sha256:/) } : one,
    );
  }
});

it('a value that nobody may see is in no request, notice, estimate or file', async () => {
  const client = await rig.connect(await rig.tokenOf('olek'));
  const notices: string[] = [];
  client.on('notice', (notice) => notices.push(JSON.stringify(notice)));
  const rosa = await rig.tokenOf('rosa', ['reviewers']);
  const get = async (url: string): Promise<Json> => (await rig.api('GET', url, rosa)).body;
  const seen: string[] = [];
  const held: { text: string; values?: string[] }[] = [
    { text: `DELETE FROM person WHERE email = '${CANARY}'` },
    {
      text: `DELETE FROM person p USING (VALUES ('${CANARY}', '${PHONE}')) v(a, b) WHERE p.email = v.a AND p.phone = v.b`,
    },
    { text: 'DELETE FROM person WHERE email = $1 AND phone = $2', values: [CANARY, PHONE] },
    { text: `DELETE /* ${CANARY} */ FROM person WHERE phone = $tag$${PHONE}$tag$` },
  ];
  for (const query of held) {
    const refused = failure(client.query(query));
    let requests: Json[] = [];
    await until(async () => {
      ({ requests } = await get('/v1/requests?pending=1'));
      return requests.length > 0;
    });
    const { id } = requests[0];
    seen.push(JSON.stringify(await get(`/v1/requests/${id}`)), JSON.stringify(requests));
    const body = JSON.stringify({ reason: 'no' });
    await rig.api('POST', `/v1/requests/${id}/deny`, rosa, { 'content-type': 'application/json' }, body);
    seen.push(JSON.stringify(await refused));
  }
  expect(seen).toHaveLength(held.length * 3);
  const files = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  await until(async () => (await intents()).length > held.length);
  for (const needle of [CANARY, PHONE, 'kowalski']) {
    for (const text of [...seen, ...notices, ...rig.logs]) expect(text).not.toContain(needle);
    for (const file of files(rig.stateDir))
      expect(readFileSync(file).includes(needle), `${needle} in ${file}`).toBe(false);
  }
});

it('and all of it is as it was signed', async () => {
  const dir = rig.settings.stateDir;
  const keys = trustedKeys([readKeyChain(dir)!.keys[0]!.vkey]);
  const verdict = await verifyDirectory(dir, { keys, witnesses: [] });
  expect(verdict).toMatchObject({ verdict: 'ok', findings: [], erased: 0 });
  expect(verdict.records).toBeGreaterThan(40);
});
