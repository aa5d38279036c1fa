/**
 * What elevations in force add to the grants: access and clearance, never limits. Pure.
 * An elevation for some tables counts only for statements that change, lock, create or drop nothing else; what cannot be
 * told to be one of them is not.
 */
import type { Elevation } from '../approvals/contract.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';
import { cleared, NO_CLEARANCE } from '../masking/clearance.ts';
import type { Analysis, FindingKind, ObjectTarget } from '../sql/facts.ts';
import type { ResolvedTarget } from './context.ts';
import type { Granted, NotGranted } from './grants.ts';
import { nameMayChange } from './ownership.ts';
import { touchedTables } from './touched-tables.ts';

/** More access by one request. */
export interface Raise {
  readonly request: string;
  readonly access: AccessLevel;
  /** `schema.table`; undefined: all. */
  readonly tables: readonly string[] | undefined;
}

const LEVELS: readonly AccessLevel[] = ['read', 'write', 'ddl', 'admin'];
const rank = (access: AccessLevel): number => LEVELS.indexOf(access);

/**
 * The grant as it is with these; `to`: `principalKey` of whose they are. Where there is none, one for all tables of the
 * database stands for it.
 */
export function elevate(
  base: Granted | NotGranted,
  elevations: readonly Elevation[],
  to: string,
): Granted | NotGranted {
  if (elevations.length === 0) return base;
  // That a purpose has to be said is not what somebody approved.
  if (!base.granted && base.reason === 'purpose') return base;
  const opening = elevations.filter(({ access, tables }) => access !== undefined && tables === undefined);
  if (!base.granted && opening.length === 0) return base;
  const given: Granted = base.granted
    ? base
    : { granted: true, access: 'read', create: false, limits: {}, masking: NO_CLEARANCE };
  const raises = elevations
    .flatMap(({ request, access, tables }): Raise[] =>
      access === undefined || rank(access) <= rank(given.access) ? [] : [{ request, access, tables }],
    )
    // The least that will do is what a statement is recorded with, and a look-up of names comes last.
    .sort((a, b) => Number(a.tables !== undefined) - Number(b.tables !== undefined) || rank(a.access) - rank(b.access));
  const clearing = elevations.filter(({ unmask }) => unmask !== undefined);
  const masking = clearing.reduce(
    (rights, { unmask, tables }) => cleared(rights, unmask!, tables?.map(canonical), to),
    given.masking,
  );
  return {
    ...given,
    access: LEVELS[Math.max(rank(given.access), ...raises.map(({ access }) => rank(access)))]!,
    masking,
    elevated: {
      access: given.access,
      masking: given.masking,
      raises,
      opening: base.granted ? undefined : opening[0]!.request,
      clearing: clearing.map(({ request }) => request),
      requests: elevations.map(({ request }) => request),
      until: Math.min(...elevations.map(({ until }) => until)),
    },
  };
}

function canonical(table: string): string {
  return table.includes('.') ? table : `public.${table}`;
}

/** What stays behind when it ends: another role, or a statement that is run later by name. No elevation opens these. */
const LASTING: ReadonlySet<FindingKind> = new Set(['set_role', 'set_session_authorization']);

export function outlastsElevation({ statements }: Analysis): boolean {
  return statements.some(
    ({ command, nested, findings }) =>
      command === 'PREPARE' || nested?.includes('PREPARE') === true || findings.some(({ kind }) => LASTING.has(kind)),
  );
}

/** The names that have to be looked up to tell whether it touches these tables alone; undefined: it cannot be told, so no. */
export function namesToCover(analysis: Analysis, tables: readonly string[]): readonly ObjectTarget[] | undefined {
  const names: string[] = [];
  for (let index = 0; index < analysis.statements.length; index++) {
    const touched = touchedTables(analysis.statements[index]!);
    if (touched === undefined) return undefined;
    if (touched.some((name) => nameMayChange(name, { analysis, index }))) return undefined;
    names.push(...touched);
  }
  return [...new Set([...names, ...tables.map(asWritten)])].map(relationTarget);
}

/** With the answer to `namesToCover`. */
export function coversTables(
  analysis: Analysis,
  tables: readonly string[],
  resolved: readonly ResolvedTarget[],
): boolean {
  const oids = new Map(
    resolved.map(({ target, oid }) => [target.kind === 'relation' ? target.lookup : undefined, oid]),
  );
  const listed = tables.map(asWritten);
  const listedOids = new Set(listed.flatMap((name) => oids.get(name) ?? []));
  return analysis.statements.every((facts, index) =>
    touchedTables(facts)?.every((name) => {
      if (nameMayChange(name, { analysis, index })) return false;
      const oid = oids.get(name);
      // What is not there yet is named in full.
      return oid === undefined ? oids.has(name) && listed.includes(name) : listedOids.has(oid);
    }),
  );
}

/** As SQL names it, for to_regclass. */
function asWritten(table: string): string {
  return canonical(table).split('.').map(quoted).join('.');
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function relationTarget(lookup: string): ObjectTarget {
  return {
    action: 'alter',
    kind: 'relation',
    label: 'table',
    lookup,
    name: lookup,
    temporary: false,
    ifNotExists: false,
  };
}
