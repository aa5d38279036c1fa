/**
 * The upstream's side of a session: follows its messages with the queue of requests in flight, so that each answer is
 * known to belong to one request, and passes them on as they came but for what is the gateway's own: answers to its
 * probes, its refusals in place of the errors they provoke, a pinned setting's report.
 *
 * A message that does not fit the request at the head is a protocol violation of the upstream and ends the session:
 * once the two are out of step nothing said about an answer would be true.
 */
import { decodeErrorFields, movePosition } from '../../pgwire/error-response.ts';
import { HEADER_BYTES, type MessageSink } from '../../pgwire/framing.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import {
  commandTag,
  decodeDataRow,
  decodeParameterStatus,
  decodeReadyForQuery,
  encodeParameterStatus,
  isSelectTag,
  rowsOfTag,
  type TransactionStatus,
} from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { CheckedAnswers } from './checked-answers.ts';
import type { SessionOptions } from './contract.ts';
import { NOT_RUN, type SessionCore } from './core.ts';
import { CutAnswers } from './cut-answers.ts';
import { ImplicitTransaction } from './implicit-transaction.ts';
import type { InFlight, ProbeCollector, Request, RequestKind } from './in-flight.ts';
import type { SessionMasking } from './masking.ts';
import type { PreparedNames, PreparedStatement } from './prepared.ts';
import { ToldAnswers } from './told-answers.ts';
import type { WithheldAnswer } from './withheld-answer.ts';
import { WithheldTrial } from './withheld-trial.ts';

export interface BackendListener {
  /** The request completed without an error. */
  succeeded(request: Request): void;
  /** The request completed, one way or the other: its outcome is known. */
  ended(request: Request): void;
  /** The server discarded the request behind an earlier error; `sqlstate`: what its outcome is. */
  notRun(request: Request, sqlstate: string): void;
  probed(collector: ProbeCollector): void;
  transactionEnded(): void;
  /** The batch of a statement that is tried is answered, and withheld. */
  tried(): void;
  /** The client was told that its transaction failed: so it must upstream, before anything else comes there. */
  failTransaction(denial: DenyDecision): void;
}

const ch = (letter: string): number => letter.charCodeAt(0);
const DATA_ROW = ch('D'),
  COPY_DATA = ch('d'),
  COMMAND_COMPLETE = ch('C'),
  EMPTY_QUERY = ch('I'),
  SUSPENDED = ch('s');
const ERROR = ch('E'),
  NOTICE = ch('N'),
  READY = ch('Z'),
  PARSE_COMPLETE = ch('1'),
  BIND_COMPLETE = ch('2');
const CLOSE_COMPLETE = ch('3'),
  PARAMETER_DESCRIPTION = ch('t'),
  ROW_DESCRIPTION = ch('T'),
  NO_DATA = ch('n');
const COPY_IN = ch('G'),
  COPY_OUT = ch('H'),
  COPY_DONE = ch('c'),
  NOTIFICATION = ch('A');
const PARAMETER_STATUS = ch('S'),
  FUNCTION_RESULT = ch('V');

export class Backend implements MessageSink {
  /** COPY FROM STDIN runs, and its end has not been sent yet. */
  copyIn = false;
  /** The upstream has said FATAL: its going is no surprise. */
  saidFatal = false;
  status: TransactionStatus = 'I';
  /** Set before bytes are read: nothing but rows for the client has come since. */
  onlyRows = false;
  readonly #options: SessionOptions;
  readonly #inFlight: InFlight;
  readonly #names: PreparedNames;
  readonly #listener: BackendListener;
  readonly #core: SessionCore;
  readonly #transaction: ImplicitTransaction;
  readonly #trial: WithheldTrial;
  readonly #told: ToldAnswers;
  readonly #cuts: CutAnswers;
  /** An error came: the server discards requests until Sync, also those that are not sent yet. */
  #skipping = false;
  /** What the error was about, if it was about a statement. */
  #failure: { readonly code: string; readonly statement: PreparedStatement | undefined } | undefined;
  /** Undefined: this principal sees everything. */
  readonly #answers: CheckedAnswers | undefined;
  /** The message that comes in pieces is behind a limit. */
  #dropPieces = false;
  /** Syncs sent while COPY FROM STDIN ran: ignored, or not if the COPY had failed before the server came to them. */
  #copySyncs = 0;

