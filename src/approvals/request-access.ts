/**
 * Who may do what with a request: see it, decide it, administer what it is for. Asked anew each time, by the
 * configuration and the lists of approvers as they are then, never as they were when it was asked. Changes nothing.
 */
import type { Approver } from '../config/approval-settings.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { ApproverLists } from './approver-lists.ts';
import { mayDecide, writtenApprover } from './deciders.ts';
import { isPrincipal } from './person.ts';
import type { Requested, RequestState } from './request.ts';

/** What the gateway says of a principal now, without any elevation. */
export interface RequestRights {
  /** A grant lets it connect. */
  mayReach(principal: Principal, database: string): boolean;
  isDatabaseAdmin(principal: Principal, database: string): boolean;
  isAdministrator(principal: Principal): boolean;
  isAuditor(principal: Principal): boolean;
}

export class RequestAccess {
  readonly #rights: RequestRights;
  readonly #settings: () => GatewaySettings;
  readonly #lists: ApproverLists;

  constructor(rights: RequestRights, settings: () => GatewaySettings, lists: ApproverLists) {
    this.#rights = rights;
    this.#settings = settings;
    this.#lists = lists;
  }

  maySee({ request }: RequestState, viewer: Principal): boolean {
    if (isTheirs(request, viewer)) return true;
    if (this.mayDecide(request, viewer)) return true;
    return this.#rights.isAuditor(viewer) || this.administers(viewer, request.database);
  }

  mayDecide(request: Requested, by: Principal): boolean {
    return mayDecide(request, this.#approversOf(request), by, this.#lists.listed);
  }

  administers(by: Principal, database: string): boolean {
    return by.kind !== 'agent' && (this.#rights.isAdministrator(by) || this.#rights.isDatabaseAdmin(by, database));
  }

  /** Reads the lists of those who may decide it; never rejects. */
  async refreshApprovers(request: Requested): Promise<void> {
    await this.#lists.refresh(this.#approversOf(request));
  }

  /** As the configuration says now: whoever was taken off a list does not decide what was asked before. */
  #approversOf({ policy }: Requested): readonly Approver[] {
    const { approvals, rules } = this.#settings();
    const own = ruleOfPolicy(policy);
    if (own !== undefined) return (rules?.find(({ id }) => id === own)?.approvers ?? []).map(writtenApprover);
    return approvals?.rules.find(({ id }) => id === policy)?.approvers ?? [];
  }
}

/** A person answers for what their agent asked for; an agent only for its own. */
export function isTheirs({ by }: Requested, principal: Principal): boolean {
  return isPrincipal(by, principal) || (principal.kind === 'user' && by.key === principalKey(principal));
}

const POLICY_RULE = 'rule:';

/** `policy` of a request for a statement whose own rule says who decides. */
export function policyRule(rule: string): string {
  return POLICY_RULE + rule;
}

function ruleOfPolicy(policy: string): string | undefined {
  return policy.startsWith(POLICY_RULE) ? policy.slice(POLICY_RULE.length) : undefined;
}
