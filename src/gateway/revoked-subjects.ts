/**
 * Who was cut off stays cut off when the gateway starts again: `state_dir/revoked.json`, a list of issuer, subject and
 * reason. A file that cannot be read stops the start: guessing would let somebody in.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DbgateError } from '../errors.ts';
import type { RevocationOptions, SubjectRevocation } from '../identity/revocation.ts';

/** @param logLine told when it cannot be written: then the cut holds until the gateway ends */
export function revokedSubjects(stateDir: string, logLine: (line: string) => void): Required<RevocationOptions> {
  const file = path.join(stateDir, 'revoked.json');
  return {
    kept: readRevoked(file),
    keep(subjects) {
      try {
        writeWhole(file, `${JSON.stringify(subjects, undefined, 1)}\n`);
      } catch (error) {
        logLine(`who was cut off is not kept beyond a restart: ${(error as Error).message}`);
      }
    },
  };
}

function readRevoked(file: string): readonly SubjectRevocation[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(file, error);
  }
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every(isRevocation)) return list;
    throw new Error('it is not a list of issuer, subject and reason');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): DbgateError {
  return new DbgateError('config', `cannot read who was cut off: ${file}`, {
    cause,
    hint: 'Repair the file, or remove it to let everybody in again.',
  });
}

function isRevocation(value: unknown): value is SubjectRevocation {
  if (typeof value !== 'object' || value === null) return false;
  const { issuer, subject, reason } = value as Record<string, unknown>;
  return typeof issuer === 'string' && typeof subject === 'string' && typeof reason === 'string';
}

/** Whole or not at all, and on the disk. */
function writeWhole(file: string, text: string): void {
  const next = `${file}.new`;
  const fd = openSync(next, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, file);
}
