/**
 * Integers and floats. Amounts keep their magnitude (one significant digit), coordinates their whole degrees; what
 * identifies is keyed: in the type's range, at least 1, exact in a double. numeric is in `numeric.ts`.
 */
import { Buffer } from 'node:buffer';
import type { KeyedHash } from '../keyed-hash.ts';
import { type CellMasker, MASKED, NULLED, toNull } from './cell-masker.ts';
import { HashTag, type Mask, type MaskContext } from './context.ts';

export type IntegerType = 'int2' | 'int4' | 'int8';
export type FloatType = 'float4' | 'float8';
/** `null`: the values are so few that a keyed one would tell them. */
export type NumberMask = 'null' | 'keyed' | 'magnitude' | 'degrees';

export function numberMask({ class: columnClass, mode }: Mask): NumberMask {
  if (mode === 'token') return 'keyed';
  if (mode !== 'partial') return 'null';
  switch (columnClass) {
    case 'financial':
      return 'magnitude';
    case 'geo':
      return 'degrees';
    case 'secret':
    case 'password_hash':
    case 'health':
    case 'demographic':
    case 'free_text':
      return 'null';
    default:
      return 'keyed';
  }
}

const widths: Readonly<Record<IntegerType, number>> = { int2: 2, int4: 4, int8: 8 };
/** Digits that a double holds for sure. */
const SAFE_DIGITS = 15;

/** 1 … 2^15-1, 2^31-1 or 2^53-1. */
function keyedInteger(width: number, words: Uint32Array): number {
  const upper = words[0]!;
  if (width === 2) return (upper % 0x7fff) + 1;
  if (width === 4) return upper >>> 1 || 1;
  return (words[1]! & 0x1fffff) * 0x100000000 + upper || 1;
}

class IntegerKey {
  readonly #hash: KeyedHash;
  readonly #bytes = Buffer.alloc(8);
  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** Of eight bytes in two's complement. */
  of(source: Buffer, start: number, width: number): number {
    const bytes = this.#bytes;
    const sign = (source[start]! & 0x80) === 0 ? 0 : 0xff;
    for (let i = 0; i < 8 - width; i++) bytes[i] = sign;
    for (let i = 0; i < width; i++) bytes[8 - width + i] = source[start + i]!;
    return this.#keyed(width);
  }

  ofText(source: Buffer, start: number, end: number, width: number): number {
    const isNegative = source[start] === 0x2d;
    if (end - start <= SAFE_DIGITS) {
      let value = 0;
      for (let at = isNegative ? start + 1 : start; at < end; at++) value = value * 10 + source[at]! - 48;
      if (isNegative) value = -value;
      this.#word(0, Math.floor(value / 0x100000000));
      this.#word(4, value | 0);
    } else this.#bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(source.toString('latin1', start, end))));
    return this.#keyed(width);
  }

  #word(at: number, word: number): void {
    const bytes = this.#bytes;
    bytes[at] = word >>> 24;
    bytes[at + 1] = word >>> 16;
    bytes[at + 2] = word >>> 8;
    bytes[at + 3] = word;
  }

  #keyed(width: number): number {
    this.#hash.hash(HashTag.integer, this.#bytes, 0, 8);
    return keyedInteger(width, this.#hash.words);
  }
}

export function isIntegerText(source: Buffer, start: number, end: number): boolean {
  let at = source[start] === 0x2d ? start + 1 : start;
  if (at === end || end - start > 20) return false;
  for (; at < end; at++) if (source[at]! < 0x30 || source[at]! > 0x39) return false;
  return true;
}

export function integerText(type: IntegerType, mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const width = widths[type];
  const key = new IntegerKey(hash);
  return (source, start, end, out) => {
    if (!isIntegerText(source, start, end)) return NULLED;
    if (how !== 'magnitude') {
      out.decimal(key.ofText(source, start, end, width));
      return MASKED;
    }
    let at = start;
    const isNegative = source[at] === 0x2d;
    if (isNegative) at++;
    if (end - at > 1) {
      if (isNegative) out.byte(0x2d);
      out.byte(source[at++]!);
    }
    for (; at < end; at++) out.byte(0x30);
    return MASKED;
  };
}

