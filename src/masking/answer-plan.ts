/** What is done to each column of an answer. In: where its values come from. Out: an action. */
import type { ColumnClass } from '../classify/classes.ts';
import { ELEMENTS, keyOf, keyStep } from '../classify/document-path.ts';
import type { ColumnRef, Flow, OutputColumn } from '../sql/lineage/lineage.ts';
import { isBlankAsStored } from '../sql/lineage/lineage.ts';
import type { ColumnKnowledge } from './column-knowledge.ts';
import { shownBy } from './given-values.ts';
import { type Held, type HeldColumns, pathsBelow } from './held-columns.ts';
import type { ColumnAction, ResultPlan } from './plan.ts';

const PASS: ColumnAction = { do: 'pass' };
const REDACT: ColumnAction = { do: 'redact' };
const REDACT_VALUE: ColumnAction = { do: 'redact', keepsBlank: true };
export const SCAN: ColumnAction = { do: 'scan' };

export class AnswerPlan {
  readonly #known: ColumnKnowledge;
  readonly #held: HeldColumns;

  constructor(known: ColumnKnowledge, held: HeldColumns) {
    this.#known = known;
    this.#held = held;
  }

  /** By output column. */
  result(given: readonly OutputColumn[]): ResultPlan {
    const columns = given.map(asDocument);
    const actions = columns.map((column) => {
      const action = this.#action(column);
      // Nobody knows which of its values are the client's own: what compares is not shown.
      const isUntold = ({ relation }: { readonly relation: number }): boolean =>
        this.#known.origin(relation) === 'unknown';
      return shownBy(column, action, column.type, this.#held.given).meets.some(isUntold)
        ? this.#redacted(column)
        : action;
    });
    return {
      columns: actions,
      passes: actions.every((action) => action.do === 'pass'),
      origins: columns.map(({ origin }) => origin),
      types: columns.map(({ type }) => type),
      because: columns.map((column, i) => (actions[i]!.do === 'pass' ? undefined : this.#because(column))),
    };
  }

  #action(flow: Flow): ColumnAction {
    if (flow.unknown.length > 0) return REDACT;
    let masked: Extract<Held, object> | undefined;
    let scanned = false;
    let several = false;
    let computed = false;
    for (const source of flow.sources) {
      const held = this.#held.of(source);
      if (held === 'clear') continue;
      if (held === 'system' && !isContainer(flow)) return this.#redacted(flow);
      if (typeof held === 'object' && held.computed) computed = true;
      if (held === 'scan' || held === 'system') scanned = true;
      else if (masked === undefined) masked = held;
      else if (masked.class !== held.class || masked.mode !== held.mode) several = true;
    }
    if (masked === undefined && !scanned) return PASS;
    const { shape } = flow;
    switch (shape.kind) {
      case 'copy':
        if (masked === undefined) return SCAN;
        if (several) return this.#redacted(flow);
        return (
          this.#paths(flow.sources) ??
          (computed
            ? this.#redacted(flow)
            : { do: 'mask', class: masked.class, mode: masked.mode, ...this.#ofGiven(flow.sources) })
        );
      case 'array':
        return { do: 'array', element: this.#action(shape.element) };
      case 'row':
        return { do: 'row', fields: shape.fields.map((field) => this.#action(field.flow)) };
      case 'json':
        return this.#json(shape.value);
      case 'text':
        return masked === undefined ? SCAN : this.#redacted(flow);
      case 'derived':
        // What a definition holds is found as it is written, not turned round or cut up.
        if (masked !== undefined) return this.#redacted(flow);
        // Whoever may see most of it may ask of it.
        return flow.sources.some((source) => this.#known.systemAction(source) === 'scan') ? REDACT_VALUE : SCAN;
      default: {
        const never: never = shape;
        throw new Error(`unknown shape ${String(never)}`);
      }
    }
  }

  /** Where NULL and empty are as they are stored, they tell no more than that column does. */
  #redacted(flow: Flow): ColumnAction {
    const isAsStored = isBlankAsStored(flow) && !flow.sources.some((source) => this.#held.isChosen(source));
    return isAsStored ? REDACT_VALUE : REDACT;
  }

  /** A json value made of `value`: an object of a row, an array of an array, a string or number of a scalar. */
  #json(value: Flow): ColumnAction {
    const { shape } = value;
    if (value.unknown.length === 0 && shape.kind === 'row') {
      const keys = new Map<string, ColumnAction>();
      for (const { name, flow } of shape.fields) {
        const action = this.#inJson(flow);
        // Of two fields of one name neither is told from the other.
        keys.set(name, keys.has(name) ? REDACT : action);
      }
      return { do: 'json', keys, otherwise: REDACT };
    }
    if (value.unknown.length === 0 && shape.kind === 'array') return this.#inJson(shape.element);
    return this.#inJson(value);
  }

  #inJson(flow: Flow): ColumnAction {
    const { shape } = flow;
    if (shape.kind === 'row') return this.#json(flow);
    if (shape.kind === 'json') return this.#json(shape.value);
    if (shape.kind === 'array') return this.#inJson(shape.element);
    const action = this.#action(flow);
    // A document that is a text stands in another as a string.
    if (action.do === 'json' && flow.sources.some((source) => this.#known.isText(source))) return REDACT_VALUE;
    const isWhole = action.do === 'pass' || action.do === 'json' || action === REDACT;
    return isWhole ? action : { do: 'json', keys: new Map(), otherwise: action };
  }

  /**
   * Of one document, composite or hstore whose sensitive paths are known, or of a part of one: those alone are masked.
   * Undefined: it is masked as a whole.
   */
  #paths(sources: readonly ColumnRef[]): ColumnAction | undefined {
    const source = sources[0]!;
    if (sources.length > 1) return undefined;
    const { paths, computed } = this.#known.classOf(source.relation, source.attnum) ?? {};
    if (computed === true || paths === undefined || paths.size === 0) return undefined;
    if (source.path === undefined) {
      const fields = this.#known.fieldsOf(source);
      if (fields !== undefined) return { do: 'row', fields: fields.map((field) => this.#field(field, paths, source)) };
    }
    const below = pathsBelow(paths, source.path ?? []);
    if (source.path !== undefined && below.every(([steps]) => steps.length === 0)) return undefined;
    return this.#pathAction(below, source);
  }

  #ofGiven(sources: readonly ColumnRef[]): { readonly given?: true } {
    return sources.every((source) => this.#known.holdsOnlyGiven(source)) ? { given: true } : {};
  }

  /** Of a composite: by position. */
  #field(field: string, paths: ReadonlyMap<string, ColumnClass>, source: ColumnRef): ColumnAction {
    const step = keyStep(field);
    const own = paths.get(step);
    if (own !== undefined) {
      const mode = this.#held.modeOf(own, source);
      return mode === 'none' ? PASS : { do: 'mask', class: own, mode, ...this.#ofGiven([source]) };
    }
    const isInside = [...paths.keys()].some((path) => path.startsWith(`${step}.`) || path.startsWith(ELEMENTS));
    return isInside ? REDACT_VALUE : SCAN;
  }

  #pathAction(paths: readonly (readonly [readonly string[], ColumnClass])[], source: ColumnRef): ColumnAction {
    const own = paths.find(([path]) => path.every((step) => step === ELEMENTS));
    if (own !== undefined) {
      const mode = this.#held.modeOf(own[1], source);
      return {
        do: 'json',
        keys: new Map(),
        otherwise: mode === 'none' ? PASS : { do: 'mask', class: own[1], mode, ...this.#ofGiven([source]) },
      };
    }
    const below = new Map<string, (readonly [readonly string[], ColumnClass])[]>();
    for (const [path, columnClass] of paths) {
      const [first = '', ...rest] = path.filter((step) => step !== ELEMENTS);
      const key = keyOf(first) ?? '';
      const entries = below.get(key) ?? [];
      entries.push([rest, columnClass]);
      below.set(key, entries);
    }
    const keys = new Map([...below].map(([key, entries]) => [key, this.#pathAction(entries, source)] as const));
    // What stands at paths that no sample showed is looked at by value.
    return { do: 'json', keys, otherwise: SCAN };
  }

  #because(column: Flow): string {
    if (column.unknown.length > 0) return `its origin is unknown: ${column.unknown[0]}`;
    const names = column.sources
      .filter((source) => this.#held.of(source) !== 'clear')
      .map((source) => {
        const held = this.#held.of(source);
        const what = typeof held === 'object' ? held.class : held === 'system' ? 'system data' : 'looked at by value';
        return `${this.#known.nameOf(source)} (${what})`;
      });
    return `made of ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  }
}

/** Of what it is made is told part by part. */
function isContainer({ shape }: Flow): boolean {
  return shape.kind === 'array' || shape.kind === 'row' || shape.kind === 'json';
}

/** A document is the same as a text, and is masked as one. */
function asDocument(column: OutputColumn): OutputColumn {
  const { shape } = column;
  if (shape.kind !== 'text' || shape.document === undefined) return column;
  return { ...column, shape: { kind: 'json', value: shape.document } };
}
