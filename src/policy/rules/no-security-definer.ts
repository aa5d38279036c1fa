/** SECURITY DEFINER on functions. */
import { findingRule } from '../finding-rule.ts';

export const noSecurityDefiner = findingRule({
  id: 'no-security-definer',
  kinds: ['security_definer'],
  from: { production: 'admin', staging: 'admin', development: 'ddl' },
  what: 'SECURITY DEFINER',
  why: 'such a function lends its owner’s rights to everybody',
});
