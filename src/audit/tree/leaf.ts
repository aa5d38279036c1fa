/**
 * What of a stored record is in the tree: `envelope.ts` on the record's own bytes, so that no decoding of text stands
 * between what is on disk and what is hashed.
 */
import { hash } from 'node:crypto';

/** C2SP tlog-tiles: an entry's length is a 16-bit number. */
export const MAX_ENTRY_BYTES = 65_535;

const BODY = Buffer.from(',"body":{"salt":"');
const BODY_KEY_BYTES = ',"body":'.length;
const ERASED = Buffer.from(',"body":"sha256:');
const CLOSE = 0x7d;
/** `"sha256:` and 43 characters and `"}`. */
const ERASED_BYTES = ',"body":'.length + 1 + 'sha256:'.length + 43 + 2;

export interface Leaf {
  /** The entry: what is hashed. */
  readonly data: Buffer;
  /** `whole`: there is no body. `malformed`: no writer of records makes that. */
  readonly body: 'kept' | 'erased' | 'whole' | 'malformed';
}

/** The leaf of a record as it stands in a segment. */
export function leafOf(payload: Buffer): Leaf {
  const at = payload.indexOf(BODY);
  if (at < 0) {
    const isErased = payload.indexOf(ERASED) === payload.length - ERASED_BYTES && payload.length > ERASED_BYTES;
    return { data: entryOf(payload), body: isErased || isDigest(payload) ? 'erased' : 'whole' };
  }
  // The last byte is not in the envelope: it must be the one that it is.
  const isWhole = payload[payload.length - 1] === CLOSE && payload[payload.length - 2] === CLOSE;
  const body = payload.subarray(at + BODY_KEY_BYTES, payload.length - 1);
  const head = payload.subarray(0, at + BODY_KEY_BYTES);
  const tail = Buffer.from(`"sha256:${hash('sha256', body, 'base64url')}"}`, 'latin1');
  return { data: entryOf(Buffer.concat([head, tail])), body: isWhole ? 'kept' : 'malformed' };
}

/** An envelope is small, as what can be long is in the body; one that is not is in the tree as its digest. */
function entryOf(envelope: Buffer): Buffer {
  if (envelope.length <= MAX_ENTRY_BYTES) return envelope;
  return Buffer.from(`{"long":"sha256:${hash('sha256', envelope, 'base64url')}","bytes":${envelope.length}}`, 'latin1');
}

const DIGEST = /^\{"long":"sha256:[A-Za-z0-9_-]{43}","bytes":[1-9]\d{4,9}\}$/;

function isDigest(payload: Buffer): boolean {
  return payload.length < 100 && DIGEST.test(payload.toString('latin1'));
}
