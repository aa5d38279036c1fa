/** Names in expressions: columns, whole rows, parameters, fields. In PostgreSQL's order. */
import { as, list, strings, type Tree } from '../tree.ts';
import { callByName, fieldValue } from './calls.ts';
import { fieldOf, type NamedValue, type Value, valueFrom } from './flows.ts';
import { bareColumn, columnIn, type Item, itemNamed, parametersOf, type Scope, wholeRow } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { temporarySchema } from './types.ts';

export function traceColumnRef(t: Tracer, node: Tree, scope: Scope): Value {
  const names = strings(node, 'fields');
  if (names.length !== list(node, 'fields').length) return rowOfStar(t, names, scope);
  return resolveName(t, names, scope, node) ?? t.unknown(`name ${names.join('.')} is not known`);
}

function resolveName(t: Tracer, names: readonly string[], scope: Scope, at: Tree): Value | undefined {
  const [first = '', second] = names;
  if (second === undefined) {
    const column = bareColumn(scope, first, t);
    if (column !== undefined) return column;
    const parameter = parametersOf(scope)?.byName.get(first);
    if (parameter !== undefined) return parameter;
    const item = itemNamed(scope, first, undefined);
    return item === undefined ? undefined : rowOfItem(t, item);
  }
  const isQualified = names.length >= 3;
  const [relation, column] = isQualified ? names.slice(-2) : names;
  const schema = isQualified ? temporarySchema(t.world, names.at(-3) ?? '') : undefined;
  const item = itemNamed(scope, relation ?? '', schema);
  if (item !== undefined) {
    const found = columnIn(item, column ?? '', t);
    if (found !== undefined) return found;
    const row = rowOfItem(t, item);
    const argument = { node: undefined, value: row, name: undefined };
    return fieldValue(t, row, column ?? '') ?? callByName(t, [column ?? ''], [argument], at);
  }
  return parameterField(t, names, scope);
}

function rowOfItem(t: Tracer, item: Item): Value {
  t.spend(item.columns.length);
  return wholeRow(item);
}

/** `routine.parameter`, `parameter.field`, `routine.parameter.field`. */
function parameterField(t: Tracer, names: readonly string[], scope: Scope): Value | undefined {
  const parameters = parametersOf(scope);
  if (parameters === undefined) return undefined;
  const [first = '', second = '', ...rest] = names;
  const qualified = first === parameters.routine ? parameters.byName.get(second) : undefined;
  if (qualified !== undefined) return fieldsDown(t, qualified, rest);
  const own = parameters.byName.get(first);
  return own === undefined ? undefined : fieldsDown(t, own, [second, ...rest]);
}

function fieldsDown(t: Tracer, value: Value, fields: readonly string[]): Value {
  return fields.reduce((at, name) => fieldValue(t, at, name) ?? valueFrom(fieldOf(at.flow, name)), value);
}

function rowOfStar(t: Tracer, names: readonly string[], scope: Scope): Value {
  const item = itemNamed(scope, names.at(-1) ?? '', undefined);
  return item === undefined ? t.unknown('a star that stands for no row') : rowOfItem(t, item);
}

/** The columns that `*`, `t.*` or `(row).*` stands for; undefined: it is no star. */
export function expandStar(t: Tracer, wrapped: Tree | undefined, scope: Scope): readonly NamedValue[] | undefined {
  const reference = as(wrapped, 'ColumnRef');
  if (reference !== undefined) {
    const fields = list(reference, 'fields');
    if (as(fields.at(-1), 'A_Star') === undefined) return undefined;
    const names = strings(reference, 'fields');
    if (names.length === 0) {
      const items = scope.items.filter((item) => item.columnsVisible);
      for (const item of items) noteRest(t, item.rest);
      return items.flatMap((item) => item.columns);
    }
    const schema = names.length > 1 ? temporarySchema(t.world, names.at(-2) ?? '') : undefined;
    const item = itemNamed(scope, names.at(-1) ?? '', schema);
    if (item !== undefined) {
      noteRest(t, item.rest);
      return item.columns;
    }
    const value = resolveName(t, names, scope, reference);
    return fieldsOfRow(t, value ?? t.unknown(`name ${names.join('.')} is not known`));
  }
  const indirection = as(wrapped, 'A_Indirection');
  if (indirection === undefined || as(list(indirection, 'indirection').at(-1), 'A_Star') === undefined)
    return undefined;
  const steps = list(indirection, 'indirection').slice(0, -1);
  const inner =
    steps.length === 0 ? (indirection.arg as Tree) : { A_Indirection: { ...indirection, indirection: steps } };
  return fieldsOfRow(t, t.value(inner, scope));
}

/** A star over columns that nobody knows cannot be lined up with what the server sends. */
function noteRest(t: Tracer, rest: Value | undefined): void {
  if (rest === undefined) return;
  t.findings.unknown.add('a star over columns that are not known');
}

export function fieldsOfRow(t: Tracer, value: Value): readonly NamedValue[] {
  const { shape } = value.flow;
  if (shape.kind === 'row') {
    return shape.fields.map((field) => ({
      name: field.name,
      value: fieldValue(t, value, field.name) ?? valueFrom(field.flow),
    }));
  }
  const type = value.type === undefined ? undefined : t.catalog.typeByOid(value.type);
  const relation = type === undefined ? undefined : t.catalog.relationByOid(type.relation);
  if (relation !== undefined) {
    return relation.columns.map((column) => ({
      name: column.name,
      value: fieldValue(t, value, column.name) ?? valueFrom(value.flow, column.type),
    }));
  }
  t.findings.unknown.add('a star over a row that is not known');
  return [{ name: '?column?', value: t.unknown('a star over a row that is not known', value.flow) }];
}
