import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A folder for what the servers of all test files are copies of, while they run. */
export async function setup(): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-clusters-'));
  // Run by root, the database server is another user, who must get to its own folder inside.
  await chmod(dir, 0o711);
  process.env.DBGATE_TEST_CLUSTERS = dir;
  return () => rm(dir, { recursive: true, force: true });
}
