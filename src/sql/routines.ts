/**
 * What a statement does by calling routines that are in the database. In: its facts, and those of every routine. Out: the
 * facts with what the routines find, write and change, as `via function f`; the very same array when it calls none.
 *
 * Names over-approximate: any overload, and for an unqualified name that of any schema. A name that nobody knows becomes
 * a target `call`: the session says what it is.
 */
import { higherClass } from './commands.ts';
import type { Finding, ObjectTarget, StatementFacts } from './facts.ts';
import { isDangerousFunction, isWritingFunction } from './functions.ts';
import { bareName, nameParts, qualifiedName } from './names.ts';
import { isNarrowingFunction } from './narrowing-names.ts';
import { isPureFunction } from './pure-functions.ts';
import { type View, type ViewsOf, withViews } from './shown-columns.ts';

export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly isAttribute: boolean;
  /** Of an attribute: its rows have a column of that name, which comes first. Missing: no. */
  readonly behindColumn?: boolean;
  /** Of its body. */
  readonly body: StatementFacts;
  /** It may read what `body` does not name. Missing: no. */
  readonly isHidden?: true;
}

interface Named {
  readonly schema: string;
  readonly name: string;
}

export interface RoutineTable {
  /** Undefined: no catalog was read; then only names that dbgate itself knows count as built in. */
  readonly builtin: ReadonlySet<string> | undefined;
  /** Bare name → schemas that have a routine of that name. */
  readonly known: ReadonlyMap<string, ReadonlySet<string>>;
  readonly routines: ReadonlyMap<string, readonly Routine[]>;
  readonly operators: ReadonlyMap<string, readonly Named[]>;
  readonly aggregates: ReadonlyMap<string, readonly Named[]>;
  readonly casts: ReadonlyMap<string, readonly Named[]>;
  /** Bare name of a relation → what is called behind those of that name. Missing: not known. */
  readonly relations?: ReadonlyMap<string, readonly RelationCalls[]>;
  /** Bare name → views and materialized views of that name. Missing: not known. */
  readonly views?: ReadonlyMap<string, readonly View[]>;
}

/** What happens behind a relation, without its being said. */
export interface RelationCalls {
  readonly schema: string;
  /** Called by whoever reads it: a view’s own, those of the views that it shows, policies. */
  readonly read: readonly Named[];
  /** Called for each row that is written: row triggers, checks, defaults. */
  readonly write: readonly Named[];
}

/** What was made a moment ago and may not be in the table, by bare name. */
export interface Made {
  routines(name: string): readonly Routine[];
  /** Names of routines, as written, behind a relation that is written to, or a domain. */
  behind(name: string): readonly string[];
  views(name: string): readonly View[];
}

export const NOTHING_MADE: Made = { routines: () => [], behind: () => [], views: () => [] };

const NO_VIEWS: readonly View[] = [];
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

export const NO_ROUTINES: RoutineTable = {
  builtin: undefined,
  known: NOTHING,
  routines: NOTHING,
  operators: NOTHING,
  aggregates: NOTHING,
  casts: NOTHING,
};

const NONE: readonly Routine[] = [];

/** Only what is read or written has something behind it that runs. */
const RUNS_NOTHING =
  /^(?:DROP|ALTER|COMMENT|GRANT|REVOKE|LOCK|ANALYZE|VACUUM|TRUNCATE|SECURITY LABEL|CREATE (?:VIEW|RULE|TRIGGER|POLICY|INDEX|STATISTICS))\b/;

export function withRoutines(
  statements: readonly StatementFacts[],
  table: RoutineTable,
  made: Made,
): readonly StatementFacts[] {
  const created = new Set<string>();
  const views: ViewsOf = (name) => {
    const found = table.views === undefined ? undefined : (table.views.get(name) ?? NO_VIEWS);
    const lately = made.views(name);
    return found === undefined || lately.length === 0 ? found : [...found, ...lately];
  };
  let out: StatementFacts[] | undefined;
  for (const [index, facts] of statements.entries()) {
    for (const target of facts.targets) {
      if (target.kind === 'function' && target.action !== 'drop') created.add(nameParts(target.name).at(-1) ?? '');
    }
    const judged = effectsOf(withViews(facts, views), table, made, created, views);
    if (judged === facts) continue;
    out ??= [...statements];
    out[index] = judged;
  }
  return out ?? statements;
}

