/** Statements of every kind: what rows they give, and which other statement says what they are. */
import type { CatalogRelation } from '../../catalog/catalog.ts';
import { isTemporary } from '../names.ts';
import { as, child, flag, list, strings, type Tree, text, unwrap } from '../tree.ts';
import { systemColumn } from './builtins.ts';
import { callByName } from './calls.ts';
import { fieldsOfRow } from './column-references.ts';
import {
  made,
  traceAlterDomain,
  traceAlterTable,
  traceCluster,
  traceCreateAs,
  traceCreateView,
  traceIndex,
  traceLike,
  tracePolicy,
  writeNew,
} from './definitions.ts';
import { combine, type NamedValue, NO_DATA, valueFrom } from './flows.ts';
import { noteComputed } from './growth.ts';
import type { ResultOf } from './lineage.ts';
import { traceProcedural } from './procedural.ts';
import { columnsOf, displayName, findRelation, openItem } from './relations.ts';
import { itemOf, type Scope, scopeOf } from './scopes.ts';
import { noteStoredCalls } from './stored-expressions.ts';
import type { Argument, Tracer } from './tracer.ts';
import { noteModified } from './triggers.ts';
import { TEXT_TYPE } from './types.ts';
import { noteExcluding, traceDelete, traceInsert, traceMerge, traceUpdate } from './writes.ts';

export function traceStatement(t: Tracer, wrapped: Tree, scope: Scope): readonly NamedValue[] | undefined {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'SelectStmt':
      return select(t, wrapped, node, scope);
    case 'InsertStmt':
      return traceInsert(t, node, scope);
    case 'UpdateStmt':
      return traceUpdate(t, node, scope);
    case 'DeleteStmt':
      return traceDelete(t, node, scope);
    case 'MergeStmt':
      return traceMerge(t, node, scope);
    case 'CreateTableAsStmt':
      traceCreateAs(t, node, scope);
      return undefined;
    case 'ViewStmt':
      traceCreateView(t, node, scope);
      return undefined;
    case 'CopyStmt':
      return copy(t, node, scope);
    case 'RefreshMatViewStmt':
      refresh(t, node);
      return undefined;
    case 'TruncateStmt':
      truncate(t, node);
      return undefined;
    case 'PrepareStmt':
    case 'DeclareCursorStmt':
      return t.statement(child(node, 'query') ?? {}, scope);
    case 'ExplainStmt':
      return explain(t, node, scope);
    case 'VariableShowStmt':
      return show(t, node);
    case 'CallStmt':
      return call(t, node, scope);
    case 'DoStmt':
      doBlock(t, node);
      return undefined;
    case 'ExecuteStmt':
      for (const one of list(node, 'params')) t.value(one, scope);
      return undefined;
    case 'AlterTableStmt':
      traceAlterTable(t, node);
      noteStoredCalls(t, node);
      made(t, child(node, 'relation') ?? {}, undefined);
      return undefined;
    case 'IndexStmt':
      traceIndex(t, node);
      return undefined;
    case 'CreateStmt':
    case 'CreateForeignTableStmt':
      noteStoredCalls(t, node);
      traceLike(t, node);
      made(t, child(node, 'relation') ?? child(child(node, 'base') ?? {}, 'relation') ?? {}, undefined);
      return undefined;
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      tracePolicy(t, node);
      noteStoredCalls(t, node);
      return undefined;
    case 'AlterDomainStmt':
      traceAlterDomain(t, node);
      noteStoredCalls(t, node);
      return undefined;
    case 'CreateDomainStmt':
    case 'CreateTrigStmt':
      noteStoredCalls(t, node);
      return undefined;
    case 'DefineStmt':
      if (text(node, 'kind') === 'OBJECT_COLLATION') noteCollation(t, node);
      return undefined;
    case 'CreateStatsStmt':
      if (list(node, 'exprs').some((one) => child(as(one, 'StatsElem') ?? {}, 'expr') !== undefined))
        t.findings.oracle = 'statistics';
      return undefined;
    case 'ClusterStmt':
      traceCluster(t, child(node, 'relation'));
      return undefined;
    case 'ReturnStmt':
      return [{ name: '', value: t.value(child(node, 'returnval'), scope) }];
    case 'RawStmt':
      return t.statement(child(node, 'stmt') ?? {}, scope);
    default:
      return undefined;
  }
}

/** Under one that is not deterministic, what `=` compares is what its maker likes. */
function noteCollation(t: Tracer, node: Tree): void {
  t.readsLiterals = true;
  const options = list(node, 'definition').map((one) => as(one, 'DefElem') ?? {});
  const asked = options.filter((one) => text(one, 'defname')?.toLowerCase() === 'deterministic');
  const values = asked.map((one) => text(as(child(one, 'arg'), 'String') ?? {}, 'sval') ?? '');
  if (values.some((value) => !/^(?:true|on)$/i.test(value))) t.findings.oracle = 'collation';
}

