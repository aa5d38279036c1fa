/**
 * The client's statements, one message at a time (Query, Parse, Bind, Execute, Close), each in this order: find out what
 * it is, decide, record the intent, queue the very bytes that were judged. When something has to be known first, the
 * message waits (`waiting.ts`) and comes here again.
 *
 * It must never queue a statement that was not judged, nor one whose intent was not taken.
 */

import type { StatementPlan } from '../../masking/statement-plan.ts';
import {
  type Bind,
  decodeBind,
  decodeBindParameters,
  decodeClose,
  decodeExecute,
  decodeParameters,
  decodeParameterTypes,
  decodeParse,
  encodeDescribe,
  FLUSH,
} from '../../pgwire/extended.ts';
import { HEADER_BYTES } from '../../pgwire/framing.ts';
import { decodeQuery } from '../../pgwire/query.ts';
import type { Decision, DenyDecision } from '../../policy/decision.ts';
import type { ForesightNeed } from '../../policy/foresight.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import { BoundPortals } from './bound-portals.ts';
import { type Intent, NO_PARTS, NOT_RUN, type SessionCore } from './core.ts';
import {
  AUDIT_UNAVAILABLE,
  maskGiven,
  noSuchPortal,
  noSuchStatement,
  REJECTED_EXECUTE,
  REJECTED_QUERY,
  rejectedParse,
  TOO_MANY_PREPARED,
} from './denial.ts';
import { type DriftGuard, NO_QUESTIONS } from './drift-guard.ts';
import { type ForesightSteps, withForesight } from './foresight-steps.ts';
import { canRollBack, heldByAnother, heldNamedPortal, heldPortal, heldToRunLater } from './held-words.ts';
import type { Holding } from './holding.ts';
import type { NameEffect, ProbeCollector, Request, RequestParts } from './in-flight.ts';
import type { MaskingSteps } from './masking-steps.ts';
import type { NamesProbe } from './names-probe.ts';
import type { OneByOne } from './one-by-one.ts';
import { masksAnswer } from './planning.ts';
import { NO_BATCH, type Portal, type PreparedStatement, UNSETTLED } from './prepared.ts';
import type { ReadOnlyMode } from './read-only.ts';
import { decodeText, INVALID_ENCODING } from './statement-text.ts';
import {
  asksForNames,
  decisionOf,
  executeRefusal,
  judged,
  nameEffects,
  needsNames,
  runsLater,
  successOf,
  type UnforeseenExecute,
} from './statements.ts';
import type { Trial } from './trial.ts';
import { TRIED_IN_BLOCK } from './trial-words.ts';
import { type ClientMessage, type Held, type Known, keep, type Waiter } from './waiting.ts';

/** Texts of named statements that a session may keep at once, in UTF-16 units. */
const MAX_PREPARED_BYTES = 64 << 20;
const NO_TYPES: readonly number[] = [];

const ch = (letter: string): number => letter.charCodeAt(0);
export const QUERY = ch('Q');
export const BIND = ch('B');

/** What a statement may have to wait for. */
export interface StatementParts {
  readonly waiter: Waiter;
  readonly steps: MaskingSteps;
  readonly names: NamesProbe;
  readonly foresight: ForesightSteps;
  readonly drift: DriftGuard;
  readonly mode: ReadOnlyMode;
  readonly holding: Holding;
  readonly trial: Trial;
  readonly oneByOne: OneByOne;
}

export class ClientStatements {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;
  readonly #names: NamesProbe;
  readonly #foresight: ForesightSteps;
  readonly #drift: DriftGuard;
  readonly #mode: ReadOnlyMode;
  readonly #holding: Holding;
  readonly #trial: Trial;
  readonly #oneByOne: OneByOne;
  readonly #bound = new BoundPortals();

