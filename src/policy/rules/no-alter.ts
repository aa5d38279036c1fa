/** ALTER, RENAME, indexes, triggers, policies and comments on what was there before; CREATE OR REPLACE of it. */
import { targetRule } from '../target-rule.ts';

export const noAlter = targetRule({
  id: 'no-alter',
  actions: ['alter', 'replace'],
  from: { production: 'ddl', staging: 'ddl', development: 'write' },
  why: 'objects that others made are not changed without approval',
});
