import { createHash } from 'node:crypto';
import type { GatewaySettings } from '../config/gateway-settings.ts';

/** What decides who may do what, each as SHA-256 in hex: a change of one is on the record. */
export interface RulesInForce {
  /** Rules and grants, as sessions and statements name them. */
  readonly policy: string;
  /** Administrators and auditors of the gateway. */
  readonly roles: string;
  /** Who may ask for what, and who decides. */
  readonly approvals: string;
}

export function rulesInForce(policyVersion: string, { roles, approvals }: GatewaySettings): RulesInForce {
  return { policy: policyVersion, roles: hashOf(roles), approvals: hashOf(approvals?.rules) };
}

function hashOf(settings: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(settings) ?? '')
    .digest('hex');
}
