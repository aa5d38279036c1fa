/** The names of one statement, taken apart once however many rules ask. */
import type { StatementFacts } from '../../sql/facts.ts';
import { type WrittenName, writtenName } from './name-pattern.ts';

export class StatementNames {
  readonly #facts: StatementFacts;
  #relations: readonly WrittenName[] | undefined;
  #functions: readonly WrittenName[] | undefined;

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
}
