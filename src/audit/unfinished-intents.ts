/**
 * Intents that an earlier process left without an outcome: it ended before it knew. In: the segments, from where the
 * last look ended. Out: which executions may have run. Refused statements are none: nothing of them ran.
 * It reads the heads of records as bytes, so a million of them take about a second, and gives way between chunks.
 */
import type { Position } from '../store/event-log.ts';
import { readSegmentFrames } from '../store/segment-reader.ts';

export interface Unfinished {
  readonly session: string;
  readonly n: number;
}

/** The recorder's order of keys. */
const HEAD = /^\{"v":2,"kind":"statement\.(intent|outcome)","at":"[^"]*","session":"([^"]*)","n":(\d+),/;
const HEAD_BYTES = 200;
const DENIED = Buffer.from(',"decision":"deny",');

/** Of the records behind `from` up to `to`; what is damaged is stepped over. */
export async function unfinishedIntents(dir: string, from: Position, to: Position): Promise<Unfinished[]> {
  const open = new Map<string, Unfinished>();
  const cursor = { segment: 0, offset: 0, position: from };
  for await (const { bytes, frames } of readSegmentFrames(dir, { from: cursor, to, onDamage: () => {} })) {
    for (const { payloadStart, next } of frames) {
      const head = HEAD.exec(bytes.toString('latin1', payloadStart, Math.min(next, payloadStart + HEAD_BYTES)));
      if (head === null) continue;
      const [, kind, session = '', n = ''] = head;
      const key = `${session}.${n}`;
      if (kind === 'outcome') open.delete(key);
      else if (!bytes.subarray(payloadStart, next).includes(DENIED)) open.set(key, { session, n: Number(n) });
    }
  }
  return [...open.values()];
}
