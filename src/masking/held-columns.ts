/** What columns hold for whoever has these rights: values of a class and how it is masked, or nothing that is masked. */
import type { ColumnClass } from '../classify/classes.ts';
import { stepsBelow, stepsOf } from '../classify/document-path.ts';
import type { ColumnRef } from '../sql/lineage/lineage.ts';
import { type MaskingRights, modeIn, modeOf, seesEverything } from './clearance.ts';
import type { ColumnKnowledge } from './column-knowledge.ts';
import type { GivenKnowledge } from './given-values.ts';
import type { MaskMode } from './plan.ts';

export type Held =
  | { readonly class: ColumnClass; readonly mode: MaskMode; readonly computed?: true }
  | 'system'
  | 'scan'
  | 'clear';

export class HeldColumns {
  readonly seesAll: boolean;
  readonly #known: ColumnKnowledge;
  readonly #rights: MaskingRights;

  constructor(known: ColumnKnowledge, rights: MaskingRights) {
    this.#known = known;
    this.#rights = rights;
    this.seesAll = seesEverything(rights);
  }

  readonly given: GivenKnowledge = {
    maskedClass: (column) => {
      const held = this.of(column);
      return typeof held === 'object' ? held.class : undefined;
    },
    maskedClasses: (column) => this.#maskedClasses(column),
    holdsOnlyGiven: (column) => this.#known.holdsOnlyGiven(column),
    isTableMadeHere: (relation) => this.#known.isTableMadeHere(relation),
    columnsOf: (relation) => this.#known.columnsOf(relation),
    isMadeHere: (routine) => this.#known.isMadeHere(routine),
    isKey: (column) => this.#known.isKey(column),
    referredBy: (column) => this.#known.referredBy(column),
    hasTriggers: (relation) => this.#known.hasTriggers(relation),
  };

  of(source: ColumnRef): Held {
    if (this.seesAll) return 'clear';
    const { relation, attnum, path } = source;
    const system = this.#known.systemAction(source);
    if (system !== undefined) return system === 'pass' ? 'clear' : system === 'scan' ? 'scan' : 'system';
    const found = this.#known.classOf(relation, attnum);
    if (found === undefined) {
      const held = this.#masks('free_text', source);
      return typeof held === 'object' ? { ...held, computed: true } : held;
    }
    const { paths } = found;
    if (path !== undefined && paths !== undefined && paths.size > 0) {
      const below = pathsBelow(paths, path);
      const classes = new Set(below.map(([, columnClass]) => columnClass));
      const held = [...classes].map((columnClass) => this.#masks(columnClass, source));
      const masked = held.find((one) => typeof one === 'object');
      if (masked === undefined) return below.some(([steps]) => steps.length === 0) ? 'clear' : 'scan';
      return found.computed === true || classes.size > 1 ? { ...masked, computed: true } : masked;
    }
    if (found.class !== undefined) {
      const held = this.#masks(found.class, source);
      return found.computed === true && typeof held === 'object' ? { ...held, computed: true } : held;
    }
    if (paths !== undefined && paths.size > 0) {
      for (const columnClass of paths.values()) {
        const held = this.#masks(columnClass, source);
        if (held !== 'clear') return held;
      }
    }
    return found.scan ? 'scan' : 'clear';
  }

  /** Of a document that is asked as a whole those of all its parts. */
  #maskedClasses(source: ColumnRef): readonly ColumnClass[] {
    const held = this.of(source);
    if (typeof held !== 'object') return [];
    const { paths } = this.#known.classOf(source.relation, source.attnum) ?? {};
    const classes = pathsBelow(paths ?? new Map(), source.path ?? []).map(([, columnClass]) => columnClass);
    return [...new Set([held.class, ...classes])].filter((one) => typeof this.#masks(one, source) === 'object');
  }

  isMasked(source: ColumnRef): boolean {
    const held = this.of(source);
    return held === 'system' || typeof held === 'object';
  }

  /** A document or composite of which parts are masked: what is beside them is shown. */
  showsParts({ relation, attnum, path = [] }: ColumnRef): boolean {
    const { paths, computed } = this.#known.classOf(relation, attnum) ?? {};
    if (paths === undefined || computed === true) return false;
    return pathsBelow(paths, path).some(([steps]) => steps.length > 0);
  }

  /** What was computed into a table that somebody made through dbgate: what it says of a value is what they chose to ask. */
  isChosen({ relation, attnum }: ColumnRef): boolean {
    return this.#known.classOf(relation, attnum)?.computed === true && this.#known.isTableMadeHere(relation);
  }

  #masks(columnClass: ColumnClass, source: ColumnRef): Held {
    const mode = this.modeOf(columnClass, source);
    return mode === 'none' ? 'clear' : { class: columnClass, mode };
  }

  modeOf(columnClass: ColumnClass, { relation, attnum }: ColumnRef): MaskMode | 'none' {
    if (this.#rights.cleared === undefined) return modeOf(this.#rights, columnClass);
    const name = this.#known.nameOf({ relation, attnum });
    const table = name.slice(0, name.lastIndexOf('.'));
    return modeIn(this.#rights, columnClass, table, (principal) => this.#known.isMadeBy(relation, principal));
  }

  classesOf(source: ColumnRef): 'all' | readonly ColumnClass[] {
    const held = this.of(source);
    return typeof held === 'object' ? [held.class] : 'all';
  }
}

/** The classes of what stands at, above or below a part of a document, with the steps to there. */
export function pathsBelow(
  paths: ReadonlyMap<string, ColumnClass>,
  part: readonly string[],
): (readonly [readonly string[], ColumnClass])[] {
  return [...paths].flatMap(([text, columnClass]) => {
    const below = stepsBelow(stepsOf(text), part);
    return below === undefined ? [] : [[below, columnClass] as const];
  });
}
