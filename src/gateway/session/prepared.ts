/**
 * Names of prepared statements and portals, as the server will see them when it gets there: what is confirmed
 * (ParseComplete, BindComplete), overlaid by what is in flight. A Parse that fails leaves the older statement of that
 * name in place, so only a confirmation makes it the one that counts, and a name that may stand for either of two
 * statements until the server has answered is *unsettled*: its user waits.
 *
 * It must never forget a name that the server still knows: a statement that is not known here was not judged.
 */
import { OPAQUE_PLAN, type StatementPlan } from '../../masking/statement-plan.ts';
import type { Decision } from '../../policy/decision.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { DefinitionQuestion } from './contract.ts';
import type { AnswerSize } from './egress.ts';
import { type NameEffect, NO_EFFECTS, type Request } from './in-flight.ts';
import type { SchemaMoment } from './schema-clock.ts';

export interface PreparedStatement {
  readonly analysis: Analysis;
  /** As it came. */
  readonly sql: string;
  decision: Decision;
  /** `policyEpoch` at which `decision` was made. */
  epoch: number;
  /** OIDs of parameter types that Parse gave; missing: none. */
  types?: readonly number[];
  /** Made by PREPARE in SQL, which was judged and recorded as a whole; else by Parse, which is recorded when it is bound. */
  readonly fromSql: boolean;
  /** Of PREPARE: which statement of its text it is. */
  readonly index?: number;
}

export interface Portal {
  readonly statement: PreparedStatement;
  /** The intent taken at Bind for its first Execute, 0 when none is left. */
  n: number;
  position: number;
  readonly binds: number;
  /** Bind values, as they are recorded. */
  readonly valuesJson?: string | undefined;
  /** It was held, and approved for one execution: how far that is. */
  approval?: PortalApproval | undefined;
  /** BindComplete came. */
  confirmed: boolean;
  /** Nothing of it had changed until then: the server has planned it, and holds its locks. Missing: no. */
  isFixed?: true;
  /** What has left of its answer, where that is limited. */
  sent?: AnswerSize | undefined;
  /** What is masked in its answer, of the one statement that it has; undefined: nothing can be. */
  plans: readonly StatementPlan[] | undefined;
  /** When it was bound; undefined: nothing is masked for this principal. */
  moment?: SchemaMoment | undefined;
  /** Definitions that it was bound by; missing: it rests on none. */
  questions?: readonly DefinitionQuestion[];
  /** Its plain columns go as they come: RowDescription is to say whose they are. `asked`: it will. */
  origins?: 'needed' | 'asked';
  /** They were others when it had been bound, or what it reads is another: nothing of its answer is told. */
  hasDrifted?: true;
  /** In which event of the session the server vouched for them. */
  askedIn?: number;
  /** What FETCH by its name answers, if it has one. */
  fetched?: StatementPlan;
  /** RowDescription of it, when the gateway asked for one. */
  description: Buffer | undefined;
}

/** `running`: its Execute is not answered yet; `suspended`: that had a row limit, and there is more. */
export interface PortalApproval {
  readonly request: string;
  /** Of the rule that held it: another rule's is another approval. */
  readonly rule: string;
  state: 'unused' | 'running' | 'suspended' | 'over';
}

export const UNSETTLED = Symbol('unsettled');
export type Settled<Value> = Value | undefined | typeof UNSETTLED;

const MAX_CURSORS = 1_000;

/** Not undone by an error of another request of its batch: it stands for itself. */
export const NO_BATCH = -1;

interface Pending<Value> {
  /** Undefined: every name. */
  readonly name: string | undefined;
  readonly value: Value | undefined;
  readonly effect: NameEffect;
  readonly batch: number;
  /** Told when it has happened. */
  readonly onSettled?: () => void;
}

/** What utilities name (EXPLAIN, EXECUTE, FETCH, SHOW, COPY) is looked up when they are executed. */
export function isPlannedAtBind({ statement, plans }: Portal): boolean {
  const { statements } = statement.analysis;
  return statements.length === 1 && PLANNED_AT_BIND.has(statements[0]!.command) && plans?.[0]?.isOfAnother !== true;
}

const PLANNED_AT_BIND: ReadonlySet<string> = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'VALUES',
  'TABLE',
]);

const NO_QUESTIONS: readonly DefinitionQuestion[] = [];

/** The plan of one cursor. All names on which it rests are known by then. */
function openedAt(
  plannedAt: SchemaMoment,
  planned: StatementPlan,
  restsOn: readonly DefinitionQuestion[],
): StatementPlan {
  return { ...planned, plannedAt, names: plannedAt.names, namesBehind: false, restsOn };
}

class Names<Value> {
  /** By name, but for the unnamed one, which comes and goes with nearly every statement. */
  readonly #named = new Map<string, Value>();
  #unnamed: Value | undefined;
  /** The named one that was asked for last: a name comes as new bytes each time, and a map would have to hash it. */
  #last: { readonly name: string; readonly value: Value } | undefined;
  /** In-flight effects in order; usually none or one. */
  readonly #pending: Pending<Value>[] = [];
  /** Effects of one batch that did not happen; missing: none, or it is long over. */
  #failed: Pending<Value>[] | undefined;

