/** How much of bind values the record keeps, and how it shows that there was more. */

/** UTF-16 units of each. */
export const MOST_UNITS = 65_536;
/** Of all values of one execution; of those behind nothing is kept. */
const MOST_UNITS_OF_ALL = 4 << 20;
const CUT = '\u2026';

/** Of the values of one execution, in order. */
export class KeptValues {
  #room = MOST_UNITS_OF_ALL;

  kept(text: string): string {
    if (text.length === 0) return text;
    if (this.#room <= 0) return CUT;
    const kept = text.length > MOST_UNITS ? `${text.slice(0, MOST_UNITS - 1)}${CUT}` : text;
    this.#room -= kept.length;
    return kept;
  }
}

/** May there have been more of it? */
export function isCutValue(kept: string): boolean {
  return kept === CUT || (kept.length === MOST_UNITS && kept.endsWith(CUT));
}
