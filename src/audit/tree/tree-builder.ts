/**
 * Grows a tree leaf by leaf: in come entries, out go tiles and bundles as they fill, and at any time the root.
 * It holds the last, partial tile of each level and nothing else.
 */
import { HASH_BYTES, leafHash, rootOf, type SubtreeHash } from './merkle.ts';
import { TILE_WIDTH } from './tile-path.ts';
import { hashOfHashes, readAtLeast, subtreesOf, type TileFiles } from './tiles.ts';

interface Edge {
  /** Index of the tile that is being filled. */
  index: number;
  readonly hashes: Buffer;
  count: number;
  /** Hashes of it that are in a file. */
  written: number;
}

export interface TreeBuilderOptions {
  /** Undefined: nothing is written. */
  readonly files: TileFiles | undefined;
}

export class TreeBuilder {
  readonly #files: TileFiles | undefined;
  readonly #edges: Edge[] = [];
  #entries: Buffer[] = [];
  #size = 0;

  constructor({ files }: TreeBuilderOptions) {
    this.#files = files;
  }

  /**
   * A builder that goes on behind `size` leaves, a multiple of 256, whose tiles are in `dir`.
   * Undefined when a tile that it needs is not there.
   */
  static resume(dir: string, size: number, options: TreeBuilderOptions): TreeBuilder | undefined {
    const builder = new TreeBuilder(options);
    builder.#size = size;
    for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
      const edge = builder.#edge(level);
      edge.index = Math.floor(hashes / TILE_WIDTH);
      edge.count = edge.written = hashes % TILE_WIDTH;
      if (edge.count === 0) continue;
      const bytes = readAtLeast(dir, { level, index: edge.index, width: edge.count });
      if (bytes === undefined || bytes.length < edge.count * HASH_BYTES) return undefined;
      bytes.copy(edge.hashes, 0, 0, edge.count * HASH_BYTES);
    }
    return builder;
  }

  get size(): number {
    return this.#size;
  }

  append(entry: Buffer): Buffer {
    const hash = leafHash(entry);
    if (this.#files !== undefined) {
      const length = Buffer.allocUnsafe(2);
      length.writeUInt16BE(entry.length);
      this.#entries.push(length, entry);
    }
    this.appendHash(hash);
    return hash;
  }

  /** A leaf of which only the hash is known; where tiles are written, `append` is the way. */
  appendHash(hash: Buffer): void {
    this.#size++;
    this.#push(0, hash);
  }

  root(): Buffer {
    return rootOf(
      this.#size,
      this.subtrees(this.#size, () => undefined),
    );
  }

  /** Of a tree of `size` leaves, this one or an earlier; full tiles come from `readFull`. */
  subtrees(size: number, readFull: (level: number, index: number) => Buffer | undefined): SubtreeHash {
    return subtreesOf(size, (level, index) => {
      const edge = this.#edges[level];
      return edge?.index === index ? edge.hashes.subarray(0, edge.count * HASH_BYTES) : readFull(level, index);
    });
  }

  /** Writes the partial tiles and the partial bundle of the tree as it is now. */
  writePartial(): void {
    const files = this.#files;
    if (files === undefined) return;
    for (const [level, edge] of this.#edges.entries()) {
      if (edge.count === edge.written) continue;
      const { index, count: width } = edge;
      files.write({ level, index, width }, edge.hashes.subarray(0, width * HASH_BYTES));
      if (level === 0) files.write({ level: 'entries', index, width }, Buffer.concat(this.#entries));
      edge.written = width;
    }
  }

  #edge(level: number): Edge {
    this.#edges[level] ??= { index: 0, hashes: Buffer.alloc(TILE_WIDTH * HASH_BYTES), count: 0, written: 0 };
    return this.#edges[level];
  }

  #push(level: number, hash: Buffer): void {
    const edge = this.#edge(level);
    hash.copy(edge.hashes, edge.count * HASH_BYTES);
    if (++edge.count < TILE_WIDTH) return;
    const { index } = edge;
    if (this.#files !== undefined) {
      if (level === 0) {
        this.#files.write({ level: 'entries', index, width: TILE_WIDTH }, Buffer.concat(this.#entries));
        this.#entries = [];
      }
      this.#files.write({ level, index, width: TILE_WIDTH }, edge.hashes);
      this.#files.removePartial({ level, index, width: TILE_WIDTH });
      if (level === 0) this.#files.removePartial({ level: 'entries', index, width: TILE_WIDTH });
    }
    const above = hashOfHashes(edge.hashes);
    edge.index++;
    edge.count = edge.written = 0;
    this.#push(level + 1, above);
  }
}
