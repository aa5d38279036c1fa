import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { auditSection, toAudit } from '../../src/config/audit-file.ts';
import { parsePolicyConfig } from '../../src/config/gateway-schema.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-audit-file-'));
  const pem = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' });
  writeFileSync(join(dir, 'kms.pem'), pem);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const read = (audit: unknown) => {
  const parsed = z.parse(auditSection, audit);
  const at = (path: readonly (string | number)[]): string =>
    path.slice(1).reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], audit) as string;
  return toAudit(parsed, '/etc/dbgate', at, 'gw');
};

describe('audit: in gateway.yaml', () => {
  it('has defaults', () => {
    expect(read({})).toEqual({
      durability: 'sync',
      segmentBytes: 64 << 20,
      tree: { origin: undefined, signer: undefined, witnesses: [] },
    });
  });

  it('gives an archive, a bucket as a witness, and classes that are kept for less long', () => {
    const s3 = { endpoint: 'https://s3.example/', bucket: 'records', access_key: 'env:ID', secret: 'env:KEY' };
    const audit = read({
      archive: { s3: { ...s3, region: 'eu-central-1', prefix: 'a/b/' }, keep_local: '90d' },
      witness: [{ s3: { ...s3, object_lock_days: 365 } }],
      retention: { classes: { health: '30d' } },
    });
    const bucket = { endpoint: 'https://s3.example', bucket: 'records', accessKey: 'env:ID', secretKey: 'env:KEY' };
    expect(audit.archive).toEqual({
      s3: { ...bucket, region: 'eu-central-1', prefix: 'a/b/', objectLockDays: undefined },
      ...{ afterMs: 86_400_000, keepLocalMs: 90 * 86_400_000 },
    });
    expect(audit.tree?.witnesses).toEqual([
      {
        ...{ kind: 's3', name: 's3 1', everyMs: 60_000 },
        s3: { ...bucket, region: 'us-east-1', prefix: 'dbgate/gw/witness/', objectLockDays: 365 },
      },
    ]);
    expect(audit.retention?.classesMs).toEqual({ health: 30 * 86_400_000 });
    for (const prefix of ['/a/', 'a', '../', 'a//b/']) {
      expect(() => read({ archive: { s3: { ...s3, prefix } } })).toThrow();
    }
    expect(() => read({ archive: { s3: { ...s3, secret: 'in the clear' } } })).toThrow();
  });

  it('gives a signer and witnesses with their names, times and paths', () => {
    const { tree } = read({
      origin: 'example.com/dbgate',
      signer: { command: ['kms-sign', 'key'], public_key: 'PEM' },
      witness: [
        { url: 'https://witness.example/w/', key: 'witness.example+00000000+AAAA' },
        { git: 'checkpoints', remote: 'origin', every: '5m' },
        { webhook: 'https://siem.example/hook', secret: 'env:HOOK', name: 'siem' },
        { file: '/mnt/worm/checkpoints' },
      ],
    });
    expect(tree).toEqual({
      origin: 'example.com/dbgate',
      signer: { command: ['kms-sign', 'key'], publicKey: 'PEM' },
      witnesses: [
        {
          kind: 'url',
          name: 'witness.example',
          everyMs: 10_000,
          url: 'https://witness.example/w',
          key: 'witness.example+00000000+AAAA',
        },
        { kind: 'git', name: 'git 2', everyMs: 300_000, directory: '/etc/dbgate/checkpoints', remote: 'origin' },
        { kind: 'webhook', name: 'siem', everyMs: 60_000, url: 'https://siem.example/hook', secret: 'env:HOOK' },
        { kind: 'file', name: 'file 4', everyMs: 10_000, path: '/mnt/worm/checkpoints' },
      ],
    });
  });

  const yaml = (audit: string): string => `public_url: https://db.example
state_dir: state
tls: { cert: file:cert.pem, key: file:key.pem }
issuers: [{ issuer: https://login.example, audience: x, client_id: y }]
databases: { app: { upstream: { host: db.example, user: u } } }
audit: ${audit}
`;

  it.each([
    ['{ witness: [{}] }', /exactly one of "url", "git", "webhook", "file"/],
    ['{ witness: [{ git: x, file: y }] }', /exactly one of/],
    ['{ witness: [{ url: https://w.example }] }', /"url" needs it/],
    ['{ witness: [{ webhook: https://w.example }] }', /"webhook" needs it/],
    ['{ witness: [{ file: x, remote: origin }] }', /is for "git" only/],
    ['{ witness: [{ git: x, key: a+b+c }] }', /is for "url" only/],
    ['{ origin: "two words" }', /without blanks/],
    ['{ signer: { command: [], public_key: file:kms.pem } }', /signer\.command/],
    ['{ signer: { command: [x] } }', /public_key/],
  ])('refuses %s', (audit, message) => {
    expect(() => parsePolicyConfig(yaml(audit), join(dir, 'gateway.yaml'))).toThrow(message);
  });
});
