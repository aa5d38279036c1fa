import type { LateText, Position } from './event-log.ts';
import {
  type Batch,
  encode,
  type Fate,
  moveToUnsynced,
  newBatch,
  type Stream,
  take,
  type Unsynced,
  type Waiter,
} from './record-batch.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { SyncPlace } from './sync-place.ts';

/** What the group commit tells its owner; all are called with nothing under way on the disk. */
export interface GroupCommitOwner {
  readonly durability: 'sync' | 'async';
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Everything up to `last` has been handed to the operating system. */
  written(last: Position): void;
  /** Told how long each sync took, milliseconds. */
  readonly timed?: ((ms: number) => void) | undefined;
  /** Where each sync is done, when durability is sync. */
  readonly place: SyncPlace;
  /** These records are on stable storage. */
  synced(records: Unsynced): void;
  /** The file cannot be trusted any more; the owner calls `stop`. */
  failed(error: Error): void;
  /**
   * The segment is full and all of it is durable: gives the one to go on with, whose first record is at
   * `firstPosition`, or undefined to go on with the old one for now.
   */
  rotate(full: SegmentWriter, firstPosition: Position): Promise<SegmentWriter | undefined>;
}

/** Durability async: how long a record waits to be written together with others. */
const WRITE_DELAY_MS = 5;
/** Durability async: how long what is written waits to be synced. */
const SYNC_INTERVAL_MS = 100;
/** Durability sync: how long records that nobody waits for may wait for one that somebody does. */
const PATIENCE_MS = 10;
/** A forming batch of this size is written at once, whatever the delays say. */
const HURRY_BYTES = 512 * 1024;

/** One batch forms while the one before it is written and synced: never two operations on the disk at once. */
export class GroupCommit {
  readonly #owner: GroupCommitOwner;
  readonly #sync: boolean;
  #writer: SegmentWriter | undefined;
  #forming = newBatch();
  #spare = newBatch();
  /** Being written. */
  #inflight: Batch | undefined;
  /** Written, not synced: for more than a moment only when durability is async. */
  #unsynced: Unsynced | undefined;
  #busy = false;
  /** Records of the forming batch that somebody waits for. */
  #urgent = 0;
  /** The same of what is written and not synced. */
  #waitedFor = 0;
  #syncWanted = false;
  #hurried = false;
  #rotateWanted = false;
  #lastSyncAt = 0;
  #scheduled: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;

  constructor(owner: GroupCommitOwner) {
    this.#owner = owner;
    this.#sync = owner.durability === 'sync';
  }

  /** An operation on the disk is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Bytes that wait to be handed to the operating system. */
  get queuedBytes(): number {
    return this.#forming.bytes + (this.#inflight?.bytes ?? 0);
  }

  /** The newest record that is not synced yet; 0: none. */
  get lastUnsynced(): Position {
    return this.#forming.last || this.#inflight?.last || this.#unsynced?.last || 0;
  }

  /** The stream's number before the batch that is forming. */
  seqBeforeForming(stream: Stream): number {
    return this.#forming.before.get(stream) ?? stream.seq;
  }

  start(writer: SegmentWriter): void {
    this.#writer = writer;
  }

