/** Masking of a `ModelServer`: plans that hold in the world that was adopted, and with the rights of now. */

import { FULL_CLEARANCE, type MaskingRights, NO_CLEARANCE } from '../../../src/masking/clearance.ts';
import type { StatementPlan } from '../../../src/masking/statement-plan.ts';
import type { StatementFacts } from '../../../src/sql/facts.ts';
import { FakeMasking } from './fake-masking.ts';
import { answerOf, SECRET } from './model-server.ts';

export class ModelMasking extends FakeMasking {
  shared = 0;
  /** What `lifted` shows. */
  isElevated = false;
  #path = 'public';
  #schema: number | undefined;

  get #rights(): MaskingRights {
    return this.isElevated ? FULL_CLEARANCE : NO_CLEARANCE;
  }

  override plans(statements: readonly StatementFacts[], sql: string): readonly StatementPlan[] | undefined {
    const world = { path: this.#path, schema: this.#schema ?? this.shared };
    const masks = (word: string): boolean => answerOf(word, world) === SECRET;
    const text = sql
      .replace(/\bhold /g, '')
      .replace(/\bby(?:world|schema)\b/g, (word) => (masks(word) ? 'mask' : 'pass'))
      .replace(/\bcopybyschema\b/g, masks('byschema') ? 'copymask' : 'copypass')
      .replace(/\bcopybreak\b/g, 'copymask')
      .replace(/\bmaskfail\b/g, 'mask')
      .replace(/\blifted\b/g, this.isElevated ? 'pass' : 'mask');
    if (this.untraced(sql) && !this.traced.has(sql)) return undefined;
    this.traced.add(text);
    let changed = false;
    // As the tracer does it.
    return super.plans(statements, text)!.map((plan, i) => {
      const before = changed;
      const [word = ''] = text
        .split(';')
        .filter((part) => part.trim() !== '')
        [i]!.trim()
        .split(' ');
      changed ||= word === 'set' || word === 'alter';
      const reads = !/^(?:set|begin|commit|rollback|savepoint|close|fetch)$/.test(word);
      const made = { ...plan, rights: this.#rights };
      return before && reads ? { ...made, result: undefined } : made;
    });
  }

  showsMore({ rights }: StatementPlan): boolean {
    return rights === FULL_CLEARANCE && !this.isElevated;
  }

  override adopt(searchPath: readonly string[], rows: readonly (readonly (string | null)[])[] | undefined): void {
    this.#path = searchPath[0] ?? '';
    this.#schema = rows === undefined ? undefined : Number(rows[0]![0]);
  }
}
