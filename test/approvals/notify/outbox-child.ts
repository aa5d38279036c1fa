/** Puts three messages that no target takes, says so, and waits to be killed. */
import { Outbox } from '../../../src/approvals/notify/outbox.ts';

const outbox = await Outbox.open<{ id: string; at: number }>({
  dir: process.argv[2]!,
  now: Date.now,
  random: () => 0.5,
  logLine: () => {},
  attempt: async () => ({ kind: 'failed', why: 'nobody is there' }),
  firstRetryMs: 60_000,
});
for (let i = 0; i < 3; i++) await outbox.put({ id: `m${i}`, at: Date.now() }, ['hook']);
process.send!('put');
setInterval(() => {}, 1000);
