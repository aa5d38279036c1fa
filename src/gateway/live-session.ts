import { displayName, principalKey } from '../identity/principal.ts';
import type { GatewayState } from './gateway-state.ts';
import type { LiveSession } from './live-feed.ts';

/** Of a session that is open: who it is of and where. */
export function liveSessionOf(gateway: GatewayState, session: string): LiveSession | undefined {
  for (const { id, holder, database } of gateway.sessions) {
    if (id !== session) continue;
    return {
      principalKey: principalKey(holder.principal),
      principal: displayName(holder.principal),
      database,
      environment: gateway.settings.databases.get(database)?.environment ?? '',
      gateway: gateway.settings.gatewayId,
      application: holder.application ?? null,
      purpose: holder.purpose ?? null,
    };
  }
  return undefined;
}
