import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DbgateError } from '../../src/errors.ts';
import { configDir, ensureConfigDir } from '../../src/login/config-dir.ts';
import type { Keychain } from '../../src/login/keychain.ts';
import { readPrivateFile, writePrivateFile } from '../../src/login/private-file.ts';
import {
  type Profile,
  parseGatewayUrl,
  readProfiles,
  removeProfile,
  saveProfile,
  selectProfile,
} from '../../src/login/profiles.ts';
import type { StoredLogin } from '../../src/login/stored-login.ts';
import { openTokenStore } from '../../src/login/token-store.ts';

let dir: string;
let env: Record<string, string>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
  env = { DBGATE_CONFIG_DIR: dir };
});
afterEach(() => rm(dir, { recursive: true }));

const login: StoredLogin = {
  version: 1,
  issuer: 'https://idp.test',
  clientId: 'cli',
  token: 'the-secret-token',
  tokenType: 'DPoP',
  expiresAt: 1,
  refreshToken: 'r',
  dpopKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd', alg: 'ES256' },
};

/** A keychain in memory: the store's own logic without an operating system's. */
function memoryKeychain(): Keychain & { readonly secrets: Map<string, Uint8Array> } {
  const secrets = new Map<string, Uint8Array>();
  return {
    secrets,
    get: async (account) => secrets.get(account),
    set: async (account, secret) => void secrets.set(account, secret),
    delete: async (account) => void secrets.delete(account),
  };
}

