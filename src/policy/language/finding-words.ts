/** The words of `finding:` in a rule: each danger that the analysis can name, as people say it. */
import type { FindingKind, ObjectTarget } from '../../sql/facts.ts';

export interface FindingWord {
  readonly word: string;
  /** What it stands for, for the documentation. */
  readonly means: string;
  /** Refused for everybody, whatever a rule says. */
  readonly always?: true;
}

/** One word for each kind, checked by the compiler: a new kind without a word is an error. */
export const FINDING_WORDS: Readonly<Record<FindingKind, FindingWord>> = {
  delete_without_where: {
    word: 'delete without where',
    means: 'a DELETE whose WHERE is missing, always true, or narrows nothing',
  },
  update_without_where: {
    word: 'update without where',
    means: 'an UPDATE whose WHERE is missing, always true, or narrows nothing',
  },
  merge_all_rows: { word: 'merge of all rows', means: 'a MERGE that can change or delete every row' },
  truncate: { word: 'truncates', means: 'TRUNCATE' },
  drop: { word: 'drops', means: 'DROP of a table, view, function, schema, …' },
  alter: {
    word: 'alters',
    means: 'ALTER, RENAME, CREATE OR REPLACE, indexes, triggers, policies and comments',
  },
  create: { word: 'creates', means: 'new objects that are not temporary (an index counts as `alters`)' },
  copy_server_file: { word: 'server files', means: 'COPY to or from a file of the database server' },
  copy_program: { word: 'server programs', means: 'COPY to or from a program on the database server' },
  set_role: { word: 'acts as another role', means: 'SET ROLE, by any spelling' },
  set_session_authorization: { word: 'changes session authorization', means: 'SET SESSION AUTHORIZATION' },
  set_pinned: {
    word: 'pinned settings',
    means: 'settings that change what the same bytes mean, such as standard_conforming_strings',
    always: true,
  },
  set_config_dynamic: {
    word: 'settings by computed name',
    means: 'set_config with a name that is not a constant, changes of pg_settings',
    always: true,
  },
  set_transaction_mode: { word: 'asks to write', means: 'READ WRITE transactions, by any spelling' },
  alter_system: { word: 'alters the system', means: 'ALTER SYSTEM' },
  extension: {
    word: 'extensions',
    means:
      'CREATE, ALTER and DROP EXTENSION; not CREATE EXTENSION IF NOT EXISTS of one that is there, which changes nothing',
  },
  grant: { word: 'grants rights', means: 'GRANT, REVOKE, default privileges, DROP OWNED, REASSIGN OWNED' },
  role: { word: 'roles', means: 'CREATE, ALTER and DROP ROLE' },
  database: { word: 'databases', means: 'CREATE, ALTER and DROP DATABASE and TABLESPACE' },
  server_object: {
    word: 'server objects',
    means: 'publications, foreign servers, casts, event triggers, languages, system catalogs',
  },
  security_definer: { word: 'security definer', means: 'functions that run with the rights of their owner' },
  dynamic_sql: { word: 'dynamic sql', means: 'EXECUTE of a text that is put together when it runs' },
  procedural_code: { word: 'code that cannot be read', means: 'DO blocks and function bodies in other languages' },
  dangerous_function: {
    word: 'dangerous functions',
    means: 'functions that reach into other sessions, files, other databases or replication',
  },
  rewrite_table: { word: 'rewrites tables', means: 'VACUUM FULL, CLUSTER, REINDEX' },
  lock_table: { word: 'locks tables', means: 'LOCK TABLE in any mode' },
  prepared_transaction: { word: 'prepared transactions', means: 'PREPARE TRANSACTION' },
  load_library: { word: 'loads libraries', means: 'LOAD' },
  replication: { word: 'replication', means: 'replication commands', always: true },
};

/** VACUUM FULL, REFRESH and exclusive locks are no kind of finding of their own. */
export const MAINTAINS: FindingWord = {
  word: 'maintains',
  means: 'VACUUM FULL, CLUSTER, REINDEX, REFRESH and ACCESS EXCLUSIVE locks: nobody else gets at the table',
};

/** What is judged by the object that it is about. */
export type TargetWord = 'truncates' | 'drops' | 'alters' | 'creates' | 'maintains';

export const TARGET_ACTIONS: Readonly<Record<TargetWord, readonly ObjectTarget['action'][]>> = {
  truncates: ['truncate'],
  drops: ['drop'],
  alters: ['alter', 'replace'],
  creates: ['create', 'replace'],
  maintains: ['maintain'],
};

/** Every word, in the order of the documentation. */
export const ALL_FINDING_WORDS: readonly FindingWord[] = [...Object.values(FINDING_WORDS), MAINTAINS];

const KINDS: ReadonlyMap<string, FindingKind> = new Map(
  Object.entries(FINDING_WORDS).map(([kind, { word }]) => [word, kind as FindingKind]),
);

export function findingKindOf(word: string): FindingKind | undefined {
  return KINDS.get(word);
}

export function isTargetWord(word: string): word is TargetWord {
  return Object.hasOwn(TARGET_ACTIONS, word);
}

/** DELETE, UPDATE and MERGE name their table, so whose it is can be asked. */
export const ROW_WORDS: ReadonlySet<string> = new Set([
  FINDING_WORDS.delete_without_where.word,
  FINDING_WORDS.update_without_where.word,
  FINDING_WORDS.merge_all_rows.word,
]);
