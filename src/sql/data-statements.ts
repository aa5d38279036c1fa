/** Statements that read and write rows, and those that wrap one. */
import type { Scope } from './ctes.ts';
import { Draft } from './draft.ts';
import { conflictExtent, extentOf, type GroundedExtent, mergeExtent } from './extents.ts';
import type { Finding, FindingKind } from './facts.ts';
import { ALWAYS, both, isAlways } from './grounds.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import type { Place } from './narrowing.ts';
import { rowCount } from './shortened.ts';
import { as, child, flag, list, type Tree, text } from './tree.ts';
import type { StatementHandler, Walk } from './walk.ts';

const WITH = new Set(['withClause']);
const WITH_AND_RELATION = new Set(['withClause', 'relation']);
const INTO = new Set(['withClause', 'intoClause']);

/** The relation written to: a real one, never a CTE. */
function written(node: Tree, walk: Walk): string {
  walk.draft.writes = true;
  const relation = child(node, 'relation') ?? {};
  const parts = rangeVarParts(relation);
  const name = qualifiedName(parts);
  walk.draft.relations.add(name);
  walk.draft.written.add(name);
  const bare = parts.at(-1) ?? '';
  // An update of pg_settings is set_config by its rule; other catalogs are never written by hand.
  if (bare === 'pg_settings') walk.draft.find('set_config_dynamic', walk.at(relation), name);
  else if (bare.startsWith('pg_') || parts.at(-2) === 'pg_catalog') {
    walk.draft.find('server_object', walk.at(relation), name);
  }
  return name;
}

function bounded(kind: FindingKind, node: Tree, name: string, extent: GroundedExtent, walk: Walk): void {
  walk.draft.changesRows = true;
  walk.draft.changed.add(name);
  if (isAlways(extent.grounds)) return;
  const offset = walk.at(child(node, 'relation'));
  const more = walk.around.deferred ? {} : { lookup: name, unless: extent.unless };
  const finding: Finding = { kind, offset, subject: name, ...more };
  if (extent.narrow) {
    walk.draft.rests.push({ grounds: extent.grounds, finding });
    return;
  }
  walk.draft.manyRows = true;
  walk.draft.findings.push(finding);
}

/** In a loop that is short on certain grounds, what a variable says holds on these. */
function within(walk: Walk, scope: Scope, prove: (place: Place) => GroundedExtent): GroundedExtent {
  const { loops } = walk.around;
  const extent = prove({ ...walk.around, scope });
  if (isAlways(loops) || !extent.narrow) return extent;
  const { grounds } = prove({ ...walk.around, scope, loose: true });
  return { ...extent, grounds: isAlways(grounds) ? ALWAYS : [...grounds, ...both(extent.grounds, loops)] };
}

function changesRows(kind: FindingKind, extent: (node: Tree, place: Place) => GroundedExtent): StatementHandler {
  return (node, walk, scope) => {
    const inner = walk.withClause(node, scope);
    const name = written(node, walk);
    bounded(
      kind,
      node,
      name,
      within(walk, inner, (place) => extent(node, place)),
      walk,
    );
    walk.children(node, inner, WITH_AND_RELATION);
  };
}

/** More rows than this in a VALUES list are many. */
const FEW_ROWS = 100;

/** DEFAULT VALUES, or a VALUES list that is no query. */
function insertsFewRows(node: Tree): boolean {
  const select = as(child(node, 'selectStmt'), 'SelectStmt');
  if (select === undefined) return node.selectStmt === undefined;
  const rows = rowCount(select);
  return rows > 0 && rows <= FEW_ROWS;
}

/** What SELECT INTO and CREATE TABLE AS create. */
export function created(into: Tree | undefined, label: string, ifNotExists: boolean, walk: Walk): void {
  const relation = into === undefined ? undefined : child(into, 'rel');
  if (relation === undefined) return;
  walk.draft.writes = true;
  walk.relationTarget('create', label, relation, { ifNotExists });
}

const OFF = new Set(['false', 'off', '0', 'no']);

