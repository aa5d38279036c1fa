/** Every command of the PostgreSQL reference: parse node → command tag and class. What is not here is UNKNOWN. */
import type { StatementClass } from './facts.ts';
import { child, flag, type Tree, text } from './tree.ts';

export interface Command {
  readonly name: string;
  readonly class: StatementClass;
}

type CommandOf = Command | ((node: Tree) => Command | undefined);

/** From `OBJECT_…` of the parse tree to the words of SQL. */
const OBJECT_WORDS: Readonly<Record<string, string>> = {
  OBJECT_ACCESS_METHOD: 'ACCESS METHOD',
  OBJECT_AGGREGATE: 'AGGREGATE',
  OBJECT_ATTRIBUTE: 'TYPE',
  OBJECT_CAST: 'CAST',
  OBJECT_COLUMN: 'TABLE',
  OBJECT_COLLATION: 'COLLATION',
  OBJECT_CONVERSION: 'CONVERSION',
  OBJECT_DATABASE: 'DATABASE',
  OBJECT_DOMAIN: 'DOMAIN',
  OBJECT_DOMCONSTRAINT: 'DOMAIN',
  OBJECT_EVENT_TRIGGER: 'EVENT TRIGGER',
  OBJECT_EXTENSION: 'EXTENSION',
  OBJECT_FDW: 'FOREIGN DATA WRAPPER',
  OBJECT_FOREIGN_SERVER: 'SERVER',
  OBJECT_FOREIGN_TABLE: 'FOREIGN TABLE',
  OBJECT_FUNCTION: 'FUNCTION',
  OBJECT_INDEX: 'INDEX',
  OBJECT_LANGUAGE: 'LANGUAGE',
  OBJECT_LARGEOBJECT: 'LARGE OBJECT',
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_OPCLASS: 'OPERATOR CLASS',
  OBJECT_OPERATOR: 'OPERATOR',
  OBJECT_OPFAMILY: 'OPERATOR FAMILY',
  OBJECT_PARAMETER_ACL: 'PARAMETER',
  OBJECT_POLICY: 'POLICY',
  OBJECT_PROCEDURE: 'PROCEDURE',
  OBJECT_PUBLICATION: 'PUBLICATION',
  OBJECT_ROLE: 'ROLE',
  OBJECT_ROUTINE: 'ROUTINE',
  OBJECT_RULE: 'RULE',
  OBJECT_SCHEMA: 'SCHEMA',
  OBJECT_SEQUENCE: 'SEQUENCE',
  OBJECT_SUBSCRIPTION: 'SUBSCRIPTION',
  OBJECT_STATISTIC_EXT: 'STATISTICS',
  OBJECT_TABCONSTRAINT: 'TABLE',
  OBJECT_TABLE: 'TABLE',
  OBJECT_TABLESPACE: 'TABLESPACE',
  OBJECT_TRANSFORM: 'TRANSFORM',
  OBJECT_TRIGGER: 'TRIGGER',
  OBJECT_TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  OBJECT_TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  OBJECT_TSPARSER: 'TEXT SEARCH PARSER',
  OBJECT_TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
  OBJECT_TYPE: 'TYPE',
  OBJECT_USER_MAPPING: 'USER MAPPING',
  OBJECT_VIEW: 'VIEW',
};

export function objectWords(objectType: string | undefined): string {
  return OBJECT_WORDS[objectType ?? ''] ?? 'OBJECT';
}

const ADMIN_OBJECTS = new Set([
  'OBJECT_ACCESS_METHOD',
  'OBJECT_DATABASE',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_EXTENSION',
  'OBJECT_FDW',
  'OBJECT_FOREIGN_SERVER',
  'OBJECT_LANGUAGE',
  'OBJECT_PARAMETER_ACL',
  'OBJECT_PUBLICATION',
  'OBJECT_ROLE',
  'OBJECT_SUBSCRIPTION',
  'OBJECT_TABLESPACE',
  'OBJECT_USER_MAPPING',
]);

/** Objects of the whole server or its administration, rather than of a schema. */
export function isAdminObject(objectType: string | undefined): boolean {
  return ADMIN_OBJECTS.has(objectType ?? '');
}

