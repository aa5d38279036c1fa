/** Arrays, composites, ranges and hstore: their structure stays, their parts are masked. */
import type { Buffer } from 'node:buffer';
import { ByteOutput } from '../byte-output.ts';
import { type CellMasker, type CellResult, MASK_ROOM, MASKED, NULLED, SAME } from './cell-masker.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13);

/** A quoted part with what is behind it: reads up to the closing quote. `undefined`: it is not closed. */
function unquote(source: Buffer, at: number, end: number, into: ByteOutput): number | undefined {
  into.clear();
  into.reserve(end - at);
  for (let i = at + 1; i < end; i++) {
    const byte = source[i]!;
    if (byte === BACKSLASH) {
      if (++i >= end) return undefined;
      into.byte(source[i]!);
    } else if (byte === QUOTE) {
      if (source[i + 1] !== QUOTE || i + 1 >= end) return i + 1;
      into.byte(QUOTE);
      i++;
    } else into.byte(byte);
  }
  return undefined;
}

function writeQuoted(source: Buffer, start: number, end: number, out: ByteOutput): void {
  out.reserve(2 * (end - start) + 2);
  out.byte(QUOTE);
  for (let at = start; at < end; at++) {
    const byte = source[at]!;
    if (byte === QUOTE || byte === BACKSLASH) out.byte(BACKSLASH);
    out.byte(byte);
  }
  out.byte(QUOTE);
}

/** Masks one part into `masked`. */
function maskPart(masker: CellMasker, part: Buffer, start: number, end: number, masked: ByteOutput): CellResult {
  masked.clear();
  masked.reserve(end - start + MASK_ROOM);
  return masker(part, start, end, masked);
}

/** `{a,"b \"c\"",NULL}`, of any dimensions, with bounds or without. */
export function arrayText(element: CellMasker, delimiter: number): CellMasker {
  const plain = new ByteOutput();
  const masked = new ByteOutput();
  return (source, start, end, out) => {
    const first = out.length;
    const fail = (): CellResult => {
      out.length = first;
      return NULLED;
    };
    let at = start;
    while (at < end && source[at] !== OPEN_BRACE) at++;
    if (at === end) return fail();
    out.append(source, start, at);
    let depth = 0;
    let touched = false;
    for (;;) {
      if (at >= end) return fail();
      const byte = source[at]!;
      if (byte === OPEN_BRACE || byte === CLOSE_BRACE || byte === delimiter || isSpace(byte)) {
        out.append(source, at, ++at);
        if (byte === OPEN_BRACE) depth++;
        else if (byte === CLOSE_BRACE && --depth === 0) break;
        continue;
      }
      let part = source;
      let from = at;
      let to: number;
      if (byte === QUOTE) {
        const behind = unquote(source, at, end, plain);
        if (behind === undefined) return fail();
        part = plain.bytes;
        from = 0;
        to = plain.length;
        at = behind;
      } else {
        while (at < end && source[at] !== delimiter && source[at] !== CLOSE_BRACE) at++;
        to = at;
        if (to - from === 4 && (source.readUInt32BE(from) | 0x20202020) === 0x6e756c6c) {
          out.append(source, from, to);
          touched ||= element.masksNull === true;
          continue;
        }
      }
      const result = maskPart(element, part, from, to, masked);
      if (result !== SAME) touched = true;
      out.reserve(4);
      if (result === NULLED) out.ascii('NULL');
      else writeQuoted(masked.bytes, 0, masked.length, out);
    }
    if (at !== end) return fail();
    if (touched) return MASKED;
    // As it came, with its own way of quoting.
    out.length = first;
    out.append(source, start, end);
    return SAME;
  };
}

/** array_send: dimensions, has NULLs, element type, (size, lower bound)…, elements. */
export function arrayBinary(element: CellMasker, elementTypes: ReadonlySet<number>): CellMasker {
  return (source, start, end, out) => {
    if (end - start < 12) return NULLED;
    const dimensions = source.readInt32BE(start);
    if (dimensions < 0 || dimensions > 6 || start + 12 + 8 * dimensions > end) return NULLED;
    if (!elementTypes.has(source.readUInt32BE(start + 8))) return NULLED;
    let count = dimensions === 0 ? 0 : 1;
    for (let i = 0; i < dimensions; i++) count *= source.readInt32BE(start + 12 + 8 * i);
    const first = out.length;
    let at = start + 12 + 8 * dimensions;
    out.append(source, start, at);
    const result = maskFields(source, at, end, out, count, () => element, 0);
    if (result < 0) {
      out.length = first;
      return NULLED;
    }
    at = end;
    if ((result & HAS_NULL) !== 0) out.int32At(first + 4, 1);
    return (result & TOUCHED) === 0 ? SAME : MASKED;
  };
}

