import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { metricsSection, telemetrySection, toMetrics, toOtlp } from '../../src/config/telemetry-file.ts';

const referenced = (path: readonly (string | number)[]) => `<${path.join('.')}>`;
const metrics = (value: unknown) => toMetrics(z.parse(metricsSection, value), referenced);
const otlp = (value: unknown) => toOtlp(z.parse(telemetrySection, value), referenced);

describe('metrics: and telemetry: of gateway.yaml', () => {
  it('are off unless they are asked for', () => {
    expect(metrics(undefined)).toBeUndefined();
    expect(metrics({})).toBeUndefined();
    expect(metrics({ prometheus: false, token: 'env:T' })).toBeUndefined();
    expect(otlp(undefined)).toBeUndefined();
    expect(otlp({})).toBeUndefined();
  });

  it('take secrets by reference only', () => {
    expect(metrics({ prometheus: true, token: 'env:T' })).toEqual({ prometheus: true, token: '<metrics.token>' });
    expect(() => metrics({ prometheus: true, token: 'plain' })).toThrow();
    expect(() => otlp({ otlp: { endpoint: 'https://c', headers: { Authorization: 'Bearer x' } } })).toThrow();
  });

  it('have defaults', () => {
    expect(otlp({ otlp: { endpoint: 'https://c:4318', headers: { Authorization: 'file:t' } } })).toEqual({
      endpoint: '<telemetry.otlp.endpoint>',
      headers: { Authorization: '<telemetry.otlp.headers.Authorization>' },
      sample: 0.01,
      signals: ['traces', 'metrics', 'logs'],
      intervalMs: 15_000,
    });
    expect(() => otlp({ otlp: { endpoint: 'https://c', sample: 2 } })).toThrow();
  });
});