  constructor(core: SessionCore, listener: BackendListener) {
    const { options, inFlight, names } = core;
    this.#core = core;
    this.#transaction = new ImplicitTransaction((request) => this.#trial.ended(request));
    this.#options = options;
    this.#inFlight = inFlight;
    this.#names = names;
    this.#listener = listener;
    const { masking } = core.around;
    this.#trial = new WithheldTrial(listener);
    this.#told = new ToldAnswers(core, this.#trial, listener);
    this.#cuts = new CutAnswers(core, this.#told, listener, () => this.flushAnswer());
    this.#answers = masking === undefined ? undefined : new CheckedAnswers(core, masking, this.#told, this.#cuts);
  }

  /** Behind an error the server discards everything up to a Sync. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** What is sent now is discarded: that Sync has not been sent yet. */
  get discards(): boolean {
    return this.#skipping && this.#inFlight.batchIsOpen;
  }

  /** From now on nothing is told, until `release`. */
  withhold(answer: WithheldAnswer): void {
    this.#trial.open(answer);
  }

  /** What was withheld is told, or an error in its place; ReadyForQuery behind it. */
  release(answer: WithheldAnswer, failed: { readonly sqlstate: string; readonly error: Buffer } | undefined): void {
    this.#told.forget();
    this.#trial.settle(answer, failed);
    this.#told.release(failed?.error ?? answer.bytes, this.status);
  }

  /** A text whose statements were sent one by one is over. */
  endText(ready: Buffer): void {
    this.#told.endBatch(this.status, ready, 0, ready.length);
  }

  /** The connection is lost: what was executed and not committed yet has its outcome. */
  connectionLost(sqlstate: string): void {
    this.#trial.lost(sqlstate);
    this.#transaction.lost(sqlstate);
  }

  get midBatch(): boolean {
    return this.#told.midBatch;
  }

  /** Nothing more of the batch under way is for the client; it ends in `error`. */
  withholdBatch(error: Buffer): void {
    this.#told.withheld = error;
  }

  /** The client was told that its transaction failed: until the upstream's has, T means E. */
  tellFailed(): void {
    this.#told.toldFailed = true;
  }

  /** A question of the gateway's own failed the client's batch: the server discards what is behind it. */
  failedByProbe(error: Buffer): void {
    this.#told.pass(error, 0, error.length);
  }

  /** A Sync was sent while COPY FROM STDIN ran. */
  syncInCopy(): void {
    this.#copySyncs++;
  }

  /** Rows that are rewritten, and those of a probe, must come as a whole. */
  get wantsWhole(): boolean {
    const { head } = this.#inFlight;
    return head?.probe !== undefined || this.#answers?.wantsWholeRows(head) === true;
  }

