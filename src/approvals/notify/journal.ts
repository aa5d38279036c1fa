/**
 * The file behind the outbox: lines of JSON, appended and synced in groups, rewritten when most of it is done. In: put
 * and done. Out: what was put and not done, also after a crash. A line that a crash cut off was never acknowledged, and
 * is left out. It knows nothing of what the messages say.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

export interface JournalEntry {
  readonly id: string;
  /** Epoch milliseconds of what it tells. */
  readonly at: number;
  /** Who has not got it yet. */
  readonly targets: readonly string[];
  readonly message: unknown;
}

interface PutLine {
  readonly put: JournalEntry;
}
interface DoneLine {
  readonly done: readonly [id: string, target: string];
}
/** Up to when everything was put, and the last of it by id: what is younger and not among them was missed by a crash. */
interface ToldLine {
  readonly told: { readonly at: number; readonly ids: readonly string[] };
}

const REWRITE_AT_LINES = 2_000;
/** What is done holds names and reasons: it does not stay for long when nothing waits. */
const REWRITE_IDLE_AT_LINES = 64;
const RETRY_MS = 1_000;
const MAX_TOLD = 1_000;
/** Two events may be put in another order than they happened. */
const DISORDER_MS = 10_000;

export interface JournalOptions {
  readonly dir: string;
  readonly now: () => number;
  logLine(line: string): void;
}

export class Journal {
  readonly #file: string;
  readonly #dir: string;
  readonly #logLine: (line: string) => void;
  /** What the file must say after a rewrite. */
  readonly #open = new Map<string, { readonly at: number; readonly message: unknown; readonly targets: Set<string> }>();
  #toldAt = 0;
  readonly #told = new Set<string>();
  #handle: FileHandle | undefined;
  #lines: string[] = [];
  #waiting: (() => void)[] = [];
  #written = 0;
  #busy: Promise<void> | undefined;
  #healthy = true;
  #closed = false;

  private constructor({ dir, logLine }: JournalOptions) {
    this.#dir = dir;
    this.#file = path.join(dir, 'outbox.ndjson');
    this.#logLine = logLine;
  }

  /** Reads what is there, and begins a new file with what is still open. Throws when the folder cannot be written. */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options);
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    await journal.#read();
    // What happened before there was an outbox is nobody's to tell.
    if (journal.#toldAt === 0) journal.#toldAt = options.now() + DISORDER_MS;
    await journal.#rewrite();
    return journal;
  }

  /** Oldest first. */
  entries(): JournalEntry[] {
    return [...this.#open].map(([id, { at, message, targets }]) => ({ id, at, message, targets: [...targets] }));
  }

  /** Resolves when it is on stable storage, or as soon as the disk has refused it: it is in memory all the same. */
  put(entry: JournalEntry): Promise<void> {
    this.#take(entry);
    this.#lines.push(`${JSON.stringify({ put: entry } satisfies PutLine)}\n`);
    return this.#flushed();
  }

  /** Was it put lately? */
  has(id: string): boolean {
    return this.#told.has(id);
  }

  /** It is older than the last that was put, so it was put as well. */
  isOld(at: number): boolean {
    return at < this.#toldAt - DISORDER_MS;
  }

  #take({ id, at, message, targets }: JournalEntry): void {
    if (targets.length > 0) this.#open.set(id, { at, message, targets: new Set(targets) });
    this.#toldAt = Math.max(this.#toldAt, at);
    this.#told.add(id);
    if (this.#told.size > MAX_TOLD) this.#told.delete(this.#told.values().next().value!);
  }

  /** It is enough if this is on disk some time: what is forgotten is delivered twice, with the same id. */
  done(id: string, target: string): void {
    const entry = this.#open.get(id);
    if (entry === undefined || !entry.targets.delete(target)) return;
    if (entry.targets.size === 0) this.#open.delete(id);
    this.#lines.push(`${JSON.stringify({ done: [id, target] } satisfies DoneLine)}\n`);
    void this.#flushed();
  }

  async close(): Promise<void> {
    await this.#flushed();
    this.#closed = true;
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
  }

  #flushed(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy ??= this.#flush().finally(() => {
      this.#busy = undefined;
    });
    return done;
  }

  /** One write and one sync for all that came meanwhile. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const [lines, waiting] = [this.#lines, this.#waiting];
      [this.#lines, this.#waiting] = [[], []];
      try {
        const limit = this.#open.size === 0 ? REWRITE_IDLE_AT_LINES : REWRITE_AT_LINES;
        if (!this.#healthy || this.#written > limit) await this.#rewrite();
        else if (lines.length > 0) {
          await this.#handle!.appendFile(lines.join(''));
          await this.#handle!.datasync();
          this.#written += lines.length;
        }
      } catch (error) {
        this.#failed(error as Error);
      }
      for (const resolve of waiting) resolve();
    }
  }

  /** After a failed sync nobody knows what a file holds: it is never written again, but replaced by a new one. */
  #failed(error: Error): void {
    if (this.#healthy) this.#logLine(`outbox: what is not delivered yet is in memory only: ${error.message}`);
    this.#healthy = false;
    if (!this.#closed) setTimeout(() => void this.#flushed(), RETRY_MS).unref();
  }

  async #rewrite(): Promise<void> {
    const next = `${this.#file}.new`;
    const handle = await open(next, 'w', 0o600);
    try {
      const told: ToldLine = { told: { at: this.#toldAt, ids: [...this.#told] } };
      const lines = this.entries().map((put) => `${JSON.stringify({ put } satisfies PutLine)}\n`);
      await handle.writeFile(`${JSON.stringify(told)}\n${lines.join('')}`);
      await handle.datasync();
      await rename(next, this.#file);
      await syncFolder(this.#dir);
      const old = this.#handle;
      this.#handle = handle;
      this.#written = lines.length > REWRITE_AT_LINES / 2 ? 0 : lines.length;
      if (!this.#healthy) this.#logLine('outbox: on disk again');
      this.#healthy = true;
      await old?.close().catch(() => {});
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  }

  async #read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    let damaged = 0;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const parsed = parseLine(line);
      if (parsed === undefined) damaged++;
      else if ('put' in parsed) this.#take(parsed.put);
      else if ('told' in parsed) {
        this.#toldAt = Math.max(this.#toldAt, parsed.told.at);
        for (const id of parsed.told.ids) this.#told.add(id);
      } else {
        const entry = this.#open.get(parsed.done[0]);
        entry?.targets.delete(parsed.done[1]);
        if (entry?.targets.size === 0) this.#open.delete(parsed.done[0]);
      }
    }
    if (damaged > 0) this.#logLine(`outbox: ${damaged} damaged lines were left out`);
  }
}

function parseLine(line: string): PutLine | DoneLine | ToldLine | undefined {
  try {
    const value = JSON.parse(line) as Partial<PutLine & DoneLine & ToldLine>;
    const { put, done, told } = value;
    if (typeof put?.id === 'string' && typeof put.at === 'number' && Array.isArray(put.targets)) return { put };
    if (typeof told?.at === 'number' && Array.isArray(told.ids)) return { told };
    if (Array.isArray(done) && done.length === 2) return { done: done as [string, string] };
  } catch {
    // Counted by the caller.
  }
  return undefined;
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
