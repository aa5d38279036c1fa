/** Functions that do more than compute. */
import { findingRule } from '../finding-rule.ts';

export const noDangerousFunction = findingRule({
  id: 'no-dangerous-function',
  kinds: ['dangerous_function'],
  from: { production: 'admin', staging: 'admin', development: 'ddl' },
  what: 'this function',
  why: 'it reaches into other sessions, files, other databases or replication, or runs a text as SQL',
});
