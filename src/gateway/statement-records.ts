/**
 * What the record says of statements. In: analyses, with what the names in them may stand for. Out: the facts of a
 * statement as a fragment of JSON, made once for all texts of one shape; the text and the bind values as they are kept.
 *
 * A constant is kept in the clear only where it is proven to meet no classified column: names are looked up in every
 * schema, and a relation, a column or a class that is not known counts as classified. For everybody: whoever may see a
 * value in an answer may still not leave it in the record.
 */
import { hash } from 'node:crypto';
import { encodeFacts } from '../audit/recorder.ts';
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { scanText } from '../classify/scan-text.ts';
import { systemColumnAction } from '../classify/system-columns.ts';
import type { BindParameter } from '../pgwire/extended.ts';
import type { Analysis, ColumnMet, ConstantPlace, StatementFacts } from '../sql/facts.ts';
import { COMMENT, LiteralTokens } from '../sql/literal-tokens.ts';
import { nameParts, qualifiedName } from '../sql/names.ts';
import { boundText } from './bound-text.ts';
import { LiteralHash } from './literal-hash.ts';
import { BODY, KEEP, RecordedText, UNKNOWN } from './recorded-text.ts';
import type { StatementDescription } from './session/contract.ts';

/** What names may stand for. */
export interface RecordWorld {
  readonly catalog: Catalog;
  readonly classes: {
    /** Raised whenever a class may be another. */
    readonly version: number;
    /** Undefined: nobody has looked at it. */
    of(relation: number, attnum: number): Classification | undefined;
  };
}

export interface StatementRecordsOptions {
  /** For hashes of values: 32 bytes. */
  readonly key: Uint8Array;
  /** Undefined: nothing is known now, so nothing is kept. */
  readonly world: () => RecordWorld | undefined;
}

const MAX_RELATIONS = 64;
const MAX_COLUMNS = 64;
const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 256;
/** Shorter values tell nothing by themselves. */
const MIN_SCANNED = 7;
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'oid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** Of all texts of one shape, in one world. */
interface ShapeRecord {
  readonly world: RecordWorld | undefined;
  readonly version: number;
  readonly facts: string;
  readonly literals: readonly string[] | undefined;
  readonly parameters: readonly string[] | undefined;
  /** The last text of it, and how it is kept. */
  sql: string;
  sqlJson: string;
  hashSecret: string | undefined;
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

  constructor({ key, world }: StatementRecordsOptions) {
    this.#world = world;
    this.#hash = new LiteralHash(key);
    this.#hashSecret = hash('sha256', Buffer.concat([Buffer.from('text\0'), key]));
    this.#text = new RecordedText(this.#hash, [this.#tokens, new LiteralTokens()]);
  }

  describe(analysis: Analysis, sql: string): StatementDescription {
    const shape = this.#shapeOf(analysis, sql);
    if (shape.sql !== sql) {
      this.#tokens.scan(analysis.recordedSql);
      const isPlain = this.#tokens.count === 0 && shape.literals !== undefined;
      const kept = isPlain ? analysis.recordedSql : this.#text.of(analysis.recordedSql, shape.literals);
      shape.sqlJson = JSON.stringify(kept);
      shape.hashSecret = kept === sql ? undefined : this.#hashSecret;
      shape.sql = sql;
    }
    return shape;
  }

  /** JSON array of bind values as they are kept; `types`: OIDs that Parse gave, 0 where it gave none. */
  values(analysis: Analysis, sql: string, parameters: readonly BindParameter[], types: readonly number[]): string {
    const { parameters: labels } = this.#shapeOf(analysis, sql);
    let json = '[';
    const count = Math.min(parameters.length, MAX_VALUES);
    for (let i = 0; i < count; i++) {
      const { value, format } = parameters[i]!;
      if (i > 0) json += ',';
      if (value === null) json += 'null';
      else json += JSON.stringify(this.#value(value, format, types[i] ?? 0, labels?.[i] ?? UNKNOWN));
    }
    return `${json}]`;
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
    const hit = text.length < MIN_SCANNED ? undefined : scanText(text)[0];
    if (hit !== undefined) return this.#hash.token(hit.class, text);
    return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
  }

  #shapeOf(analysis: Analysis, sql: string): ShapeRecord {
    const { statements } = analysis;
    const world = this.#world();
    const version = world?.classes.version ?? -1;
    const known = this.#shapes.get(statements);
    if (known !== undefined && known.version === version && known.world?.catalog === world?.catalog) return known;
    const shape = this.#make(analysis, sql, world);
    this.#shapes.set(statements, shape);
    return shape;
  }

