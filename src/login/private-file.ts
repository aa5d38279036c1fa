import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { unwritable } from './config-dir.ts';

const maxFileBytes = 1_048_576;

/** Undefined when there is none. Refuses a file that others may read or that belongs to someone else, and links. */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      if (error.code === 'ELOOP') throw refused(path, 'it is a symbolic link', `remove ${path}`);
      throw new DbgateError(ErrorCode.config, `cannot read ${path}`, { cause: error });
    },
  );
  if (file === undefined) return undefined;
  try {
    // Of the open file, not of the path: it cannot be swapped between check and use.
    const stat = await file.stat();
    if (!stat.isFile()) throw refused(path, 'it is not a file', `remove ${path}`);
    if (process.platform !== 'win32') {
      const owner = process.geteuid?.();
      if (stat.uid !== owner) {
        throw refused(path, `it belongs to user ${stat.uid}, expected ${owner}`, 'log in again: dbgate login');
      }
      if ((stat.mode & 0o077) !== 0) {
        const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
        throw refused(path, `its mode is ${mode}, expected 0600`, `if nobody else has read it: chmod 600 '${path}'`);
      }
    }
    if (stat.size > maxFileBytes) throw refused(path, `it has ${stat.size} bytes`, `remove ${path}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Atomic: whoever reads sees the old or the new content, and after a crash too. */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function refused(path: string, reason: string, hint: string): DbgateError {
  return new DbgateError(ErrorCode.config, `refusing to use ${path}: ${reason}`, { hint });
}
