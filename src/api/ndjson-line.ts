/** Lines of an answer as long as its reader takes them. In: one after another. Out: when the next may come. */
import type { ServerResponse } from 'node:http';

/** Waits for a slow reader: nothing is left out for it, and nothing piles up. Nothing of it is rejected: whoever is gone is gone. */
export async function writeLine(response: ServerResponse, line: object): Promise<void> {
  if (response.destroyed) return;
  const { promise: written, resolve } = Promise.withResolvers<void>();
  // Not by `drain`: it does not come where the socket took at once all that had been gathered for it.
  if (response.write(`${JSON.stringify(line)}\n`, () => resolve())) return;
  response.once('close', resolve);
  await written;
  response.off('close', resolve);
}
