import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeExtension, escapeHeader } from '../../../src/audit/export/cef.ts';
import { addressParts } from '../../../src/audit/export/client-address.ts';
import { csvCell, csvLine } from '../../../src/audit/export/csv-line.ts';
import type { ExportedRecord } from '../../../src/audit/export/exported-record.ts';
import { EXPORT_FORMATS } from '../../../src/audit/export/formats.ts';
import { encodeSyslog } from '../../../src/audit/export/syslog.ts';
import { visibleJson } from '../../../src/audit/export/visible-text.ts';
import type { AuditRecord, GatewayEvent, SessionOpen, StatementIntent } from '../../../src/audit/record.ts';
import { expectOcsf } from './check-ocsf.ts';

const AT = '2026-11-21T10:00:00.000Z';
const session: SessionOpen = {
  ...{ v: 2, kind: 'session.open', at: AT, session: 's1', gateway: 'gw', clock: 'synchronised' },
  ...{
    issuer: 'https://idp.test',
    subject: 'u1',
    principalKind: 'agent',
    actors: ['bot'],
    authMethods: ['pwd', 'mfa'],
  },
  ...{ bound: true, via: 'tunnel', database: 'app', environment: 'production', upstreamUser: 'app' },
  policyVersion: 'p1',
  body: {
    ...{ salt: 'x', email: 'ada@example.com', groups: ['dev'], clientAddress: '::ffff:10.1.2.3:5555' },
    ...{ application: 'psql', purpose: 'ticket=1|2' },
  },
};
const intent = (fields: Partial<StatementIntent> = {}): StatementIntent => ({
  ...{ v: 2, kind: 'statement.intent', at: AT, session: 's1', n: 1, protocol: 'simple', fingerprint: 'f00' },
  ...{ command: 'SELECT', class: 'read', relations: ['public.person'], columns: { 'public.person.email': 'email' } },
  ...{ decision: 'mask', rule: undefined, approval: undefined, policyVersion: undefined, binds: 0 },
  body: { salt: 'y', sql: "SELECT email FROM person WHERE a = 'b|c'\n\u001b[31m", hash: 'h' },
  ...fields,
});
const outcome = (fields: object = {}): AuditRecord =>
  ({
    ...{ v: 2, kind: 'statement.outcome', at: AT, session: 's1', n: 1, rows: 3, bytes: 40, ms: 1.5, masked: 3 },
    sqlstate: undefined,
    ...fields,
  }) as AuditRecord;
const of = (record: AuditRecord, more: Partial<ExportedRecord> = {}): ExportedRecord => ({
  ...{ gateway: 'gw', position: 7, record, session },
  ...more,
});
const encode = (format: string, one: ExportedRecord) => EXPORT_FORMATS[format]!('1.2.3').encode(one);
const ocsf = (one: ExportedRecord) => JSON.parse(encode('ocsf', one)!);

const event = (kind: GatewayEvent['kind'], more: Partial<GatewayEvent> = {}): GatewayEvent => ({
  ...{ v: 2, kind, at: AT, gateway: 'gw', by: 'https://idp.test|root@example.com', database: undefined },
  ...{ detail: { subject: 'u9' }, body: { salt: 'z' } },
  ...more,
});
const request = (type: string): AuditRecord =>
  ({
    ...{ v: 2, kind: 'request.event', at: AT, gateway: 'gw', request: 'r-1', type, by: undefined, database: 'app' },
    body: 'sha256:erased',
  }) as unknown as AuditRecord;
const refused: AuditRecord = {
  ...{ v: 2, kind: 'connect.refused', at: AT, gateway: 'gw', subject: undefined, database: 'app', code: 'denied' },
  body: { salt: 'q', email: undefined, clientAddress: '[::1]:1', reason: 'no grant' },
};
const closed: AuditRecord = {
  ...{ v: 2, kind: 'session.close', at: AT, session: 's1', reason: 'client', statements: 2, denied: 0 },
};
const owned: AuditRecord = {
  ...{
    v: 2,
    kind: 'object.created',
    at: AT,
    database: 'app',
    principal: 'i|u',
    catalog: 'pg_class',
    oid: 1,
    name: 't',
  },
};

