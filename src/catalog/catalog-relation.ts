/**
 * Relations of the catalog, from their rows of `CATALOG_SQL` and from those that add to them: definitions, keys, triggers.
 */
import type {
  CatalogColumn,
  CatalogRelation,
  CatalogTrigger,
  CatalogType,
  ForeignKey,
  RelationKind,
  RowGuards,
} from './catalog.ts';
import { FIRST_USER_OID } from './catalog-query.ts';
import { boolean, list, number, numbers, oneOf, optional, string } from './catalog-values.ts';

const RELATION_KINDS = ['r', 'p', 'v', 'm', 'f', 'S', 'c', 'i'] as const;
const NO_COLUMNS: readonly CatalogColumn[] = [];
const NONE: readonly never[] = [];
/** What pg_attribute has of every sequence since PostgreSQL 10 (pg_sequence.h: SEQ_COL_LASTVAL and so on). */
const SEQUENCE_COLUMNS: readonly CatalogColumn[] = (
  [
    ['last_value', 20],
    ['log_cnt', 20],
    ['is_called', 16],
  ] as const
).map(([name, type], i) => ({
  attnum: i + 1,
  name,
  type,
  modifier: undefined,
  notNull: true,
  generated: undefined,
  default: undefined,
  comment: undefined,
}));

/** What other rows say of relations, by OID; names of columns are shared. */
export interface RelationDetails {
  readonly definitions: ReadonlyMap<number, string>;
  readonly withRules: ReadonlySet<number>;
  readonly generated: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly defaults: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** By attnum, 0 for the relation's own. */
  readonly comments: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly keys: ReadonlyMap<number, readonly (readonly number[])[]>;
  readonly foreignKeys: ReadonlyMap<number, readonly ForeignKey[]>;
  readonly parents: ReadonlyMap<number, readonly number[]>;
  readonly triggers: ReadonlyMap<number, readonly CatalogTrigger[]>;
  readonly guards: ReadonlyMap<number, readonly RowGuards[]>;
  readonly names: Map<string, string>;
}

export function relationDetails(
  take: (what: string) => unknown[][],
  takeEach: (what: string) => unknown[][],
  unreadable: Set<number>,
): RelationDetails {
  const definitions = new Map<number, string>();
  for (const row of take('definition')) {
    const definition = optional(row[1], string);
    if (definition === undefined) unreadable.add(number(row[0]));
    else definitions.set(number(row[0]), definition);
  }
  const keys = grouped(takeEach('keys'), (row) => ({
    index: number(row[1]),
    isPrimary: boolean(row[2]),
    attnums: string(row[4]).split(' ').slice(0, number(row[3])).map(Number),
  }));
  return {
    definitions,
    withRules: new Set(take('rule').map((row) => number(row[0]))),
    generated: byAttnum(take('generated'), (row) => {
      // Hidden by a lock, but not none.
      if (row[2] === null) unreadable.add(number(row[0]));
      return optional(row[2], string) ?? '';
    }),
    defaults: byAttnum(take('default'), (row) => {
      if (row[2] === null) unreadable.add(number(row[0]));
      return optional(row[2], string) ?? '';
    }),
    comments: byAttnum(take('comment'), (row) => string(row[2])),
    keys: new Map(
      [...keys].map(([oid, own]) => [
        oid,
        own
          .sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.index - b.index)
          .map(({ attnums }) => attnums),
      ]),
    ),
    foreignKeys: grouped(takeEach('foreign_keys'), (row) => ({
      columns: numbers(row[1]),
      references: number(row[2]),
      referenced: numbers(row[3]),
      onDelete: string(row[4]),
      onUpdate: string(row[5]),
    })),
    parents: grouped(takeEach('parents'), (row) => number(row[1])),
    triggers: grouped(take('trigger'), (row) => ({
      name: string(row[1]),
      routine: number(row[2]),
      events: triggerEvents(number(row[3])),
      ...(row[4] === null ? {} : { args: triggerArguments(string(row[4])) }),
    })),
    guards: grouped(takeEach('guards'), guardsFromRow),
    names: new Map(),
  };
}

/** Each ends with a NUL, in hexadecimal. */
function triggerArguments(hex: string): readonly string[] {
  return Buffer.from(hex, 'hex').toString('utf8').split('\0').slice(0, -1);
}

function guardsFromRow(row: readonly unknown[]): RowGuards {
  const routines = optional(row[2], numbers) ?? NONE;
  // An expression without a column that could be named.
  const columns = optional(row[1], (value) => list(value).map((one) => Number(one))) ?? [0];
  const excluding = (optional(row[4], list) ?? []).flatMap((part) => optional(part, list) ?? []).map(Number);
  return { columns, routines, readRoutines: boolean(row[3]) ? routines : NONE, excluding };
}

function grouped<T>(rows: readonly unknown[][], read: (row: readonly unknown[]) => T): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const oid = number(row[0]);
    const group = groups.get(oid);
    if (group === undefined) groups.set(oid, [read(row)]);
    else group.push(read(row));
  }
  return groups;
}