function effectsOf(
  facts: StatementFacts,
  table: RoutineTable,
  made: Made,
  created: ReadonlySet<string>,
  views: ViewsOf,
): StatementFacts {
  const reached = new Map<Routine, StatementFacts>();
  const graph = new CallGraph(table, made);
  const unknown = new Set<string>();
  const findings: Finding[] = [];
  const at = facts.offset;
  const dangerous = (name: string): void => {
    findings.push({ kind: 'dangerous_function', offset: at, subject: name });
  };
  const reach = (found: readonly Routine[]): void => {
    for (const routine of found) {
      if (reached.has(routine)) continue;
      reached.set(routine, withViews(routine.body, views));
      look(routine.body);
    }
  };
  /** What is called by an operator, a cast, an aggregate, a view: for each of who knows how many rows. */
  const unsaid = new Set<Named>();
  const behind = (functions: readonly Named[] | undefined): void => {
    for (const one of functions ?? []) {
      const { schema, name } = one;
      if (isDangerousFunction([schema, name]) || name === 'set_config') dangerous(name);
      unsaid.add(one);
      reach((table.routines.get(name) ?? NONE).filter((routine) => routine.schema === schema));
    }
  };
  const look = (body: StatementFacts): void => {
    for (const name of body.functions) {
      if (name.startsWith('.')) {
        reach((table.routines.get(name.slice(1)) ?? NONE).filter((one) => one.isAttribute));
        continue;
      }
      const bare = nameParts(name).at(-1) ?? '';
      reach(meant(name, table));
      behind(table.aggregates.get(bare));
      if (isKnown(name, table) || created.has(bare)) continue;
      unknown.add(name);
      reach(made.routines(bare));
    }
    for (const name of body.operators) behind(table.operators.get(name));
    for (const name of body.types) {
      const bare = nameParts(name.replace(/(?:\[\])+$/, '')).at(-1) ?? '';
      behind(table.casts.get(bare));
      for (const check of made.behind(bare)) reach(named(check, table, made));
    }
  };
  const lookBehind = (body: StatementFacts): void => {
    const calls = body.anyRelation === true ? [...(table.relations?.values() ?? [])].flat() : [];
    for (const name of body.relations) calls.push(...relationsMeant(name, table));
    if (body.anyRelation === true) reach([...table.routines.values()].flat().filter((one) => one.isAttribute));
    for (const { read } of calls) {
      behind(read);
      for (const { name } of read) behind(table.aggregates.get(name));
    }
  };
  look(facts);
  if (!RUNS_NOTHING.test(facts.command)) {
    lookBehind(facts);
    // It grows while it is gone through.
    for (const { body } of reached.keys()) lookBehind(body);
    if (facts.writes) findings.push(...byTriggers(facts, table, made));
  }
  for (const { schema, name } of unsaid) {
    const found = (table.routines.get(name) ?? NONE).filter((one) => one.schema === schema);
    if (found.some((routine) => graph.changesRows(routine))) {
      const subject = `rows, by calling ${qualifiedName([schema, name])} for each of many`;
      findings.push({ kind: 'delete_without_where', offset: at, subject });
    }
  }
  const bodies: readonly StatementFacts[] = [facts, ...reached.values()];
  for (const body of bodies) {
    const name = body.changesRows === true ? shadowed(body, table, made) : undefined;
    if (name === undefined) continue;
    findings.push({ kind: 'delete_without_where', offset: at, subject: `rows by ${name}, which is a routine's name` });
  }
  findings.push(...byRecursion(facts, bodies, graph));
  if (reached.size === 0 && unknown.size === 0 && findings.length === 0) return facts;

  for (const body of bodies) {
    for (const name of body.repeated ?? []) {
      if (named(name, table, made).some((routine) => graph.changesRows(routine))) {
        findings.push({
          kind: 'delete_without_where',
          offset: at,
          subject: `rows, by calling ${name} for each of many`,
        });
      }
    }
  }
  const targets: ObjectTarget[] = [...unknown].map((name) => ({
    action: 'call',
    kind: 'routine',
    label: 'function',
    lookup: name,
    name,
    temporary: false,
    ifNotExists: false,
  }));
  let { class: statementClass, writes, locks } = facts;
  let callsWrite = false;
  const shows = [...(facts.shows ?? [])];
  const settings = new Set(facts.settings);
  for (const [{ schema, name }, body] of reached) {
    shows.push(...(body.shows ?? []));
    for (const one of body.settings ?? []) settings.add(one);
    const routine = qualifiedName(schema === '' ? [name] : [schema, name]);
    const via = `via function ${routine}`;
    statementClass = higherClass(statementClass, body.class);
    writes ||= body.writes;
    locks ||= body.locks;
    callsWrite ||= body.writes || body.locks;
    for (const { kind, subject } of body.findings) {
      findings.push({ kind, offset: at, subject: subject === undefined ? via : `${subject} (${via})` });
    }
    for (const target of body.targets) {
      const inside = { routine, name: target.name };
      targets.push({ ...target, lookup: undefined, name: `${target.name} (${via})`, via: inside });
    }
  }
  return {
    ...facts,
    class: statementClass,
    writes,
    locks,
    ...(callsWrite ? { callsWrite: true as const } : {}),
    ...(shows.length > 0 ? { shows } : {}),
    ...(settings.size > 0 ? { settings: [...settings] } : {}),
    findings: [...facts.findings, ...findings],
    targets: [...facts.targets, ...targets],
  };
}

