/**
 * A gateway in small, to be killed or starved: writes records with 20 writers at once and prints, as lines, what it was
 * told: `ack <position> <payload>`, `fail <from> <to>`, `refused`, `state <state>`.
 * Arguments: directory, a name that makes payloads unique, records to write (0: until killed), pause between in ms, and
 * `in-place` to sync in the thread that writes.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSegmentLog } from '../../src/store/segment-log.ts';

const [dir = '', name = '', count = '0', pauseMs = '0', place] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const log = await openSegmentLog({
  dir,
  gatewayId: 'gw',
  segmentBytes: 100_000,
  durability: 'sync',
  maxQueuedBytes: 1024 * 1024,
  now: Date.now,
  syncPlace: { inPlace: () => place === 'in-place', took: () => {} },
});
log.subscribe({ onDurable: () => undefined, onFailed: (from, to) => say(`fail ${from} ${to}`) });
say(`open ${log.durablePosition}`);

let left = count === '0' ? Number.POSITIVE_INFINITY : Number(count);
let state = log.state;
async function write(writer: number): Promise<void> {
  for (let i = 0; left-- > 0; i++) {
    const payload = `{"by":"${name}.${writer}.${i}","pad":"${'x'.repeat((i * 37) % 300)}"}`;
    try {
      const { lastPosition } = await log.append('audit', [{ payload }]);
      say(`ack ${lastPosition} ${payload}`);
    } catch {
      say('refused');
      await sleep(20);
    }
    if (log.state !== state) say(`state ${(state = log.state)}`);
    if (pauseMs !== '0') await sleep(Number(pauseMs));
  }
}
await Promise.all(Array.from({ length: pauseMs === '0' ? 20 : 1 }, (_, writer) => write(writer)));
await log.close();
say('closed');
