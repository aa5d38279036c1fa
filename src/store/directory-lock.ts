import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DbgateError, ErrorCode } from '../errors.ts';

export interface DirectoryLock {
  /** False once the lock's file is gone or replaced: then another process could hold the new one. */
  held(): boolean;
  release(): void;
}

/**
 * Takes the one lock at `path` (a file made for it), or throws `config` when somebody else has it.
 *
 * Node has no flock, and a pid file outlives a kill -9. SQLite's own file lock is the kernel's: it ends with the
 * process, works between containers on one volume and on every platform, and writes nothing, so a full disk does not
 * prevent it.
 */
export function acquireLock(path: string): DirectoryLock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      throw new DbgateError(ErrorCode.config, `${path} is locked by another dbgate process`, {
        hint: 'stop the other process, or give this one its own state directory',
        cause: error,
      });
    }
    throw new DbgateError(ErrorCode.config, `cannot lock ${path}`, { cause: error });
  }
  const inode = inodeOf(path);
  return {
    held: () => inode !== undefined && inodeOf(path) === inode,
    release: () => database.close(),
  };
}

const SQLITE_BUSY = 5;

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
