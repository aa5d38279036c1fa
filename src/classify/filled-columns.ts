/**
 * Columns that a trigger fills from others, of its row or of the tables that it looks up: `NEW.slug := lower(NEW.name)`,
 * `SELECT name INTO NEW.payer FROM people …`, `tsvector_update_trigger`. In: a table and its triggers' bodies. Out: for
 * each such column those whose data it holds.
 *
 * The order of statements does not count, nor what a condition compares (WHEN, WHERE, IS NULL), nor lengths and counts. It
 * is for triggers that an application brought: what somebody writes to get values out is followed by lineage.
 */
import type { Catalog, CatalogColumn, CatalogRelation, CatalogRoutine } from '../catalog/catalog.ts';
import { bodyOf, isSign, isWord, split, type Token, tokensOf } from './routine-tokens.ts';

export interface FilledFrom {
  readonly relation: number;
  readonly attnum: number;
}

const BOOL = 16;
/** tsvector_update_trigger, tsvector_update_trigger_column. */
const WORDS_OF_COLUMNS: ReadonlySet<number> = new Set([3752, 3753]);
const MAX_BODY = 50_000;

const known = new WeakMap<Catalog, Map<number, ReadonlyMap<number, readonly FilledFrom[]>>>();

/** By attnum. */
export function filledColumns(catalog: Catalog, relation: CatalogRelation): ReadonlyMap<number, readonly FilledFrom[]> {
  const tables = known.get(catalog) ?? new Map<number, ReadonlyMap<number, readonly FilledFrom[]>>();
  const before = tables.get(relation.oid);
  if (before !== undefined) return before;
  const found = new Map<number, readonly FilledFrom[]>();
  const fill = (name: string, sources: readonly FilledFrom[]): void => {
    const target = relation.columns.find((column) => column.name === name);
    if (target === undefined || target.type === BOOL) return;
    const others = sources.filter(({ relation: of, attnum }) => of !== relation.oid || attnum !== target.attnum);
    if (others.length > 0) found.set(target.attnum, [...(found.get(target.attnum) ?? []), ...others]);
  };
  for (const { routine, args } of relation.triggers) {
    if (WORDS_OF_COLUMNS.has(routine)) {
      const [into = '', , ...from] = args ?? [];
      fill(
        into,
        from.flatMap((name) => columnNamed(relation, name)),
      );
      continue;
    }
    const body = bodyIn(catalog.routineByOid(routine));
    if (body === undefined) continue;
    for (const [name, sources] of new Body(catalog, relation, tokensOf(body)).filled()) fill(name, sources);
  }
  known.set(catalog, tables.set(relation.oid, found));
  return found;
}

function bodyIn(routine: CatalogRoutine | undefined): string | undefined {
  if (routine?.language !== 'plpgsql' || routine.definition === undefined) return undefined;
  const body = bodyOf(routine.definition);
  return body === undefined || body.length > MAX_BODY ? undefined : body;
}

function columnNamed(relation: CatalogRelation, name: string): readonly FilledFrom[] {
  const column = relation.columns.find((one: CatalogColumn) => one.name === name);
  return column === undefined ? [] : [{ relation: relation.oid, attnum: column.attnum }];
}

/** What is read for a value: columns, and variables of the body. */
interface Sources {
  readonly columns: readonly FilledFrom[];
  readonly variables: readonly string[];
}

/** `new.x` for a column of the row, else a variable. */
type Place = string;

const STARTS = ['begin', 'declare', 'then', 'else', 'loop'];

class Body {
  readonly #catalog: Catalog;
  readonly #relation: CatalogRelation;
  readonly #tokens: readonly Token[];
  readonly #given = new Map<Place, Sources[]>();
  /** Rows that are read whole: their fields are columns of these tables. */
  readonly #rows = new Map<string, readonly CatalogRelation[]>();

  constructor(catalog: Catalog, relation: CatalogRelation, tokens: readonly Token[]) {
    this.#catalog = catalog;
    this.#relation = relation;
    this.#tokens = tokens;
  }

