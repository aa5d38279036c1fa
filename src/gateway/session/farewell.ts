/** What the client is told when the gateway ends its session: a FATAL ErrorResponse, as PostgreSQL does. */
import { encodeErrorResponse } from '../../pgwire/error-response.ts';
import type { EndReason } from './contract.ts';

const fatal = (code: string, message: string, hint?: string): Buffer =>
  encodeErrorResponse({ severity: 'FATAL', code, message, ...(hint === undefined ? {} : { hint }) });

export const UPSTREAM_GONE = fatal('08006', 'the database closed the connection');

/** Undefined: there is nobody to tell, or it was told already. */
export function farewellOf(reason: EndReason): Buffer | undefined {
  switch (reason) {
    case 'token_expired':
      return fatal('28000', 'session expired: run dbgate login');
    case 'grant_ended':
      return fatal('28000', 'the grant for this session ended', 'See `dbgate ls` for what you may reach now.');
    case 'revoked':
      return fatal('28000', 'access was revoked', 'See `dbgate ls` for what you may reach now.');
    case 'shutdown':
      return fatal('57P01', 'the gateway is shutting down', 'Connect again; statements in flight may have run.');
    case 'idle':
      return fatal('57P05', 'the session was idle for too long');
    case 'upstream_gone':
    case 'protocol':
    case 'client':
      return undefined;
    default: {
      const never: never = reason;
      return never;
    }
  }
}
