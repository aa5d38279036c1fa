/**
 * What the record says of statements. In: analyses, with what the names in them may stand for. Out: the facts of a
 * statement as a fragment of JSON, made once for all texts of one shape; the text and the bind values as they are kept.
 *
 * A constant is kept in the clear only where it is proven to meet no classified column: names are looked up in every
 * schema, and a relation, a column or a class that is not known counts as classified. For everybody: whoever may see a
 * value in an answer may still not leave it in the record.
 */

import { hash } from 'node:crypto';
import { KeptValues, MOST_UNITS } from '../audit/export/kept-values.ts';
import { encodeFacts } from '../audit/recorder.ts';
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { ColumnClass } from '../classify/classes.ts';
import { scanText } from '../classify/scan-text.ts';
import { looksMasked } from '../masking/looks-masked.ts';
import type { BindParameter } from '../pgwire/extended.ts';
import { literalsThatAre, ofLiterals } from '../sql/constant-places.ts';
import type { Analysis, ConstantPlace, ConstantPlaces, LiteralPlaces, StatementFacts } from '../sql/facts.ts';
import { LiteralTokens, literalValue } from '../sql/literal-tokens.ts';
import { COMMENT } from '../sql/token.ts';
import { boundText } from './bound-text.ts';
import { fingerprintOf } from './fingerprint.ts';
import { LiteralHash } from './literal-hash.ts';
import { NamedRelations, type RecordWorld, type Sight } from './named-relations.ts';
import { BODY, KEEP, KeptLiterals, type Labels, RecordedText, UNKNOWN } from './recorded-text.ts';
import { type Constants, type ReviewedConstants, ReviewedWords, type ValueMask } from './reviewed-words.ts';
import { MIN_SCANNED } from './scanned-text.ts';
import type { StatementDescription } from './session/contract.ts';

export interface StatementRecordsOptions {
  /** For hashes of values: 32 bytes. */
  readonly key: Uint8Array;
  /** Undefined: nothing is known now, so nothing is kept. */
  readonly world: () => RecordWorld | undefined;
}

/** UTF-16 units that are kept of a text which could not be read, and so was not run. */
const MAX_UNREAD = 65_536;

/** A text as it is kept, and what its hash is salted with. */
interface KeptText {
  readonly sqlJson: string;
  readonly hashSecret: string | undefined;
}

/** Of all texts of one shape, in one world. */
interface ShapeRecord {
  readonly world: RecordWorld | undefined;
  readonly version: number;
  readonly firstLooks: number;
  readonly facts: string;
  readonly literals: Labels | undefined;
  readonly parameters: readonly string[] | undefined;
  /** Some constant of it meets a class that is known. */
  readonly meetsClass: boolean;
  /** The last text of it, and how it is kept. */
  sql: string;
  sqlJson: string;
  hashSecret: string | undefined;
}

function labelsOf(places: ConstantPlaces, labelOf: (place: ConstantPlace | 'body') => string): Labels {
  const kept = literalsThatAre(KEEP, places, labelOf);
  return kept === undefined ? ofLiterals(places, labelOf) : new KeptLiterals(kept);
}

function hasClass(labels: Labels | undefined): labels is readonly string[] {
  return labels !== undefined && !(labels instanceof KeptLiterals) && labels.some(isClass);
}

function isClass(label: string): boolean {
  return label !== KEEP && label !== UNKNOWN && label !== BODY;
}

function isMask(text: string, label: string): boolean {
  return looksMasked(text, label as ColumnClass);
}

export class StatementRecords {
  readonly #world: () => RecordWorld | undefined;
  readonly #hash: LiteralHash;
  readonly #hashSecret: string;
  /** Facts are shared by all texts of one shape. */
  readonly #shapes = new WeakMap<readonly StatementFacts[], ShapeRecord>();
  readonly #byName = new WeakMap<Catalog, Map<string, readonly CatalogRelation[]>>();
  readonly #tokens = new LiteralTokens();
  readonly #text: RecordedText;
  readonly #long = new LongTexts();

  constructor({ key, world }: StatementRecordsOptions) {
    this.#world = world;
    this.#hash = new LiteralHash(key);
    this.#hashSecret = hash('sha256', Buffer.concat([Buffer.from('text\0'), key]));
    this.#text = new RecordedText(this.#hash, [this.#tokens, new LiteralTokens()]);
  }

  describe(analysis: Analysis, sql: string): StatementDescription {
    const shape = this.#shapeOf(analysis, sql);
    if (shape.sql !== sql) {
      const { sqlJson, hashSecret } = this.#long.of(shape, sql) ?? this.#kept(analysis, sql, shape);
      shape.sqlJson = sqlJson;
      shape.hashSecret = hashSecret;
      shape.sql = sql;
    }
    return shape;
  }

