/**
 * Statements that wait on the wire. In: what a session wants to run, and each change of a request. Out: for each that
 * waits, once, whether it may run; a use is on the record before that is said.
 */
import type { ApprovalSettings } from '../config/approval-settings.ts';
import type { DbgateError } from '../errors.ts';
import { inWords } from './asked-words.ts';
import type { Hold, HoldAsk, HoldOutcome } from './contract.ts';
import { personName, personOf } from './person.ts';
import type { Person, RequestEvent, RequestState } from './request.ts';

/** What holds need of the requests. */
export interface StatementRequests {
  now(): number;
  /** Throws `denied` when there are no approvals at this gateway. */
  settings(): ApprovalSettings;
  begin(ask: HoldAsk): Promise<RequestState>;
  change(id: string, change: (state: RequestState) => RequestEvent | undefined): Promise<RequestState>;
  /** As `change`, when nobody waits for it. */
  quietly(id: string, change: (state: RequestState) => RequestEvent | undefined): void;
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Pending and approved, and not over. */
  statementsOf(shape: string): readonly RequestState[];
  stateOf(id: string): RequestState | undefined;
  link(id: string): string;
}

type Phase =
  | 'waiting'
  /** Its use is being written. */
  | 'starting'
  /** Told to run, or refused. */
  | 'told'
  /** Its rows are shown. */
  | 'tried'
  | 'done';

interface Waiter {
  readonly request: string;
  readonly person: Person;
  readonly hash: string;
  readonly session: string;
  readonly inTransaction: boolean;
  phase: Phase;
  /** Epoch milliseconds. */
  deadline: number;
  tell(outcome: HoldOutcome): void;
  keep(keep: boolean): void;
  finish(): void;
}

type Why = Extract<HoldOutcome, { kind: 'refused' }>['why'];

