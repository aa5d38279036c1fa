/**
 * A gateway in small, to be killed or starved: writes records with 20 writers at once and prints, as lines, what it was
 * told: `ack <position> <payload>`, `fail <from> <to>`, `refused`, `state <state>`. A lone writer says `begin` before each record.
 * Arguments: directory, a name that makes payloads unique, records to write (0: until killed), pause between in ms (0: 20
 * writers, else one), `in-place` to sync in the thread that writes, and `ticks` to say `tick` every 10 ms, as whoever else
 * wants something of that thread.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSegmentLog } from '../../src/store/segment-log.ts';
import { SyncPlace } from '../../src/store/sync-place.ts';

const [dir = '', name = '', count = '0', pauseMs = '0', place, ticks] = process.argv.slice(2);
const isAlone = pauseMs !== '0';
class OnePlace extends SyncPlace {
  override inPlace(): boolean {
    return place === 'in-place';
  }
}
const say = (line: string): void => void writeSync(1, `${line}\n`);
const log = await openSegmentLog({
  dir,
  gatewayId: 'gw',
  segmentBytes: 100_000,
  durability: 'sync',
  maxQueuedBytes: 1024 * 1024,
  now: Date.now,
  syncPlace: new OnePlace(),
});
log.subscribe({ onDurable: () => undefined, onFailed: (from, to) => say(`fail ${from} ${to}`) });
say(`open ${log.durablePosition}`);

const ticking = ticks === 'ticks' ? setInterval(() => say('tick'), 10) : undefined;
let left = count === '0' ? Number.POSITIVE_INFINITY : Number(count);
let state = log.state;
async function write(writer: number): Promise<void> {
  for (let i = 0; left-- > 0; i++) {
    const payload = `{"by":"${name}.${writer}.${i}","pad":"${'x'.repeat((i * 37) % 300)}"}`;
    if (isAlone) say('begin');
    try {
      const { lastPosition } = await log.append('audit', [{ payload }]);
      say(`ack ${lastPosition} ${payload}`);
    } catch {
      say('refused');
      await sleep(20);
    }
    if (log.state !== state) say(`state ${(state = log.state)}`);
    if (isAlone) await sleep(Number(pauseMs));
  }
}
await Promise.all(Array.from({ length: isAlone ? 1 : 20 }, (_, writer) => write(writer)));
clearInterval(ticking);
await log.close();
say('closed');