  message(type: number, buffer: Buffer, start: number, end: number): boolean {
    const head = this.#inFlight.head;
    if (type !== DATA_ROW && type !== COPY_DATA) {
      this.onlyRows = false;
      // Rows that were rewritten go before what comes behind them.
      if (this.#answers !== undefined) this.flushAnswer();
    }
    this.#told.gate(head);
    switch (type) {
      case DATA_ROW:
      case COPY_DATA: {
        const answered = this.#expect(type, head, 'query', 'execute');
        if (this.#options.egress.limited && this.#cuts.isCut(answered, 1, end - start - HEADER_BYTES)) return true;
        answered.rows++;
        if (this.#trial.isOpen) {
          this.onlyRows = false;
          this.#trial.row(answered.rows);
        }
        answered.bytes += end - start - HEADER_BYTES;
        if (answered.probe !== undefined) {
          this.onlyRows = false;
          answered.probe.rows.push(decodeDataRow(buffer, start + HEADER_BYTES, end));
          return true;
        }
        if (this.#answers?.isRewritten(answered, buffer, start, end) === true) return true;
        break;
      }
      case READY:
        this.#ready(buffer, start, end);
        return true;
      case COMMAND_COMPLETE:
        this.#commandComplete(this.#expect(type, head, 'query', 'execute'), buffer, start, end);
        return true;
      case EMPTY_QUERY:
      case SUSPENDED:
        this.#executed(type, this.#expect(type, head, 'query', 'execute'), buffer, start, end);
        return true;
      case PARSE_COMPLETE:
        return this.#complete(this.#expect(type, head, 'parse'), buffer, start, end);
      case BIND_COMPLETE:
        return this.#complete(this.#expect(type, head, 'bind'), buffer, start, end);
      case CLOSE_COMPLETE:
        return this.#complete(this.#expect(type, head, 'close'), buffer, start, end);
      case NO_DATA:
        return this.#complete(this.#expect(type, head, 'describe'), buffer, start, end);
      case ROW_DESCRIPTION:
        if (this.#expect(type, head, 'describe', 'query').kind === 'describe') {
          if (head!.describes !== undefined) this.#answers?.describedFor(head!.describes, buffer, start, end);
          if (this.#answers?.isDrifted(head!, buffer, start, end) === true) return false;
          return this.#complete(head!, buffer, start, end);
        }
        if (this.#answers?.isDrifted(head!, buffer, start, end) === true) return false;
        break;
      case PARAMETER_DESCRIPTION:
        this.#expect(type, head, 'describe');
        break;
      case ERROR:
        this.#error(buffer, start, end);
        return true;
      case NOTICE:
        if (head?.probe !== undefined) return true;
        if (
          head?.step?.hides !== undefined &&
          head.step.hides === decodeErrorFields(buffer, start + HEADER_BYTES, end).code
        )
          return true;
        if (this.#options.egress.limited && this.#cuts.isCut(head, 0, end - start)) return true;
        if (this.#answers !== undefined) {
          const told = this.#answers.message(head, buffer, start, end) ?? buffer.subarray(start, end);
          this.#told.pass(told, 0, told.length);
          return true;
        }
        break;
      case NOTIFICATION:
        if (this.#options.egress.limited && this.#cuts.isCut(head, 0, end - start)) return true;
        this.#passTexts(buffer, start, end);
        return true;
      case PARAMETER_STATUS:
        this.#parameterStatus(buffer, start, end);
        return true;
      case COPY_IN:
        this.#copyIn(this.#expect(type, head, 'query', 'execute'));
        break;
      case COPY_OUT: {
        const answered = this.#expect(type, head, 'query', 'execute');
        if (this.#answers?.isUnconfirmedCopy(answered, buffer, start, end) === true) return false;
        this.#answers?.copyOut(answered, buffer, start, end);
        break;
      }
      case COPY_DONE: {
        const answered = this.#expect(type, head, 'query', 'execute');
        this.#answers?.copyDone(answered);
        this.flushAnswer();
        break;
      }
      case FUNCTION_RESULT:
        this.#expect(type, head, 'function');
        break;
      // CopyBothResponse too: replication is refused at start-up.
      default:
        throw this.#unexpected(type, head);
    }
    this.#told.pass(buffer, start, end);
    return true;
  }

  piece(type: number, buffer: Buffer, start: number, end: number, first: boolean): void {
    const head = this.#expect(type, this.#inFlight.head, 'query', 'execute');
    if (head.probe !== undefined) throw this.#unexpected(type, head);
    if (first) {
      this.#told.gate(head);
      // All of it, as an error cannot be told in the middle of it.
      const bytes = buffer.readInt32BE(start + 1) - 4;
      this.#dropPieces = this.#options.egress.limited && this.#cuts.isCut(head, 1, bytes);
      if (!this.#dropPieces) head.rows++;
      head.bytes -= this.#dropPieces ? 0 : HEADER_BYTES;
    }
    if (this.#dropPieces) return;
    if (this.#trial.isOpen) this.onlyRows = false;
    head.bytes += end - start;
    this.#told.pass(buffer, start, end);
  }

  /** Sends what was rewritten: before anything else is passed, and when a chunk has been read. */
  flushAnswer(): void {
    this.#answers?.flush();
  }

  /** The answer at hand waits for a `retraced` event. */
  get isHeld(): boolean {
    return this.#answers?.isHeld === true;
  }

  /** The answer at hand waited for a `definitions_confirmed` event. */
  confirmed(drift: 'same' | 'changed' | 'unknown'): void {
    this.#release(this.#answers!.confirmed(drift));
  }

  #release({ head, message }: { readonly head: Request; readonly message: Buffer }): void {
    if (head.kind === 'describe') this.#complete(head, message, 0, message.length);
    else this.#told.pass(message, 0, message.length);
  }

  /** `masking`: in the catalog as it is now. */
  retraced(masking: SessionMasking): void {
    const begun = this.#answers!.retraced(masking);
    if (begun !== undefined) this.#release(begun);
  }

  /** The head, if it is of this kind, or the other, and may have such an answer at all. */
  #expect(type: number, head: Request | undefined, kind: RequestKind, other = kind): Request {
    // What was refused must fail upstream: any other answer means that it ran.
    if (head === undefined || (head.kind !== kind && head.kind !== other) || head.denial !== undefined)
      throw this.#unexpected(type, head);
    return head;
  }

  #unexpected(type: number, head: Request | undefined): ProtocolError {
    const what =
      head === undefined ? 'no request' : head.denial === undefined ? `a ${head.kind}` : `a refused ${head.kind}`;
    return new ProtocolError(`backend message '${String.fromCharCode(type)}' does not answer ${what}`);
  }

  #complete(head: Request, buffer: Buffer, start: number, end: number): boolean {
    this.#inFlight.shift();
    this.#names.settle(head, false);
    if (head.probe === undefined) this.#told.pass(buffer, start, end);
    else this.#probeAnswered(head.probe);
    this.#passCopyEnds();
    return true;
  }

  #commandComplete(head: Request, buffer: Buffer, start: number, end: number): void {
    const isMet = head.met !== undefined;
    const isTried = this.#trial.isOf(head);
    // Rows that were seen count; else what the tag says (INSERT, UPDATE, COPY FROM).
    if (head.rows === 0 || isMet || isTried || !isSelectTag(buffer, start + HEADER_BYTES, end)) {
      const tag = commandTag(buffer, start + HEADER_BYTES, end);
      const rows = rowsOfTag(tag);
      if (head.rows === 0) head.rows = rows;
      if (isMet) (head.tags ??= [])[head.completed] = { word: tag.split(' ', 1)[0]!, rows };
      if (isTried) this.#trial.count(rows);
    }
    this.#executed(COMMAND_COMPLETE, head, buffer, start, end);
  }

  #executed(type: number, head: Request, buffer: Buffer, start: number, end: number): void {
    this.copyIn = false;
    this.#copySyncs = 0;
    this.#answers?.completed(head);
    if (type !== SUSPENDED) head.completed++;
    this.#trial.executed(head, type !== SUSPENDED);
    const approval = head.portal?.approval;
    if (approval !== undefined) approval.state = type === SUSPENDED ? 'suspended' : 'over';
    if (head.probe === undefined && (head.step === undefined || head.step.tells === 'all'))
      this.#told.pass(buffer, start, end);
    if (head.cut !== undefined) this.#cuts.completed(head, head.cut);
    // A simple Query may hold more statements; ReadyForQuery ends it.
    if (head.kind === 'query') return;
    this.#inFlight.shift();
    this.#names.settle(head, false);
    if (head.probe !== undefined) this.#probeAnswered(head.probe);
    else {
      if (type !== SUSPENDED && head.cut === undefined) this.#trial.succeeded(head);
      head.endedMs = this.#core.nowMs;
      this.#transaction.executed(head);
    }
    this.#passCopyEnds();
  }

  #error(buffer: Buffer, start: number, end: number): void {
    const { severity, code } = decodeErrorFields(buffer, start + HEADER_BYTES, end);
    if (severity === 'FATAL' || severity === 'PANIC') this.saidFatal = true;
    this.copyIn = false;
    const head = this.#inFlight.head;
    const step = head?.step;
    if (step !== undefined) step.isFailed = true;
    if (this.#answers !== undefined && head?.denial === undefined) {
      if (head !== undefined) this.#answers.completed(head);
      const told = this.#answers.message(head, buffer, start, end);
      if (told !== undefined) [buffer, start, end] = [told, 0, told.length];
    }
    if (step !== undefined && head?.denial === undefined) {
      const told = movePosition(buffer.subarray(start, end), step.before);
      [buffer, start, end] = [told, 0, told.length];
    }
    if (step?.tells !== 'nothing' || this.saidFatal) this.#tellError(head, code, buffer, start, end);
    if (head === undefined || this.saidFatal) return;
    this.#told.cutCompleted = undefined;
    if (head.fate === 'cut') head.fate = undefined;
    // The outcome of what was refused is what the client was told.
    head.sqlstate ??=
      head.denial === undefined ? code : decodeErrorFields(head.denial, HEADER_BYTES, head.denial.length).code;
    this.#transaction.failed(head, head.sqlstate);
    if (head.kind === 'query' || head.kind === 'function') return;
    if (head.kind === 'sync') return;
    this.#inFlight.shift();
    this.#names.settle(head, true);
    this.#skipping = true;
    this.#failure = { code, statement: head.statement };
    if (head.probe !== undefined) this.#probeAnswered(head.probe);
    else this.#trial.ended(head);
    this.#discardUntilSync();
  }

  #discardUntilSync(): void {
    for (const request of this.#inFlight.discardUntilSync()) {
      // What failed at Parse or Bind is what was to be executed.
      const { statement } = request;
      const failed = statement !== undefined && statement === this.#failure?.statement;
      this.#listener.notRun(request, failed ? this.#failure!.code : NOT_RUN);
    }
  }

  #tellError(head: Request | undefined, code: string, buffer: Buffer, start: number, end: number): void {
    if (head?.probe !== undefined) {
      head.probe.failed ??= code;
      head.probe.error ??= Buffer.from(buffer.subarray(start, end));
      // The client's Execute behind it will not run: a cancel can hit the gateway's Describe.
      if (head.probe.portal !== undefined) this.#told.pass(buffer, start, end);
    } else if (head?.denial !== undefined && !this.saidFatal) {
      this.#told.pass(head.denial, 0, head.denial.length);
    } else if (head?.cut !== undefined && head.kind === 'execute' && !this.saidFatal)
      this.#told.tellCut(this.#told.withheld!);
    else if (!this.saidFatal && this.#options.egress.limited) this.#cuts.passError(head, buffer, start, end);
    else this.#told.pass(buffer, start, end);
  }

  #ready(buffer: Buffer, start: number, end: number): void {
    if (this.#skipping) {
      this.#skipping = false;
      this.#discardUntilSync();
      this.#failure = undefined;
    }
    this.#passCopyEnds();
    const status = decodeReadyForQuery(buffer, start + HEADER_BYTES, end);
    const head = this.#inFlight.shift();
    if (head === undefined && this.#copySyncs > 0) {
      // The COPY failed before the server came to a Sync sent while it ran.
      this.#copySyncs--;
      this.#told.endBatch(status, buffer, start, end);
      return;
    }
    if (head === undefined || (head.kind !== 'query' && head.kind !== 'sync' && head.kind !== 'function')) {
      throw this.#unexpected(READY, head);
    }
    if (head.denial !== undefined && head.sqlstate === undefined) throw this.#unexpected(READY, head);
    this.status = status;
    if (status === 'I')
      this.#core.idleSinceMs = this.#inFlight.size === 0 ? this.#core.nowMs : Number.NEGATIVE_INFINITY;
    this.copyIn = false;
    this.#transaction.ready(status);
    const isTried = this.#trial.isOpen && head.probe === undefined;
    if (head.probe === undefined && !isTried) this.#told.endBatch(status, buffer, start, end);
    if (head.kind === 'sync') {
      if (head.probe !== undefined) this.#probeAnswered(head.probe);
    } else {
      this.#names.settle(head, head.sqlstate !== undefined);
      if (head.probe === undefined) {
        if (head.sqlstate === undefined) this.#trial.succeeded(head);
        this.#trial.ended(head);
      } else {
        // Only the statement that makes the upstream's transaction fail is a Query of the gateway's own.
        this.#told.toldFailed = false;
        this.#probeAnswered(head.probe);
      }
    }
    if (status === 'I') {
      this.#names.forgetPortals();
      this.#listener.transactionEnded();
    }
    if (isTried) this.#listener.tried();
    this.#passCopyEnds();
  }

  #probeAnswered(collector: ProbeCollector): void {
    collector.left--;
    if (collector.left === 0) this.#listener.probed(collector);
  }

  #copyIn(head: Request): void {
    // Syncs that were sent behind the COPY are ignored by the server, up to CopyDone or CopyFail.
    this.copyIn = !this.#inFlight.hasCopyEnd;
    this.#copySyncs += this.#inFlight.dropSyncsBehindHead().length;
    if (head.probe !== undefined) throw this.#unexpected(COPY_IN, head);
  }

  /** CopyDone and CopyFail are not answered: they go when what is before them has gone. */
  #passCopyEnds(): void {
    while (this.#inFlight.head?.kind === 'copy_end') this.#inFlight.shift();
  }

  #parameterStatus(buffer: Buffer, start: number, end: number): void {
    const { name, value } = decodeParameterStatus(buffer, start + HEADER_BYTES, end);
    const pinned = this.#options.pinnedParameters.get(name);
    if (pinned !== undefined && pinned !== value) {
      throw new ProtocolError(`the server changed ${name}, which is pinned for the life of a session`);
    }
    if (name === 'application_name') {
      const bytes = encodeParameterStatus(name, this.#options.clientApplicationName(value));
      this.#passTexts(bytes, 0, bytes.length);
      return;
    }
    this.#passTexts(buffer, start, end);
  }

  #passTexts(buffer: Buffer, start: number, end: number): void {
    const told = this.#answers?.texts(buffer, start, end);
    if (told === undefined) this.#told.pass(buffer, start, end);
    else this.#told.pass(told, 0, told.length);
  }
}
