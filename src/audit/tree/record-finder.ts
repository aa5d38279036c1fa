/** Finds a statement's records by reading segments, where no index says where they are. */
import type { Position } from '../../store/event-log.ts';
import { readSegmentFrames, START } from '../../store/segment-reader.ts';
import type { Found } from './tree-protocol.ts';

/** Records of one statement and the opening of its session. Reads everything up to `upTo`, or until all are found. */
export async function findStatement(
  dir: string,
  { session, n }: { readonly session: string; readonly n: number },
  upTo: Position,
): Promise<Found> {
  const name = Buffer.from(`,"session":${JSON.stringify(session)}`);
  const numbered = Buffer.from(`,"session":${JSON.stringify(session)},"n":${n},`);
  let found: Found = { open: undefined, intent: undefined, outcome: undefined };
  for await (const { bytes, frames } of readSegmentFrames(dir, { from: START, to: upTo, onDamage: () => undefined })) {
    // Most chunks have nothing of it.
    if (bytes.indexOf(name) < 0) continue;
    for (const { payloadStart, next, position } of frames) {
      const payload = bytes.subarray(payloadStart, next);
      const kind = kindOf(payload);
      if (kind === 'session.open' && payload.includes(name)) found = { ...found, open: position };
      else if (kind === 'statement.intent' && payload.includes(numbered)) found = { ...found, intent: position };
      else if (kind === 'statement.outcome' && payload.includes(numbered)) found = { ...found, outcome: position };
    }
    if (found.outcome !== undefined) return found;
  }
  return found;
}

function kindOf(payload: Buffer): string | undefined {
  return /^\{"v":\d+,"kind":"([a-z.]+)"/.exec(payload.toString('latin1', 0, 64))?.[1];
}
