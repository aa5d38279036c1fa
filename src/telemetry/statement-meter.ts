/** Counts of statements: arrays of numbers, one for each database of the configuration. */
import type { OutcomeFields } from '../audit/record.ts';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import type { StatementClass } from '../sql/facts.ts';
import { Histogram, type Metric, type Sample } from './metric.ts';

export const STATEMENT_CLASSES = [
  'read',
  'write',
  'ddl',
  'grant',
  'session',
  'transaction',
  'utility',
  'admin',
  'unknown',
] as const satisfies readonly StatementClass[];
const DECISIONS = ['allow', 'mask', 'hold', 'deny'] as const;
const MASKED = [...COLUMN_CLASSES, 'unclassified'] as const;
const MASKED_INDEX = new Map<string, number>(MASKED.map((name, i) => [name, i]));
const CLASS_INDEX = new Map<string, number>(STATEMENT_CLASSES.map((name, i) => [name, i]));
const UNKNOWN = STATEMENT_CLASSES.length - 1;

/** `class` of a fragment of JSON that `encodeFacts` made. */
const CLASS_OF_FACTS = /"class":"([a-z]+)"/;
/** Facts are the same string for all executions of a shape. */
const MAX_FACTS = 10_000;

export class DatabaseCounts {
  /** By class and decision. */
  readonly statements = new Float64Array(STATEMENT_CLASSES.length * DECISIONS.length);
  readonly masked = new Float64Array(MASKED.length);
  readonly seconds = new Histogram();
  errors = 0;
  rows = 0;
  bytes = 0;
}

export class StatementMeter {
  readonly #databases = new Map<string, DatabaseCounts>();
  readonly #classes = new Map<string, number>();

  of(database: string): DatabaseCounts {
    let counts = this.#databases.get(database);
    if (counts === undefined) this.#databases.set(database, (counts = new DatabaseCounts()));
    return counts;
  }

  intent(counts: DatabaseCounts, facts: string, decision: (typeof DECISIONS)[number]): void {
    counts.statements[this.#classOf(facts) * DECISIONS.length + DECISIONS.indexOf(decision)]!++;
  }

  outcome(counts: DatabaseCounts, { rows, bytes, ms, sqlstate, maskedBy }: OutcomeFields): void {
    counts.rows += rows;
    counts.bytes += bytes;
    counts.seconds.observe(ms / 1000);
    if (sqlstate !== undefined) counts.errors++;
    if (maskedBy === undefined) return;
    for (const name in maskedBy) {
      const index = MASKED_INDEX.get(name);
      if (index !== undefined) counts.masked[index]! += maskedBy[name as keyof typeof maskedBy] ?? 0;
    }
  }

  metrics(): Metric[] {
    const statements: Sample[] = [];
    const masked: Sample[] = [];
    for (const [database, counts] of this.#databases) {
      counts.statements.forEach((value, i) => {
        if (value === 0) return;
        const [kind, decision] = [
          STATEMENT_CLASSES[Math.floor(i / DECISIONS.length)]!,
          DECISIONS[i % DECISIONS.length]!,
        ];
        statements.push({ labels: { database, class: kind, decision }, value });
      });
      counts.masked.forEach((value, i) => {
        if (value > 0) masked.push({ labels: { database, class: MASKED[i]! }, value });
      });
    }
    const each = (value: (counts: DatabaseCounts) => number): Sample[] =>
      [...this.#databases].map(([database, counts]) => ({ labels: { database }, value: value(counts) }));
    return [
      {
        ...{ name: 'dbgate_statements_total', kind: 'counter', samples: statements },
        help: 'Executions by database, class of statement and decision.',
      },
      {
        ...{ name: 'dbgate_statement_errors_total', kind: 'counter', samples: each(({ errors }) => errors) },
        help: 'Executions that ended with an error, refusals included.',
      },
      {
        ...{ name: 'dbgate_rows_total', kind: 'counter', samples: each(({ rows }) => rows) },
        help: 'Rows that went to clients, or were changed.',
      },
      {
        ...{ name: 'dbgate_response_bytes_total', kind: 'counter', samples: each(({ bytes }) => bytes) },
        help: 'Bytes of answers to statements.',
      },
      {
        ...{ name: 'dbgate_masked_cells_total', kind: 'counter', samples: masked },
        help: 'Values that were masked, by class.',
      },
      {
        name: 'dbgate_statement_duration_seconds',
        kind: 'histogram',
        help: 'From the decision to the end of the answer: the wait for the record, and the database.',
        samples: [...this.#databases].map(([database, { seconds }]) => ({
          labels: { database },
          histogram: seconds,
        })),
      },
    ];
  }

  #classOf(facts: string): number {
    let known = this.#classes.get(facts);
    if (known === undefined) {
      known = CLASS_INDEX.get(CLASS_OF_FACTS.exec(facts)?.[1] ?? '') ?? UNKNOWN;
      if (this.#classes.size >= MAX_FACTS) this.#classes.clear();
      this.#classes.set(facts, known);
    }
    return known;
  }
}
