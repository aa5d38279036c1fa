/** Which elevation a session's statements rest on: for their records. */
import type { Decision } from '../policy/decision.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';
import type { SessionHolder } from './gateway-state.ts';

export class StatementElevations {
  readonly #holder: SessionHolder;
  readonly #requests = new WeakMap<readonly StatementFacts[], string>();

  constructor(holder: SessionHolder) {
    this.#holder = holder;
  }

  /** Notes what a decision rests on, and hands it on. */
  noted(analysis: Analysis, decision: Decision): Decision {
    if (decision.effect === 'allow' && decision.approval !== undefined) {
      this.#requests.set(analysis.statements, decision.approval);
    } else if (this.#holder.elevated !== undefined) this.#requests.delete(analysis.statements);
    return decision;
  }

  /** Of one that was judged; of what only reads, the elevation that shows classes as they are. */
  of(analysis: Analysis): string | undefined {
    const { elevated } = this.#holder;
    if (elevated === undefined) return undefined;
    const request = this.#requests.get(analysis.statements);
    if (request !== undefined) return request;
    const reads = analysis.statements.some(({ relations }) => relations.length > 0);
    return reads ? elevated.clearing[0] : undefined;
  }
}
