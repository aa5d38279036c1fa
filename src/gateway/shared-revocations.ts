/**
 * Who is cut off at one gateway is cut off at all that share a log, also at those that start later: a stream of
 * `revoked` and `restored`. In: what changed here. Out: the same there. `state_dir/revoked-shared.json` says how much of
 * the stream was applied here, and what could not be written to it yet; that is written when the log is there again.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { DbgateError } from '../errors.ts';
import { principalKey } from '../identity/principal.ts';
import type { RevocationOptions, Revocations, SubjectRevocation } from '../identity/revocation.ts';
import type { SharedEventLog, StoredRecord } from '../store/event-log.ts';
import { subjectRevocation } from './revoked-subjects.ts';
import { StateFile } from './state-file.ts';

const STREAM = 'revocations';
const RETRY_MS = 500;

const changeSchema = subjectRevocation.extend({ kind: z.enum(['revoked', 'restored']) });
type Change = z.output<typeof changeSchema>;

const fileSchema = z.object({ seenSeq: z.int(), unsent: z.array(changeSchema) });
type Kept = z.output<typeof fileSchema>;

export class SharedRevocations {
  readonly #file: StateFile<typeof fileSchema>;
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
    this.#file = new StateFile(path.join(stateDir, 'revoked-shared.json'), fileSchema);
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
    try {
      this.#file.replaceSync({ seenSeq: this.#seenSeq, unsent: [...this.#unsent] });
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
  try {
    return changeSchema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

function readKept(file: StateFile<typeof fileSchema>): Kept | undefined {
  const found = file.readSync();
  if (found.kind === 'none') return undefined;
  if (found.kind === 'found') return found.state;
  throw new DbgateError('config', `cannot read ${file.path}: ${found.why}`, {
    hint: 'Remove it: the gateway then applies the whole list of the shared log again.',
  });
}
