/**
 * The thread that keeps the tree, so that the gateway's main thread hashes and signs nothing.
 * In: the last synced position in shared memory, questions. Out: answers, the state of the tree, warnings.
 * It begins by holding the log to what was signed, and refuses where it is something else. In the background it takes
 * at most BACKGROUND_SHARE of a core; a checkpoint is signed every second when there is something new.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { DbgateError, ErrorCode } from '../../errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { keysFollowing } from './key-chain.ts';
import { leafOf } from './leaf.ts';
import { readLeaves, seekSegment } from './leaf-reader.ts';
import { verifyNote } from './note.ts';
import { keyStamp, type OpenedSigner, openSigner } from './signer.ts';
import type {
  AcceptedRewrite,
  ProvedLeaf,
  TreeQuestion,
  TreeReply,
  TreeRequest,
  TreeStatus,
  TreeWorkerData,
} from './tree-protocol.ts';
import { LogRewritten, TreeState } from './tree-state.ts';
import { openWitnesses } from './witness.ts';

const BACKGROUND_SHARE = 0.1;
const TICK_MS = 250;
const CHECKPOINT_MS = 1_000;
const HEARTBEAT_MS = 60_000;
const MAX_SIGN_RETRY_MS = 30_000;
/** At the end: how long witnesses may take for the last checkpoint. */
const FAREWELL_MS = 5_000;

const data = workerData as TreeWorkerData;
const { auditDir, stateDir, settings } = data;
const port = parentPort!;
const reply = (message: TreeReply): void => port.postMessage(message);
const warn = (message: string): void => reply({ kind: 'warning', message });
const synced = (): number => Number(Atomics.load(data.synced, 0));
const dir = join(stateDir, 'tree');
const { now } = Date;

let opened: OpenedSigner;
let stamp: string;
let tree: TreeState;
let stopped: string | undefined;
let signFailure: string | undefined;
/** The key was changed, and no checkpoint is signed with the new one yet. */
let unsignedByKey = false;
let checkpointAt: number | undefined;
let nextSignAt = 0;
let signRetryMs = CHECKPOINT_MS;

const witnesses = openWitnesses({
  settings: settings.witnesses,
  now,
  warn,
  cosigned: (checkpoint, lines) => tree.addCosignatures(checkpoint, lines),
});

function reopenSigner(): OpenedSigner {
  stamp = keyStamp(stateDir);
  const { origin, signer: command } = settings;
  return openSigner({ stateDir, origin, defaultOrigin: data.defaultOrigin, command, now });
}

async function openTree(): Promise<{ accepted: AcceptedRewrite | undefined; warnings: string[] }> {
  const warnings: string[] = [];
  opened = reopenSigner();
  const { key } = opened.signer;
  const keys = keysFollowing(opened.chain.keys, opened.chain);
  const options = { auditDir, dir, keys, origin: key.name, synced };
  let accepted: AcceptedRewrite | undefined;
  try {
    tree = await TreeState.open(options);
    if (tree.checkpoint === undefined && !opened.isNew && synced() > 0) {
      warnings.push('there is no checkpoint of an earlier run: what was signed before cannot be compared with the log');
    }
  } catch (error) {
    if (!(error instanceof LogRewritten) || !data.acceptRewritten) throw error;
    const before = TreeState.signedBefore(dir);
    const kept = TreeState.abandon(dir, now());
    accepted = {
      signedSize: before?.size ?? 0,
      signedRoot: before?.root.toString('base64') ?? '',
      why: error.message,
      kept,
    };
    tree = await TreeState.open(options);
  }
  return { accepted, warnings };
}

function postStatus(): void {
  const { key } = opened.signer;
  const status: TreeStatus = {
    state: stopped !== undefined ? 'stopped' : signFailure !== undefined ? 'late' : 'ok',
    error: stopped ?? signFailure,
    origin: key.name,
    vkey: key.vkey,
    size: tree.size,
    checkpointSize: tree.checkpoint?.size,
    checkpointAt: checkpointAt === undefined ? undefined : new Date(checkpointAt).toISOString(),
    cosignedSize: tree.cosigned?.size,
    witnesses: witnesses.status(),
  };
  reply({ kind: 'status', status });
}

