import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandDefinition, CommandOptions } from '../../src/commands/context.ts';
import { loginCommand } from '../../src/commands/login.ts';
import { logoutCommand } from '../../src/commands/logout.ts';
import { whoamiCommand } from '../../src/commands/whoami.ts';
import { type DbgateError, exitCodeOf } from '../../src/errors.ts';
import { type OidcFixture, startOidc, visitAs } from '../support/oidc.ts';
import { type TestContext, testContext } from './command-context.ts';
import { type SmallGateway, startSmallGateway } from './small-gateway.ts';

let oidc: OidcFixture;
let gateway: SmallGateway;
let dir: string;
let env: Record<string, string>;

beforeAll(async () => {
  oidc = await startOidc({ deviceInterval: 1 });
  gateway = await startSmallGateway(oidc.settings);
});
afterAll(async () => {
  await gateway.close();
  await oidc.stop();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
  env = { DBGATE_CONFIG_DIR: join(dir, 'config'), PATH: dir };
});
afterEach(async () => {
  oidc.fault = undefined;
  gateway.answer = undefined;
  gateway.discovery = {};
  await rm(dir, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly error: DbgateError | undefined;
}

function run(command: CommandDefinition, context: TestContext, options: CommandOptions = {}, args: string[] = []) {
  return command.run(context, options, args).then(
    (code): Outcome => ({ code: code ?? 0, error: undefined }),
    (error: DbgateError): Outcome => ({ code: exitCodeOf(error), error }),
  );
}

const addressIn = /http:\/\/127\.0\.0\.1:\d+\/device\?user_code=[A-Z-]+/;
const inFile = { insecureStorage: true };

async function logIn(context = testContext(env), options: CommandOptions = inFile): Promise<TestContext> {
  const done = run(loginCommand, context, options, [gateway.url]);
  const [url] = await context.until(addressIn);
  await visitAs('alice', url);
  expect(await done).toEqual({ code: 0, error: undefined });
  return context;
}

describe('dbgate login', () => {
  it('off a terminal shows code and address on stderr, asks nothing, and says who it is', async () => {
    const context = await logIn();
    expect(context.err()).toMatch(/^code: {2}[A-Z]{4}-[A-Z]{4}\nat: {4}http:.*\/device\nor: {4}http/);
    expect(context.err()).not.toContain('Enter');
    expect(context.out()).toBe(`logged in to ${gateway.url} as alice@example.test\ngroups: developers\n`);
    expect(gateway.seen.at(-1)).toMatchObject({ subject: 'alice', jkt: expect.any(String) });
  });

  it('with --json is NDJSON on stdout', async () => {
    const context = await logIn(testContext(env, { json: true }));
    const events = context
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toMatchObject([
      { event: 'device_code', user_code: expect.stringMatching(/^[A-Z-]{9}$/), expires_in: 600 },
      { event: 'logged_in', gateway: gateway.url, storage: 'file', dpop: true, email: 'alice@example.test' },
    ]);
    expect(Object.keys(events[0] as object)).toEqual(
      expect.arrayContaining(['verification_uri', 'verification_uri_complete']),
    );
  });

  it('never prints a token, and keeps its files to the owner', async () => {
    const context = await logIn();
    const files = await readdir(env.DBGATE_CONFIG_DIR as string);
    expect(files.sort()).toEqual([expect.stringMatching(/^login-[0-9a-f]{16}\.json$/), 'profiles.json']);
    const stored = JSON.parse(await readFile(join(env.DBGATE_CONFIG_DIR as string, files[0] as string), 'utf8'));
    for (const secret of [stored.token, stored.refreshToken, stored.dpopKey.d]) {
      expect(secret).toEqual(expect.any(String));
      expect(context.out() + context.err()).not.toContain(secret);
    }
  });

  it('on a terminal: code first, a QR, Enter opens a browser, the time that is left', async () => {
    const opened = join(dir, 'opened');
    await writeFile(
      join(dir, 'xdg-open'),
      `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && /bin/mv '${opened}.part' '${opened}'\n`,
    );
    await chmod(join(dir, 'xdg-open'), 0o755);
    const context = testContext(env, { isTerminal: true, live: true });
    const done = run(loginCommand, context, inFile, [gateway.url]);
    await context.until(/Enter opens a browser/);
    expect(context.err()).toMatch(/^code: /);
    expect(context.err()).toContain('█');
    await context.until(/waiting for approval, 9:5\d left/);
    (context.stdin as unknown as { write(text: string): void }).write('\n');
    let url = '';
    while (url === '')
      url = await readFile(opened, 'utf8').catch(() => new Promise((later) => setTimeout(later, 10, '')));
    expect(url).toMatch(addressIn);
    await visitAs('alice', url);
    expect((await done).code).toBe(0);
  });

  it('--no-browser opens none', async () => {
    const context = testContext(env, { isTerminal: true, live: true });
    const done = run(loginCommand, context, { ...inFile, browser: false }, [gateway.url]);
    await context.until(/Ctrl-C gives up/);
    expect(context.err()).not.toContain('Enter');
    context.abort.abort(new Error('SIGINT'));
    expect(await done).toEqual({ code: 130, error: undefined });
    expect(await readdir(env.DBGATE_CONFIG_DIR as string)).toEqual([]);
  });

  it('denied is exit 6, expired 7', async () => {
    const context = testContext(env);
    const done = run(loginCommand, context, inFile, [gateway.url]);
    const [url] = await context.until(addressIn);
    await visitAs('alice', url, 'deny');
    expect(await done).toMatchObject({ code: 6, error: { code: 'request_denied' } });
    const expired = { status: 400, type: 'application/json', body: '{"error":"expired_token"}' };
    oidc.fault = (request) => (request.url === '/token' ? expired : undefined);
    expect(await run(loginCommand, testContext(env), inFile, [gateway.url])).toMatchObject({ code: 7 });
  });

  it('--browser prints the address of a PKCE login', async () => {
    const context = testContext(env);
    const done = run(loginCommand, context, { ...inFile, browser: true }, [gateway.url]);
    const [url] = await context.until(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
    await visitAs('bob', url);
    expect((await done).code).toBe(0);
    expect(context.out()).toContain('bob@example.test');
  });

  it('without a keychain is an error before anybody is asked, with the ways out', async () => {
    env.DBUS_SESSION_BUS_ADDRESS = 'unix:path=/nonexistent';
    const saved = process.env.DBUS_SESSION_BUS_ADDRESS;
    // The keychain's library reads the process's own environment.
    process.env.DBUS_SESSION_BUS_ADDRESS = 'unix:path=/nonexistent';
    try {
      const context = testContext(env);
      const { code, error } = await run(loginCommand, context, {}, [gateway.url]);
      expect([code, error?.code]).toEqual([1, 'keychain']);
      expect(error?.hint).toMatch(/--insecure-storage.*DBGATE_TOKEN/);
      expect(context.err()).toBe('');
    } finally {
      if (saved === undefined) delete process.env.DBUS_SESSION_BUS_ADDRESS;
      else process.env.DBUS_SESSION_BUS_ADDRESS = saved;
    }
  });

  it('a gateway that refuses the new token leaves no login, and the one before stays', async () => {
    await logIn();
    const before = await readdir(env.DBGATE_CONFIG_DIR as string);
    const kept = await readFile(join(env.DBGATE_CONFIG_DIR as string, before[0] as string), 'utf8');
    gateway.answer = (request, response) => {
      if (request.url !== '/v1/whoami') return false;
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"error":{"code":"token_invalid","message":"token refused: wrong audience"}}');
      return true;
    };
    const context = testContext(env);
    const done = run(loginCommand, context, inFile, [gateway.url]);
    await visitAs('bob', (await context.until(addressIn))[0]);
    expect(await done).toMatchObject({ code: 4, error: { message: /wrong audience/ } });
    expect(await readFile(join(env.DBGATE_CONFIG_DIR as string, before[0] as string), 'utf8')).toBe(kept);
  });

  it('a gateway that calls itself another, names a plain-http issuer, or is none is refused', async () => {
    const attempt = () => run(loginCommand, testContext(env), inFile, [gateway.url]);
    gateway.discovery = { public_url: 'https://real.test' };
    expect(await attempt()).toMatchObject({ code: 2, error: { message: /calls itself https:\/\/real.test/ } });
    const [issuer] = [
      { issuer: 'http://idp.test', client_id: 'c', scopes: [], audience: 'a', token: 'access', dpop: 'off' },
    ];
    gateway.discovery = { issuers: [issuer] };
    expect(await attempt()).toMatchObject({ code: 2, error: { message: /not https/ } });
    gateway.discovery = { version: 2 };
    expect(await attempt()).toMatchObject({ code: 9 });
    gateway.discovery = {};
    expect(await run(loginCommand, testContext(env), inFile, ['http://gw.example.com'])).toMatchObject({ code: 2 });
    expect(await run(loginCommand, testContext(env), inFile, ['https://127.0.0.1:1'])).toMatchObject({ code: 9 });
    expect(await run(loginCommand, testContext(env), inFile)).toMatchObject({
      code: 2,
      error: { message: 'which gateway?' },
    });
  });

  it('control characters of gateway and issuer never reach the terminal', async () => {
    gateway.answer = (request, response) => {
      if (request.url !== '/v1/whoami') return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      const evil = '\u001b]0;owned\u0007\u001b[2J\u202e';
      const who = { issuer: evil, subject: evil, email: evil, name: evil, groups: [evil], expires_at: evil };
      response.end(JSON.stringify({ ...who, kind: evil, actor: evil, extra: evil }));
      return true;
    };
    const context = await logIn();
    expect(await run(whoamiCommand, context)).toMatchObject({ code: 0 });
    expect(context.out() + context.err()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(context.out()).toContain('owned');
    const device = { device_code: 'd', user_code: '\u001b[2JX', expires_in: 600 };
    const uri = `${oidc.issuer}/device\u001b[2J`;
    const body = JSON.stringify({ ...device, verification_uri: uri, verification_uri_complete: uri });
    oidc.fault = (request) =>
      request.url === '/device/auth' ? { status: 200, type: 'application/json', body } : undefined;
    const second = testContext(env);
    const done = run(loginCommand, second, inFile, [gateway.url]);
    await second.until(/waiting/);
    second.abort.abort(new Error('SIGINT'));
    expect((await done).code).toBe(130);
    expect(second.err()).not.toContain('\u001b');
  });
});

describe('dbgate whoami and logout', () => {
  it('whoami says who, groups, expiry, gateway', async () => {
    await logIn();
    const text = testContext(env);
    await run(whoamiCommand, text);
    expect(text.out()).toMatch(
      /^who {6}alice@example.test\nsubject {2}alice\nissuer {3}http.*\ngroups {3}developers\nexpires {2}20.*Z\ngateway {2}http/,
    );
    const json = testContext(env, { json: true });
    await run(whoamiCommand, json);
    expect(JSON.parse(json.out())).toMatchObject({
      gateway: gateway.url,
      token: 'login',
      subject: 'alice',
      kind: 'user',
    });
  });

  it('logout revokes and forgets; whoami then asks for a login', async () => {
    await logIn();
    const context = testContext(env, { json: true });
    expect(await run(logoutCommand, context)).toMatchObject({ code: 0 });
    expect(JSON.parse(context.out())).toMatchObject({ logged_out: [{ gateway: gateway.url, revoked: true }] });
    expect(await run(whoamiCommand, testContext(env))).toMatchObject({ code: 4 });
    expect(await run(logoutCommand, testContext(env))).toMatchObject({ code: 4 });
  });

  it('logout with the issuer down forgets and says so', async () => {
    await logIn();
    oidc.fault = () => 'reset';
    const context = testContext(env);
    expect(await run(logoutCommand, context)).toMatchObject({ code: 0 });
    expect(context.err()).toMatch(/could not revoke the tokens at the issuer: cannot reach the issuer/);
    expect(await readdir(env.DBGATE_CONFIG_DIR as string)).toEqual(['profiles.json']);
  });

  it('a second profile beside the first, each with its own login', async () => {
    await logIn();
    const other = await startSmallGateway(oidc.settings);
    try {
      const context = testContext({ ...env, DBGATE_PROFILE: 'other' });
      const done = run(loginCommand, context, inFile, [other.url]);
      await visitAs('bob', (await context.until(addressIn))[0]);
      expect((await done).code).toBe(0);
      const first = testContext({ ...env, DBGATE_GATEWAY: gateway.url }, { json: true });
      const second = testContext(env, { json: true });
      await run(whoamiCommand, first);
      await run(whoamiCommand, second);
      expect([JSON.parse(first.out()).subject, JSON.parse(second.out()).subject]).toEqual(['alice', 'bob']);
    } finally {
      await other.close();
    }
  });
});
