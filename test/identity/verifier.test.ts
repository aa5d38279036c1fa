import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuerSettings } from '../../src/config/gateway-settings.ts';
import { createRevocations } from '../../src/identity/revocation.ts';
import { createProofReplayCache, createVerifier, type Verifier } from '../../src/identity/verifier.ts';
import { createProofKey, type ProofKey } from '../../src/login/dpop-key.ts';
import { type OidcFixture, startOidc } from '../support/oidc.ts';

const publicUrl = 'https://gateway.test';
let oidc: OidcFixture;
let verifier: Verifier;
let now = Date.now();

beforeAll(async () => {
  oidc = await startOidc();
  verifier = createVerifier({ issuers: [oidc.settings], publicUrl, now: () => now });
});
afterAll(() => oidc.stop());

function bearer(token: string, by: Verifier = verifier) {
  now = Date.now();
  return by.verify({ authorization: `Bearer ${token}`, dpop: undefined, method: 'GET', url: '/v1/whoami' });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
  return 'accepted';
}

function verifierFor(changes: Partial<IssuerSettings>): Verifier {
  return createVerifier({ issuers: [{ ...oidc.settings, ...changes }], publicUrl, now: () => now });
}

describe('a proper access token', () => {
  it('makes the principal', async () => {
    const claims = oidc.claims({ acr: 'high', amr: ['pwd', 'otp'] });
    expect(await bearer(await oidc.sign(claims))).toEqual({
      kind: 'user',
      issuer: oidc.issuer,
      subject: 'u-1',
      email: 'dev@example.test',
      name: 'Dev',
      groups: ['developers'],
      actor: undefined,
      expiresAt: (claims.exp as number) * 1000,
      authMethods: ['high', 'pwd', 'otp'],
      jkt: undefined,
    });
  });

  it('is an agent with act, a service when its subject is the client', async () => {
    const agent = await bearer(await oidc.sign(oidc.claims({ act: { sub: 'agent-7', act: { sub: 'older' } } })));
    expect([agent.kind, agent.actor, agent.subject]).toEqual(['agent', 'agent-7', 'u-1']);
    expect(agent.actors).toEqual(['agent-7', 'older']);
    const service = await bearer(await oidc.sign(oidc.claims({ sub: 'ci', client_id: 'ci', email: undefined })));
    expect(service.kind).toBe('service');
  });

  it('is accepted 29 s after its end and from 29 s before its beginning, not beyond 30', async () => {
    const at = Math.floor(Date.now() / 1000);
    await bearer(await oidc.sign(oidc.claims({ exp: at - 28 })));
    await bearer(await oidc.sign(oidc.claims({ nbf: at + 28 })));
    await bearer(await oidc.sign(oidc.claims({ iat: at + 28 })));
    expect(await refusal(bearer(await oidc.sign(oidc.claims({ nbf: at + 32 }))))).toContain('not yet valid');
    expect(await refusal(bearer(await oidc.sign(oidc.claims({ iat: at + 32 }))))).toContain('not yet valid');
  });

  it('is remembered until it ends and not a moment longer', async () => {
    const token = await oidc.sign(oidc.claims({ exp: Math.floor(Date.now() / 1000) + 60 }));
    await bearer(token);
    now += 120_000;
    const later = verifier.verify({ authorization: `Bearer ${token}`, dpop: undefined, method: 'GET', url: '/' });
    expect(await refusal(later)).toBe('token_invalid: token refused: expired');
  });

  it('does not pass for another token of the same length once remembered', async () => {
    const token = await oidc.sign(oidc.claims());
    await bearer(token);
    const flipped = token.slice(0, -3) + (token.at(-3) === 'A' ? 'B' : 'A') + token.slice(-2);
    expect(await refusal(bearer(flipped))).toContain('signature does not match');
  });
});

