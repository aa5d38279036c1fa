import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const CLOCK_TICKS_PER_SECOND = 100;

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
}

/** Children of the bench, ended by pid in reverse order of their start. */
export class Processes {
  readonly #running: ChildProcess[] = [];

  /** Starts a server; stdout is for `firstJsonLine`, what it says on stderr is kept for `failure`. */
  start(command: string, args: readonly string[], options: StartOptions = {}): RunningProcess {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    child.on('error', (error) => {
      said += error.message;
    });
    return {
      pid: child.pid ?? 0,
      child,
      failure: () =>
        child.exitCode === null && child.signalCode === null && child.pid !== undefined
          ? undefined
          : `${command} ended (${child.exitCode ?? child.signalCode}): ${said.trim()}`,
      said: () => said,
    };
  }

  async stopAll(): Promise<void> {
    for (const child of this.#running.splice(0).reverse()) {
      for (const [signal, graceMs] of [
        ['SIGTERM', 8000],
        ['SIGKILL', 2000],
      ] as const) {
        if (child.exitCode !== null || child.signalCode !== null) break;
        child.kill(signal);
        for (let waited = 0; waited < graceMs && child.exitCode === null && child.signalCode === null; waited += 50) {
          await sleep(50);
        }
      }
    }
  }
}

export interface RunningProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Why it is no longer running; undefined while it is. */
  failure(): string | undefined;
  said(): string;
}

/** The first line of stdout, as JSON; throws when the process ends before it. */
export async function firstJsonLine(process: RunningProcess, timeoutMs = 60_000): Promise<unknown> {
  const lines = createInterface({ input: process.child.stdout! });
  const line = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    new Promise<never>((_resolve, reject) =>
      process.child.once('exit', () => setTimeout(() => reject(new Error(process.failure() ?? 'it ended')), 50)),
    ),
    sleep(timeoutMs, undefined, { ref: false }).then(() => {
      throw new Error(`no line within ${timeoutMs} ms: ${process.said()}`);
    }),
  ]);
  process.child.stdout!.resume();
  return JSON.parse(line);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The processes and all that descend from them now. */
export function withDescendants(pids: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = statFields(Number(entry))?.[1];
    if (parent === undefined) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(entry)]);
  }
  const all: number[] = [];
  const queue = [...pids];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    all.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return all;
}

/** `/proc/<pid>/stat` from field 3 on: what is in parentheses before it may hold spaces. */
function statFields(pid: number, task = ''): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}${task}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

export interface CpuTimes {
  /** In all threads, in seconds. */
  readonly user: number;
  readonly system: number;
  /** Both, of the main threads only. */
  readonly main: number;
}

/** What all of them have used so far. */
export function cpuTimes(pids: readonly number[]): CpuTimes {
  let [user, system, main] = [0, 0, 0];
  for (const pid of pids) {
    const all = statFields(pid);
    const first = statFields(pid, `/task/${pid}`);
    user += Number(all?.[11] ?? 0);
    system += Number(all?.[12] ?? 0);
    main += Number(first?.[11] ?? 0) + Number(first?.[12] ?? 0);
  }
  const seconds = CLOCK_TICKS_PER_SECOND;
  return { user: user / seconds, system: system / seconds, main: main / seconds };
}

/** Seconds on a processor of their threads, by the threads' names. */
export function threadTimes(pids: readonly number[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const pid of pids) {
    for (const task of existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : []) {
      try {
        const name = readFileSync(`/proc/${pid}/task/${task}/comm`, 'latin1').trim();
        const [nanos] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
        times.set(name, (times.get(name) ?? 0) + Number(nanos) / 1e9);
      } catch {
        // It has ended.
      }
    }
  }
  return times;
}

/** utime + stime of all of them, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  const { user, system } = cpuTimes(pids);
  return user + system;
}

/** Resident memory of all of them, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return memoryBytes(pids, /^VmRSS:\s+(\d+)/m);
}

function memoryBytes(pids: readonly number[], line: RegExp): number {
  let kib = 0;
  for (const pid of pids) {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'latin1') : '';
    kib += Number(line.exec(status)?.[1] ?? 0);
  }
  return kib * 1024;
}

/** From now on `mostResidentBytes` says what was resident at most. */
export function forgetMostResident(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Since `forgetMostResident`, in bytes. */
export function mostResidentBytes(pids: readonly number[]): number {
  return memoryBytes(pids, /^VmHWM:\s+(\d+)/m);
}

/** Where a program is, also outside an ordinary user's PATH; throws with the Debian package that has it. */
export function findProgram(name: string, debianPackage: string): string {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/lib/postgresql/15/bin']) {
    if (existsSync(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  throw new Error(`${name} is missing: apt-get install ${debianPackage}`);
}

export function userName(): string {
  return execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
}
