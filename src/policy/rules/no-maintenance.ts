/** VACUUM FULL, CLUSTER, REINDEX, REFRESH and ACCESS EXCLUSIVE locks: they stop everybody else at that table. */
import { targetRule } from '../target-rule.ts';

export const noMaintenance = targetRule({
  id: 'no-maintenance',
  actions: ['maintain'],
  from: { production: 'ddl', staging: 'write', development: 'write' },
  why: 'it locks the table against everybody else while it runs',
});
