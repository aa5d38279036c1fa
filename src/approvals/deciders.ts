/**
 * The rules of `approvals:`, matched: who may ask for what, who decides, what is approved by itself. Pure: clocks, the
 * contents of files and the output of commands are passed in. The unknown decides nothing: no rule, no request; a list
 * that could not be read names nobody.
 */
import type { ApprovalRule, Approver } from '../config/approval-settings.ts';
import type { AccessLevel, DatabaseSettings } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import { coversDatabase, isFor } from '../policy/grants.ts';
import { parseHours } from '../policy/language/hours.ts';
import { ticketPattern } from '../policy/language/ticket-pattern.ts';
import type { Requestable } from '../policy/requestable.ts';
import type { ElevationAsk } from './contract.ts';
import { EXTERNAL_ISSUER, personOf, samePerson } from './person.ts';
import type { Requested, StatementScope } from './request.ts';
import { includes } from './terms.ts';

export type AskedDatabase = Pick<DatabaseSettings, 'name' | 'environment' | 'labels'>;

/** The person asks; `mayReach`: a grant lets it connect to the database now. */
export interface Asker {
  readonly principal: Pick<Principal, 'kind' | 'subject' | 'email' | 'groups' | 'actor'>;
  readonly database: AskedDatabase;
  readonly mayReach: boolean;
}

const LEVELS: readonly AccessLevel[] = ['read', 'write', 'ddl', 'admin'];

/** Rules under which this principal may ask for anything on the database, in their order. */
export function rulesOf({ principal, database, mayReach }: Asker, rules: readonly ApprovalRule[]): ApprovalRule[] {
  return rules.filter(
    (rule) =>
      (rule.to === undefined ? mayReach : rule.to.some((to) => isFor(to, principal))) && coversDatabase(rule, database),
  );
}

type Wanted = Pick<ElevationAsk, 'access' | 'unmask' | 'breakGlass'>;

/** The first rule under which this may be asked for. */
export function elevationRule(asker: Asker, ask: Wanted, rules: readonly ApprovalRule[]): ApprovalRule | undefined {
  return rulesOf(asker, rules).find((rule) => opens(rule, ask));
}

export function opens(rule: ApprovalRule, { access, unmask, breakGlass }: Wanted): boolean {
  if (breakGlass && !rule.breakGlass) return false;
  if (access !== undefined && LEVELS.indexOf(access) > highest(rule.access)) return false;
  return unmask === undefined || includes(rule.unmask, unmask);
}

/** As policy tells it to whoever is refused. */
export function requestableBy(asker: Asker, rules: readonly ApprovalRule[]): readonly Requestable[] {
  return rulesOf(asker, rules).map(({ access, unmask, maxDurationMs, statements }) => {
    return { access: LEVELS[highest(access)], unmask, maxDurationMs, statements };
  });
}

/** The same where it is not known who asks: whether statements wait there at all. */
export function requestableBySomebody(database: AskedDatabase, rules: readonly ApprovalRule[]): readonly Requestable[] {
  return rules
    .filter((rule) => coversDatabase(rule, database))
    .map(({ maxDurationMs, statements }) => ({ access: undefined, unmask: [], maxDurationMs, statements }));
}

function highest(levels: readonly AccessLevel[]): number {
  return Math.max(-1, ...levels.map((level) => LEVELS.indexOf(level)));
}

/** The first rule that is for held statements. */
export function statementRule(asker: Asker, rules: readonly ApprovalRule[]): ApprovalRule | undefined {
  return rulesOf(asker, rules).find(({ statements }) => statements);
}

/** Of a policy rule that holds statements, as written: `group:dba`, `user:ada@example.com`; a bare word is a group. */
export function writtenApprover(text: string): Approver {
  const [, kind, name = ''] = /^(user|group):(.+)$/s.exec(text) ?? [];
  if (kind === 'user') return { user: name };
  return { group: kind === 'group' ? name : text };
}

