/**
 * The tree of one log on disk: grows with the segments, signs checkpoints, proves. Runs in the tree's own thread.
 * When it is opened it holds the log to the last checkpoint: what was signed must still be the beginning of the log.
 * It signs nothing that it has not read back from the segments.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../../errors.ts';
import type { Position } from '../../store/event-log.ts';
import { type Checkpoint, checkpointText, parseCheckpoint } from './checkpoint.ts';
import { leafOf } from './leaf.ts';
import { firstLeafOf, type LeafCursor, readLeaves, seekSegment } from './leaf-reader.ts';
import { consistencyProof, HASH_BYTES, inclusionProof, leafHash, rootOf, verifyInclusion } from './merkle.ts';
import { formatNote, type NoteKey, signatureLine, verifyNote } from './note.ts';
import type { TreeSigner } from './signer.ts';
import { TILE_WIDTH } from './tile-path.ts';
import { openTileFiles, type TileFiles } from './tiles.ts';
import { TreeBuilder } from './tree-builder.ts';

/** How much of what was signed is read back before the gateway serves; the rest follows in the background. */
const TAIL_LEAVES = 65_536;
const MAX_CACHED_TILES = 256;

export interface TreeStateOptions {
  readonly auditDir: string;
  /** `tree/` in the state directory. */
  readonly dir: string;
  readonly keys: readonly NoteKey[];
  readonly origin: string;
  /** The last synced position. */
  synced(): Position;
}

/** The log is not what was signed. */
export class LogRewritten extends Error {}

export class TreeState {
  readonly #options: TreeStateOptions;
  readonly #files: TileFiles;
  readonly #tiles = new Map<string, Buffer>();
  #builder: TreeBuilder;
  #cursor: LeafCursor;
  #checkpoint: Checkpoint | undefined;
  #cosigned: Checkpoint | undefined;

  private constructor(options: TreeStateOptions) {
    this.#options = options;
    this.#files = openTileFiles(options.dir);
    this.#builder = new TreeBuilder({ files: this.#files });
    this.#cursor = { segment: 0, offset: 0, position: 0, leaf: 0 };
  }

