/**
 * Right before a statement goes upstream: are the definitions still what it was judged and planned by? What a view shows or a
 * routine does may have been changed past dbgate. The message waits until the server was asked; where something has changed,
 * it is looked at again from the beginning, in the catalog as it is then. In: a message of which all else is known. Out: it
 * goes, it waits, or its denial.
 *
 * It must never let go what the server did not vouch for by the very definitions that are in force here now.
 */
import type { StatementPlan } from '../../masking/make-plan.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Backend } from './backend.ts';
import type { DefinitionQuestion } from './contract.ts';
import type { SessionCore } from './core.ts';
import type { MaskingSteps, StepParts } from './masking-steps.ts';
import { NO_BATCH, type Portal, type PreparedStatement, UNSETTLED } from './prepared.ts';
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
}

const NOT_ASKED: Asked = { same: NO_QUESTIONS, tries: 0, drift: undefined };

export class DriftGuard {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;
  /** Of cursors that are open, and portals that FETCH may know: they run what they were declared by. */
  #ofCursors: DefinitionQuestion[] = [];

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
    const denied = this.#ask(held, questions, 'again') ?? this.#ask(held, fetched, 'over');
    if (denied !== undefined) return denied;
    if (held.statement.analysis.statements.some(runsLater)) this.#remember(questions);
    return questions;
  }

  /** Its own view of the catalog was read in a snapshot from before the definitions, so these do not vouch for it. */
  #isBehind(): boolean {
    const { around, idleSinceMs } = this.#core;
    return this.#steps.planning.world.isOld && !(around.definitions!.readAtMs <= idleSinceMs);
  }

  /** Of an Execute: what was bound is what runs. */
  beforeExecute(held: Held, portal: Portal): 'waits' | DenyDecision | undefined {
    if (portal.askedIn === this.#core.events) return undefined;
    return (
      this.#ask(held, portal.questions ?? NO_QUESTIONS, 'over') ??
      this.#ask(held, this.#fetchedBy(held.statement, portal.plans), 'over')
    );
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
  ): 'waits' | DenyDecision | undefined {
    const asked = held.resolved?.asked ?? NOT_ASKED;
    const open = questions.filter((one) => !asked.same.includes(one));
    if (open.length === 0 || this.#backend.discards || this.#steps.failsAnyway(held.statement)) return undefined;
    if (asked.drift === 'unknown') return DEFINITIONS_UNKNOWN;
    if ((asked.drift === 'changed' && then === 'over') || asked.tries >= MOST_TRIES) return DRIFTED;
    this.#waiter.wait({ for: 'definitions', held: { ...held, message: keep(held.message) }, questions: open });
    this.#core.command({ type: 'check_definitions', questions: open });
    return 'waits';
  }

  /** The server was asked. */
  checked({ held, questions }: Extract<Waiting, { for: 'definitions' }>, drift: 'same' | 'changed' | 'unknown'): void {
    const { resolved } = held;
    const { same, tries, drift: before } = resolved?.asked ?? NOT_ASKED;
    const known: Known =
      drift === 'same'
        ? { ...resolved, asked: { same: [...same, ...questions], tries: tries + 1, drift: before } }
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
    const computes = isHeld || plans?.some(({ computes, copies }) => computes === true || copies === true) === true;
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

  #fetchedBy(
    { analysis }: PreparedStatement,
    plans: readonly StatementPlan[] | undefined,
  ): readonly DefinitionQuestion[] {
    if (!analysis.statements.some(({ command }) => RUNS_CURSORS.test(command))) return NO_QUESTIONS;
    // One that is held outlives its transaction, with rows of when that ended.
    const held = plans?.flatMap(({ restsOn }) => restsOn ?? NO_QUESTIONS) ?? NO_QUESTIONS;
    return held.length === 0 ? this.#ofCursors : [...new Set([...this.#ofCursors, ...held])];
  }

  #remember(questions: readonly DefinitionQuestion[]): void {
    for (const one of questions) if (!this.#ofCursors.includes(one)) this.#ofCursors.push(one);
  }
}

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