  filled(): readonly (readonly [string, readonly FilledFrom[]])[] {
    const statements = split(this.#tokens, (token) => isSign(token, ';'));
    // A row that a loop is over may be named before.
    for (const statement of statements) this.#readRows(statement);
    for (const statement of statements) this.#read(statement);
    return [...this.#given.keys()]
      .filter((place) => place.startsWith('new.'))
      .map((place) => [place.slice(4), [...this.#resolved(place, new Set()).values()]]);
  }

  #resolved(place: Place, seen: Set<Place>): Map<string, FilledFrom> {
    const found = new Map<string, FilledFrom>();
    if (seen.has(place)) return found;
    seen.add(place);
    for (const { columns, variables } of this.#given.get(place) ?? []) {
      for (const one of columns) found.set(`${one.relation}.${one.attnum}`, one);
      for (const one of variables) for (const [key, source] of this.#resolved(one, seen)) found.set(key, source);
    }
    return found;
  }

  #readRows(statement: readonly Token[]): void {
    const into = statement.findIndex((token) => isWord(token, 'into'));
    const isStar = into > 0 && isSign(statement[into - 1], '*');
    const loop = statement.findIndex((token, i) => isWord(token, 'for') && isWord(statement[i + 2], 'in'));
    const name = isStar ? statement[into + (isWord(statement[into + 1], 'strict') ? 2 : 1)] : statement[loop + 1];
    if ((isStar || loop >= 0) && name?.kind === 'name') this.#rows.set(name.text, this.#tablesIn(statement));
  }

  #read(statement: readonly Token[]): void {
    const assigned = statement.findIndex((token) => isSign(token, ':='));
    if (assigned > 0) {
      const place = placeBefore(statement, assigned) ?? declared(statement, assigned);
      if (place !== undefined) this.#gives(place, statement.slice(assigned + 1), statement);
      return;
    }
    const start = statement.findIndex(
      (token, i) => isWord(token, 'new') && (i === 0 || isWord(statement[i - 1], ...STARTS)),
    );
    if (start >= 0 && isSign(statement[start + 1], '.') && isSign(statement[start + 3], '=')) {
      this.#gives(`new.${statement[start + 2]?.text}`, statement.slice(start + 4), statement);
      return;
    }
    this.#readSelect(statement);
  }

  /** `SELECT a, b INTO NEW.x, y FROM …` */
  #readSelect(statement: readonly Token[]): void {
    const select = statement.findIndex((token) => isWord(token, 'select'));
    const into = statement.findIndex((token) => isWord(token, 'into'));
    if (select < 0 || into < select) return;
    const places: Place[] = [];
    let at = into + 1;
    if (isWord(statement[at], 'strict')) at++;
    for (;;) {
      const isField = isSign(statement[at + 1], '.');
      const name = statement[at]?.text ?? '';
      places.push(isField ? `${name}.${statement[at + 2]?.text}` : name);
      at += isField ? 3 : 1;
      if (!isSign(statement[at], ',')) break;
      at++;
    }
    const before = statement.slice(select + 1, into);
    const values = split(before.length > 0 ? before : upTo(statement.slice(at), 'from'), (token) => isSign(token, ','));
    places.forEach((place, i) => {
      const value = values.length === places.length ? values[i] : values.flat();
      this.#gives(place, value ?? [], statement);
    });
  }

  #gives(place: Place, value: readonly Token[], statement: readonly Token[]): void {
    const sources = this.#sourcesOf(value, this.#tablesIn(statement));
    this.#given.set(place, [...(this.#given.get(place) ?? []), sources]);
  }

  #sourcesOf(value: readonly Token[], tables: readonly CatalogRelation[]): Sources {
    const columns: FilledFrom[] = [];
    const variables: string[] = [];
    const read = dataOf(value);
    read.forEach((token, i) => {
      if (token.kind !== 'name' || isSign(read[i + 1], '(') || isSign(read[i - 1], '::')) return;
      const of = isSign(read[i - 1], '.') ? read[i - 2] : undefined;
      if (isWord(of, 'new', 'old')) columns.push(...columnNamed(this.#relation, token.text));
      else if (of !== undefined) {
        for (const table of this.#rows.get(of.text) ?? tables) columns.push(...columnNamed(table, token.text));
      } else if (!isSign(read[i + 1], '.')) {
        variables.push(token.text);
        for (const table of tables) columns.push(...columnNamed(table, token.text));
      }
    });
    return { columns, variables };
  }

  #tablesIn(tokens: readonly Token[]): readonly CatalogRelation[] {
    const found: CatalogRelation[] = [];
    tokens.forEach((token, i) => {
      if (!isWord(token, 'from', 'join')) return;
      const [first, dot, second] = tokens.slice(i + 1, i + 4);
      if (first?.kind !== 'name') return;
      const isQualified = isSign(dot, '.') && second?.kind === 'name';
      const schemas = isQualified ? [first.text] : [this.#relation.schema, 'public'];
      const name = isQualified ? second.text : first.text;
      const table = schemas.map((schema) => this.#catalog.relation(schema, name)).find((one) => one !== undefined);
      if (table !== undefined) found.push(table);
    });
    return found;
  }
}

/** `NEW.x` or a variable right before `:=`. */
function placeBefore(statement: readonly Token[], at: number): Place | undefined {
  const name = statement[at - 1];
  if (name?.kind !== 'name') return undefined;
  if (isSign(statement[at - 2], '.')) return `${statement[at - 3]?.text}.${name.text}`;
  return at === 1 || isWord(statement[at - 2], ...STARTS) ? name.text : undefined;
}

/** `name type := …` */
function declared(statement: readonly Token[], at: number): Place | undefined {
  const head = statement.slice(0, at);
  const start = head.findLastIndex((token) => isWord(token, ...STARTS)) + 1;
  return head[start]?.kind === 'name' ? head[start].text : undefined;
}

function upTo(tokens: readonly Token[], word: string): readonly Token[] {
  const [first] = split(tokens, (token) => isWord(token, word));
  return first ?? [];
}

/** Functions of which the answer says how many, how long, or whether. */
const MEASURES = [
  'count',
  'length',
  'char_length',
  'character_length',
  'octet_length',
  'array_length',
  'cardinality',
  'exists',
  'num_nulls',
  'num_nonnulls',
];

/** Without what only decides. */
function dataOf(tokens: readonly Token[]): readonly Token[] {
  const data: Token[] = [];
  // `extract(year FROM x)` is no query.
  const queries: boolean[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (isSign(token, '(')) queries.push(isWord(tokens[i + 1], 'select'));
    if (isSign(token, ')')) queries.pop();
    if (isWord(token, 'case')) i = endOf(tokens, i, (one) => isWord(one, 'when')) - 1;
    else if (isWord(token, 'when')) i = endOf(tokens, i, (one) => isWord(one, 'then'));
    else if (isWord(token, 'from', 'where') && queries.at(-1) === true) i = endOf(tokens, i, () => false) - 1;
    else if (isWord(token, ...MEASURES) && isSign(tokens[i + 1], '(')) i = endOf(tokens, i + 2, () => false);
    else if (isWord(token, 'is') && isWord(tokens[i + 1], 'null', 'not')) {
      // What is asked: `x`, `NEW.x`.
      data.pop();
      if (isSign(data.at(-1), '.')) data.splice(-2);
    } else data.push(token);
  }
  return data;
}

/** Where it ends: at such a token, or behind the bracket that it stands in. */
function endOf(tokens: readonly Token[], from: number, isEnd: (token: Token) => boolean): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (isSign(token, '(')) depth++;
    if (isSign(token, ')') && --depth < 0) return i;
    if (depth === 0 && i > from && isEnd(token)) return i;
  }
  return tokens.length;
}