export class Holds {
  readonly #requests: StatementRequests;
  readonly #now: () => number;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(requests: StatementRequests, now: () => number) {
    this.#requests = requests;
    this.#now = now;
  }

  hold(ask: HoldAsk): Promise<Hold> {
    // A tool with ten connections asks ten times at once, and makes one request.
    return this.#requests.inTurn(`shape ${ask.statement.shape}`, () => this.#hold(ask));
  }

  async #hold(ask: HoldAsk): Promise<Hold> {
    const settings = this.#requests.settings();
    const { hash, session, shape } = ask.statement;
    for (const state of this.#requests.statementsOf(shape)) {
      if (mayUse(state, hash)) {
        const { hold, waiter } = this.#wait(state.request.id, ask, settings);
        try {
          if (await this.#use(waiter)) return hold;
        } catch (error) {
          this.#drop(waiter);
          if ((error as DbgateError).code !== 'usage') throw error;
        }
        this.#drop(waiter);
      }
    }
    for (const state of this.#requests.statementsOf(shape)) {
      if (!mayJoin(state, ask, settings.maxBatch)) continue;
      const { id } = state.request;
      const { hold, waiter } = this.#wait(id, ask, settings);
      try {
        const joined = await this.#requests.change(id, (now) =>
          mayJoin(now, ask, settings.maxBatch) ? { type: 'joined', at: this.#now(), hash, session } : undefined,
        );
        if (joined.waiting.includes(session)) {
          this.changed(this.#requests.stateOf(id) ?? joined);
          return hold;
        }
      } catch (error) {
        if ((error as DbgateError).code !== 'usage') {
          this.#drop(waiter);
          throw error;
        }
      }
      this.#drop(waiter);
    }
    const state = await this.#requests.begin(ask);
    const { hold } = this.#wait(state.request.id, ask, settings);
    this.changed(this.#requests.stateOf(state.request.id) ?? state);
    return hold;
  }

  #wait(id: string, ask: HoldAsk, settings: ApprovalSettings): { readonly hold: Hold; readonly waiter: Waiter } {
    const { promise: outcome, resolve: tell } = Promise.withResolvers<HoldOutcome>();
    const kept = Promise.withResolvers<boolean>();
    const { promise: over, resolve: finish } = Promise.withResolvers<void>();
    const { hash, session, inTransaction } = ask.statement;
    const waitMs = inTransaction ? Math.min(settings.holdMs, settings.holdInTransactionMs) : settings.holdMs;
    const waiter: Waiter = {
      request: id,
      person: personOf(ask.principal),
      hash,
      session,
      inTransaction,
      phase: 'waiting',
      deadline: this.#now() + waitMs,
      tell,
      keep: kept.resolve,
      finish,
    };
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    const hold: Hold = {
      request: id,
      link: this.#requests.link(id),
      outcome,
      over,
      tried: (rows, effects) => this.#tried(waiter, { rows, effects }, settings, kept.promise),
      cancel: () => this.#cancel(waiter),
      abandon: () => this.#abandon(waiter),
    };
    return { hold, waiter };
  }

  #drop(waiter: Waiter): void {
    waiter.phase = 'done';
    this.#forget(waiter);
  }

  #forget(waiter: Waiter): void {
    waiter.finish();
    const waiters = this.#waiters.get(waiter.request);
    if (waiters?.delete(waiter) === true && waiters.size === 0) this.#waiters.delete(waiter.request);
  }

  #tell(waiter: Waiter, outcome: HoldOutcome): void {
    waiter.phase = 'told';
    waiter.tell(outcome);
    if (outcome.kind === 'refused' || !outcome.confirm) this.#forget(waiter);
  }

  /** A request is another now: whoever waits for it is told. */
  changed(state: RequestState): void {
    for (const waiter of this.#waiters.get(state.request.id) ?? []) {
      if (waiter.phase === 'waiting') {
        if (state.status === 'approved') void this.#start(waiter);
        else if (state.status !== 'pending') this.#refuse(waiter, ...whyOver(state));
      } else if (waiter.phase === 'tried' && state.status !== 'pending') {
        waiter.keep(state.status === 'used');
        this.#drop(waiter);
      }
    }
  }

  async #start(waiter: Waiter): Promise<void> {
    try {
      if (await this.#use(waiter)) return;
    } catch (error) {
      if (waiter.phase === 'starting')
        this.#refuse(waiter, 'expired', `${waiter.request}: ${(error as Error).message}`);
      return;
    }
    if (waiter.phase === 'starting') this.#refuse(waiter, ...whyOver(this.#requests.stateOf(waiter.request)));
  }

  /** Uses the approval, on the record before it runs; false: it is not for this one, or not any more. */
  async #use(waiter: Waiter): Promise<boolean> {
    const { request, hash, session } = waiter;
    waiter.phase = 'starting';
    const use: { of?: RequestState } = {};
    await this.#requests.change(request, (now) => {
      delete use.of;
      // Withdrawn meanwhile: the approval stays for another time.
      if (!mayUse(now, hash) || isWithdrawn(waiter)) return undefined;
      use.of = now;
      return { type: 'used', at: this.#now(), hash, session, n: now.used + 1 };
    });
    if (use.of === undefined) return false;
    // Withdrawn while that was written: it does not run, and the use is spent.
    if (isWithdrawn(waiter)) return true;
    const { maxRows, tryFirst } = use.of.terms;
    this.#tell(waiter, { kind: 'run', request, maxRows, confirm: tryFirst === true });
    return true;
  }

  #refuse(waiter: Waiter, why: Why, message: string): void {
    this.#tell(waiter, { kind: 'refused', request: waiter.request, why, message });
  }

  async #tried(
    waiter: Waiter,
    changed: Pick<Extract<RequestEvent, { type: 'tried' }>, 'rows' | 'effects'>,
    settings: ApprovalSettings,
    kept: Promise<boolean>,
  ): Promise<boolean> {
    if (waiter.phase !== 'told') return false;
    waiter.phase = 'tried';
    waiter.deadline = this.#now() + settings.holdInTransactionMs;
    try {
      await this.#requests.change(waiter.request, () => ({ type: 'tried', at: this.#now(), ...changed }));
    } catch {
      // Revoked meanwhile, or it cannot be recorded: nothing of it stays.
      this.#drop(waiter);
      return false;
    }
    return await kept;
  }

  #cancel(waiter: Waiter): void {
    const { request, session, person, phase } = waiter;
    if (phase === 'done') return;
    const others = [...(this.#waiters.get(request) ?? [])].some((one) => one !== waiter && one.phase === 'waiting');
    waiter.keep(false);
    if (phase === 'waiting' || phase === 'starting') this.#refuse(waiter, 'cancelled', `${request} was withdrawn`);
    this.#drop(waiter);
    this.#requests.quietly(request, (state) => {
      if (state.status !== 'pending') return leave(state, session, this.#now());
      // At another gateway somebody may wait too.
      if (others || state.waiting.some((one) => one !== session)) return leave(state, session, this.#now());
      return { type: 'cancelled', at: this.#now(), by: person, reason: 'cancelled by the client' };
    });
  }

  #abandon(waiter: Waiter): void {
    const { request, session, person, phase } = waiter;
    if (phase === 'done') return;
    waiter.keep(false);
    if (phase === 'waiting' || phase === 'starting')
      this.#refuse(waiter, 'cancelled', `${request}: the client is gone`);
    this.#drop(waiter);
    this.#requests.quietly(request, (state) => {
      // Its transaction is gone: there is nothing left to keep.
      if (phase === 'tried' && state.status === 'pending') {
        return { type: 'cancelled', at: this.#now(), by: person, reason: 'the client is gone' };
      }
      return leave(state, session, this.#now());
    });
  }

  /** Nobody decided while it could wait. */
  sweep(): void {
    const now = this.#now();
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) {
        if (now < waiter.deadline) continue;
        if (waiter.phase === 'waiting') this.#timeOut(waiter, now);
        else if (waiter.phase === 'tried') {
          waiter.keep(false);
          this.#drop(waiter);
          this.#requests.quietly(waiter.request, (state) =>
            state.status === 'pending' ? { type: 'expired', at: now } : undefined,
          );
        }
      }
    }
  }

  #timeOut(waiter: Waiter, now: number): void {
    const { request, session } = waiter;
    const until = this.#requests.stateOf(request)?.request.expiresAt ?? now;
    const left = inWords(Math.max(60_000, Math.round((until - now) / 60_000) * 60_000));
    this.#refuse(
      waiter,
      'expired',
      `nobody decided ${request} in time; it stays open for ${left}: when it is approved, run it again and it goes through`,
    );
    this.#requests.quietly(request, (state) => leave(state, session, now));
  }
}

