/** What rules ask of one statement, made once however many ask: its names taken apart, and what it could be judged by. */
import type { ObjectKind, StatementFacts } from '../../sql/facts.ts';
import type { Question } from '../rule.ts';
import { type Matter, mattersOf, type Standing, standingOf } from './matters.ts';
import { type WrittenName, writtenName } from './name-pattern.ts';

export interface WrittenTarget {
  readonly kind: ObjectKind;
  readonly written: WrittenName;
}

export class StatementNames {
  readonly #facts: StatementFacts;
  #relations: readonly WrittenName[] | undefined;
  #functions: readonly WrittenName[] | undefined;
  #targets: readonly WrittenTarget[] | undefined;
  #matters: readonly Matter[] | undefined;
  #words: readonly string[] | undefined;
  #standings: Map<Matter, Standing> | undefined;

  constructor(facts: StatementFacts) {
    this.#facts = facts;
  }

  get relations(): readonly WrittenName[] {
    this.#relations ??= this.#facts.relations.map(writtenName);
    return this.#relations;
  }

  /** An attribute may be a call, of a function in any schema. */
  get functions(): readonly WrittenName[] {
    this.#functions ??= this.#facts.functions.map((name) =>
      name.startsWith('.') ? { schema: undefined, name: name.slice(1) } : writtenName(name),
    );
    return this.#functions;
  }

  /** What it creates, changes, removes or calls. */
  get targets(): readonly WrittenTarget[] {
    this.#targets ??= this.#facts.targets.map(({ kind, name }) => ({ kind, written: writtenName(name) }));
    return this.#targets;
  }

  get matters(): readonly Matter[] {
    this.#matters ??= mattersOf(this.#facts, this.targets);
    return this.#matters;
  }

  /** Those of `matters`, each once. */
  get words(): readonly string[] {
    this.#words ??= [...new Set(this.matters.map(({ word }) => word))];
    return this.#words;
  }

  /** `question`: the one that this belongs to. */
  standing(matter: Matter, question: Question): Standing {
    this.#standings ??= new Map();
    let standing = this.#standings.get(matter);
    if (standing === undefined) {
      standing = standingOf(matter, question);
      this.#standings.set(matter, standing);
    }
    return standing;
  }
}
