/** What in a statement a rule can be about: one danger each, with its place and, where there is one, its object. */
import type { Finding, ObjectTarget, StatementFacts } from '../../sql/facts.ts';
import { nameMayChange, ownershipOf } from '../ownership.ts';
import type { Question } from '../rule.ts';
import { FINDING_WORDS, isTargetWord, ROW_WORDS, TARGET_ACTIONS, type TargetWord } from './finding-words.ts';
import { type WrittenName, writtenName } from './name-pattern.ts';

export interface Matter {
  /** The word of `finding:`. */
  readonly word: string;
  /** UTF-8 bytes into the text. */
  readonly offset: number | undefined;
  /** For the message. */
  readonly subject: string | undefined;
  /** The relation, type or schema that it is about; undefined: none by name. */
  readonly relation: string | undefined;
  /** `relation`, taken apart. */
  readonly written: WrittenName | undefined;
  readonly function: string | undefined;
  /** Whose it is can be asked. */
  readonly target: ObjectTarget | undefined;
}

/** Whose it is; `absent`: there is no such object. */
export type Standing = 'own' | 'temporary' | 'others' | 'absent' | 'unknown' | 'uncertain';

const WORDS_OF_ACTION: ReadonlyMap<ObjectTarget['action'], readonly TargetWord[]> = wordsOfActions();

function wordsOfActions(): Map<ObjectTarget['action'], TargetWord[]> {
  const words = new Map<ObjectTarget['action'], TargetWord[]>();
  for (const [word, actions] of Object.entries(TARGET_ACTIONS) as [TargetWord, ObjectTarget['action'][]][]) {
    for (const action of actions) words.set(action, [...(words.get(action) ?? []), word]);
  }
  return words;
}

/** All of them: what stands in the text first, then the objects. `names`: those of `facts.targets`, taken apart. */
export function mattersOf(facts: StatementFacts, names: readonly { readonly written: WrittenName }[]): Matter[] {
  const matters: Matter[] = [];
  for (const finding of facts.findings) {
    const { word } = FINDING_WORDS[finding.kind];
    if (!isTargetWord(word)) matters.push(ofFinding(word, finding));
  }
  for (let i = 0; i < facts.targets.length; i++) {
    const target = facts.targets[i]!;
    for (const word of WORDS_OF_ACTION.get(target.action) ?? []) {
      if (word !== 'creates' || isNew(target)) matters.push(ofTarget(word, target, names[i]!.written, facts));
    }
  }
  return matters;
}

/** Does a rule with these words speak of such a matter? Undefined: one that has none speaks of whatever has an object. */
export function isOfWords(word: string, words: ReadonlySet<string> | undefined): boolean {
  return words === undefined ? ROW_WORDS.has(word) || isTargetWord(word) : words.has(word);
}

/** What a temporary object or an index brings is judged elsewhere: by nothing, and by its table. */
function isNew(target: ObjectTarget): boolean {
  return !target.temporary && target.label !== 'index';
}

function ofFinding(word: string, finding: Finding): Matter {
  const { offset, subject, lookup, unless, kind, ofOwn } = finding;
  if (!ROW_WORDS.has(word)) {
    const isFunction = kind === 'dangerous_function';
    return {
      word,
      offset,
      subject,
      relation: undefined,
      written: undefined,
      function: isFunction ? subject : undefined,
      target: kind === 'extension' && lookup !== undefined ? extensionTarget(lookup) : undefined,
    };
  }
  const target: ObjectTarget = {
    action: 'alter',
    kind: 'relation',
    label: 'table',
    lookup,
    name: subject ?? '',
    // Whether it is, and a table, only the session can say.
    temporary: false,
    ifNotExists: false,
    rows: true,
    ...(unless === undefined ? {} : { unless }),
    ...(ofOwn === undefined ? {} : { ofOwn }),
  };
  const { name } = target;
  return { word, offset, subject: name, relation: name, written: writtenName(name), function: undefined, target };
}

/** CREATE EXTENSION IF NOT EXISTS: of one that is there it does nothing. */
function extensionTarget(name: string): ObjectTarget {
  return {
    action: 'create',
    kind: 'extension',
    label: 'extension',
    lookup: name,
    name,
    temporary: false,
    ifNotExists: true,
  };
}

/** Does nothing come of it, as what it is to make is there? */
export function isIdle({ target }: Matter, question: Question): boolean | 'unknown' | 'uncertain' {
  if (target?.kind !== 'extension') return false;
  // What stands before it in the same text may remove it.
  if (nameMayChange(target.name, question)) return 'uncertain';
  const { context } = question;
  if (context.resolved === undefined) return 'unknown';
  return context.resolved.some(
    ({ target: one, oid }) => one.kind === 'extension' && one.lookup === target.lookup && oid !== undefined,
  );
}

function ofTarget(word: TargetWord, target: ObjectTarget, written: WrittenName, facts: StatementFacts): Matter {
  const place = facts.findings.find((finding) => finding.subject === target.name) ?? facts.findings[0];
  return {
    word,
    offset: place?.offset,
    subject: target.name,
    relation: target.kind === 'function' ? undefined : target.name,
    written: target.kind === 'function' ? undefined : written,
    function: target.kind === 'function' ? target.name : undefined,
    target,
  };
}

export function standingOf({ target }: Matter, question: Question): Standing {
  if (target === undefined) return 'others';
  const ownership = ownershipOf(target, question);
  switch (ownership) {
    case 'not_own':
      return 'others';
    case 'unknown':
      return 'unknown';
    case 'uncertain_name':
      return 'uncertain';
    case 'exempt': {
      if (target.temporary) return 'temporary';
      const found = question.context.resolved?.find(
        (one) => one.target.kind === target.kind && one.target.lookup === target.lookup,
      );
      if (found?.oid === undefined) return 'absent';
      return found.temporary ? 'temporary' : 'own';
    }
    default:
      return ownership satisfies never;
  }
}
