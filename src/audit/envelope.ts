/**
 * What of a record is a leaf of the tree. A record is one line of JSON whose last member may be its body: what can be
 * erased, salted so that nobody can guess it from its hash. The leaf is the record with the hash in the body's place,
 * which is also how an erased record is stored; so erasing breaks no proof.
 *
 *   stored   {"v":2,"kind":…,…,"body":{"salt":"…",…}}
 *   leaf     {"v":2,"kind":…,…,"body":"sha256:…"}      (base64url of SHA-256 over the body's own bytes, UTF-8)
 */
import { hash, randomFillSync } from 'node:crypto';

/** Quotes inside a string of JSON are escaped, so this stands nowhere but at a body; writers nest none. */
const BODY = ',"body":{"salt":"';
const BODY_KEY = ',"body":'.length;

/** The leaf's data of a stored record, erased or not. */
export function envelopeOf(payload: string): string {
  const at = payload.indexOf(BODY);
  if (at < 0) return payload;
  const body = payload.slice(at + BODY_KEY, -1);
  return `${payload.slice(0, at + BODY_KEY)}"sha256:${hash('sha256', body, 'base64url')}"}`;
}

/** The body's text, or undefined where there is none or it was erased. */
export function bodyOf(payload: string): string | undefined {
  const at = payload.indexOf(BODY);
  return at < 0 ? undefined : payload.slice(at + BODY_KEY, -1);
}

const SALT_BYTES = 16;
const pool = Buffer.alloc(SALT_BYTES * 256);
let next = pool.length;

/** 128 bits, base64url: nobody guesses a body from its hash. */
export function newSalt(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const salt = pool.toString('base64url', next, next + SALT_BYTES);
  next += SALT_BYTES;
  return salt;
}
