/** What masking on all databases of one gateway shares: the threads that trace, and the secret that tokens are keyed with. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbgateError } from '../errors.ts';
import { Tracer } from './tracer.ts';

const SECRET_BYTES = 32;

export class MaskingParts {
  readonly stateDir: string;
  readonly #tracers = new Map<number, Tracer>();
  #secret: Buffer | undefined;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  /** `major` of the server. */
  tracer(major: number): Tracer {
    let tracer = this.#tracers.get(major);
    if (tracer === undefined) {
      tracer = new Tracer(major);
      this.#tracers.set(major, tracer);
    }
    return tracer;
  }

  /** The token key of a database: the same as long as the gateway keeps its state. Throws when it cannot be kept. */
  keyOf(database: string): Buffer {
    this.#secret ??= readSecret(this.stateDir);
    return createHmac('sha256', this.#secret).update(`masking-tokens\0${database}`).digest();
  }

  /** The key of literals in the record, of this gateway. Throws when it cannot be kept. */
  recordKey(): Buffer {
    this.#secret ??= readSecret(this.stateDir);
    return createHmac('sha256', this.#secret).update('record-literals').digest();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tracers.values()].map((tracer) => tracer.close()));
    this.#tracers.clear();
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
