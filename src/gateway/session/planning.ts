/**
 * What is masked in the answer to a statement, found out before it goes upstream: the session's world is asked for when
 * it may have changed, the text is traced once, and the plans of cursors and of prepared statements are looked up.
 * Says what has to come first, or what the statement's plans are, or why it is refused.
 *
 * It must never give a plan that was made for another world than the one the statement will run in.
 */
import { addLookups, type Lookups, NO_LOOKUPS } from '../../masking/given-values.ts';
import { OPAQUE_PLAN, type PlanRefusal, refusalHint, type StatementPlan } from '../../masking/statement-plan.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { characterPosition } from '../../sql/byte-offsets.ts';
import type { StatementFacts } from '../../sql/facts.ts';
import type { SessionMasking, StatementMet } from './masking.ts';
import { type PreparedNames, type PreparedStatement, UNSETTLED } from './prepared.ts';
import { SessionWorld } from './world.ts';

export type Planned =
  | {
      readonly kind: 'plans';
      readonly plans: readonly StatementPlan[] | undefined;
      readonly masks: boolean;
      /** To be taken from the budget when it goes upstream. */
      readonly lookups: Lookups;
    }
  | { readonly kind: 'refused'; readonly denied: DenyDecision }
  /** The session must be asked what names mean in it. */
  | { readonly kind: 'world' }
  /** The text must be traced. */
  | { readonly kind: 'trace'; readonly statement: PreparedStatement }
  /** It depends on answers of the server that have not come yet. */
  | { readonly kind: 'unsettled' };

export type Ready = Extract<Planned, { kind: 'plans' | 'refused' }>;

export const NOTHING_TO_PLAN: Ready = { kind: 'plans', plans: undefined, masks: false, lookups: NO_LOOKUPS };

/** For what the server refuses or discards whatever it is. */
export const PLANNED_BLIND: Ready = { kind: 'plans', plans: [OPAQUE_PLAN], masks: true, lookups: NO_LOOKUPS };

export class Planning {
  readonly world = new SessionWorld();
  /** The plan of the statement at hand, whatever it is: its world could not be asked for. */
  forced: Planned | undefined;
  readonly #masking: SessionMasking | undefined;
  readonly #names: PreparedNames;

  constructor(masking: SessionMasking | undefined, names: PreparedNames) {
    this.#masking = masking;
    this.#names = names;
    if (masking !== undefined) names.hasMoved = (moment) => masking.hasMoved(moment);
  }

  get masking(): SessionMasking | undefined {
    return this.#masking;
  }

  plan(statement: PreparedStatement, batch: number): Planned {
    const masking = this.#masking;
    const { statements } = statement.analysis;
    if (masking === undefined || !masking.isNeeded(statements)) return NOTHING_TO_PLAN;
    if (this.forced !== undefined) return this.forced;
    if (this.world.isStale(masking.sharedVersion)) return { kind: 'world' };
    if (statement.fromSql) return this.#planBound(statement);
    const traced = masking.plans(statements, statement.sql);
    if (traced === undefined) return { kind: 'trace', statement };
    let plans: StatementPlan[] | undefined;
    let masks = false;
    let lookups = NO_LOOKUPS;
    let changed = false;
    for (let i = 0; i < traced.length; i++) {
      let plan = traced[i]!;
      if (changed && readsNames(statements[i]!)) return NAMES_CHANGED;
      if (plan.resultOf !== undefined) {
        const found = this.#planOf(plan, traced.slice(0, i), batch);
        if ('kind' in found) return found;
        // What a cursor calls is looked up while it is fetched from.
        if (found.looksUpLater === true && statements.slice(0, i).some(mayReplace)) return NAMES_CHANGED;
        plan = found;
        plans ??= [...traced];
        plans[i] = plan;
      }
      if (plan.keeps !== undefined) {
        const found = this.#preparedNamed(plan.keeps.name, traced.slice(0, i), batch);
        if ('kind' in found) return found;
        plan = keeping(plan, found);
        plans ??= [...traced];
        plans[i] = plan;
      }
      if (plan.refuse !== undefined) return { kind: 'refused', denied: denialOf(plan.refuse, statement.sql, masking) };
      masks ||= masksAnswer(plan);
      lookups = addLookups(lookups, lookupsOf(plan));
      changed ||= traced.length > 1 && this.world.changesWithin(statements[i]!, plan);
    }
    return { kind: 'plans', plans: plans ?? traced, masks, lookups };
  }

