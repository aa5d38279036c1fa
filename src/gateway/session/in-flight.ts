/**
 * What has been sent upstream and is not answered yet, in order. PostgreSQL answers strictly in order, so the head
 * of this queue says whom every backend message belongs to; after an error everything up to Sync is discarded.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import type { OutcomeFate } from '../../audit/record.ts';
import type { MaskedByClass } from '../../masking/masked-counts.ts';
import type { StatementPlan } from '../../masking/statement-plan.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { DefinitionQuestion } from './contract.ts';
import type { StatementMet } from './masking.ts';
import type { QueryStep } from './one-by-one.ts';
import type { Portal, PreparedStatement } from './prepared.ts';
import type { SchemaMoment } from './schema-clock.ts';

/**
 * The frontend messages that are answered. CopyData, Flush and Terminate are not; CopyDone and CopyFail (`copy_end`)
 * are not either, but their place tells which Syncs the server ignores.
 */
export type RequestKind =
  | 'query'
  | 'parse'
  | 'bind'
  | 'describe'
  | 'execute'
  | 'close'
  | 'sync'
  | 'function'
  | 'copy_end';

/** What its sender says of it. Written whole, in this order, where every statement passes: V8 then knows where each is. */
export interface RequestParts {
  /** Number of the intent in the record, 0: none. */
  readonly n: number;
  /** Where that intent is in the log, 0: none. */
  readonly position: number;
  /** Its record may be synced while it runs: it only reads. */
  readonly pure: boolean;
  /** The gateway's own error in place of the one that this request provokes upstream. */
  readonly denial: Buffer | undefined;
  /** A request of the gateway's own: its answers are not for the client. */
  readonly probe: ProbeCollector | undefined;
  /** What becomes of names of statements and portals. */
  readonly names: readonly NameEffect[];
  readonly onSuccess: SuccessEffect | undefined;
  /** Parse, Bind, Execute: of which statement. */
  readonly statement: PreparedStatement | undefined;
  /** Bind: the portal that it makes; Execute: the portal that it runs. */
  readonly portal: Portal | undefined;
  /** What is masked in the answers to each of its statements; undefined: nothing can be. */
  readonly plans: readonly StatementPlan[] | undefined;
  /** When its names were looked up for `plans`; undefined: nothing is masked for this principal. */
  readonly moment: SchemaMoment | undefined;
}

export interface Request extends RequestParts {
  readonly kind: RequestKind;
  /** Traced again when what it rests on has changed. */
  plans: readonly StatementPlan[] | undefined;
  moment: SchemaMoment | undefined;
  readonly startedMs: number;
  /** It was sent behind others of its batch, before a Sync. */
  readonly inBatch: boolean;
  /** Describe of the client's: what it says of this portal is held against its plan. Missing: nobody needs it. */
  describes?: Portal;
  /** Definitions that its plans rest on; missing: none. */
  questions?: readonly DefinitionQuestion[];
  /** Statements of it that are through. */
  completed: number;
  rows: number;
  bytes: number;
  /** Values that were masked. */
  masked: number;
  /** The same by class; undefined: none. */
  maskedBy?: MaskedByClass;
  sqlstate: string | undefined;
  /** Command tags of its statements that are through; missing: none. */
  tags?: { readonly word: string; readonly rows: number }[];
  /** What it gives and meets; missing: nothing. */
  met?: StatementMet;
  /** When its last answer came; 0: not yet. */
  endedMs: number;
  /** What it did may not have lasted, though it was answered. */
  fate: OutcomeFate | undefined;
  /** Its answer went beyond a limit: the error that stands for the rest of it. */
  cut: DenyDecision | undefined;
  /** Missing: it is a text by itself. */
  step?: QueryStep;
  /** Its record failed while it ran: its answer is withheld. */
  lost: boolean;
}

/** A name that comes into being, or goes; its identity is what counts. */
export interface NameEffect {
  readonly kind: 'statement' | 'portal' | 'cursor';
  /** How many statements of the request must be through for it to have happened; 0: the request must succeed. */
  readonly after: number;
}

export const NO_EFFECTS: readonly NameEffect[] = [];

/** What a statement changes, beyond data, once it is through. */
export interface SuccessEffect {
  readonly schemaChanged: boolean;
}

/** Takes the answers to the requests of one probe of the gateway's own. */
export interface ProbeCollector {
  readonly rows: (Buffer | null)[][];
  /** SQLSTATE, when it failed or was discarded behind an earlier error. */
  failed: string | undefined;
  /** The ErrorResponse, as the client may see it. */
  error?: Buffer;
  /** Requests of it that are not answered yet. */
  left: number;
  /** It only asks for this portal's RowDescription. */
  readonly portal?: Portal;
}

export class InFlight {
  #queue: Request[] = [];
  #head = 0;

  get head(): Request | undefined {
    return this.#queue[this.#head];
  }

  get size(): number {
    return this.#queue.length - this.#head;
  }

  push(request: Request): void {
    this.#queue.push(request);
  }

  shift(): Request | undefined {
    const request = this.#queue[this.#head];
    if (request === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length) {
      // One by one: setting the length leaves compiled code, which costs more than the few that there are.
      while (this.#queue.length > 0) this.#queue.pop();
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return request;
  }

  /** After an error: takes out everything before the next Sync, which stays. */
  discardUntilSync(): Request[] {
    const discarded: Request[] = [];
    for (let request = this.head; request !== undefined && request.kind !== 'sync'; request = this.head) {
      discarded.push(request);
      this.shift();
    }
    return discarded;
  }

  /** Takes out those of `unsent` that are still here: some may have been discarded behind an error already. */
  take(unsent: readonly Request[]): Request[] {
    if (unsent.length === 0) return [];
    const never = new Set(unsent);
    const taken: Request[] = [];
    const kept: Request[] = [];
    for (const request of this) (never.has(request) ? taken : kept).push(request);
    this.#queue = kept;
    this.#head = 0;
    return taken;
  }

  /** Nothing that ends the head's batch has been sent. */
  get batchIsOpen(): boolean {
    for (const { kind } of this) if (kind === 'sync' || kind === 'query' || kind === 'function') return false;
    return true;
  }

  /** Something is under way behind the head's batch: a cancel for the head could hit it instead. */
  get hasNextBatch(): boolean {
    let batchEnded = false;
    for (const { kind } of this) {
      if (batchEnded) return true;
      batchEnded = kind === 'sync' || kind === 'query' || kind === 'function';
    }
    return false;
  }

  /** Is the head inside a COPY FROM STDIN whose end has been sent? */
  get hasCopyEnd(): boolean {
    for (const request of this) if (request.kind === 'copy_end') return true;
    return false;
  }

  /**
   * COPY FROM STDIN has begun for the head: the server ignores the Syncs that came before CopyDone, so they will not
   * be answered.
   *
   * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
   */
  dropSyncsBehindHead(): Request[] {
    const kept: Request[] = [];
    const dropped: Request[] = [];
    let ignoring = true;
    for (let i = this.#head; i < this.#queue.length; i++) {
      const request = this.#queue[i]!;
      if (request.kind === 'copy_end') ignoring = false;
      (i > this.#head && ignoring && request.kind === 'sync' ? dropped : kept).push(request);
    }
    this.#queue = kept;
    this.#head = 0;
    return dropped;
  }

  *[Symbol.iterator](): Generator<Request> {
    for (let i = this.#head; i < this.#queue.length; i++) yield this.#queue[i]!;
  }
}
