/**
 * Addresses and UUIDs, in text and binary: keyed values that are valid, in networks that belong to nobody
 * (10.0.0.0/8, 2001:db8::/32, locally administered MACs). Same address, same mask, whichever the type.
 */
import { Buffer } from 'node:buffer';
import type { ByteOutput } from '../byte-output.ts';
import type { KeyedHash } from '../keyed-hash.ts';
import { type CellMasker, MASKED, NULLED } from './cell-masker.ts';
import { HashTag } from './context.ts';

const COLON = 0x3a;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
/** PGSQL_AF_INET and PGSQL_AF_INET6 of inet_send. */
const V4 = 2;
const V6 = 3;

const NO_DIGIT = -1;
const SEPARATOR = -2;
/** By byte. */
const HEX_DIGITS = Int8Array.from({ length: 256 }, (_, byte) => {
  if (byte === COLON || byte === DASH || byte === DOT) return SEPARATOR;
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? NO_DIGIT : digit;
});

const hexDigit = (byte: number): number => HEX_DIGITS[byte]!;

/** Bytes of hex digits that may be separated by `:`, `-` or `.`; how many, or -1. */
function readHexBytes(source: Buffer, start: number, end: number, into: Uint8Array): number {
  let nibbles = 0;
  let upper = 0;
  for (let at = start; at < end; at++) {
    const digit = hexDigit(source[at]!);
    if (digit === SEPARATOR) continue;
    if (digit < 0 || nibbles === 2 * into.length) return -1;
    if ((nibbles & 1) === 0) upper = digit << 4;
    else into[nibbles >> 1] = upper | digit;
    nibbles++;
  }
  return (nibbles & 1) === 0 ? nibbles >> 1 : -1;
}

