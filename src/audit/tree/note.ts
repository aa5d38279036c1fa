/**
 * Signed notes: text with signatures behind it, and the keys that they are checked with. Ed25519 only.
 * @see https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature
 */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { DbgateError, ErrorCode } from '../../errors.ts';

/** `ed25519`: over the text. `cosignature`: a witness', over the text with the time it saw it. */
export type SignatureType = 'ed25519' | 'cosignature';

const TYPE_BYTE: Record<SignatureType, number> = { ed25519: 1, cosignature: 4 };
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIMESTAMP_BYTES = 8;
const MAX_NOTE_LENGTH = 1_000_000;

/** A public key under the name by which it signs. */
export interface NoteKey {
  readonly name: string;
  readonly type: SignatureType;
  readonly keyId: number;
  /** 32 bytes. */
  readonly raw: Buffer;
  /** `name+keyid+base64`: how it is written down. */
  readonly vkey: string;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Buffer;
  /** As it stands in the note, without the newline. */
  readonly line: string;
}

export interface SignedNote {
  /** With its last newline: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface VerifiedSignature {
  readonly key: NoteKey;
  /** Of a cosignature: when the witness saw it, epoch seconds. */
  readonly time: number | undefined;
}

export function noteKey(name: string, raw: Buffer, type: SignatureType = 'ed25519'): NoteKey {
  if (!isKeyName(name)) throw new DbgateError(ErrorCode.usage, `${JSON.stringify(name)} is not the name of a key`);
  if (raw.length !== PUBLIC_KEY_BYTES) {
    throw new DbgateError(ErrorCode.usage, `an Ed25519 public key has 32 bytes, found ${raw.length}`);
  }
  const typed = Buffer.concat([Buffer.of(TYPE_BYTE[type]), raw]);
  const keyId = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').readUInt32BE(0);
  return { name, type, keyId, raw, vkey: `${name}+${hex(keyId)}+${typed.toString('base64')}` };
}

/** The text of a vkey; throws `usage`. */
export function parseVkey(text: string): NoteKey {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const typed = match === null ? Buffer.alloc(0) : Buffer.from(match[3]!, 'base64');
  const type = (Object.keys(TYPE_BYTE) as SignatureType[]).find((one) => TYPE_BYTE[one] === typed[0]);
  if (match === null || type === undefined || typed.length !== 1 + PUBLIC_KEY_BYTES) {
    throw new DbgateError(ErrorCode.usage, 'not an Ed25519 verifier key (name+keyid+base64)');
  }
  const key = noteKey(match[1]!, typed.subarray(1), type);
  if (hex(key.keyId) !== match[2])
    throw new DbgateError(ErrorCode.usage, `the key id of ${key.name} is not that of its key`);
  return key;
}

export function publicKeyOf(key: NoteKey): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key.raw]), format: 'der', type: 'spki' });
}

/** 32 bytes of an Ed25519 key, public or private; throws `usage` for other kinds. */
export function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new DbgateError(ErrorCode.usage, `the key is ${key.asymmetricKeyType ?? 'secret'}, expected ed25519`);
  }
  const of = key.type === 'private' ? createPublicKey(key) : key;
  return of.export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_KEY_BYTES);
}

export function signatureLine(key: NoteKey, signature: Buffer): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(key.keyId);
  return `\u2014 ${key.name} ${Buffer.concat([id, signature]).toString('base64')}`;
}

/** `text` ends with a newline. */
export function formatNote(text: string, lines: readonly string[]): string {
  return `${text}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** Undefined when it is no signed note. */
export function parseNote(note: string): SignedNote | undefined {
  if (note.length > MAX_NOTE_LENGTH || /[\u0000-\u0009\u000b-\u001f\ufffd]/.test(note)) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const signatures = parseSignatureLines(note.slice(split + 2));
  return signatures === undefined || signatures.length === 0
    ? undefined
    : { text: note.slice(0, split + 1), signatures };
}

/** Signature lines, each with its newline; undefined when one is something else. */
export function parseSignatureLines(text: string): NoteSignature[] | undefined {
  const signatures: NoteSignature[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
    if (match === null) return undefined;
    const bytes = Buffer.from(match[2]!, 'base64');
    // A second spelling of the same bytes would be a change that nobody sees.
    if (bytes.length < 5 || !isKeyName(match[1]!) || bytes.toString('base64') !== match[2]) return undefined;
    signatures.push({ name: match[1]!, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4), line });
  }
  return text.endsWith('\n') || text === '' ? signatures : undefined;
}

export type NoteVerdict =
  | { readonly kind: 'verified'; readonly by: readonly VerifiedSignature[] }
  /** It bears the name and id of a known key and is not that key's. */
  | { readonly kind: 'forged'; readonly key: NoteKey };

/** Checks every signature whose key is known, the others count for nothing. */
export function verifyNote(note: SignedNote, keys: readonly NoteKey[]): NoteVerdict {
  const by: VerifiedSignature[] = [];
  for (const signature of note.signatures) {
    const key = keys.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (key === undefined) continue;
    const verified = checkSignature(note.text, signature.signature, key);
    if (verified === undefined) return { kind: 'forged', key };
    by.push(verified);
  }
  return { kind: 'verified', by };
}

function checkSignature(text: string, signature: Buffer, key: NoteKey): VerifiedSignature | undefined {
  if (key.type === 'ed25519') {
    const isTrue = signature.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), publicKeyOf(key), signature);
    return isTrue ? { key, time: undefined } : undefined;
  }
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return undefined;
  const time = signature.readBigUInt64BE(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = cosignedMessage(text, Number(time));
  const isTrue = verify(null, message, publicKeyOf(key), signature.subarray(TIMESTAMP_BYTES));
  return isTrue ? { key, time: Number(time) } : undefined;
}

/** What a witness signs; `time` in epoch seconds. */
export function cosignedMessage(text: string, time: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

export function isKeyName(name: string): boolean {
  return /^[^\s+\u0000-\u001f]+$/u.test(name);
}

function hex(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
