/**
 * Requests as they are looked at: by people, each of whom sees what is theirs, what they may decide and what they
 * answer for; and by sessions, which go by what is in force now. All of it in memory; changes nothing.
 */
import type { Principal } from '../identity/principal.ts';
import type { Elevation, RequestFilter } from './contract.ts';
import { personOf, samePerson } from './person.ts';
import { notFound } from './refused-words.ts';
import type { RequestEvent, RequestState } from './request.ts';
import type { RequestAccess } from './request-access.ts';
import type { RequestDeadlines } from './request-deadlines.ts';
import { isUnreviewed } from './request-index.ts';
import type { RequestLedger } from './request-ledger.ts';

const MAX_LIST = 1_000;
/** Without word of the other gateways for so long nothing counts that they may have taken back. */
const BLIND_MS = 15_000;

export class Seeing {
  readonly #ledger: RequestLedger;
  readonly #deadlines: RequestDeadlines;
  readonly #access: RequestAccess;
  /** Epoch milliseconds. */
  readonly #now: () => number;

  constructor(ledger: RequestLedger, deadlines: RequestDeadlines, access: RequestAccess, now: () => number) {
    this.#ledger = ledger;
    this.#deadlines = deadlines;
    this.#access = access;
    this.#now = now;
  }

  get(id: string, viewer: Principal): RequestState | undefined {
    const entry = this.#ledger.index.get(id);
    return entry !== undefined && this.#access.maySee(entry.state, viewer) ? entry.state : undefined;
  }

  /** As `get`; throws `not_found`. */
  visible(id: string, viewer: Principal): RequestState {
    const state = this.get(id, viewer);
    if (state === undefined) throw notFound(id);
    return state;
  }

  /** With the lists of approvers as they are at this moment. */
  async visibleNow(id: string, viewer: Principal): Promise<RequestState> {
    const entry = this.#ledger.index.get(id);
    if (entry !== undefined) await this.#access.refreshApprovers(entry.state.request);
    return this.visible(id, viewer);
  }

  /** Does it wait for the word of this principal? */
  mayDecide(id: string, by: Principal): boolean {
    const entry = this.#ledger.index.get(id);
    if (entry?.state.status !== 'pending' || this.#deadlines.isOver(entry)) return false;
    const { state } = entry;
    return (
      this.#access.mayDecide(state.request, by) && !state.approvals.some((one) => samePerson(one.by, personOf(by)))
    );
  }

  list(viewer: Principal, filter: RequestFilter): readonly RequestState[] {
    const { mine, decidableBy, status, database, unreviewed, after } = filter;
    const limit = Math.min(Math.max(filter.limit ?? 100, 1), MAX_LIST);
    const found: RequestState[] = [];
    for (const entry of this.#ledger.index.newestFirst(after)) {
      const { state } = entry;
      if (status !== undefined && state.status !== status) continue;
      if (database !== undefined && state.request.database !== database) continue;
      if (mine !== undefined && state.request.by.key !== mine) continue;
      if (unreviewed === true && !isUnreviewed(state)) continue;
      if (decidableBy !== undefined && !this.mayDecide(state.request.id, decidableBy)) continue;
      // Whoever may decide it may see it.
      if (decidableBy !== viewer && !this.#access.maySee(state, viewer)) continue;
      if (found.push(state) === limit) break;
    }
    return found;
  }

  events(id: string): readonly RequestEvent[] {
    return this.#ledger.index.get(id)?.events.slice() ?? [];
  }

  /** In force now. */
  elevationsOf(principal: Principal, database: string): readonly Elevation[] {
    const elevations: Elevation[] = [];
    // Somebody may have revoked it at another gateway.
    if (this.#now() - this.#ledger.seenUntil > BLIND_MS) return elevations;
    for (const entry of this.#ledger.index.elevationsOf(principal, database)) {
      const { request, terms, validUntil } = entry.state;
      if (request.kind !== 'elevation' || validUntil === undefined || this.#deadlines.isOver(entry)) continue;
      const { access } = request.scope;
      elevations.push({ request: request.id, access, unmask: terms.unmask, tables: terms.tables, until: validUntil });
    }
    return elevations;
  }

  /** Pending and approved, and not over. */
  statementsOf(shape: string): readonly RequestState[] {
    return this.#ledger.index.ofShape(shape).flatMap((entry) => (this.#deadlines.isOver(entry) ? [] : [entry.state]));
  }
}
