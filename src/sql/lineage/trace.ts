/**
 * Column lineage of a text. In: the text, Postgres' own grammar, a catalog and a search_path. Out: plain data, statement
 * by statement. It resolves names as PostgreSQL does and never guesses: what it cannot resolve is a named unknown. It
 * throws `GrammarError` for what Postgres would reject, `TooComplexError` for what is not parsed, `LineageTooDeep` for what
 * is nested too deep.
 */
import type { World } from '../../catalog/catalog.ts';
import type { Grammar } from '../grammar.ts';
import { as, child, type Tree, unwrap } from '../tree.ts';
import { callByName } from './calls.ts';
import { traceCondition } from './conditions.ts';
import { copyFormatOf } from './copy-format.ts';
import { traceValue } from './expressions.ts';
import { Findings } from './findings.ts';
import { type NamedValue, oneOf } from './flows.ts';
import type { Lineage, OutputColumn, StatementLineage } from './lineage.ts';
import { traceQuery } from './queries.ts';
import { traceRoutine } from './routines.ts';
import { EMPTY_SCOPE } from './scopes.ts';
import { changesNames, describedBy, traceStatement } from './statements.ts';
import { createLineageMemo, type LineageMemo, LineageTooDeep, type Parts, Tracer } from './tracer.ts';
import { baseType } from './types.ts';
import { traceView } from './views.ts';

export { createLineageMemo, type LineageMemo, LineageTooDeep };

export interface TraceOptions {
  /** Kept by the caller from trace to trace; it empties itself when the catalog's version changes. */
  readonly memo?: LineageMemo;
}

const PARTS: Parts = {
  value: traceValue,
  condition: traceCondition,
  query: traceQuery,
  statement: traceStatement,
  view: traceView,
  routine: traceRoutine,
  call: callByName,
};

export function traceLineage(sql: string, grammar: Grammar, world: World, options: TraceOptions = {}): Lineage {
  const memo = options.memo ?? createLineageMemo();
  if (memo.version !== world.catalog.version) {
    memo.views.clear();
    memo.version = world.catalog.version;
  }
  const parsed = grammar.parse(sql);
  const t = new Tracer(world, grammar, memo, PARTS);
  const statements: StatementLineage[] = [];
  let changed: string | undefined;
  try {
    for (const { node } of parsed) {
      t.findings = new Findings();
      t.fired.clear();
      t.viewed.clear();
      t.top = topOf(node);
      const columns = t.statement(node, EMPTY_SCOPE);
      if (changed !== undefined && readsNames(node)) {
        t.findings.outdated = t.findings.unknown.size === 0;
        t.findings.unknown.add(`after ${changed} names may mean something else`);
      }
      const described = describedBy(node);
      statements.push(
        t.findings.lineage({
          columns: columns?.map((column) => outputColumn(t, column)),
          resultOf: described.resultOf,
          defines: described.defines,
          ...(described.keeps === undefined ? {} : { keeps: described.keeps }),
          copyOut: copyFormatOf(node),
          ...explained(t, node),
        }),
      );
      changed ??= changesNames(node);
      remember(t);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new LineageTooDeep('the stack does not hold it');
    throw error;
  }
  return { statements, readsLiterals: t.readsLiterals };
}

/** Whose rows the command tag counts; of PREPARE that of EXECUTE. */
function topOf(wrapped: Tree): Tree | undefined {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  return type === 'PrepareStmt' ? unwrap(child(node, 'query'))?.[1] : node;
}

/** What was written is read by the statements behind. */
function remember(t: Tracer): void {
  for (const { target, flow } of t.findings.writes) {
    if (target.kind !== 'column') continue;
    let written = t.written.get(target.relation);
    if (written === undefined) t.written.set(target.relation, (written = new Map()));
    const before = written.get(target.attnum);
    written.set(target.attnum, before === undefined ? flow : oneOf([before, flow]));
  }
}

function readsNames(node: Parameters<typeof unwrap>[0]): boolean {
  const [type] = unwrap(node) ?? [''];
  return !/^(?:TransactionStmt|VariableSetStmt|VariableShowStmt|FetchStmt|ClosePortalStmt|ListenStmt|NotifyStmt|DiscardStmt)$/.test(
    type,
  );
}

/** RowDescription says what a domain is over. */
function outputColumn(t: Tracer, { name, value }: NamedValue): OutputColumn {
  const label = value.isLabel === true ? { label: true as const } : {};
  return { ...value.flow, name, type: baseType(t.catalog, value.type), origin: value.origin, ...label };
}

/** What a prepared statement computes is not known here. */
function explained(t: Tracer, statement: Tree): Partial<Pick<StatementLineage, 'explains' | 'computes'>> {
  const node = as(statement, 'ExplainStmt');
  if (node === undefined) return {};
  const isOfAnother = as(child(node, 'query'), 'ExecuteStmt') !== undefined;
  return { explains: true, computes: isOfAnother ? 'unknown' : [...t.findings.computes.values()] };
}
