import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGatewaySettings, parseGatewayConfig } from '../../src/config/gateway-schema.ts';
import { DbgateError } from '../../src/errors.ts';

let dir: string;
let cert: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-schema-'));
  mkdirSync(join(dir, 'tls'));
  for (const name of ['key', 'other']) {
    execFileSync('openssl', [
      'ecparam',
      '-name',
      'prime256v1',
      '-genkey',
      '-noout',
      '-out',
      join(dir, `tls/${name}.pem`),
    ]);
  }
  const request = ['req', '-x509', '-key', join(dir, 'tls/key.pem'), '-subj', '/CN=db.example.com', '-days', '2'];
  execFileSync('openssl', [...request, '-out', join(dir, 'tls/fullchain.pem')]);
  cert = readFileSync(join(dir, 'tls/fullchain.pem'), 'utf8');
  writeFileSync(join(dir, 'tls/internal-ca.pem'), cert);
  writeFileSync(join(dir, 'password'), 's3cret\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const BASE = `public_url: https://db.example.com
state_dir: state
tls:
  cert: file:tls/fullchain.pem
  key: file:tls/key.pem
issuers:
  - issuer: https://login.example.com
    audience: https://db.example.com
    client_id: cli
databases:
  prod-db:
    upstream:
      host: pg.internal
      user: dbgate
      password: file:password
`;

const parse = (text: string, env = {}) => parseGatewayConfig(text, join(dir, 'gateway.yaml'), env);

/** The fault lines of a refused text, without the folder. */
function faults(text: string, env = {}): string[] {
  try {
    parse(text, env);
  } catch (error) {
    expect(error).toBeInstanceOf(DbgateError);
    expect((error as DbgateError).code).toBe('config');
    return (error as DbgateError).message
      .split('\n')
      .slice(1)
      .map((line) => line.replace(`${dir}/`, ''));
  }
  return [];
}

describe('gateway.yaml', () => {
  it('fills in defaults and reads secrets relative to the file', () => {
    const { settings, files } = parse(BASE);
    expect(settings.gatewayId).toBe('db.example.com');
    expect(settings.publicUrl).toBe('https://db.example.com');
    expect(settings.listen).toEqual({ https: { host: '127.0.0.1', port: 8443 }, postgres: undefined });
    expect(settings.tls.cert).toBe(cert);
    expect(settings.stateDir).toBe(join(dir, 'state'));
    expect(settings.issuers[0]).toMatchObject({ token: 'access', dpop: 'optional', claims: { groups: 'groups' } });
    const database = settings.databases.get('prod-db')!;
    expect(database.environment).toBe('production');
    expect(database.upstream).toEqual({
      host: 'pg.internal',
      port: 5432,
      database: 'prod-db',
      user: 'dbgate',
      password: 's3cret',
      tls: { mode: 'verify-full', ca: undefined, cert: undefined, key: undefined },
      connectTimeoutMs: 10_000,
    });
    expect(settings.audit).toMatchObject({ durability: 'sync', segmentBytes: 64 * 2 ** 20 });
    expect(settings.limits).toEqual({
      maxSessions: 2000,
      maxStatementBytes: 4 * 2 ** 20,
      idleTimeoutMs: 8 * 3_600_000,
      startupTimeoutMs: 30_000,
      databaseTokenTtlMs: 900_000,
    });
    expect(files).toEqual(
      ['gateway.yaml', 'tls/fullchain.pem', 'tls/key.pem', 'password'].map((name) => join(dir, name)),
    );
  });

  it('accepts the example in docs/', () => {
    const text = readFileSync(new URL('../../docs/gateway.example.yaml', import.meta.url), 'utf8');
    const { settings } = parse(text, {
      PROD_DB_PASSWORD: 'x',
      STAGING_DB_URL: 'postgres://me:p%40ss@[::1]:6432/shop?sslmode=require',
    });
    expect(settings.grants.map((grant) => grant.to)).toEqual([
      { group: 'engineering' },
      { group: 'engineering' },
      { user: 'ada@example.com' },
      { agent: 'support-assistant' },
    ]);
    expect(settings.listen.postgres).toEqual({ host: '0.0.0.0', port: 5432 });
    expect(settings.databases.get('staging-db')!.upstream).toMatchObject({
      host: '::1',
      port: 6432,
      database: 'shop',
      user: 'me',
      password: 'p@ss',
      tls: { mode: 'require' },
    });
  });

  it('names every fault at once, with line, key path, what was found and what is allowed', () => {
    const text = BASE.replace('https://db.example.com\nstate', 'http://db.example.com\nstate')
      .replace('client_id: cli', 'client_id: cli\n    dpop: maybe\n    scope: [openid]')
      .replace('host: pg.internal', 'host: pg.internal\n      prot: 5432')
      .concat(
        'limits:\n  idle_timeout: 30\naudit:\n  segment_size: 1KiB\ngrants:\n  - to: {}\n    database: prod-bd\n',
      );
    expect(faults(text)).toEqual([
      'gateway.yaml:1:1: public_url: found "http://db.example.com", expected an https URL without a path, such as "https://db.example.com"',
      'gateway.yaml:10:5: issuers[0].dpop: found "maybe", expected "required", "optional" or "off"',
      'gateway.yaml:11:5: issuers[0].scope: unknown key, did you mean "scopes"? (allowed: issuer, audience, client_id, scopes, token, dpop, claims, ca, allow_insecure)',
      expect.stringMatching(
        /^gateway\.yaml:16:7: databases\.prod-db\.upstream\.prot: unknown key, did you mean "port"\?/,
      ),
      'gateway.yaml:20:3: limits.idle_timeout: found 30, expected a duration up to 7d, such as "30m", or "0s"',
      'gateway.yaml:22:3: audit.segment_size: found "1KiB", expected a size from 1MiB to 1GiB, such as "64MiB"',
      'gateway.yaml:24:5: grants[0].to: expected exactly one of "group", "user", "service", "agent"',
      'gateway.yaml:24:5: grants[0].access: missing; expected "read", "write", "ddl" or "admin"',
      'gateway.yaml:25:5: grants[0].database: no such database "prod-bd", did you mean "prod-db"?',
    ]);
  });

  it.each([
    [
      'a duplicate key',
      BASE.replace('state_dir: state', 'state_dir: state\nstate_dir: b'),
      /:3:1: state_dir: this key stands here twice/,
    ],
    ['an empty file', '', /:1:1: .*missing|found nothing/],
    ['a list', '- 1\n', /found a list/],
    ['a tab', 'a:\n\tb: 1\n', /:2:1: /],
    ['two documents', `${BASE}---\n${BASE}`, /multiple documents/],
    ['a custom tag', BASE.replace('state_dir: state', 'state_dir: !x state'), /unresolved tag/],
    [
      'no databases',
      BASE.replace(/databases:[\s\S]*/, 'databases: {}\n'),
      /databases: found a mapping, expected a mapping with at least one/,
    ],
    ['a URL with a path', BASE.replace('.com\nstate', '.com/x\nstate'), /public_url/],
    [
      'a missing environment variable',
      BASE.replace('file:password', 'env:NOPE'),
      /upstream\.password: the environment variable NOPE is not set/,
    ],
    [
      'a missing file',
      BASE.replace('file:password', 'file:nope'),
      /upstream\.password: cannot read the file .*nope \(ENOENT\)/,
    ],
    [
      'an issuer that is no URL',
      BASE.replace('https://login.example.com', '"?!"'),
      /^gateway\.yaml:\d+:5: issuers\[0\]\.issuer: found "\?!", expected an https URL/,
    ],
    ['an http issuer', BASE.replace('https://login', 'http://login'), /http issuers are accepted on loopback only/],
    [
      'an http loopback issuer without allow_insecure',
      BASE.replace('https://login.example.com', 'http://127.0.0.1:1'),
      /need "?`?allow_insecure/,
    ],
    ['the key of another certificate', BASE.replace('tls/key', 'tls/other'), /:5:3: tls\.key: is not the private key/],
    [
      'a certificate that is none',
      BASE.replace('file:tls/fullchain.pem', 'file:password'),
      /tls\.cert: is not a PEM certificate/,
    ],
    ['a bad database name', BASE.replace('prod-db:', '"a b":'), /not a name/],
    ['url and host', BASE.replace('host: pg', 'url: postgres://a@b/c\n      host: pg'), /stands beside/],
    ['neither url nor host', BASE.replace('host: pg.internal', 'port: 1'), /upstream\.host: missing/],
    [
      'a port too large',
      BASE.replace('host: pg', 'port: 70000\n      host: pg'),
      /found 70000, expected a number from 1 to 65535/,
    ],
    [
      'a grant for two things',
      `${BASE}grants:\n  - {to: {group: a}, database: '*', environment: x, access: read}\n`,
      /exactly one of "?`?database/,
    ],
    [
      'an unknown sslmode',
      BASE.replace('host: pg.internal\n      user: dbgate', 'url: postgres://a@b/c?sslmode=allow'),
      /sslmode must be one of/,
    ],
    [
      'the same issuer twice',
      BASE.replace('databases:', '  - {issuer: https://login.example.com, audience: a, client_id: b}\ndatabases:'),
      /twice/,
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(faults(text).join('\n')).toMatch(expected);
  });

  it('never shows a secret that stands where it must not', () => {
    const texts = [
      BASE.replace('file:password', 'hunter2'),
      BASE.replace('file:password', '[hunter2]'),
      BASE.replace('upstream:', 'upstream: "postgres://u:hunter2@h/d"\n    old:'),
      BASE.replace('host: pg.internal\n      user: dbgate', 'url: postgres://u:hunter2@h/d'),
      BASE.replace('host: pg.internal\n      user: dbgate', 'url: env:URL'),
      BASE.replace('key: file:tls/key.pem', 'key: |\n    -----BEGIN hunter2'),
      BASE.replace('cert: file:tls/fullchain.pem', 'cert: hunter2'),
    ];
    for (const text of texts) {
      const lines = faults(text, { URL: 'mysql://u:hunter2@h' });
      expect(lines.length, text).toBeGreaterThan(0);
      expect(lines.join('\n')).not.toContain('hunter2');
    }
  });

  it('allows http and plain passwords nowhere, but a loopback issuer when told to', () => {
    const text = BASE.replace('https://login.example.com', 'http://127.0.0.1:9000\n    allow_insecure: true');
    expect(parse(text).settings.issuers[0]!.allowInsecure).toBe(true);
  });

  it('says which file cannot be read', () => {
    expect(() => loadGatewaySettings(join(dir, 'none.yaml'), {})).toThrow(/cannot read .*none\.yaml/);
  });
});

