/** What columns a CTE, a sub-SELECT, a VALUES list or a function in a FROM has, and which of them tell rows apart. */
import { scopeWithin } from './ctes.ts';
import { type Assumption, isTold } from './grounds.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import { builtinName, type Columns, hasColumn, type Sight, tableColumns, UNKNOWN } from './sight.ts';
import { as, child, constantOf, flag, items, list, strings, stringsOf, type Tree, text, unwrap } from './tree.ts';

/** Return one column, of no composite type. */
const SCALAR_FUNCTIONS = new Set([
  'generate_series',
  'generate_subscripts',
  'json_array_elements',
  'json_array_elements_text',
  'jsonb_array_elements',
  'jsonb_array_elements_text',
  'string_to_table',
  'regexp_split_to_table',
]);
const SCALAR_TYPES = new Set(
  'int2 int4 int8 oid numeric float4 float8 text varchar bpchar name uuid date timestamp timestamptz bool'.split(' '),
);

/** Alias → columns, of all that stands in a FROM. */
export function columnsOfFrom(from: readonly Tree[], sight: Sight, found = new Map<string, Columns>()) {
  for (const item of from) {
    const [type, node] = unwrap(item) ?? ['', {}];
    if (type === 'JoinExpr') {
      const sides = [child(node, 'larg'), child(node, 'rarg')].filter((side) => side !== undefined);
      columnsOfFrom(sides, sight, found);
      continue;
    }
    const alias = aliasOf(item);
    found.set(alias, found.has(alias) ? UNKNOWN : columnsOfItem(type, node, sight));
  }
  return found;
}

/** What qualifies its columns; `?` if nothing does. */
export function aliasOf(item: Tree): string {
  const [type, node] = unwrap(item) ?? ['', {}];
  const alias = text(child(node, 'alias') ?? {}, 'aliasname') ?? text(node, 'relname');
  if (alias !== undefined || type !== 'RangeFunction') return alias ?? '?';
  const call = as(items(list(node, 'functions')[0])[0], 'FuncCall');
  return call === undefined ? '?' : (strings(call, 'funcname').at(-1) ?? '?');
}

function columnsOfItem(type: string, node: Tree, sight: Sight): Columns {
  const given = strings(child(node, 'alias') ?? {}, 'colnames');
  switch (type) {
    case 'RangeVar': {
      const cte = node.schemaname === undefined ? sight.scope.get(text(node, 'relname') ?? '') : undefined;
      if (cte === undefined) {
        const relation = qualifiedName(rangeVarParts(node));
        return given.length === 0 ? tableColumns(relation) : hiding(given, [relation], sight);
      }
      if (cte.query === undefined) return UNKNOWN;
      let columns = sight.budget.columns.get(cte.query);
      if (columns === undefined) {
        columns = columnsOfQuery(cte.query, { ...sight, scope: cte.scope }, cte.columns);
        sight.budget.columns.set(cte.query, columns);
      }
      return given.length === 0 ? columns : hiding([], [], sight);
    }
    case 'RangeSubselect':
      return columnsOfQuery(child(node, 'subquery') ?? {}, sight, given);
    case 'RangeFunction':
      return columnsOfFunctions(node, given, aliasOf({ RangeFunction: node }));
    default:
      return UNKNOWN;
  }
}

/** Nobody knows which names of a table are left behind a list of new ones. */
function hiding(given: readonly string[], relations: readonly string[], { budget }: Sight): Columns {
  const tells = (): boolean => relations.every((relation) => isTold(relation, '', budget.assumed));
  return { named: new Map(given.map((name) => [name, tells])), others: 'unknown', of: [] };
}

/** Within one proof the answer is the same. */
function once(tells: () => boolean, assumed: Assumption): () => boolean {
  let known: boolean | undefined;
  let proof = assumed.asked;
  return () => {
    if (proof !== assumed.asked) {
      proof = assumed.asked;
      known = undefined;
    }
    return (known ??= tells());
  };
}

