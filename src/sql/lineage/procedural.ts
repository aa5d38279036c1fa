/** PL/pgSQL: its statements are traced one by one, its variables are taken for all that the body reads. */
import { splitAssignment } from '../assignment-text.ts';
import { GrammarError, type ParsedStatement } from '../grammar.ts';
import { as, child, constantText, isTree, list, number, type Tree, text } from '../tree.ts';
import { combine, type NamedValue, type Value, valueFrom } from './flows.ts';
import type { Flow } from './lineage.ts';
import { nodesOf } from './nodes.ts';
import { EMPTY_SCOPE, itemOf, type Parameters, type Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';

const LOOP = /"PLpgSQL_stmt_(?:loop|while|fori|fors|forc|foreach_a|dynfors)"/;

/** What a body costs beside its expressions, in these. */
const STEPS_A_BODY = 32;

/** Everything that the body of a CREATE FUNCTION or DO reads, its arguments included. `runsOnce`: DO. */
export function traceProcedural(t: Tracer, definition: string, bound: Parameters, runsOnce = false): Flow {
  let functions: readonly Tree[];
  try {
    functions = nodesOf(t.parseRoutine(definition), 'plpgsql_funcs', 'PLpgSQL_function');
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    functions = [];
  }
  const bodies = functions.filter((one) => one.action !== undefined);
  if (bodies.length === 0) return unreadable(t, 'a body that cannot be parsed');
  const given = combine(bound.byNumber.map(({ flow }) => flow));
  const names = bodies.flatMap((one) => variablesOf(one));
  t.spend(STEPS_A_BODY + names.length);
  // What is read in one place may be compared or written in another: the second pass knows all of it.
  const constant = constantParameters(bodies, bound);
  const made = new Map(t.made);
  const first = t.apart(() => passOver(t, bodies, scopeWith(bound, constant, names, valueFrom(given))));
  // What runs from its beginning to its end once does not meet again what it has altered.
  if (runsOnce && !LOOP.test(JSON.stringify(bodies))) {
    t.made.clear();
    for (const [name, relation] of made) t.made.set(name, relation);
  }
  const read = combine([given, first.result, usedFlow(first.findings.uses.values())]);
  return combine([read, passOver(t, bodies, scopeWith(bound, constant, names, valueFrom(read)))]);
}

function usedFlow(uses: Iterable<{ readonly source: Flow['sources'][number] }>): Flow {
  const sources = [...uses].map(({ source }) => source);
  return combine(sources.map((source) => ({ sources: [source], unknown: [], shape: { kind: 'derived' } })));
}

function unreadable(t: Tracer, why: string): Flow {
  t.findings.unknown.add(why);
  return t.unknown(why).flow;
}

function variablesOf(body: Tree): readonly string[] {
  return list(body, 'datums').flatMap((datum) => {
    const [one] = Object.values(datum).filter(isTree);
    const name = one === undefined ? undefined : text(one, 'refname');
    return name === undefined ? [] : [name];
  });
}

/** What a body stores something in: places in its list of variables, and names of rows. */
interface Stored {
  readonly places: Set<number>;
  readonly rows: Set<string>;
}

/** Where a number is missing it is 0, the first parameter's. */
function storedIn(tree: unknown, into: Stored): void {
  if (Array.isArray(tree)) for (const item of tree) storedIn(item, into);
  if (!isTree(tree)) return;
  for (const key in tree) {
    const part = tree[key];
    if (!isTree(part) && !Array.isArray(part)) continue;
    if (isTree(part)) {
      if (key === 'PLpgSQL_stmt_assign' || key === 'PLpgSQL_stmt_foreach_a')
        into.places.add(number(part, 'varno') ?? 0);
      if (key === 'PLpgSQL_diag_item') into.places.add(number(part, 'target') ?? 0);
      if (key === 'PLpgSQL_row') for (const field of list(part, 'fields')) into.places.add(number(field, 'varno') ?? 0);
      if (key === 'PLpgSQL_rec') into.rows.add(text(part, 'refname') ?? '');
    }
    storedIn(part, into);
  }
}

/** Parameters that nothing is stored in: they hold what the caller gave. A procedure may store in what it is called with. */
function constantParameters(bodies: readonly Tree[], bound: Parameters): ReadonlySet<string> {
  const constant = new Set<string>();
  for (const body of bodies) {
    const datums = list(body, 'datums');
    const stored: Stored = { places: new Set(), rows: new Set() };
    storedIn(body.action, stored);
    if (JSON.stringify(body.action).includes('"PLpgSQL_stmt_call"')) return new Set();
    datums.forEach((datum, place) => {
      const field = as(datum, 'PLpgSQL_recfield');
      if (field !== undefined && stored.places.has(place)) stored.places.add(number(field, 'recparentno') ?? 0);
    });
    // Types of the application's own are rows to the parser, whatever they are.
    const names = datums.map((datum) => text(as(datum, 'PLpgSQL_var') ?? as(datum, 'PLpgSQL_rec') ?? {}, 'refname'));
    names.slice(0, bound.byNumber.length).forEach((name, place) => {
      if (name === undefined || !bound.byName.has(name) || stored.places.has(place) || stored.rows.has(name)) return;
      if (names.filter((other) => other === name).length === 1) constant.add(name);
    });
  }
  return constant;
}

/** Variables stand as FROM items of any column, and as names of their own. */
function scopeWith(bound: Parameters, constant: ReadonlySet<string>, names: readonly string[], value: Value): Scope {
  const all = [
    ...new Set([...names, ...bound.byName.keys(), 'new', 'old', 'found', 'tg_op', 'tg_table_name', 'tg_relid']),
  ];
  const own = (name: string): Value => (constant.has(name) ? (bound.byName.get(name) ?? value) : value);
  const rows = rowsOf(bound);
  const byName = new Map<string, Value>([...all.map((name) => [name, own(name)] as const), ...rows]);
  const items = all
    .filter((name) => !constant.has(name))
    .map((name) => {
      const row = rows.get(name);
      return row === undefined
        ? itemOf(name, [], { rest: value, columnsVisible: false })
        : itemOf(name, columnsOfRow(row), { columnsVisible: false });
    });
  return { ...EMPTY_SCOPE, items, parameters: { ...bound, byNumber: bound.byNumber.map(() => value), byName } };
}

/** NEW and OLD of a trigger: rows whose columns are told apart. */
function rowsOf(bound: Parameters): ReadonlyMap<string, Value> {
  return new Map([...bound.byName].filter(([name, { flow }]) => ROWS.has(name) && flow.shape.kind === 'row'));
}

const ROWS: ReadonlySet<string> = new Set(['new', 'old']);

function columnsOfRow({ flow }: Value): readonly NamedValue[] {
  return flow.shape.kind === 'row'
    ? flow.shape.fields.map((field) => ({ name: field.name, value: valueFrom(field.flow) }))
    : [];
}

function passOver(t: Tracer, bodies: readonly Tree[], scope: Scope): Flow {
  const flows: Flow[] = [];
  for (const body of bodies) visit(t, body, scope, flows, false);
  return combine(flows);
}

const DYNAMIC_SLOTS: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_dynexecute: 'query',
  PLpgSQL_stmt_dynfors: 'query',
};

