/**
 * How a text that is kept as a shape and fillers (`text-shape.ts`) may hold a needle: all the ways in which the needle's own
 * quotes and numbers may have become gaps. In: a folded needle. Out: for each way, what the shape and what the fillers must
 * then contain. Every text with the needle in it answers to one of them; a text that answers may still not have it.
 */
import { CONTROLS, NEXT, NUMBER_GAP, STRING_GAP } from './text-shape.ts';

/** Both must be contained, in `shapeBody` and in `fillerBody`; an empty one says nothing. */
export interface NeedleReading {
  readonly shape: string;
  readonly fillers: string;
}

/** A number that is no part of a name, as far as the needle shows. */
const NUMBER = /(?<![\p{L}\p{M}\p{N}_$])\p{Nd}+(?![\p{L}\p{M}\p{N}_$])/gu;

/** A way that was followed up to some place in the needle. */
interface Way extends Edges {
  readonly shape: string;
  readonly gaps: readonly string[];
}

interface Edges {
  /** The first gap began before the needle does. */
  readonly openStart: boolean;
  /** The last gap may go on behind the needle. */
  readonly openEnd: boolean;
}

export function readingsOf(foldedNeedle: string): NeedleReading[] {
  const readings = new Map<string, NeedleReading>();
  const add = (shape: string, fillers: string): void => {
    // Folded, neither has a NUL.
    readings.set(`${shape}\0${fillers}`, { shape, fillers });
  };
  add(foldedNeedle, '');
  // A text with control characters of its own is all shape.
  if (!CONTROLS.test(foldedNeedle)) {
    add('', foldedNeedle);
    const outside: Way = { shape: '', gaps: [], openStart: false, openEnd: false };
    const ways = readOutside(foldedNeedle, 0, outside);
    const quote = foldedNeedle.indexOf("'");
    if (quote !== -1) {
      const tail = { shape: STRING_GAP, gaps: [foldedNeedle.slice(0, quote + 1)], openStart: true, openEnd: false };
      ways.push(...readOutside(foldedNeedle, quote + 1, tail));
    }
    for (const { shape, gaps, openStart, openEnd } of ways) {
      if (gaps.length === 0) add(shape, '');
      else add(shape, `${openStart ? '' : NEXT}${gaps.join(NEXT)}${openEnd ? '' : NEXT}`);
    }
  }
  const all = [...readings.values()];
  // What answers to a longer one answers to the shorter one, too.
  return all.filter((one) => !all.some((other) => other !== one && says(one, other)));
}

function says(longer: NeedleReading, shorter: NeedleReading): boolean {
  return longer.shape.includes(shorter.shape) && longer.fillers.includes(shorter.fillers);
}

/** All ways on from `from`, which is not in a string. */
function readOutside(needle: string, from: number, way: Way): Way[] {
  const quote = needle.indexOf("'", from);
  const ways = readPlain(needle, from, quote === -1 ? needle.length : quote, way);
  if (quote === -1) return ways;
  const end = needle.indexOf("'", quote + 1);
  if (end !== -1) {
    const string = needle.slice(quote, end + 1);
    return ways.flatMap((one) => readOutside(needle, end + 1, withString(one, string)));
  }
  return [
    // A string that goes on, or the last quote of the text, which opens none.
    ...ways.map((one) => withString(one, needle.slice(quote), true)),
    ...ways.flatMap((one) => readPlain(needle, quote, needle.length, one)),
  ];
}

/** A stretch without strings: its numbers are gaps, but those at the needle's ends may be parts of names. */
function readPlain(needle: string, from: number, to: number, way: Way): Way[] {
  let ways = [way];
  let next = from;
  for (const { index, 0: number } of needle.matchAll(NUMBER)) {
    if (index < from || index >= to) continue;
    const between = needle.slice(next, index);
    next = index + number.length;
    const atEdge = { openStart: index === 0, openEnd: next === needle.length };
    ways = ways.flatMap((one) => {
      const before = { ...one, shape: one.shape + between };
      const asGap = withNumber(before, number, atEdge);
      if (!atEdge.openStart && !atEdge.openEnd) return [asGap];
      return [asGap, { ...before, shape: before.shape + number }];
    });
  }
  return ways.map((one) => ({ ...one, shape: one.shape + needle.slice(next, to) }));
}

function withString(way: Way, text: string, openEnd = false): Way {
  return { ...way, shape: way.shape + STRING_GAP, gaps: [...way.gaps, text], openEnd };
}

function withNumber(way: Way, text: string, { openStart, openEnd }: Edges): Way {
  return {
    shape: way.shape + NUMBER_GAP,
    gaps: [...way.gaps, text],
    openStart: way.openStart || openStart,
    openEnd,
  };
}
