import type { Duplex } from 'node:stream';

/** How long a peer may take to read the last word and close. */
const GRACE_MS = 1_000;

/** Ends a half-open capable stream: its peer need not close, so it is cut when it does not. */
export function closeSoon(stream: Duplex, lastWord?: Buffer | string): void {
  if (stream.destroyed) return;
  stream.on('error', () => {});
  if (stream.writable) stream.end(lastWord);
  // What still comes is thrown away: closing with unread bytes would reset the connection and take the last word along.
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), GRACE_MS);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}
