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
import { hashText, Shape, shapeOf } from './statement-shape.ts';

export interface StatementCacheOptions {
  /** Texts and templates kept, each. */
  readonly maxEntries?: number;
  /** Bytes of text kept, roughly two for each character. */
  readonly maxBytes?: number;
  /** Any 32 bits, nobody's but this cache's. */
  readonly seed?: number;
}

interface Template {
  readonly key: string;
  /** For each literal of the shape, false: its text is part of the key. */
  readonly free: readonly boolean[];
  /** Pinned literals' texts, joined → facts. */
  readonly variants: Map<string, Analysis>;
}

/** Texts longer than this have no template. */
const MAX_TEMPLATE_LENGTH = 8_192;
/** Pinned values that differ more often than this are no template's business. */
const MAX_VARIANTS = 256;
/**
 * Texts up to this length are looked for by a hash of our own first: a Map would have V8 put each of them among the
 * process's unique strings, 2 µs for a text that comes once.
 */
const SHORT = 1_024;
const RECENT = 256;
/** Where a literal begins and ends, and what it is. */
const BYTES_OF_PLACE = 9;

interface Recent {
  readonly sql: string;
  readonly analysis: Analysis;
}

export class StatementCache {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #young = new Map<string, Analysis>();
  #old = new Map<string, Analysis>();
  /** By the hash of the shape. Of two shapes with one hash the first has it. */
  #youngTemplates = new Map<number, Template>();
  #oldTemplates = new Map<number, Template>();
  /** Some of the young, by the hash of the text. */
  #recent: (Recent | undefined)[] = new Array(RECENT);
  #bytes = 0;
  readonly #seed: number;
  readonly #shape = new Shape();
  hits = 0;
  templateHits = 0;
  misses = 0;

  constructor(options: StatementCacheOptions = {}) {
    this.#maxEntries = Math.max(2, options.maxEntries ?? 20_000);
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.#seed = options.seed ?? 0;
  }

  get(sql: string): Analysis | undefined {
    const short = sql.length <= SHORT;
    const place = short ? hashText(sql, 0, sql.length, this.#seed) & (RECENT - 1) : 0;
    const recent = short ? this.#recent[place] : undefined;
    if (recent !== undefined && recent.sql === sql) {
      this.hits++;
      return recent.analysis;
    }
    let found = short ? this.#fromTemplate(sql) : undefined;
    if (found !== undefined) return found;
    found = this.#exact(sql);
    if (found !== undefined && short) this.#recent[place] = { sql, analysis: found };
    if (found === undefined && !short) found = this.#fromTemplate(sql);
    if (found === undefined) this.misses++;
    return found;
  }

  #exact(sql: string): Analysis | undefined {
    let found = this.#young.get(sql);
    if (found === undefined) {
      found = this.#old.get(sql);
      if (found === undefined) return undefined;
      this.#old.delete(sql);
      this.#keep(sql, found);
    }
    this.hits++;
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
    this.#recent = new Array(RECENT);
    this.#bytes = 0;
  }

  #keep(sql: string, analysis: Analysis): void {
    this.#young.set(sql, analysis);
    this.#grow(sql.length * 2 + (analysis.scanned?.tokens.count ?? 0) * BYTES_OF_PLACE);
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
    // Their use would not be seen: each is looked for once among the old, and is young again.
    this.#recent = new Array(RECENT);
    this.#bytes = 0;
  }

  #fromTemplate(sql: string): Analysis | undefined {
    if (sql.length > MAX_TEMPLATE_LENGTH) return undefined;
    const shape = this.#shape;
    if (!shapeOf(sql, shape) || shape.count === 0) return undefined;
    const hash = shape.hash(this.#seed);
    let template = this.#youngTemplates.get(hash);
    if (template === undefined) {
      template = this.#oldTemplates.get(hash);
      if (template === undefined) return undefined;
      this.#oldTemplates.delete(hash);
      this.#youngTemplates.set(hash, template);
      this.#grow(template.key.length * 2);
    }
    if (!shape.hasKey(template.key)) return undefined;
    const model = template.variants.get(pinnedKey(sql, shape, template.free));
    if (model === undefined) return undefined;
    this.templateHits++;
    const { statements, places } = model;
    return { statements, error: undefined, recordedSql: sql, class: model.class, places };
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
    const hash = shape.hash(this.#seed);
    let template = this.#youngTemplates.get(hash) ?? this.#oldTemplates.get(hash);
    if (template !== undefined && !shape.hasKey(template.key)) return false;
    // One shape, two sets of free literals: no rule of ours says so, so it is not trusted.
    if (template?.free.some((one, index) => one !== free[index])) return false;
    template ??= { key: shape.key, free, variants: new Map() };
    if (template.variants.size >= MAX_VARIANTS) return false;
    const pinned = pinnedKey(sql, shape, free);
    template.variants.set(pinned, analysis);
    this.#oldTemplates.delete(hash);
    this.#youngTemplates.set(hash, template);
    this.#grow((template.key.length + pinned.length + sql.length) * 2);
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
