/** How many rows a statement is about, by the planner's estimate. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Analysis } from '../sql/facts.ts';
import type { DatabaseRuntime } from './database-runtime.ts';
import { queryOnce } from './side-query.ts';

/** What EXPLAIN plans. */
export const PLANNED = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES|TABLE)$/;

export interface PlanQuestion {
  readonly analysis: Analysis;
  readonly sql: string;
  readonly binds: number;
  /** As SET takes it. */
  readonly searchPath: string;
}

/**
 * As the planner sees it, on a connection of the gateway's own; never run. Undefined: it cannot be planned alone, or
 * planning it could run something, as functions of constants are.
 */
export async function estimateRows(
  runtime: DatabaseRuntime,
  { analysis, sql, binds, searchPath }: PlanQuestion,
  limitMs: number,
): Promise<number | undefined> {
  if (!isPlannedOnly(analysis, runtime.masking.sharedCatalog?.catalog)) return undefined;
  const text = binds === 0 ? `EXPLAIN (FORMAT JSON) ${sql}` : explainForAny(sql, binds);
  const rows = await queryOnce(runtime.settings.upstream, text, searchPath, limitMs);
  const plans = JSON.parse(rows[0]?.[0] ?? '') as readonly { readonly Plan?: PlanNode }[];
  // A rule makes several of one, or none.
  const plan = plans.length === 1 ? plans[0]?.Plan : undefined;
  return plan === undefined ? undefined : plannedRows(plan);
}

/** As for values that are not known: nothing of the client's goes anywhere but into its own session. */
function explainForAny(sql: string, binds: number): string {
  const values = Array.from({ length: binds }, () => 'NULL').join(', ');
  // The text may end in a comment.
  return `SET plan_cache_mode = force_generic_plan; PREPARE dbgate_plan AS ${sql.replace(/;\s*$/, '')}
; EXPLAIN (FORMAT JSON) EXECUTE dbgate_plan(${values})`;
}

/** What is changed, wherever in it; of what changes nothing, what is answered. */
function plannedRows(plan: PlanNode): number | undefined {
  const changes = nodesOf(plan).filter((node) => node['Node Type'] === 'ModifyTable');
  const counted = changes.length === 0 ? [plan] : changes.flatMap((node) => node.Plans?.filter(isOuter) ?? []);
  if (counted.length === 0) return undefined;
  let sum = 0;
  for (const { 'Plan Rows': rows } of counted) {
    if (rows === undefined) return undefined;
    sum += rows;
  }
  return sum;
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Plan Rows'?: number;
  readonly 'Parent Relationship'?: string;
  readonly Plans?: readonly PlanNode[];
}

function isOuter(node: PlanNode): boolean {
  const relation = node['Parent Relationship'];
  return relation !== 'InitPlan' && relation !== 'SubPlan';
}

function isPlannedOnly({ statements, error }: Analysis, catalog: Catalog | undefined): boolean {
  const [facts] = statements;
  if (facts === undefined || statements.length > 1 || error !== undefined || catalog === undefined) return false;
  if (!PLANNED.test(facts.command) || facts.functions.length > 0 || facts.types.length > 0) return false;
  return facts.operators.every((name) => catalog.operators(name).length === 0);
}
