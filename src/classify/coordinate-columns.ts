/**
 * Latitude and longitude in two columns side by side whose names say nothing. One alone is a number like any other; the
 * two together, to ten metres or better and within their bounds, are where something is. Pure.
 */
import type { ColumnSubject } from './classes.ts';
import { typeKind } from './name-type.ts';

/** Fewer values are any numbers. */
const ENOUGH = 8;
/** Shares, probabilities and standard scores have as many decimals, and stay near nought. */
const FAR_FROM_NOUGHT = 5;

/** Positions of columns that are one half of a pair; `isMeant` says of a position that its name already tells more. */
export function coordinateColumns(
  subjects: readonly ColumnSubject[],
  isMeant: (position: number) => boolean,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = 0; at + 1 < subjects.length; at++) {
    if (found.has(at) || typeKind(subjects[at]!) !== 'numeric' || typeKind(subjects[at + 1]!) !== 'numeric') continue;
    const [first, second] = [bound(subjects[at]!), bound(subjects[at + 1]!)];
    if (first === undefined || second === undefined || isMeant(at) || isMeant(at + 1)) continue;
    if (Math.min(first, second) > 90 || Math.max(first, second) > 180) continue;
    found.add(at).add(at + 1);
  }
  return found;
}

/** The largest of its absolute values where they are written as degrees are. */
function bound({ values = [] }: ColumnSubject): number | undefined {
  const distinct = [...new Set(values)];
  if (distinct.length < ENOUGH) return undefined;
  const fine = distinct.filter((value) => /^-?\d{1,3}\.\d{4,}$/.test(value)).length;
  if (fine < distinct.length * 0.7) return undefined;
  const sizes = distinct.map((value) => Math.abs(Number(value))).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)]! < FAR_FROM_NOUGHT ? undefined : sizes.at(-1);
}