  /** Lets go of the file, and of everything that is not durable: newest first. */
  stop(): { readonly writer: SegmentWriter | undefined; readonly lost: readonly Fate[] } {
    this.#cancelSchedule();
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const parts: (Fate | undefined)[] = [this.#forming, this.#inflight, this.#unsynced];
    const lost = parts.filter((part) => part !== undefined && part.first !== 0) as Fate[];
    const writer = this.#writer;
    this.#writer = this.#inflight = this.#unsynced = undefined;
    this.#forming = newBatch();
    this.#spare = newBatch();
    this.#hurried = this.#syncWanted = false;
    this.#urgent = this.#waitedFor = 0;
    return { writer, lost };
  }

  /** Takes a record into the batch that is forming; a patient one does not have it written. */
  add(position: Position, stream: Stream, payload: string | LateText, patient: boolean): void {
    const batch = this.#forming;
    if (stream.notedIn !== batch) {
      stream.notedIn = batch;
      batch.before.set(stream, stream.seq);
    }
    const isFirst = batch.first === 0;
    if (isFirst) batch.first = position;
    if (!patient && this.#urgent++ === 0) {
      // Until now only patient records: they go along.
      if (this.#sync && !isFirst) this.#cancelSchedule();
    }
    if (this.#scheduled === undefined) this.#schedule();
    batch.last = position;
    // When durability is sync a batch is written only after the one before it is durable.
    const predecessorsDurable =
      isFirst && (this.#sync || (this.#unsynced === undefined && this.#inflight === undefined));
    take(batch, position, stream, payload, predecessorsDurable);
    // Else it is encoded when it is written: the disk is not to wait for it.
    if (this.#busy) this.#encodeForming();
    if (!(this.#sync && this.#urgent > 0) && !this.#hurried && batch.bytes > HURRY_BYTES) {
      this.#hurried = true;
      this.#scheduleNow();
    }
  }

  /** Has somebody wait for the record that was added last, and the disk not wait for more. */
  wait(waiter: Waiter): void {
    this.#forming.waiters.push(waiter);
    if (!this.#sync) this.#scheduleNow();
  }

  /** The next batch goes into a segment of its own. */
  rotateSoon(): void {
    this.#rotateWanted = true;
  }

  /** Syncs everything added so far without delay. */
  syncSoon(): void {
    this.#syncWanted = true;
    this.#scheduleNow();
  }

  #schedule(): void {
    if (this.#busy || this.#scheduled !== undefined) return;
    // An immediate runs after all sockets that are readable now: their statements share one sync.
    if (this.#sync && this.#urgent > 0) this.#scheduled = setImmediate(this.#pump);
    else this.#scheduled = setTimeout(this.#pump, this.#sync ? PATIENCE_MS : WRITE_DELAY_MS);
  }

  #scheduleNow(): void {
    this.#cancelSchedule();
    if (!this.#busy) this.#scheduled = setImmediate(this.#pump);
  }

  #cancelSchedule(): void {
    clearTimeout(this.#scheduled as NodeJS.Timeout);
    clearImmediate(this.#scheduled as NodeJS.Immediate);
    this.#scheduled = undefined;
  }

  #encodeForming(): void {
    try {
      encode(this.#forming);
    } catch {
      // It fails again when it is to be written, and then the disk is at rest.
    }
  }

  readonly #pump = (): void => {
    this.#scheduled = undefined;
    const writer = this.#writer;
    if (this.#busy || writer === undefined) return;
    const batch = this.#forming;
    if (batch.first === 0) this.#syncIfDue(writer);
    else if (writer.full || this.#rotateWanted) this.#rotate(writer, batch);
    else this.#write(writer, batch);
  };

  #write(writer: SegmentWriter, batch: Batch): void {
    this.#hurried = false;
    this.#waitedFor += this.#urgent;
    this.#urgent = 0;
    this.#forming = this.#spare;
    this.#inflight = batch;
    try {
      encode(batch);
    } catch (error) {
      this.#owner.failed(error as Error);
      return;
    }
    this.#busy = true;
    writer.write(batch.frames.bytes(), (error) => {
      this.#busy = false;
      if (error !== undefined) {
        this.#owner.failed(error);
        return;
      }
      this.#inflight = undefined;
      this.#unsynced = moveToUnsynced(batch, this.#unsynced);
      this.#spare = batch;
      this.#owner.written(this.#unsynced.last);
      this.#syncIfDue(writer);
    });
  }

  #syncIfDue(writer: SegmentWriter): void {
    const unsynced = this.#unsynced;
    const due =
      unsynced !== undefined &&
      (this.#sync ||
        this.#syncWanted ||
        unsynced.waiters.length > 0 ||
        this.#owner.now() - this.#lastSyncAt >= SYNC_INTERVAL_MS);
    if (due) this.#syncNow(writer, unsynced, () => this.#next());
    else this.#next();
  }

  #syncNow(writer: SegmentWriter, unsynced: Unsynced, then: () => void): void {
    this.#busy = true;
    const begun = performance.now();
    // With durability async nobody waits for most of them.
    const inPlace = this.#sync && this.#owner.place.inPlace(this.#waitedFor, writer.unsyncedBytes, begun);
    this.#waitedFor = 0;
    writer.sync(inPlace, (error) => {
      this.#busy = false;
      const now = performance.now();
      this.#owner.place.took(now - begun, now);
      this.#owner.timed?.(now - begun);
      if (error !== undefined) {
        this.#owner.failed(error);
        return;
      }
      this.#unsynced = undefined;
      this.#syncWanted = false;
      if (!this.#sync) this.#lastSyncAt = this.#owner.now();
      this.#owner.synced(unsynced);
      then();
    });
  }

  #rotate(full: SegmentWriter, batch: Batch): void {
    if (this.#unsynced !== undefined) {
      this.#syncNow(full, this.#unsynced, () => this.#rotate(full, batch));
      return;
    }
    this.#busy = true;
    this.#rotateWanted = false;
    void this.#owner.rotate(full, batch.first).then((writer) => {
      this.#busy = false;
      if (writer !== undefined) this.#writer = writer;
      this.#write(this.#writer!, batch);
    });
  }

  /** After an operation: more to write, to sync later, or nothing. */
  #next(): void {
    if (this.#busy || this.#writer === undefined) return;
    if (this.#forming.first !== 0) {
      if ((this.#sync && this.#urgent > 0) || this.#syncWanted || this.#forming.waiters.length > 0) {
        // Not at once: what is readable now goes along.
        this.#scheduleNow();
      } else this.#schedule();
    }
    if (!this.#sync && this.#unsynced !== undefined) this.#syncTimer ??= setTimeout(this.#syncLater, SYNC_INTERVAL_MS);
  }

  readonly #syncLater = (): void => {
    this.#syncTimer = undefined;
    this.syncSoon();
  };
}
