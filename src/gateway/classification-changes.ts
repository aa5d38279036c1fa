/**
 * What changed in the classes of a database's columns, and when it was noticed: the map as it was last, by table OID and
 * attnum, and the changes since, the oldest forgotten first. Derived, kept over restarts, replaced as a whole. Never a
 * value.
 */
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import type { ClassifiedColumn } from './classifier.ts';
import { StateFile } from './state-file.ts';

export interface ClassificationChange {
  /** ISO 8601, when it was noticed. */
  readonly at: string;
  /** `class`: it has another class than before. */
  readonly change: 'new' | 'gone' | 'class' | 'renamed';
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** Null where clear; of what is gone, what it was. */
  readonly class: ColumnClass | null;
  /** `class`: the one before; `renamed`: `schema.table.column` before. */
  readonly was?: string | null | undefined;
}

const known = z.object({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  type: z.string(),
  class: z.enum(COLUMN_CLASSES).nullable(),
});
type Known = z.output<typeof known>;

const knownByKey = z.array(z.tuple([z.string(), known]));
const fileSchema = z.object({
  version: z.literal(1),
  /** By `oid.attnum`. */
  columns: knownByKey,
  changes: z.array(
    known.extend({
      at: z.string(),
      change: z.enum(['new', 'gone', 'class', 'renamed']),
      was: z.string().nullable().optional(),
    }),
  ),
});
type Kept = z.output<typeof fileSchema>;

const MAX_CHANGES = 10_000;
const TABLES_AT_ONCE = 25;
const COLUMNS_AT_ONCE = 1_000;

export class ClassificationChanges {
  readonly #file: StateFile<typeof fileSchema>;
  readonly #log: (line: string) => void;
  readonly #onChanged: (changes: readonly ClassificationChange[]) => void;
  /** Undefined: there was no map yet, so everything in the next one is as it always was. */
  #known: ReadonlyMap<string, Known> | undefined;
  #changes: readonly ClassificationChange[] = [];
  #loaded = false;
  #work: Promise<void> = Promise.resolve();

  /** `database`: the name it has in the gateway's settings. */
  constructor(
    stateDir: string,
    database: string,
    log: (line: string) => void,
    onChanged: (changes: readonly ClassificationChange[]) => void = () => {},
  ) {
    this.#onChanged = onChanged;
    const file = path.join(stateDir, 'classification', `${encodeURIComponent(database)}.changes.json`);
    this.#file = new StateFile(file, fileSchema);
    this.#log = log;
  }

  /** Compares the map with the one before. Never rejects. */
  note(tables: () => Iterable<readonly ClassifiedColumn[]>, at: () => string): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        await this.#load();
        await this.#compare(tables, at);
      } catch (error) {
        this.#log(`changes of classes could not be kept: ${(error as Error).message}`);
      }
    });
    return this.#work;
  }

  /** What was noted is written. */
  close(): Promise<void> {
    return this.#work;
  }

  /** Oldest first; what was noted before it was called is in it. */
  async since(atMs: number): Promise<readonly ClassificationChange[]> {
    await this.#work;
    await this.#load();
    return this.#changes.filter(({ at }) => Date.parse(at) >= atMs);
  }

  async #compare(tables: () => Iterable<readonly ClassifiedColumn[]>, at: () => string): Promise<void> {
    const now = new Map<string, Known>();
    let count = 0;
    for (const columns of tables()) {
      for (const { oid, attnum, schema, table, column, type, classification } of columns) {
        const key = `${oid}.${attnum}`;
        const before = this.#known?.get(key);
        // Not looked at yet is no change.
        if (classification !== undefined)
          now.set(key, { schema, table, column, type, class: classification.class ?? null });
        else if (before !== undefined) now.set(key, before);
        // The first map is a whole one.
        else if (this.#known === undefined) return;
      }
      if (++count % TABLES_AT_ONCE === 0) await setImmediate();
    }
    const found = this.#known === undefined ? [] : differences(this.#known, now, at());
    if (this.#known !== undefined && found.length === 0) return;
    this.#known = now;
    this.#changes = [...this.#changes, ...found].slice(-MAX_CHANGES);
    await this.#file.replaceParts(() => toText([...now], this.#changes));
    this.#onChanged(found);
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    const found = await this.#file.read(parsed);
    if (found.kind === 'unusable') {
      this.#log(`${this.#file.path} cannot be used, changes are noticed from now on: ${found.why}`);
    }
    if (found.kind !== 'found') return;
    this.#known = new Map(found.state.columns);
    this.#changes = found.state.changes;
  }
}

/** Throws SyntaxError, ZodError. */
async function parsed(text: string): Promise<Kept> {
  const { columns, ...rest } = fileSchema.extend({ columns: z.array(z.unknown()) }).parse(JSON.parse(text));
  const checked: Kept['columns'] = [];
  for (let n = 0; n < columns.length; n += COLUMNS_AT_ONCE) {
    for (const one of knownByKey.parse(columns.slice(n, n + COLUMNS_AT_ONCE))) checked.push(one);
    await setImmediate();
  }
  return { ...rest, columns: checked };
}

function* toText(columns: Kept['columns'], changes: readonly ClassificationChange[]): Generator<string> {
  yield '{"version":1,"columns":[';
  for (let n = 0; n < columns.length; n += COLUMNS_AT_ONCE) {
    const some = columns.slice(n, n + COLUMNS_AT_ONCE).map((one) => JSON.stringify(one));
    yield `${n === 0 ? '' : ','}${some.join()}`;
  }
  yield `],"changes":${JSON.stringify(changes)}}\n`;
}

function differences(
  before: ReadonlyMap<string, Known>,
  now: ReadonlyMap<string, Known>,
  at: string,
): ClassificationChange[] {
  const changes: ClassificationChange[] = [];
  for (const [key, column] of now) {
    const was = before.get(key);
    if (was === undefined) changes.push({ at, change: 'new', ...column });
    else if (was.class !== column.class) changes.push({ at, change: 'class', ...column, was: was.class });
    else if (nameOf(was) !== nameOf(column)) changes.push({ at, change: 'renamed', ...column, was: nameOf(was) });
  }
  for (const [key, column] of before) if (!now.has(key)) changes.push({ at, change: 'gone', ...column });
  return changes;
}

function nameOf({ schema, table, column }: Known): string {
  return `${schema}.${table}.${column}`;
}
