/**
 * Erases bodies: what was said, by whom and from where, of records that somebody chooses. In: a choice and a reason. Out:
 * records whose body is its hash, in segments that were written anew; an index that knows it no more; a record of it. The
 * tree is made over those hashes, so proofs of before hold.
 * It is recorded before it is done, one erasure at a time. Of what is said why something was erased nothing is erased.
 */
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from '../store/event-log.ts';
import { listSegments } from '../store/segment-directory.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { readSegments, START } from '../store/segment-reader.ts';
import { rewriteSegment } from '../store/segment-rewrite.ts';
import { bodyOf, envelopeOf } from './envelope.ts';
import type { AuditRecord } from './record.ts';
import type { Recorder } from './recorder.ts';

/** Whose bodies; several are joined by "and". */
export interface ErasureChoice {
  /** `principalKey`, subject or e-mail address: all that they did, and that was done in their name. */
  readonly subject?: string | undefined;
  readonly session?: string | undefined;
  /** `<session>.<n>` */
  readonly id?: string | undefined;
  /** Epoch milliseconds: older than this. */
  readonly beforeMs?: number | undefined;
  /** Statements that touch columns of this class. */
  readonly class?: string | undefined;
}

export interface Erased {
  /** Bodies that were there and are not any more. */
  readonly records: number;
  readonly segments: number;
  /** Segments that are in the archive only, and were not looked at. */
  readonly away: number;
}

export interface ErasureParts {
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly history: {
    catchUp(): Promise<unknown>;
    forget(positions: readonly Position[]): Promise<number>;
  };
  /** How many segments are in the archive only. */
  readonly away?: (() => Promise<number>) | undefined;
}

/** Stay for ever: they say what is missing and why. */
const KEPT: ReadonlySet<AuditRecord['kind']> = new Set(['audit.erased', 'audit.retired']);

export class Erasure {
  readonly #parts: ErasureParts;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** `by`: `principalKey`; undefined: retention. Throws `usage` for no choice, `audit_unavailable`. */
  erase(choice: ErasureChoice, why: { readonly reason: string; readonly by: string | undefined }): Promise<Erased> {
    const mine = this.#running.then(() => this.#erase(choice, why));
    this.#running = mine.catch(() => undefined);
    return mine;
  }

