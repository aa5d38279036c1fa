/**
 * What a gateway knows to be in its archive: `archive.json` in the state directory. It saves hashing and asking; if it is
 * lost, what is here is hashed and looked for anew.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../tree/tree-state.ts';

const entry = z.object({
  /** First position. */
  segment: z.number(),
  /** Records in this segment and all before it. */
  treeSize: z.number(),
  key: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** Of the file that it was; another one was written anew. */
  inode: z.number(),
  mtimeMs: z.number(),
});

const ledgerFile = z.object({
  place: z.string(),
  segments: z.array(entry),
  /** Records of which all full tiles are there. */
  tiles: z.number(),
  /** Names of other objects that are there, the last of each kind. */
  keys: z.string().optional(),
  cosigned: z.string().optional(),
});

export type ArchivedSegment = z.output<typeof entry>;
export type Ledger = z.output<typeof ledgerFile>;

export function ledgerPath(stateDir: string): string {
  return join(stateDir, 'archive.json');
}

/** Of another place, or damaged: it is put aside. `say`: told of that. */
export function readLedger(stateDir: string, place: string, say: (message: string) => void): Ledger {
  const path = ledgerPath(stateDir);
  const empty: Ledger = { place, segments: [], tiles: 0 };
  if (!existsSync(path)) return empty;
  let found: Ledger | undefined;
  try {
    found = ledgerFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // It is put aside below.
  }
  if (found?.place === place) return found;
  renameSync(path, `${path}.before`);
  const was = found === undefined ? 'was damaged' : `was of ${found.place}, which may hold what is not here any more`;
  say(`archive: ${path} ${was}; it is kept as archive.json.before`);
  return empty;
}

export function writeLedger(stateDir: string, ledger: Ledger): void {
  writeDurably(ledgerPath(stateDir), JSON.stringify(ledger));
}
