/**
 * The record in its order, joined with what each record is of, for those who export it. In: where to begin. Out: batches
 * of records with the last position that was looked at; whoever asks again with it gets what came since, each once.
 * It reads what is synced, and holds nothing but the sessions and intents of late.
 */
import type { ExportedRecord } from '../audit/export/exported-record.ts';
import type { AuditRecord, SessionOpen, StatementIntent } from '../audit/record.ts';
import { AUDIT_STREAM } from '../audit/recorder.ts';
import { DbgateError } from '../errors.ts';
import type { Position, StoredRecord } from '../store/event-log.ts';
import type { History } from '../store/history-index.ts';
import { listSegments, readSegmentHeader } from '../store/segment-directory.ts';
import { openSegment, segmentInode } from '../store/segment-file.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { type Damage, readSegments, type SegmentCursor } from '../store/segment-reader.ts';

export interface ExportQuery {
  /** Only what stands behind it. */
  readonly after?: Position | undefined;
  /** Epoch milliseconds, by the records' own time. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only what is of this database. */
  readonly database?: string | undefined;
}

export interface ExportParts {
  readonly log: SegmentLog;
  readonly history: History;
  readonly gatewayId: string;
  /** `principalKey` of whoever asked; undefined: it is not known any more. */
  askerOf(request: string): string | undefined;
}

export interface ExportBatch {
  readonly records: readonly ExportedRecord[];
  /** The last position looked at. */
  readonly position: Position;
  readonly damage: readonly Damage[];
}

/** Of each kind, those that are remembered; what is not is looked up. */
const MAX_SESSIONS = 5_000;
const MAX_INTENTS = 10_000;
/** Records of several sockets are not quite in order of their times. */
const DISORDER_MS = 300_000;

export class ExportedRecords {
  readonly #log: SegmentLog;
  readonly #history: History;
  readonly #gatewayId: string;
  readonly #query: ExportQuery;
  readonly #askerOf: (request: string) => string | undefined;
  readonly #sessions = new Map<string, SessionOpen | undefined>();
  readonly #intents = new Map<string, StatementIntent>();
  #cursor: SegmentCursor | undefined;
  /** Of the segment that the cursor is in, looked at before it was read: another file when something was erased. */
  #file: number | undefined;

  constructor(parts: ExportParts, query: ExportQuery) {
    this.#log = parts.log;
    this.#history = parts.history;
    this.#gatewayId = parts.gatewayId;
    this.#askerOf = parts.askerOf;
    this.#query = query;
  }

