/**
 * The files by which `dbgate env` finds a tunnel that `dbgate connect` holds open: one 0600 file a tunnel, in a 0700
 * folder, with the tunnel's local password. They go with the tunnel; what a killed process left is found dead.
 */
import { readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { configDir, type Env } from '../login/config-dir.ts';
import { readPrivateFile, writePrivateFile } from '../login/private-file.ts';
import { makeDirectory } from '../make-directory.ts';
import * as shape from './answer-shape.ts';
import type { Connection } from './connection-variables.ts';

const schema = shape.object({
  version: shape.oneOf(1),
  tunnel: shape.text(),
  gateway: shape.text(),
  pid: shape.integer(1),
  startedAt: shape.text(),
  url: shape.text(),
  host: shape.text(),
  port: shape.integer(),
  user: shape.text(),
  password: shape.text(),
  database: shape.text(),
});

export type RunningTunnel = Connection & Omit<shape.Output<typeof schema>, 'version'>;

/** `$XDG_RUNTIME_DIR/dbgate`, else `run` in the configuration folder: short-lived files and sockets. */
export function runtimeDir(env: Env): string {
  return env.XDG_RUNTIME_DIR?.startsWith('/') ? join(env.XDG_RUNTIME_DIR, 'dbgate') : join(configDir(env), 'run');
}

/** Writes the tunnel's file; resolves to the function that removes it. */
export async function announceTunnel(env: Env, tunnel: RunningTunnel): Promise<() => Promise<void>> {
  const dir = runtimeDir(env);
  await makeDirectory(dir);
  const path = join(dir, `tunnel-${tunnel.tunnel}.json`);
  await writePrivateFile(path, `${JSON.stringify({ version: 1, ...tunnel })}\n`);
  return () => rm(path, { force: true });
}

/** Tunnels of this person that still answer, the newest first; files of dead ones are removed. */
export async function runningTunnels(env: Env): Promise<RunningTunnel[]> {
  const dir = runtimeDir(env);
  const names = await readdir(dir).catch(() => []);
  const alive: RunningTunnel[] = [];
  for (const name of names.filter((each) => /^tunnel-[\w-]+\.json$/.test(each))) {
    const path = join(dir, name);
    const content = await readPrivateFile(path).catch(() => undefined);
    const parsed = content === undefined ? undefined : schema.safeParse(parseJson(content.toString('utf8')));
    if (!parsed?.success) continue;
    if (processLives(parsed.data.pid) && (await answers(parsed.data))) alive.push(parsed.data);
    else await rm(path, { force: true }).catch(() => {});
  }
  return alive.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A pid is used again sooner or later; the listener tells the difference. */
function answers({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(host.startsWith('/') ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port });
    const done = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
