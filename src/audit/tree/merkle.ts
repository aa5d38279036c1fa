/**
 * The Merkle tree of RFC 6962 over SHA-256: hashes, roots, proofs, and the checking of proofs. No files, no clocks.
 * A tree is seen through `SubtreeHash`, so whoever has tiles, a list in memory or anything else can prove from it.
 * Sizes and indexes are whole numbers up to 2^53.
 * @see RFC 6962 section 2.1 (hashes, proofs), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (their verification)
 */
import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

/** The root of no leaves: the hash of nothing. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');

/** The hash of the complete subtree of 2^`height` leaves that begins at leaf `index` × 2^`height`. */
export type SubtreeHash = (height: number, index: number) => Buffer;

export function leafHash(data: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + data.length);
  input[0] = 0;
  input.set(data, 1);
  return digestOf(input);
}

/** By way of a string of bytes: a digest that Node makes as a buffer has memory of its own, which costs three times as much. */
function digestOf(input: Buffer): Buffer {
  return Buffer.from(hash('sha256', input, 'binary'), 'binary');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return digestOf(input);
}

/** MTH(D[0:size]). */
export function rootOf(size: number, subtree: SubtreeHash): Buffer {
  return size === 0 ? EMPTY_ROOT : rangeHash(0, size, subtree);
}

/** PATH(index, D[0:size]): from the leaf's sibling up. */
export function inclusionProof(index: number, size: number, subtree: SubtreeHash): Buffer[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const proof: Buffer[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      proof.push(rangeHash(middle, end, subtree));
      end = middle;
    } else {
      proof.push(rangeHash(start, middle, subtree));
      start = middle;
    }
  }
  return proof.reverse();
}

/** PROOF(first, D[0:second]); empty where one of them is trivial. */
export function consistencyProof(first: number, second: number, subtree: SubtreeHash): Buffer[] {
  if (!(first >= 0 && first <= second)) throw new RangeError(`tree of ${first} is no beginning of a tree of ${second}`);
  if (first === 0 || first === second) return [];
  const proof: Buffer[] = [];
  let start = 0;
  let end = second;
  let whole = true;
  while (first !== end) {
    const middle = start + largestPowerBelow(end - start);
    if (first <= middle) {
      proof.push(rangeHash(middle, end, subtree));
      end = middle;
    } else {
      proof.push(rangeHash(start, middle, subtree));
      start = middle;
      whole = false;
    }
  }
  if (!whole) proof.push(rangeHash(start, end, subtree));
  return proof.reverse();
}

/** The root that a proof leads to; undefined when the proof has not the form that this index and size need. */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Buffer | undefined {
  if (!isSize(index) || !isSize(size) || index >= size) return undefined;
  let fn = index;
  let sn = size - 1;
  let root: Buffer = Buffer.from(leaf);
  for (const sibling of proof) {
    if (sn === 0 || sibling.length !== HASH_BYTES) return undefined;
    if (isOdd(fn) || fn === sn) {
      root = nodeHash(sibling, root);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else root = nodeHash(root, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? root : undefined;
}

export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return rootFromInclusion(index, size, leaf, proof)?.equals(root) === true;
}

/** Is the tree of `second` leaves the tree of `first` leaves with others appended? */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (first === 0) return proof.length === 0 && EMPTY_ROOT.equals(firstRoot);
  if (first === second) return proof.length === 0 && Buffer.from(firstRoot).equals(secondRoot);
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof] : [...proof];
  if (path.length === 0 || path.some((one) => one.length !== HASH_BYTES)) return false;
  let fn = first - 1;
  let sn = second - 1;
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let firstSeen: Buffer = Buffer.from(path[0]!);
  let secondSeen: Buffer = firstSeen;
  for (const step of path.slice(1)) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      firstSeen = nodeHash(step, firstSeen);
      secondSeen = nodeHash(step, secondSeen);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else secondSeen = nodeHash(secondSeen, step);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && firstSeen.equals(firstRoot) && secondSeen.equals(secondRoot);
}

/** MTH(D[start:end]) of a range that the recursion of RFC 6962 meets: its beginning is aligned to its parts. */
function rangeHash(start: number, end: number, subtree: SubtreeHash): Buffer {
  const size = end - start;
  if (isPowerOfTwo(size)) return subtree(Math.log2(size), start / size);
  const middle = start + largestPowerBelow(size);
  return nodeHash(rangeHash(start, middle, subtree), rangeHash(middle, end, subtree));
}

/** The largest power of two that is smaller than `n`, for n > 1. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function isPowerOfTwo(n: number): boolean {
  let power = 1;
  while (power < n) power *= 2;
  return power === n;
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function isOdd(n: number): boolean {
  return n % 2 === 1;
}

function half(n: number): number {
  return Math.floor(n / 2);
}
