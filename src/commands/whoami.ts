import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandDefinition } from './context.ts';
import { sanitise } from './sanitise.ts';

/** The gateway's answer to `GET /v1/whoami`. */
export interface WhoAmI {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly groups: readonly string[];
  readonly kind: string;
  readonly actor: string | null;
  readonly expires_at: string;
}

export const whoamiCommand: CommandDefinition = {
  name: 'whoami',
  configure() {},
  async run(context) {
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const answer = asWhoAmI(await client.request('GET', '/v1/whoami'));
      const data = {
        gateway: client.gateway,
        profile: client.profile?.name ?? null,
        token: client.tokenKind,
        ...answer,
      };
      context.print(data, () => whoAmIText(answer, client.gateway));
    } finally {
      await client.close();
    }
  },
};

/** Only what the API promises, in the types it promises; whatever else a server sends is left out. */
export function asWhoAmI(answer: unknown): WhoAmI {
  const { issuer, subject, email, name, groups, kind, actor, expires_at } = (answer ?? {}) as Record<string, unknown>;
  if (typeof issuer !== 'string' || typeof subject !== 'string' || typeof expires_at !== 'string') {
    throw new DbgateError(ErrorCode.gatewayUnreachable, 'the gateway did not say who you are', {
      hint: 'check the URL; gateway and CLI may be of different versions',
    });
  }
  return {
    issuer,
    subject,
    email: textOrNull(email),
    name: textOrNull(name),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    kind: textOrNull(kind) ?? 'user',
    actor: textOrNull(actor),
    expires_at,
  };
}

export function whoAmIText(who: WhoAmI, gateway: string): string {
  const rows: [string, string][] = [['who', who.email ?? who.name ?? who.subject]];
  if (who.name !== null && who.email !== null) rows.push(['name', who.name]);
  if (who.actor !== null) rows.push(['agent', who.actor]);
  if (who.kind === 'service') rows.push(['kind', 'service']);
  rows.push(['subject', who.subject], ['issuer', who.issuer]);
  rows.push(['groups', who.groups.length === 0 ? '(none)' : who.groups.join(', ')]);
  rows.push(['expires', who.expires_at], ['gateway', gateway]);
  return rows.map(([label, value]) => `${label.padEnd(9)}${sanitise(value)}`).join('\n');
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
