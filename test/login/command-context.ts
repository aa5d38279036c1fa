import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../src/commands/context.ts';

export interface TestContext extends CommandContext {
  readonly out: () => string;
  readonly err: () => string;
  readonly abort: AbortController;
  /** Resolves once stderr or stdout holds something that matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A command's context with streams in memory. */
export function testContext(
  env: Record<string, string | undefined>,
  changes: Partial<Pick<CommandContext, 'json' | 'isTerminal' | 'live'>> = {},
): TestContext {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  stdout.on('data', (chunk) => {
    out += String(chunk);
    for (const look of waiting) look();
  });
  stderr.on('data', (chunk) => {
    err += String(chunk);
    for (const look of waiting) look();
  });
  const abort = new AbortController();
  const json = changes.json ?? false;
  return {
    stdin,
    stdout,
    stderr,
    env,
    json,
    isTerminal: false,
    live: false,
    color: false,
    unicode: true,
    columns: 80,
    signal: abort.signal,
    interceptSignals: () => () => {},
    print: (data, text) => void stdout.write(`${json ? JSON.stringify(data) : text()}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    ...changes,
    out: () => out,
    err: () => err,
    abort,
    until: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const match = pattern.exec(err) ?? pattern.exec(out);
          if (match === null) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
      }),
  };
}