const KINDS: GatewayEvent['kind'][] = [
  ...(['gateway.started', 'gateway.stopped', 'identity.login', 'identity.revoked', 'callback.refused'] as const),
  ...(['policy.changed', 'classification.changed', 'history.read', 'audit.exported', 'audit.erased'] as const),
  ...(['audit.archived', 'audit.key_rotated', 'audit.rewrite_accepted', 'audit.retired', 'audit.reindexed'] as const),
];
const EVERYTHING: ExportedRecord[] = [
  of(session),
  of(closed),
  of(closed, { session: undefined }),
  of(refused, { session: undefined }),
  of(owned, { session: undefined }),
  ...KINDS.map((kind) => of(event(kind), { session: undefined })),
  of(event('gateway.started', { by: undefined, body: 'sha256:x' }), { session: undefined }),
  ...['requested', 'approved', 'denied', 'ended', 'revoked', 'used', 'joined'].map((type) =>
    of(request(type), { session: undefined }),
  ),
  of(outcome(), { intent: intent() }),
  of(outcome({ sqlstate: '42501' }), { intent: intent({ decision: 'deny', rule: 'production.x' }) }),
  of(outcome({ fate: 'may_have_run' }), { intent: intent({ command: 'INSERT' }) }),
  of(outcome(), { intent: intent({ command: 'VACUUM', relations: [], columns: {}, body: 'sha256:e' }) }),
  // Everything that it is of is gone.
  of(outcome(), { session: undefined, intent: undefined }),
];

describe('OCSF', () => {
  it.each(EVERYTHING.map((one, i) => [`${one.record.kind} ${i}`, one] as const))(
    '%s is as its class has it',
    (_, one) => {
      expectOcsf(ocsf(one));
    },
  );

  it('says who did what to what from where, and what became of it', () => {
    const said = ocsf(of(outcome({ maskedBy: { email: 3 } }), { intent: intent() }));
    expect(said).toMatchObject({
      ...{ class_uid: 6005, activity_id: 4, type_uid: 600504, status_id: 1, severity_id: 1, duration: 2 },
      metadata: { uid: 's1.1', sequence: 7, log_name: 'gw', product: { name: 'dbgate', version: '1.2.3' } },
      actor: {
        user: { uid: 'u1', name: 'ada@example.com', email_addr: 'ada@example.com', groups: [{ name: 'dev' }] },
        session: { uid: 's1', issuer: 'https://idp.test' },
        invoked_by: 'bot',
      },
      src_endpoint: { ip: '10.1.2.3', port: 5555, svc_name: 'psql' },
      database: { name: 'app' },
      table: { name: 'public.person' },
      unmapped: { decision: 'mask', rows: 3, masked_by: { email: 3 }, purpose: 'ticket=1|2' },
    });
  });

  it('tells what was refused, what failed and what nobody knows', () => {
    const denied = ocsf(of(outcome({ sqlstate: '42501' }), { intent: intent({ decision: 'deny', rule: 'r' }) }));
    expect(denied).toMatchObject({ status_id: 2, action_id: 2, disposition_id: 2, severity_id: 3, status_detail: 'r' });
    expect(ocsf(of(outcome({ sqlstate: '23505' }), { intent: intent() }))).toMatchObject({
      status_id: 2,
      action_id: 1,
    });
    expect(ocsf(of(outcome({ fate: 'may_have_run' }), { intent: intent() }))).toMatchObject({ status_id: 0 });
    expect(ocsf(of(outcome({ fate: 'rolled_back' }), { intent: intent() }))).toMatchObject({ status_id: 2 });
  });

  it('cuts what is longer than the schema takes, and says how long a statement was', () => {
    const long = `SELECT '${'\u{1f600}'.repeat(40_000)}'`;
    const opened = session.body as Exclude<SessionOpen['body'], string>;
    const wordy: SessionOpen = { ...session, body: { ...opened, application: long, groups: [long] } };
    const body = { salt: 'y', sql: long, hash: 'h' };
    for (const one of [of(outcome(), { intent: intent({ body }), session: wordy }), of(wordy, { session: wordy })]) {
      const event = ocsf(one);
      expectOcsf(event);
      expect(event.actor.user.groups[0].name).toHaveLength(65_535);
      if (event.class_uid !== 6005) continue;
      expect(event.query_info.query_string).toHaveLength(65_535);
      expect(event.unmapped.sql_characters).toBe(long.length);
    }
  });

  it('gives each statement one event', () => {
    for (const format of ['ocsf', 'csv', 'cef']) expect(encode(format, of(intent()))).toBeUndefined();
    expect(encode('jsonl', of(intent()))).toContain('"statement.intent"');
  });
});

