import type { Dispatcher } from 'undici';
import { postJson } from '../approvals/notify/http-post.ts';
import type { OtlpSettings, OtlpSignal } from '../config/telemetry-settings.ts';
import type { Metric } from './metric.ts';
import { encodeLogs, encodeMetrics, encodeTraces, type LogLine } from './otlp-json.ts';
import type { Attributes, Span } from './statement-spans.ts';

/** Of each signal that wait; what comes beyond is dropped, and counted. */
const MAX_QUEUED = 2_048;
const MAX_BATCH = 512;
const FLUSH_MS = 2_000;
const MAX_TRIES = 5;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** Said once in so long, however often it fails. */
const COMPLAIN_MS = 600_000;
const CLOSE_MS = 3_000;

export interface OtlpSenderOptions {
  readonly settings: OtlpSettings;
  readonly resource: Attributes;
  /** Asked for each time that metrics are told. */
  readonly metrics: () => readonly Metric[];
  readonly logLine: (line: string) => void;
}

/** Tells a collector, off the path of statements: taking is a push on an array, and nothing waits for the collector. */
export class OtlpSender {
  readonly dropped: Record<OtlpSignal, number> = { traces: 0, metrics: 0, logs: 0 };
  readonly #options: OtlpSenderOptions;
  readonly #signals: ReadonlySet<OtlpSignal>;
  readonly #startMs = Date.now();
  #spans: Span[] = [];
  #logs: LogLine[] = [];
  #dispatcher: Dispatcher | undefined;
  #flushing: Promise<void> | undefined;
  readonly #timers: NodeJS.Timeout[];
  #complainedAt = 0;
  #closing = false;

  constructor(options: OtlpSenderOptions) {
    this.#options = options;
    this.#signals = new Set(options.settings.signals);
    this.#timers = [setInterval(() => this.#flushSoon(), FLUSH_MS).unref()];
    if (this.#signals.has('metrics')) {
      this.#timers.push(setInterval(() => void this.#tellMetrics(), options.settings.intervalMs).unref());
    }
  }

  takes(signal: OtlpSignal): boolean {
    return this.#signals.has(signal);
  }

  span(span: Span): void {
    if (this.#spans.length >= MAX_QUEUED) this.dropped.traces++;
    else this.#spans.push(span);
  }

  log(text: string): void {
    if (!this.takes('logs')) return;
    if (this.#logs.length >= MAX_QUEUED) this.dropped.logs++;
    else this.#logs.push({ atMs: Date.now(), text });
  }

  /** What waits is told, if the collector takes it at once. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearInterval(timer);
    const last = (async () => {
      await this.#flushing;
      await this.#flush();
      if (this.takes('metrics')) await this.#tellMetrics();
    })();
    await Promise.race([last, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    await this.#dispatcher?.destroy();
  }

  #flushSoon(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  async #flush(): Promise<void> {
    const { resource } = this.#options;
    while (this.#spans.length > 0) {
      const batch = this.#spans.splice(0, MAX_BATCH);
      if (!(await this.#send('traces', encodeTraces(resource, batch)))) this.dropped.traces += batch.length;
    }
    while (this.#logs.length > 0) {
      const batch = this.#logs.splice(0, MAX_BATCH);
      if (!(await this.#send('logs', encodeLogs(resource, batch)))) this.dropped.logs += batch.length;
    }
  }

  /** The next one tells all that this one would have: it is tried once. */
  async #tellMetrics(): Promise<void> {
    const { resource, metrics } = this.#options;
    const body = encodeMetrics(resource, metrics(), { startMs: this.#startMs, nowMs: Date.now() });
    if (!(await this.#send('metrics', body, 1))) this.dropped.metrics++;
  }

  async #send(signal: OtlpSignal, body: string, maxTries = MAX_TRIES): Promise<boolean> {
    const { endpoint, headers } = this.#options.settings;
    let retryMs = FIRST_RETRY_MS;
    for (let tries = 1; ; tries++) {
      const done = await postJson(await this.#agent(), `${endpoint}/v1/${signal}`, body, headers);
      if (done.kind === 'delivered') return true;
      if (done.kind === 'given-up' || tries >= maxTries || this.#closing) {
        this.#complain(signal, done.why);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, done.afterMs ?? retryMs).unref());
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  #complain(signal: OtlpSignal, why: string): void {
    if (Date.now() - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = Date.now();
    this.#options.logLine(`telemetry: ${signal} could not be told: ${why}`);
  }

  async #agent(): Promise<Dispatcher> {
    if (this.#dispatcher === undefined) {
      const { EnvHttpProxyAgent } = await import('undici');
      this.#dispatcher = new EnvHttpProxyAgent();
    }
    return this.#dispatcher;
  }
}