  /** Bind of what PREPARE made. */
  #planBound(statement: PreparedStatement): Planned {
    const plan = this.#preparedPlan(statement);
    if ('kind' in plan) return plan;
    if (plan.refuse !== undefined)
      return { kind: 'refused', denied: denialOf(plan.refuse, statement.sql, this.#masking!) };
    return { kind: 'plans', plans: [plan], masks: masksAnswer(plan), lookups: lookupsOf(plan) };
  }

  /** Takes what a statement that goes upstream compares; its denial, when the budget is used up. */
  takeLookups({ count: once, lists, texts }: Lookups, sql: string, bytes?: () => Buffer): DenyDecision | undefined {
    const values = lists === 0 && texts === 0 ? undefined : bytes?.();
    const ofLists = lists === 0 ? 0 : lists * (1 + separatorsIn(sql) + elementsIn(values));
    const ofTexts = texts === 0 ? 0 : texts * Math.ceil((sql.length + (values?.length ?? 0)) / BYTES_PER_VALUE);
    const count = once + ofLists + ofTexts;
    return count === 0 || this.#masking?.takeLookups(count) !== false ? undefined : LOOKUPS_USED_UP;
  }

  /** It goes upstream: what it gives is counted, and what that meets; its denial, when the budget is used up; undefined: nothing. */
  meet(plans: readonly StatementPlan[] | undefined, isAlone: boolean): StatementMet | DenyDecision | undefined {
    const { masking } = this;
    if (plans === undefined || masking?.meet === undefined || !plans.some(givesOrMeets)) return undefined;
    // What comes before it in its text may set another path.
    const isPathKnown = plans.length === 1 && !this.world.isStale(masking.sharedVersion);
    return masking.meet(plans, isPathKnown, isAlone && plans.length === 1) ?? LOOKUPS_USED_UP;
  }

  /** A portal answers as it was bound: its denial, when less is shown now. */
  shownBefore(plans: readonly StatementPlan[] | undefined): DenyDecision | undefined {
    const masking = this.#masking;
    if (masking === undefined || plans?.some((plan) => masking.showsMore?.(plan)) !== true) return undefined;
    return denialOf(SHOWN_BEFORE.refuse!, '', masking);
  }

  /** A cursor that looks up later runs while it is fetched from; all others hold what they found. */
  #isOutdated({ plannedAt, looksUpLater, isDoubtful }: StatementPlan): StatementPlan['isOutdated'] | undefined {
    if (plannedAt === undefined) return undefined;
    if (looksUpLater === true && this.#masking!.hasMoved(plannedAt)) return 'looks-up-later';
    return isDoubtful === true ? 'doubtful' : undefined;
  }

  /** The denial of FETCH from a cursor of which it cannot be told whether it is what was planned for. */
  get outdated(): DenyDecision {
    return denialOf(OUTDATED.refuse!, '', this.#masking!);
  }

  /** Of FETCH and EXECUTE: what the cursor or prepared statement answers. */
  #planOf(plan: StatementPlan, before: readonly StatementPlan[], batch: number): StatementPlan | Planned {
    const { kind, name } = plan.resultOf!;
    const here = before.findLast(({ defines }) => defines?.kind === kind && defines.name === name);
    if (here !== undefined) return answered(plan, here);
    if (kind === 'cursor') {
      const found = this.#names.cursorPlan(name, batch);
      if (found === UNSETTLED) return { kind: 'unsettled' };
      if (found !== undefined && this.#masking!.showsMore?.(found) === true) return answered(plan, SHOWN_BEFORE);
      const isOutdated = found && this.#isOutdated(found);
      if (isOutdated !== undefined) {
        // Else there is nothing that the server could be asked.
        const canBeTold = found!.restsOn !== undefined && found!.restsOn.length > 0;
        return canBeTold ? { ...answered(plan, opened(found!)), isOutdated } : answered(plan, OUTDATED);
      }
      if (found?.isFixed === true) return answered(plan, opened(found));
      return answered(plan, found ?? OPAQUE_PLAN);
    }
    const prepared = this.#names.statement(name, batch);
    if (prepared === UNSETTLED) return { kind: 'unsettled' };
    // The server does not know it either, or it came by Parse, and EXECUTE of that is refused.
    if (prepared === undefined) return answered(plan, OPAQUE_PLAN);
    // What comes before EXECUTE in its text may change what names mean.
    if (plan.result === undefined) return NAMES_CHANGED;
    const defined = this.#preparedPlan(prepared);
    return 'kind' in defined ? defined : answered(plan, defined);
  }

  /** Of what a name in the text stands for; nothing is known of what is not there. */
  #preparedNamed(name: string, before: readonly StatementPlan[], batch: number): StatementPlan | Planned {
    const here = before.findLast(({ defines }) => defines?.kind === 'prepared' && defines.name === name);
    if (here !== undefined) return here;
    const prepared = this.#names.statement(name, batch);
    if (prepared === UNSETTLED) return { kind: 'unsettled' };
    return prepared === undefined ? OPAQUE_PLAN : this.#preparedPlan(prepared);
  }

  /** Of what PREPARE made, whatever else is in its text. */
  #preparedPlan(prepared: PreparedStatement): StatementPlan | Planned {
    const plans = this.#masking!.plans(prepared.analysis.statements, prepared.sql);
    if (plans === undefined) return { kind: 'trace', statement: prepared };
    const plan = prepared.index === undefined ? undefined : plans[prepared.index];
    return plan?.defines?.kind === 'prepared' ? { ...plan, defines: undefined, isOfAnother: true } : OPAQUE_PLAN;
  }
}

