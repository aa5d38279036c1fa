/** A command that the analysis does not know is never passed on. */
import type { Rule } from '../rule.ts';

export const unknownCommand: Rule = {
  id: 'sql.unknown-command',
  judge({ facts }) {
    if (facts.class !== 'unknown') return undefined;
    return {
      rule: 'sql.unknown-command',
      message: 'this command is not known to dbgate, so it is not run',
      why: 'a command without facts cannot be judged',
      hint: 'use a command of the PostgreSQL reference, or report this statement to the maintainers of dbgate',
      offset: facts.offset,
      sqlstate: '0A000',
    };
  },
};
