/** Statements that make or change relations: CREATE TABLE AS, SELECT INTO, views, generated columns, USING. */
import type { CatalogRelation } from '../../catalog/catalog.ts';
import { isTemporary, qualifiedName, rangeVarParts } from '../names.ts';
import { as, child, flag, list, items as listItems, number, strings, type Tree, text } from '../tree.ts';
import { type NamedValue, type Value, valueFrom } from './flows.ts';
import { type Flow, isBlankAsStored } from './lineage.ts';
import { plainUse } from './ordering.ts';
import { columnsOf, findRelation, renamed } from './relations.ts';
import { itemOf, type Scope, scopeOf } from './scopes.ts';
import type { Tracer, UseMarks } from './tracer.ts';
import { isOfLength, isWider, usesItself } from './wider-types.ts';

/** Writes each column of a query into a relation that is made of it. */
export function writeNew(
  t: Tracer,
  relation: Tree,
  columns: readonly NamedValue[],
  temporary = isTemporary(relation),
  statement?: Tree,
): void {
  const lookup = qualifiedName(rangeVarParts(relation));
  columns.forEach(({ name, value }, i) => {
    t.findings.writes.push({
      target: { kind: 'new', lookup, column: name, ordinal: i + 1, temporary },
      flow: value.flow,
      ...(statement === undefined ? {} : { stored: true }),
      offset: t.offset(relation),
    });
    if (statement !== undefined) t.gives({ kind: 'new', lookup, ordinal: i + 1 }, value.flow, statement);
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
    const lookup = qualifiedName(rangeVarParts(relation));
    const { flow } = t.unknown(why);
    t.findings.writes.push({
      target: { kind: 'new', lookup, column: undefined, ordinal: 0, temporary: isTemporary(relation) },
      flow,
      stored: true,
      offset: t.offset(relation),
    });
    t.gives({ kind: 'new', lookup, ordinal: 0 }, flow, node);
    made(t, relation, undefined);
    return;
  }
  writeNew(t, relation, renamed(t.query(query, scope), strings(into, 'colNames')), isTemporary(relation), node);
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

const OF_LENGTH: UseMarks = { ofLength: true };

export function traceAlterTable(t: Tracer, node: Tree): void {
  const rangeVar = child(node, 'relation') ?? {};
  const scope = scopeOf([ownItem(t, rangeVar)], undefined);
  const found = findRelation(t, rangeVar, undefined);
  const relation = found.kind === 'relation' ? found.relation : undefined;
  for (const wrapped of list(node, 'cmds')) {
    const command = as(wrapped, 'AlterTableCmd') ?? {};
    if (text(command, 'subtype') === 'AT_SetNotNull') testForNull(t, relation, text(command, 'name'));
    const definition = child(command, 'def');
    const column = as(definition, 'ColumnDef');
    const constraint = as(definition, 'Constraint');
    if (constraint !== undefined) {
      t.condition(child(constraint, 'raw_expr'), scope);
      t.condition(child(constraint, 'where_clause'), scope);
      for (const excluded of list(constraint, 'exclusions')) {
        const element = as(listItems(excluded)[0], 'IndexElem') ?? {};
        const own = relation?.columns.find(({ name }) => name === text(element, 'name'));
        const flow =
          own === undefined ? t.value(child(element, 'expr'), scope).flow : columnFlow(relation!.oid, own.attnum);
        t.use(flow, 'predicate', 'an exclusion constraint', rangeVar);
      }
      traceKey(t, relation, constraint);
    }
    const attached = child(as(definition, 'PartitionCmd') ?? {}, 'name');
    if (text(command, 'subtype') === 'AT_AttachPartition' && attached !== undefined)
      traceAttached(t, relation, attached);
    if (column === undefined) continue;
    if (text(command, 'subtype') === 'AT_AlterColumnType') {
      const using = child(column, 'raw_default');
      const changed = relation?.columns.find(({ name }) => name === text(command, 'name'));
      // What it was before this text is known, not what it became in it.
      if (relation === undefined && t.made.has(text(rangeVar, 'relname') ?? '')) t.findings.oracle = 'type';
      if (relation === undefined || changed === undefined) continue;
      const { attnum } = changed;
      const isWide = isWider(t, relation, changed, column);
      if (!isWide) {
        const marks = isOfLength(t, relation, changed, column) ? OF_LENGTH : undefined;
        const flow = columnFlow(relation.oid, attnum);
        t.use(flow, 'fallible', 'ALTER COLUMN TYPE', rangeVar, undefined, undefined, marks);
      }
      if (using === undefined || (isWide && usesItself(changed, column))) continue;
      const { flow } = t.value(using, scope);
      t.gives({ kind: 'column', relation: relation.oid, attnum }, flow, undefined);
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
      if (relation !== undefined && /^CONSTR_(?:DEFAULT|GENERATED)$/.test(text(made, 'contype') ?? '')) {
        const { flow } = t.value(expression, scope);
        t.gives({ kind: 'column', relation: relation.oid, attnum: 0 }, flow, undefined);
      }
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
        stored: true,
        offset: t.offset(rangeVar),
      });
    }
  }
}

