import { DEFAULT_POLICY_YAML } from '../policy/default-policy.ts';
import { ALL_FINDING_WORDS } from '../policy/language/finding-words.ts';
import { MATCH_WORDS, type MatchForm } from '../policy/language/match-words.ts';
import { RULE_KEYS } from '../policy/language/read-rules.ts';

/** The end of `docs/policy.md`: every word of the language, and the shipped rules, made by `npm run reference`. */
export const POLICY_REFERENCE_MARK =
  '<!-- Generated from src/policy/ by "npm run reference" from here on; do not edit. -->';

export function policyReference(): string {
  return `${[
    POLICY_REFERENCE_MARK,
    '',
    '## Every key of a rule',
    '',
    '| key | what it is |',
    '|---|---|',
    ...[...RULE_KEYS].map(([key, means]) => `| \`${key}\` | ${cell(means)} |`),
    '',
    '## Every word of `match`',
    '',
    '| key | holds if this does | value | example |',
    '|---|---|---|---|',
    ...MATCH_WORDS.map(
      ({ key, means, form, example }) =>
        `| \`${key}\` | ${cell(means)} | ${cell(takes(form))} | \`${key}: ${cell(example)}\` |`,
    ),
    '',
    '## Every word of `finding`',
    '',
    '| word | what is found |',
    '|---|---|',
    ...ALL_FINDING_WORDS.map(
      ({ word, means, always }) =>
        `| \`${word}\` | ${cell(means)}${always === true ? '; always refused, for everybody' : ''} |`,
    ),
    '',
    '## The shipped rules',
    '',
    '```yaml',
    DEFAULT_POLICY_YAML.trimEnd(),
    '```',
  ].join('\n')}\n`;
}

function takes(form: MatchForm): string {
  switch (form.kind) {
    case 'words':
      return form.listed !== undefined
        ? `one or a list of ${form.listed}`
        : `one or a list of ${form.words.map((word) => `\`${word}\``).join(', ')}`;
    case 'texts':
      return `one or a list: ${form.expects}`;
    case 'labels':
      return 'a mapping; each value one or a list, with `*` and `?`';
    case 'flag':
      return '`true` or `false`';
    default:
      return form satisfies never;
  }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
