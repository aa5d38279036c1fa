/**
 * What is refused for everybody, whatever a rule of the policy says, in the order in which it speaks. The rest of the
 * shipped rules is `default-policy.ts`. A new one is its file, one line here, and its test.
 */
import type { Rule } from './rule.ts';
import { fixedSettings } from './rules/fixed-settings.ts';
import { pinnedSettings } from './rules/pinned-settings.ts';
import { readOnlyAccess } from './rules/read-only-access.ts';
import { replication } from './rules/replication.ts';
import { unknownCommand } from './rules/unknown-command.ts';
import { unknownFunction } from './rules/unknown-function.ts';

export const RULES: readonly Rule[] = [
  unknownCommand,
  pinnedSettings,
  replication,
  readOnlyAccess,
  fixedSettings,
  unknownFunction,
];
