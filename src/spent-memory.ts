/**
 * Memory of chunks that nobody refers to any more, given back at once. V8 looks for buffers that are garbage only when a
 * young generation's worth of objects was made, or 64 MB of buffers: a large answer would have these resident, and be
 * written to memory that no cache holds. Whoever still refers to what was given back finds it empty.
 */
import { Buffer } from 'node:buffer';

/** Smaller chunks are not worth it. */
export const LEAST_SPENT_BYTES = 4096;

/** What was made here. Of no other memory is it known whose it is: what Node reads from TLS may share one buffer. */
const own = new WeakSet<ArrayBufferLike>();

/** Uninitialised, and with its memory for itself. */
export function ownMemory(bytes: number): Buffer {
  const made = Buffer.allocUnsafeSlow(bytes);
  if (bytes >= LEAST_SPENT_BYTES) own.add(made.buffer);
  return made;
}

/** `bytes` is all that anybody has of its memory, if that was made by `ownMemory`; else nothing happens. */
export function giveBack(bytes: Buffer): void {
  const memory = bytes.buffer;
  if (own.delete(memory)) (memory as ArrayBuffer).transfer(0);
}
