/**
 * What the record says of statements. In: analyses. Out: the facts of a statement as a fragment of JSON, made once for
 * all texts of one shape, and the text as it is kept.
 */
import { hash } from 'node:crypto';
import { encodeFacts } from '../audit/recorder.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';
import type { StatementDescription } from './session/contract.ts';

const MAX_RELATIONS = 64;

export class StatementRecords {
  /** Facts are shared by all texts of one shape. */
  readonly #facts = new WeakMap<readonly StatementFacts[], string>();

  describe(analysis: Analysis, sql: string): StatementDescription {
    const { statements, recordedSql } = analysis;
    let facts = this.#facts.get(statements);
    if (facts === undefined) {
      facts = encodeFacts({
        fingerprint: hash('sha256', sql).slice(0, 16),
        command: commandsOf(statements),
        class: analysis.class,
        relations: relationsOf(statements),
        columns: {},
      });
      this.#facts.set(statements, facts);
    }
    return { facts, sqlJson: JSON.stringify(recordedSql) };
  }
}

function commandsOf(statements: readonly StatementFacts[]): string {
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return only.command;
  const commands = [...new Set(statements.map(({ command }) => command))];
  return commands.length === 0 ? 'UNKNOWN' : commands.slice(0, 8).join('; ');
}

function relationsOf(statements: readonly StatementFacts[]): string[] {
  const names = new Set<string>();
  for (const { relations } of statements) for (const name of relations) names.add(name);
  return [...names].slice(0, MAX_RELATIONS);
}
