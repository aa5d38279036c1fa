/**
 * Verifies a state directory, or a copy of one, without asking anybody: reads every record back, makes the tree of
 * them anew, and holds it against every checkpoint there is. The directory's tiles only help to say where it differs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '../../store/event-log.ts';
import { listSegments } from '../../store/segment-directory.ts';
import type { Damage } from '../../store/segment-reader.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { type KeyChain, keysFollowing, parseKeyChain } from './key-chain.ts';
import { leafOf } from './leaf.ts';
import { type LeafCursor, readLeaves, type StoredLeaf, segmentStart } from './leaf-reader.ts';
import { HASH_BYTES, leafHash } from './merkle.ts';
import { TILE_WIDTH } from './tile-path.ts';
import { readAtLeast } from './tiles.ts';
import { TreeBuilder } from './tree-builder.ts';
import {
  checkSignatures,
  type Finding,
  missingWitnesses,
  type SeenCheckpoint,
  type Verdict,
  type VerifyOptions,
  verdictOf,
} from './verdict.ts';

export interface VerifyDirectoryOptions extends VerifyOptions {
  /** A gateway that runs signs what it has just written: how long to wait for that. Default 3,000. */
  readonly patienceMs?: number;
  readonly onProgress?: (records: number) => void;
}

export interface DirectoryVerdict extends Verdict {
  readonly records: number;
  /** With a body that is as it was hashed. */
  readonly bodies: number;
  readonly erased: number;
  /** Whose segments are gone; only their hashes are left. */
  readonly retired: number;
  /** In a checkpoint that holds. */
  readonly covered: number;
  /** Of these, in one that a witness given has cosigned. */
  readonly witnessed: number;
  /** What is no finding and yet worth knowing. */
  readonly notes: readonly string[];
}

const MAX_FINDINGS = 20;
const POLL_MS = 100;
const PROGRESS_RECORDS = 10_000;

interface Target {
  readonly source: string;
  readonly checkpoint: Checkpoint;
  readonly seen: SeenCheckpoint;
}

export async function verifyDirectory(dir: string, options: VerifyDirectoryOptions): Promise<DirectoryVerdict> {
  const run = new DirectoryCheck(dir, options);
  return await run.verify();
}

class DirectoryCheck {
  readonly #options: VerifyDirectoryOptions;
  readonly #auditDir: string;
  readonly #treeDir: string;
  readonly #stateDir: string;
  readonly #findings: Finding[] = [];
  readonly #unproved: string[] = [];
  readonly #notes: string[] = [];
  readonly #seen: SeenCheckpoint[] = [];
  #damage: (Damage & { readonly leaves: number })[] = [];
  #cursor: LeafCursor = { segment: 0, offset: 0, position: 0, leaf: 0 };
  /** How many leaves there were when it began to wait. */
  #end = 0;
  readonly #streams = new Map<string, number>();
  /** Leaves behind the last checkpoint that was reached. */
  #waiting: Buffer[] = [];
  #targets: Target[] = [];
  readonly #reached = new Set<Target>();
  #builder = new TreeBuilder({ files: undefined });
  #tile: { readonly index: number; readonly bytes: Buffer | undefined } | undefined;
  /** The first record that is not what its tile says. */
  #difference: Finding | undefined;
  #records = 0;
  #bodies = 0;
  #erased = 0;
  #retired = 0;
  /** Records that say that what was before so many leaves is gone. */
  readonly #retirements: { readonly leaf: number; readonly size: number }[] = [];
  /** Bodies that records of erasures tell of. */
  #erasures = 0;
  #covered = 0;
  #witnessed = 0;

  constructor(dir: string, options: VerifyDirectoryOptions) {
    this.#options = options;
    this.#stateDir = dir;
    this.#auditDir = existsSync(join(dir, 'audit')) ? join(dir, 'audit') : dir;
    this.#treeDir = join(dir, 'tree');
  }

