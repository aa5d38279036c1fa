/** When a request in a thread has taken too long, on machines that give the thread more or less of their time. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RequestWatch } from '../../src/gateway/request-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Course {
  /** Part of the clock's time that the thread is given. */
  readonly share: number;
  /** The request that is at hand `ms` after the start, and since when. */
  at(ms: number): { readonly id: number; readonly since: number };
  readonly isTold?: boolean;
}

/** Which request was given up within a minute, and when; a deadline is a second. */
async function watched({ share, at, isTold = true }: Course): Promise<{ id: number; ms: number } | undefined> {
  const start = Date.now();
  const now = (): number => Date.now() - start;
  let given: { id: number; ms: number } | undefined;
  const watch = new RequestWatch({
    deadlineMs: 1_000,
    at: () => at(now()).id,
    usedMs: () => Promise.resolve(isTold ? (now() - at(now()).since) * share : Infinity),
    giveUp: (id) => {
      expect(given).toBeUndefined();
      given = { id, ms: now() };
    },
  });
  watch.start();
  watch.start();
  await vi.advanceTimersByTimeAsync(60_000);
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
  return given;
}

const same = (ms: number): { id: number; since: number } =>
  ms < 1_500 ? { id: 0, since: 0 } : { id: 7, since: 1_500 };

it.each<[string, Course, number | undefined]>([
  ['alone', { share: 1, at: same }, 3_000],
  ['with most of the time', { share: 0.85, at: same }, 3_000],
  ['with a third of it', { share: 1 / 3, at: same }, 4_000],
  ['with a fifth of it', { share: 0.2, at: same }, 6_000],
  ['with next to nothing', { share: 0.001, at: same }, 8_000],
  ['where it is not told', { share: 0.2, isTold: false, at: same }, 3_000],
])('one request, %s', async (_name, course, ms) => {
  expect(await watched(course)).toEqual({ id: 7, ms });
});

it('never one of many, and the next long one is given up', async () => {
  const each = (ms: number): { id: number; since: number } => {
    const since = Math.floor(ms / 900) * 900;
    return { id: 1 + since / 900, since };
  };
  expect(await watched({ share: 1, at: each })).toBeUndefined();
  const thenLong = (ms: number): { id: number; since: number } => (ms < 9_000 ? each(ms) : { id: 99, since: 9_000 });
  expect(await watched({ share: 1, at: thenLong })).toEqual({ id: 99, ms: 10_000 });
});

it('nobody when the thread has gone on while its time was asked for', async () => {
  let id = 7;
  const giveUp = vi.fn();
  const usedMs = (): Promise<number> => Promise.resolve(Infinity).finally(() => (id = 8));
  const watch = new RequestWatch({ deadlineMs: 1_000, at: () => id, usedMs, giveUp });
  watch.start();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(giveUp).not.toHaveBeenCalled();
  watch.stop();
});
