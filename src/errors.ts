/**
 * The one error type of dbgate, its codes, and the exit codes they map to.
 * Codes are the contract: nobody matches on message text.
 */
export const ErrorCode = {
  /** Bad flags or arguments. */
  usage: 'usage',
  /** gateway.yaml or a CLI file does not hold what it should. */
  config: 'config',
  /** No usable login for this gateway: run `dbgate login`. */
  loginRequired: 'login_required',
  /** The identity provider or the gateway refused the token. */
  tokenInvalid: 'token_invalid',
  /** Policy refuses (database not granted, statement not allowed). */
  denied: 'denied',
  requestDenied: 'request_denied',
  expired: 'expired',
  cancelled: 'cancelled',
  pending: 'pending',
  /** The gateway cannot be reached, or the connection broke. */
  gatewayUnreachable: 'gateway_unreachable',
  /** The real database cannot be reached or refused the gateway. */
  upstreamUnavailable: 'upstream_unavailable',
  /** A peer broke the PostgreSQL protocol. */
  protocol: 'protocol',
  /** The audit log cannot be written, so nothing is run. */
  auditUnavailable: 'audit_unavailable',
  waitTimedOut: 'wait_timed_out',
  /** Whoever the record is exported to does not take it. */
  exportFailed: 'export_failed',
  notFound: 'not_found',
  /** No keychain, or it is locked. */
  keychain: 'keychain',
  internal: 'internal',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Exit codes of the CLI, one table (see `docs/cli.md`). */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  loginRequired: 4,
  denied: 5,
  requestDenied: 6,
  expiredOrCancelled: 7,
  pending: 8,
  gatewayUnreachable: 9,
  waitTimedOut: 124,
  /** Before the child ran: dbgate itself failed, found but not executable, not found. */
  childSetupFailed: 125,
  childNotExecutable: 126,
  childNotFound: 127,
  hungUp: 129,
  interrupted: 130,
  readerGone: 141,
  terminated: 143,
} as const;

const exitCodes: Record<ErrorCode, number> = {
  usage: ExitCode.usage,
  config: ExitCode.usage,
  login_required: ExitCode.loginRequired,
  token_invalid: ExitCode.loginRequired,
  denied: ExitCode.denied,
  request_denied: ExitCode.requestDenied,
  expired: ExitCode.expiredOrCancelled,
  cancelled: ExitCode.expiredOrCancelled,
  pending: ExitCode.pending,
  gateway_unreachable: ExitCode.gatewayUnreachable,
  wait_timed_out: ExitCode.waitTimedOut,
  upstream_unavailable: ExitCode.failure,
  protocol: ExitCode.failure,
  audit_unavailable: ExitCode.failure,
  export_failed: ExitCode.failure,
  not_found: ExitCode.failure,
  keychain: ExitCode.failure,
  internal: ExitCode.failure,
};

export interface DbgateErrorOptions {
  /** One line that says what to do next, best the command to type. */
  hint?: string;
  cause?: unknown;
  /** SQLSTATE, where the error can end on a Postgres connection. */
  sqlstate?: string;
}

/** Every expected failure. The message: what failed, on what; lower case, no final period, never a secret or a row's value. */
export class DbgateError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly sqlstate: string | undefined;
  constructor(code: ErrorCode, message: string, options: DbgateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DbgateError';
    this.code = code;
    this.hint = options.hint;
    this.sqlstate = options.sqlstate;
  }
}

/** The exit code for anything thrown at the entry point. */
export function exitCodeOf(error: unknown): number {
  return error instanceof DbgateError ? exitCodes[error.code] : ExitCode.failure;
}
