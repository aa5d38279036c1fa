/**
 * A Query of several statements of which a later one can only be judged when the earlier have run: a migration that makes
 * a schema and then what is in it, or SET search_path and what is looked up by it. Its statements are sent by themselves,
 * each judged and recorded as any Query is, in the transaction that PostgreSQL has for such a text: one of the gateway's own
 * around them, unless a transaction block is open, up to where the text itself begins or ends one. The client is told
 * what it would be of the whole text: the answers behind one another, errors with their place in it, one ReadyForQuery.
 * So is a Query of whatever length that may make objects which can only be asked for before its transaction ends.
 *
 * It must never send anything of a text that was not judged by itself, nor take another message before the text is over.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import { encodeQuery } from '../../pgwire/query.ts';
import { readyForQuery } from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { characterPosition, isAscii } from '../../sql/byte-offsets.ts';
import type { StatementFacts } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import type { SessionCore } from './core.ts';
import type { OwnQuestions } from './own-questions.ts';
import type { PreparedStatement } from './prepared.ts';
import type { ClientMessage, Waiter } from './waiting.ts';

/** A Query that is part of a longer text. */
export interface QueryStep {
  /** Characters of the text before it. */
  readonly before: number;
  /** What the client sees of its answer; of the gateway's own BEGIN and COMMIT only that they fail. */
  readonly tells: 'all' | 'errors' | 'nothing';
  /** SQLSTATE of a warning that the whole text would not have met. */
  readonly hides?: string;
  isFailed?: true;
  /** ReadyForQuery came. */
  isOver?: true;
}

interface Piece {
  readonly bytes: Buffer;
  readonly before: number;
  readonly begins: boolean;
}

interface Run {
  readonly pieces: readonly Piece[];
  next: number;
  /** The transaction block that is open is the gateway's. */
  isOwn: boolean;
  /** What ends that was sent. */
  ends: boolean;
  undone: number;
}

const QUERY = 'Q'.charCodeAt(0);
const ACTIVE_TRANSACTION = '25001';
const MAX_ROLLBACKS = 3;

export interface OneByOneParts {
  readonly core: SessionCore;
  readonly backend: Backend;
  readonly questions: OwnQuestions;
  readonly waiter: Waiter;
}

export class OneByOne {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #waiter: Waiter;
  readonly #questions: OwnQuestions;
  readonly #take: (message: ClientMessage) => boolean;
  readonly #goOn: () => void;
  #run: Run | undefined;

  /** `take`: as if it came from the client, true: it has been sent. `goOn`: the next message of the client's may come. */
  constructor(
    { core, backend, questions, waiter }: OneByOneParts,
    { take, goOn }: { take(message: ClientMessage): boolean; goOn(): void },
  ) {
    this.#core = core;
    this.#backend = backend;
    this.#waiter = waiter;
    this.#questions = questions;
    this.#take = take;
    this.#goOn = goOn;
  }

  get isOpen(): boolean {
    return this.#run !== undefined;
  }

  /** Is it refused only for what comes before it in its text, and can that be sent by itself? */
  mayTake({ alone }: DenyDecision, statement: PreparedStatement): boolean {
    return alone === true && statement.analysis.statements.length > 1 && this.mayWrap(statement);
  }

  /** Can it be sent in a transaction of the gateway's, by the statement? */
  mayWrap({ analysis, sql }: PreparedStatement): boolean {
    if (this.isOpen || this.#core.pipelineOpen || analysis.statements.some(readsFromClient)) return false;
    // The bytes of the text are cut where the parser counted them, in UTF-8.
    return this.#core.options.encoding === 'utf8' || isAscii(sql);
  }

  /** Takes the text in place of the session; `false`, for its caller to wait. */
  begin(message: ClientMessage, { analysis, sql }: PreparedStatement): false {
    // What was sent before may still begin or end a transaction.
    if (this.#core.inFlight.size > 0) return this.#waiter.awaitSettled(message);
    const text = Buffer.from(sql);
    const pieces = analysis.statements.map(({ offset, length, command }) => ({
      bytes: encodeQuery(text.toString('utf8', offset, length === 0 ? undefined : offset + length)),
      before: characterPosition(sql, offset) - 1,
      begins: command === 'BEGIN' || command === 'START TRANSACTION',
    }));
    this.#run = { pieces, next: 0, isOwn: false, ends: false, undone: 0 };
    this.#sendNext(this.#run);
    return false;
  }

  /** The message at hand has been sent, or refused. */
  taken(): void {
    this.#waiter.wait({ for: 'step' });
    this.retry();
  }

  /** Answers came. */
  retry(): void {
    const run = this.#run;
    const { step } = this.#core;
    if (run === undefined || step?.isOver !== true || this.#waiter.now.for !== 'step') return;
    this.#waiter.end();
    this.#core.step = undefined;
    if (this.#backend.status === 'I') run.isOwn = false;
    if (run.ends && this.#backend.status !== 'I') this.#undo(run);
    else if (run.ends || (step.isFailed === true && !run.isOwn)) this.#finish();
    else if (step.isFailed === true) this.#end(run, 'ROLLBACK');
    else this.#sendNext(run);
  }

  /** The session ends. */
  stop(): void {
    this.#run = undefined;
    this.#core.step = undefined;
  }

  #sendNext(run: Run): void {
    const piece = run.pieces[run.next];
    if (piece === undefined) {
      if (run.isOwn) this.#end(run, 'COMMIT');
      else this.#finish();
      return;
    }
    if (!run.isOwn && !piece.begins && this.#backend.status === 'I') {
      run.isOwn = true;
      this.#send(encodeQuery('BEGIN'), { before: 0, tells: 'errors' });
      return;
    }
    run.next++;
    const { bytes, before } = piece;
    // BEGIN makes a block of the client's out of the text's transaction.
    const hides = piece.begins && run.isOwn ? { hides: ACTIVE_TRANSACTION } : {};
    if (piece.begins) run.isOwn = false;
    this.#send(bytes, { before, tells: 'all', ...hides });
  }

  #end(run: Run, sql: 'COMMIT' | 'ROLLBACK'): void {
    run.ends = true;
    // Why it is rolled back the client knows.
    this.#send(encodeQuery(sql), { before: 0, tells: sql === 'COMMIT' ? 'errors' : 'nothing' });
  }

  /** Its own COMMIT or ROLLBACK was refused, as when the log cannot be written: then without a record of it. */
  #undo(run: Run): void {
    if (++run.undone > MAX_ROLLBACKS) throw new ProtocolError('the server does not end a transaction of the gateway');
    this.#waiter.wait({ for: 'step_undo', collector: this.#questions.queries(['ROLLBACK']) });
  }

  undone(): void {
    const run = this.#run;
    this.#waiter.end();
    if (run === undefined) return;
    if (this.#backend.status === 'I') this.#finish();
    else this.#undo(run);
  }

  #send(buffer: Buffer, step: QueryStep): void {
    this.#core.step = step;
    const message = { type: QUERY, buffer, start: 0, end: buffer.length };
    if (this.#take(message)) this.taken();
  }

  #finish(): void {
    this.#run = undefined;
    const ready = readyForQuery(this.#backend.status);
    this.#backend.endText(ready);
    this.#goOn();
  }
}

/** COPY FROM STDIN: its data would wait behind the text. */
function readsFromClient({ command, class: kind }: StatementFacts): boolean {
  return command === 'COPY' && kind !== 'read';
}
