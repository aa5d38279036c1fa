/** The keys that somebody who verifies was given, in whatever form. */
import { createPublicKey } from 'node:crypto';
import { DbgateError, ErrorCode } from '../../errors.ts';
import { parseKeyChain } from './key-chain.ts';
import { type NoteKey, noteKey, parseVkey, rawPublicKey } from './note.ts';

/** The keys for a log of this origin: a PEM has no name, so it counts for whatever log it is held against. */
export type TrustedKeys = (origin: string) => readonly NoteKey[];

/** `texts`: each a vkey, a PEM, lines of vkeys, or the text of a `tree.keys`. Throws `usage`. */
export function trustedKeys(texts: readonly string[]): TrustedKeys {
  const parsed = texts.map(parseKeyText);
  return (origin) => parsed.flatMap((keys) => keys(origin));
}

function parseKeyText(text: string): TrustedKeys {
  const trimmed = text.trim();
  if (trimmed.startsWith('-----BEGIN ')) {
    if (/PRIVATE KEY/.test(trimmed)) {
      throw new DbgateError(ErrorCode.usage, 'that is a private key: it does not belong where things are verified', {
        hint: 'the gateway prints its public key when it starts, and tree.keys has it',
      });
    }
    let raw: Buffer;
    try {
      raw = rawPublicKey(createPublicKey(trimmed));
    } catch (error) {
      throw new DbgateError(ErrorCode.usage, 'the key is not a PEM of an Ed25519 public key', { cause: error });
    }
    return (origin) => [noteKey(origin, raw)];
  }
  // Whoever hands over a chain trusts all of it.
  const keys = trimmed.startsWith('{')
    ? parseKeyChain(trimmed).keys
    : trimmed.split(/\r?\n/).map((line) => parseVkey(line.trim()));
  return () => keys;
}
