/**
 * One session between a client and its upstream: `handle(event) → commands`, no I/O.
 *
 * In: bytes from both sides, answers of the analyser, news of the log. Out: bytes for both sides, and the commands of
 * `contract.ts`. A statement goes on at once when it is a proven pure read, else when its intent is durable; its answer
 * leaves only when the intent is durable.
 *
 * It must never let a byte of an answer out before the intent it belongs to is durable, nor pass anything on after one
 * of the two sides broke the protocol.
 */
import { displayName } from '../../identity/principal.ts';
import { encodeErrorResponse } from '../../pgwire/error-response.ts';
import { BACKEND_STREAMED, BACKEND_TYPES, MessageReader } from '../../pgwire/framing.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { failWith, refuseAndWithhold } from './audit-failure.ts';
import { Backend } from './backend.ts';
import { CancelRequests } from './cancel-request.ts';
import type {
  EndReason,
  SessionCommand,
  SessionCounters,
  SessionEvent,
  SessionOptions,
  SessionSurroundings,
} from './contract.ts';
import { CONNECTION_LOST, NOT_RUN, SessionCore } from './core.ts';
import { farewellOf, UPSTREAM_GONE } from './farewell.ts';
import { Frontend } from './frontend.ts';
import type { Request } from './in-flight.ts';

/** Results held back for the log before the upstream is asked to pause. */
const MAX_HELD_BYTES = 1 << 20;
/** Requests in flight before the client is asked to pause. The server's own buffer never holds the answers of so many. */
const MAX_IN_FLIGHT = 10_000;

export class Session {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #frontend: Frontend;
  readonly #cancels: CancelRequests;
  readonly #upstream: MessageReader;
  #upstreamPaused = false;
  #clientPaused = false;
  /** Set when the session is to end as soon as the client is at a message boundary. */
  #ending: { readonly reason: EndReason; readonly farewell: Buffer | undefined } | undefined;
  /** Nothing more from the upstream counts; what is held back for the log still goes. */
  #upstreamDone = false;
  #closed = false;