/** For people. */
export function approverName(approver: Approver): string {
  if ('group' in approver) return `group ${approver.group}`;
  if ('user' in approver) return `user ${approver.user}`;
  if ('file' in approver) return `whoever is listed in ${approver.file}`;
  if ('command' in approver) return `whoever ${approver.command[0] ?? ''} names`;
  return `${approver.external} (outside)`;
}

/** The names in a file or in a command's output; undefined: it could not be read, or said nothing. */
export type Listed = (
  approver: Extract<Approver, { file: string } | { command: readonly string[] }>,
) => readonly string[] | undefined;

/**
 * May this principal say yes or no to the request? Only people, never who asked nor the same human by another
 * identity; or the one authority outside.
 */
export function mayDecide(request: Requested, approvers: readonly Approver[], by: Principal, listed: Listed): boolean {
  if (by.issuer === EXTERNAL_ISSUER) return request.external !== undefined && request.external === by.subject;
  if (request.external !== undefined || by.kind !== 'user') return false;
  if (samePerson(personOf(by), request.by)) return false;
  return approvers.some((approver) => isApprover(approver, by, listed));
}

function isApprover(approver: Approver, by: Principal, listed: Listed): boolean {
  if ('group' in approver) return by.groups.includes(approver.group);
  if ('user' in approver) return isNamed(approver.user, by);
  if ('external' in approver) return false;
  return listed(approver)?.some((name) => isNamed(name, by)) === true;
}

function isNamed(name: string, { subject, email }: Principal): boolean {
  return name === subject || name === email;
}

/** One email or subject a line; `#` begins a comment. Undefined: it names nobody. */
export function namesIn(text: string): readonly string[] | undefined {
  const names = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && line.length <= 320);
  return names.length === 0 ? undefined : names;
}

export interface AutoQuestion {
  readonly nowMs: number;
  /** What the person typed: of an elevation its reason, of a statement the session's purpose. */
  readonly words: string;
}

/**
 * Is it approved by itself? All conditions that are given must hold. Those of elevations never hold for a statement, nor
 * the other way round, and what is asked for beyond the listed access and classes is not approved.
 */
export function approvesElevation(rule: ApprovalRule, ask: ElevationAsk, at: AutoQuestion): boolean {
  const { auto } = rule;
  if (auto === undefined || ask.breakGlass) return false;
  if (auto.findings !== undefined || auto.maxEstimatedRows !== undefined) return false;
  if (auto.access !== undefined || auto.unmask !== undefined) {
    if (ask.access !== undefined && auto.access?.includes(ask.access) !== true) return false;
    if (ask.unmask !== undefined && !includes(auto.unmask ?? [], ask.unmask)) return false;
  }
  if (auto.maxDurationMs !== undefined && ask.durationMs > auto.maxDurationMs) return false;
  return isOpen(auto.hours, at) && hasTicket(auto.ticket, at);
}

export function approvesStatement(rule: ApprovalRule, statement: StatementScope, at: AutoQuestion): boolean {
  const { auto } = rule;
  if (auto === undefined) return false;
  if ((auto.access ?? auto.unmask ?? auto.maxDurationMs) !== undefined) return false;
  if (auto.findings !== undefined) {
    const { findings } = statement;
    // One without a finding is held for what it touches, not for a danger that somebody called low.
    if (findings.length === 0 || !findings.every((one) => auto.findings!.includes(one))) return false;
  }
  if (auto.maxEstimatedRows !== undefined) {
    if (statement.estimatedRows === undefined || statement.estimatedRows > auto.maxEstimatedRows) return false;
    // Rows that go along are in no estimate.
    if (statement.cascades.length > 0) return false;
  }
  return isOpen(auto.hours, at) && hasTicket(auto.ticket, at);
}

function isOpen(hours: readonly string[] | undefined, { nowMs }: AutoQuestion): boolean {
  return hours === undefined || hours.some((text) => parseHours(text)?.isOpen(nowMs) === true);
}

function hasTicket(source: string | undefined, { words }: AutoQuestion): boolean {
  if (source === undefined) return true;
  const pattern = ticketPattern(source);
  return 'isIn' in pattern && pattern.isIn(words);
}
