/**
 * On which columns does it rest that a condition narrows? The text takes every column of a relation for one that tells rows
 * apart; a view may have some that are the same in every row. In: a proof, repeated under the assumption that some columns
 * do not tell rows apart. Out: the least sets of columns of which one has to tell them apart for the proof to hold.
 * It relies on proofs being monotone: what holds with fewer columns holds with more.
 */
import type { Grounds, ToldColumn } from './facts.ts';

/** Of one proof at a time. */
export interface Assumption {
  dull: ReadonlySet<string>;
  /** What was asked for and said to tell rows apart: each proof has its own. */
  asked: Map<string, ToldColumn>;
  /** How much was looked at. */
  steps: number;
}

/** Runs of a proof, and what is looked at in all of them: past that, what it asked for is what it rests on. */
const MAX_RUNS = 64;
const MAX_STEPS = 20_000;
const MAX_GROUNDS = 8;
const NOTHING: ReadonlySet<string> = new Set();

export function assuming(dull: ReadonlySet<string>): Assumption {
  return { dull, asked: new Map(), steps: 0 };
}

/** Does this column tell rows apart? `column`: '' for any of them. */
export function isTold(relation: string, column: string, assumed: Assumption): boolean {
  const key = `${relation}\0${column}`;
  if (assumed.dull.has(key)) return false;
  if (!assumed.asked.has(key)) assumed.asked.set(key, { relation, column });
  return true;
}

/** Empty: it never holds; with an empty set in it: it holds whatever the columns are. */
export function groundsOf(holds: (assumed: Assumption) => boolean): Grounds {
  const found: ToldColumn[][] = [];
  const known = new Map<string, ReadonlyMap<string, ToldColumn> | undefined>();
  let runs = MAX_RUNS;
  let steps = MAX_STEPS;
  const run = (dull: ReadonlySet<string>): ReadonlyMap<string, ToldColumn> | undefined => {
    const key = [...dull].sort().join('\u0001');
    if (known.has(key)) return known.get(key);
    const assumed = assuming(dull);
    const asked = holds(assumed) ? assumed.asked : undefined;
    known.set(key, asked);
    runs--;
    steps -= assumed.steps;
    return asked;
  };
  const isOver = (): boolean => runs <= 0 || steps <= 0;

  /** Leaves out one column after the other that the proof can do without. */
  const least = (dull: ReadonlySet<string>, first: ReadonlyMap<string, ToldColumn>): ToldColumn[] => {
    const kept = new Map<string, ToldColumn>();
    let without = dull;
    let asked = first;
    for (;;) {
      const [open] = [...asked].filter(([key]) => !kept.has(key));
      if (open === undefined) return [...kept.values()];
      if (isOver()) return [...asked.values()];
      const [key, column] = open;
      const fewer = new Set([...without, key]);
      const still = run(fewer);
      if (still === undefined) kept.set(key, column);
      else {
        without = fewer;
        asked = still;
      }
    }
  };

  const open: ReadonlySet<string>[] = [NOTHING];
  for (let dull = open.pop(); dull !== undefined && found.length < MAX_GROUNDS; dull = open.pop()) {
    const without = dull;
    let ground = found.find((one) => one.every(({ relation, column }) => !without.has(`${relation}\0${column}`)));
    if (ground === undefined) {
      if (found.length > 0 && isOver()) break;
      const asked = run(dull);
      if (asked === undefined) continue;
      ground = least(dull, asked);
      if (ground.length === 0) return ALWAYS;
      found.push(ground);
    }
    for (const { relation, column } of ground) open.push(new Set([...dull, `${relation}\0${column}`]));
    if (open.length > MAX_RUNS) break;
  }
  return found;
}

export const ALWAYS: Grounds = [[]];

/** Both hold. */
export function both(one: Grounds, other: Grounds): Grounds {
  return one.flatMap((a) => other.map((b) => [...a, ...b])).slice(0, MAX_GROUNDS);
}

export function isAlways(grounds: Grounds): boolean {
  return grounds.some((columns) => columns.length === 0);
}
