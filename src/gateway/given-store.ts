/**
 * How many values clients gave to the tables that they made through dbgate, kept over restarts in
 * `<state_dir>/given/<database>.json`: numbers of columns and of values, never a value. Written at most once a second and
 * when the gateway ends; a crash forgets at most the last second. Of tables that are not in it nobody knows.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

const SAVE_MS = 1_000;

const schema = z.object({
  version: z.literal(1),
  tables: z.array(
    z.object({
      oid: z.int(),
      /** By attnum, 0 for whole rows; null: who knows how many. */
      given: z.array(z.tuple([z.int(), z.int().nonnegative().nullable()])),
      /** Columns that hold others' values too. */
      copied: z.array(z.int()),
    }),
  ),
});

export type StoredGiven = z.infer<typeof schema>['tables'][number];

export class GivenStore {
  readonly #file: string;
  readonly #log: (line: string) => void;
  readonly #current: () => readonly StoredGiven[];
  #timer: NodeJS.Timeout | undefined;

  /** `current`: all that is to be stored. */
  constructor(
    { stateDir, database, log }: { stateDir: string; database: string; log: (line: string) => void },
    current: () => readonly StoredGiven[],
  ) {
    this.#file = path.join(stateDir, 'given', `${encodeURIComponent(database)}.json`);
    this.#log = log;
    this.#current = current;
  }

  read(): readonly StoredGiven[] {
    try {
      return schema.parse(JSON.parse(readFileSync(this.#file, 'utf8'))).tables;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log(
          `${this.#file} cannot be used: masked columns of tables made through dbgate are compared with nothing`,
        );
      }
      return [];
    }
  }

  changed(): void {
    this.#timer ??= setTimeout(() => this.#save(), SAVE_MS).unref();
  }

  close(): void {
    if (this.#timer !== undefined) this.#save();
  }

  #save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      writeFileSync(`${this.#file}.new`, `${JSON.stringify({ version: 1, tables: this.#current() })}\n`, {
        mode: 0o600,
      });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#log(`${this.#file} could not be written: ${(error as Error).message}`);
    }
  }
}
