/**
 * Bundles src/ into dist/: `main.js` for the CLI and gateway, plus one file for each worker thread.
 * Dependencies of the CLI's start-up path are bundled (commander), heavy or native ones stay external and are
 * imported when first used.
 */
import { rename, rm } from 'node:fs/promises';
import * as esbuild from 'esbuild';

export async function build(): Promise<void> {
  // Aside, then swapped: a build that fails leaves the old one, and nobody meets a half-written one.
  const aside = `dist.${process.pid}.tmp`;
  await esbuild
    .build({
      entryPoints: {
        main: 'src/main.ts',
        'analyser-worker': 'src/gateway/analyser-worker.ts',
        'tracer-worker': 'src/gateway/tracer-worker.ts',
        'index-worker': 'src/store/index-worker.ts',
        'tree-worker': 'src/audit/tree/tree-worker.ts',
      },
      outdir: aside,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      sourcemap: 'linked',
      packages: 'external',
      logLevel: 'warning',
      legalComments: 'none',
      // On the start-up path of every verb: one parse of a bundled file instead of a tree of modules.
      alias: { commander: './node_modules/commander/index.js' },
    })
    .catch(async (error: unknown) => {
      await rm(aside, { recursive: true, force: true });
      throw error;
    });
  await rm('dist', { recursive: true, force: true });
  await rename(aside, 'dist');
}

if (process.argv[1] === import.meta.filename) await build();