  #kept({ recordedSql, scanned, error }: Analysis, sql: string, shape: ShapeRecord): KeptText {
    const isCut = error !== undefined && recordedSql.length > MAX_UNREAD;
    const text = isCut ? recordedSql.slice(0, MAX_UNREAD) : recordedSql;
    const known = isCut ? undefined : scanned;
    if (known === undefined) this.#tokens.scan(text);
    const isPlain = (known?.tokens ?? this.#tokens).count === 0 && shape.literals !== undefined;
    let kept = isPlain ? text : this.#text.of(text, shape.literals, known);
    if (isCut) kept += ` /* … ${recordedSql.length} characters in all */`;
    const made = { sqlJson: JSON.stringify(kept), hashSecret: kept === sql ? undefined : this.#hashSecret };
    this.#long.take(shape, sql, made);
    return made;
  }

  /** JSON array of bind values as they are kept; `types`: OIDs that Parse gave, 0 where it gave none. */
  values(analysis: Analysis, sql: string, parameters: readonly BindParameter[], types: readonly number[]): string {
    const { parameters: labels } = this.#shapeOf(analysis, sql);
    let json = '[';
    const keeper = new KeptValues();
    for (let i = 0; i < parameters.length; i++) {
      const { value, format } = parameters[i]!;
      if (i > 0) json += ',';
      if (value === null) json += 'null';
      else json += JSON.stringify(keeper.kept(this.#value(value, format, types[i] ?? 0, labels?.[i] ?? UNKNOWN)));
    }
    return `${json}]`;
  }

  /** The class of a column that is given its mask in place of a value; undefined: none is. `values`: of Bind, if wanted. */
  maskGiven(
    analysis: Analysis,
    sql: string,
    values: () => readonly BindParameter[],
    types: readonly number[],
  ): string | undefined {
    const { literals, parameters, meetsClass } = this.#shapeOf(analysis, sql);
    if (!meetsClass) return undefined;
    // The literals of a text that is recorded as another have no class.
    const written = hasClass(literals) ? maskAmong(sql, placesIn(sql, analysis), literals) : undefined;
    if (written !== undefined) return written;
    if (parameters?.some(isClass) !== true) return undefined;
    const bound = values();
    return parameters.find((label, i) => {
      const given = bound[i];
      if (given === undefined || given.value === null || !isClass(label)) return false;
      const text = boundText(given.value, given.format, types[i] ?? 0);
      return text !== undefined && isMask(text, label);
    });
  }

  /** As one person may see it who looks at it before it runs, by the classes as they are now. */
  reviewed({ analysis, sql, parameters, types }: Constants, sight: Sight, mask: ValueMask): ReviewedConstants {
    const { recordedSql, places, statements } = analysis;
    const words = new ReviewedWords(sight, mask, this.#hash);
    const relations = new NamedRelations(statements, this.#world(), (catalog) => this.#named(catalog));
    const labelOf = remembering((place) => {
      if (place === 'nothing') return KEEP;
      if (place === 'hidden') return UNKNOWN;
      return place === 'body' ? BODY : words.sighted(relations.sighted(place, sight));
    });
    const tokens = new LiteralTokens();
    if (analysis.scanned === undefined) tokens.scan(recordedSql);
    const text = new RecordedText(words, [tokens, new LiteralTokens()]);
    const known = recordedSql === sql ? places : undefined;
    return {
      sql: text.of(recordedSql, known === undefined ? undefined : ofLiterals(known, labelOf), analysis.scanned),
      values: parameters.map((one, i) => {
        const place = places?.parameters[i];
        return words.value(one, types[i] ?? 0, place === undefined ? UNKNOWN : labelOf(place));
      }),
      shown: [...words.shown].sort(),
      masked: [...words.masked].sort(),
    };
  }

  /** What stands for a value in texts and values, whatever its class. */
  tokenOf(value: string): string {
    return this.#hash.token(UNKNOWN, value);
  }

  #value(bytes: Buffer, format: number, type: number, label: string): string {
    const text = boundText(bytes, format, type);
    if (text === undefined) {
      return label === KEEP && bytes.length <= 16
        ? `\\x${bytes.toString('hex')}`
        : this.#hash.tokenOfBytes(label || UNKNOWN, bytes);
    }
    if (label !== KEEP) return this.#hash.token(label, text);
    // What begins in the part that is kept shows in twice as much, or not at all.
    const looked = text.length > MOST_UNITS ? text.slice(0, 2 * MOST_UNITS) : text;
    const hit = text.length < MIN_SCANNED ? undefined : scanText(looked)[0];
    return hit === undefined ? looked : this.#hash.token(hit.class, text);
  }

  #shapeOf(analysis: Analysis, sql: string): ShapeRecord {
    const { statements } = analysis;
    const world = this.#world();
    const version = world?.classes.version ?? -1;
    const known = this.#shapes.get(statements);
    const firstLooks = world?.classes.firstLooks ?? -1;
    if (
      known !== undefined &&
      known.version === version &&
      known.firstLooks === firstLooks &&
      known.world?.catalog === world?.catalog
    )
      return known;
    const shape = this.#make(analysis, sql, world);
    this.#shapes.set(statements, shape);
    return shape;
  }

  #make(
    { statements, places, class: kind, scanned }: Analysis,
    sql: string,
    world: RecordWorld | undefined,
  ): ShapeRecord {
    const relations = new NamedRelations(statements, world, (catalog) => this.#named(catalog));
    const labelOf = remembering((place) => {
      if (typeof place === 'object') return relations.labelOf(place);
      switch (place) {
        case 'nothing':
          return KEEP;
        case 'anything':
          return relations.holdClasses ? UNKNOWN : KEEP;
        case 'hidden':
          return UNKNOWN;
        default:
          return BODY;
      }
    });
    const facts = encodeFacts({
      fingerprint: scanned?.fingerprint ?? fingerprintOf(sql, this.#scan(sql)),
      command: commandsOf(statements),
      class: kind,
      relations: relations.names(),
      ...relations.touched(places === undefined || places.star ? undefined : places.columns),
    });
    const literals = places && labelsOf(places, labelOf);
    const parameters = places?.parameters.map(labelOf);
    return {
      world,
      version: world?.classes.version ?? -1,
      firstLooks: world?.classes.firstLooks ?? -1,
      facts,
      literals,
      parameters,
      meetsClass: hasClass(literals) || parameters?.some(isClass) === true,
      // No text that comes is this one.
      sql: '\0',
      sqlJson: '""',
      hashSecret: undefined,
    };
  }

  #scan(sql: string): LiteralPlaces {
    this.#tokens.scan(sql);
    return this.#tokens;
  }

  #named(catalog: Catalog): Map<string, readonly CatalogRelation[]> {
    let named = this.#byName.get(catalog);
    if (named === undefined) {
      const found = new Map<string, CatalogRelation[]>();
      for (const relation of catalog.allRelations) {
        const list = found.get(relation.name);
        if (list === undefined) found.set(relation.name, [relation]);
        else list.push(relation);
      }
      named = found;
      this.#byName.set(catalog, named);
    }
    return named;
  }
}

function placesIn(sql: string, { scanned }: Analysis): LiteralPlaces {
  if (scanned !== undefined) return scanned.tokens;
  const tokens = new LiteralTokens();
  tokens.scan(sql);
  return tokens;
}

/** The class of the first literal that is a mask of what stands where it goes. */
function maskAmong(sql: string, tokens: LiteralPlaces, labels: readonly string[]): string | undefined {
  for (let i = 0, literal = 0; i < tokens.count; i++) {
    const kind = tokens.kinds[i]!;
    if (kind === COMMENT) continue;
    const label = labels[literal++] ?? KEEP;
    if (isClass(label) && isMask(literalValue(sql, tokens.starts[i]!, tokens.ends[i]!, kind), label)) return label;
  }
  return undefined;
}

/** Very many constants may share a place, and that may have very many columns. */
function remembering(labelOf: (place: ConstantPlace | 'body') => string): (place: ConstantPlace | 'body') => string {
  const labels = new Map<ConstantPlace | 'body', string>();
  return (place) => {
    let label = labels.get(place);
    if (label === undefined) labels.set(place, (label = labelOf(place)));
    return label;
  };
}

/** Shorter ones are made again in less time than they are found. */
const MIN_LONG = 1_000;
/** UTF-16 units of all of them. */
const MAX_LONG_LENGTH = 2 << 20;

/** Long texts that come again in turns: to look through their literals takes as long as many short statements do. */
class LongTexts {
  readonly #texts = new Map<string, { readonly shape: ShapeRecord; readonly text: KeptText }>();
  #length = 0;

  of(shape: ShapeRecord, sql: string): KeptText | undefined {
    if (sql.length < MIN_LONG) return undefined;
    const found = this.#texts.get(sql);
    return found?.shape === shape ? found.text : undefined;
  }

  take(shape: ShapeRecord, sql: string, text: KeptText): void {
    if (sql.length < MIN_LONG || sql.length > MAX_LONG_LENGTH) return;
    if (!this.#texts.has(sql)) this.#length += sql.length;
    this.#texts.set(sql, { shape, text });
    for (const oldest of this.#texts.keys()) {
      if (this.#length <= MAX_LONG_LENGTH) break;
      this.#texts.delete(oldest);
      this.#length -= oldest.length;
    }
  }
}

function commandsOf(statements: readonly StatementFacts[]): string {
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return only.command;
  const commands = [...new Set(statements.map(({ command }) => command))];
  return commands.length === 0 ? 'UNKNOWN' : commands.slice(0, 8).join('; ');
}
