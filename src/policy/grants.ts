/** Which grants a principal has on a database, and what they amount to: the highest access, `create` if any gives it. */
import type { AccessLevel, DatabaseSettings, GrantSettings } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';

export interface Access {
  readonly access: AccessLevel;
  readonly create: boolean;
}

const LEVELS: readonly AccessLevel[] = ['read', 'write', 'ddl', 'admin'];

/** Undefined: no grant, no connection. */
export function accessOf(
  principal: Principal,
  database: Pick<DatabaseSettings, 'name' | 'environment'>,
  grants: readonly GrantSettings[],
): Access | undefined {
  let level = -1;
  let create = false;
  for (const grant of grants) {
    if (!isFor(grant.to, principal) || !covers(grant, database)) continue;
    level = Math.max(level, LEVELS.indexOf(grant.access));
    create ||= grant.create;
  }
  return level < 0 ? undefined : { access: LEVELS[level]!, create };
}

function isFor(to: GrantSettings['to'], principal: Principal): boolean {
  if ('group' in to) return principal.groups.includes(to.group);
  if ('user' in to) return principal.kind === 'user' && isNamed(to.user, principal);
  if ('service' in to) return principal.kind === 'service' && isNamed(to.service, principal);
  return principal.kind === 'agent' && (to.agent === principal.actor || isNamed(to.agent, principal));
}

function isNamed(name: string, principal: Principal): boolean {
  return name === principal.subject || name === principal.email;
}

function covers(grant: GrantSettings, database: Pick<DatabaseSettings, 'name' | 'environment'>): boolean {
  if (grant.database !== undefined && grant.database !== '*' && grant.database !== database.name) return false;
  if (grant.environment !== undefined && grant.environment !== database.environment) return false;
  return grant.database !== undefined || grant.environment !== undefined;
}
