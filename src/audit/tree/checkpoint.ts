/**
 * Checkpoints: the size and root of the tree under its origin, as the text of a signed note.
 * @see https://c2sp.org/tlog-checkpoint
 */
import { HASH_BYTES } from './merkle.ts';
import { parseNote, type SignedNote } from './note.ts';

export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export interface Checkpoint extends TreeHead {
  readonly note: SignedNote;
  /** The whole note. */
  readonly text: string;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Undefined when it is no checkpoint. Signatures are not checked here. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const note = parseNote(text);
  if (note === undefined) return undefined;
  const [origin, size, root, ...rest] = note.text.split('\n');
  const extensions = rest.slice(0, -1);
  if (!origin || size === undefined || root === undefined || rest.at(-1) !== '' || extensions.includes(''))
    return undefined;
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) return undefined;
  const bytes = parseHash(root);
  return bytes === undefined ? undefined : { origin, size: Number(size), root: bytes, note, text };
}

/** Base64 of one SHA-256 hash, spelled as it must be. */
export function parseHash(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === HASH_BYTES && bytes.toString('base64') === text ? bytes : undefined;
}
