/** What has to be told is told: after failures, after a crash, whatever another target does. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Attempt, Outbox, type OutboxOptions } from '../../../src/approvals/notify/outbox.ts';
import { until } from '../../gateway/gateway-rig.ts';

interface Message {
  readonly id: string;
  readonly at: number;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'dbgate-outbox-'));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function open(
  dir: string,
  attempt: (target: string, message: Message) => Promise<Attempt>,
  more: Partial<OutboxOptions<Message>> = {},
) {
  const logs: string[] = [];
  const outbox = await Outbox.open<Message>({
    dir,
    now: Date.now,
    random: () => 0.5,
    logLine: (line) => logs.push(line),
    attempt,
    firstRetryMs: 1,
    ...more,
  });
  closers.push(() => outbox.close());
  return { outbox, logs };
}

const message = (id: string, at = Date.now()): Message => ({ id, at });
const delivered = async (): Promise<Attempt> => ({ kind: 'delivered' });

it('a target that fails three times gets it the fourth time, and another at once', async () => {
  const tries: string[] = [];
  const { outbox, logs } = await open(folder(), async (target, { id }) => {
    tries.push(`${target} ${id}`);
    const fails = target === 'flaky' && tries.filter((one) => one.startsWith('flaky')).length < 4;
    return fails ? { kind: 'failed', why: 'it answered 503' } : { kind: 'delivered' };
  });
  await outbox.put(message('m1'), ['flaky', 'good']);
  await until(() => outbox.pending === 0);
  expect(tries.filter((one) => one === 'flaky m1')).toHaveLength(4);
  expect(tries.filter((one) => one === 'good m1')).toHaveLength(1);
  expect(outbox.dropped).toBe(0);
  expect(logs.filter((line) => line.includes('not delivered yet'))).toHaveLength(1);
});

it('a target that never answers holds up no other, and has a bounded number of attempts under way', async () => {
  let stuck = 0;
  const got: string[] = [];
  const { outbox } = await open(folder(), (target, { id }) => {
    if (target === 'stuck') {
      stuck++;
      return new Promise(() => {});
    }
    got.push(id);
    return delivered();
  });
  for (let i = 0; i < 20; i++) await outbox.put(message(`m${i}`), ['stuck', 'good']);
  await until(() => got.length === 20);
  expect(stuck).toBe(4);
  expect(outbox.pending).toBe(20);
});

it('the same event put twice is one', async () => {
  let tries = 0;
  const { outbox } = await open(folder(), () => {
    tries++;
    return delivered();
  });
  await outbox.put(message('m1'), ['a']);
  await outbox.put(message('m1'), ['a']);
  await until(() => outbox.pending === 0);
  expect(tries).toBe(1);
});

it('what was not delivered when it was closed is delivered by the next, and what was is not', async () => {
  const dir = folder();
  const first = await open(
    dir,
    async (target) => (target === 'up' ? { kind: 'delivered' } : { kind: 'failed', why: 'x' }),
    {
      firstRetryMs: 60_000,
    },
  );
  await first.outbox.put(message('m1'), ['up', 'down']);
  await first.outbox.put(message('m2'), ['up']);
  await until(() => first.outbox.pending === 1);
  await first.outbox.close();
  const got: string[] = [];
  const second = await open(dir, async (target, { id }) => {
    got.push(`${target} ${id}`);
    return { kind: 'delivered' };
  });
  await until(() => second.outbox.pending === 0);
  expect(got).toEqual(['down m1']);
});

it('kill -9 between put and delivery: it is delivered after the restart', async () => {
  const dir = folder();
  const child = fork(new URL('./outbox-child.ts', import.meta.url), [dir], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  closers.push(() => child.kill('SIGKILL'));
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const got: string[] = [];
  const { outbox } = await open(dir, async (target, { id }) => {
    got.push(`${target} ${id}`);
    return { kind: 'delivered' };
  });
  await until(() => outbox.pending === 0);
  expect(got.sort()).toEqual(['hook m0', 'hook m1', 'hook m2']);
});

it('a line that a crash cut off is left out, those before it are not', async () => {
  const dir = folder();
  const first = await open(dir, async () => ({ kind: 'failed', why: 'x' }), { firstRetryMs: 60_000 });
  await first.outbox.put(message('m1'), ['a']);
  await first.outbox.close();
  appendFileSync(path.join(dir, 'outbox.ndjson'), '{"put":{"id":"m2","targ');
  const got: string[] = [];
  const { outbox, logs } = await open(dir, async (_target, { id }) => {
    got.push(id);
    return { kind: 'delivered' };
  });
  await until(() => outbox.pending === 0);
  expect(got).toEqual(['m1']);
  expect(logs.join()).toContain('1 damaged');
});

it('is bounded: the oldest are dropped, counted and said', async () => {
  const { outbox, logs } = await open(folder(), async () => ({ kind: 'failed', why: 'x' }), {
    firstRetryMs: 60_000,
    maxPending: 5,
  });
  for (let i = 0; i < 8; i++) await outbox.put(message(`m${i}`), ['a']);
  expect(outbox.pending).toBe(5);
  expect(outbox.dropped).toBe(3);
  expect(logs.join('\n')).toMatch(/m0 is DROPPED: too many are waiting/);
});

it('gives up after a day, and at once when the target says that it is gone', async () => {
  const { outbox, logs } = await open(folder(), async (target) =>
    target === 'gone' ? { kind: 'given-up', why: 'it answered 410' } : { kind: 'failed', why: 'it answered 500' },
  );
  await outbox.put(message('m1', Date.now() - 25 * 3_600_000), ['old']);
  await outbox.put(message('m2'), ['gone']);
  await until(() => outbox.dropped === 2);
  expect(outbox.pending).toBe(0);
  expect(logs.join('\n')).toMatch(/m1 is DROPPED: a day is over/);
});

it('waits longer each time, with chance in it, and as long as the target says', async () => {
  const waits: number[] = [];
  const at: number[] = [];
  const { outbox } = await open(
    folder(),
    async () => {
      at.push(performance.now());
      return at.length < 4 ? { kind: 'failed', why: 'x', afterMs: at.length === 3 ? 90 : 0 } : { kind: 'delivered' };
    },
    { firstRetryMs: 20, random: () => 1 },
  );
  await outbox.put(message('m1'), ['a']);
  await until(() => outbox.pending === 0);
  for (let i = 1; i < at.length; i++) waits.push(at[i]! - at[i - 1]!);
  // At least: 20, 40, and the 90 that the target asked for (a timer may fire a millisecond early).
  expect(waits[0]).toBeGreaterThan(18);
  expect(waits[1]).toBeGreaterThan(38);
  expect(waits[2]).toBeGreaterThan(88);
});

it('is for the gateway alone, and does not grow with what is done', async () => {
  const dir = folder();
  const { outbox } = await open(dir, delivered);
  for (let i = 0; i < 60; i++) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => outbox.put(message(`m${i}.${n}`), ['a'])));
  }
  await until(() => outbox.pending === 0);
  await outbox.close();
  const file = path.join(dir, 'outbox.ndjson');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(4_500);
});
