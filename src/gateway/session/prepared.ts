/**
 * Names of prepared statements and portals, as the server will see them when it gets there: what is confirmed
 * (ParseComplete, BindComplete), overlaid by what is in flight. A Parse that fails leaves the older statement of that
 * name in place, so only a confirmation makes it the one that counts.
 */
import type { Decision } from '../../policy/decision.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { NameEffect, Request } from './in-flight.ts';

export interface PreparedStatement {
  readonly analysis: Analysis;
  /** `JSON.stringify` of the recorded text, made once. */
  readonly sqlJson: string;
  decision: Decision;
  /** `policyEpoch` at which `decision` was made. */
  epoch: number;
  readonly pure: boolean;
}

export interface Portal {
  readonly statement: PreparedStatement | undefined;
  /** The intent taken at Bind for its first Execute, 0 when none is left. */
  n: number;
  position: number;
  readonly binds: number;
}

class Names<Value> {
  readonly #confirmed = new Map<string, Value>();
  /** In-flight effects in order; usually none or one. */
  #pending: { name: string; value: Value | undefined; effect: NameEffect }[] = [];

  get(name: string): Value | undefined {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i]!;
      if (pending.name === name) return pending.value;
    }
    return this.#confirmed.get(name);
  }

  expect(name: string, value: Value | undefined, effect: NameEffect): void {
    this.#pending.push({ name, value, effect });
  }

  confirm(effect: NameEffect): void {
    const at = this.#pending.findIndex((pending) => pending.effect === effect);
    if (at < 0) return;
    const { name, value } = this.#pending[at]!;
    this.#pending.splice(at, 1);
    if (value === undefined) this.#confirmed.delete(name);
    else this.#confirmed.set(name, value);
  }

  withdraw(effect: NameEffect): void {
    const at = this.#pending.findIndex((pending) => pending.effect === effect);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  clear(): void {
    this.#confirmed.clear();
  }

  delete(name: string): void {
    this.#confirmed.delete(name);
  }
}

export class PreparedNames {
  readonly #statements = new Names<PreparedStatement>();
  readonly #portals = new Names<Portal>();

  statement(name: string): PreparedStatement | undefined {
    return this.#statements.get(name);
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name);
  }

  /** A Parse, Bind or Close that has been sent; gives the effect to put on its request. */
  expectStatement(name: string, statement: PreparedStatement | undefined): NameEffect {
    const effect: NameEffect = { kind: 'statement' };
    this.#statements.expect(name, statement, effect);
    return effect;
  }

  expectPortal(name: string, portal: Portal | undefined): NameEffect {
    const effect: NameEffect = { kind: 'portal' };
    this.#portals.expect(name, portal, effect);
    return effect;
  }

  confirm(request: Request): void {
    const effect = request.name;
    if (effect === undefined) return;
    if (effect.kind === 'statement') this.#statements.confirm(effect);
    else this.#portals.confirm(effect);
  }

  withdraw(request: Request): void {
    const effect = request.name;
    if (effect === undefined) return;
    if (effect.kind === 'statement') this.#statements.withdraw(effect);
    else this.#portals.withdraw(effect);
  }

  /** A simple Query destroys the unnamed statement and portal. */
  forgetUnnamed(): void {
    this.#statements.delete('');
    this.#portals.delete('');
  }

  /** DEALLOCATE or DISCARD ran: confirmed names may mean nothing or something else now. */
  forgetAll(): void {
    this.#statements.clear();
    this.#portals.clear();
  }

  /** The transaction ended: every portal that was confirmed is gone (WITH HOLD cursors are no portals of ours). */
  forgetPortals(): void {
    this.#portals.clear();
  }
}
