/**
 * One session between a client and its upstream: `handle(event) → commands`, no I/O.
 *
 * In: bytes from both sides, answers of the analyser, news of the log. Out: bytes for both sides, and the commands of
 * `contract.ts`. For each statement, in this order: decode, analyse, decide, record the intent, forward (at once for a
 * proven pure read, else only when the intent is durable), and let the answer out only when the intent is durable.
 *
 * It must never forward a statement that was not judged, nor one whose intent was not taken by the journal, nor let a
 * byte of an answer out before the intent it belongs to is durable.
 */

import { displayName } from '../../identity/principal.ts';
import { encodeErrorResponse } from '../../pgwire/error-response.ts';
import {
  decodeBind,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  decodeParse,
  FLUSH,
  SYNC,
  TERMINATE,
} from '../../pgwire/extended.ts';
import {
  BACKEND_STREAMED,
  BACKEND_TYPES,
  FRONTEND_STREAMED,
  FRONTEND_TYPES,
  HEADER_BYTES,
  MessageReader,
} from '../../pgwire/framing.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import { decodeQuery } from '../../pgwire/query.ts';
import { readyForQuery, type TransactionStatus } from '../../pgwire/result.ts';
import type { ResolvedTarget } from '../../policy/decide.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Analysis, ObjectTarget } from '../../sql/facts.ts';
import { Backend } from './backend.ts';
import type {
  EndReason,
  SessionCommand,
  SessionCounters,
  SessionEvent,
  SessionOptions,
  SessionSurroundings,
} from './contract.ts';
import {
  AUDIT_LOST,
  AUDIT_UNAVAILABLE,
  denialResponse,
  FUNCTION_CALL_REFUSED,
  REJECTED_EXECUTE,
  REJECTED_QUERY,
  rejectedParse,
} from './denial.ts';
import { GatedOutbox } from './gated-outbox.ts';
import {
  InFlight,
  type NameEffect,
  type ProbeCollector,
  type Request,
  type RequestKind,
  type SuccessEffect,
} from './in-flight.ts';
import { catalogOf, isProbeable, PROBE_REQUESTS, probeMessages, readProbe } from './ownership-probe.ts';
import { type Portal, PreparedNames, type PreparedStatement } from './prepared.ts';
import { decodeText, INVALID_ENCODING } from './statement-text.ts';

/** A client message that waits for something: kept whole. */
interface HeldMessage {
  readonly type: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Why no further client message is taken. Each is resumed by an event, never by time. */
type Waiting =
  | { readonly for: 'nothing' }
  /** The analyser's answer for the held message. */
  | { readonly for: 'analysis'; readonly message: HeldMessage }
  /** What the names in the held message stand for. */
  | {
      readonly for: 'names';
      readonly message: HeldMessage;
      readonly statement: PreparedStatement;
      readonly probe: Probe;
    }
  /** A statement that creates objects must be through before they can be looked up. */
  | { readonly for: 'creation'; readonly request: Request; readonly created: readonly ObjectTarget[] }
  | { readonly for: 'created_names'; readonly probe: Probe };

interface Probe {
  readonly targets: readonly ObjectTarget[];
  readonly collector: ProbeCollector;
}

const NOTHING: Waiting = { for: 'nothing' };

/** Results held back for the log before the upstream is asked to pause. */
const MAX_HELD_BYTES = 1 << 20;

const Q = 0x51,
  P = 0x50,
  B = 0x42,
  D = 0x44,
  E = 0x45,
  S = 0x53,
  H = 0x48,
  C = 0x43,
  F = 0x46;
const COPY_DATA = 0x64,
  COPY_DONE = 0x63,
  COPY_FAIL = 0x66,
  X = 0x58;

export class Session {
  readonly counters: SessionCounters = { statements: 0, denied: 0, errors: 0, masked: 0 };
  readonly #options: SessionOptions;
  readonly #around: SessionSurroundings;
  readonly #inFlight = new InFlight();
  readonly #names = new PreparedNames();
  readonly #toUpstream: GatedOutbox<Request>;
  readonly #toClient: GatedOutbox<TransactionStatus>;
  readonly #client: MessageReader;
  readonly #backend: Backend;
  readonly #upstream: MessageReader;
  #commands: SessionCommand[] = [];
  #waiting: Waiting = NOTHING;
  #nowMs = 0;
  /** Extended-protocol messages have been sent since the last Sync. */
  #pipelineOpen = false;
  #probes = 0;
  #upstreamPaused = false;
  #clientDone = false;
  #saidGoodbye = false;
  /** Portals whose intent was taken at Bind and that have not been executed. */
  readonly #bound = new Set<Portal>();
  /** Set when the session is to end as soon as the client is at a message boundary. */
  #ending: { readonly reason: EndReason; readonly farewell: Buffer | undefined } | undefined;
  #closed = false;

