/** What a trace carries along: the world, what was found so far, and the parts that call one another. */
import type { CatalogRelation, CatalogRoutine, World } from '../../catalog/catalog.ts';
import type { Grammar } from '../grammar.ts';
import { location, type Tree } from '../tree.ts';
import { ConstantMoves } from './constant-moves.ts';
import { type NamedValue, refKey, type Value, valueFrom } from './flows.ts';
import type {
  ColumnRef,
  ColumnUse,
  Flow,
  Given,
  OpaqueRoutine,
  Oracle,
  StatementLineage,
  Use,
  WriteFlow,
} from './lineage.ts';
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
/** A routine or view within one within …. */
const MAX_NESTING = 24;

/** What a statement was found to do. */
export class Findings {
  readonly uses = new Map<string, ColumnUse>();
  readonly writes: WriteFlow[] = [];
  readonly reads = new Set<number>();
  readonly unknown = new Set<string>();
  readonly opaque: OpaqueRoutine[] = [];
  readonly modifies = new Set<number>();
  /** By refKey. */
  readonly assigns = new Map<string, ColumnRef>();
  readonly firedOn = new Set<number>();
  readonly gives: Given[] = [];
  readonly fires = new Set<number>();
  /** By refKey. */
  readonly computes = new Map<string, ColumnRef>();
  oracle: Oracle | undefined;
  /** All that is unknown of it is what its names mean behind an earlier statement of its text. */
  outdated = false;

  add(use: ColumnUse): void {
    const marks = `${use.sorted === true ? 's' : ''}${use.inner === true ? 'i' : ''}${use.digits === true ? 'd' : ''}${use.joins === true ? 'j' : ''}${use.ofLength === true ? 'l' : ''}`;
    const key = `${refKey(use.source)}|${use.use}|${use.subject ?? ''}|${use.inside ?? ''}|${marks}`;
    const known = this.uses.get(key);
    if (known === undefined) {
      this.uses.set(key, use);
      return;
    }
    const least = use.use === 'lookup' ? 1 : 0;
    const own = (known.own ?? least) + (use.own ?? least);
    if (own !== (known.own ?? least)) this.uses.set(key, { ...known, own });
    if (use.use === 'fallible') {
      // By one that was chosen for it, all others count for nothing.
      if (known.against === undefined) return;
      if (use.against === undefined) {
        const { against: _, ...rest } = known;
        this.uses.set(key, rest);
        return;
      }
    }
    if (use.against !== undefined && (use.use !== 'lookup' || use.joins === true)) {
      const against = [...(known.against ?? []), ...use.against];
      this.uses.set(key, {
        ...this.uses.get(key)!,
        against: [...new Map(against.map((ref) => [refKey(ref), ref])).values()],
      });
    }
  }

  /** Takes over what was found elsewhere. */
  include(other: Findings): void {
    for (const use of other.uses.values()) this.add(use);
    this.writes.push(...other.writes);
    for (const relation of other.reads) this.reads.add(relation);
    for (const why of other.unknown) this.unknown.add(why);
    for (const relation of other.modifies) this.modifies.add(relation);
    for (const relation of other.firedOn) this.firedOn.add(relation);
    for (const [key, column] of other.assigns) this.assigns.set(key, column);
    for (const relation of other.fires) this.fires.add(relation);
    for (const [key, column] of other.computes) this.computes.set(key, column);
    this.gives.push(...other.gives);
    this.oracle ??= other.oracle;
    for (const one of other.opaque) {
      if (!this.opaque.some((known) => known.routine === one.routine && known.on === one.on)) this.opaque.push(one);
    }
  }

  lineage(
    rest: Pick<StatementLineage, 'columns' | 'resultOf' | 'defines' | 'keeps' | 'copyOut' | 'explains' | 'computes'>,
  ): StatementLineage {
    return {
      ...rest,
      uses: [...this.uses.values()],
      writes: this.writes,
      reads: [...this.reads],
      unknown: [...this.unknown],
      opaque: this.opaque,
      modifies: [...this.modifies],
      assigns: [...this.assigns.values()],
      firedOn: [...this.firedOn],
      ...(this.gives.length === 0 ? {} : { gives: this.gives }),
      ...(this.outdated ? { outdated: true as const } : {}),
      ...(this.oracle === undefined ? {} : { oracle: this.oracle }),
      ...(this.fires.size === 0 ? {} : { fires: [...this.fires] }),
    };
  }
}

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
  findings = new Findings();
  readsLiterals = false;
  readonly moves = new ConstantMoves();
  /** By bare name. */
  readonly made = new Map<string, MadeRelation>();
  /** What earlier statements of the text wrote, by column. */
  readonly written = new Map<string, Flow>();
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
    return this.#deeper(() => this.#parts.value(this, node, scope));
  }
  condition(node: Tree | undefined, scope: Scope): void {
    this.#deeper(() => this.#parts.condition(this, node, scope));
  }
  query(node: Tree | undefined, outer: Scope): readonly NamedValue[] {
    this.#queries++;
    try {
      return this.#deeper(() => this.#parts.query(this, node, outer));
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

  #deeper<T>(run: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new LineageTooDeep(`more than ${MAX_DEPTH} nested expressions`);
    this.spend(1);
    try {
      return run();
    } finally {
      this.#depth--;
    }
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
    for (const source of flow.sources) {
      this.findings.add({
        source,
        use,
        subject,
        offset,
        ...(against === undefined || against.length === 0 ? {} : { against }),
        ...(own === undefined || own === 0 ? {} : { own }),
        ...(inside === undefined ? {} : { inside }),
        ...marks,
      });
    }
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
