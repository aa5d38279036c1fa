/**
 * What is known of a database's columns, kept over restarts: classes, their evidence in words and shares, and what was
 * inherited. Never a value. One file a database, replaced as a whole; a file that cannot be read is put aside and said
 * so, and everything is classified anew before it counts.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { type Classification, COLUMN_CLASSES, type ColumnClass, type Evidence } from '../classify/classes.ts';

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
const schema = z.object({
  version: z.literal(1),
  tables: z.array(
    z.object({
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
    }),
  ),
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

export class ClassificationStore {
  readonly #file: string;
  readonly #log: (line: string) => void;
  #writing: Promise<void> = Promise.resolve();
  #next: StoredClasses | undefined;

  /** `database`: the name it has in the gateway's settings. */
  constructor(stateDir: string, database: string, log: (line: string) => void) {
    this.#file = path.join(stateDir, 'classification', `${encodeURIComponent(database)}.json`);
    this.#log = log;
  }

  /** Undefined: there is none, or none that could be read. */
  async read(): Promise<StoredClasses | undefined> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#putAside((error as Error).message);
      return undefined;
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      await this.#putAside('it is no JSON');
      return undefined;
    }
    const found = schema.safeParse(json);
    if (!found.success) {
      const [issue] = found.error.issues;
      await this.#putAside(`${issue?.path.join('.') ?? ''} is not what it should be`);
      return undefined;
    }
    const { tables, inherited } = found.data;
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
        await this.#replace(`${JSON.stringify(toJson(next))}\n`);
      } catch (error) {
        this.#log(`${this.#file} could not be written: ${(error as Error).message}`);
      }
    });
    return this.#writing;
  }

  async #replace(text: string): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const fresh = `${this.#file}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#file);
  }

  async #putAside(why: string): Promise<void> {
    const aside = `${this.#file}.unreadable`;
    await rename(this.#file, aside).catch(() => {});
    this.#log(
      `${this.#file} cannot be used: ${why}; it is kept as ${aside}, every column is classified anew, and classes that ` +
        'columns had inherited from others are lost: give them by configuration',
    );
  }
}

function toJson({ tables, inherited }: StoredClasses): unknown {
  return {
    version: 1,
    tables: tables.map(({ columns, ...table }) => ({
      ...table,
      columns: columns.map(({ own, ...column }) => ({
        ...column,
        class: own.class ?? null,
        confidence: own.confidence,
        evidence: own.evidence as readonly Evidence[],
        scan: own.scan,
        ...(own.paths === undefined ? {} : { paths: [...own.paths] }),
      })),
    })),
    inherited,
  };
}
