/**
 * Which columns of views tell rows apart, and what follows for a statement whose WHERE rests on them. In: the views of a
 * database, and those made a moment ago, as their definitions show them; the facts of a statement. Out: the facts with the
 * dangers that have no ground left, the very same object where all have one.
 *
 * Names over-approximate: a name without a schema is that of every view of that name, and each must tell rows apart. A
 * relation that is no view is a table, whose columns do; a view of which nothing is known has none that does.
 */
import type { Finding, Grounds, ShownView, StatementFacts } from './facts.ts';
import { nameParts, qualifiedName } from './names.ts';

/** A view by what it shows. */
export interface View {
  /** '': whichever it was made in. */
  readonly schema: string;
  readonly columns: ReadonlyMap<string, Grounds>;
  /** See `ShownView.others`. */
  readonly others: readonly string[] | undefined;
}

/** By bare name; undefined: no catalog was read. */
export type ViewsOf = (bare: string) => readonly View[] | undefined;

/** `undefined`: nobody knows what it shows. */
export function viewOf(schema: string, shown: Pick<ShownView, 'columns' | 'others'> | undefined): View {
  const columns = new Map(shown?.columns.map(({ name, grounds }) => [name, grounds]));
  return { schema, columns, others: shown?.others };
}

/** With what is a danger after all. */
export function withViews(facts: StatementFacts, views: ViewsOf): StatementFacts {
  let listing = facts.findings;
  if (facts.findings.some(({ unless }) => unless?.some(({ grounds }) => grounds !== undefined))) {
    listing = facts.findings.map((one) => withPartners(one, views));
  }
  const lost = facts.rests?.filter(({ grounds }) => !anyHolds(grounds, views)) ?? [];
  if (lost.length === 0 && listing.every((one, i) => one === facts.findings[i])) return facts;
  const found = lost.flatMap(({ finding }) => (finding === undefined ? [] : [withPartners(finding, views)]));
  const repeated = lost.flatMap(({ repeats }) => (repeats === undefined ? [] : [repeats]));
  return {
    ...facts,
    findings: [...listing, ...found],
    ...(repeated.length > 0 ? { repeated: [...new Set([...(facts.repeated ?? []), ...repeated])] } : {}),
    ...(found.length > 0 ? { manyRows: true as const } : {}),
  };
}

/** Without the lists of which it does not hold that they are compared with it. */
function withPartners(finding: Finding, views: ViewsOf): Finding {
  const { unless } = finding;
  const kept = unless?.filter(({ grounds }) => grounds === undefined || anyHolds(grounds, views));
  return kept === undefined || kept.length === unless?.length ? finding : { ...finding, unless: kept };
}

function anyHolds(grounds: Grounds, views: ViewsOf, seen: ReadonlySet<string> = NOTHING): boolean {
  return grounds.some((columns) => columns.every(({ relation, column }) => tells(relation, column, views, seen)));
}

const NOTHING: ReadonlySet<string> = new Set();
/** Views of views of … */
const MAX_DEPTH = 100;

/** Does a column tell rows apart, in all that have that name? `column`: '' for any of its columns. */
function tells(relation: string, column: string, views: ViewsOf, seen: ReadonlySet<string>): boolean {
  const key = qualifiedName([relation, column]);
  // What is defined by itself adds nothing to what it is besides.
  if (seen.has(key)) return true;
  if (seen.size > MAX_DEPTH) return false;
  const within = new Set([...seen, key]);
  const found = meant(relation, views);
  if (found === undefined) return false;
  return found.every(({ columns, others }) => {
    const holds = (grounds: Grounds): boolean => anyHolds(grounds, views, within);
    if (column === '') return others !== undefined && [...columns.values()].every(holds) && others.every(isAll);
    const grounds = columns.get(column);
    if (grounds !== undefined) return holds(grounds);
    return others?.every((one) => tells(one, column, views, within)) === true;
  });

  function isAll(other: string): boolean {
    return tells(other, '', views, within);
  }
}

function meant(relation: string, views: ViewsOf): readonly View[] | undefined {
  const parts = nameParts(relation);
  const found = views(parts.at(-1) ?? '');
  const schema = parts.at(-2);
  if (schema === undefined || found === undefined) return found;
  return found.filter(
    (one) => one.schema === '' || one.schema === schema || (schema === 'pg_temp' && one.schema.startsWith('pg_temp_')),
  );
}
