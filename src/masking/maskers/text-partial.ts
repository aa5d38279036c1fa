/**
 * Partial masks of texts, a class each: what helps to recognise a value that one knows, and not more of it than two
 * letters, four digits of a card, or a year. They work on UTF-8 bytes and allocate nothing. What does not look like its
 * class is redacted.
 */
import type { Buffer } from 'node:buffer';
import type { ColumnClass } from '../../classify/classes.ts';
import type { ByteOutput } from '../byte-output.ts';
import { type CellMasker, constant, MASKED } from './cell-masker.ts';
import { yearOfText } from './date-text.ts';

export const REDACTED = '[redacted]';
const AT = 0x40;
const DOT = 0x2e;
const STAR = 0x2a;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13);

function redacted(out: ByteOutput): typeof MASKED {
  out.ascii(REDACTED);
  return MASKED;
}

/** The first character if it is a letter or digit or not ASCII, else a star. */
function firstCharacter(source: Buffer, at: number, end: number, out: ByteOutput): void {
  const first = source[at]!;
  if (first < 0x80) {
    out.byte(isLetter(first) || isDigit(first) ? first : STAR);
    return;
  }
  const bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (bytes === 1 || at + bytes > end) {
    out.byte(STAR);
    return;
  }
  for (let i = 0; i < bytes; i++) out.byte(source[at + i]!);
}

/** `j***@e***.com` */
const email: CellMasker = (source, start, end, out) => {
  let at = end - 1;
  while (at > start && source[at] !== AT) at--;
  if (at === start || at === end - 1) return redacted(out);
  firstCharacter(source, start, at, out);
  out.ascii('***@');
  firstCharacter(source, at + 1, end, out);
  out.ascii('***');
  let dot = end - 1;
  while (dot > at && isLetter(source[dot]!)) dot--;
  if (source[dot] === DOT && end - dot > 2 && end - dot <= 10) out.copy(source, dot, end);
  return MASKED;
};

function digitsIn(source: Buffer, start: number, end: number): number {
  let digits = 0;
  for (let at = start; at < end; at++) if (isDigit(source[at]!)) digits++;
  return digits;
}

/** The last `count` digits, in order; there must be so many. */
function lastDigits(source: Buffer, end: number, count: number, out: ByteOutput): void {
  let at = end;
  const first = out.length;
  out.length += count;
  for (let left = count; left > 0; ) {
    const byte = source[--at]!;
    if (isDigit(byte)) out.bytes[first + --left] = byte;
  }
}

/** `+** *** **42` */
const phone: CellMasker = (source, start, end, out) => {
  if (digitsIn(source, start, end) < 6) return redacted(out);
  out.ascii(source[start] === 0x2b ? '+** *** **' : '*** *** **');
  lastDigits(source, end, 2, out);
  return MASKED;
};

/** `**** **** **** 1234` */
const paymentCard: CellMasker = (source, start, end, out) => {
  let digits = 0;
  for (let at = start; at < end; at++) {
    const byte = source[at]!;
    if (isDigit(byte)) digits++;
    else if (byte !== 0x20 && byte !== 0x2d) return redacted(out);
  }
  if (digits < 12 || digits > 19) return redacted(out);
  out.ascii('**** **** **** ');
  lastDigits(source, end, 4, out);
  return MASKED;
};

/** `DE** **** **** 1234` for an IBAN, `********12` for another number. */
const bankAccount: CellMasker = (source, start, end, out) => {
  const digits = digitsIn(source, start, end);
  const isIban =
    end - start >= 15 &&
    isLetter(source[start]!) &&
    isLetter(source[start + 1]!) &&
    isDigit(source[start + 2]!) &&
    isDigit(source[start + 3]!);
  if (isIban && digits >= 12) {
    out.copy(source, start, start + 2);
    out.ascii('** **** **** ');
    lastDigits(source, end, 4, out);
    return MASKED;
  }
  if (digits < 6) return redacted(out);
  out.ascii('********');
  lastDigits(source, end, 2, out);
  return MASKED;
};

