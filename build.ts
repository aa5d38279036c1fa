/**
 * Bundles src/ into dist/: `main.js` for the CLI and gateway, plus one file for each worker thread.
 * Dependencies of the start-up paths are bundled, heavy or native ones stay external and are imported when first used.
 */
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const ROOT = import.meta.dirname;
const MAIN = path.join(ROOT, 'src/main.ts');

/** What a command that asks the gateway one question loads: in one file, as each of them takes 0.7 ms of CPU to load. */
const EVERYDAY = [
  ...['run-command', 'connect', 'history', 'ls', 'requests', 'whoami'].map((name) => `src/commands/${name}.ts`),
  ...['gateway-client', 'http-client', 'node-request'].map((name) => `src/login/${name}.ts`),
].map((file) => path.join(ROOT, file));

/** On the start-up path of every verb, or of the gateway: one parse of a bundled file instead of a tree of modules. */
const BUNDLED = {
  commander: path.join(ROOT, 'node_modules/commander/index.js'),
  jose: path.join(ROOT, 'node_modules/jose/dist/webapi/index.js'),
  yaml: path.join(ROOT, 'node_modules/yaml/browser/index.js'),
  zod: path.join(ROOT, 'node_modules/zod/index.js'),
};

const BUILTIN = '\0builtin:';

/**
 * Node's own modules, asked for by `process.getBuiltinModule` in place of `import`: an import evaluates every lazy
 * property of them for its named exports. `node:http` loads node's own undici for that (25 ms of CPU where node itself
 * takes 30), `node:fs` its streams. What is lazy (an accessor) is not exported here; take it from the default export.
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId: {
    filter: { id: /^node:/ },
    // One for each file that asks, or each would be a file of its own to be loaded.
    handler: (id, importer = '') => ({
      id: `${BUILTIN}${id}?${path.relative(ROOT, importer)}`,
      moduleSideEffects: false,
    }),
  },
  load: {
    filter: { id: /^\0builtin:/ },
    handler(id) {
      const [name] = id.slice(BUILTIN.length).split('?') as [string];
      const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(name) as object));
      const names = properties.filter(([key, { get }]) => get === undefined && /^[A-Za-z_]\w*$/.test(key));
      return [
        `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)});`,
        'export default builtin;',
        // `default` is the module itself, whatever a property of that name is.
        ...names
          .filter(([key]) => key !== 'default')
          .map(([key]) => `const _${key} = /* @__PURE__ */ (() => builtin.${key})(); export { _${key} as ${key} };`),
      ].join('\n');
    },
  },
};

/** The modules that are there once `entries` are loaded, by what the bundler has read. */
class Graph {
  readonly #imports = new Map<string, readonly string[]>();
  readonly plugin: Plugin = {
    name: 'graph',
    moduleParsed: ({ id, importedIds }) => void this.#imports.set(id, importedIds),
  };

  reachedFrom(entries: readonly string[]): ReadonlySet<string> {
    const reached = new Set(entries);
    for (const id of reached) for (const imported of this.#imports.get(id) ?? []) reached.add(imported);
    return reached;
  }
}

export async function build(): Promise<void> {
  // Aside, then swapped: a build that fails leaves the old one, and nobody meets a half-written one.
  const aside = path.join(ROOT, `dist.${process.pid}.tmp`);
  const graph = new Graph();
  const bundle = await rolldown({
    cwd: ROOT,
    input: {
      main: MAIN,
      'analyser-worker': 'src/gateway/analyser-worker.ts',
      'text-worker': 'src/gateway/text-worker.ts',
      'tracer-worker': 'src/gateway/tracer-worker.ts',
      'table-judge-worker': 'src/gateway/table-judge-worker.ts',
      'index-worker': 'src/store/index-worker.ts',
      'tree-worker': 'src/audit/tree/tree-worker.ts',
    },
    platform: 'node',
    transform: { target: 'node22' },
    plugins: [builtins, graph.plugin],
    resolve: { alias: BUNDLED },
    // `@oxc-project/runtime` is the bundler's own: what the target lacks.
    external: (id) => /^(?!node:|@oxc-project\/)[a-z@]/.test(id) && !(id in BUNDLED),
    checks: { ineffectiveDynamicImport: false },
  });
  let base: ReadonlySet<string> | undefined;
  let everyday: ReadonlySet<string> | undefined;
  try {
    await bundle.write({
      dir: aside,
      format: 'esm',
      sourcemap: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      codeSplitting: {
        groups: [
          {
            name: 'base',
            priority: 2,
            test: (id) => id !== MAIN && (base ??= graph.reachedFrom([MAIN])).has(id),
          },
          {
            name: 'everyday',
            priority: 1,
            test: (id) => (everyday ??= graph.reachedFrom(EVERYDAY)).has(id),
          },
        ],
      },
    });
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  } finally {
    await bundle.close();
  }
  await rm(path.join(ROOT, 'dist'), { recursive: true, force: true });
  await rename(aside, path.join(ROOT, 'dist'));
}

if (process.argv[1] === import.meta.filename) await build();
