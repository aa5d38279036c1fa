/**
 * A statement that a rule holds waits here for a person's yes. In: a message of which everything else is known and allowed.
 * Out: the question to ask, notices to the client while it waits, and then the very bytes that waited, once, or a refusal.
 *
 * Nothing else of the session goes on meanwhile, so what is approved (text, values, search_path, role) is what runs; what
 * policy and masking say of it is asked again then. It must never let an approval serve a second statement.
 */
import type { HoldOutcome } from '../../approvals/contract.ts';
import { SYNC } from '../../pgwire/extended.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import type { Decision, DenyDecision } from '../../policy/decision.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import type { HoldQuestion } from './contract.ts';
import { NO_PARTS, type SessionCore } from './core.ts';
import { CANCELLED, REJECTED_EXECUTE, REJECTED_QUERY } from './denial.ts';
import {
  cannotCount,
  cannotTry,
  canRollBack,
  FAILED_TRANSACTION,
  heldNotice,
  notAlone,
  refusedBy,
  refusedToHold,
  SCOPE_UNKNOWN,
} from './held-words.ts';
import type { MaskingSteps } from './masking-steps.ts';
import type { OwnQuestions } from './own-questions.ts';
import type { Trial } from './trial.ts';
import { type Counting, countingOf, TrialEffect } from './trial-effect.ts';
import { type Held, keep, type Waiter, type Waiting } from './waiting.ts';
import { SEARCH_PATH_SQL } from './world.ts';

/** One yes, for the message at hand. */
export interface Approval {
  readonly request: string;
  /** Of the rule that held it. */
  readonly rule: string;
  /** Rolled back if it changes more. */
  readonly maxRows: number | undefined;
  /** Its rows are counted and shown before it is kept. */
  readonly confirm: boolean;
  /** The transaction that it is tried in is open, and what there is has been counted. */
  readonly hasBegun?: true;
}

/** What of a Bind is approved with its text. */
export interface BindValues {
  readonly count: number;
  /** Formats and values, as they came. */
  readonly bytes: Buffer;
}

/** Of the session as the server says it is: names and rights are looked up by these. */
const SCOPE_SQL = `${SEARCH_PATH_SQL}, pg_catalog.current_setting('search_path'), current_user, session_user`;
/** Of what the client sends meanwhile, so that its going is noticed. */
export const MAX_WHILE_HELD_BYTES = 1 << 20;
const QUERY = 'Q'.charCodeAt(0);
const MAX_UNDOINGS = 3;
const NOT_COUNTED = 'its rows could not be counted';

export type WaitsForScope = Extract<Waiting, { for: 'scope' }>;

export interface HoldingParts {
  readonly questions: OwnQuestions;
  readonly waiter: Waiter;
  readonly steps: MaskingSteps;
  readonly trial: Trial;
}

export class Holding {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #questions: OwnQuestions;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;
  /** For the message at hand, and no other. */
  #approval: Approval | undefined;

  readonly #trial: Trial;
  #undoings = 0;

  constructor(core: SessionCore, backend: Backend, { questions, waiter, steps, trial }: HoldingParts) {
    this.#core = core;
    this.#backend = backend;
    this.#questions = questions;
    this.#waiter = waiter;
    this.#steps = steps;
    this.#trial = trial;
  }

  /** Is it held, and is there somebody to ask? */
  holds(decision: Decision): decision is DenyDecision {
    return decision.effect === 'deny' && decision.held === true && this.#core.around.canHold?.() === true;
  }

  get isHeld(): boolean {
    const { for: what } = this.#waiter.now;
    return what === 'approval' || what === 'confirmation';
  }

  /** Another message comes: what was approved is over. */
  forget(): void {
    this.#approval = undefined;
  }

  /** Somebody has said yes to the message at hand. */
  get isApproved(): boolean {
    return this.#approval !== undefined;
  }