function isWithdrawn({ phase }: Waiter): boolean {
  return phase !== 'starting';
}

function leave(state: RequestState, session: string, at: number): RequestEvent | undefined {
  const open = state.status === 'pending' || state.status === 'approved';
  return open && state.waiting.includes(session) ? { type: 'unattended', at, session } : undefined;
}

/** Exactly what was approved, or another execution of its shape where a number of them was. */
function mayUse({ status, terms, used, hashes }: RequestState, hash: string): boolean {
  const times = terms.times ?? 1;
  return status === 'approved' && used < times && (times > 1 || hash === hashes[0]);
}

function mayJoin(
  { status, triedRows, request, hashes, waiting }: RequestState,
  ask: HoldAsk,
  maxBatch: number,
): boolean {
  if (status !== 'pending' || triedRows !== undefined || request.kind !== 'statement') return false;
  if (request.database !== ask.database || request.statement.rule !== ask.statement.rule) return false;
  if (waiting.length >= maxBatch) return false;
  return hashes.includes(ask.statement.hash) || hashes.length < maxBatch;
}

function whyOver(state: RequestState | undefined): [Why, string] {
  const id = state?.request.id ?? 'the request';
  const said = (person: Person | undefined, reason: string | undefined): string =>
    `${person === undefined ? '' : ` by ${personName(person)}`}${reason ? `: ${reason}` : ''}`;
  switch (state?.status) {
    case 'denied':
      return ['denied', `${id} was denied${said(state.denied?.by, state.denied?.reason)}`];
    case 'cancelled':
      return ['cancelled', `${id} was withdrawn${said(state.endedBy, state.endReason)}`];
    case 'revoked':
      return ['revoked', `${id} was revoked${said(state.endedBy, state.endReason)}`];
    case 'approved':
    case 'used': {
      const times = state.terms.times ?? 1;
      const many = times === 1 ? 'one execution' : `${times} executions`;
      return ['expired', `${id} was approved for ${many}, and not for this one: run it again to ask anew`];
    }
    default:
      return ['expired', `${id} is over: nobody decided in time`];
  }
}
