/**
 * How many values clients gave to the tables that they made through dbgate, kept over restarts in
 * `<state_dir>/given/<database>.json`: numbers of columns and of values, never a value. Written at most once a second and
 * when the gateway ends; a crash forgets at most the last second. Of tables that are not in it nobody knows.
 */
import path from 'node:path';
import * as z from 'zod';
import { StateFile } from './state-file.ts';

const SAVE_MS = 1_000;

const schema = z.object({
  version: z.literal(1),
  tables: z.array(
    z.object({
      oid: z.int(),
      /** By attnum, 0 for whole rows; null: who knows how many. */
      given: z.array(z.tuple([z.int(), z.int().nonnegative().nullable()])),
      /** How many rows were written to it for certain; null: who knows. */
      rows: z.int().nonnegative().nullable().default(0),
      /** Columns that hold others' values too. */
      copied: z.array(z.int()),
    }),
  ),
});

export type StoredGiven = z.infer<typeof schema>['tables'][number];

export class GivenStore {
  readonly #file: StateFile<typeof schema>;
  readonly #log: (line: string) => void;
  readonly #current: () => readonly StoredGiven[];
  #timer: NodeJS.Timeout | undefined;
  /** Changes that are being written. */
  #saving = 0;

  /** `current`: all that is to be stored. */
  constructor(
    { stateDir, database, log }: { stateDir: string; database: string; log: (line: string) => void },
    current: () => readonly StoredGiven[],
  ) {
    this.#file = new StateFile(path.join(stateDir, 'given', `${encodeURIComponent(database)}.json`), schema);
    this.#log = log;
    this.#current = current;
  }

  read(): readonly StoredGiven[] {
    const found = this.#file.readSync();
    if (found.kind === 'found') return found.state.tables;
    if (found.kind === 'unusable') {
      this.#log(
        `${this.#file.path} cannot be used: masked columns of tables made through dbgate are compared with nothing`,
      );
    }
    return [];
  }

  changed(): void {
    this.#timer ??= setTimeout(() => void this.#save(), SAVE_MS).unref();
  }

  close(): void {
    if (this.#timer === undefined && this.#saving === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#file.replaceSync(this.#state());
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  async #save(): Promise<void> {
    this.#timer = undefined;
    this.#saving++;
    try {
      await this.#file.replace(this.#state());
    } catch (error) {
      this.#failed(error as Error);
    } finally {
      this.#saving--;
    }
  }

  #state(): z.input<typeof schema> {
    return { version: 1, tables: this.#current().map((table) => ({ ...table })) };
  }

  #failed({ message }: Error): void {
    this.#log(`${this.#file.path} could not be written: ${message}`);
  }
}
