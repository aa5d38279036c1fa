/** Control characters of ECMA-48, line separators and what reorders text. @see Unicode UAX #9 */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Each becomes `\u00NN`: what reads an export may be a terminal. */
export function withoutControls(text: string, { keepLayout = false } = {}): string {
  return text.toWellFormed().replace(CONTROL, (character) => {
    if (keepLayout && (character === '\n' || character === '\t' || character === '\r')) return character;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** JSON on one line, with the control characters that JSON itself would leave escaped too: it means the same. */
export function visibleJson(value: unknown): string {
  return withoutControls(JSON.stringify(value));
}
