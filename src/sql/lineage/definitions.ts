/** Statements that make or change relations: CREATE TABLE AS, SELECT INTO, views, generated columns, USING. */
import { isTemporary, qualifiedName, rangeVarParts } from '../names.ts';
import { as, child, list, number, strings, type Tree, text } from '../tree.ts';
import { type NamedValue, type Value, valueFrom } from './flows.ts';
import { columnsOf, findRelation, renamed } from './relations.ts';
import { itemOf, type Scope, scopeOf } from './scopes.ts';
import type { Tracer } from './tracer.ts';

/** Writes each column of a query into a relation that is made of it. */
export function writeNew(
  t: Tracer,
  relation: Tree,
  columns: readonly NamedValue[],
  temporary = isTemporary(relation),
): void {
  const lookup = qualifiedName(rangeVarParts(relation));
  columns.forEach(({ name, value }, i) => {
    t.findings.writes.push({
      target: { kind: 'new', lookup, column: name, ordinal: i + 1, temporary },
      flow: value.flow,
      offset: t.offset(relation),
    });
  });
  const schema = text(relation, 'schemaname') ?? (temporary ? 'pg_temp' : undefined);
  made(
    t,
    relation,
    columns.map(({ name, value }) => ({ name, value: stored(value) })),
    schema,
  );
}

/** As a column of a relation of its own. */
function stored(value: Value): Value {
  return valueFrom(value.flow, value.type);
}

export function made(t: Tracer, relation: Tree, columns: readonly NamedValue[] | undefined, schema?: string): void {
  t.made.set(text(relation, 'relname') ?? '', { columns, schema });
}

export function traceCreateAs(t: Tracer, node: Tree, scope: Scope): void {
  const into = child(node, 'into') ?? {};
  const relation = child(into, 'rel') ?? {};
  const query = child(node, 'query');
  const executed = as(query, 'ExecuteStmt');
  if (executed !== undefined) {
    const why = `CREATE TABLE AS EXECUTE ${text(executed, 'name') ?? ''}`;
    t.findings.unknown.add(why);
    writeNew(t, relation, [{ name: '*', value: t.unknown(why) }]);
    made(t, relation, undefined);
    return;
  }
  writeNew(t, relation, renamed(t.query(query, scope), strings(into, 'colNames')));
}

export function traceCreateView(t: Tracer, node: Tree, scope: Scope): void {
  writeNew(t, child(node, 'view') ?? {}, renamed(t.query(child(node, 'query'), scope), strings(node, 'aliases')));
}

/** The item of a relation whose columns an index, constraint or column expression sees. */
function ownItem(t: Tracer, rangeVar: Tree) {
  const found = findRelation(t, rangeVar, undefined);
  const name = text(rangeVar, 'relname') ?? '';
  if (found.kind === 'relation')
    return itemOf(name, columnsOf(t, found.relation), {
      schema: found.relation.schema,
      rowType: found.relation.rowType,
    });
  return itemOf(name, [], { rest: t.unknown(`relation ${name} is not in the catalog`) });
}

/** LIKE … INCLUDING …: constants of another table's defaults go along into the new columns. */
export function traceLike(t: Tracer, node: Tree): void {
  const relation = child(node, 'relation') ?? child(child(node, 'base') ?? {}, 'relation') ?? {};
  for (const wrapped of list(node, 'tableElts')) {
    const like = as(wrapped, 'TableLikeClause');
    if (like === undefined || (number(like, 'options') ?? 0) === 0) continue;
    const found = findRelation(t, child(like, 'relation') ?? {}, undefined);
    if (found.kind !== 'relation') continue;
    const lookup = qualifiedName(rangeVarParts(relation));
    const { result } = t.apart(() => columnsOf(t, found.relation, true));
    for (const [i, { name, value }] of result.entries()) {
      t.findings.writes.push({
        target: { kind: 'new', lookup, column: name, ordinal: i + 1, temporary: isTemporary(relation) },
        flow: value.flow,
        offset: t.offset(relation),
      });
    }
  }
}

export function traceAlterTable(t: Tracer, node: Tree): void {
  const rangeVar = child(node, 'relation') ?? {};
  const scope = scopeOf([ownItem(t, rangeVar)], undefined);
  const found = findRelation(t, rangeVar, undefined);
  const relation = found.kind === 'relation' ? found.relation : undefined;
  for (const wrapped of list(node, 'cmds')) {
    const command = as(wrapped, 'AlterTableCmd') ?? {};
    const definition = child(command, 'def');
    const column = as(definition, 'ColumnDef');
    const constraint = as(definition, 'Constraint');
    if (constraint !== undefined) t.condition(child(constraint, 'raw_expr'), scope);
    if (column === undefined) continue;
    if (text(command, 'subtype') === 'AT_AlterColumnType') {
      const using = child(column, 'raw_default');
      const attnum = relation?.columns.find(({ name }) => name === text(command, 'name'))?.attnum;
      if (using === undefined || relation === undefined || attnum === undefined) continue;
      const { flow } = t.value(using, scope);
      const isOwn =
        flow.unknown.length === 0 &&
        flow.shape.kind === 'copy' &&
        flow.sources.every((ref) => ref.attnum === attnum && ref.path === undefined);
      if (!isOwn)
        t.findings.writes.push({
          target: { kind: 'column', relation: relation.oid, attnum },
          flow,
          offset: t.offset(rangeVar),
        });
      continue;
    }
    for (const one of list(column, 'constraints')) {
      const made = as(one, 'Constraint') ?? {};
      const expression = child(made, 'raw_expr');
      if (text(made, 'contype') === 'CONSTR_CHECK') t.condition(expression, scope);
      if (text(made, 'contype') !== 'CONSTR_GENERATED') continue;
      t.findings.writes.push({
        target: {
          kind: 'new',
          lookup: qualifiedName(rangeVarParts(rangeVar)),
          column: text(column, 'colname') ?? '',
          ordinal: (relation?.columns.at(-1)?.attnum ?? 0) + 1,
          temporary: isTemporary(rangeVar),
        },
        flow: t.value(expression, scope).flow,
        offset: t.offset(rangeVar),
      });
    }
  }
}

/** Expressions of an index are computed for every row, and fail where they fail. */
export function traceIndex(t: Tracer, node: Tree): void {
  const scope = scopeOf([ownItem(t, child(node, 'relation') ?? {})], undefined);
  for (const wrapped of list(node, 'indexParams')) t.value(child(as(wrapped, 'IndexElem') ?? {}, 'expr'), scope);
  t.condition(child(node, 'whereClause'), scope);
}
