/**
 * Segment files in a directory: their names, their headers, creating one so that it survives a power cut.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { type SegmentFile, segmentPath } from './segment-file.ts';
import { decodeSegmentHeader, encodeSegmentHeader, SEGMENT_VERSION, type SegmentHeader } from './segment-format.ts';

const NAME = /^(\d{16})\.seg(?:\.zst)?$/;

/** First positions of all segments in `dir`, ascending; compressed ones too. */
export async function listSegments(dir: string): Promise<Position[]> {
  const names = await readdir(dir);
  const found = new Set<Position>();
  for (const name of names) {
    const match = NAME.exec(name);
    if (match !== null) found.add(Number(match[1]));
  }
  return [...found].sort((a, b) => a - b);
}

export type HeaderRead =
  | { readonly kind: 'header'; readonly header: SegmentHeader; readonly dataOffset: number }
  | { readonly kind: 'bad'; readonly reason: string };

/** Reads the header of an open segment file; throws `config` when another version of dbgate wrote it. */
export async function readSegmentHeader(file: SegmentFile): Promise<HeaderRead> {
  const { size } = await file.stat();
  let need = Math.min(4096, size);
  for (;;) {
    const bytes = Buffer.alloc(need);
    const { bytesRead } = await file.read(bytes, 0, need, 0);
    const result = decodeSegmentHeader(bytes.subarray(0, bytesRead));
    if (result.kind === 'header') return { kind: 'header', header: result.header, dataOffset: result.next };
    if (result.kind === 'bad') return result;
    if (result.kind === 'unsupported') {
      throw new DbgateError(
        ErrorCode.config,
        `audit segment has format version ${result.version}, expected ${SEGMENT_VERSION}`,
        {
          hint: 'run the version of dbgate that wrote it, or a newer one',
        },
      );
    }
    if (result.need > size) return { kind: 'bad', reason: 'header is cut short' };
    need = result.need;
  }
}

export interface NewSegment {
  readonly file: FileHandle;
  /** Where the first frame goes. */
  readonly dataOffset: number;
  /** Bytes of the file that are already allocated on disk, zeros behind the header. */
  readonly allocatedBytes: number;
}

/**
 * Creates a segment with its header and `preallocateBytes` of zeros, all of it on stable storage, the directory's
 * entry too. On failure nothing of it stays, and it throws: a disk with no room for a batch is found out here.
 */
export async function createSegment(dir: string, header: SegmentHeader, preallocateBytes: number): Promise<NewSegment> {
  const path = segmentPath(dir, header.firstPosition);
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    const encoded = encodeSegmentHeader(header);
    const block = Buffer.concat([encoded, Buffer.alloc(preallocateBytes)]);
    for (let at = 0; at < block.length; ) at += (await file.write(block, at, block.length - at, at)).bytesWritten;
    await file.datasync();
    await syncDirectory(dir);
    return { file, dataOffset: encoded.length, allocatedBytes: block.length };
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Makes created and removed names in `dir` durable. */
export async function syncDirectory(dir: string): Promise<void> {
  // Windows cannot open a directory; NTFS journals its names by itself.
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
