/** Statements about the session, the server and its administration: mostly one finding each. */
import { optionIsOn } from './data-statements.ts';
import type { FindingKind } from './facts.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import { type SettingValue, settingFinding } from './settings.ts';
import { as, child, constantOf, flag, list, number, type Tree, text } from './tree.ts';
import type { StatementHandler, Walk } from './walk.ts';

/** LOCKMODE numbers of the parse tree. */
const LOCK_MODES = [
  '',
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
];

function settingValue(node: Tree): SettingValue {
  const kind = text(node, 'kind');
  if (kind === 'VAR_SET_DEFAULT' || kind === 'VAR_RESET') return undefined;
  const args = list(node, 'args');
  const constant = args.length === 1 ? constantOf(args[0]) : undefined;
  switch (constant?.kind) {
    case 'string':
    case 'float':
      return constant.value;
    case 'integer':
      return String(constant.value);
    default:
      return null;
  }
}

/** READ WRITE among the modes of SET TRANSACTION or BEGIN. */
function transactionModes(options: readonly Tree[], walk: Walk): void {
  for (const wrapped of options) {
    const option = as(wrapped, 'DefElem');
    if (option === undefined || text(option, 'defname') !== 'transaction_read_only') continue;
    const value = constantOf(child(option, 'arg'));
    if (value?.kind !== 'integer' || value.value === 0) {
      walk.draft.find('set_transaction_mode', walk.at(option), 'READ WRITE');
    }
  }
}

const ENDS_PREPARED = new Set(['TRANS_STMT_COMMIT_PREPARED', 'TRANS_STMT_ROLLBACK_PREPARED']);

/** A statement that is a finding by itself; `subject` is the field that names its object. */
function finds(kind: FindingKind, subject?: string): StatementHandler {
  return (node, walk, scope) => {
    walk.draft.find(kind, walk.at(undefined), subject === undefined ? undefined : text(node, subject));
    walk.children(node, scope);
  };
}

/** Rewrites a table under an exclusive lock; without a relation, every one. */
function rewrites(relations: readonly Tree[], walk: Walk): void {
  walk.draft.find('rewrite_table', walk.at(relations[0]), undefined);
  for (const relation of relations) walk.relationTarget('maintain', 'table', relation);
  if (relations.length === 0) walk.target('maintain', 'other', 'database', undefined, 'every table');
}

