/** ALTER SYSTEM. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noAlterSystem = findingRule({
  id: 'no-alter-system',
  kinds: ['alter_system'],
  from: ADMIN_ONLY,
  why: 'it changes the settings of the whole server',
});
