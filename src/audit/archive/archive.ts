/**
 * Copies sealed segments, full tiles and checkpoints to a bucket, and removes here what is there. In: a state directory.
 * Out: objects with their hashes, and a record of each. It never overwrites, never removes here what it has not read back
 * there, and finds out once a day whether something is gone. Whoever was interrupted goes on: names say what is there.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DbgateError, ErrorCode } from '../../errors.ts';
import type { Position } from '../../store/event-log.ts';
import { listSegments, syncDirectory } from '../../store/segment-directory.ts';
import { compressedPath, removeSegment } from '../../store/segment-file.ts';
import type { S3Body, S3Client } from '../s3/s3-client.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { leafOf } from '../tree/leaf.ts';
import { readLeaves, segmentStart } from '../tree/leaf-reader.ts';
import { TILE_WIDTH, type TileName, tilePath } from '../tree/tile-path.ts';
import { type ArchivedSegment, type Ledger, readLedger, writeLedger } from './archive-ledger.ts';
import {
  keysKey,
  ORIGIN_KEY,
  parseSegmentKey,
  type SegmentName,
  segmentKey,
  segmentVersions,
  signedKey,
} from './archive-names.ts';

export interface ArchiveParts {
  readonly stateDir: string;
  /** Of the segments. */
  readonly dir: string;
  readonly client: S3Client;
  readonly settings: { readonly afterMs: number; readonly keepLocalMs: number | undefined };
  /** Name of the tree. */
  readonly origin: string;
  /** Signed over the first `size` records. */
  checkpointOf(size: number): Promise<string>;
  cosigned(): Promise<string | undefined>;
  /** Segments that may go from here, the oldest first, if the next one was begun before then (ISO 8601). */
  removable(before: string): Promise<readonly Position[]>;
  /** Resolves when it is durable. */
  record(
    kind: 'audit.archived' | 'audit.retired',
    detail: Readonly<Record<string, string | number | boolean | null>>,
  ): Promise<unknown>;
  /** Nothing is erased meanwhile. */
  exclusively<T>(task: () => Promise<T>): Promise<T>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly logLine: (line: string) => void;
}

export interface ArchiveStatus {
  readonly state: 'waiting' | 'ok' | 'failing';
  readonly error: string | undefined;
  /** Segments that are there. */
  readonly segments: number;
  /** ISO 8601: when all that was due was there. */
  readonly at: string | undefined;
  /** Objects that were there, are not any more, and are not here either. */
  readonly lost: readonly string[];
}

const LIST_EVERY_MS = 24 * 3_600_000;
const READ_BYTES = 256 * 1024;
const TILES_AT_ONCE = 4;
const TILES_A_PASS = 20_000;

