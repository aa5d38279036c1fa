/** GRANT, REVOKE, default privileges, DROP OWNED, REASSIGN OWNED. */
import { findingRule } from '../finding-rule.ts';

export const noGrant = findingRule({
  id: 'no-grant',
  kinds: ['grant'],
  from: { production: 'admin', staging: 'admin', development: 'ddl' },
  why: 'rights in the database are given by its administrators',
});
