/** Evidence and the review of access over a scripted month, from the gateway's API to the files of the commands. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessReview } from '../../../src/audit/evidence/access-review.ts';
import { CONTROLS } from '../../../src/audit/evidence/controls.ts';
import type { Evidence } from '../../../src/audit/evidence/evidence.ts';
import { oscalAssessmentResults } from '../../../src/audit/evidence/oscal.ts';
import { evidenceHtml } from '../../../src/audit/evidence/report-html.ts';
import { trustedKeys } from '../../../src/audit/tree/trusted-keys.ts';
import { verifyProof } from '../../../src/audit/tree/verify-proof.ts';
import { evidenceAnswer } from '../../../src/commands/evidence-answers.ts';
import { COMMANDS } from '../../../src/commands/registry.ts';
import { SELECTIONS, type SelectionName } from '../../../src/store/record-selections.ts';
import { openSegmentLog } from '../../../src/store/segment-log.ts';
import { type InProcessResult, runInProcess } from '../../commands/run-in-process.ts';
import { withRig } from '../../gateway/gateway-rig.ts';
import { CHROMIUM } from '../../support/chromium.ts';
import { COUNTS, MONTH, writeMonth } from './scripted-month.ts';

const rig = withRig({
  tune: (settings) => {
    const app = settings.databases.get('app')!;
    const grant = { environment: undefined, access: 'read', create: false } as const;
    return {
      ...settings,
      databases: new Map([...settings.databases, ['lab', { ...app, name: 'lab', environment: 'development' }]]),
      grants: [
        ...settings.grants,
        { ...grant, to: { group: 'contractors' }, database: 'app', purposeRequired: true },
        { ...grant, to: { user: 'gone@example.test' }, database: 'lab', expiresAt: Date.parse('2025-01-01T00:00:00Z') },
        { ...grant, to: { agent: 'helper' }, database: 'app' },
        { ...grant, to: { service: 'ci' }, database: 'app' },
      ],
      roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
    };
  },
});

let dir: string;
let auditor: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-evidence-'));
  auditor = await rig.tokenOf('otto', ['auditors']);
  await rig.gateway.close();
  const clock = { now: 0, state: 'synchronised' as const };
  const log = await openSegmentLog({
    dir: join(rig.settings.stateDir, 'audit'),
    gatewayId: 'rig',
    segmentBytes: 64 << 20,
    durability: 'sync',
    maxQueuedBytes: 16 << 20,
    now: () => clock.now,
  });
  await writeMonth(log, rig.oidc.settings.issuer, clock);
  await log.close();
  await rig.restart();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const query = (changes: Record<string, string> = {}): string =>
  new URLSearchParams({ ...MONTH, framework: 'soc2', ...changes }).toString();

async function ask(changes: Record<string, string> = {}): Promise<Evidence> {
  const { status, body } = await rig.api('GET', `/v1/evidence?${query(changes)}`, auditor);
  expect(body.error).toBeUndefined();
  expect(status).toBe(200);
  return body as Evidence;
}

function countsOf({ controls }: Evidence): Record<string, number> {
  const all = controls
    .flatMap(({ shows, gaps }) => [...shows, ...gaps])
    .map(({ name, count }) => [name, count] as const);
  const zeros = controls.flatMap(({ lookedFor }) => lookedFor).map(({ name }) => [name, 0] as const);
  return Object.fromEntries([...all, ...zeros].filter(([name]) => Object.hasOwn(SELECTIONS, name)));
}

describe('GET /v1/evidence', () => {
  it('counts what the month has, as it was counted by hand', async () => {
    const counted = { ...countsOf(await ask()), ...countsOf(await ask({ framework: 'nist-800-53' })) };
    expect(counted).toEqual(COUNTS);
    expect(Object.keys(counted).sort()).toEqual(Object.keys(SELECTIONS).sort());
  });

  it('names the gaps at the controls that they belong to', async () => {
    const { controls } = await ask();
    const gaps = Object.fromEntries(controls.map(({ id, gaps }) => [id, gaps.map(({ name }) => name)]));
    expect(gaps).toEqual({
      'CC6.1': ['sessions_without_required_purpose', 'statements_without_rule'],
      'CC6.2': ['self_approvals', 'break_glass_unreviewed'],
      'CC6.3': ['self_approvals', 'break_glass_unreviewed'],
      'CC6.6': [],
      'CC7.2': [],
      'CC7.3': ['break_glass_unreviewed'],
      'CC8.1': ['statements_ddl_production_unapproved', 'self_approvals'],
    });
    const nist = (await ask({ framework: 'nist-800-53' })).controls;
    expect(nist.map(({ id }) => id)).toEqual([
      'AC-2',
      'AC-3',
      'AC-6',
      'AC-6(9)',
      'AC-12',
      'AU-2',
      'AU-3',
      'AU-6',
      'AU-8',
      'AU-9',
      'AU-9(3)',
      'AU-10',
      'AU-12',
      'CM-5',
      'IA-2',
      'SI-4',
    ]);
    const named = (id: string) => nist.find((control) => control.id === id)!.gaps.map(({ name }) => name);
    expect(named('AU-8')).toEqual(['sessions_clock_other']);
    expect(named('AC-12')).toEqual(['sessions_lost']);
    expect(named('AU-9')).toEqual(['no_witness']);
    expect(nist.flatMap(({ gaps }) => gaps).find(({ name }) => name === 'self_approvals')!.samples).toMatchObject([
      { id: 'r-self', what: 'request approved' },
    ]);
  });

  it('is of one database where one is named', async () => {
    const lab = countsOf(await ask({ framework: 'nist-800-53', database: 'lab' }));
    // Logins are of no database: they are of all of them.
    expect(lab).toMatchObject({ sessions: 1, statements: 2, statements_ddl: 1, requests: 0, logins: 6, refused: 0 });
    const none = await rig.api('GET', `/v1/evidence?${query({ database: 'nope' })}`, auditor);
    expect(none.status).toBe(404);
  });

  it('proves each sample, without what was said in it', async () => {
    const evidence = await ask({ framework: 'nist-800-53' });
    const { vkey } = JSON.parse(readFileSync(join(rig.settings.stateDir, 'tree.keys'), 'utf8').split('\n')[0]!) as {
      vkey: string;
    };
    const keys = trustedKeys([vkey]);
    const shown = evidence.controls.flatMap(({ shows }) => shows);
    // Also of what stands all in one place: logins come first in the month.
    for (const { name, count, samples } of shown) {
      const ids = new Set(samples.map(({ id }) => id));
      expect({ name, samples: ids.size }).toEqual({ name, samples: Math.min(count, 5) });
    }
    const samples = shown.flatMap(({ samples }) => samples);
    expect(samples.every(({ proofs }) => proofs.length > 0 && proofs.every(({ state }) => state === 'proved'))).toBe(
      true,
    );
    const files = Object.entries(evidence.proofs);
    expect(files.length).toBeGreaterThan(40);
    for (const [name, text] of files) {
      expect(name).toMatch(/^[A-Za-z0-9_.-]+\.tlog-proof$/);
      const { verdict, erased, record } = verifyProof(text, { keys, witnesses: [], known: undefined });
      expect({ name, verdict }).toEqual({ name, verdict: 'ok' });
      if (record!.includes('"body"')) expect(erased).toBe(true);
    }
    // A proof says the statement that the sample names.
    const [intent] = samples.find(({ id }) => id === 's1.3')!.proofs;
    const { record } = verifyProof(evidence.proofs[intent!.file]!, { keys, witnesses: [], known: undefined });
    expect(JSON.parse(record!)).toMatchObject({ kind: 'statement.intent', session: 's1', n: 3, decision: 'deny' });
    const tampered = evidence.proofs[intent!.file]!.replace(/index \d+/, 'index 1');
    expect(verifyProof(tampered, { keys, witnesses: [], known: undefined }).verdict).not.toBe('ok');
    expect(JSON.stringify(evidence)).not.toContain('secret-text');
  });

  it('is for auditors and administrators, and recorded before it leaves', async () => {
    for (const route of ['evidence', 'access-review']) {
      const path = `/v1/${route}?${query()}`;
      expect(await rig.api('GET', path, await rig.tokenOf('ada'))).toMatchObject({ status: 403 });
      expect(await rig.api('GET', path)).toMatchObject({ status: 401 });
      const agent = await rig.tokenOf('otto', ['auditors'], { act: { sub: 'helper' } });
      expect(await rig.api('GET', path, agent)).toMatchObject({ status: 403 });
      expect(await rig.api('GET', path, await rig.tokenOf('root', ['admins']))).toMatchObject({ status: 200 });
      expect(await rig.api('GET', `/v1/${route}?framework=soc2`, auditor)).toMatchObject({ status: 400 });
      const backwards = query({ since: MONTH.until, until: MONTH.since });
      expect(await rig.api('GET', `/v1/${route}?${backwards}`, auditor)).toMatchObject({ status: 400 });
    }
    expect(await rig.api('GET', `/v1/evidence?${query({ framework: 'x' })}`, auditor)).toMatchObject({ status: 400 });
    const exported = (await rig.records()).filter(({ kind }) => kind === 'audit.exported').slice(-2);
    expect(exported).toMatchObject([
      { by: expect.stringContaining('root'), detail: { what: 'evidence', framework: 'soc2', ...MONTH } },
      { by: expect.stringContaining('root'), detail: { what: 'access-review', ...MONTH } },
    ]);
  });
});

describe('GET /v1/access-review', () => {
  let review: AccessReview;
  beforeAll(async () => {
    review = (await rig.api('GET', `/v1/access-review?${query()}`, auditor)).body as AccessReview;
  });

  it('sums up what the month has', () => {
    expect(review.summary).toEqual({
      // Ada, her agent, Bob, ci, Eve, Nina, Root.
      people: 7,
      active: 5,
      dormant: 2,
      withoutGrant: 1,
      grants: 7,
      // Analysts, contractors: nobody came. The one of gone@ is expired.
      unusedGrants: 3,
      requests: 7,
      // r-bg2, r-auto, r-self.
      unusedElevations: 3,
      selfApprovals: 1,
      breakGlass: 2,
      breakGlassUnreviewed: 1,
    });
  });

  it('says who could, who did, and who did not', () => {
    const of = (subject: string, kind = 'user') =>
      review.people.find((one) => one.subject === subject && one.kind === kind)!;
    expect(of('ada')).toMatchObject({ state: 'active', email: 'ada@example.test', groups: ['developers'] });
    expect(of('ada').could).toEqual([
      { database: 'app', access: 'write', create: true, grants: [1] },
      { database: 'lab', access: 'write', create: true, grants: [1] },
    ]);
    expect(of('ada').did).toEqual([
      { database: 'app', sessions: 2, statements: 6, denied: 1, writes: 2, ddl: 1, classified: 1 },
      { database: 'lab', sessions: 1, statements: 2, denied: 0, writes: 2, ddl: 1, classified: 0 },
    ]);
    expect(of('ada', 'agent')).toMatchObject({
      actors: ['helper'],
      state: 'active',
      did: [{ statements: 2, denied: 1 }],
    });
    expect(of('bob')).toMatchObject({ state: 'dormant', lastSeen: '2025-09-20T10:00:01.000Z', did: [] });
    expect(of('nina')).toMatchObject({
      ...{ state: 'dormant', email: 'nina@example.test', did: [] },
      could: [{ database: 'app' }, { database: 'lab' }],
    });
    expect(of('walt')).toBeUndefined();
    expect(of('eve')).toMatchObject({ state: 'no grant', could: [], did: [{ statements: 1, classified: 1 }] });
    expect(of('ci', 'service').could).toMatchObject([{ database: 'app', access: 'write' }, { database: 'lab' }]);
  });

  it('says which grants nobody used', () => {
    expect(review.grants.map(({ number, state, sessions }) => [number, state, sessions])).toEqual([
      [1, 'used', 4 + 1],
      [2, 'unused', 0],
      [3, 'used', 1],
      [4, 'unused', 0],
      [5, 'expired', 0],
      [6, 'used', 1],
      [7, 'used', 1],
    ]);
  });

  it('says what was asked for, who decided, how long, and what ran by it', () => {
    const of = (id: string) => review.elevations.find(({ request }) => request === id)!;
    expect(of('r-elev')).toMatchObject({
      who: 'ada@example.test',
      approvals: [{ who: 'rita@example.test', via: 'cli', self: false }],
      status: 'ended',
      askedMs: 3_600_000,
      grantedMs: 1_800_000,
      used: 1,
    });
    expect(of('r-stmt')).toMatchObject({ kind: 'statement', what: 'to run UPDATE', used: 1 });
    expect(of('r-deny')).toMatchObject({ status: 'denied', approvals: [], grantedMs: null });
    expect(of('r-bg1')).toMatchObject({
      breakGlass: true,
      reviewedBy: null,
      approvals: [{ via: 'break-glass', self: false }],
    });
    expect(of('r-bg2')).toMatchObject({ breakGlass: true, reviewedBy: 'rita@example.test' });
    expect(of('r-self').approvals).toMatchObject([{ who: 'ada@example.test', self: true }]);
  });
});

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, 'oscal_assessment-results_schema.json'), 'utf8'),
) as object;

describe('OSCAL', () => {
  it('is valid by NIST’s schema, and its UUIDs are the same each time', async () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
    ajv.addFormat('uri', (text) => URL.canParse(text));
    ajv.addFormat('uri-reference', (text) => URL.canParse(text, 'https://example.test') && !/[\s<>"]/.test(text));
    ajv.addFormat('email', /^\S+@\S+$/);
    const validate = ajv.compile(schema);
    const first = oscalAssessmentResults(await ask({ framework: 'nist-800-53' }));
    expect(validate(first), JSON.stringify(validate.errors)).toBe(true);
    const uuids = (value: object): string[] =>
      [...JSON.stringify(value).matchAll(/"uuid":"([^"]+)"/g)].map(([, id]) => id!);
    const again = oscalAssessmentResults(await ask({ framework: 'nist-800-53' }));
    expect(uuids(again)).toEqual(uuids(first));
    expect(new Set(uuids(first)).size).toBe(uuids(first).length);
    const other = oscalAssessmentResults(await ask({ framework: 'nist-800-53', until: '2025-10-31T00:00:00.000Z' }));
    expect(uuids(other).some((id) => uuids(first).includes(id))).toBe(false);
    // It says no more than that: nothing is satisfied by us.
    expect(JSON.stringify(first)).not.toMatch(/satisfied/);
    expect(JSON.stringify(first)).toContain('"control-id":"ac-6.9"');
    // And the schema finds what is wrong.
    expect(
      validate({ 'assessment-results': { ...(first as Record<string, object>)['assessment-results'], uuid: 'x' } }),
    ).toBe(false);
  });
});

async function dbgate(args: string[], env: Record<string, string> = {}): Promise<InProcessResult> {
  const entry = COMMANDS.find(({ name }) => name === args[0])!;
  const { writeFileSync } = await import('node:fs');
  const ca = join(dir, 'ca.pem');
  writeFileSync(ca, rig.certificates.ca);
  return runInProcess(await entry.load(), args.slice(1), {
    env: {
      DBGATE_GATEWAY: rig.settings.publicUrl.replace('127.0.0.1', 'localhost'),
      DBGATE_CA_FILE: ca,
      DBGATE_TOKEN: auditor,
      DBGATE_CONFIG_DIR: join(dir, 'config'),
      ...env,
    },
  });
}

const PERIOD = ['--from', MONTH.since, '--to', MONTH.until];

describe('dbgate evidence', () => {
  it('writes reports, proofs and payloads into a new directory that only its owner reads', async () => {
    const out = join(dir, 'nist');
    const { code, stdout, stderr } = await dbgate([
      'evidence',
      '--framework',
      'nist-800-53',
      ...PERIOD,
      '--out',
      out,
      '--json',
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const said = JSON.parse(stdout);
    expect(said.controls).toHaveLength(16);
    expect(readdirSync(out).sort()).toEqual([
      'access-review.html',
      'access-review.json',
      'assessment-results.oscal.json',
      'drata.json',
      'evidence.html',
      'evidence.json',
      'proofs',
      'vanta.json',
    ]);
    expect(said.files).toHaveLength(7 + readdirSync(join(out, 'proofs')).length);
    expect(statSync(join(out, 'evidence.html')).mode & 0o777).toBe(0o600);
    expect(statSync(out).mode & 0o777).toBe(0o700);
    const json = JSON.parse(readFileSync(join(out, 'evidence.json'), 'utf8'));
    expect(json.controls[0].shows[0].samples.length).toBeLessThanOrEqual(5);
    const html = readFileSync(join(out, 'evidence.html'), 'utf8');
    expect(html).not.toMatch(/<script|javascript:|\son\w+=|(href|src)="(?!proofs\/|#)|url\(/i);
    // Every link leads to a file that is there.
    for (const [, file] of html.matchAll(/href="(proofs\/[^"]+)"/g))
      expect(statSync(join(out, file!)).isFile()).toBe(true);
    for (const name of readdirSync(out, { recursive: true }) as string[]) {
      if (!statSync(join(out, name)).isFile()) continue;
      const text = readFileSync(join(out, name), 'utf8');
      expect(text).not.toMatch(/complian|certif/i);
      expect(text).not.toContain('secret-text');
    }
    expect((await dbgate(['evidence', '--framework', 'soc2', ...PERIOD, '--out', out])).code).toBe(2);
  });

  it.runIf(CHROMIUM !== undefined)(
    'opens in a browser without a complaint, and prints to PDF',
    () => {
      for (const name of ['evidence', 'access-review']) {
        const pdf = join(dir, `${name}.pdf`);
        const { stderr, status } = spawnSync(
          CHROMIUM!,
          [
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            '--enable-logging=stderr',
            `--user-data-dir=${join(dir, 'profile')}`,
            `--print-to-pdf=${pdf}`,
            `file://${join(dir, 'nist', `${name}.html`)}`,
          ],
          { encoding: 'utf8', timeout: 240_000 },
        );
        expect(status).toBe(0);
        expect(stderr).not.toMatch(/CONSOLE/);
        expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-');
        expect(statSync(pdf).size).toBeGreaterThan(20_000);
      }
    },
    120_000,
  );

  it('is a table of controls for people; others are refused', async () => {
    const { code, stdout } = await dbgate(['evidence', '--framework', 'soc2', ...PERIOD, '--out', join(dir, 'soc2')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CC6\.2 +\d+ +self_approvals 1, break_glass_unreviewed 1$/m);
    expect(readdirSync(join(dir, 'soc2'))).not.toContain('assessment-results.oscal.json');
    const refused = await dbgate(['evidence', '--framework', 'soc2', ...PERIOD, '--out', join(dir, 'no')], {
      DBGATE_TOKEN: await rig.tokenOf('ada'),
    });
    expect(refused).toMatchObject({ code: 5, stdout: '' });
  });
});

describe('dbgate evidence --push', () => {
  interface Got {
    readonly method: string;
    readonly url: string;
    readonly authorization: string | undefined;
    readonly body: Record<string, unknown>;
  }

  /** Answers with these, one after another, then with 200. */
  async function receiver(answers: readonly number[], use: (url: string, got: Got[]) => Promise<void>): Promise<void> {
    const got: Got[] = [];
    const left = [...answers];
    const server = createServer(async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method, url, headers } = request;
      got.push({
        method: method!,
        url: url!,
        authorization: headers.authorization,
        body: JSON.parse(String(Buffer.concat(chunks))),
      });
      const status = left.shift() ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, got);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  const pushing = (to: string, out: string, env: Record<string, string>) =>
    dbgate(['evidence', '--framework', 'soc2', ...PERIOD, '--out', join(dir, out), '--push', to], env);

  it('sends Vanta the state of a custom resource, again where it was not taken', async () => {
    await receiver([503, 429], async (url, got) => {
      const env = { DBGATE_VANTA_URL: url, DBGATE_VANTA_TOKEN: 'very-secret', DBGATE_VANTA_RESOURCE: 'res-1' };
      const { code, stdout, stderr } = await pushing('vanta', 'vanta', env);
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('7 rows were taken') });
      expect(stdout + stderr).not.toContain('very-secret');
      expect(got).toHaveLength(3);
      expect(got[2]).toMatchObject({
        method: 'PUT',
        url: '/v1/resources/custom_resource',
        authorization: 'Bearer very-secret',
      });
      expect(got[2]!.body).toEqual(JSON.parse(readFileSync(join(dir, 'vanta', 'vanta.json'), 'utf8')));
      expect(got[2]!.body).toMatchObject({
        resourceId: 'res-1',
        resources: expect.arrayContaining([
          {
            displayName: expect.stringMatching(/^CC6\.2 /),
            uniqueId: expect.stringMatching(/^[0-9a-f-]{36}$/),
            externalUrl: expect.stringMatching(/^https:/),
            customProperties: expect.objectContaining({ control: 'CC6.2', gapCount: 2, periodStart: MONTH.since }),
          },
        ]),
      });
    });
  });

  it('sends Drata a record a control', async () => {
    await receiver([], async (url, got) => {
      const env = {
        DBGATE_DRATA_URL: `${url}/public`,
        DBGATE_DRATA_TOKEN: 't',
        DBGATE_DRATA_CONNECTION: '7',
        DBGATE_DRATA_RESOURCE: '8',
      };
      expect((await pushing('drata', 'drata', env)).code).toBe(0);
      expect(got).toHaveLength(7);
      expect(got[0]).toMatchObject({ method: 'POST', url: '/public/custom-connections/7/resources/8/records' });
      expect(got.map(({ body }) => body)).toEqual(JSON.parse(readFileSync(join(dir, 'drata', 'drata.json'), 'utf8')));
    });
  });

  it('gives up at once where it is refused, and follows no redirect with the token', async () => {
    for (const status of [401, 302]) {
      await receiver([status], async (url, got) => {
        const env = { DBGATE_VANTA_URL: url, DBGATE_VANTA_TOKEN: 't', DBGATE_VANTA_RESOURCE: 'r' };
        const { code, stderr } = await pushing('vanta', `refused-${status}`, env);
        expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`answered ${status}`) });
        expect(got).toHaveLength(1);
      });
    }
  });

  it('asks for nothing, and writes nothing, where it is not set up', async () => {
    const good = { DBGATE_VANTA_TOKEN: 't', DBGATE_VANTA_RESOURCE: 'r' };
    for (const env of [{}, { ...good, DBGATE_VANTA_TOKEN: '' }, { ...good, DBGATE_VANTA_URL: 'http://example.test' }]) {
      expect((await pushing('vanta', 'unset', env)).code).toBe(2);
    }
    expect(readdirSync(dir)).not.toContain('unset');
  });
});

