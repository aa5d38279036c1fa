/**
 * What has to come first so that the answer to a statement can be masked: the session is asked what names mean in it, the
 * text is traced. In: a message with its statement. Out: its plans, or why it is refused, or it waits for an event.
 */
import type { StatementPlan } from '../../masking/statement-plan.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Backend } from './backend.ts';
import type { DefinitionQuestion } from './contract.ts';
import { NOT_RUN, type SessionCore } from './core.ts';
import type { ProbeCollector, Request } from './in-flight.ts';
import type { SessionMasking, StatementMet } from './masking.ts';
import type { OwnQuestions } from './own-questions.ts';
import {
  NOTHING_TO_PLAN,
  PLANNED_BLIND,
  type Planned,
  Planning,
  type Ready,
  WORLD_REFUSED,
  WORLD_UNKNOWN,
} from './planning.ts';
import type { Portal, PreparedStatement } from './prepared.ts';
import type { SchemaMoment } from './schema-clock.ts';
import { namesChanged } from './schema-names.ts';
import { changesOthers, changesSchema, mayCommit, namesOf } from './statements.ts';
import { type Held, keep, type Waiter, type Waiting } from './waiting.ts';
import { OWN_WORLD_SQL, SEARCH_PATH_SQL } from './world.ts';

const NO_PLANS: readonly StatementPlan[] = [];
const NO_QUESTIONS: readonly DefinitionQuestion[] = [];
const NO_TAGS: readonly undefined[] = [];

const copies = (plan: StatementPlan): boolean => plan.copies === true;

/** object_in_use: it goes through when it is sent again a little later. */
const IN_USE = { effect: 'deny', sqlstate: '55006', rule: 'masking.schema-in-use', position: undefined } as const;
const BEING_COPIED: DenyDecision = {
  ...IN_USE,
  message: 'what the statement changes is being read by a statement of another session that copies values',
  detail: 'rule masking.schema-in-use: it is decided beforehand what may be copied, and may not become something else',
  hint: 'Run it again when the other statement is through.',
};
const BEING_CHANGED: DenyDecision = {
  ...IN_USE,
  message: 'what the statement copies values from is being changed by another session',
  detail: 'rule masking.schema-in-use: whose values these are cannot be told before that session commits',
  hint: 'Run it again when the other transaction is over.',
};

/** in_failed_sql_transaction */
const IN_FAILED_TRANSACTION = '25P02';

/** What asking before a statement goes upstream takes. */
export interface StepParts {
  readonly core: SessionCore;
  readonly backend: Backend;
  readonly questions: OwnQuestions;
  readonly waiter: Waiter;
  readonly steps: MaskingSteps;
}

export class MaskingSteps {
  readonly planning: Planning;
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #questions: OwnQuestions;
  readonly #waiter: Waiter;
  /** Of the statement that is about to leave. */
  #met: StatementMet | undefined;

  constructor(core: SessionCore, backend: Backend, questions: OwnQuestions, waiter: Waiter) {
    this.#core = core;
    this.#backend = backend;
    this.#questions = questions;
    this.#waiter = waiter;
    this.planning = new Planning(core.around.masking, core.names);
  }

  /** Undefined: something has to come first, and the message waits until then. */
  plan(held: Held, batch: number): Ready | undefined {
    const { planning } = this;
    if (planning.masking === undefined) return NOTHING_TO_PLAN;
    const planned = planning.plan(held.statement, batch);
    switch (planned.kind) {
      case 'plans':
      case 'refused':
        return planned;
      case 'unsettled':
        this.#waiter.awaitSettled(held.message);
        return undefined;
      case 'trace': {
        this.#waiter.wait({ for: 'trace', held: { ...held, message: keep(held.message) } });
        const { analysis, sql } = planned.statement;
        this.#core.command({ type: 'trace', statements: analysis.statements, sql });
        return undefined;
      }
      case 'world':
        return this.#askForWorld(held, planning.masking);
      default:
        return planned satisfies never;
    }
  }

  #askForWorld(held: Held, masking: SessionMasking): Ready | undefined {
    if (this.#backend.discards) return PLANNED_BLIND;
    // Of a batch whose Sync has been sent the end is near.
    if (this.#backend.skipping) {
      this.#waiter.awaitSettled(held.message);
      return undefined;
    }
    if (this.failsAnyway(held.statement)) return PLANNED_BLIND;
    const { needsOwnCatalog } = this.planning.world;
    const texts = needsOwnCatalog ? [OWN_WORLD_SQL, masking.catalogSql] : [SEARCH_PATH_SQL];
    const collector = this.#questions.queries(texts);
    const { sharedVersion } = masking;
    this.#waiter.wait({ for: 'world', held: { ...held, message: keep(held.message) }, collector, sharedVersion });
    return undefined;
  }

  /** In a failed transaction the server refuses it (25P02), whatever its names mean. */
  failsAnyway(statement: PreparedStatement): boolean {
    const { inFlight } = this.#core;
    return this.#backend.status === 'E' && inFlight.size === 0 && statement.analysis.statements.length === 1;
  }