/** A name by which a WHERE may narrow, and which may not mean what it says: somebody made a routine of that name. */
function shadowed({ functions }: StatementFacts, { routines }: RoutineTable, made: Made): string | undefined {
  return functions.find((name) => {
    if (name.startsWith('.')) {
      const bare = name.slice(1);
      const found = routines.get(bare) ?? NONE;
      return found.some((one) => one.isAttribute && one.behindColumn !== true) || made.routines(bare).length > 0;
    }
    return isNarrowingFunction(name) && (routines.has(name) || made.routines(name).length > 0);
  });
}

function meant(name: string, table: RoutineTable): readonly Routine[] {
  const parts = nameParts(name);
  const found = table.routines.get(parts.at(-1) ?? '') ?? NONE;
  if (parts.length === 1 || found.length === 0) return found;
  const schema = parts.at(-2) ?? '';
  return found.filter((one) => one.schema === schema || (schema === 'pg_temp' && one.schema.startsWith('pg_temp_')));
}

function relationsMeant(name: string, { relations }: RoutineTable): readonly RelationCalls[] {
  const parts = nameParts(name);
  const found = relations?.get(parts.at(-1) ?? '') ?? NO_CALLS;
  const schema = parts.at(-2);
  return schema === undefined
    ? found
    : found.filter((one) => one.schema === schema || (schema === 'pg_temp' && one.schema.startsWith('pg_temp_')));
}

const NO_CALLS: readonly RelationCalls[] = [];

/**
 * Rows elsewhere that row triggers and checks of a relation change, for each of the many that are written, or that they
 * write themselves one after another: a danger if the relation is one's own, and what they change is not.
 */
function byTriggers(facts: StatementFacts, table: RoutineTable, made: Made): Finding[] {
  const findings: Finding[] = [];
  for (const written of facts.relations) {
    const changed = new Set<string>();
    const seen = new Set<Routine>();
    const follow = (routines: readonly Routine[]): void => {
      for (const routine of routines) {
        if (seen.has(routine)) continue;
        seen.add(routine);
        const { body } = routine;
        for (const name of body.changed ?? []) changed.add(name);
        for (const name of body.functions) follow(named(name, table, made));
        if (body.writes) for (const name of body.relations) fire(name);
      }
    };
    const fired = new Set<string>();
    let isMany = facts.manyRows === true;
    const fire = (relation: string): void => {
      isMany ||= [...fired].some((one) => bareName(one) === bareName(relation));
      if (fired.has(relation)) return;
      fired.add(relation);
      for (const { write } of relationsMeant(relation, table)) {
        for (const { schema, name } of write) {
          follow((table.routines.get(name) ?? NONE).filter((one) => one.schema === schema));
        }
      }
      for (const name of made.behind(nameParts(relation).at(-1) ?? '')) follow(named(name, table, made));
    };
    fire(written);
    if (!isMany) continue;
    for (const name of changed) {
      if (name === written) continue;
      findings.push({
        kind: 'delete_without_where',
        offset: facts.offset,
        subject: `rows of ${name}, by triggers or checks of ${written}`,
        ...(facts.command === 'PREPARE' ? {} : { lookup: name }),
        ofOwn: written,
      });
    }
  }
  return findings;
}

function named(name: string, table: RoutineTable, made: Made): readonly Routine[] {
  return [...meant(name, table), ...made.routines(nameParts(name).at(-1) ?? '')];
}

function isKnown(name: string, table: RoutineTable): boolean {
  const parts = nameParts(name);
  const bare = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? parts.at(-2) : undefined;
  if (schema === 'pg_catalog' || schema === 'information_schema') return true;
  if (schema !== undefined) return table.known.get(bare)?.has(schema) === true;
  if (table.known.has(bare)) return true;
  if (table.builtin !== undefined) return table.builtin.has(bare);
  return isPureFunction(bare) || isWritingFunction(bare) || isDangerousFunction([bare]);
}