  constructor(options: SessionOptions, around: SessionSurroundings) {
    const core = new SessionCore(options, around);
    this.#core = core;
    this.#backend = new Backend(core, {
      succeeded: (request) => this.#succeeded(request),
      ended: (request) => this.#ended(request),
      notRun: (request, sqlstate) => this.#notRun(request, sqlstate),
      probed: (collector) => this.#frontend.probed(collector),
      transactionEnded: () => this.#transactionEnded(),
      tried: () => this.#frontend.trial.answered(),
      failTransaction: (denial) => this.#failTransaction(denial),
    });
    this.#frontend = new Frontend(core, this.#backend);
    this.#cancels = new CancelRequests(core, this.#frontend);
    this.#upstream = new MessageReader(
      { side: 'backend', known: BACKEND_TYPES, streamed: BACKEND_STREAMED, maxWholeBytes: options.maxMessageBytes },
      this.#backend,
    );
  }

  get counters(): SessionCounters {
    return this.#core.counters;
  }

  /** True when nothing is under way for the client. */
  get isIdle(): boolean {
    return this.#core.inFlight.size === 0 && !this.#frontend.isWaiting;
  }

  /**
   * What the last `upstream_data` brought was rows, of which nothing is kept here: nobody but the commands that came back
   * has a part of it, nor of what they are to send.
   */
  get isSpent(): boolean {
    return this.#backend.onlyRows && this.#core.toClient.isEmpty && !this.#upstream.stopped && !this.#closed;
  }

  handle(event: SessionEvent): SessionCommand[] {
    this.#core.nowMs = event.nowMs;
    this.#core.events++;
    if (!this.#closed) {
      try {
        this.#dispatch(event);
        // In the middle of CopyData, which may have waited here when the client went.
        if (this.#frontend.isCutOff) this.#close('client');
      } catch (error) {
        this.#fail(error);
      }
      if (!this.#closed) this.#balance();
    }
    return this.#core.takeCommands();
  }

  #dispatch(event: SessionEvent): void {
    const { toUpstream, toClient } = this.#core;
    switch (event.type) {
      case 'client_data':
        if (this.#ending === undefined) this.#frontend.push(event.chunk);
        return;
      case 'upstream_data':
        this.#backend.onlyRows = !this.#upstreamDone;
        if (this.#upstreamDone) return;
        this.#upstream.push(event.chunk);
        this.#answered();
        return;
      case 'analysed':
        if (this.#ending !== undefined) return;
        this.#frontend.analysed(event.analysis);
        toUpstream.flush();
        return;
      case 'traced':
        if (this.#ending !== undefined) return;
        this.#frontend.traced();
        toUpstream.flush();
        return;
      case 'foreseen':
        if (this.#ending !== undefined) return;
        this.#frontend.foreseen(event.foreseen);
        toUpstream.flush();
        return;
      case 'definitions_checked':
        if (this.#ending !== undefined) return;
        this.#frontend.definitionsChecked(event.drift);
        toUpstream.flush();
        return;
      case 'made_checked':
        if (this.#ending !== undefined) return;
        this.#frontend.madeChecked(event.objects);
        toUpstream.flush();
        return;
      case 'definitions_confirmed':
        if (this.#upstreamDone || !this.#backend.isHeld) return;
        this.#backend.confirmed(event.drift);
        // There may be more to ask.
        if (this.#backend.isHeld) return;
        this.#upstream.resume();
        this.#answered();
        return;
      case 'retraced': {
        const { masking } = this.#core.around;
        if (this.#upstreamDone || !this.#backend.isHeld || masking === undefined) return;
        this.#backend.retraced(masking);
        if (this.#backend.isHeld) return;
        this.#upstream.resume();
        this.#answered();
        return;
      }
      case 'durable':
        toUpstream.release(event.position);
        this.#cancels.released();
        toClient.release(event.position);
        this.#endAtBoundary();
        return;
      case 'audit_failed':
        refuseAndWithhold(this.#core, this.#backend, this.#frontend, event.from, (request) =>
          this.#notRun(request, NOT_RUN),
        );
        this.#cancels.released();
        this.#endAtBoundary();
        return;
      case 'statement_cancelled':
        this.#core.cancelling = false;
        this.#frontend.cancelled();
        toUpstream.flush();
        return;
      case 'cancel_requested':
        this.#cancels.requested();
        return;
      case 'hold_placed':
        this.#frontend.holding.placed(event.request, event.link, event.deciders);
        return;
      case 'hold_reminder':
        this.#frontend.holding.notify();
        return;
      case 'hold_decided':
        this.#frontend.holding.decided(event.outcome);
        toUpstream.flush();
        return;
      case 'hold_kept':
        this.#frontend.trial.confirmed(event.keep);
        toUpstream.flush();
        return;
      case 'hold_failed':
        this.#frontend.holding.unplaced(event.message, event.sqlstate, event.hint);
        toUpstream.flush();
        return;
      case 'access':
        this.#frontend.setReadOnly(event.readOnly);
        return;
      case 'client_end':
        if (this.#ending !== undefined) return;
        // Who waits for an approval and goes is not there for it.
        if (this.#frontend.holding.isHeld) this.#end('client');
        else this.#frontend.end();
        return;
      case 'upstream_end':
        if (!this.#upstreamDone) this.#upstreamEnded();
        return;
      case 'end':
        this.#end(event.reason);
        return;
      default: {
        const never: never = event;
        throw new Error(`unknown event ${String(never)}`);
      }
    }
  }

  #failTransaction(denial: DenyDecision): void {
    const core = this.#core;
    const { pipelineOpen } = core;
    // Of a batch whose Sync has been answered the transaction is to fail; of one that is open, all that is behind.
    if (!pipelineOpen) this.#backend.tellFailed();
    this.#frontend.betweenMessages(() => {
      failWith(core, pipelineOpen, denial);
      core.pipelineOpen = pipelineOpen;
    });
    if (pipelineOpen) core.batchRefused = true;
    core.toUpstream.flush();
  }

  /** Bytes of the upstream have been read. */
  #answered(): void {
    const { toUpstream, toClient } = this.#core;
    this.#backend.flushAnswer();
    this.#frontend.retry();
    toClient.flush();
    toUpstream.flush();
    this.#endAtBoundary();
  }

  #transactionEnded(): void {
    const core = this.#core;
    if (core.schemaUncommitted) {
      core.command({ type: 'schema_changed' });
      core.schemaUncommitted = false;
    }
    this.#frontend.transactionEnded();
  }

  #succeeded(request: Request): void {
    this.#frontend.succeeded(request);
  }

  #ended(request: Request): void {
    if (mayHaveChangedSchema(request)) this.#core.schemaUncommitted = true;
    this.#core.recordOutcome(request);
    this.#frontend.ended(request);
    if (request.portal !== undefined && request.sqlstate !== undefined) {
      this.#frontend.neverExecuted(request.portal, request.sqlstate);
    }
    if (request.portal?.approval !== undefined && request.sqlstate !== undefined)
      request.portal.approval.state = 'over';
    if (request.sqlstate !== undefined) this.#frontend.failed(request);
  }

  /** Discarded by the server behind an earlier error of its pipeline, or never sent. */
  #notRun(request: Request, sqlstate: string): void {
    this.#core.names.settle(request, true);
    request.sqlstate = sqlstate;
    this.#ended(request);
    const collector = request.probe;
    if (collector === undefined) return;
    collector.failed ??= NOT_RUN;
    collector.left--;
    if (collector.left === 0) this.#frontend.probed(collector);
  }

  /** Whoever sends more than can go on waits. */
  #balance(): void {
    const { toUpstream, toClient, inFlight } = this.#core;
    const upstreamPaused = toClient.queuedBytes > MAX_HELD_BYTES || this.#backend.isHeld;
    if (upstreamPaused !== this.#upstreamPaused) {
      this.#upstreamPaused = upstreamPaused;
      this.#core.command({ type: upstreamPaused ? 'pause_upstream' : 'resume_upstream' });
    }
    const clientPaused =
      this.#frontend.takesNoMore || toUpstream.queuedBytes > MAX_HELD_BYTES || inFlight.size > MAX_IN_FLIGHT;
    if (clientPaused !== this.#clientPaused) {
      this.#clientPaused = clientPaused;
      this.#core.command({ type: clientPaused ? 'pause_client' : 'resume_client' });
    }
  }

  // ── endings ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** No statement goes upstream any more: what was held back has not run. */
  #stopTaking(): void {
    const { inFlight, toUpstream } = this.#core;
    this.#frontend.stop();
    for (const request of inFlight.take(toUpstream.takeFailed(0).flatMap(({ marks }) => marks))) {
      request.sqlstate = NOT_RUN;
      this.#core.recordOutcome(request);
    }
  }

  #upstreamEnded(): void {
    const expected = this.#frontend.isDone || this.#backend.saidFatal || this.#ending !== undefined;
    if (!expected) this.#ending = { reason: 'upstream_gone', farewell: UPSTREAM_GONE };
    else this.#ending ??= { reason: this.#frontend.isDone ? 'client' : 'upstream_gone', farewell: undefined };
    this.#upstreamDone = true;
    this.#stopTaking();
    this.#endWhenSent();
  }

  #end(reason: EndReason): void {
    if (this.#ending !== undefined) {
      // Nobody is there any more to whom what is held back could go.
      if (reason === 'client') this.#close(this.#ending.reason);
      return;
    }
    this.#ending = { reason, farewell: farewellOf(reason) };
    this.#stopTaking();
    // A client that is gone leaves its statement running, as with PostgreSQL itself.
    if (this.#core.inFlight.size > 0 && reason !== 'client') this.#core.command({ type: 'cancel_upstream' });
    if (reason === 'client') this.#close(reason);
    else this.#endAtBoundary();
  }

  #endAtBoundary(): void {
    if (this.#ending === undefined || (this.#upstream.inStream && !this.#upstreamDone)) return;
    this.#upstreamDone = true;
    this.#endWhenSent();
  }

  /** Answers that wait for their record go first: then the client can be told why the session ends. */
  #endWhenSent(): void {
    if (!this.#core.toClient.isEmpty) return;
    const { reason, farewell } = this.#ending!;
    // In the middle of a message nothing can be said: the client sees the connection end.
    if (farewell !== undefined && !this.#upstream.inStream) {
      this.#core.command({ type: 'send_client', bytes: farewell });
    }
    this.#close(reason);
  }

  #close(reason: EndReason): void {
    if (this.#closed) return;
    this.#closed = true;
    const { inFlight } = this.#core;
    this.#stopTaking();
    this.#backend.connectionLost(CONNECTION_LOST);
    for (let request = inFlight.shift(); request !== undefined; request = inFlight.shift()) {
      // It was sent, and its end was not seen.
      if (request.onSuccess?.schemaChanged === true) this.#core.schemaUncommitted = true;
      request.sqlstate ??= CONNECTION_LOST;
      this.#core.recordOutcome(request);
    }
    // Whether it was committed is not known.
    if (this.#core.schemaUncommitted) this.#core.command({ type: 'schema_changed' });
    this.#core.command({ type: 'close', reason });
  }

  /** A peer broke the protocol, or the gateway itself erred: nothing more passes in either direction. */
  #fail(error: unknown): void {
    const violation = error instanceof ProtocolError;
    const person = displayName(this.#core.options.principal);
    const bytes = encodeErrorResponse({
      severity: 'FATAL',
      code: violation ? '08P01' : 'XX000',
      message: violation ? error.message : `dbgate ended the session of ${person}: internal error`,
    });
    if (!violation) {
      this.#core.command({ type: 'internal_error', error: error instanceof Error ? error : new Error(String(error)) });
    }
    // What came before it was in order, whatever the chunks were.
    this.#core.toClient.flush();
    this.#core.toUpstream.flush();
    this.#ending = { reason: 'protocol', farewell: bytes };
    this.#upstreamDone = true;
    this.#stopTaking();
    this.#endWhenSent();
  }
}

/** Of a text that failed, or whose answer was withheld, a part may have taken effect. */
function mayHaveChangedSchema({ onSuccess, sqlstate, denial, cut, statement }: Request): boolean {
  if (onSuccess?.schemaChanged !== true || denial !== undefined) return false;
  return sqlstate === undefined || cut !== undefined || (statement?.analysis.statements.length ?? 0) > 1;
}
