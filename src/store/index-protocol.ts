import type {
  EventsPage,
  EventsQuery,
  HistoryPage,
  HistoryQuery,
  RecordedExecution,
  SessionsPage,
  SessionsQuery,
  Transcript,
} from '../audit/record.ts';
import type { ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import type { PeopleAnswer, PeopleQuery } from './people-seen.ts';
import type { SelectionAnswer, SelectionQuery } from './record-selections.ts';

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

/** What can be asked, and what is answered. */
export interface IndexAnswers {
  history: { readonly query: HistoryQuery; readonly answer: HistoryPage };
  sessions: { readonly query: SessionsQuery; readonly answer: SessionsPage };
  events: { readonly query: EventsQuery; readonly answer: EventsPage };
  /** `query`: `<session>.<n>`. */
  execution: { readonly query: string; readonly answer: RecordedExecution };
  transcript: { readonly query: TranscriptQuery; readonly answer: Transcript };
  selections: { readonly query: SelectionQuery; readonly answer: SelectionAnswer };
  people: { readonly query: PeopleQuery; readonly answer: PeopleAnswer };
  /** Positions of erased records; how many were known. */
  forget: { readonly query: readonly Position[]; readonly answer: number };
  /** How many records were indexed. */
  reindex: { readonly query: undefined; readonly answer: number };
  'catch-up': { readonly query: undefined; readonly answer: undefined };
}

export interface TranscriptQuery {
  readonly session: string;
  /** Only statements behind this number. */
  readonly after: number;
  readonly limit: number;
}

export type IndexQuestion<K extends keyof IndexAnswers = keyof IndexAnswers> = {
  [Kind in K]: {
    readonly kind: Kind;
    readonly id: number;
    readonly upTo: Position;
    readonly query: IndexAnswers[Kind]['query'];
  };
}[K];

export type IndexRequest = IndexQuestion | { readonly kind: 'close' };

export type IndexReply =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | {
      readonly kind: 'error';
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint?: string;
    }
  | { readonly kind: 'warning'; readonly message: string };