export class AddressMasks {
  readonly #hash: KeyedHash;
  readonly #words: Uint32Array;
  /** The address read last, and its prefix length. */
  readonly #address = Buffer.alloc(16);
  #prefix = 0;
  #hasPrefix = false;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
    this.#words = hash.words;
  }

  readonly uuidText: CellMasker = (source, start, end, out) => {
    if (end - start < 32 || end - start > 38 || readHexBytes(source, start, end, this.#address) !== 16) return NULLED;
    this.#hashUuid(this.#address, 0);
    const words = this.#words;
    out.hex(words[0]!);
    out.byte(DASH);
    out.hex(words[1]! >>> 16, 4);
    out.byte(DASH);
    out.hex(words[1]! & 0xffff, 4);
    out.byte(DASH);
    out.hex(words[2]! >>> 16, 4);
    out.byte(DASH);
    out.hex(words[2]! & 0xffff, 4);
    out.hex(words[3]!);
    return MASKED;
  };

  readonly uuidBinary: CellMasker = (source, start, end, out) => {
    if (end - start !== 16) return NULLED;
    this.#hashUuid(source, start);
    for (let i = 0; i < 4; i++) out.int32(this.#words[i]!);
    return MASKED;
  };

  /** Version 4, variant 1. */
  #hashUuid(source: Uint8Array, at: number): void {
    const words = this.#words;
    this.#hash.hash(HashTag.uuid, source, at, at + 16);
    words[1] = (words[1]! & 0xffff0fff) | 0x4000;
    words[2] = (words[2]! & 0x3fffffff) | 0x80000000;
  }

  /** inet and cidr as text; NULLED for what is no address. */
  addressText(isCidr: boolean): CellMasker {
    return (source, start, end, out) => {
      const bytes = this.#readAddress(source, start, end);
      if (bytes === 0) return NULLED;
      this.#maskAddress(bytes, isCidr ? this.#prefix : 8 * bytes);
      const address = this.#address;
      if (bytes === 4) {
        for (let i = 0; i < 4; i++) {
          if (i > 0) out.byte(DOT);
          out.decimal(address[i]!);
        }
      } else {
        for (let i = 0; i < 16; i += 2) {
          if (i > 0) out.byte(COLON);
          const group = (address[i]! << 8) | address[i + 1]!;
          out.hex(group, group >= 0x1000 ? 4 : group >= 0x100 ? 3 : group >= 0x10 ? 2 : 1);
        }
      }
      if (this.#hasPrefix) {
        out.byte(SLASH);
        out.decimal(this.#prefix);
      }
      return MASKED;
    };
  }

  /** inet_send: family, prefix length, is cidr, number of bytes, address. */
  addressBinary(isCidr: boolean): CellMasker {
    return (source, start, end, out) => {
      const bytes = source[start] === V4 ? 4 : source[start] === V6 ? 16 : 0;
      if (bytes === 0 || end - start !== 4 + bytes || source[start + 3] !== bytes) return NULLED;
      source.copy(this.#address, 0, start + 4, end);
      this.#maskAddress(bytes, isCidr ? source[start + 1]! : 8 * bytes);
      out.copy(source, start, start + 4);
      out.copy(this.#address, 0, bytes);
      return MASKED;
    };
  }

  readonly macText: CellMasker = (source, start, end, out) => {
    const bytes = readHexBytes(source, start, end, this.#address);
    if (bytes !== 6 && bytes !== 8) return NULLED;
    this.#maskMac(bytes);
    for (let i = 0; i < bytes; i++) {
      if (i > 0) out.byte(COLON);
      out.hex(this.#address[i]!, 2);
    }
    return MASKED;
  };

  readonly macBinary: CellMasker = (source, start, end, out) => {
    if (end - start !== 6 && end - start !== 8) return NULLED;
    source.copy(this.#address, 0, start, end);
    this.#maskMac(end - start);
    out.copy(this.#address, 0, end - start);
    return MASKED;
  };

  #maskMac(bytes: number): void {
    this.#hash.hash(HashTag.address, this.#address, 0, bytes);
    this.#spread(bytes);
    this.#address[0] = 2;
  }

  /** Into the network of nobody, with zeros behind `prefix` bits. */
  #maskAddress(bytes: number, prefix: number): void {
    const address = this.#address;
    this.#hash.hash(HashTag.address, address, 0, bytes);
    this.#spread(bytes);
    if (bytes === 4) address[0] = 10;
    else {
      address[0] = 0x20;
      address[1] = 0x01;
      address[2] = 0x0d;
      address[3] = 0xb8;
    }
    if (prefix === 8 * bytes) return;
    for (let i = 0; i < bytes; i++) {
      const kept = Math.min(8, Math.max(0, prefix - 8 * i));
      address[i]! &= 0xff << (8 - kept);
    }
  }

  #spread(bytes: number): void {
    const address = this.#address;
    const words = this.#words;
    for (let i = 0; i < bytes; i++) address[i] = words[i >> 2]! >>> (8 * (3 - (i & 3)));
  }

  /** Number of bytes, 0: no address. Sets the prefix. */
  #readAddress(source: Buffer, start: number, end: number): number {
    let stop = end;
    this.#hasPrefix = false;
    for (let at = end - 1; at > start && at >= end - 4; at--) {
      if (source[at] !== SLASH) continue;
      let prefix = 0;
      for (let i = at + 1; i < end; i++) {
        const digit = source[i]! - 48;
        if (digit < 0 || digit > 9) return 0;
        prefix = prefix * 10 + digit;
      }
      if (at + 1 === end) return 0;
      this.#prefix = prefix;
      this.#hasPrefix = true;
      stop = at;
      break;
    }
    const bytes = this.#readV4(source, start, stop, 0) ? 4 : this.#readV6(source, start, stop) ? 16 : 0;
    if (!this.#hasPrefix) this.#prefix = 8 * bytes;
    return this.#prefix <= 8 * bytes ? bytes : 0;
  }

  #readV4(source: Buffer, start: number, end: number, into: number): boolean {
    let part = 0;
    let value = -1;
    for (let at = start; at <= end; at++) {
      const byte = at < end ? source[at]! : DOT;
      if (byte === DOT) {
        if (value < 0 || part > 3) return false;
        this.#address[into + part++] = value;
        value = -1;
      } else if (byte >= 0x30 && byte <= 0x39) {
        value = Math.max(value, 0) * 10 + byte - 48;
        if (value > 255) return false;
      } else return false;
    }
    return part === 4;
  }

  #readV6(source: Buffer, start: number, end: number): boolean {
    const address = this.#address.fill(0);
    if (end - start < 2 || end - start > 45) return false;
    let filled = 0;
    let gap = -1;
    let at = start;
    if (source[at] === COLON && source[at + 1] === COLON) {
      gap = 0;
      at += 2;
    }
    while (at < end) {
      let stop = at;
      let group = 0;
      while (stop < end && hexDigit(source[stop]!) >= 0 && stop - at < 5)
        group = group * 16 + hexDigit(source[stop++]!);
      if (source[stop] === DOT && stop < end) {
        if (filled > 12 || !this.#readV4(source, at, end, filled)) return false;
        filled += 4;
        at = end;
        break;
      }
      if (stop === at || stop - at > 4 || filled > 14) return false;
      address[filled++] = group >> 8;
      address[filled++] = group & 0xff;
      at = stop;
      if (at === end) break;
      if (source[at] !== COLON || at + 1 === end) return false;
      at++;
      if (source[at] === COLON) {
        if (gap >= 0) return false;
        gap = filled;
        at++;
      }
    }
    if (gap < 0) return filled === 16;
    if (filled > 14) return false;
    address.copyWithin(16 - (filled - gap), gap, filled);
    address.fill(0, gap, 16 - (filled - gap));
    return true;
  }
}

/** Whether the text has the form of a UUID, before it is taken for one. */
export function looksLikeUuid(source: Buffer, start: number, end: number): boolean {
  return end - start === 36 && source[start + 8] === DASH && source[start + 13] === DASH && source[start + 23] === DASH;
}

/** 16 hex digits of the hash. */
export function hexToken(
  hash: KeyedHash,
  tag: number,
  source: Buffer,
  start: number,
  end: number,
  out: ByteOutput,
): void {
  hash.hash(tag, source, start, end);
  out.hex(hash.words[0]!);
  out.hex(hash.words[1]!);
}
