/** What a table is about: its name's head, and where that says nothing, the columns that only people have. */
import { splitName } from './name-words.ts';
import type { TableTopic } from './words/name-rule.ts';
import {
  COMPANY_TABLES,
  CREDENTIAL_TABLES,
  LOG_TABLES,
  MESSAGE_TABLES,
  MONEY_TABLES,
  PERSON_TABLES,
  PLACE_TABLES,
  PUBLIC_KEY_TABLES,
  SESSION_TABLES,
  TABLE_TAILS,
  THING_TABLES,
} from './words/tables.ts';
import { VOCABULARY } from './words/vocabulary.ts';

/** The longest phrase wins; of equally long ones the earlier list. */
const TOPICS: readonly (readonly [TableTopic, ReadonlySet<string>])[] = [
  ['thing', PUBLIC_KEY_TABLES],
  ['credential', CREDENTIAL_TABLES],
  ['session', SESSION_TABLES],
  ['message', MESSAGE_TABLES],
  ['money', MONEY_TABLES],
  ['place', PLACE_TABLES],
  ['company', COMPANY_TABLES],
  ['person', PERSON_TABLES],
  ['thing', THING_TABLES],
  ['log', LOG_TABLES],
];

function topicOf(words: readonly string[], from: 'head' | 'first'): TableTopic | undefined {
  for (let length = Math.min(words.length, 3); length > 0; length--) {
    const phrase = (from === 'head' ? words.slice(-length) : words.slice(0, length)).join(' ');
    for (const [topic, phrases] of TOPICS) if (phrases.has(phrase)) return topic;
  }
  return undefined;
}

/** Columns that say that a row is a person; words as `splitName` gives them, joined by spaces. */
const PERSONAL =
  /\b(first ?name|last ?name|full ?name|fname|lname|surname|given name|family name|forename|birth|birthday|birthdate|dob|ssn|gender|marital|vorname|nachname|prenom|apellidos?|sobrenome|cognome|geburtsdatum|nacimiento|nascimento|naissance|nascita|imie|nazwisko|voornaam|achternaam|fornavn|fornamn|username|password|passwd|familiya|xingming|shimei)\b/u;

export function tableTopic(table: string, columns: readonly string[]): TableTopic {
  const words = splitName(table, VOCABULARY);
  const whole = topicOf(words, 'head');
  const bare = [...words];
  while (bare.length > 1 && TABLE_TAILS.has(bare.at(-1) ?? '')) bare.pop();
  const byName =
    (bare.length < words.length && whole !== 'log' ? topicOf(bare, 'head') : undefined) ??
    whole ??
    topicOf(bare, 'head');
  if (byName !== undefined) return byName;
  if (columns.some((column) => PERSONAL.test(splitName(column, VOCABULARY).join(' ')))) return 'person';
  return topicOf(bare, 'first') ?? 'unknown';
}
