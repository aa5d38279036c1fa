import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Position } from './event-log.ts';
import { SPAN_MS } from './index-schema.ts';

/** An intent as it is indexed; with what its outcome says, once that has come. */
export interface StatementRow {
  readonly position: Position;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sessionId: number;
  readonly n: number;
  readonly principalId: number;
  readonly textId: number;
  flags: number;
  readonly decision: number;
  readonly ruleId: number | null;
  readonly approval: string | null;
  readonly policyId: number | null;
  readonly binds: number | null;
  outcome: OutcomeColumns | undefined;
}

export interface OutcomeColumns {
  readonly position: Position;
  readonly rows: number;
  readonly bytes: number;
  readonly us: number;
  readonly sqlstateId: number | null;
  readonly masked: number;
  readonly fate: number | null;
  readonly flags: number;
}

const INSERT = `INSERT INTO statement (position, at, session_id, n, principal_id, text_id, flags, decision, rule_id, approval,
    policy_id, binds, answered, rows, bytes, us, sqlstate_id, masked, fate)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

const UPDATE = `UPDATE statement SET answered = ? - position, rows = ?, bytes = ?, us = ?, sqlstate_id = ?, masked = ?, fate = ?,
    flags = flags | ?
  WHERE session_id = ? AND n = ?`;

const WIDEN_SPAN = `INSERT INTO span VALUES (?, ?, ?)
  ON CONFLICT (span) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`;

/**
 * The statements of one batch, put into the index when the batch ends: most outcomes come soon behind their intents, and
 * make one row with them that is written once.
 */
export class StatementRows {
  readonly #run: (sql: string) => StatementSync;
  #rows: StatementRow[] = [];
  /** The last of each session, by its number. */
  readonly #last = new Map<number, StatementRow>();

  /** `run` gives the prepared statement of a text. */
  constructor(run: (sql: string) => StatementSync) {
    this.#run = run;
  }

  /** Throws when it has no place in the table. */
  add(row: StatementRow): void {
    if (!isSound(row)) {
      this.#insert(row);
      this.#widen(row.at, row.position, row.position);
      return;
    }
    this.#rows.push(row);
    this.#last.set(row.sessionId, row);
  }

  outcome(sessionId: number, n: number, columns: OutcomeColumns): void {
    const row = this.#last.get(sessionId);
    if (row !== undefined && row.n === n && row.outcome === undefined && areSound(columns)) {
      row.outcome = columns;
      return;
    }
    // Of a row that may be among those that wait.
    this.flush();
    this.#update(sessionId, n, columns);
  }

  /** At the end of a batch. */
  flush(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    this.forget();
    let from = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const isNew = this.#insert(row);
      if (!isNew && row.outcome !== undefined) this.#update(row.sessionId, row.n, row.outcome);
      const next = rows[i + 1];
      if (next !== undefined && spanOf(next.at) === spanOf(row.at)) continue;
      this.#widen(row.at, rows[from]!.position, row.position);
      from = i + 1;
    }
  }

  /** The batch failed. */
  forget(): void {
    this.#rows = [];
    this.#last.clear();
  }

  #insert({ outcome, ...row }: StatementRow): boolean {
    const { position, at, sessionId, n, principalId, textId, decision, ruleId, approval, policyId, binds } = row;
    const flags = outcome === undefined ? row.flags : row.flags | outcome.flags;
    const { changes } = this.#run(INSERT).run(
      ...[position, at, sessionId, n, principalId, textId, flags, decision, ruleId, approval, policyId, binds],
      ...(outcome === undefined ? NOT_ANSWERED : columnsOf(outcome, outcome.position - position)),
    );
    return changes === 1;
  }

  #update(sessionId: number, n: number, columns: OutcomeColumns): void {
    this.#run(UPDATE).run(...columnsOf(columns, columns.position), columns.flags, sessionId, n);
  }

  #widen(at: number, first: Position, last: Position): void {
    this.#run(WIDEN_SPAN).run(spanOf(at), first, last);
  }
}

const NOT_ANSWERED: readonly null[] = [null, null, null, null, null, null, null];

function columnsOf({ rows, bytes, us, sqlstateId, masked, fate }: OutcomeColumns, answered: number): SQLInputValue[] {
  return [answered, rows, bytes, us, sqlstateId, masked, fate];
}

function spanOf(at: number): number {
  return Math.floor(at / SPAN_MS);
}

/** The table takes it for sure: what it does not take must fail by itself, and not with others. */
function isSound({ at, n, approval, binds }: StatementRow): boolean {
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(n)) return false;
  return (approval === null || typeof approval === 'string') && (binds === null || Number.isSafeInteger(binds));
}

function areSound({ rows, bytes, us, masked }: OutcomeColumns): boolean {
  return [rows, bytes, us, masked].every(Number.isSafeInteger);
}
