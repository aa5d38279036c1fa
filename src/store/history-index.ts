/**
 * History: what was run, newest first. In: a `HistoryQuery`. Out: a page of entries that includes everything that was
 * durable when it was asked for. The work is done by `index-worker.ts`, in its own thread.
 * Whose history may be asked for is decided by the caller, never here.
 */
import { Worker } from 'node:worker_threads';
import type { HistoryPage, HistoryQuery } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { IndexReply, IndexRequest, IndexWorkerData } from './index-protocol.ts';
import type { SegmentLog } from './segment-log.ts';

export interface History {
  /** Throws `usage` for a query that makes no sense, `audit_unavailable` when the index cannot be read or kept. */
  query(query: HistoryQuery): Promise<HistoryPage>;
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

  const waiting = new Map<number, { resolve: (reply: IndexReply) => void; reject: (error: Error) => void }>();
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
    waiting.delete(message.id);
    if (message.kind === 'error') waiter?.reject(new DbgateError(message.code, message.message));
    else waiter?.resolve(message);
  });

  const ask = async (make: (id: number) => IndexRequest): Promise<IndexReply> => {
    if (closing !== undefined) throw new DbgateError(ErrorCode.auditUnavailable, 'history is closed');
    await log.flush();
    publish();
    if (failure !== undefined) throw failure;
    return await new Promise<IndexReply>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      // Somebody waits for it, so the process must not end before it answers.
      worker.ref();
      worker.postMessage(make(id));
    }).finally(() => {
      if (waiting.size === 0) worker.unref();
    });
  };

  return {
    async query(query) {
      const reply = await ask((id) => ({ kind: 'query', id, query, upTo: log.syncedPosition }));
      if (reply.kind !== 'page') throw new Error(`index worker answered ${reply.kind} to a query`);
      return reply.page;
    },
    async catchUp() {
      await ask((id) => ({ kind: 'catch-up', id, upTo: log.syncedPosition }));
    },
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