  /** The session has answered what names mean in it. */
  worldProbed({ held, collector, sharedVersion }: Extract<Waiting, { for: 'world' }>): void {
    const { failed, rows } = collector;
    if (failed !== undefined) {
      if (this.isFailedByProbe(collector, held.statement)) this.#waiter.passOver();
      else this.#resume(held, this.#isDiscarded(failed, held.statement) ? PLANNED_BLIND : WORLD_REFUSED);
      return;
    }
    const { world } = this.planning;
    const texts = rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
    const [path, isolation] = texts.shift() ?? [];
    this.planning.masking!.adopt(
      (path ?? '') === '' ? [] : path!.split('\x01'),
      world.needsOwnCatalog ? texts : undefined,
    );
    world.adopted(sharedVersion, isolation);
    this.#resume(held, undefined);
  }

  /** `planned`: no other plan is to be had. */
  #resume(held: Held, planned: Planned | undefined): void {
    this.planning.forced = planned;
    this.#waiter.resume(held, () => {
      this.planning.forced = undefined;
    });
  }

  /** The question failed with this: will the server refuse or discard the statement too, whatever it is? */
  #isDiscarded(failed: string, { analysis }: PreparedStatement): boolean {
    if (failed === NOT_RUN) return this.#backend.skipping;
    return failed === IN_FAILED_TRANSACTION && analysis.statements.length === 1;
  }

  /** A question in the middle of a batch failed: the server discards the rest of it, so the client has to be told. */
  isFailedByProbe({ failed }: ProbeCollector, statement: PreparedStatement): boolean {
    if (failed === undefined || failed === NOT_RUN || !this.#backend.skipping) return false;
    const sqlstate = failed === IN_FAILED_TRANSACTION ? failed : WORLD_UNKNOWN.sqlstate;
    this.#backend.failedByProbe(this.#core.refuseHere({ ...WORLD_UNKNOWN, sqlstate }, statement));
    return true;
  }

  /**
   * Its denial where another session's statement stands in the way: values are copied by the plan that was made, so
   * what their names stand for may not change until they are.
   */
  collision(
    statement: PreparedStatement,
    plans: readonly StatementPlan[] | undefined,
    vouched: readonly DefinitionQuestion[],
  ): DenyDecision | undefined {
    const { masking } = this.planning;
    if (masking === undefined) return undefined;
    if (changesOthers(statement) && masking.isCopied(namesChanged(statement.analysis.statements))) return BEING_COPIED;
    if (plans?.some(copies) !== true) return undefined;
    return masking.moment(namesOf(plans, vouched)).isOpen ? BEING_CHANGED : undefined;
  }

  /** It leaves; undefined: nothing is masked for this principal. */
  moment(
    plans: readonly StatementPlan[] | undefined,
    vouched: readonly DefinitionQuestion[],
  ): SchemaMoment | undefined {
    return plans === undefined ? undefined : this.planning.masking?.moment(namesOf(plans, vouched));
  }

  /** Of a portal: of the names that it was bound by. */
  momentOf({ moment, plans, questions = NO_QUESTIONS }: Portal): SchemaMoment | undefined {
    return moment === undefined ? this.moment(plans, questions) : this.planning.masking?.moment(moment.names);
  }

  /** Before it leaves, its denial: what it brings together costs more lookups than there are. `inBatch`: others come before it. */
  meet(plans: readonly StatementPlan[] | undefined, inBatch = false): DenyDecision | undefined {
    // Of one that did not leave after all.
    this.#met?.ended([], undefined);
    this.#met = undefined;
    const met = this.planning.meet(plans, !inBatch && this.#backend.status === 'I');
    if (met !== undefined && 'effect' in met) return met;
    this.#met = met;
    return undefined;
  }

  started(request: Request): void {
    const { plans, moment } = request;
    if (this.#met !== undefined) request.met = this.#met;
    this.#met = undefined;
    if (moment !== undefined && plans?.some(copies) === true) this.planning.masking?.copies(moment.names);
  }

  /** It is through, or was never run. */
  ended({ plans, moment, kind, met, tags, sqlstate }: Request): void {
    met?.ended(tags ?? NO_TAGS, sqlstate);
    const { masking } = this.planning;
    if (masking === undefined || kind === 'bind' || moment === undefined || plans?.some(copies) !== true) return;
    masking.copied(moment.names);
    for (const plan of plans) if (plan.inherits.length > 0) masking.inherited(plan);
  }

  /** It goes upstream now. Before its intent is taken: one that was taken has an outcome. */
  sending(statement: PreparedStatement, plans: readonly StatementPlan[] | undefined): void {
    const { masking, world } = this.planning;
    if (masking === undefined) return;
    if (statement.analysis.statements.some(mayCommit)) masking.goesOn();
    if (changesOthers(statement))
      masking.changesSchema(this.#backend.status === 'I', namesChanged(statement.analysis.statements));
    const isPathKnown = !world.isStale(masking.sharedVersion);
    world.sent(statement.analysis.statements, changesSchema(statement), plans);
    if (statement.analysis.class !== 'read') masking.making(statement.analysis.statements, isPathKnown);
    for (const plan of plans ?? NO_PLANS)
      if (plan.inherits.length > 0 || plan.pins !== undefined) masking.inherit(plan, isPathKnown);
  }

  /** A Sync or a Query has been sent. */
  batchEnds(): void {
    this.planning.world.batchEnds(this.#backend.status === 'T');
  }

  transactionEnded(isSettled: boolean): void {
    if (isSettled) this.planning.masking?.schemaSettled();
    this.planning.world.transactionEnded(isSettled);
  }
}
