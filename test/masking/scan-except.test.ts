import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskScanned } from '../../src/classify/scan-text.ts';
import { scanExcept } from '../../src/masking/scan-except.ts';

const own = "EXPLAIN SELECT id FROM t WHERE mail = 'mine@own.example' AND card = '4111111111111111'";

describe('a scan that leaves what its reader wrote', () => {
  it.each([
    "Filter: (mail = 'mine@own.example'::text)",
    "Filter: ((card = '4111111111111111'::text) AND (mail = 'mine@own.example'::text))",
    'Seq Scan on t  (cost=0.00..8.75 rows=300 width=4)',
  ])('leaves %s', (line) => {
    expect(scanExcept(maskScanned, own)(line)).toBe(line);
  });

  it('masks what stands beside it', () => {
    const line = "Filter: ((mail <> 'boss@firm.example'::text) AND (mail = 'mine@own.example'::text))";
    const told = scanExcept(maskScanned, own)(line);
    expect(told).toContain("'mine@own.example'");
    expect(told).not.toContain('boss@firm.example');
  });

  it('is the scan itself for a text of which nothing was written', () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.string(), (mail, rest) => {
        const line = `${rest} '${mail}' ${rest}`;
        expect(scanExcept(maskScanned, 'SELECT')(line)).toBe(maskScanned(line));
      }),
    );
  });
});
