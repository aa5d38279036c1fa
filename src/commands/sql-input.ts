/** SQL that a person hands over: a file, or what comes on stdin. A byte order mark in front is skipped, as psql does. */
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DbgateError, ErrorCode } from '../errors.ts';

export function sqlOfFile(path: string): string {
  try {
    return new TextDecoder().decode(readFileSync(path));
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `cannot read ${path}`, { cause: error });
  }
}

/** Characters come whole, wherever the chunks end. */
export function sqlOfStream(stdin: Readable): Promise<string> {
  return text(stdin);
}
