/**
 * Outcomes of Executes outside a transaction block. CommandComplete is not the end of them: what they did lasts only when
 * the Sync of their batch is answered without an error, for a deferred constraint fails there, and a later message of the
 * batch that fails takes them along.
 *
 * In: Executes that were answered, and how their implicit transaction ended. Out: each of them once, its outcome known.
 * Within a transaction block nothing is kept: there COMMIT has an outcome of its own.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import type { TransactionStatus } from '../../pgwire/result.ts';
import { NOT_IN_BLOCK } from '../../sql/block-commands.ts';
import type { Request } from './in-flight.ts';
import type { PreparedStatement } from './prepared.ts';

/**
 * Commands that may commit before Sync: procedural code, and those that PostgreSQL refuses inside a transaction block and
 * commits at once (PreventInTransactionBlock), in one of their forms.
 */
const MAY_COMMIT: ReadonlySet<string> = new Set([
  ...NOT_IN_BLOCK,
  ...['CALL', 'DO', 'CREATE INDEX', 'DROP INDEX', 'ALTER TABLE', 'UNKNOWN'],
]);

export class ImplicitTransaction {
  readonly #settled: (request: Request) => void;
  readonly #open: Request[] = [];
  /** Of `#open`, how many may have been committed by a command among them. */
  #doubtful = 0;
  #inBlock = false;

  constructor(settled: (request: Request) => void) {
    this.#settled = settled;
  }

  /** An Execute was answered without an error. */
  executed(request: Request): void {
    const command = commandOf(request.statement);
    if (this.#inBlock) {
      // ROLLBACK TO SAVEPOINT too, which has the same name: until the next savepoint nothing behind it can last either.
      if (command === 'COMMIT' || command === 'ROLLBACK' || command === 'PREPARE TRANSACTION') this.#inBlock = false;
      this.#settled(request);
      return;
    }
    // What only read, and was read by the client, is no matter of the transaction's end.
    if (request.pure) {
      this.#settled(request);
      return;
    }
    switch (command) {
      case 'BEGIN':
      case 'START TRANSACTION':
      case 'SAVEPOINT':
        // It takes what came before into its block.
        this.#inBlock = true;
        this.#end(undefined, undefined);
        this.#settled(request);
        return;
      case 'COMMIT':
        this.#end(undefined, undefined);
        this.#settled(request);
        return;
      case 'ROLLBACK':
        this.#end(undefined, 'rolled_back');
        this.#settled(request);
        return;
      default:
        this.#open.push(request);
        if (MAY_COMMIT.has(command)) this.#doubtful = this.#open.length;
    }
  }

  /** An error was told, by a later request of the batch or by its Sync. */
  failed({ statement }: Request, sqlstate: string): void {
    if (this.#open.length === 0) return;
    if (statement !== undefined && MAY_COMMIT.has(commandOf(statement))) this.#doubtful = this.#open.length;
    this.#end(sqlstate, 'rolled_back');
  }

  /** ReadyForQuery. */
  ready(status: TransactionStatus): void {
    this.#inBlock = status !== 'I';
    if (this.#open.length > 0) this.#end(undefined, undefined);
  }

  /** The connection ended: nobody knows whether what was executed was committed. */
  lost(sqlstate: string): void {
    this.#doubtful = this.#open.length;
    if (this.#open.length > 0) this.#end(sqlstate, 'rolled_back');
  }

  #end(sqlstate: string | undefined, fate: 'rolled_back' | undefined): void {
    for (let i = 0; i < this.#open.length; i++) {
      const request = this.#open[i]!;
      request.sqlstate ??= sqlstate;
      if (fate !== undefined) request.fate = i < this.#doubtful ? 'unknown' : fate;
      this.#settled(request);
    }
    this.#open.length = 0;
    this.#doubtful = 0;
  }
}

function commandOf(statement: PreparedStatement | undefined): string {
  return statement?.analysis.statements[0]?.command ?? 'UNKNOWN';
}
