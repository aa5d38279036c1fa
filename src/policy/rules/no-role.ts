/** CREATE, ALTER and DROP ROLE. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noRole = findingRule({
  id: 'no-role',
  kinds: ['role'],
  from: ADMIN_ONLY,
  why: 'roles belong to the whole server',
});
