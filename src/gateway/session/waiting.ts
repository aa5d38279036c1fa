/**
 * What the frontend waits for before it takes the next client message, and how that message is taken up again: by an
 * event, never by time. One thing is waited for at a time.
 */
import { decodeParse } from '../../pgwire/extended.ts';
import { HEADER_BYTES } from '../../pgwire/framing.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Foresight, ForesightNeed } from '../../policy/foresight.ts';
import type { ObjectTarget } from '../../sql/facts.ts';
import type { DefinitionQuestion } from './contract.ts';
import type { SessionCore } from './core.ts';
import { CANCELLED, REJECTED_EXECUTE, REJECTED_QUERY, rejectedParse } from './denial.ts';
import type { Asked } from './drift-guard.ts';
import type { ForesightScope } from './foresight-steps.ts';
import type { PlacedRequest } from './held-words.ts';
import type { Approval, BindValues } from './holding.ts';
import type { ProbeCollector, Request } from './in-flight.ts';
import type { ProbedTarget } from './ownership-probe.ts';
import type { PreparedStatement } from './prepared.ts';
import type { TrialEffect } from './trial-effect.ts';
import type { UnseenCreation } from './unseen-creation.ts';

/** A client message at `buffer[start..end)`; one that waits is kept whole. */
export interface ClientMessage {
  readonly type: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A message with what is known of it. */
export interface Held {
  readonly message: ClientMessage;
  readonly statement: PreparedStatement;
  readonly resolved: Known | undefined;
}

/** What was asked for a statement at hand; undefined: that was not. */
export interface Known {
  /** What its names stand for. */
  readonly names?: readonly ProbedTarget[] | undefined;
  readonly foreseen?: readonly Foresight[] | undefined;
  /** The same of what it runs by EXECUTE. */
  readonly executed?: readonly ExecutedForesight[] | undefined;
  /** Of definitions that it rests on. */
  readonly asked?: Asked | undefined;
}

export interface ExecutedForesight {
  readonly statement: PreparedStatement;
  readonly foreseen: readonly Foresight[];
}

export type Waiting =
  | { readonly for: 'nothing' }
  /** The analyser's answer for the held message. */
  | { readonly for: 'analysis'; readonly message: ClientMessage; readonly sql: string }
  /** What the names in the held message stand for. */
  | {
      readonly for: 'names';
      readonly held: Held;
      readonly targets: readonly ObjectTarget[];
      readonly collector: ProbeCollector;
    }
  /** What names mean in the session at all: its search_path, and its catalog if it changed that. */
  | {
      readonly for: 'world';
      readonly held: Held;
      readonly collector: ProbeCollector;
      /** Of the catalog that is shared, when it was asked. */
      readonly sharedVersion: number;
    }
  /** Where the session looks names up, for what only a catalog or the planner can tell. */
  | {
      readonly for: 'foresight_scope';
      readonly held: Held;
      /** The held message's statement, or what that runs by EXECUTE. */
      readonly of: PreparedStatement;
      readonly needs: readonly ForesightNeed[];
      readonly binds: number;
      readonly collector: ProbeCollector;
      /** Known already; then it is asked for its catalog. */
      readonly scope: ForesightScope | undefined;
    }
  /** What these tell. */
  | { readonly for: 'foreseen'; readonly held: Held; readonly of: PreparedStatement }
  /** Where the values of the held message's answer come from. */
  | { readonly for: 'trace'; readonly held: Held }
  /** The server to say whether definitions that the held message rests on are still the same. */
  | { readonly for: 'definitions'; readonly held: Held; readonly questions: readonly DefinitionQuestion[] }
  /** The server's answers, to know what a name in the held message stands for. */
  | { readonly for: 'settled'; readonly message: ClientMessage }
  /** The server to take on the read-only mode that the held message is to run in. */
  | { readonly for: 'mode'; readonly message: ClientMessage; readonly collector: ProbeCollector }
  /** A cancel to reach the server, as it could hit the held message. */
  | { readonly for: 'cancelled'; readonly message: ClientMessage }
  /** The session to say in which search_path and role the held message would run. */
  | {
      readonly for: 'scope';
      readonly held: Held;
      readonly decision: DenyDecision;
      readonly values: BindValues | undefined;
      readonly collector: ProbeCollector;
    }
  /** A person's yes. */
  | {
      readonly for: 'approval';
      readonly held: Held;
      readonly decision: DenyDecision;
      readonly placed: PlacedRequest | undefined;
    }
  /** A transaction of the gateway's own to begin, for the held message, and what is counted before it runs. */
  | {
      readonly for: 'trial_begin';
      readonly held: Held;
      readonly decision: DenyDecision;
      readonly approval: Approval;
      readonly collector: ProbeCollector;
      /** Else the transaction is the client's. */
      readonly isOwn: boolean;
      readonly effect: TrialEffect | undefined;
    }
  /** That transaction to end: the held message cannot be tried in it. */
  | {
      readonly for: 'trial_undo';
      readonly held: Held;
      readonly denied: DenyDecision;
      readonly collector: ProbeCollector;
    }
  /** What it changed, which was tried. */
  | { readonly for: 'trial_effect'; readonly collector: ProbeCollector }
  /** The end of the batch in which a statement is tried. */
  | { readonly for: 'trial' }
  /** Somebody to say whether its effect is to stay. */
  | { readonly for: 'confirmation' }
  /** The transaction in which it was tried to end. */
  | {
      readonly for: 'trial_end';
      readonly how: 'COMMIT' | 'ROLLBACK' | 'fail';
      readonly denied: DenyDecision | undefined;
      readonly collector: ProbeCollector;
    }
  /** The end of a statement of a longer text. */
  | { readonly for: 'step' }
  /** The transaction around that text to end. */
  | { readonly for: 'step_undo'; readonly collector: ProbeCollector }
  /** A statement that creates objects must be through before they can be looked up. */
  | {
      readonly for: 'creation';
      readonly request: Request;
      readonly created: readonly ObjectTarget[];
      readonly unseen: readonly UnseenCreation[];
    }
  | {
      readonly for: 'created_names';
      readonly targets: readonly ObjectTarget[];
      readonly unseen: readonly UnseenCreation[];
      readonly collector: ProbeCollector;
    }
  /** The session to say what its transaction may have made. */
  | { readonly for: 'made'; readonly unseen: readonly UnseenCreation[]; readonly collector: ProbeCollector }
  /** Another session to say what of it was there before. */
  | { readonly for: 'made_check' };

/** Takes up what waited. True: the message is done with, and the next may come. */
export interface Resumption {
  /** As if it came now. */
  again(message: ClientMessage): boolean;
  /** With what is known of it. */
  withNames(held: Held): boolean;
  /** The next message. */
  goOn(): void;
}

const NOTHING: Waiting = { for: 'nothing' };
const CANCELLED_HERE: ReadonlySet<Waiting['for']> = new Set([
  'analysis',
  'names',
  'mode',
  'world',
  'trace',
  'scope',
  'foresight_scope',
  'foreseen',
  'definitions',
]);
const QUERY = 'Q'.charCodeAt(0);
const PARSE = 'P'.charCodeAt(0);
const BIND = 'B'.charCodeAt(0);

export class Waiter {
  readonly #core: SessionCore;
  readonly #resumption: Resumption;
  #now: Waiting = NOTHING;
  /** A CancelRequest came for the message that is held. */
  #cancelled = false;

