/**
 * The thread that keeps the index and answers from it, so that the gateway's main thread never waits for SQLite.
 * In: questions, and the last synced position in shared memory. Out: answers, and word of damage.
 * In the background it takes at most BACKGROUND_SHARE of a core; before an answer it catches up as fast as it can.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DbgateError, ErrorCode } from '../errors.ts';
import { acquireLock } from './directory-lock.ts';
import type { Position } from './event-log.ts';
import { defineHistoryFunctions, queryHistory } from './history-query.ts';
import { type IndexDatabase, openIndexDatabase } from './index-database.ts';
import { forgetRecords } from './index-forget.ts';
import { findExecution, queryEvents, querySessions, readTranscript } from './index-lookups.ts';
import type { IndexAnswers, IndexQuestion, IndexReply, IndexRequest, IndexWorkerData } from './index-protocol.ts';
import { peopleSeen } from './people-seen.ts';
import { openRecordLookup } from './record-lookup.ts';
import { selectRecords } from './record-selections.ts';
import { readSegments } from './segment-reader.ts';

const BACKGROUND_SHARE = 0.1;
const IDLE_INTERVAL_MS = 500;
const PROGRESS_INTERVAL_MS = 200;

const { dir, file, startedAt, synced } = workerData as IndexWorkerData;
const port = parentPort!;
const reply = (message: IndexReply): void => port.postMessage(message);
const lock = acquireLock(`${file}.lock`);
let index = open(Number(Atomics.load(synced, 0)));
const records = openRecordLookup(dir, () => index.sqlite);
let closed = false;

function open(logPosition: Position): IndexDatabase {
  const opened = openIndexDatabase(file, logPosition);
  defineHistoryFunctions(opened.sqlite);
  return opened;
}

/** Indexes what is behind the place reached, at most `chunks` chunks of it; true when `upTo` is reached. */
async function advance(upTo: Position, chunks: number, progress?: (done: Position) => void): Promise<boolean> {
  let left = chunks;
  const from = index.place();
  if (from.position >= upTo) return true;
  const onDamage = (damage: { segment: Position; offset: number; reason: string }): void =>
    reply({
      kind: 'warning',
      message: `audit segment ${damage.segment} is damaged at byte ${damage.offset}: ${damage.reason}`,
    });
  for await (const chunk of readSegments(dir, { from, to: upTo, onDamage })) {
    const senseless = index.apply(chunk.records, chunk.cursor);
    if (senseless > 0) reply({ kind: 'warning', message: `${senseless} audit records could not be understood` });
    progress?.(chunk.cursor.position);
    if (--left <= 0) return chunk.cursor.position >= upTo;
  }
  return true;
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Does it; an index that turns out to be corrupt is made anew from the segments, and it is done again. */
async function mendingCorruption<T>(upTo: Position, task: () => T | Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    reply({ kind: 'warning', message: `history index ${file} is corrupt and is made anew` });
    beginAnew();
    await advance(upTo, Number.POSITIVE_INFINITY);
    return await task();
  }
}

function isCorrupt(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  // Extended result codes carry the primary one in their low byte.
  return code !== undefined && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff);
}

function beginAnew(): void {
  index.close();
  index = open(-1);
}

type Answering = {
  [K in keyof IndexAnswers]: (
    question: IndexQuestion<K>,
  ) => IndexAnswers[K]['answer'] | Promise<IndexAnswers[K]['answer']>;
};

const answering: Answering = {
  history: ({ query }) => queryHistory(index.sqlite, query, startedAt),
  sessions: ({ query }) => querySessions(index.sqlite, query, startedAt),
  events: ({ query }) => queryEvents(index.sqlite, query),
  execution: ({ query }) => findExecution(index.sqlite, records, query, startedAt),
  transcript: ({ query }) => readTranscript(index.sqlite, records, query, startedAt),
  selections: ({ query }) => selectRecords(index.sqlite, query, startedAt),
  people: ({ query }) => peopleSeen(index.sqlite, query),
  forget: ({ query }) => forgetRecords(index.sqlite, index.writer, query),
  'catch-up': () => undefined,
  async reindex({ id, upTo }) {
    beginAnew();
    let told = 0;
    await advance(upTo, Number.POSITIVE_INFINITY, (done) => {
      const now = performance.now();
      if (now - told < PROGRESS_INTERVAL_MS) return;
      told = now;
      reply({ kind: 'progress', id, done, total: upTo });
    });
    return index.place().position;
  },
};

async function answer(question: IndexQuestion): Promise<void> {
  const { id, kind, upTo } = question;
  try {
    const found = await mendingCorruption(upTo, async () => {
      if (kind !== 'reindex') await advance(upTo, Number.POSITIVE_INFINITY);
      return await (answering[kind] as (question: IndexQuestion) => unknown)(question);
    });
    reply({ kind: 'answer', id, answer: found });
  } catch (error) {
    if (error instanceof DbgateError) {
      const { code, message, hint } = error;
      reply({ kind: 'error', id, code, message, ...(hint === undefined ? {} : { hint }) });
      return;
    }
    reply({ kind: 'error', id, code: ErrorCode.auditUnavailable, message: `history: ${(error as Error).message}` });
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
    if (index.place().position < target) idle = await mendingCorruption(target, () => advance(target, 1));
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
