/**
 * The version of the protocol that is spoken with a client. In: its StartupMessage. Out: what it is told, before it is asked
 * for a password as PostgreSQL does, and the StartupMessage that it would have sent had it known: libpq takes being told
 * twice for an error.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
import { encodeNegotiateProtocolVersion } from './result.ts';
import { encodeStartup, NEWEST_MINOR_VERSION, type StartupMessage } from './startup.ts';

const NOTHING = Buffer.alloc(0);

export function negotiate(startup: StartupMessage): { readonly told: Buffer; readonly startup: StartupMessage } {
  if (startup.minor <= NEWEST_MINOR_VERSION && startup.protocolOptions.length === 0) return { told: NOTHING, startup };
  const minor = Math.min(startup.minor, NEWEST_MINOR_VERSION);
  return {
    told: encodeNegotiateProtocolVersion(minor, startup.protocolOptions),
    startup: { ...startup, minor, protocolOptions: [], raw: encodeStartup(startup.parameters, minor) },
  };
}