  constructor(options: SessionOptions, around: SessionSurroundings) {
    this.#options = options;
    this.#around = around;
    const wait = (position: number): void => this.#command({ type: 'await_durable', position });
    this.#toUpstream = new GatedOutbox((bytes) => this.#command({ type: 'send_upstream', bytes }), wait);
    this.#toClient = new GatedOutbox((bytes) => this.#command({ type: 'send_client', bytes }), wait);
    this.#client = new MessageReader(
      { side: 'frontend', known: FRONTEND_TYPES, streamed: FRONTEND_STREAMED, maxWholeBytes: options.maxMessageBytes },
      {
        message: (type, buffer, start, end) => this.#clientMessage(type, buffer, start, end),
        piece: (_type, buffer, start, end) => this.#toUpstream.pass(buffer, start, end),
      },
    );
    this.#backend = new Backend(options, this.#inFlight, this.#names, this.#toClient, {
      succeeded: (request) => this.#succeeded(request),
      ended: (request) => this.#recordOutcome(request),
      notRun: (request) => this.#notRun(request),
      probed: (collector) => this.#probed(collector),
      abortTransaction: () => this.#abortTransaction(),
    });
    this.#upstream = new MessageReader(
      { side: 'backend', known: BACKEND_TYPES, streamed: BACKEND_STREAMED, maxWholeBytes: options.maxMessageBytes },
      this.#backend,
    );
  }

  /** True when nothing is under way for the client. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0 && this.#waiting === NOTHING;
  }

  handle(event: SessionEvent): SessionCommand[] {
    this.#nowMs = event.nowMs;
    if (!this.#closed) {
      try {
        this.#dispatch(event);
      } catch (error) {
        this.#fail(error);
      }
    }
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  #dispatch(event: SessionEvent): void {
    switch (event.type) {
      case 'client_data':
        if (this.#ending !== undefined) return;
        this.#client.push(event.chunk);
        this.#toUpstream.flush();
        return;
      case 'upstream_data':
        this.#upstream.push(event.chunk);
        this.#toClient.flush();
        this.#toUpstream.flush();
        this.#balanceUpstream();
        this.#endAtBoundary();
        return;
      case 'analysed':
        this.#analysed(event.analysis);
        this.#toUpstream.flush();
        return;
      case 'durable':
        this.#toUpstream.release(event.position);
        this.#toClient.release(event.position);
        this.#balanceUpstream();
        return;
      case 'audit_failed':
        this.#auditFailed(event.from);
        return;
      case 'client_end':
        this.#clientDone = true;
        this.#sayGoodbye();
        this.#toUpstream.flush();
        return;
      case 'upstream_end':
        this.#upstreamEnded();
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

  #command(command: SessionCommand): void {
    this.#commands.push(command);
  }

  // ── client → upstream ──────────────────────────────────────────────────────────────────────────────────────────

  #clientMessage(type: number, buffer: Buffer, start: number, end: number): boolean {
    switch (type) {
      case Q:
        return this.#query({ type, buffer, start, end }, undefined);
      case P:
        return this.#parse({ type, buffer, start, end }, undefined);
      case B:
        return this.#bind(buffer, start, end);
      case E:
        return this.#execute({ type, buffer, start, end }, undefined);
      case D:
        decodeDescribe(buffer, start + HEADER_BYTES, end);
        return this.#forward('describe', buffer, start, end);
      case C: {
        const { kind, name } = decodeClose(buffer, start + HEADER_BYTES, end);
        const effect =
          kind === 'S' ? this.#names.expectStatement(name, undefined) : this.#names.expectPortal(name, undefined);
        return this.#forward('close', buffer, start, end, effect);
      }
      case S:
        if (this.#backend.copyIn) {
          // The server ignores Sync while COPY FROM STDIN runs.
          this.#toUpstream.pass(buffer, start, end);
          return true;
        }
        this.#forward('sync', buffer, start, end);
        this.#pipelineOpen = false;
        return true;
      case H:
      case COPY_DATA:
        this.#toUpstream.pass(buffer, start, end);
        return true;
      case COPY_DONE:
      case COPY_FAIL:
        if (!this.#backend.copyIn && this.#inFlight.size > 0) return this.#forward('copy_end', buffer, start, end);
        this.#backend.copyIn = false;
        this.#toUpstream.pass(buffer, start, end);
        return true;
      case F:
        return this.#refuse('function', REJECTED_QUERY, FUNCTION_CALL_REFUSED, 'FunctionCall', undefined);
      case X:
        this.#clientDone = true;
        this.#sayGoodbye();
        return true;
      default:
        throw new ProtocolError(`unexpected frontend message '${String.fromCharCode(type)}'`);
    }
  }

  #query(message: HeldMessage, known: PreparedStatement | undefined, resolved?: readonly ResolvedTarget[]): boolean {
    const { buffer, start, end } = message;
    const statement = known ?? this.#statementOf(message, decodeQuery(buffer, start + HEADER_BYTES, end));
    if (statement === undefined) return false;
    const decision =
      resolved === undefined ? statement.decision : this.#around.judgeResolved(statement.analysis, resolved);
    if (decision.effect === 'deny') return this.#refuse('query', REJECTED_QUERY, decision, undefined, statement);
    if (resolved === undefined && needsNames(statement) && !this.#failsAnyway(statement)) {
      return this.#askForNames(message, statement);
    }
    const intent = this.#takeIntent('simple', statement, 0);
    if (intent === undefined) return this.#refuse('query', REJECTED_QUERY, AUDIT_UNAVAILABLE, undefined, undefined);
    this.#names.forgetUnnamed();
    const request = this.#send('query', buffer, start, end, {
      ...intent,
      onSuccess: successOf(statement),
      pure: statement.pure,
    });
    return this.#awaitCreation(request, resolved);
  }

  #parse(message: HeldMessage, known: PreparedStatement | undefined): boolean {
    const { buffer, start, end } = message;
    const parse = decodeParse(buffer, start + HEADER_BYTES, end);
    const statement = known ?? this.#statementOf(message, parse);
    if (statement === undefined) return false;
    // What depends on names is decided when it is executed: they may mean something else by then.
    if (statement.decision.effect === 'deny') {
      return this.#refuse('parse', rejectedParse(parse.name), statement.decision, undefined, statement);
    }
    return this.#forward('parse', buffer, start, end, this.#names.expectStatement(parse.name, statement));
  }

  #bind(buffer: Buffer, start: number, end: number): boolean {
    const bind = decodeBind(buffer, start + HEADER_BYTES, end);
    const statement = this.#names.statement(bind.statement);
    const portal: Portal = { statement, n: 0, position: 0, binds: bind.parameterCount };
    // Planning at Bind may run functions: what is no pure read is on record before.
    if (statement !== undefined && !statement.pure) {
      const refused = this.#refusal(statement);
      if (refused !== undefined) return this.#refuse('bind', REJECTED_EXECUTE, refused, undefined, statement);
      const intent = this.#takeIntent('extended', statement, bind.parameterCount);
      if (intent === undefined) return this.#refuse('bind', REJECTED_EXECUTE, AUDIT_UNAVAILABLE, undefined, undefined);
      portal.n = intent.n;
      portal.position = intent.position;
      if (this.#options.waitForRecord) this.#toUpstream.gate = Math.max(this.#toUpstream.gate, intent.position);
    }
    const replaced = this.#names.portal(bind.portal);
    if (replaced !== undefined) this.#neverExecuted(replaced);
    if (portal.n > 0) this.#bound.add(portal);
    return this.#forward('bind', buffer, start, end, this.#names.expectPortal(bind.portal, portal));
  }

  /** An intent was taken at Bind, and no Execute came for it. */
  #neverExecuted(portal: Portal): void {
    if (!this.#bound.delete(portal)) return;
    this.#around.journal.outcome(portal.n, { rows: 0, bytes: 0, ms: 0, sqlstate: NOT_RUN, masked: 0 });
    portal.n = 0;
  }

  /** In a failed transaction the server refuses it (25P02), whatever its names mean. */
  #failsAnyway(statement: PreparedStatement): boolean {
    return this.#backend.status === 'E' && this.#inFlight.size === 0 && statement.analysis.statements.length === 1;
  }

  #execute(message: HeldMessage, resolved: readonly ResolvedTarget[] | undefined): boolean {
    const { buffer, start, end } = message;
    const { portal: name } = decodeExecute(buffer, start + HEADER_BYTES, end);
    const portal = this.#names.portal(name);
    const statement = portal?.statement;
    if (statement === undefined) return this.#executeUnknown(message, name);
    const decision =
      resolved === undefined ? this.#refusal(statement) : this.#around.judgeResolved(statement.analysis, resolved);
    if (decision?.effect === 'deny') {
      if (portal !== undefined) this.#neverExecuted(portal);
      return this.#refuse('execute', REJECTED_EXECUTE, decision, undefined, statement);
    }
    if (resolved === undefined && needsNames(statement)) return this.#askForNames(message, statement);
    let intent: Intent | undefined;
    if (portal !== undefined && portal.n > 0) {
      intent = { n: portal.n, position: portal.position };
      portal.n = 0;
      this.#bound.delete(portal);
    } else intent = this.#takeIntent('extended', statement, portal?.binds ?? 0);
    if (intent === undefined) return this.#refuse('execute', REJECTED_EXECUTE, AUDIT_UNAVAILABLE, undefined, undefined);
    const request = this.#send('execute', buffer, start, end, {
      ...intent,
      onSuccess: successOf(statement),
      pure: statement.pure,
    });
    return this.#awaitCreation(request, resolved);
  }

  /** A portal that SQL made (DECLARE CURSOR, judged there), or that does not exist: the server answers. */
  #executeUnknown({ buffer, start, end }: HeldMessage, name: string): boolean {
    const intent = this.#takeIntentOf('extended', JSON.stringify(`EXECUTE PORTAL "${name}"`), 'read', 0);
    if (intent === undefined) return this.#refuse('execute', REJECTED_EXECUTE, AUDIT_UNAVAILABLE, undefined, undefined);
    this.#send('execute', buffer, start, end, { ...intent, pure: false });
    return true;
  }

  /** The judged statement of a Query or Parse; undefined when its analysis has to be waited for. */
  #statementOf(message: HeldMessage, text: { sqlStart: number; sqlEnd: number }): PreparedStatement | undefined {
    const sql = decodeText(message.buffer, text.sqlStart, text.sqlEnd, this.#options.encoding);
    if (sql === undefined) return this.#judged(INVALID_ENCODING);
    const analysis = this.#around.lookup(sql);
    if (analysis !== undefined) return this.#judged(analysis);
    this.#command({ type: 'analyse', sql });
    this.#wait({ for: 'analysis', message: keep(message) });
    return undefined;
  }

  #judged(analysis: Analysis): PreparedStatement {
    return {
      analysis,
      sqlJson: JSON.stringify(analysis.recordedSql),
      decision: this.#around.judge(analysis),
      epoch: this.#around.policyEpoch(),
      pure: this.#around.isPureRead(analysis.statements),
    };
  }

  /** A cached statement is judged again when policy changed since; its denial, if it is denied. */
  #refusal(statement: PreparedStatement): DenyDecision | undefined {
    const epoch = this.#around.policyEpoch();
    if (statement.epoch !== epoch) {
      statement.decision = this.#around.judge(statement.analysis);
      statement.epoch = epoch;
    }
    return statement.decision.effect === 'deny' ? statement.decision : undefined;
  }

  #analysed(analysis: Analysis): void {
    if (this.#waiting.for !== 'analysis') throw new Error('an analysis came that was not asked for');
    const { message } = this.#waiting;
    const statement = this.#judged(analysis);
    this.#waiting = NOTHING;
    if (message.type === Q ? this.#query(message, statement) : this.#parse(message, statement)) this.#goOn();
  }

  /** Stops taking client messages until an event resumes them. */
  #wait(waiting: Waiting): void {
    this.#waiting = waiting;
    this.#command({ type: 'pause_client' });
  }

  #goOn(): void {
    this.#waiting = NOTHING;
    this.#command({ type: 'resume_client' });
    this.#client.resume();
    if (this.#clientDone) this.#sayGoodbye();
    this.#toUpstream.flush();
  }

  // ── names: what the statement's objects are at this point of the session ───────────────────────────────────────

  #askForNames(message: HeldMessage, statement: PreparedStatement): boolean {
    const targets = statement.analysis.statements.flatMap((s) => s.targets).filter((t) => this.#canProbe(t));
    // Behind an error the server discards everything up to Sync: a probe would never be answered.
    if (targets.length === 0 || this.#backend.skipping) return this.#withNames(message, statement, []);
    this.#wait({ for: 'names', message: keep(message), statement, probe: this.#startProbe(targets) });
    return false;
  }

  #withNames(message: HeldMessage, statement: PreparedStatement, resolved: readonly ResolvedTarget[]): boolean {
    return message.type === Q ? this.#query(message, statement, resolved) : this.#execute(message, resolved);
  }

  #canProbe(target: ObjectTarget): boolean {
    if (!isProbeable(target)) return false;
    return this.#options.encoding === 'utf8' || !/[^\x00-\x7f]/.test(target.lookup!);
  }

  #startProbe(targets: readonly ObjectTarget[]): Probe {
    const end = this.#pipelineOpen ? 'flush' : 'sync';
    const collector: ProbeCollector = { rows: [], failed: undefined, left: 0 };
    const bytes = probeMessages(targets, ++this.#probes, end);
    const kinds: RequestKind[] = end === 'sync' ? [...PROBE_REQUESTS, 'sync'] : [...PROBE_REQUESTS];
    collector.left = kinds.length;
    this.#toUpstream.put(bytes);
    for (const kind of kinds) this.#push(kind, { probe: collector });
    this.#toUpstream.flush();
    return { targets, collector };
  }

  #probed(collector: ProbeCollector): void {
    const waiting = this.#waiting;
    if ((waiting.for !== 'names' && waiting.for !== 'created_names') || waiting.probe.collector !== collector) return;
    const { targets } = waiting.probe;
    const resolved =
      collector.failed === undefined
        ? readProbe(targets, collector.rows, (c, oid) => this.#around.isOwn(c, oid))
        : undefined;
    this.#waiting = NOTHING;
    if (waiting.for === 'created_names') {
      if (resolved !== undefined) this.#claim(resolved);
      this.#goOn();
      return;
    }
    // A probe that failed proves nothing: nothing counts as one's own.
    if (this.#withNames(waiting.message, waiting.statement, resolved ?? [])) this.#goOn();
  }

  /** After a statement that may create objects: waits until it is through, to see which of them are new. */
  #awaitCreation(request: Request, resolved: readonly ResolvedTarget[] | undefined): boolean {
    const created = (resolved ?? [])
      .filter((r) => r.oid === undefined && (r.target.action === 'create' || r.target.action === 'replace'))
      .map((r) => r.target);
    if (created.length === 0) return true;
    if (request.kind === 'execute') this.#toUpstream.put(FLUSH);
    this.#wait({ for: 'creation', request, created });
    return false;
  }

  #claim(resolved: readonly ResolvedTarget[]): void {
    const objects = resolved.flatMap(({ target, oid, temporary }) =>
      oid === undefined || temporary ? [] : [{ catalog: catalogOf(target.kind)!, oid, name: target.name }],
    );
    if (objects.length > 0) this.#command({ type: 'objects_created', objects });
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  #forward(kind: RequestKind, buffer: Buffer, start: number, end: number, name?: NameEffect): boolean {
    this.#send(kind, buffer, start, end, { name });
    return true;
  }

  #send(kind: RequestKind, buffer: Buffer, start: number, end: number, with_: RequestParts): Request {
    if (with_.position !== undefined && with_.position > 0) {
      // The answer waits for the record; what may have an effect is itself held back until then.
      if (this.#options.waitForRecord) {
        if (with_.position > this.#toClient.gate) this.#toClient.gate = with_.position;
        if (with_.pure !== true && with_.position > this.#toUpstream.gate) this.#toUpstream.gate = with_.position;
      }
    }
    this.#toUpstream.pass(buffer, start, end);
    return this.#push(kind, with_);
  }

  #push(kind: RequestKind, parts: RequestParts): Request {
    const request: Request = {
      kind,
      n: parts.n ?? 0,
      position: parts.position ?? 0,
      startedMs: this.#nowMs,
      denial: parts.denial,
      probe: parts.probe,
      name: parts.name,
      onSuccess: parts.onSuccess,
      rows: 0,
      bytes: 0,
      sqlstate: undefined,
    };
    this.#inFlight.push(request);
    this.#toUpstream.mark(request);
    if (kind !== 'query' && kind !== 'sync' && kind !== 'function') this.#pipelineOpen = true;
    return request;
  }

  #takeIntent(protocol: 'simple' | 'extended', statement: PreparedStatement, binds: number): Intent | undefined {
    return this.#takeIntentOf(protocol, statement.sqlJson, statement.analysis.class, binds);
  }

  #takeIntentOf(
    protocol: 'simple' | 'extended' | 'function',
    sqlJson: string,
    class_: string,
    binds: number,
    denied?: DenyDecision,
  ): Intent | undefined {
    this.counters.statements++;
    try {
      return this.#around.journal.intent({
        protocol,
        sqlJson,
        class: class_,
        decision: denied === undefined ? 'allow' : 'deny',
        rule: denied?.rule,
        binds,
      });
    } catch {
      // The journal throws only when the log cannot take the record; the statement is refused for that.
      return undefined;
    }
  }

  /** Sends what the server will reject in place of the message, and the gateway's error in place of the server's. */
  #refuse(
    kind: RequestKind,
    substitute: Buffer,
    denied: DenyDecision,
    label: string | undefined,
    statement: PreparedStatement | undefined,
  ): boolean {
    this.counters.denied++;
    let intent: Intent | undefined;
    if (denied !== AUDIT_UNAVAILABLE) {
      const protocol = kind === 'query' ? 'simple' : kind === 'function' ? 'function' : 'extended';
      const sqlJson = statement?.sqlJson ?? JSON.stringify(label ?? '');
      intent = this.#takeIntentOf(protocol, sqlJson, statement?.analysis.class ?? 'unknown', 0, denied);
    }
    if (kind === 'query') this.#names.forgetUnnamed();
    const denial = denialResponse(intent === undefined ? AUDIT_UNAVAILABLE : denied);
    // The record of a denial is synced before the denial is told, but nothing upstream waits for it.
    this.#send(kind, substitute, 0, substitute.length, { ...intent, denial, pure: true });
    return true;
  }

  // ── upstream → client ──────────────────────────────────────────────────────────────────────────────────────────

  #succeeded(request: Request): void {
    const effect = request.onSuccess;
    if (effect !== undefined) {
      if (effect.forgetsNames) this.#names.forgetAll();
      if (effect.schemaChanged) this.#command({ type: 'schema_changed' });
    }
    const waiting = this.#waiting;
    if (waiting.for === 'creation' && waiting.request === request) {
      this.#waiting = { for: 'created_names', probe: this.#startProbe(waiting.created) };
    }
  }

  #recordOutcome(request: Request): void {
    if (request.n > 0) {
      if (request.sqlstate !== undefined && request.denial === undefined) this.counters.errors++;
      this.#around.journal.outcome(request.n, {
        rows: request.rows,
        bytes: request.bytes,
        ms: this.#nowMs - request.startedMs,
        sqlstate: request.sqlstate,
        masked: 0,
      });
    }
    const waiting = this.#waiting;
    // A failed creation leaves nothing to look up.
    if (waiting.for === 'creation' && waiting.request === request && request.sqlstate !== undefined) this.#goOn();
  }

  /** Discarded by the server behind an earlier error of its pipeline, or never sent. */
  #notRun(request: Request): void {
    this.#names.withdraw(request);
    request.sqlstate = NOT_RUN;
    this.#recordOutcome(request);
    const collector = request.probe;
    if (collector !== undefined) {
      collector.failed ??= NOT_RUN;
      collector.left--;
      if (collector.left === 0) this.#probed(collector);
    }
  }

  /** Too much is held back for the log: let the upstream wait as well. */
  #balanceUpstream(): void {
    const full = this.#toClient.queuedBytes > MAX_HELD_BYTES;
    if (full === this.#upstreamPaused) return;
    this.#upstreamPaused = full;
    this.#command({ type: full ? 'pause_upstream' : 'resume_upstream' });
  }

  // ── the log failed ─────────────────────────────────────────────────────────────────────────────────────────────

  #auditFailed(from: number): void {
    // 1. What was held back from the upstream never goes there: refused, in its own place in the order.
    const unsent = this.#toUpstream.takeFailed(from).flatMap((segment) => segment.marks);
    if (unsent.length > 0) this.#refuseUnsent(this.#inFlight.takeNewest(unsent.length));
    // 2. Answers of reads that ran: withheld, each batch ends in an error.
    const dropped = this.#toClient.takeFailed(from);
    const withheld = dropped.flatMap((segment) => segment.marks);
    const batch = (status: TransactionStatus): Buffer =>
      Buffer.concat([denialResponse(AUDIT_LOST), readyForQuery(status === 'T' ? 'E' : status)]);
    for (const status of withheld) this.#command({ type: 'send_client', bytes: batch(status) });
    // 3. Answers still to come for intents that failed.
    let last: Request | undefined;
    for (const request of this.#inFlight) if (request.position >= from) last = request;
    if (last !== undefined) this.#backend.withholdThrough(last, denialResponse(AUDIT_LOST));
    else if (this.#backend.midBatch && dropped.at(-1)?.marks.length === 0) {
      this.#backend.withholdBatch(denialResponse(AUDIT_LOST));
    } else if (withheld.at(-1) === 'T' && this.#inFlight.size === 0) this.#abortTransaction();
    // From here on positions are of a healed log.
    this.#toUpstream.gate = 0;
    this.#toClient.gate = 0;
    this.#toUpstream.flush();
    this.#toClient.flush();
  }

  /** Puts a refusal in the place of requests that were never sent: one error a batch, and its Sync. */
  #refuseUnsent(requests: readonly Request[]): void {
    this.#toUpstream.gate = 0;
    let refused = false;
    for (const request of requests) {
      if (request.kind === 'sync') {
        this.#toUpstream.put(SYNC);
        this.#push('sync', { probe: request.probe });
        refused = false;
        continue;
      }
      if (request.kind === 'query' || request.kind === 'function') {
        this.#toUpstream.put(REJECTED_QUERY);
        this.#push(request.kind, { denial: denialResponse(AUDIT_UNAVAILABLE) });
      } else if (!refused && request.kind !== 'copy_end' && request.probe === undefined) {
        this.#toUpstream.put(REJECTED_EXECUTE);
        this.#push('parse', { denial: denialResponse(AUDIT_UNAVAILABLE) });
        refused = true;
      }
    }
    for (const request of requests) if (request.kind !== 'sync') this.#notRun(request);
  }

  /** The client was told that its transaction failed: make it so upstream. */
  #abortTransaction(): void {
    const collector: ProbeCollector = { rows: [], failed: undefined, left: 1 };
    this.#toUpstream.put(REJECTED_QUERY);
    this.#push('query', { probe: collector });
    this.#toUpstream.flush();
  }

  // ── endings ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The client sends nothing more: the server is told so behind all that came before, and ends the connection. */
  #sayGoodbye(): void {
    if (this.#saidGoodbye || this.#waiting !== NOTHING || this.#client.backlogBytes > 0) return;
    this.#saidGoodbye = true;
    this.#toUpstream.put(TERMINATE);
  }

  #upstreamEnded(): void {
    if (this.#clientDone || this.#backend.saidFatal) {
      this.#close(this.#clientDone ? 'client' : 'upstream_gone');
      return;
    }
    this.#ending = { reason: 'upstream_gone', farewell: UPSTREAM_GONE };
    this.#endNow();
  }

  #end(reason: EndReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = { reason, farewell: farewellOf(reason) };
    // A client that is gone leaves its statement running, as with PostgreSQL itself.
    if (this.#inFlight.size > 0 && reason !== 'client') this.#command({ type: 'cancel_upstream' });
    this.#endAtBoundary();
  }

  #endAtBoundary(): void {
    if (this.#ending !== undefined && !this.#closed && !this.#upstream.inStream) this.#endNow();
  }

  #endNow(): void {
    const ending = this.#ending!;
    // In the middle of a message nothing can be said: the client sees the connection end.
    if (ending.farewell !== undefined && !this.#upstream.inStream && this.#toClient.isEmpty) {
      this.#command({ type: 'send_client', bytes: ending.farewell });
    }
    this.#close(ending.reason);
  }

  #close(reason: EndReason): void {
    if (this.#closed) return;
    this.#closed = true;
    for (let request = this.#inFlight.shift(); request !== undefined; request = this.#inFlight.shift()) {
      if (request.n > 0 && request.sqlstate === undefined) {
        // Sent, and its end was not seen.
        request.sqlstate = CONNECTION_LOST;
        this.#recordOutcome(request);
      }
    }
    for (const portal of [...this.#bound]) this.#neverExecuted(portal);
    this.#command({ type: 'close', reason });
  }

  /** A peer broke the protocol, or the gateway itself erred: nothing more passes in either direction. */
  #fail(error: unknown): void {
    const known = error instanceof ProtocolError;
    const bytes = encodeErrorResponse({
      severity: 'FATAL',
      code: known ? '08P01' : 'XX000',
      message: known
        ? error.message
        : `dbgate ended the session of ${displayName(this.#options.principal)}: internal error`,
      ...(known ? {} : { detail: error instanceof Error ? error.message : String(error) }),
    });
    if (!this.#upstream.inStream && this.#toClient.isEmpty) this.#command({ type: 'send_client', bytes });
    this.#close('protocol');
  }
}

interface Intent {
  readonly n: number;
  readonly position: number;
}

interface RequestParts {
  n?: number;
  position?: number;
  pure?: boolean;
  denial?: Buffer | undefined;
  probe?: ProbeCollector | undefined;
  name?: NameEffect | undefined;
  onSuccess?: SuccessEffect | undefined;
}

/** Outcome of a statement that the server discarded, or that was never sent. */
export const NOT_RUN = 'DG001';
/** Outcome of a statement whose end was not seen: the connection was lost. */
export const CONNECTION_LOST = '08006';

const UPSTREAM_GONE = encodeErrorResponse({
  severity: 'FATAL',
  code: '08006',
  message: 'the database closed the connection',
});

function farewellOf(reason: EndReason): Buffer | undefined {
  switch (reason) {
    case 'token_expired':
      return encodeErrorResponse({ severity: 'FATAL', code: '28000', message: 'session expired: run dbgate login' });
    case 'revoked':
      return encodeErrorResponse({ severity: 'FATAL', code: '28000', message: 'access was revoked' });
    case 'shutdown':
      return encodeErrorResponse({ severity: 'FATAL', code: '57P01', message: 'the gateway is shutting down' });
    case 'idle':
      return encodeErrorResponse({ severity: 'FATAL', code: '57P05', message: 'the session was idle for too long' });
    case 'audit':
      return encodeErrorResponse({ severity: 'FATAL', code: '58030', message: 'audit unavailable' });
    case 'upstream_gone':
    case 'protocol':
    case 'client':
      return undefined;
    default: {
      const never: never = reason;
      return never;
    }
  }
}

/** Does the decision, or remembering what is created, depend on what names mean now? */
function needsNames(statement: PreparedStatement): boolean {
  if (statement.decision.effect === 'resolve') return true;
  for (const { targets } of statement.analysis.statements) {
    for (const target of targets) {
      if ((target.action === 'create' || target.action === 'replace') && !target.temporary && isProbeable(target))
        return true;
    }
  }
  return false;
}

const FORGETS_NAMES = new Set(['DEALLOCATE', 'DEALLOCATE ALL', 'DISCARD', 'DISCARD ALL', 'DISCARD PLANS']);

function successOf({ analysis }: PreparedStatement): SuccessEffect | undefined {
  const schemaChanged = analysis.class === 'ddl' || analysis.class === 'unknown' || analysis.class === 'admin';
  let forgetsNames = false;
  for (const { command } of analysis.statements) if (FORGETS_NAMES.has(command)) forgetsNames = true;
  return schemaChanged || forgetsNames ? { schemaChanged, forgetsNames } : undefined;
}

/** A message that outlives its chunk is copied, so that the chunk can be freed. */
function keep({ type, buffer, start, end }: HeldMessage): HeldMessage {
  const copy = Buffer.from(buffer.subarray(start, end));
  return { type, buffer: copy, start: 0, end: copy.length };
}
