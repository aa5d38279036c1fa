/**
 * Requests of one gateway: asked, decided, taken back, ended by time. In: what people and sessions want. Out: states, and
 * word of each change to whoever listens. Each part is a file: what changes them (`request-ledger.ts`), asking, deciding,
 * seeing, time (`request-deadlines.ts`), statements that wait (`holds.ts`); here they are put together. Nothing is
 * decided on what could not be recorded.
 */
import type { ApprovalSettings } from '../config/approval-settings.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { EventLog } from '../store/event-log.ts';
import { ApproverLists } from './approver-lists.ts';
import { Asking } from './asking.ts';
import type { Elevation, ElevationAsk, Hold, HoldAsk, RequestFilter, Requests } from './contract.ts';
import { Deciding } from './deciding.ts';
import { Holds, type StatementRequests } from './holds.ts';
import type { RequestEvent, RequestState, Terms } from './request.ts';
import { RequestAccess, type RequestRights } from './request-access.ts';
import { RequestDeadlines } from './request-deadlines.ts';
import type { Entry } from './request-index.ts';
import type { RequestAudit } from './request-journal.ts';
import { type Change, RequestLedger } from './request-ledger.ts';
import { Seeing } from './seeing.ts';

export type { RequestRights } from './request-access.ts';

type Listener = (state: RequestState, event: RequestEvent, gateway: string) => void;

export interface RequestsOptions {
  readonly log: EventLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly settings: () => GatewaySettings;
  readonly audit: RequestAudit;
  readonly rights: RequestRights;
  readonly logLine: (line: string) => void;
  /** As one that subscribes, but hears what is read at the start as well. */
  readonly listener?: Listener | undefined;
}

/** As the gateway itself sees them; everybody else has `Requests`. */
export interface RequestService extends Requests {
  /** Reads what other gateways wrote of a request, and takes it over. */
  refresh(id: string): Promise<void>;
  /** Looks at the clock: what is over by it ends. Called by itself twice a second. */
  sweep(): Promise<void>;
  /** How those that asked stand: for `/healthz` and tests. */
  readonly openCount: number;
  /** Pending and approved, whoever may see them. */
  open(): readonly RequestState[];
}

const SWEEP_MS = 500;

export async function openRequests(options: RequestsOptions): Promise<RequestService> {
  const service = new LogRequests(options);
  await service.load();
  return service;
}