/** What made values by rules of its own, such as string_to_array, has at least so long ones. */
const BYTES_PER_VALUE = 4;

function lookupsOf({ lookups, lists = 0, texts = 0 }: StatementPlan): Lookups {
  return { count: lookups, lists, texts };
}

function separatorsIn(sql: string): number {
  let count = 0;
  for (let at = sql.indexOf(','); at >= 0; at = sql.indexOf(',', at + 1)) count++;
  return count;
}

const COMMA = 0x2c;
/** The length before each element of an array in binary. */
const ELEMENT_HEADER = 4;

/** Of the values of Bind: elements of arrays in text, or as many lengths as they may hold in binary. */
function elementsIn(values: Buffer | undefined): number {
  if (values === undefined) return 0;
  let commas = 0;
  for (let at = values.indexOf(COMMA); at >= 0; at = values.indexOf(COMMA, at + 1)) commas++;
  return commas === 0 ? Math.floor(values.length / (ELEMENT_HEADER + BYTES_PER_VALUE)) : commas;
}

/** May a routine or view be another behind it? */
function mayReplace({ class: kind, command }: StatementFacts): boolean {
  return kind === 'ddl' || kind === 'unknown' || kind === 'admin' || command === 'DO' || command === 'CALL';
}

/** FETCH answers what was planned when its cursor was declared. */
function readsNames({ class: kind, command, relations, functions, prepared }: StatementFacts): boolean {
  if (kind === 'transaction' || command === 'FETCH') return false;
  if (prepared?.some(({ action }) => action !== 'deallocate') === true) return true;
  return relations.length > 0 || functions.length > 0 || kind === 'ddl' || kind === 'unknown';
}

function both(one: StatementPlan['names'], other: StatementPlan['names']): ReadonlySet<string> | 'all' {
  if (one === undefined || other === undefined || one === 'all' || other === 'all') return 'all';
  return one.size === 0 ? other : new Set([...one, ...other]);
}

function givesOrMeets({ gives, meets, empties }: StatementPlan): boolean {
  return gives !== undefined || meets !== undefined || empties !== undefined;
}

export function masksAnswer({ result }: StatementPlan): boolean {
  return result === undefined || !result.passes;
}

const OUTDATED: StatementPlan = {
  ...OPAQUE_PLAN,
  refuse: {
    rule: 'masking.schema-changed',
    message: 'the schema has changed since the cursor was declared',
    why: 'what its rows are made of may be something else now',
    hint: 'Declare it again.',
    offset: undefined,
  },
};

