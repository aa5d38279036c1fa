/**
 * A statement seen before is not parsed again. In: query strings and their analyses; out: the analysis of the same text,
 * or of a text that differs only in literals whose value changes no fact (`sql/literals.ts`).
 *
 * A template hit is a new Analysis that shares `statements` with the text it was made from, so a decision made from
 * facts alone may be cached by the identity of `analysis.statements` (not the position in a text, nor `recordedSql`).
 * Pure; bounded by count and bytes, in two generations: what is used survives the next turn.
 */
import { ByteOffsets } from '../sql/byte-offsets.ts';
import type { Analysis } from '../sql/facts.ts';
import { Shape, shapeOf } from './statement-shape.ts';

export interface StatementCacheOptions {
  /** Texts and templates kept, each. */
  readonly maxEntries?: number;
  /** Bytes of text kept, roughly two for each character. */
  readonly maxBytes?: number;
}

interface Template {
  /** For each literal of the shape, false: its text is part of the key. */
  readonly free: readonly boolean[];
  /** Pinned literals' texts, joined → facts. */
  readonly variants: Map<string, Analysis>;
}

/** Texts longer than this have no template. */
const MAX_TEMPLATE_LENGTH = 8_192;
/** Pinned values that differ more often than this are no template's business. */
const MAX_VARIANTS = 256;

export class StatementCache {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #young = new Map<string, Analysis>();
  #old = new Map<string, Analysis>();
  #youngTemplates = new Map<string, Template>();
  #oldTemplates = new Map<string, Template>();
  #bytes = 0;
  readonly #shape = new Shape();
  hits = 0;
  templateHits = 0;
  misses = 0;

  constructor(options: StatementCacheOptions = {}) {
    this.#maxEntries = Math.max(2, options.maxEntries ?? 20_000);
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  get(sql: string): Analysis | undefined {
    const exact = this.#young.get(sql);
    if (exact !== undefined) {
      this.hits++;
      return exact;
    }
    const older = this.#old.get(sql);
    if (older !== undefined) {
      this.hits++;
      this.#old.delete(sql);
      this.#keep(sql, older);
      return older;
    }
    const found = this.#fromTemplate(sql);
    if (found === undefined) this.misses++;
    else this.templateHits++;
    return found;
  }

  /** `freeLiterals`: byte offsets, as `analyseWithLiterals` gives them. */
  put(sql: string, analysis: Analysis, freeLiterals: readonly number[]): void {
    if (sql.length * 2 > this.#maxBytes / 8) return;
    if (!this.#putTemplate(sql, analysis, freeLiterals)) this.#keep(sql, analysis);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngTemplates = new Map();
    this.#oldTemplates = new Map();
    this.#bytes = 0;
  }

  #keep(sql: string, analysis: Analysis): void {
    this.#young.set(sql, analysis);
    this.#grow(sql.length * 2);
  }

  /** Half of what may be kept is young; then the old go, and the young are old. */
  #grow(bytes: number): void {
    this.#bytes += bytes + 200;
    const entries = this.#young.size + this.#youngTemplates.size;
    if (entries < this.#maxEntries / 2 && this.#bytes < this.#maxBytes / 2) return;
    this.#old = this.#young;
    this.#oldTemplates = this.#youngTemplates;
    this.#young = new Map();
    this.#youngTemplates = new Map();
    this.#bytes = 0;
  }

  #fromTemplate(sql: string): Analysis | undefined {
    if (sql.length > MAX_TEMPLATE_LENGTH) return undefined;
    const shape = this.#shape;
    if (!shapeOf(sql, shape) || shape.count === 0) return undefined;
    let template = this.#youngTemplates.get(shape.key);
    if (template === undefined) {
      template = this.#oldTemplates.get(shape.key);
      if (template === undefined) return undefined;
      this.#oldTemplates.delete(shape.key);
      this.#youngTemplates.set(shape.key, template);
      this.#grow(shape.key.length * 2);
    }
    const model = template.variants.get(pinnedKey(sql, shape, template.free));
    return model === undefined
      ? undefined
      : { statements: model.statements, error: undefined, recordedSql: sql, class: model.class };
  }

  #putTemplate(sql: string, analysis: Analysis, freeLiterals: readonly number[]): boolean {
    const facts = analysis.statements[0];
    if (freeLiterals.length === 0 || analysis.error !== undefined || facts === undefined) return false;
    // Places in the text differ from literal to literal: only facts without any are shared.
    if (analysis.statements.length !== 1 || facts.length !== 0 || facts.offset !== 0) return false;
    if (facts.findings.length > 0 || facts.targets.length > 0 || analysis.recordedSql !== sql) return false;
    const shape = this.#shape;
    if (sql.length > MAX_TEMPLATE_LENGTH || !shapeOf(sql, shape)) return false;
    const free = freeSlots(sql, shape, freeLiterals);
    if (free === undefined) return false;
    let template = this.#youngTemplates.get(shape.key) ?? this.#oldTemplates.get(shape.key);
    // One shape, two sets of free literals: no rule of ours says so, so it is not trusted.
    if (template?.free.some((one, index) => one !== free[index])) return false;
    template ??= { free, variants: new Map() };
    if (template.variants.size >= MAX_VARIANTS) return false;
    const pinned = pinnedKey(sql, shape, free);
    template.variants.set(pinned, analysis);
    this.#oldTemplates.delete(shape.key);
    this.#youngTemplates.set(shape.key, template);
    this.#grow((shape.key.length + pinned.length + sql.length) * 2);
    return true;
  }
}

/** Which slots of the shape stand at a free literal's place; undefined if none does. */
function freeSlots(sql: string, shape: Shape, freeLiterals: readonly number[]): boolean[] | undefined {
  const bytes = new ByteOffsets(sql);
  const places = new Set<number>();
  for (const offset of freeLiterals) {
    let at = bytes.toCharacters(offset);
    // The grammar folds a sign into the constant and keeps the sign's place.
    while (sql[at] === '-' || sql[at] === '+' || sql[at] === ' ') at++;
    places.add(at);
  }
  const free: boolean[] = [];
  let any = false;
  for (let i = 0; i < shape.count; i++) {
    const isFree = places.has(shape.starts[i] ?? -1);
    any ||= isFree;
    free.push(isFree);
  }
  return any ? free : undefined;
}

function pinnedKey(sql: string, shape: Shape, free: readonly boolean[]): string {
  let key = '';
  for (let i = 0; i < shape.count; i++) {
    if (free[i] !== true) key += `${sql.slice(shape.starts[i], shape.ends[i])}\u0000`;
  }
  return key;
}
