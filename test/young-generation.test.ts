/** Sizes are of V8's new space, both halves, in MB. */
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { boundYoungGeneration, withYoungGeneration } from '../src/young-generation.ts';

const ALLOCATING = `
  const kept = [];
  for (let i = 0; i < 4e6; i++) kept[i & 1023] = { i };
  const { space_size } = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  require('node:worker_threads').parentPort.postMessage(space_size / 2 ** 20);
`;
const begin = (): Worker => new Worker(ALLOCATING, { eval: true });
const sizeIn = (worker: Worker) => new Promise<unknown>((resolve) => worker.once('message', resolve));

it('is small in threads, but for one that is given more', async () => {
  boundYoungGeneration();
  expect(await sizeIn(begin())).toBe(4);
  expect(await sizeIn(withYoungGeneration(8, begin))).toBe(16);
  expect(await sizeIn(begin())).toBe(4);
});
