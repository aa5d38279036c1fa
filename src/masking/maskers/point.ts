/** point: both coordinates as floats are masked by themselves. */
import { type CellMasker, MASKED, NULLED, toNull } from './cell-masker.ts';
import type { Mask, MaskContext } from './context.ts';
import { FloatKey, maskFloat, numberMask } from './number.ts';

export function pointText(mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const key = new FloatKey(hash);
  return (source, start, end, out) => {
    const [, x, y] = /^\(([-+.\dEe]+),([-+.\dEe]+)\)$/.exec(source.toString('latin1', start, end)) ?? [];
    // NaN and the infinities are no place.
    if (!Number.isFinite(Number(x)) || !Number.isFinite(Number(y))) return NULLED;
    out.ascii(`(${maskFloat(how, Number(x), key)},${maskFloat(how, Number(y), key)})`);
    return MASKED;
  };
}

export function pointBinary(mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const key = new FloatKey(hash);
  return (source, start, end, out) => {
    if (end - start !== 16) return NULLED;
    const [x, y] = [source.readDoubleBE(start), source.readDoubleBE(start + 8)];
    if (!Number.isFinite(x) || !Number.isFinite(y)) return NULLED;
    out.bytes.writeDoubleBE(maskFloat(how, x, key), out.length);
    out.bytes.writeDoubleBE(maskFloat(how, y, key), out.length + 8);
    out.length += 16;
    return MASKED;
  };
}
