import type { Duplex } from 'node:stream';

/**
 * Ends a half-open capable stream: what was written and a last word go out, and a peer that does not read that and close
 * within `graceMs` is cut.
 */
export function closeSoon(
  stream: Duplex,
  { lastWord, graceMs = 1_000 }: { readonly lastWord?: Buffer | string; readonly graceMs?: number } = {},
): void {
  if (stream.destroyed) return;
  stream.on('error', () => {});
  if (stream.writable) stream.end(lastWord);
  // What still comes is thrown away: closing with unread bytes would reset the connection and take the last word along.
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), graceMs);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}
