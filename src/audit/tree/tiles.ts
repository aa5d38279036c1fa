/**
 * Tiles as files under one directory, as C2SP tlog-tiles lays them out, so that they can be served as they are.
 * They are made from the segments and may be made again at any time; so they are written whole or not at all
 * (rename), but not synced one by one: what a power cut spoils is found by its hash.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HASH_BYTES, nodeHash, type SubtreeHash } from './merkle.ts';
import { TILE_HEIGHT, TILE_WIDTH, type TileName, tilePath, tileWidth } from './tile-path.ts';

export interface TileFiles {
  /** Undefined when there is no such file. */
  read(name: TileName): Buffer | undefined;
  write(name: TileName, bytes: Buffer): void;
  /** Removes the narrower ones of a tile that is full now. */
  removePartial(name: TileName): void;
  /** Removes everything. */
  clear(): void;
}

/** `dir` holds `tile/`. */
export function openTileFiles(dir: string): TileFiles {
  const made = new Set<string>();
  return {
    read(name) {
      try {
        return readFileSync(join(dir, tilePath(name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write(name, bytes) {
      const path = join(dir, tilePath(name));
      const parent = dirname(path);
      if (!made.has(parent)) {
        mkdirSync(parent, { recursive: true, mode: 0o700 });
        if (made.size > 1000) made.clear();
        made.add(parent);
      }
      const aside = `${path}.tmp`;
      writeFileSync(aside, bytes, { mode: 0o600 });
      renameSync(aside, path);
    },
    removePartial(name) {
      const partial = `${join(dir, tilePath({ ...name, width: TILE_WIDTH }))}.p`;
      made.delete(partial);
      rmSync(partial, { recursive: true, force: true });
    },
    clear() {
      made.clear();
      rmSync(join(dir, 'tile'), { recursive: true, force: true });
    },
  };
}

/** Partial tiles of `name`'s place that are at least as wide, narrowest first; then the full one. */
export function readAtLeast(dir: string, name: TileName): Buffer | undefined {
  const files = openTileFiles(dir);
  const exact = files.read(name) ?? files.read({ ...name, width: TILE_WIDTH });
  if (exact !== undefined || name.width === TILE_WIDTH) return exact;
  let wider: number[] = [];
  try {
    wider = readdirSync(`${join(dir, tilePath({ ...name, width: TILE_WIDTH }))}.p`)
      .map(Number)
      .filter((width) => width > name.width)
      .sort((a, b) => a - b);
  } catch {
    return undefined;
  }
  return wider[0] === undefined ? undefined : files.read({ ...name, width: wider[0] });
}

export class TileMissing extends Error {
  readonly tile: TileName;
  constructor(tile: TileName) {
    super(`${tilePath(tile)} is missing or too short`);
    this.tile = tile;
  }
}

/** Hashes of one tile, at least `width` of them. */
export type ReadTile = (level: number, index: number, width: number) => Buffer | undefined;

/** The subtrees of a tree of `size` leaves out of its tiles; throws `TileMissing`. */
export function subtreesOf(size: number, read: ReadTile): SubtreeHash {
  return (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const span = 2 ** (height % TILE_HEIGHT);
    const first = index * span;
    const tile = Math.floor(first / TILE_WIDTH);
    const width = tileWidth(level, tile, size);
    const bytes = read(level, tile, width);
    if (bytes === undefined || bytes.length < width * HASH_BYTES) throw new TileMissing({ level, index: tile, width });
    const start = first % TILE_WIDTH;
    return hashOfHashes(bytes.subarray(start * HASH_BYTES, (start + span) * HASH_BYTES));
  };
}

/** The root over a power of two of hashes. */
export function hashOfHashes(hashes: Buffer): Buffer {
  let row = hashes;
  while (row.length > HASH_BYTES) {
    const next = Buffer.allocUnsafe(row.length / 2);
    for (let at = 0; at < row.length; at += 2 * HASH_BYTES) {
      const node = nodeHash(row.subarray(at, at + HASH_BYTES), row.subarray(at + HASH_BYTES, at + 2 * HASH_BYTES));
      node.copy(next, at / 2);
    }
    row = next;
  }
  return row;
}
