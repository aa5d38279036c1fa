/**
 * A gateway in small: appends to one stream that others append to at once, by comparing and setting, and prints as JSON
 * what it was told: its own acknowledged payloads with their numbers, and the positions of the others' records.
 * Arguments: URL, schema, name, records to write. Begins at a line on its input, so that all begin together.
 */
import { once } from 'node:events';
import { openSharedDatabase } from '../../src/store/postgres-database.ts';
import { openPostgresLog } from '../../src/store/postgres-log.ts';
import { SequenceConflict } from '../../src/store/sequence-conflict.ts';
import { settingsOf } from './postgres-settings.ts';

const [url = '', schema = '', name = '', count = '0'] = process.argv.slice(2);
const database = await openSharedDatabase({ settings: settingsOf(url), schema, gatewayId: name });
const log = await openPostgresLog(database);
const foreign: [position: number, payload: string][] = [];
log.onForeign(({ position, payload }) => void foreign.push([position, payload]));
console.log('ready');
await once(process.stdin, 'data');

const acknowledged: [seq: number, position: number, payload: string][] = [];
let conflicts = 0;
let enqueued = 0;
let seq = 0;
for (let i = 0; i < Number(count); ) {
  const payload = `${name}.${i}`;
  try {
    const { lastStreamSeq, lastPosition } = await log.append('race', [{ payload }], { expectedSeq: seq });
    acknowledged.push([lastStreamSeq, lastPosition, payload]);
    seq = lastStreamSeq;
    i++;
  } catch (error) {
    if (!(error instanceof SequenceConflict)) throw error;
    conflicts++;
    seq = error.actualSeq;
  }
  // Beside it what nobody compares, so that batches of many streams meet.
  enqueued = log.enqueue(`own-${name}`, payload, true);
}
while (log.durablePosition < enqueued) await new Promise((resolve) => setTimeout(resolve, 5));
console.log('written');
// The others' last records: until the parent says that all are there.
await once(process.stdin, 'data');
let records = 0;
for await (const _ of log.readAll()) records++;
while (foreign.length + acknowledged.length + Number(count) + conflicts < records) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(JSON.stringify({ acknowledged, foreign, conflicts }));
await log.close();
await database.close();
process.exit(0);