function byAttnum<T>(rows: readonly unknown[][], read: (row: readonly unknown[]) => T): Map<number, Map<number, T>> {
  const pairs = grouped(rows, (row) => [number(row[1]), read(row)] as const);
  return new Map([...pairs].map(([oid, own]) => [oid, new Map(own)]));
}

/** pg_trigger.h: TRIGGER_TYPE_INSERT and so on. */
function triggerEvents(type: number): CatalogTrigger['events'] {
  const events: CatalogTrigger['events'][number][] = [];
  if ((type & 4) !== 0) events.push('insert');
  if ((type & 8) !== 0) events.push('delete');
  if ((type & 16) !== 0) events.push('update');
  if ((type & 32) !== 0) events.push('truncate');
  return events;
}

export function relationFromRow(
  row: readonly unknown[],
  estimatedRows: number,
  details: RelationDetails,
): CatalogRelation {
  const oid = number(row[0]);
  if (Number.isNaN(estimatedRows)) throw new Error(`catalog: relation ${oid} without an estimate`);
  const schema = string(row[1]);
  const comments = details.comments.get(oid);
  return {
    oid,
    schema,
    name: string(row[2]),
    kind: oneOf(RELATION_KINDS, row[3]),
    columns: row[3] === 'S' ? SEQUENCE_COLUMNS : columnsFromRow(row, oid, details),
    definition: details.definitions.get(oid),
    uniqueKeys: details.keys.get(oid) ?? NONE,
    parents: details.parents.get(oid) ?? NONE,
    foreignKeys: details.foreignKeys.get(oid) ?? NONE,
    triggers: details.triggers.get(oid) ?? NONE,
    ...guardsOf(details.guards.get(oid)),
    hasRules: details.withRules.has(oid),
    estimatedRows,
    rowType: number(row[4]),
    comment: comments?.get(0),
    isSystem: oid < FIRST_USER_OID && (schema === 'pg_catalog' || schema === 'information_schema'),
  };
}

function guardsOf(all: readonly RowGuards[] | undefined): { readonly guards?: RowGuards } {
  if (all === undefined) return {};
  return {
    guards: {
      columns: all.flatMap(({ columns }) => columns),
      routines: all.flatMap(({ routines }) => routines),
      readRoutines: all.flatMap(({ readRoutines }) => readRoutines),
      excluding: all.flatMap(({ excluding }) => excluding),
    },
  };
}

function columnsFromRow(
  row: readonly unknown[],
  oid: number,
  { names, generated, defaults, comments }: RelationDetails,
): readonly CatalogColumn[] {
  if (row[7] === null && row[8] === null) return NO_COLUMNS;
  const columnNames = list(row[7]);
  const types = list(row[8]);
  if (columnNames.length !== types.length) throw new Error(`catalog: relation ${oid} has columns without types`);
  const modified = optional(row[9], numbers) ?? NONE;
  const modifiers = optional(row[10], numbers) ?? NONE;
  let at = 0;
  const ownGenerated = generated.get(oid);
  const ownDefaults = defaults.get(oid);
  const ownComments = comments.get(oid);
  const columns: CatalogColumn[] = [];
  for (let i = 0; i < types.length; i++) {
    const type = number(types[i]);
    const modifier = modified[at] === i + 1 ? modifiers[at++] : undefined;
    // Dropped.
    if (type === 0) continue;
    const name = string(columnNames[i]);
    let shared = names.get(name);
    if (shared === undefined) names.set(name, (shared = name));
    columns.push({
      attnum: i + 1,
      name: shared,
      type: Math.abs(type),
      modifier,
      notNull: type < 0,
      generated: ownGenerated?.get(i + 1),
      default: ownDefaults?.get(i + 1),
      comment: ownComments?.get(i + 1),
    });
  }
  return columns;
}

export function indexFromRow(row: readonly unknown[]): CatalogRelation {
  const oid = number(row[0]);
  const schema = string(row[1]);
  return {
    oid,
    schema,
    name: string(row[2]),
    kind: 'i' satisfies RelationKind,
    columns: NO_COLUMNS,
    definition: undefined,
    uniqueKeys: NONE,
    parents: NONE,
    foreignKeys: NONE,
    triggers: NONE,
    hasRules: false,
    estimatedRows: -1,
    rowType: 0,
    comment: undefined,
    isSystem: oid < FIRST_USER_OID && (schema === 'pg_catalog' || schema === 'information_schema'),
  };
}

/** A relation's row type, which has its name, and the array of it. */
export function* rowTypes(relation: CatalogRelation, row: readonly unknown[]): Iterable<CatalogType> {
  const { schema, rowType: oid } = relation;
  const array = optional(row[5], number) ?? 0;
  const base = { schema, base: 0, labels: NONE };
  yield {
    ...base,
    oid,
    name: relation.name,
    kind: 'c',
    array,
    element: 0,
    relation: relation.oid,
    category: 'C',
  };
  if (array === 0) return;
  yield { ...base, oid: array, name: string(row[6]), kind: 'b', array: 0, element: oid, relation: 0, category: 'A' };
}