const SHOWN_BEFORE: StatementPlan = {
  ...OPAQUE_PLAN,
  refuse: {
    rule: 'masking.shown-before',
    message: 'more was shown when the cursor was opened than may be shown now',
    why: 'what somebody approved for a while is over',
    hint: 'Open it again.',
    offset: undefined,
  },
};

const NO_NAMES: ReadonlySet<string> = new Set();

/** What an open cursor reads was looked up when it was declared, and is locked since, but for what it calls. */
function opened(cursor: StatementPlan): StatementPlan {
  return cursor.looksUpLater === true ? cursor : { ...cursor, names: NO_NAMES };
}

/** Its own conditions (EXECUTE's arguments) and the answer of the other. */
function answered(own: StatementPlan, other: StatementPlan): StatementPlan {
  return {
    ...other,
    refuse: own.refuse ?? other.refuse,
    messages: own.messages === 'generic' ? 'generic' : other.messages,
    resultOf: undefined,
    defines: undefined,
    lookups: own.lookups + other.lookups,
    lists: (own.lists ?? 0) + (other.lists ?? 0),
    texts: (own.texts ?? 0) + (other.texts ?? 0),
    meets: [...(own.meets ?? []), ...(other.meets ?? [])],
    gives: [...(own.gives ?? []), ...(other.gives ?? [])],
    isOfAnother: true,
    names: both(own.names, other.names),
    runsCode: own.runsCode || other.runsCode,
  };
}

/** CREATE TABLE AS EXECUTE: what is masked in the other's answer is masked in the table, as a whole. */
function keeping(own: StatementPlan, other: StatementPlan): StatementPlan {
  const isClear = other.result?.columns.every((action) => action.do === 'pass' || action.do === 'scan') === true;
  return {
    ...own,
    refuse: own.refuse ?? other.refuse,
    ...(isClear ? { inherits: [] } : {}),
    messages: own.messages === 'generic' ? 'generic' : other.messages,
    lookups: own.lookups + other.lookups,
    lists: (own.lists ?? 0) + (other.lists ?? 0),
    texts: (own.texts ?? 0) + (other.texts ?? 0),
    meets: [...(own.meets ?? []), ...(other.meets ?? [])],
    names: both(own.names, other.names),
    runsCode: own.runsCode || other.runsCode,
  };
}

function denialOf(refusal: PlanRefusal, sql: string, masking: SessionMasking): DenyDecision {
  const { rule, message, why, unmask, offset } = refusal;
  const request = unmask === undefined ? undefined : masking.unmaskRequest?.(unmask);
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule,
    message,
    detail: `rule ${rule}: ${why}`,
    hint: refusalHint(refusal, request?.command),
    ...(request === undefined ? {} : { ask: request.ask }),
    ...(refusal.alone === true ? { alone: true as const } : {}),
    position: offset === undefined ? undefined : characterPosition(sql, offset),
  };
}

const LOOKUPS_USED_UP: DenyDecision = {
  effect: 'deny',
  sqlstate: '53400',
  rule: 'masking.lookup-budget',
  message: 'too many comparisons of masked columns with given values within an hour',
  detail: 'rule masking.lookup-budget: by comparing often enough what is masked could be guessed',
  hint: 'Wait, or ask for access without masking.',
  position: undefined,
};

/** The session could not be asked what names mean: what its statement reads is not known. */
export const WORLD_UNKNOWN: DenyDecision = {
  effect: 'deny',
  sqlstate: '55000',
  rule: 'masking.names-unknown',
  message: 'what the names in the statement stand for could not be found out',
  detail: 'rule masking.names-unknown: without that it is not known what would have to be masked',
  hint: 'Try again; a statement_timeout or lock_timeout that is very short may be the reason.',
  position: undefined,
};

const NAMES_CHANGED: Ready = {
  kind: 'refused',
  denied: {
    ...WORLD_UNKNOWN,
    detail: 'rule masking.names-unknown: what comes before it in the same text may change that',
    hint: 'Send what comes before it (SET, ROLLBACK, a function) by itself first.',
    alone: true,
  },
};

export const WORLD_REFUSED: Ready = { kind: 'refused', denied: WORLD_UNKNOWN };
