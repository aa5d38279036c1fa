import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';
import { type StandInGateway, startStandInGateway } from './stand-in-gateway.ts';

const launcher = process.env.DBGATE_TEST_BIN ?? new URL('../../bin/dbgate.js', import.meta.url).pathname;

describe('one question to the gateway', () => {
  let gateway: StandInGateway;
  let preload: string;
  beforeAll(async () => {
    gateway = await startStandInGateway();
    gateway.routes.set('GET /v1/history', () => ({ body: { entries: [] } }));
    gateway.routes.set('GET /v1/requests', () => ({ body: { requests: [] } }));
    preload = join(gateway.dir, 'preload.cjs');
    writeFileSync(
      preload,
      `const seen = new Set();
       require('node:module').registerHooks({
         load: (url, context, next) => { seen.add(url); return next(url, context); },
       });
       process.on('exit', () => {
         const own = process.moduleLoadList.filter((name) => /undici|http2/.test(name));
         const packages = [...seen].filter((url) => url.includes('/node_modules/'));
         process.stderr.write('loaded:' + JSON.stringify([...own, ...packages]) + '\\n');
       });`,
    );
  });
  afterAll(() => gateway.close());

  // Each of them takes as long as node itself takes to start, or twice as long.
  it.each(['history', 'whoami', 'ls', 'requests', 'ls --json'])(
    '%s loads no package, and nothing of undici',
    async (line) => {
      const env = { PATH: process.env.PATH, ...gateway.env };
      const { stderr } = await promisify(execFile)(process.execPath, ['-r', preload, launcher, ...line.split(' ')], {
        env,
      });
      expect(/^loaded:(.*)$/m.exec(stderr)?.[1]).toBe('[]');
    },
  );
});

describe('the young generation of what serves for long', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-young-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const preload = join(dir, 'preload.cjs');
  writeFileSync(preload, `console.error('started:' + JSON.stringify([process.pid, process.execArgv]))`);
  /** The pid and node's arguments, each time that node began; and what it ended with. */
  const started = async (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: dir, NODE_OPTIONS: `-r ${preload}` };
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) =>
      execFile(process.execPath, args, { env }, (error, _stdout, stderr) => resolve({ code: error?.code, stderr })),
    );
    const starts = [...stderr.matchAll(/^started:(.*)$/gm)].map(([, json]) => JSON.parse(json!) as [number, string[]]);
    return { code, stderr, starts };
  };
  const flags = ['--min-semi-space-size=8', '--max-semi-space-size=8'];
  const gateway = ['gateway', '--config', join(dir, 'missing.yaml')];

  it.skipIf(process.platform === 'win32')('is given to the same process before it begins', async () => {
    const { code, stderr, starts } = await started(launcher, ...gateway);
    expect(starts.map(([, args]) => args)).toEqual([[], flags]);
    expect(new Set(starts.map(([pid]) => pid)).size).toBe(1);
    expect(stderr).toContain(`cannot read ${gateway[2]}`);
    expect(stderr).not.toContain('Warning');
    expect(code).toBe(2);
  });

  it('is left alone where node has arguments, or nothing is served', async () => {
    expect((await started('--no-deprecation', launcher, ...gateway)).starts).toHaveLength(1);
    expect((await started(launcher, 'gateways')).starts).toHaveLength(1);
  });
});

describe('the folder of compiled code', () => {
  const home = mkdtempSync(join(tmpdir(), 'dbgate-cache-'));
  afterAll(() => rmSync(home, { recursive: true }));
  const version = (env: Record<string, string | undefined>) =>
    runCli(['--version'], { XDG_CACHE_HOME: undefined, ...env });

  it('is in the cache of the person, and theirs alone', async () => {
    expect((await version({ HOME: home })).code).toBe(0);
    expect(statSync(join(home, '.cache/dbgate')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(home, '.cache/dbgate'))).toHaveLength(1);
    const elsewhere = join(home, 'elsewhere');
    expect((await version({ HOME: home, XDG_CACHE_HOME: elsewhere })).code).toBe(0);
    expect(readdirSync(join(elsewhere, 'dbgate'))).toHaveLength(1);
  });

  it.runIf(process.platform !== 'win32')('is not used where others can write to it, nor through a link', async () => {
    const [open, linked] = [join(home, 'open'), join(home, 'linked')];
    for (const base of [open, linked]) mkdirSync(base);
    mkdirSync(join(open, 'dbgate'));
    chmodSync(join(open, 'dbgate'), 0o777);
    symlinkSync(mkdtempSync(join(home, 'other-')), join(linked, 'dbgate'));
    for (const XDG_CACHE_HOME of [open, linked]) {
      expect(await version({ HOME: home, XDG_CACHE_HOME })).toMatchObject({ code: 0, stderr: '' });
      expect(readdirSync(join(XDG_CACHE_HOME, 'dbgate'))).toEqual([]);
    }
  });

  it('is done without where there is none, and never in the temporary folder', async () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    const temporary = mkdtempSync(join(home, 'tmp-'));
    for (const env of [{ HOME: '/nonexistent' }, { HOME: file }, { HOME: '/proc' }, { HOME: undefined }])
      expect(await version({ ...env, TMPDIR: temporary })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(temporary)).toEqual([]);
    expect(existsSync('/proc/.cache')).toBe(false);
  });
});
