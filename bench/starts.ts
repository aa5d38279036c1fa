/** What it costs to start the CLI, against the same node that does nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { median } from './statistics.ts';
import type { DbgateTargets } from './targets.ts';

/** Milliseconds by the clock, medians. */
export interface Starts {
  /** `node -e 0` */
  readonly node: number;
  /** By command line, `--help` for one. */
  readonly commands: Readonly<Record<string, number>>;
}

/** Without a gateway. */
const ALONE = ['--help'];
/** One question or three, and a tunnel; `history` is the first page of the person's own. */
const ASKING = ['whoami', 'ls', 'history', 'requests', 'connect DATABASE -- true'];

/** All in turns, so that a drift of the machine hits all alike; the first round fills caches and does not count. */
export async function measureStarts(
  times: number,
  asking: Pick<DbgateTargets, 'cli' | 'database'> | undefined,
): Promise<Starts> {
  const launcher = path.join(import.meta.dirname, '..', 'bin', 'dbgate.js');
  const home = await mkdtemp(path.join(os.tmpdir(), 'dbgate-starts-'));
  const env = { PATH: process.env.PATH, ...asking?.cli, HOME: home, XDG_CACHE_HOME: path.join(home, 'cache') };
  const commands = asking === undefined ? ALONE : [...ALONE, ...ASKING];
  const took = new Map<string, number[]>(['node', ...commands].map((name) => [name, []]));
  try {
    for (let round = 0; round <= times; round++) {
      for (const [name, list] of took) {
        const words = name.split(' ').map((word) => (word === 'DATABASE' ? asking!.database : word));
        const args = name === 'node' ? ['-e', '0'] : [launcher, ...words];
        const before = performance.now();
        const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
        const [code] = (await once(child, 'exit')) as [number | null];
        if (code !== 0) throw new Error(`dbgate ${name} ended with ${code}`);
        if (round > 0) list.push(performance.now() - before);
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const medians = [...took].map(([name, list]): [string, number] => [name, median(list)]);
  const [[, node], ...rest] = medians as [[string, number], ...[string, number][]];
  return { node, commands: Object.fromEntries(rest) };
}