  constructor(
    core: SessionCore,
    backend: Backend,
    { waiter, steps, names, foresight, drift, mode, holding, trial, oneByOne }: StatementParts,
  ) {
    this.#core = core;
    this.#backend = backend;
    this.#waiter = waiter;
    this.#steps = steps;
    this.#names = names;
    this.#foresight = foresight;
    this.#drift = drift;
    this.#mode = mode;
    this.#holding = holding;
    this.#trial = trial;
    this.#oneByOne = oneByOne;
  }

  /** A message that waited, with what is known of it. */
  withNames({ message, statement, resolved }: Held): boolean {
    if (message.type === QUERY) return this.query(message, statement, resolved);
    return message.type === BIND ? this.bind(message, resolved) : this.execute(message, resolved);
  }

  /** The text of a Query or Parse was analysed. */
  analysed(message: ClientMessage, sql: string, analysis: Analysis): boolean {
    const statement = judged(this.#core.around, analysis, sql);
    return message.type === QUERY ? this.query(message, statement) : this.parse(message, statement);
  }

  query(message: ClientMessage, known?: PreparedStatement, resolved?: Known): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const statement = known ?? this.#statementOf(message, decodeQuery(buffer, start + HEADER_BYTES, end));
    if (statement === undefined) return false;
    const decision = this.#decisionOn(statement, resolved);
    const needs = unforeseen(decision, resolved);
    if (needs !== undefined) return this.#foresee({ message, statement, resolved }, needs, 0);
    if (decision.effect === 'deny' && this.#oneByOne.mayTake(decision, statement)) {
      return this.#oneByOne.begin(message, statement);
    }
    const hold = this.#holdOf(decision, statement);
    if (decision.effect === 'deny' && hold !== decision) {
      return this.#denied('query', { message, statement, resolved }, hold ?? decision);
    }
    const executed = this.#mode.refusal(statement) ?? this.#executed(statement, NO_BATCH, resolved);
    if (executed === UNSETTLED) return this.#waiter.awaitSettled(message);
    if (executed?.effect === 'foresee') return this.#foreseeExecuted({ message, statement, resolved }, executed);
    if (executed !== undefined) return this.#refuse('query', executed, statement);
    const planned = this.#steps.plan({ message, statement, resolved }, NO_BATCH);
    if (planned === undefined) return false;
    if (planned.kind === 'refused') {
      if (this.#oneByOne.mayTake(planned.denied, statement)) return this.#oneByOne.begin(message, statement);
      return this.#refuse('query', planned.denied, statement);
    }
    if (resolved?.names === undefined && needsNames(statement) && !this.#steps.failsAnyway(statement)) {
      return this.#askForNames({ message, statement, resolved });
    }
    const masked = this.#maskGiven(statement, undefined);
    if (masked !== undefined) return this.#refuse('query', masked, statement);
    const { plans } = planned;
    if (
      hold === undefined &&
      !this.#trial.isOpen &&
      this.#names.needsPieces(statement) &&
      this.#oneByOne.mayWrap(statement)
    ) {
      return this.#oneByOne.begin(message, statement);
    }
    const vouched = this.#drift.before({ message, statement, resolved }, plans, this.#approvalOf(hold));
    if (vouched === 'waits') return false;
    if ('effect' in vouched) return this.#refuse('query', vouched, statement);
    const approved = hold && this.#holding.approve({ message, statement, resolved }, hold, undefined);
    if (approved === 'waits') return false;
    if (approved !== undefined && 'effect' in approved) return this.#refuse('query', approved, statement);
    const collision = this.#steps.collision(statement, plans, vouched);
    if (collision !== undefined) return this.#refuse('query', collision, statement);
    const usedUp = this.#steps.planning.takeLookups(planned.lookups, statement.sql) ?? this.#steps.meet(plans);
    if (usedUp !== undefined) return this.#refuse('query', usedUp, statement);
    this.#steps.sending(statement, plans);
    this.#mode.sending(statement);
    const masks = planned.masks ? 'mask' : 'allow';
    const intent = core.takeIntent('simple', statement, { decision: masks, approval: approved?.request });
    if (intent === undefined) return this.#auditUnavailable('query');
    const { n, position } = intent;
    const unnamedGone = core.names.expectUnnamedGone();
    const moment = this.#steps.moment(plans, vouched);
    const effects = nameEffects(core.names, statement, NO_BATCH, plans, moment, vouched);
    const names = unnamedGone.length === 0 ? effects : [...unnamedGone, ...effects];
    const parts: RequestParts = {
      n,
      position,
      pure: this.#isPure(statement),
      denial: undefined,
      probe: undefined,
      names,
      onSuccess: successOf(statement),
      statement,
      portal: undefined,
      plans,
      moment,
    };
    const request = core.send('query', buffer, start, end, parts);
    this.#steps.batchEnds();
    if (plans !== undefined && vouched.length > 0) request.questions = vouched;
    if (approved !== undefined) this.#trial.sent(request);
    this.#steps.started(request);
    return this.#sent(request, resolved);
  }

  parse(message: ClientMessage, known?: PreparedStatement): boolean {
    const { buffer, start, end } = message;
    const parse = decodeParse(buffer, start + HEADER_BYTES, end);
    const statement = known ?? this.#statementOf(message, parse);
    if (statement === undefined) return false;
    // What depends on names is decided when it is executed: they may mean something else by then. What is held waits then.
    if (statement.decision.effect === 'deny' && !this.#holding.holds(statement.decision)) {
      this.#core.refuse('parse', rejectedParse(parse.name), statement.decision, statement);
      return true;
    }
    const { names, batch } = this.#core;
    if (parse.name !== '' && names.statementBytes > MAX_PREPARED_BYTES) {
      this.#core.refuse('parse', rejectedParse(parse.name), TOO_MANY_PREPARED, statement);
      return true;
    }
    if (parse.parameterTypes > 0) statement.types = decodeParameterTypes(buffer, parse);
    const effect = names.expectStatement(parse.name, statement, batch, 0);
    this.#core.send('parse', buffer, start, end, partsOf(effect, statement));
    return true;
  }

  bind(message: ClientMessage, resolved?: Known): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const bind = decodeBind(buffer, start + HEADER_BYTES, end);
    const statement = this.#backend.discards
      ? core.names.discardedStatement(bind.statement, core.batch)
      : core.names.statement(bind.statement, core.batch);
    const replaced = core.names.portal(bind.portal, core.batch);
    if (statement === UNSETTLED) return this.#waiter.awaitSettled(message);
    if (statement === undefined) return this.#refuse('bind', noSuchStatement(bind.statement), undefined);
    // A cursor's FETCH can run a portal without Execute, and its plan is fixed now: what policy asks, it asks here too.
    const decision = this.#decisionOn(statement, resolved);
    const needs = unforeseen(decision, resolved);
    if (needs !== undefined) return this.#foresee({ message, statement, resolved }, needs, bind.parameterCount);
    const hold = this.#holdOf(decision, statement);
    if (decision.effect === 'deny' && hold !== decision) {
      return this.#denied('bind', { message, statement, resolved }, hold ?? decision);
    }
    // FETCH could run it again, from wherever.
    if (hold !== undefined && bind.portal !== '') return this.#refuse('bind', heldNamedPortal(hold), statement);
    const executed = this.#executed(statement, core.batch, resolved);
    if (executed === UNSETTLED) return this.#waiter.awaitSettled(message);
    if (executed?.effect === 'foresee') return this.#foreseeExecuted({ message, statement, resolved }, executed);
    if (executed !== undefined) return this.#refuse('bind', executed, statement);
    if (this.#trial.isOpen && hold === undefined && !canRollBack(statement.analysis)) {
      return this.#refuse('bind', TRIED_IN_BLOCK, statement);
    }
    if (resolved?.names === undefined && asksForNames(statement)) {
      return this.#askForNames({ message, statement, resolved });
    }
    const planned = this.#steps.plan({ message, statement, resolved }, core.batch);
    if (planned === undefined) return false;
    if (planned.kind === 'refused') return this.#refuse('bind', planned.denied, statement);
    const masked = this.#maskGiven(statement, message);
    if (masked !== undefined) return this.#refuse('bind', masked, statement);
    const { plans } = planned;
    const vouched = this.#drift.before({ message, statement, resolved }, plans, this.#approvalOf(hold));
    if (vouched === 'waits') return false;
    if ('effect' in vouched) return this.#refuse('bind', vouched, statement);
    const { parametersStart, parametersEnd, parameterCount } = bind;
    // A view costs as much as a small statement's policy does.
    const bytes = (): Buffer => buffer.subarray(parametersStart, parametersEnd);
    const approved =
      hold && this.#holding.approve({ message, statement, resolved }, hold, { count: parameterCount, bytes: bytes() });
    if (approved === 'waits') return false;
    if (approved !== undefined && 'effect' in approved) return this.#refuse('bind', approved, statement);
    const usedUp = this.#steps.planning.takeLookups(planned.lookups, statement.sql, bytes);
    if (usedUp !== undefined) return this.#refuse('bind', usedUp, statement);
    const binds = parameterCount;
    const masks = planned.masks ? 'mask' : 'allow';
    const approval = approved && { request: approved.request, rule: approved.rule, state: 'unused' as const };
    const valuesJson = this.#valuesOf(buffer, bind, statement);
    const intent = core.takeIntent('extended', statement, {
      decision: masks,
      binds,
      valuesJson,
      approval: approval?.request,
    });
    if (intent === undefined) return this.#auditUnavailable('bind');
    if (replaced !== undefined && replaced !== UNSETTLED) this.neverExecuted(replaced, NOT_RUN);
    const { n, position } = intent;
    const moment = this.#steps.moment(plans, vouched);
    const portal: Portal = {
      statement,
      n,
      position,
      binds,
      valuesJson,
      approval,
      confirmed: false,
      plans,
      moment,
      description: undefined,
    };
    this.#drift.bound(portal, vouched, bind.portal);
    this.#bound.add(portal);
    const names = [core.names.expectPortal(bind.portal, portal, core.batch)];
    const parts: RequestParts = {
      n: 0,
      position,
      pure: this.#isPure(statement),
      denial: undefined,
      probe: undefined,
      names,
      onSuccess: undefined,
      statement,
      portal,
      plans,
      moment,
    };
    core.send('bind', buffer, start, end, parts);
    // Whoever changes what it rests on may have held a lock.
    if (planned.masks || (plans !== undefined && vouched.length > 0)) this.#describe(bind.portal, portal);
    else if (plans?.some(showsColumns) === true) portal.origins = 'needed';
    return true;
  }

