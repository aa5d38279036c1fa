/**
 * What changed in the classes of a database's columns, and when it was noticed: the map as it was last, by table OID and
 * attnum, and the changes since, the oldest forgotten first. Derived, kept over restarts, replaced as a whole. Never a
 * value.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { ColumnClass } from '../classify/classes.ts';
import type { ClassifiedColumn } from './classifier.ts';

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
  readonly was?: string | null;
}

interface Known {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly class: ColumnClass | null;
}

interface Kept {
  readonly version: 1;
  readonly columns: readonly (readonly [key: string, known: Known])[];
  readonly changes: readonly ClassificationChange[];
}

const MAX_CHANGES = 10_000;
const TABLES_AT_ONCE = 25;

export class ClassificationChanges {
  readonly #file: string;
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
    this.#file = path.join(stateDir, 'classification', `${encodeURIComponent(database)}.changes.json`);
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
    const kept: Kept = { version: 1, columns: [...now], changes: this.#changes };
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeFile(`${this.#file}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
    this.#onChanged(found);
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    try {
      const kept = JSON.parse(await readFile(this.#file, 'utf8')) as Kept;
      if (kept.version !== 1) return;
      this.#known = new Map(kept.columns);
      this.#changes = kept.changes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log(`${this.#file} cannot be used, changes are noticed from now on: ${(error as Error).message}`);
    }
  }
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