  /**
   * What `name` stands for when a request of `batch` arrives. Within a batch the newest effect decides: had it failed,
   * the server would discard that request too. An effect of another batch may have failed, and the older value stay.
   */
  get(name: string, batch: number): Settled<Value> {
    let found: Value | undefined;
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i]!;
      if (pending.name !== name && pending.name !== undefined) continue;
      if (pending.value !== undefined) {
        if (found !== undefined && found !== pending.value) return UNSETTLED;
        found = pending.value;
      }
      if (pending.batch === batch && batch !== NO_BATCH) return found;
    }
    const confirmed = this.#confirmed(name);
    if (found !== undefined && confirmed !== undefined && found !== confirmed) return UNSETTLED;
    return found ?? confirmed;
  }

  /** What `name` was to stand for in a batch that failed, whose rest the server discards; undefined: what it stood for before. */
  discarded(name: string, batch: number): Settled<Value> {
    for (const all of [this.#pending, this.#failed]) {
      const found = all?.findLast((one) => one.batch === batch && one.name === name)?.value;
      if (found !== undefined) return found;
    }
    return this.get(name, batch);
  }

  /** Is it what the name stands for when a request of `batch` arrives that is not discarded? */
  isSure(name: string, value: Value, batch: number): boolean {
    if (this.#confirmed(name) === value) return true;
    return batch !== NO_BATCH && this.#pending.some((one) => one.value === value && one.batch === batch);
  }

  /** Does the unnamed one exist, or may it come into being? */
  get hasUnnamed(): boolean {
    if (this.#unnamed !== undefined) return true;
    for (const { name } of this.#pending) if (name === '') return true;
    return false;
  }

  #confirmed(name: string): Value | undefined {
    if (name === '') return this.#unnamed;
    if (this.#last?.name === name) return this.#last.value;
    const value = this.#named.get(name);
    if (value !== undefined) this.#last = { name, value };
    return value;
  }

  expect(pending: Pending<Value>): void {
    this.#pending.push(pending);
  }

  /** `weigh` of all confirmed values. */
  weight = 0;
  readonly #weigh: (value: Value) => number;

  constructor(weigh: (value: Value) => number) {
    this.#weigh = weigh;
  }

  settle(effect: NameEffect, happened: boolean): Value | undefined {
    const pending = this.#take(effect);
    if (pending === undefined) return undefined;
    const { name, value, onSettled } = pending;
    if (!happened) {
      this.#noteFailed(pending);
      return undefined;
    }
    onSettled?.();
    if (name === undefined) {
      this.clear();
      return undefined;
    }
    const replaced = this.#confirmed(name);
    if (replaced !== undefined) this.weight -= this.#weigh(replaced);
    if (value !== undefined) this.weight += this.#weigh(value);
    if (this.#last?.name === name) this.#last = undefined;
    if (name === '') this.#unnamed = value;
    else if (value === undefined) this.#named.delete(name);
    else this.#named.set(name, value);
    return value;
  }

  #noteFailed(pending: Pending<Value>): void {
    if (pending.batch === NO_BATCH) return;
    if (this.#failed?.[0]?.batch === pending.batch) this.#failed.push(pending);
    else this.#failed = [pending];
  }

  #take(effect: NameEffect): Pending<Value> | undefined {
    const pending = this.#pending;
    const last = pending.length - 1;
    if (last === 0) return pending[0]!.effect === effect ? pending.pop() : undefined;
    for (let i = 0; i <= last; i++) if (pending[i]!.effect === effect) return pending.splice(i, 1)[0];
    return undefined;
  }

  clear(): void {
    this.#unnamed = this.#last = undefined;
    if (this.#named.size > 0) this.#named.clear();
    this.weight = 0;
  }
}

export class PreparedNames {
  readonly #statements = new Names<PreparedStatement>((statement) => statement.sql.length);
  readonly #portals = new Names<Portal>(() => 0);
  /** Plans of cursors that SQL declared; `#kept` are those that may live on (WITH HOLD), whichever they are. */
  readonly #cursors = new Names<StatementPlan>(() => 0);
  readonly #kept = new Map<string, StatementPlan>();

  /** May the schema be another since? Nobody is masked unless it is set. */
  hasMoved: (moment: SchemaMoment) => boolean = () => false;

  /** Length of the texts of all statements that are confirmed. */
  get statementBytes(): number {
    return this.#statements.weight;
  }

  statement(name: string, batch: number): Settled<PreparedStatement> {
    return this.#statements.get(name, batch);
  }

  portal(name: string, batch: number): Settled<Portal> {
    return this.#portals.get(name, batch);
  }

  /** Whose a Bind is that the server discards: it is recorded, and its values are no others'. */
  discardedStatement(name: string, batch: number): Settled<PreparedStatement> {
    return this.#statements.discarded(name, batch);
  }

  /** Whose an Execute is that the server discards. */
  discardedPortal(name: string, batch: number): Settled<Portal> {
    return this.#portals.discarded(name, batch);
  }

  /** Is it what the name stands for, if the server does not discard the request of `batch`? */
  isSurePortal(name: string, portal: Portal, batch: number): boolean {
    return this.#portals.isSure(name, portal, batch);
  }

  /**
   * A Parse or Close, or PREPARE or DEALLOCATE in SQL, that has been sent; gives the effect to put on its request.
   * `name` undefined: all. `after`: how many of the request's statements must be through for it to have happened.
   */
  expectStatement(
    name: string | undefined,
    value: PreparedStatement | undefined,
    batch: number,
    after: number,
  ): NameEffect {
    const effect: NameEffect = { kind: 'statement', after };
    this.#statements.expect({ name, value, effect, batch });
    return effect;
  }

  /** The plan of an open cursor, or of a portal of that name. */
  cursorPlan(name: string, batch: number): Settled<StatementPlan> {
    const found = this.#cursors.get(name, batch);
    const kept = this.#kept.get(name);
    if (found === undefined || found === UNSETTLED || kept === undefined || kept === found) return found ?? kept;
    return this.#cursors.isSure(name, found, batch) ? found : UNSETTLED;
  }

  /** DECLARE that has been sent. */
  expectCursor(
    name: string,
    planned: StatementPlan,
    place: { readonly batch: number; readonly after: number },
    plannedAt: SchemaMoment | undefined,
    restsOn: readonly DefinitionQuestion[],
  ): NameEffect {
    const { batch, after } = place;
    const effect: NameEffect = { kind: 'cursor', after };
    const plan = plannedAt === undefined ? planned : openedAt(plannedAt, planned, restsOn);
    this.#cursors.expect({ name, value: plan, effect, batch, onSettled: () => this.#keep(name, plan) });
    return effect;
  }

  /** CLOSE that has been sent; `name` undefined: of all, or it is not known of which. */
  expectCursorGone(name: string | undefined, batch: number, after: number): NameEffect {
    const effect: NameEffect = { kind: 'cursor', after };
    const onSettled = (): void => {
      if (name === undefined) this.#kept.clear();
      else this.#kept.delete(name);
    };
    this.#cursors.expect({ name, value: undefined, effect, batch, onSettled });
    return effect;
  }

  #keep(name: string, plan: StatementPlan): void {
    this.#kept.delete(name);
    this.#kept.set(name, plan);
    // The oldest goes: a cursor that is not known is redacted.
    if (this.#kept.size > MAX_CURSORS) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** A Bind or Close that has been sent. */
  expectPortal(name: string, value: Portal | undefined, batch: number): NameEffect {
    const effect: NameEffect = { kind: 'portal', after: 0 };
    this.#portals.expect({ name, value, effect, batch });
    if (name !== '') {
      // FETCH finds it too, and no cursor of that name that there was before.
      if (value !== undefined) {
        const plan = value.plans?.[0] ?? OPAQUE_PLAN;
        const planned = isPlannedAtBind(value) ? plan : { ...plan, looksUpLater: true };
        value.fetched =
          value.moment === undefined ? planned : openedAt(value.moment, planned, value.questions ?? NO_QUESTIONS);
      }
      this.#cursors.expect({ name, value: value?.fetched, effect, batch, onSettled: () => this.#kept.delete(name) });
    }
    return effect;
  }

  /** A simple Query destroys the unnamed statement and portal, if it is run at all. */
  expectUnnamedGone(): readonly NameEffect[] {
    if (!this.#statements.hasUnnamed && !this.#portals.hasUnnamed) return NO_EFFECTS;
    const effects: NameEffect[] = [];
    if (this.#statements.hasUnnamed) effects.push(this.expectStatement('', undefined, NO_BATCH, 0));
    if (this.#portals.hasUnnamed) effects.push(this.expectPortal('', undefined, NO_BATCH));
    return effects;
  }

  /** The request is through, as far as it got. */
  settle(request: Request, failed: boolean): void {
    for (const effect of request.names) {
      const happened = effect.after === 0 ? !failed : request.completed >= effect.after;
      if (effect.kind === 'statement') this.#statements.settle(effect, happened);
      else if (effect.kind === 'cursor') this.#doubt(this.#cursors.settle(effect, happened));
      else {
        const portal = this.#portals.settle(effect, happened);
        if (portal !== undefined) {
          portal.confirmed = true;
          if (portal.moment !== undefined && isPlannedAtBind(portal) && !this.hasMoved(portal.moment))
            portal.isFixed = true;
        }
        this.#doubt(this.#cursors.settle(effect, happened));
      }
    }
  }

  /** What its names stood for was looked up by the server between when it was planned and now. */
  #doubt(plan: StatementPlan | undefined): void {
    if (plan?.plannedAt === undefined) return;
    // Made for this cursor alone.
    Object.assign(plan, this.hasMoved(plan.plannedAt) ? { isDoubtful: true } : { isFixed: true });
  }

  /** The transaction ended: every portal that was confirmed is gone (WITH HOLD cursors are no portals of ours). */
  forgetPortals(): void {
    this.#portals.clear();
    this.#cursors.clear();
  }
}
