import { describe, expect, it } from 'vitest';
import { hideSizes } from '../../src/masking/plan-sizes.ts';

/** Pairs of plans, as PostgreSQL 15 to 18 print them, of the same statement with a short and with a long value. */
const PAIRS: readonly [string, string, string][] = [
  ['a sort', '  Sort Method: quicksort  Memory: 25kB', '  Sort Method: external merge  Disk: 120kB'],
  ['a sort of the first', 'Sort Method: top-N heapsort  Memory: 25kB', 'Sort Method: quicksort  Memory: 26kB'],
  [
    'groups',
    '  Batches: 1  Memory Usage: 24kB',
    '  Planned Partitions: 4  Batches: 5  Memory Usage: 221kB  Disk Usage: 32kB',
  ],
  [
    'a hash',
    'Buckets: 1024  Batches: 1  Memory Usage: 9kB',
    'Buckets: 2048 (originally 1024)  Batches: 4 (originally 1)  Memory Usage: 107kB',
  ],
  ['what is kept', 'Storage: Memory  Maximum Storage: 17kB', 'Storage: Disk  Maximum Storage: 117kB'],
  ['buffers', 'Buffers: shared hit=5', 'Buffers: shared hit=5 read=2, temp read=12 written=12'],
  ['the record', 'WAL: records=1 bytes=64', 'WAL: records=3 fpi=1 bytes=8264'],
  ['what is sent', 'Serialization: output=1kB  format=text', 'Serialization: output=98kB  format=text'],
  [
    'JSON',
    '"Sort Method": "quicksort",\n "Sort Space Used": 25,\n "Sort Space Type": "Memory"',
    '"Sort Method": "external merge",\n "Sort Space Used": 120,\n "Sort Space Type": "Disk"',
  ],
  [
    'JSON of a hash',
    '{"Hash Buckets": 1024, "Peak Memory Usage": 9}',
    '{"Hash Buckets": 2048, "Peak Memory Usage": 107}',
  ],
  ['JSON of blocks', '"Temp Read Blocks": 0, "Output Volume": 1', '"Temp Read Blocks": 12, "Output Volume": 98'],
  ['YAML', 'Sort Method: "quicksort"\n  Sort Space Used: 25', 'Sort Method: "external merge"\n  Sort Space Used: 120'],
  ['XML', '<Sort-Space-Used>25</Sort-Space-Used>', '<Sort-Space-Used>120</Sort-Space-Used>'],
];

describe('how much room a plan took', () => {
  it.each(PAIRS)('%s', (_name, short, long) => {
    expect(hideSizes(short)).toBe(hideSizes(long));
  });

  it('is all that is taken away', () => {
    const plan = 'Seq Scan on people  (cost=0.00..1.10 rows=10 width=29) (actual rows=10 loops=1)\n  Filter: (id = 5)';
    expect(hideSizes(plan)).toBe(plan);
  });
});
