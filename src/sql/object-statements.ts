/** CREATE, ALTER, DROP and what changes an object by the way: each names its targets. */
import { isAdminObject, objectWords } from './commands.ts';
import type { Scope } from './ctes.ts';
import { created } from './data-statements.ts';
import { shownBy } from './extents.ts';
import type { FindingKind, ObjectKind, ObjectTarget, ShownView } from './facts.ts';
import {
  createdRoutineLookup,
  objectParts,
  qualifiedName,
  rangeVarParts,
  routineLookup,
  typeNameText,
} from './names.ts';
import { isNarrowingOperator } from './narrowing-names.ts';
import { as, child, flag, items, list, strings, type Tree, text } from './tree.ts';
import type { StatementHandler, Walk } from './walk.ts';

const KIND_OF: Readonly<Record<string, ObjectKind>> = {
  OBJECT_TABLE: 'relation',
  OBJECT_VIEW: 'relation',
  OBJECT_MATVIEW: 'relation',
  OBJECT_SEQUENCE: 'relation',
  OBJECT_INDEX: 'relation',
  OBJECT_FOREIGN_TABLE: 'relation',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'function',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_SCHEMA: 'schema',
};

/** Belong to a relation: named by its name and one more part. */
const PARTS_OF_RELATION = new Set([
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
]);

const ADMIN_FINDING: Readonly<Record<string, FindingKind>> = {
  OBJECT_EXTENSION: 'extension',
  OBJECT_ROLE: 'role',
  OBJECT_DATABASE: 'database',
  OBJECT_TABLESPACE: 'database',
};

/** What ALTER TABLE does to the table, and to what inherits from it or has its type, and to nothing else. */
const CONFINED_CHANGES = new Set(
  `AddColumn DropColumn ColumnDefault CookedColumnDefault DropNotNull SetNotNull SetExpression DropExpression SetStatistics
  SetOptions ResetOptions SetStorage SetCompression AlterColumnType AddConstraint AlterConstraint ValidateConstraint
  DropConstraint AddIdentity SetIdentity DropIdentity ClusterOn DropCluster SetLogged SetUnLogged SetRelOptions
  ResetRelOptions ReplicaIdentity`
    .split(/\s+/)
    .map((name) => `AT_${name}`),
);

/** A new name, for itself or a part of it, makes another of none but these. */
const CONFINED_KINDS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_INDEX',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_TABCONSTRAINT',
]);

const RELATION = new Set(['relation']);
const NO_CHILDREN = new Set(['object', 'objects']);

/** A target named in a slot of any type: DROP, COMMENT, ALTER … OWNER/RENAME/SET SCHEMA. */
function objectTarget(action: ObjectTarget['action'], objectType: string | undefined, wrapped: Tree, walk: Walk): void {
  const type = objectType ?? '';
  const label = objectWords(objectType).toLowerCase();
  if (isAdminObject(type)) {
    const name = qualifiedName(objectParts(wrapped));
    walk.draft.find(ADMIN_FINDING[type] ?? 'server_object', walk.at(undefined), name);
    walk.target(action, 'other', label, undefined, name);
    return;
  }
  if (PARTS_OF_RELATION.has(type)) {
    // A trigger, policy, rule or column changes its table.
    const parts = objectParts(wrapped).slice(0, -1);
    const name = qualifiedName(parts);
    walk.draft.relations.add(name);
    walk.target('alter', 'relation', 'table', name, name, { temporary: parts[0] === 'pg_temp' });
    return;
  }
  if (type === 'OBJECT_DOMCONSTRAINT') {
    const domain = as(items(wrapped)[0], 'TypeName');
    const name = domain === undefined ? '' : (typeNameText(domain) ?? '');
    walk.target('alter', 'type', 'domain', name === '' ? undefined : name, name);
    return;
  }
  const routine = as(wrapped, 'ObjectWithArgs');
  // Without arguments it is the one function of that name, if there is but one.
  const isBare = routine !== undefined && flag(routine, 'args_unspecified');
  const kind = isBare ? 'routine' : (KIND_OF[type] ?? 'other');
  const parts = objectParts(wrapped);
  const name = qualifiedName(parts);
  const lookup = kind === 'other' ? undefined : routine === undefined || isBare ? name : routineLookup(routine);
  if (kind === 'relation') walk.draft.relations.add(name);
  if (type === 'OBJECT_CAST' || type === 'OBJECT_TRANSFORM') {
    walk.draft.find('server_object', walk.at(undefined), undefined);
  }
  walk.target(action, kind, label, lookup, name, {
    temporary: kind === 'relation' && parts.length > 1 && parts[0] === 'pg_temp',
  });
}

