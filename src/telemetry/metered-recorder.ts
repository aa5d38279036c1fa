/**
 * A recorder that counts what passes it on its way into the record, and samples spans. In: the recorder of the gateway.
 * Out: one that does the same. Without telemetry it is not there at all.
 */

import type { IntentFields, OutcomeFields } from '../audit/record.ts';
import type {
  ConnectRefusedFields,
  EventFields,
  Recorder,
  SessionOpenFields,
  SessionRecorder,
} from '../audit/recorder.ts';
import type { Position } from '../store/event-log.ts';
import type { Metric, Sample } from './metric.ts';
import type { DatabaseCounts, StatementMeter } from './statement-meter.ts';
import type { SpanSampler, StatementSpans } from './statement-spans.ts';

export class MeteredRecorder implements Recorder {
  readonly #recorder: Recorder;
  readonly #meter: StatementMeter;
  readonly #spans: SpanSampler | undefined;
  readonly #refused = new Map<string, number>();
  readonly #events = new Map<string, number>();

  constructor(recorder: Recorder, meter: StatementMeter, spans: SpanSampler | undefined) {
    this.#recorder = recorder;
    this.#meter = meter;
    this.#spans = spans;
  }

  session(session: string): SessionRecorder {
    return new MeteredSession(this.#recorder.session(session), this.#meter, this.#spans);
  }

  connectRefused(fields: ConnectRefusedFields): void {
    add(this.#refused, fields.code);
    this.#recorder.connectRefused(fields);
  }

  event(fields: EventFields): Promise<Position> {
    add(this.#events, fields.kind);
    return this.#recorder.event(fields);
  }

  note(fields: EventFields): void {
    add(this.#events, fields.kind);
    this.#recorder.note(fields);
  }

  mayHaveRun(session: string, n: number): void {
    this.#recorder.mayHaveRun(session, n);
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  get dropped(): number {
    return this.#recorder.dropped;
  }

  close(): void {
    this.#recorder.close();
  }

  metrics(): Metric[] {
    const samples = (counts: Map<string, number>, label: string): Sample[] =>
      [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
    return [
      {
        ...{ name: 'dbgate_connections_refused_total', kind: 'counter', samples: samples(this.#refused, 'code') },
        help: 'Connections that were refused before there was a session, as far as they are recorded one by one.',
      },
      {
        ...{ name: 'dbgate_events_total', kind: 'counter', samples: samples(this.#events, 'kind') },
        help: 'Records of other kinds: logins, requests, acts of administrators.',
      },
    ];
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

class MeteredSession implements SessionRecorder {
  readonly session: string;
  readonly #inner: SessionRecorder;
  readonly #meter: StatementMeter;
  readonly #sampler: SpanSampler | undefined;
  #counts: DatabaseCounts | undefined;
  #spans: StatementSpans | undefined;

  constructor(inner: SessionRecorder, meter: StatementMeter, sampler: SpanSampler | undefined) {
    this.session = inner.session;
    this.#inner = inner;
    this.#meter = meter;
    this.#sampler = sampler;
  }

  open(fields: SessionOpenFields): Position {
    this.#counts = this.#meter.of(fields.database);
    this.#spans = this.#sampler?.session(fields.database);
    return this.#inner.open(fields);
  }

  intent(fields: IntentFields): { readonly n: number; readonly position: Position } {
    const taken = this.#inner.intent(fields);
    if (this.#counts !== undefined) this.#meter.intent(this.#counts, fields.facts, fields.decision);
    this.#spans?.begin(taken.n, fields);
    return taken;
  }

  outcome(n: number, fields: OutcomeFields): void {
    this.#inner.outcome(n, fields);
    if (this.#counts !== undefined) this.#meter.outcome(this.#counts, fields);
    this.#spans?.end(n, fields);
  }

  close(reason: string): void {
    this.#inner.close(reason);
  }
}