export const SESSION_STATEMENTS: Readonly<Record<string, StatementHandler>> = {
  VariableSetStmt(node, walk, scope) {
    const kind = text(node, 'kind');
    const name = text(node, 'name');
    if (kind === 'VAR_SET_MULTI') transactionModes(list(node, 'args'), walk);
    else if (name !== undefined && kind !== 'VAR_RESET_ALL') {
      const value = settingValue(node);
      // A default is what the gateway started the session with.
      if (value !== undefined) walk.draft.settings.add(name.toLowerCase());
      const finding = settingFinding(name, value);
      if (finding !== undefined) walk.draft.find(finding, walk.at(list(node, 'args')[0]), name);
    }
    walk.children(node, scope);
  },

  TransactionStmt(node, walk) {
    transactionModes(list(node, 'options'), walk);
    const kind = text(node, 'kind') ?? '';
    const gid = text(node, 'gid');
    if (kind === 'TRANS_STMT_PREPARE') walk.draft.find('prepared_transaction', walk.at(undefined), gid);
    // Ends what another session prepared; one that does not exist harms nobody.
    else if (ENDS_PREPARED.has(kind))
      walk.target('drop', 'prepared_transaction', 'prepared transaction', gid, gid ?? '');
  },

  LockStmt(node, walk) {
    walk.draft.locks = true;
    const mode = LOCK_MODES[number(node, 'mode') ?? 0] ?? 'ACCESS EXCLUSIVE';
    for (const wrapped of list(node, 'relations')) {
      const relation = as(wrapped, 'RangeVar');
      if (relation === undefined) continue;
      const name = qualifiedName(rangeVarParts(relation));
      walk.draft.relations.add(name);
      walk.draft.find('lock_table', walk.at(relation), mode);
      if (mode === 'ACCESS EXCLUSIVE') walk.relationTarget('maintain', 'table', relation);
    }
  },

  VacuumStmt(node, walk, scope) {
    const relations = list(node, 'rels').flatMap((wrapped) => {
      const relation = child(as(wrapped, 'VacuumRelation') ?? {}, 'relation');
      return relation === undefined ? [] : [relation];
    });
    if (optionIsOn(node, 'full')) rewrites(relations, walk);
    walk.children(node, scope);
  },

  ClusterStmt(node, walk) {
    const relation = child(node, 'relation');
    rewrites(relation === undefined ? [] : [relation], walk);
  },

  ReindexStmt(node, walk) {
    const relation = child(node, 'relation');
    rewrites(relation === undefined ? [] : [relation], walk);
  },

  RefreshMatViewStmt(node, walk) {
    walk.draft.writes = true;
    const relation = child(node, 'relation');
    if (relation !== undefined) walk.relationTarget('maintain', 'materialized view', relation);
  },

  LoadStmt: finds('load_library', 'filename'),
  CheckPointStmt: finds('server_object'),
  AlterSystemStmt(node, walk, scope) {
    walk.draft.find('alter_system', walk.at(undefined), text(child(node, 'setstmt') ?? {}, 'name'));
    walk.children(node, scope);
  },

  CreateExtensionStmt(node, walk) {
    const name = text(node, 'extname');
    // Of one that is there it does nothing, whatever version or schema it says.
    const isSure = !walk.around.deferred && walk.around.mayFail !== true;
    const lookup = flag(node, 'if_not_exists') && isSure ? name : undefined;
    walk.draft.find('extension', walk.at(undefined), name, lookup === undefined ? {} : { lookup });
  },
  AlterExtensionStmt: finds('extension', 'extname'),
  AlterExtensionContentsStmt: finds('extension', 'extname'),

  GrantStmt: finds('grant'),
  GrantRoleStmt: finds('grant'),
  AlterDefaultPrivilegesStmt: finds('grant'),
  DropOwnedStmt: finds('grant'),
  ReassignOwnedStmt: finds('grant'),

  CreateRoleStmt: finds('role', 'role'),
  AlterRoleStmt: finds('role'),
  AlterRoleSetStmt: finds('role'),
  DropRoleStmt: finds('role'),

  CreatedbStmt: finds('database', 'dbname'),
  AlterDatabaseStmt: finds('database', 'dbname'),
  AlterDatabaseSetStmt: finds('database', 'dbname'),
  AlterDatabaseRefreshCollStmt: finds('database', 'dbname'),
  DropdbStmt: finds('database', 'dbname'),
  CreateTableSpaceStmt: finds('database', 'tablespacename'),
  AlterTableSpaceOptionsStmt: finds('database', 'tablespacename'),
  DropTableSpaceStmt: finds('database', 'tablespacename'),

  CreatePublicationStmt: finds('server_object', 'pubname'),
  AlterPublicationStmt: finds('server_object', 'pubname'),
  CreateSubscriptionStmt: finds('server_object', 'subname'),
  AlterSubscriptionStmt: finds('server_object', 'subname'),
  DropSubscriptionStmt: finds('server_object', 'subname'),
  CreateFdwStmt: finds('server_object', 'fdwname'),
  AlterFdwStmt: finds('server_object', 'fdwname'),
  CreateForeignServerStmt: finds('server_object', 'servername'),
  AlterForeignServerStmt: finds('server_object', 'servername'),
  CreateUserMappingStmt: finds('server_object', 'servername'),
  AlterUserMappingStmt: finds('server_object', 'servername'),
  DropUserMappingStmt: finds('server_object', 'servername'),
  ImportForeignSchemaStmt: finds('server_object', 'server_name'),
  CreateEventTrigStmt: finds('server_object', 'trigname'),
  AlterEventTrigStmt: finds('server_object', 'trigname'),
  CreatePLangStmt: finds('server_object', 'plname'),
  CreateAmStmt: finds('server_object', 'amname'),
  // Implicit casts, transforms and default operator classes change what everybody's statements mean.
  CreateCastStmt: finds('server_object'),
  CreateTransformStmt: finds('server_object'),
  CreateConversionStmt: finds('server_object'),
  CreateOpClassStmt: finds('server_object'),
  CreateOpFamilyStmt: finds('server_object'),
};
