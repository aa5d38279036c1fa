/**
 * The constants of a statement as one person may see them who is to decide on it: as they are where that person may see
 * such values in answers, masked as they would be there, or as the record keeps them where it is not known what they are.
 * In: values with the classes of what they meet. Out: words, and which classes were shown. Never kept.
 */
import { COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import { maskScanned } from '../classify/scan-text.ts';
import type { MaskMode } from '../masking/plan.ts';
import type { BindParameter } from '../pgwire/extended.ts';
import type { Analysis } from '../sql/facts.ts';
import { boundText } from './bound-text.ts';
import type { LiteralHash } from './literal-hash.ts';
import type { Sight, Sighted } from './named-relations.ts';
import { hiddenIn, KEEP, SHOWN, UNKNOWN, type ValueWords } from './recorded-text.ts';

/** A statement with its values, as they came. */
export interface Constants {
  readonly analysis: Analysis;
  readonly sql: string;
  readonly parameters: readonly BindParameter[];
  /** OIDs that Parse gave, 0 where it gave none. */
  readonly types: readonly number[];
}

export interface ReviewedConstants {
  readonly sql: string;
  /** Of $1 and on; null is SQL's NULL. */
  readonly values: readonly (string | null)[];
  /** Classes whose values may stand in it in the clear; `?`: of a class that is not known. */
  readonly shown: readonly string[];
  readonly masked: readonly string[];
}

/** A text with nothing left in it that the mode hides; null: nothing of it. */
export type ValueMask = (columnClass: ColumnClass, mode: MaskMode, value: string) => string | null;

const MAX_VALUE_LENGTH = 2_000;
/** Shorter binary values tell nothing by themselves. */
const MAX_PLAIN_BYTES = 16;
const CLASSES: ReadonlySet<string> = new Set(COLUMN_CLASSES);

export class ReviewedWords implements ValueWords {
  readonly shown = new Set<string>();
  readonly masked = new Set<string>();
  readonly #sight: Sight;
  readonly #mask: ValueMask;
  readonly #hash: LiteralHash;

  constructor(sight: Sight, mask: ValueMask, hash: LiteralHash) {
    this.#sight = sight;
    this.#mask = mask;
    this.#hash = hash;
  }

  /** What is shown in that place is taken down. */
  sighted({ label, shown }: Sighted): string {
    if (label !== KEEP || shown.size === 0) return label;
    for (const one of shown) this.shown.add(one);
    return SHOWN + [...shown].join();
  }

  hides(label: string): boolean {
    const isHidden = this.#modeOf(label) !== 'none';
    (isHidden ? this.masked : this.shown).add(label);
    return isHidden;
  }

  token(label: string, value: string): string {
    return this.#masked(label, value).replaceAll("'", "''");
  }

  scanned(label: string, value: string): string {
    return this.#scanned(label, value).replaceAll("'", "''");
  }

  /** `‹j***@e***.com›`, so that it is not taken for what was written. */
  #masked(label: string, value: string): string {
    const mode = this.#modeOf(label);
    if (!CLASSES.has(label) || mode === 'none') return this.#hash.token(label, value);
    return `‹${this.#mask(label as ColumnClass, mode, value) ?? 'null'}›`;
  }

  #scanned(label: string, value: string): string {
    // What is around it stays; a mode that leaves nothing of a class leaves nothing of the text either.
    return this.#modeOf(label) === 'partial' ? `‹${maskScanned(value)}›` : this.#masked(label, value);
  }

  /** A bind value. */
  value({ value, format }: BindParameter, type: number, label: string): string | null {
    if (value === null) return null;
    const text = boundText(value, format, type);
    const isKept = label === KEEP || label.startsWith(SHOWN);
    const isHidden = !isKept && this.hides(label);
    if (text === undefined) {
      const isPlain = !isHidden && (this.#sight.showsAll || value.length <= MAX_PLAIN_BYTES);
      return isPlain ? clip(`\\x${value.toString('hex')}`) : this.#hash.tokenOfBytes(isKept ? UNKNOWN : label, value);
    }
    if (isHidden) return clip(this.#masked(label, text));
    const hit = hiddenIn(text, isKept ? label : KEEP, this);
    return clip(hit === undefined ? text : this.#scanned(hit, text));
  }

  #modeOf(label: string): MaskMode | 'none' {
    if (CLASSES.has(label)) return this.#sight.mode(label as ColumnClass);
    return this.#sight.showsAll ? 'none' : 'redact';
  }
}

function clip(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1).toWellFormed()}…` : text;
}