  /** Where it begins, and the first position that there still is. */
  async begin(): Promise<{ readonly after: Position; readonly first: Position }> {
    const segments = await listSegments(this.#log.dir);
    const first = segments[0] ?? 1;
    const { after, since } = this.#query;
    let position = after ?? 0;
    if (after === undefined && since !== undefined) position = (await segmentAt(this.#log.dir, segments, since)) - 1;
    this.#cursor = { segment: 0, offset: 0, position };
    return { after: position, first };
  }

  /** What is synced now and was not given yet. */
  async *next(): AsyncGenerator<ExportBatch> {
    const to = this.#log.syncedPosition;
    const place = await this.#trustedCursor();
    const damage: Damage[] = [];
    const expected = this.#file;
    let isFirst = expected !== undefined;
    for await (const { records, cursor } of readSegments(this.#log.dir, {
      from: place,
      to,
      onDamage: (one) => damage.push(one),
    })) {
      // Between the look at the file and its opening it may have been rewritten: then all of the segment is read again.
      if (isFirst && (await fileOf(this.#log.dir, this.#cursor?.segment ?? 0)) !== expected) {
        this.#file = undefined;
        yield* this.next();
        return;
      }
      isFirst = false;
      const exported: ExportedRecord[] = [];
      let isOver = false;
      for (const record of records) {
        if (record.position <= place.position || record.stream !== AUDIT_STREAM) continue;
        const one = await this.#joined(record);
        if (one === undefined) continue;
        if (this.#isOfInterest(one)) exported.push(one);
        const { until } = this.#query;
        if (until !== undefined && Date.parse(one.record.at) > until + DISORDER_MS) isOver = true;
      }
      // Of the next one nobody looked which file it was before it was read: its beginning is read once more.
      if (this.#cursor?.segment !== cursor.segment) this.#file = undefined;
      this.#cursor = cursor;
      yield { records: exported, position: isOver ? to : cursor.position, damage: damage.splice(0) };
      if (isOver) return;
    }
  }

  /** Is there more than was given? */
  get isBehind(): boolean {
    return (this.#cursor?.position ?? 0) < this.#log.syncedPosition;
  }

  async #trustedCursor(): Promise<SegmentCursor> {
    const cursor = this.#cursor ?? { segment: 0, offset: 0, position: 0 };
    const file = await fileOf(this.#log.dir, cursor.segment);
    const isSame = file !== undefined && file === this.#file;
    this.#file = file;
    return isSame ? cursor : { segment: 0, offset: 0, position: cursor.position };
  }

  #isOfInterest({ record, session }: ExportedRecord): boolean {
    const { since, until, database } = this.#query;
    if (since !== undefined || until !== undefined) {
      const at = Date.parse(record.at);
      if (at < (since ?? Number.NEGATIVE_INFINITY) || at > (until ?? Number.POSITIVE_INFINITY)) return false;
    }
    return database === undefined || ('database' in record ? record.database : session?.database) === database;
  }

  async #joined({ position, payload }: StoredRecord): Promise<ExportedRecord | undefined> {
    let record: AuditRecord;
    try {
      record = JSON.parse(payload) as AuditRecord;
    } catch {
      return undefined;
    }
    const one = { gateway: this.#gatewayId, position, record };
    switch (record.kind) {
      case 'session.open':
        remember(this.#sessions, record.session, record, MAX_SESSIONS);
        return one;
      case 'session.close': {
        const session = await this.#session(record.session);
        this.#sessions.delete(record.session);
        return { ...one, session };
      }
      case 'statement.intent':
        remember(this.#intents, `${record.session}.${record.n}`, record, MAX_INTENTS);
        return { ...one, session: await this.#session(record.session) };
      case 'statement.outcome': {
        const id = `${record.session}.${record.n}`;
        const intent = this.#intents.get(id);
        this.#intents.delete(id);
        if (intent !== undefined) return { ...one, session: await this.#session(record.session), intent };
        const found = await orNothing(this.#history.execution(id));
        return { ...one, session: found?.opened ?? (await this.#session(record.session)), intent: found?.intent };
      }
      case 'audit.erased':
        // What is remembered may be what was erased.
        this.#sessions.clear();
        this.#intents.clear();
        return one;
      case 'request.event':
        return { ...one, asker: this.#askerOf(record.request) };
      default:
        return one;
    }
  }

  async #session(session: string): Promise<SessionOpen | undefined> {
    if (this.#sessions.has(session)) return this.#sessions.get(session);
    const found = await orNothing(this.#history.transcript({ session, after: 0, limit: 1 }));
    remember(this.#sessions, session, found?.opened, MAX_SESSIONS);
    return found?.opened;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.set(key, value);
  if (map.size > max) map.delete(map.keys().next().value as string);
}

/** What is gone, or damaged, is not there. */
async function orNothing<T>(looked: Promise<T>): Promise<T | undefined> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof DbgateError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function fileOf(dir: string, segment: Position): Promise<number | undefined> {
  return segment === 0 ? undefined : await segmentInode(dir, segment);
}

/** First position of the newest segment that was begun before then; of the oldest, if none was. */
async function segmentAt(dir: string, segments: readonly Position[], since: number): Promise<Position> {
  for (const segment of segments.toReversed()) {
    const file = await openSegment(dir, segment).catch(() => undefined);
    if (file === undefined) continue;
    try {
      const read = await readSegmentHeader(file);
      if (read.kind === 'header' && Date.parse(read.header.createdAt) <= since) return segment;
    } finally {
      await file.close();
    }
  }
  return segments[0] ?? 1;
}
