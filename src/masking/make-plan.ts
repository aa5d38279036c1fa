/**
 * Lineage × classes × clearance → what happens to a statement: refused, or forwarded with an action per output column.
 * In: where values come from, what the columns hold, what the principal may see. Out: plain data. Never reads a row,
 * a parser node or a clock. What is unknown counts as every column there is.
 */
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { ELEMENTS, keyOf, keyStep, stepsBelow, stepsOf } from '../classify/document-path.ts';
import type {
  ColumnRef,
  ColumnUse,
  CopyFormat,
  Flow,
  OpaqueRoutine,
  Oracle,
  OutputColumn,
  StatementLineage,
  WriteFlow,
} from '../sql/lineage/lineage.ts';
import { isBlankAsStored } from '../sql/lineage/lineage.ts';
import { type MaskingRights, modeIn, modeOf, seesEverything } from './clearance.ts';
import {
  addLookups,
  comparedBy,
  type Gift,
  type GivenKnowledge,
  giftsOf,
  type Lookups,
  lookupsOf,
  type Meeting,
  NO_LOOKUPS,
  shownBy,
} from './given-values.ts';
import type { ColumnAction, MaskMode, ResultPlan } from './plan.ts';

export interface ColumnKnowledge {
  /** Undefined: not classified, which counts as sensitive. */
  classOf(relation: number, attnum: number): Classification | undefined;
  /** Undefined: no system column. */
  systemAction(column: ColumnRef): 'pass' | 'scan' | 'redact' | undefined;
  /** Names of the fields of a column of a composite type; undefined: it is none. */
  fieldsOf(column: ColumnRef): readonly string[] | undefined;
  /** Is it a text, or an array of such, that documents may be kept in? */
  isText(column: ColumnRef): boolean;
  /** Attnums of a relation's columns. */
  columnsOf(relation: number): readonly number[];
  /** `schema.table.column`, for messages. */
  nameOf(column: ColumnRef): string;
  /** Does the relation have a column that is masked under these rights? */
  masksIn(relation: number, rights: MaskingRights): boolean;
  /** Was a routine or view of this name (`schema.name`, `DO`) made by somebody who came through dbgate? */
  isMadeHere(routine: string): boolean;
  /** Was it made by somebody who came through dbgate? */
  isTableMadeHere(relation: number): boolean;
  /** Did this principal (`principalKey`) make it through dbgate? A table that nobody else can see yet counts as its own. */
  isMadeBy(relation: number, principal: string): boolean;
  /** Does a table that somebody made through dbgate decide by this column what becomes of a row? */
  decidesBy(column: ColumnRef): boolean;
  /** The routine, made through dbgate, that decides about rows of this relation when they are written, or read. */
  guardOf(relation: number, when: 'written' | 'read'): string | undefined;
  /** May what is written into it go on into other tables, by triggers or rules, though it holds copies of what is masked? */
  isLaundry(relation: number): boolean;
  /** Made through dbgate, and nothing but what clients gave has come into it. */
  holdsOnlyGiven(column: ColumnRef): boolean;
  /** Is a value that is put there looked for among others, by a unique or foreign key? */
  isKey(column: ColumnRef): boolean;
  /** Columns that a foreign key of it refers to. */
  referredBy(column: ColumnRef): readonly ColumnRef[];
  hasTriggers(relation: number): boolean;
  /** `made`: by a statement that was planned here; `unknown`: through dbgate, but not so; `before`: by others. */
  origin(relation: number): 'made' | 'unknown' | 'before';
}

export interface PlanRefusal {
  readonly rule: string;
  readonly message: string;
  readonly why: string;
  /** What to do instead: `refusalHint` adds how to ask to see more. */
  readonly hint: string;
  /** Classes that would have to be shown as they are. Missing: that would not help. */
  readonly unmask?: 'all' | readonly ColumnClass[];
  /** Byte offset in the text. */
  readonly offset: number | undefined;
  /** It may be for what comes before it in its text alone. Missing: no. */
  readonly alone?: true;
}

