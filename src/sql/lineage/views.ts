/** Views through their definitions; kept for one snapshot of the catalog, since a definition means the same to all. */
import type { Catalog, CatalogRelation } from '../../catalog/catalog.ts';
import { GrammarError } from '../grammar.ts';
import { Findings } from './findings.ts';
import type { NamedValue } from './flows.ts';
import { EMPTY_SCOPE } from './scopes.ts';
import type { Tracer, ViewTrace } from './tracer.ts';

/** The search_path under which the snapshot's definitions were printed. */
export function definitionPath(catalog: Catalog): readonly string[] {
  return catalog.definitionPath;
}

const MAX_KEPT = 5000;

export function traceView(t: Tracer, relation: CatalogRelation): readonly NamedValue[] {
  // Routines in it may mean something else under another path.
  const key = `${relation.oid} ${t.runningPath.join(' ')}`;
  const isKept = t.written.size === 0;
  const around = `${key} ${[...t.active].join(' ')}`;
  const kept = (isKept ? t.memo.views.get(key) : undefined) ?? t.viewed.get(around);
  const traced = kept ?? read(t, relation);
  t.viewed.set(around, traced);
  if (isKept && kept === undefined && t.active.size === 0) {
    if (t.memo.views.size >= MAX_KEPT) t.memo.views.clear();
    t.memo.views.set(key, traced);
  }
  t.findings.include(traced.findings);
  return traced.columns;
}

function read(t: Tracer, relation: CatalogRelation): ViewTrace {
  const name = `${relation.schema}.${relation.name}`;
  const unknown = (why: string): ViewTrace => {
    const findings = new Findings();
    findings.unknown.add(why);
    const value = t.unknown(why);
    return { columns: relation.columns.map((column) => ({ name: column.name, value })), findings };
  };
  if (relation.definition === undefined) return unknown(`view ${name} has no definition`);
  if (t.active.has(relation.oid)) return unknown(`view ${name} is within itself`);
  const { definition } = relation;
  t.active.add(relation.oid);
  try {
    const traced = t.elsewhere(definitionPath(t.catalog), name, () => {
      const [only, ...more] = t.parse(definition);
      if (only === undefined || more.length > 0) return undefined;
      const { result, findings } = t.apart(() => t.query(only.node, EMPTY_SCOPE));
      return { columns: result, findings };
    });
    return traced ?? unknown(`view ${name} cannot be read`);
  } catch (error) {
    if (error instanceof GrammarError) return unknown(`view ${name} cannot be parsed`);
    throw error;
  } finally {
    t.active.delete(relation.oid);
  }
}
