/** Lines of CSV that a spreadsheet shows and does not run. @see https://www.rfc-editor.org/rfc/rfc4180 */

const LINE_END = '\r\n';

export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return cells.map(csvCell).join(',') + LINE_END;
}

/** A spreadsheet runs what begins so, full width and behind blanks too; an apostrophe before it makes it a text. */
const FORMULA = /^(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;

export function csvCell(value: string | number | null | undefined): string {
  if (value == null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]|^'/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