const ALWAYS = (): boolean => true;
const NEVER = (): boolean => false;

function columnsOfFunctions(node: Tree, given: readonly string[], alias: string): Columns {
  const defined = list(node, 'coldeflist').map((column) => text(as(column, 'ColumnDef') ?? {}, 'colname') ?? '');
  const calls = list(node, 'functions').map((wrapped) => as(items(wrapped)[0], 'FuncCall'));
  const isKnown = defined.length > 0 || (calls.length === 1 && calls[0] !== undefined && isScalar(calls[0]));
  const names = [...given, ...defined, ...(given.length + defined.length === 0 ? [alias] : [])];
  if (flag(node, 'ordinality')) names.push('ordinality');
  return { named: new Map(names.map((name) => [name, ALWAYS])), others: isKnown ? 'none' : 'unknown', of: [] };
}

function isScalar(call: Tree): boolean {
  const name = builtinName(strings(call, 'funcname'));
  if (SCALAR_FUNCTIONS.has(name)) return true;
  const args = list(call, 'args');
  if (name !== 'unnest' || args.length !== 1) return false;
  const elements = list(as(args[0], 'A_ArrayExpr') ?? {}, 'elements');
  if (elements.length > 0) return elements.every((one) => constantOf(one) !== undefined);
  const type = child(as(args[0], 'TypeCast') ?? {}, 'typeName') ?? {};
  return SCALAR_TYPES.has(builtinName(strings(type, 'names')));
}

export function columnsOfQuery(query: Tree, sight: Sight, given: readonly string[]): Columns {
  const { budget } = sight;
  if (budget.steps-- <= 0 || budget.levels <= 0) return UNKNOWN;
  budget.levels--;
  const columns = columnsOfParsed(query, sight, given);
  budget.levels++;
  return columns;
}

function columnsOfParsed(query: Tree, sight: Sight, given: readonly string[]): Columns {
  const [type, node] = unwrap(query) ?? ['', {}];
  const select = type === 'SelectStmt' ? node : undefined;
  const left = select === undefined ? undefined : child(select, 'larg');
  const right = select === undefined ? undefined : child(select, 'rarg');
  if (left !== undefined && right !== undefined) {
    // Names are those of the first; what tells rows apart in it may be a constant in the other.
    const one = columnsOfQuery({ SelectStmt: left }, sight, given);
    const other = columnsOfQuery({ SelectStmt: right }, sight, []);
    if (other.others === 'unknown') {
      return { named: new Map([...one.named.keys()].map((name) => [name, NEVER])), others: 'unknown', of: [] };
    }
    const beside = [...other.named.values()];
    if (isWhole(one, left) && isWhole(other, right) && one.named.size === beside.length) {
      const pairs = [...one.named].map(([name, tells], i) => [name, () => tells() && beside[i]?.() === true] as const);
      return { named: new Map(pairs), others: 'none', of: [] };
    }
    const { assumed } = sight.budget;
    const alike = once(
      () => [...other.named.values()].every((tells) => tells()) && other.of.every((one) => isTold(one, '', assumed)),
      assumed,
    );
    const named = new Map([...one.named].map(([name, tells]) => [name, () => tells() && alike()]));
    // Of those that are not named, nobody knows beside which of the other they stand.
    return { named, others: one.others === 'column' && !alike() ? 'unknown' : one.others, of: one.of };
  }
  const [row] = select === undefined ? [] : list(select, 'valuesLists');
  if (row !== undefined) {
    const names = items(row).map((_, i) => given[i] ?? `column${i + 1}`);
    return { named: new Map(names.map((name) => [name, NEVER])), others: 'none', of: [] };
  }
  const returning = select === undefined ? returned(node) : list(select, 'targetList');
  const relation = child(node, 'relation');
  const from = [
    ...(select === undefined && relation !== undefined ? [{ RangeVar: relation }] : []),
    ...list(node, select === undefined ? 'usingClause' : 'fromClause'),
    ...(select === undefined ? list(node, 'fromClause') : []),
  ];
  return listed(returning, from, { ...sight, scope: scopeWithin(node, sight.scope) }, given);
}

