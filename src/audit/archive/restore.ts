/**
 * Brings the record back from an archive into a state directory, for `dbgate verify` and for a gateway to go on from. In:
 * a bucket, or a directory with a copy of one. Out: segments whose bytes are those that their names say, the checkpoint
 * over them, the keys; and what is missing. What is there already is not touched.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { DbgateError, ErrorCode } from '../../errors.ts';
import { acquireLock } from '../../store/directory-lock.ts';
import type { Position } from '../../store/event-log.ts';
import { listSegments, readSegmentHeader, syncDirectory } from '../../store/segment-directory.ts';
import { compressedPath, openSegment, segmentPath, unlinkIfThere } from '../../store/segment-file.ts';
import { readSegmentFrames } from '../../store/segment-reader.ts';
import { parseTilePath } from '../tree/tile-path.ts';
import { writeDurably } from '../tree/tree-state.ts';
import { parseKeysKey, parseSegmentKey, parseSignedKey } from './archive-names.ts';

/** An `S3Client` is one. */
export interface ArchiveSource {
  list(under: string): AsyncIterable<{ readonly key: string; readonly size: number }>;
  get(key: string): Promise<Readable | undefined>;
}

export interface Restored {
  /** That are there now and were not before. */
  readonly segments: number;
  readonly bytes: number;
  /** Records that are there now. */
  readonly records: number;
  /** Of the first one: how many were before it. */
  readonly firstLeaf: number;
  /** Over so many records there is a checkpoint now. */
  readonly checkpoint: number | undefined;
  /** What should be there and is not. */
  readonly problems: readonly string[];
}

const MAX_SMALL_BYTES = 16 << 20;
const TILES_AT_ONCE = 8;

/** A copy of a bucket, from below the prefix on. */
export function openDirectoryArchive(dir: string): ArchiveSource {
  return {
    async *list(under) {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const key = relative(dir, path).split(sep).join('/');
        if (!key.startsWith(under)) continue;
        yield { key, size: (await stat(path)).size };
      }
    },
    get: (key) => Promise.resolve(existsSync(join(dir, key)) ? createReadStream(join(dir, key)) : undefined),
  };
}

