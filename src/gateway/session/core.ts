/**
 * What both sides of a session share: its queues, names and counters, and the three acts that must happen in order
 * for each statement: the intent is taken, the bytes are queued behind it, the request is remembered.
 */

import type { TransactionStatus } from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { SessionCommand, SessionCounters, SessionOptions, SessionSurroundings } from './contract.ts';
import { AUDIT_UNAVAILABLE, denialResponse } from './denial.ts';
import { GatedOutbox } from './gated-outbox.ts';
import { InFlight, NO_EFFECTS, type Request, type RequestKind, type RequestParts } from './in-flight.ts';
import type { QueryStep } from './one-by-one.ts';
import { PreparedNames, type PreparedStatement } from './prepared.ts';

/** Outcome of a statement that the server discarded, or that was never sent. */
export const NOT_RUN = 'DG001';
/** Outcome of a statement whose end was not seen: the connection was lost. */
export const CONNECTION_LOST = '08006';

export interface Intent {
  readonly n: number;
  readonly position: number;
}

export interface IntentParts {
  readonly decision: 'allow' | 'mask' | DenyDecision;
  readonly binds?: number;
  /** JSON array of bind values, as they are recorded. */
  readonly valuesJson?: string | undefined;
  /** The request that opened the way for it. */
  readonly approval?: string | undefined;
}

export type Protocol = 'simple' | 'extended' | 'function';

export const NO_PARTS: RequestParts = {
  n: 0,
  position: 0,
  pure: false,
  denial: undefined,
  probe: undefined,
  names: NO_EFFECTS,
  onSuccess: undefined,
  statement: undefined,
  portal: undefined,
  plans: undefined,
  moment: undefined,
};

export class SessionCore {
  readonly options: SessionOptions;
  readonly around: SessionSurroundings;
  readonly counters: SessionCounters = { statements: 0, denied: 0, errors: 0, masked: 0 };
  readonly inFlight = new InFlight();
  readonly names = new PreparedNames();
  /** Marked with each request, so that those that are never sent can be told. */
  readonly toUpstream: GatedOutbox<Request>;
  /** Marked with each ReadyForQuery. */
  readonly toClient: GatedOutbox<TransactionStatus>;
  /** Counts events that were handled. */
  events = 0;
  /** The time of the event that is handled, milliseconds of a monotonic clock. */
  nowMs = 0;
  /** Since when nothing is under way and no transaction open: one that comes begins later. Infinity below: not known. */
  idleSinceMs = Number.NEGATIVE_INFINITY;
  /** DDL has been sent, and its transaction may still be open: the shared snapshot does not know of it. */
  schemaTouched = false;
  /** DDL went through, and others are told when its transaction is over: who reads the catalog before does not see it. */
  schemaUncommitted = false;
  /** Extended-protocol messages have been sent since the last Sync. */
  pipelineOpen = false;
  /** Counts Syncs: an error discards the rest of its batch. */
  batch = 0;
  /** What stands for a refused message has been sent since the last Sync: all behind it is discarded. */
  batchRefused = false;
  /** A statement with an effect has been sent since the last Sync: what is behind it shares its transaction. */
  #batchHasEffect = false;
  /** Something of the client's has been bound or executed since the last Sync. */
  batchRuns = false;
  /** The Query at hand is a part of a longer text. */
  step: QueryStep | undefined;
  /** A cancel is on its way to the server: what is sent now could be what it hits. */
  cancelling = false;
  #commands: SessionCommand[] = [];

  constructor(options: SessionOptions, around: SessionSurroundings) {
    this.options = options;
    this.around = around;
    this.toUpstream = new GatedOutbox((bytes) => this.command({ type: 'send_upstream', bytes }));
    this.toClient = new GatedOutbox((bytes) => this.command({ type: 'send_client', bytes }));
  }

  command(command: SessionCommand): void {
    this.#commands.push(command);
  }

  takeCommands(): SessionCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** Undefined: the log cannot take the record, so the statement must not run. */
  takeIntent(
    protocol: Protocol,
    { analysis, sql }: Pick<PreparedStatement, 'analysis' | 'sql'>,
    { decision, binds = 0, valuesJson, approval }: IntentParts,
  ): Intent | undefined {
    this.counters.statements++;
    const allowed = typeof decision === 'string';
    // A fault of the gateway's own in here ends the session: it is no failure of the log.
    const { facts, sqlJson, hashSecret } = this.around.describe(analysis, sql);
    const elevation = approval ?? (allowed ? this.around.elevationOf?.(analysis) : undefined);
    let intent: Intent;
    try {
      intent = this.around.journal.intent({
        protocol,
        facts,
        decision: allowed ? decision : 'deny',
        rule: allowed ? undefined : decision.rule,
        approval: elevation,
        binds,
        sql,
        sqlJson,
        hashSecret,
        valuesJson,
      });
    } catch {
      // The journal throws only when the log cannot take the record; the statement is refused for that.
      return undefined;
    }
    // From the start, not when its answer comes: a commit that fails meanwhile must not go unnoticed.
    if (this.options.waitForRecord) this.command({ type: 'await_durable', position: intent.position });
    return intent;
  }