describe('a token that must be refused', () => {
  const cases: [string, (claims: JWTPayload) => Promise<string> | string, string][] = [
    ['expired', (c) => oidc.sign({ ...c, exp: (c.iat as number) - 31 }), 'token refused: expired'],
    ['without exp', (c) => oidc.sign({ ...c, exp: undefined as never }), 'exp is missing'],
    ['without sub', (c) => oidc.sign({ ...c, sub: undefined as never }), 'sub is missing'],
    ['for another audience', (c) => oidc.sign({ ...c, aud: 'https://other.test' }), 'wrong audience'],
    ['for no audience', (c) => oidc.sign({ ...c, aud: undefined as never }), 'wrong audience'],
    ['of an unknown issuer', (c) => oidc.sign({ ...c, iss: 'https://evil.test' }), 'unknown issuer'],
    ['of an issuer that only looks like it', (c) => oidc.sign({ ...c, iss: `${oidc.issuer}/` }), 'unknown issuer'],
    ['unsigned', (c) => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(c)}.`, 'it is not signed'],
    ['unsigned, alg None', (c) => `${part({ alg: 'None', typ: 'at+jwt' })}.${part(c)}.`, 'algorithm is not allowed'],
    ['signed HS256 with the public key as secret', hs256WithPublicKey, 'algorithm is not allowed'],
    ['signed by another key under our kid', foreignKey, 'signature does not match'],
    [
      'with a critical extension',
      (c) => oidc.sign(c, { crit: ['urn:unknown'], 'urn:unknown': true }),
      'signature cannot be checked',
    ],
    ['an ID token', (c) => oidc.sign({ ...c, aud: oidc.audience }, { typ: 'JWT' }), 'typ is not at+jwt'],
    ['a logout token', (c) => oidc.sign(c, { typ: 'logout+jwt' }), 'typ is not at+jwt'],
    ['no JWT', () => 'opaque', 'not a JSON Web Token'],
    ['bound to a certificate', (c) => oidc.sign({ ...c, cnf: { 'x5t#S256': 'a' } }), 'not supported'],
    ['with an actor that is not named', (c) => oidc.sign({ ...c, act: {} }), 'act names no actor'],
    ['with control characters in sub', (c) => oidc.sign({ ...c, sub: 'a\u001b[2J' }), 'sub has control characters'],
    ['with control characters in a group', (c) => oidc.sign({ ...c, groups: ['a\nb'] }), 'control characters'],
    [
      'with 501 groups',
      (c) => oidc.sign({ ...c, groups: Array.from({ length: 501 }, (_, i) => `g${i}`) }),
      'at most 500',
    ],
    ['with a group that is no string', (c) => oidc.sign({ ...c, groups: [{}] }), 'not a string'],
  ];
  for (const [what, make, expected] of cases) {
    it(what, async () => {
      const token = await make(oidc.claims());
      const text = await refusal(bearer(token));
      expect(text).toMatch(/^token_invalid: /);
      expect(text).toContain(expected);
      expect(text).not.toContain(token);
    });
  }

  it('none at all is login_required, another scheme is not looked at', async () => {
    const none = verifier.verify({ authorization: undefined, dpop: undefined, method: 'GET', url: '/' });
    expect(await refusal(none)).toMatch(/^login_required/);
    const basic = verifier.verify({ authorization: 'Basic YTpi', dpop: undefined, method: 'GET', url: '/' });
    expect(await refusal(basic)).toMatch(/^token_invalid/);
    const two = verifier.verify({ authorization: 'Bearer a.b.c, Bearer d', dpop: undefined, method: 'GET', url: '/' });
    expect(await refusal(two)).toMatch(/^token_invalid/);
  });

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  async function hs256WithPublicKey(claims: JWTPayload): Promise<string> {
    const key = await importJWK(await oidc.publicJwk(), 'ES256', { extractable: true });
    const secret = await exportSPKI(key as CryptoKey);
    const input = `${part({ alg: 'HS256', typ: 'at+jwt', kid: (await oidc.publicJwk()).kid })}.${part(claims)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }

  async function foreignKey(claims: JWTPayload): Promise<string> {
    const { privateKey } = await generateKeyPair('ES256');
    const { kid } = (await oidc.publicJwk()) as { kid: string };
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey);
  }
});

