/** C0, DEL, C1, line separators, and the marks that reorder or hide text on a screen. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const MAX_LENGTH = 4_000;

/**
 * One line for the gateway's log, whatever names, purposes and servers put into it: a newline cannot begin a line that
 * the gateway did not say, and an escape sequence does nothing to the operator's terminal.
 */
export function oneLogLine(text: string): string {
  const clipped = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return clipped.toWellFormed().replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
