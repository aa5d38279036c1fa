/**
 * A file of the gateway's state that is replaced as a whole, as JSON of a known shape: whoever reads it finds what was there
 * before or what was written, also after a power failure. What is torn, or of another shape, is refused and never used.
 */
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

export type StateFound<T> =
  | { readonly kind: 'none' }
  /** `why`: without anything of its content. */
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'found'; readonly state: T };

export class StateFile<Schema extends z.ZodType> {
  readonly path: string;
  readonly #schema: Schema;
  #writing: Promise<void> = Promise.resolve();
  /** Replaced so often: one that was overtaken is given up. */
  #replaced = 0;

  constructor(file: string, schema: Schema) {
    this.path = file;
    this.#schema = schema;
  }

  /** `parse`: what is large, a part at a time; throws SyntaxError, or the schema's ZodError. */
  async read(parse?: (text: string) => Promise<z.output<Schema>>): Promise<StateFound<z.output<Schema>>> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => error);
    if (parse === undefined || typeof text !== 'string') return this.#parsed(text);
    try {
      return { kind: 'found', state: await parse(text) };
    } catch (error) {
      return unusable(error);
    }
  }

  readSync(): StateFound<z.output<Schema>> {
    let text: string | NodeJS.ErrnoException;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      text = error as NodeJS.ErrnoException;
    }
    return this.#parsed(text);
  }

  /** One after another. Rejects when it could not be written: then it is what it was. */
  replace(state: z.input<Schema>): Promise<void> {
    return this.replaceParts(() => [textOf(state)]);
  }

  /** The same with what is large: parts of the text, each made when the one before is written. */
  replaceParts(parts: () => Iterable<string>): Promise<void> {
    const turn = this.#replaced;
    const written = this.#writing.then(async () => {
      await mkdir(path.dirname(this.path), { recursive: true, mode: 0o700 });
      const aside = `${this.path}.new`;
      const file = await open(aside, 'w', 0o600);
      try {
        for (const part of parts()) await file.writeFile(part);
        await file.datasync();
      } finally {
        await file.close();
      }
      if (turn === this.#replaced) await rename(aside, this.path);
      else await rm(aside, { force: true });
    });
    this.#writing = written.catch(() => {});
    return written;
  }

  /** At the end: at once, whatever `replace` is under way. Throws as that rejects. */
  replaceSync(state: z.input<Schema>): void {
    this.#replaced++;
    mkdirSync(path.dirname(this.path), { recursive: true, mode: 0o700 });
    const aside = `${this.path}.last`;
    const file = openSync(aside, 'w', 0o600);
    try {
      writeFileSync(file, textOf(state));
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, this.path);
  }

  #parsed(text: string | NodeJS.ErrnoException): StateFound<z.output<Schema>> {
    if (typeof text !== 'string') {
      return text.code === 'ENOENT' ? { kind: 'none' } : { kind: 'unusable', why: text.message };
    }
    try {
      return { kind: 'found', state: this.#schema.parse(JSON.parse(text)) };
    } catch (error) {
      return unusable(error);
    }
  }
}

function unusable(error: unknown): { readonly kind: 'unusable'; readonly why: string } {
  if (error instanceof SyntaxError) return { kind: 'unusable', why: 'it is no JSON' };
  if (!(error instanceof z.ZodError)) throw error;
  const [issue] = error.issues;
  return { kind: 'unusable', why: `${issue?.path.join('.') ?? ''} is not what it should be` };
}

function textOf(state: unknown): string {
  return `${JSON.stringify(state)}\n`;
}
