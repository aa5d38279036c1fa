import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configDir, type Env, ensureConfigDir } from '../login/config-dir.ts';
import { writePrivateFile } from '../login/private-file.ts';

/** Names that shell completion may offer without asking anybody: kept by `ls` and `connect`. */
const FILE = 'database-names.json';

/** Best effort: an unwritable home costs completion, not the command. */
export async function rememberDatabaseNames(env: Env, names: readonly string[]): Promise<void> {
  try {
    const sorted = [...new Set(names)].sort();
    await writePrivateFile(join(await ensureConfigDir(env), FILE), `${JSON.stringify(sorted)}\n`);
  } catch {
    // Nothing is lost that the next `ls` would not bring back.
  }
}

/** Adds one name that was just seen to exist. */
export async function rememberDatabaseName(env: Env, name: string): Promise<void> {
  const known = await knownDatabaseNames(env);
  if (!known.includes(name)) await rememberDatabaseNames(env, [...known, name]);
}

/** Empty when there is no file or it is not what it should be. */
export async function knownDatabaseNames(env: Env): Promise<string[]> {
  try {
    const names: unknown = JSON.parse(await readFile(join(configDir(env), FILE), 'utf8'));
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
