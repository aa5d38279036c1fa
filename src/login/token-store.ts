import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';
import { configDir, ensureConfigDir } from './config-dir.ts';
import type { Keychain } from './keychain.ts';
import { keychainError, openKeychain } from './keychain.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import type { Profile } from './profiles.ts';
import { decodeLogin, encodeLogin, type StoredLogin } from './stored-login.ts';

/**
 * Where the tokens of one profile are. `keychain`: a 32-byte key in the keychain and an AES-256-GCM encrypted file
 * (Windows caps a keychain entry at 2.5 KB, tokens are larger). `file`: the same file in the clear, only when asked for
 * with `--insecure-storage`. Both 0600; neither ever stands in for the other.
 */
export interface TokenStore {
  /** The file to lock while tokens are renewed. */
  readonly path: string;
  load(): Promise<StoredLogin | undefined>;
  /** Throws now what `save` would throw for a keychain or folder that cannot be used. */
  prepare(): Promise<void>;
  save(login: StoredLogin): Promise<void>;
  /** Removes the file first: what is left in the keychain after a failure opens nothing. */
  remove(): Promise<void>;
}

const magic = Buffer.from('dbgate-login-1\n');
const ivBytes = 12;
const tagBytes = 16;

export function openTokenStore(
  env: Env,
  profile: Pick<Profile, 'name' | 'storage'>,
  keychain: Keychain = openKeychain(),
): TokenStore {
  const id = createHash('sha256').update(profile.name).digest('hex').slice(0, 16);
  const path = join(configDir(env), `login-${id}.${profile.storage === 'keychain' ? 'sealed' : 'json'}`);
  // One account for each folder of files, so that a second HOME on this machine has its own key.
  const account = `${profile.name} ${createHash('sha256').update(configDir(env)).digest('hex').slice(0, 8)}`;

  async function decrypt(content: Buffer): Promise<string> {
    const key = await keychain.get(account);
    if (key?.length !== 32) throw keychainError('the keychain has no key for the stored login');
    return open(content, key, account);
  }

  async function ownKey(): Promise<Uint8Array> {
    let key = await keychain.get(account);
    if (key?.length !== 32) {
      key = randomBytes(32);
      await keychain.set(account, key);
      // Some keychains take a secret and do not give it back: notice before the tokens are sealed with it.
      const kept = await keychain.get(account);
      if (kept === undefined || !Buffer.from(kept).equals(key))
        throw keychainError('the keychain did not keep the key');
    }
    return key;
  }

  return {
    path,
    async load() {
      const content = await readPrivateFile(path);
      if (content === undefined) return undefined;
      const text = profile.storage === 'keychain' ? await decrypt(content) : content.toString('utf8');
      const login = decodeLogin(text);
      if (login === undefined) throw damaged(path);
      return login;
    },
    async prepare() {
      await ensureConfigDir(env);
      if (profile.storage === 'keychain') await ownKey();
      // A probe beside the real file: the folder may be there and not be ours to write.
      const probe = `${path}.probe`;
      await writePrivateFile(probe, '');
      await rm(probe, { force: true });
    },
    async save(login) {
      await ensureConfigDir(env);
      const text = encodeLogin(login);
      const content = profile.storage === 'keychain' ? seal(text, await ownKey(), account) : text;
      await writePrivateFile(path, content);
    },
    async remove() {
      await rm(path, { force: true });
      if (profile.storage === 'keychain') await keychain.delete(account);
    },
  };
}

/** The account is authenticated with it: a file moved to another profile's place does not open. */
function seal(text: string, key: Uint8Array, account: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.concat([magic, Buffer.from(account)]));
  return Buffer.concat([magic, iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function open(content: Buffer, key: Uint8Array, account: string): string {
  const start = magic.length + ivBytes;
  if (content.length < start + tagBytes || !content.subarray(0, magic.length).equals(magic))
    throw damaged('the stored login');
  const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(magic.length, start), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.concat([magic, Buffer.from(account)]));
  decipher.setAuthTag(content.subarray(content.length - tagBytes));
  try {
    const text = decipher.update(content.subarray(start, content.length - tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw damaged('the stored login');
  }
}

function damaged(what: string): DbgateError {
  return new DbgateError(ErrorCode.loginRequired, `${what} is damaged or was made with another key`, {
    hint: 'dbgate login',
  });
}
