/** RFC 6962 section 2.1 word for word, over a list of entries: what the real one is compared with. */
import { createHash } from 'node:crypto';
import type { SubtreeHash } from '../../../src/audit/tree/merkle.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export function naiveRoot(entries: readonly Buffer[]): Buffer {
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0]!);
  const k = split(entries.length);
  return sha256(Buffer.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)));
}

export function naivePath(m: number, entries: readonly Buffer[]): Buffer[] {
  if (entries.length === 1) return [];
  const k = split(entries.length);
  return m < k
    ? [...naivePath(m, entries.slice(0, k)), naiveRoot(entries.slice(k))]
    : [...naivePath(m - k, entries.slice(k)), naiveRoot(entries.slice(0, k))];
}

export function naiveProof(m: number, entries: readonly Buffer[]): Buffer[] {
  return subproof(m, entries, true);
}

function subproof(m: number, entries: readonly Buffer[], whole: boolean): Buffer[] {
  const n = entries.length;
  if (m === n) return whole ? [] : [naiveRoot(entries)];
  const k = split(n);
  return m <= k
    ? [...subproof(m, entries.slice(0, k), whole), naiveRoot(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), naiveRoot(entries.slice(0, k))];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The real algorithms over a list. */
export function subtreesOfList(entries: readonly Buffer[]): SubtreeHash {
  return (height, index) => naiveRoot(entries.slice(index * 2 ** height, (index + 1) * 2 ** height));
}
