/** DROP of what was there before. */
import { targetRule } from '../target-rule.ts';

export const noDrop = targetRule({
  id: 'no-drop',
  actions: ['drop'],
  from: { production: 'ddl', staging: 'ddl', development: 'write' },
  why: 'objects that others made are not dropped without approval',
});
