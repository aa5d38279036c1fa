/** What the tree's thread and the gateway's main thread say to each other. */
import type { TreeSettings } from '../../config/audit-settings.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Position } from '../../store/event-log.ts';
import type { WitnessStatus } from './witness.ts';

export interface TreeWorkerData {
  /** The directory of the segments. */
  readonly auditDir: string;
  /** Where `tree/`, `tree.key` and `tree.keys` are. */
  readonly stateDir: string;
  readonly defaultOrigin: string;
  readonly settings: TreeSettings;
  /** One number: the last synced position, kept up to date by the gateway's main thread. */
  readonly synced: BigInt64Array;
  /** Go on though the log is not what was signed. */
  readonly acceptRewritten: boolean;
}

export interface TreeStatus {
  /** `late`: no checkpoint can be made now. `stopped`: the log has a gap or is not what was signed; nothing is made any more. */
  readonly state: 'ok' | 'late' | 'stopped';
  readonly error: string | undefined;
  readonly origin: string;
  readonly vkey: string;
  /** Leaves in the tree. */
  readonly size: number;
  /** Of the last checkpoint. */
  readonly checkpointSize: number | undefined;
  /** ISO 8601. */
  readonly checkpointAt: string | undefined;
  /** Of the last one that a witness has cosigned. */
  readonly cosignedSize: number | undefined;
  readonly witnesses: readonly WitnessStatus[];
}

/** The operator took a log that is not what was signed. */
export interface AcceptedRewrite {
  readonly signedSize: number;
  /** Base64. */
  readonly signedRoot: string;
  readonly why: string;
  /** Where the checkpoint lies now that does not hold any more. */
  readonly kept: string;
}

export interface ProvedLeaf {
  readonly position: Position;
  readonly index: number;
  /** As stored. */
  readonly record: string;
  /** Undefined: it is in no checkpoint yet. */
  readonly proof: ProofParts | undefined;
}

export interface ProofParts {
  /** Base64 each. */
  readonly hashes: readonly string[];
  readonly checkpoint: string;
  /** Of the size asked for by `since`. */
  readonly consistency: readonly string[] | undefined;
}

export type TreeQuestion =
  /** The proof of one record; `since`: and of consistency from that size on. */
  | { readonly kind: 'prove'; readonly position: Position; readonly since?: number | undefined }
  | { readonly kind: 'consistency'; readonly from: number; readonly to: number }
  /** A checkpoint now, of everything that is durable. */
  | { readonly kind: 'checkpoint' }
  /** The first `size` records, signed: what an archive of them is held to. It is not kept here. */
  | { readonly kind: 'checkpoint-of'; readonly size: number };

/** What each question is answered with. */
export interface TreeAnswers {
  readonly prove: ProvedLeaf | undefined;
  readonly consistency: readonly string[];
  readonly checkpoint: string | undefined;
  readonly 'checkpoint-of': string;
}

export type TreeRequest =
  | { readonly kind: 'ask'; readonly id: number; readonly question: TreeQuestion; readonly upTo: Position }
  | { readonly kind: 'close'; readonly upTo: Position };

export type TreeReply =
  | { readonly kind: 'ready'; readonly accepted: AcceptedRewrite | undefined; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'status'; readonly status: TreeStatus }
  | { readonly kind: 'rotated'; readonly vkey: string; readonly before: string }
  | { readonly kind: 'warning'; readonly message: string };
