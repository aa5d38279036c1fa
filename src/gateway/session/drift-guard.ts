/**
 * Right before a statement goes upstream: are the definitions still what it was judged and planned by? What a view shows or a
 * routine does may have been changed past dbgate. The message waits until the server was asked; where something has changed,
 * it is looked at again from the beginning, in the catalog as it is then. In: a message of which all else is known. Out: it
 * goes, it waits, or its denial.
 *
 * It must never let go what the server did not vouch for by the very definitions that are in force here now.
 */
import type { StatementPlan } from '../../masking/statement-plan.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Backend } from './backend.ts';
import type { DefinitionQuestion } from './contract.ts';
import type { SessionCore } from './core.ts';
import type { MaskingSteps, StepParts } from './masking-steps.ts';
import { NO_BATCH, type Portal, type PreparedStatement, UNSETTLED } from './prepared.ts';
import type { SchemaMoment } from './schema-clock.ts';
import { executedBy, runsLater } from './statements.ts';
import { type Held, type Known, keep, type Waiter, type Waiting } from './waiting.ts';

/** Whoever changes definitions faster than they can be read is refused. */
const MOST_TRIES = 5;
export const NO_QUESTIONS: readonly DefinitionQuestion[] = [];

/** What was asked for a message at hand. */
export interface Asked {
  /** Of these the server said that nothing has changed. */
  readonly same: readonly DefinitionQuestion[];
  readonly tries: number;
  /** Something had changed, or could not be asked. */
  readonly drift: 'changed' | 'unknown' | undefined;
  /** When it was asked first for a cursor that looks up later. */
  readonly since?: SchemaMoment | undefined;
}

const NOT_ASKED: Asked = { same: NO_QUESTIONS, tries: 0, drift: undefined };

export class DriftGuard {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;
  /** Of cursors that are open, and portals that FETCH may know: they run what they were declared by. */
  #ofCursors: DefinitionQuestion[] = [];
  /** Asked where there is doubt, and not for each FETCH: what only columns of tables stand behind is fixed by locks. */
  readonly #ofTables = new WeakSet<DefinitionQuestion>();

  constructor({ core, backend, waiter, steps }: StepParts) {
    this.#core = core;
    this.#backend = backend;
    this.#waiter = waiter;
    this.#steps = steps;
  }

  /** Of a Query or Bind. What is shown to somebody, to be approved, is asked for before that and after it, whatever it is. */
  before(
    held: Held,
    plans: readonly StatementPlan[] | undefined,
    approval: 'none' | 'asked' | 'given',
  ): readonly DefinitionQuestion[] | 'waits' | DenyDecision {
    const questions = this.#questionsOf(held.statement, plans, approval !== 'none');
    const fetched = this.#fetchedBy(held.statement, plans);
    const asked = held.resolved?.asked;
    if (approval === 'given' && asked?.drift === 'changed') return DRIFTED;
    if (questions.length > 0 && this.#isBehind()) return SNAPSHOT_OLD;
    const later = plans?.filter(({ isOutdated }) => isOutdated === 'looks-up-later') ?? NO_PLANS;
    const since = later.length === 0 ? undefined : this.#steps.moment(later, NO_QUESTIONS);
    const { planning } = this.#steps;
    // What the session itself has changed and not committed is seen by nobody who could be asked.
    const isOwnChange = planning.world.needsOwnCatalog && plans?.some(({ isOutdated }) => isOutdated !== undefined);
    if (since?.isOpen === true || isOwnChange === true) return planning.outdated;
    const denied = this.#ask(held, questions, 'again', since) ?? this.#ask(held, fetched, 'over', since);
    if (denied !== undefined) return denied;
    if (later.length > 0 && this.#hasMovedSince(held)) return planning.outdated;
    if (held.statement.analysis.statements.some(runsLater)) {
      const ofTables = asked?.drift === 'unknown' ? undefined : this.#ofDeclared(held.statement, plans, questions);
      if (ofTables !== undefined) {
        const unsure = this.#ask(held, [...questions, ofTables], 'again');
        if (unsure !== undefined) return unsure;
      }
      this.#remember(questions);
      if (ofTables !== undefined) return [...questions, ofTables];
    }
    return questions;
  }

  /** The server looks up what it runs while it is asked, and behind that. */
  #hasMovedSince({ resolved }: Held): boolean {
    const since = resolved?.asked?.since;
    return since === undefined || this.#steps.planning.masking?.hasMoved(since) !== false;
  }

  /** What a cursor rests on is to be known, should there be a doubt whether the server found the same. */
  #ofDeclared(
    { analysis }: PreparedStatement,
    plans: readonly StatementPlan[] | undefined,
    known: readonly DefinitionQuestion[],
  ): DefinitionQuestion | undefined {
    const isDeclared = analysis.statements.some(({ command }) => command === 'DECLARE CURSOR');
    if (!isDeclared || known.length > 0 || plans === undefined || this.#steps.planning.world.isOld) return undefined;
    const question = this.#core.around.definitions?.questionOf(analysis.statements, true);
    if (question !== undefined) this.#ofTables.add(question);
    return question;
  }

  /** Its own view of the catalog was read in a snapshot from before the definitions, so these do not vouch for it. */
  #isBehind(): boolean {
    const { around, idleSinceMs } = this.#core;
    return this.#steps.planning.world.isOld && !(around.definitions!.readAtMs <= idleSinceMs);
  }

