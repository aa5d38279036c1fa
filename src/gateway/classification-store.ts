/**
 * What is known of a database's columns, kept over restarts: classes, their evidence in words and shares, and what was
 * inherited. Never a value. One file a database, replaced as a whole, a table a line, so that it is written and read some
 * tables at a time: of 5,000 it has 20 MB. A file that cannot be read is put aside and said so, and everything is
 * classified anew before it counts.
 */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { type Classification, COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import { StateFile } from './state-file.ts';

export interface StoredColumn {
  readonly attnum: number;
  readonly name: string;
  /** As format_type prints it: another type is another column. */
  readonly type: string;
  readonly own: Classification;
}

export interface StoredTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Of the sample; -1: it could not be read. */
  readonly rows: number;
  readonly columns: readonly StoredColumn[];
}

export interface Inherited {
  readonly oid: number;
  readonly attnum: number;
  readonly class: ColumnClass;
  readonly from: string;
  /** See `Classification`. */
  readonly computed?: boolean | undefined;
}

export interface StoredClasses {
  readonly tables: readonly StoredTable[];
  readonly inherited: readonly Inherited[];
}

const columnClass = z.enum(COLUMN_CLASSES);
const evidence = z.object({
  from: z.enum(['name', 'type', 'comment', 'table', 'foreign_key', 'values', 'configuration', 'inherited']),
  says: z.string(),
});
const storedTable = z.object({
  oid: z.int(),
  schema: z.string(),
  name: z.string(),
  rows: z.int(),
  columns: z.array(
    z.object({
      attnum: z.int(),
      name: z.string(),
      type: z.string(),
      class: columnClass.nullable(),
      confidence: z.number(),
      evidence: z.array(evidence),
      scan: z.boolean(),
      paths: z.array(z.tuple([z.string(), columnClass])).optional(),
    }),
  ),
});
const schema = z.object({
  version: z.literal(1),
  tables: z.array(storedTable),
  inherited: z.array(
    z.object({
      oid: z.int(),
      attnum: z.int(),
      class: columnClass,
      from: z.string(),
      computed: z.boolean().optional(),
    }),
  ),
});
type Stored = z.output<typeof schema>;

/** The first line; a table each on those that follow, and then the last. */
const BEFORE_TABLES = '{"version":1,"tables":[';
const TABLES_AT_ONCE = 50;

export class ClassificationStore {
  readonly #file: StateFile<typeof schema>;
  readonly #log: (line: string) => void;
  #writing: Promise<void> = Promise.resolve();
  #next: StoredClasses | undefined;

  /** `database`: the name it has in the gateway's settings. */
  constructor(stateDir: string, database: string, log: (line: string) => void) {
    this.#file = new StateFile(path.join(stateDir, 'classification', `${encodeURIComponent(database)}.json`), schema);
    this.#log = log;
  }

  /** Undefined: there is none, or none that could be read. */
  async read(): Promise<StoredClasses | undefined> {
    const found = await this.#file.read(parsed);
    if (found.kind === 'unusable') await this.#putAside(found.why);
    if (found.kind !== 'found') return undefined;
    const { tables, inherited } = found.state;
    return {
      tables: tables.map((table) => ({
        ...table,
        columns: table.columns.map(({ attnum, name, type, class: kind, paths, ...rest }) => ({
          attnum,
          name,
          type,
          own: { ...rest, class: kind ?? undefined, ...(paths === undefined ? {} : { paths: new Map(paths) }) },
        })),
      })),
      inherited,
    };
  }

  /** Replaces what is stored; of several that wait, the last one is written. Never rejects. */
  write(classes: StoredClasses): Promise<void> {
    this.#next = classes;
    this.#writing = this.#writing.then(async () => {
      const next = this.#next;
      this.#next = undefined;
      if (next === undefined) return;
      try {
        await this.#file.replaceParts(() => toText(next));
      } catch (error) {
        this.#log(`${this.#file.path} could not be written: ${(error as Error).message}`);
      }
    });
    return this.#writing;
  }

  async #putAside(why: string): Promise<void> {
    const { path: file } = this.#file;
    const aside = `${file}.unreadable`;
    await rename(file, aside).catch(() => {});
    this.#log(
      `${file} cannot be used: ${why}; it is kept as ${aside}, every column is classified anew, and classes that ` +
        'columns had inherited from others are lost: give them by configuration',
    );
  }
}

/** Throws SyntaxError, ZodError. */
async function parsed(text: string): Promise<Stored> {
  const tables: Stored['tables'] = [];
  const lines = text.split('\n');
  // Lines that are none of a table's are read together.
  const others: string[] = [];
  for (const line of lines) {
    if (lines[0] !== BEFORE_TABLES || !line.startsWith('{"oid":')) {
      others.push(line);
      continue;
    }
    tables.push(storedTable.parse(JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line)));
    if (tables.length % TABLES_AT_ONCE === 0) await setImmediate();
  }
  const whole = schema.parse(JSON.parse(others.join('\n')));
  return { ...whole, tables: [...tables, ...whole.tables] };
}

function* toText({ tables, inherited }: StoredClasses): Generator<string> {
  yield `${BEFORE_TABLES}\n`;
  for (let n = 0; n < tables.length; n += TABLES_AT_ONCE) {
    const some = tables.slice(n, n + TABLES_AT_ONCE).map((table) => JSON.stringify(toJson(table)));
    yield `${some.join(',\n')}${n + TABLES_AT_ONCE < tables.length ? ',' : ''}\n`;
  }
  yield `],"inherited":${JSON.stringify(inherited)}}\n`;
}

function toJson({ oid, columns, ...table }: StoredTable): z.input<typeof storedTable> {
  return {
    // First: it tells a table's line.
    oid,
    ...table,
    columns: columns.map(({ own, ...column }) => ({
      ...column,
      class: own.class ?? null,
      confidence: own.confidence,
      evidence: [...own.evidence],
      scan: own.scan,
      ...(own.paths === undefined ? {} : { paths: [...own.paths] }),
    })),
  };
}
