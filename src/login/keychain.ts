import { DbgateError, ErrorCode } from '../errors.ts';

const service = 'dbgate';
/** Long enough for a person to answer the unlock dialog. */
const timeoutMs = 60_000;

/** The operating system's keychain: secret-service, macOS Keychain or Windows Credential Manager. */
export interface Keychain {
  get(account: string): Promise<Uint8Array | undefined>;
  set(account: string, secret: Uint8Array): Promise<void>;
  delete(account: string): Promise<void>;
}

/** Every failure is a DbgateError `keychain`: nothing is ever stored elsewhere unasked. */
export function openKeychain(): Keychain {
  async function use<T>(doing: string, work: (entry: Entry, signal: AbortSignal) => Promise<T>, account: string) {
    try {
      const { AsyncEntry } = await import('keytar');
      // Without the store named, Linux would fall back to kernel keys, which do not survive a reboot.
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } } as EntryOptions);
      return await work(entry, AbortSignal.timeout(timeoutMs));
    } catch (error) {
      throw keychainError(`cannot ${doing} the keychain`, error);
    }
  }
  return {
    async get(account) {
      // As text: Windows and secret-service treat binary secrets differently.
      const text = await use('read', (entry, signal) => entry.getPassword(signal), account);
      return text === null || text === undefined ? undefined : Buffer.from(text, 'base64url');
    },
    async set(account, secret) {
      const text = Buffer.from(secret).toString('base64url');
      await use('write to', (entry, signal) => entry.setPassword(text, signal), account);
    },
    async delete(account) {
      await use('delete from', (entry, signal) => entry.deleteCredential(signal), account);
    },
  };
}

type Entry = import('keytar').AsyncEntry;
type EntryOptions = ConstructorParameters<typeof import('keytar').AsyncEntry>[2];

export function keychainError(message: string, cause?: unknown): DbgateError {
  return new DbgateError(ErrorCode.keychain, message, {
    cause,
    hint: 'unlock it; or "dbgate login --insecure-storage" keeps the login in a file that only you can read; or set DBGATE_TOKEN',
  });
}
