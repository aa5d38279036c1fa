/**
 * How much may be asked for: requests that wait for a decision, of one person and at one gateway, and what was denied a
 * moment ago. All identities of a person count as one.
 */
import type { ApprovalRule } from '../config/approval-settings.ts';
import { DbgateError } from '../errors.ts';
import type { ElevationAsk } from './contract.ts';
import { personName, samePerson } from './person.ts';
import type { Person, RequestState, StatementScope } from './request.ts';
import { unavailable } from './request-journal.ts';
import type { RequestLedger } from './request-ledger.ts';

const PENDING_OF_PERSON = 50;
const PENDING_OF_GATEWAY = 20_000;

export class RequestLimits {
  readonly #ledger: RequestLedger;

  constructor(ledger: RequestLedger) {
    this.#ledger = ledger;
  }

  /** Throws `denied` when too many requests wait already. */
  checkRoom(person: Person): void {
    if (this.#ledger.isClosed) throw unavailable();
    const own = this.#ledger.index.pendingOf(person);
    const pending = this.#ledger.index.pendingCount;
    if (own >= PENDING_OF_PERSON) {
      throw new DbgateError('denied', `you have ${own} requests that wait for a decision`, {
        sqlstate: '53400',
        hint: 'Withdraw some: `dbgate requests --mine --pending`, `dbgate cancel ID`.',
      });
    }
    if (pending >= PENDING_OF_GATEWAY) {
      throw new DbgateError('denied', `${pending} requests wait for a decision at this gateway, its limit`, {
        sqlstate: '53400',
        hint: 'Try again when some are decided.',
      });
    }
  }

  /** Throws `denied` when the same was asked for, and denied, a moment ago. */
  checkElevationCooldown(person: Person, ask: ElevationAsk, { cooldownMs }: ApprovalRule, at: number): void {
    this.#checkDenials(person, at - cooldownMs, cooldownMs, ({ request }) => {
      if (request.kind !== 'elevation' || request.database !== ask.database) return false;
      const { access, unmask } = request.scope;
      return (access !== undefined && access === ask.access) || (unmask !== undefined && ask.unmask !== undefined);
    });
  }

  checkStatementCooldown(person: Person, { shape }: StatementScope, { cooldownMs }: ApprovalRule, at: number): void {
    this.#checkDenials(
      person,
      at - cooldownMs,
      cooldownMs,
      ({ request }) => request.kind === 'statement' && request.statement.shape === shape,
    );
  }

  #checkDenials(person: Person, since: number, cooldownMs: number, isSame: (state: RequestState) => boolean): void {
    if (cooldownMs === 0) return;
    for (const { state } of this.#ledger.index.newestFirst(undefined)) {
      const { denied, request } = state;
      if (denied === undefined || denied.at <= since || !samePerson(request.by, person) || !isSame(state)) continue;
      const again = new Date(denied.at + cooldownMs).toISOString();
      throw new DbgateError('denied', `${request.id} asked for the same and was denied by ${personName(denied.by)}`, {
        sqlstate: '42501',
        hint: `It can be asked for again after ${again}.`,
      });
    }
  }
}
