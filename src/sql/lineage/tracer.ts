/** What a trace carries along: the world, what was found so far, and the parts that call one another. */
import type { CatalogRelation, CatalogRoutine, World } from '../../catalog/catalog.ts';
import type { Grammar, ParsedStatement } from '../grammar.ts';
import { location, type Tree } from '../tree.ts';
import { ConstantMoves } from './constant-moves.ts';
import { Findings } from './findings.ts';
import { type NamedValue, refKey, type Value, valueFrom } from './flows.ts';
import type { ColumnRef, ColumnUse, Flow, Given, OpaqueRoutine, Use } from './lineage.ts';
import type { Scope } from './scopes.ts';

/** How rows go by what a use names, and of how much of it. */
export type UseMarks = Pick<ColumnUse, 'sorted' | 'inner' | 'digits' | 'joins' | 'ofLength'>;

/** The text is nested too deep, or too much for one trace. */
export class LineageTooDeep extends Error {
  constructor(what: string) {
    super(`lineage is too involved: ${what}`);
    this.name = 'LineageTooDeep';
  }
}

/** Nested nodes; a worker's stack of 16 MB holds more. */
const MAX_DEPTH = 3000;
/**
 * Expressions looked at for one text, views and routines included: some three quarters of a second on a core of 2026.
 * Constants do not count: there are no more of them than the text has bytes.
 */
const MAX_STEPS = 500_000;
/** Columns that are looked at as fast as an expression. */
const COLUMNS_A_STEP = 32;
/** What parsing costs, in expressions. */
const [STEPS_A_PARSE, CHARACTERS_A_STEP] = [8, 8];
/** A routine or view within one within …. */
const MAX_NESTING = 24;

/** A view's columns and what its definition does, the same for every reader. */
export interface ViewTrace {
  readonly columns: readonly NamedValue[];
  readonly findings: Findings;
}

/** What is kept from trace to trace, for one snapshot of a catalog. */
export interface LineageMemo {
  version: number | undefined;
  readonly views: Map<string, ViewTrace>;
}

export function createLineageMemo(): LineageMemo {
  return { version: undefined, views: new Map() };
}

/** A relation that an earlier statement of the same text made. */
export interface MadeRelation {
  /** Undefined: not known, or changed since. */
  readonly columns: readonly NamedValue[] | undefined;
  readonly schema: string | undefined;
}

/** A relation with a foreign key to another, by pg_constraint.confdeltype and confupdtype. */
export interface Referring {
  readonly relation: CatalogRelation;
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** What a trigger does. */
export interface Fired {
  readonly opaque: readonly OpaqueRoutine[];
  readonly modifies: ReadonlySet<number>;
}

/** A call of a routine or operator: its arguments in order. */
export interface Argument {
  readonly node: Tree | undefined;
  readonly value: Value;
  /** `name => value` */
  readonly name: string | undefined;
}

/** What stands in the files beside, each of which may need the others. */
export interface Parts {
  value(t: Tracer, node: Tree | undefined, scope: Scope): Value;
  condition(t: Tracer, node: Tree | undefined, scope: Scope): void;
  /** The columns of a wrapped query: SELECT, VALUES, or a data-modifying statement with RETURNING. */
  query(t: Tracer, node: Tree | undefined, outer: Scope): readonly NamedValue[];
  /** What a statement gives, or undefined where it gives no rows. */
  statement(t: Tracer, node: Tree, scope: Scope): readonly NamedValue[] | undefined;
  view(t: Tracer, relation: CatalogRelation): readonly NamedValue[];
  routine(t: Tracer, routine: CatalogRoutine, args: readonly Argument[], node: Tree | undefined): Value;
  call(t: Tracer, name: readonly string[], args: readonly Argument[], node: Tree | undefined): Value;
}

interface Frame {
  world: World;
  /** Locations in the tree are those of the text. */
  locates: boolean;
  /** Name of the view whose definition is being read. */
  inside: string | undefined;
  nesting: number;
  /** The search_path while it runs, under which bodies given as texts are read. */
  running: readonly string[];
}

export class Tracer {
  readonly grammar: Grammar;
  readonly memo: LineageMemo;
  readonly #parts: Parts;
  #frame: Frame;
  #depth = 0;
  #steps = 0;
  #queries = 0;
  readonly #parsed = new Map<string, readonly ParsedStatement[]>();
  readonly #bodies = new Map<string, Tree>();
  findings = new Findings();
  readsLiterals = false;
  readonly moves = new ConstantMoves();
  /** By bare name. */
  readonly made = new Map<string, MadeRelation>();
  /** What earlier statements of the text wrote, by relation and attnum. */
  readonly written = new Map<number, Map<number, Flow>>();
  /** Columns of tables as they are stored, by relation. */
  readonly stored = new Map<string, readonly NamedValue[]>();
  /** Of many columns: where a name stands. */
  readonly places = new WeakMap<readonly NamedValue[], ReadonlyMap<string, readonly Value[]>>();
  /** Views that were read for this statement, by what was being read around them. */
  readonly viewed = new Map<string, ViewTrace>();
  /** By the relation that they refer to; undefined until it is asked for. */
  referring: ReadonlyMap<number, readonly Referring[]> | undefined;
  /** The node of the statement whose command tag comes back. */
  top: Tree | undefined;
  /** Routines in whose bodies it is. */
  readonly callers: string[] = [];
  /** Routines and views being read, for recursion. */
  readonly active = new Set<number>();
  /** Trigger routines being read. */
  readonly firing = new Set<number>();
  /**
   * Those read for this statement, by routine and table: triggers that write to one another's tables would be read once
   * for each way to get there. One read within a circle lacks what is being read around it, which the statement gets anyway.
   */
  readonly fired = new Map<string, Fired>();

