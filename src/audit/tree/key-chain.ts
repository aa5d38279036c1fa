/**
 * The public keys of a tree, oldest first, as `tree.keys` has them: one JSON object a line, the first with the key it
 * began with, each further one with a note in which the key before says that the next one follows it.
 * Whoever knows one key of the chain can follow it; nobody can extend it without the last one.
 */
import { DbgateError, ErrorCode } from '../../errors.ts';
import { formatNote, type NoteKey, parseNote, parseVkey, signatureLine, verifyNote } from './note.ts';

export interface KeyChain {
  readonly keys: readonly NoteKey[];
  /** The file's text. */
  readonly text: string;
}

/** No origin has blanks, so this is never the text of a checkpoint. */
const TITLE = 'dbgate key change';

/** Throws `config` for what is no chain. */
export function parseKeyChain(text: string): KeyChain {
  const keys: NoteKey[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { vkey, change } = parseLine(line);
    const key = parseVkey(vkey);
    const last = keys.at(-1);
    if (last !== undefined && !isChange(change, last, key)) {
      throw new DbgateError(ErrorCode.config, `key ${key.vkey} is not one that ${last.vkey} was changed to`);
    }
    keys.push(key);
  }
  if (keys.length === 0) throw new DbgateError(ErrorCode.config, 'there is no key in it');
  return { keys, text };
}

function parseLine(line: string): { vkey: string; change: string | undefined } {
  try {
    const { vkey, change } = JSON.parse(line) as { vkey?: unknown; change?: unknown };
    if (typeof vkey === 'string') return { vkey, change: typeof change === 'string' ? change : undefined };
  } catch {
    // Said below.
  }
  throw new DbgateError(ErrorCode.config, 'a line of the key chain is not {"vkey":…}');
}

/** The first line of a chain. */
export function firstKeyLine(key: NoteKey, at: string): string {
  return `${JSON.stringify({ vkey: key.vkey, at })}\n`;
}

/** What the old key signs. */
export function keyChangeText(from: NoteKey, to: NoteKey, at: string): string {
  return `${TITLE}\n${from.vkey}\n${to.vkey}\n${at}\n`;
}

/** The line of a change that `from` has signed. */
export function keyChangeLine(from: NoteKey, to: NoteKey, at: string, signature: Buffer): string {
  const change = formatNote(keyChangeText(from, to, at), [signatureLine(from, signature)]);
  return `${JSON.stringify({ vkey: to.vkey, at, change })}\n`;
}

function isChange(change: string | undefined, from: NoteKey, to: NoteKey): boolean {
  const note = change === undefined ? undefined : parseNote(change);
  if (note === undefined || from.type !== 'ed25519' || to.type !== 'ed25519' || from.name !== to.name) return false;
  const at = note.text.split('\n')[3];
  if (at === undefined || note.text !== keyChangeText(from, to, at)) return false;
  const verdict = verifyNote(note, [from]);
  return verdict.kind === 'verified' && verdict.by.length > 0;
}

/** What is trusted by whoever trusts `trusted`: these, and what they were changed to. */
export function keysFollowing(trusted: readonly NoteKey[], chain: KeyChain | undefined): NoteKey[] {
  const keys = new Map(trusted.map((key) => [key.vkey, key]));
  let follows = false;
  for (const key of chain?.keys ?? []) {
    follows ||= keys.has(key.vkey);
    if (follows) keys.set(key.vkey, key);
  }
  return [...keys.values()];
}