  /** A refusal in the words for this principal; its place is that in the whole text. */
  denialResponse(denied: DenyDecision): Buffer {
    const { step } = this;
    const { position } = denied;
    const told =
      step === undefined || position === undefined ? denied : { ...denied, position: position + step.before };
    return denialResponse(told, this.options.principal.kind);
  }

  /** Queues the bytes of a message behind what they depend on, and remembers the request. */
  send(kind: RequestKind, buffer: Buffer, start: number, end: number, parts: RequestParts): Request {
    const { position } = parts;
    if (position > 0 && this.options.waitForRecord) {
      // The answer waits for the record; what may have an effect is itself held back until then, and so is a read
      // behind it: should its record fail, the whole batch has to.
      const held = !parts.pure || (this.#batchHasEffect && parts.denial === undefined);
      if (held && position > this.toUpstream.gate) this.toUpstream.gate = position;
      if (held && kind !== 'query') this.#batchHasEffect = true;
    }
    this.toUpstream.pass(buffer, start, end);
    return this.push(kind, parts);
  }

  /** Remembers a request whose bytes have been queued. */
  push(kind: RequestKind, parts: RequestParts): Request {
    if (parts.onSuccess?.schemaChanged === true) this.schemaTouched = true;
    const request: Request = {
      kind,
      n: parts.n,
      position: parts.position,
      startedMs: this.nowMs,
      pure: parts.pure,
      denial: parts.denial,
      probe: parts.probe,
      names: parts.names,
      onSuccess: parts.onSuccess,
      statement: parts.statement,
      portal: parts.portal,
      plans: parts.plans,
      moment: parts.moment ?? parts.probe?.portal?.moment,
      inBatch: this.pipelineOpen,
      completed: 0,
      rows: 0,
      bytes: 0,
      masked: 0,
      sqlstate: undefined,
      endedMs: 0,
      fate: undefined,
      cut: undefined,
      lost: false,
    };
    if (this.step !== undefined && kind === 'query' && parts.probe === undefined) request.step = this.step;
    if ((kind === 'bind' || kind === 'execute') && parts.probe === undefined) this.batchRuns = true;
    this.inFlight.push(request);
    this.toUpstream.mark(request);
    if (kind !== 'query' && kind !== 'sync' && kind !== 'function' && kind !== 'copy_end') this.pipelineOpen = true;
    return request;
  }

  /** A Sync of the client's has been sent. */
  endBatch(): void {
    this.pipelineOpen = false;
    this.batchRefused = false;
    this.#batchHasEffect = false;
    this.batchRuns = false;
    this.batch++;
  }

  /** Sends what the server will reject in place of the message, and the gateway's error in place of the server's. */
  refuse(kind: RequestKind, substitute: Buffer, denied: DenyDecision, statement: PreparedStatement | undefined): void {
    this.counters.denied++;
    let intent: Intent | undefined;
    if (denied !== AUDIT_UNAVAILABLE) {
      const protocol = kind === 'query' ? 'simple' : kind === 'function' ? 'function' : 'extended';
      intent = this.takeIntent(protocol, statement ?? withoutText(kind), { decision: denied });
    }
    const names = kind === 'query' ? this.names.expectUnnamedGone() : NO_EFFECTS;
    const denial = this.denialResponse(intent === undefined ? AUDIT_UNAVAILABLE : denied);
    // The record of a denial is synced before the denial is told, but nothing upstream waits for it.
    if (kind !== 'query' && kind !== 'function') this.batchRefused = true;
    this.send(kind, substitute, 0, substitute.length, { ...NO_PARTS, ...intent, pure: true, denial, names });
  }

  /** Of a statement whose batch has failed upstream already: nothing stands for it there. Gives the error to tell. */
  refuseHere(denied: DenyDecision, statement: PreparedStatement): Buffer {
    this.counters.denied++;
    const intent = this.takeIntent('extended', statement, { decision: denied });
    if (intent !== undefined) {
      if (this.options.waitForRecord && intent.position > this.toClient.gate) this.toClient.gate = intent.position;
      this.recordNotRun(intent.n, denied.sqlstate);
    }
    this.batchRefused = true;
    return this.denialResponse(intent === undefined ? AUDIT_UNAVAILABLE : denied);
  }

  recordOutcome(request: Request): void {
    if (request.n === 0) return;
    if (request.sqlstate !== undefined && request.denial === undefined) this.counters.errors++;
    this.counters.masked += request.masked;
    this.around.journal.outcome(request.n, {
      rows: request.rows,
      bytes: request.bytes,
      ms: (request.endedMs === 0 ? this.nowMs : request.endedMs) - request.startedMs,
      sqlstate: request.sqlstate,
      masked: request.masked,
      maskedBy: request.maskedBy,
      fate: request.fate,
    });
  }

  /** An intent for which nothing ran. */
  recordNotRun(n: number, sqlstate: string): void {
    this.around.journal.outcome(n, { rows: 0, bytes: 0, ms: 0, sqlstate, masked: 0 });
  }
}

/** A message that was refused before there was a text. */
function withoutText(kind: RequestKind): Pick<PreparedStatement, 'analysis' | 'sql'> {
  return { analysis: { statements: [], error: undefined, recordedSql: `<${kind}>`, class: 'unknown' }, sql: '' };
}
