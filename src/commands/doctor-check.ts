import { DbgateError } from '../errors.ts';

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

export interface CheckResult {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** What to do; only of `warn` and `fail`. */
  readonly fix?: string;
}

type Outcome = Omit<CheckResult, 'name'>;

/** Runs one check; what it throws is its failure, with the error's hint as the fix. */
export async function check(name: string, run: () => Promise<Outcome> | Outcome): Promise<CheckResult> {
  try {
    return { name, ...(await run()) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    const fix = error instanceof DbgateError ? error.hint : undefined;
    const because = cause === '' || detail.includes(cause) ? '' : `: ${cause}`;
    return { name, status: 'fail', detail: detail + because, ...(fix === undefined ? {} : { fix }) };
  }
}

export function ok(detail: string): Outcome {
  return { status: 'ok', detail };
}

export function warn(detail: string, fix: string): Outcome {
  return { status: 'warn', detail, fix };
}

export function fail(detail: string, fix: string): Outcome {
  return { status: 'fail', detail, fix };
}

export function skip(detail: string): Outcome {
  return { status: 'skip', detail };
}

/** The soft limit of open files; Infinity if there is none, undefined where the system has no such thing. */
export function openFileLimit(): number | undefined {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
  const soft = report.userLimits?.open_files?.soft;
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

export function checkOpenFiles(needed: number): Outcome {
  const limit = openFileLimit();
  if (limit === undefined) return skip('this system has no such limit');
  if (limit >= needed) return ok(Number.isFinite(limit) ? String(limit) : 'unlimited');
  return warn(`${limit}, ${needed} may be needed`, `ulimit -n ${needed}, or LimitNOFILE=${needed} in a systemd unit`);
}

export function checkNode(version: string): Outcome {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return ok(version);
  return fail(`${version}, dbgate needs 22.19 or newer`, 'install a newer Node.js');
}
