/**
 * What the literals and comments of a long text show by themselves: looked for in the thread that analyses it, so that the
 * record of a text of megabytes does not hold up all other sessions.
 */
import { scanText } from '../classify/scan-text.ts';
import type { TextSigns } from '../sql/facts.ts';
import { COMMENT, LiteralTokens, literalValue, NUMBER } from '../sql/literal-tokens.ts';

/** Shorter ones are looked through when they are recorded. */
const LONG_TEXT = 32 * 1024;
/** What a scan finds is longer. */
export const MIN_SCANNED = 7;
const MIN_DIGITS = 9;

/** Undefined: the text is short. */
export function signsOf(sql: string): TextSigns | undefined {
  if (sql.length <= LONG_TEXT) return undefined;
  const tokens = new LiteralTokens();
  tokens.scan(sql);
  const found: number[] = [];
  const classes: string[][] = [];
  for (let i = 0; i < tokens.count; i++) {
    const [start, end, kind] = [tokens.starts[i]!, tokens.ends[i]!, tokens.kinds[i]!];
    const shown = shownBy(sql, start, end, kind);
    if (shown.length === 0) continue;
    found.push(i);
    classes.push(shown);
  }
  return { tokens: Uint32Array.from(found), classes };
}

/** The classes of what is in a literal or comment, in order. */
export function shownBy(sql: string, start: number, end: number, kind: number): string[] {
  if (end - start < MIN_SCANNED) return NOTHING;
  if (kind === NUMBER && end - start < MIN_DIGITS) return NOTHING;
  const value = kind === COMMENT ? sql.slice(start, end) : literalValue(sql, start, end, kind);
  const hits = scanText(value);
  return hits.length === 0 ? NOTHING : [...new Set(hits.map((hit) => hit.class))];
}

const NOTHING: string[] = [];
