/** Whether the machine's clock is kept in step with others, as far as files tell: Node has no adjtimex. */
import { existsSync, statSync } from 'node:fs';
import type { SessionOpen } from './record.ts';

/** systemd-timesyncd makes it when it has set the clock, and nothing takes it away before the machine stops. */
const TIMESYNCD = '/run/systemd/timesync/synchronized';
const TIMESYNCD_RUNS = '/run/systemd/timesync';
/** chronyd writes it about once an hour while it has sources. */
const CHRONY_DRIFT = '/var/lib/chrony/drift';
const CHRONY_DRIFT_MAX_AGE_MS = 3 * 3_600_000;
const ASK_AGAIN_MS = 10_000;

/** Asked at most every ten seconds. `now`: epoch milliseconds. */
export function clockStateOf(now: () => number): () => SessionOpen['clock'] {
  let state: SessionOpen['clock'] = 'unknown';
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const at = now();
    if (Math.abs(at - askedAt) >= ASK_AGAIN_MS) {
      askedAt = at;
      state = ask(at);
    }
    return state;
  };
}

function ask(nowMs: number): SessionOpen['clock'] {
  try {
    if (existsSync(TIMESYNCD)) return 'synchronised';
    const drift = statSync(CHRONY_DRIFT, { throwIfNoEntry: false });
    if (drift !== undefined) return nowMs - drift.mtimeMs < CHRONY_DRIFT_MAX_AGE_MS ? 'synchronised' : 'free';
    return existsSync(TIMESYNCD_RUNS) ? 'free' : 'unknown';
  } catch {
    return 'unknown';
  }
}
