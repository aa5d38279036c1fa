/**
 * Is a value what a mask shows in place of one? A tool that reads a row, changes a field and writes all of them back would
 * replace the real values by their masks. In: a text that is to be written. Masks that are valid values themselves (dates,
 * numbers, tokens) cannot be told; a row that has such ones mostly has others as well.
 */
import type { ColumnClass } from '../classify/classes.ts';

const MASK = /\*{3}|\*\* \*{2}|^\[(?:redacted|address|secret)\b|^https:\/\/masked\.invalid\//;
/** `J. D.` */
const INITIALS = /^[\p{L}*]\.(?: [\p{L}*]\.)*$/u;

export function looksMasked(text: string, columnClass: ColumnClass | undefined): boolean {
  return MASK.test(text) || (columnClass === 'person_name' && INITIALS.test(text));
}