/** What calls what, looked up once for each routine. */
class CallGraph {
  readonly #table: RoutineTable;
  readonly #made: Made;
  readonly #calls = new Map<Routine, readonly Routine[]>();
  readonly #changing = new Set<Routine>();
  readonly #harmless = new Set<Routine>();

  constructor(table: RoutineTable, made: Made) {
    this.#table = table;
    this.#made = made;
  }

  /** Changes or removes rows by what it is given: harmless once, all of them when it is called for all. */
  changesRows(routine: Routine): boolean {
    const seen = new Set<Routine>();
    const isChanging = this.#leadsToChange(routine, seen);
    if (!isChanging) for (const one of seen) this.#harmless.add(one);
    return isChanging;
  }

  #leadsToChange(routine: Routine, seen: Set<Routine>): boolean {
    if (this.#changing.has(routine)) return true;
    if (seen.has(routine) || this.#harmless.has(routine)) return false;
    seen.add(routine);
    const isChanging =
      routine.body.changesRows === true || this.#callsOf(routine).some((one) => this.#leadsToChange(one, seen));
    if (isChanging) this.#changing.add(routine);
    return isChanging;
  }

  /** Routines that call themselves, one at least of each circle, with all that they call and none before them did. */
  *circles(bodies: readonly StatementFacts[]): Generator<readonly [Routine, readonly Routine[]]> {
    const told = new Set<Routine>();
    for (const routine of this.#circular(bodies)) {
      if (told.has(routine)) continue;
      const within = new Set([routine]);
      // It grows while it is gone through.
      for (const one of within) for (const called of this.#callsOf(one)) if (!told.has(called)) within.add(called);
      for (const one of within) told.add(one);
      yield [routine, [...within]];
    }
  }

  /** Gone through once, depth first: who is called again while its own calls are gone through calls itself. */
  #circular(bodies: readonly StatementFacts[]): ReadonlySet<Routine> {
    const found = new Set<Routine>();
    const begun = new Set<Routine>();
    const open = new Set<Routine>();
    const path: { readonly routine: Routine; readonly calls: Iterator<Routine, undefined> }[] = [];
    const visit = (routine: Routine): void => {
      if (open.has(routine)) found.add(routine);
      if (begun.has(routine)) return;
      begun.add(routine);
      open.add(routine);
      path.push({ routine, calls: this.#callsOf(routine).values() });
    };
    for (const body of bodies) {
      for (const root of calledBy(body, this.#table, this.#made)) {
        visit(root);
        for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
          const { value: called } = top.calls.next();
          if (called !== undefined) visit(called);
          else {
            open.delete(top.routine);
            path.pop();
          }
        }
      }
    }
    return found;
  }

  #callsOf(routine: Routine): readonly Routine[] {
    let calls = this.#calls.get(routine);
    if (calls === undefined) this.#calls.set(routine, (calls = calledBy(routine.body, this.#table, this.#made)));
    return calls;
  }
}

/** Rows that are changed by a routine which calls itself: each time others, as in a loop. */
function byRecursion(facts: StatementFacts, bodies: readonly StatementFacts[], graph: CallGraph): Finding[] {
  const findings: Finding[] = [];
  for (const [routine, within] of graph.circles(bodies)) {
    const changing = within.filter((one) => one.body.changesRows === true);
    const names = new Set(changing.flatMap((one): readonly (string | undefined)[] => one.body.changed ?? [undefined]));
    for (const name of names) {
      findings.push({
        kind: 'delete_without_where',
        offset: facts.offset,
        subject: `rows${name === undefined ? '' : ` of ${name}`}, by ${routine.name}, which calls itself`,
        ...(name === undefined || facts.command === 'PREPARE' ? {} : { lookup: name }),
      });
    }
  }
  return findings;
}

/** By name, as an attribute, by operators, aggregates and casts. */
function calledBy(body: StatementFacts, table: RoutineTable, made: Made): Routine[] {
  const unsaid = [
    ...body.operators.flatMap((name) => table.operators.get(name) ?? []),
    ...body.functions.flatMap((name) => table.aggregates.get(bareName(name)) ?? []),
    ...body.types.flatMap((name) => table.casts.get(bareName(name.replace(/(?:\[\])+$/, ''))) ?? []),
  ];
  return [
    ...body.functions.flatMap((name) =>
      name.startsWith('.')
        ? (table.routines.get(name.slice(1)) ?? NONE).filter((one) => one.isAttribute)
        : named(name, table, made),
    ),
    ...unsaid.flatMap(({ schema, name }) => (table.routines.get(name) ?? NONE).filter((one) => one.schema === schema)),
  ];
}