/** True if any `name` option is on: by itself, or with a value that is not off. */
export function optionIsOn(node: Tree, name: string): boolean {
  return list(node, 'options').some((wrapped) => {
    const option = as(wrapped, 'DefElem');
    if (option === undefined || text(option, 'defname') !== name) return false;
    const argument = child(option, 'arg');
    if (argument === undefined) return true;
    const string = as(argument, 'String');
    if (string !== undefined) return !OFF.has((text(string, 'sval') ?? '').toLowerCase());
    const integer = as(argument, 'Integer');
    if (integer !== undefined) return integer.ival !== undefined && integer.ival !== 0;
    const boolean = as(argument, 'Boolean');
    return boolean === undefined || flag(boolean, 'boolval');
  });
}

export const DATA_STATEMENTS: Readonly<Record<string, StatementHandler>> = {
  SelectStmt(node, walk, scope) {
    const inner = walk.withClause(node, scope);
    created(child(node, 'intoClause'), 'table', false, walk);
    walk.children(node, inner, INTO);
  },

  InsertStmt(node, walk, scope) {
    const inner = walk.withClause(node, scope);
    const name = written(node, walk);
    if (!insertsFewRows(node)) walk.draft.manyRows = true;
    if (child(node, 'onConflictClause') !== undefined) {
      const extent = within(walk, inner, (place) => conflictExtent(node, place));
      if (!isAlways(extent.grounds)) bounded('update_without_where', node, name, extent, walk);
    }
    walk.children(node, inner, WITH_AND_RELATION);
  },

  UpdateStmt: changesRows('update_without_where', (node, place) => extentOf(node, list(node, 'fromClause'), place)),
  DeleteStmt: changesRows('delete_without_where', (node, place) => extentOf(node, list(node, 'usingClause'), place)),
  MergeStmt: changesRows('merge_all_rows', mergeExtent),

  CopyStmt(node, walk, scope) {
    const relation = child(node, 'relation');
    if (flag(node, 'is_from') && relation !== undefined) {
      written(node, walk);
      walk.draft.manyRows = true;
    }
    const file = text(node, 'filename');
    if (flag(node, 'is_program')) walk.draft.find('copy_program', walk.at(relation), undefined);
    else if (file !== undefined) walk.draft.find('copy_server_file', walk.at(relation), undefined);
    walk.children(node, scope);
  },

  CallStmt(node, walk, scope) {
    walk.draft.writes = true;
    walk.children(node, scope, new Set(['funcexpr']));
  },

  TruncateStmt(node, walk) {
    walk.draft.writes = true;
    for (const wrapped of list(node, 'relations')) {
      const relation = as(wrapped, 'RangeVar');
      if (relation !== undefined) walk.relationTarget('truncate', 'table', relation);
    }
  },

  ExplainStmt(node, walk, scope) {
    if (optionIsOn(node, 'analyze')) {
      walk.node(child(node, 'query'), scope);
      return;
    }
    // Planned, not run: what it names counts, what it would do does not.
    const planned = new Draft();
    walk.fork({}, planned).node(child(node, 'query'), scope);
    for (const name of planned.relations) walk.draft.relations.add(name);
    for (const name of planned.functions) walk.draft.functions.add(name);
    for (const name of planned.operators) walk.draft.operators.add(name);
    for (const name of planned.types) walk.draft.types.add(name);
  },

  PrepareStmt(node, walk, scope) {
    // Planned again at each EXECUTE, when its names may mean other relations.
    walk.draft.prepared.push({ action: 'prepare', name: text(node, 'name') ?? '' });
    walk.fork({ deferred: true }).children(node, scope);
  },

  DeallocateStmt(node, walk) {
    walk.draft.prepared.push({ action: 'deallocate', name: text(node, 'name') });
  },

  DiscardStmt(node, walk) {
    if (text(node, 'target') === 'DISCARD_ALL') walk.draft.prepared.push({ action: 'deallocate', name: undefined });
  },

  DeclareCursorStmt(node, walk, scope) {
    walk.children(node, scope, WITH);
  },

  ExecuteStmt(node, walk, scope) {
    walk.draft.prepared.push({ action: 'execute', name: text(node, 'name') ?? '' });
    walk.draft.writes = true;
    walk.children(node, scope);
  },
};
