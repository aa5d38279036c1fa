import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { until, withRig } from '../gateway/gateway-rig.ts';

const CANARY = 'canary.secret@demo.test';

// What a collector reads of OTLP over HTTP: unknown members are errors here.
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ boolValue: z.boolean() }),
]);
const attributes = z.array(z.strictObject({ key: z.string(), value: anyValue }));
const nanos = z.string().regex(/^\d{19}$/);
const resource = z.strictObject({ attributes });
const scope = z.strictObject({ name: z.literal('dbgate') });
const span = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().min(1),
  kind: z.literal(3),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  status: z.strictObject({ code: z.literal(2).optional() }),
});
const point = { attributes, startTimeUnixNano: nanos, timeUnixNano: nanos };
const number = z.strictObject({ ...point, asDouble: z.number() });
const about = { name: z.string(), unit: z.string(), description: z.string() };
const metric = z.union([
  z.strictObject({ ...about, gauge: z.strictObject({ dataPoints: z.array(number) }) }),
  z.strictObject({
    ...about,
    sum: z.strictObject({
      aggregationTemporality: z.literal(2),
      isMonotonic: z.literal(true),
      dataPoints: z.array(number),
    }),
  }),
  z.strictObject({
    ...about,
    histogram: z.strictObject({
      aggregationTemporality: z.literal(2),
      dataPoints: z.array(
        z
          .strictObject({
            ...point,
            count: z.string(),
            sum: z.number(),
            bucketCounts: z.array(z.string()),
            explicitBounds: z.array(z.number()),
          })
          .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1)
          .refine(
            ({ bucketCounts, count }) => bucketCounts.reduce((all, one) => all + Number(one), 0) === Number(count),
          ),
      ),
    }),
  }),
]);
const log = z.strictObject({
  timeUnixNano: nanos,
  observedTimeUnixNano: nanos,
  severityNumber: z.number(),
  severityText: z.string(),
  body: anyValue,
});
const BODIES = {
  '/v1/traces': z.strictObject({
    resourceSpans: z.array(
      z.strictObject({ resource, scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span) })) }),
    ),
  }),
  '/v1/metrics': z.strictObject({
    resourceMetrics: z.array(
      z.strictObject({ resource, scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metric) })) }),
    ),
  }),
  '/v1/logs': z.strictObject({
    resourceLogs: z.array(
      z.strictObject({ resource, scopeLogs: z.array(z.strictObject({ scope, logRecords: z.array(log) })) }),
    ),
  }),
};

const spans: z.infer<typeof span>[] = [];
const metrics = new Map<string, z.infer<typeof metric>>();
const logs: string[] = [];
const bodies: string[] = [];
const faults: unknown[] = [];
let refusals = 2;
const collector = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    // It is down for a moment, as collectors are.
    if (request.url === '/v1/traces' && refusals-- > 0) {
      response.writeHead(503).end();
      return;
    }
    try {
      bodies.push(body);
      expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'x-api-key': 'k1' });
      const json = BODIES[request.url as keyof typeof BODIES].parse(JSON.parse(body)) as never;
      for (const one of spansOf(json)) spans.push(one);
      for (const one of metricsOf(json)) metrics.set(one.name, one);
      for (const one of logsOf(json)) logs.push((one.body as { stringValue: string }).stringValue);
      response.writeHead(200).end('{}');
    } catch (error) {
      faults.push(error);
      response.writeHead(400).end();
    }
  });
});
const spansOf = (body: { resourceSpans?: { scopeSpans: { spans: z.infer<typeof span>[] }[] }[] }) =>
  (body.resourceSpans ?? []).flatMap((one) => one.scopeSpans.flatMap((of) => of.spans));
const metricsOf = (body: { resourceMetrics?: { scopeMetrics: { metrics: z.infer<typeof metric>[] }[] }[] }) =>
  (body.resourceMetrics ?? []).flatMap((one) => one.scopeMetrics.flatMap((of) => of.metrics));
const logsOf = (body: { resourceLogs?: { scopeLogs: { logRecords: z.infer<typeof log>[] }[] }[] }) =>
  (body.resourceLogs ?? []).flatMap((one) => one.scopeLogs.flatMap((of) => of.logRecords));

beforeAll(() => new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve)));
afterAll(() => void collector.close());

const rig = withRig({
  sql: `CREATE TABLE person (id int PRIMARY KEY, email text); INSERT INTO person VALUES (1, 'ann@demo.test')`,
  tune: (settings) => ({
    ...settings,
    metrics: { prometheus: true, token: 'm-token' },
    otlp: {
      endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      headers: { 'X-Api-Key': 'k1' },
      sample: 1,
      signals: ['traces', 'metrics', 'logs'],
      intervalMs: 1_000,
    },
  }),
});

async function scrape(headers: Record<string, string> = { authorization: 'Bearer m-token' }): Promise<Response> {
  const { Agent, fetch } = await import('undici');
  const dispatcher = new Agent({ connect: { ca: rig.certificates.ca } });
  const answer = await fetch(`${rig.settings.publicUrl}/metrics`, { headers, dispatcher });
  return answer as unknown as Response;
}

