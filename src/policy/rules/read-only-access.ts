/** Access `read`: what reads, what looks after the session, transactions, and plans of anything. */
import type { FindingKind, StatementFacts } from '../../sql/facts.ts';
import { findingOf, type Rule, requestFor } from '../rule.ts';

const READ_WRITE: ReadonlySet<FindingKind> = new Set(['set_transaction_mode']);
const LOCKS: ReadonlySet<FindingKind> = new Set(['lock_table']);

/** pg_dump takes these. */
function onlySharesTables(facts: StatementFacts): boolean {
  return (
    facts.command === 'LOCK TABLE' &&
    facts.findings.every((finding) => finding.kind === 'lock_table' && finding.subject === 'ACCESS SHARE')
  );
}

export const readOnlyAccess: Rule = {
  id: 'access.read-only',
  judge(question) {
    const { facts, context } = question;
    if (context.access !== 'read' || onlySharesTables(facts)) return undefined;
    const mode = findingOf(facts, READ_WRITE);
    const rowLock = facts.locks && findingOf(facts, LOCKS) === undefined;
    const reads = facts.class === 'read' || facts.class === 'session' || facts.class === 'transaction';
    // What EXECUTE runs was judged when it was prepared.
    const writes = facts.writes && facts.command !== 'EXECUTE';
    if (reads && !writes && !facts.locks && mode === undefined) return undefined;
    const access =
      facts.class === 'ddl' ? 'ddl' : facts.class === 'grant' || facts.class === 'admin' ? 'admin' : 'write';
    return {
      rule: 'access.read-only',
      message:
        mode !== undefined
          ? `READ WRITE transactions are not allowed: access to ${context.database} is read-only`
          : rowLock && reads && !writes
            ? `row locks (FOR UPDATE, FOR SHARE) are not allowed: access to ${context.database} is read-only`
            : `${facts.command} is not allowed: access to ${context.database} is read-only`,
      why: 'this principal may only read',
      ...requestFor(question, access),
      offset: mode?.offset ?? facts.findings[0]?.offset ?? facts.offset,
    };
  },
};
