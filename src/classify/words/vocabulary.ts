/** The rules in one list, and every word that any of them knows. A new group of rules: its file and one line here. */
import type { ColumnClass } from '../classes.ts';
import { splitName } from '../name-words.ts';
import {
  COMPOUNDS,
  IDENTITY_HEADS,
  IDENTITY_PROVIDERS,
  IDENTITY_WORDS,
  NETWORK_HEADS,
  NETWORKS,
  ROLES,
} from './compounds.ts';
import { CONTACT_RULES } from './contact.ts';
import { CREDENTIAL_RULES } from './credentials.ts';
import { DEVICE_RULES } from './devices.ts';
import { FURTHER_LANGUAGE_RULES } from './further-languages.ts';
import { HEALTH_RULES } from './health.ts';
import type { NameRule } from './name-rule.ts';
import { NUMBER_RULES } from './numbers.ts';
import { PERSON_RULES } from './person.ts';
import { PROSE_RULES } from './prose.ts';
import { CLASS_QUALIFIERS, CLEAR_HEADS, CLEAR_PHRASES, CLEAR_TAILS, CLEAR_WORDS, QUALIFIERS } from './qualifiers.ts';
import * as tables from './tables.ts';

/** Where two rules match the same words, the earlier wins. */
export const RULES: readonly NameRule[] = [
  ...CREDENTIAL_RULES,
  ...DEVICE_RULES,
  ...NUMBER_RULES,
  ...CONTACT_RULES,
  ...PERSON_RULES,
  ...HEALTH_RULES,
  ...PROSE_RULES,
  ...FURTHER_LANGUAGE_RULES,
];

/** Words of what is in no rule. */
function otherWords(): Set<string> {
  const words = new Set<string>();
  for (const list of [
    QUALIFIERS,
    CLEAR_TAILS,
    CLEAR_HEADS,
    CLEAR_WORDS,
    CLEAR_PHRASES,
    ...Object.values(CLASS_QUALIFIERS),
    ...Object.values(tables),
    ...COMPOUNDS.flatMap(({ carriers, purposes }) => [carriers, purposes]),
    NETWORKS,
    NETWORK_HEADS,
    IDENTITY_PROVIDERS,
    IDENTITY_WORDS,
    IDENTITY_HEADS,
    ROLES,
  ])
    for (const word of [...list].flatMap(wordsOf)) words.add(word);
  return words;
}

const wordsOf = (phrase: string): string[] => phrase.split(' ').filter((word) => word.length > 1);

function classesByWord(): Map<string, Set<ColumnClass>> {
  const classes = new Map<string, Set<ColumnClass>>();
  for (const rule of RULES) {
    for (const word of rule.phrases.flatMap(wordsOf)) {
      classes.set(word, (classes.get(word) ?? new Set()).add(rule.class));
    }
  }
  return classes;
}

const OTHER_WORDS = otherWords();
const CLASSES_BY_WORD = classesByWord();

const NAMED: ReadonlySet<string> = new Set([...CLASSES_BY_WORD.keys(), ...OTHER_WORDS]);

/** Words that rules ask for in the table and the other columns, but those that are cut into known ones: `lastip`. */
const ASKED_FOR: readonly string[] = RULES.flatMap((rule) =>
  [
    rule.tables,
    rule.aboutTable,
    rule.notAboutTable,
    rule.beside,
    rule.besideHead,
    rule.besideName,
    rule.notNames,
    rule.notBeside,
  ].flatMap((list) => (list ?? []).flatMap(wordsOf)),
).filter((word) => splitName(word, NAMED).join(' ') === word);

export const VOCABULARY: ReadonlySet<string> = new Set([...NAMED, ...ASKED_FOR]);

/** Is it known from names of classes alone, this one among them, as `naiss` is from `date naiss` and `lieu naiss`? */
export function isWordOf(word: string, columnClass: ColumnClass): boolean {
  return !OTHER_WORDS.has(word) && CLASSES_BY_WORD.get(word)?.has(columnClass) === true;
}

export type Splitter = (name: string) => readonly string[];

/** Most databases have fewer names of columns. */
const MAX_REMEMBERED = 20_000;

/** Splits by this vocabulary and remembers: a name is read for each column beside it, and tables have many in common. */
export function splitter(): Splitter {
  const known = new Map<string, readonly string[]>();
  return (name) => {
    let words = known.get(name);
    if (words === undefined) {
      words = splitName(name, VOCABULARY);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(name, words);
    }
    return words;
  };
}
