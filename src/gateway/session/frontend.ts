/**
 * The client's side of a session. In: its messages, one at a time. Out: for each, in this order: decode, analyse,
 * decide, record the intent, queue the very bytes that were judged. When something has to be known first (the
 * analysis of a new text, what a name stands for now), it takes no further message until an event brings it.
 *
 * It must never queue a statement that was not judged, nor one whose intent was not taken.
 */
import type { StatementPlan } from '../../masking/make-plan.ts';
import {
  decodeBind,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  decodeParse,
  encodeDescribe,
  FLUSH,
  SYNC as SYNC_MESSAGE,
  TERMINATE,
} from '../../pgwire/extended.ts';
import {
  FRONTEND_STREAMED,
  FRONTEND_TYPES,
  HEADER_BYTES,
  MessageReader,
  type MessageSink,
} from '../../pgwire/framing.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import { decodeQuery } from '../../pgwire/query.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Analysis, ObjectTarget } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import { type Intent, NOT_RUN, type SessionCore } from './core.ts';
import {
  AUDIT_UNAVAILABLE,
  CANCELLED,
  FUNCTION_CALL_REFUSED,
  noSuchPortal,
  noSuchStatement,
  REJECTED_EXECUTE,
  REJECTED_QUERY,
  rejectedParse,
  TOO_MANY_PREPARED,
} from './denial.ts';
import type { ProbeCollector, Request, RequestKind } from './in-flight.ts';
import type { SessionMasking } from './masking.ts';
import {
  catalogOf,
  createdBy,
  isProbeable,
  PROBE_REQUESTS,
  type ProbedTarget,
  probeMessages,
  queryMessages,
  readProbe,
} from './ownership-probe.ts';
import {
  masksAnswer,
  NOTHING_TO_PLAN,
  PLANNED_BLIND,
  type Planned,
  Planning,
  WORLD_REFUSED,
  WORLD_UNKNOWN,
} from './planning.ts';
import { NO_BATCH, type Portal, type PreparedStatement, UNSETTLED } from './prepared.ts';
import { namesChanged } from './schema-names.ts';
import { decodeText, INVALID_ENCODING } from './statement-text.ts';
import {
  changesOthers,
  changesSchema,
  executeRefusal,
  judged,
  mayCommit,
  nameEffects,
  namesOf,
  namesToAskFor,
  needsNames,
  refusalOf,
  successOf,
} from './statements.ts';
import { SEARCH_PATH_SQL } from './world.ts';

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
  | { readonly for: 'analysis'; readonly message: HeldMessage; readonly sql: string }
  /** What the names in the held message stand for. */
  | {
      readonly for: 'names';
      readonly message: HeldMessage;
      readonly statement: PreparedStatement;
      readonly probe: Probe;
    }
  /** What names mean in the session at all: its search_path, and its catalog if it changed that. */
  | { readonly for: 'world'; readonly held: Held; readonly probe: WorldProbe }
  /** Where the values of the held message's answer come from. */
  | { readonly for: 'trace'; readonly held: Held }
  /** The server's answers, to know what a name in the held message stands for. */
  | { readonly for: 'settled'; readonly message: HeldMessage }
  /** A cancel to reach the server, as it could hit the held message. */
  | { readonly for: 'cancelled'; readonly message: HeldMessage }
  /** A statement that creates objects must be through before they can be looked up. */
  | { readonly for: 'creation'; readonly request: Request; readonly created: readonly ObjectTarget[] }
  | { readonly for: 'created_names'; readonly probe: Probe };

/** A message with what is known of it. */
interface Held {
  readonly message: HeldMessage;
  readonly statement: PreparedStatement;
  readonly resolved: readonly ProbedTarget[] | undefined;
}

interface WorldProbe {
  readonly collector: ProbeCollector;
  /** Of the catalog that is shared, when it was asked. */
  readonly sharedVersion: number;
}

interface Probe {
  readonly targets: readonly ObjectTarget[];
  readonly collector: ProbeCollector;
}

/** Texts of named statements that a session may keep at once, in UTF-16 units. */
const MAX_PREPARED_BYTES = 64 << 20;

const NOTHING: Waiting = { for: 'nothing' };
const NO_PLANS: readonly StatementPlan[] = [];
/** in_failed_sql_transaction */
const IN_FAILED_TRANSACTION = '25P02';

