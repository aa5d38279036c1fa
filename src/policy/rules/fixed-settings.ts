/** Settings that the grant fixes: its time limits, and those that it names. */
import type { Rule } from '../rule.ts';

export const fixedSettings: Rule = {
  id: 'access.fixed-settings',
  judge({ facts, context }) {
    const { fixedSettings: fixed } = context;
    if (fixed === undefined || facts.settings === undefined) return undefined;
    const setting = facts.settings.find((name) => fixed.has(name));
    if (setting === undefined) return undefined;
    return {
      rule: 'access.fixed-settings',
      message: `this setting may not be changed in this session: "${setting}"`,
      why: 'the grant that gives access fixes it',
      hint: `leave it as it is, or ask an administrator of ${context.database} for another grant`,
      offset: facts.offset,
    };
  },
};