/** As `TreeState.advance`; a segment that was written anew (erasure) is found again by its records' positions. */
async function advance(upTo: number, chunks?: number): Promise<boolean> {
  if (stopped !== undefined) return true;
  try {
    return await tree.advance(upTo, chunks);
  } catch {
    tree.forgetPlace();
  }
  try {
    return await tree.advance(upTo, chunks);
  } catch (error) {
    stopped = `the tree of the record is not continued: ${(error as Error).message}`;
    warn(stopped);
    return true;
  }
}

/** True when the key is another one now. */
function takeUpRotation(): boolean {
  if (keyStamp(stateDir) === stamp) return false;
  const before = opened.signer.key.vkey;
  try {
    opened = reopenSigner();
    const { vkey } = opened.signer.key;
    if (vkey === before) return false;
    reply({ kind: 'rotated', vkey, before });
    return true;
  } catch (error) {
    warn(`the changed key of the tree is not taken up: ${(error as Error).message}`);
    return false;
  }
}

/** The key was changed while no gateway ran: the last checkpoint is by another. */
function tellRotation(): void {
  const { vkey } = opened.signer.key;
  const verdict = tree.checkpoint && verifyNote(tree.checkpoint.note, opened.chain.keys);
  if (verdict?.kind !== 'verified' || verdict.by.some(({ key }) => key.vkey === vkey)) return;
  reply({ kind: 'rotated', vkey, before: verdict.by[0]!.key.vkey });
  unsignedByKey = true;
}

/** Throws when it cannot be signed. */
async function makeCheckpoint(): Promise<Checkpoint> {
  try {
    const checkpoint = await tree.sign(opened.signer);
    unsignedByKey = false;
    if (signFailure !== undefined) warn('checkpoints are signed again');
    signFailure = undefined;
    signRetryMs = CHECKPOINT_MS;
    checkpointAt = now();
    nextSignAt = checkpointAt + CHECKPOINT_MS;
    return checkpoint;
  } catch (error) {
    const { message } = error as Error;
    if (signFailure !== message) warn(`CHECKPOINTS ARE LATE, the record goes on without: ${message}`);
    signFailure = message;
    signRetryMs = Math.min(MAX_SIGN_RETRY_MS, signRetryMs * 2);
    nextSignAt = now() + signRetryMs;
    throw error;
  }
}

async function checkpointIfDue(): Promise<void> {
  if (takeUpRotation()) unsignedByKey = true;
  if (stopped !== undefined || tree.size === 0 || now() < nextSignAt) return;
  const isNew = unsignedByKey || tree.checkpoint?.size !== tree.size;
  if (!isNew && checkpointAt !== undefined && now() - checkpointAt < HEARTBEAT_MS) return;
  await makeCheckpoint().catch(() => undefined);
}

function tellWitnesses(all = false): Promise<void> {
  const { checkpoint } = tree;
  if (checkpoint === undefined || settings.witnesses.length === 0 || stopped !== undefined) return Promise.resolve();
  return witnesses
    .offer(checkpoint, (from, to) => tree.proveConsistency(from, to), all)
    .catch((error: Error) => warn(`witnesses: ${error.message}`));
}

// Answers.

async function prove({ position, since }: TreeQuestion & { kind: 'prove' }): Promise<ProvedLeaf | undefined> {
  const from = await seekSegment(auditDir, { position });
  if (from === undefined) return undefined;
  for await (const { leaves } of readLeaves(auditDir, { from, to: position, onDamage: () => undefined })) {
    const stored = leaves.find((one) => one.position === position);
    if (stored === undefined) continue;
    const { leaf: index, payload } = stored;
    const record = payload.toString();
    if (tree.checkpointOf(index) === undefined && stopped === undefined && index < tree.size) {
      await makeCheckpoint().catch(() => undefined);
    }
    const checkpoint = tree.checkpointOf(index, since);
    if (checkpoint === undefined) return { position, index, record, proof: undefined };
    const hashes = base64(tree.proveInclusion(index, leafOf(payload).data, checkpoint));
    const consistency =
      since !== undefined && since <= checkpoint.size
        ? base64(tree.proveConsistency(since, checkpoint.size))
        : undefined;
    return { position, index, record, proof: { hashes, checkpoint: checkpoint.text, consistency } };
  }
  return undefined;
}

