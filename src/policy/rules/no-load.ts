/** LOAD. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noLoad = findingRule({
  id: 'no-load',
  kinds: ['load_library'],
  from: ADMIN_ONLY,
  why: 'it loads code into the server',
});
