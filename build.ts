/**
 * Bundles src/ into dist/: `main.js` for the CLI and gateway, plus one file for each worker thread.
 * Dependencies of the start-up paths are bundled, heavy or native ones stay external and are imported when first used.
 */
import { rename, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import * as esbuild from 'esbuild';

/**
 * Node's own modules, asked for by `process.getBuiltinModule` in place of `import`: an import evaluates every lazy
 * property of them for its named exports. `node:http` loads node's own undici for that (25 ms of CPU where node itself
 * takes 30), `node:fs` its streams. What is lazy (an accessor) is not exported here; take it from the default export.
 */
const builtins: esbuild.Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    // One for each file that asks, or each would be a file of its own to be loaded.
    onResolve({ filter: /^node:/ }, ({ path, importer }) => ({
      ...{ path, suffix: `?${relative('.', importer)}`, namespace: 'builtin', sideEffects: false },
    }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path) as object));
      const names = properties.filter(([name, { get }]) => get === undefined && /^[A-Za-z_]\w*$/.test(name));
      return {
        contents: [
          `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(path)});`,
          'export default builtin;',
          // `default` is the module itself, whatever a property of that name is.
          ...names
            .filter(([name]) => name !== 'default')
            .map(
              ([name]) => `const _${name} = /* @__PURE__ */ (() => builtin.${name})(); export { _${name} as ${name} };`,
            ),
        ].join('\n'),
      };
    });
  },
};

export async function build(): Promise<void> {
  // Aside, then swapped: a build that fails leaves the old one, and nobody meets a half-written one.
  const aside = `dist.${process.pid}.tmp`;
  await esbuild
    .build({
      entryPoints: {
        main: 'src/main.ts',
        'analyser-worker': 'src/gateway/analyser-worker.ts',
        'tracer-worker': 'src/gateway/tracer-worker.ts',
        'table-judge-worker': 'src/gateway/table-judge-worker.ts',
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
      plugins: [builtins],
      // On the start-up path of every verb, or of the gateway: one parse of a bundled file instead of a tree of modules.
      alias: {
        commander: './node_modules/commander/index.js',
        jose: './node_modules/jose/dist/webapi/index.js',
        yaml: './node_modules/yaml/browser/index.js',
        zod: './node_modules/zod/index.js',
      },
    })
    .catch(async (error: unknown) => {
      await rm(aside, { recursive: true, force: true });
      throw error;
    });
  await rm('dist', { recursive: true, force: true });
  await rename(aside, 'dist');
}

if (process.argv[1] === import.meta.filename) await build();
