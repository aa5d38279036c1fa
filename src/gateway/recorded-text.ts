/**
 * The text of a statement as the record keeps it. In: the text, and for each of its literals whether it may be kept. Out:
 * the text with `'‹class:hash›'` in the place of what may not, everything else byte for byte.
 * A literal or comment whose value alone tells what it is (a card, a key, an e-mail address) is never kept.
 */
import { type ScanHit, scanText } from '../classify/scan-text.ts';
import { COMMENT, DOLLAR, type LiteralTokens, literalValue, NUMBER, STRING } from '../sql/literal-tokens.ts';

/** May be kept. */
export const KEEP = '';
/** Before the classes, with commas, of which it may be and stay; of what else its value shows it may not. */
export const SHOWN = '=';
/** A body in SQL: its own literals are looked at one by one. */
export const BODY = '{}';
/** Not known which class. */
export const UNKNOWN = '?';

/** Of a text with more, the others have no hash: they are still taken out. */
const MAX_HASHED = 2_000;
/** What a scan finds is longer. */
const MIN_SCANNED = 7;
/** As secrets are left behind by the analysis. */
const TAKEN_OUT = "'***'";

/** What stands for values that are taken out. */
export interface ValueWords {
  /** Must a value of this class be taken out? */
  hides(label: string): boolean;
  /** Of one whose place tells its class; goes between single quotes. */
  token(label: string, value: string): string;
  /** Of one that tells its class itself, or a part of it does. */
  scanned(label: string, value: string): string;
}

export class RecordedText {
  readonly #words: ValueWords;
  /** One for each depth of bodies. */
  readonly #tokens: LiteralTokens[];
  #hashed = 0;

  constructor(words: ValueWords, tokens: LiteralTokens[]) {
    this.#words = words;
    this.#tokens = tokens;
  }

  /**
   * `labels`: of each literal; undefined: none may be kept, and what stands between them is looked through. The first of
   * `tokens` holds those of the text.
   */
  of(sql: string, labels: readonly string[] | undefined): string {
    this.#hashed = 0;
    const known = labels?.length === this.#tokens[0]!.literals ? labels : undefined;
    return this.#redact(sql, 0, sql.length, known, 0);
  }

  #redact(sql: string, from: number, to: number, labels: readonly string[] | undefined, depth: number): string {
    const { starts, ends, kinds, count } = this.#tokens[depth]!;
    let out = '';
    let kept = from;
    let literal = 0;
    const rest = (until: number): string => {
      const text = sql.slice(kept, until);
      return labels === undefined && depth === 0 ? this.#scanned(text) : text;
    };
    for (let i = 0; i < count; i++) {
      const [start, end, kind] = [starts[i]!, ends[i]!, kinds[i]!];
      const replaced =
        kind === COMMENT
          ? this.#comment(sql, start, end)
          : this.#literal(sql, start, end, kind, labels === undefined ? UNKNOWN : labels[literal++]!, depth);
      if (replaced === undefined) continue;
      out += rest(start) + replaced;
      kept = end;
    }
    if (kept === from && to - from === sql.length && (labels !== undefined || depth > 0)) return sql;
    return out + rest(to);
  }

  /** Undefined: it stays. */
  #literal(sql: string, start: number, end: number, kind: number, label: string, depth: number): string | undefined {
    if (label === BODY) return this.#body(sql, start, end, depth);
    if (label !== KEEP && !label.startsWith(SHOWN)) {
      if (kind === STRING && sql.slice(start, end) === TAKEN_OUT) return undefined;
      if (!this.#words.hides(label)) return undefined;
      return `'${this.#token(label, literalValue(sql, start, end, kind))}'`;
    }
    if (end - start < MIN_SCANNED) return undefined;
    const value = literalValue(sql, start, end, kind);
    const hit = kind === NUMBER && value.length < 9 ? undefined : hiddenIn(value, label, this.#words);
    return hit === undefined ? undefined : `'${this.#found(hit.class, value)}'`;
  }

  #token(label: string, value: string): string {
    return ++this.#hashed > MAX_HASHED ? `‹${label}›` : this.#words.token(label, value);
  }

  #found(label: string, value: string): string {
    return ++this.#hashed > MAX_HASHED ? `‹${label}›` : this.#words.scanned(label, value);
  }

  #comment(sql: string, start: number, end: number): string | undefined {
    if (end - start < MIN_SCANNED) return undefined;
    const text = sql.slice(start, end);
    const hit = hiddenIn(text, KEEP, this.#words);
    return hit === undefined ? undefined : `/* ${this.#token(hit.class, text)} */`;
  }

  /** `$tag$ … $tag$` with all literals in it taken out. */
  #body(sql: string, start: number, end: number, depth: number): string {
    const tag = sql.slice(start, sql.indexOf('$', start + 1) + 1);
    const inner = this.#tokens[depth + 1];
    if (inner === undefined || end - start < tag.length * 2) {
      return `'${this.#token(UNKNOWN, literalValue(sql, start, end, DOLLAR))}'`;
    }
    const from = start + tag.length;
    const to = end - tag.length;
    inner.scan(sql, from, to);
    return `${tag}${this.#redact(sql, from, to, undefined, depth + 1)}${tag}`;
  }

  #scanned(text: string): string {
    if (text.length < MIN_SCANNED) return text;
    let out = '';
    let from = 0;
    for (const { start, end, class: kind } of scanText(text)) {
      if (!this.#words.hides(kind)) continue;
      out += text.slice(from, start) + this.#token(kind, text.slice(start, end));
      from = end;
    }
    return out + text.slice(from);
  }
}

/** What a value shows itself, and must not, in a place where it may be kept or shown. */
export function hiddenIn(value: string, label: string, words: Pick<ValueWords, 'hides'>): ScanHit | undefined {
  const shown = label === KEEP ? [] : label.slice(SHOWN.length).split(',');
  return scanText(value).find((hit) => !shown.includes(hit.class) && words.hides(hit.class));
}