  /**
   * The approval of the message at hand; a refusal; or `waits`: it comes here again when it is decided.
   */
  approve(held: Held, decision: DenyDecision, values: BindValues | undefined): Approval | DenyDecision | 'waits' {
    const approval = this.#approval;
    this.#approval = undefined;
    if (approval !== undefined && approval.rule === decision.rule) return this.#onItsTerms(held, decision, approval);
    // One approval at a time: what is tried is over first.
    if (this.#trial.isOpen) return notAlone(decision.rule);
    // The server refuses or discards it whatever it is: nobody need be asked.
    if (this.#backend.discards) return decision;
    if (this.#steps.failsAnyway(held.statement)) return FAILED_TRANSACTION;
    this.#waiter.wait({
      for: 'scope',
      held: { ...held, message: keep(held.message) },
      decision,
      values: values === undefined ? undefined : { count: values.count, bytes: Buffer.from(values.bytes) },
      collector: this.#questions.queries([SCOPE_SQL]),
    });
    return 'waits';
  }

  /** As it is, or tried first. */
  #onItsTerms(held: Held, decision: DenyDecision, approval: Approval): Approval | DenyDecision | 'waits' {
    if ((approval.maxRows === undefined && !approval.confirm) || approval.hasBegun === true) return approval;
    const { status } = this.#backend;
    const { analysis } = held.statement;
    const counting = this.#countingOf(analysis);
    if ((this.#core.pipelineOpen && status === 'I') || !canRollBack(analysis) || counting === undefined) {
      this.#core.command({ type: 'end_hold', how: 'abandon' });
      return cannotTry(decision, approval.request);
    }
    // Whoever looks at it sees all that it changes; for a limit its command tags may do.
    const isAsked = counting !== 'tags' || (approval.confirm && this.#core.around.withRoutines !== undefined);
    const effect = isAsked ? new TrialEffect(analysis, counting) : undefined;
    const collector = this.#trial.begin(effect);
    if (collector === undefined) {
      this.#trial.open(approval, false, undefined);
      return approval;
    }
    this.#waiter.wait({
      for: 'trial_begin',
      held: { ...held, resolved: undefined, message: keep(held.message) },
      decision,
      approval,
      collector,
      isOwn: status === 'I',
      effect,
    });
    return 'waits';
  }

