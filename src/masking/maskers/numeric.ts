/** numeric in text and in base 10,000 (numeric_send). Masked values keep the declared precision and scale. */
import { Buffer } from 'node:buffer';
import type { ByteOutput } from '../byte-output.ts';
import { type CellMasker, MASKED, NULLED, toNull } from './cell-masker.ts';
import { HashTag, type Mask, type MaskContext } from './context.ts';
import { numberMask } from './number.ts';

const NEGATIVE = 0x4000;
/** Digits of a keyed number before the point. */
const MOST_KEYED_DIGITS = 12;
const TYPMOD_OFFSET = 4;

/** Digits before the point and behind it that numeric(p,s) allows. */
function room(typeModifier: number): { whole: number; scale: number } {
  if (typeModifier < TYPMOD_OFFSET) return { whole: MOST_KEYED_DIGITS, scale: 0 };
  const packed = typeModifier - TYPMOD_OFFSET;
  // 11 bits with a sign, from PostgreSQL 15 on.
  const scale = ((packed & 0x7ff) ^ 1024) - 1024;
  return { whole: Math.min((packed >> 16) - scale, MOST_KEYED_DIGITS), scale: Math.max(scale, 0) };
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The masked value as text; undefined: none is valid. */
function maskedNumeric(mask: Mask, typeModifier: number, { hash }: MaskContext): (text: string) => string | undefined {
  const how = numberMask(mask);
  const { whole: digits, scale } = room(typeModifier);
  return (text) => {
    const parts = DECIMAL.exec(text);
    if (parts === null) return text === 'NaN' || text === 'Infinity' || text === '-Infinity' ? text : undefined;
    const [, sign = '', whole = '', fraction = ''] = parts;
    const zeros = fraction === '' ? '' : `.${'0'.repeat(fraction.length)}`;
    if (how === 'degrees' && whole.length <= 3) return whole === '0' ? `0${zeros}` : sign + whole + zeros;
    if (how === 'magnitude') {
      return whole.length === 1 ? `0${zeros}` : `${sign}${whole[0]}${'0'.repeat(whole.length - 1)}${zeros}`;
    }
    if (digits < 1) return undefined;
    // 1.5 and 1.50 are the same number.
    const canonical = Buffer.from(`${sign}${whole}.${fraction.replace(/0+$/, '')}`);
    hash.hash(HashTag.number, canonical, 0, canonical.length);
    const [upper, lower] = hash.words;
    const keyed = ((lower! & 0x1fffff) * 0x100000000 + upper!) % 10 ** digits || 1;
    return String(keyed) + (scale > 0 ? `.${'0'.repeat(scale)}` : '');
  };
}

export function numericText(mask: Mask, typeModifier: number, context: MaskContext): CellMasker {
  if (numberMask(mask) === 'null') return toNull;
  const masked = maskedNumeric(mask, typeModifier, context);
  return (source, start, end, out) => {
    const text = masked(source.toString('latin1', start, end));
    if (text === undefined) return NULLED;
    out.reserve(text.length);
    out.ascii(text);
    return MASKED;
  };
}

export function numericBinary(mask: Mask, typeModifier: number, context: MaskContext): CellMasker {
  if (numberMask(mask) === 'null') return toNull;
  const masked = maskedNumeric(mask, typeModifier, context);
  return (source, start, end, out) => {
    const value = decodeNumeric(source, start, end);
    if (value === undefined) return NULLED;
    if (value === '') {
      // NaN and the infinities, which have no digits.
      out.copy(source, start, end);
      return MASKED;
    }
    const text = masked(value);
    if (text === undefined) return NULLED;
    encodeNumeric(text, out);
    return MASKED;
  };
}

/** As numeric_out prints it; '' for NaN and the infinities; undefined: not a numeric. */
export function decodeNumeric(source: Buffer, start: number, end: number): string | undefined {
  if (end - start < 8) return undefined;
  const count = source.readUInt16BE(start);
  const weight = source.readInt16BE(start + 2);
  const sign = source.readUInt16BE(start + 4);
  const scale = source.readUInt16BE(start + 6);
  if (end - start !== 8 + 2 * count || scale > 16383) return undefined;
  if (sign !== 0 && sign !== NEGATIVE) return count === 0 ? '' : undefined;
  const group = (i: number): string =>
    (i >= 0 && i < count ? source.readUInt16BE(start + 8 + 2 * i) : 0).toString().padStart(4, '0');
  let whole = '';
  for (let i = 0; i <= weight; i++) whole += group(i);
  let fraction = '';
  for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i);
  whole = whole.replace(/^0+(?=\d)/, '') || '0';
  return (sign === NEGATIVE ? '-' : '') + whole + (scale > 0 ? `.${fraction.slice(0, scale)}` : '');
}

/** Of a text as numeric_out prints it. */
export function encodeNumeric(text: string, out: ByteOutput): void {
  const isNegative = text.startsWith('-');
  const [whole = '0', fraction = ''] = (isNegative ? text.slice(1) : text).split('.');
  const padded = whole.padStart(Math.ceil(whole.length / 4) * 4, '0');
  const digits = padded + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const groups: number[] = [];
  for (let at = 0; at < digits.length; at += 4) groups.push(Number(digits.slice(at, at + 4)));
  let weight = padded.length / 4 - 1;
  while (groups.length > 0 && groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) weight = 0;
  out.reserve(8 + 2 * groups.length);
  const int16 = (value: number): void => {
    out.byte(value >> 8);
    out.byte(value);
  };
  int16(groups.length);
  int16(weight);
  int16(isNegative && groups.length > 0 ? NEGATIVE : 0);
  int16(fraction.length);
  for (const value of groups) int16(value);
}