/** `name{labels}` → value. */
function parsed(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$/);
      continue;
    }
    const match =
      /^([a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})?) (\S+)$/.exec(line);
    expect(match, line).not.toBeNull();
    const value = match![2] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match![2]);
    expect(value, line).not.toBeNaN();
    expect(values.has(match![1]!), line).toBe(false);
    values.set(match![1]!, value);
  }
  return values;
}

describe('a gateway that is watched', () => {
  beforeAll(async () => {
    const client = await rig.connect(await rig.tokenOf('ada', ['developers']));
    await client.query('SELECT email FROM person');
    await client.query('SELECT email FROM person WHERE email = $1', [CANARY]);
    await client.query(`SELECT 1 FROM person WHERE email = '${CANARY}'`);
    await client.query('INSERT INTO person VALUES (2, NULL)');
    await client.query('DROP TABLE person').catch(() => {});
    await client.query('SELECT 1/0').catch(() => {});
    // What became of the last one is counted a moment after its answer.
    const ended = 'dbgate_statement_duration_seconds_count{database="app"}';
    await until(async () => parsed(await (await scrape()).text()).get(ended) === 6);
  });

  it('counts statements by database, class and decision, and nothing that a client names', async () => {
    const answer = await scrape();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    const values = parsed(text);
    expect(values.get('dbgate_statements_total{database="app",class="read",decision="mask"}')).toBeGreaterThanOrEqual(
      1,
    );
    expect(values.get('dbgate_statements_total{database="app",class="write",decision="allow"}')).toBe(1);
    expect(values.get('dbgate_statements_total{database="app",class="ddl",decision="deny"}')).toBe(1);
    expect(values.get('dbgate_masked_cells_total{database="app",class="email"}')).toBe(1);
    expect(values.get('dbgate_statement_errors_total{database="app"}')).toBe(2);
    expect(values.get('dbgate_statement_duration_seconds_count{database="app"}')).toBe(6);
    expect(values.get('dbgate_statement_duration_seconds_bucket{database="app",le="+Inf"}')).toBe(6);
    expect(values.get('dbgate_sessions{database="app"}')).toBe(1);
    expect(values.get('dbgate_audit_healthy')).toBe(1);
    expect(values.get('dbgate_fsync_duration_seconds_count')).toBeGreaterThan(0);
    expect(values.get('dbgate_record_wait_seconds_count')).toBeGreaterThanOrEqual(6);
    expect(values.get('dbgate_catalog_age_seconds{database="app"}')).toBeGreaterThanOrEqual(0);
    expect(text).not.toContain('ada');
    expect(text).not.toContain('person');
  });

  it('shows its numbers to whoever has the token', async () => {
    for (const headers of [{}, { authorization: 'Bearer other' }, { authorization: 'm-token' }]) {
      expect((await scrape(headers as Record<string, string>)).status).toBe(404);
    }
  });

  it('tells a collector of statements as spans, without their texts', async () => {
    await until(() => spans.length >= 6);
    expect(faults).toEqual([]);
    const [first] = spans;
    const of = (one: z.infer<typeof span>) =>
      Object.fromEntries(one.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    expect(first!.name).toBe('SELECT public.person');
    expect(of(first!)).toMatchObject({
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'db.query.summary': 'SELECT public.person',
      'db.collection.name': 'public.person',
      'db.namespace': 'app',
      'server.address': rig.settings.databases.get('app')!.upstream.host,
      'server.port': String(rig.settings.databases.get('app')!.upstream.port),
      'dbgate.database': 'app',
    });
    const failed = spans.filter(({ status }) => status.code === 2).map((one) => of(one)['error.type']);
    expect(failed).toEqual([expect.stringMatching(/^[0-9A-Z]{5}$/), '22012']);
    expect(BigInt(first!.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(first!.startTimeUnixNano));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(spans.length);
    expect(bodies.join('')).not.toContain(CANARY);
  });

  it('tells it metrics and its own log', async () => {
    await until(() => metrics.has('dbgate.statements') && logs.length > 0);
    expect(faults).toEqual([]);
    expect(metrics.get('dbgate.statement_duration')).toMatchObject({ unit: 's', histogram: {} });
    expect(logs.join('\n')).toMatch(/open files/);
  });

  it('has every metric that the dashboard asks for', async () => {
    const known = new Set(
      [...(await (await scrape()).text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name!),
    );
    const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const asked = new Set(
      [...dashboard.matchAll(/\b((?:dbgate|process)_[a-z_]+)/g)].map(([, name]) =>
        name!.replace(/_(bucket|sum|count)$/, ''),
      ),
    );
    expect(asked.size).toBeGreaterThan(10);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('a gateway that is not watched', () => {
  it('has no page of numbers', async () => {
    const { metrics: _, otlp: __, ...plain } = rig.settings;
    await rig.restart(plain);
    expect((await scrape()).status).toBe(404);
  });

  it('without a token shows them to this machine only, and not through a proxy on it', async () => {
    const { otlp: _, ...plain } = rig.settings;
    await rig.restart({ ...plain, metrics: { prometheus: true, token: undefined } });
    expect((await scrape({})).status).toBe(200);
    expect((await scrape({ 'x-forwarded-for': '10.0.0.1' })).status).toBe(404);
  });
});
