/**
 * What would tell of masked columns beside the values in an answer: what they steer, what computes them where it fails or
 * shows, and code that gets to see them. In: lineage. Out: a refusal, and how often a given value was compared.
 */
import type { ColumnClass } from '../classify/classes.ts';
import type { ColumnRef, ColumnUse, OpaqueRoutine, Oracle, StatementLineage } from '../sql/lineage/lineage.ts';
import type { MaskingRights } from './clearance.ts';
import type { ColumnKnowledge } from './column-knowledge.ts';
import { addLookups, type Lookups, lookupsOf, NO_LOOKUPS } from './given-values.ts';
import type { HeldColumns } from './held-columns.ts';
import type { PlanRefusal } from './statement-plan.ts';

export class Inference {
  readonly #known: ColumnKnowledge;
  readonly #held: HeldColumns;
  readonly #rights: MaskingRights;

  constructor(known: ColumnKnowledge, held: HeldColumns, rights: MaskingRights) {
    this.#known = known;
    this.#held = held;
    this.#rights = rights;
  }

  uses(lineage: StatementLineage): { refuse: PlanRefusal | undefined; lookups: Lookups } {
    let lookups = NO_LOOKUPS;
    for (const use of lineage.uses) {
      if (!this.#held.isMasked(use.source)) continue;
      // What a view asks that was there before tells nothing that its reader chose.
      if (use.inside !== undefined && !this.#known.isMadeHere(use.inside)) continue;
      // Among what clients gave themselves there is nothing to be found out.
      if (use.use === 'lookup' && !this.#known.holdsOnlyGiven(use.source))
        lookups = addLookups(lookups, lookupsOf(use.own ?? 1));
      const refuse = this.#use(use, lineage);
      if (refuse !== undefined) return { refuse, lookups };
    }
    return { refuse: undefined, lookups };
  }

  #use(use: ColumnUse, lineage: StatementLineage): PlanRefusal | undefined {
    const { predicates } = this.#rights;
    if (predicates !== 'free' && this.#held.isChosen(use.source)) {
      return this.#refusal('masking.no-inference', use, 'was computed, so nothing may be asked of it');
    }
    switch (use.use) {
      case 'sink':
        return this.#refusal('masking.no-sink', use, `may not be given to ${use.subject ?? 'a function with effects'}`);
      case 'null_test':
      case 'count':
        return undefined;
      case 'group':
        return predicates !== 'free' && use.sorted === true && this.#mixesKnown(use) ? this.#mixed(use) : undefined;
      case 'lookup':
        if (predicates === 'none') return this.#refusal('masking.no-lookup', use, 'may not be compared');
        if (predicates === 'free') return undefined;
        if (use.joins === true && !this.#isOthersAlone(use)) return this.#refusal('masking.no-inference', use, JOINED);
        if (use.digits !== true || this.#isNumber(use)) return undefined;
        return this.#refusal('masking.no-inference', use, 'may not be compared by its digits alone');
      case 'join': {
        if (predicates === 'free' || this.#joinsItsLike(use)) return undefined;
        return this.#refusal('masking.no-join', use, 'may only be joined with a column of the same class', SAME_CLASS);
      }
      case 'order': {
        if (predicates === 'free') return undefined;
        if (this.#mixesKnown(use)) return this.#mixed(use);
        if (this.#storesRows(lineage))
          return this.#refusal('masking.no-order', use, 'may not order rows that are stored', CLEAR_ORDER);
        if (!this.#identifies(lineage) && !(use.inner === true && this.#steersByClear(lineage))) return undefined;
        return this.#refusal('masking.no-order', use, 'may not order rows that other columns identify', CLEAR_ORDER);
      }
      case 'fallible':
      case 'predicate': {
        // What stands in tables that others made was not put there to be added to this.
        if (use.against?.every(({ relation }) => !this.#known.isTableMadeHere(relation))) return undefined;
        if (predicates === 'free' && use.use === 'predicate') return undefined;
        // How long at most what clients gave is.
        if (use.ofLength === true && this.#known.holdsOnlyGiven(use.source)) return undefined;
        if (use.subject === 'ALTER COLUMN TYPE')
          return this.#refusal('masking.no-inference', use, 'may only get a type that holds whatever it has', WIDER);
        if (use.subject === 'CLUSTER')
          return this.#refusal('masking.no-inference', use, 'is in a table that may not be put in order', CLEAR_TABLE);
        const by = use.subject === undefined ? '' : ` (${use.subject})`;
        return this.#refusal('masking.no-inference', use, `may only be compared for equality with a given value${by}`);
      }
      default: {
        const never: never = use.use;
        throw new Error(`unknown use ${String(never)}`);
      }
    }
  }

  #joinsItsLike(use: ColumnUse): boolean {
    const held = this.#held.of(use.source);
    const partners = use.against ?? [];
    if (partners.length === 0 || typeof held !== 'object') return false;
    return partners.every((partner) => {
      const other = this.#held.of(partner);
      return typeof other === 'object' && other.class === held.class;
    });
  }

  /** Is it put in order with what somebody may know: what is not masked, or stands in a table made through dbgate? */
  #mixesKnown({ against }: ColumnUse): boolean {
    return (
      against?.some((source) => !this.#held.isMasked(source) || this.#known.isTableMadeHere(source.relation)) ===
        true && against.some((source) => this.#held.isMasked(source) && !this.#known.holdsOnlyGiven(source))
    );
  }

  #mixed(use: ColumnUse): PlanRefusal {
    return this.#refusal('masking.no-order', use, 'may not be put in order among values that may be known');
  }

  /** Beside clear columns, or in a table of one's own, each row could be given another question. */
  #isOthersAlone({ against }: ColumnUse): boolean {
    return (
      against?.every((source) => this.#held.isMasked(source) && !this.#known.isTableMadeHere(source.relation)) === true
    );
  }

  /** Its digits are all that there is to it. */
  #isNumber({ source }: ColumnUse): boolean {
    const held = this.#held.of(source);
    return typeof held === 'object' && NUMBERS.has(held.class);
  }

  /** Where rows are stored tells in which order they came. */
  #storesRows({ modifies, writes }: StatementLineage): boolean {
    return (
      (modifies ?? []).length > 0 || writes.some(({ target, stored }) => target.kind === 'column' || stored === true)
    );
  }

  /** Which rows there are, or which of them come first, goes by what is not masked. */
  #steersByClear({ uses }: StatementLineage): boolean {
    return uses.some(
      ({ source, use, inside }) =>
        use !== 'count' &&
        use !== 'null_test' &&
        (inside === undefined || this.#known.isMadeHere(inside)) &&
        !this.#held.isMasked(source),
    );
  }

  /** Does the answer tell rows apart by what is not masked? */
  #identifies({ columns, uses }: StatementLineage): boolean {
    return (
      (columns ?? []).some(
        ({ sources, label }) =>
          label === true || sources.some((source) => !this.#held.isMasked(source) || this.#held.showsParts(source)),
      ) || uses.some(({ source, use }) => use === 'sink' && !this.#held.isMasked(source))
    );
  }

  #refusal(rule: string, use: ColumnUse, what: string, hint = EQUALITY): PlanRefusal {
    return {
      rule,
      message: `${this.#known.nameOf(use.source)} is masked for you and ${what}`,
      why: 'the answer would tell what the column holds',
      hint,
      unmask: this.#held.classesOf(use.source),
      offset: use.offset,
    };
  }

  oracle({ oracle }: StatementLineage): PlanRefusal | undefined {
    if (oracle === undefined || this.#held.seesAll || this.#rights.predicates === 'free') return undefined;
    return { ...ORACLES[oracle], rule: 'masking.no-inference', unmask: 'all', offset: undefined };
  }

  opaque(lineage: StatementLineage): PlanRefusal | undefined {
    for (const one of lineage.opaque) {
      const { routine, reads, trigger, blind = lineage.unknown.length > 0 } = one;
      // Triggers that were there before do what they always did, but for those that somebody put on a table of their own.
      const isOld = trigger === true && !this.#known.isMadeHere(routine);
      const masked = isOld ? this.#carried(one, lineage) : reads.find((source) => this.#held.isMasked(source));
      if (isOld && masked === undefined) continue;
      // One that was there before was not written to get around the masks: what it answers is redacted.
      if (masked === undefined && !(blind && this.#known.isMadeHere(routine))) continue;
      const what =
        masked === undefined ? 'what cannot be told' : `${this.#known.nameOf(masked)}, which is masked for you`;
      return {
        rule: 'masking.no-opaque-routine',
        message: `${routine} reads ${what}`,
        why: 'what a body in a procedural language does with a value cannot be followed',
        hint: 'Select from the tables themselves',
        unmask: 'all',
        offset: undefined,
        ...(masked === undefined && lineage.outdated === true ? { alone: true as const } : {}),
      };
    }
    return undefined;
  }

  /** What a routine that was there before gets to see of others' values by a trigger of a table made through dbgate. */
  #carried({ on, reads, blind }: OpaqueRoutine, { writes }: StatementLineage): ColumnRef | undefined {
    if (on === undefined || !this.#known.isTableMadeHere(on)) return undefined;
    const isBrought = writes.some(
      ({ target, flow }) =>
        target.kind === 'column' &&
        target.relation === on &&
        flow.sources.some((source) => this.#held.isMasked(source)),
    );
    const seen = blind === true ? this.#known.columnsOf(on).map((attnum) => ({ relation: on, attnum })) : reads;
    return seen.find((source) => this.#held.isMasked(source) && (isBrought || !this.#known.holdsOnlyGiven(source)));
  }

  laundry(lineage: StatementLineage): PlanRefusal | undefined {
    if ((lineage.modifies ?? []).every((relation) => !this.#known.isLaundry(relation))) return undefined;
    return {
      rule: 'masking.no-copy',
      message: 'the table holds copies of what is masked for you, and has triggers or rules',
      why: 'where they would carry the values cannot be followed',
      hint: 'Drop the trigger or rule',
      unmask: 'all',
      offset: undefined,
    };
  }

  /** What is called for each row that is written or read, and could look at anything. */
  guards(lineage: StatementLineage): PlanRefusal | undefined {
    const written = (lineage.modifies ?? []).map((relation) => this.#known.guardOf(relation, 'written'));
    const read = lineage.reads.map((relation) => this.#known.guardOf(relation, 'read'));
    const routine = [...written, ...read].find((one) => one !== undefined);
    if (routine === undefined) return undefined;
    return {
      rule: 'masking.guarded-table',
      message: `a check, an index, a partition or a policy of a table calls ${routine}`,
      why: 'what it finds out about masked columns would show in which rows there are',
      hint: 'Drop it, or use functions that the database has by itself.',
      offset: undefined,
    };
  }
}

const NUMBERS: ReadonlySet<ColumnClass> = new Set(['phone', 'payment_card', 'national_id', 'tax_id', 'bank_account']);
const JOINED = 'may only be compared by itself, or in one text with other masked columns of its row';
const EQUALITY = 'Compare it for equality with a value that you know';
const SAME_CLASS = 'Join it with a column of the same class';
const CLEAR_ORDER = 'Order by what is not masked';
const CLEAR_TABLE = 'Name a table without masked columns';
const WIDER = 'Take text, a longer varchar or a wider number of its kind, without USING anything else';

const ORACLES: Readonly<Record<Oracle, Pick<PlanRefusal, 'message' | 'why' | 'hint'>>> = {
  collation: {
    message: 'a collation that is not deterministic makes equal what differs',
    why: 'comparing masked columns under it would tell more than whether a value is the given one',
    hint: 'Make a deterministic one',
  },
  statistics: {
    message: 'statistics of an expression compute it of every value',
    why: 'whether that fails would tell what masked columns hold',
    hint: 'Make statistics of columns',
  },
  cluster: {
    message: 'tables with masked columns may be among those that are clustered',
    why: 'the order of their rows would tell what these hold',
    hint: 'Name a table without masked columns',
  },
  type: {
    message: 'a column gets another type in the text that made or changed its table',
    why: 'whether all values fit in it would tell what masked columns hold',
    hint: 'Send ALTER COLUMN TYPE by itself',
  },
};
