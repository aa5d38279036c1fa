/** Tables for people: aligned by what a terminal shows, never wider than it, and without colour. */

export interface Column<Row> {
  readonly title: string;
  /** Already sanitised. */
  readonly text: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Gives way when the terminal is too narrow; the others keep their width. */
  readonly flexible?: boolean;
}

export interface TableOptions {
  /** Undefined: as wide as it gets (stdout is no terminal). */
  readonly columns: number | undefined;
  readonly unicode: boolean;
}

/** The lines of the table, the titles first. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions,
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => displayWidth(line[i]!))));
  if (options.columns !== undefined) shrink(widths, columns, options.columns);
  return cells.map((line) =>
    line
      .map((cell, i) => {
        const clipped = clip(cell, widths[i]!, options.unicode);
        const padding = ' '.repeat(Math.max(0, widths[i]! - displayWidth(clipped)));
        if (columns[i]!.align === 'right') return padding + clipped;
        return i === columns.length - 1 ? clipped : clipped + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Takes what is too much from the flexible columns first, then from the widest. */
function shrink<Row>(widths: number[], columns: readonly Column<Row>[], available: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  for (const flexible of [true, false]) {
    for (;;) {
      const excess = total() - available;
      if (excess <= 0) return;
      const order = widths
        .map((width, i) => ({ width, i }))
        .filter(({ i, width }) => (columns[i]!.flexible === true) === flexible && width > 8)
        .sort((a, b) => b.width - a.width);
      if (order.length === 0) break;
      const widest = order[0]!;
      widths[widest.i] = Math.max(8, widest.width - excess);
    }
  }
}

/** Cuts to `width` cells, with `…` (or `...`) where something is missing. */
export function clip(text: string, width: number, unicode: boolean): string {
  if (displayWidth(text) <= width) return text;
  const mark = unicode ? '…' : width > 3 ? '...' : '';
  const room = width - mark.length;
  if (plain.test(text)) return text.slice(0, room) + mark;
  let used = 0;
  let kept = '';
  for (const { segment } of graphemes().segment(text)) {
    const cells = cellsOf(segment);
    if (used + cells > room) break;
    used += cells;
    kept += segment;
  }
  return kept + mark;
}

/** Made when a text needs it: that takes 8 ms of CPU, a quarter of what node itself takes to start. */
let segmenter: Intl.Segmenter | undefined;
function graphemes(): Intl.Segmenter {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter;
}

/** One cell a code unit, without a grapheme of more: ASCII, Latin letters, dashes and quotation marks. */
const plain = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e]*$/;
/** East Asian wide and fullwidth, and pictures. @see Unicode UAX #11 */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const zeroWidth = /^[\p{Mark}\u200c\u200d]+$/u;

/** Terminal cells that the text takes. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes().segment(text)) cells += cellsOf(segment);
  return cells;
}

function cellsOf(segment: string): number {
  if (zeroWidth.test(segment)) return 0;
  return wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1;
}
