/** ink on stderr, for whoever sits at a terminal. In: where and how to draw. Out: what draws there. */
import type { Readable, Writable } from 'node:stream';
import type { Instance } from 'ink';
import type { ReactNode } from 'react';

/** A command's context is one. */
export interface Screen {
  readonly stdin: Readable;
  readonly stderr: Writable;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly columns: number;
}

export type SizedScreen = Screen & { readonly stderr: { readonly rows?: number } };

const FALLBACK_ROWS = 24;

export function screenRows({ stderr }: SizedScreen): number {
  return stderr.rows !== undefined && stderr.rows > 0 ? stderr.rows : FALLBACK_ROWS;
}

/** To be had before a module that imports ink is loaded. */
export async function inkOn(screen: Screen): Promise<(view: ReactNode, maxFps: number) => Instance> {
  // ink's colours know FORCE_COLOR only, and read it when imported.
  if (!screen.color) process.env.FORCE_COLOR = '0';
  const { render } = await import('ink');
  return (view, maxFps) =>
    render(view, {
      stdout: screen.stderr as NodeJS.WriteStream,
      stderr: screen.stderr as NodeJS.WriteStream,
      stdin: screen.stdin as NodeJS.ReadStream,
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps,
    });
}