describe('every format', () => {
  it('gives one line without control characters for each record', () => {
    for (const format of Object.keys(EXPORT_FORMATS)) {
      for (const one of EVERYTHING) {
        const line = encode(format, one)!;
        // Line breaks stand in CSV between quotes.
        const text = format === 'csv' ? line.replace(/"(?:[^"]|"")*"/g, '') : line;
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
        expect(line).not.toContain('\u001b');
      }
    }
  });
});

describe('CSV', () => {
  it('has a cell for each column of its header', () => {
    const columns = EXPORT_FORMATS.csv!('1').header!.split(',').length;
    for (const one of EVERYTHING) expect(parseCsv(encode('csv', one)!)).toHaveLength(columns);
  });

  it('is never a formula', () => {
    for (const text of ['=1+1', '+1', '-1', '@x', '\t=1', ' =1', '\n=1', '\r-1', '＝1', '"=1']) {
      const cell = parseCsv(csvLine([text]).slice(0, -2))[0]!;
      expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
    }
    expect(csvCell(-1)).toBe('-1');
  });

  it('comes back as it was', () => {
    const cells = fc.array(fc.string({ unit: fc.constantFrom(...',"\n\r\t=+-@\' aé＝') }), { minLength: 1 });
    fc.assert(
      fc.property(cells, (texts) => {
        const back = parseCsv(csvLine(texts).slice(0, -2)).map((text) => text.replace(/^'(?=[\s=+\-@＝＋－＠])/, ''));
        expect(back).toEqual(texts.map((text) => text.replace(/^'(?=[\s=+\-@＝＋－＠])/, '')));
      }),
    );
  });
});

function parseCsv(line: string): string[] {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|$)/y;
  for (;;) {
    const match = cell.exec(line);
    if (match === null) throw new Error(`no CSV at ${cell.lastIndex}: ${line}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === '') return cells;
  }
}

const hostile = fc.string({ unit: fc.constantFrom(...'=|\\\n\r\t ax\u0000\u0085\u2028') });

describe('CEF', () => {
  it('cannot be made to say more by what a statement or a purpose holds', () => {
    fc.assert(
      fc.property(hostile, hostile, (header, value) => {
        const line = `CEF:0|${escapeHeader(header)}|x|k=${escapeExtension(value)}`;
        expect(line.split(/(?<!\\)(?:\\\\)*\|/).length).toBeGreaterThanOrEqual(3);
        expect(escapeHeader(header)).not.toMatch(/(?<!\\)(?:\\\\)*\|/);
        expect(escapeExtension(value)).not.toMatch(/(?<!\\)(?:\\\\)*=/);
        expect(line).not.toMatch(/[\r\n\u0000-\u001f]/);
      }),
    );
  });

  it('is a line as ArcSight reads it', () => {
    expect(encode('cef', of(outcome(), { intent: intent() }))).toMatch(
      /^CEF:0\|dbgate\|dbgate\|1\.2\.3\|statement\.outcome\|statement\.outcome SELECT\|2\|rt=\d+ externalId=s1\.1 act=mask outcome=success .*src=10\.1\.2\.3 .*spt=5555 .*cs1=SELECT email FROM person WHERE a \\= 'b\|c'\\n\\u001b\[31m cs1Label=sql .*cs6=ticket\\=1\|2/,
    );
  });
});

describe('syslog', () => {
  it('counts octets, not characters', () => {
    const bytes = encodeSyslog({ at: AT, severity: 'medium', host: 'gw 1', kind: 'connect.refused', text: 'ä' });
    const [, length] = /^(\d+) /.exec(bytes.toString())!;
    const message = bytes.subarray(length!.length + 1);
    expect(message).toHaveLength(Number(length));
    expect(message.toString()).toBe(`<108>1 ${AT} gw_1 dbgate - connect.refused - \ufeffä`);
  });
});

it('addresses are told apart from their ports', () => {
  expect(addressParts('10.0.0.1:99')).toEqual({ ip: '10.0.0.1', port: 99 });
  expect(addressParts('::1:99')).toEqual({ ip: '::1', port: 99 });
  expect(addressParts('[fe80::1]:99')).toEqual({ ip: 'fe80::1', port: 99 });
  expect(addressParts('?:0')).toEqual({});
  expect(addressParts(undefined)).toEqual({});
});

it('escaped JSON means the same', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const wellFormed = text.toWellFormed();
      expect(JSON.parse(visibleJson({ a: wellFormed }))).toEqual({ a: wellFormed });
    }),
  );
});
