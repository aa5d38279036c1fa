/**
 * What lies in an archive, below its prefix. Nothing there is ever changed: a segment's name has the hash of its bytes, so
 * one that was written anew (erasure) is another object, with the next version.
 *
 *   origin                                   the tree's name: whose archive it is
 *   segments/<first position>-<version>-<sha256>.seg.zst
 *   checkpoint/<records>                     the beginning of the record, signed; up to the end of a segment
 *   cosigned/<records>                       one that witnesses have signed too
 *   keys/<how many>-<sha256>                 `tree.keys`
 *   tile/…                                   full tiles, as C2SP tlog-tiles has them
 */
import type { Position } from '../../store/event-log.ts';

export const ORIGIN_KEY = 'origin';

const SEGMENT = /^segments\/(\d{16})-(\d{4})-([0-9a-f]{64})\.seg\.zst$/;
const SIGNED = /^(checkpoint|cosigned)\/(\d{16})$/;
const KEYS = /^keys\/(\d{16})-([0-9a-f]{64})$/;

export interface SegmentName {
  /** Its first position. */
  readonly first: Position;
  /** 0; one more for each time that it was written anew. */
  readonly version: number;
  readonly sha256: string;
}

/** What the names of all versions of a segment begin with. */
export function segmentVersions(first: Position): string {
  return `segments/${digits(first)}-`;
}

export function segmentKey({ first, version, sha256 }: SegmentName): string {
  return `${segmentVersions(first)}${String(version).padStart(4, '0')}-${sha256}.seg.zst`;
}

export function parseSegmentKey(key: string): SegmentName | undefined {
  const match = SEGMENT.exec(key);
  return match === null ? undefined : { first: Number(match[1]), version: Number(match[2]), sha256: match[3]! };
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