const ddl = (name: string): Command => ({ name, class: 'ddl' });
const admin = (name: string): Command => ({ name, class: 'admin' });
const grant = (name: string): Command => ({ name, class: 'grant' });
const session = (name: string): Command => ({ name, class: 'session' });
const utility = (name: string): Command => ({ name, class: 'utility' });
const transaction = (name: string): Command => ({ name, class: 'transaction' });

/** `ALTER …`, `DROP …` by the kind of object that a field of the node says. */
function byObject(verb: string, field: string): (node: Tree) => Command | undefined {
  return (node) => {
    const objectType = text(node, field);
    // A column, constraint or attribute belongs to the relation whose type stands beside it.
    const owner =
      objectType === 'OBJECT_COLUMN' || objectType === 'OBJECT_TABCONSTRAINT'
        ? (text(node, 'relationType') ?? objectType)
        : objectType;
    const words = OBJECT_WORDS[owner ?? ''];
    if (words === undefined) return undefined;
    return { name: `${verb} ${words}`, class: isAdminObject(owner) ? 'admin' : 'ddl' };
  };
}

const TRANSACTION_NAMES: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
};

const COMMANDS: Readonly<Record<string, CommandOf>> = {
  SelectStmt: (node) =>
    child(node, 'intoClause') === undefined ? { name: 'SELECT', class: 'read' } : ddl('SELECT INTO'),
  InsertStmt: { name: 'INSERT', class: 'write' },
  UpdateStmt: { name: 'UPDATE', class: 'write' },
  DeleteStmt: { name: 'DELETE', class: 'write' },
  MergeStmt: { name: 'MERGE', class: 'write' },
  CopyStmt: (node) => ({ name: 'COPY', class: flag(node, 'is_from') ? 'write' : 'read' }),
  CallStmt: { name: 'CALL', class: 'write' },
  DoStmt: utility('DO'),
  TruncateStmt: { name: 'TRUNCATE TABLE', class: 'write' },
  ExplainStmt: { name: 'EXPLAIN', class: 'read' },
  PrepareStmt: session('PREPARE'),
  // What it runs was judged when it was prepared.
  ExecuteStmt: { name: 'EXECUTE', class: 'read' },
  DeallocateStmt: session('DEALLOCATE'),
  DeclareCursorStmt: { name: 'DECLARE CURSOR', class: 'read' },
  FetchStmt: (node) => ({ name: flag(node, 'ismove') ? 'MOVE' : 'FETCH', class: 'read' }),
  ClosePortalStmt: session('CLOSE CURSOR'),
  VariableShowStmt: { name: 'SHOW', class: 'read' },
  VariableSetStmt: (node) => {
    const kind = text(node, 'kind');
    if (kind === 'VAR_SET_MULTI' && text(node, 'name') === 'TRANSACTION') return transaction('SET');
    return session(kind === 'VAR_RESET' || kind === 'VAR_RESET_ALL' ? 'RESET' : 'SET');
  },
  ConstraintsSetStmt: transaction('SET CONSTRAINTS'),
  TransactionStmt: (node) => {
    const name = TRANSACTION_NAMES[text(node, 'kind') ?? ''];
    return name === undefined ? undefined : transaction(name);
  },
  DiscardStmt: (node) => session(`DISCARD ${(text(node, 'target') ?? '').replace('DISCARD_', '')}`),
  ListenStmt: session('LISTEN'),
  UnlistenStmt: session('UNLISTEN'),
  NotifyStmt: utility('NOTIFY'),
  LockStmt: utility('LOCK TABLE'),
  VacuumStmt: (node) => utility(flag(node, 'is_vacuumcmd') ? 'VACUUM' : 'ANALYZE'),
  ClusterStmt: utility('CLUSTER'),
  ReindexStmt: utility('REINDEX'),
  RefreshMatViewStmt: utility('REFRESH MATERIALIZED VIEW'),
  CheckPointStmt: admin('CHECKPOINT'),
  LoadStmt: admin('LOAD'),

  CreateStmt: ddl('CREATE TABLE'),
  CreateTableAsStmt: (node) =>
    ddl(text(node, 'objtype') === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS'),
  CreateForeignTableStmt: ddl('CREATE FOREIGN TABLE'),
  ViewStmt: ddl('CREATE VIEW'),
  IndexStmt: ddl('CREATE INDEX'),
  CreateSeqStmt: ddl('CREATE SEQUENCE'),
  CreateSchemaStmt: ddl('CREATE SCHEMA'),
  CreateFunctionStmt: (node) => ddl(flag(node, 'is_procedure') ? 'CREATE PROCEDURE' : 'CREATE FUNCTION'),
  CreateTrigStmt: ddl('CREATE TRIGGER'),
  CreatePolicyStmt: ddl('CREATE POLICY'),
  RuleStmt: ddl('CREATE RULE'),
  CreateStatsStmt: ddl('CREATE STATISTICS'),
  CompositeTypeStmt: ddl('CREATE TYPE'),
  CreateEnumStmt: ddl('CREATE TYPE'),
  CreateRangeStmt: ddl('CREATE TYPE'),
  CreateDomainStmt: ddl('CREATE DOMAIN'),
  DefineStmt: byObject('CREATE', 'kind'),
  CreateCastStmt: ddl('CREATE CAST'),
  CreateConversionStmt: ddl('CREATE CONVERSION'),
  CreateOpClassStmt: ddl('CREATE OPERATOR CLASS'),
  CreateOpFamilyStmt: ddl('CREATE OPERATOR FAMILY'),
  CreateTransformStmt: ddl('CREATE TRANSFORM'),

  AlterTableStmt: byObject('ALTER', 'objtype'),
  AlterTableMoveAllStmt: byObject('ALTER', 'objtype'),
  AlterDomainStmt: ddl('ALTER DOMAIN'),
  AlterEnumStmt: ddl('ALTER TYPE'),
  AlterTypeStmt: ddl('ALTER TYPE'),
  AlterFunctionStmt: byObject('ALTER', 'objtype'),
  AlterSeqStmt: ddl('ALTER SEQUENCE'),
  AlterPolicyStmt: ddl('ALTER POLICY'),
  AlterStatsStmt: ddl('ALTER STATISTICS'),
  AlterOperatorStmt: ddl('ALTER OPERATOR'),
  AlterOpFamilyStmt: ddl('ALTER OPERATOR FAMILY'),
  AlterCollationStmt: ddl('ALTER COLLATION'),
  AlterTSDictionaryStmt: ddl('ALTER TEXT SEARCH DICTIONARY'),
  AlterTSConfigurationStmt: ddl('ALTER TEXT SEARCH CONFIGURATION'),
  AlterObjectDependsStmt: byObject('ALTER', 'objectType'),
  AlterObjectSchemaStmt: byObject('ALTER', 'objectType'),
  AlterOwnerStmt: byObject('ALTER', 'objectType'),
  RenameStmt: byObject('ALTER', 'renameType'),
  CommentStmt: ddl('COMMENT'),
  SecLabelStmt: ddl('SECURITY LABEL'),
  DropStmt: byObject('DROP', 'removeType'),

  GrantStmt: (node) => grant(flag(node, 'is_grant') ? 'GRANT' : 'REVOKE'),
  GrantRoleStmt: (node) => grant(flag(node, 'is_grant') ? 'GRANT ROLE' : 'REVOKE ROLE'),
  AlterDefaultPrivilegesStmt: grant('ALTER DEFAULT PRIVILEGES'),
  DropOwnedStmt: grant('DROP OWNED'),
  ReassignOwnedStmt: grant('REASSIGN OWNED'),

  CreateRoleStmt: admin('CREATE ROLE'),
  AlterRoleStmt: admin('ALTER ROLE'),
  AlterRoleSetStmt: admin('ALTER ROLE'),
  DropRoleStmt: admin('DROP ROLE'),
  CreatedbStmt: admin('CREATE DATABASE'),
  AlterDatabaseStmt: admin('ALTER DATABASE'),
  AlterDatabaseSetStmt: admin('ALTER DATABASE'),
  AlterDatabaseRefreshCollStmt: admin('ALTER DATABASE'),
  DropdbStmt: admin('DROP DATABASE'),
  CreateTableSpaceStmt: admin('CREATE TABLESPACE'),
  AlterTableSpaceOptionsStmt: admin('ALTER TABLESPACE'),
  DropTableSpaceStmt: admin('DROP TABLESPACE'),
  AlterSystemStmt: admin('ALTER SYSTEM'),
  CreateExtensionStmt: admin('CREATE EXTENSION'),
  AlterExtensionStmt: admin('ALTER EXTENSION'),
  AlterExtensionContentsStmt: admin('ALTER EXTENSION'),
  CreatePublicationStmt: admin('CREATE PUBLICATION'),
  AlterPublicationStmt: admin('ALTER PUBLICATION'),
  CreateSubscriptionStmt: admin('CREATE SUBSCRIPTION'),
  AlterSubscriptionStmt: admin('ALTER SUBSCRIPTION'),
  DropSubscriptionStmt: admin('DROP SUBSCRIPTION'),
  CreateFdwStmt: admin('CREATE FOREIGN DATA WRAPPER'),
  AlterFdwStmt: admin('ALTER FOREIGN DATA WRAPPER'),
  CreateForeignServerStmt: admin('CREATE SERVER'),
  AlterForeignServerStmt: admin('ALTER SERVER'),
  CreateUserMappingStmt: admin('CREATE USER MAPPING'),
  AlterUserMappingStmt: admin('ALTER USER MAPPING'),
  DropUserMappingStmt: admin('DROP USER MAPPING'),
  ImportForeignSchemaStmt: admin('IMPORT FOREIGN SCHEMA'),
  CreateEventTrigStmt: admin('CREATE EVENT TRIGGER'),
  AlterEventTrigStmt: admin('ALTER EVENT TRIGGER'),
  CreatePLangStmt: admin('CREATE LANGUAGE'),
  CreateAmStmt: admin('CREATE ACCESS METHOD'),
};

/** What the functions above give, and what is told by more than a node. */
const BY_NODE = [
  ...['SELECT', 'SELECT INTO', 'COPY', 'FETCH', 'MOVE', 'SET', 'RESET', 'VACUUM', 'ANALYZE'],
  ...['CREATE MATERIALIZED VIEW', 'CREATE TABLE AS', 'CREATE PROCEDURE', 'CREATE FUNCTION'],
  ...[
    'GRANT',
    'REVOKE',
    'GRANT ROLE',
    'REVOKE ROLE',
    'DISCARD ALL',
    'DISCARD PLANS',
    'DISCARD SEQUENCES',
    'DISCARD TEMP',
  ],
];

/** Every name that `commandOf` gives but UNKNOWN, and some of the same form that no command has. */
export const COMMAND_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(COMMANDS).flatMap((one) => (typeof one === 'function' ? [] : [one.name])),
  ...BY_NODE,
  ...Object.values(TRANSACTION_NAMES),
  ...['CREATE', 'ALTER', 'DROP'].flatMap((verb) => Object.values(OBJECT_WORDS).map((words) => `${verb} ${words}`)),
]);

const UNKNOWN: Command = { name: 'UNKNOWN', class: 'unknown' };

export function commandOf(nodeType: string, node: Tree): Command {
  const entry = Object.hasOwn(COMMANDS, nodeType) ? COMMANDS[nodeType] : undefined;
  if (entry === undefined) return UNKNOWN;
  return typeof entry === 'function' ? (entry(node) ?? UNKNOWN) : entry;
}

/** Least to most dangerous. */
const CLASS_RANK: Readonly<Record<StatementClass, number>> = {
  transaction: 0,
  session: 1,
  read: 2,
  utility: 3,
  write: 4,
  ddl: 5,
  grant: 6,
  admin: 7,
  unknown: 8,
};

export function higherClass(a: StatementClass, b: StatementClass): StatementClass {
  return CLASS_RANK[a] >= CLASS_RANK[b] ? a : b;
}
