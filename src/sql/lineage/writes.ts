/** INSERT, UPDATE, DELETE, MERGE: what flows into which column, and what RETURNING gives. */
import type { CatalogRelation } from '../../catalog/catalog.ts';
import { GrammarError } from '../grammar.ts';
import { qualifiedName, rangeVarParts } from '../names.ts';
import { as, child, list, type Tree, text } from '../tree.ts';
import { AssignedRow, placeOf } from './assigned-rows.ts';
import { compareValues } from './conditions.ts';
import {
  combine,
  isEmpty,
  type NamedValue,
  NO_DATA,
  oneOf,
  refKey,
  unknownFlow,
  type Value,
  valueFrom,
} from './flows.ts';
import { traceFrom } from './from-items.ts';
import { type Kept, keptBy } from './kept-values.ts';
import { type Flow, ownOf } from './lineage.ts';
import { nodesOf } from './nodes.ts';
import { traceTargets, traceValues, withCtes } from './queries.ts';
import { columnsOf, displayName, findRelation, isBaseView } from './relations.ts';
import { type Item, itemOf, type Scope, scopeOf } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { type Follows, noteModified } from './triggers.ts';
import { definitionPath } from './views.ts';

interface Target {
  readonly lookup: string;
  /** In what: the statement's own node. */
  readonly statement: Tree;
  readonly name: string;
  readonly relation: CatalogRelation | undefined;
  readonly columns: readonly NamedValue[];
  readonly rest: Value | undefined;
}

function targetOf(t: Tracer, statement: Tree, rangeVar: Tree, follows: Follows): Target {
  const lookup = qualifiedName(rangeVarParts(rangeVar));
  const bare = text(rangeVar, 'relname') ?? '';
  const name = text(child(rangeVar, 'alias') ?? {}, 'aliasname') ?? bare;
  const found = findRelation(t, rangeVar, undefined);
  if (found.kind === 'relation') {
    const { relation } = found;
    if (relation.hasRules) t.findings.fires.add(0);
    if (relation.hasRules) t.findings.unknown.add(`relation ${relation.schema}.${relation.name} has rules`);
    const rest = relation.hasRules ? t.unknown(`relation ${relation.schema}.${relation.name} has rules`) : undefined;
    const before = t.apart(() => columnsOf(t, relation, rangeVar.inh !== true));
    for (const why of before.findings.unknown) t.findings.unknown.add(why);
    noteModified(t, relation, follows);
    // What is written into a view goes into what it reads.
    for (const oid of relation.kind === 'v' ? before.findings.reads : []) {
      const base = t.catalog.relationByOid(oid);
      if (base !== undefined) noteModified(t, base, follows);
    }
    return { lookup, statement, name, relation, columns: before.result, rest };
  }
  const why =
    found.kind === 'missing'
      ? `relation ${displayName(rangeVar)} is not in the catalog`
      : `relation ${displayName(rangeVar)} is made by the same text`;
  if (found.kind === 'columns') t.made.set(bare, { columns: undefined, schema: t.made.get(bare)?.schema });
  t.findings.unknown.add(why);
  return { lookup, statement, name, relation: undefined, columns: [], rest: t.unknown(why) };
}

function targetItem(target: Target, columns = target.columns, name = target.name): Item {
  return itemOf(name, columns, {
    schema: target.relation !== undefined && name === target.relation.name ? target.relation.schema : undefined,
    rest: target.rest,
    rowType: target.relation?.rowType,
    isRelation: true,
    relation: target.relation?.oid,
  });
}

/** What was assigned, by column name. */
class Assigned extends Map<string, Flow> {
  /** Columns that are set to what they hold, and how. */
  readonly kept = new Map<string, { readonly how: Kept; readonly own: number }>();
}

function assign(assigned: Assigned, name: string, flow: Flow): void {
  const before = assigned.get(name);
  if (before !== undefined) assigned.kept.delete(name);
  assigned.set(name, before === undefined ? flow : oneOf([before, flow]));
}

