/**
 * The thread that keeps the index and answers from it, so that the gateway's main thread never waits for SQLite.
 * In: queries, and the last synced position in shared memory. Out: pages, and word of damage.
 * In the background it takes at most BACKGROUND_SHARE of a core; before an answer it catches up as fast as it can.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DbgateError, ErrorCode } from '../errors.ts';
import { acquireLock } from './directory-lock.ts';
import type { Position } from './event-log.ts';
import { defineHistoryFunctions, queryHistory } from './history-query.ts';
import { type IndexDatabase, openIndexDatabase } from './index-database.ts';
import type { IndexReply, IndexRequest, IndexWorkerData } from './index-protocol.ts';
import { readSegments } from './segment-reader.ts';

const BACKGROUND_SHARE = 0.1;
const IDLE_INTERVAL_MS = 500;

const { dir, file, startedAt, synced } = workerData as IndexWorkerData;
const port = parentPort!;
const reply = (message: IndexReply): void => port.postMessage(message);
const lock = acquireLock(`${file}.lock`);
let index = open();
let closed = false;

function open(): IndexDatabase {
  const opened = openIndexDatabase(file, Number(Atomics.load(synced, 0)));
  defineHistoryFunctions(opened.sqlite);
  return opened;
}

/** Indexes what is behind the place reached, at most `chunks` chunks of it; true when `upTo` is reached. */
async function advance(upTo: Position, chunks: number): Promise<boolean> {
  let left = chunks;
  const from = index.place();
  if (from.position >= upTo) return true;
  const onDamage = (damage: { segment: Position; offset: number; reason: string }): void =>
    reply({
      kind: 'warning',
      message: `audit segment ${damage.segment} is damaged at byte ${damage.offset}: ${damage.reason}`,
    });
  for await (const { records, cursor } of readSegments(dir, { from, to: upTo, onDamage })) {
    const senseless = index.apply(records, cursor);
    if (senseless > 0) reply({ kind: 'warning', message: `${senseless} audit records could not be read as JSON` });
    if (--left <= 0) return cursor.position >= upTo;
  }
  return true;
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** As `advance`; an index that turns out to be corrupt is made anew from the segments. */
async function advanceOrRebuild(upTo: Position, chunks: number): Promise<boolean> {
  try {
    return await advance(upTo, chunks);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    rebuild();
    return await advance(upTo, chunks);
  }
}

function isCorrupt(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  // Extended result codes carry the primary one in their low byte.
  return code !== undefined && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff);
}

function rebuild(): void {
  reply({ kind: 'warning', message: `history index ${file} is corrupt and is made anew` });
  index.close();
  index = openIndexDatabase(file, -1);
  defineHistoryFunctions(index.sqlite);
}

async function answer(request: Exclude<IndexRequest, { kind: 'close' }>): Promise<void> {
  const { id, kind, upTo } = request;
  try {
    await advanceOrRebuild(upTo, Number.POSITIVE_INFINITY);
    if (kind === 'catch-up') {
      reply({ kind: 'caught-up', id });
      return;
    }
    try {
      reply({ kind: 'page', id, page: queryHistory(index.sqlite, request.query, startedAt) });
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      rebuild();
      await advance(upTo, Number.POSITIVE_INFINITY);
      reply({ kind: 'page', id, page: queryHistory(index.sqlite, request.query, startedAt) });
    }
  } catch (error) {
    const code = error instanceof DbgateError ? error.code : ErrorCode.auditUnavailable;
    reply({ kind: 'error', id, code, message: `history: ${(error as Error).message}` });
  }
}

// One thing at a time: the database has one connection, and a batch must not be cut by a question.
let work: Promise<void> = Promise.resolve();
const inTurn = (task: () => Promise<void>): Promise<void> => (work = work.then(() => (closed ? undefined : task())));

let timer: NodeJS.Timeout | undefined;
let failing = false;

/** One chunk, then a rest that is longer in proportion. */
async function background(): Promise<void> {
  const began = performance.now();
  let idle = true;
  try {
    const target = Number(Atomics.load(synced, 0));
    if (index.place().position < target) idle = await advanceOrRebuild(target, 1);
    failing = false;
  } catch (error) {
    if (!failing) reply({ kind: 'warning', message: `history index cannot be kept: ${(error as Error).message}` });
    failing = true;
  }
  const rest = (performance.now() - began) * (1 / BACKGROUND_SHARE - 1);
  timer = setTimeout(() => void inTurn(background), idle ? Math.max(IDLE_INTERVAL_MS, rest) : rest);
}

port.on('message', (request: IndexRequest) => {
  if (request.kind !== 'close') {
    void inTurn(() => answer(request));
    return;
  }
  void work.then(() => {
    closed = true;
    clearTimeout(timer);
    index.close();
    lock.release();
    port.close();
  });
});
void inTurn(background);
