import { describe, expect, it } from 'vitest';
import { SnapshotSchedule } from '../../src/gateway/snapshot-schedule.ts';

/** Reads that end when they are told to. */
function schedule() {
  const ends: (() => void)[] = [];
  const made = new SnapshotSchedule(() => new Promise((resolve) => ends.push(resolve)));
  const end = async (read: number): Promise<void> => {
    ends[read]!();
    await settled();
  };
  return { made, begun: () => ends.length, end };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what was read', () => {
  it('is out of date from a change until a read that was begun after it has ended', async () => {
    const { made, begun, end } = schedule();
    const first = made.read();
    await end(0);
    await first;
    expect(made.isStale).toBe(false);
    made.invalidate();
    expect(made.isStale).toBe(true);
    const second = made.read();
    // Who asks now would get what the first read found.
    expect(made.isStale).toBe(true);
    expect(made.hasChangedSinceBegun).toBe(false);
    made.invalidate();
    expect(made.hasChangedSinceBegun).toBe(true);
    await end(1);
    await second;
    expect(made.isStale).toBe(true);
    const third = made.read();
    expect([begun(), made.isStale]).toEqual([3, true]);
    await end(2);
    await third;
    expect(made.isStale).toBe(false);
    made.close();
  });

  it('is shared by those who ask while it is read', async () => {
    const { made, begun, end } = schedule();
    const both = Promise.all([made.read(), made.read()]);
    expect(begun()).toBe(1);
    await end(0);
    await both;
    made.close();
  });
});
