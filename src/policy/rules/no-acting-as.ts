/** SET ROLE and SET SESSION AUTHORIZATION, by any spelling. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noActingAs = findingRule({
  id: 'no-acting-as',
  kinds: ['set_role', 'set_session_authorization'],
  from: ADMIN_ONLY,
  what: 'acting as another role',
  why: 'every statement is recorded and judged as the person who sent it',
});
