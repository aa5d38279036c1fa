/** Settings under which the same bytes would mean another statement to the server than to the parser: for everybody, everywhere. */
import type { FindingKind } from '../../sql/facts.ts';
import { findingOf, quoted, type Rule } from '../rule.ts';

const KINDS: ReadonlySet<FindingKind> = new Set(['set_pinned', 'set_config_dynamic']);

export const pinnedSettings: Rule = {
  id: 'session.pinned-settings',
  judge({ facts }) {
    const finding = findingOf(facts, KINDS);
    if (finding === undefined) return undefined;
    const dynamic = finding.kind === 'set_config_dynamic';
    return {
      rule: 'session.pinned-settings',
      message: dynamic
        ? 'set_config with a name that is not a constant is not allowed'
        : `this setting may not be changed through dbgate${quoted(finding.subject)}`,
      why: dynamic
        ? 'the name could be that of a pinned setting'
        : 'the gateway relies on it to read statements as the server does',
      hint: dynamic
        ? 'write the name of the setting as a plain string'
        : 'leave it at its default (client_encoding is UTF8)',
      offset: finding.offset,
    };
  },
};
