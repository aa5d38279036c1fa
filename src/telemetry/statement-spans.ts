/**
 * One span for each statement that is sampled, by OpenTelemetry's conventions for databases. No text and no values: only
 * the command and the relations, as the record has them.
 * @see https://opentelemetry.io/docs/specs/semconv/database/database-spans/
 */
import { randomBytes } from 'node:crypto';
import type { IntentFields, OutcomeFields, StatementIntent } from '../audit/record.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Epoch milliseconds, with fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Of the database that a session is of. */
export interface SpanTarget {
  /** Of the real database. */
  readonly address: string;
  readonly port: number;
  readonly namespace: string;
}

export interface SpanOptions {
  /** 0 to 1. */
  readonly sample: number;
  targetOf(database: string): SpanTarget | undefined;
  /** Takes it, or drops it; never waits. */
  take(span: Span): void;
}

/** Statements of one session that run and are sampled; more are not begun. */
const MAX_OPEN = 64;
const MAX_SUMMARY = 255;

export class SpanSampler {
  readonly #options: SpanOptions;

  constructor(options: SpanOptions) {
    this.#options = options;
  }

  session(database: string): StatementSpans {
    return new StatementSpans(this.#options, database);
  }
}

export class StatementSpans {
  readonly #options: SpanOptions;
  readonly #database: string;
  readonly #open = new Map<number, { readonly startMs: number; readonly fields: IntentFields }>();

  constructor(options: SpanOptions, database: string) {
    this.#options = options;
    this.#database = database;
  }

  begin(n: number, fields: IntentFields): void {
    if (Math.random() >= this.#options.sample || this.#open.size >= MAX_OPEN) return;
    this.#open.set(n, { startMs: nowMs(), fields });
  }

  end(n: number, outcome: OutcomeFields): void {
    if (this.#open.size === 0) return;
    const begun = this.#open.get(n);
    if (begun === undefined) return;
    this.#open.delete(n);
    this.#options.take(this.#span(begun.startMs, begun.fields, outcome));
  }

  #span(startMs: number, { facts, decision, rule, protocol }: IntentFields, outcome: OutcomeFields): Span {
    const {
      command,
      class: kind,
      relations,
    } = JSON.parse(`{${facts}}`) as Pick<StatementIntent, 'command' | 'class' | 'relations'>;
    const { sqlstate, rows, masked } = outcome;
    const summary = [command, ...relations].join(' ').slice(0, MAX_SUMMARY);
    const target = this.#options.targetOf(this.#database);
    return {
      traceId: randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      name: summary,
      startMs,
      endMs: Math.max(startMs, nowMs()),
      isError: sqlstate !== undefined,
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': command,
        'db.query.summary': summary,
        ...(relations.length === 1 ? { 'db.collection.name': relations[0]! } : {}),
        ...(target === undefined
          ? {}
          : {
              'db.namespace': target.namespace,
              'server.address': target.address,
              'server.port': target.port,
            }),
        ...(sqlstate === undefined ? {} : { 'db.response.status_code': sqlstate, 'error.type': sqlstate }),
        'db.response.returned_rows': rows,
        'dbgate.database': this.#database,
        'dbgate.class': kind,
        'dbgate.decision': decision,
        'dbgate.protocol': protocol,
        'dbgate.masked_cells': masked,
        ...(rule === undefined ? {} : { 'dbgate.rule': rule }),
      },
    };
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