function base64(hashes: readonly Buffer[]): string[] {
  return hashes.map((hash) => hash.toString('base64'));
}

async function answer(question: TreeQuestion, upTo: number): Promise<unknown> {
  await advance(upTo);
  switch (question.kind) {
    case 'prove':
      return prove(question);
    case 'consistency':
      return base64(tree.proveConsistency(question.from, question.to));
    case 'checkpoint':
      if (takeUpRotation()) unsignedByKey = true;
      if (stopped === undefined && tree.size > 0 && (unsignedByKey || tree.checkpoint?.size !== tree.size)) {
        await makeCheckpoint();
      }
      return tree.checkpoint?.text;
    case 'checkpoint-of':
      if (stopped !== undefined) throw new DbgateError(ErrorCode.auditUnavailable, stopped);
      return await tree.signBeginning(opened.signer, question.size);
    default:
      return question satisfies never;
  }
}

// One thing at a time: the tree has one edge.
let work: Promise<void> = Promise.resolve();
let closed = false;
const inTurn = (task: () => Promise<void>): Promise<void> => (work = work.then(() => (closed ? undefined : task())));

let timer: NodeJS.Timeout | undefined;
let lastStatus = '';

/** One chunk, then a rest that is longer in proportion. */
async function background(): Promise<void> {
  const began = performance.now();
  let idle = true;
  try {
    const target = synced();
    if (tree.position < target) idle = await advance(target, 1);
    await checkpointIfDue();
    void tellWitnesses();
    const status = JSON.stringify([
      tree.size,
      tree.checkpoint?.size,
      tree.cosigned?.size,
      stopped,
      signFailure,
      witnesses.status(),
    ]);
    if (status !== lastStatus) postStatus();
    lastStatus = status;
  } catch (error) {
    warn(`tree of the record: ${(error as Error).message}`);
  }
  const rest = (performance.now() - began) * (1 / BACKGROUND_SHARE - 1);
  timer = setTimeout(() => void inTurn(background), idle ? Math.max(TICK_MS, rest) : rest);
}

async function close(upTo: number): Promise<void> {
  await advance(upTo);
  if (stopped === undefined && tree.size > 0 && tree.checkpoint?.size !== tree.size) {
    await makeCheckpoint().catch(() => undefined);
  }
  await Promise.race([tellWitnesses(true), new Promise((resolve) => setTimeout(resolve, FAREWELL_MS).unref())]);
}

port.on('message', (request: TreeRequest) => {
  if (request.kind === 'ask') {
    const { id, question, upTo } = request;
    void inTurn(async () => {
      try {
        reply({ kind: 'answer', id, answer: await answer(question, upTo) });
      } catch (error) {
        const code = error instanceof DbgateError ? error.code : ErrorCode.auditUnavailable;
        reply({ kind: 'error', id, code, message: `proof: ${(error as Error).message}` });
      }
    });
    return;
  }
  void inTurn(() => close(request.upTo))
    .catch((error: Error) => warn(`tree of the record: ${error.message}`))
    .finally(() => {
      closed = true;
      clearTimeout(timer);
      port.close();
      // A witness that does not answer keeps nothing open.
      process.exit();
    });
});

void inTurn(async () => {
  try {
    const { accepted, warnings } = await openTree();
    postStatus();
    reply({ kind: 'ready', accepted, warnings });
    tellRotation();
    void inTurn(background);
  } catch (error) {
    const known = error instanceof DbgateError ? error : undefined;
    const rewritten = error instanceof LogRewritten;
    reply({
      kind: 'refused',
      code: known?.code ?? ErrorCode.auditUnavailable,
      message: rewritten
        ? `THE RECORD IS NOT WHAT WAS SIGNED: ${error.message}`
        : `tree of the record: ${(error as Error).message}`,
      hint: rewritten
        ? 'look into it first (dbgate verify DIR). To go on with what there is: dbgate gateway --accept-rewritten REASON'
        : known?.hint,
    });
    port.close();
  }
});