describe('masking in gateway.yaml', () => {
  const grants = (...keys: string[]) =>
    `${BASE}grants:\n${keys.map((more) => `  - {to: {group: a}, database: prod-db, access: read, ${more}}\n`).join('')}`;
  const classified = (...lines: string[]) =>
    BASE.replace(
      '    upstream:',
      `    classification:\n${lines.map((line) => `      ${line}\n`).join('')}    upstream:`,
    );
  const CLASSES =
    'email, phone, person_name, postal_address, geo, date_of_birth, national_id, tax_id, ip_address, device_id, username, password_hash, secret, payment_card, bank_account, health, demographic, financial, free_text, photo';
  const MODES = '"partial", "token", "redact", "null" or "none"';

  it('reads grants: one mode, a mapping of classes, null with and without quotes', () => {
    const { settings } = parse(
      grants(
        'mask: token',
        'mask: { email: none, photo: null, other: redact }',
        'mask: null',
        'predicates: none',
        'create: true',
      ),
    );
    expect(settings.grants.map(({ masking }) => masking)).toEqual([
      { mask: 'token', predicates: undefined },
      { mask: 'redact', classes: { email: 'none', photo: 'null' }, predicates: undefined },
      { mask: 'null', predicates: undefined },
      { mask: undefined, predicates: 'none' },
      undefined,
    ]);
  });

  it.each([
    [
      'mask: partail',
      `mask: found "partail", expected ${MODES}, or a mapping of classes to these, such as "{ email: none, other: partial }"; did you mean "partial"?`,
    ],
    [
      'mask: 3',
      `mask: found 3, expected ${MODES}, or a mapping of classes to these, such as "{ email: none, other: partial }"`,
    ],
    [
      'mask: [email]',
      `mask: found a list, expected ${MODES}, or a mapping of classes to these, such as "{ email: none, other: partial }"`,
    ],
    ['mask: { emial: none }', `mask.emial: unknown key, did you mean "email"? (allowed: ${CLASSES}, other)`],
    ['mask: { email: nul }', `mask.email: found "nul", expected ${MODES}; did you mean "null"?`],
    ['predicates: all', 'predicates: found "all", expected "free", "lookup" or "none"'],
  ])('names what is wrong with %s', (key, message) => {
    expect(faults(grants(key))).toEqual([expect.stringMatching(/^gateway\.yaml:17:\d+: grants\[0\]\./)]);
    expect(faults(grants(key))[0]).toContain(`grants[0].${message}`);
  });

  it('reads classes of columns', () => {
    const { settings } = parse(classified('public.users.nickname: none', '"app.Odd Table.mail": email'));
    expect([...settings.databases.get('prod-db')!.classification!]).toEqual([
      ['public.users.nickname', 'none'],
      ['app.Odd Table.mail', 'email'],
    ]);
    expect(parse(BASE).settings.databases.get('prod-db')!.classification).toBeUndefined();
  });

  it.each([
    [
      'public.users.email: emial',
      /found "emial", expected one of "email", "phone", .*"photo", "none"; did you mean "email"\?$/,
    ],
    ['public.users.email: [email]', /found a list, expected one of "email"/],
    [
      'users.email: none',
      /not the name of a column, expected "schema\.table\.column"; did you mean "public\.users\.email"\?$/,
    ],
    ['email: none', /not the name of a column, expected "schema\.table\.column"$/],
  ])('names what is wrong with the class %s', (line, message) => {
    expect(faults(classified(line))).toEqual([expect.stringMatching(message)]);
    expect(faults(classified(line))[0]).toMatch(/^gateway\.yaml:13:7: databases\.prod-db\.classification\./);
  });
});
