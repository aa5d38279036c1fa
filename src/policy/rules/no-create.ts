/** New objects want a grant with `create`, unless they are temporary. */
import { accessIsAtLeast } from '../context.ts';
import { quoted, type Rule, requestHint } from '../rule.ts';

export const noCreate: Rule = {
  id: 'no-create',
  judge({ facts, context, tier }) {
    if (context.create || facts.targets.length === 0 || accessIsAtLeast(context.access, 'ddl')) return undefined;
    const target = facts.targets.find(
      // An index is judged by the table that it is on.
      (one) => (one.action === 'create' || one.action === 'replace') && !one.temporary && one.label !== 'index',
    );
    if (target === undefined) return undefined;
    return {
      rule: `${tier}.no-create`,
      message: `${facts.command} on ${context.environment} is not allowed${quoted(target.name)}`,
      why: 'this grant does not include `create`',
      hint: `create it as TEMP, or ask: ${requestHint(context, 'ddl')}`,
      offset: facts.findings.find((finding) => finding.kind === 'create')?.offset,
    };
  },
};
