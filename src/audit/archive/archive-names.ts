/**
 * What lies in an archive, below its prefix. Nothing there is ever changed: a segment's name has the hash of its bytes, so
 * one that was written anew (erasure) is another object.
 *
 *   origin                                   the tree's name: whose archive it is
 *   segments/<first position>-<sha256>.seg.zst
 *   checkpoint/<records>                     the beginning of the record, signed; up to the end of a segment
 *   cosigned/<records>                       one that witnesses have signed too
 *   keys/<how many>-<sha256>                 `tree.keys`
 *   tile/…                                   full tiles, as C2SP tlog-tiles has them
 */
import type { Position } from '../../store/event-log.ts';

export const ORIGIN_KEY = 'origin';

const SEGMENT = /^segments\/(\d{16})-([0-9a-f]{64})\.seg\.zst$/;
const SIGNED = /^(checkpoint|cosigned)\/(\d{16})$/;
const KEYS = /^keys\/(\d{16})-([0-9a-f]{64})$/;

export function segmentKey(first: Position, sha256: string): string {
  return `segments/${digits(first)}-${sha256}.seg.zst`;
}

export function parseSegmentKey(key: string): { readonly first: Position; readonly sha256: string } | undefined {
  const match = SEGMENT.exec(key);
  return match === null ? undefined : { first: Number(match[1]), sha256: match[2]! };
}

export function signedKey(kind: 'checkpoint' | 'cosigned', size: number): string {
  return `${kind}/${digits(size)}`;
}

/** How many records it is of. */
export function parseSignedKey(key: string): number | undefined {
  const match = SIGNED.exec(key);
  return match === null ? undefined : Number(match[2]);
}

export function keysKey(count: number, sha256: string): string {
  return `keys/${digits(count)}-${sha256}`;
}

export function parseKeysKey(key: string): { readonly count: number; readonly sha256: string } | undefined {
  const match = KEYS.exec(key);
  return match === null ? undefined : { count: Number(match[1]), sha256: match[2]! };
}

function digits(value: number): string {
  return String(value).padStart(16, '0');
}