/** Throws `config` while a gateway runs on `stateDir`, `not_found` where there is no archive. */
export async function restoreArchive(
  source: ArchiveSource,
  stateDir: string,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Restored> {
  const auditDir = join(stateDir, 'audit');
  mkdirSync(auditDir, { recursive: true, mode: 0o700 });
  const lock = acquireLock(join(auditDir, 'lock'));
  try {
    return await restore(source, stateDir, auditDir, onProgress, signal);
  } finally {
    lock.release();
  }
}

async function restore(
  source: ArchiveSource,
  stateDir: string,
  auditDir: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<Restored> {
  const candidates = new Map<Position, { key: string; size: number; version: number; sha256: string }[]>();
  for await (const { key, size } of source.list('segments/')) {
    const name = parseSegmentKey(key);
    if (name === undefined) continue;
    const found = candidates.get(name.first) ?? [];
    candidates.set(name.first, [...found, { key, size, version: name.version, sha256: name.sha256 }]);
  }
  if (candidates.size === 0) throw new DbgateError(ErrorCode.notFound, 'there are no segments in that archive');

  const problems: string[] = [];
  let segments = 0;
  let bytes = 0;
  for (const [i, first] of [...candidates.keys()].sort((a, b) => a - b).entries()) {
    if (signal?.aborted === true) throw new DbgateError(ErrorCode.cancelled, 'interrupted; the same command goes on');
    onProgress(i, candidates.size);
    if (existsSync(segmentPath(auditDir, first)) || existsSync(compressedPath(auditDir, first))) continue;
    // The newest is of after the last erasure; an older one is better than none, and is named below.
    const versions = candidates.get(first)!.sort((a, b) => b.version - a.version);
    let isThere = false;
    for (const { key, sha256, size } of versions) {
      const wrong = await fetchSegment(source, key, sha256, compressedPath(auditDir, first));
      if (wrong === undefined) {
        segments++;
        bytes += size;
        isThere = true;
        break;
      }
      problems.push(`${key}: ${wrong}`);
    }
    if (!isThere) problems.push(`segment ${first} is not whole in the archive`);
  }
  onProgress(candidates.size, candidates.size);
  await syncDirectory(auditDir);

  const { firstLeaf, records, gaps } = await checkChain(auditDir);
  problems.push(...gaps);
  const treeDir = join(stateDir, 'tree');
  await mkdir(treeDir, { recursive: true, mode: 0o700 });
  let checkpoint: number | undefined;
  for (const kind of ['checkpoint', 'cosigned'] as const) {
    const sizes: number[] = [];
    for await (const { key } of source.list(`${kind}/`)) sizes.push(parseSignedKey(key) ?? 0);
    const best = Math.max(0, ...sizes.filter((size) => size <= records));
    if (kind === 'checkpoint') {
      checkpoint = best === 0 ? undefined : best;
      const largest = Math.max(0, ...sizes);
      if (largest > records)
        problems.push(
          `the archive has a checkpoint over ${largest} records, and there are ${records} here: segments are missing at the end`,
        );
      else if (best < records) problems.push(`the archive has no checkpoint over all of the ${records} records`);
    }
    if (best === 0 || existsSync(join(treeDir, kind))) continue;
    const text = await smallFile(source, `${kind}/${String(best).padStart(16, '0')}`);
    if (text !== undefined) writeDurably(join(treeDir, kind), text.toString());
  }
  await restoreKeys(source, stateDir, problems);
  if (firstLeaf > 0) await restoreTiles(source, treeDir, signal);
  return { segments, bytes, records, firstLeaf, checkpoint, problems };
}

/** Gives what is wrong with it; then nothing of it stays. */
async function fetchSegment(
  source: ArchiveSource,
  key: string,
  sha256: string,
  path: string,
): Promise<string | undefined> {
  const body = await source.get(key);
  if (body === undefined) return 'is gone';
  const aside = `${path}.new`;
  await unlinkIfThere(aside);
  const file = await open(aside, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let at = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      for (let done = 0; done < chunk.length; ) {
        done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
      }
      at += chunk.length;
    }
    await file.datasync();
    await file.close();
    if (hash.digest('hex') !== sha256) {
      await unlinkIfThere(aside);
      return 'its bytes are not those that its name says';
    }
    await rename(aside, path);
    return undefined;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlinkIfThere(aside).catch(() => undefined);
    throw error;
  }
}

/** Each segment names the one before it. */
async function checkChain(dir: string): Promise<{ firstLeaf: number; records: number; gaps: string[] }> {
  const gaps: string[] = [];
  let firstLeaf = 0;
  let records = 0;
  let before: Position | undefined;
  const segments = await listSegments(dir);
  for (const segment of segments) {
    const file = await openSegment(dir, segment);
    try {
      const read = await readSegmentHeader(file);
      if (read.kind === 'bad') {
        gaps.push(`segment ${segment} is damaged: ${read.reason}`);
      } else {
        const { previous, firstLeaf: leaf } = read.header;
        if (before === undefined) firstLeaf = leaf;
        else if (previous !== null && previous.firstPosition !== before) {
          gaps.push(`segments between ${before} and ${segment} are missing in the archive`);
        }
        records = leaf;
      }
    } finally {
      await file.close();
    }
    before = segment;
  }
  if (before === undefined) return { firstLeaf, records, gaps };
  const from = { segment: before, offset: 0, position: before - 1 };
  const onDamage = ({ offset, reason }: { offset: number; reason: string }): void =>
    void gaps.push(`segment ${before} is damaged at byte ${offset}: ${reason}`);
  for await (const { frames } of readSegmentFrames(dir, { from, to: Number.MAX_SAFE_INTEGER - 1, onDamage })) {
    records += frames.length;
  }
  return { firstLeaf, records, gaps };
}

async function restoreKeys(source: ArchiveSource, stateDir: string, problems: string[]): Promise<void> {
  const path = join(stateDir, 'tree.keys');
  if (existsSync(path)) return;
  let last: { readonly key: string; readonly count: number; readonly sha256: string } | undefined;
  for await (const { key } of source.list('keys/')) {
    const name = parseKeysKey(key);
    if (name !== undefined && (last === undefined || name.count > last.count)) last = { key, ...name };
  }
  const bytes = last && (await smallFile(source, last.key));
  if (bytes === undefined) problems.push('the archive has no keys');
  else if (createHash('sha256').update(bytes).digest('hex') !== last!.sha256)
    problems.push(`${last!.key}: its bytes are not those that its name says`);
  else writeDurably(path, bytes.toString());
}

/** Of records before the first segment, only tiles are left. */
async function restoreTiles(source: ArchiveSource, treeDir: string, signal: AbortSignal | undefined): Promise<void> {
  const tiles = source.list('tile/')[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  const next = (): Promise<IteratorResult<{ readonly key: string }>> => {
    const mine = turn.then(() => tiles.next());
    turn = mine.catch(() => undefined);
    return mine;
  };
  const work = async (): Promise<void> => {
    for (let one = await next(); one.done !== true && signal?.aborted !== true; one = await next()) {
      const { key } = one.value;
      if (parseTilePath(key) === undefined || existsSync(join(treeDir, key))) continue;
      const bytes = await smallFile(source, key);
      if (bytes === undefined) continue;
      await mkdir(dirname(join(treeDir, key)), { recursive: true, mode: 0o700 });
      const file = await open(join(treeDir, key), 'w', 0o600);
      await file.writeFile(bytes).finally(() => file.close());
    }
  };
  await Promise.all(Array.from({ length: TILES_AT_ONCE }, work));
}

async function smallFile(source: ArchiveSource, key: string): Promise<Buffer | undefined> {
  const body = await source.get(key);
  if (body === undefined) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_SMALL_BYTES) throw new DbgateError(ErrorCode.usage, `${key} in the archive is too large`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
