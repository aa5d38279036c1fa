/** Values in which anything may stand: what can be told from a value alone is masked, all else stays as it came. */
import { Buffer } from 'node:buffer';
import { mayHoldSensitive } from '../../classify/scan-text.ts';
import { type CellMasker, MASKED, NULLED, pass, SAME } from './cell-masker.ts';
import type { TextScan } from './context.ts';

export function scanText(scan: TextScan): CellMasker {
  return (source, start, end, out) => {
    if (!mayHoldSensitive(source, start, end)) return pass(source, start, end, out);
    const text = source.toString('utf8', start, end);
    const masked = scan(text);
    if (masked === text) return pass(source, start, end, out);
    const bytes = Buffer.from(masked);
    out.append(bytes);
    return MASKED;
  };
}

/** Of types that cannot hold a masked text: the value, or NULL. `print`: as text; undefined: it cannot be read. */
export function scanPrinted(
  scan: TextScan,
  print: (source: Buffer, start: number, end: number) => string | undefined,
): CellMasker {
  return (source, start, end, out) => {
    const text = print(source, start, end);
    if (text === undefined || scan(text) !== text) return NULLED;
    out.copy(source, start, end);
    return SAME;
  };
}
