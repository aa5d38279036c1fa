/**
 * What flows into columns that are stored: into which it may, and what class goes along. In: lineage. Out: a refusal, or
 * the classes that columns get.
 */
import type { ColumnClass } from '../classify/classes.ts';
import type { ColumnRef, Flow, StatementLineage } from '../sql/lineage/lineage.ts';
import { isBlankAsStored } from '../sql/lineage/lineage.ts';
import type { ColumnKnowledge } from './column-knowledge.ts';
import type { HeldColumns } from './held-columns.ts';
import { type Inheritance, NO_INHERITANCE, type Pin, type PlanRefusal } from './statement-plan.ts';

/** Whose partial masks show nothing. */
const PRIVATE: ReadonlySet<ColumnClass> = new Set(['secret', 'password_hash']);

export class WrittenColumns {
  readonly #known: ColumnKnowledge;
  readonly #held: HeldColumns;

  constructor(known: ColumnKnowledge, held: HeldColumns) {
    this.#known = known;
    this.#held = held;
  }

  writes(lineage: StatementLineage): {
    refuse: PlanRefusal | undefined;
    inherits: readonly Inheritance[];
    pins: readonly Pin[];
  } {
    let inherits: Inheritance[] | undefined;
    const pins: Pin[] = [];
    for (const { target, flow, sums, generated, stored, offset } of lineage.writes) {
      const masked = flow.sources.find((source) => this.#held.isMasked(source));
      const blind = flow.unknown.length > 0;
      if (masked === undefined && !blind) continue;
      const from = masked === undefined ? 'an unknown origin' : this.#known.nameOf(masked);
      if (target.kind === 'column') {
        const to = this.#known.nameOf(target);
        if (blind || !this.#held.isMasked(target)) {
          const message = `${from} is masked for you and would be copied into ${to}, which is not`;
          return { refuse: { ...COPY_REFUSED, message, offset }, inherits: NO_INHERITANCE, pins };
        }
        if (this.#known.decidesBy(target)) {
          const message = `${from} is masked for you, and its table decides by ${to} what becomes of a row`;
          return { refuse: { ...DECIDED_REFUSED, message, offset }, inherits: NO_INHERITANCE, pins };
        }
        // The class of a generated column says how it is computed.
        const isGenerated =
          generated === true && (isBlankAsStored(flow) || !this.#known.isTableMadeHere(target.relation));
        if (isGenerated || this.#fits(flow, target) || (sums === true && this.#mayAdd(target))) {
          pins.push(...this.#pinned(target, from));
          continue;
        }
        const message = `what is computed from ${from}, which is masked for you, would be written into ${to}`;
        return { refuse: { ...COMPUTED_REFUSED, message, offset }, inherits: NO_INHERITANCE, pins };
      }
      const copied = blind ? undefined : this.#copied(flow);
      if (stored === true && copied === undefined && !isKeepable(flow)) {
        const message = `what is computed from ${from}, which is masked for you, would be kept in ${target.lookup}`;
        return { refuse: { ...KEPT_REFUSED, message, offset }, inherits: NO_INHERITANCE, pins };
      }
      inherits ??= [];
      inherits.push({
        lookup: target.lookup,
        column: target.column,
        class: copied ?? 'free_text',
        from,
        computed: copied === undefined,
        ...(target.temporary ? { temporary: true } : {}),
      });
    }
    return { refuse: undefined, inherits: inherits ?? NO_INHERITANCE, pins };
  }

  #pinned(target: ColumnRef, from: string): readonly Pin[] {
    const { relation, attnum } = target;
    const held = this.#held.of(target);
    const paths = this.#known.classOf(relation, attnum)?.paths;
    if (typeof held !== 'object' || held.computed === true || (paths !== undefined && paths.size > 0)) return [];
    return this.#known.isTableMadeHere(relation) ? [{ relation, attnum, class: held.class, from }] : [];
  }

  /** The class of values that flow as they are, by themselves or as elements; undefined: they are computed, or of several. */
  #copied(flow: Flow): ColumnClass | undefined {
    if (flow.shape.kind === 'array') return this.#copied(flow.shape.element);
    if (flow.shape.kind !== 'copy') return undefined;
    let found: ColumnClass | undefined;
    for (const source of flow.sources) {
      const held = this.#held.of(source);
      if (held === 'clear') continue;
      if (typeof held !== 'object' || held.computed || (found !== undefined && held.class !== found)) return undefined;
      found = held.class;
    }
    return found;
  }

  /** How often something is added to a masked number: whether that fails or shows says how large it is. */
  sums({ writes }: StatementLineage): number {
    return writes.filter(({ target, sums }) => sums === true && target.kind === 'column' && this.#held.isMasked(target))
      .length;
  }

  /** A mask that shows how large a number is tells all of it to who may add to it often enough. */
  #mayAdd(target: ColumnRef): boolean {
    const held = this.#held.of(target);
    return typeof held === 'object' && held.class === 'financial' && !this.#known.isTableMadeHere(target.relation);
  }

  /** Does the mask of a column hide what flows into it as well as it hides what was there? */
  #fits(flow: Flow, target: ColumnRef): boolean {
    const held = this.#held.of(target);
    if (typeof held !== 'object') return held === 'system';
    const { class: own, mode, computed } = held;
    if (computed === true) return isBlankAsStored(flow);
    const isHidden = mode === 'redact' || mode === 'null' || (mode === 'partial' && PRIVATE.has(own));
    // Of what is computed it would tell whether there is something, and what that is equal to.
    if (isHidden && isBlankAsStored(flow) && this.#copied(flow) !== undefined) return true;
    const paths = this.#known.classOf(target.relation, target.attnum)?.paths;
    if (paths === undefined || paths.size === 0) {
      const copied = this.#copied(flow);
      return copied === own || (copied !== undefined && own === 'free_text' && mode === 'partial');
    }
    if (flow.shape.kind !== 'copy') return false;
    return flow.sources.every(({ relation, attnum, path }) => {
      const from = path === undefined ? this.#known.classOf(relation, attnum)?.paths : undefined;
      return from !== undefined && [...from].every(([at, columnClass]) => paths.get(at) === columnClass);
    });
  }
}

/** Functions that run a text, or read by a name that is one: what they give is as chosen as the text. */
const READER = /^function pg_catalog\./;

/** A table's size, and its statistics, tell how long a value is and whether there is one: no more than its columns do. */
function isKeepable(flow: Flow): boolean {
  if (flow.unknown.length > 0) return !flow.unknown.some((why) => READER.test(why));
  return isBlankAsStored(flow);
}

const COPY_REFUSED = {
  rule: 'masking.no-copy',
  why: 'the copy would be read without a mask',
  hint: 'Copy it into a column of the same class',
  unmask: 'all',
} as const;

const KEPT_REFUSED = {
  rule: 'masking.no-copy',
  why: 'the size of the table and its statistics would tell how long it is, or whether there is one',
  hint: 'Make a view of it, or copy the column as it is',
  unmask: 'all',
} as const;

const DECIDED_REFUSED = {
  rule: 'masking.no-copy',
  why: 'by a partition, a check, an index of an expression or a policy it could be found out',
  hint: 'Copy it into a table without these.',
} as const;

const COMPUTED_REFUSED = {
  rule: 'masking.no-copy',
  why: 'the mask of the column shows parts of a value, which would be other parts then',
  hint: 'Copy values as they are',
  unmask: 'all',
} as const;