  #make({ statements, places, class: kind }: Analysis, sql: string, world: RecordWorld | undefined): ShapeRecord {
    const relations = new Relations(statements, world, (catalog) => this.#named(catalog));
    const labelOf = (place: ConstantPlace | 'body'): string => {
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
    };
    const labels = new Map<ConstantPlace | 'body', string>();
    const remembered = (place: ConstantPlace | 'body'): string => {
      let label = labels.get(place);
      if (label === undefined) labels.set(place, (label = labelOf(place)));
      return label;
    };
    const facts = encodeFacts({
      fingerprint: fingerprintOf(sql, this.#tokens),
      command: commandsOf(statements),
      class: kind,
      relations: relations.names(),
      columns: relations.classified(places === undefined || places.star ? undefined : places.columns),
    });
    return {
      world,
      version: world?.classes.version ?? -1,
      facts,
      literals: places?.literals.map(remembered),
      parameters: places?.parameters.map(remembered),
      // No text that comes is this one.
      sql: '\0',
      sqlJson: '""',
      hashSecret: undefined,
    };
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

/** What the relations that a text names may be, whatever the search_path. */
class Relations {
  readonly #written: readonly string[];
  readonly #world: RecordWorld | undefined;
  readonly #candidates = new Map<string, readonly CatalogRelation[]>();
  /** Every name is one of the catalog's. */
  readonly #allKnown: boolean;

  constructor(
    statements: readonly StatementFacts[],
    world: RecordWorld | undefined,
    named: (catalog: Catalog) => Map<string, readonly CatalogRelation[]>,
  ) {
    this.#written = [...new Set(statements.flatMap(({ relations }) => relations))];
    this.#world = world;
    const byName = world === undefined ? undefined : named(world.catalog);
    for (const name of this.#written) {
      const parts = nameParts(name);
      const found = byName?.get(parts.at(-1) ?? '') ?? [];
      const schema = parts.at(-2);
      this.#candidates.set(name, schema === undefined ? found : found.filter((one) => one.schema === schema));
    }
    this.#allKnown = [...this.#candidates.values()].every((found) => found.length > 0);
  }

  /** With their schema, where there is but one of that name. */
  names(): string[] {
    return this.#written.slice(0, MAX_RELATIONS).map((name) => {
      const found = this.#candidates.get(name) ?? [];
      return found.length === 1 ? qualifiedName([found[0]!.schema, found[0]!.name]) : name;
    });
  }

  /** Is any column of them classified, or not known to be clear? */
  get holdClasses(): boolean {
    if (!this.#allKnown) return true;
    for (const found of this.#candidates.values()) {
      for (const relation of found) {
        if (relation.isSystem || relation.kind === 'S') continue;
        if (relation.kind === 'v') return true;
        for (const { name } of relation.columns) if (this.#labelIn(relation, name) !== KEEP) return true;
      }
    }
    return false;
  }

  labelOf(met: readonly ColumnMet[]): string {
    let label = KEEP;
    for (const one of met) {
      const found = this.#labelOfOne(one);
      if (found === KEEP) continue;
      if (label === KEEP || label === UNKNOWN) label = found;
    }
    return label;
  }

  #labelOfOne({ relation: written, column, position }: ColumnMet): string {
    if (this.#world === undefined) return UNKNOWN;
    const own = written === undefined ? undefined : this.#candidates.get(written);
    if (own === undefined && !this.#allKnown) return UNKNOWN;
    if (own?.length === 0) return UNKNOWN;
    const relations = own ?? [...this.#candidates.values()].flat();
    let isFound = false;
    let label = KEEP;
    for (const relation of relations) {
      const name = position === undefined ? column : relation.columns[position]?.name;
      if (name === undefined || !relation.columns.some((one) => one.name === name)) continue;
      isFound = true;
      const found = this.#labelIn(relation, name);
      if (found !== KEEP && (label === KEEP || label === UNKNOWN)) label = found;
    }
    if (isFound) return label;
    return SYSTEM_COLUMNS.has(column) && position === undefined ? KEEP : UNKNOWN;
  }

  #labelIn(relation: CatalogRelation, name: string): string {
    const { schema, name: table, isSystem, kind } = relation;
    if (isSystem) return systemColumnAction(schema, table, name) === 'redact' ? UNKNOWN : KEEP;
    if (kind === 'S') return KEEP;
    if (kind === 'v') return UNKNOWN;
    const column = relation.columns.find((one) => one.name === name);
    const found = column && this.#world?.classes.of(relation.oid, column.attnum);
    if (found === undefined) return UNKNOWN;
    if (found.class !== undefined) return found.class;
    return found.paths === undefined || found.paths.size === 0 ? KEEP : UNKNOWN;
  }

  /** `schema.table.column` → class, of those columns; undefined: of all. */
  classified(named: readonly ColumnMet[] | undefined): Record<string, ColumnClass> {
    const columns: Record<string, ColumnClass> = {};
    const wanted = named && new Set(named.map(({ column }) => column));
    let count = 0;
    for (const found of this.#candidates.values()) {
      for (const { oid, schema, name: table, columns: all, isSystem, kind } of found) {
        if (isSystem || kind === 'v') continue;
        for (const { attnum, name } of all) {
          if (wanted !== undefined && !wanted.has(name)) continue;
          const classification = this.#world?.classes.of(oid, attnum);
          const kindOf = classification?.class ?? classification?.paths?.values().next().value;
          if (kindOf === undefined) continue;
          if (++count > MAX_COLUMNS) return columns;
          columns[`${schema}.${table}.${name}`] = kindOf;
        }
      }
    }
    return columns;
  }
}

/** SHA-256 of the text with `?` for each literal, without comments, blanks folded; its first 16 hexadecimal digits. */
function fingerprintOf(sql: string, tokens: LiteralTokens): string {
  tokens.scan(sql);
  let folded = '';
  let from = 0;
  for (let i = 0; i < tokens.count; i++) {
    folded += `${sql.slice(from, tokens.starts[i])}${tokens.kinds[i] === COMMENT ? ' ' : '?'}`;
    from = tokens.ends[i]!;
  }
  folded += sql.slice(from);
  return hash(
    'sha256',
    folded
      .replace(/\s+/g, ' ')
      .replace(/[\s;]+$/, '')
      .trim(),
  ).slice(0, 16);
}

function commandsOf(statements: readonly StatementFacts[]): string {
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return only.command;
  const commands = [...new Set(statements.map(({ command }) => command))];
  return commands.length === 0 ? 'UNKNOWN' : commands.slice(0, 8).join('; ');
}