/** money as text, with the signs of its locale: the digits as those of a whole number. */
export function moneyText(mask: Mask): CellMasker {
  if (numberMask(mask) !== 'magnitude') return toNull;
  return (source, start, end, out) => {
    let digits = 0;
    for (let at = start; at < end; at++) {
      const byte = source[at]!;
      if (isDigit(byte)) digits += digits > 0 || byte !== ZERO ? 1 : 0;
      else if (isLetter(byte) || byte < 0x20) return NULLED;
    }
    let isFirst = digits > 1;
    for (let at = start; at < end; at++) {
      const byte = source[at]!;
      if (!isDigit(byte)) out.byte(byte);
      else if (isFirst && byte !== ZERO) {
        out.byte(byte);
        isFirst = false;
      } else out.byte(ZERO);
    }
    return MASKED;
  };
}

const ZERO = 0x30;
const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 0x39;
const isLetter = (byte: number): boolean => byte >= 0x40 && byte < 0x7f;

export function integerBinary(type: IntegerType, mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const width = widths[type];
  const key = new IntegerKey(hash);
  return (source, start, end, out) => {
    if (end - start !== width) return NULLED;
    if (how === 'magnitude') {
      const value = width === 8 ? source.readBigInt64BE(start) : BigInt(source.readIntBE(start, width));
      const masked = magnitude(value);
      if (width === 8) out.bytes.writeBigInt64BE(masked, out.length);
      else out.bytes.writeIntBE(Number(masked), out.length, width);
      out.length += width;
      return MASKED;
    }
    const masked = key.of(source, start, width);
    if (width === 8) out.int32(Math.floor(masked / 0x100000000));
    if (width > 2) out.int32(masked);
    else {
      out.byte(masked >>> 8);
      out.byte(masked);
    }
    return MASKED;
  };
}

/** The first digit and zeros; 0 for one digit. */
function magnitude(value: bigint): bigint {
  const digits = (value < 0n ? -value : value).toString().length;
  if (digits === 1) return 0n;
  const unit = 10n ** BigInt(digits - 1);
  return (value / unit) * unit;
}

export function maskFloat(how: Exclude<NumberMask, 'null'>, value: number, key: FloatKey): number {
  if (!Number.isFinite(value)) return value;
  if (how === 'degrees' && Math.abs(value) <= 360) return Math.trunc(value) + 0;
  if (how !== 'magnitude') return key.of(value);
  const size = Math.abs(value);
  if (size < 10) return 0;
  const unit = 10 ** Math.floor(Math.log10(size));
  return Math.trunc(value / unit) * unit;
}

/** A whole number below 2^24, which a float4 holds. */
export class FloatKey {
  readonly #hash: KeyedHash;
  readonly #bytes = Buffer.alloc(8);
  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  of(value: number): number {
    this.#bytes.writeDoubleBE(value);
    this.#hash.hash(HashTag.number, this.#bytes, 0, 8);
    return this.#hash.words[0]! >>> 8 || 1;
  }
}

export function floatText(type: FloatType, mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const key = new FloatKey(hash);
  return (source, start, end, out) => {
    const text = source.toString('latin1', start, end);
    const read = Number(text);
    // NaN and the infinities tell nobody.
    if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') out.ascii(text);
    else if (Number.isNaN(read)) return NULLED;
    else out.ascii(String(maskFloat(how, type === 'float4' ? Math.fround(read) : read, key)));
    return MASKED;
  };
}

export function floatBinary(type: FloatType, mask: Mask, { hash }: MaskContext): CellMasker {
  const how = numberMask(mask);
  if (how === 'null') return toNull;
  const key = new FloatKey(hash);
  const width = type === 'float4' ? 4 : 8;
  return (source, start, end, out) => {
    if (end - start !== width) return NULLED;
    const masked = maskFloat(how, width === 4 ? source.readFloatBE(start) : source.readDoubleBE(start), key);
    if (width === 4) out.bytes.writeFloatBE(masked, out.length);
    else out.bytes.writeDoubleBE(masked, out.length);
    out.length += width;
    return MASKED;
  };
}
