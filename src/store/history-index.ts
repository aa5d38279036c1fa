/**
 * History: what was run, newest first, and what else the record tells. In: a query. Out: an answer that includes everything
 * that was durable when it was asked for. The work is done by `index-worker.ts`, in its own thread.
 * Whose history may be asked for is decided by the caller, never here.
 */
import { Worker } from 'node:worker_threads';
import type {
  EventsPage,
  EventsQuery,
  HistoryPage,
  HistoryQuery,
  RecordedExecution,
  SessionsPage,
  SessionsQuery,
  Transcript,
} from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import type { IndexAnswers, IndexReply, IndexRequest, IndexWorkerData, TranscriptQuery } from './index-protocol.ts';
import type { PeopleAnswer, PeopleQuery } from './people-seen.ts';
import type { SelectionAnswer, SelectionQuery } from './record-selections.ts';
import type { SegmentLog } from './segment-log.ts';

/** All throw `usage` for a query that makes no sense, `audit_unavailable` when the index cannot be read or kept. */
export interface History {
  query(query: HistoryQuery): Promise<HistoryPage>;
  sessions(query: SessionsQuery): Promise<SessionsPage>;
  events(query: EventsQuery): Promise<EventsPage>;
  /** By `<session>.<n>`; throws `not_found`. */
  execution(id: string): Promise<RecordedExecution>;
  /** Throws `not_found`. */
  transcript(query: TranscriptQuery): Promise<Transcript>;
  /** How many there are of what, in a period, and a few of each. */
  selections(query: SelectionQuery): Promise<SelectionAnswer>;
  /** Who was seen, when, and what they did in a period. */
  people(query: PeopleQuery): Promise<PeopleAnswer>;
  /**
   * These records were erased in the segments: what the index has of their bodies goes, and places in the segments are not
   * trusted any more. Call `catchUp` before segments are rewritten. Gives how many it knew.
   */
  forget(positions: readonly Position[]): Promise<number>;
  /** Makes the index anew; gives the last position indexed. */
  reindex(onProgress?: (done: Position, total: Position) => void): Promise<Position>;
  /** Resolves when everything that is durable now is in the index. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

export interface HistoryOptions {
  /** The index file; its directory must exist. It is made anew when it is missing or of no use. */
  readonly file: string;
  /** Told of damaged segments and of an index that cannot be kept; for the gateway's own log. */
  readonly onWarning?: (message: string) => void;
}

interface Waiter {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  progress?: ((done: Position, total: Position) => void) | undefined;
}

/** Opens the history of `log`. */
export function openHistory(log: SegmentLog, options: HistoryOptions): History {
  const synced = new BigInt64Array(new SharedArrayBuffer(8));
  const publish = (): void => void Atomics.store(synced, 0, BigInt(log.syncedPosition));
  publish();
  const unsubscribe = log.subscribe({ onDurable: publish, onFailed: () => undefined });
  const data: IndexWorkerData = { dir: log.dir, file: options.file, startedAt: log.openedAtPosition, synced };
  const source = new URL(import.meta.url.endsWith('.ts') ? './index-worker.ts' : './index-worker.js', import.meta.url);
  const worker = new Worker(source, { workerData: data, name: 'dbgate-index' });
  worker.unref();

  const waiting = new Map<number, Waiter>();
  let nextId = 1;
  let failure: Error | undefined;
  let closing: Promise<void> | undefined;
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      failure ??= new DbgateError(ErrorCode.auditUnavailable, 'history is closed');
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
      resolve();
    });
  });
  worker.on('error', (error: Error) => {
    failure = new DbgateError(ErrorCode.auditUnavailable, `history index stopped: ${error.message}`, { cause: error });
    options.onWarning?.(failure.message);
  });
  worker.on('message', (message: IndexReply) => {
    if (message.kind === 'warning') {
      options.onWarning?.(message.message);
      return;
    }
    const waiter = waiting.get(message.id);
    if (message.kind === 'progress') {
      waiter?.progress?.(message.done, message.total);
      return;
    }
    waiting.delete(message.id);
    if (message.kind === 'answer') waiter?.resolve(message.answer);
    else {
      const { code, message: text, hint } = message;
      waiter?.reject(new DbgateError(code, text, hint === undefined ? {} : { hint }));
    }
  });

  const ask = async <K extends keyof IndexAnswers>(
    kind: K,
    query: IndexAnswers[K]['query'],
    progress?: Waiter['progress'],
  ): Promise<IndexAnswers[K]['answer']> => {
    if (closing !== undefined) throw new DbgateError(ErrorCode.auditUnavailable, 'history is closed');
    await log.flush();
    publish();
    if (failure !== undefined) throw failure;
    return await new Promise<IndexAnswers[K]['answer']>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject, progress });
      // Somebody waits for it, so the process must not end before it answers.
      worker.ref();
      worker.postMessage({ kind, id, query, upTo: log.syncedPosition });
    }).finally(() => {
      if (waiting.size === 0) worker.unref();
    });
  };

  return {
    query: (query) => ask('history', query),
    sessions: (query) => ask('sessions', query),
    events: (query) => ask('events', query),
    execution: (id) => ask('execution', id),
    transcript: (query) => ask('transcript', query),
    selections: (query) => ask('selections', query),
    people: (query) => ask('people', query),
    forget: (positions) => ask('forget', positions),
    reindex: (onProgress) => ask('reindex', undefined, onProgress),
    catchUp: () => ask('catch-up', undefined),
    close() {
      closing ??= (async () => {
        unsubscribe();
        worker.ref();
        worker.postMessage({ kind: 'close' } satisfies IndexRequest);
        await exited;
      })();
      return closing;
    },
  };
}
