/**
 * The words of `match` that need more than the text: `column`, `column class`, `cascades`, `triggers`, `estimated rows`.
 * What forbids takes a doubt for a match, what permits for none; what the text alone rules out is never asked for.
 */
import type { ColumnClass } from '../../classify/classes.ts';
import type { RuleMatch } from '../../config/gateway-settings.ts';
import type { StatementFacts } from '../../sql/facts.ts';
import type { Matched } from '../decision.ts';
import {
  type ColumnName,
  type Foresight,
  type ForesightNeed,
  HARMLESS,
  type TouchedColumn,
  UNFORESEEN,
} from '../foresight.ts';
import { glob } from './name-pattern.ts';

/** `no`; what it met; or what has to be known first. */
export type ForeseenVerdict = 'no' | { readonly met: Matched } | { readonly ask: readonly ForesightNeed[] };

export interface ForeseenMatch {
  /** `known`: of the statement at hand; undefined: it has not been asked for. */
  judge(facts: StatementFacts, known: Foresight | undefined): ForeseenVerdict;
}

export const COLUMN_PATTERN_EXPECTS =
  '`table.column` or `schema.table.column`, each with `*` and `?`, such as `salaries.amount` or `hr.*.*`';

export function isColumnPattern(text: string): boolean {
  const parts = text.split('.');
  return (parts.length === 2 || parts.length === 3) && parts.every((part) => part !== '');
}

export const ROWS_EXPECTS = '`over` and a number of rows, such as `over 100000`';

/** Undefined: it is no such text. */
export function parseOver(text: string): number | undefined {
  const digits = /^over (\d{1,15})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

type Part = {
  readonly need: ForesightNeed;
  /** Can it be told from the text that there is nothing? */
  isIdle(facts: StatementFacts): boolean;
  test(foresight: Foresight): Matched | undefined;
};

/** Undefined: the rule has no such word. */
export function foreseenMatch(match: RuleMatch, permits: boolean): ForeseenMatch | undefined {
  const parts: Part[] = [];
  const columns = match.column?.map(columnPattern);
  const classes = match['column class'] === undefined ? undefined : new Set<string>(match['column class']);
  if (columns !== undefined || classes !== undefined) {
    const test = permits ? everyColumn(columns, classes) : anyColumn(columns, classes);
    parts.push({ need: 'columns', isIdle: touchesNoColumn, test });
  }
  for (const word of ['cascades', 'triggers'] as const) {
    const wanted = match[word];
    if (wanted === undefined) continue;
    const test = (foresight: Foresight): Matched | undefined => {
      const found = foresight[word];
      if (found === undefined) return permits ? undefined : { unknown: [word] };
      return found.length > 0 === wanted ? { [word]: found.slice(0, MAX_NAMED) } : undefined;
    };
    parts.push({ need: 'effects', isIdle: changesNothing, test });
  }
  const limits = match['estimated rows']?.map((text) => parseOver(text)!);
  if (limits !== undefined) {
    const least = Math.min(...limits);
    const test = ({ estimatedRows }: Foresight): Matched | undefined => {
      if (estimatedRows === undefined) return permits ? undefined : { unknown: ['estimated rows'] };
      return estimatedRows > least ? { estimatedRows } : undefined;
    };
    parts.push({ need: 'rows', isIdle: isNotPlanned, test });
  }
  if (parts.length === 0) return undefined;
  return {
    judge(facts, known) {
      const ask: ForesightNeed[] = [];
      let met: Matched = {};
      for (const { need, isIdle, test } of parts) {
        const foresight = isIdle(facts) ? HARMLESS : known;
        if (foresight === undefined) {
          if (!ask.includes(need)) ask.push(need);
          continue;
        }
        const found = test(foresight);
        if (found === undefined) return 'no';
        met = { ...met, ...found, unknown: [...(met.unknown ?? []), ...(found.unknown ?? [])] };
      }
      return ask.length > 0 ? { ask } : { met };
    },
  };
}

/** What a rule met, in words; undefined: nothing that has a name. */
export function metInWords({ columns, cascades, triggers, estimatedRows, unknown = [] }: Matched): string | undefined {
  const parts = [
    columns?.length ? `it reads or writes ${columns.join(', ')}` : '',
    cascades?.length ? `its change goes on to ${cascades.join(', ')}` : '',
    triggers?.length ? `it fires ${triggers.join(', ')}` : '',
    estimatedRows === undefined ? '' : `it is about an estimated ${estimatedRows} rows`,
    ...unknown.map((what) => `${UNKNOWN_IN_WORDS[what]} could not be told`),
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

const UNKNOWN_IN_WORDS: Readonly<Record<NonNullable<Matched['unknown']>[number], string>> = {
  columns: 'which columns it comes to',
  cascades: 'where foreign keys carry its change',
  triggers: 'which triggers it fires',
  'estimated rows': 'how many rows it is about',
};

/** A message and a record name so many. */
const MAX_NAMED = 10;

type ColumnPattern = (name: ColumnName) => boolean;

function columnPattern(pattern: string): ColumnPattern {
  const [column, table, schema] = pattern
    .split('.')
    .reverse()
    .map((part) => glob(part));
  return (name) => column!(name.column) && table!(name.table) && (schema === undefined || schema(name.schema));
}

function isNamed(patterns: readonly ColumnPattern[] | undefined, column: TouchedColumn): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) => pattern(column) || column.alsoNamed?.some(pattern) === true);
}

