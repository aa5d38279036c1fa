import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const missing = ['dbus-run-session', 'gnome-keyring-daemon', 'dbus-send'].filter(
  (program) => spawnSync(program, ['--help'], { stdio: 'ignore' }).error !== undefined,
);

interface Step {
  readonly name: string;
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

/** The real keychain: gnome-keyring behind D-Bus, each test with a session and a ring of its own. */
describe.skipIf(missing.length > 0)(
  `keychain (needs dbus and gnome-keyring; missing: ${missing.join(', ') || 'none'})`,
  () => {
    let home: string;
    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
    });
    afterEach(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

    const unlocked = 'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1;';
    const child = `exec "${process.execPath}" "${new URL('./keychain-child.ts', import.meta.url).pathname}"`;

    it('keeps a key there, and the tokens encrypted beside it', async () => {
      const steps = await inSession(`${unlocked} ${child} plain`);
      expect(steps.load).toMatchObject({ value: { token: 'the-secret-token' } });
      expect(steps['in the clear']).toMatchObject({ value: [] });
      expect(steps.remove?.code).toBeUndefined();
      expect(steps['load removed']).toMatchObject({ value: null });
    });

    it('that is locked is an error with a way out, never an empty one', async () => {
      const steps = await inSession(`${unlocked} ${child} lock`);
      expect(steps.load).toMatchObject({ value: { token: 'the-secret-token' } });
      for (const name of ['load locked', 'prepare locked', 'save locked']) {
        expect([name, steps[name]?.code]).toEqual([name, 'keychain']);
        expect(steps[name]?.hint).toContain('--insecure-storage');
        expect(steps[name]?.hint).toContain('DBGATE_TOKEN');
      }
    });

    it('that is not there is an error, and nothing is written instead', async () => {
      const steps = await inSession(`${child} plain`, { XDG_DATA_DIRS: '/nonexistent' });
      expect(steps.prepare?.code).toBe('keychain');
      expect(steps.save?.code).toBe('keychain');
      expect(await readdir(join(home, 'config'))).toEqual([]);
    });

    function inSession(script: string, env: Record<string, string> = {}): Promise<Record<string, Step>> {
      return new Promise((resolve, reject) => {
        const session = spawn('dbus-run-session', ['--', 'sh', '-c', script], {
          env: {
            PATH: process.env.PATH,
            HOME: home,
            XDG_RUNTIME_DIR: home,
            DBGATE_CONFIG_DIR: join(home, 'config'),
            ...env,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let out = '';
        let errors = '';
        session.stdout.on('data', (chunk) => {
          out += String(chunk);
        });
        session.stderr.on('data', (chunk) => {
          errors += String(chunk);
        });
        session.once('error', reject);
        session.once('close', (code) => {
          if (code !== 0) return reject(new Error(`exit ${code}: ${errors}`));
          const steps = out
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Step);
          resolve(Object.fromEntries(steps.map((step) => [step.name, step])));
        });
      });
    }
  },
);
