/** Reads the first packet of a connection from a stream, within a time limit, and leaves the stream paused behind it. */
import type { Duplex } from 'node:stream';
import { DbgateError } from '../errors.ts';
import type { StartupDecoder, StartupPacket } from '../pgwire/startup.ts';

export type FirstPacket = Exclude<StartupPacket, { type: 'need_more' }>;

/** Throws ProtocolError for what is no first packet, DbgateError `protocol` on time-out and `cancelled` when the peer left. */
export function readFirstPacket(stream: Duplex, decoder: StartupDecoder, timeoutMs: number): Promise<FirstPacket> {
  return readWith(stream, timeoutMs, (chunk) => {
    const packet = decoder.push(chunk);
    return packet.type === 'need_more' ? undefined : packet;
  });
}

/** Feeds chunks to `take` until it gives something. */
export function readWith<T>(stream: Duplex, timeoutMs: number, take: (chunk: Buffer) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', onGone).off('close', onGone).off('error', onGone);
      stream.pause();
      settle();
    };
    const onData = (chunk: Buffer): void => {
      try {
        const result = take(chunk);
        if (result !== undefined) done(() => resolve(result));
      } catch (error) {
        done(() => reject(error as Error));
      }
    };
    const onGone = (): void => done(() => reject(new DbgateError('cancelled', 'the client went away')));
    const timer = setTimeout(
      () =>
        done(() =>
          reject(new DbgateError('wait_timed_out', `no start-up within ${timeoutMs} ms`, { sqlstate: '08P01' })),
        ),
      timeoutMs,
    );
    stream.on('data', onData).once('end', onGone).once('close', onGone).once('error', onGone);
    stream.resume();
  });
}
