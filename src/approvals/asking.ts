/**
 * Asking: what somebody wants, held against the rules of `approvals:`, becomes a request, with the yes of a rule that
 * approves it by itself or of whoever breaks the glass. The unknown is refused: no rule, no request. What is decided
 * later is `deciding.ts`.
 */
import { randomBytes } from 'node:crypto';
import type { ApprovalRule, ApprovalSettings, Approver } from '../config/approval-settings.ts';
import type { DatabaseSettings, GatewaySettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import { checkElevation, cleanReason, cutReason, inWords, MIN_DURATION_MS } from './asked-words.ts';
import type { ElevationAsk, HoldAsk } from './contract.ts';
import {
  type Asker,
  approverName,
  approvesElevation,
  approvesStatement,
  elevationRule,
  opens,
  rulesOf,
  statementRule,
  writtenApprover,
} from './deciders.ts';
import { personOf, rulePerson } from './person.ts';
import { nothingToAsk, whatIsAllowed } from './refused-words.ts';
import type { Person, RequestEvent, Requested, RequestState, Terms } from './request.ts';
import { policyRule, type RequestRights } from './request-access.ts';
import type { RequestLedger } from './request-ledger.ts';
import { RequestLimits } from './request-limits.ts';

export interface AskingOptions {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly settings: () => GatewaySettings;
  readonly rights: RequestRights;
}

export class Asking {
  readonly #ledger: RequestLedger;
  readonly #options: AskingOptions;
  /** Throws `denied` when there are no approvals at this gateway. */
  readonly #approvals: () => ApprovalSettings;
  readonly #limits: RequestLimits;

  constructor(ledger: RequestLedger, options: AskingOptions, approvals: () => ApprovalSettings) {
    this.#ledger = ledger;
    this.#options = options;
    this.#approvals = approvals;
    this.#limits = new RequestLimits(ledger);
  }

  /** Throws as `Requests.ask`; approved already where a rule does so by itself, or the glass is broken. */
  async elevation(by: Principal, ask: ElevationAsk): Promise<RequestState> {
    const settings = this.#approvals();
    const reason = cleanReason(ask.reason, 'required');
    checkElevation(ask);
    const asker = this.#asker(by, ask.database);
    const rule = this.#elevationRule(asker, ask, settings);
    if (ask.durationMs > rule.maxDurationMs) {
      const allowed = `${inWords(MIN_DURATION_MS)} to ${inWords(rule.maxDurationMs)}`;
      throw new DbgateError('usage', `${inWords(ask.durationMs)} is too long: ${allowed} is allowed`, {
        hint: `--for ${inWords(rule.maxDurationMs)}`,
      });
    }
    if (ask.breakGlass && by.kind !== 'user') {
      throw new DbgateError('denied', 'only a person breaks the glass', { sqlstate: '42501' });
    }
    const person = personOf(by);
    this.#limits.checkRoom(person);
    const at = this.#options.now();
    if (!ask.breakGlass) this.#limits.checkElevationCooldown(person, ask, rule, at);
    const request: Requested = {
      kind: 'elevation',
      ...this.#asked(person, asker.database, rule.id, rule.approvers, rule.needs, settings, at),
      purpose: ask.purpose === undefined ? undefined : cutReason(ask.purpose),
      application: undefined,
      reason,
      scope: { access: ask.access, unmask: ask.unmask, tables: ask.tables, durationMs: ask.durationMs },
      breakGlass: ask.breakGlass,
    };
    const events: RequestEvent[] = [{ type: 'requested', at, request }];
    if (ask.breakGlass) events.push(yes(at, person, 'break-glass', reason, {}));
    else if (approvesElevation(rule, { ...ask, reason }, { nowMs: at, words: reason })) {
      events.push(yes(at, rulePerson(rule.id), 'auto', `as rule ${rule.id} says`, {}));
    }
    return await this.#ledger.begin(request, events);
  }

  /** A request for a statement that nobody asked for before; approved already where a rule does so by itself. */
  async statement(ask: HoldAsk): Promise<RequestState> {
    const settings = this.#approvals();
    const { principal, statement } = ask;
    const asker = this.#asker(principal, ask.database);
    const rule = statementRule(asker, settings.rules);
    const own = ask.approvers.map(writtenApprover);
    if (rule === undefined && own.length === 0) {
      throw new DbgateError(
        'denied',
        `nobody can approve it: no rule of approvals: is for statements on ${ask.database}`,
        {
          sqlstate: '42501',
          hint: 'Ask the operator of the gateway.',
        },
      );
    }
    const person = personOf(principal);
    this.#limits.checkRoom(person);
    const at = this.#options.now();
    const policy = own.length > 0 ? policyRule(statement.rule) : rule!.id;
    const approvers = own.length > 0 ? own : rule!.approvers;
    const purpose = ask.purpose === undefined ? undefined : cutReason(ask.purpose);
    if (rule !== undefined) this.#limits.checkStatementCooldown(person, statement, rule, at);
    const request: Requested = {
      kind: 'statement',
      ...this.#asked(person, asker.database, policy, approvers, rule?.needs ?? 1, settings, at),
      purpose,
      application: ask.application === undefined ? undefined : cutReason(ask.application),
      reason: cutReason(statement.reason),
      statement,
    };
    const events: RequestEvent[] = [{ type: 'requested', at, request }];
    // A rule of policy that names its own approvers wants these.
    if (
      rule !== undefined &&
      own.length === 0 &&
      approvesStatement(rule, statement, { nowMs: at, words: purpose ?? '' })
    ) {
      const terms: Terms = { durationMs: settings.approvalTtlMs };
      events.push(yes(at, rulePerson(rule.id), 'auto', `as rule ${rule.id} says`, terms));
    }
    return await this.#ledger.begin(request, events);
  }

  #asker(principal: Principal, name: string): Asker & { readonly database: DatabaseSettings } {
    const mayReach = this.#options.rights.mayReach(principal, name);
    const database = this.#options.settings().databases.get(name);
    // The same words whether it does not exist or is not theirs.
    if (database === undefined) throw nothingToAsk(name);
    return { principal, database, mayReach };
  }

  #elevationRule(asker: Asker, ask: ElevationAsk, { rules }: ApprovalSettings): ApprovalRule {
    const rule = elevationRule(asker, ask, rules);
    if (rule !== undefined) return rule;
    const { name } = asker.database;
    const theirs = rulesOf(asker, rules);
    if (theirs.length === 0) throw nothingToAsk(name);
    const without = ask.breakGlass && theirs.some((one) => opens(one, { ...ask, breakGlass: false }));
    throw new DbgateError(
      'denied',
      without ? 'break-glass is not allowed here' : `that cannot be asked for on ${name}`,
      {
        sqlstate: '42501',
        hint: without ? 'Ask for it without --break-glass.' : `You may ask for ${whatIsAllowed(theirs)}.`,
      },
    );
  }

  #asked(
    by: Person,
    { name, environment }: DatabaseSettings,
    policy: string,
    approvers: readonly Approver[],
    needs: number,
    settings: ApprovalSettings,
    at: number,
  ): Pick<
    Requested,
    'id' | 'by' | 'database' | 'environment' | 'expiresAt' | 'policy' | 'deciders' | 'needs' | 'external'
  > {
    const outside = approvers.find((one) => 'external' in one);
    return {
      id: this.#newId(),
      by,
      database: name,
      environment,
      expiresAt: at + settings.requestTtlMs,
      policy,
      deciders: approvers.map(approverName),
      needs: outside === undefined ? needs : 1,
      external: outside?.external,
    };
  }

  #newId(): string {
    for (;;) {
      const id = `r-${[...randomBytes(8)].map((byte) => CROCKFORD[byte % 32]).join('')}`;
      if (this.#ledger.index.get(id) === undefined) return id;
    }
  }
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

function yes(at: number, by: Person, via: string, reason: string, terms: Terms): RequestEvent {
  return { type: 'approved', at, by, via, reason, terms, complete: true };
}
