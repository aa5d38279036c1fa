/**
 * The text of a statement as the record keeps it. In: the text, and for each of its literals whether it may be kept. Out:
 * the text with `'‹class:hash›'` in the place of what may not, everything else byte for byte.
 * A literal or comment whose value alone tells what it is (a card, a key, an e-mail address) is never kept.
 */
import { scanText } from '../classify/scan-text.ts';
import { COMMENT, DOLLAR, type LiteralTokens, literalValue, NUMBER, STRING } from '../sql/literal-tokens.ts';
import type { LiteralHash } from './literal-hash.ts';

/** May be kept. */
export const KEEP = '';
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

export class RecordedText {
  readonly #hash: LiteralHash;
  /** One for each depth of bodies. */
  readonly #tokens: LiteralTokens[];
  #hashed = 0;

  constructor(hash: LiteralHash, tokens: LiteralTokens[]) {
    this.#hash = hash;
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
    if (label !== KEEP) {
      if (kind === STRING && sql.slice(start, end) === TAKEN_OUT) return undefined;
      return `'${this.#token(label, literalValue(sql, start, end, kind))}'`;
    }
    if (end - start < MIN_SCANNED) return undefined;
    const value = literalValue(sql, start, end, kind);
    const hit = kind === NUMBER && value.length < 9 ? undefined : scanText(value)[0];
    return hit === undefined ? undefined : `'${this.#token(hit.class, value)}'`;
  }

  #token(label: string, value: string): string {
    return ++this.#hashed > MAX_HASHED ? `‹${label}›` : this.#hash.token(label, value);
  }

  #comment(sql: string, start: number, end: number): string | undefined {
    if (end - start < MIN_SCANNED) return undefined;
    const text = sql.slice(start, end);
    const hit = scanText(text)[0];
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
      out += text.slice(from, start) + this.#token(kind, text.slice(start, end));
      from = end;
    }
    return out + text.slice(from);
  }
}
