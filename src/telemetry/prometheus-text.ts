/**
 * Metrics as Prometheus reads them.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import type { Labels, Metric } from './metric.ts';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function prometheusText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const metric of metrics) {
    const { name, help, kind } = metric;
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`);
    if (kind !== 'histogram') {
      for (const { labels, value } of metric.samples) lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
      continue;
    }
    for (const { labels, histogram } of metric.samples) {
      let count = 0;
      for (const [i, bound] of [...histogram.bounds, Number.POSITIVE_INFINITY].entries()) {
        count += histogram.counts[i]!;
        lines.push(`${name}_bucket${labelText({ ...labels, le: numberText(bound) })} ${count}`);
      }
      lines.push(`${name}_sum${labelText(labels)} ${numberText(histogram.sum)}`);
      lines.push(`${name}_count${labelText(labels)} ${count}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
