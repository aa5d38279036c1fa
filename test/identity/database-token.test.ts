import { chmod, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabaseTokens } from '../../src/identity/database-token.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { createVerifier } from '../../src/identity/verifier.ts';
import { type OidcFixture, startOidc } from '../support/oidc.ts';

const principal: Principal = {
  kind: 'agent',
  issuer: 'https://idp.test',
  subject: 'u-1',
  email: 'dev@example.test',
  name: undefined,
  groups: ['developers', 'on call'],
  actor: 'agent-7',
  actors: ['agent-7', 'older'],
  expiresAt: 0,
  authMethods: ['otp'],
  jkt: 'x'.repeat(43),
};

describe('database tokens', () => {
  let stateDir: string;
  let oidc: OidcFixture;
  let now = Date.now();
  const open = (gatewayId = 'gw') => openDatabaseTokens({ stateDir, gatewayId, now: () => now });
  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
    oidc = await startOidc();
  });
  afterAll(async () => {
    await oidc.stop();
    await rm(stateDir, { recursive: true });
  });

  it('bring the principal back, for their own time and bound to no key', async () => {
    const { token, expiresAt } = await (await open()).mint(principal, 'prod', 60_000);
    // Another start of the same gateway, with the stored key.
    expect(await (await open()).verify(token, 'prod')).toEqual({ ...principal, expiresAt, jkt: undefined });
    expect(expiresAt - now).toBeGreaterThan(58_000);
  });

  it('are good for one database, one gateway and until they end', async () => {
    const tokens = await open();
    const { token } = await tokens.mint(principal, 'prod', 60_000);
    await expect(tokens.verify(token, 'staging')).rejects.toMatchObject({
      code: 'token_invalid',
      message: /another database/,
    });
    await expect((await open('gw2')).verify(token, 'prod')).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(tokens.verify(`${token.slice(0, -4)}AAAA`, 'prod')).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(tokens.verify('password', 'prod')).rejects.toMatchObject({ code: 'token_invalid' });
    now += 61_000;
    await expect(tokens.verify(token, 'prod')).rejects.toMatchObject({ message: /expired/ });
  });

  it('are refused by the HTTP API, and access tokens are no database tokens', async () => {
    const tokens = await open();
    const { token } = await tokens.mint({ ...principal, issuer: oidc.issuer }, 'prod', 60_000);
    const verifier = createVerifier({ issuers: [oidc.settings], publicUrl: 'https://gw.test', now: () => now });
    const request = { authorization: `Bearer ${token}`, dpop: undefined, method: 'GET', url: '/' };
    await expect(verifier.verify(request)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(tokens.verify(await oidc.sign(oidc.claims()), 'prod')).rejects.toMatchObject({
      code: 'token_invalid',
    });
  });

  it('have a key that only the owner can read; another is refused', async () => {
    await open();
    const path = join(stateDir, 'database-token.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o640);
    await expect(open()).rejects.toMatchObject({ code: 'config', message: /may be read by others/ });
    await chmod(path, 0o600);
    await truncate(path, 31);
    await expect(open()).rejects.toMatchObject({ code: 'config', message: /31 bytes/ });
    await rm(path);
  });

  it('made by two gateways that start at once share one key', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const { token } = await one.mint(principal, 'prod', 60_000);
    expect((await two.verify(token, 'prod')).subject).toBe('u-1');
  });
});
