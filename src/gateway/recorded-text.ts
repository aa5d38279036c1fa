/**
 * The text of a statement as the record keeps it. In: the text, and for each of its literals whether it may be kept. Out:
 * the text with `'‹class:hash›'` in the place of what may not, everything else byte for byte.
 * A literal or comment whose value alone tells what it is (a card, a key, an e-mail address) is never kept.
 */
import { scanText } from '../classify/scan-text.ts';
import type { LiteralPlaces, ScannedText, TextSigns } from '../sql/facts.ts';
import { type LiteralTokens, literalValue } from '../sql/literal-tokens.ts';
import { COMMENT, DOLLAR, STRING } from '../sql/token.ts';
import { MIN_SCANNED, shownBy } from './scanned-text.ts';

/** May be kept. */
export const KEEP = '';
/** Before the classes, with commas, of which it may be and stay; of what else its value shows it may not. */
export const SHOWN = '=';
/** A body in SQL: its own literals are looked at one by one. */
export const BODY = '{}';
/** Not known which class. */
export const UNKNOWN = '?';

/** A label for each literal of a text. */
export type Labels = readonly string[] | KeptLiterals;

/** All may be kept. */
export class KeptLiterals {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** Of a text with more, the others have no hash: they are still taken out. */
const MAX_HASHED = 2_000;
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
  /** Of the text itself. */
  #places: LiteralPlaces;
  #signs: TextSigns | undefined;
  /** How many of the signs are of tokens before the one at hand. */
  #passed = 0;

  constructor(words: ValueWords, tokens: LiteralTokens[]) {
    this.#words = words;
    this.#tokens = tokens;
    this.#places = tokens[0]!;
  }

  #at(depth: number): LiteralPlaces {
    return depth === 0 ? this.#places : this.#tokens[depth]!;
  }

  /**
   * `labels`: undefined: none may be kept, and what stands between them is looked through. `scanned`: what
   * is known of the text; if nothing is, the first of `tokens` holds those of it.
   */
  of(sql: string, labels: Labels | undefined, scanned?: ScannedText): string {
    this.#hashed = 0;
    this.#places = scanned?.tokens ?? this.#tokens[0]!;
    this.#signs = scanned?.signs;
    this.#passed = 0;
    const known = labels?.length === this.#places.literals ? labels : undefined;
    if (known instanceof KeptLiterals && this.#signs?.tokens.length === 0) return sql;
    return this.#redact(sql, 0, sql.length, known, 0);
  }

  #redact(sql: string, from: number, to: number, labels: Labels | undefined, depth: number): string {
    const { starts, ends, kinds, count } = this.#at(depth);
    let out = '';
    let kept = from;
    let literal = 0;
    const rest = (until: number): string => {
      const text = sql.slice(kept, until);
      return labels === undefined && depth === 0 ? this.#scanned(text) : text;
    };
    for (let i = 0; i < count; i++) {
      const [start, end] = [starts[i]!, ends[i]!];
      const replaced =
        kinds[i] === COMMENT
          ? this.#comment(sql, i, depth)
          : this.#literal(sql, i, labels === undefined ? UNKNOWN : labelAt(labels, literal++), depth);
      if (replaced === undefined) continue;
      out += rest(start) + replaced;
      kept = end;
    }
    if (kept === from && to - from === sql.length && (labels !== undefined || depth > 0)) return sql;
    return out + rest(to);
  }

  /** Undefined: it stays. */
  #literal(sql: string, i: number, label: string, depth: number): string | undefined {
    const { starts, ends, kinds } = this.#at(depth);
    const [start, end, kind] = [starts[i]!, ends[i]!, kinds[i]!];
    if (label === BODY) return this.#body(sql, start, end, depth);
    if (label !== KEEP && !label.startsWith(SHOWN)) {
      if (kind === STRING && sql.slice(start, end) === TAKEN_OUT) return undefined;
      if (!this.#words.hides(label)) return undefined;
      return `'${this.#token(label, literalValue(sql, start, end, kind))}'`;
    }
    const hidden = this.#hiddenIn(sql, i, label, depth);
    return hidden === undefined ? undefined : `'${this.#found(hidden, literalValue(sql, start, end, kind))}'`;
  }

  /** What the token shows itself, and must not. */
  #hiddenIn(sql: string, i: number, label: string, depth: number): string | undefined {
    const { starts, ends, kinds } = this.#at(depth);
    const signs = depth === 0 ? this.#signs : undefined;
    if (signs === undefined) return hiddenOf(shownBy(sql, starts[i]!, ends[i]!, kinds[i]!), label, this.#words);
    while (signs.tokens[this.#passed]! < i) this.#passed++;
    return signs.tokens[this.#passed] === i ? hiddenOf(signs.classes[this.#passed]!, label, this.#words) : undefined;
  }

  #token(label: string, value: string): string {
    return ++this.#hashed > MAX_HASHED ? `‹${label}›` : this.#words.token(label, value);
  }

  #found(label: string, value: string): string {
    return ++this.#hashed > MAX_HASHED ? `‹${label}›` : this.#words.scanned(label, value);
  }

  #comment(sql: string, i: number, depth: number): string | undefined {
    const hidden = this.#hiddenIn(sql, i, KEEP, depth);
    if (hidden === undefined) return undefined;
    const { starts, ends } = this.#at(depth);
    return `/* ${this.#token(hidden, sql.slice(starts[i], ends[i]))} */`;
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

function labelAt(labels: Labels, literal: number): string {
  return labels instanceof KeptLiterals ? KEEP : labels[literal]!;
}

/** The class that a value shows itself, and must not, in a place where it may be kept or shown. */
export function hiddenIn(value: string, label: string, words: Pick<ValueWords, 'hides'>): string | undefined {
  return hiddenOf(
    scanText(value).map((hit) => hit.class),
    label,
    words,
  );
}

function hiddenOf(found: readonly string[], label: string, words: Pick<ValueWords, 'hides'>): string | undefined {
  if (found.length === 0) return undefined;
  const shown = label === KEEP ? [] : label.slice(SHOWN.length).split(',');
  return found.find((one) => !shown.includes(one) && words.hides(one));
}
