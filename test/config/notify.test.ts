/** `notify:` and `web:` of gateway.yaml: what is read, and every fault with its place and without a secret. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubtsAbout } from '../../src/approvals/notify/check-target.ts';
import { parseGatewayConfig } from '../../src/config/gateway-schema.ts';
import { makeCertificates } from '../../src/demo/certificates.ts';

const SECRET = `whsec_${'A'.repeat(40)}`;
const ENV = {
  HOOK: SECRET,
  SHORT: 'whsec_AAAA',
  CHAT: 'https://hooks.slack.example/services/T0/B0/very-secret-path',
  FLOW: 'https://flows.example/very-secret-path',
  SIGNING: 'very-secret-signing',
  MAIL: 'smtps://user:very-secret@mail.example:465',
  CLEAR: 'http://hooks.example/very-secret-path',
};

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-notify-'));
  const { cert, key } = await makeCertificates();
  writeFileSync(join(dir, 'cert.pem'), cert);
  writeFileSync(join(dir, 'key.pem'), key);
  writeFileSync(join(dir, 'hook'), `${SECRET}\n`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const BASE = `public_url: https://db.example.com
state_dir: state
tls: { cert: file:cert.pem, key: file:key.pem }
issuers:
  - { issuer: https://login.example.com, audience: https://db.example.com, client_id: cli }
databases:
  prod-db:
    upstream: { host: pg.internal, user: dbgate }
`;

const parse = (text: string) => parseGatewayConfig(BASE + text, join(dir, 'gateway.yaml'), ENV).settings;

function fault(text: string): string {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message.replaceAll(`${dir}/`, '');
  }
  throw new Error('it was taken');
}

it('reads all kinds, with their secrets', () => {
  const { notify, web } = parse(`notify:
  ops: { kind: webhook, url: "https://hooks.example/ops", secret: file:hook, events: [requested, approved] }
  okta: { kind: external, url: "http://127.0.0.1:9/okta", secret: env:HOOK }
  chat: { kind: slack, url: env:CHAT, signing_secret: env:SIGNING, people: { U1: ada@example.com } }
  flow: { kind: teams, url: env:FLOW }
  dba: { kind: mail, server: env:MAIL, from: dbgate@example.com, to: [dba@example.com] }
web: { issuer: https://login.example.com, client_id: dbgate-web, client_secret: env:SIGNING }
`);
  expect(notify).toEqual([
    {
      name: 'ops',
      kind: 'webhook',
      url: 'https://hooks.example/ops',
      secret: SECRET,
      events: ['requested', 'approved'],
    },
    { name: 'okta', kind: 'external', url: 'http://127.0.0.1:9/okta', secret: SECRET, events: undefined },
    {
      name: 'chat',
      kind: 'slack',
      url: ENV.CHAT,
      signingSecret: ENV.SIGNING,
      people: { U1: 'ada@example.com' },
      events: undefined,
    },
    { name: 'flow', kind: 'teams', url: ENV.FLOW, events: undefined },
    {
      name: 'dba',
      kind: 'mail',
      server: ENV.MAIL,
      from: 'dbgate@example.com',
      to: ['dba@example.com'],
      events: undefined,
    },
  ]);
  expect(web).toEqual({ issuer: 'https://login.example.com', clientId: 'dbgate-web', clientSecret: ENV.SIGNING });
});

it('has neither without them', () => {
  expect(parse('')).toMatchObject({ notify: [], web: undefined });
});

describe('faults', () => {
  it.each([
    ['ops: { kind: webhook, url: "https://h.example" }', 'notify.ops.secret: missing'],
    [
      'ops: { kind: webhook, url: "http://h.example", secret: env:HOOK }',
      'notify.ops.url: is an http URL, which is for loopback only',
    ],
    ['ops: { kind: webhook, url: "http://127.0.0.1.evil.example", secret: env:HOOK }', 'for loopback only'],
    ['ops: { kind: webhook, url: env:CLEAR, secret: env:HOOK }', 'for loopback only'],
    ['ops: { kind: webhook, url: "https://u:very-secret@h.example", secret: env:HOOK }', 'has a user or password'],
    ['ops: { kind: webhook, url: "file:///etc/passwd", secret: env:HOOK }', 'notify.ops.url:'],
    ['ops: { kind: webhook, url: "gopher://h.example", secret: env:HOOK }', 'is not an https URL'],
    [
      'ops: { kind: webhook, url: "https://h.example", secret: whsec_very-secret }',
      'a secret does not stand in this file',
    ],
    ['ops: { kind: webhook, url: "https://h.example", secret: env:SHORT }', 'has 3 bytes, expected 24 or more'],
    ['ops: { kind: webhook, url: "https://h.example", secret: env:SIGNING }', 'is no secret of Standard Webhooks'],
    ['ops: { kind: webhook, url: "https://h.example", secret: env:NONE }', 'NONE is not set'],
    [
      'ops: { kind: slack, url: "https://hooks.slack.example/very-secret" }',
      'is a secret and does not stand in this file',
    ],
    ['ops: { kind: slack, url: env:CHAT, people: { U1: ada } }', 'needs "signing_secret"'],
    ['ops: { kind: teams, url: env:FLOW, secret: env:HOOK }', 'notify.ops.secret: is not for "kind: teams"'],
    [
      'ops: { kind: mail, server: "smtps://u:very-secret@h", from: a@b, to: [a@b] }',
      'a password does not stand in this file',
    ],
    ['ops: { kind: mail, server: "https://h", from: a@b, to: [a@b] }', 'expected smtps://'],
    ['ops: { kind: mail, server: "smtps://h", from: "a@b\\r\\nBcc: x@y", to: [a@b] }', 'notify.ops.from'],
    ['ops: { kind: mail, server: "smtps://h", from: a@b, to: ["a@b, c@d"] }', 'notify.ops.to'],
    ['ops: { kind: pager, url: env:CHAT }', 'notify.ops.kind'],
    ['ops: { kind: teams, url: env:FLOW, events: [asked] }', 'notify.ops.events'],
    ['"a/b": { kind: teams, url: env:FLOW }', 'notify'],
  ])('%s', (target, message) => {
    const said = fault(`notify:\n  ${target}\n`);
    expect(said).toContain(message);
    expect(said).toMatch(/gateway\.yaml:\d+:\d+/);
    expect(said).not.toContain('very-secret');
  });

  it('the page’s issuer is one of the gateway’s', () => {
    expect(fault('web: { issuer: https://other.example, client_id: x }\n')).toContain('web.issuer: is none of');
  });
});

it('says what may not work as it was meant', () => {
  const { notify = [], web } = parse(`notify:
  okta: { kind: external, url: "https://okta.example", secret: env:HOOK, events: [denied] }
  chat: { kind: slack, url: env:CHAT, signing_secret: env:SIGNING }
`);
  const doubts = doubtsAbout(notify, web !== undefined).join('\n');
  for (const word of ['never asked', 'nobody is in "people"', 'no "web"']) expect(doubts).toContain(word);
});
