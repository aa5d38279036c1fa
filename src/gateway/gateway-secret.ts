/**
 * What a gateway keys its hashes with: 32 random bytes in `state_dir/masking.key`, made once. In: what a key is for. Out: a
 * key for that and nothing else, the same as long as the gateway keeps its state.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbgateError } from '../errors.ts';

const SECRET_BYTES = 32;

/** Its methods throw when the secret cannot be kept. */
export class GatewaySecret {
  readonly #stateDir: string;
  #secret: Buffer | undefined;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Of the tokens that stand for values of a database. */
  tokenKey(database: string): Buffer {
    return this.#key(`masking-tokens\0${database}`);
  }

  /** Of literals in the record. */
  recordKey(): Buffer {
    return this.#key('record-literals');
  }

  /** Of the hashes of held statements in the record. */
  heldKey(): Buffer {
    return this.#key('held-statements');
  }

  #key(purpose: string): Buffer {
    this.#secret ??= readSecret(this.#stateDir);
    return createHmac('sha256', this.#secret).update(purpose).digest();
  }
}

function readSecret(stateDir: string): Buffer {
  const path = join(stateDir, 'masking.key');
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, randomBytes(SECRET_BYTES), { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unkept(path, error);
  }
  let secret: Buffer;
  try {
    secret = readFileSync(path);
  } catch (error) {
    throw unkept(path, error);
  }
  if (secret.length !== SECRET_BYTES) {
    throw new DbgateError('config', `${path} has ${secret.length} bytes, not ${SECRET_BYTES}`, {
      hint: 'Restore it from a backup, or remove it: tokens of masked values are others then.',
    });
  }
  return secret;
}

/** Without the key there are no masks, so nobody who is masked gets a session. */
function unkept(path: string, cause: unknown): DbgateError {
  const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new DbgateError('config', `${path} cannot be kept: ${why}`, {
    hint: 'The gateway must be able to write its state directory.',
    cause,
  });
}
