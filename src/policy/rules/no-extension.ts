/** CREATE, ALTER and DROP EXTENSION. */
import { findingRule } from '../finding-rule.ts';

export const noExtension = findingRule({
  id: 'no-extension',
  kinds: ['extension'],
  from: { production: 'admin', staging: 'admin', development: 'ddl' },
  why: 'an extension brings code that runs with more rights than its user',
});
