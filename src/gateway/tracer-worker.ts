/**
 * The thread that traces lineage: one grammar, the catalogs it was given. In: a text and the world its names live in; out:
 * plain data.
 */
import type { Catalog } from '../catalog/catalog.ts';
import { catalogFromRows } from '../catalog/catalog-model.ts';
import { GrammarError, loadGrammar, TooComplexError } from '../sql/grammar.ts';
import type { Lineage } from '../sql/lineage/lineage.ts';
import { createLineageMemo, LineageTooDeep, traceLineage } from '../sql/lineage/trace.ts';
import { laneMajor, serveLane } from './lane-thread.ts';

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

const grammar = await loadGrammar(laneMajor());
const catalogs = new Map<number, Catalog>();
const memo = createLineageMemo();

serveLane<TraceRequest, TraceResult, CatalogRows>({
  answer: (request) => ({ lineage: lineageOf(request) }),
  remember: (key, rows) => catalogs.set(key, catalogFromRows(rows, key)),
  forget: (key) => catalogs.delete(key),
  reportEvery: 1,
});

function lineageOf({ sql, catalog: key, searchPath }: TraceRequest): Lineage | undefined {
  const catalog = catalogs.get(key);
  if (catalog === undefined) return undefined;
  try {
    return traceLineage(sql, grammar, { catalog, searchPath }, { memo });
  } catch (error) {
    const isUntraceable = [GrammarError, TooComplexError, LineageTooDeep].some((kind) => error instanceof kind);
    if (isUntraceable) return undefined;
    throw error;
  }
}