/** `request`: the line to type to see more; undefined: nobody lets this principal ask. */
export function refusalHint({ hint, unmask }: PlanRefusal, request: string | undefined): string {
  return unmask === undefined ? hint : `${hint}, or ${request ?? 'ask for access without masking.'}`;
}

/** A class that goes along into a column that a statement makes. */
export interface Inheritance {
  readonly lookup: string;
  /** Undefined: all of them, as nobody knows what they are called. */
  readonly column: string | undefined;
  readonly class: ColumnClass;
  readonly from: string;
  /** What flows is no value of that class, but computed from such. */
  readonly computed: boolean;
  /** The relation is a session's own. Missing: no. */
  readonly temporary?: true;
}

/** A column that gets values of its class: it has that class whatever it is called later. */
export interface Pin {
  readonly relation: number;
  readonly attnum: number;
  readonly class: ColumnClass;
  readonly from: string;
}

export interface StatementPlan {
  readonly refuse: PlanRefusal | undefined;
  /** Undefined: every column of whatever comes back is redacted. */
  readonly result: ResultPlan | undefined;
  /** The answer is that of a cursor or prepared statement, so `result` is that one's. */
  readonly resultOf: StatementLineage['resultOf'];
  readonly defines: StatementLineage['defines'];
  /** Whose rows a table gets that it makes; missing: its own, or none. */
  readonly keeps?: StatementLineage['keeps'];
  /**
   * How messages of the server are told. `scan`: without what can be told from a value alone; `data`: where their kind
   * shows values (SQLSTATE classes 22, 23, P0) only of what kind they are; `generic`: only ever of what kind they are.
   */
  readonly messages: 'scan' | 'data' | 'generic';
  readonly inherits: readonly Inheritance[];
  /** Of tables made through dbgate, whose columns anybody may call as they like. Missing: none. */
  readonly pins?: readonly Pin[];
  /** How often a value that the client gave was compared with a masked column. */
  readonly lookups: number;
  /** How often with the elements of lists, and with as many as a text can hold. Missing: never. */
  readonly lists?: number;
  readonly texts?: number;
  /** Masked columns that meet others: values that clients gave to them count as lookups. Missing: none. */
  readonly meets?: readonly Meeting[];
  /** Missing: nothing. */
  readonly gives?: readonly Gift[];
  /** Where all rows go that its tag counts: a relation, or one that it makes. Missing: it is not known. */
  readonly writesTo?: { readonly relation: number } | { readonly lookup: string };
  /** Tables of which its transaction's earlier rows may be taken away uncounted, by TRUNCATE. Missing: none. */
  readonly empties?: readonly number[];
  /** It may run code that SQL does not show: what names mean in the session may be something else then. */
  readonly runsCode: boolean;
  /** It calls what is looked up only while it runs (bodies of routines): by then it may be another. Missing: no. */
  readonly looksUpLater?: boolean;
  /** Values of columns flow into others: where they come from must not change while it runs. Missing: no. */
  readonly copies?: boolean;
  /** What is computed from columns, or sent by COPY, is in its answer, and no RowDescription tells of it. Missing: no. */
  readonly computes?: boolean;
  /** Bare names on which the answer depends; missing or `all`: it cannot be told. */
  readonly names?: ReadonlySet<string> | 'all';
  /** And on those that the definitions rest on which the server vouches for. Missing: no. */
  readonly namesBehind?: boolean;
  /** Of a cursor: when it was declared or bound. */
  readonly plannedAt?: {
    readonly ticks: number;
    readonly names: ReadonlySet<string> | 'all';
    readonly isOpen: boolean;
  };
  /** Of a cursor: what the server said of the definitions that it was declared by. */
  readonly restsOn?: readonly {
    readonly parameters: readonly (readonly string[])[];
    readonly expected: string;
    readonly mayWait: boolean;
    readonly names?: ReadonlySet<string>;
  }[];
  /** Of a cursor: something may have been another when the server looked its names up. Missing: no. */
  readonly isDoubtful?: true;
  /** Of a cursor: nothing had changed by then. Missing: that is not known yet. */
  readonly isFixed?: true;
  /** Of FETCH: it goes only if the server says that nothing has changed which its cursor rests on. Missing: no. */
  readonly isOutdated?: 'doubtful' | 'looks-up-later';
  /** The answer is another statement's: the plan cannot be made of this one's text alone. */
  readonly isOfAnother: boolean;
  /** The statement's own text stands in its answer: what is in both is no news. */
  readonly explains: boolean;
  /** For COPY … TO STDOUT. */
  readonly copyOut: CopyFormat | undefined;
  /** With which it was made; missing: it shows nothing. */
  readonly rights?: MaskingRights;
}

