import { homedir, platform as osPlatform } from 'node:os';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';

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

export function unwritable(path: string, cause: unknown): DbgateError {
  return new DbgateError(ErrorCode.config, `cannot write ${path}`, {
    cause,
    hint: 'set DBGATE_CONFIG_DIR to a folder that you can write',
  });
}