class LogRequests implements RequestService, StatementRequests {
  readonly #options: RequestsOptions;
  readonly #ledger: RequestLedger;
  readonly #deadlines: RequestDeadlines;
  readonly #asking: Asking;
  readonly #seeing: Seeing;
  readonly #deciding: Deciding;
  readonly #holds: Holds;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
    const { log, audit, now, settings, rights, logLine, listener } = options;
    if (listener !== undefined) this.#listeners.add(listener);
    const adopted = (entry: Entry, event: RequestEvent, gateway: string): void => this.#adopted(entry, event, gateway);
    const approvals = (): ApprovalSettings => this.settings();
    const access = new RequestAccess(rights, settings, new ApproverLists(now, logLine));
    this.#ledger = new RequestLedger({ log, audit, settings, logLine, adopted });
    this.#deadlines = new RequestDeadlines(this.#ledger, now, settings);
    this.#asking = new Asking(this.#ledger, { now, settings, rights }, approvals);
    this.#seeing = new Seeing(this.#ledger, this.#deadlines, access, now);
    this.#deciding = new Deciding(this.#ledger, this.#seeing, access, now, approvals);
    this.#holds = new Holds(this, now);
  }

  async load(): Promise<void> {
    await this.#ledger.load();
    await this.sweep();
    await this.#endWaiting();
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** Whoever waited at this gateway is gone with the process that it waited in. */
  async #endWaiting(): Promise<void> {
    const { gatewayId } = this.#options.settings();
    for (const entry of [...this.#ledger.index.open]) {
      const { request, waiting, triedRows, status } = entry.state;
      for (const session of waiting) {
        if (entry.gateways.get(session) !== gatewayId) continue;
        await this.#ledger.quietly(request.id, (state) =>
          state.waiting.includes(session) ? { type: 'unattended', at: this.now(), session } : undefined,
        );
      }
      if (status === 'pending' && triedRows !== undefined && request.kind === 'statement') {
        if (entry.gateways.get(request.statement.session) !== gatewayId) continue;
        await this.#ledger.quietly(request.id, () => ({ type: 'expired', at: this.now() }));
      }
    }
  }

  #adopted(entry: Entry, event: RequestEvent, gateway: string): void {
    const { state } = entry;
    this.#deadlines.expect(entry);
    for (const listener of this.#listeners) {
      try {
        listener(state, event, gateway);
      } catch (error) {
        this.#options.logLine(`${state.request.id}: ${(error as Error).stack}`);
      }
    }
    this.#holds.changed(state);
  }

  // Asking and deciding.

  ask(by: Principal, ask: ElevationAsk): Promise<RequestState> {
    return this.#asking.elevation(by, ask);
  }

  hold(ask: HoldAsk): Promise<Hold> {
    return this.#holds.hold(ask);
  }

  approve(id: string, by: Principal, via: string, reason: string, terms: Terms): Promise<RequestState> {
    return this.#deciding.approve(id, by, via, reason, terms);
  }

  deny(id: string, by: Principal, via: string, reason: string): Promise<RequestState> {
    return this.#deciding.deny(id, by, via, reason);
  }

  cancel(id: string, by: Principal, reason: string): Promise<RequestState> {
    return this.#deciding.cancel(id, by, reason);
  }

  revoke(id: string, by: Principal, reason: string): Promise<RequestState> {
    return this.#deciding.revoke(id, by, reason);
  }

  review(id: string, by: Principal, reason: string): Promise<RequestState> {
    return this.#deciding.review(id, by, reason);
  }

  // Seeing.

  get(id: string, viewer: Principal): RequestState | undefined {
    return this.#seeing.get(id, viewer);
  }

  list(viewer: Principal, filter: RequestFilter): readonly RequestState[] {
    return this.#seeing.list(viewer, filter);
  }

  mayDecide(id: string, by: Principal): boolean {
    return this.#seeing.mayDecide(id, by);
  }

  async events(id: string): Promise<readonly RequestEvent[]> {
    return this.#seeing.events(id);
  }

  elevationsOf(principal: Principal, database: string): readonly Elevation[] {
    return this.#seeing.elevationsOf(principal, database);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(): readonly RequestState[] {
    return Array.from(this.#ledger.index.open, ({ state }) => state);
  }

  get openCount(): number {
    return this.#ledger.index.open.size;
  }

  // Of the gateway itself.

  refresh(id: string): Promise<void> {
    return this.#ledger.refresh(id);
  }

  sweep(): Promise<void> {
    this.#holds.sweep();
    return this.#deadlines.sweep();
  }

  async close(): Promise<void> {
    this.#ledger.stop();
    clearInterval(this.#timer);
    await this.#deadlines.settled();
    await this.#ledger.close();
  }

  // For statements that wait.

  now(): number {
    return this.#options.now();
  }

  settings(): ApprovalSettings {
    const { approvals } = this.#options.settings();
    if (approvals !== undefined) return approvals;
    throw new DbgateError('denied', 'this gateway has no approvals', {
      sqlstate: '42501',
      hint: 'Ask its operator: `approvals:` in gateway.yaml says who decides.',
    });
  }

  begin(ask: HoldAsk): Promise<RequestState> {
    return this.#asking.statement(ask);
  }

  change(id: string, change: Change): Promise<RequestState> {
    return this.#ledger.change(id, change);
  }

  quietly(id: string, change: Change): void {
    void this.#ledger.quietly(id, change);
  }

  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#ledger.inTurn(name, work);
  }

  statementsOf(shape: string): readonly RequestState[] {
    return this.#seeing.statementsOf(shape);
  }

  stateOf(id: string): RequestState | undefined {
    return this.#ledger.index.get(id)?.state;
  }

  link(id: string): string {
    return `${this.#options.settings().publicUrl}/requests/${id}`;
  }
}
