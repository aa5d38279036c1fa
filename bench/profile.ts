/**
 * `node bench/profile.ts`: where the CPU of the gateway's and the CLI's main thread goes under `pgbench -S`. In: load and
 * path. Out: the functions with the most self time, by file and line of the source. A profiled process is slower: this is
 * for shares, not for figures.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { initialise, type Mode, pgbench } from './pgbench.ts';
import { Processes } from './processes.ts';
import { directTarget, startDbgate, startUpstream } from './targets.ts';

const { values } = parseArgs({
  options: {
    durability: { type: 'string', default: 'sync' },
    /** `native` or `tunnel`. */
    path: { type: 'string', default: 'native' },
    mode: { type: 'string', default: 'prepared' },
    clients: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '10' },
    top: { type: 'string', default: '40' },
    /** Also with the time of all that a function calls. */
    inclusive: { type: 'boolean', default: false },
    /** A folder for the .cpuprofile files, for Chrome's or VS Code's viewer. */
    keep: { type: 'string' },
  },
});

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const maps = new Map<string, Promise<SourceMap | undefined>>();
const processes = new Processes();
const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-profile-'));
await chmod(dir, 0o711);
const upstream = await startUpstream(dir);
try {
  await initialise(directTarget(upstream), 1);
  const targets = await startDbgate(processes, dir, upstream, {
    durability: values.durability as 'sync' | 'async',
    nodeArguments: ['--inspect=127.0.0.1:0'],
  });
  const target = targets[values.path as 'native' | 'tunnel'];
  const load = { mode: values.mode as Mode, clients: Number(values.clients) };
  // Until the code is compiled.
  await pgbench(target, dir, { ...load, seconds: 4 });
  const profilers = await Promise.all(targets.inspectors().map(startProfiler));
  const measured = await pgbench(target, dir, { ...load, seconds: Number(values.seconds) });
  console.log(`${target.name}, ${values.mode}, ${values.clients} clients, profiled:`, measured);
  for (const [i, stop] of profilers.entries()) {
    const profile = await stop();
    const name = i === 0 ? 'gateway' : 'dbgate connect';
    if (values.keep !== undefined) {
      await writeFile(path.join(values.keep, `${name.replace(' ', '-')}.cpuprofile`), JSON.stringify(profile));
    }
    await print(name, profile);
  }
} finally {
  await processes.stopAll();
  await upstream.server.stop();
  await rm(dir, { recursive: true, force: true });
}

/** Profiles the main thread of a process by its inspector. @returns what stops it. */
async function startProfiler(url: string): Promise<() => Promise<CpuProfile>> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`cannot connect to the inspector at ${url}`));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
  };
  let last = 0;
  const call = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: 250 });
  await call('Profiler.start');
  return async () => {
    const { profile } = (await call('Profiler.stop')) as { profile: CpuProfile };
    socket.close();
    return profile;
  };
}

async function print(title: string, { nodes, samples, timeDeltas }: CpuProfile): Promise<void> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const places = new Map<number, string>();
  for (const node of nodes) places.set(node.id, await placeOf(node.callFrame));
  const self = new Map<string, number>();
  const inclusive = new Map<string, number>();
  let total = 0;
  samples.forEach((id, i) => {
    const name = byId.get(id)!.callFrame.functionName;
    if (name === '(idle)') return;
    const micros = timeDeltas[i]!;
    total += micros;
    const place = places.get(id)!;
    self.set(place, (self.get(place) ?? 0) + micros);
    const seen = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const above = places.get(at)!;
      if (!seen.has(above)) inclusive.set(above, (inclusive.get(above) ?? 0) + micros);
      seen.add(above);
    }
  });
  console.log(`\n${title}: ${(total / 1e6).toFixed(2)} s busy`);
  const list = (heading: string, times: Map<string, number>) => {
    console.log(`  ${heading}`);
    const top = [...times].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top));
    for (const [place, micros] of top) console.log(`  ${((micros / total) * 100).toFixed(1).padStart(5)} %  ${place}`);
  };
  list('self time', self);
  if (values.inclusive) list('with all that it calls', inclusive);
}

async function placeOf(frame: CpuProfile['nodes'][number]['callFrame']): Promise<string> {
  const name = frame.functionName || '(anonymous)';
  if (frame.url === '') return name;
  if (!frame.url.startsWith('file:')) return `${name}  ${frame.url}:${frame.lineNumber + 1}`;
  const file = fileURLToPath(frame.url);
  const entry = (await sourceMapOf(file))?.findEntry(frame.lineNumber, frame.columnNumber);
  if (entry && 'originalSource' in entry && entry.originalSource) {
    return `${name}  ${entry.originalSource.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}`;
  }
  return `${name}  ${path.relative(path.join(import.meta.dirname, '..'), file)}:${frame.lineNumber + 1}`;
}

async function sourceMapOf(file: string): Promise<SourceMap | undefined> {
  maps.set(
    file,
    maps.get(file) ??
      readFile(`${file}.map`, 'utf8').then(
        (text) => new SourceMap(JSON.parse(text)),
        () => undefined,
      ),
  );
  return maps.get(file);
}
