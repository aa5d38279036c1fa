import { DbgateError, ErrorCode } from '../errors.ts';

/** A holder that has not touched its lock for so long has died. */
const staleMs = 10_000;
const waitMs = 25_000;
const retryMs = 100;

/** Runs `work` while no other process of this machine runs work under the same path. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const { default: lockfile } = await import('proper-lockfile');
  let release: () => Promise<void>;
  try {
    release = await lockfile.lock(path, {
      realpath: false,
      stale: staleMs,
      update: staleMs / 4,
      retries: { retries: waitMs / retryMs, factor: 1, minTimeout: retryMs, maxTimeout: retryMs, randomize: true },
      // Losing the lock (a machine that slept) must not end the process; the work re-reads what it depends on.
      onCompromised: () => {},
    });
  } catch (error) {
    throw new DbgateError(ErrorCode.config, `cannot lock ${path}`, {
      cause: error,
      hint: `if no other dbgate runs, remove ${path}.lock`,
    });
  }
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}