  /** Without routines only what needs none is counted. */
  #countingOf(analysis: Analysis): Counting | undefined {
    const { withRoutines } = this.#core.around;
    const counting = countingOf(withRoutines?.(analysis) ?? analysis);
    return withRoutines === undefined && counting !== 'tags' ? undefined : counting;
  }

  /** BEGIN was answered, and what was asked with it. */
  begun({ held, decision, approval, collector, isOwn, effect }: Extract<Waiting, { for: 'trial_begin' }>): void {
    const { failed, rows } = collector;
    if (failed !== undefined && this.#steps.isFailedByProbe(collector, held.statement)) {
      this.#core.command({ type: 'end_hold', how: 'abandon' });
      this.#waiter.passOver();
      return;
    }
    const uncounted = failed === undefined ? effect?.begun(rows, isOwn) : NOT_COUNTED;
    if (uncounted !== undefined) {
      this.#core.command({ type: 'end_hold', how: 'abandon' });
      const isBegun = effect !== undefined;
      const denied = (isBegun ? cannotCount : cannotTry)(decision, approval.request, uncounted);
      if (!isOwn || this.#backend.status === 'I') this.#refuse(held, denied);
      else this.undone({ held, denied });
      return;
    }
    // Whatever becomes of the statement from here on, the trial ends that transaction.
    this.#trial.open(approval, isOwn, effect);
    this.#approval = { ...approval, hasBegun: true };
    this.#waiter.resume(held);
  }

  /** The transaction that had begun for it, and in which it cannot be tried, is to end first. */
  undone({ held, denied }: Pick<Extract<Waiting, { for: 'trial_undo' }>, 'held' | 'denied'>): void {
    if (this.#backend.status === 'I') {
      this.#undoings = 0;
      this.#refuse(held, denied);
      return;
    }
    if (++this.#undoings > MAX_UNDOINGS)
      throw new ProtocolError('a transaction that had begun could not be rolled back');
    this.#waiter.wait({ for: 'trial_undo', held, denied, collector: this.#questions.queries(['ROLLBACK']) });
  }

  /** The session has said in which search_path and role it would run. */
  scopeProbed({ held, decision, values, collector }: WaitsForScope): void {
    const { failed, rows } = collector;
    if (failed !== undefined && this.#steps.isFailedByProbe(collector, held.statement)) {
      this.#waiter.passOver();
      return;
    }
    if (this.#waiter.isCancelled(held.message, held.statement)) {
      this.#waiter.passOver();
      return;
    }
    const [schemas, searchPath, role, user] = (rows[0] ?? []).map((value) => value?.toString('utf8'));
    if (failed !== undefined || searchPath === undefined || role === undefined || user === undefined) {
      this.#refuse(held, failed === FAILED_TRANSACTION.sqlstate ? FAILED_TRANSACTION : SCOPE_UNKNOWN);
      return;
    }
    this.#endHarmlessBatch();
    const { status } = this.#backend;
    const { pipelineOpen } = this.#core;
    const { statement } = held;
    const question: HoldQuestion = {
      analysis: statement.analysis,
      sql: statement.sql,
      types: statement.types ?? [],
      values: values?.bytes,
      binds: values?.count ?? 0,
      searchPath,
      schemas: schemas === undefined || schemas === '' ? [] : schemas.split('\x01'),
      role,
      user,
      rule: decision.rule,
      reason: decision.message,
      approvers: decision.approvers ?? [],
      inTransaction: status !== 'I' || pipelineOpen,
      canRollBack:
        !(pipelineOpen && status === 'I') &&
        canRollBack(statement.analysis) &&
        this.#countingOf(statement.analysis) !== undefined,
    };
    this.#waiter.wait({ for: 'approval', held, decision, placed: undefined });
    this.#core.command({ type: 'hold', question });
  }

  /**
   * A batch that has only parsed something so far ends here, for the server, and begins again when it goes on: its locks
   * on the tables that were parsed would be kept as long as it waits.
   */
  #endHarmlessBatch(): void {
    const core = this.#core;
    if (!core.pipelineOpen || core.batchRuns || this.#backend.status !== 'I') return;
    core.toUpstream.put(SYNC);
    core.push('sync', { ...NO_PARTS, probe: { rows: [], failed: undefined, left: 1 } });
    core.endBatch();
    core.toUpstream.flush();
  }

  /** The request is there. */
  placed(request: string, link: string, deciders: readonly string[]): void {
    const { now } = this.#waiter;
    if (now.for !== 'approval') return;
    this.#waiter.wait({ ...now, placed: { request, link, deciders } });
    this.notify();
  }

  /** Tells the client that it still waits, and for whom. */
  notify(): void {
    const { now } = this.#waiter;
    if (now.for !== 'approval' || now.placed === undefined) return;
    this.#core.toClient.put(heldNotice(now.decision, now.placed, this.#core.options.principal.kind));
    this.#core.toClient.flush();
  }

  decided(outcome: HoldOutcome): void {
    const { now } = this.#waiter;
    if (now.for !== 'approval') return;
    const { held, decision } = now;
    if (outcome.kind === 'refused') {
      this.#refuse(held, refusedBy(decision, outcome));
      return;
    }
    const { request, maxRows, confirm } = outcome;
    this.#approval = { request, rule: decision.rule, maxRows, confirm };
    // What its names stand for is asked again: it may have been long.
    this.#waiter.resume({ ...held, resolved: undefined });
  }

  /** It could not be asked for. */
  unplaced(message: string, sqlstate: string, hint: string): void {
    const { now } = this.#waiter;
    if (now.for === 'approval') this.#refuse(now.held, refusedToHold(now.decision, message, sqlstate, hint));
  }

  /** CancelRequest; false: nothing waits for an approval. */
  cancel(): boolean {
    const { now } = this.#waiter;
    if (now.for !== 'approval') return this.#trial.cancel(CANCELLED);
    this.#core.command({ type: 'end_hold', how: 'cancel' });
    this.#refuse(now.held, CANCELLED);
    return true;
  }

  /** The session ends, or the client is gone. */
  stop(): void {
    if (this.isHeld) this.#core.command({ type: 'end_hold', how: 'abandon' });
  }

  #refuse({ message, statement }: Held, denied: DenyDecision): void {
    if (message.type === QUERY) this.#core.refuse('query', REJECTED_QUERY, denied, statement);
    else this.#core.refuse('bind', REJECTED_EXECUTE, denied, statement);
    this.#waiter.passOver();
  }
}
