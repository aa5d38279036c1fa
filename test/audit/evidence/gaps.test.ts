import { describe, expect, it } from 'vitest';
import { type EvidenceSource, gatherEvidence, type TreeFacts } from '../../../src/audit/evidence/evidence.ts';
import { stableUuid } from '../../../src/audit/evidence/stable-uuid.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const tree: TreeFacts = {
  state: 'ok',
  origin: 'o',
  vkey: 'k',
  size: 10,
  checkpointSize: 10,
  checkpointAt: new Date(now - 60_000).toISOString(),
  cosignedSize: 10,
  witnesses: 1,
  witnessedSize: 10,
  witnessedAt: new Date(now - 60_000).toISOString(),
  witnessEveryMs: 10_000,
  witnessConflicts: 0,
};

/** The gaps of AU-10, which asks for all that a tree can lack, where the record is empty but for this. */
async function gapsWith(facts: Partial<TreeFacts>, changes: Partial<EvidenceSource> = {}): Promise<string[]> {
  const source: EvidenceSource = {
    select: async () => ({}),
    tree: async () => ({ ...tree, ...facts }),
    prove: async () => 'proof',
    recordsLost: () => 0,
    retiredSince: async () => 0,
    ...changes,
  };
  const question = { framework: 'nist-800-53', gateway: 'g', database: undefined, now, since: 0, until: now } as const;
  const { controls } = await gatherEvidence(source, question);
  return controls.find(({ id }) => id === 'AU-10')!.gaps.map(({ name }) => name);
}

describe('gaps of the tree', () => {
  it.each<[string[], Partial<TreeFacts>, Partial<EvidenceSource>]>([
    [[], {}, {}],
    [['tree_stopped'], { state: 'stopped' }, {}],
    [['checkpoint_late'], { checkpointAt: new Date(now - 120_001).toISOString() }, {}],
    [['checkpoint_late'], { checkpointAt: null }, {}],
    [['no_witness'], { witnesses: 0, cosignedSize: null, witnessedSize: null, witnessedAt: null }, {}],
    // Not every witness cosigns, and none is told of each checkpoint.
    [[], { cosignedSize: null }, {}],
    [[], { witnessedSize: 9, witnessedAt: new Date(now - 130_000).toISOString() }, {}],
    [['witness_late'], { witnessedSize: 9, witnessedAt: new Date(now - 130_001).toISOString() }, {}],
    [[], { witnessedSize: 10, witnessedAt: new Date(now - 130_001).toISOString() }, {}],
    [['witness_late'], { witnessedSize: null, witnessedAt: null }, {}],
    [['witness_conflict'], { witnessConflicts: 1 }, {}],
    [['records_lost'], {}, { recordsLost: () => 3 }],
    [['records_retired'], {}, { retiredSince: async () => 1 }],
  ])('%j', async (expected, facts, changes) => {
    expect(await gapsWith(facts, changes)).toEqual(expected);
  });

  it('a sample that cannot be proved is one', async () => {
    const sample = {
      id: '../x',
      at: '',
      who: null,
      database: null,
      what: '',
      records: [{ kind: 'intent', position: 1 }],
    } as const;
    const select: EvidenceSource['select'] = async () => ({ statements: { count: 1, samples: [sample] } });
    expect(await gapsWith({}, { select })).toEqual([]);
    expect(await gapsWith({}, { select, prove: async () => undefined })).toEqual(['samples_unproved']);
  });
});

it('UUIDs are of version 5, and two lists of names never give one', () => {
  expect(stableUuid('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(stableUuid('a', 'b')).toBe(stableUuid('a', 'b'));
  expect(new Set([stableUuid('a', 'b'), stableUuid('ab'), stableUuid('a,b'), stableUuid('a', '', 'b')]).size).toBe(4);
});
