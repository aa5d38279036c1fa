/** Against files made by Go's own golang.org/x/mod/sumdb; `sumdb/README.md` says how. */
import { createPrivateKey, hash, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCheckpoint } from '../../../src/audit/tree/checkpoint.ts';
import { consistencyProof, inclusionProof, rootOf, type SubtreeHash } from '../../../src/audit/tree/merkle.ts';
import { formatNote, parseVkey, signatureLine, verifyNote } from '../../../src/audit/tree/note.ts';
import { parseTilePath } from '../../../src/audit/tree/tile-path.ts';
import { openTileFiles, readAtLeast, subtreesOf } from '../../../src/audit/tree/tiles.ts';
import { TreeBuilder } from '../../../src/audit/tree/tree-builder.ts';
import { entriesOf } from '../../../src/audit/tree/tree-state.ts';

interface Vectors {
  readonly size: number;
  readonly roots: Record<string, string>;
  readonly records: readonly { size: number; index: number; proof: string[] }[];
  readonly trees: readonly { from: number; to: number; proof: string[] }[];
  readonly tiles: Record<string, string>;
  readonly note: { readonly seed: string; readonly vkey: string; readonly signed: string };
}

const vectors = JSON.parse(readFileSync(new URL('./sumdb/vectors.json', import.meta.url), 'utf8')) as Vectors;
const roots = new Map<number, string>();
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-sumdb-'));
  const builder = new TreeBuilder({ files: openTileFiles(dir) });
  for (let i = 0; i < vectors.size; i++) {
    builder.append(Buffer.from(`entry ${i}`));
    if (vectors.roots[i + 1] !== undefined) roots.set(i + 1, builder.root().toString('base64'));
  }
  builder.writePartial();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const subtrees = (size: number): SubtreeHash =>
  subtreesOf(size, (level, index, width) => readAtLeast(dir, { level, index, width }));
const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((one) => one.toString('base64'));

it('roots, while the tree grows and from its tiles', () => {
  expect(Object.fromEntries([...roots].map(([size, root]) => [String(size), root]))).toEqual(vectors.roots);
  for (const [size, root] of Object.entries(vectors.roots)) {
    expect(rootOf(Number(size), subtrees(Number(size))).toString('base64')).toBe(root);
  }
});

it('proofs of records and of trees', () => {
  for (const { size, index, proof } of vectors.records) {
    expect(base64(inclusionProof(index, size, subtrees(size)))).toEqual(proof);
  }
  for (const { from, to, proof } of vectors.trees) {
    expect(base64(consistencyProof(from, to, subtrees(to)))).toEqual(proof);
  }
});

it('tiles: the same files with the same bytes, and no others', () => {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dir, name)).isFile() && !name.startsWith(join('tile', 'entries')))
    .map((name) => name.replaceAll('\\', '/'));
  const made = Object.fromEntries(files.map((name) => [name, hash('sha256', readFileSync(join(dir, name)))]));
  expect(made).toEqual(vectors.tiles);
  for (const name of files) expect(parseTilePath(name)).toBeDefined();
});

it('a tree goes on where its tiles end', () => {
  for (const at of [0, 256, 65_536, 69_888]) {
    const builder = TreeBuilder.resume(dir, at, { files: undefined })!;
    for (let i = at; i < vectors.size; i++) builder.append(Buffer.from(`entry ${i}`));
    expect(builder.root().toString('base64')).toBe(vectors.roots[vectors.size]);
  }
});

it('bundles hold the entries', () => {
  const full = entriesOf(readFileSync(join(dir, 'tile/entries/007')));
  expect(full.map(String)).toEqual(Array.from({ length: 256 }, (_, i) => `entry ${7 * 256 + i}`));
  expect(
    entriesOf(readFileSync(join(dir, 'tile/entries/273.p/112')))
      .at(-1)
      ?.toString(),
  ).toBe('entry 69999');
});

it('notes: their signature holds, and ours is theirs', () => {
  const { seed, vkey, signed } = vectors.note;
  const key = parseVkey(vkey);
  expect(key.vkey).toBe(vkey);
  const checkpoint = parseCheckpoint(signed)!;
  expect(checkpoint).toMatchObject({ origin: 'example.com/dbgate', size: vectors.size });
  expect(verifyNote(checkpoint.note, [key])).toMatchObject({ kind: 'verified', by: [{ key: { vkey } }] });
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.from(checkpoint.note.text), privateKey);
  expect(formatNote(checkpoint.note.text, [signatureLine(key, signature)])).toBe(signed);
});