  /** Throws `LogRewritten`. */
  static async open(options: TreeStateOptions): Promise<TreeState> {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const state = new TreeState(options);
    const checkpoint = state.#readSigned('checkpoint');
    if (checkpoint === undefined) {
      await state.#restart(state.#files);
      return state;
    }
    state.#checkpoint = checkpoint;
    const isWhole = (await state.#resume(checkpoint)) && state.#builder.root().equals(checkpoint.root);
    if (!isWhole) {
      // Tiles may be at fault: what counts is what the segments say. They are overwritten only if that is what was signed.
      if (!(await state.#remake(checkpoint.size, undefined))) {
        throw new LogRewritten(`the log has ${state.size} of the ${checkpoint.size} records that were signed`);
      }
      if (!state.#builder.root().equals(checkpoint.root)) {
        throw new LogRewritten(`the first ${checkpoint.size} records are not those that were signed`);
      }
      await state.#remake(checkpoint.size, state.#files);
    }
    state.#cosigned = state.#readSigned('cosigned');
    return state;
  }

  /** What the checkpoint says that cannot be held, if it says anything. */
  static signedBefore(dir: string): Checkpoint | undefined {
    return parseCheckpoint(readFileSync(join(dir, 'checkpoint'), 'utf8'));
  }

  /** Puts the checkpoint that does not hold any more aside, so that `open` begins anew; gives its new name. */
  static abandon(dir: string, at: number): string {
    const kept = join(dir, `abandoned-${new Date(at).toISOString().replace(/[:.]/g, '-')}.checkpoint`);
    renameSync(join(dir, 'checkpoint'), kept);
    try {
      renameSync(join(dir, 'cosigned'), `${kept}.cosigned`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return kept;
  }

  get size(): number {
    return this.#builder.size;
  }

  get position(): Position {
    return this.#cursor.position;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  get cosigned(): Checkpoint | undefined {
    return this.#cosigned;
  }

  /** Takes up to `chunks` chunks of records up to `upTo`; true when it is there. Throws where the log cannot be read. */
  async advance(upTo: Position, chunks = Number.POSITIVE_INFINITY): Promise<boolean> {
    let left = chunks;
    if (this.#cursor.position >= upTo) return true;
    for await (const { segment, leaves, cursor } of readLeaves(this.#options.auditDir, {
      from: this.#cursor,
      to: upTo,
    })) {
      for (const { leaf, payload, position, offset } of leaves) {
        if (leaf !== this.size) {
          throw new Error(
            `record ${position} (segment ${segment}, byte ${offset}) is leaf ${leaf}, expected ${this.size}`,
          );
        }
        this.#builder.append(leafOf(payload).data);
      }
      this.#cursor = cursor;
      if (--left <= 0) return cursor.position >= upTo;
    }
    return true;
  }

  /** Records that were read before are read again from the beginning of their segment: it may have been written anew. */
  forgetPlace(): void {
    const { segment, position, leaf } = this.#cursor;
    this.#cursor = { segment, offset: 0, position, leaf };
  }

  /** Signs the tree as it is; the new checkpoint is on stable storage. */
  async sign(signer: TreeSigner): Promise<Checkpoint> {
    const { origin, dir } = this.#options;
    this.#builder.writePartial();
    const text = checkpointText({ origin, size: this.size, root: this.#builder.root() });
    const signature = await signer.sign(text);
    const checkpoint = parseCheckpoint(formatNote(text, [signatureLine(signer.key, signature)]))!;
    writeDurably(join(dir, 'checkpoint'), checkpoint.text);
    this.#checkpoint = checkpoint;
    return checkpoint;
  }

  /** The text of a checkpoint over the first `size` leaves; throws where there are not so many. */
  async signBeginning(signer: TreeSigner, size: number): Promise<string> {
    if (size < 1 || size > this.size) throw new DbgateError(ErrorCode.usage, `there are only ${this.size} records`);
    const { origin } = this.#options;
    const text = checkpointText({ origin, size, root: rootOf(size, this.#subtrees(size)) });
    return formatNote(text, [signatureLine(signer.key, await signer.sign(text))]);
  }

  /** Adds signatures of witnesses to a checkpoint. */
  addCosignatures(checkpoint: Checkpoint, lines: readonly string[]): void {
    if (this.#cosigned !== undefined && this.#cosigned.size > checkpoint.size) return;
    const own = checkpoint.note.signatures.map(({ line }) => line);
    const text = formatNote(checkpoint.note.text, [...own, ...lines]);
    this.#cosigned = parseCheckpoint(text)!;
    writeDurably(join(this.#options.dir, 'cosigned'), text);
  }

  /** The best checkpoint that holds this leaf, best of `since` leaves or more: one with witnesses rather than the newest. */
  checkpointOf(leaf: number, since = 0): Checkpoint | undefined {
    const holding = [this.#cosigned, this.#checkpoint].filter((one) => one !== undefined && one.size > leaf);
    return holding.find((one) => one!.size >= since) ?? holding[0];
  }

  /** Throws `internal` when the tiles do not lead to the checkpoint's root. */
  proveInclusion(leaf: number, data: Buffer, checkpoint: Checkpoint): Buffer[] {
    const { size, root } = checkpoint;
    const hashes = inclusionProof(leaf, size, this.#subtrees(size));
    if (!verifyInclusion(leaf, size, leafHash(data), hashes, root)) {
      throw new DbgateError(ErrorCode.internal, `record ${leaf} is not what was signed: see dbgate verify`);
    }
    return hashes;
  }

  proveConsistency(from: number, to: number): Buffer[] {
    if (to > this.size || from > to) throw new DbgateError(ErrorCode.usage, `there are only ${this.size} records`);
    return consistencyProof(from, to, this.#subtrees(to));
  }

  /** Holds leaves against what the tiles say of them; gives the first that differs. Full tiles only. */
  firstDifference(leaves: readonly { readonly leaf: number; readonly payload: Buffer }[]): number | undefined {
    for (const { leaf, payload } of leaves) {
      const tile = this.#fullTile(0, Math.floor(leaf / TILE_WIDTH));
      const at = (leaf % TILE_WIDTH) * HASH_BYTES;
      if (tile === undefined || !leafHash(leafOf(payload).data).equals(tile.subarray(at, at + HASH_BYTES))) return leaf;
    }
    return undefined;
  }

  #subtrees(size: number): ReturnType<TreeBuilder['subtrees']> {
    return this.#builder.subtrees(size, (level, index) => this.#fullTile(level, index));
  }

  #fullTile(level: number, index: number): Buffer | undefined {
    const name = `${level}/${index}`;
    let bytes = this.#tiles.get(name);
    if (bytes === undefined) {
      bytes = this.#files.read({ level, index, width: TILE_WIDTH });
      if (bytes === undefined) return undefined;
      if (this.#tiles.size >= MAX_CACHED_TILES) this.#tiles.clear();
      this.#tiles.set(name, bytes);
    }
    return bytes;
  }

  /** A checkpoint that was signed by this tree's keys. Throws `LogRewritten` for one that was not. */
  #readSigned(name: 'checkpoint' | 'cosigned'): Checkpoint | undefined {
    const { dir, keys, origin } = this.#options;
    let text: string;
    try {
      text = readFileSync(join(dir, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const checkpoint = parseCheckpoint(text);
    const verdict = checkpoint && verifyNote(checkpoint.note, keys);
    const isOwn = verdict?.kind === 'verified' && verdict.by.length > 0 && checkpoint?.origin === origin;
    if (isOwn) return checkpoint;
    // What witnesses have said of it can be had again.
    if (name === 'cosigned') return undefined;
    throw new LogRewritten(`${join(dir, name)} is not a checkpoint that was signed with the keys of this tree`);
  }

  /** Reads back the end of what was signed; false when tiles are missing or differ, or the log is shorter. */
  async #resume({ size }: Checkpoint): Promise<boolean> {
    const { auditDir, dir, synced } = this.#options;
    const full = size - (size % TILE_WIDTH);
    const builder = TreeBuilder.resume(dir, full, { files: this.#files });
    const from = await seekSegment(auditDir, { leaf: Math.max(0, size - 1) });
    if (builder === undefined || from === undefined) return false;
    this.#builder = builder;
    // A segment may begin within the last tile; the one before it is needed then.
    const start = from.leaf <= full ? from : await seekSegment(auditDir, { leaf: full });
    if (start === undefined) return false;
    this.#cursor = start;
    for await (const { leaves, cursor } of readLeaves(auditDir, {
      from: start,
      to: synced(),
      onDamage: () => undefined,
    })) {
      const tail = leaves.filter(({ leaf }) => leaf < full && leaf >= full - TAIL_LEAVES);
      if (this.firstDifference(tail) !== undefined) return false;
      for (const { leaf, payload, position, offset } of leaves) {
        if (leaf < full) continue;
        if (leaf !== this.size) return false;
        // The rest of this chunk is read again by whoever goes on.
        if (leaf === size) {
          this.#cursor = { segment: cursor.segment, offset, position: position - 1, leaf };
          return true;
        }
        this.#builder.append(leafOf(payload).data);
      }
      this.#cursor = cursor;
      if (this.size === size) return true;
    }
    return this.size === size;
  }

  /** Makes the tree of `size` leaves anew from the segments; false when there are not so many. */
  async #remake(size: number, files: TileFiles | undefined): Promise<boolean> {
    const { auditDir, synced } = this.#options;
    await this.#restart(files);
    const from = this.#cursor;
    for await (const { leaves, cursor } of readLeaves(auditDir, { from, to: synced(), onDamage: () => undefined })) {
      for (const { leaf, payload, position, offset } of leaves) {
        if (this.size === size) {
          this.#cursor = { segment: cursor.segment, offset, position: position - 1, leaf };
          return true;
        }
        if (leaf !== this.size) return false;
        this.#builder.append(leafOf(payload).data);
      }
      this.#cursor = cursor;
    }
    return this.size === size;
  }

  /** Back to the first record that is still there; what was retired before it is in the tiles only. */
  async #restart(files: TileFiles | undefined): Promise<void> {
    const { auditDir, dir } = this.#options;
    this.#tiles.clear();
    const first = (await firstLeafOf(auditDir)) ?? 0;
    if (first === 0) {
      files?.clear();
      this.#builder = new TreeBuilder({ files });
      this.#cursor = { segment: 0, offset: 0, position: 0, leaf: 0 };
      return;
    }
    const full = first - (first % TILE_WIDTH);
    const builder = TreeBuilder.resume(dir, full, { files });
    const from = await seekSegment(auditDir, { leaf: first });
    const entries = first === full ? [] : this.#retiredEntries(full, first - full);
    if (builder === undefined || from === undefined || entries === undefined) {
      throw new LogRewritten(`tiles of the ${first} records before the first segment are missing`);
    }
    for (const entry of entries) builder.append(entry);
    this.#builder = builder;
    this.#cursor = from;
  }

  #retiredEntries(from: number, count: number): Buffer[] | undefined {
    const index = from / TILE_WIDTH;
    const bundle =
      this.#files.read({ level: 'entries', index, width: TILE_WIDTH }) ??
      Array.from({ length: TILE_WIDTH - count }, (_, i) => count + i)
        .map((width) => this.#files.read({ level: 'entries', index, width }))
        .find((bytes) => bytes !== undefined);
    return bundle && entriesOf(bundle).slice(0, count);
  }
}

/** The entries of a bundle. */
export function entriesOf(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at + 2 <= bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

export function writeDurably(path: string, text: string): void {
  const aside = `${path}.tmp`;
  writeFileSync(aside, text, { mode: 0o600 });
  const file = openSync(aside, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
}
