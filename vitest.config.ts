import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Two cores: two files at a time, so that real servers are not starved.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // The bound of every wait for a state: only what never comes meets it, however busy the machine is.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    globalSetup: ['test/support/build-once.ts', 'test/support/clusters.ts'],
  },
});
