/** A scan that leaves what its reader wrote: EXPLAIN gives back the constants of the statement. */
import type { TextScan } from './maskers/context.ts';

const PLACEHOLDER = '\u0001';
const BETWEEN_WORDS = /([\s'"(),;]+)/;

/** `own`: the reader's text. Words of it are left as they are wherever they stand; the rest is scanned as ever. */
export function scanExcept(scan: TextScan, own: string): TextScan {
  return (text) => {
    if (scan(text) === text) return text;
    const kept: string[] = [];
    const words = text.split(BETWEEN_WORDS).map((word) => {
      if (word === '' || word.includes(PLACEHOLDER) || !own.includes(word) || scan(word) === word) return word;
      kept.push(word);
      return PLACEHOLDER;
    });
    const scanned = scan(words.join(''));
    // Were one of them gone, nothing could be put back in its place.
    if (scanned.split(PLACEHOLDER).length !== kept.length + 1) return scan(text);
    return scanned.split(PLACEHOLDER).reduce((all, part, i) => all + (i === 0 ? '' : kept[i - 1]) + part, '');
  };
}
