import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALL_FINDING_WORDS, TARGET_ACTIONS } from '../../../src/policy/language/finding-words.ts';
import { MATCH_WORDS } from '../../../src/policy/language/match-words.ts';
import { readRules } from '../../../src/policy/language/read-rules.ts';

const faults = (text: string) =>
  readRules(parse(text)).faults.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('a rule that is refused', () => {
  it.each([
    ['{}', ': expected a list of rules'],
    ['[x]', '0: found "x", expected a rule: `id`, `match` and `then`'],
    ['[{match: {class: ddl}, then: deny}]', '0.id: missing; expected a name for the rule'],
    [
      '[{id: X, match: {class: ddl}, then: deny}]',
      '0.id: found "X", expected lower-case letters, digits, ".", "_", "-", at most 63',
    ],
    [
      '[{id: production.no-drop, match: {class: ddl}, then: deny}]',
      '0.id: "production.no-drop" is the name of a shipped rule; choose another',
    ],
    [
      '[{id: session.x, match: {class: ddl}, then: deny}]',
      '0.id: "session.x" is the name of a shipped rule; choose another',
    ],
    [
      '[{id: a, match: {class: ddl}, then: deny}, {id: a, match: {class: ddl}, then: deny}]',
      '1.id: the rule "a" stands here twice',
    ],
    ['[{id: a, then: deny}]', '0.match: missing; expected a mapping of what must hold'],
    ['[{id: a, match: {}, then: deny}]', '0.match: is empty; expected at least one key'],
    ['[{id: a, match: {class: ddl}}]', '0.then: missing; expected one of: allow, deny, hold'],
    ['[{id: a, match: {class: ddl}, then: forbid}]', '0.then: unknown word "forbid"'],
    ['[{id: a, match: {clas: ddl}, then: deny}]', '0.match.clas: unknown key "clas"'],
    ['[{id: a, match: {constructor: ddl, class: ddl}, then: deny}]', '0.match.constructor: unknown key "constructor"'],
    ['[{id: a, match: {class: DDL}, then: deny}]', '0.match.class: unknown word "DDL"'],
    ['[{id: a, match: {class: []}, then: deny}]', '0.match.class: is an empty list, which nothing matches'],
    [
      '[{id: a, match: {class: [ddl, 1]}, then: deny}]',
      `0.match.class.1: found 1; expected one of: ${'read, write, ddl, grant, session, transaction, utility, admin'}`,
    ],
    [
      '[{id: a, match: {writes: yes please}, then: deny}]',
      '0.match.writes: found "yes please", expected `true` or `false`',
    ],
    [
      '[{id: a, match: {labels: [a]}, then: deny}]',
      '0.match.labels: found a list, expected a mapping of labels, such as {team: payments}',
    ],
    [
      '[{id: a, match: {command: ""}, then: deny}]',
      '0.match.command: found "", expected a command of PostgreSQL with `*` and `?`, such as `DELETE`, `TRUNCATE` or `DROP *`',
    ],
    [
      '[{id: a, match: {command: [DELETE, DRPO TABLE]}, then: deny}]',
      '0.match.command.1: found "DRPO TABLE", expected a command of PostgreSQL with `*` and `?`, such as `DELETE`, `TRUNCATE` or `DROP *`',
    ],
    [
      '[{id: a, match: {command: "DELETE*FROM*"}, then: deny}]',
      '0.match.command: found "DELETE*FROM*", expected a command of PostgreSQL with `*` and `?`, such as `DELETE`, `TRUNCATE` or `DROP *`',
    ],
    ['[{id: a, match: {class: ddl}, then: deny, approvers: x}]', '0.approvers: stands with `then: hold` only'],
    ['[{id: a, match: {class: ddl}, then: deny, message: "{sql}"}]', '0.message: unknown placeholder "sql"'],
    ['[{id: a, match: {class: ddl}, then: deny, hint: "a\\nb"}]', '0.hint: found "a\\nb", expected a text of one line'],
    ['[{id: a, match: {class: ddl}, then: allow}]', '0.match: an `allow` must say what it allows: expected `finding`'],
    [
      '[{id: a, match: {finding: pinned settings}, then: allow}]',
      '0.match.finding: "pinned settings" is refused for everybody; no rule can allow it',
    ],
    [
      '[{id: a, match: {finding: drops, object: others}, then: allow}]',
      '0.match.object: stands with `deny` and `hold` only: what is own or temporary is allowed anyway',
    ],
  ])('%s', (text, expected) => {
    expect(faults(text)).toEqual([expected]);
  });

  it('is left out, and so is none that is right', () => {
    const { rules, faults: found } = readRules(
      parse('[{id: a, match: {class: ddl}, then: deny}, {id: b, match: {nope: 1}, then: deny}]'),
    );
    expect(rules).toEqual([{ id: 'a', effect: 'deny', match: { class: ['ddl'] } }]);
    expect(found).toHaveLength(1);
  });

  it('gives every fault at once', () => {
    expect(faults('[{id: A, match: {x: 1, class: y}, then: z, nmae: q}]')).toHaveLength(5);
  });
});

describe('the tables of words', () => {
  it('have each word once', () => {
    for (const words of [ALL_FINDING_WORDS.map(({ word }) => word), MATCH_WORDS.map(({ key }) => key)]) {
      expect(new Set(words).size).toBe(words.length);
    }
  });
  it('name the actions on objects by words that are findings', () => {
    const words = ALL_FINDING_WORDS.map(({ word }) => word);
    for (const word of Object.keys(TARGET_ACTIONS)) expect(words).toContain(word);
  });
  it.each(MATCH_WORDS)('the example of $key is right', ({ key, example }) => {
    expect(faults(`[{id: a, match: {${key}: ${example}}, then: deny}]`)).toEqual([]);
  });
});
