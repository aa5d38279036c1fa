import { DbgateError, ErrorCode, exitCodeOf } from '../errors.ts';
import { sanitise } from './sanitise.ts';

/** The exit code for what a run threw; a few errors bring their own. */
export function exitCodeFor(error: unknown): number {
  const own = error instanceof DbgateError && 'exitCode' in error ? error.exitCode : undefined;
  return typeof own === 'number' ? own : exitCodeOf(error);
}

/** The object that `--json` puts on stdout for a failure. */
export function errorObject(error: unknown): {
  error: { code: string; message: string; hint?: string; cause?: string };
} {
  const { code, message, hint } = describe(error);
  const cause = causes(error).join(': ');
  return { error: { code, message, ...(hint ? { hint } : {}), ...(cause ? { cause } : {}) } };
}

/** `error:`, `cause:` and `fix:` lines for stderr. */
export function errorLines(error: unknown, debug: boolean): string[] {
  const { message, hint } = describe(error);
  const lines = [`error: ${clean(message)}`];
  for (const cause of causes(error)) lines.push(`cause: ${clean(cause)}`);
  if (hint) lines.push(`fix: ${clean(hint)}`);
  if (debug && error instanceof Error && error.stack) lines.push(sanitise(error.stack, { keepLayout: true }));
  return lines;
}

/** Several lines (all faults of a config file) stay lines, indented under the first. */
function clean(text: string): string {
  return sanitise(text, { keepLayout: true }).replaceAll('\n', '\n  ');
}

function describe(error: unknown): { code: string; message: string; hint: string | undefined } {
  if (error instanceof DbgateError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message || error.name : String(error);
  return {
    code: ErrorCode.internal,
    message: `unexpected: ${message}`,
    hint: 'run it again with DBGATE_DEBUG=1 and report what it prints',
  };
}

/** Messages of the cause chain, outermost first, without those that one says already; of an AggregateError its first error. */
function causes(error: unknown): string[] {
  const seen: string[] = [];
  let current = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    const first: unknown = current instanceof AggregateError ? current.errors[0] : undefined;
    const message = current.message || (first instanceof Error ? first.message : '');
    if (message !== '' && !seen.some((said) => said.includes(message))) seen.push(message);
    current = current.cause ?? first;
  }
  return seen;
}
