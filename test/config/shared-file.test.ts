import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseGatewayConfig } from '../../src/config/gateway-schema.ts';
import type { SharedSettings } from '../../src/config/gateway-settings.ts';
import { type DemoCertificates, makeCertificates } from '../../src/demo/certificates.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'dbgate-shared-'));
let certificates: DemoCertificates;
beforeAll(async () => {
  certificates = await makeCertificates();
  writeFileSync(path.join(dir, 'key.pem'), certificates.key);
});
afterAll(() => rmSync(dir, { recursive: true }));

function read(shared: unknown, env: Record<string, string> = {}): SharedSettings | undefined {
  const file = {
    public_url: 'https://db.example.com',
    tls: { cert: certificates.cert, key: 'file:key.pem' },
    state_dir: 'state',
    issuers: [{ issuer: 'https://id.example.com', audience: 'dbgate', client_id: 'cli' }],
    databases: { app: { upstream: { host: 'db', user: 'app' } } },
    ...(shared === undefined ? {} : { shared }),
  };
  return parseGatewayConfig(stringify(file), path.join(dir, 'gateway.yaml'), env).settings.shared;
}

it('is off unless it is said', () => {
  expect(read(undefined)).toBeUndefined();
});

it('is read from a reference, verified unless told otherwise', () => {
  const env = { STORE: 'postgres://gate%40way:se%3Acret@store:6432/requests\n' };
  expect(read({ url: 'env:STORE', ca: certificates.ca }, env)).toEqual({
    schema: 'dbgate',
    database: {
      host: 'store',
      port: 6432,
      database: 'requests',
      user: 'gate@way',
      password: 'se:cret',
      tls: { mode: 'verify-full', ca: certificates.ca, cert: undefined, key: undefined },
      connectTimeoutMs: 10_000,
    },
  });
  const plain = read({ url: 'postgres://gateway@[::1]?sslmode=disable', schema: 'eu_1' });
  expect(plain).toMatchObject({ schema: 'eu_1', database: { host: '::1', port: 5432, database: 'gateway' } });
  expect(plain!.database.tls.mode).toBe('disable');
});

it.each([
  ['a password that stands in the file', { url: 'postgres://gateway:secret@store/requests' }, /does not stand in this/],
  ['another scheme', { url: 'mysql://gateway@store/requests' }, /expected postgres:/],
  ['no url', {}, /shared.url/],
  ['a schema that is none', { url: 'postgres://gateway@store', schema: 'x"; DROP' }, /shared.schema/],
  ['a word that there is not', { url: 'postgres://gateway@store', table: 'x' }, /table/],
])('refuses %s', (_what, shared, message) => {
  expect(() => read(shared)).toThrow(message);
  expect(() => read(shared)).not.toThrow(/:secret@/);
});