  constructor(core: SessionCore, resumption: Resumption) {
    this.#core = core;
    this.#resumption = resumption;
  }

  get now(): Waiting {
    return this.#now;
  }

  get isWaiting(): boolean {
    return this.#now !== NOTHING;
  }

  /** Takes no client message until an event resumes them. */
  wait(waiting: Waiting): void {
    this.#now = waiting;
  }

  end(): void {
    this.#now = NOTHING;
  }

  /** A name in the message may stand for two things until the server has answered what was sent before. */
  awaitSettled(message: ClientMessage): false {
    this.wait({ for: 'settled', message: keep(message) });
    return false;
  }

  /** Answers came: names may be settled now. */
  retry(): void {
    if (this.#now.for === 'settled') this.again(this.#now.message);
  }

  /** The cancel has reached the server. */
  cancelled(): void {
    if (this.#now.for === 'cancelled') this.again(this.#now.message);
  }

  /** The message is looked at as if it came now. */
  again(message: ClientMessage): void {
    this.#now = NOTHING;
    if (this.isCancelled(message, undefined) || this.#resumption.again(message)) this.#resumption.goOn();
  }

  /** The message has what it waited for; `done` is called when it has been looked at, before the next comes. */
  resume(held: Held, done?: () => void): void {
    this.#now = NOTHING;
    const isOver = this.isCancelled(held.message, held.statement) || this.#resumption.withNames(held);
    done?.();
    if (isOver) this.#resumption.goOn();
  }

  /** The message is over without more, and the next may come. */
  passOver(): void {
    this.#now = NOTHING;
    this.#cancelled = false;
    this.#resumption.goOn();
  }

  /** The message that waits is to be refused when it has what it waits for; false: there is none. */
  cancel(): boolean {
    const { for: what } = this.#now;
    // What was to be created has been: the client's statement is over, and the gateway's question is none of his.
    if (what === 'created_names' || what === 'made' || what === 'made_check') return true;
    if (!CANCELLED_HERE.has(what)) return false;
    this.#cancelled = true;
    return true;
  }

  /** Was the message cancelled while it waited? Then it has been refused. */
  isCancelled({ type, buffer, start, end }: ClientMessage, statement: PreparedStatement | undefined): boolean {
    if (!this.#cancelled) return false;
    this.#cancelled = false;
    if (type === QUERY) this.#core.refuse('query', REJECTED_QUERY, CANCELLED, statement);
    else if (type === PARSE) {
      const { name } = decodeParse(buffer, start + HEADER_BYTES, end);
      this.#core.refuse('parse', rejectedParse(name), CANCELLED, statement);
    } else this.#core.refuse(type === BIND ? 'bind' : 'execute', REJECTED_EXECUTE, CANCELLED, statement);
    return true;
  }
}

/** A message that outlives its chunk is copied, so that the chunk can be freed. */
export function keep({ type, buffer, start, end }: ClientMessage): ClientMessage {
  const copy = Buffer.from(buffer.subarray(start, end));
  return { type, buffer: copy, start: 0, end: copy.length };
}
