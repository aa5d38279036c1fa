/** Text of people, clients and databases, before a format's own escaping: nothing in it moves, hides or begins a line. */

/** C0, DEL, C1, line separators, and the marks that reorder or hide text on a screen. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const UNSAFE_BUT_NEWLINES = new RegExp(
  UNSAFE.source.replace('\\u0000-\\u001f', '\\u0000-\\u0009\\u000b-\\u001f'),
  'gu',
);

/** One line of at most `maxLength` characters. */
export function oneLine(text: string, maxLength: number): string {
  return clip(text.toWellFormed().replace(UNSAFE, ' ').replace(/ {2,}/g, ' ').trim(), maxLength);
}

/** As `oneLine`, with its lines kept: for SQL, where a comment ends with its line. */
export function lines(text: string, maxLength: number): string {
  return clip(text.toWellFormed().replace(/\r\n?/g, '\n').replace(UNSAFE_BUT_NEWLINES, ' ').trim(), maxLength);
}

function clip(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).toWellFormed()}…` : text;
}