/** Whose columns a statement gives, or defines for later. */
export function describedBy(wrapped: Tree): {
  readonly resultOf?: ResultOf;
  readonly defines?: ResultOf;
  readonly keeps?: ResultOf;
} {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'ExecuteStmt':
      return { resultOf: { kind: 'prepared', name: text(node, 'name') ?? '' } };
    case 'FetchStmt':
      return flag(node, 'ismove') ? {} : { resultOf: { kind: 'cursor', name: text(node, 'portalname') ?? '' } };
    case 'PrepareStmt':
      return { defines: { kind: 'prepared', name: text(node, 'name') ?? '' } };
    case 'DeclareCursorStmt':
      return { defines: { kind: 'cursor', name: text(node, 'portalname') ?? '' } };
    case 'CreateTableAsStmt': {
      const executed = as(child(node, 'query'), 'ExecuteStmt');
      return executed === undefined ? {} : { keeps: { kind: 'prepared', name: text(executed, 'name') ?? '' } };
    }
    case 'ExplainStmt': {
      const { keeps } = describedBy(child(node, 'query') ?? {});
      return keeps === undefined ? {} : { keeps };
    }
    default:
      return {};
  }
}

/** After these, names in the rest of the text may mean something else. */
export function changesNames(wrapped: Tree): string | undefined {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'VariableSetStmt': {
      const name = text(node, 'name')?.toLowerCase();
      const isPath = name === 'search_path' || name === 'role' || name === 'session_authorization';
      return isPath || text(node, 'kind') === 'VAR_RESET_ALL' ? `SET ${name ?? 'ALL'}` : undefined;
    }
    case 'DoStmt':
      return 'DO';
    case 'CallStmt':
      return 'CALL';
    case 'DropStmt':
      return 'DROP';
    case 'RenameStmt':
    case 'AlterObjectSchemaStmt':
      return 'ALTER';
    case 'CreateFunctionStmt':
      return 'CREATE FUNCTION';
    case 'CreateSchemaStmt':
      return 'CREATE SCHEMA';
    case 'CreateCastStmt':
    case 'DefineStmt':
    case 'CreateDomainStmt':
    case 'CompositeTypeStmt':
    case 'CreateEnumStmt':
      return 'CREATE';
    case 'RuleStmt':
      return 'CREATE RULE';
    case 'CreateExtensionStmt':
      return 'CREATE EXTENSION';
    case 'ImportForeignSchemaStmt':
      return 'IMPORT FOREIGN SCHEMA';
    case 'DiscardStmt':
      return 'DISCARD';
    case 'ExecuteStmt':
      return 'EXECUTE';
    default:
      return undefined;
  }
}

function select(t: Tracer, wrapped: Tree, node: Tree, scope: Scope): readonly NamedValue[] | undefined {
  let first = node;
  for (let left = child(first, 'larg'); left !== undefined; left = child(left, 'larg')) first = left;
  const into = child(first, 'intoClause');
  const columns = t.query(wrapped, scope);
  if (into === undefined) return columns;
  const relation = child(into, 'rel') ?? {};
  writeNew(t, relation, columns, isTemporary(relation), node);
  return undefined;
}

function copy(t: Tracer, node: Tree, scope: Scope): readonly NamedValue[] | undefined {
  if (flag(node, 'is_from')) {
    const into = findRelation(t, child(node, 'relation') ?? {}, undefined);
    if (into.kind === 'relation') {
      noteModified(t, into.relation, 'nothing');
      traceCopyFrom(t, node, into.relation);
      const given = into.relation.columns.map(({ name }) => ({ name, value: valueFrom(NO_DATA) }));
      t.condition(child(node, 'whereClause'), scopeOf([itemOf(into.relation.name, given)], undefined));
    }
    return undefined;
  }
  const query = child(node, 'query');
  if (query !== undefined) return t.statement(query, scope) ?? [];
  const rangeVar = child(node, 'relation') ?? {};
  const found = findRelation(t, rangeVar, undefined);
  const names = strings(node, 'attlist');
  if (found.kind !== 'relation') {
    const item = openItem(t, undefined, `relation ${displayName(rangeVar)} is not in the catalog`);
    return item.columns;
  }
  const { relation } = found;
  // COPY reads the table itself, not what inherits from it, but a partitioned one only through a query.
  const columns = columnsOf(t, relation, true);
  if (names.length > 0) {
    return names.map(
      (name) => columns.find((column) => column.name === name) ?? { name, value: t.unknown(`column ${name}`) },
    );
  }
  return columns.filter(({ name }) => relation.columns.find((column) => column.name === name)?.generated === undefined);
}