const PASS: ColumnAction = { do: 'pass' };
const REDACT: ColumnAction = { do: 'redact' };
const REDACT_VALUE: ColumnAction = { do: 'redact', keepsBlank: true };
const SCAN: ColumnAction = { do: 'scan' };
/** How much room a plan took would tell of masked values. */
const SCAN_PLAN: ColumnAction = { do: 'scan', withoutSizes: true };
/** Whose partial masks show nothing. */
const PRIVATE: ReadonlySet<ColumnClass> = new Set(['secret', 'password_hash']);
const NO_INHERITANCE: readonly Inheritance[] = [];

export function makePlan(lineage: StatementLineage, known: ColumnKnowledge, rights: MaskingRights): StatementPlan {
  return new Planner(known, rights).plan(lineage);
}

/** Of a statement whose lineage could not be found out, but which may be forwarded: nothing of its answer is shown. */
export const OPAQUE_PLAN: StatementPlan = {
  refuse: undefined,
  result: undefined,
  resultOf: undefined,
  defines: undefined,
  messages: 'generic',
  inherits: NO_INHERITANCE,
  lookups: 0,
  runsCode: true,
  looksUpLater: true,
  isOfAnother: false,
  explains: false,
  copyOut: undefined,
};

/** A statement of which nothing is known may not run. */
export function unplannable(why: string): StatementPlan {
  const refuse: PlanRefusal = {
    rule: 'masking.not-traced',
    message: 'where the values of the answer come from could not be found out',
    why,
    hint: 'Write it in a simpler form',
    unmask: 'all',
    offset: undefined,
  };
  return { ...OPAQUE_PLAN, refuse };
}

type Held =
  | { readonly class: ColumnClass; readonly mode: MaskMode; readonly computed?: true }
  | 'system'
  | 'scan'
  | 'clear';

class Planner {
  readonly #known: ColumnKnowledge;
  readonly #rights: MaskingRights;
  readonly #seesAll: boolean;

  constructor(known: ColumnKnowledge, rights: MaskingRights) {
    this.#known = known;
    this.#rights = rights;
    this.#seesAll = seesEverything(rights);
  }