  async verify(): Promise<DirectoryVerdict> {
    const { known, witnesses, patienceMs = 3_000 } = this.#options;
    const chain = this.#readChain();
    if (known !== undefined) this.#addTarget('the known checkpoint', known, chain);
    this.#readCheckpoint('cosigned', chain);
    const newest = this.#readCheckpoint('checkpoint', chain);
    const segments = await listSegments(this.#auditDir);
    if (segments.length === 0) this.#unproved.push('there are no segments here');
    else {
      await this.#beginAt(segments[0]!);
      this.#cursor = { segment: segments[0]!, offset: 0, position: segments[0]! - 1, leaf: this.#builder.size };
      await this.#read();
    }
    // A running gateway has signed in the meantime what is not covered yet.
    this.#end = this.#size;
    const until = Date.now() + (newest === undefined ? 0 : patienceMs);
    while (this.#covered < this.#end && this.#findings.length === 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const next = this.#readCheckpoint('checkpoint', chain);
      if (next !== undefined && next.size > this.#size) await this.#read();
      this.#reachTargets();
    }
    this.#finish(chain);
    this.#unproved.push(...missingWitnesses(this.#seen, witnesses));
    const findings = this.#findings.slice(0, MAX_FINDINGS);
    if (this.#findings.length > MAX_FINDINGS) this.#notes.push(`${this.#findings.length - MAX_FINDINGS} more findings`);
    return {
      verdict: verdictOf(this.#findings, this.#unproved),
      findings,
      unproved: this.#unproved,
      checkpoints: this.#seen,
      records: this.#records,
      bodies: this.#bodies,
      erased: this.#erased,
      retired: this.#retired,
      covered: this.#covered,
      witnessed: this.#witnessed,
      notes: this.#notes,
    };
  }

  #readChain(): KeyChain | undefined {
    const path = join(this.#stateDir, 'tree.keys');
    if (!existsSync(path)) return undefined;
    try {
      return parseKeyChain(readFileSync(path, 'utf8'));
    } catch (error) {
      this.#findings.push({ what: `tree.keys: ${(error as Error).message}` });
      return undefined;
    }
  }

  #readCheckpoint(name: 'checkpoint' | 'cosigned', chain: KeyChain | undefined): Checkpoint | undefined {
    const path = join(this.#treeDir, name);
    if (!existsSync(path)) return undefined;
    const checkpoint = parseCheckpoint(readFileSync(path, 'utf8'));
    if (checkpoint === undefined) this.#findings.push({ what: `tree/${name} is not a checkpoint` });
    else if (this.#targets.every((one) => one.checkpoint.text !== checkpoint.text)) {
      this.#addTarget(`tree/${name}`, checkpoint, chain);
    }
    return checkpoint;
  }

  #addTarget(source: string, checkpoint: Checkpoint, chain: KeyChain | undefined): void {
    const { keys, witnesses } = this.#options;
    const trusted = keysFollowing(keys(checkpoint.origin), chain);
    const { seen, findings } = checkSignatures(source, checkpoint, trusted, witnesses);
    this.#seen.push(seen);
    this.#findings.push(...findings);
    this.#targets.push({ source, checkpoint, seen });
    this.#targets.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  }

  /** Where the first segment does not begin with the first record, the tiles must know what was before. */
  async #beginAt(segment: Position): Promise<void> {
    const { firstLeaf = 0, streams } = await segmentStart(this.#auditDir, segment);
    for (const [stream, seq] of streams) this.#streams.set(stream, seq);
    if (firstLeaf === 0) return;
    this.#retired = firstLeaf;
    const full = firstLeaf - (firstLeaf % TILE_WIDTH);
    const builder = TreeBuilder.resume(this.#treeDir, full, { files: undefined });
    const last = firstLeaf === full ? undefined : this.#readTile(full / TILE_WIDTH, firstLeaf - full);
    if (builder === undefined || (firstLeaf !== full && last === undefined)) {
      this.#findings.push({
        what: `the ${firstLeaf} records before the first segment are missing, and their tiles too`,
        segment,
      });
      return;
    }
    for (let i = full; i < firstLeaf; i++) {
      builder.appendHash(last!.subarray((i - full) * HASH_BYTES, (i - full + 1) * HASH_BYTES));
    }
    this.#builder = builder;
  }

  /** Goes on where it ended; what seemed cut short there may be whole by now. */
  async #read(): Promise<void> {
    const from = this.#cursor;
    this.#damage = this.#damage.filter(({ segment, offset }) => segment !== from.segment || offset < from.offset);
    const onDamage = (damage: Damage): void => void this.#damage.push({ ...damage, leaves: this.#size });
    const to = Number.MAX_SAFE_INTEGER - 1;
    let reported = this.#records;
    for await (const { segment, leaves, cursor } of readLeaves(this.#auditDir, { from, to, onDamage })) {
      for (const leaf of leaves) this.#take(leaf, segment);
      this.#cursor = cursor;
      if (this.#records - reported >= PROGRESS_RECORDS) {
        reported = this.#records;
        this.#options.onProgress?.(reported);
      }
    }
    this.#reachTargets();
  }

  get #size(): number {
    return this.#builder.size + this.#waiting.length;
  }

  #take(stored: StoredLeaf, segment: Position): void {
    const { payload, position, offset } = stored;
    const leaf = this.#size;
    const place = { leaf, position, segment, byte: offset };
    const { data, body } = leafOf(payload);
    const hash = leafHash(data);
    this.#records++;
    if (body === 'kept') this.#bodies++;
    else if (body === 'erased') this.#erased++;
    else if (body === 'malformed') this.#find({ what: 'the record has bytes behind its body', ...place });
    if (stored.leaf !== leaf) {
      // The header of a segment behind damage counts what is lost; nothing is aligned any more.
      this.#find({ what: `the segment says that this is leaf ${stored.leaf}`, ...place });
    }
    const stream = stored.stream.toString();
    const seq = this.#streams.get(stream) ?? 0;
    if (stored.streamSeq !== seq + 1) {
      this.#find({
        what: `record ${stored.streamSeq} of stream ${JSON.stringify(stream)} comes behind ${seq}`,
        ...place,
      });
    }
    this.#streams.set(stream, stored.streamSeq);
    if (this.#difference === undefined) this.#compareWithTile(hash, place);
    if (payload.indexOf('{"v":2,"kind":"audit.retired"') === 0) this.#noteRetired(leaf, payload);
    if (payload.indexOf('{"v":2,"kind":"audit.erased"') === 0) this.#noteErased(payload);
    this.#waiting.push(hash);
    if (this.#waiting.length >= TILE_WIDTH) this.#reachTargets();
  }

  #compareWithTile(hash: Buffer, place: { readonly leaf: number }): void {
    const index = Math.floor(place.leaf / TILE_WIDTH);
    if (this.#tile?.index !== index) this.#tile = { index, bytes: this.#readTile(index, 1) };
    const at = (place.leaf % TILE_WIDTH) * HASH_BYTES;
    const { bytes } = this.#tile;
    if (bytes === undefined || bytes.length < at + HASH_BYTES) return;
    if (!bytes.subarray(at, at + HASH_BYTES).equals(hash)) {
      this.#difference = { what: 'the record is not the one that was signed', ...place };
    }
  }

  /** The widest there is; at least `width`. */
  #readTile(index: number, width: number): Buffer | undefined {
    for (let wanted = TILE_WIDTH; wanted >= width; wanted = wanted === TILE_WIDTH ? this.#edgeWidth(index, width) : 0) {
      const bytes = readAtLeast(this.#treeDir, { level: 0, index, width: wanted });
      if (bytes !== undefined && bytes.length >= width * HASH_BYTES) return bytes;
    }
    return undefined;
  }

  /** Of the last tile, as the newest checkpoint has it. */
  #edgeWidth(index: number, least: number): number {
    const size = this.#targets.at(-1)?.checkpoint.size ?? 0;
    return Math.max(least, Math.min(TILE_WIDTH - 1, size - index * TILE_WIDTH));
  }

