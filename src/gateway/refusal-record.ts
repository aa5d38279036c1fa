/**
 * Refused connections on their way into the record. Whoever was verified has each refusal recorded; of those that nobody
 * vouches for only so many a minute, and the number of the others: anybody who reaches a port could fill the disk.
 */
import type { ConnectRefusedFields, Recorder } from '../audit/recorder.ts';
import { maskScanned } from '../classify/scan-text.ts';

const WINDOW_MS = 60_000;
const MAX_UNVERIFIED_PER_WINDOW = 120;
/** Names come from clients. */
const MAX_TEXT = 300;

export class RefusalRecord {
  readonly #recorder: Recorder;
  #windowEndsAt = 0;
  #inWindow = 0;
  #leftOut = 0;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** `nowMs`: of any clock. */
  add(fields: ConnectRefusedFields, nowMs: number): void {
    if (fields.subject === undefined && !this.#mayRecord(nowMs)) return;
    this.#recorder.connectRefused({
      ...fields,
      database: fields.database === undefined ? undefined : clip(fields.database),
      reason: clip(fields.reason),
    });
  }

  #mayRecord(nowMs: number): boolean {
    if (nowMs >= this.#windowEndsAt) {
      this.#windowEndsAt = nowMs + WINDOW_MS;
      this.#inWindow = 0;
      if (this.#leftOut > 0) {
        this.#recorder.connectRefused({
          clientAddress: '',
          subject: undefined,
          email: undefined,
          database: undefined,
          code: 'denied',
          reason: `${this.#leftOut} more connections of unverified clients were refused, not recorded one by one`,
        });
        this.#leftOut = 0;
      }
    }
    if (this.#inWindow >= MAX_UNVERIFIED_PER_WINDOW) {
      this.#leftOut++;
      return false;
    }
    this.#inWindow++;
    return true;
  }
}

function clip(text: string): string {
  const clipped = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  // Reasons may hold what a server said.
  return maskScanned(clipped);
}
