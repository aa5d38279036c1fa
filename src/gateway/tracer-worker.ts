/**
 * The thread that traces lineage: one grammar, the catalogs it was given, one text at a time. In: a text and the world
 * its names live in; out: plain data. Before each text it says which one it is at, as the analyser's thread does.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Catalog } from '../catalog/catalog.ts';
import { catalogFromRows } from '../catalog/catalog-model.ts';
import { GrammarError, loadGrammar, TooComplexError } from '../sql/grammar.ts';
import type { Lineage } from '../sql/lineage/lineage.ts';
import { createLineageMemo, LineageTooDeep, traceLineage } from '../sql/lineage/trace.ts';
import type { ParserMessage, ParserReport, ParserWorkerData } from './parser-lane.ts';

export interface TraceRequest {
  readonly sql: string;
  /** Key under which the catalog was remembered. */
  readonly catalog: number;
  readonly searchPath: readonly string[];
}

/** Rows of the catalog query. */
export type CatalogRows = readonly (readonly (string | null)[])[];

export interface TraceResult {
  /** Undefined: the text is none of this grammar, or its catalog was forgotten. */
  readonly lineage: Lineage | undefined;
}

const port = parentPort;
if (port === null) throw new Error('tracer-worker runs as a worker thread only');
const { major, current } = workerData as ParserWorkerData;
const progress = new Int32Array(current);
const grammar = await loadGrammar(major);
const catalogs = new Map<number, Catalog>();
const memo = createLineageMemo();

const post = (report: ParserReport<TraceResult>): void => port.postMessage(report);

port.on('message', (message: ParserMessage<TraceRequest, CatalogRows>) => {
  if (message.kind === 'remember') catalogs.set(message.key, catalogFromRows(message.memory, message.key));
  else if (message.kind === 'forget') catalogs.delete(message.key);
  else for (const request of message.requests) if (!trace(request)) return;
});
post({ kind: 'ready' });

/** False: the instance can no longer be trusted. */
function trace({ id, sql, catalog: key, searchPath }: TraceRequest & { readonly id: number }): boolean {
  Atomics.store(progress, 0, id);
  const catalog = catalogs.get(key);
  let lineage: Lineage | undefined;
  try {
    if (catalog !== undefined) lineage = traceLineage(sql, grammar, { catalog, searchPath }, { memo });
  } catch (error) {
    const isUntraceable = [GrammarError, TooComplexError, LineageTooDeep].some((kind) => error instanceof kind);
    if (!isUntraceable) return broken(id, error);
  }
  post({ kind: 'done', results: [{ id, lineage }] });
  Atomics.store(progress, 0, 0);
  return true;
}

function broken(id: number, error: unknown): false {
  const tooDeep = error instanceof RangeError;
  post({ kind: 'broken', id, tooDeep, message: error instanceof Error ? error.name : 'unknown error' });
  port?.close();
  return false;
}
