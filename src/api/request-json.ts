/** Requests as the API says them: keys in snake_case, times as ISO 8601 in UTC, `null` for what is not there (yet). */
import type { Person, RequestEvent, RequestState, Terms } from '../approvals/request.ts';
import { type Risk, riskOf, usualHours } from '../approvals/risk.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { ReviewedStatement } from '../gateway/reviewed-statement.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Hours } from '../policy/language/hours.ts';

export const USUAL_HOURS = usualHours(new Intl.DateTimeFormat().resolvedOptions().timeZone);

/** One request as this viewer may see it; that they may see it at all has been checked. */
export function requestJson(gateway: GatewayState, state: RequestState, viewer: Principal): Record<string, unknown> {
  return { ...stateJson(state), ...viewerJson(gateway, state, viewer) };
}

/** What depends on who looks, and when. */
export function viewerJson(gateway: GatewayState, state: RequestState, viewer: Principal): Record<string, unknown> {
  const { id, by } = state.request;
  return {
    link: `${gateway.settings.publicUrl}/requests/${id}`,
    mine: by.key === principalKey(viewer),
    may_decide: state.status === 'pending' && gateway.requests.mayDecide(id, viewer),
    decided: isDecided(state, Date.now()),
  };
}

/** What is the same for everybody, as long as the state is. */
export function stateJson(state: RequestState, usual: Hours = USUAL_HOURS): Record<string, unknown> {
  const { request } = state;
  return {
    id: request.id,
    kind: request.kind,
    status: state.status,
    /** Goes up with each change. */
    seq: state.seq,
    database: request.database,
    environment: request.environment,
    purpose: request.purpose ?? null,
    application: request.application ?? null,
    by: personJson(request.by),
    reason: request.reason,
    created_at: iso(state.createdAt),
    expires_at: iso(request.expiresAt),
    policy: request.policy,
    deciders: request.deciders,
    needs: request.needs,
    external: request.external ?? null,
    ...(request.kind === 'elevation'
      ? {
          break_glass: request.breakGlass,
          scope: {
            access: request.scope.access ?? null,
            unmask: request.scope.unmask ?? null,
            tables: request.scope.tables ?? null,
            duration_ms: request.scope.durationMs,
          },
        }
      : { break_glass: false, statement: statementJson(state) }),
    approvals: state.approvals.map(({ at, by, via, reason, terms }) => ({
      at: iso(at),
      by: personJson(by),
      via,
      reason,
      terms: termsJson(terms),
    })),
    terms: termsJson(state.terms),
    denied: state.denied
      ? {
          at: iso(state.denied.at),
          by: personJson(state.denied.by),
          via: state.denied.via,
          reason: state.denied.reason,
        }
      : null,
    decided_at: isoOrNull(state.decidedAt),
    valid_until: isoOrNull(state.validUntil),
    waiting: state.waiting.length,
    executions: state.hashes.length,
    used: state.used,
    tried_rows: state.triedRows ?? null,
    tried_effects: state.triedEffects ?? null,
    ended_by: state.endedBy ? personJson(state.endedBy) : null,
    end_reason: state.endReason ?? null,
    reviewed_by: state.reviewedBy ? personJson(state.reviewedBy) : null,
    risk: riskOf(state.request, { askedAt: state.createdAt, usualHours: usual, earlier: undefined }),
  };
}

/** A statement that is tried first tells its rows in this time, or its client is gone. */
export const TRYING_MS = 120_000;

/** Of a statement that is tried first, the yes that matters comes once its rows are known. */
export function isDecided({ status, terms, triedRows, waiting, used, decidedAt }: RequestState, now: number): boolean {
  if (status === 'pending') return false;
  if (terms.tryFirst !== true || triedRows !== undefined || now - (decidedAt ?? 0) >= TRYING_MS) return true;
  return !(status === 'approved' && (used > 0 || waiting.length > 0));
}

/** The same for everybody who sees the request. @param earlier requests of the same person before it */
export function requestRisk(state: RequestState, earlier?: number): Risk {
  return riskOf(state.request, { askedAt: state.createdAt, usualHours: USUAL_HOURS, earlier });
}

function statementJson({ request }: RequestState): Record<string, unknown> {
  if (request.kind !== 'statement') return {};
  const { statement } = request;
  return {
    sql: statement.sql,
    command: statement.command,
    class: statement.class,
    rule: statement.rule,
    reason: statement.reason,
    relations: statement.relations,
    findings: statement.findings,
    columns: statement.columns,
    cascades: statement.cascades,
    triggers: statement.triggers,
    estimated_rows: statement.estimatedRows ?? null,
    binds: statement.binds,
    session: statement.session,
    in_transaction: statement.inTransaction,
    can_roll_back: statement.canRollBack,
  };
}

/** `by` `rights`: by the viewer's own; `record`: as everybody sees it, and why. Values of $1 and on. */
export function shownJson({ own, others, unseen, clear, masked }: ReviewedStatement): Record<string, unknown> {
  return { ...own, clear, masked, others, unseen };
}

/** Without groups: who decides needs a name, not what else somebody belongs to. */
export function personJson({ issuer, subject, kind, actor, email, name }: Person): Record<string, unknown> {
  return { issuer, subject, kind, actor: actor ?? null, email: email ?? null, name: name ?? null };
}

function termsJson(terms: Terms): Record<string, unknown> {
  return {
    duration_ms: terms.durationMs ?? null,
    tables: terms.tables ?? null,
    unmask: terms.unmask ?? null,
    max_rows: terms.maxRows ?? null,
    times: terms.times ?? null,
    try: terms.tryFirst ?? false,
  };
}

export function eventJson(event: RequestEvent): Record<string, unknown> {
  const at = iso(event.at);
  switch (event.type) {
    case 'requested':
      return { type: event.type, at, by: personJson(event.request.by), reason: event.request.reason };
    case 'approved':
      return {
        type: event.type,
        at,
        by: personJson(event.by),
        via: event.via,
        reason: event.reason,
        terms: termsJson(event.terms),
        complete: event.complete,
      };
    case 'denied':
      return { type: event.type, at, by: personJson(event.by), via: event.via, reason: event.reason };
    case 'cancelled':
    case 'revoked':
    case 'reviewed':
      return { type: event.type, at, by: personJson(event.by), reason: event.reason };
    case 'expired':
      return { type: event.type, at };
    case 'joined':
      return { type: event.type, at, session: event.session };
    case 'unattended':
      return { type: event.type, at, session: event.session };
    case 'used':
      return { type: event.type, at, session: event.session, n: event.n };
    case 'tried':
      return { type: event.type, at, rows: event.rows };
    case 'ended':
      return { type: event.type, at, reason: event.reason };
    default: {
      const never: never = event;
      return never;
    }
  }
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}
