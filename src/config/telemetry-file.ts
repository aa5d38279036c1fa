/** `metrics:` and `telemetry:` of gateway.yaml: how the gateway itself is watched. */
import * as z from 'zod';
import { duration, field, SECRET_EXPECTS, secretReference } from './fields.ts';
import type { MetricsSettings, OtlpSettings } from './telemetry-settings.ts';

const SIGNALS = ['traces', 'metrics', 'logs'] as const;

export const metricsSection = field(
  z
    .strictObject({
      prometheus: field(z.boolean().default(false), 'serves `GET /metrics` on the https listener', '`true` or `false`'),
      token: field(
        secretReference.optional(),
        'shown by whoever reads it, as `Authorization: Bearer`; without it only this machine may read',
        SECRET_EXPECTS,
        { secret: true, reference: 'password' },
      ),
    })
    .optional(),
  'numbers about the gateway for Prometheus, see [observability.md](observability.md); off without it. Changed by a restart only',
  'a mapping',
);

export const telemetrySection = field(
  z
    .strictObject({
      otlp: field(
        z
          .strictObject({
            endpoint: field(
              z.string().min(1).max(4096),
              'a collector that takes OTLP over HTTP; `/v1/traces`, `/v1/metrics` and `/v1/logs` are put behind it',
              'an https URL (http on loopback only), or `env:NAME` or `file:PATH` of one',
              { secret: true, reference: 'endpoint' },
            ),
            headers: field(
              z
                .record(
                  z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
                  field(secretReference, 'its value', SECRET_EXPECTS, { secret: true, reference: 'password' }),
                )
                .default({}),
              'sent with each request, such as `Authorization`',
              'a mapping of names to `file:PATH` or `env:NAME`',
            ),
            sample: field(
              z.number().min(0).max(1).default(0.01),
              'part of the statements that become spans',
              'a number from 0 to 1',
            ),
            signals: field(
              z
                .array(z.enum(SIGNALS))
                .min(1)
                .default([...SIGNALS]),
              'what is told',
              'a list of `traces`, `metrics`, `logs`',
            ),
            interval: field(
              duration(1000, 3_600_000).prefault('15s'),
              'how often metrics are told',
              'a duration from 1s to 1h, such as `15s`',
            ),
          })
          .optional(),
        'OpenTelemetry over HTTP',
        'a mapping',
      ),
    })
    .optional(),
  'where the gateway tells how it is, see [observability.md](observability.md); nowhere without it. Changed by a restart only',
  'a mapping',
);

type Lookup = (path: readonly (string | number)[]) => string | undefined;

export function toMetrics(metrics: z.output<typeof metricsSection>, referenced: Lookup): MetricsSettings | undefined {
  if (metrics?.prometheus !== true) return undefined;
  return { prometheus: true, token: referenced(['metrics', 'token']) };
}

export function toOtlp(telemetry: z.output<typeof telemetrySection>, referenced: Lookup): OtlpSettings | undefined {
  const otlp = telemetry?.otlp;
  if (otlp === undefined) return undefined;
  const header = (name: string) => [name, referenced(['telemetry', 'otlp', 'headers', name])!] as const;
  return {
    endpoint: referenced(['telemetry', 'otlp', 'endpoint'])!.replace(/\/+$/, ''),
    headers: Object.fromEntries(Object.keys(otlp.headers).map(header)),
    sample: otlp.sample,
    signals: otlp.signals,
    intervalMs: otlp.interval,
  };
}
