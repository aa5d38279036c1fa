/**
 * All requests that a gateway knows, in memory: found by id, by what they are for, and in the order in which they were
 * asked. Keeps what is open, and of what is over the newest; the log has all. Knows nothing of rights.
 */
import { type Principal, principalKey } from '../identity/principal.ts';
import { identitiesOf } from './person.ts';
import type { Person, RequestEvent, RequestState } from './request.ts';

export interface Entry {
  state: RequestState;
  /** Of the last event in its stream, also where that was left out. */
  seq: number;
  readonly events: RequestEvent[];
  /** Which gateway has the session that waits, or waited, for it. */
  readonly gateways: Map<string, string>;
  /** The end that was seen to have come: a clock that is set back does not revive it. */
  overAt: number | undefined;
  isPending: boolean;
  /** When its rows were counted, epoch milliseconds. */
  triedAt: number | undefined;
}

/** Those that are over, and reviewed where they have to be. */
const KEPT_CLOSED = 20_000;
const KEPT_SURPLUS = 2_000;

export class RequestIndex {
  readonly #byId = new Map<string, Entry>();
  /** Oldest first. */
  #order: Entry[] = [];
  readonly #open = new Set<Entry>();
  /** Elevations in force, by whom and where. */
  readonly #elevations = new Map<string, Set<Entry>>();
  /** Those that wait for a decision, by each identity of who asked. */
  readonly #pending = new Map<string, Set<Entry>>();
  #pendingCount = 0;
  /** Statements that are open, by shape. */
  readonly #shapes = new Map<string, Set<Entry>>();
  #closed = 0;

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Pending or approved. */
  get open(): ReadonlySet<Entry> {
    return this.#open;
  }

  /** A new event of a request, whose state it led to. */
  put(state: RequestState, event: RequestEvent, gateway: string, seq: number): Entry {
    const { id } = state.request;
    let entry = this.#byId.get(id);
    if (entry === undefined) {
      entry = { state, seq, events: [], gateways: new Map(), overAt: undefined, triedAt: undefined, isPending: false };
      this.#byId.set(id, entry);
      this.#insert(entry);
    }
    const wasClosed = entry.events.length > 0 && isClosed(entry.state);
    entry.state = state;
    entry.seq = seq;
    entry.events.push(event);
    if (event.type === 'requested' && event.request.kind === 'statement') {
      entry.gateways.set(event.request.statement.session, gateway);
    }
    if (event.type === 'joined') entry.gateways.set(event.session, gateway);
    if (event.type === 'tried') entry.triedAt = event.at;
    this.#file(entry);
    if (!wasClosed && isClosed(state) && ++this.#closed > KEPT_CLOSED + KEPT_SURPLUS) this.#forget();
    return entry;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** How many of this person wait, by whatever identity they asked. */
  pendingOf(person: Person): number {
    const found = new Set<Entry>();
    for (const identity of identitiesOf(person))
      for (const entry of this.#pending.get(identity) ?? NONE) found.add(entry);
    return found.size;
  }

  elevationsOf(principal: Principal, database: string): Iterable<Entry> {
    return this.#elevations.get(elevationKey(principal, principalKey(principal), database)) ?? NONE;
  }

  ofShape(shape: string): readonly Entry[] {
    return [...(this.#shapes.get(shape) ?? NONE)];
  }

  /** Newest first, from behind a request on; undefined: from the newest. An id that is not known yields nothing. */
  *newestFirst(after: string | undefined): Generator<Entry> {
    let at = this.#order.length - 1;
    if (after !== undefined) {
      const entry = this.#byId.get(after);
      at = entry === undefined ? -1 : this.#placeOf(entry) - 1;
    }
    for (; at >= 0; at--) yield this.#order[at]!;
  }

  #insert(entry: Entry): void {
    let at = this.#order.length;
    while (at > 0 && isBefore(entry, this.#order[at - 1]!)) at--;
    if (at === this.#order.length) this.#order.push(entry);
    else this.#order.splice(at, 0, entry);
  }

  #placeOf(entry: Entry): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#order[middle]!, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #file(entry: Entry): void {
    const { request, status } = entry.state;
    const open = status === 'pending' || status === 'approved';
    this.#countPending(entry, status === 'pending');
    if (open) this.#open.add(entry);
    else this.#open.delete(entry);
    if (request.kind === 'elevation') {
      const key = elevationKey(request.by, request.by.key, request.database);
      put(this.#elevations, key, entry, status === 'approved');
    } else put(this.#shapes, request.statement.shape, entry, open);
  }

  #countPending(entry: Entry, isPending: boolean): void {
    if (entry.isPending === isPending) return;
    entry.isPending = isPending;
    this.#pendingCount += isPending ? 1 : -1;
    for (const identity of identitiesOf(entry.state.request.by)) put(this.#pending, identity, entry, isPending);
  }

  #forget(): void {
    let surplus = this.#closed - KEPT_CLOSED;
    this.#order = this.#order.filter((entry) => {
      if (surplus <= 0 || !isClosed(entry.state)) return true;
      surplus--;
      this.#closed--;
      this.#byId.delete(entry.state.request.id);
      return false;
    });
  }
}

const NONE: ReadonlySet<Entry> = new Set();

function put(sets: Map<string, Set<Entry>>, key: string, entry: Entry, present: boolean): void {
  const set = sets.get(key);
  if (present) {
    if (set === undefined) sets.set(key, new Set([entry]));
    else set.add(entry);
  } else if (set?.delete(entry) === true && set.size === 0) sets.delete(key);
}

function isBefore(a: Entry, b: Entry): boolean {
  const { createdAt: at, request } = a.state;
  const { createdAt: other, request: otherRequest } = b.state;
  return at < other || (at === other && request.id < otherRequest.id);
}

function isClosed(state: RequestState): boolean {
  return state.status !== 'pending' && state.status !== 'approved' && !isUnreviewed(state);
}

/** Break-glass that opened something and that nobody looked at. */
export function isUnreviewed({ request, approvals, reviewedBy }: RequestState): boolean {
  return request.kind === 'elevation' && request.breakGlass && approvals.length > 0 && reviewedBy === undefined;
}

/** An agent's elevations are not those of the person it acts for. */
function elevationKey({ kind, actor }: Pick<Person, 'kind' | 'actor'>, key: string, database: string): string {
  return JSON.stringify([key, kind, actor, database]);
}