  /** Nothing is erased while `task` changes segments; erasures that are running come first. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#running.then(task);
    this.#running = mine.catch(() => undefined);
    return mine;
  }

  async #erase(
    choice: ErasureChoice,
    why: { readonly reason: string; readonly by: string | undefined },
  ): Promise<Erased> {
    const { log, recorder, history } = this.#parts;
    const { subject, session, id, beforeMs } = choice;
    if ([subject, session, id, beforeMs, choice.class].every((one) => one === undefined)) {
      throw new DbgateError(ErrorCode.usage, 'say what to erase: a subject, a session, a statement, or before when');
    }
    await log.flush();
    const chosen = await this.#choose(choice, log.syncedPosition);
    const away = (await this.#parts.away?.()) ?? 0;
    if (chosen.length === 0) return { records: 0, segments: 0, away };
    // 1. What is to go must not be in the file that is being written. 2. It is on record. 3. Readers are behind it.
    log.seal();
    const before = beforeMs === undefined ? null : new Date(beforeMs).toISOString();
    await recorder.event({
      kind: 'audit.erased',
      by: why.by,
      database: undefined,
      detail: {
        records: chosen.length,
        before,
        session: session ?? null,
        id: id ?? null,
        ...(choice.class === undefined ? {} : { class: choice.class }),
        bySubject: subject !== undefined,
      },
      body: { reason: why.reason, subject },
    });
    await history.catchUp();
    // 4. Segment by segment; what fails here is done by the next try.
    const segments = await this.#rewrite(chosen);
    await history.forget(chosen);
    return { records: chosen.length, segments, away };
  }

  async #choose(choice: ErasureChoice, to: Position): Promise<Position[]> {
    const { log } = this.#parts;
    const chosen: Position[] = [];
    const sessions = new Set<string>();
    const person = choice.subject === undefined ? undefined : await this.#personOf(choice.subject, to);
    const before = choice.beforeMs === undefined ? undefined : new Date(choice.beforeMs).toISOString();
    for await (const { records } of readSegments(log.dir, { from: START, to, onDamage: () => undefined })) {
      for (const { position, payload } of records) {
        const record = JSON.parse(payload) as AuditRecord;
        // Who it was is in the session's first record, and may have been erased before: then by key or subject only.
        if (person !== undefined && record.kind === 'session.open' && isOf(record, person)) {
          sessions.add(record.session);
        }
        if (bodyOf(payload) === undefined || KEPT.has(record.kind)) continue;
        if (before !== undefined && record.at >= before) continue;
        if (choice.session !== undefined && !('session' in record && record.session === choice.session)) continue;
        if (choice.id !== undefined && !isStatement(record, choice.id)) continue;
        if (choice.class !== undefined && !touches(record, choice.class)) continue;
        if (person !== undefined) {
          const inSession = 'session' in record && sessions.has(record.session);
          if (!inSession && !isOf(record, person)) continue;
        }
        chosen.push(position);
      }
    }
    return chosen;
  }

  /** Records that name who did it by key only are found by the records that say whose address it was. */
  async #personOf(who: string, to: Position): Promise<Person> {
    const keys = new Set<string>();
    if (who.includes('@')) {
      for await (const { records } of readSegments(this.#parts.log.dir, {
        from: START,
        to,
        onDamage: () => undefined,
      })) {
        for (const { payload } of records) {
          if (!SAYS_WHO.test(payload)) continue;
          const record = JSON.parse(payload) as AuditRecord;
          const key = record.kind === 'session.open' ? keyOf(record) : 'by' in record ? record.by : undefined;
          if (key !== undefined && addressesIn(record).includes(who.toLowerCase())) keys.add(key);
        }
      }
    }
    return { who, keys };
  }

  async #rewrite(chosen: readonly Position[]): Promise<number> {
    const { log } = this.#parts;
    const segments = await listSegments(log.dir);
    const wanted = new Set(chosen);
    let rewritten = 0;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const next = segments[i + 1];
      if (!chosen.some((position) => position >= segment && (next === undefined || position < next))) continue;
      if (next === undefined) {
        throw new DbgateError(ErrorCode.auditUnavailable, 'the segment that is being written could not be sealed', {
          hint: 'the disk is full or failing; what is in it is not erased yet: try again',
        });
      }
      await rewriteSegment(log.dir, segment, next - 1, (position, payload) =>
        wanted.has(position) ? envelopeOf(payload) : undefined,
      );
      rewritten++;
    }
    return rewritten;
  }
}

function isStatement(record: AuditRecord, id: string): boolean {
  return record.kind === 'statement.intent' && `${record.session}.${record.n}` === id;
}

function touches(record: AuditRecord, wanted: string): boolean {
  return record.kind === 'statement.intent' && Object.values(record.columns).some((one) => one === wanted);
}

/** `who`: a `principalKey`, a subject or an address; `keys`: whose address it is or was. */
interface Person {
  readonly who: string;
  readonly keys: ReadonlySet<string>;
}

const SAYS_WHO = /^\{"v":\d+,"kind":"(?:session\.open|identity\.login|request\.event)"/;

function keyOf({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string {
  return `${issuer}|${subject}`;
}

/** Addresses of who did it, in small letters. */
function addressesIn(record: AuditRecord): string[] {
  if (!('body' in record) || typeof record.body !== 'object') return [];
  const { email, event } = record.body as { email?: unknown; event?: { by?: Named; request?: { by?: Named } } };
  return [email, event?.by?.email, event?.request?.by?.email].flatMap((one) =>
    typeof one === 'string' ? [one.toLowerCase()] : [],
  );
}

interface Named {
  readonly email?: unknown;
}

/** Is it of that person? */
function isOf(record: AuditRecord, { who, keys }: Person): boolean {
  const { subject, issuer, by } = record as unknown as Partial<Record<string, string>>;
  if (subject !== undefined) {
    const key = keyOf({ issuer: issuer!, subject });
    if (subject === who || key === who || keys.has(key) || keys.has(subject)) return true;
  }
  if (by !== undefined && (by === who || by.slice(by.indexOf('|') + 1) === who || keys.has(by))) return true;
  return addressesIn(record).includes(who.toLowerCase());
}