/** Is there a name for each of its columns, in their order? */
function isWhole({ named, others }: Columns, select: Tree): boolean {
  let first = select;
  for (let left = child(first, 'larg'); left !== undefined; left = child(first, 'larg')) first = left;
  const [row] = list(first, 'valuesLists');
  return others === 'none' && named.size === (row === undefined ? list(first, 'targetList') : items(row)).length;
}

/** RETURNING, which has options of its own from PostgreSQL 18 on. */
function returned(node: Tree): readonly Tree[] {
  const clause = child(node, 'returningClause');
  return clause === undefined ? list(node, 'returningList') : list(clause, 'exprs');
}

/** The columns of a select list; `given` are names for its first ones. */
function listed(targets: readonly Tree[], from: readonly Tree[], outer: Sight, given: readonly string[]): Columns {
  const columns = columnsOfFrom(from, outer);
  const all = new Set(columns.keys());
  const sight: Sight = { ...outer, targets: all, relation: '', written: '', sources: new Map(), columns, bare: all };
  const named = new Map<string, () => boolean>();
  const of = new Set<string>();
  let others: Columns['others'] = 'none';
  const add = (name: string, tells: () => boolean): void => {
    const before = named.get(name);
    named.set(name, before === undefined ? tells : () => before() && tells());
  };
  for (const [index, wrapped] of targets.entries()) {
    const target = as(wrapped, 'ResTarget') ?? {};
    const value = child(target, 'val');
    const fields = list(as(value, 'ColumnRef') ?? {}, 'fields');
    if (as(fields.at(-1), 'A_Star') === undefined) {
      const name = given[index] ?? text(target, 'name') ?? nameOf(value);
      if (name === undefined) others = 'unknown';
      else
        add(
          name,
          once(() => hasColumn(value, sight), outer.budget.assumed),
        );
      continue;
    }
    // Whose names come first is not known, so neither is which of them have new ones.
    if (given.length > index) {
      const all = [...columns.values()];
      if (all.some((one) => one.others !== 'column' || one.named.size > 0)) return UNKNOWN;
      return hiding(given, [...new Set(all.flatMap((one) => one.of))], outer);
    }
    const [qualifier] = stringsOf(fields);
    if (qualifier !== undefined && !columns.has(qualifier)) others = 'unknown';
    for (const [alias, one] of columns) {
      if (qualifier !== undefined && alias !== qualifier) continue;
      for (const [name, tells] of one.named) add(name, tells);
      if (one.others === 'unknown' || others === 'unknown') others = 'unknown';
      else if (one.others === 'column') others = 'column';
      for (const relation of one.of) of.add(relation);
    }
  }
  return { named, others, of: [...of] };
}

const NAMELESS = new Set(['A_Const', 'ParamRef', 'BoolExpr', 'NullTest', 'BooleanTest']);
const NO_NAME = '?column?';

/** What PostgreSQL calls a column that nobody named; undefined: not known here. */
function nameOf(value: Tree | undefined): string | undefined {
  const [type, node] = unwrap(value) ?? ['', {}];
  switch (type) {
    case 'ColumnRef':
      return strings(node, 'fields').at(-1);
    case 'FuncCall':
      return strings(node, 'funcname').at(-1);
    case 'TypeCast': {
      const name = nameOf(child(node, 'arg'));
      return name === NO_NAME ? strings(child(node, 'typeName') ?? {}, 'names').at(-1) : name;
    }
    case 'CollateClause':
      return nameOf(child(node, 'arg'));
    case 'A_Expr':
      return text(node, 'kind') === 'AEXPR_OP' ? NO_NAME : undefined;
    default:
      return NAMELESS.has(type) ? NO_NAME : undefined;
  }
}