/** Where in an array or a document it goes is seen there: `a[x] = …`, `INSERT INTO t (a[x])`. */
function noteSubscripts(t: Tracer, target: Tree, scope: Scope): void {
  for (const indices of nodesOf(target, 'indirection', 'A_Indices')) {
    for (const slot of ['lidx', 'uidx'])
      t.use(t.value(child(indices, slot), scope).flow, 'predicate', 'subscript', indices);
  }
}

/** SET lists: `a = x`, `(a, b) = (…)`, `a[1] = x`, `a.f = x`. */
function assignTargets(t: Tracer, targets: readonly Tree[], scope: Scope, assigned: Assigned): void {
  let row: AssignedRow | undefined;
  for (const wrapped of targets) {
    const target = as(wrapped, 'ResTarget') ?? {};
    const part = as(child(target, 'val'), 'MultiAssignRef');
    if (part !== undefined && (row === undefined || placeOf(part) === 0)) row = new AssignedRow(t, part, scope);
    const value = (
      part === undefined || row === undefined ? t.value(child(target, 'val'), scope) : row.at(placeOf(part))
    ).flow;
    const name = text(target, 'name') ?? '';
    noteSubscripts(t, target, scope);
    // A part of a value: the whole holds what it is made of.
    if (list(target, 'indirection').length > 0) {
      assign(assigned, name, combine([value]));
      continue;
    }
    const kept = isEmpty(value) || assigned.has(name) ? undefined : keptBy(t, child(target, 'val'), name, scope);
    assign(assigned, name, value);
    if (kept !== undefined) assigned.kept.set(name, kept);
  }
}

function recordWrites(t: Tracer, target: Target, assigned: Assigned, at: Tree | undefined, inserts: boolean): void {
  if (target.relation === undefined) {
    for (const flow of assigned.values())
      t.gives({ kind: 'new', lookup: target.lookup, ordinal: 0 }, flow, target.statement);
    return;
  }
  for (const { name, generated } of target.relation.columns) {
    if (assigned.has(name) || (!inserts && generated === undefined)) continue;
    for (const place of placesOf(t, target, name)) {
      t.gives({ kind: 'column', ...place }, NO_DATA, target.statement, generated === undefined);
    }
  }
  for (const [name, flow] of assigned) {
    const places = placesOf(t, target, name);
    for (const column of places) t.findings.assigns.set(refKey(column), column);
    noteExcluding(t, places, Math.max(1, ownOf(flow)), at);
    // It may be one that was added since the catalog was read.
    if (places.length === 0) {
      t.findings.firedOn.add(target.relation.oid);
      t.gives({ kind: 'column', relation: target.relation.oid, attnum: 0 }, flow, target.statement);
    }
    const kept = assigned.kept.get(name);
    writeColumn(t, target, name, flow, at, kept?.how, kept?.own);
  }
  const generated = new Map<string, Flow>();
  for (const column of target.relation.columns) {
    if (column.generated === undefined || assigned.has(column.name)) continue;
    const flow = generatedFlow(t, target, column.generated, assigned);
    if (flow === undefined) continue;
    writeColumn(t, target, column.name, flow, at, 'generated');
    generated.set(column.name, flow);
  }
  // RETURNING sees them too.
  for (const [name, flow] of generated) assigned.set(name, flow);
}

/** Whether a row is refused for what overlaps it tells where others' values lie. */
export function noteExcluding(
  t: Tracer,
  places: readonly { readonly relation: number; readonly attnum: number }[],
  values: number,
  at: Tree | undefined,
): void {
  for (const place of places) {
    const excluding = t.catalog.relationByOid(place.relation)?.guards?.excluding;
    if (excluding?.includes(place.attnum) !== true) continue;
    const column = { ...NO_DATA, sources: [place] };
    t.use(column, 'group', 'an exclusion constraint', at, undefined, values);
  }
}

