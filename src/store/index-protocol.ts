import type { HistoryPage, HistoryQuery } from '../audit/record.ts';
import type { ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';

/** What the index worker is started with. */
export interface IndexWorkerData {
  /** The directory of the segments. */
  readonly dir: string;
  /** The index file. */
  readonly file: string;
  /** The log's last position when this process opened it. */
  readonly startedAt: Position;
  /** One number: the last synced position, kept up to date by the gateway's main thread. */
  readonly synced: BigInt64Array;
}

export type IndexRequest =
  | { readonly kind: 'query'; readonly id: number; readonly query: HistoryQuery; readonly upTo: Position }
  | { readonly kind: 'catch-up'; readonly id: number; readonly upTo: Position }
  | { readonly kind: 'close' };

export type IndexReply =
  | { readonly kind: 'page'; readonly id: number; readonly page: HistoryPage }
  | { readonly kind: 'caught-up'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'warning'; readonly message: string };