  /** Of an Execute: what was bound is what runs. */
  beforeExecute(held: Held, portal: Portal): 'waits' | DenyDecision | undefined {
    if (portal.askedIn === this.#core.events) return undefined;
    const { questions = NO_QUESTIONS, moment, isFixed, plans } = portal;
    const { masking, world } = this.#steps.planning;
    const isLater =
      isFixed === true && questions.length > 0 && plans?.[0]?.looksUpLater === true && !world.needsOwnCatalog;
    const isOutdated = isLater && moment !== undefined && masking?.hasMoved(moment) === true;
    const since = isOutdated ? masking.moment(moment.names) : undefined;
    const denied =
      this.#ask(held, questions, 'over', since) ??
      this.#ask(held, this.#fetchedBy(held.statement, portal.plans), 'over', since);
    // What it calls is still what it was bound by.
    if (denied === undefined && isOutdated && !this.#hasMovedSince(held)) portal.moment = held.resolved?.asked?.since;
    return denied;
  }

  /** It has been bound, and vouched for in this very event. */
  bound(portal: Portal, questions: readonly DefinitionQuestion[], name: string): void {
    portal.questions = questions;
    portal.askedIn = this.#core.events;
    if (name !== '') this.#remember(questions);
  }

  /** Undefined: nothing is left to ask. `then`: after a change it is looked at again, or it is over with it. */
  #ask(
    held: Held,
    questions: readonly DefinitionQuestion[],
    then: 'again' | 'over',
    since?: SchemaMoment,
  ): 'waits' | DenyDecision | undefined {
    if (questions.length === 0) return undefined;
    const before = held.resolved?.asked ?? NOT_ASKED;
    const asked = { ...before, since: before.since ?? since };
    const open = questions.filter((one) => !asked.same.includes(one));
    if (open.length === 0 || this.#backend.discards || this.#steps.failsAnyway(held.statement)) return undefined;
    if (asked.drift === 'unknown') return DEFINITIONS_UNKNOWN;
    if ((asked.drift === 'changed' && then === 'over') || asked.tries >= MOST_TRIES) return DRIFTED;
    const kept = { ...held, message: keep(held.message), resolved: { ...held.resolved, asked } };
    this.#waiter.wait({ for: 'definitions', held: kept, questions: open });
    this.#core.command({ type: 'check_definitions', questions: open });
    return 'waits';
  }

  /** The server was asked. */
  checked({ held, questions }: Extract<Waiting, { for: 'definitions' }>, drift: 'same' | 'changed' | 'unknown'): void {
    const { resolved } = held;
    const { same, tries, drift: before, since } = resolved?.asked ?? NOT_ASKED;
    const known: Known =
      drift === 'same'
        ? { ...resolved, asked: { same: [...same, ...questions], tries: tries + 1, drift: before, since } }
        : // What was asked for it before may be something else now.
          { asked: { same: NO_QUESTIONS, tries: tries + 1, drift } };
    this.#waiter.resume({ ...held, resolved: known });
  }

  /** Its cursors are closed, or hold their rows. */
  transactionEnded(): void {
    if (this.#ofCursors.length > 0) this.#ofCursors = [];
  }

  #questionsOf(
    statement: PreparedStatement,
    plans: readonly StatementPlan[] | undefined,
    isHeld: boolean,
  ): readonly DefinitionQuestion[] {
    const { definitions } = this.#core.around;
    if (definitions === undefined) return NO_QUESTIONS;
    const isComputed = plans?.some(({ computes, copies }) => computes === true || copies === true) === true;
    const computes = isHeld || isComputed || this.#isBeingChanged(plans);
    const own = definitions.questionOf(statement.analysis.statements, computes);
    let questions = own === undefined ? NO_QUESTIONS : [own];
    for (const name of executedBy(statement)) {
      const found = this.#core.names.statement(name, NO_BATCH);
      if (found === undefined || found === UNSETTLED) continue;
      const question = definitions.questionOf(found.analysis.statements, computes);
      if (question !== undefined) questions = [...questions, question];
    }
    return questions;
  }

  /** By another session that is not through with it: what the server finds can only be confirmed. */
  #isBeingChanged(plans: readonly StatementPlan[] | undefined): boolean {
    if (plans === undefined || plans.some(({ namesBehind }) => namesBehind === true)) return false;
    return this.#steps.moment(plans, NO_QUESTIONS)?.isOpen === true;
  }

  #fetchedBy(
    { analysis }: PreparedStatement,
    plans: readonly StatementPlan[] | undefined,
  ): readonly DefinitionQuestion[] {
    if (!analysis.statements.some(({ command }) => RUNS_CURSORS.test(command))) return NO_QUESTIONS;
    // One that is held outlives its transaction, with rows of when that ended.
    const held =
      plans?.flatMap(({ restsOn = NO_QUESTIONS, isOutdated }) =>
        isOutdated === undefined ? restsOn.filter((one) => !this.#ofTables.has(one)) : restsOn,
      ) ?? NO_QUESTIONS;
    return held.length === 0 ? this.#ofCursors : [...new Set([...this.#ofCursors, ...held])];
  }

  #remember(questions: readonly DefinitionQuestion[]): void {
    for (const one of questions) if (!this.#ofCursors.includes(one)) this.#ofCursors.push(one);
  }
}

const NO_PLANS: readonly StatementPlan[] = [];

/** A routine may fetch from a cursor that it is given. */
const RUNS_CURSORS = /^(?:FETCH|MOVE|DO|CALL)/;

/** object_not_in_prerequisite_state */
const DEFINITIONS: DenyDecision = {
  effect: 'deny',
  sqlstate: '55000',
  rule: 'definitions.changed',
  message: 'what the statement rests on has changed past dbgate',
  detail: 'rule definitions.changed: a view, routine, trigger or table is not what the statement was judged by',
  hint: 'Run it again.',
  position: undefined,
};
export const DRIFTED = DEFINITIONS;

const SNAPSHOT_OLD: DenyDecision = {
  ...DEFINITIONS,
  rule: 'definitions.old-snapshot',
  message: 'definitions have been read anew since this transaction began, and it has changed the schema itself',
  detail:
    'rule definitions.old-snapshot: REPEATABLE READ and SERIALIZABLE show the catalog as it was, not as it is used',
  hint: 'Begin the transaction again, or use READ COMMITTED.',
};

const DEFINITIONS_UNKNOWN: DenyDecision = {
  ...DEFINITIONS,
  rule: 'definitions.unknown',
  message: 'it could not be found out whether what the statement rests on is still the same',
  detail: 'rule definitions.unknown: without that it is not known what the statement does',
  hint: 'Run it again; if it stays, tell who runs the gateway.',
};
