/** A call of a routine that the catalog's snapshot does not have: one's own was judged when it was made. */
import type { ObjectTarget } from '../../sql/facts.ts';
import { ownershipOf } from '../ownership.ts';
import { quoted, type Rule } from '../rule.ts';

export const unknownFunction: Rule = {
  id: 'sql.unknown-function',
  judge(question) {
    const { facts, context } = question;
    if (facts.targets.length === 0 || context.access === 'admin') return undefined;
    const unknown: ObjectTarget[] = [];
    for (const target of facts.targets) {
      if (target.action !== 'call') continue;
      const ownership = ownershipOf(target, question);
      if (ownership === 'unknown') unknown.push(target);
      else if (ownership !== 'exempt') {
        return {
          rule: 'sql.unknown-function',
          message: `what this function does is not known yet${quoted(target.name)}`,
          why: 'a function that somebody else made is read before it is called',
          hint: 'send it again in a moment: the catalog is being read',
          offset: facts.offset,
        };
      }
    }
    return unknown.length === 0 ? undefined : { resolve: unknown };
  },
};