const ch = (letter: string): number => letter.charCodeAt(0);
const QUERY = ch('Q');
const PARSE = ch('P');
const BIND = ch('B');
const DESCRIBE = ch('D');
const EXECUTE = ch('E');
const SYNC = ch('S');
const FLUSH_TYPE = ch('H');
const CLOSE = ch('C');
const FUNCTION_CALL = ch('F');
const COPY_DATA = ch('d');
const COPY_DONE = ch('c');
const COPY_FAIL = ch('f');
const TERMINATE_TYPE = ch('X');

export class Frontend implements MessageSink {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #reader: MessageReader;
  /** Portals whose intent was taken at Bind and that have not been executed. */
  readonly #bound = new Set<Portal>();
  readonly #planning: Planning;
  #waiting: Waiting = NOTHING;
  /** A CancelRequest came for the message that is held. */
  #cancelled = false;
  #probes = 0;
  #done = false;
  #saidGoodbye = false;
  /** Nothing more is taken: the client said Terminate, or the session ends. */
  #stopped = false;
  /** The beginning of the message that streams was dropped, so the rest of it must be. */
  #skipStream = false;

  constructor(core: SessionCore, backend: Backend) {
    this.#core = core;
    this.#backend = backend;
    this.#planning = new Planning(core.around.masking, core.names);
    this.#reader = new MessageReader(
      {
        side: 'frontend',
        known: FRONTEND_TYPES,
        streamed: FRONTEND_STREAMED,
        maxWholeBytes: core.options.maxMessageBytes,
      },
      this,
    );
  }

  get isWaiting(): boolean {
    return this.#waiting !== NOTHING;
  }

  /** The client sends nothing more. */
  get isDone(): boolean {
    return this.#done;
  }

  /** In the middle of a message whose first bytes have gone on. */
  get inStream(): boolean {
    return this.#reader.inStream;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#reader.push(chunk);
    this.#core.toUpstream.flush();
  }

  piece(_type: number, buffer: Buffer, start: number, end: number, _first: boolean, last: boolean): void {
    if (!this.#skipStream) this.#core.toUpstream.pass(buffer, start, end);
    if (last) this.#skipStream = false;
  }

  /** Were the rest of a message passed on without its header, the server would read its contents as messages. */
  skipRestOfStream(): void {
    this.#skipStream = this.#reader.inStream;
  }

  message(type: number, buffer: Buffer, start: number, end: number): boolean {
    if (this.#stopped) return false;
    if (this.#core.cancelling) {
      this.#wait({ for: 'cancelled', message: keep({ type, buffer, start, end }) });
      return false;
    }
    // The server discards it: nothing of it is to be judged or recorded.
    if (this.#core.batchRefused && type !== SYNC && type !== TERMINATE_TYPE) return true;
    switch (type) {
      case QUERY:
        return this.#query({ type, buffer, start, end }, undefined);
      case PARSE:
        return this.#parse({ type, buffer, start, end }, undefined);
      case BIND:
        return this.#bind({ type, buffer, start, end }, undefined);
      case EXECUTE:
        return this.#execute({ type, buffer, start, end }, undefined);
      case DESCRIBE:
        decodeDescribe(buffer, start + HEADER_BYTES, end);
        return this.#forward('describe', buffer, start, end);
      case CLOSE: {
        const { kind, name } = decodeClose(buffer, start + HEADER_BYTES, end);
        return this.#close(kind, name, buffer, start, end);
      }
      case SYNC:
        // The server ignores Sync while COPY FROM STDIN runs; if that has failed already, it does not.
        if (this.#backend.copyIn) {
          this.#backend.syncInCopy();
          this.#core.batch++;
          return this.#passOn(buffer, start, end);
        }
        if (this.#backend.status !== 'T') this.#planning.masking?.goesOn();
        this.#forward('sync', buffer, start, end);
        this.#core.endBatch();
        return true;
      case FLUSH_TYPE:
      case COPY_DATA:
        return this.#passOn(buffer, start, end);
      case COPY_DONE:
      case COPY_FAIL:
        if (!this.#backend.copyIn && this.#core.inFlight.size > 0) return this.#forward('copy_end', buffer, start, end);
        this.#backend.copyIn = false;
        return this.#passOn(buffer, start, end);
      case FUNCTION_CALL:
        this.#core.refuse('function', REJECTED_QUERY, FUNCTION_CALL_REFUSED, undefined);
        return true;
      case TERMINATE_TYPE:
        this.end();
        this.#stopped = true;
        return false;
      default:
        throw new ProtocolError(`unexpected frontend message '${String.fromCharCode(type)}'`);
    }
  }

  /** The client sends nothing more: the server is told so behind all that came before, and ends the connection. */
  end(): void {
    this.#done = true;
    if (this.#saidGoodbye || this.#stopped || this.isWaiting || this.#reader.backlogBytes > 0) return;
    this.#saidGoodbye = true;
    this.#core.toUpstream.put(TERMINATE);
    this.#core.toUpstream.flush();
  }

  // ── statements ─────────────────────────────────────────────────────────────────────────────────────────────────

  #query(message: HeldMessage, known: PreparedStatement | undefined, resolved?: readonly ProbedTarget[]): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const statement = known ?? this.#statementOf(message, decodeQuery(buffer, start + HEADER_BYTES, end));
    if (statement === undefined) return false;
    const decision =
      resolved === undefined ? statement.decision : core.around.judgeResolved(statement.analysis, resolved);
    if (decision.effect === 'deny') {
      core.refuse('query', REJECTED_QUERY, decision, statement);
      return true;
    }
    const executed = executeRefusal(core.around, core.names, statement, NO_BATCH);
    if (executed === UNSETTLED) return this.#awaitSettled(message);
    if (executed !== undefined) {
      core.refuse('query', REJECTED_QUERY, executed, statement);
      return true;
    }
    const planned = this.#plan({ message, statement, resolved }, NO_BATCH);
    if (planned === undefined) return false;
    if (planned.kind === 'refused') {
      core.refuse('query', REJECTED_QUERY, planned.denied, statement);
      return true;
    }
    if (resolved === undefined && needsNames(statement) && !this.#failsAnyway(statement)) {
      return this.#askForNames(message, statement);
    }
    const usedUp = this.#planning.takeLookups(planned.lookups);
    if (usedUp !== undefined) {
      core.refuse('query', REJECTED_QUERY, usedUp, statement);
      return true;
    }
    const { plans } = planned;
    this.#sending(statement, plans);
    const masks = planned.masks ? 'mask' : 'allow';
    const intent = core.takeIntent('simple', statement, { decision: masks });
    if (intent === undefined) return this.#auditUnavailable('query', REJECTED_QUERY);
    const { n, position } = intent;
    const unnamedGone = core.names.expectUnnamedGone();
    const moment = plans === undefined ? undefined : core.around.masking?.moment(namesOf(statement, plans));
    const effects = nameEffects(core.names, statement, NO_BATCH, plans, moment);
    const names = unnamedGone.length === 0 ? effects : [...unnamedGone, ...effects];
    const parts = {
      n,
      position,
      pure: this.#isPure(statement),
      onSuccess: successOf(statement),
      names,
      plans,
      moment,
      statement,
    };
    return this.#awaitCreation(core.send('query', buffer, start, end, parts), resolved);
  }

  #parse(message: HeldMessage, known: PreparedStatement | undefined): boolean {
    const { buffer, start, end } = message;
    const parse = decodeParse(buffer, start + HEADER_BYTES, end);
    const statement = known ?? this.#statementOf(message, parse);
    if (statement === undefined) return false;
    // What depends on names is decided when it is executed: they may mean something else by then.
    if (statement.decision.effect === 'deny') {
      this.#core.refuse('parse', rejectedParse(parse.name), statement.decision, statement);
      return true;
    }
    const { names, batch } = this.#core;
    if (parse.name !== '' && names.statementBytes > MAX_PREPARED_BYTES) {
      this.#core.refuse('parse', rejectedParse(parse.name), TOO_MANY_PREPARED, statement);
      return true;
    }
    const effect = names.expectStatement(parse.name, statement, batch, 0);
    this.#core.send('parse', buffer, start, end, { names: [effect], statement });
    return true;
  }

  #bind(message: HeldMessage, resolved: readonly ProbedTarget[] | undefined): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const bind = decodeBind(buffer, start + HEADER_BYTES, end);
    const statement = core.names.statement(bind.statement, core.batch);
    const replaced = core.names.portal(bind.portal, core.batch);
    if (statement === UNSETTLED) return this.#awaitSettled(message);
    if (statement === undefined) return this.#refuse('bind', noSuchStatement(bind.statement), undefined);
    // A cursor's FETCH can run a portal without Execute, and its plan is fixed now: what policy asks, it asks here too.
    const refused = this.#refusal(statement, resolved);
    if (refused === UNSETTLED) return this.#awaitSettled(message);
    if (refused !== undefined) return this.#refuse('bind', refused, statement);
    if (resolved === undefined && statement.decision.effect === 'resolve') {
      return this.#askForNames(message, statement);
    }
    const planned = this.#plan({ message, statement, resolved }, core.batch);
    if (planned === undefined) return false;
    if (planned.kind === 'refused') return this.#refuse('bind', planned.denied, statement);
    const usedUp = this.#planning.takeLookups(planned.lookups);
    if (usedUp !== undefined) return this.#refuse('bind', usedUp, statement);
    const { parameterCount: binds } = bind;
    const masks = planned.masks ? 'mask' : 'allow';
    const intent = core.takeIntent('extended', statement, { decision: masks, binds });
    if (intent === undefined) return this.#auditUnavailable('bind', REJECTED_EXECUTE);
    if (replaced !== undefined && replaced !== UNSETTLED) this.neverExecuted(replaced, NOT_RUN);
    const { n, position } = intent;
    const { plans } = planned;
    const moment = plans === undefined ? undefined : core.around.masking?.moment(namesOf(statement, plans));
    const portal: Portal = { statement, n, position, binds, confirmed: false, plans, moment, description: undefined };
    this.#bound.add(portal);
    const names = [core.names.expectPortal(bind.portal, portal, core.batch)];
    const parts = { position, pure: this.#isPure(statement), names, statement, portal, plans, moment };
    core.send('bind', buffer, start, end, parts);
    if (planned.masks) this.#describe(bind.portal, portal);
    return true;
  }

  /** The client may execute it without ever asking what its columns are. */
  #describe(name: string, portal: Portal): void {
    const core = this.#core;
    core.toUpstream.put(encodeDescribe('P', name));
    const collector: ProbeCollector = { rows: [], failed: undefined, left: 1, portal };
    core.push('describe', { probe: collector, position: portal.position });
  }

  #execute(message: HeldMessage, resolved: readonly ProbedTarget[] | undefined): boolean {
    const { buffer, start, end } = message;
    const core = this.#core;
    const { portal: name } = decodeExecute(buffer, start + HEADER_BYTES, end);
    const portal = core.names.portal(name, core.batch);
    if (portal === UNSETTLED) return this.#awaitSettled(message);
    // Not of a cursor that SQL declared either: FETCH is there for it.
    if (portal === undefined) return this.#refuse('execute', noSuchPortal(name), undefined);
    if (name !== '' && this.#planning.masking !== undefined) {
      // SQL may have closed it, and declared a cursor of that name.
      const named = core.names.cursorPlan(name, core.batch);
      if (named === UNSETTLED) return this.#awaitSettled(message);
      if (named !== portal.fetched) return this.#refuse('execute', noSuchPortal(name), undefined);
    }
    const { statement } = portal;
    const refused = this.#refusal(statement, resolved);
    if (refused === UNSETTLED) return this.#awaitSettled(message);
    if (refused !== undefined) {
      this.neverExecuted(portal, NOT_RUN);
      return this.#refuse('execute', refused, statement);
    }
    if (resolved === undefined && needsNames(statement)) return this.#askForNames(message, statement);
    const { plans } = portal;
    this.#sending(statement, plans);
    const intent = this.#intentOf(portal, statement);
    if (intent === undefined) return this.#auditUnavailable('execute', REJECTED_EXECUTE);
    const { n, position } = intent;
    const moment = plans === undefined ? undefined : core.around.masking?.moment(namesOf(statement, plans));
    const names = nameEffects(core.names, statement, core.batch, plans, moment);
    const onSuccess = successOf(statement);
    const parts = { n, position, pure: this.#isPure(statement), onSuccess, names, statement, plans, moment, portal };
    return this.#awaitCreation(core.send('execute', buffer, start, end, parts), resolved);
  }

  #refusal(
    statement: PreparedStatement,
    resolved: readonly ProbedTarget[] | undefined,
  ): DenyDecision | undefined | typeof UNSETTLED {
    const { around, names, batch } = this.#core;
    const denied = refusalOf(around, statement);
    if (denied !== undefined) return denied;
    if (resolved !== undefined) {
      const decision = around.judgeResolved(statement.analysis, resolved);
      if (decision.effect === 'deny') return decision;
    }
    return executeRefusal(around, names, statement, batch);
  }

  #refuse(kind: 'bind' | 'execute', denied: DenyDecision, statement: PreparedStatement | undefined): boolean {
    this.#core.refuse(kind, REJECTED_EXECUTE, denied, statement);
    return true;
  }

  #close(kind: 'S' | 'P', name: string, buffer: Buffer, start: number, end: number): boolean {
    const { names, batch } = this.#core;
    if (kind === 'P') {
      const portal = names.portal(name, batch);
      if (portal !== undefined && portal !== UNSETTLED) this.neverExecuted(portal, NOT_RUN);
    }
    const effect =
      kind === 'S' ? names.expectStatement(name, undefined, batch, 0) : names.expectPortal(name, undefined, batch);
    this.#core.send('close', buffer, start, end, { names: [effect] });
    return true;
  }

  /** The intent taken at Bind for the first Execute, a new one for each further. */
  #intentOf(portal: Portal, statement: PreparedStatement): Intent | undefined {
    if (portal.n === 0) {
      const decision = portal.plans?.some(masksAnswer) === true ? 'mask' : 'allow';
      return this.#core.takeIntent('extended', statement, { decision, binds: portal.binds });
    }
    const { n, position } = portal;
    portal.n = 0;
    this.#bound.delete(portal);
    return { n, position };
  }

  /** The judged statement of a Query or Parse; undefined when its analysis has to be waited for. */
  #statementOf(message: HeldMessage, text: { sqlStart: number; sqlEnd: number }): PreparedStatement | undefined {
    const { options, around } = this.#core;
    const sql = decodeText(message.buffer, text.sqlStart, text.sqlEnd, options.encoding);
    if (sql === undefined) return judged(around, INVALID_ENCODING, '');
    const analysis = around.lookup(sql);
    if (analysis !== undefined) return judged(around, analysis, sql);
    this.#core.command({ type: 'analyse', sql });
    this.#wait({ for: 'analysis', message: keep(message), sql });
    return undefined;
  }

  analysed(analysis: Analysis): void {
    if (this.#waiting.for !== 'analysis') throw new Error('an analysis came that was not asked for');
    const { message, sql } = this.#waiting;
    this.#waiting = NOTHING;
    if (this.#isCancelled(message, undefined)) {
      this.#goOn();
      return;
    }
    const statement = judged(this.#core.around, analysis, sql);
    if (message.type === QUERY ? this.#query(message, statement) : this.#parse(message, statement)) this.#goOn();
  }

  /** Asked anew each time: the schema may have changed since it was parsed, in this session's open transaction too. */
  #isPure({ analysis, fromSql }: PreparedStatement): boolean {
    const core = this.#core;
    if (core.schemaTouched && core.inFlight.size === 0 && this.#backend.status === 'I') core.schemaTouched = false;
    return !core.schemaTouched && !fromSql && core.around.isPureRead(analysis.statements);
  }

  /** In a failed transaction the server refuses it (25P02), whatever its names mean. */
  #failsAnyway(statement: PreparedStatement): boolean {
    const { inFlight } = this.#core;
    return this.#backend.status === 'E' && inFlight.size === 0 && statement.analysis.statements.length === 1;
  }

  #auditUnavailable(kind: RequestKind, substitute: Buffer): boolean {
    this.#core.refuse(kind, substitute, AUDIT_UNAVAILABLE, undefined);
    return true;
  }

  #forward(kind: RequestKind, buffer: Buffer, start: number, end: number): boolean {
    this.#core.send(kind, buffer, start, end, {});
    return true;
  }

  #passOn(buffer: Buffer, start: number, end: number): boolean {
    this.#core.toUpstream.pass(buffer, start, end);
    return true;
  }

  /** An intent was taken at Bind, and no Execute came for it. */
  neverExecuted(portal: Portal, sqlstate: string): void {
    if (!this.#bound.delete(portal)) return;
    this.#core.recordNotRun(portal.n, sqlstate);
    portal.n = 0;
  }

  /** Intents of portals that will never be durable: an Execute takes a new one. */
  intentsFailed(from: number): void {
    for (const portal of this.#bound) if (portal.position >= from) this.neverExecuted(portal, NOT_RUN);
  }

  /** Its portals are gone with it. */
  transactionEnded(): void {
    const isSettled = this.#core.inFlight.size === 0;
    if (isSettled) this.#planning.masking?.schemaSettled();
    this.#planning.world.transactionEnded(isSettled);
    for (const portal of this.#bound) if (portal.confirmed) this.neverExecuted(portal, NOT_RUN);
  }

  /** The session ends: no further message is taken, and what was bound will not be executed. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = NOTHING;
    for (const portal of this.#bound) this.neverExecuted(portal, NOT_RUN);
  }

  // ── waiting ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes no client message until an event resumes them. */
  #wait(waiting: Waiting): void {
    this.#waiting = waiting;
  }

  /** A name in the message may stand for two things until the server has answered what was sent before. */
  #awaitSettled(message: HeldMessage): boolean {
    this.#wait({ for: 'settled', message: keep(message) });
    return false;
  }

  /** Answers came: names may be settled now. */
  retry(): void {
    if (this.#waiting.for !== 'settled') return;
    const { type, buffer, start, end } = this.#waiting.message;
    this.#waiting = NOTHING;
    if (this.message(type, buffer, start, end)) this.#goOn();
  }

  /** The cancel has reached the server. */
  cancelled(): void {
    if (this.#waiting.for !== 'cancelled') return;
    const { type, buffer, start, end } = this.#waiting.message;
    this.#waiting = NOTHING;
    if (this.message(type, buffer, start, end)) this.#goOn();
  }

  #goOn(): void {
    this.#waiting = NOTHING;
    this.#reader.resume();
    this.#core.toUpstream.flush();
    if (this.#done) this.end();
  }

  // ── masking: what the answer is made of ────────────────────────────────────────────────────────────────────────

  /** Undefined: something has to come first, and the message is held until then. */
  #plan(held: Held, batch: number): Extract<Planned, { kind: 'plans' | 'refused' }> | undefined {
    const planning = this.#planning;
    if (planning.masking === undefined) return NOTHING_TO_PLAN;
    const planned = planning.plan(held.statement, batch);
    switch (planned.kind) {
      case 'plans':
      case 'refused':
        return planned;
      case 'unsettled':
        this.#awaitSettled(held.message);
        return undefined;
      case 'trace': {
        this.#wait({ for: 'trace', held: { ...held, message: keep(held.message) } });
        const { analysis, sql } = planned.statement;
        this.#core.command({ type: 'trace', statements: analysis.statements, sql });
        return undefined;
      }
      case 'world':
        return this.#askForWorld(held, planning.masking);
      default:
        return planned satisfies never;
    }
  }

  #askForWorld(held: Held, masking: SessionMasking): Extract<Planned, { kind: 'plans' | 'refused' }> | undefined {
    if (this.#backend.skipping) {
      // Of a batch whose Sync has been sent the end is near; without it the server discards what comes.
      if (!this.#core.pipelineOpen) {
        this.#awaitSettled(held.message);
        return undefined;
      }
      return PLANNED_BLIND;
    }
    if (this.#failsAnyway(held.statement)) return PLANNED_BLIND;
    const { needsOwnCatalog } = this.#planning.world;
    const texts = needsOwnCatalog ? [SEARCH_PATH_SQL, masking.catalogSql] : [SEARCH_PATH_SQL];
    const collector = this.#startQueries(texts);
    const probe = { collector, sharedVersion: masking.sharedVersion };
    this.#wait({ for: 'world', held: { ...held, message: keep(held.message) }, probe });
    return undefined;
  }

  #startQueries(texts: readonly string[]): ProbeCollector {
    const end = this.#core.pipelineOpen ? 'flush' : 'sync';
    const kinds: RequestKind[] = texts.flatMap(() => PROBE_REQUESTS);
    if (end === 'sync') kinds.push('sync');
    const collector: ProbeCollector = { rows: [], failed: undefined, left: kinds.length };
    for (const text of texts) this.#core.toUpstream.put(queryMessages(text, ++this.#probes));
    this.#core.toUpstream.put(end === 'sync' ? SYNC_MESSAGE : FLUSH);
    this.#pushProbe(kinds, collector);
    return collector;
  }

  #worldProbed({ held, probe }: Extract<Waiting, { for: 'world' }>): void {
    const masking = this.#planning.masking!;
    const { failed, rows } = probe.collector;
    this.#waiting = NOTHING;
    if (failed !== undefined) {
      if (this.#isFailedByProbe(probe.collector, held.statement)) this.#goOn();
      else if (this.#resume(held, this.#isDiscarded(failed, held.statement) ? PLANNED_BLIND : WORLD_REFUSED))
        this.#goOn();
      return;
    }
    const texts = rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
    const path = texts.shift()?.[0] ?? '';
    masking.adopt(path === '' ? [] : path.split('\x01'), this.#planning.world.needsOwnCatalog ? texts : undefined);
    this.#planning.world.adopted(probe.sharedVersion);
    if (this.#resume(held, undefined)) this.#goOn();
  }

  /** The question failed with this: will the server refuse or discard the statement too, whatever it is? */
  #isDiscarded(failed: string, { analysis }: PreparedStatement): boolean {
    if (failed === NOT_RUN) return this.#backend.skipping;
    return failed === IN_FAILED_TRANSACTION && analysis.statements.length === 1;
  }

  /** A question in the middle of a batch failed: the server discards the rest of it, so the client has to be told. */
  #isFailedByProbe({ failed }: ProbeCollector, statement: PreparedStatement): boolean {
    if (failed === undefined || failed === NOT_RUN || !this.#backend.skipping) return false;
    const sqlstate = failed === IN_FAILED_TRANSACTION ? failed : WORLD_UNKNOWN.sqlstate;
    this.#cancelled = false;
    this.#backend.failedByProbe(this.#core.refuseHere({ ...WORLD_UNKNOWN, sqlstate }, statement));
    return true;
  }

  /** A statement that has not gone upstream yet is cancelled here; false: there is none. */
  cancelHeld(): boolean {
    const { for: what } = this.#waiting;
    if (what !== 'analysis' && what !== 'world' && what !== 'trace') return false;
    this.#cancelled = true;
    return true;
  }

  #isCancelled({ type, buffer, start, end }: HeldMessage, statement: PreparedStatement | undefined): boolean {
    if (!this.#cancelled) return false;
    this.#cancelled = false;
    if (type === QUERY) this.#core.refuse('query', REJECTED_QUERY, CANCELLED, statement);
    else if (type === PARSE) {
      const { name } = decodeParse(buffer, start + HEADER_BYTES, end);
      this.#core.refuse('parse', rejectedParse(name), CANCELLED, statement);
    } else this.#core.refuse(type === BIND ? 'bind' : 'execute', REJECTED_EXECUTE, CANCELLED, statement);
    return true;
  }

  traced(): void {
    if (this.#waiting.for !== 'trace') throw new Error('a trace came that was not asked for');
    const { held } = this.#waiting;
    this.#waiting = NOTHING;
    if (this.#resume(held, undefined)) this.#goOn();
  }

  /** `planned`: no other plan is to be had. */
  #resume({ message, statement, resolved }: Held, planned: Planned | undefined): boolean {
    if (this.#isCancelled(message, statement)) return true;
    this.#planning.forced = planned;
    const done = this.#withNames(message, statement, resolved);
    this.#planning.forced = undefined;
    return done;
  }

  /** It goes upstream now. Before its intent is taken: one that was taken has an outcome. */
  #sending(statement: PreparedStatement, plans: readonly StatementPlan[] | undefined): void {
    const { masking, world } = this.#planning;
    if (masking === undefined) return;
    if (statement.analysis.statements.some(mayCommit)) masking.goesOn();
    if (changesOthers(statement))
      masking.changesSchema(this.#backend.status === 'I', namesChanged(statement.analysis.statements));
    world.sent(statement.analysis.statements, changesSchema(statement), plans);
    if (statement.analysis.class !== 'read') masking.making(statement.analysis.statements);
    for (const plan of plans ?? NO_PLANS) if (plan.inherits.length > 0) masking.inherit(plan);
  }

  // ── names: what the statement's objects are at this point of the session ───────────────────────────────────────

  #askForNames(message: HeldMessage, statement: PreparedStatement): boolean {
    const targets = namesToAskFor(statement).filter((target) => this.#canProbe(target));
    // Behind an error the server discards everything up to Sync: a probe would never be answered.
    if (targets.length === 0 || this.#backend.skipping) return this.#withNames(message, statement, []);
    const held = keep(message);
    this.#wait({ for: 'names', message: held, statement, probe: this.#startProbe(targets) });
    return false;
  }

  #withNames(
    message: HeldMessage,
    statement: PreparedStatement,
    resolved: readonly ProbedTarget[] | undefined,
  ): boolean {
    if (message.type === QUERY) return this.#query(message, statement, resolved);
    return message.type === BIND ? this.#bind(message, resolved) : this.#execute(message, resolved);
  }

  #canProbe(target: ObjectTarget): boolean {
    if (!isProbeable(target)) return false;
    return this.#core.options.encoding === 'utf8' || !/[^\x00-\x7f]/.test(target.lookup!);
  }

  #startProbe(targets: readonly ObjectTarget[]): Probe {
    const end = this.#core.pipelineOpen ? 'flush' : 'sync';
    const kinds: RequestKind[] = end === 'sync' ? [...PROBE_REQUESTS, 'sync'] : [...PROBE_REQUESTS];
    const collector: ProbeCollector = { rows: [], failed: undefined, left: kinds.length };
    this.#core.toUpstream.put(probeMessages(targets, ++this.#probes, end));
    this.#pushProbe(kinds, collector);
    return { targets, collector };
  }

  #pushProbe(kinds: readonly RequestKind[], collector: ProbeCollector): void {
    const wasOpen = this.#core.pipelineOpen;
    for (const kind of kinds) this.#core.push(kind, { probe: collector });
    this.#core.pipelineOpen = wasOpen;
    this.#core.toUpstream.flush();
  }

  probed(collector: ProbeCollector): void {
    const waiting = this.#waiting;
    if (waiting.for === 'world' && waiting.probe.collector === collector) this.#worldProbed(waiting);
    if (waiting.for !== 'names' && waiting.for !== 'created_names') return;
    const { targets } = waiting.probe;
    if (waiting.probe.collector !== collector) return;
    const resolved =
      collector.failed === undefined
        ? readProbe(targets, collector.rows, (catalog, oid) => this.#core.around.isOwn(catalog, oid))
        : undefined;
    this.#waiting = NOTHING;
    if (waiting.for === 'created_names') {
      if (resolved !== undefined) this.#claim(resolved);
      this.#goOn();
      return;
    }
    if (this.#isFailedByProbe(collector, waiting.statement)) {
      this.#goOn();
      return;
    }
    // A probe that failed proves nothing: nothing counts as one's own.
    if (this.#withNames(waiting.message, waiting.statement, resolved ?? [])) this.#goOn();
  }

  /** After a statement that may create objects: waits until it is through, to see which of them are new. */
  #awaitCreation(request: Request, resolved: readonly ProbedTarget[] | undefined): boolean {
    if (resolved === undefined) return true;
    const created = resolved.flatMap((one) => {
      if (one.oid !== undefined || (one.target.action !== 'create' && one.target.action !== 'replace')) return [];
      return createdBy(one) ?? [];
    });
    if (created.length === 0) return true;
    if (request.kind === 'execute') this.#core.toUpstream.put(FLUSH);
    this.#wait({ for: 'creation', request, created });
    return false;
  }

  succeeded(request: Request): void {
    const waiting = this.#waiting;
    if (waiting.for !== 'creation' || waiting.request !== request) return;
    this.#waiting = { for: 'created_names', probe: this.#startProbe(waiting.created) };
  }

  /** A failed creation leaves nothing to look up. */
  failed(request: Request): void {
    if (this.#waiting.for === 'creation' && this.#waiting.request === request) this.#goOn();
  }

  #claim(resolved: readonly ProbedTarget[]): void {
    const objects = resolved.flatMap(({ target, oid, temporary }) =>
      oid === undefined || temporary ? [] : [{ catalog: catalogOf(target.kind)!, oid, name: target.name }],
    );
    if (objects.length > 0) this.#core.command({ type: 'objects_created', objects });
  }
}

/** A message that outlives its chunk is copied, so that the chunk can be freed. */
function keep({ type, buffer, start, end }: HeldMessage): HeldMessage {
  const copy = Buffer.from(buffer.subarray(start, end));
  return { type, buffer: copy, start: 0, end: copy.length };
}