export class Archive {
  readonly #parts: ArchiveParts;
  readonly #ledger: Ledger;
  #listedAt: number | undefined;
  #status: ArchiveStatus;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    this.#ledger = readLedger(parts.stateDir, parts.client.place, parts.logLine);
    const segments = this.#ledger.segments.length;
    this.#status = { state: 'waiting', error: undefined, segments, at: undefined, lost: [] };
  }

  get status(): ArchiveStatus {
    return { ...this.#status, segments: this.#ledger.segments.length };
  }

  has(segment: Position): boolean {
    return this.#ledger.segments.some((one) => one.segment === segment);
  }

  /** Segments that are there and not here. */
  async awayFrom(): Promise<number> {
    const here = new Set(await listSegments(this.#parts.dir));
    return this.#ledger.segments.filter(({ segment }) => !here.has(segment)).length;
  }

  /** All that is due. Throws where it cannot go on; the next try goes on from there. */
  async run(): Promise<void> {
    const { now, logLine } = this.#parts;
    try {
      if (this.#listedAt === undefined || now() - this.#listedAt >= LIST_EVERY_MS) await this.#compare();
      await this.#copySegments();
      await this.#copyTiles();
      await this.#copySigned();
      await this.#removeLocal();
      if (this.#status.state === 'failing') logLine('archive: works again');
      this.#status = { ...this.#status, state: 'ok', error: undefined, at: new Date(now()).toISOString() };
    } catch (error) {
      const { message } = error as Error;
      if (this.#status.error !== message) logLine(`archive: NOT UP TO DATE, what is here stays here: ${message}`);
      this.#status = { ...this.#status, state: 'failing', error: message };
      throw error;
    }
  }

  /** Holds what should be there to what the bucket lists. */
  async #compare(): Promise<void> {
    const { client, origin, dir, logLine, now } = this.#parts;
    await this.#claim(origin);
    const there = new Map<string, number>();
    for await (const { key, size } of client.list('')) there.set(key, size);
    const here = new Set(await listSegments(dir));
    const lost: string[] = [];
    for (const one of [...this.#ledger.segments]) {
      if (there.get(one.key) === one.bytes) continue;
      if (here.has(one.segment)) {
        logLine(`archive: ${client.place}${one.key} IS GONE or another one; it is copied again from here`);
        this.#ledger.segments.splice(this.#ledger.segments.indexOf(one), 1);
        continue;
      }
      lost.push(one.key);
      if (!this.#status.lost.includes(one.key)) {
        logLine(`archive: ${client.place}${one.key} IS GONE or another one, AND IS NOT HERE: records are lost`);
      }
    }
    for (const name of fullTiles(0, this.#ledger.tiles)) {
      const key = tilePath(name);
      if (there.has(key)) continue;
      logLine(`archive: ${client.place}${key} IS GONE; it is copied again from here`);
      await this.#putTile(name);
    }
    for (const { treeSize, segment } of this.#ledger.segments) {
      if (!there.has(signedKey('checkpoint', treeSize)) && here.has(segment)) await this.#putCheckpoint(treeSize);
    }
    for (const kind of ['keys', 'cosigned'] as const) {
      if (this.#ledger[kind] !== undefined && !there.has(this.#ledger[kind])) this.#ledger[kind] = undefined;
    }
    this.#save();
    this.#status = { ...this.#status, lost };
    this.#listedAt = now();
  }

  /** Two gateways in one place would be a muddle for whoever restores. */
  async #claim(origin: string): Promise<void> {
    const { client } = this.#parts;
    const body = bytesBody(Buffer.from(`${origin}\n`));
    const there = await textAt(client, ORIGIN_KEY);
    if (there === undefined) await client.put(ORIGIN_KEY, body);
    const owner = there ?? (await textAt(client, ORIGIN_KEY));
    if (owner === `${origin}\n`) return;
    throw new DbgateError(ErrorCode.config, `${client.place} is the archive of another record`, {
      hint: 'give each gateway a prefix of its own: audit.archive.s3.prefix',
    });
  }

  async #copySegments(): Promise<void> {
    const { dir } = this.#parts;
    await this.#copyThose('new', Number.POSITIVE_INFINITY);
    // What was erased goes there only behind the record of it: without that it would look as if it had been cut out.
    const segments = await listSegments(dir);
    const last = segments.findLastIndex((segment) => this.has(segment));
    const next = segments[last + 1];
    if (last < 0 || next === undefined) return;
    await this.#copyThose('rewritten', Date.parse((await segmentStart(dir, next)).createdAt ?? ''));
  }

  /** `writtenBefore`: epoch milliseconds. */
  async #copyThose(which: 'new' | 'rewritten', writtenBefore: number): Promise<void> {
    const { dir, settings, now } = this.#parts;
    const segments = await listSegments(dir);
    for (let i = 0; i + 1 < segments.length; i++) {
      const path = compressedPath(dir, segments[i]!);
      const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
        // It is compressed first.
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (file === undefined) continue;
      try {
        const { ino, mtimeMs, size } = await file.stat();
        const known = this.#ledger.segments.find(({ segment }) => segment === segments[i]);
        if ((known === undefined) !== (which === 'new') || !(mtimeMs < writtenBefore)) continue;
        if (known?.inode === ino && known.mtimeMs === mtimeMs && known.bytes === size) continue;
        const next = await segmentStart(dir, segments[i + 1]!);
        if (next.firstLeaf === undefined || next.createdAt === undefined) continue;
        if (known === undefined && Date.parse(next.createdAt) > now() - settings.afterMs) continue;
        await this.#copySegment(file, segments[i]!, next.firstLeaf, known);
      } finally {
        await file.close();
      }
    }
  }

  async #copySegment(
    file: FileHandle,
    segment: Position,
    treeSize: number,
    known: ArchivedSegment | undefined,
  ): Promise<void> {
    const { client, record } = this.#parts;
    const { ino: inode, mtimeMs, size: bytes } = await file.stat();
    const sha256 = await sha256Of(readAll(file));
    const versions: SegmentName[] = [];
    for await (const { key } of client.list(segmentVersions(segment))) {
      const name = parseSegmentKey(key);
      if (name !== undefined) versions.push(name);
    }
    versions.sort((a, b) => b.version - a.version);
    const [newest] = versions;
    const same = versions.find((one) => one.sha256 === sha256);
    const version = same?.version ?? (newest === undefined ? 0 : newest.version + 1);
    const key = segmentKey({ first: segment, version, sha256 });
    if (same === undefined) {
      if (newest !== undefined) await this.#checkIsErasure(segment, newest);
      await client.put(key, { size: bytes, sha256, open: () => readAll(file) });
    }
    await this.#check(key, bytes, sha256);
    await this.#putCheckpoint(treeSize);
    if (known !== undefined) this.#ledger.segments.splice(this.#ledger.segments.indexOf(known), 1);
    this.#ledger.segments.push({ segment, treeSize, key, bytes, sha256, inode, mtimeMs });
    this.#save();
    const replaces = same === undefined ? (newest?.sha256 ?? null) : null;
    if (known?.key !== key) await record('audit.archived', { segment, treeSize, bytes, sha256, replaces });
    // What was erased here is to go there too.
    for (const old of versions.filter((one) => one.version < version)) await this.#removeVersion(segmentKey(old));
  }

  async #removeVersion(key: string): Promise<void> {
    const { client, logLine } = this.#parts;
    try {
      await client.remove(key);
      if ((await client.head(key)) === undefined) return;
    } catch {
      // It is said below.
    }
    logLine(
      `archive: ${client.place}${key} is of before an erasure AND CANNOT BE REMOVED (object lock, or the key may not)`,
    );
  }

  /** What is to take the place of another must have its leaves: else somebody has changed it here. */
  async #checkIsErasure(segment: Position, newest: SegmentName): Promise<void> {
    const { client, dir, stateDir } = this.#parts;
    const body = await client.get(segmentKey(newest));
    if (body === undefined) return;
    const aside = await mkdtemp(join(stateDir, 'archive-'));
    try {
      await pipeline(body, createWriteStream(compressedPath(aside, segment), { mode: 0o600 }));
      if (await haveSameLeaves(aside, dir, segment)) return;
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    throw new DbgateError(
      ErrorCode.auditUnavailable,
      `segment ${segment} IS NOT WHAT IT WAS when it was archived as ${segmentKey(newest)}; neither is touched`,
      { hint: 'dbgate verify STATE_DIR says what was changed; dbgate audit restore brings back what was there' },
    );
  }

  /** Throws if it is not there as it was sent. */
  async #check(key: string, size: number, sha256: string): Promise<void> {
    const { client } = this.#parts;
    const there = await client.head(key);
    let found = there?.sha256;
    // The store keeps no such checksum: it is read back.
    if (there !== undefined && there.size === size && found === undefined) {
      const body = await client.get(key);
      found = body === undefined ? undefined : await sha256Of(body);
    }
    if (there?.size === size && found === sha256) return;
    throw new DbgateError(
      ErrorCode.auditUnavailable,
      `${client.place}${key} is not what was sent: ${there?.size ?? 'no'} of ${size} bytes`,
      {
        hint: 'it is not removed here; remove it there, and it is copied again',
      },
    );
  }

  async #putCheckpoint(treeSize: number): Promise<void> {
    const { client, checkpointOf } = this.#parts;
    const key = signedKey('checkpoint', treeSize);
    if (treeSize === 0 || (await client.head(key)) !== undefined) return;
    await client.put(key, bytesBody(Buffer.from(await checkpointOf(treeSize))));
  }

  async #copyTiles(): Promise<void> {
    const size = Math.max(0, ...this.#ledger.segments.map(({ treeSize }) => treeSize));
    const full = size - (size % TILE_WIDTH);
    while (this.#ledger.tiles < full) {
      const to = Math.min(full, this.#ledger.tiles + TILES_A_PASS * TILE_WIDTH);
      const names = fullTiles(this.#ledger.tiles, to);
      const workers = Array.from({ length: TILES_AT_ONCE }, async () => {
        for (const name of names) await this.#putTile(name);
      });
      await Promise.all(workers);
      this.#ledger.tiles = to;
      this.#save();
    }
  }

  async #putTile(name: TileName): Promise<void> {
    const { client, stateDir } = this.#parts;
    const key = tilePath(name);
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(stateDir, 'tree', key));
    } catch (error) {
      // The tree is behind, or it was made before its tiles were kept.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new DbgateError(ErrorCode.auditUnavailable, `${key} is not there yet`);
      throw error;
    }
    await client.put(key, bytesBody(bytes));
  }

  async #copySigned(): Promise<void> {
    const { client, stateDir, cosigned } = this.#parts;
    const chain = readFileSync(join(stateDir, 'tree.keys'));
    const keys = keysKey(chain.toString().split('\n').length, sha256Hex(chain));
    if (this.#ledger.keys !== keys) {
      await client.put(keys, bytesBody(chain));
      this.#ledger.keys = keys;
      this.#save();
    }
    const text = await cosigned();
    const size = text === undefined ? undefined : parseCheckpoint(text)?.size;
    // One a segment is enough: what comes behind is in no segment there.
    const due = this.#ledger.segments.find(({ treeSize }) => size !== undefined && treeSize >= size);
    if (text === undefined || size === undefined || due === undefined) return;
    const key = signedKey('cosigned', size);
    if (this.#ledger.cosigned === key) return;
    await client.put(key, bytesBody(Buffer.from(text)));
    this.#ledger.cosigned = key;
    this.#save();
  }

  async #removeLocal(): Promise<void> {
    const { settings, now, dir, record, removable, exclusively } = this.#parts;
    if (settings.keepLocalMs === undefined) return;
    await exclusively(async () => {
      const going: ArchivedSegment[] = [];
      const before = now() - settings.keepLocalMs!;
      for (const segment of await removable(new Date(before).toISOString())) {
        const known = this.#ledger.segments.find((one) => one.segment === segment);
        if (known === undefined || !(await isSameFile(compressedPath(dir, segment), known))) break;
        // What was restored is there for somebody.
        if (known.mtimeMs > before) break;
        // It was there once; it must be now.
        await this.#check(known.key, known.bytes, known.sha256);
        going.push(known);
      }
      const last = going.at(-1);
      if (last === undefined) return;
      const [next] = (await listSegments(dir)).slice(going.length);
      // 1. On record. 2. The oldest first, so that what is left has no hole.
      await record('audit.retired', {
        segments: going.length,
        treeSize: last.treeSize,
        lastPosition: next! - 1,
        archived: true,
      });
      for (const { segment } of going) await removeSegment(dir, segment);
      await syncDirectory(dir);
    });
  }

  #save(): void {
    writeLedger(this.#parts.stateDir, this.#ledger);
  }
}

