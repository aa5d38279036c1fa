/**
 * The answers of one session as its principal may see them: follows which plan the rows at hand belong to, and rewrites
 * them. What does not fit its plan is never passed: `AnswerMismatch` ends the statement.
 */

import { mayHoldSensitive } from '../../classify/scan-text.ts';
import { DbgateError } from '../../errors.ts';
import { ByteOutput } from '../../masking/byte-output.ts';
import { CopyRewriter } from '../../masking/copy-rewriter.ts';
import { scrubMessage } from '../../masking/error-scrubber.ts';
import type { MaskContext } from '../../masking/maskers/context.ts';
import type { ResultPlan } from '../../masking/plan.ts';
import { ResultRewriter } from '../../masking/result-rewriter.ts';
import { scanExcept } from '../../masking/scan-except.ts';
import { OPAQUE_PLAN, type StatementPlan } from '../../masking/statement-plan.ts';
import { decodeErrorFields } from '../../pgwire/error-response.ts';
import { HEADER_BYTES } from '../../pgwire/framing.ts';
import { decodeCopyResponse, decodeRowDescription, type FieldDescription } from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Request } from './in-flight.ts';
import type { SessionMasking } from './masking.ts';
import { masksAnswer } from './planning.ts';
import type { Portal } from './prepared.ts';

const NOTIFICATION = 'A'.charCodeAt(0);
const PID_BYTES = 4;

/** The server's answer is not what was planned for: the schema is another, or the plan was wrong. */
export class AnswerMismatch extends Error {}

export const GOES_ON = 'the schema goes on changing';

type Rewriter =
  | { readonly kind: 'rows'; readonly rows: ResultRewriter }
  | { readonly kind: 'copy'; readonly copy: CopyRewriter };

export class MaskedAnswers {
  readonly #masking: SessionMasking;
  readonly #context: MaskContext;
  readonly #out = new ByteOutput();
  /** Whose rows `#rewriter` rewrites, and of which of its statements; undefined rewriter: they go as they came. */
  #request: Request | undefined;
  #statement = -1;
  #rewriter: Rewriter | undefined;

  constructor(masking: SessionMasking) {
    this.#masking = masking;
    this.#context = masking.context;
  }

