/**
 * `GET /metrics`, for Prometheus: with the token of `metrics.token`, or, where there is none, from this machine and not
 * through a proxy on it. Everybody else is told that there is no such path.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DbgateError } from '../errors.ts';
import type { Metric } from '../telemetry/metric.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from '../telemetry/prometheus-text.ts';

export const METRICS_PATH = '/metrics';

export interface MetricsPage {
  readonly token: string | undefined;
  metrics(): readonly Metric[];
}

export function serveMetrics(page: MetricsPage | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (page === undefined || !mayRead(page, request)) throw new DbgateError('not_found', `there is no ${METRICS_PATH}`);
  const text = prometheusText(page.metrics());
  response.writeHead(200, {
    'Content-Type': PROMETHEUS_CONTENT_TYPE,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

function mayRead({ token }: MetricsPage, { headers, socket }: IncomingMessage): boolean {
  if (token === undefined) {
    const proxied = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
    return !proxied && LOOPBACK.test(socket.remoteAddress ?? '');
  }
  const shown = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', token, 'buffer'));
}
