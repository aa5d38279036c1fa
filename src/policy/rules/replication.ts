/** Replication commands have another grammar and stream everything: for everybody, everywhere. */
import type { FindingKind } from '../../sql/facts.ts';
import { findingOf, type Rule } from '../rule.ts';

const KINDS: ReadonlySet<FindingKind> = new Set(['replication']);

export const replication: Rule = {
  id: 'session.no-replication',
  judge({ facts }) {
    const finding = findingOf(facts, KINDS);
    if (finding === undefined) return undefined;
    return {
      rule: 'session.no-replication',
      message: 'replication commands are not allowed through dbgate',
      why: 'a replication stream carries every row unseen',
      hint: 'connect the replica to the database itself',
      offset: finding.offset,
    };
  },
};
