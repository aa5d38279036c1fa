/** How much of bind values the record keeps, and how it shows that there was more. */

/** The first of them. */
export const MOST_VALUES = 100;
/** UTF-16 units of each. */
const MOST_UNITS = 256;

export function keptValue(text: string): string {
  return text.length > MOST_UNITS ? `${text.slice(0, MOST_UNITS - 1)}\u2026` : text;
}

/** May there have been more of it? */
export function isCutValue(kept: string): boolean {
  return kept.length === MOST_UNITS && kept.endsWith('\u2026');
}
