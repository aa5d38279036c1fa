/**
 * How the index keeps the text of statements: as a shape, which many texts share, and what stood in its gaps. Nothing here
 * understands SQL: a gap is what looks like a number or a quoted string, and putting the parts together again gives the
 * text byte for byte.
 */

/** Stand in a shape for a gap: where a number stood, and where a string with its quotes. */
export const NUMBER_GAP = '\u0001';
export const STRING_GAP = '\u0003';
const GAPS = /[\u0001\u0003]/;
/** Between what stood in the gaps. */
export const NEXT = '\u0002';
export const CONTROLS = /[\u0001-\u0003]/;

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
    return filler.startsWith("'") ? STRING_GAP : NUMBER_GAP;
  });
  return { shape, fillers: fillers.join(NEXT) };
}

export function joinText({ shape, fillers }: SplitText): string {
  if (fillers === '') return shape;
  const around = shape.split(GAPS);
  const parts = fillers.split(NEXT);
  let text = around[0]!;
  for (let i = 1; i < around.length; i++) text += (parts[i - 1] ?? '') + around[i]!;
  return text;
}

/** Its first `limit` UTF-16 units, or all of it; half a surrogate pair is left out. */
export function beginningOf(split: SplitText, limit: number): { readonly text: string; readonly isCut: boolean } {
  // A gap is filled with one character at least.
  const shape = split.shape.slice(0, limit);
  const gaps = shape.split(GAPS).length - 1;
  const text = joinText({ shape, fillers: split.fillers.split(NEXT, gaps).join(NEXT) });
  if (shape.length === split.shape.length && text.length <= limit) return { text, isCut: false };
  return { text: text.slice(0, limit).replace(/[\ud800-\udbff]$/, ''), isCut: true };
}

const ASCII = /^[\u0001-\u007f]*$/;

/** Without regard to case, the same whatever stands around a character; NUL would end a text for SQLite. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // The one letter whose small form depends on its neighbours.
  return text.toWellFormed().toLowerCase().replaceAll('ς', 'σ').replaceAll('\0', '\ufffd');
}

export function containsFolded(text: string, foldedNeedle: string): boolean {
  return fold(text).includes(foldedNeedle);
}

/** Behind a text, so that its last characters begin a trigram too: what is shorter than one is found as its beginning. */
const PAD = NEXT + NEXT;

/** What of a shape the full-text index is made of. */
export function shapeBody(shape: string): string {
  return `${fold(shape)}${PAD}`;
}

/** The same of fillers; each stands between two `NEXT`. */
export function fillerBody(fillers: string): string {
  return `${NEXT}${fold(fillers)}${PAD}`;
}
