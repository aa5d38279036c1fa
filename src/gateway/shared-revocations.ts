/**
 * Who is cut off at one gateway is cut off at all that share a log, also at those that start later: a stream of
 * `revoked` and `restored`. In: what changed here. Out: the same there. `state_dir/revoked-shared.json` says how much of
 * the stream was applied here, and what could not be written to it yet; that is written when the log is there again.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError } from '../errors.ts';
import { principalKey } from '../identity/principal.ts';
import type { RevocationOptions, Revocations, SubjectRevocation } from '../identity/revocation.ts';
import type { SharedEventLog, StoredRecord } from '../store/event-log.ts';

const STREAM = 'revocations';
const RETRY_MS = 500;

interface Change extends SubjectRevocation {
  readonly kind: 'revoked' | 'restored';
}

interface Kept {
  readonly seenSeq: number;
  readonly unsent: readonly Change[];
}

export class SharedRevocations {
  readonly #file: string;
  readonly #logLine: (line: string) => void;
  #known: ReadonlyMap<string, SubjectRevocation>;
  #log: SharedEventLog | undefined;
  #seenSeq: number;
  #unsent: readonly Change[];
  #applying = false;
  #sending = false;
  #closed = false;
  #unregister: (() => void) | undefined;

  /** `kept`: who is cut off here. */
  constructor(stateDir: string, kept: readonly SubjectRevocation[], logLine: (line: string) => void) {
    this.#file = path.join(stateDir, 'revoked-shared.json');
    this.#logLine = logLine;
    this.#known = byKey(kept);
    const file = readKept(this.#file);
    this.#seenSeq = file?.seenSeq ?? 0;
    // Of a gateway that was by itself until now, all is news to the others.
    this.#unsent = file?.unsent ?? kept.map((revocation) => changeOf('revoked', revocation));
  }

  /** To be called at each change, as `RevocationOptions.keep` is. */
  readonly keep: NonNullable<RevocationOptions['keep']> = (subjects) => {
    const before = this.#known;
    const now = byKey(subjects);
    this.#known = now;
    if (this.#applying) return;
    const changes = [
      ...subjects.filter((one) => !before.has(principalKey(one))).map((one) => changeOf('revoked', one)),
      ...[...before.values()].filter((one) => !now.has(principalKey(one))).map((one) => changeOf('restored', one)),
    ];
    if (changes.length === 0) return;
    this.#unsent = [...this.#unsent, ...changes];
    this.#save();
    void this.#send();
  };

  /** Applies what others did while this gateway was away, and from now on at once. Throws `audit_unavailable`. */
  async begin(log: SharedEventLog, revocations: Revocations): Promise<void> {
    this.#log = log;
    for await (const record of log.read(STREAM, { fromSeq: this.#seenSeq + 1 })) this.#apply(record, revocations);
    this.#save();
    this.#unregister = log.onForeign((record) => {
      if (record.stream !== STREAM || record.streamSeq <= this.#seenSeq) return;
      this.#apply(record, revocations);
      this.#save();
    });
    void this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#unregister?.();
  }

  #apply({ payload, streamSeq }: StoredRecord, revocations: Revocations): void {
    const change = readChange(payload);
    this.#seenSeq = streamSeq;
    if (change === undefined) return;
    const { kind, ...revocation } = change;
    this.#applying = true;
    try {
      if (kind === 'revoked') revocations.revokeSubject(revocation);
      else revocations.restoreSubject(revocation);
    } finally {
      this.#applying = false;
    }
  }

  async #send(): Promise<void> {
    const log = this.#log;
    if (this.#sending || log === undefined) return;
    this.#sending = true;
    while (this.#unsent.length > 0 && !this.#closed) {
      const [change] = this.#unsent;
      try {
        await log.append(STREAM, [{ payload: JSON.stringify(change) }]);
      } catch (error) {
        if (!(error instanceof DbgateError)) throw error;
        await sleep(RETRY_MS, undefined, { ref: false });
        continue;
      }
      this.#unsent = this.#unsent.slice(1);
      this.#save();
    }
    this.#sending = false;
  }

  #save(): void {
    const kept: Kept = { seenSeq: this.#seenSeq, unsent: this.#unsent };
    try {
      writeFileSync(`${this.#file}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600, flush: true });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#logLine(`who was cut off may be told to other gateways twice: ${(error as Error).message}`);
    }
  }
}

function byKey(revocations: readonly SubjectRevocation[]): ReadonlyMap<string, SubjectRevocation> {
  return new Map(revocations.map((revocation) => [principalKey(revocation), revocation]));
}

function changeOf(kind: Change['kind'], { issuer, subject, email, reason }: SubjectRevocation): Change {
  return { kind, issuer, subject, reason, ...(email === undefined ? {} : { email }) };
}

/** Undefined: it is nothing that this version knows. */
function readChange(payload: string): Change | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, issuer, subject, email, reason } = value as Record<string, unknown>;
  if (kind !== 'revoked' && kind !== 'restored') return undefined;
  if (typeof issuer !== 'string' || typeof subject !== 'string' || typeof reason !== 'string') return undefined;
  return changeOf(kind, { issuer, subject, reason, email: typeof email === 'string' ? email : undefined });
}

function readKept(file: string): Kept | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { seenSeq, unsent } = JSON.parse(text) as Kept;
    if (Number.isSafeInteger(seenSeq) && Array.isArray(unsent)) return { seenSeq, unsent };
  } catch {
    // As below.
  }
  throw new DbgateError('config', `cannot read ${file}: it is damaged`, {
    hint: 'Remove it: the gateway then applies the whole list of the shared log again.',
  });
}
