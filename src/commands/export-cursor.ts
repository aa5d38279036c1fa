import { readFile, rename, writeFile } from 'node:fs/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import * as shape from './answer-shape.ts';

/** How far an export came, in a file of its own. */
export interface ExportCursor {
  /** Undefined: it begins. */
  readonly position: number | undefined;
  /** Positions are one gateway's: throws when the file is of another's. */
  checkGateway(gateway: string): Promise<void>;
  keep(position: number): Promise<void>;
}

const kept = shape.object({ gateway: shape.text(), position: shape.integer(0) });

/** `path` undefined: it is not kept. */
export async function openExportCursor(path: string | undefined): Promise<ExportCursor> {
  if (path === undefined) {
    return { position: undefined, checkGateway: async () => {}, keep: async () => {} };
  }
  const before = await readKept(path);
  let gateway = before?.gateway;
  let position = before?.position;
  return {
    position,
    async checkGateway(name) {
      if (gateway !== undefined && gateway !== name) {
        throw new DbgateError(ErrorCode.usage, `${path} is of the gateway ${gateway}, not of ${name}`, {
          hint: 'each gateway has a record, and a cursor, of its own',
        });
      }
      gateway = name;
    },
    async keep(next) {
      if (gateway === undefined || next === position) return;
      position = next;
      // The old one stays until the new one is whole.
      await writeFile(`${path}.new`, `${JSON.stringify({ gateway, position })}\n`, { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}

async function readKept(path: string): Promise<shape.Output<typeof kept> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DbgateError(ErrorCode.usage, `cannot read the cursor ${path}`, { cause: error });
  }
  try {
    return kept.check(JSON.parse(text));
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `${path} is no cursor of an export`, { cause: error });
  }
}
