/**
 * How much of a database may leave through one session: the limits of its grant against what left. In: each row, or
 * whatever else carries data, on its way to the client. Out: nothing, or the limit that it would exceed; then it must not
 * leave. Of hours and days the counts are shared by all sessions of one principal on one database (`EgressUsage`).
 */
import type { EgressLimits } from '../../config/gateway-settings.ts';
import type { DenyDecision } from '../../policy/decision.ts';

/** What has left for one principal from one database, of all its sessions. */
export interface EgressUsage {
  /** Since ever; only raised. */
  rows: number;
  bytes: number;
  /** How much of `rows` and `bytes` left in the last hour and the last 24 hours, at least. */
  recent(): RecentEgress;
}

export interface RecentEgress {
  readonly rowsHour: number;
  readonly bytesHour: number;
  readonly rowsDay: number;
  readonly bytesDay: number;
}

/** What one answer has had so far; that of a portal goes on with each Execute of it. */
export interface AnswerSize {
  rows: number;
  bytes: number;
}

export type EgressLimitName = keyof EgressLimits;

const NONE = Number.POSITIVE_INFINITY;

export class Egress {
  readonly #usage: EgressUsage;
  #limits: EgressLimits = {};
  /** False: nothing is limited, and nothing is counted. */
  limited = false;
  #rowsPerStatement = NONE;
  #bytesPerStatement = NONE;
  /** Values of the usage's counters up to which nothing need be looked up. */
  #rowsTo = 0;
  #bytesTo = 0;

  constructor(usage: EgressUsage, limits: EgressLimits | undefined) {
    this.#usage = usage;
    this.limit(limits);
  }

  /** From now on; the grant may have changed. */
  limit(limits: EgressLimits = {}): void {
    this.#limits = limits;
    this.limited = Object.values(limits).some((limit) => limit !== undefined);
    this.#rowsPerStatement = limits.rowsPerStatement ?? NONE;
    this.#bytesPerStatement = limits.bytesPerStatement ?? NONE;
    this.#rowsTo = 0;
    this.#bytesTo = 0;
  }

  /** Counts `rows` (0 or 1) and `bytes` that are about to leave behind `answer`; the limit that they exceed, and then they do not count. */
  take(answer: Readonly<AnswerSize>, rows: number, bytes: number): EgressLimitName | undefined {
    const usage = this.#usage;
    if (answer.rows + rows > this.#rowsPerStatement) return 'rowsPerStatement';
    if (answer.bytes + bytes > this.#bytesPerStatement) return 'bytesPerStatement';
    if (usage.rows + rows > this.#rowsTo || usage.bytes + bytes > this.#bytesTo) {
      const exceeded = this.#lookUp(rows, bytes);
      if (exceeded !== undefined) return exceeded;
    }
    usage.rows += rows;
    usage.bytes += bytes;
    return undefined;
  }

  /** Time frees what was used; asked again when what was free is used up. */
  #lookUp(rows: number, bytes: number): EgressLimitName | undefined {
    const usage = this.#usage;
    const { rowsHour, bytesHour, rowsDay, bytesDay } = usage.recent();
    const { rowsPerHour = NONE, bytesPerHour = NONE, rowsPerDay = NONE, bytesPerDay = NONE } = this.#limits;
    this.#rowsTo = usage.rows + Math.min(rowsPerHour - rowsHour, rowsPerDay - rowsDay);
    this.#bytesTo = usage.bytes + Math.min(bytesPerHour - bytesHour, bytesPerDay - bytesDay);
    if (rowsHour + rows > rowsPerHour) return 'rowsPerHour';
    if (bytesHour + bytes > bytesPerHour) return 'bytesPerHour';
    if (rowsDay + rows > rowsPerDay) return 'rowsPerDay';
    if (bytesDay + bytes > bytesPerDay) return 'bytesPerDay';
    return undefined;
  }

  /** What the client is told. */
  denial(name: EgressLimitName): DenyDecision {
    const { words, hint } = TOLD[name];
    const limit = this.#limits[name] ?? 0;
    const rule = `limits.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    return {
      effect: 'deny',
      sqlstate: '53400',
      rule,
      message: `the answer goes beyond the ${limit} ${words} that your grant allows`,
      detail: `rule ${rule}: what came before the limit was delivered, the rest is withheld and the statement cancelled`,
      hint,
      position: undefined,
    };
  }
}

const NARROWER = 'Ask for less: a LIMIT, a narrower WHERE, fewer columns, or an aggregate instead of the rows.';
const LATER = `${NARROWER} What left longer ago than that does not count any more, so more is free later.`;

const TOLD: Readonly<Record<EgressLimitName, { words: string; hint: string }>> = {
  rowsPerStatement: { words: 'rows for one statement', hint: NARROWER },
  bytesPerStatement: { words: 'bytes for one statement', hint: NARROWER },
  rowsPerHour: { words: 'rows in an hour', hint: LATER },
  bytesPerHour: { words: 'bytes in an hour', hint: LATER },
  rowsPerDay: { words: 'rows in 24 hours', hint: LATER },
  bytesPerDay: { words: 'bytes in 24 hours', hint: LATER },
};
