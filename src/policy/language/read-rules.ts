/**
 * What stands under `rules:` → rules as plain data, or every fault with its place in the value. The unknown is
 * refused: an unknown key or word, an empty list, an `allow` that does not say what it allows.
 */
import type { RuleMatch, RuleSettings } from '../../config/gateway-settings.ts';
import { ALL_FINDING_WORDS } from './finding-words.ts';
import { MATCH_WORDS, matchWordSchema } from './match-words.ts';
import { PLACEHOLDERS, unknownPlaceholder } from './message-text.ts';

export interface RuleFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** A word that is not in the language: what was probably meant is the reader's to say. */
  readonly unknown?: { readonly word: string; readonly allowed: readonly string[] };
}

/** The keys of a rule and what they mean, in the order of the documentation. */
export const RULE_KEYS: ReadonlyMap<string, string> = new Map([
  ['id', 'names the rule in denials and in the record; unique'],
  ['name', 'why, in one clause: shown to whoever is refused'],
  ['match', 'when it applies; all keys must hold, of a list one entry is enough'],
  [
    'then',
    '`deny`, `hold` for an approval, or `allow` against a shipped rule of the same finding; deny beats hold beats allow',
  ],
  ['message', `instead of the usual message; ${PLACEHOLDERS.map((name) => `\`{${name}}\``).join(', ')} are filled in`],
  ['hint', 'what to do instead'],
  ['approvers', 'with `then: hold`: the groups whose members may approve'],
]);

const THEN = ['allow', 'deny', 'hold'] as const;
const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** Ids of the shipped rules and of what is not a rule at all. */
const RESERVED = /^(?:production|staging|development|session|sql|access|protocol|audit)\./;
const LINE = /^[^\u0000-\u001f\u007f]{1,500}$/;

const ALWAYS_WORDS: ReadonlySet<string> = new Set(
  ALL_FINDING_WORDS.filter(({ always }) => always === true).map(({ word }) => word),
);

export interface ReadRules {
  readonly rules: readonly RuleSettings[];
  readonly faults: readonly RuleFault[];
}

/** `shipped`: ids are templates that start with `{tier}`. */
export function readRules(value: unknown, options: { readonly shipped?: boolean } = {}): ReadRules {
  const reader = new Reader(options.shipped === true);
  if (!Array.isArray(value)) {
    return { rules: [], faults: [{ path: [], message: 'expected a list of rules' }] };
  }
  const rules = value.flatMap((entry, index) => reader.rule(entry, [index]) ?? []);
  return { rules, faults: reader.faults };
}

type Path = readonly (string | number)[];

class Reader {
  readonly faults: RuleFault[] = [];
  readonly #shipped: boolean;
  readonly #ids = new Set<string>();

  constructor(shipped: boolean) {
    this.#shipped = shipped;
  }

  rule(value: unknown, path: Path): RuleSettings | undefined {
    const before = this.faults.length;
    const entry = this.#record(value, path, [...RULE_KEYS.keys()], 'a rule: `id`, `match` and `then`');
    if (entry === undefined) return undefined;
    const id = this.#id(entry.id, [...path, 'id']);
    const effect = this.#word(entry.then, [...path, 'then'], THEN) as RuleSettings['effect'] | undefined;
    const match = this.#match(entry.match, [...path, 'match']);
    const name = this.#line(entry.name, [...path, 'name']);
    const message = this.#line(entry.message, [...path, 'message']);
    const placeholder = message === undefined ? undefined : unknownPlaceholder(message);
    if (placeholder !== undefined) this.#unknown([...path, 'message'], placeholder, PLACEHOLDERS, 'placeholder');
    const hint = this.#line(entry.hint, [...path, 'hint']);
    const approvers =
      entry.approvers === undefined ? undefined : this.#texts(entry.approvers, [...path, 'approvers'], 'a group');
    if (approvers !== undefined && effect !== undefined && effect !== 'hold') {
      this.#fault([...path, 'approvers'], 'stands with `then: hold` only');
    }
    if (effect === 'allow' && match !== undefined) this.#checkAllow(match, path);
    if (this.faults.length > before || id === undefined || effect === undefined || match === undefined)
      return undefined;
    return {
      id,
      effect,
      match,
      ...(name === undefined ? {} : { name }),
      ...(message === undefined ? {} : { message }),
      ...(hint === undefined ? {} : { hint }),
      ...(approvers === undefined ? {} : { approvers }),
    };
  }

  /** An allow that names no danger would open more than its author saw. */
  #checkAllow(match: RuleMatch, path: Path): void {
    const place = [...path, 'match'];
    if (match.finding === undefined) {
      this.#fault(place, 'an `allow` must say what it allows: expected `finding`');
    }
    const always = match.finding?.find((word) => ALWAYS_WORDS.has(word));
    if (always !== undefined) {
      this.#fault([...place, 'finding'], `"${always}" is refused for everybody; no rule can allow it`);
    }
    if (match.object !== undefined) {
      this.#fault(
        [...place, 'object'],
        'stands with `deny` and `hold` only: what is own or temporary is allowed anyway',
      );
    }
  }

  #match(value: unknown, path: Path): RuleMatch | undefined {
    const entry = this.#record(
      value,
      path,
      MATCH_WORDS.map(({ key }) => key),
      'a mapping of what must hold',
    );
    if (entry === undefined) return undefined;
    if (Object.keys(entry).length === 0) {
      this.#fault(path, 'is empty; expected at least one key');
      return undefined;
    }
    const match: Record<string, unknown> = {};
    for (const { key, form } of MATCH_WORDS) {
      if (!Object.hasOwn(entry, key)) continue;
      const at = [...path, key];
      const found = entry[key];
      switch (form.kind) {
        case 'words':
          match[key] = this.#list(found, at)?.flatMap(([one, place]) => this.#word(one, place, form.words) ?? []);
          break;
        case 'texts':
          match[key] = this.#texts(found, at, form.expects, form.accepts);
          break;
        case 'labels':
          match[key] = this.#labels(found, at);
          break;
        case 'flag':
          if (typeof found === 'boolean') match[key] = found;
          else this.#fault(at, `found ${show(found)}, expected \`true\` or \`false\``);
          break;
        default:
          form satisfies never;
      }
    }
    return match as RuleMatch;
  }

  #labels(value: unknown, path: Path): Readonly<Record<string, readonly string[]>> | undefined {
    if (!isRecord(value) || Object.keys(value).length === 0) {
      this.#fault(path, `found ${show(value)}, expected a mapping of labels, such as {team: payments}`);
      return undefined;
    }
    const labels: Record<string, readonly string[]> = {};
    for (const [name, wanted] of Object.entries(value)) {
      const texts = this.#texts(wanted, [...path, name], 'a text with `*` and `?`');
      if (texts !== undefined) labels[name] = texts;
    }
    return labels;
  }

  #id(value: unknown, path: Path): string | undefined {
    if (typeof value !== 'string') {
      this.#fault(
        path,
        value === undefined ? 'missing; expected a name for the rule' : `found ${show(value)}, expected a name`,
      );
      return undefined;
    }
    if (this.#shipped) return value;
    if (!ID.test(value)) {
      this.#fault(path, `found ${show(value)}, expected lower-case letters, digits, ".", "_", "-", at most 63`);
    } else if (RESERVED.test(value)) this.#fault(path, `"${value}" is the name of a shipped rule; choose another`);
    else if (this.#ids.has(value)) this.#fault(path, `the rule "${value}" stands here twice`);
    this.#ids.add(value);
    return value;
  }

  #line(value: unknown, path: Path): string | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'string' && LINE.test(value)) return value;
    this.#fault(path, `found ${show(value)}, expected a text of one line`);
    return undefined;
  }

  #texts(
    value: unknown,
    path: Path,
    expects: string,
    accepts: (text: string) => boolean = () => true,
  ): string[] | undefined {
    return this.#list(value, path)?.flatMap(([one, place]) => {
      if (typeof one === 'string' && LINE.test(one) && accepts(one)) return [one];
      this.#fault(place, `found ${show(one)}, expected ${expects}`);
      return [];
    });
  }

  #word(value: unknown, path: Path, allowed: readonly string[]): string | undefined {
    if (typeof value === 'string' && allowed.includes(value)) return value;
    if (typeof value === 'string') this.#unknown(path, value, allowed, 'word');
    else
      this.#fault(
        path,
        `${value === undefined ? 'missing' : `found ${show(value)}`}; expected one of: ${allowed.join(', ')}`,
      );
    return undefined;
  }

  /** One or several, each with its place. */
  #list(value: unknown, path: Path): [unknown, Path][] | undefined {
    if (!Array.isArray(value)) return [[value, path]];
    if (value.length > 0) return value.map((one, index) => [one, [...path, index]]);
    this.#fault(path, 'is an empty list, which nothing matches');
    return undefined;
  }

  #record(
    value: unknown,
    path: Path,
    allowed: readonly string[],
    expects: string,
  ): Readonly<Record<string, unknown>> | undefined {
    if (!isRecord(value)) {
      this.#fault(
        path,
        value === undefined ? `missing; expected ${expects}` : `found ${show(value)}, expected ${expects}`,
      );
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key)) this.#unknown([...path, key], key, allowed, 'key');
    }
    return value;
  }

  #unknown(path: Path, word: string, allowed: readonly string[], what: string): void {
    this.faults.push({ path, message: `unknown ${what} ${show(word)}`, unknown: { word, allowed } });
  }

  #fault(path: Path, message: string): void {
    this.faults.push({ path, message });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

/** The JSON Schema of `rules:`, for editors. */
export function rulesSchema(): object {
  const text = { type: 'string', minLength: 1 };
  const forms: Readonly<Record<string, object>> = {
    id: { type: 'string', pattern: ID.source },
    match: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: Object.fromEntries(MATCH_WORDS.map((word) => [word.key, matchWordSchema(word)])),
    },
    approvers: { anyOf: [text, { type: 'array', minItems: 1, items: text }] },
  };
  const properties = [...RULE_KEYS].map(([key, description]): [string, object] => {
    const form = key === 'then' ? { type: 'string', enum: THEN } : (forms[key] ?? text);
    return [key, { description, ...form }];
  });
  return {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'match', 'then'],
      properties: Object.fromEntries(properties),
    },
  };
}
