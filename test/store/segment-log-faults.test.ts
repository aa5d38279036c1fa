import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { all, cleanUp, openLog, temporaryDirectory, until, watch } from './log-fixture.ts';

const CHILD = new URL('./append-child.ts', import.meta.url).pathname;

interface Told {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly exit: Promise<number | null>;
}

function run(command: string, args: string[]): Told {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
  });
  child.stderr.resume();
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  cleanUp(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { child, lines, exit };
}

function acknowledged(lines: readonly string[]): Map<number, string> {
  const acks = new Map<number, string>();
  for (const line of lines) {
    const match = /^ack (\d+) (.*)$/.exec(line);
    if (match !== null) {
      expect(acks.has(Number(match[1]))).toBe(false);
      acks.set(Number(match[1]), match[2]!);
    }
  }
  return acks;
}

/** The log of `dir` holds every acknowledged record at its position, none twice, in order. */
async function expectHeld(dir: string, acks: ReadonlyMap<number, string>): Promise<Map<number, string>> {
  const log = await openLog(dir);
  const records = await all(log.readAll());
  await log.close();
  const held = new Map(records.map((record) => [record.position, record.payload]));
  expect(held.size).toBe(records.length);
  expect(records.map((record) => record.streamSeq)).toEqual(records.map((_, i) => i + 1));
  for (const [position, payload] of acks) expect(held.get(position)).toBe(payload);
  return held;
}

describe.each(['in-thread', 'in-place'])('kill -9, syncs %s', (place) => {
  it('loses nothing that was acknowledged, in 10 rounds on one directory', async () => {
    const dir = temporaryDirectory();
    const acks = new Map<number, string>();
    for (let round = 0; round < 10; round++) {
      const { child, lines, exit } = run(process.execPath, [CHILD, dir, `r${round}`, '0', '0', place]);
      await until(() => lines.length > 20 + round * 13);
      child.kill('SIGKILL');
      await exit;
      for (const [position, payload] of acknowledged(lines)) {
        expect(acks.has(position)).toBe(false);
        acks.set(position, payload);
      }
      if (round % 5 === 4) await expectHeld(dir, acks);
    }
    expect(acks.size).toBeGreaterThan(200);
    await expectHeld(dir, acks);
    expect(readdirSync(dir).filter((name) => name.endsWith('.seg')).length).toBeGreaterThan(1);
  });
});

describe('the directory', () => {
  it('is free for the next process at once, and never before', async () => {
    const dir = temporaryDirectory();
    const { child, lines, exit } = run(process.execPath, [CHILD, dir, 'first']);
    await until(() => lines.length > 5);
    await expect(openLog(dir)).rejects.toMatchObject({ code: 'config' });
    child.kill('SIGKILL');
    await exit;
    await (await openLog(dir)).close();
  });
});

const strace = spawnSync('strace', ['-V']).status === 0;
/** strace counts the calls of each thread by itself: one is to do all. */
const STRACE = ['-f', '-qq', '-E', 'UV_THREADPOOL_SIZE=1', '-o', '/dev/null'];