function writeColumn(
  t: Tracer,
  target: Target,
  name: string,
  flow: Flow,
  at: Tree | undefined,
  how?: Kept | 'generated' | undefined,
  own = 0,
): void {
  const { relation } = target;
  const places = placesOf(t, target, name);
  if (!isEmpty(flow) && relation?.columns.every((one) => one.name !== name) !== false) {
    t.findings.unknown.add(`column ${name} is not in the catalog`);
    return;
  }
  if (!isEmpty(flow) && relation?.kind === 'v' && places.length === 0)
    t.findings.unknown.add(`column ${name} of a view cannot be written`);
  for (const place of places) {
    const { relation: oid, attnum } = place;
    const isOwn = !isEmpty(flow) && comesFrom(flow, oid, attnum);
    if (isOwn && how === 'whole') {
      if (own > 0) t.gives({ kind: 'column', relation: oid, attnum }, { ...NO_DATA, own }, target.statement);
      continue;
    }
    if (isOwn && flow.shape.kind === 'copy' && ownOf(flow) === 0) continue;
    if (how !== 'generated') t.gives({ kind: 'column', relation: oid, attnum }, flow, target.statement);
    if (isEmpty(flow) || (isOwn && flow.shape.kind === 'copy')) continue;
    t.findings.writes.push({
      target: { kind: 'column', relation: oid, attnum },
      flow,
      ...(isOwn && how === 'sum' ? { sums: true } : {}),
      ...(how === 'generated' ? { generated: true } : {}),
      offset: t.offset(at),
    });
  }
}

/** The base columns that a column of the target stands for, with those of its partitions and children. */
function placesOf(
  t: Tracer,
  { relation, columns }: Target,
  name: string,
): readonly { readonly relation: number; readonly attnum: number }[] {
  const column = relation?.columns.find((one) => one.name === name);
  if (relation === undefined || column === undefined) return [];
  if (relation.kind !== 'v' || isBaseView(t, relation))
    return [{ relation: relation.oid, attnum: column.attnum }, ...heirsOf(t, relation, name)];
  const sources = columns.find((one) => one.name === name)?.value.flow.sources ?? [];
  return sources.map(({ relation: oid, attnum }) => ({ relation: oid, attnum }));
}

function comesFrom(flow: Flow, relation: number, attnum: number): boolean {
  return (
    flow.unknown.length === 0 &&
    flow.sources.every((ref) => ref.relation === relation && ref.attnum === attnum && ref.path === undefined)
  );
}

function heirsOf(t: Tracer, relation: CatalogRelation, name: string): readonly { relation: number; attnum: number }[] {
  return t.catalog.descendants(relation.oid).flatMap((oid) => {
    const attnum = t.catalog.relationByOid(oid)?.columns.find((one) => one.name === name)?.attnum;
    return attnum === undefined ? [] : [{ relation: oid, attnum }];
  });
}

/** What a generated column takes over of what was assigned; undefined: nothing. */
function generatedFlow(t: Tracer, target: Target, generated: string, assigned: Assigned): Flow | undefined {
  if ([...assigned.values()].every(isEmpty)) return undefined;
  if (generated === '') return unknownFlow(`a generated column of ${target.name}`);
  const columns = target.columns.map(({ name }) => ({ name, value: valueFrom(assigned.get(name) ?? NO_DATA) }));
  try {
    return t.elsewhere(definitionPath(t.catalog), undefined, () => {
      const select = as(t.parse(`SELECT ${generated}`)[0]?.node, 'SelectStmt');
      const expression = child(as(list(select ?? {}, 'targetList')[0], 'ResTarget') ?? {}, 'val');
      const scope = scopeOf([itemOf(target.name, columns)], undefined);
      return t.apart(() => t.value(expression, scope).flow).result;
    });
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    t.findings.unknown.add('a generated column that cannot be parsed');
    return undefined;
  }
}

/** The columns after the statement: what they were, or what was assigned. */
function after(target: Target, assigned: Assigned): readonly NamedValue[] {
  return target.columns.map((column) => {
    const flow = assigned.get(column.name);
    if (flow === undefined || isEmpty(flow)) return column;
    return { name: column.name, value: { ...column.value, row: undefined, flow: oneOf([column.value.flow, flow]) } };
  });
}

