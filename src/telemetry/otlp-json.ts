/**
 * OTLP over HTTP as JSON: the bodies of `/v1/traces`, `/v1/metrics` and `/v1/logs`.
 * 64 bit numbers are texts, ids are hexadecimal, enumerations are numbers.
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { Labels, Metric } from './metric.ts';
import type { Attributes, Span } from './statement-spans.ts';

export interface LogLine {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly text: string;
}

const SPAN_KIND_CLIENT = 3;
const STATUS_ERROR = 2;
const CUMULATIVE = 2;
const SEVERITY_INFO = 9;
const SCOPE = { name: 'dbgate' };

export function encodeTraces(resource: Attributes, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [{ resource: resourceOf(resource), scopeSpans: [{ scope: SCOPE, spans: spans.map(spanOf) }] }],
  });
}

export function encodeLogs(resource: Attributes, lines: readonly LogLine[]): string {
  const logRecords = lines.map(({ atMs, text }) => ({
    timeUnixNano: nanos(atMs),
    observedTimeUnixNano: nanos(atMs),
    severityNumber: SEVERITY_INFO,
    severityText: 'INFO',
    body: { stringValue: text },
  }));
  return JSON.stringify({
    resourceLogs: [{ resource: resourceOf(resource), scopeLogs: [{ scope: SCOPE, logRecords }] }],
  });
}

/** `startMs`: since when counters count. */
export function encodeMetrics(
  resource: Attributes,
  metrics: readonly Metric[],
  { startMs, nowMs }: { readonly startMs: number; readonly nowMs: number },
): string {
  const times = { startTimeUnixNano: nanos(startMs), timeUnixNano: nanos(nowMs) };
  const encoded = metrics.filter(({ samples }) => samples.length > 0).map((metric) => metricOf(metric, times));
  return JSON.stringify({
    resourceMetrics: [{ resource: resourceOf(resource), scopeMetrics: [{ scope: SCOPE, metrics: encoded }] }],
  });
}

function metricOf(metric: Metric, times: object): object {
  const about = { ...nameAndUnit(metric.name), description: metric.help };
  if (metric.kind === 'histogram') {
    const dataPoints = metric.samples.map(({ labels, histogram }) => ({
      attributes: attributesOf(labels),
      ...times,
      count: String(histogram.count),
      sum: histogram.sum,
      bucketCounts: [...histogram.counts].map(String),
      explicitBounds: [...histogram.bounds],
    }));
    return { ...about, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  const dataPoints = metric.samples.map(({ labels, value }) => ({
    attributes: attributesOf(labels),
    ...times,
    asDouble: value,
  }));
  return metric.kind === 'gauge'
    ? { ...about, gauge: { dataPoints } }
    : { ...about, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
}

/** `dbgate_fsync_duration_seconds` → `dbgate.fsync_duration` in `s`: whoever tells Prometheus puts it back. */
function nameAndUnit(name: string): { name: string; unit: string } {
  const plain = name.replace(/_total$/, '').replace(/^(dbgate|process)_/, '$1.');
  if (plain.endsWith('_seconds')) return { name: plain.slice(0, -'_seconds'.length), unit: 's' };
  if (plain.endsWith('_bytes')) return { name: plain.slice(0, -'_bytes'.length), unit: 'By' };
  return { name: plain, unit: '1' };
}

function spanOf({ traceId, spanId, name, startMs, endMs, attributes, isError }: Span): object {
  return {
    traceId,
    spanId,
    name,
    kind: SPAN_KIND_CLIENT,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    status: isError ? { code: STATUS_ERROR } : {},
  };
}

function resourceOf(attributes: Attributes): object {
  return { attributes: attributesOf(attributes) };
}

function attributesOf(attributes: Attributes | Labels): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValueOf(value) }));
}

function anyValueOf(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Microseconds are all that the clock has. */
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}
