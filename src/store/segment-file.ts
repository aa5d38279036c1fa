/**
 * A segment's bytes, whether its file is as it was written (`.seg`) or compressed (`.seg.zst`). Where both are there, the
 * plain one counts: it is removed only behind a compressed one that was read back, and made anew only by an erasure.
 */
import { open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Position } from './event-log.ts';
import { openSeekable } from './seekable-zstd.ts';

/** What readers need of a file; `FileHandle` is one. */
export interface SegmentFile {
  /** `size` in bytes, as it was written. */
  stat(): Promise<{ readonly size: number; readonly mode: number }>;
  read(into: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

const EXTENSION = '.seg';
const COMPRESSED = '.seg.zst';

export function segmentPath(dir: string, firstPosition: Position): string {
  return join(dir, String(firstPosition).padStart(16, '0') + EXTENSION);
}

export function compressedPath(dir: string, firstPosition: Position): string {
  return join(dir, String(firstPosition).padStart(16, '0') + COMPRESSED);
}

/** Opens a segment for reading. */
export async function openSegment(dir: string, firstPosition: Position): Promise<SegmentFile> {
  const plain = await openIfThere(segmentPath(dir, firstPosition));
  if (plain !== undefined) return plain;
  const compressed = await openIfThere(compressedPath(dir, firstPosition));
  if (compressed !== undefined) return await openSeekable(compressed);
  // An erasure put the plain one in its place between the two looks.
  return await open(segmentPath(dir, firstPosition), 'r');
}

/** In bytes, as it was written. */
export async function segmentSize(dir: string, firstPosition: Position): Promise<number> {
  const file = await openSegment(dir, firstPosition);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Another one: it was written anew, compressed or made plain. Undefined: it is not there. */
export async function segmentInode(dir: string, firstPosition: Position): Promise<number | undefined> {
  const inode = async (path: string) => (await stat(path).catch(() => undefined))?.ino;
  return (await inode(segmentPath(dir, firstPosition))) ?? (await inode(compressedPath(dir, firstPosition)));
}

/** Removes it in both forms; the compressed one first, as it may be the older one. */
export async function removeSegment(dir: string, firstPosition: Position): Promise<void> {
  for (const path of [compressedPath(dir, firstPosition), segmentPath(dir, firstPosition)]) await unlinkIfThere(path);
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