function returning(
  t: Tracer,
  node: Tree,
  target: Target,
  assigned: Assigned,
  others: readonly Item[],
  outer: Scope,
  othersFirst = false,
): readonly NamedValue[] | undefined {
  const clause = child(node, 'returningClause');
  const targets = clause === undefined ? list(node, 'returningList') : list(clause, 'exprs');
  if (targets.length === 0) return undefined;
  if (target.relation !== undefined) for (const oid of readsOf(t, target.relation)) t.findings.reads.add(oid);
  const own = targetItem(target, after(target, assigned));
  const names = new Map([
    ['RETURNING_OPTION_OLD', 'old'],
    ['RETURNING_OPTION_NEW', 'new'],
  ]);
  for (const wrapped of list(clause ?? {}, 'options')) {
    const option = as(wrapped, 'ReturningOption') ?? {};
    names.set(text(option, 'option') ?? '', text(option, 'value') ?? '');
  }
  const versions =
    clause === undefined
      ? []
      : [...names.values()].map((name) => ({
          ...targetItem(target, after(target, assigned), name),
          columnsVisible: false,
        }));
  const items = othersFirst ? [...others, own, ...versions] : [own, ...others, ...versions];
  return traceTargets(t, targets, scopeOf(items, outer));
}

function readsOf(t: Tracer, relation: CatalogRelation): readonly number[] {
  return [relation.oid, ...t.catalog.descendants(relation.oid)];
}

export function traceInsert(t: Tracer, node: Tree, around: Scope): readonly NamedValue[] | undefined {
  const outer = withCtes(t, child(node, 'withClause'), around);
  const updates = text(child(node, 'onConflictClause') ?? {}, 'action') === 'ONCONFLICT_UPDATE';
  const target = targetOf(t, node, child(node, 'relation') ?? {}, updates ? 'update' : 'nothing');
  const named = list(node, 'cols').map((wrapped) => as(wrapped, 'ResTarget') ?? {});
  for (const place of named) noteSubscripts(t, place, scopeOf([targetItem(target)], outer));
  const source = insertSource(t, node, outer);
  const assigned = new Assigned();
  source.forEach(({ value }, i) => {
    const place = named[i];
    const name = place === undefined ? (named.length === 0 ? target.columns[i]?.name : undefined) : text(place, 'name');
    if (name === undefined) {
      if (!isEmpty(value.flow)) t.findings.unknown.add('a value without a column');
      return;
    }
    const isPart = place !== undefined && list(place, 'indirection').length > 0;
    assign(assigned, name, isPart ? combine([value.flow]) : value.flow);
  });
  const conflict = child(node, 'onConflictClause');
  if (conflict !== undefined) onConflict(t, conflict, target, assigned, outer);
  recordWrites(t, target, assigned, child(node, 'relation'), true);
  return returning(t, node, target, assigned, [], outer);
}

function insertSource(t: Tracer, node: Tree, outer: Scope): readonly NamedValue[] {
  const query = child(node, 'selectStmt');
  if (query === undefined) return [];
  const select = as(query, 'SelectStmt');
  // `VALUES (DEFAULT)` is only here.
  const isPlain =
    select !== undefined && list(select, 'valuesLists').length > 0 && !select.withClause && !select.sortClause;
  return isPlain ? traceValues(t, select, scopeOf([], outer)) : t.query(query, outer);
}

/** A conflict tells that a row with the key is there. */
function conflictKeys(t: Tracer, target: Target, infer: Tree | undefined, assigned: Assigned, at: Tree): void {
  const named = nodesOf(infer ?? {}, 'indexElems', 'IndexElem').map((element) => text(element, 'name'));
  const own = target.relation?.uniqueKeys.flat() ?? [];
  const keys = target.columns.filter(({ name }, i) =>
    named.length > 0 ? named.includes(name) : own.includes(target.relation?.columns[i]?.attnum ?? 0),
  );
  for (const { name, value } of keys) {
    const flow = assigned.get(name) ?? NO_DATA;
    const given = isEmpty(flow) ? 'list' : undefined;
    compareValues(
      t,
      { ...value, type: undefined },
      { flow, type: undefined, origin: undefined, given },
      at,
      ['='],
      'ON CONFLICT',
    );
  }
  for (const element of nodesOf(infer ?? {}, 'indexElems', 'IndexElem')) {
    const expression = child(element, 'expr');
    if (expression !== undefined) t.condition(expression, scopeOf([targetItem(target)], undefined));
  }
}