/** ALTER … of a relation slot or an object slot. */
function alters(typeField: string): StatementHandler {
  return (node, walk) => {
    const relation = child(node, 'relation');
    const objectType = text(node, typeField);
    if (relation !== undefined) {
      const owner = (objectType === 'OBJECT_COLUMN' ? text(node, 'relationType') : objectType) ?? '';
      const label = PARTS_OF_RELATION.has(owner) ? 'table' : objectWords(owner).toLowerCase();
      const isPart = objectType === 'OBJECT_COLUMN' || objectType === 'OBJECT_TABCONSTRAINT';
      const becomes = isPart ? undefined : text(node, 'newname');
      walk.relationTarget('alter', label, relation, { confined: CONFINED_KINDS.has(owner), becomes });
      return;
    }
    const object = child(node, 'object') ?? { String: { sval: text(node, 'subname') ?? '' } };
    objectTarget('alter', objectType, object, walk);
  };
}

/** ALTER TYPE and its like: the type's name is a list of strings. */
function altersType(label: string): StatementHandler {
  return (node, walk, scope) => {
    const name = qualifiedName(strings(node, 'typeName'));
    walk.target('alter', 'type', label, name, name);
    walk.children(node, scope, new Set(['typeName']));
  };
}

function createsType(field: string, label: string): StatementHandler {
  return (node, walk, scope) => {
    const name = qualifiedName(strings(node, field));
    walk.target('create', 'type', label, name, name);
    walk.children(node, scope, new Set([field]));
  };
}

/** What a view shows from now on. */
function shows(view: Tree | undefined, shown: Omit<ShownView, 'name'>, walk: Walk): void {
  if (view === undefined) return;
  walk.draft.shows.push({ name: qualifiedName(rangeVarParts(view)), ...shown });
}

function altersOther(label: string): StatementHandler {
  return (node, walk, scope) => {
    walk.target('alter', 'other', label, undefined, label);
    walk.children(node, scope);
  };
}

/** Something made on a table changes the table. */
function altersTable(node: Tree, walk: Walk, scope: Scope, field = 'relation', confined = false): void {
  const relation = child(node, field);
  if (relation !== undefined) walk.relationTarget('alter', 'table', relation, { confined });
  walk.children(node, scope, new Set([field]));
}

function createTable(node: Tree, walk: Walk, scope: Scope, label: string): void {
  const relation = child(node, 'relation');
  if (relation !== undefined) {
    walk.relationTarget('create', label, relation, { ifNotExists: flag(node, 'if_not_exists') });
  }
  // A partition or an inheriting table shows up in its parent.
  for (const wrapped of list(node, 'inhRelations')) {
    const parent = as(wrapped, 'RangeVar');
    if (parent !== undefined) walk.relationTarget('alter', 'table', parent);
  }
  walk.children(node, scope, new Set(['relation', 'inhRelations']));
}

/** The arguments of CREATE AGGREGATE, as far as they are typed: the old syntax has them in an option. */
function aggregateLookup(node: Tree): string | undefined {
  const parameters = list(node, 'args')[0];
  return parameters === undefined ? undefined : createdRoutineLookup(strings(node, 'defnames'), items(parameters));
}

/**
 * A role by its name. Who gives an object to another role has it act with that role's rights: a view reads as its owner,
 * so to be one's own is not enough.
 */
function isAnother(role: Tree | undefined): boolean {
  return role !== undefined && text(role, 'roletype') === 'ROLESPEC_CSTRING';
}

function givenTo(role: Tree, walk: Walk): Walk {
  return walk.fork({ givenTo: text(role, 'rolename') ?? '' });
}

function isConfined(wrapped: Tree): boolean {
  const command = as(wrapped, 'AlterTableCmd');
  return command !== undefined && CONFINED_CHANGES.has(text(command, 'subtype') ?? '');
}

