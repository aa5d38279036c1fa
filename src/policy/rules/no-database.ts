/** CREATE, ALTER and DROP DATABASE and TABLESPACE. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noDatabase = findingRule({
  id: 'no-database',
  kinds: ['database'],
  from: ADMIN_ONLY,
  why: 'databases and tablespaces belong to the whole server',
});