function traceCopyFrom(t: Tracer, node: Tree, into: CatalogRelation): void {
  const names = strings(node, 'attlist');
  for (const oid of [into.oid, ...t.catalog.descendants(into.oid)]) {
    for (const { name, attnum } of t.catalog.relationByOid(oid)?.columns ?? []) {
      const byDefault = names.length > 0 && !names.includes(name);
      t.gives({ kind: 'column', relation: oid, attnum }, NO_DATA, node, byDefault);
      if (!byDefault) noteExcluding(t, [{ relation: oid, attnum }], 1, node);
    }
  }
}

/** What it holds is computed anew. */
function refresh(t: Tracer, node: Tree): void {
  const found = findRelation(t, child(node, 'relation') ?? {}, undefined);
  if (found.kind !== 'relation' || found.relation.kind !== 'm') return;
  const { oid, columns } = found.relation;
  const defined = t.apart(() => t.view(found.relation)).result;
  columns.forEach(({ attnum }, i) => {
    t.gives({ kind: 'column', relation: oid, attnum }, defined[i]?.value.flow ?? NO_DATA, undefined);
  });
}

function truncate(t: Tracer, node: Tree): void {
  const follows = text(node, 'behavior') === 'DROP_CASCADE' ? 'truncate' : 'nothing';
  for (const wrapped of list(node, 'relations')) {
    const found = findRelation(t, as(wrapped, 'RangeVar') ?? {}, undefined);
    if (found.kind === 'relation') noteModified(t, found.relation, follows);
  }
}

function explain(t: Tracer, node: Tree, scope: Scope): readonly NamedValue[] {
  const columns = t.statement(child(node, 'query') ?? {}, scope) ?? [];
  // How many bytes the whole answer has, as it would be sent.
  if (list(node, 'options').some((option) => text(as(option, 'DefElem') ?? {}, 'defname') === 'serialize'))
    for (const { value } of columns) noteComputed(t, value.flow);
  // Constants of views, policies and indexes stand in it.
  return [{ name: 'QUERY PLAN', value: valueFrom(systemColumn(t, 'pg_rewrite', 'ev_action')) }];
}

function show(t: Tracer, node: Tree): readonly NamedValue[] {
  const name = text(node, 'name') ?? '';
  const setting = valueFrom(systemColumn(t, 'pg_settings', 'setting'), TEXT_TYPE);
  if (name !== 'all') return [{ name, value: setting }];
  return ['name', 'setting', 'description'].map((column) => ({ name: column, value: setting }));
}

function call(t: Tracer, node: Tree, scope: Scope): readonly NamedValue[] | undefined {
  const function_ = child(node, 'funccall') ?? {};
  const args = list(function_, 'args').map((wrapped): Argument => {
    const named = as(wrapped, 'NamedArgExpr');
    const inner = named === undefined ? wrapped : child(named, 'arg');
    return { node: inner, value: t.value(inner, scope), name: named === undefined ? undefined : text(named, 'name') };
  });
  const name = strings(function_, 'funcname');
  const value = callByName(t, name, args, function_);
  const isEmptyRow =
    value.flow.shape.kind !== 'row' && value.flow.unknown.length === 0 && value.flow.sources.length === 0;
  return isEmptyRow
    ? undefined
    : value.flow.shape.kind === 'row'
      ? fieldsOfRow(t, value)
      : [{ name: name.at(-1) ?? '', value }];
}

function doBlock(t: Tracer, node: Tree): void {
  const options = list(node, 'args').map((wrapped) => as(wrapped, 'DefElem') ?? {});
  const option = (name: string): string | undefined => {
    const found = options.find((one) => text(one, 'defname') === name);
    return text(as(child(found ?? {}, 'arg'), 'String') ?? {}, 'sval');
  };
  const language = option('language') ?? 'plpgsql';
  if (language !== 'plpgsql') {
    t.findings.unknown.add(`DO in language ${language}`);
    t.findings.opaque.push({ routine: 'DO', reads: [] });
    return;
  }
  const body = option('as') ?? '';
  let tag = 'dbgate';
  while (body.includes(`$${tag}$`)) tag += '_';
  const bound = { routine: '', byNumber: [], byName: new Map() };
  const read = t.within('DO', () =>
    t.elsewhere(t.world.searchPath, undefined, () => traceProcedural(t, `DO $${tag}$${body}$${tag}$`, bound, true)),
  );
  t.findings.opaque.push({ routine: 'DO', reads: (read ?? combine([])).sources });
}
