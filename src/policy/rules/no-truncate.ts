/** TRUNCATE of what was there before. */
import { targetRule } from '../target-rule.ts';

export const noTruncate = targetRule({
  id: 'no-truncate',
  actions: ['truncate'],
  from: { production: 'ddl', staging: 'ddl', development: 'write' },
  why: 'TRUNCATE removes every row',
  instead: 'delete the rows by their keys',
});
