/** DELETE, UPDATE and MERGE that could touch every row. */
import type { FindingKind, ObjectTarget } from '../../sql/facts.ts';
import { accessIsAtLeast } from '../context.ts';
import type { Rule } from '../rule.ts';
import { judgeTargets } from '../target-rule.ts';

const KINDS: ReadonlySet<FindingKind> = new Set(['delete_without_where', 'update_without_where', 'merge_all_rows']);
const LEAST = { production: 'ddl', staging: 'write', development: 'write' } as const;

export const noUnboundedWrite: Rule = {
  id: 'no-unbounded-write',
  judge(question) {
    const { facts, context, tier } = question;
    if (accessIsAtLeast(context.access, LEAST[tier])) return undefined;
    const findings = facts.findings.filter((finding) => KINDS.has(finding.kind));
    if (findings.length === 0) return undefined;
    const targets = findings.map(
      ({ subject, lookup }): ObjectTarget => ({
        action: 'alter',
        kind: 'relation',
        label: 'table',
        lookup,
        name: subject ?? '',
        temporary: lookup?.startsWith('pg_temp.') ?? false,
        ifNotExists: false,
      }),
    );
    return judgeTargets(
      targets,
      question,
      {
        id: 'no-unbounded-write',
        why: 'its WHERE is missing or does not narrow: every row of the table could be changed',
        instead: 'add a WHERE that compares a key column with the values you mean',
      },
      (target) => findings[targets.indexOf(target)]?.offset,
    );
  },
};
