import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicyConfig } from '../../src/config/gateway-schema.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-policy-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const BASE = `public_url: https://db.example.com
state_dir: state
tls: { cert: file:none.pem, key: file:none.pem }
issuers: [{ issuer: https://login.example.com, audience: a, client_id: cli }]
databases:
  prod-db: { labels: { team: payments }, upstream: { host: pg, user: dbgate, password: env:NOT_SET } }
`;

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}
const load = (main: string, files: Record<string, string> = {}) => {
  write({ ...files, 'gateway.yaml': BASE + main });
  return loadPolicyConfig(join(dir, 'gateway.yaml'));
};
function faults(main: string, files: Record<string, string> = {}): string[] {
  try {
    load(main, files);
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.replaceAll(`${dir}/`, ''));
  }
  return [];
}
const rule = (id: string) => `rules: [{ id: ${id}, match: { class: ddl }, then: deny }]\n`;

describe('include', () => {
  it('brings grants and rules in, in order, relative to the file that says so', () => {
    const { grants, rules, files } = load(
      `include: [policy/*.yaml, one.yaml]\n${rule('main')}grants: [{ to: { group: a }, database: prod-db, access: read }]\n`,
      {
        'policy/b.yaml': rule('b'),
        'policy/a.yaml': `include: deep/c.yaml\n${rule('a')}grants: [{ to: { group: b }, database: '*', access: write }]\n`,
        'policy/deep/c.yaml': rule('c'),
        'policy/not.txt': 'x: y',
        'one.yaml': '',
      },
    );
    expect(rules.map(({ id }) => id)).toEqual(['main', 'a', 'c', 'b']);
    expect(grants.map(({ to }) => to)).toEqual([{ group: 'a' }, { group: 'b' }]);
    expect(files.map((file) => file.replace(`${dir}/`, ''))).toEqual([
      'gateway.yaml',
      'policy/a.yaml',
      'policy/deep/c.yaml',
      'policy/b.yaml',
      'one.yaml',
    ]);
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    [
      'a cycle',
      'include: a.yaml\n',
      { 'a.yaml': 'include: b.yaml\n', 'b.yaml': '\ninclude: a.yaml\n' },
      /^b\.yaml:2:1: include: includes itself: a\.yaml → b\.yaml → a\.yaml$/,
    ],
    ['itself', 'include: gateway.yaml\n', {}, /^gateway\.yaml:7:1: include: includes itself/],
    ['a file twice', 'include: [a.yaml, "*a.yaml"]\n', { 'a.yaml': rule('a') }, /a\.yaml is included twice/],
    [
      'a pattern that matches nothing',
      'include: policy/*.yaml\n',
      {},
      /^gateway\.yaml:7:1: include: no file matches "policy\/\*\.yaml"$/,
    ],
    ['a file that is not there', 'include: none.yaml\n', {}, /cannot read none\.yaml: ENOENT/],
    ['broken YAML', 'include: a.yaml\n', { 'a.yaml': 'rules:\n  - {id: a\n' }, /^a\.yaml:\d+:\d+: /],
    [
      'a key that belongs to gateway.yaml only',
      'include: a.yaml\n',
      { 'a.yaml': 'state_dir: x\n' },
      /^a\.yaml:1:1: state_dir: unknown key \(allowed: include, grants, rules\)$/,
    ],
    [
      'a rule that stands elsewhere too',
      `include: a.yaml\n${rule('same')}`,
      { 'a.yaml': `\n${rule('same')}` },
      /^a\.yaml:2:11: rules\[0\]\.id: the rule "same" stands in .*gateway\.yaml too$/,
    ],
    [
      'an unknown word',
      'include: a.yaml\n',
      { 'a.yaml': 'rules:\n  - id: x\n    match: { finding: drosp }\n    then: deny\n' },
      /^a\.yaml:3:14: rules\[0\]\.match\.finding: unknown word "drosp", did you mean "drops"\? \(allowed: /,
    ],
    [
      'an unknown database',
      'include: a.yaml\n',
      { 'a.yaml': 'grants: [{ to: { group: a }, database: prod-bd, access: read }]\n' },
      /^a\.yaml:1:30: grants\[0\]\.database: no such database "prod-bd", did you mean "prod-db"\?$/,
    ],
  ])('refuses %s', (_, main, files, expected) => {
    const found = faults(main, files);
    expect(
      found.filter((line) => expected.test(line)),
      found.join('\n'),
    ).toHaveLength(1);
  });

  it('tells the faults of all files at once', () => {
    const found = faults(`include: [a.yaml, b.yaml]\n${rule('UPPER')}`, { 'a.yaml': 'x: 1\n', 'b.yaml': 'y: 1\n' });
    expect(found.map((line) => line.split(':')[0])).toEqual(['gateway.yaml', 'a.yaml', 'b.yaml']);
  });
});

describe('a grant', () => {
  const one = (text: string) => load(`grants: [{ to: { group: a }, access: write, ${text} }]\n`).grants[0]!;
  it('may say when, what for and how much', () => {
    expect(
      one(
        'labels: { team: payments }, hours: "Mon-Fri 08:00-18:00 Europe/Berlin", expires: 2026-12-31, purpose: required, limits: { max_sessions: 3, statement_timeout: 30s, lock_timeout: 500ms, idle_timeout: 5m, settings: [Work_Mem], rows_per_statement: 100, bytes_per_day: 2KiB }',
      ),
    ).toEqual({
      to: { group: 'a' },
      database: undefined,
      environment: undefined,
      labels: { team: 'payments' },
      access: 'write',
      create: false,
      hours: ['Mon-Fri 08:00-18:00 Europe/Berlin'],
      expiresAt: Date.parse('2026-12-31T00:00:00Z'),
      purposeRequired: true,
      limits: {
        maxSessions: 3,
        statementTimeoutMs: 30_000,
        lockTimeoutMs: 500,
        idleTimeoutMs: 300_000,
        settings: ['work_mem'],
        egress: { rowsPerStatement: 100, bytesPerDay: 2048 },
      },
    });
    expect(one('database: prod-db, expires: "2026-12-31T18:00:00+01:00"').expiresAt).toBe(
      Date.parse('2026-12-31T17:00:00Z'),
    );
  });

  it('may be for several', () => {
    const { grants } = load('grants: [{ to: [{ group: a }, { user: b }], database: "*", access: read }]\n');
    expect(grants[0]!.to).toEqual([{ group: 'a' }, { user: 'b' }]);
  });

  it.each([
    ['database: prod-db, environment: production', /exactly one of/],
    ['database: prod-db, labels: { team: payments }', /exactly one of/],
    ['labels: {}', /labels: is empty/],
    ['database: prod-db, hours: "office hours"', /hours: is not hours; expected days/],
    ['database: prod-db, expires: 2026-02-30', /expires: found "2026-02-30", expected a date/],
    ['database: prod-db, expires: "2026-12-31T18:00"', /expected a date/],
    ['database: prod-db, purpose: asked', /purpose: found "asked", expected "required"/],
    ['database: prod-db, limits: { rows: 5 }', /limits\.rows: unknown key/],
    ['database: prod-db, limits: { rows_per_statement: 0 }', /rows_per_statement: found 0, expected a number/],
    ['database: prod-db, limits: { bytes_per_day: 5 }', /bytes_per_day: found 5, expected a size/],
    ['database: prod-db, limits: { statement_timeout: 0s }', /statement_timeout: found "0s", expected a duration/],
    ['database: prod-db, limits: { settings: ["a b"] }', /settings\[0\]: found "a b"/],
  ])('is refused with %s', (text, expected) => {
    expect(faults(`grants: [{ to: { group: a }, access: write, ${text} }]\n`).join('\n')).toMatch(expected);
  });

  it.each([
    ['[]', /to: found a list, expected exactly one of/],
    ['[{ group: a }, { grp: b }]', /to\[1\]\.grp: unknown key/],
    ['{ group: a, user: b }', /to: expected exactly one of/],
    ['everybody', /to: found a plain text, expected exactly one of/],
  ])('is refused to %s', (to, expected) => {
    expect(faults(`grants: [{ to: ${to}, database: '*', access: write }]\n`).join('\n')).toMatch(expected);
  });

  it('suggests the word that was meant', () => {
    expect(faults('grants: [{ to: { group: a }, database: "*", access: wirte }]\n').join('\n')).toContain(
      'access: found "wirte", expected "read", "write", "ddl" or "admin"; did you mean "write"?',
    );
  });
});