function onConflict(t: Tracer, conflict: Tree, target: Target, assigned: Assigned, outer: Scope): void {
  const own = targetItem(target);
  const infer = child(conflict, 'infer');
  if (infer !== undefined) t.condition(child(infer, 'whereClause'), scopeOf([own], outer));
  conflictKeys(t, target, infer, assigned, conflict);
  if (text(conflict, 'action') !== 'ONCONFLICT_UPDATE') return;
  const excluded = target.columns.map(({ name, value }) => {
    const flow = assigned.get(name);
    if (flow === undefined) return { name, value: { ...value, row: undefined, flow: NO_DATA } };
    return { name, value: { ...value, row: undefined, flow, given: isEmpty(flow) ? ('list' as const) : undefined } };
  });
  const scope = scopeOf([own, { ...targetItem(target, excluded, 'excluded'), columnsVisible: false }], outer);
  const updates = new Assigned();
  assignTargets(t, list(conflict, 'targetList'), scope, updates);
  t.condition(child(conflict, 'whereClause'), scope);
  for (const [name, flow] of updates) {
    const kept = assigned.has(name) && !isEmpty(assigned.get(name)!) ? undefined : updates.kept.get(name);
    assign(assigned, name, flow);
    if (kept !== undefined) assigned.kept.set(name, kept);
  }
}

export function traceUpdate(t: Tracer, node: Tree, around: Scope): readonly NamedValue[] | undefined {
  const outer = withCtes(t, child(node, 'withClause'), around);
  const target = targetOf(t, node, child(node, 'relation') ?? {}, 'update');
  const own = targetItem(target);
  const others = traceFrom(t, list(node, 'fromClause'), scopeOf([], outer));
  const scope = scopeOf([own, ...others], outer);
  t.condition(child(node, 'whereClause'), scope);
  const assigned = new Assigned();
  assignTargets(t, list(node, 'targetList'), scope, assigned);
  recordWrites(t, target, assigned, child(node, 'relation'), false);
  return returning(t, node, target, assigned, others, outer);
}

export function traceDelete(t: Tracer, node: Tree, around: Scope): readonly NamedValue[] | undefined {
  const outer = withCtes(t, child(node, 'withClause'), around);
  const target = targetOf(t, node, child(node, 'relation') ?? {}, 'delete');
  const others = traceFrom(t, list(node, 'usingClause'), scopeOf([], outer));
  t.condition(child(node, 'whereClause'), scopeOf([targetItem(target), ...others], outer));
  return returning(t, node, target, new Assigned(), others, outer);
}

export function traceMerge(t: Tracer, node: Tree, around: Scope): readonly NamedValue[] | undefined {
  const outer = withCtes(t, child(node, 'withClause'), around);
  const target = targetOf(t, node, child(node, 'relation') ?? {}, 'update and delete');
  const source = child(node, 'sourceRelation');
  const others = source === undefined ? [] : traceFrom(t, [source], scopeOf([], outer));
  const scope = scopeOf([targetItem(target), ...others], outer);
  t.condition(child(node, 'joinCondition'), scope);
  const assigned = new Assigned();
  let inserts = false;
  for (const wrapped of list(node, 'mergeWhenClauses')) {
    const when = as(wrapped, 'MergeWhenClause') ?? {};
    t.condition(child(when, 'condition'), scope);
    const targets = list(when, 'targetList');
    if (text(when, 'commandType') === 'CMD_UPDATE') assignTargets(t, targets, scope, assigned);
    if (text(when, 'commandType') !== 'CMD_INSERT') continue;
    inserts = true;
    for (const place of targets) noteSubscripts(t, as(place, 'ResTarget') ?? {}, scope);
    list(when, 'values').forEach((one, i) => {
      const name = targets.length === 0 ? target.columns[i]?.name : text(as(targets[i], 'ResTarget') ?? {}, 'name');
      if (name !== undefined) assign(assigned, name, t.value(one, scope).flow);
    });
  }
  recordWrites(t, target, assigned, child(node, 'relation'), inserts);
  return returning(t, node, target, assigned, others, outer, true);
}
