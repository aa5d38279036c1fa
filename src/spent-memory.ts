/**
 * Memory of chunks that nobody refers to any more, given back at once. V8 looks for buffers that are garbage only when a
 * young generation's worth of objects was made, or 64 MB of buffers: a large answer would have these resident, and be
 * written to memory that no cache holds. Whoever still refers to what was given back finds it empty.
 */
import { Buffer } from 'node:buffer';

/** Smaller chunks are not worth it, and share the memory of Node's pool. */
export const LEAST_SPENT_BYTES = 4096;

/** Uninitialised, and with its memory for itself. */
export const ownMemory = (bytes: number): Buffer => Buffer.allocUnsafeSlow(bytes);

/** Of Node's pool, from which small buffers are cut. */
const POOL_BYTES = Buffer.allocUnsafe(1).buffer.byteLength;

/** `bytes` is all that anybody has of its memory. */
export function giveBack(bytes: Buffer): void {
  const memory = bytes.buffer as ArrayBuffer;
  // Others have other parts of the pool.
  const isPooled = memory.byteLength === POOL_BYTES && bytes.length < POOL_BYTES;
  if (bytes.length < LEAST_SPENT_BYTES || isPooled) return;
  try {
    memory.transfer(0);
  } catch {
    // Node has it for itself: it is collected some time.
  }
}