export const OBJECT_STATEMENTS: Readonly<Record<string, StatementHandler>> = {
  CreateStmt: (node, walk, scope) => createTable(node, walk, scope, 'table'),

  CreateForeignTableStmt(node, walk, scope) {
    walk.draft.find('server_object', walk.at(undefined), text(node, 'servername'));
    const base = child(node, 'base') ?? child(node, 'baseStmt');
    if (base !== undefined) createTable(base, walk, scope, 'foreign table');
  },

  CreateTableAsStmt(node, walk, scope) {
    const label = objectWords(text(node, 'objtype')).toLowerCase();
    created(child(node, 'into'), label, flag(node, 'if_not_exists'), walk);
    walk.children(node, scope, new Set(['into']));
  },

  ViewStmt(node, walk, scope) {
    const view = child(node, 'view');
    if (view !== undefined) walk.relationTarget(flag(node, 'replace') ? 'replace' : 'create', 'view', view);
    const aliases = strings(node, 'aliases');
    shows(view, shownBy(child(node, 'query') ?? {}, aliases, { ...walk.around, scope }), walk);
    walk.children(node, scope, new Set(['view']));
    // An update of such a view reaches the rule by which an update of pg_settings is set_config.
    const { relations } = walk.draft;
    if (relations.has('pg_settings') || relations.has('pg_catalog.pg_settings')) {
      walk.draft.find('set_config_dynamic', walk.at(view), 'pg_settings');
    }
  },

  IndexStmt(node, walk, scope) {
    const relation = child(node, 'relation');
    const name = text(node, 'idxname');
    if (relation !== undefined && name !== undefined) {
      // An index lives in its table's schema.
      walk.relationTarget(
        'create',
        'index',
        { ...relation, relname: name },
        { ifNotExists: flag(node, 'if_not_exists') },
      );
    }
    altersTable(node, walk, scope, 'relation', true);
  },

  CreateSeqStmt(node, walk, scope) {
    const sequence = child(node, 'sequence');
    if (sequence !== undefined) {
      walk.relationTarget('create', 'sequence', sequence, { ifNotExists: flag(node, 'if_not_exists') });
    }
    walk.children(node, scope, new Set(['sequence']));
  },

  AlterSeqStmt(node, walk, scope) {
    const sequence = child(node, 'sequence');
    if (sequence !== undefined) walk.relationTarget('alter', 'sequence', sequence, { confined: true });
    walk.children(node, scope, new Set(['sequence']));
  },

  CreateSchemaStmt(node, walk, scope) {
    const role = text(child(node, 'authrole') ?? {}, 'rolename');
    const schema = text(node, 'schemaname') ?? role;
    const name = schema === undefined ? undefined : qualifiedName([schema]);
    // What it creates along with it, it creates as that role.
    if (isAnother(child(node, 'authrole'))) walk.draft.find('set_role', walk.at(undefined), role);
    walk.target('create', 'schema', 'schema', name, name ?? 'current_user', {
      ifNotExists: flag(node, 'if_not_exists'),
    });
    const inside = walk.fork({});
    inside.schema = schema;
    inside.children(node, scope);
  },

  CreateTrigStmt(node, walk, scope) {
    walk.functionName(strings(node, 'funcname'), undefined);
    altersTable(node, walk, scope);
  },
  CreatePolicyStmt: (node, walk, scope) => altersTable(node, walk, scope, 'table'),
  AlterPolicyStmt: (node, walk, scope) => altersTable(node, walk, scope, 'table'),
  RuleStmt(node, walk, scope) {
    const relation = child(node, 'relation');
    if (relation !== undefined) walk.relationTarget('alter', 'table', relation);
    // A rule ON SELECT is what makes a view.
    const [query] = list(node, 'actions');
    if (text(node, 'event') === 'CMD_SELECT' && query !== undefined) {
      shows(relation, shownBy(query, [], { ...walk.around, scope }), walk);
    }
    walk.fork({ deferred: true }).children(node, scope, RELATION);
  },
  CreateStatsStmt(node, walk) {
    for (const wrapped of list(node, 'relations')) {
      const relation = as(wrapped, 'RangeVar');
      if (relation !== undefined) walk.relationTarget('alter', 'table', relation);
    }
  },
  AlterStatsStmt: altersOther('statistics'),

  CompositeTypeStmt(node, walk, scope) {
    const typevar = child(node, 'typevar');
    const parts = typevar === undefined ? [] : [text(typevar, 'schemaname'), text(typevar, 'relname')];
    const name = qualifiedName(parts.filter((part) => part !== undefined));
    walk.target('create', 'type', 'type', name, name, { at: typevar });
    walk.children(node, scope, new Set(['typevar']));
  },
  CreateEnumStmt: createsType('typeName', 'type'),
  CreateRangeStmt: createsType('typeName', 'type'),
  CreateDomainStmt: createsType('domainname', 'domain'),
  DefineStmt(node, walk, scope) {
    const objectType = text(node, 'kind');
    const name = qualifiedName(strings(node, 'defnames'));
    const kind = KIND_OF[objectType ?? ''] ?? 'other';
    const action = flag(node, 'replace') ? 'replace' : 'create';
    // By such operators it is told whether a condition narrows.
    if (objectType === 'OBJECT_OPERATOR' && isNarrowingOperator(strings(node, 'defnames').at(-1) ?? '')) {
      walk.draft.find('server_object', walk.at(undefined), name);
    }
    const lookup = kind === 'function' ? aggregateLookup(node) : kind === 'other' ? undefined : name;
    walk.target(action, kind, objectWords(objectType).toLowerCase(), lookup, name);
    // The functions behind an aggregate, an operator or a type are written as type names.
    for (const wrapped of list(node, 'definition')) {
      const option = as(wrapped, 'DefElem');
      const argument = option === undefined ? undefined : as(child(option, 'arg'), 'TypeName');
      if (argument !== undefined) walk.functionName(strings(argument, 'names'), argument);
    }
    walk.children(node, scope);
  },
  AlterDomainStmt: altersType('domain'),
  AlterEnumStmt: altersType('type'),
  AlterTypeStmt: altersType('type'),
  AlterOperatorStmt: altersOther('operator'),
  AlterOpFamilyStmt: altersOther('operator family'),
  AlterCollationStmt: altersOther('collation'),
  AlterTSDictionaryStmt: altersOther('text search dictionary'),
  AlterTSConfigurationStmt: altersOther('text search configuration'),

  AlterTableStmt(node, walk, scope) {
    const relation = child(node, 'relation');
    const objectType = text(node, 'objtype');
    const owners = list(node, 'cmds').map((cmd) => child(as(cmd, 'AlterTableCmd') ?? {}, 'newowner'));
    const [owner, more] = owners.filter(isAnother);
    if (owner !== undefined && walk.around.givenTo === undefined) {
      const given = givenTo(owner, walk);
      OBJECT_STATEMENTS.AlterTableStmt?.(node, more === undefined ? given : given.fork({ deferred: true }), scope);
      return;
    }
    if (relation !== undefined) {
      const label = objectWords(objectType).toLowerCase();
      if (objectType === 'OBJECT_TYPE') {
        const parts = [text(relation, 'schemaname'), text(relation, 'relname')].filter((part) => part !== undefined);
        const name = qualifiedName(parts);
        walk.target('alter', 'type', label, name, name, { at: relation });
      } else walk.relationTarget('alter', label, relation, { confined: list(node, 'cmds').every(isConfined) });
    }
    for (const wrapped of list(node, 'cmds')) {
      const command = as(wrapped, 'AlterTableCmd');
      const subtype = command === undefined ? undefined : text(command, 'subtype');
      const parent = command === undefined ? undefined : as(child(command, 'def'), 'RangeVar');
      if (parent !== undefined && (subtype === 'AT_AddInherit' || subtype === 'AT_DropInherit')) {
        walk.relationTarget('alter', 'table', parent);
      }
    }
    walk.children(node, scope, RELATION);
  },
  AlterTableMoveAllStmt: altersOther('every object of a tablespace'),
  RenameStmt(node, walk, scope) {
    alters('renameType')(node, walk, scope);
    const relation = child(node, 'relation');
    const before = relation === undefined ? '' : qualifiedName(rangeVarParts(relation));
    const newname = text(node, 'newname') ?? '';
    if (text(node, 'renameType') === 'OBJECT_COLUMN') {
      const grounds = [[{ relation: before, column: text(node, 'subname') ?? '' }]];
      shows(relation, { columns: [{ name: newname, grounds }], others: [before] }, walk);
    } else if (relation !== undefined) {
      shows({ relname: newname }, { columns: [], others: [before], renamed: true }, walk);
    }
  },
  AlterObjectSchemaStmt(node, walk, scope) {
    alters('objectType')(node, walk, scope);
    const relation = child(node, 'relation');
    if (relation === undefined) return;
    const others = [qualifiedName(rangeVarParts(relation))];
    shows({ relname: text(relation, 'relname') ?? '' }, { columns: [], others, renamed: true }, walk);
  },
  AlterOwnerStmt(node, walk, scope) {
    const owner = child(node, 'newowner');
    alters('objectType')(node, owner !== undefined && isAnother(owner) ? givenTo(owner, walk) : walk, scope);
  },
  AlterObjectDependsStmt: alters('objectType'),
  CommentStmt(node, walk) {
    objectTarget('alter', text(node, 'objtype'), child(node, 'object') ?? {}, walk);
  },
  SecLabelStmt(node, walk) {
    objectTarget('alter', text(node, 'objtype'), child(node, 'object') ?? {}, walk);
  },
  DropStmt(node, walk, scope) {
    for (const object of list(node, 'objects')) objectTarget('drop', text(node, 'removeType'), object, walk);
    walk.children(node, scope, NO_CHILDREN);
  },
};