/** `***-**-**12` */
const identityNumber: CellMasker = (source, start, end, out) => {
  if (digitsIn(source, start, end) < 6) return redacted(out);
  out.ascii('***-**-**');
  lastDigits(source, end, 2, out);
  return MASKED;
};

/** Initials of the first and the last word: `J. S.` */
const personName: CellMasker = (source, start, end, out) => {
  let first = start;
  while (first < end && isSpace(source[first]!)) first++;
  let last = end;
  while (last > first && isSpace(source[last - 1]!)) last--;
  if (first === last) {
    out.copy(source, start, end);
    return MASKED;
  }
  const stop = last;
  while (last > first && !isSpace(source[last - 1]!)) last--;
  firstCharacter(source, first, stop, out);
  out.byte(DOT);
  if (last > first) {
    out.byte(0x20);
    firstCharacter(source, last, stop, out);
    out.byte(DOT);
  }
  return MASKED;
};

/** `a***` */
const username: CellMasker = (source, start, end, out) => {
  if (end === start) return MASKED;
  firstCharacter(source, start, end, out);
  out.ascii('***');
  return MASKED;
};

/** A postal code keeps its first character, all else is `[address]`. */
const postalAddress: CellMasker = (source, start, end, out) => {
  let isCode = end - start <= 10 && digitsIn(source, start, end) >= 3;
  for (let at = start; isCode && at < end; at++) {
    const byte = source[at]!;
    isCode = isDigit(byte) || isLetter(byte) || byte === 0x20 || byte === 0x2d;
  }
  if (end === start) return MASKED;
  if (!isCode) out.ascii('[address]');
  else {
    firstCharacter(source, start, end, out);
    out.ascii('****');
  }
  return MASKED;
};

/** Whole degrees: at most two numbers of at most three digits lose what is behind their points. */
const geo: CellMasker = (source, start, end, out) => {
  const before = out.length;
  let numbers = 0;
  let whole = 0;
  let behindPoint = false;
  for (let at = start; at < end; at++) {
    const byte = source[at]!;
    if (isDigit(byte)) {
      if (behindPoint) continue;
      if (whole === 0) numbers++;
      if (++whole > 3 || numbers > 2) break;
      out.byte(byte);
    } else if (byte === DOT && whole > 0 && !behindPoint) behindPoint = true;
    else if (byte === 0x2d || byte === 0x2b || byte === 0x2c || byte === 0x3b || isSpace(byte)) {
      out.byte(byte);
      whole = 0;
      behindPoint = false;
    } else {
      whole = 4;
      break;
    }
  }
  // Long or many numbers are no pair of coordinates.
  if (whole <= 3 && numbers <= 2 && out.length - before <= 12 && end - start <= 64) return MASKED;
  out.length = before;
  return redacted(out);
};

/** `1985-01-01` */
const dateOfBirth: CellMasker = (source, start, end, out) => {
  const year = yearOfText(source, start, end);
  if (year < 1000 || year > 2999) return redacted(out);
  out.decimal(year, 4);
  out.ascii('-01-01');
  return MASKED;
};

/** `[redacted, 57 characters]` */
const freeText: CellMasker = (source, start, end, out) => {
  let characters = 0;
  for (let at = start; at < end; at++) if ((source[at]! & 0xc0) !== 0x80) characters++;
  out.ascii('[redacted, ');
  out.decimal(characters);
  out.ascii(' characters]');
  return MASKED;
};

const SECRET = constant('[secret]');
const redact = constant(REDACTED);

/** `ip_address` and what is a UUID is masked by `text.ts`, which has the key. */
export const partialTexts: Readonly<Record<Exclude<ColumnClass, 'ip_address' | 'device_id'>, CellMasker>> = {
  email,
  phone,
  person_name: personName,
  postal_address: postalAddress,
  geo,
  date_of_birth: dateOfBirth,
  national_id: identityNumber,
  tax_id: identityNumber,
  username,
  password_hash: SECRET,
  secret: SECRET,
  payment_card: paymentCard,
  bank_account: bankAccount,
  health: redact,
  demographic: redact,
  financial: redact,
  free_text: freeText,
  photo: constant('https://masked.invalid/photo.png'),
};
