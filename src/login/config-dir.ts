import { mkdir, stat } from 'node:fs/promises';
import { homedir, platform as osPlatform } from 'node:os';
import { dirname, join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where the developer's side keeps its files: `DBGATE_CONFIG_DIR`, else `$XDG_CONFIG_HOME/dbgate`, else by platform
 * `%APPDATA%\dbgate`, `~/Library/Application Support/dbgate` or `~/.config/dbgate`.
 */
export function configDir(env: Env, platform: string = osPlatform()): string {
  if (env.DBGATE_CONFIG_DIR) return env.DBGATE_CONFIG_DIR;
  if (platform === 'win32' && env.APPDATA) return join(env.APPDATA, 'dbgate');
  // The XDG specification: a relative path is to be ignored.
  if (env.XDG_CONFIG_HOME?.startsWith('/')) return join(env.XDG_CONFIG_HOME, 'dbgate');
  const home = env.HOME || homedir();
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'dbgate')
    : join(home, '.config', 'dbgate');
}

/** Makes the folder, 0700, if it is not there. */
export async function ensureConfigDir(env: Env): Promise<string> {
  const dir = configDir(env);
  try {
    await makeDirectory(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
  return dir;
}

/** As `mkdir -p`. Node's own `recursive` never ends where a parent is there but takes no folders (/proc). */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      if ((await stat(path)).isDirectory()) return;
      throw error;
    }
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    if ((await stat(parent).catch(() => undefined)) === undefined) await makeDirectory(parent);
    await mkdir(path, { mode: 0o700 }).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

export function unwritable(path: string, cause: unknown): DbgateError {
  return new DbgateError(ErrorCode.config, `cannot write ${path}`, {
    cause,
    hint: 'set DBGATE_CONFIG_DIR to a folder that you can write',
  });
}
