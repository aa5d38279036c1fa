/**
 * How the index keeps the text of statements: as a shape, which many texts share, and what stood in its gaps. And how a
 * search for a part of the text becomes one for trigrams of both. Nothing here understands SQL: a gap is what looks like a
 * number or a quoted string, and putting the parts together again gives the text byte for byte.
 */

/** Stands in a shape for a gap. */
const GAP = '\u0001';
/** Between what stood in the gaps. */
const NEXT = '\u0002';
const CONTROLS = /[\u0001\u0002]/;

/** A number that is no part of a name, or a string with its quotes. */
const FILLER = /'[^']*'|(?<![\p{L}\p{M}\p{N}_$])\p{Nd}+(?![\p{L}\p{M}\p{N}_$])/gu;

export interface SplitText {
  readonly shape: string;
  /** What stood in the gaps, in order; empty if there is none. */
  readonly fillers: string;
}

export function splitText(text: string): SplitText {
  // Its own control characters would be taken for gaps.
  if (CONTROLS.test(text)) return { shape: text, fillers: '' };
  const fillers: string[] = [];
  const shape = text.replace(FILLER, (filler) => {
    fillers.push(filler);
    return GAP;
  });
  return { shape, fillers: fillers.join(NEXT) };
}

export function joinText({ shape, fillers }: SplitText): string {
  if (fillers === '') return shape;
  const parts = fillers.split(NEXT);
  let next = 0;
  return shape.replaceAll(GAP, () => parts[next++] ?? '');
}

/** Without regard to case, the same whatever stands around a character; NUL would end a text for SQLite. */
export function fold(text: string): string {
  // The one letter whose small form depends on its neighbours.
  return text.toWellFormed().toLowerCase().replaceAll('ς', 'σ').replaceAll('\0', '\ufffd');
}

export function containsFolded(text: string, foldedNeedle: string): boolean {
  return fold(text).includes(foldedNeedle);
}

const TRIGRAM = 3;
/** More say nothing new: what is found is looked at anyway. */
const MAX_TRIGRAMS = 40;

/**
 * Where a needle may lie, as full-text queries for trigrams. A text that holds it has one of these: all of it in its shape,
 * all of it in a filler, or each part where it says. Undefined: its parts are too short to say.
 */
export interface NeedlePlan {
  /** All of it in one place; undefined: too short for trigrams, so every shape and filler has to be looked through. */
  readonly whole: string | undefined;
  /** It may lie across the edge of a gap: then all of one of these lists hold. Empty: it cannot. */
  readonly across: readonly (readonly NeedlePart[])[];
}

export interface NeedlePart {
  /** In the shape, in the fillers, or in one of them. */
  readonly where: 'shape' | 'filler' | 'either';
  readonly query: string;
}

export function planNeedle(foldedNeedle: string): NeedlePlan | undefined {
  const whole = trigramsOf(foldedNeedle);
  const parts = foldedNeedle.split(EDGES).filter((part) => part !== '');
  if (parts.length < 2) return { whole, across: [] };
  // Without a quote in it, nothing of it that crosses an edge is in a string: numbers are gaps, the rest is the shape. Only
  // the first and the last number may go on outside of the needle, and be part of a name.
  const hasQuote = foldedNeedle.includes("'");
  let across: NeedlePart[][] = [[]];
  parts.forEach((part, i) => {
    const query = trigramsOf(part);
    if (query === undefined) return;
    const isNumber = /^\p{Nd}+$/u.test(part);
    const atEnd = i === 0 || i === parts.length - 1;
    const places: NeedlePart['where'][] = hasQuote
      ? ['either']
      : !isNumber
        ? ['shape']
        : atEnd
          ? ['filler', 'shape']
          : ['filler'];
    across = across.flatMap((list) => places.map((where) => [...list, { where, query }]));
  });
  return across[0]!.length === 0 ? undefined : { whole, across };
}

/** Gaps begin and end at quotes, and around numbers that are no part of a name. */
const EDGES = /('|(?<![\p{L}\p{M}\p{N}_$])\p{Nd}+(?![\p{L}\p{M}\p{N}_$]))/u;

/** Undefined: too short. */
function trigramsOf(text: string): string | undefined {
  const characters = [...text];
  const trigrams = new Set<string>();
  for (let i = 0; i + TRIGRAM <= characters.length && trigrams.size < MAX_TRIGRAMS; i++) {
    trigrams.add(
      `"${characters
        .slice(i, i + TRIGRAM)
        .join('')
        .replaceAll('"', '""')}"`,
    );
  }
  return trigrams.size === 0 ? undefined : [...trigrams].join(' ');
}
