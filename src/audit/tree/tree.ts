/**
 * The Merkle tree over the record, as the gateway's main thread sees it. All work is done by `tree-worker.ts` in a
 * thread of its own. Opening it compares the log with the last checkpoint, and throws when it is not what was signed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { TreeSettings } from '../../config/audit-settings.ts';
import { DbgateError, ErrorCode } from '../../errors.ts';
import type { SegmentLog } from '../../store/segment-log.ts';
import { keyChainPath } from './signer.ts';
import { parseTilePath, tilePath } from './tile-path.ts';
import type {
  AcceptedRewrite,
  TreeAnswers,
  TreeQuestion,
  TreeReply,
  TreeRequest,
  TreeStatus,
  TreeWorkerData,
} from './tree-protocol.ts';

export interface AuditTree {
  /** Undefined until the first word of the thread. */
  readonly status: TreeStatus | undefined;
  /** The log was not what was signed, and the operator took it; to be recorded. */
  readonly accepted: AcceptedRewrite | undefined;
  ask<K extends TreeQuestion['kind']>(question: TreeQuestion & { kind: K }): Promise<TreeAnswers[K]>;
  /** The newest checkpoint, signed by the gateway; undefined: none yet. */
  checkpoint(): Promise<string | undefined>;
  /** The newest that witnesses have cosigned. */
  cosigned(): Promise<string | undefined>;
  /** Lines of `tree.keys`. */
  keys(): Promise<string>;
  /** `path` as in C2SP tlog-tiles: `tile/0/001`. */
  tile(path: string): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

export interface OpenTreeOptions {
  readonly stateDir: string;
  readonly gatewayId: string;
  readonly settings: TreeSettings | undefined;
  readonly acceptRewritten: boolean;
  /** For the gateway's own log. */
  onWarning(message: string): void;
  onRotated(vkey: string, before: string): void;
}

const NO_SETTINGS: TreeSettings = { origin: undefined, signer: undefined, witnesses: [] };

/** Opens the tree of `log`; throws what refuses the start. */
export async function openAuditTree(log: SegmentLog, options: OpenTreeOptions): Promise<AuditTree> {
  const { stateDir } = options;
  const synced = new BigInt64Array(new SharedArrayBuffer(8));
  const publish = (): void => void Atomics.store(synced, 0, BigInt(log.syncedPosition));
  publish();
  const unsubscribe = log.subscribe({ onDurable: publish, onFailed: () => undefined });
  const workerData: TreeWorkerData = {
    auditDir: log.dir,
    stateDir,
    defaultOrigin: `dbgate/${options.gatewayId}`,
    settings: options.settings ?? NO_SETTINGS,
    synced,
    acceptRewritten: options.acceptRewritten,
  };
  const source = new URL(import.meta.url.endsWith('.ts') ? './tree-worker.ts' : './tree-worker.js', import.meta.url);
  const worker = new Worker(source, { workerData, name: 'dbgate-tree' });

  let status: TreeStatus | undefined;
  let failure: Error | undefined;
  let closing: Promise<void> | undefined;
  let nextId = 1;
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  let started: { resolve: (accepted: AcceptedRewrite | undefined) => void; reject: (error: Error) => void } | undefined;
  const start = new Promise<AcceptedRewrite | undefined>((resolve, reject) => {
    started = { resolve, reject };
  });
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      failure ??= new DbgateError(ErrorCode.auditUnavailable, 'the tree of the record is closed');
      started?.reject(failure);
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
      resolve();
    });
  });
  worker.on('error', (error: Error) => {
    failure = new DbgateError(ErrorCode.auditUnavailable, `the tree of the record stopped: ${error.message}`, {
      cause: error,
    });
    if (status !== undefined) status = { ...status, state: 'stopped', error: failure.message };
    options.onWarning(failure.message);
  });
  worker.on('message', (message: TreeReply) => {
    switch (message.kind) {
      case 'ready':
        for (const warning of message.warnings) options.onWarning(warning);
        started?.resolve(message.accepted);
        return;
      case 'refused': {
        const { code, message: text, hint } = message;
        failure = new DbgateError(code, text, hint === undefined ? {} : { hint });
        started?.reject(failure);
        return;
      }
      case 'status':
        status = message.status;
        return;
      case 'rotated':
        options.onRotated(message.vkey, message.before);
        return;
      case 'warning':
        options.onWarning(message.message);
        return;
      case 'answer':
      case 'error': {
        const waiter = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.kind === 'answer') waiter?.resolve(message.answer);
        else waiter?.reject(new DbgateError(message.code, message.message));
        return;
      }
      default:
        message satisfies never;
    }
  });

  const fileOf = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(join(stateDir, 'tree', name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };

  let accepted: AcceptedRewrite | undefined;
  try {
    accepted = await start;
  } catch (error) {
    unsubscribe();
    await exited;
    throw error;
  }
  worker.unref();

  return {
    get status() {
      return status;
    },
    accepted,
    async ask<K extends TreeQuestion['kind']>(question: TreeQuestion & { kind: K }) {
      if (closing !== undefined) throw new DbgateError(ErrorCode.auditUnavailable, 'the tree of the record is closed');
      await log.flush();
      publish();
      if (failure !== undefined) throw failure;
      const answer = await new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        // Somebody waits for it, so the process must not end before it answers.
        worker.ref();
        worker.postMessage({ kind: 'ask', id, question, upTo: log.syncedPosition } satisfies TreeRequest);
      }).finally(() => {
        if (waiting.size === 0 && closing === undefined) worker.unref();
      });
      return answer as TreeAnswers[K];
    },
    checkpoint: () => fileOf('checkpoint'),
    cosigned: () => fileOf('cosigned'),
    keys: () => readFile(keyChainPath(stateDir), 'utf8'),
    async tile(path) {
      const name = parseTilePath(path);
      if (name === undefined) return undefined;
      try {
        return await readFile(join(stateDir, 'tree', tilePath(name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    close() {
      closing ??= (async () => {
        await log.flush();
        publish();
        unsubscribe();
        worker.ref();
        worker.postMessage({ kind: 'close', upTo: log.syncedPosition } satisfies TreeRequest);
        await exited;
      })();
      return closing;
    },
  };
}
