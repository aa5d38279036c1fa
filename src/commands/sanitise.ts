/**
 * Text from a server, made safe for a terminal: what could move the cursor, recolour, set a title, reorder or hide
 * text becomes a visible escape.
 * @see Unicode UAX #9 (bidirectional formatting characters), ECMA-48 (C0, C1)
 */

/** C0, DEL, C1, line and paragraph separators, bidi controls, zero-width and tag characters. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export interface SanitiseOptions {
  /** Newline and tab stay as they are. */
  readonly keepLayout?: boolean;
}

/** Every control character becomes `\xNN` or `\u{…}`, a lone surrogate U+FFFD. */
export function sanitise(text: string, options: SanitiseOptions = {}): string {
  return text.toWellFormed().replace(UNSAFE, (character) => {
    if (options.keepLayout && (character === '\n' || character === '\t')) return character;
    const named = NAMED[character];
    if (named !== undefined) return named;
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
