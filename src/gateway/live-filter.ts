import { containsFolded } from '../store/text-shape.ts';
import type { LiveEvent } from './live-feed.ts';

/** What a watcher wants to see; as `HistoryQuery`. */
export interface LiveFilter {
  readonly principal?: string | undefined;
  readonly by?: string | undefined;
  readonly database?: string | undefined;
  readonly class?: string | undefined;
  readonly table?: string | undefined;
  readonly session?: string | undefined;
  /** Folded. */
  readonly grep?: string | undefined;
  readonly errorsOnly?: boolean | undefined;
  readonly deniedOnly?: boolean | undefined;
  readonly maskedOnly?: boolean | undefined;
  readonly writesOnly?: boolean | undefined;
}

const READING = new Set(['read', 'session', 'transaction', 'utility']);

export function passes(event: LiveEvent, filter: LiveFilter): boolean {
  if (event.event === 'event') return passesEvent(event, filter);
  const { of } = event;
  if (filter.principal !== undefined && of.principalKey !== filter.principal) return false;
  if (filter.by !== undefined && !isNamed(of.principalKey, of.principal, filter.by)) return false;
  if (filter.database !== undefined && of.database !== filter.database) return false;
  if (event.event === 'session') {
    if (filter.session !== undefined && event.record.session !== filter.session) return false;
    return !wantsStatements(filter);
  }
  const { entry } = event;
  const { session, table, grep } = filter;
  if (session !== undefined && entry.session !== session) return false;
  if (filter.class !== undefined && !Object.values(entry.columns).some((one) => one === filter.class)) return false;
  if (table !== undefined && !entry.relations.some((name) => name === table || name.endsWith(`.${table}`)))
    return false;
  if (grep !== undefined && (entry.sql === null || !containsFolded(entry.sql, grep))) return false;
  if (filter.deniedOnly && entry.state !== 'denied') return false;
  if (filter.errorsOnly && !['denied', 'failed', 'rolled_back', 'may_have_run'].includes(entry.state)) return false;
  if (filter.maskedOnly && entry.decision !== 'mask' && !entry.masked) return false;
  return !(filter.writesOnly && READING.has(entry.class));
}

/** Of others' requests, logins and refusals only who sees everybody is told. */
function passesEvent({ record }: Extract<LiveEvent, { event: 'event' }>, filter: LiveFilter): boolean {
  const by = 'by' in record ? record.by : undefined;
  if (filter.principal !== undefined && by !== filter.principal) return false;
  if (filter.by !== undefined && by !== filter.by) return false;
  if (filter.database !== undefined && record.database !== filter.database) return false;
  return filter.session === undefined && !wantsStatements(filter);
}

/** It says something that only statements have. */
function wantsStatements(filter: LiveFilter): boolean {
  const { class: columnClass, table, grep, errorsOnly, deniedOnly, maskedOnly, writesOnly } = filter;
  const named = [columnClass, table, grep].some((one) => one !== undefined);
  return named || [errorsOnly, deniedOnly, maskedOnly, writesOnly].includes(true);
}

function isNamed(key: string, shown: string, by: string): boolean {
  const subject = key.slice(key.indexOf('|') + 1);
  return key === by || subject === by || shown.toLowerCase() === by.toLowerCase();
}
