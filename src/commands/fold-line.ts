import { displayWidth } from './text-table.ts';

/** Of what is left for the text where the indentation would take it all. */
const LEAST_ROOM = 20;

/** The line in pieces that are `columns` wide at most, cut at blanks where there are some; all but the first are indented. */
export function foldLine(line: string, columns: number, indent: number): string[] {
  const margin = ' '.repeat(Math.max(0, Math.min(indent, columns - LEAST_ROOM)));
  const pieces: string[] = [];
  let rest = line;
  let before = '';
  for (;;) {
    const most = fitting(rest, columns - before.length);
    if (most === rest.length) break;
    // Not within the margin that the line has itself: nothing would be left in front of it.
    const blank = rest.slice(0, most + 1).lastIndexOf(' ');
    const cut = blank > rest.search(/\S/) ? blank : most;
    pieces.push(before + rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
    before = margin;
  }
  return [...pieces, before + rest];
}

/** How many code units of the text are `columns` wide at most; one character at least. */
function fitting(text: string, columns: number): number {
  let width = 0;
  let units = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > columns && units > 0) break;
    units += character.length;
  }
  return units;
}