/** Tiles that are filled by the leaves from `from` to `to`, multiples of 256, and the bundles under them. */
function* fullTiles(from: number, to: number): Generator<TileName> {
  for (let level = 0, width = TILE_WIDTH; Math.floor(to / width) > 0; level++, width *= TILE_WIDTH) {
    for (let index = Math.floor(from / width); index < Math.floor(to / width); index++) {
      yield { level, index, width: TILE_WIDTH };
      if (level === 0) yield { level: 'entries', index, width: TILE_WIDTH };
    }
  }
}

/** Of a segment in two directories: is what the tree is made of the same? */
async function haveSameLeaves(before: string, after: string, segment: Position): Promise<boolean> {
  const segments = await listSegments(after);
  const to = (segments[segments.indexOf(segment) + 1] ?? Number.MAX_SAFE_INTEGER) - 1;
  const old = leavesOf(before, segment, to);
  try {
    for await (const leaf of leavesOf(after, segment, to)) {
      const other = await old.next();
      if (other.done === true || !other.value.equals(leaf)) return false;
    }
    return (await old.next()).done === true;
  } finally {
    // Its file is open.
    await old.return(undefined);
  }
}

async function* leavesOf(dir: string, segment: Position, to: Position): AsyncGenerator<Buffer> {
  const from = { segment, offset: 0, position: segment - 1, leaf: 0 };
  for await (const { leaves } of readLeaves(dir, { from, to })) {
    for (const { payload } of leaves) yield leafOf(payload).data;
  }
}

/** From its beginning. A `ReadStream` of a descriptor closes it when it is destroyed, and with it whatever has that number. */
function readAll(file: FileHandle): Readable {
  return Readable.from(chunksOf(file), { objectMode: false, highWaterMark: READ_BYTES });
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function isSameFile(path: string, known: ArchivedSegment): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { ino, mtimeMs, size } = await file.stat();
    return ino === known.inode && mtimeMs === known.mtimeMs && size === known.bytes;
  } finally {
    await file.close();
  }
}

/** Hex. */
export async function sha256Of(bytes: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bytesBody(bytes: Buffer): S3Body {
  return { size: bytes.length, sha256: sha256Hex(bytes), open: () => bytes };
}

async function textAt(client: S3Client, key: string): Promise<string | undefined> {
  const body = await client.get(key);
  if (body === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
