/**
 * Says when one of the files of a configuration has changed, or a new one may have come in beside those it includes.
 * Folders are watched: editors replace a file rather than write into it.
 */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** Several writes of one save are one change. */
const SETTLE_MS = 200;

export class ConfigWatch {
  readonly #onChange: () => void;
  readonly #folders = new Map<string, FSWatcher>();
  #files: ReadonlySet<string> = new Set();
  /** Folders whose every YAML file may be one that is included. */
  #included: ReadonlySet<string> = new Set();
  #soon: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** `main` and the files that it includes, absolute. */
  follow(main: string, included: readonly string[]): void {
    this.#files = new Set([main, ...included]);
    this.#included = new Set(included.map((file) => path.dirname(file)));
    const folders = new Set([path.dirname(main), ...this.#included]);
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) {
      if (this.#folders.has(folder)) continue;
      const watcher = watch(folder, (_type, name) => {
        if (name !== null && this.#concerns(folder, name)) this.#changed();
      });
      // A folder that goes takes its files along: the next reload says so.
      watcher.on('error', () => this.#changed());
      this.#folders.set(folder, watcher);
    }
  }

  close(): void {
    clearTimeout(this.#soon);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #concerns(folder: string, name: string): boolean {
    return this.#files.has(path.join(folder, name)) || (this.#included.has(folder) && /\.ya?ml$/.test(name));
  }

  #changed(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(this.#onChange, SETTLE_MS);
  }
}
