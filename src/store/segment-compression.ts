/**
 * Compresses segments that nobody writes to any more, and makes them plain again. At any moment one of the two files is
 * whole and on stable storage: the plain one goes only when the compressed one was read back and is the same.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { compressPiece, encodeSeekTable, openSeekable, PIECE_BYTES, type Piece } from './seekable-zstd.ts';
import { syncDirectory } from './segment-directory.ts';
import { compressedPath, type SegmentFile, segmentPath, unlinkIfThere } from './segment-file.ts';

/** Removes what a process left that ended amid its work. The caller sees to it that nobody else is at it. */
export async function clearUnfinished(dir: string): Promise<void> {
  const names = new Set(await readdir(dir));
  for (const name of names) {
    const isUnfinished = /^\d{16}\.seg(\.zst)?\.new$/.test(name);
    // Beside a plain one it may be of before an erasure.
    const isLeft = /^\d{16}\.seg\.zst$/.test(name) && names.has(name.slice(0, -'.zst'.length));
    if (isUnfinished || isLeft) await unlinkIfThere(join(dir, name));
  }
}

/** Gives its sizes; undefined: it is compressed already. Throws where there is no room, and leaves it as it is. */
export async function compressSegment(
  dir: string,
  segment: Position,
): Promise<{ readonly plain: number; readonly compressed: number } | undefined> {
  const [from, to] = [segmentPath(dir, segment), compressedPath(dir, segment)];
  const plain = await open(from, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (plain === undefined) return undefined;
  try {
    const { size, mode } = await plain.stat();
    await unlinkIfThere(to);
    const compressed = await writeNew(to, mode & 0o777, async (file) => {
      const pieces: Piece[] = [];
      let at = 0;
      for await (const bytes of piecesOf(plain)) {
        const packed = await compressPiece(bytes);
        await writeAll(file, packed, at);
        at += packed.length;
        pieces.push({ compressed: packed.length, plain: bytes.length });
      }
      const table = encodeSeekTable(pieces);
      await writeAll(file, table, at);
      await file.datasync();
      await checkSame(plain, `${to}.new`);
      return at + table.length;
    });
    await syncDirectory(dir);
    await unlinkIfThere(from);
    await syncDirectory(dir);
    return { plain: size, compressed };
  } finally {
    await plain.close();
  }
}

/** Makes a compressed segment plain again, to be written on. Throws for a damaged one. */
export async function expandSegment(dir: string, segment: Position): Promise<void> {
  const [from, to] = [compressedPath(dir, segment), segmentPath(dir, segment)];
  const packed = await openSeekable(await open(from, 'r'));
  try {
    await writeNew(to, (await packed.stat()).mode & 0o777, async (file) => {
      let at = 0;
      for await (const bytes of piecesOf(packed)) {
        if (bytes.every((byte) => byte === 0xff)) throw damaged(from);
        await writeAll(file, bytes, at);
        at += bytes.length;
      }
      if (at === 0) throw damaged(from);
      await file.datasync();
    });
    await syncDirectory(dir);
    await unlinkIfThere(from);
    await syncDirectory(dir);
  } finally {
    await packed.close();
  }
}

function damaged(path: string): DbgateError {
  return new DbgateError(ErrorCode.internal, `${path} is damaged`);
}

/** Writes a file aside and gives it its name when `fill` is done; nothing of it stays when that throws. */
async function writeNew<T>(path: string, mode: number, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const aside = `${path}.new`;
  await unlinkIfThere(aside);
  const file = await open(aside, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    const result = await fill(file);
    await file.close();
    await rename(aside, path);
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlinkIfThere(aside).catch(() => undefined);
    throw error;
  }
}

async function checkSame(plain: SegmentFile, path: string): Promise<void> {
  const again = await openSeekable(await open(path, 'r'));
  try {
    const pieces = piecesOf(again);
    for await (const bytes of piecesOf(plain)) {
      const read = await pieces.next();
      if (read.done === true || !read.value.equals(bytes)) throw damaged(path);
    }
    if ((await pieces.next()).done !== true) throw damaged(path);
  } finally {
    await again.close();
  }
}

async function* piecesOf(file: SegmentFile): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const bytes = Buffer.allocUnsafe(PIECE_BYTES);
    let filled = 0;
    while (filled < PIECE_BYTES) {
      const { bytesRead } = await file.read(bytes, filled, PIECE_BYTES - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled > 0) yield bytes.subarray(0, filled);
    if (filled < PIECE_BYTES) return;
    at += filled;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}
