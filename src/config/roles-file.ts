/** `roles:` of gateway.yaml: who runs the gateway itself, and who may read the record of others. */
import * as z from 'zod';
import { field, SUBJECT_EXPECTS, subject } from './fields.ts';
import type { RoleSettings } from './gateway-settings.ts';

const subjects = z.union([subject, z.array(subject).min(1)]).optional();

export const rolesSection = field(
  z
    .strictObject({
      admins: field(
        subjects,
        'administrators of this gateway: they may revoke what others were given and end sessions; it opens no database',
        SUBJECT_EXPECTS,
      ),
      auditors: field(subjects, 'who may read the record of everybody; administrators may too', SUBJECT_EXPECTS),
    })
    .optional(),
  'who administers and audits this gateway; nobody without it',
  'a mapping',
);

export function toRoles(roles: z.output<typeof rolesSection>): RoleSettings | undefined {
  if (roles === undefined) return undefined;
  const listOf = (one: z.output<typeof subjects>): RoleSettings['admins'] =>
    (one === undefined ? [] : Array.isArray(one) ? one : [one]).map(
      (entry) => Object.fromEntries(Object.entries(entry)) as unknown as RoleSettings['admins'][number],
    );
  return { admins: listOf(roles.admins), auditors: listOf(roles.auditors) };
}
