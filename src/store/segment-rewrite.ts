/**
 * A sealed segment written anew with some of its payloads replaced: how bodies are erased. In: a segment that nobody
 * writes to any more. Out: the same frames in the same places of the order, in a file that took the old one's name when
 * it was whole and on stable storage. Whoever has the old file open reads it to its end.
 */
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { readSegmentHeader, syncDirectory } from './segment-directory.ts';
import { compressedPath, openSegment, segmentPath, unlinkIfThere } from './segment-file.ts';
import { encodeSegmentHeader, FrameBuffer, recordOf } from './segment-format.ts';
import { readSegmentFrames } from './segment-reader.ts';

/** Written at once. */
const WRITE_BYTES = 4 * 1024 * 1024;

/**
 * `replace`: the new payload of a record, undefined: as it is. `last`: of the segment, the last position. Gives how many
 * were replaced; throws for a damaged segment, which then stays as it is.
 */
export async function rewriteSegment(
  dir: string,
  segment: Position,
  last: Position,
  replace: (position: Position, payload: string) => string | undefined,
): Promise<number> {
  const path = segmentPath(dir, segment);
  const old = await openSegment(dir, segment);
  let header: Awaited<ReturnType<typeof readSegmentHeader>>;
  let mode: number;
  try {
    header = await readSegmentHeader(old);
    mode = (await old.stat()).mode & 0o777;
  } finally {
    await old.close();
  }
  if (header.kind === 'bad') throw new DbgateError(ErrorCode.internal, `${path} is damaged: ${header.reason}`);
  // How long the frames are is known at the end; its header must not change its length for that.
  const headerOf = (frameBytes: number): Buffer =>
    encodeSegmentHeader({ ...header.header, rewritten: { frameBytes: String(frameBytes).padStart(16, '0') } });
  const fresh = `${path}.new`;
  await unlink(fresh).catch(() => undefined);
  const file = await open(fresh, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    const dataOffset = headerOf(0).length;
    let at = dataOffset;
    let replaced = 0;
    const frames = new FrameBuffer();
    const write = async (bytes: Buffer): Promise<void> => {
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
      at += bytes.length;
    };
    const from = { segment, offset: 0, position: segment - 1 };
    for await (const chunk of readSegmentFrames(dir, { from, to: last })) {
      for (const frame of chunk.frames) {
        const { position, stream, streamSeq, payload } = recordOf(chunk.bytes, frame);
        const changed = replace(position, payload);
        if (changed !== undefined) replaced++;
        frames.add(position, Buffer.from(stream), streamSeq, changed ?? payload, frame.predecessorsDurable);
      }
      if (frames.length < WRITE_BYTES) continue;
      await write(frames.bytes());
      frames.clear();
    }
    await write(frames.bytes());
    const head = headerOf(at - dataOffset);
    await file.write(head, 0, head.length, 0);
    await file.datasync();
    await file.close();
    await rename(fresh, path);
    await syncDirectory(dir);
    // The plain one counts from here on; what the other says must be gone too.
    await unlinkIfThere(compressedPath(dir, segment));
    await syncDirectory(dir);
    return replaced;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(fresh).catch(() => undefined);
    throw error;
  }
}
