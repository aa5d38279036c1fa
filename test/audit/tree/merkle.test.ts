import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/audit/tree/merkle.ts';
import { naivePath, naiveProof, naiveRoot, subtreesOfList } from './naive-tree.ts';

/** The test vectors that Certificate Transparency's implementations share (RFC 6962 trees of one to eight leaves). */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const vectors = LEAVES.map((hex) => Buffer.from(hex, 'hex'));

const entries = (n: number): Buffer[] => Array.from({ length: n }, (_, i) => Buffer.from(`entry ${i}`));

describe('RFC 6962', () => {
  it('roots of the known vectors', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const roots = vectors.map((_, i) => rootOf(i + 1, subtreesOfList(vectors.slice(0, i + 1))).toString('hex'));
    expect(roots).toEqual(ROOTS);
  });

  it('the proofs of section 2.1.3, its example of seven leaves', () => {
    const d = entries(7);
    const subtree = subtreesOfList(d);
    const [a, b, c, dd, , f, j] = d.map((one) => leafHash(one));
    const of = (from: number, to: number) => naiveRoot(d.slice(from, to));
    expect(inclusionProof(0, 7, subtree)).toEqual([b, of(2, 4), of(4, 7)]);
    expect(inclusionProof(3, 7, subtree)).toEqual([c, of(0, 2), of(4, 7)]);
    expect(inclusionProof(4, 7, subtree)).toEqual([f, j, of(0, 4)]);
    expect(inclusionProof(6, 7, subtree)).toEqual([of(4, 6), of(0, 4)]);
    expect(consistencyProof(3, 7, subtree)).toEqual([c, dd, of(0, 2), of(4, 7)]);
    expect(consistencyProof(4, 7, subtree)).toEqual([of(4, 7)]);
    expect(consistencyProof(6, 7, subtree)).toEqual([of(4, 6), j, of(0, 4)]);
    expect(a).toHaveLength(32);
  });
});

describe('against the definition', () => {
  it('every proof of every tree of up to 40 leaves', () => {
    for (let n = 1; n <= 40; n++) {
      const d = entries(n);
      const subtree = subtreesOfList(d);
      const root = naiveRoot(d);
      expect(rootOf(n, subtree)).toEqual(root);
      for (let m = 0; m < n; m++) {
        const path = inclusionProof(m, n, subtree);
        expect(path).toEqual(naivePath(m, d));
        expect(verifyInclusion(m, n, leafHash(d[m]!), path, root)).toBe(true);
        for (let other = 0; other < n; other++) {
          if (other !== m) expect(verifyInclusion(other, n, leafHash(d[m]!), path, root)).toBe(false);
        }
        const before = naiveRoot(d.slice(0, m));
        const proof = consistencyProof(m, n, subtree);
        if (m > 0) expect(proof).toEqual(naiveProof(m, d));
        expect(verifyConsistency(m, n, before, root, proof)).toBe(true);
      }
    }
  });

  it('a proof that is changed in any way proves nothing', () => {
    const d = entries(60);
    const subtree = subtreesOfList(d);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n - 1 }))),
        fc.nat(),
        fc.integer({ min: 0, max: 3 }),
        ([n, m], at, how) => {
          const root = naiveRoot(d.slice(0, n));
          const leaf = leafHash(d[m]!);
          const spoil = (proof: Buffer[]): Buffer[] => {
            const copy = proof.map((one) => Buffer.from(one));
            if (how === 0) copy.push(Buffer.alloc(32, 7));
            else if (copy.length === 0) return [Buffer.alloc(32)];
            else if (how === 1) copy.splice(at % copy.length, 1);
            else if (how === 2) copy[at % copy.length]![at % 32]! ^= 1 << (at % 8);
            else copy[at % copy.length] = copy[at % copy.length]!.subarray(0, 31);
            return copy;
          };
          expect(verifyInclusion(m, n, leaf, spoil(inclusionProof(m, n, subtree)), root)).toBe(false);
          if (m > 0) {
            const before = naiveRoot(d.slice(0, m));
            const proof = consistencyProof(m, n, subtree);
            expect(verifyConsistency(m, n, before, root, spoil(proof))).toBe(false);
            expect(verifyConsistency(m, n, naiveRoot(d.slice(1, m + 1)), root, proof)).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