describe('issuers', () => {
  it('reads groups and email from the configured paths', async () => {
    const nested = verifierFor({ claims: { email: 'who.mail', name: 'name', groups: 'realm_access.roles' } });
    const principal = await bearer(
      await oidc.sign(oidc.claims({ who: { mail: 'x@y.test' }, realm_access: { roles: ['a', 'b', 'a'] } })),
      nested,
    );
    expect([principal.email, principal.groups]).toEqual(['x@y.test', ['a', 'b']]);
    const url = verifierFor({ claims: { email: 'email', name: 'name', groups: 'https://x.test/groups' } });
    expect((await bearer(await oidc.sign(oidc.claims({ 'https://x.test/groups': 'a b' })), url)).groups).toEqual([
      'a',
      'b',
    ]);
    const proto = verifierFor({ claims: { email: 'email', name: 'name', groups: 'constructor.name' } });
    expect((await bearer(await oidc.sign(oidc.claims()), proto)).groups).toEqual([]);
  });

  it('an email that is not verified counts for nothing', async () => {
    for (const email_verified of [false, 'false']) {
      expect((await bearer(await oidc.sign(oidc.claims({ email_verified })))).email).toBeUndefined();
    }
    expect((await bearer(await oidc.sign(oidc.claims({ email_verified: true })))).email).toBe('dev@example.test');
  });

  it('in ID-token mode the audience is the client, and an access token does not pass', async () => {
    const byId = verifierFor({ token: 'id' });
    const claims = oidc.claims({ aud: oidc.clientId });
    expect((await bearer(await oidc.sign(claims, { typ: 'JWT' }), byId)).subject).toBe('u-1');
    expect(await refusal(bearer(await oidc.sign(claims), byId))).toContain('not an ID token');
    expect(await refusal(bearer(await oidc.sign(oidc.claims(), { typ: 'JWT' }), byId))).toContain('wrong audience');
    const two = oidc.claims({ aud: [oidc.clientId, 'other'] });
    expect(await refusal(bearer(await oidc.sign(two, { typ: 'JWT' }), byId))).toContain('wrong audience');
    const azp = oidc.claims({ aud: oidc.clientId, azp: 'other' });
    expect(await refusal(bearer(await oidc.sign(azp, { typ: 'JWT' }), byId))).toContain('another client');
    const logout = oidc.claims({ aud: oidc.clientId, events: {} });
    expect(await refusal(bearer(await oidc.sign(logout, { typ: 'JWT' }), byId))).toContain('not an ID token');
  });

  it('one issuer cannot speak for another', async () => {
    const other = await startOidc();
    try {
      const both = createVerifier({ issuers: [oidc.settings, other.settings], publicUrl, now: () => now });
      const token = await other.sign({ ...oidc.claims(), iss: oidc.issuer });
      expect(await refusal(bearer(token, both))).toContain('signature: its key is not one of the issuer');
    } finally {
      await other.stop();
    }
  });

  it('whose metadata names another issuer is not used', async () => {
    const fake = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ issuer: oidc.issuer, jwks_uri: `${oidc.issuer}/jwks` }));
    });
    await new Promise<void>((done) => fake.listen(0, '127.0.0.1', done));
    const issuer = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
    const mixedUp = verifierFor({ issuer });
    const token = await oidc.sign(oidc.claims({ iss: issuer }));
    expect(await refusal(bearer(token, mixedUp))).toMatch(/^upstream_unavailable/);
    fake.close();
  });

  it('over http only on loopback and when allowed', () => {
    expect(() => verifierFor({ issuer: 'http://idp.example.com' })).toThrow('is not https');
    expect(() => verifierFor({ allowInsecure: false })).toThrow('is not https');
    expect(() => verifierFor({ issuer: 'http://127.0.0.1.evil.test' })).toThrow('is not https');
  });

  it('that is down is not blamed on the token, and is asked again', async () => {
    const fresh = verifierFor({});
    await oidc.stop();
    const token = await oidc.sign(oidc.claims());
    const text = await refusal(bearer(token, fresh));
    expect(text).toMatch(/^upstream_unavailable: cannot get the signing keys of issuer .*ECONNREFUSED/);
    await oidc.start();
    expect((await bearer(token, fresh)).subject).toBe('u-1');
  });
});