function isOfClass(
  classes: ReadonlySet<string> | undefined,
  found: readonly ColumnClass[] | undefined,
  otherwise: boolean,
): boolean {
  if (classes === undefined) return true;
  return found === undefined ? otherwise : found.some((one) => classes.has(one));
}

function anyColumn(patterns: readonly ColumnPattern[] | undefined, classes: ReadonlySet<string> | undefined) {
  return ({ columns, isBlind }: Foresight): Matched | undefined => {
    const met = columns.filter((column) => isNamed(patterns, column) && isOfClass(classes, column.classes, true));
    if (met.length > 0) return { columns: met.slice(0, MAX_NAMED).map(nameOf) };
    return isBlind ? { unknown: ['columns'] } : undefined;
  };
}

function everyColumn(patterns: readonly ColumnPattern[] | undefined, classes: ReadonlySet<string> | undefined) {
  return ({ columns, isBlind }: Foresight): Matched | undefined => {
    if (isBlind || columns.length === 0) return undefined;
    const meant = (column: TouchedColumn): boolean =>
      isNamed(patterns, column) && isOfClass(classes, column.classes, false);
    return columns.every(meant) ? { columns: columns.slice(0, MAX_NAMED).map(nameOf) } : undefined;
  };
}

function nameOf({ schema, table, column }: ColumnName): string {
  return `${schema}.${table}.${column}`;
}

/** It names no relation, and calls nothing that could. */
function touchesNoColumn(facts: StatementFacts): boolean {
  const { class: kind, command, relations, functions, operators, types, targets } = facts;
  if (facts.callsWrite === true || facts.anyRelation === true) return false;
  if (kind === 'transaction' || kind === 'session') return functions.length === 0 && relations.length === 0;
  if (command !== 'SELECT') return false;
  return relations.length + functions.length + operators.length + types.length + targets.length === 0;
}

function changesNothing({ writes, callsWrite, targets }: StatementFacts): boolean {
  return !writes && callsWrite !== true && targets.length === 0;
}

/** Of what else there is nothing to plan, and no number of rows. */
const PLANNED =
  /^(?:SELECT|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|COPY|DECLARE CURSOR|PREPARE|EXECUTE|CREATE TABLE AS|SELECT INTO|CREATE MATERIALIZED VIEW|REFRESH MATERIALIZED VIEW|EXPLAIN|DO|CALL|UNKNOWN)$/;

function isNotPlanned({ command, relations, functions, nested = [] }: StatementFacts): boolean {
  if (!PLANNED.test(command)) return true;
  return command === 'SELECT' && relations.length + functions.length + nested.length === 0;
}

/** That of the statement at hand; undefined: it has not been asked for. */
export function foresightOf(known: readonly Foresight[] | undefined, index: number): Foresight | undefined {
  return known === undefined ? undefined : (known[index] ?? UNFORESEEN);
}