/** A key is tried on every row that there is: rows with the same values show. */
function traceKey(t: Tracer, relation: CatalogRelation | undefined, constraint: Tree): void {
  if (relation === undefined) return;
  const kind = text(constraint, 'contype');
  if (kind === 'CONSTR_NOTNULL') for (const name of strings(constraint, 'keys')) testForNull(t, relation, name);
  if (kind === 'CONSTR_UNIQUE' || kind === 'CONSTR_PRIMARY') {
    for (const name of strings(constraint, 'keys')) compareColumn(t, relation, name, 'UNIQUE');
    if (flag(constraint, 'without_overlaps')) overlapColumn(t, relation, strings(constraint, 'keys').at(-1));
  }
  if (kind !== 'CONSTR_FOREIGN') return;
  if (flag(constraint, 'fk_with_period')) overlapColumn(t, relation, strings(constraint, 'fk_attrs').at(-1));
  const other = findRelation(t, child(constraint, 'pktable') ?? {}, undefined);
  for (const name of strings(constraint, 'fk_attrs')) compareColumn(t, relation, name, 'FOREIGN KEY');
  if (other.kind !== 'relation') return;
  const referenced = strings(constraint, 'pk_attrs');
  const key = other.relation.uniqueKeys[0] ?? [];
  for (const { name, attnum } of other.relation.columns) {
    const isReferenced = referenced.length === 0 ? key.includes(attnum) : referenced.includes(name);
    if (isReferenced) compareColumn(t, other.relation, name, 'FOREIGN KEY');
  }
}

/** NOT NULL is tried on every row that there is. */
function testForNull(t: Tracer, relation: CatalogRelation | undefined, name: string | undefined): void {
  const column = relation?.columns.find((one) => one.name === name);
  if (relation !== undefined && column !== undefined)
    t.use(columnFlow(relation.oid, column.attnum), 'null_test', 'NOT NULL', undefined);
}

/** Which rows overlap tells where their ends lie. */
function overlapColumn(t: Tracer, relation: CatalogRelation, name: string | undefined): void {
  const column = columnsOf(t, relation).find((one) => one.name === name);
  if (column !== undefined) t.use(column.value.flow, 'predicate', 'WITHOUT OVERLAPS', undefined);
}

function compareColumn(t: Tracer, relation: CatalogRelation, name: string, subject: string): void {
  const column = columnsOf(t, relation).find((one) => one.name === name);
  if (column !== undefined) plainUse(t, column.value.flow, 'group', subject, undefined);
}

/** Expressions of an index are computed for every row, and fail where they fail; those of a unique one must differ. */
export function traceIndex(t: Tracer, node: Tree): void {
  const scope = scopeOf([ownItem(t, child(node, 'relation') ?? {})], undefined);
  for (const wrapped of list(node, 'indexParams')) {
    const expression = child(as(wrapped, 'IndexElem') ?? {}, 'expr');
    const value = t.value(expression, scope);
    if (flag(node, 'unique')) t.use(value.flow, 'predicate', 'a unique index', expression);
    else if (!isIndexable(value.flow)) t.use(value.flow, 'predicate', 'an index of an expression', expression);
  }
  t.condition(child(node, 'whereClause'), scope);
  const found = findRelation(t, child(node, 'relation') ?? {}, undefined);
  if (!flag(node, 'unique') || found.kind !== 'relation') return;
  for (const wrapped of list(node, 'indexParams')) {
    const name = text(as(wrapped, 'IndexElem') ?? {}, 'name');
    if (name !== undefined) compareColumn(t, found.relation, name, 'UNIQUE');
  }
}

/** Its size, and the statistics of it, tell of an expression how long it is: no more than its columns do. */
function isIndexable(flow: Flow): boolean {
  return flow.shape.kind === 'copy' || isBlankAsStored(flow);
}

/** Rows that nobody orders come in the index's order then. Without a name: every table that was clustered once. */
export function traceCluster(t: Tracer, rangeVar: Tree | undefined): void {
  const found = rangeVar === undefined ? undefined : findRelation(t, rangeVar, undefined);
  if (found?.kind !== 'relation') {
    t.findings.oracle = 'cluster';
    return;
  }
  for (const { attnum } of found.relation.columns) {
    t.use(columnFlow(found.relation.oid, attnum), 'predicate', 'CLUSTER', rangeVar);
  }
}

/** Decides for each row whether it is there. */
export function tracePolicy(t: Tracer, node: Tree): void {
  const scope = scopeOf([ownItem(t, child(node, 'table') ?? {})], undefined);
  t.condition(child(node, 'qual'), scope);
  t.condition(child(node, 'with_check'), scope);
}

/** A new constraint is tried on every value that there is. */
export function traceAlterDomain(t: Tracer, node: Tree): void {
  const use = text(node, 'subtype') === 'O' ? 'null_test' : 'predicate';
  if (use === 'predicate' && child(node, 'def') === undefined) return;
  const name = strings(node, 'typeName');
  for (const relation of t.catalog.allRelations) {
    for (const { attnum, type } of relation.columns) {
      for (let of = t.catalog.typeByOid(type); of?.kind === 'd'; of = t.catalog.typeByOid(of.base)) {
        if (of.name === name.at(-1)) t.use(columnFlow(relation.oid, attnum), use, 'a domain', undefined);
      }
    }
  }
}

/** Each row of it must be one of the partition. */
function traceAttached(t: Tracer, parent: CatalogRelation | undefined, rangeVar: Tree): void {
  const found = findRelation(t, rangeVar, undefined);
  if (found.kind !== 'relation') return;
  const keys = parent?.guards?.columns ?? [0];
  const names = new Set(parent?.columns.filter(({ attnum }) => keys.includes(attnum)).map(({ name }) => name));
  for (const { attnum, name } of found.relation.columns) {
    const isKey = keys.includes(0) || names.has(name);
    if (isKey) t.use(columnFlow(found.relation.oid, attnum), 'predicate', 'a partition', rangeVar);
  }
}

function columnFlow(relation: number, attnum: number): Flow {
  return { sources: [{ relation, attnum }], unknown: [], shape: { kind: 'copy' } };
}
