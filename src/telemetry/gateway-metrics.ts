import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AuditTree } from '../audit/tree/tree.ts';
import { witnessed } from '../audit/tree/witnessed.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { Labels, Metric, Sample } from './metric.ts';

export interface GatewayMetricsParts {
  readonly gateway: GatewayState;
  readonly tree: AuditTree;
  readonly notifier: { readonly pending: number; readonly dropped: number };
  readonly version: string;
}

/** Looked at when somebody asks; a delay of the event loop is sampled by node itself, outside of JavaScript. */
export class GatewayMetrics {
  readonly #parts: GatewayMetricsParts;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });

  constructor(parts: GatewayMetricsParts) {
    this.#parts = parts;
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  metrics(): Metric[] {
    const { gateway, tree, notifier, version } = this.#parts;
    const { log, recorder } = gateway;
    const { status } = tree;
    const treeSize = status?.size ?? 0;
    return [
      gauge('dbgate_build_info', 'Which dbgate this is.', [sample(1, { version })]),
      gauge('dbgate_sessions', 'Open sessions.', this.#sessions()),
      gauge('dbgate_audit_healthy', 'Is the record being written? Nothing runs while it is not.', [
        sample(log.state === 'healthy' ? 1 : 0),
      ]),
      gauge('dbgate_audit_queue_bytes', 'Records that wait for the disk.', [sample(log.status().queuedBytes)]),
      gauge('dbgate_audit_outcomes_pending', 'Outcomes that wait for the record to heal.', [sample(recorder.pending)]),
      counter('dbgate_audit_outcomes_dropped_total', 'Outcomes that were lost: the record has gaps.', recorder.dropped),
      gauge('dbgate_audit_position', 'Of the last record on disk.', [sample(log.syncedPosition)]),
      gauge('dbgate_tree_unsigned_records', 'Leaves that no checkpoint of this gateway has yet.', [
        sample(treeSize - (status?.checkpointSize ?? 0)),
      ]),
      gauge('dbgate_tree_unwitnessed_records', 'Leaves that no witness has yet; all, if there is none.', [
        sample(treeSize - ((status && witnessed(status).size) ?? 0)),
      ]),
      gauge('dbgate_tree_ok', 'Is the tree of the record being signed?', [sample(status?.state === 'ok' ? 1 : 0)]),
      gauge('dbgate_requests_open', 'Requests that wait for a decision or are in force.', [
        sample(gateway.requests.openCount),
      ]),
      gauge('dbgate_notifications_pending', 'Messages that wait for their receiver.', [sample(notifier.pending)]),
      counter('dbgate_notifications_dropped_total', 'Messages that nobody took.', notifier.dropped),
      gauge('dbgate_catalog_age_seconds', 'Since the catalog was read last.', this.#catalogAges()),
      ...this.#process(),
    ];
  }

  #sessions(): Sample[] {
    const { gateway } = this.#parts;
    const counts = new Map([...gateway.settings.databases.keys()].map((name) => [name, 0]));
    for (const { database } of gateway.sessions) counts.set(database, (counts.get(database) ?? 0) + 1);
    return [...counts].map(([database, value]) => sample(value, { database }));
  }

  #catalogAges(): Sample[] {
    const ages: Sample[] = [];
    for (const { settings, catalogReadAt } of this.#parts.gateway.openDatabases()) {
      if (catalogReadAt === undefined) continue;
      ages.push(sample((Date.now() - catalogReadAt) / 1000, { database: settings.name }));
    }
    return ages;
  }

  #process(): Metric[] {
    const delay = this.#delay;
    const { user, system } = process.cpuUsage();
    const quantiles = [0.5, 0.99].map((q) => sample(delay.percentile(q * 100) / 1e9, { quantile: String(q) }));
    return [
      gauge('dbgate_event_loop_delay_seconds', 'How late timers come, since the start, by quantile.', quantiles),
      counter('process_cpu_seconds_total', 'CPU time.', (user + system) / 1e6),
      gauge('process_resident_memory_bytes', 'Memory.', [sample(process.memoryUsage.rss())]),
      gauge('process_start_time_seconds', 'Since the epoch.', [sample(Date.now() / 1000 - process.uptime())]),
    ];
  }
}

function sample(value: number, labels: Labels = {}): Sample {
  return { labels, value };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, kind: 'gauge', samples };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, help, kind: 'counter', samples: [sample(value)] };
}