function visit(t: Tracer, tree: Tree, scope: Scope, flows: Flow[], dynamic: boolean): void {
  const expression = as(tree, 'PLpgSQL_expr');
  if (expression !== undefined) {
    flows.push(...piece(t, expression, scope, dynamic));
    return;
  }
  for (const key in tree) {
    const value = tree[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isTree(item)) visit(t, item, scope, flows, false);
      continue;
    }
    if (!isTree(value)) continue;
    const slot = DYNAMIC_SLOTS[key];
    if (slot === undefined) {
      visit(t, value, scope, flows, key === 'dynquery');
      continue;
    }
    for (const field in value) {
      const part = value[field];
      if (isTree(part)) visit(t, part, scope, flows, field === slot);
      else if (Array.isArray(part)) for (const item of part) if (isTree(item)) visit(t, item, scope, flows, false);
    }
  }
}

/** `parseMode` of PostgreSQL's RawParseMode. */
const MODE_TYPE_NAME = 1;
const MODE_EXPRESSION = 2;

function piece(t: Tracer, expression: Tree, scope: Scope, dynamic: boolean): readonly Flow[] {
  const source = text(expression, 'query') ?? '';
  const mode = number(expression, 'parseMode') ?? 0;
  if (mode === MODE_TYPE_NAME) return [];
  const statements = parse(
    t,
    mode === 0
      ? source
      : mode === MODE_EXPRESSION
        ? `SELECT ${source}`
        : `SELECT ${splitAssignment(source)?.value ?? source}`,
  );
  if (statements === undefined) return [unreadable(t, 'a statement in a body that cannot be parsed')];
  const flows = statements.flatMap(({ node }) => rowsOfStatement(t, node, scope));
  if (!dynamic) return flows;
  const select = as(statements[0]?.node, 'SelectStmt');
  const run = constantText(child(as(list(select ?? {}, 'targetList')[0], 'ResTarget') ?? {}, 'val'));
  const inner = run === undefined ? undefined : parse(t, run);
  if (inner === undefined) return [...flows, unreadable(t, 'SQL that a body puts together')];
  return [...flows, ...inner.flatMap(({ node }) => rowsOfStatement(t, node, scope))];
}

/** The same text may mean something else behind another statement: what is in sight is not the same scope. */
function rowsOfStatement(t: Tracer, node: Tree, scope: Scope): readonly Flow[] {
  return (t.statement(node, { ...scope }) ?? []).map(({ value }) => value.flow);
}

function parse(t: Tracer, source: string): readonly ParsedStatement[] | undefined {
  try {
    return t.parse(source);
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}
