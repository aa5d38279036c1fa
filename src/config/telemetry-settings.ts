/** `metrics:` and `telemetry:` of gateway.yaml. */
export interface MetricsSettings {
  readonly prometheus: boolean;
  /** Whoever reads `/metrics` shows it; undefined: only from this machine. */
  readonly token: string | undefined;
}

export type OtlpSignal = 'traces' | 'metrics' | 'logs';

export interface OtlpSettings {
  /** `https://collector:4318`; signals go to `/v1/…` below it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Part of the statements that become spans, 0 to 1. */
  readonly sample: number;
  readonly signals: readonly OtlpSignal[];
  /** How often metrics are told. */
  readonly intervalMs: number;
}
