/**
 * What a statement does by calling routines that are in the database. In: its facts, and those of every routine. Out: the
 * facts with what the routines find, write and change, as `via function f`; the very same array when it calls none.
 *
 * Names over-approximate: any overload, and for an unqualified name that of any schema. A name that nobody knows becomes
 * a target `call`: the session says what it is.
 */
import { higherClass } from './commands.ts';
import type { Finding, ObjectTarget, StatementFacts } from './facts.ts';
import { isDangerousFunction, isWritingFunction } from './functions.ts';
import { nameParts, qualifiedName } from './names.ts';
import { isPureFunction } from './pure-functions.ts';

export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly isAttribute: boolean;
  /** Of its body. */
  readonly body: StatementFacts;
}

interface Named {
  readonly schema: string;
  readonly name: string;
}

export interface RoutineTable {
  /** Undefined: no catalog was read; then only names that dbgate itself knows count as built in. */
  readonly builtin: ReadonlySet<string> | undefined;
  /** Bare name → schemas that have a routine of that name. */
  readonly known: ReadonlyMap<string, ReadonlySet<string>>;
  readonly routines: ReadonlyMap<string, readonly Routine[]>;
  readonly operators: ReadonlyMap<string, readonly Named[]>;
  readonly aggregates: ReadonlyMap<string, readonly Named[]>;
  readonly casts: ReadonlyMap<string, readonly Named[]>;
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

export const NO_ROUTINES: RoutineTable = {
  builtin: undefined,
  known: NOTHING,
  routines: NOTHING,
  operators: NOTHING,
  aggregates: NOTHING,
  casts: NOTHING,
};

const NONE: readonly Routine[] = [];

/** `made`: bodies of routines that were created a moment ago and may not be in the table. */
export function withRoutines(
  statements: readonly StatementFacts[],
  table: RoutineTable,
  made: (bareName: string) => readonly Routine[],
): readonly StatementFacts[] {
  const created = new Set<string>();
  let out: StatementFacts[] | undefined;
  for (const [index, facts] of statements.entries()) {
    for (const target of facts.targets) {
      if (target.kind === 'function' && target.action !== 'drop') created.add(nameParts(target.name).at(-1) ?? '');
    }
    const judged = effectsOf(facts, table, made, created);
    if (judged === facts) continue;
    out ??= [...statements];
    out[index] = judged;
  }
  return out ?? statements;
}

function effectsOf(
  facts: StatementFacts,
  table: RoutineTable,
  made: (bareName: string) => readonly Routine[],
  created: ReadonlySet<string>,
): StatementFacts {
  const reached = new Set<Routine>();
  const unknown = new Set<string>();
  const findings: Finding[] = [];
  const at = facts.offset;
  const dangerous = (name: string): void => {
    findings.push({ kind: 'dangerous_function', offset: at, subject: name });
  };
  const reach = (found: readonly Routine[]): void => {
    for (const routine of found) {
      if (reached.has(routine)) continue;
      reached.add(routine);
      look(routine.body);
    }
  };
  const behind = (functions: readonly Named[] | undefined): void => {
    for (const { schema, name } of functions ?? []) {
      if (isDangerousFunction([schema, name]) || name === 'set_config') dangerous(name);
      reach((table.routines.get(name) ?? NONE).filter((one) => one.schema === schema));
    }
  };
  const look = (body: StatementFacts): void => {
    for (const name of body.functions) {
      if (name.startsWith('.')) {
        reach((table.routines.get(name.slice(1)) ?? NONE).filter((one) => one.isAttribute));
        continue;
      }
      const bare = nameParts(name).at(-1) ?? '';
      reach(meant(name, table));
      behind(table.aggregates.get(bare));
      if (isKnown(name, table) || created.has(bare)) continue;
      unknown.add(name);
      reach(made(bare));
    }
    for (const name of body.operators) behind(table.operators.get(name));
    if (table.casts.size > 0) {
      for (const name of body.types) behind(table.casts.get(nameParts(name.replace(/(?:\[\])+$/, '')).at(-1) ?? ''));
    }
  };
  look(facts);
  if (reached.size === 0 && unknown.size === 0 && findings.length === 0) return facts;

  const bodies: readonly StatementFacts[] = [facts, ...[...reached].map((one) => one.body)];
  for (const body of bodies) {
    for (const name of body.repeated ?? []) {
      const found = [...meant(name, table), ...made(nameParts(name).at(-1) ?? '')];
      if (found.some((routine) => changesRows(routine, table, new Set()))) {
        findings.push({
          kind: 'delete_without_where',
          offset: at,
          subject: `rows, by calling ${name} for each of many`,
        });
      }
    }
  }
  const targets: ObjectTarget[] = [...unknown].map((name) => ({
    action: 'call',
    kind: 'routine',
    label: 'function',
    lookup: name,
    name,
    temporary: false,
    ifNotExists: false,
  }));
  let { class: statementClass, writes, locks } = facts;
  for (const { body, schema, name } of reached) {
    const via = `via function ${qualifiedName([schema, name])}`;
    statementClass = higherClass(statementClass, body.class);
    writes ||= body.writes;
    locks ||= body.locks;
    for (const { kind, subject } of body.findings) {
      findings.push({ kind, offset: at, subject: subject === undefined ? via : `${subject} (${via})` });
    }
    for (const target of body.targets) {
      targets.push({ ...target, lookup: undefined, name: `${target.name} (${via})` });
    }
  }
  return {
    ...facts,
    class: statementClass,
    writes,
    locks,
    findings: [...facts.findings, ...findings],
    targets: [...facts.targets, ...targets],
  };
}

function meant(name: string, table: RoutineTable): readonly Routine[] {
  const parts = nameParts(name);
  const found = table.routines.get(parts.at(-1) ?? '') ?? NONE;
  if (parts.length === 1 || found.length === 0) return found;
  const schema = parts.at(-2) ?? '';
  return found.filter((one) => one.schema === schema || (schema === 'pg_temp' && one.schema.startsWith('pg_temp_')));
}

function isKnown(name: string, table: RoutineTable): boolean {
  const parts = nameParts(name);
  const bare = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? parts.at(-2) : undefined;
  if (schema === 'pg_catalog' || schema === 'information_schema') return true;
  if (schema !== undefined) return table.known.get(bare)?.has(schema) === true;
  if (table.known.has(bare)) return true;
  if (table.builtin !== undefined) return table.builtin.has(bare);
  return isPureFunction(bare) || isWritingFunction(bare) || isDangerousFunction([bare]);
}

/** Changes or removes rows by what it is given: harmless once, all of them when it is called for all. */
function changesRows(routine: Routine, table: RoutineTable, seen: Set<Routine>): boolean {
  if (seen.has(routine)) return false;
  seen.add(routine);
  if (routine.body.changesRows === true) return true;
  return routine.body.functions.some((name) => meant(name, table).some((one) => changesRows(one, table, seen)));
}