  /** Must rows of the answer to `head` come whole? Also the first, before which nothing may have told of them. */
  wantsWholeRows(head: Request | undefined): boolean {
    if (this.#rewriter !== undefined) return true;
    const plan = head === undefined ? undefined : planOf(head);
    if (head?.portal?.hasDrifted === true) return true;
    return plan !== undefined && (masksAnswer(plan) || this.#hasMoved(head!, plan));
  }

  /** The server looked up names behind the plan. Throws `AnswerMismatch`. */
  expectStill({ moment }: Request): void {
    if (moment !== undefined && this.#masking.hasMoved(moment)) throw new AnswerMismatch(GOES_ON);
  }

  /** The statement was traced again. Throws `AnswerMismatch` when that cannot tell what the server found. */
  lookAgain(head: Request): void {
    const { moment } = head;
    if (moment === undefined || !this.#masking.hasMoved(moment)) return;
    if (!this.#masking.isTellable(moment)) throw new AnswerMismatch(GOES_ON);
    head.moment = this.#masking.moment(moment.names);
  }

  /** May what it calls be another by now? */
  #hasMoved({ moment }: Request, { looksUpLater }: StatementPlan): boolean {
    return moment !== undefined && looksUpLater === true && this.#masking.hasMoved(moment);
  }

  /** RowDescription of a portal, as the gateway asked for it. Throws `AnswerMismatch`. */
  describedPortal(portal: Portal, buffer: Buffer, start: number, end: number): void {
    portal.description = Buffer.from(buffer.subarray(start, end));
    this.#verify(portal.plans?.[0]?.result, decodeRowDescription(buffer, start + HEADER_BYTES, end));
  }

  /** RowDescription in the answer to a Query. Throws `AnswerMismatch`. */
  described(head: Request, buffer: Buffer, start: number, end: number): void {
    this.#begin(head, decodeRowDescription(buffer, start + HEADER_BYTES, end));
  }

  /** CopyOutResponse. `isConfirmed`: the server has said since that all is the same. Throws `AnswerMismatch`. */
  copyOut(head: Request, buffer: Buffer, start: number, end: number, isConfirmed: boolean): void {
    this.#end();
    this.#request = head;
    this.#statement = head.completed;
    const plan = planOf(head);
    if (!isConfirmed || plan === undefined || plan.looksUpLater === true) this.expectStill(head);
    // Without a plan nothing of a table can be in it.
    if (plan === undefined || plan.result?.passes === true) return;
    const { columns, format } = decodeCopyResponse(buffer, start + HEADER_BYTES, end);
    const { copyOut } = plan;
    if (copyOut === undefined || (copyOut.format === 'binary') !== (format === 1)) {
      throw new AnswerMismatch('COPY in a format that was not understood');
    }
    const result = plan.result ?? redactAll(columns);
    if (result.columns.length !== columns) throw new AnswerMismatch(`COPY of ${columns} columns`);
    this.#rewriter = { kind: 'copy', copy: new CopyRewriter(result, copyOut, this.#masking.types, this.#context) };
  }

  /**
   * DataRow or CopyData as a whole. True: it was taken, and `take` has what is to be sent in its place; false: it goes as
   * it came. Throws when it does not fit its plan.
   */
  row(head: Request, buffer: Buffer, start: number, end: number): boolean {
    if (this.#request !== head || this.#statement !== head.completed) this.#beginUndescribed(head);
    const plan = planOf(head);
    if (plan !== undefined && this.#hasMoved(head, plan)) throw new AnswerMismatch(GOES_ON);
    const rewriter = this.#rewriter;
    if (rewriter === undefined) return false;
    if (rewriter.kind === 'rows') rewriter.rows.row(buffer, start, end, this.#out);
    else rewriter.copy.data(buffer, start, end, this.#out);
    return true;
  }

  /** Before CopyDone: what was waiting for the rest of a row. */
  copyDone(head: Request): void {
    if (this.#request === head && this.#rewriter?.kind === 'copy') this.#rewriter.copy.end(this.#out);
  }

  /** A statement of the request is through, or has failed. */
  completed(head: Request): void {
    if (this.#request === head) this.#end();
  }

  /** What is to be sent, if there is anything. */
  take(): Buffer | undefined {
    return this.#out.length === 0 ? undefined : this.#out.take();
  }

  /** ErrorResponse or NoticeResponse as it may be told; `head`: what it belongs to. */
  message(head: Request | undefined, buffer: Buffer, start: number, end: number): Buffer | undefined {
    const plan = head === undefined ? undefined : planOf(head);
    const foreseen = plan?.messages ?? (mayShowRows(head) && isAboutRows(buffer, start, end) ? 'generic' : 'scan');
    // A routine that the text does not show (of a check, a domain, a default) may say what it read.
    const isHidden = plan?.runsCode !== true && comesFromRoutine(buffer, start, end);
    const mode = isHidden ? 'generic' : foreseen;
    // A name that tells nothing by itself: drivers look for constraints by it.
    const isIdentifier = (_kind: string, name: string): boolean => this.#context.scan(name) === name;
    // RAISE chooses names too.
    return scrubMessage(buffer, start, end, mode, this.#context.scan, isHidden ? undefined : isIdentifier);
  }

  /**
   * NotificationResponse and ParameterStatus: texts of anybody's, of which nobody knows what they are made of. Without what
   * can be told from a value alone; undefined: it may go as it came.
   */
  texts(buffer: Buffer, start: number, end: number): Buffer | undefined {
    const at = start + HEADER_BYTES + (buffer[start] === NOTIFICATION ? PID_BYTES : 0);
    if (!mayHoldSensitive(buffer, at, end)) return undefined;
    const texts = buffer.toString('utf8', at, end).split('\0').slice(0, -1);
    const scanned = texts.map((text) => this.#context.scan(text));
    if (scanned.every((text, i) => text === texts[i])) return undefined;
    const body = Buffer.from(scanned.map((text) => `${text}\0`).join(''));
    const message = Buffer.concat([buffer.subarray(start, at), body]);
    message.writeInt32BE(message.length - 1, 1);
    return message;
  }

  /** Execute of a portal that the gateway described itself, or of one that passes. */
  #beginUndescribed(head: Request): void {
    const plan = planOf(head);
    if (head.portal?.hasDrifted === true) throw new AnswerMismatch(GOES_ON);
    const { moment, isFixed } = head.portal ?? {};
    const mayBeAnother = isFixed !== true || plan === undefined || plan.looksUpLater === true;
    if (moment !== undefined && mayBeAnother && this.#masking.hasMoved(moment)) throw new AnswerMismatch(GOES_ON);
    if (plan === undefined || plan.result?.passes === true) {
      this.#end();
      this.#request = head;
      this.#statement = head.completed;
      return;
    }
    const description = head.portal?.description;
    if (description === undefined) throw new AnswerMismatch('rows of a portal whose columns are not known');
    this.#begin(head, decodeRowDescription(description, HEADER_BYTES, description.length));
  }

  #begin(head: Request, fields: readonly FieldDescription[]): void {
    this.#end();
    this.#request = head;
    this.#statement = head.completed;
    const plan = planOf(head);
    const result = plan === undefined ? undefined : (plan.result ?? redactAll(fields.length));
    this.#verify(result, fields);
    if (result === undefined || result.passes) return;
    const own = plan?.explains === true ? (head.statement ?? head.portal?.statement)?.sql : undefined;
    const context = own === undefined ? this.#context : { ...this.#context, scan: scanExcept(this.#context.scan, own) };
    const rows = new ResultRewriter(result, fields, { ...context, types: this.#masking.types });
    this.#rewriter = { kind: 'rows', rows };
  }

  /** What the server says of where columns come from can only show that a plan is wrong. */
  #verify(result: ResultPlan | undefined, fields: readonly FieldDescription[]): void {
    if (result !== undefined && result.columns.length !== fields.length) {
      throw new AnswerMismatch(
        `an answer of ${fields.length} columns came where ${result.columns.length} were planned`,
      );
    }
    for (let i = 0; i < fields.length; i++) {
      const { tableOid, attnum, name } = fields[i]!;
      if (tableOid === 0) continue;
      const origin = result?.origins?.[i];
      if (origin !== undefined && (origin.relation !== tableOid || origin.attnum !== attnum)) {
        throw new AnswerMismatch(`the column ${JSON.stringify(name)} is another than was planned for`);
      }
      if (attnum <= 0 || (result !== undefined && result.columns[i]!.do !== 'pass')) continue;
      if (this.#masking.isMasked(tableOid, attnum)) {
        throw new AnswerMismatch(`the column ${JSON.stringify(name)} is masked and was not planned for`);
      }
    }
  }

  #end(): void {
    const rewriter = this.#rewriter;
    if (rewriter !== undefined && this.#request !== undefined) {
      const { cellsMasked, counts } = rewriter.kind === 'rows' ? rewriter.rows : rewriter.copy;
      this.#request.masked += cellsMasked;
      if (cellsMasked > 0) counts.addTo((this.#request.maskedBy ??= {}));
    }
    this.#request = undefined;
    this.#rewriter = undefined;
  }
}

/** `W` in an ErrorResponse: where it happened. */
const CONTEXT = 0x57;

/** The plan of the statement whose answer comes now; of an Execute there is one. Undefined: nothing can be masked in it. */
function planOf({ plans, kind, completed, portal }: Request): StatementPlan | undefined {
  if (kind === 'query') return plans === undefined ? undefined : (plans[completed] ?? OPAQUE_PLAN);
  const ofPortal = portal?.plans ?? plans;
  return ofPortal === undefined ? undefined : (ofPortal[0] ?? OPAQUE_PLAN);
}

/** Without a plan: COMMIT and Sync check deferred constraints, and DDL goes through the rows of its tables. */
function mayShowRows(head: Request | undefined): boolean {
  return head === undefined || head.kind === 'sync' || head.pure !== true || head.onSuccess !== undefined;
}

/** Data exceptions, integrity constraint violations, RAISE: of others than these no row is ever told by DDL or COMMIT. */
function isAboutRows(buffer: Buffer, start: number, end: number): boolean {
  return /^(?:22|23|44|P0)/.test(decodeErrorFields(buffer, start + HEADER_BYTES, end).code);
}

/** The context of an ErrorResponse or NoticeResponse names a function. */
function comesFromRoutine(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start + HEADER_BYTES; at < end && buffer[at] !== 0; ) {
    const isContext = buffer[at] === CONTEXT;
    const stop = buffer.indexOf(0, at + 1);
    if (stop < 0 || stop >= end) return true;
    if (isContext && /\bfunction\b/i.test(buffer.toString('latin1', at + 1, stop))) return true;
    at = stop + 1;
  }
  return false;
}

const MISMATCH: DenyDecision = {
  effect: 'deny',
  sqlstate: 'XX000',
  rule: 'masking.answer-mismatch',
  message: 'the answer is not what was planned for, so it was not given out',
  detail: 'rule masking.answer-mismatch: what cannot be masked for sure is withheld',
  hint: 'Run the statement again: the schema may have changed while it ran.',
  position: undefined,
};

/** Why an answer, or the rest of it, was not given out. */
export function mismatchDenial(error: unknown): DenyDecision {
  if (error instanceof AnswerMismatch) return { ...MISMATCH, message: `${MISMATCH.message}: ${error.message}` };
  if (error instanceof DbgateError && error.sqlstate !== undefined) {
    return { ...MISMATCH, sqlstate: error.sqlstate, message: error.message, hint: error.hint ?? MISMATCH.hint };
  }
  return MISMATCH;
}

function redactAll(columns: number): ResultPlan {
  return { columns: Array(columns).fill({ do: 'redact' }), passes: columns === 0, because: [] };
}
