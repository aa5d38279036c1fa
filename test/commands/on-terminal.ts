/** A command on a real terminal: what it draws is read, keys are typed. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = process.env.DBGATE_TEST_BIN ?? fileURLToPath(new URL('../../bin/dbgate.js', import.meta.url));
/** Of util-linux: gives a command a terminal of its own. */
export const SCRIPT = '/usr/bin/script';

export interface Terminal {
  /** Resolves once what was drawn since the last match holds it. */
  until(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  kill(): void;
  readonly ended: Promise<{ code: number | null; text: string }>;
}

/** `words`: as a shell reads them. */
export function onTerminal(
  words: string,
  env: Readonly<Record<string, string | undefined>>,
  size: { readonly columns: number; readonly rows: number } = { columns: 80, rows: 24 },
): Terminal {
  const child = spawn(
    SCRIPT,
    [
      '-qefc',
      `stty cols ${size.columns} rows ${size.rows}; exec "${process.execPath}" "${launcher}" ${words}`,
      '/dev/null',
    ],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env },
    },
  );
  let text = '';
  let seen = 0;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  );
  return {
    ended,
    kill: () => void child.kill('SIGKILL'),
    type: (keys) => void child.stdin.write(keys),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        const look = (): void => {
          const match = pattern.exec(text.slice(seen));
          if (match === null) return;
          seen += match.index + match[0].length;
          waiting.delete(look);
          clearTimeout(timer);
          resolve();
        };
        waiting.add(look);
        timer = setTimeout(() => reject(new Error(`no ${pattern} in ${JSON.stringify(text.slice(seen))}`)), 240_000);
        look();
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${JSON.stringify(text.slice(seen))}`)));
      }),
  };
}
