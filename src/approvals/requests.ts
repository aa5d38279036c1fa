/**
 * Requests of one gateway: asked, decided, taken back, ended by time. In: what people and sessions want. Out: states, and
 * word of each change to whoever listens. Every change is one event, judged by `state-machine.ts`, compared and set in the
 * log, put on the record, and only then true here; nothing is decided on what could not be recorded.
 * Time is the gateway's clock, looked at again and again: no timer is trusted, and what was seen to be over stays so.
 */
import { randomBytes } from 'node:crypto';
import type { ApprovalRule, ApprovalSettings, Approver } from '../config/approval-settings.ts';
import type { DatabaseSettings, GatewaySettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { EventLog } from '../store/event-log.ts';
import { ApproverLists } from './approver-lists.ts';
import { checkElevation, checkTerms, cleanReason, cutReason, inWords, MIN_DURATION_MS } from './asked-words.ts';
import type { Elevation, ElevationAsk, Hold, HoldAsk, RequestFilter, Requests } from './contract.ts';
import {
  type Asker,
  approverName,
  approvesElevation,
  approvesStatement,
  elevationRule,
  mayDecide,
  opens,
  rulesOf,
  statementRule,
  writtenApprover,
} from './deciders.ts';
import { Holds, type StatementRequests } from './holds.ts';
import { isPrincipal, personName, personOf, rulePerson, samePerson } from './person.ts';
import type { Person, RequestEvent, Requested, RequestState, StatementScope, Terms } from './request.ts';
import { type Entry, isUnreviewed, RequestIndex } from './request-index.ts';
import { type ReadEvent, type RequestAudit, RequestJournal, unavailable } from './request-journal.ts';
import { next } from './state-machine.ts';

export interface RequestsOptions {
  readonly log: EventLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly settings: () => GatewaySettings;
  readonly audit: RequestAudit;
  readonly rights: RequestRights;
  readonly logLine: (line: string) => void;
  /** As one that subscribes, but hears what is read at the start as well. */
  readonly listener?: ((state: RequestState, event: RequestEvent, gateway: string) => void) | undefined;
}

/** What the gateway says of a principal now, without any elevation. */
export interface RequestRights {
  /** A grant lets it connect. */
  mayReach(principal: Principal, database: string): boolean;
  isDatabaseAdmin(principal: Principal, database: string): boolean;
  isAdministrator(principal: Principal): boolean;
  isAuditor(principal: Principal): boolean;
}

/** As the gateway itself sees them; everybody else has `Requests`. */
export interface RequestService extends Requests {
  /** Reads what other gateways wrote of a request, and takes it over. */
  refresh(id: string): Promise<void>;
  /** Looks at the clock: what is over by it ends. Called by itself twice a second. */
  sweep(): Promise<void>;
  /** How those that asked stand: for `/healthz` and tests. */
  readonly openCount: number;
}

const PENDING_OF_PERSON = 50;
const PENDING_OF_GATEWAY = 20_000;
const MAX_LIST = 1_000;
const SWEEP_MS = 500;
const TRIED_GRACE_MS = 5_000;
/** Without word of the other gateways for so long nothing counts that they may have taken back. */
const BLIND_MS = 15_000;
/** Others were first: read and decide again, for a second at most. */
const CONFLICTS = 100;
const CONFLICT_WAIT_MS = 10;
const DECIDING = new Set(['cli', 'web', 'slack', 'external']);

export async function openRequests(options: RequestsOptions): Promise<RequestService> {
  const service = new LogRequests(options);
  await service.load();
  return service;
}

/** What is to happen to a request; undefined: nothing (any more). */
type Change = (state: RequestState) => RequestEvent | undefined;

class LogRequests implements RequestService, StatementRequests {
  readonly #options: RequestsOptions;
  readonly #index = new RequestIndex();
  readonly #journal: RequestJournal;
  readonly #lists: ApproverLists;
  readonly #holds: Holds;
  readonly #listeners = new Set<(state: RequestState, event: RequestEvent, gateway: string) => void>();
  /** Changes of one request, and first requests of one shape, one after another. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Decided, but not on the record yet. */
  readonly #unrecorded = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #nextDeadline = 0;
  /** A clock that is set back is looked at anew. */
  #sweptAt = 0;
  #sweeping: Promise<void> | undefined;
  #closed = false;
  #stopListening: (() => void) | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
    if (options.listener !== undefined) this.#listeners.add(options.listener);
    this.#journal = new RequestJournal(options.log, options.audit, options.settings().gatewayId);
    this.#lists = new ApproverLists(options.now, options.logLine);
    this.#holds = new Holds(this, options.now);
  }

  async load(): Promise<void> {
    const { gatewayId } = this.#options.settings();
    for await (const read of this.#journal.readAll()) this.#accept(read);
    this.#stopListening = this.#journal.onForeign((read) => void this.#foreign(read));
    await this.sweep();
    // Whoever waited at this gateway is gone with the process that it waited in.
    for (const entry of [...this.#index.open]) {
      const { request, waiting, triedRows, status } = entry.state;
      for (const session of waiting) {
        if (entry.gateways.get(session) !== gatewayId) continue;
        await this.#quietly(request.id, (state) =>
          state.waiting.includes(session) ? { type: 'unattended', at: this.now(), session } : undefined,
        );
      }
      if (status === 'pending' && triedRows !== undefined && request.kind === 'statement') {
        if (entry.gateways.get(request.statement.session) !== gatewayId) continue;
        await this.#quietly(request.id, () => ({ type: 'expired', at: this.now() }));
      }
    }
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  now(): number {
    return this.#options.now();
  }

  get openCount(): number {
    return this.#index.open.size;
  }

  settings(): ApprovalSettings {
    const { approvals } = this.#options.settings();
    if (approvals !== undefined) return approvals;
    throw new DbgateError('denied', 'this gateway has no approvals', {
      sqlstate: '42501',
      hint: 'Ask its operator: `approvals:` in gateway.yaml says who decides.',
    });
  }

  // Asking.

  async ask(by: Principal, ask: ElevationAsk): Promise<RequestState> {
    const settings = this.settings();
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
    this.#checkRoom(by);
    const at = this.now();
    const person = personOf(by);
    if (!ask.breakGlass) this.#checkCooldown(person, ask, rule, at);
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
    return await this.#begin(request, events);
  }

  hold(ask: HoldAsk): Promise<Hold> {
    return this.#holds.hold(ask);
  }

  /** A request for a statement that nobody asked for before; approved already where a rule does so by itself. */
  async begin(ask: HoldAsk): Promise<RequestState> {
    const settings = this.settings();
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
    this.#checkRoom(principal);
    const at = this.now();
    const person = personOf(principal);
    const policy = own.length > 0 ? policyRule(statement.rule) : rule!.id;
    const approvers = own.length > 0 ? own : rule!.approvers;
    const purpose = ask.purpose === undefined ? undefined : cutReason(ask.purpose);
    if (rule !== undefined) this.#checkStatementCooldown(person, statement, rule, at);
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
    return await this.#begin(request, events);
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
      if (this.#index.get(id) === undefined) return id;
    }
  }

  #checkRoom(by: Principal): void {
    if (this.#closed) throw unavailable();
    const own = this.#index.pendingOf(personOf(by));
    const pending = this.#index.pendingCount;
    if (own >= PENDING_OF_PERSON) {
      throw new DbgateError('denied', `you have ${own} requests that wait for a decision`, {
        sqlstate: '53400',
        hint: 'Withdraw some: `dbgate requests --mine --pending`, `dbgate cancel ID`.',
      });
    }
    if (pending >= PENDING_OF_GATEWAY) {
      throw new DbgateError('denied', `${pending} requests wait for a decision at this gateway, its limit`, {
        sqlstate: '53400',
        hint: 'Try again when some are decided.',
      });
    }
  }

  #checkCooldown(person: Person, ask: ElevationAsk, { cooldownMs }: ApprovalRule, at: number): void {
    this.#checkDenials(person, at - cooldownMs, cooldownMs, ({ request }) => {
      if (request.kind !== 'elevation' || request.database !== ask.database) return false;
      const { access, unmask } = request.scope;
      return (access !== undefined && access === ask.access) || (unmask !== undefined && ask.unmask !== undefined);
    });
  }

  #checkStatementCooldown(person: Person, { shape }: StatementScope, { cooldownMs }: ApprovalRule, at: number): void {
    this.#checkDenials(
      person,
      at - cooldownMs,
      cooldownMs,
      ({ request }) => request.kind === 'statement' && request.statement.shape === shape,
    );
  }

  #checkDenials(person: Person, since: number, cooldownMs: number, isSame: (state: RequestState) => boolean): void {
    if (cooldownMs === 0) return;
    for (const { state } of this.#index.newestFirst(undefined)) {
      const { denied, request } = state;
      if (denied === undefined || denied.at <= since || !samePerson(request.by, person) || !isSame(state)) continue;
      const again = new Date(denied.at + cooldownMs).toISOString();
      throw new DbgateError('denied', `${request.id} asked for the same and was denied by ${personName(denied.by)}`, {
        sqlstate: '42501',
        hint: `It can be asked for again after ${again}.`,
      });
    }
  }

  // Deciding.

  async approve(id: string, by: Principal, via: string, reason: string, terms: Terms): Promise<RequestState> {
    const settings = this.settings();
    const said = cleanReason(reason, 'optional');
    checkTerms(terms, settings.maxBatch);
    await this.#checkMayDecide(id, by, via);
    const person = personOf(by);
    return await this.change(id, (state) => {
      const at = this.now();
      // A statement's approval holds for a while that nobody has to say.
      const own = state.request.kind === 'statement' ? settings.approvalTtlMs : undefined;
      const durationMs = own === undefined ? terms.durationMs : Math.min(own, terms.durationMs ?? own);
      const needed = via === 'external' ? 1 : state.request.needs;
      const complete = state.approvals.length + 1 >= needed;
      return {
        type: 'approved',
        at,
        by: person,
        via,
        reason: said,
        terms: present({ ...terms, durationMs }),
        complete,
      };
    });
  }

  async deny(id: string, by: Principal, via: string, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    await this.#checkMayDecide(id, by, via);
    const person = personOf(by);
    return await this.change(id, () => ({ type: 'denied', at: this.now(), by: person, via, reason: said }));
  }

  async cancel(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = this.#visible(id, by);
    // A person withdraws what their agent asked for; an agent only its own.
    const own = isPrincipal(request.by, by) || (by.kind === 'user' && request.by.key === principalKey(by));
    if (!own) {
      throw new DbgateError('denied', `only ${personName(request.by)} may withdraw ${id}`, {
        sqlstate: '42501',
        hint: this.mayDecide(id, by) ? `Deny it: \`dbgate review ${id}\`.` : `Ask ${personName(request.by)}.`,
      });
    }
    return await this.change(id, () => ({ type: 'cancelled', at: this.now(), by: personOf(by), reason: said }));
  }

  async revoke(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = await this.#visibleNow(id, by);
    const own = isPrincipal(request.by, by) || (by.kind === 'user' && request.by.key === principalKey(by));
    if (!own && !this.#mayDecide(request, by) && !this.#administers(by, request.database)) {
      throw new DbgateError('denied', `${id} is not yours to revoke`, {
        sqlstate: '42501',
        hint: `Ask ${[...request.deciders, `an administrator of ${request.database}`].join(', ')}.`,
      });
    }
    return await this.change(id, () => ({ type: 'revoked', at: this.now(), by: personOf(by), reason: said }));
  }

  async review(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = await this.#visibleNow(id, by);
    if (!this.#mayDecide(request, by) && !this.#administers(by, request.database)) {
      throw new DbgateError('denied', `${id} is not yours to review`, {
        sqlstate: '42501',
        hint: `Ask ${request.deciders.join(', ')}.`,
      });
    }
    return await this.change(id, () => ({ type: 'reviewed', at: this.now(), by: personOf(by), reason: said }));
  }

  #administers(by: Principal, database: string): boolean {
    const { rights } = this.#options;
    return by.kind !== 'agent' && (rights.isAdministrator(by) || rights.isDatabaseAdmin(by, database));
  }

  async #checkMayDecide(id: string, by: Principal, via: string): Promise<void> {
    if (!DECIDING.has(via)) throw new DbgateError('usage', `nobody decides by ${via}`);
    const { request } = await this.#visibleNow(id, by);
    if (this.#mayDecide(request, by)) return;
    const own = samePerson(personOf(by), request.by);
    throw new DbgateError('denied', own ? 'nobody decides their own request' : `${id} is not yours to decide`, {
      sqlstate: '42501',
      hint: `Who can: ${request.deciders.join(', ')}.`,
    });
  }

  mayDecide(id: string, by: Principal): boolean {
    const entry = this.#index.get(id);
    if (entry?.state.status !== 'pending' || this.#isOver(entry)) return false;
    const { state } = entry;
    return this.#mayDecide(state.request, by) && !state.approvals.some((one) => samePerson(one.by, personOf(by)));
  }

  #mayDecide(request: Requested, by: Principal): boolean {
    return mayDecide(request, this.#approversOf(request), by, this.#lists.listed);
  }

  /** As the configuration says now: whoever was taken off a list does not decide what was asked before. */
  #approversOf({ policy }: Requested): readonly Approver[] {
    const { approvals, rules } = this.#options.settings();
    const own = ruleOfPolicy(policy);
    if (own !== undefined) return (rules?.find(({ id }) => id === own)?.approvers ?? []).map(writtenApprover);
    return approvals?.rules.find(({ id }) => id === policy)?.approvers ?? [];
  }

  /**
   * One event, judged on what the request is then. Throws `usage` when it may not follow, `audit_unavailable` when
   * nothing can be recorded.
   */
  change(id: string, change: Change): Promise<RequestState> {
    return this.#inTurn(id, async () => {
      for (let conflicts = 0; conflicts < CONFLICTS; conflicts++) {
        const entry = this.#index.get(id);
        if (entry === undefined) throw notFound(id);
        if (this.#unrecorded.has(id)) throw unavailable();
        const event = change(entry.state);
        if (event === undefined) return entry.state;
        const after = next(entry.state, event);
        if ('refused' in after) throw refusedError(entry.state, after.refused);
        try {
          return await this.#write(id, [event], [after], entry.seq);
        } catch (error) {
          if (!isConflict(error)) throw error;
          // What was first is not readable before it is durable.
          if (conflicts > 0) await new Promise((resolve) => setTimeout(resolve, CONFLICT_WAIT_MS));
          await this.#read(id);
        }
      }
      throw new DbgateError('internal', `${id} changes too fast to be changed`);
    });
  }

  async #begin(request: Requested, events: readonly RequestEvent[]): Promise<RequestState> {
    return await this.#inTurn(request.id, async () => {
      const states: RequestState[] = [];
      for (const event of events) {
        const after = next(states.at(-1), event);
        if ('refused' in after) throw new DbgateError('usage', after.refused);
        states.push(after);
      }
      return await this.#write(request.id, events, states, 0);
    });
  }

  async #write(
    id: string,
    events: readonly RequestEvent[],
    states: readonly RequestState[],
    seq: number,
  ): Promise<RequestState> {
    const { gatewayId } = this.#options.settings();
    const { database } = states[0]!.request;
    const { recorded, atOnce } = await this.#journal.append(id, database, events, seq);
    const adopt = (): void => {
      for (const [i, event] of events.entries()) this.#adopt(states[i]!, event, gatewayId, seq + i + 1);
    };
    if (atOnce) {
      adopt();
      return states.at(-1)!;
    }
    this.#unrecorded.add(id);
    void recorded.then(() => {
      this.#unrecorded.delete(id);
      adopt();
      // What others wrote meanwhile was left unread.
      void this.refresh(id).catch(() => {});
    });
    throw new DbgateError('audit_unavailable', `${id}: it takes effect when the gateway can write its record again`, {
      sqlstate: '58030',
    });
  }

  /** True from here on. */
  #adopt(state: RequestState, event: RequestEvent, gateway: string, seq: number): void {
    const entry = this.#index.put(state, event, gateway, seq);
    this.#nextDeadline = Math.min(this.#nextDeadline, this.#deadlineOf(entry) ?? Number.POSITIVE_INFINITY);
    for (const listener of this.#listeners) {
      try {
        listener(state, event, gateway);
      } catch (error) {
        this.#options.logLine(`${state.request.id}: ${(error as Error).stack}`);
      }
    }
    this.#holds.changed(state);
  }

  /** An event as it is read; what is known already is skipped, what may not follow is left out, and told. */
  #accept({ id, seq, event, gateway }: ReadEvent): void {
    const entry = this.#index.get(id);
    if (entry !== undefined && seq <= entry.seq) return;
    const after = next(entry?.state, event);
    if (!('refused' in after) && after.request.id === id) {
      this.#adopt(after, event, gateway, seq);
      return;
    }
    if (entry !== undefined) entry.seq = seq;
    const why = 'refused' in after ? after.refused : 'it is of another request';
    this.#options.logLine(`${id}: its event ${event.type} is left out: ${why}`);
  }

  async #foreign(read: ReadEvent): Promise<void> {
    const { id } = read;
    try {
      const database =
        read.event.type === 'requested' ? read.event.request.database : this.stateOf(id)?.request.database;
      await this.#journal.recordLate(read, database ?? '');
      await this.refresh(id);
    } catch (error) {
      this.#options.logLine(`${id}: another gateway's change is not taken over: ${(error as Error).message}`);
    }
  }

  refresh(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      if (!this.#unrecorded.has(id)) await this.#read(id);
    });
  }

  async #read(id: string): Promise<void> {
    const from = (this.#index.get(id)?.seq ?? 0) + 1;
    for await (const read of this.#journal.read(id, from)) this.#accept(read);
  }

  /** One after another for each name. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#inTurn(name, work);
  }

  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.catch(() => {});
    this.#queues.set(name, settled);
    void settled.then(() => {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    });
    return result;
  }

  /** A change that nobody waits for: what keeps it from being made keeps it from being needed, or is tried again. */
  async #quietly(id: string, change: Change): Promise<void> {
    try {
      await this.change(id, change);
    } catch (error) {
      const { code } = error as DbgateError;
      if (code !== 'usage' && code !== 'audit_unavailable') this.#options.logLine(`${id}: ${(error as Error).message}`);
    }
  }

  quietly(id: string, change: Change): void {
    void this.#quietly(id, change);
  }

  // Time.

  /** What is over by the clock ends; once seen, a clock that is set back does not bring it back. */
  sweep(): Promise<void> {
    this.#holds.sweep();
    const now = this.now();
    if (now < this.#sweptAt) this.#nextDeadline = 0;
    this.#sweptAt = now;
    if (now < this.#nextDeadline || this.#closed) return this.#sweeping ?? Promise.resolve();
    this.#sweeping ??= this.#endWhatIsOver().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #endWhatIsOver(): Promise<void> {
    this.#nextDeadline = Number.POSITIVE_INFINITY;
    const over: Entry[] = [];
    for (const entry of this.#index.open) {
      if (this.#isOver(entry)) over.push(entry);
      else this.#nextDeadline = Math.min(this.#nextDeadline, this.#deadlineOf(entry) ?? Number.POSITIVE_INFINITY);
    }
    // What cannot be recorded now is over all the same, and looked at again.
    if (over.length > 0) this.#nextDeadline = 0;
    for (const entry of over) {
      await this.#quietly(entry.state.request.id, (state) => {
        if (!this.#isOver(entry)) return undefined;
        const at = Math.max(this.now(), this.#deadlineOf(entry) ?? 0);
        if (state.status === 'pending') return { type: 'expired', at };
        return state.status === 'approved' ? { type: 'ended', at, reason: 'time' } : undefined;
      });
    }
  }

  #isOver(entry: Entry): boolean {
    const deadline = this.#deadlineOf(entry);
    // A request that was approved meanwhile has another end.
    if (deadline === undefined) return false;
    if (entry.overAt === deadline) return true;
    if (this.now() < deadline) return false;
    entry.overAt = deadline;
    return true;
  }

  /** When an open request is over by time. */
  #deadlineOf({ state: { status, request, validUntil }, triedAt }: Entry): number | undefined {
    if (status === 'approved') return validUntil;
    if (status !== 'pending') return undefined;
    if (triedAt === undefined) return request.expiresAt;
    // The gateway that runs it ends it sooner, if it is there.
    const heldMs = this.#options.settings().approvals?.holdInTransactionMs ?? 0;
    return Math.min(request.expiresAt, triedAt + heldMs + TRIED_GRACE_MS);
  }

  // Seeing.

  get(id: string, viewer: Principal): RequestState | undefined {
    const entry = this.#index.get(id);
    return entry !== undefined && this.#maySee(entry.state, viewer) ? entry.state : undefined;
  }

  #visible(id: string, viewer: Principal): RequestState {
    const state = this.get(id, viewer);
    if (state === undefined) throw notFound(id);
    return state;
  }

  /** With the lists of approvers as they are at this moment. */
  async #visibleNow(id: string, viewer: Principal): Promise<RequestState> {
    const entry = this.#index.get(id);
    if (entry !== undefined) await this.#lists.refresh(this.#approversOf(entry.state.request));
    return this.#visible(id, viewer);
  }

  #maySee({ request }: RequestState, viewer: Principal): boolean {
    if (isPrincipal(request.by, viewer)) return true;
    if (viewer.kind === 'user' && request.by.key === principalKey(viewer)) return true;
    if (this.#mayDecide(request, viewer)) return true;
    return this.#options.rights.isAuditor(viewer) || this.#administers(viewer, request.database);
  }

  list(viewer: Principal, filter: RequestFilter): readonly RequestState[] {
    const { mine, decidableBy, status, database, unreviewed, after } = filter;
    const limit = Math.min(Math.max(filter.limit ?? 100, 1), MAX_LIST);
    const found: RequestState[] = [];
    for (const entry of this.#index.newestFirst(after)) {
      const { state } = entry;
      if (status !== undefined && state.status !== status) continue;
      if (database !== undefined && state.request.database !== database) continue;
      if (mine !== undefined && state.request.by.key !== mine) continue;
      if (unreviewed === true && !isUnreviewed(state)) continue;
      if (decidableBy !== undefined && !this.mayDecide(state.request.id, decidableBy)) continue;
      if (!this.#maySee(state, viewer)) continue;
      if (found.push(state) === limit) break;
    }
    return found;
  }

  async events(id: string): Promise<readonly RequestEvent[]> {
    return this.#index.get(id)?.events.slice() ?? [];
  }

  subscribe(listener: (state: RequestState, event: RequestEvent, gateway: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  elevationsOf(principal: Principal, database: string): readonly Elevation[] {
    const elevations: Elevation[] = [];
    // Somebody may have revoked it at another gateway.
    if (this.now() - this.#journal.seenUntil > BLIND_MS) return elevations;
    for (const entry of this.#index.elevationsOf(principal, database)) {
      const { request, terms, validUntil } = entry.state;
      if (request.kind !== 'elevation' || validUntil === undefined || this.#isOver(entry)) continue;
      const { access } = request.scope;
      elevations.push({ request: request.id, access, unmask: terms.unmask, tables: terms.tables, until: validUntil });
    }
    return elevations;
  }

  statementsOf(shape: string): readonly RequestState[] {
    return this.#index.ofShape(shape).flatMap((entry) => (this.#isOver(entry) ? [] : [entry.state]));
  }

  stateOf(id: string): RequestState | undefined {
    return this.#index.get(id)?.state;
  }

  link(id: string): string {
    return `${this.#options.settings().publicUrl}/requests/${id}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#stopListening?.();
    await this.#sweeping;
    await Promise.all([...this.#queues.values()]);
    await this.#journal.close();
  }
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const POLICY_RULE = 'rule:';

/** Of a statement whose own rule says who decides. */
function policyRule(rule: string): string {
  return POLICY_RULE + rule;
}

function ruleOfPolicy(policy: string): string | undefined {
  return policy.startsWith(POLICY_RULE) ? policy.slice(POLICY_RULE.length) : undefined;
}

function yes(at: number, by: Person, via: string, reason: string, terms: Terms): RequestEvent {
  return { type: 'approved', at, by, via, reason, terms, complete: true };
}

/** Without the keys that say nothing. */
function present(terms: Terms): Terms {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}

function whatIsAllowed(rules: readonly ApprovalRule[]): string {
  const access = new Set(rules.flatMap((rule) => rule.access));
  const unmask = rules.flatMap((rule) =>
    rule.unmask === 'all' ? ['unmask'] : rule.unmask.map((one) => `unmask=${one}`),
  );
  const words = [...access, ...new Set(unmask)];
  return words.length === 0 ? 'nothing but approvals of single statements' : words.join(', ');
}

function nothingToAsk(database: string): DbgateError {
  return new DbgateError(
    'denied',
    `there is nothing that you may ask for on ${JSON.stringify(database.slice(0, 80))}`,
    {
      sqlstate: '42501',
      hint: 'See `dbgate ls` for the databases that you may reach; who may ask for what is in `approvals:` of gateway.yaml.',
    },
  );
}

function notFound(id: string): DbgateError {
  return new DbgateError('not_found', `there is no request ${JSON.stringify(id.slice(0, 40))}`, {
    hint: '`dbgate requests` lists those that you may see.',
  });
}

/** How it was decided, for whoever comes too late. */
function refusedError(state: RequestState, why: string): DbgateError {
  const { id } = state.request;
  const how = outcomeOf(state);
  return new DbgateError('usage', how === undefined ? `${id}: ${why}` : `${id} ${how}: ${why}`, {
    hint: `\`dbgate requests show ${id}\` says what became of it.`,
  });
}

/** `was approved by ada@example.com`; undefined: it is pending. */
export function outcomeOf({ status, approvals, denied, endedBy, request }: RequestState): string | undefined {
  const by = (person: Person | undefined): string => (person === undefined ? '' : ` by ${personName(person)}`);
  switch (status) {
    case 'pending':
      return undefined;
    case 'approved':
    case 'used':
      return `was approved${by(approvals.at(-1)?.by)}`;
    case 'denied':
      return `was denied${by(denied?.by)}`;
    case 'cancelled':
      return `was withdrawn${by(endedBy ?? request.by)}`;
    case 'revoked':
      return `was revoked${by(endedBy)}`;
    case 'expired':
      return 'expired: nobody decided in time';
    case 'ended':
      return 'is over';
    default:
      return status satisfies never;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && error.name === 'SequenceConflict';
}