describe('dbgate access-review', () => {
  it('is text, JSON, CSV or a page', async () => {
    const text = await dbgate(['access-review', ...PERIOD]);
    expect(text.stdout).toContain('1 self-approvals, 2 uses of break-glass, 1 of them unreviewed');
    expect(text.stdout).toMatch(/^bob@example\.test +dormant/m);
    const json = JSON.parse((await dbgate(['access-review', ...PERIOD, '--json'])).stdout);
    expect(json.summary.dormant).toBe(2);
    const csv = (await dbgate(['access-review', ...PERIOD, '--csv'])).stdout.trimEnd().split('\r\n');
    const width = csv[0]!.split(',').length;
    expect(csv.every((line) => line.split(',').length === width)).toBe(true);
    expect(csv.filter((line) => line.startsWith('ada@example.test'))).toHaveLength(4);
    const html = (await dbgate(['access-review', ...PERIOD, '--html'])).stdout;
    expect(html).toMatch(/^<!doctype html>/);
    expect((await dbgate(['access-review', ...PERIOD, '--html', '--csv'])).code).toBe(2);
  });
});

describe('the words', () => {
  it('never say that a control is met', () => {
    const folder = join(import.meta.dirname, '../../../src/audit/evidence');
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/complian|certified|guarantee/i);
    }
    for (const { question, title } of CONTROLS) expect(question, title).toMatch(/^[A-Z].*\?$/);
  });

  it('of people are escaped', async () => {
    const evidence = await ask();
    const nasty = '<img src=x onerror=alert(1)>"\'&\u202e\u0007';
    const bent = JSON.parse(JSON.stringify(evidence), (key, value) =>
      key === 'who' || key === 'what' || key === 'gateway' ? nasty : value,
    ) as Evidence;
    const html = evidenceHtml(bent);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\ufffd\ufffd');
    expect(Object.keys(evidence.proofs).join()).not.toMatch(/[<>/]/);
  });

  it('of a gateway do not choose where a file goes', async () => {
    const evidence = await ask();
    expect(evidenceAnswer.safeParse(evidence).success).toBe(true);
    for (const name of ['../x.tlog-proof', '/etc/x.tlog-proof', 'a/b.tlog-proof', '.x.tlog-proof', 'x.html']) {
      expect(evidenceAnswer.safeParse({ ...evidence, proofs: { [name]: 'x' } }).success, name).toBe(false);
    }
  });

  it('of every selection are there', () => {
    const used = new Set(CONTROLS.flatMap(({ shows, gaps }) => [...shows, ...gaps]));
    expect((Object.keys(SELECTIONS) as SelectionName[]).filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('what was erased', () => {
  it('is a gap, not an answer', async () => {
    const before = countsOf(await ask({ framework: 'nist-800-53' }));
    const erased = await rig.api(
      'POST',
      '/v1/audit/erase',
      await rig.tokenOf('root', ['admins']),
      { 'content-type': 'application/json' },
      JSON.stringify({ before: Date.parse(MONTH.until), reason: 'test' }),
    );
    expect(erased).toMatchObject({ status: 200 });
    const after = await ask({ framework: 'nist-800-53' });
    // Who approved whose request is in the envelope; that it was break-glass is not.
    expect(countsOf(after)).toMatchObject({
      statements: before.statements,
      sessions: before.sessions,
      sessions_second_factor: before.sessions_second_factor,
      break_glass: 0,
      requests: 7,
      requests_approved: 6,
      self_approvals: 3,
    });
    const gaps = after.controls.find(({ id }) => id === 'AC-2')!.gaps.map(({ name }) => name);
    expect(gaps).toEqual(['self_approvals', 'requests_erased']);
    const { body } = await rig.api('GET', `/v1/access-review?${query()}`, auditor);
    const review = body as AccessReview;
    const states = Object.fromEntries(review.people.map(({ subject, kind, state }) => [`${subject} ${kind}`, state]));
    // A grant names the agent and the service; Ada's newest session was in November, but not before the period's end.
    expect(states).toEqual({
      'ada agent': 'active',
      'ada user': 'unknown',
      'bob user': 'unknown',
      'ci service': 'active',
      'eve user': 'unknown',
      'nina user': 'unknown',
      'root user': 'unknown',
      'walt user': 'unknown',
    });
    expect(review.elevations.map(({ kind }) => kind)).toEqual(Array(7).fill('erased'));
  });
});