  /** Its denial if it writes masks in place of values: those of its text, or of a Bind. */
  #maskGiven({ analysis, sql, types }: PreparedStatement, bind: ClientMessage | undefined): DenyDecision | undefined {
    const { maskGiven: given } = this.#core.around;
    if (given === undefined || !analysis.statements.some(({ class: kind }) => kind === 'write')) return undefined;
    const values = () =>
      bind === undefined ? [] : decodeBindParameters(bind.buffer, bind.start + HEADER_BYTES, bind.end);
    const columnClass = given(analysis, sql, values, types ?? NO_TYPES);
    return columnClass === undefined ? undefined : maskGiven(columnClass);
  }

  /** As the record keeps them. */
  #valuesOf(buffer: Buffer, bind: Bind, statement: PreparedStatement): string | undefined {
    if (bind.parameterCount === 0) return undefined;
    const parameters = decodeParameters(buffer, bind.parametersStart, bind.parametersEnd);
    const { analysis, sql, types } = statement;
    return this.#core.around.describeValues(analysis, sql, parameters, types ?? NO_TYPES);
  }

  /** The client may execute it without ever asking what its columns are. */
  #describe(name: string, portal: Portal): void {
    const core = this.#core;
    core.toUpstream.put(encodeDescribe('P', name));
    const collector: ProbeCollector = { rows: [], failed: undefined, left: 1, portal };
    core.push('describe', { ...NO_PARTS, position: portal.position, probe: collector });
  }

  execute(message: ClientMessage, resolved?: Known): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const { portal: name } = decodeExecute(buffer, start + HEADER_BYTES, end);
    const portal = this.#backend.discards
      ? core.names.discardedPortal(name, core.batch)
      : core.names.portal(name, core.batch);
    if (portal === UNSETTLED) return this.#waiter.awaitSettled(message);
    // Its Bind has failed, and was recorded with that.
    if (this.#backend.discards && portal?.confirmed === false && portal.n === 0) {
      core.send('execute', buffer, start, end, NO_PARTS);
      return true;
    }
    // Not of a cursor that SQL declared either: FETCH is there for it.
    if (portal === undefined) return this.#refuse('execute', noSuchPortal(name), undefined);
    if (name !== '' && this.#steps.planning.masking !== undefined) {
      // SQL may have closed it, and declared a cursor of that name.
      const named = core.names.cursorPlan(name, core.batch);
      if (named === UNSETTLED) return this.#waiter.awaitSettled(message);
      if (named !== portal.fetched) return this.#refuse('execute', noSuchPortal(name), undefined);
      // Its Bind may fail, and something else be there of that name.
      if (!core.names.isSurePortal(name, portal, core.batch)) return this.#waiter.awaitSettled(message);
    }
    const { statement } = portal;
    const needs = unforeseen(this.#decisionOn(statement, resolved), resolved);
    if (needs !== undefined) return this.#foresee({ message, statement, resolved }, needs, portal.binds);
    const refused = this.#executeRefusal(portal, resolved);
    if (refused === UNSETTLED) {
      // The Execute that it waits for may be of this batch: without a Flush it is never answered.
      core.toUpstream.put(FLUSH);
      return this.#waiter.awaitSettled(message);
    }
    if (refused?.effect === 'foresee') return this.#foreseeExecuted({ message, statement, resolved }, refused);
    if (refused !== undefined) {
      this.neverExecuted(portal, NOT_RUN);
      return this.#refuse('execute', refused, statement);
    }
    if (resolved?.names === undefined && needsNames(statement)) {
      return this.#askForNames({ message, statement, resolved });
    }
    const { plans, questions: restsOn = NO_QUESTIONS } = portal;
    const vouched = this.#drift.beforeExecute({ message, statement, resolved }, portal);
    if (vouched === 'waits') return false;
    const collision =
      vouched ??
      this.#steps.planning.shownBefore(plans) ??
      this.#steps.collision(statement, plans, restsOn) ??
      this.#steps.meet(plans, true);
    if (collision !== undefined) {
      this.neverExecuted(portal, NOT_RUN);
      return this.#refuse('execute', collision, statement);
    }
    this.#steps.sending(statement, plans);
    this.#mode.sending(statement);
    const intent = this.#intentOf(portal, statement);
    if (intent === undefined) return this.#auditUnavailable('execute');
    if (portal.approval !== undefined) portal.approval.state = 'running';
    const { n, position } = intent;
    const moment = this.#steps.momentOf(portal);
    const names = nameEffects(core.names, statement, core.batch, plans, moment, restsOn);
    const onSuccess = successOf(statement);
    const parts: RequestParts = {
      n,
      position,
      pure: this.#isPure(statement),
      denial: undefined,
      probe: undefined,
      names,
      onSuccess,
      statement,
      portal,
      plans,
      moment,
    };
    if (portal.origins === 'needed') {
      portal.origins = 'asked';
      this.#describe(name, portal);
    }
    const request = core.send('execute', buffer, start, end, parts);
    if (portal.approval !== undefined) this.#trial.sent(request);
    this.#steps.started(request);
    return this.#sent(request, resolved);
  }

  close(message: ClientMessage): boolean {
    const { buffer, start, end } = message;
    const { kind, name } = decodeClose(buffer, start + HEADER_BYTES, end);
    const { names, batch } = this.#core;
    if (kind === 'P') {
      const portal = names.portal(name, batch);
      if (portal !== undefined && portal !== UNSETTLED) this.neverExecuted(portal, NOT_RUN);
    }
    const effect =
      kind === 'S' ? names.expectStatement(name, undefined, batch, 0) : names.expectPortal(name, undefined, batch);
    this.#core.send('close', buffer, start, end, partsOf(effect, undefined));
    return true;
  }

  /** An intent was taken at Bind, and no Execute came for it. */
  neverExecuted(portal: Portal, sqlstate: string): void {
    if (!this.#bound.remove(portal)) return;
    this.#core.recordNotRun(portal.n, sqlstate);
    portal.n = 0;
  }

  /** Intents of portals that will never be durable: an Execute takes a new one. */
  intentsFailed(from: number): void {
    for (const portal of this.#bound.all) if (portal.position >= from) this.neverExecuted(portal, NOT_RUN);
  }

  /** Its portals are gone with it. */
  transactionEnded(): void {
    for (const portal of this.#bound.all) if (portal.confirmed) this.neverExecuted(portal, NOT_RUN);
  }

  /** Nothing that was bound will be executed. */
  stop(): void {
    for (const portal of this.#bound.all) this.neverExecuted(portal, NOT_RUN);
  }

  /** Judged again when policy changed since. */
  #decisionOn(statement: PreparedStatement, resolved: Known | undefined): Decision {
    const { around } = this.#core;
    const decision = decisionOf(around, statement);
    // Only with all that it asks for there is more to say than it asks for it.
    if (resolved === undefined || (resolved.names === undefined && asksForNames(statement))) return decision;
    if (resolved.names === undefined && resolved.foreseen === undefined) return decision;
    return around.judgeResolved(statement.analysis, resolved.names ?? [], resolved.foreseen);
  }

  /** The decision itself if it is for somebody to approve; the refusal of what is held and cannot wait. */
  #holdOf(decision: Decision, { analysis }: PreparedStatement): DenyDecision | undefined {
    if (!this.#holding.holds(decision)) return undefined;
    return analysis.statements.some(runsLater) ? heldToRunLater(decision) : decision;
  }

  #approvalOf(hold: DenyDecision | undefined): 'none' | 'asked' | 'given' {
    if (this.#holding.isApproved) return 'given';
    return hold === undefined ? 'none' : 'asked';
  }

  #executeRefusal(
    portal: Portal,
    resolved: Known | undefined,
  ): DenyDecision | UnforeseenExecute | undefined | typeof UNSETTLED {
    const { statement, approval } = portal;
    const decision = this.#decisionOn(statement, resolved);
    const refused = decision.effect === 'deny' ? decision : undefined;
    if (refused !== undefined && !this.#holding.holds(refused)) return refused;
    // What was approved is one execution, however many Executes fetch its rows.
    if (refused !== undefined && approval?.state === 'running') return UNSETTLED;
    if (refused !== undefined && (approval === undefined || approval.state === 'over')) return heldPortal(refused);
    // Policy was reloaded since it was bound: who said yes to one rule has not been asked about the other.
    if (refused !== undefined && approval?.rule !== refused.rule) return heldByAnother(refused);
    return this.#executed(statement, this.#core.batch, resolved);
  }

  #executed(
    statement: PreparedStatement,
    batch: number,
    resolved: Known | undefined,
  ): DenyDecision | UnforeseenExecute | undefined | typeof UNSETTLED {
    return executeRefusal(this.#core.around, this.#core.names, statement, batch, resolved?.executed);
  }

  #refuse(kind: 'query' | 'bind' | 'execute', denied: DenyDecision, statement: PreparedStatement | undefined): boolean {
    this.#core.refuse(kind, kind === 'query' ? REJECTED_QUERY : REJECTED_EXECUTE, denied, statement);
    return true;
  }

  /** What it was denied for may have changed. */
  #denied(kind: 'query' | 'bind', held: Held, denied: DenyDecision): boolean {
    return this.#drift.before(held, undefined, 'none') === 'waits' ? false : this.#refuse(kind, denied, held.statement);
  }

  #auditUnavailable(kind: 'query' | 'bind' | 'execute'): boolean {
    return this.#refuse(kind, AUDIT_UNAVAILABLE, undefined);
  }

  #askForNames(held: Held): boolean {
    if (this.#names.ask(held)) return false;
    return this.withNames({ ...held, resolved: { ...held.resolved, names: [] } });
  }

  #foresee(held: Held, needs: readonly ForesightNeed[], binds: number): boolean {
    const { statement } = held;
    const foreseen = this.#foresight.ask(held, statement, needs, binds);
    return foreseen !== undefined && this.withNames(withForesight(held, statement, foreseen));
  }

  #foreseeExecuted(held: Held, { executed, needs }: UnforeseenExecute): boolean {
    const foreseen = this.#foresight.ask(held, executed, needs, 0);
    return foreseen !== undefined && this.withNames(withForesight(held, executed, foreseen));
  }

  /** What it creates is looked up before anything else comes. */
  #sent(request: Request, resolved: Known | undefined): boolean {
    // What is tried may not stay: nobody becomes the owner of it.
    return this.#trial.isOpen || !this.#names.awaitCreation(request, resolved?.names);
  }

  /** The intent taken at Bind for the first Execute, a new one for each further. */
  #intentOf(portal: Portal, statement: PreparedStatement): Intent | undefined {
    if (portal.n === 0) {
      const decision = portal.plans?.some(masksAnswer) === true ? 'mask' : 'allow';
      const { binds, valuesJson, approval } = portal;
      return this.#core.takeIntent('extended', statement, { decision, binds, valuesJson, approval: approval?.request });
    }
    const { n, position } = portal;
    portal.n = 0;
    this.#bound.remove(portal);
    return { n, position };
  }

  /** The judged statement of a Query or Parse; undefined when its analysis has to be waited for. */
  #statementOf(message: ClientMessage, text: { sqlStart: number; sqlEnd: number }): PreparedStatement | undefined {
    const { options, around } = this.#core;
    const sql = decodeText(message.buffer, text.sqlStart, text.sqlEnd, options.encoding);
    if (sql === undefined) return judged(around, INVALID_ENCODING, '');
    const analysis = around.lookup(sql);
    if (analysis !== undefined) return judged(around, analysis, sql);
    this.#core.command({ type: 'analyse', sql });
    this.#waiter.wait({ for: 'analysis', message: keep(message), sql });
    return undefined;
  }

  /** Asked anew each time: the schema may have changed since it was parsed, in this session's open transaction too. */
  #isPure({ analysis, fromSql }: PreparedStatement): boolean {
    const core = this.#core;
    if (core.schemaTouched && core.inFlight.size === 0 && this.#backend.status === 'I') core.schemaTouched = false;
    return !core.schemaTouched && !fromSql && core.around.isPureRead(analysis.statements);
  }
}

/** Parse and Close: they change one name. */
function partsOf(effect: NameEffect, statement: PreparedStatement | undefined): RequestParts {
  return {
    n: 0,
    position: 0,
    pure: false,
    denial: undefined,
    probe: undefined,
    names: [effect],
    onSuccess: undefined,
    statement,
    portal: undefined,
    plans: undefined,
    moment: undefined,
  };
}

/** Is RowDescription to say where columns come from? */
function showsColumns({ result }: StatementPlan): boolean {
  return result?.origins?.some((origin) => origin !== undefined) === true;
}

/** What the decision asks for that has not been found out; undefined: nothing. */
function unforeseen(decision: Decision, known: Known | undefined): readonly ForesightNeed[] | undefined {
  return decision.effect === 'resolve' && known?.foreseen === undefined ? decision.foresee : undefined;
}