describe.skipIf(!strace)('errors of the disk (skipped without strace)', () => {
  /** The main thread opens the log with calls of its own; the numbers are of later ones. */
  const faults: [string, string, string, string?][] = [
    ['fdatasync', 'EIO', '5'],
    ['fdatasync', 'EIO', '9+7'],
    ['fdatasync', 'ENOSPC', '6'],
    ['pwrite64', 'ENOSPC', '12'],
    ['pwrite64', 'EIO', '15+9'],
    ['ftruncate', 'EIO', '1+'],
    ['fdatasync', 'EIO', '9+7', 'in-place'],
    ['fdatasync', 'ENOSPC', '6', 'in-place'],
    ['pwrite64', 'ENOSPC', '12', 'in-place'],
  ];
  for (const [call, error, when, place = 'in-thread'] of faults) {
    it(`refuses on ${error} of ${call} at ${when}, syncs ${place}, then heals without a restart`, async () => {
      const dir = temporaryDirectory();
      // Truncation fails only in concert with a sync that does.
      const injections = call === 'ftruncate' ? [`fdatasync:error=EIO:when=6`] : [];
      injections.push(`${call}:error=${error}:when=${when}`);
      const args = [
        ...STRACE,
        '-e',
        'trace=fdatasync,pwrite64,ftruncate',
        ...injections.flatMap((text) => ['-e', `inject=${text}`]),
      ];
      const { lines, exit } = run('strace', [...args, process.execPath, CHILD, dir, 'x', '60', '5', place]);
      expect(await exit).toBe(0);
      expect(lines.at(-1)).toBe('closed');
      const failed = lines
        .filter((line) => line.startsWith('fail '))
        .map((line) => line.split(' ').slice(1).map(Number));
      expect(failed.length).toBeGreaterThan(0);
      expect(lines).toContain('refused');
      expect(lines).toContain('state failed');
      expect(lines.slice(lines.indexOf('state failed'))).toContain('state healthy');
      const acks = acknowledged(lines);
      const held = await expectHeld(dir, acks);
      // What was reported failed is not there afterwards, and nothing is that was not told.
      for (const [from, to] of failed) {
        for (let position = from!; position <= to!; position++) expect(held.has(position)).toBe(false);
      }
      expect(held.size).toBe(acks.size);
    });
  }
});

describe.skipIf(!strace)('a disk that stands still for two seconds (skipped without strace)', () => {
  /** How often the thread that writes came to something else, in each of the syncs. */
  async function turns(place: string): Promise<number[]> {
    const delay = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=2000000:when=10'];
    const child = [process.execPath, CHILD, temporaryDirectory(), 'x', '20', '5', place, 'ticks'];
    const { lines, exit } = run('strace', [...STRACE, ...delay, ...child]);
    expect(await exit).toBe(0);
    expect(lines.filter((line) => line.startsWith('ack '))).toHaveLength(20);
    const ticks: number[] = [];
    for (const line of lines) {
      if (line === 'begin') ticks.push(0);
      else if (line === 'tick' && ticks.length > 0) ticks[ticks.length - 1]!++;
      else if (line.startsWith('ack ')) ticks.push(Number.NaN);
    }
    return ticks.filter((count) => !Number.isNaN(count));
  }

  it('holds up nobody else while a thread waits for it', async () => {
    expect(Math.max(...(await turns('in-thread')))).toBeGreaterThan(10);
  });

  it('holds up everything where it is waited for in place', async () => {
    expect(Math.max(...(await turns('in-place')))).toBeLessThan(3);
  });
});

describe('a full disk', () => {
  it('refuses statements, and heals when there is room again', async (context) => {
    const dir = temporaryDirectory();
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status !== 0) {
      context.skip('mounting a small tmpfs is not permitted here');
    }
    cleanUp(() => void spawnSync('umount', [dir]));
    const log = await openLog(join(dir, 'log'), { segmentBytes: 100_000 });
    const seen = watch(log);
    const ballast = join(dir, 'ballast');
    const acks = new Map<number, string>();
    const write = async (payload: string): Promise<boolean> => {
      try {
        acks.set((await log.append('audit', [{ payload }])).lastPosition, payload);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'audit_unavailable', sqlstate: '58030' });
        return false;
      }
    };
    for (let round = 0; round < 3; round++) {
      try {
        writeFileSync(ballast, Buffer.alloc(1024 * 1024));
      } catch {
        // Full is what it should be.
      }
      let i = 0;
      while (await write(`{"round":${round},"i":${i++},"pad":"${'x'.repeat(2000)}"}`));
      expect(log.state).toBe('failed');
      expect(log.status().error).toContain('ENOSPC');
      expect(seen.failed.length).toBe(round + 1);
      await sleep(600);
      expect(log.state).toBe('failed');
      await unlink(ballast);
      await until(() => log.state === 'healthy');
      for (i = 0; i < 10; i++) expect(await write(`{"round":${round},"after":${i}}`)).toBe(true);
    }
    expect((await all(log.readAll())).map((record) => [record.position, record.payload])).toEqual([...acks]);
    await log.close();
    await expectHeld(join(dir, 'log'), acks);
  });
});
