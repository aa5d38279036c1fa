/**
 * The words that may stand under `match:` in a rule. This table is the language: validation, the JSON Schema for
 * editors and `docs/policy.md` are made from it. All keys of a match must hold; of a list, one entry is enough.
 */
import { COLUMN_CLASSES } from '../../classify/classes.ts';
import { COMMAND_EXPECTS, isCommandPattern } from './command-pattern.ts';
import { ALL_FINDING_WORDS } from './finding-words.ts';
import { COLUMN_PATTERN_EXPECTS, isColumnPattern, parseOver, ROWS_EXPECTS } from './foreseen-match.ts';
import { HOURS_EXPECTS, parseHours } from './hours.ts';

export interface MatchWord {
  readonly key: string;
  readonly means: string;
  readonly form: MatchForm;
  readonly example: string;
}

export type MatchForm =
  /** One of these words, or a list of them. `listed`: where the documentation has them, if they are many. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly listed?: string }
  /** Any text, or a list of texts. */
  | { readonly kind: 'texts'; readonly expects: string; readonly accepts?: (text: string) => boolean }
  | { readonly kind: 'labels' }
  | { readonly kind: 'flag'; readonly values: readonly [boolean, ...boolean[]] };

const NAME_GLOB = 'a name with `*` and `?`';

export const ACCESS_LEVELS = ['read', 'write', 'ddl', 'admin'] as const;
export const CLASSES = ['read', 'write', 'ddl', 'grant', 'session', 'transaction', 'utility', 'admin'] as const;

export const MATCH_WORDS: readonly MatchWord[] = [
  {
    key: 'environment',
    means: 'the environment of the database, exactly as it is written there',
    form: { kind: 'texts', expects: NAME_GLOB },
    example: '[production, prod-eu]',
  },
  {
    key: 'tier',
    means: 'what the environment counts as: every word but `staging` and `development` is production',
    form: { kind: 'words', words: ['production', 'staging', 'development'] },
    example: 'production',
  },
  {
    key: 'database',
    means: 'the name of the database at the gateway',
    form: { kind: 'texts', expects: NAME_GLOB },
    example: 'billing-*',
  },
  {
    key: 'labels',
    means: 'labels of the database; all that are named',
    form: { kind: 'labels' },
    example: '{team: payments}',
  },
  {
    key: 'group',
    means: 'the principal is in this group',
    form: { kind: 'texts', expects: NAME_GLOB },
    example: 'contractors',
  },
  {
    key: 'user',
    means: 'the principal, by email or subject',
    form: { kind: 'texts', expects: NAME_GLOB },
    example: "'*@partner.example.com'",
  },
  {
    key: 'kind',
    means: 'what the principal is: a person, a CI job or machine, an agent that acts for somebody',
    form: { kind: 'words', words: ['user', 'service', 'agent'] },
    example: 'agent',
  },
  {
    key: 'access',
    means: 'what the grant gives; `below ddl` is `read` and `write`',
    form: { kind: 'words', words: [...ACCESS_LEVELS, 'below write', 'below ddl', 'below admin'] },
    example: 'below ddl',
  },
  {
    key: 'create',
    means: 'whether the grant includes `create`',
    form: { kind: 'flag', values: [true, false] },
    example: 'false',
  },
  {
    key: 'application',
    means:
      'the application_name that the client connects with (it can say what it likes); a client that says none meets `*` only',
    form: { kind: 'texts', expects: NAME_GLOB },
    example: "'pgAdmin*'",
  },
  {
    key: 'hours',
    means: 'the time at which the statement comes',
    form: { kind: 'texts', expects: HOURS_EXPECTS, accepts: (text) => parseHours(text) !== undefined },
    example: 'Fri 16:00-24:00 Europe/Berlin',
  },
  {
    key: 'purpose',
    means: 'the session was opened without `--purpose`',
    form: { kind: 'words', words: ['missing'] },
    example: 'missing',
  },
  {
    key: 'command',
    means:
      'the command, as PostgreSQL names it, also where it stands inside another (WITH, EXPLAIN ANALYZE, DO, functions)',
    form: { kind: 'texts', expects: COMMAND_EXPECTS, accepts: isCommandPattern },
    example: "'DROP *'",
  },
  {
    key: 'class',
    means: 'what the statement amounts to, the most dangerous part of it',
    form: { kind: 'words', words: CLASSES },
    example: '[ddl, grant]',
  },
  {
    key: 'writes',
    means: 'whether the statement, or anything inside it, may change data',
    form: { kind: 'flag', values: [true, false] },
    example: 'true',
  },
  {
    key: 'finding',
    means: 'a danger that the analysis found, see below',
    form: { kind: 'words', words: ALL_FINDING_WORDS.map(({ word }) => word), listed: 'the words below' },
    example: '[drops, truncates]',
  },
  {
    key: 'object',
    means: 'whose the object is: created by the same person through dbgate, temporary, or anybody else’s',
    form: { kind: 'words', words: ['own', 'temporary', 'others'] },
    example: 'others',
  },
  {
    key: 'relation',
    means:
      'a table, view or sequence named anywhere in it, as `schema.name`; a pattern without a dot is that name in every schema',
    form: { kind: 'texts', expects: 'a name with `*` and `?`, such as `finance.*` or `salaries`' },
    example: 'finance.*',
  },
  {
    key: 'function',
    means: 'a function called anywhere in it, as `schema.name` or `name`',
    form: { kind: 'texts', expects: 'a name with `*` and `?`, such as `dblink*`' },
    example: 'pg_sleep',
  },
  {
    key: 'column',
    means:
      'a column of a table that it reads, that steers what it reads, or that it writes, through views and functions too; `table.column` is that table in every schema',
    form: { kind: 'texts', expects: COLUMN_PATTERN_EXPECTS, accepts: isColumnPattern },
    example: '[hr.salaries.amount, users.email]',
  },
  {
    key: 'column class',
    means: 'the same by what the column holds; with `column` both must hold of one column',
    form: { kind: 'words', words: COLUMN_CLASSES, listed: 'the classes of [masking.md](masking.md)' },
    example: '[email, payment_card]',
  },
  {
    key: 'cascades',
    means: 'whether foreign keys carry its change on to rows of other tables',
    form: { kind: 'flag', values: [true, false] },
    example: 'true',
  },
  {
    key: 'triggers',
    means: 'whether its change fires triggers or rewrite rules of a table',
    form: { kind: 'flag', values: [true, false] },
    example: 'true',
  },
  {
    key: 'estimated rows',
    means: 'how many rows it answers or changes, as the planner estimates them beforehand',
    form: { kind: 'texts', expects: ROWS_EXPECTS, accepts: (text) => parseOver(text) !== undefined },
    example: 'over 100000',
  },
];

/** The JSON Schema of one word's value. */
export function matchWordSchema({ form, means }: MatchWord): object {
  switch (form.kind) {
    case 'words':
      return { description: means, anyOf: oneOrMore({ type: 'string', enum: form.words }) };
    case 'texts':
      return { description: `${means}; ${form.expects}`, anyOf: oneOrMore({ type: 'string', minLength: 1 }) };
    case 'labels':
      return {
        description: means,
        type: 'object',
        additionalProperties: { anyOf: oneOrMore({ type: 'string', minLength: 1 }) },
      };
    case 'flag':
      return { description: means, type: 'boolean' };
    default:
      return form satisfies never;
  }
}

function oneOrMore(item: object): object[] {
  return [item, { type: 'array', minItems: 1, items: item }];
}