const HAS_NULL = 1;
const TOUCHED = 2;

/** `count` values, each with its length before it and `headBytes` before that; -1: they do not fill the bytes. */
function maskFields(
  source: Buffer,
  start: number,
  end: number,
  out: ByteOutput,
  count: number,
  maskerOf: (index: number, headAt: number) => CellMasker,
  headBytes: number,
): number {
  let flags = 0;
  let at = start;
  for (let i = 0; i < count; i++) {
    const headAt = at;
    at += headBytes;
    if (at + 4 > end) return -1;
    const length = source.readInt32BE(at);
    at += 4;
    if (length < -1 || (length > 0 && at + length > end)) return -1;
    out.append(source, headAt, at);
    if (length < 0) {
      flags |= maskerOf(i, headAt).masksNull === true ? HAS_NULL | TOUCHED : HAS_NULL;
      continue;
    }
    const lengthAt = out.length - 4;
    out.reserve(length + MASK_ROOM);
    const result = maskerOf(i, headAt)(source, at, at + length, out);
    if (result === NULLED) flags |= HAS_NULL;
    if (result !== SAME) flags |= TOUCHED;
    out.int32At(lengthAt, result === NULLED ? -1 : out.length - lengthAt - 4);
    at += length;
  }
  return at === end ? flags : -1;
}

/** `(a,"b ""c""",)`: an empty field is NULL. */
export function rowText(fields: readonly CellMasker[]): CellMasker {
  const plain = new ByteOutput();
  const masked = new ByteOutput();
  return (source, start, end, out) => {
    if (end - start < 2 || source[start] !== 0x28 || source[end - 1] !== 0x29) return NULLED;
    const first = out.length;
    const fail = (): CellResult => {
      out.length = first;
      return NULLED;
    };
    const stop = end - 1;
    let at = start + 1;
    let touched = false;
    out.append(source, start, at);
    for (let i = 0; i < fields.length; i++) {
      if (i > 0) {
        if (source[at] !== 0x2c || at >= stop) return fail();
        out.append(source, at, ++at);
      }
      if (at === stop || source[at] === 0x2c) {
        touched ||= fields[i]!.masksNull === true;
        continue;
      }
      const from = at;
      if (source[at] === QUOTE) {
        const behind = unquote(source, at, stop, plain);
        if (behind === undefined) return fail();
        at = behind;
      } else {
        while (at < stop && source[at] !== 0x2c) {
          if (source[at] === QUOTE || source[at] === BACKSLASH) return fail();
          at++;
        }
        plain.clear();
        plain.append(source, from, at);
      }
      const result = maskPart(fields[i]!, plain.bytes, 0, plain.length, masked);
      if (result === SAME) out.append(source, from, at);
      else touched = true;
      if (result === MASKED) writeQuoted(masked.bytes, 0, masked.length, out);
    }
    if (at !== stop) return fail();
    out.append(source, stop, end);
    return touched ? MASKED : SAME;
  };
}

/** record_send: number of fields, then type, length and value of each. */
export function rowBinary(count: number, fieldMasker: (index: number, type: number) => CellMasker): CellMasker {
  return (source, start, end, out) => {
    if (end - start < 4 || source.readInt32BE(start) !== count) return NULLED;
    const first = out.length;
    out.append(source, start, start + 4);
    const maskerOf = (index: number, headAt: number): CellMasker => fieldMasker(index, source.readUInt32BE(headAt));
    const result = maskFields(source, start + 4, end, out, count, maskerOf, 4);
    if (result < 0) {
      out.length = first;
      return NULLED;
    }
    return (result & TOUCHED) === 0 ? SAME : MASKED;
  };
}

/**
 * `[a,b)`, `empty`, or ranges in braces. The bounds' masker must keep order, or what comes out may be no range.
 */
