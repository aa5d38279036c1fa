import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { sharedFiles } from './test/support/shared-process.ts';

const shared = sharedFiles(import.meta.dirname);

// Worker threads run from the sources: each would have its types taken away and be compiled anew.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules/.cache/compiled');

const each = {
  // Three files at a time on two cores: they wait a good deal, for servers and for states.
  maxWorkers: 3,
  // The bound of every wait for a state: only what never comes meets it, however busy the machine is.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 240_000 } },
};

export default defineConfig({
  test: {
    ...each,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/build-once.ts', 'test/support/clusters.ts'],
    projects: [
      { test: { ...each, name: 'alone', include: ['test/**/*.test.ts', 'test/**/*.test.tsx'], exclude: shared } },
      { test: { ...each, name: 'shared', include: shared, isolate: false } },
    ],
  },
});