describe('token store, in a file', () => {
  it('keeps the login 0600 and gives it back', async () => {
    const store = openTokenStore(env, { name: 'gw', storage: 'file' });
    expect(await store.load()).toBeUndefined();
    await store.prepare();
    await store.save(login);
    expect(await store.load()).toEqual(login);
    expect((await stat(store.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toHaveLength(1);
    await store.remove();
    expect(await store.load()).toBeUndefined();
  });

  it('makes its folder 0700 whatever the umask', async () => {
    const inner = { DBGATE_CONFIG_DIR: join(dir, 'new', 'deep') };
    await Promise.all([ensureConfigDir(inner), ensureConfigDir(inner)]);
    expect((await stat(join(dir, 'new', 'deep'))).mode & 0o777).toBe(0o700);
  });

  it('refuses a file that others may read or write, a link and a folder', async () => {
    const store = openTokenStore(env, { name: 'gw', storage: 'file' });
    await store.save(login);
    for (const mode of [0o640, 0o604, 0o620, 0o610]) {
      await chmod(store.path, mode);
      await expect(store.load()).rejects.toMatchObject({ code: 'config', message: /mode is 06/, hint: /chmod 600/ });
    }
    await chmod(store.path, 0o600);
    await rename(store.path, join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), store.path);
    await expect(store.load()).rejects.toMatchObject({ code: 'config', message: /symbolic link/ });
    await rm(store.path);
    await mkdir(store.path);
    await expect(store.load()).rejects.toMatchObject({ code: 'config', message: /not a file/ });
  });

  it.skipIf(process.geteuid?.() !== 0)("refuses another user's file", async () => {
    const { chown } = await import('node:fs/promises');
    const store = openTokenStore(env, { name: 'gw', storage: 'file' });
    await store.save(login);
    await chown(store.path, 65_534, 65_534);
    await expect(store.load()).rejects.toMatchObject({ code: 'config', message: /belongs to user 65534/ });
  });

  it('a file that is not a login asks for a new one', async () => {
    const store = openTokenStore(env, { name: 'gw', storage: 'file' });
    for (const content of ['', '{"half":', '{"version":2}']) {
      await writePrivateFile(store.path, content);
      await expect(store.load()).rejects.toMatchObject({ code: 'login_required' });
    }
  });

  it('a folder that cannot be written is an error with a hint, before anybody logs in', async () => {
    await writeFile(join(dir, 'file'), '');
    for (const path of [join(dir, 'file', 'config'), '/proc/a/b/dbgate', '/dev/null/x']) {
      const store = openTokenStore({ DBGATE_CONFIG_DIR: path }, { name: 'gw', storage: 'file' });
      await expect(store.prepare()).rejects.toMatchObject({ code: 'config', hint: /DBGATE_CONFIG_DIR/ });
    }
  });
});

describe('token store, with a keychain', () => {
  it('keeps only a key there and the login encrypted in the file', async () => {
    const keychain = memoryKeychain();
    const store = openTokenStore(env, { name: 'gw', storage: 'keychain' }, keychain);
    await store.prepare();
    await store.save(login);
    expect(await store.load()).toEqual(login);
    expect([...keychain.secrets.values()].map((secret) => secret.length)).toEqual([32]);
    const content = await readFile(store.path);
    for (const secret of ['the-secret-token', 'idp.test', '"r"']) expect(content.includes(secret)).toBe(false);
    const again = await readFile(store.path);
    await store.save(login);
    expect((await readFile(store.path)).equals(again)).toBe(false);
  });

  it('does not open a file that was changed at any byte, cut, or made for another profile', async () => {
    const keychain = memoryKeychain();
    const store = openTokenStore(env, { name: 'gw', storage: 'keychain' }, keychain);
    await store.save(login);
    const content = (await readPrivateFile(store.path)) as Buffer;
    for (let i = 0; i < content.length; i += 7) {
      const changed = Buffer.from(content);
      changed[i] = (changed[i] as number) ^ 1;
      await writePrivateFile(store.path, changed);
      await expect(store.load()).rejects.toMatchObject({ code: 'login_required' });
    }
    for (const length of [0, 14, 15, 30, 42, content.length - 1]) {
      await writePrivateFile(store.path, content.subarray(0, length));
      await expect(store.load()).rejects.toMatchObject({ code: 'login_required' });
    }
    const other = openTokenStore(env, { name: 'other', storage: 'keychain' }, keychain);
    keychain.secrets.set(
      [...keychain.secrets.keys()].map((key) => key.replace('gw', 'other'))[0] as string,
      [...keychain.secrets.values()][0] as Uint8Array,
    );
    await writePrivateFile(other.path, content);
    await expect(other.load()).rejects.toMatchObject({ code: 'login_required' });
  });

  it('without its key says keychain, and a keychain that forgets is noticed', async () => {
    const keychain = memoryKeychain();
    const store = openTokenStore(env, { name: 'gw', storage: 'keychain' }, keychain);
    await store.save(login);
    keychain.secrets.clear();
    await expect(store.load()).rejects.toMatchObject({ code: 'keychain' });
    const forgetful = { ...keychain, set: async () => {} };
    const other = openTokenStore(env, { name: 'x', storage: 'keychain' }, forgetful);
    await expect(other.save(login)).rejects.toMatchObject({ code: 'keychain', message: /did not keep/ });
    expect((await readdir(dir)).length).toBe(1);
  });

  it('never reads the file of the other kind', async () => {
    await openTokenStore(env, { name: 'gw', storage: 'file' }).save(login);
    expect(await openTokenStore(env, { name: 'gw', storage: 'keychain' }, memoryKeychain()).load()).toBeUndefined();
  });
});

describe('profiles', () => {
  const issuer = {
    issuer: 'https://idp.test',
    clientId: 'cli',
    scopes: ['openid'],
    audience: 'a',
    token: 'access',
    dpop: 'off',
    device: true,
  } as const;
  const profile = (name: string, gateway: string): Profile => ({
    name,
    gateway,
    storage: 'file',
    issuer: { ...issuer, scopes: [...issuer.scopes] },
  });

  it('several gateways: the last login is the default, others are chosen by name or URL', async () => {
    await saveProfile(env, profile('a', 'https://a.test'));
    await saveProfile(env, profile('b', 'https://b.test'));
    const profiles = await readProfiles(env);
    expect(selectProfile(profiles, {})?.name).toBe('b');
    expect(selectProfile(profiles, { DBGATE_PROFILE: 'a' })?.name).toBe('a');
    expect(selectProfile(profiles, { DBGATE_GATEWAY: 'https://a.test/' })?.name).toBe('a');
    expect(selectProfile(profiles, { DBGATE_GATEWAY: 'https://c.test' })).toBeUndefined();
    expect(() => selectProfile(profiles, { DBGATE_PROFILE: 'c' })).toThrow(DbgateError);
    await removeProfile(env, 'b');
    expect(selectProfile(await readProfiles(env), {})?.name).toBe('a');
  });

  it('saved by several at once are all there', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, i) => saveProfile(env, profile(`p${i}`, `https://p${i}.test`))));
    expect((await readProfiles(env)).all).toHaveLength(6);
  });

  it('a file that is none is refused with a hint', async () => {
    await saveProfile(env, profile('a', 'https://a.test'));
    const path = join(dir, 'profiles.json');
    const good = await readFile(path, 'utf8');
    const wrong = [
      ['1,', '9,'],
      ['"https://a.test"', '7'],
      ['"file"', '"disk"'],
      ['"access"', '"any"'],
      ['"openid"', '1'],
    ];
    for (const [from = '', to = ''] of wrong) {
      await writePrivateFile(path, good.replace(from, to));
      await expect(readProfiles(env)).rejects.toMatchObject({ code: 'config', hint: /dbgate login/ });
    }
    for (const content of ['', 'null', '[]', '{"version":1}']) {
      await writePrivateFile(path, content);
      await expect(readProfiles(env)).rejects.toMatchObject({ code: 'config' });
    }
  });

  it('gateway URLs: https, or http on loopback; nothing hidden in them', () => {
    expect(parseGatewayUrl('https://GW.test:443/')).toBe('https://gw.test');
    expect(parseGatewayUrl('gw.test/dbgate/')).toBe('https://gw.test/dbgate');
    expect(parseGatewayUrl('http://127.0.0.1:1234')).toBe('http://127.0.0.1:1234');
    for (const bad of [
      'http://gw.test',
      'http://127.0.0.1.evil.test',
      'ftp://x',
      'https://u:p@gw.test',
      'https://gw?x',
      '',
    ]) {
      expect(() => parseGatewayUrl(bad)).toThrow(DbgateError);
    }
  });

  it('the config folder follows the platform', () => {
    expect(configDir({ HOME: '/h' }, 'linux')).toBe('/h/.config/dbgate');
    expect(configDir({ HOME: '/h', XDG_CONFIG_HOME: '/x' }, 'linux')).toBe('/x/dbgate');
    expect(configDir({ HOME: '/h', XDG_CONFIG_HOME: 'relative' }, 'linux')).toBe('/h/.config/dbgate');
    expect(configDir({ HOME: '/h' }, 'darwin')).toBe('/h/Library/Application Support/dbgate');
    expect(configDir({ HOME: '/h', DBGATE_CONFIG_DIR: '/d' }, 'darwin')).toBe('/d');
  });
});
