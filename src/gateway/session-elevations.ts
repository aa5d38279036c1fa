/**
 * Open sessions follow what their principals are given for a while, and lose again: at once, and never ended by it. What
 * runs when an elevation is over finishes, or is cancelled, as `approvals.at_end` says.
 */
import { isPrincipal } from '../approvals/person.ts';
import type { RequestEvent, RequestState } from '../approvals/request.ts';
import type { GatewayState } from './gateway-state.ts';
import type { SessionEntry } from './session-registry.ts';

/** No event tells of it: other gateways cannot be heard, or an end cannot be written. */
const LOOK_EVERY_MS = 1_000;

export class SessionElevations {
  readonly #gateway: GatewayState;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(gateway: GatewayState) {
    this.#gateway = gateway;
    this.#unsubscribe = gateway.requests.subscribe((state, event) => this.#changed(state, event));
  }

  /** A session rests on an elevation: looked after until none does. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #changed({ request, status }: RequestState, { type }: RequestEvent): void {
    const begins = type === 'approved' && status === 'approved';
    const ends = type === 'ended' || type === 'revoked';
    if (request.kind !== 'elevation' || (!begins && !ends)) return;
    for (const entry of [...this.#gateway.sessions]) {
      if (entry.database !== request.database || !isPrincipal(request.by, entry.holder.principal)) continue;
      this.#follow(entry, ends);
    }
  }

  #look(): void {
    let any = false;
    for (const entry of [...this.#gateway.sessions]) {
      const { elevated, principal } = entry.holder;
      if (elevated === undefined) continue;
      any = true;
      const now = this.#gateway.requests.elevationsOf(principal, entry.database);
      const lost = elevated.requests.some((id) => !now.some(({ request }) => request === id));
      if (lost) this.#follow(entry, true);
    }
    if (any) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #follow(entry: SessionEntry, ends: boolean): void {
    this.#gateway.follow(entry);
    if (ends && this.#gateway.settings.approvals?.atEnd === 'cancel') entry.cancel();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }
}