  plan(lineage: StatementLineage): StatementPlan {
    const shown = lineage.columns === undefined ? NO_COLUMNS : this.#result(lineage.columns);
    const result =
      lineage.explains === true && this.#computesMasked(lineage)
        ? { ...shown, columns: shown.columns.map((action) => (action === SCAN ? SCAN_PLAN : action)) }
        : shown;
    const uses = this.#uses(lineage);
    const { refuse } = uses;
    const writes = this.#writes(lineage);
    const blind = lineage.unknown.length > 0;
    const compared = this.#compared(lineage, result);
    const lookups = addLookups(uses.lookups, compared.lookups);
    const gives = giftsOf(lineage, this.#given);
    return {
      refuse:
        refuse ??
        this.#oracle(lineage) ??
        this.#opaque(lineage) ??
        writes.refuse ??
        this.#laundry(lineage) ??
        this.#guards(lineage),
      result: blind ? undefined : result,
      resultOf: lineage.resultOf,
      defines: lineage.defines,
      ...(lineage.keeps === undefined ? {} : { keeps: lineage.keeps }),
      messages: this.#touchesMasked(lineage) ? 'generic' : blind ? 'data' : 'scan',
      inherits: writes.inherits,
      ...(writes.pins.length === 0 ? {} : { pins: writes.pins }),
      lookups: lookups.count + this.#sums(lineage),
      ...(lookups.lists === 0 ? {} : { lists: lookups.lists }),
      ...(lookups.texts === 0 ? {} : { texts: lookups.texts }),
      ...(compared.meets.length === 0 ? {} : { meets: compared.meets }),
      ...(gives.length === 0 ? {} : { gives }),
      runsCode: lineage.opaque.length > 0,
      copies:
        lineage.writes.some(bringsValues) || lineage.opaque.some(({ routine }) => this.#known.isMadeHere(routine)),
      isOfAnother: lineage.resultOf !== undefined,
      explains: lineage.explains === true,
      copyOut: lineage.copyOut,
      rights: this.#rights,
    };
  }

  readonly #given: GivenKnowledge = {
    maskedClass: (column) => {
      const held = this.#held(column);
      return typeof held === 'object' ? held.class : undefined;
    },
    holdsOnlyGiven: (column) => this.#known.holdsOnlyGiven(column),
    isTableMadeHere: (relation) => this.#known.isTableMadeHere(relation),
    columnsOf: (relation) => this.#known.columnsOf(relation),
    isMadeHere: (routine) => this.#known.isMadeHere(routine),
    isKey: (column) => this.#known.isKey(column),
    referredBy: (column) => this.#known.referredBy(column),
    hasTriggers: (relation) => this.#known.hasTriggers(relation),
  };

  /** Who may ask anything needs no dictionary. */
  #compared(lineage: StatementLineage, { columns }: ResultPlan): ReturnType<typeof comparedBy> {
    if (this.#seesAll || this.#rights.predicates === 'free') return { meets: [], lookups: NO_LOOKUPS };
    const found = [comparedBy(lineage, this.#given)];
    (lineage.columns ?? []).forEach((column, i) => {
      found.push(shownBy(column, columns[i]!, column.type, this.#given));
    });
    return {
      meets: found.flatMap(({ meets }) => meets),
      lookups: found.map(({ lookups }) => lookups).reduce(addLookups),
    };
  }

  // ── the answer ─────────────────────────────────────────────────────────────────────────────────────────────────

  #result(columns: readonly OutputColumn[]): ResultPlan {
    const actions = columns.map((column) => {
      const action = this.#action(column);
      // Nobody knows which of its values are the client's own: what compares is not shown.
      const isUntold = ({ relation }: { readonly relation: number }): boolean =>
        this.#known.origin(relation) === 'unknown';
      return shownBy(column, action, column.type, this.#given).meets.some(isUntold) ? this.#redacted(column) : action;
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
      const held = this.#held(source);
      if (held === 'clear') continue;
      if (held === 'system') return this.#redacted(flow);
      if (typeof held === 'object' && held.computed) computed = true;
      if (held === 'scan') scanned = true;
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
    const isAsStored = isBlankAsStored(flow) && !flow.sources.some((source) => this.#isChosen(source));
    return isAsStored ? REDACT_VALUE : REDACT;
  }

  /** What was computed into a table that somebody made through dbgate: what it says of a value is what they chose to ask. */
  #isChosen({ relation, attnum }: ColumnRef): boolean {
    return this.#known.classOf(relation, attnum)?.computed === true && this.#known.isTableMadeHere(relation);
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
      const mode = this.#modeOf(own, source);
      return mode === 'none' ? PASS : { do: 'mask', class: own, mode, ...this.#ofGiven([source]) };
    }
    const isInside = [...paths.keys()].some((path) => path.startsWith(`${step}.`) || path.startsWith(ELEMENTS));
    return isInside ? REDACT_VALUE : SCAN;
  }

  #pathAction(paths: readonly (readonly [readonly string[], ColumnClass])[], source: ColumnRef): ColumnAction {
    const own = paths.find(([path]) => path.every((step) => step === ELEMENTS));
    if (own !== undefined) {
      const mode = this.#modeOf(own[1], source);
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

  #held(source: ColumnRef): Held {
    if (this.#seesAll) return 'clear';
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

  #masks(columnClass: ColumnClass, source: ColumnRef): Held {
    const mode = this.#modeOf(columnClass, source);
    return mode === 'none' ? 'clear' : { class: columnClass, mode };
  }

  #modeOf(columnClass: ColumnClass, { relation, attnum }: ColumnRef): MaskMode | 'none' {
    if (this.#rights.cleared === undefined) return modeOf(this.#rights, columnClass);
    const name = this.#known.nameOf({ relation, attnum });
    const table = name.slice(0, name.lastIndexOf('.'));
    return modeIn(this.#rights, columnClass, table, (principal) => this.#known.isMadeBy(relation, principal));
  }

  #isMasked(source: ColumnRef): boolean {
    const held = this.#held(source);
    return held === 'system' || typeof held === 'object';
  }

  #because(column: Flow): string {
    if (column.unknown.length > 0) return `its origin is unknown: ${column.unknown[0]}`;
    const names = column.sources
      .filter((source) => this.#held(source) !== 'clear')
      .map((source) => {
        const held = this.#held(source);
        const what = typeof held === 'object' ? held.class : held === 'system' ? 'system data' : 'looked at by value';
        return `${this.#known.nameOf(source)} (${what})`;
      });
    return `made of ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  }

  // ── what masked columns steer ──────────────────────────────────────────────────────────────────────────────────

  #uses(lineage: StatementLineage): { refuse: PlanRefusal | undefined; lookups: Lookups } {
    let lookups = NO_LOOKUPS;
    for (const use of lineage.uses) {
      if (!this.#isMasked(use.source)) continue;
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
    if (predicates !== 'free' && this.#isChosen(use.source)) {
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
        if (predicates !== 'none') return undefined;
        return this.#refusal('masking.no-lookup', use, 'may not be compared');
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
    const held = this.#held(use.source);
    const partners = use.against ?? [];
    if (partners.length === 0 || typeof held !== 'object') return false;
    return partners.every((partner) => {
      const other = this.#held(partner);
      return typeof other === 'object' && other.class === held.class;
    });
  }

  /** Is it put in order with what somebody may know: what is not masked, or stands in a table made through dbgate? */
  #mixesKnown({ against }: ColumnUse): boolean {
    return (
      against?.some((source) => !this.#isMasked(source) || this.#known.isTableMadeHere(source.relation)) === true &&
      against.some((source) => this.#isMasked(source) && !this.#known.holdsOnlyGiven(source))
    );
  }

  #mixed(use: ColumnUse): PlanRefusal {
    return this.#refusal('masking.no-order', use, 'may not be put in order among values that may be known');
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
        !this.#isMasked(source),
    );
  }

  /** Does the answer tell rows apart by what is not masked? */
  #identifies({ columns, uses }: StatementLineage): boolean {
    return (
      (columns ?? []).some(
        ({ sources, label }) => label === true || sources.some((source) => !this.#isMasked(source)),
      ) || uses.some(({ source, use }) => use === 'sink' && !this.#isMasked(source))
    );
  }

  #refusal(rule: string, use: ColumnUse, what: string, hint = EQUALITY): PlanRefusal {
    return {
      rule,
      message: `${this.#known.nameOf(use.source)} is masked for you and ${what}`,
      why: 'the answer would tell what the column holds',
      hint,
      unmask: this.#classOf(use.source),
      offset: use.offset,
    };
  }

  #classOf(source: ColumnRef): 'all' | readonly ColumnClass[] {
    const held = this.#held(source);
    return typeof held === 'object' ? [held.class] : 'all';
  }

  #oracle({ oracle }: StatementLineage): PlanRefusal | undefined {
    if (oracle === undefined || this.#seesAll || this.#rights.predicates === 'free') return undefined;
    return { ...ORACLES[oracle], rule: 'masking.no-inference', unmask: 'all', offset: undefined };
  }

  #opaque(lineage: StatementLineage): PlanRefusal | undefined {
    for (const one of lineage.opaque) {
      const { routine, reads, trigger, blind = lineage.unknown.length > 0 } = one;
      // Triggers that were there before do what they always did, but for those that somebody put on a table of their own.
      const isOld = trigger === true && !this.#known.isMadeHere(routine);
      const masked = isOld ? this.#carried(one, lineage) : reads.find((source) => this.#isMasked(source));
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
        target.kind === 'column' && target.relation === on && flow.sources.some((source) => this.#isMasked(source)),
    );
    const seen = blind === true ? this.#known.columnsOf(on).map((attnum) => ({ relation: on, attnum })) : reads;
    return seen.find((source) => this.#isMasked(source) && (isBrought || !this.#known.holdsOnlyGiven(source)));
  }

  #laundry(lineage: StatementLineage): PlanRefusal | undefined {
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
  #guards(lineage: StatementLineage): PlanRefusal | undefined {
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

  #computesMasked({ computes }: StatementLineage): boolean {
    if (this.#seesAll) return false;
    return computes === 'unknown' || computes?.some((source) => this.#isMasked(source)) === true;
  }

  #touchesMasked(lineage: StatementLineage): boolean {
    const touches = (flow: Flow): boolean =>
      flow.unknown.length > 0 || flow.sources.some((source) => this.#isMasked(source));
    return (
      (lineage.columns?.some(touches) ?? false) ||
      lineage.uses.some(({ source }) => this.#isMasked(source)) ||
      lineage.writes.some(({ flow }) => touches(flow)) ||
      lineage.writes.some(({ target }) => target.kind === 'column' && this.#isMasked(target)) ||
      // An error on a row that is written shows the row.
      (lineage.modifies ?? lineage.reads).some((relation) => this.#known.masksIn(relation, this.#rights))
    );
  }

  // ── what is written ────────────────────────────────────────────────────────────────────────────────────────────

  #writes(lineage: StatementLineage): {
    refuse: PlanRefusal | undefined;
    inherits: readonly Inheritance[];
    pins: readonly Pin[];
  } {
    let inherits: Inheritance[] | undefined;
    const pins: Pin[] = [];
    for (const { target, flow, sums, generated, stored, offset } of lineage.writes) {
      const masked = flow.sources.find((source) => this.#isMasked(source));
      const blind = flow.unknown.length > 0;
      if (masked === undefined && !blind) continue;
      const from = masked === undefined ? 'an unknown origin' : this.#known.nameOf(masked);
      if (target.kind === 'column') {
        const to = this.#known.nameOf(target);
        if (blind || !this.#isMasked(target)) {
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
    const held = this.#held(target);
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
      const held = this.#held(source);
      if (held === 'clear') continue;
      if (typeof held !== 'object' || held.computed || (found !== undefined && held.class !== found)) return undefined;
      found = held.class;
    }
    return found;
  }

  /** How often something is added to a masked number: whether that fails or shows says how large it is. */
  #sums({ writes }: StatementLineage): number {
    return writes.filter(({ target, sums }) => sums === true && target.kind === 'column' && this.#isMasked(target))
      .length;
  }

  /** A mask that shows how large a number is tells all of it to who may add to it often enough. */
  #mayAdd(target: ColumnRef): boolean {
    const held = this.#held(target);
    return typeof held === 'object' && held.class === 'financial' && !this.#known.isTableMadeHere(target.relation);
  }

  /** Does the mask of a column hide what flows into it as well as it hides what was there? */
  #fits(flow: Flow, target: ColumnRef): boolean {
    const held = this.#held(target);
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

/** Not where a column gets what is computed from itself, nor from constants. */
function bringsValues({ target, flow }: WriteFlow): boolean {
  if (target.kind === 'new' || flow.unknown.length > 0) return true;
  return flow.sources.some(({ relation, attnum }) => relation !== target.relation || attnum !== target.attnum);
}

const NO_COLUMNS: ResultPlan = { columns: [], passes: true, because: [] };

const EQUALITY = 'Compare it for equality with a value that you know';
const SAME_CLASS = 'Join it with a column of the same class';
const CLEAR_ORDER = 'Order by what is not masked';
const CLEAR_TABLE = 'Name a table without masked columns';
const WIDER = 'Take text, a longer varchar or a wider number of its kind, without USING';

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

/** The classes of what stands at, above or below a part of a document, with the steps to there. */
function pathsBelow(
  paths: ReadonlyMap<string, ColumnClass>,
  part: readonly string[],
): (readonly [readonly string[], ColumnClass])[] {
  return [...paths].flatMap(([text, columnClass]) => {
    const below = stepsBelow(stepsOf(text), part);
    return below === undefined ? [] : [[below, columnClass] as const];
  });
}
