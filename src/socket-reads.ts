/**
 * Reading sockets through one buffer. Node takes a fresh 64 KiB of external memory for every read, of 100 bytes or so, and
 * V8 marks the whole heap every few hundred statements to be rid of them: a third to a half of a proxy's CPU.
 */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { LEAST_SPENT_BYTES, ownMemory } from './spent-memory.ts';

/** What every socket reads into: a read is copied out before another can begin. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** For `net.connect`: as Node's own reading, but for the copy; `false` stops it until the stream has drained. */
export const readsThroughBuffer: net.OnReadOpts = {
  buffer: readBuffer,
  callback(this: net.Socket, bytes: number, buffer: Uint8Array): boolean {
    return this.push(copied(buffer, bytes));
  },
};

/** What is large has memory for itself, which can be given back (`spent-memory.ts`). */
function copied(source: Uint8Array, bytes: number): Buffer {
  const read = source.subarray(0, bytes);
  if (bytes < LEAST_SPENT_BYTES) return Buffer.from(read);
  const chunk = ownMemory(bytes);
  chunk.set(read);
  return chunk;
}

/**
 * The same for a socket that a server with `pauseOnConnect` accepted, for which Node has no option: its handle is given to
 * a socket that has one. Where a Node has no such handle, the accepted socket serves.
 */
export function acceptThroughBuffer(accepted: net.Socket): net.Socket {
  const holder = accepted as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (handle === undefined || handle === null || accepted.destroyed) return accepted.resume();
  holder._handle = null;
  const options = { handle, onread: readsThroughBuffer, allowHalfOpen: accepted.allowHalfOpen };
  const socket = new net.Socket(options as net.SocketConstructorOpts);
  // The server counts the accepted one: it goes when the other does.
  socket.once('close', () => accepted.destroy());
  return socket;
}

/** Of streams of our own that do as sockets do: none pushes while it is read from. */
export const PUSHES_BETWEEN_READS = Symbol('pushes between reads');

/**
 * Has `take` be given what comes on a stream, as a listener of 'data'. While a socket flows and holds nothing back, a chunk
 * goes there at once, past the stream's own accounting, which costs a proxy a tick and some 2 µs for each message.
 * @returns stops it.
 */
export function takeReads(stream: Duplex, take: (chunk: Buffer) => void): () => void {
  stream.on('data', take);
  // Others may push while they are read from: then a chunk would come before the one under way is done with.
  if (!(stream instanceof net.Socket) && !(PUSHES_BETWEEN_READS in stream)) return () => void stream.off('data', take);
  const pushAsEver = stream.push;
  stream.push = function (this: Duplex, chunk: unknown, encoding?: BufferEncoding): boolean {
    if (!(chunk instanceof Uint8Array) || this.readableFlowing !== true || this.readableLength > 0 || this.destroyed)
      return pushAsEver.call(this, chunk, encoding);
    take(chunk as Buffer);
    return true;
  };
  return () => {
    stream.push = pushAsEver;
    stream.off('data', take);
  };
}