  constructor(world: World, grammar: Grammar, memo: LineageMemo, parts: Parts) {
    this.grammar = grammar;
    this.memo = memo;
    this.#parts = parts;
    this.#frame = { world, locates: true, inside: undefined, nesting: 0, running: world.searchPath };
  }

  get world(): World {
    return this.#frame.world;
  }
  get runningPath(): readonly string[] {
    return this.#frame.running;
  }
  get catalog(): World['catalog'] {
    return this.#frame.world.catalog;
  }

  value(node: Tree | undefined, scope: Scope): Value {
    if (node?.A_Const !== undefined) return this.#parts.value(this, node, scope);
    // An empty slot counts too: a query costs what its slots cost.
    if (node === undefined || node.ColumnRef !== undefined)
      return this.#deeper(() => this.#parts.value(this, node, scope));
    const { values } = this.findings;
    const known = values.get(node, scope);
    if (known !== undefined) return known;
    const value = this.#deeper(() => this.#parts.value(this, node, scope));
    values.set(node, scope, value);
    return value;
  }
  /** What an expression gives that was found along with one around it. */
  knows(node: Tree, scope: Scope, value: Value): void {
    this.findings.values.set(node, scope, value);
  }
  condition(node: Tree | undefined, scope: Scope): void {
    const { conditions } = this.findings;
    if (node !== undefined && conditions.get(node, scope) !== undefined) return;
    this.#deeper(() => this.#parts.condition(this, node, scope));
    if (node !== undefined) conditions.set(node, scope, true);
  }
  query(node: Tree | undefined, outer: Scope): readonly NamedValue[] {
    const { queries } = this.findings;
    const known = node === undefined ? undefined : queries.get(node, outer);
    if (known !== undefined) return known;
    this.#queries++;
    try {
      const columns = this.#deeper(() => this.#parts.query(this, node, outer));
      if (node !== undefined) queries.set(node, outer, columns);
      return columns;
    } finally {
      this.#queries--;
    }
  }

  /** In a query within another, or within a routine. */
  get isInner(): boolean {
    return this.#queries > 1 || this.callers.length > 0;
  }
  statement(node: Tree, scope: Scope): readonly NamedValue[] | undefined {
    return this.#deeper(() => this.#parts.statement(this, node, scope));
  }
  view(relation: CatalogRelation): readonly NamedValue[] {
    return this.#deeper(() => this.#parts.view(this, relation));
  }
  routine(routine: CatalogRoutine, args: readonly Argument[], node: Tree | undefined): Value {
    return this.within(`${routine.schema}.${routine.name}`, () =>
      this.#deeper(() => this.#parts.routine(this, routine, args, node)),
    );
  }