export function rangeText(bound: CellMasker): CellMasker {
  const plain = new ByteOutput();
  const masked = new ByteOutput();
  return (source, start, end, out) => {
    const first = out.length;
    let at = start;
    while (at < end) {
      const byte = source[at]!;
      // Between bounds: brackets, braces and commas; `empty` has no bound.
      if (byte === 0x65 && end - at === 5) {
        out.append(source, at, end);
        break;
      }
      if (
        byte === 0x5b ||
        byte === 0x28 ||
        byte === 0x5d ||
        byte === 0x29 ||
        byte === 0x2c ||
        byte === 0x7b ||
        byte === 0x7d
      ) {
        out.append(source, at, ++at);
        continue;
      }
      const from = at;
      if (byte === QUOTE) {
        at = unquote(source, at, end, plain) ?? end + 1;
      } else {
        while (at < end && source[at] !== 0x2c && source[at] !== 0x29 && source[at] !== 0x5d) at++;
        plain.clear();
        plain.append(source, from, at);
      }
      if (at > end || maskPart(bound, plain.bytes, 0, plain.length, masked) === NULLED) {
        out.length = first;
        return NULLED;
      }
      writeQuoted(masked.bytes, 0, masked.length, out);
    }
    return MASKED;
  };
}

/** Of range_send's flags. */
const EMPTY = 0x01;
const LOWER_INFINITE = 0x08;
const UPPER_INFINITE = 0x10;

/** range_send: flags, then the bounds that there are. */
export function rangeBinary(bound: CellMasker): CellMasker {
  return (source, start, end, out) => {
    const flags = source[start]!;
    const bounds = (flags & EMPTY) !== 0 ? 0 : 2 - (flags & LOWER_INFINITE ? 1 : 0) - (flags & UPPER_INFINITE ? 1 : 0);
    const first = out.length;
    out.append(source, start, start + 1);
    const result = maskFields(source, start + 1, end, out, bounds, () => bound, 0);
    if (result < 0 || (result & HAS_NULL) !== 0) {
      out.length = first;
      return NULLED;
    }
    return MASKED;
  };
}

/** multirange_send: number of ranges, each with its length. */
export function multirangeBinary(bound: CellMasker): CellMasker {
  const range = rangeBinary(bound);
  return (source, start, end, out) => {
    if (end - start < 4) return NULLED;
    const first = out.length;
    out.append(source, start, start + 4);
    const result = maskFields(source, start + 4, end, out, source.readInt32BE(start), () => range, 0);
    if (result < 0 || (result & HAS_NULL) !== 0) {
      out.length = first;
      return NULLED;
    }
    return MASKED;
  };
}

/** `"key"=>"value", "key"=>NULL`; `keys` masks what must not be told by a key itself. */
export function hstoreText(maskerOfKey: (key: string) => CellMasker, keys: CellMasker): CellMasker {
  const plain = new ByteOutput();
  const masked = new ByteOutput();
  return (source, start, end, out) => {
    const first = out.length;
    let at = start;
    let isKey = true;
    let value = keys;
    let touched = false;
    while (at < end) {
      const byte = source[at]!;
      if (byte !== QUOTE) {
        // `=>`, commas, spaces and NULL.
        out.append(source, at, ++at);
        if (byte === 0x3e || byte === 0x2c) isKey = byte === 0x2c;
        continue;
      }
      const from = at;
      const behind = unquote(source, at, end, plain);
      if (behind === undefined) {
        out.length = first;
        return NULLED;
      }
      at = behind;
      if (isKey) value = maskerOfKey(plain.bytes.toString('utf8', 0, plain.length));
      const result = maskPart(isKey ? keys : value, plain.bytes, 0, plain.length, masked);
      if (result !== SAME) touched = true;
      if (result === SAME) out.append(source, from, at);
      else if (result === MASKED) writeQuoted(masked.bytes, 0, masked.length, out);
      else if (isKey) writeQuoted(masked.bytes, 0, 0, out);
      else {
        out.reserve(4);
        out.ascii('NULL');
      }
    }
    return touched ? MASKED : SAME;
  };
}

/** hstore_send: number of pairs, each a key and a value with their lengths. */
export function hstoreBinary(maskerOfKey: (key: string) => CellMasker, keys: CellMasker): CellMasker {
  return (source, start, end, out) => {
    if (end - start < 4) return NULLED;
    const first = out.length;
    const count = source.readInt32BE(start);
    out.append(source, start, start + 4);
    let keyAt = start + 4;
    const maskerOf = (index: number, headAt: number): CellMasker => {
      if (index % 2 === 1) return maskerOfKey(source.toString('utf8', keyAt + 4, headAt));
      keyAt = headAt;
      return keys;
    };
    const result = maskFields(source, start + 4, end, out, 2 * count, maskerOf, 0);
    if (result < 0) {
      out.length = first;
      return NULLED;
    }
    return (result & TOUCHED) === 0 ? SAME : MASKED;
  };
}
