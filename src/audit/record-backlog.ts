import type { EventLog, LateText, Position } from '../store/event-log.ts';

/**
 * Records that state what has happened already, so nothing can be refused any more when the log cannot take them:
 * they are kept until it can, in order, up to a bound. What does not fit is counted, never silently lost.
 */
export interface Backlog {
  record(payload: string | LateText): void;
  readonly pending: number;
  readonly dropped: number;
  close(): void;
}

const RETRY_INTERVAL_MS = 250;

export interface BacklogLimits {
  readonly maxRecords: number;
  /** UTF-16 units of payload. */
  readonly maxLength: number;
}

const DEFAULT_LIMITS: BacklogLimits = { maxRecords: 100_000, maxLength: 32 * 1024 * 1024 };

/** A backlog in front of one stream of `log`. */
export function openBacklog(log: EventLog, stream: string, limits: BacklogLimits = DEFAULT_LIMITS): Backlog {
  /** Enqueued, not known to be durable; a queue whose head moves, oldest first. */
  let inflight: { position: Position; payload: string | LateText }[] = [];
  let head = 0;
  let waiting: (string | LateText)[] = [];
  let waitingLength = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const keep = (payload: string | LateText): void => {
    if (waiting.length >= limits.maxRecords || waitingLength + payload.length > limits.maxLength) {
      dropped++;
      return;
    }
    waiting.push(payload);
    waitingLength += payload.length;
    timer ??= setTimeout(retry, RETRY_INTERVAL_MS).unref();
  };

  const hand = (payload: string | LateText): boolean => {
    let position: Position;
    try {
      // Known only afterwards: no statement waits for it.
      if (typeof payload === 'string') position = log.enqueue(stream, payload, true);
      else position = log.enqueueLate?.(stream, payload, true) ?? log.enqueue(stream, payload.text(), true);
    } catch {
      return false;
    }
    if (position > log.durablePosition) inflight.push({ position, payload });
    return true;
  };

  const retry = (): void => {
    timer = undefined;
    let handed = 0;
    while (handed < waiting.length && hand(waiting[handed]!)) waitingLength -= waiting[handed++]!.length;
    if (handed > 0) waiting = waiting.slice(handed);
    if (waiting.length > 0) timer = setTimeout(retry, RETRY_INTERVAL_MS).unref();
  };

  const unsubscribe = log.subscribe({
    onDurable(position) {
      while (head < inflight.length && inflight[head]!.position <= position) head++;
      if (head === inflight.length) {
        inflight.length = 0;
        head = 0;
      } else if (head > 1024) {
        inflight = inflight.slice(head);
        head = 0;
      }
    },
    onFailed(from, to) {
      const failed = inflight.slice(head).filter(({ position }) => position >= from && position <= to);
      inflight = [];
      head = 0;
      const later = waiting;
      waiting = [];
      waitingLength = 0;
      for (const { payload } of failed) keep(payload);
      for (const payload of later) keep(payload);
    },
  });

  return {
    record(payload) {
      if (waiting.length > 0 || !hand(payload)) keep(payload);
    },
    get pending() {
      return waiting.length;
    },
    get dropped() {
      return dropped;
    },
    close() {
      retry();
      clearTimeout(timer);
      timer = undefined;
      unsubscribe();
      dropped += waiting.length;
      waiting = [];
      waitingLength = 0;
    },
  };
}
