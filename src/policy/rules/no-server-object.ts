/** Publications, foreign servers, casts, event triggers, languages, system catalogs. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noServerObject = findingRule({
  id: 'no-server-object',
  kinds: ['server_object'],
  from: ADMIN_ONLY,
  why: 'it changes what every session sees, or connects the database with another',
});