describe('DPoP', () => {
  let key: ProofKey;
  let token: string;
  const url = '/v1/databases/prod/connect?x=1';
  const htu = `${publicUrl}/v1/databases/prod/connect`;

  beforeAll(async () => {
    key = await createProofKey('ES256');
    const { calculateJwkThumbprint } = await import('jose');
    token = await oidc.sign(oidc.claims({ cnf: { jkt: await calculateJwkThumbprint(key.jwk) } }));
  });

  function present(dpop: string | undefined, scheme = 'DPoP', by: Verifier = verifier) {
    now = Date.now();
    return by.verify({ authorization: `${scheme} ${token}`, dpop, method: 'GET', url });
  }

  async function proof(changes: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const { createHash } = await import('node:crypto');
    const { kty, crv, x, y } = key.jwk;
    const claims = {
      jti: Math.random().toString(36),
      htm: 'GET',
      htu,
      iat: Math.floor(Date.now() / 1000),
      ath: createHash('sha256').update(token).digest('base64url'),
      ...changes,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y }, ...header } as never)
      .sign(key.pair.privateKey);
  }

  it('a fresh proof passes every time, the same proof once', async () => {
    const first = await key.prove('GET', htu, token);
    expect((await present(first)).jkt).toHaveLength(43);
    expect(await refusal(present(first))).toContain('DPoP proof was used before');
    await present(await key.prove('GET', htu, token), 'dpop');
  });

  it('a proof is as good as ever where another key has used its jti', async () => {
    const other = await createProofKey('ES256');
    const { calculateJwkThumbprint } = await import('jose');
    const theirs = await oidc.sign(oidc.claims({ cnf: { jkt: await calculateJwkThumbprint(other.jwk) } }));
    const { createHash } = await import('node:crypto');
    const { kty, crv, x, y } = other.jwk;
    const ath = createHash('sha256').update(theirs).digest('base64url');
    const first = await new SignJWT({ jti: 'one', htm: 'GET', htu, iat: Math.floor(Date.now() / 1000), ath })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } } as never)
      .sign(other.pair.privateKey);
    await verifier.verify({ authorization: `DPoP ${theirs}`, dpop: first, method: 'GET', url });
    await present(await proof({ jti: 'one' }));
  });

  it('a proof is remembered across verifiers that share the memory', async () => {
    const replay = createProofReplayCache();
    const make = () => createVerifier({ issuers: [oidc.settings], publicUrl, now: () => now, replay });
    const first = await key.prove('GET', htu, token);
    await present(first, 'DPoP', make());
    expect(await refusal(present(first, 'DPoP', make()))).toContain('DPoP proof was used before');
  });

  it('a bound token as Bearer, or without a proof, is refused', async () => {
    expect(await refusal(present(undefined, 'Bearer'))).toContain('must be used with the DPoP scheme');
    expect(await refusal(present(await key.prove('GET', htu, token), 'Bearer'))).toContain(
      'must be used with the DPoP',
    );
    expect(await refusal(present(undefined))).toContain('DPoP proof missing');
  });

  it('an unbound token with the DPoP scheme is refused, and any unbound token where DPoP is required', async () => {
    const unbound = await oidc.sign(oidc.claims());
    const request = { authorization: `DPoP ${unbound}`, dpop: await proof({}), method: 'GET', url };
    expect(await refusal(verifier.verify(request))).toContain('not bound to a key');
    expect(await refusal(bearer(unbound, verifierFor({ dpop: 'required' })))).toContain('requires DPoP');
  });

  const cases: [string, () => Promise<string>, string][] = [
    ['for another method', () => proof({ htm: 'POST' }), 'another method'],
    ['for another path', () => proof({ htu: `${publicUrl}/v1/databases/other/connect` }), 'another URL'],
    ['for another host', () => proof({ htu: htu.replace('gateway.test', 'evil.test') }), 'another URL'],
    ['for another token', () => proof({ ath: 'x'.repeat(43) }), 'another token'],
    ['too old', () => proof({ iat: Math.floor(Date.now() / 1000) - 125 }), 'not of this time'],
    ['of the future', () => proof({ iat: Math.floor(Date.now() / 1000) + 125 }), 'not of this time'],
    ['without iat', () => proof({ iat: undefined }), 'not of this time'],
    ['without jti', () => proof({ jti: undefined }), 'no usable jti'],
    ['of another type', () => proof({}, { typ: 'JWT' }), 'typ is not as it must be'],
    ['two in one header', async () => `${await proof({})}, ${await proof({})}`, 'not a well-formed proof'],
    ['with the private key in it', () => proof({}, { jwk: key.jwk }), 'proof refused'],
    ['by another key', async () => (await createProofKey('ES256')).prove('GET', htu, token), 'another key'],
  ];
  for (const [what, make, expected] of cases) {
    it(`a proof ${what} is refused`, async () => expect(await refusal(present(await make()))).toContain(expected));
  }

  it('the URL of a proof comes from the public URL even if the target brings its own origin', async () => {
    const evil = await key.prove('GET', 'https://evil.test/v1/whoami', token);
    const request = { authorization: `DPoP ${token}`, method: 'GET' };
    expect(await refusal(verifier.verify({ ...request, dpop: evil, url: 'https://evil.test/v1/whoami' }))).toContain(
      'another URL',
    );
    expect(await refusal(verifier.verify({ ...request, dpop: evil, url: '//evil.test/v1/whoami' }))).toContain(
      'another URL',
    );
    const good = await key.prove('GET', `${publicUrl}/v1/whoami`, token);
    await verifier.verify({ ...request, dpop: good, url: 'https://evil.test/v1/whoami' });
  });
});

describe('revocation', () => {
  it('refuses a revoked subject though its token is remembered, and tells the listeners', async () => {
    const revocations = createRevocations();
    const by = createVerifier({ issuers: [oidc.settings], publicUrl, now: () => now, revocations });
    const token = await oidc.sign(oidc.claims());
    const heard: string[] = [];
    const stop = revocations.onRevoked(({ subject, reason }) => heard.push(`${subject} ${reason}`));
    const principal = await bearer(token, by);
    revocations.revokeSubject({ ...principal, reason: 'admin' });
    expect(await refusal(bearer(token, by))).toContain('access was revoked');
    expect(heard).toEqual(['u-1 admin']);
    revocations.restoreSubject(principal);
    await bearer(token, by);
    stop();
    revocations.revokeSubject({ ...principal, subject: 'other', reason: 'admin' });
    expect(heard).toHaveLength(1);
    await bearer(token, by);
  });
});