  #noteRetired(leaf: number, payload: Buffer): void {
    try {
      const { detail } = JSON.parse(payload.toString()) as { detail?: { treeSize?: unknown } };
      if (typeof detail?.treeSize === 'number') this.#retirements.push({ leaf, size: detail.treeSize });
    } catch {
      // Then it does not say so.
    }
  }

  #noteErased(payload: Buffer): void {
    try {
      const { detail } = JSON.parse(payload.toString()) as { detail?: { records?: unknown } };
      if (Number.isSafeInteger(detail?.records)) this.#erasures += detail!.records as number;
    } catch {
      // Then it does not say so.
    }
  }

  #find(finding: Finding): void {
    this.#findings.push(finding);
  }

  /** Moves on through what is waiting as far as there are checkpoints, and compares roots. */
  #reachTargets(): void {
    let taken = 0;
    const size = this.#size;
    const last = this.#targets.at(-1)?.checkpoint.size ?? 0;
    for (const target of this.#targets) {
      const { checkpoint } = target;
      if (checkpoint.size > size || checkpoint.size < this.#builder.size || this.#reached.has(target)) continue;
      while (this.#builder.size < checkpoint.size) this.#builder.appendHash(this.#waiting[taken++]!);
      this.#reach(target);
    }
    while (this.#builder.size < last && taken < this.#waiting.length) this.#builder.appendHash(this.#waiting[taken++]!);
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
  }

  #reach(target: Target): void {
    const { checkpoint, source, seen } = target;
    this.#reached.add(target);
    if (this.#builder.root().equals(checkpoint.root)) {
      this.#covered = Math.max(this.#covered, checkpoint.size);
      if (seen.cosignedBy.length > 0) this.#witnessed = Math.max(this.#witnessed, checkpoint.size);
      return;
    }
    const isWhere = this.#difference?.leaf !== undefined && this.#difference.leaf < checkpoint.size;
    if (isWhere) this.#find(this.#difference!);
    const where = isWhere ? '' : ', in records whose tiles were changed as well';
    this.#find({ what: `the ${checkpoint.size} records of ${source} are not those that were signed${where}` });
  }

  #finish(chain: KeyChain | undefined): void {
    const { keys } = this.#options;
    const largest = this.#targets.at(-1)?.checkpoint.size ?? 0;
    for (const target of this.#targets) {
      const { checkpoint, source } = target;
      if (checkpoint.size > this.#size) {
        this.#find({ what: `${source} was signed over ${checkpoint.size} records, and there are ${this.#size}` });
      } else if (!this.#reached.has(target))
        this.#find({ what: `${source} of ${checkpoint.size} records cannot be reached` });
    }
    for (const { segment, offset: byte, reason, leaves } of this.#damage) {
      if (leaves < largest || byte === 0)
        this.#find({ what: `the segment is damaged: ${reason}`, segment, byte, leaf: leaves });
      else
        this.#notes.push(
          `segment ${segment} is not whole from byte ${byte} on (${reason}), behind all that was signed`,
        );
    }
    // What is not signed may say anything.
    const isRecorded = this.#retirements.some(({ leaf, size }) => leaf < this.#covered && size === this.#retired);
    if (this.#retired > 0 && !isRecorded) {
      this.#find({ what: `${this.#retired} records are gone, and what is signed does not say that they were retired` });
    }
    // Recorded before they are erased, so there are never more; who erases unseen leaves the roots as they are.
    if (this.#erased > this.#erasures) {
      this.#find({
        what: `the bodies of ${this.#erased} records are gone, and the record tells of the erasure of ${this.#erasures}`,
      });
    }
    if (this.#difference !== undefined && this.#findings.length === 0) {
      const { leaf, position } = this.#difference;
      const isCovered = leaf !== undefined && leaf < this.#covered;
      this.#notes.push(
        `the tile of record ${position} is not its hash; ${isCovered ? 'the record is as it was signed, the tiles are derived and can be made again' : 'neither is signed yet'}`,
      );
    }
    if (this.#targets.length === 0) this.#unproved.push('there is no checkpoint');
    else if (this.#end > this.#covered && this.#findings.length === 0) {
      this.#unproved.push(`${this.#end - this.#covered} records are newer than the newest checkpoint`);
    }
    const hasKey = this.#targets.some(({ checkpoint }) => keys(checkpoint.origin).length > 0);
    if (this.#targets.length > 0 && !hasKey) {
      const own = chain === undefined ? '' : `; the directory itself names ${chain.keys.at(-1)!.vkey}`;
      this.#unproved.push(`no key was given, so the checkpoints may be anybody's${own}`);
    }
  }
}
