/**
 * Deciding: yes, no, withdrawn, revoked, looked at afterwards. In: who says it, by what way, in which words. Out: the
 * state that it led to, on the record. Who may is `request-access.ts`, at the moment of the decision; that it still can be
 * is the ledger's to see.
 */
import type { ApprovalSettings } from '../config/approval-settings.ts';
import { DbgateError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import { checkTerms, cleanReason } from './asked-words.ts';
import { personName, personOf, samePerson } from './person.ts';
import type { Requested, RequestState, Terms } from './request.ts';
import { isTheirs, type RequestAccess } from './request-access.ts';
import type { RequestLedger } from './request-ledger.ts';
import type { Seeing } from './seeing.ts';

/** Ways by which a person, or the one authority outside, decides. */
const DECIDING = new Set(['cli', 'web', 'slack', 'external']);

export class Deciding {
  readonly #ledger: RequestLedger;
  readonly #seeing: Seeing;
  readonly #access: RequestAccess;
  /** Epoch milliseconds. */
  readonly #now: () => number;
  /** Throws `denied` when there are no approvals at this gateway. */
  readonly #approvals: () => ApprovalSettings;

  constructor(
    ledger: RequestLedger,
    seeing: Seeing,
    access: RequestAccess,
    now: () => number,
    approvals: () => ApprovalSettings,
  ) {
    this.#ledger = ledger;
    this.#seeing = seeing;
    this.#access = access;
    this.#now = now;
    this.#approvals = approvals;
  }

  async approve(id: string, by: Principal, via: string, reason: string, terms: Terms): Promise<RequestState> {
    const settings = this.#approvals();
    const said = cleanReason(reason, 'optional');
    checkTerms(terms, settings.maxBatch);
    await this.#checkMayDecide(id, by, via);
    const person = personOf(by);
    return await this.#ledger.change(id, (state) => {
      const at = this.#now();
      // A statement's approval holds for a while that nobody has to say.
      const own = state.request.kind === 'statement' ? settings.approvalTtlMs : undefined;
      const durationMs = own === undefined ? terms.durationMs : Math.min(own, terms.durationMs ?? own);
      const needed = via === 'external' ? 1 : state.request.needs;
      const complete = state.approvals.length + 1 >= needed;
      return {
        type: 'approved',
        at,
        by: person,
        via,
        reason: said,
        terms: present({ ...terms, durationMs }),
        complete,
      };
    });
  }

  async deny(id: string, by: Principal, via: string, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    await this.#checkMayDecide(id, by, via);
    const person = personOf(by);
    return await this.#ledger.change(id, () => ({ type: 'denied', at: this.#now(), by: person, via, reason: said }));
  }

  async cancel(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = this.#seeing.visible(id, by);
    if (!isTheirs(request, by)) {
      throw new DbgateError('denied', `only ${personName(request.by)} may withdraw ${id}`, {
        sqlstate: '42501',
        hint: this.#seeing.mayDecide(id, by) ? `Deny it: \`dbgate review ${id}\`.` : `Ask ${personName(request.by)}.`,
      });
    }
    return await this.#ledger.change(id, () => ({
      type: 'cancelled',
      at: this.#now(),
      by: personOf(by),
      reason: said,
    }));
  }

  async revoke(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = await this.#seeing.visibleNow(id, by);
    if (!isTheirs(request, by) && !this.#answersFor(request, by)) {
      throw new DbgateError('denied', `${id} is not yours to revoke`, {
        sqlstate: '42501',
        hint: `Ask ${[...request.deciders, `an administrator of ${request.database}`].join(', ')}.`,
      });
    }
    return await this.#ledger.change(id, () => ({ type: 'revoked', at: this.#now(), by: personOf(by), reason: said }));
  }

  async review(id: string, by: Principal, reason: string): Promise<RequestState> {
    const said = cleanReason(reason, 'optional');
    const { request } = await this.#seeing.visibleNow(id, by);
    if (!this.#answersFor(request, by)) {
      throw new DbgateError('denied', `${id} is not yours to review`, {
        sqlstate: '42501',
        hint: `Ask ${request.deciders.join(', ')}.`,
      });
    }
    return await this.#ledger.change(id, () => ({ type: 'reviewed', at: this.#now(), by: personOf(by), reason: said }));
  }

  async #checkMayDecide(id: string, by: Principal, via: string): Promise<void> {
    if (!DECIDING.has(via)) throw new DbgateError('usage', `nobody decides by ${via}`);
    const { request } = await this.#seeing.visibleNow(id, by);
    if (this.#access.mayDecide(request, by)) return;
    const own = samePerson(personOf(by), request.by);
    throw new DbgateError('denied', own ? 'nobody decides their own request' : `${id} is not yours to decide`, {
      sqlstate: '42501',
      hint: `Who can: ${request.deciders.join(', ')}.`,
    });
  }

  #answersFor(request: Requested, by: Principal): boolean {
    return this.#access.mayDecide(request, by) || this.#access.administers(by, request.database);
  }
}

/** Without the keys that say nothing. */
function present(terms: Terms): Terms {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}
