/** The tables that a statement writes, locks, creates, changes or drops, where its text tells all of them. Pure. */
import type { FindingKind, StatementFacts } from '../sql/facts.ts';
import { isWritingFunction } from '../sql/functions.ts';
import { writtenName } from './language/name-pattern.ts';

/** Commands whose effect is told by the tables that they name. */
const TABLE_COMMANDS = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'EXPLAIN',
  'DECLARE CURSOR',
  'TRUNCATE TABLE',
  'LOCK TABLE',
  'CREATE TABLE',
  'CREATE TABLE AS',
  'CREATE INDEX',
  'ALTER TABLE',
  'DROP TABLE',
  'COMMENT',
  'VACUUM',
  'ANALYZE',
  'CLUSTER',
  'REINDEX',
]);
const TABLE_FINDINGS: ReadonlySet<FindingKind> = new Set([
  'delete_without_where',
  'update_without_where',
  'merge_all_rows',
  'truncate',
  'drop',
  'alter',
  'create',
  'lock_table',
  'rewrite_table',
]);
/** They change a sequence that belongs to what is inserted. */
const OWN_SEQUENCE = new Set(['nextval', 'currval', 'lastval']);

/** Texts for to_regclass; undefined: it may touch what it does not name. */
export function touchedTables(facts: StatementFacts): readonly string[] | undefined {
  const { command, nested = [], findings, targets, written = [], relations, functions } = facts;
  if (facts.class === 'transaction' || facts.class === 'session') {
    return findings.every(({ kind }) => kind === 'set_transaction_mode') && targets.length === 0 ? [] : undefined;
  }
  if (!TABLE_COMMANDS.has(command) || !nested.every((one) => TABLE_COMMANDS.has(one))) return undefined;
  if (facts.callsWrite === true || facts.anyRelation === true) return undefined;
  if (!findings.every(({ kind }) => TABLE_FINDINGS.has(kind))) return undefined;
  if (functions.some((name) => changesMore(writtenName(name).name))) return undefined;
  const names = [...written];
  for (const { kind, label, action, lookup, cascade, temporary } of targets) {
    if (temporary || (label === 'index' && action === 'create')) continue;
    if (kind !== 'relation' || label === 'index' || lookup === undefined || cascade === true) return undefined;
    names.push(lookup);
  }
  // Which of them are locked is not known.
  if (facts.locks || (names.length === 0 && facts.class !== 'read')) names.push(...relations);
  if (names.length === 0 && facts.class !== 'read') return undefined;
  return names;
}

function changesMore(name: string): boolean {
  return isWritingFunction(name) && !OWN_SEQUENCE.has(name);
}
