/**
 * What the record needs to know of a long text, beside its analysis: found in a thread of its own, so that a text of
 * megabytes does not hold up all other sessions.
 */
import { type ScanHit, scanPart, scanText } from '../classify/scan-text.ts';
import type { LiteralPlaces, ScannedText, TextSigns } from '../sql/facts.ts';
import { LiteralTokens, literalValue } from '../sql/literal-tokens.ts';
import { COMMENT, NUMBER, STRING } from '../sql/token.ts';
import { fingerprintOf } from './fingerprint.ts';

/** UTF-16 units; shorter ones are looked through when they are recorded. */
export const LONG_TEXT = 32 * 1024;
/** What a scan finds is longer. */
export const MIN_SCANNED = 7;
const MIN_DIGITS = 9;

export function scannedText(sql: string): ScannedText {
  const found = new LiteralTokens();
  found.scan(sql);
  const { count, literals } = found;
  const tokens: LiteralPlaces = {
    count,
    literals,
    starts: found.starts.slice(0, count),
    ends: found.ends.slice(0, count),
    kinds: found.kinds.slice(0, count),
  };
  return { fingerprint: fingerprintOf(sql, tokens), tokens, signs: signsOf(sql, tokens) };
}

/** What can be handed over without being copied. */
export function buffersOf({ tokens, signs }: ScannedText): ArrayBuffer[] {
  return [tokens.starts, tokens.ends, tokens.kinds, signs.tokens].map(({ buffer }) => buffer as ArrayBuffer);
}

function signsOf(sql: string, { count, starts, ends, kinds }: LiteralPlaces): TextSigns {
  // One byte a unit: what is beyond ASCII only adds signs.
  const bytes = Buffer.from(sql, 'latin1');
  const found: number[] = [];
  const classes: string[][] = [];
  for (let i = 0; i < count; i++) {
    const [start, end, kind] = [starts[i]!, ends[i]!, kinds[i]!];
    if (end - start < MIN_SCANNED) continue;
    const shown =
      kind === STRING && isPlain(sql, start, end)
        ? classesOf(scanPart(bytes, start + 1, sql.slice(start + 1, end - 1)))
        : shownBy(sql, start, end, kind);
    if (shown.length === 0) continue;
    found.push(i);
    classes.push(shown);
  }
  return { tokens: Uint32Array.from(found), classes };
}

/** Whether the value is what stands between its quotes: no quote is doubled, and it is in one piece. */
function isPlain(sql: string, start: number, end: number): boolean {
  return sql.indexOf("'", start + 1) === end - 1;
}

/** The classes of what is in a literal or comment, in order. */
export function shownBy(sql: string, start: number, end: number, kind: number): string[] {
  if (end - start < MIN_SCANNED) return NOTHING;
  if (kind === NUMBER && end - start < MIN_DIGITS) return NOTHING;
  const value = kind === COMMENT ? sql.slice(start, end) : literalValue(sql, start, end, kind);
  return classesOf(scanText(value));
}

function classesOf(hits: readonly ScanHit[]): string[] {
  return hits.length === 0 ? NOTHING : [...new Set(hits.map((hit) => hit.class))];
}

const NOTHING: string[] = [];