  /** Of a function in pg_catalog that is called by what is no call. */
  builtin(name: string, args: readonly Argument[], node: Tree | undefined): Value {
    return this.#deeper(() => this.#parts.call(this, ['pg_catalog', name], args, node));
  }

  /** In the body of a routine. */
  within<T>(caller: string, run: () => T): T {
    this.callers.push(caller);
    try {
      return run();
    } finally {
      this.callers.pop();
    }
  }

  /** What a statement puts into a column. */
  gives(target: Given['target'], flow: Flow, statement: Tree | undefined, byDefault = false): void {
    this.findings.gives.push({
      target,
      flow,
      isTop: statement !== undefined && statement === this.top,
      ...(byDefault ? { byDefault } : {}),
      within: [...this.callers],
    });
  }

  /** Counts what costs as much as so many expressions. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new LineageTooDeep(`more than ${MAX_STEPS} expressions`);
  }

  /** Counts columns that are looked at beside expressions. */
  spendColumns(count: number): void {
    this.spend(Math.floor(count / COLUMNS_A_STEP));
  }

  #deeper<T>(run: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new LineageTooDeep(`more than ${MAX_DEPTH} nested expressions`);
    this.spend(1);
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  /** What stands elsewhere: bodies of routines, definitions of views. Each text is parsed once. */
  parse(sql: string): readonly ParsedStatement[] {
    let statements = this.#parsed.get(sql);
    if (statements === undefined) {
      this.spend(STEPS_A_PARSE + Math.ceil(sql.length / CHARACTERS_A_STEP));
      statements = this.grammar.parse(sql);
      this.#parsed.set(sql, statements);
    }
    return statements;
  }
  parseRoutine(definition: string): Tree {
    let body = this.#bodies.get(definition);
    if (body === undefined) {
      this.spend(STEPS_A_PARSE + Math.ceil(definition.length / CHARACTERS_A_STEP));
      body = this.grammar.parseRoutine(definition);
      this.#bodies.set(definition, body);
    }
    return body;
  }

  /** Reads a text that stands elsewhere: another search path, no locations. Undefined: too many within one another. */
  elsewhere<T>(
    searchPath: readonly string[],
    inside: string | undefined,
    run: () => T,
    running: readonly string[] = this.#frame.running,
  ): T | undefined {
    const before = this.#frame;
    if (before.nesting >= MAX_NESTING) return undefined;
    this.#frame = {
      world: { catalog: before.world.catalog, searchPath },
      locates: false,
      inside: inside ?? before.inside,
      nesting: before.nesting + 1,
      running,
    };
    try {
      return run();
    } finally {
      this.#frame = before;
    }
  }

  /** What `run` finds, kept apart. */
  apart<T>(run: () => T): { readonly result: T; readonly findings: Findings } {
    const before = this.findings;
    const findings = new Findings();
    this.findings = findings;
    try {
      return { result: run(), findings };
    } finally {
      this.findings = before;
    }
  }

  /** Every source of the flow steers. */
  use(
    flow: Flow,
    use: Use,
    subject: string | undefined,
    at: Tree | undefined,
    against?: readonly ColumnRef[],
    own = flow.own,
    marks: UseMarks = {},
  ): void {
    const offset = this.offset(at);
    const { inside } = this.#frame;
    const looked = this.findings.uses.add(flow.sources, {
      use,
      subject,
      offset,
      ...(against === undefined || against.length === 0 ? {} : { against }),
      ...(own === undefined || own === 0 ? {} : { own }),
      ...(inside === undefined ? {} : { inside }),
      ...marks,
    });
    this.spendColumns(looked);
    for (const why of flow.unknown) this.findings.unknown.add(why);
  }

  offset(at: Tree | undefined): number | undefined {
    return this.#frame.locates ? location(at) : undefined;
  }

  unknown(why: string, ...flows: readonly Flow[]): Value {
    return valueFrom({
      sources: [...new Map(flows.flatMap((flow) => flow.sources).map((ref) => [refKey(ref), ref])).values()],
      unknown: [...new Set([why, ...flows.flatMap((flow) => flow.unknown)])],
      shape: { kind: 'derived' },
    });
  }
}
