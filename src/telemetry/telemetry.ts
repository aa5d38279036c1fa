/**
 * How the gateway itself is watched. In: what is recorded, how long the disk takes, the state of all parts. Out: numbers
 * for Prometheus, and spans, numbers and log lines for a collector of OpenTelemetry. It costs a statement some additions,
 * tells nothing of what is in statements, and whoever does not take what it tells holds nothing up.
 */
import type { Recorder } from '../audit/recorder.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import type { OtlpSettings } from '../config/telemetry-settings.ts';
import { GatewayMetrics, type GatewayMetricsParts } from './gateway-metrics.ts';
import { MeteredRecorder } from './metered-recorder.ts';
import { Histogram, type Metric } from './metric.ts';
import { OtlpSender } from './otlp-sender.ts';
import { StatementMeter } from './statement-meter.ts';
import { SpanSampler } from './statement-spans.ts';

/** Seconds: from a fast disk's to a full one's. */
const DISK_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface TelemetryOptions {
  readonly settings: () => GatewaySettings;
  readonly version: string;
  readonly logLine: (line: string) => void;
}

/** Undefined: nothing is measured at all. */
export function openTelemetry(options: TelemetryOptions): Telemetry | undefined {
  const { metrics, otlp } = options.settings();
  return metrics === undefined && otlp === undefined ? undefined : new Telemetry(options);
}

export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #meter = new StatementMeter();
  readonly #fsync = new Histogram(DISK_BOUNDS);
  readonly #recordWait = new Histogram(DISK_BOUNDS);
  readonly #sender: OtlpSender | undefined;
  #recorder: MeteredRecorder | undefined;
  #gateway: GatewayMetrics | undefined;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    const { otlp, gatewayId } = options.settings();
    if (otlp !== undefined) this.#sender = this.#openSender(otlp, gatewayId);
  }

  #openSender(settings: OtlpSettings, gatewayId: string): OtlpSender {
    const { version, logLine } = this.#options;
    return new OtlpSender({
      settings,
      resource: { 'service.name': 'dbgate', 'service.version': version, 'service.instance.id': gatewayId },
      metrics: () => this.metrics(),
      logLine,
    });
  }

  /** The recorder for sessions: the same, and counted. */
  recorder(recorder: Recorder): Recorder {
    const sender = this.#sender;
    const { otlp } = this.#options.settings();
    const spans =
      sender?.takes('traces') === true && otlp !== undefined && otlp.sample > 0
        ? new SpanSampler({
            sample: otlp.sample,
            take: (span) => sender.span(span),
            targetOf: (name) => {
              const upstream = this.#options.settings().databases.get(name)?.upstream;
              return upstream && { address: upstream.host, port: upstream.port, namespace: upstream.database };
            },
          })
        : undefined;
    this.#recorder = new MeteredRecorder(recorder, this.#meter, spans);
    return this.#recorder;
  }

  watch(parts: Omit<GatewayMetricsParts, 'version'>): void {
    this.#gateway = new GatewayMetrics({ ...parts, version: this.#options.version });
  }

  /** A group commit was synced. */
  readonly synced = (ms: number): void => this.#fsync.observe(ms / 1000);

  /** A statement waited so long for its record. */
  readonly waited = (ms: number): void => this.#recordWait.observe(ms / 1000);

  log(line: string): void {
    this.#sender?.log(line);
  }

  metrics(): Metric[] {
    const dropped = Object.entries(this.#sender?.dropped ?? {});
    return [
      ...this.#meter.metrics(),
      ...(this.#recorder?.metrics() ?? []),
      ...(this.#gateway?.metrics() ?? []),
      {
        name: 'dbgate_fsync_duration_seconds',
        kind: 'histogram',
        help: 'How long the disk took for each group commit of the record.',
        samples: [{ labels: {}, histogram: this.#fsync }],
      },
      {
        name: 'dbgate_record_wait_seconds',
        kind: 'histogram',
        help: 'How long each statement waited for its record: what dbgate adds to it, but for some CPU time.',
        samples: [{ labels: {}, histogram: this.#recordWait }],
      },
      {
        name: 'dbgate_telemetry_dropped_total',
        kind: 'counter',
        help: 'Spans, log lines and rounds of metrics that the collector did not take.',
        samples: dropped.map(([signal, value]) => ({ labels: { signal }, value })),
      },
    ];
  }

  async close(): Promise<void> {
    await this.#sender?.close();
    this.#gateway?.close();
  }
}
