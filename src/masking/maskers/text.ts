/** Values of text types, in either format: the class's partial mask, a token, or `[redacted]`; never longer than n. */
import type { ColumnClass } from '../../classify/classes.ts';
import { type CellMasker, constant, MASKED, SAME, toNull } from './cell-masker.ts';
import { HashTag, type Mask, type MaskContext } from './context.ts';
import { writeKeyedDate } from './date.ts';
import { daysOfIsoText } from './date-text.ts';
import { AddressMasks, hexToken, looksLikeUuid } from './network.ts';
import { partialTexts, REDACTED } from './text-partial.ts';

const tokenPrefixes: Readonly<Record<ColumnClass, string>> = {
  email: 'email_',
  phone: 'phone_',
  person_name: 'name_',
  postal_address: 'address_',
  geo: 'geo_',
  date_of_birth: 'date_',
  national_id: 'id_',
  tax_id: 'tax_',
  ip_address: 'ip_',
  device_id: 'device_',
  username: 'user_',
  password_hash: 'hash_',
  secret: 'secret_',
  payment_card: 'card_',
  bank_account: 'account_',
  health: 'health_',
  demographic: 'group_',
  financial: 'amount_',
  free_text: 'text_',
  photo: 'photo_',
};

/** Of any length. */
export function textMasker({ class: columnClass, mode }: Mask, context: MaskContext): CellMasker {
  if (mode === 'null') return toNull;
  if (mode === 'redact') return constant(REDACTED);
  const masker = mode === 'token' ? tokenText(columnClass, context) : partialText(columnClass, context);
  return (source, start, end, out) => (start === end ? MASKED : masker(source, start, end, out));
}

function partialText(columnClass: ColumnClass, context: MaskContext): CellMasker {
  if (columnClass !== 'ip_address' && columnClass !== 'device_id') return partialTexts[columnClass];
  const addresses = new AddressMasks(context.hash);
  const address = columnClass === 'ip_address' ? addresses.addressText(false) : addresses.macText;
  return (source, start, end, out) => {
    if (looksLikeUuid(source, start, end) && addresses.uuidText(source, start, end, out) === MASKED) return MASKED;
    if (end - start <= 49 && address(source, start, end, out) === MASKED) return MASKED;
    out.ascii(REDACTED);
    return MASKED;
  };
}

/** `email_3f9a52c07b1d8e64`; addresses, UUIDs and dates stay what they are. */
function tokenText(columnClass: ColumnClass, { hash }: MaskContext): CellMasker {
  const addresses = new AddressMasks(hash);
  const address = columnClass === 'ip_address' ? addresses.addressText(false) : toNull;
  const isDate = columnClass === 'date_of_birth';
  const prefix = tokenPrefixes[columnClass];
  return (source, start, end, out) => {
    if (address(source, start, end, out) === MASKED) return MASKED;
    if (looksLikeUuid(source, start, end) && addresses.uuidText(source, start, end, out) === MASKED) return MASKED;
    const days = isDate && end - start === 10 ? daysOfIsoText(source, start, end) : undefined;
    if (days !== undefined) writeKeyedDate(hash, days, out);
    else {
      out.ascii(prefix);
      hexToken(hash, HashTag.text, source, start, end, out);
    }
    return MASKED;
  };
}

/** At most `characters`, cut at the end; a token that has no room for its prefix goes without. */
export function limitedText(
  masker: CellMasker,
  mask: Mask | undefined,
  characters: number,
  context: MaskContext,
): CellMasker {
  const bare = mask?.mode === 'token' && characters < tokenPrefixes[mask.class].length + 16;
  return (source, start, end, out) => {
    const first = out.length;
    if (bare && end > start) hexToken(context.hash, HashTag.text, source, start, end, out);
    else {
      const result = masker(source, start, end, out);
      if (result === SAME) return SAME;
      if (result !== MASKED) return result;
    }
    if (out.length - first > characters) cut(out.bytes, first, characters, out);
    return MASKED;
  };
}

function cut(bytes: Uint8Array, first: number, characters: number, out: { length: number }): void {
  let left = characters;
  for (let at = first; at < out.length; at++) {
    if ((bytes[at]! & 0xc0) === 0x80) continue;
    if (left-- === 0) {
      out.length = at;
      return;
    }
  }
}

/** character(n): the padding is no part of the value, and is made anew. */
export function paddedText(masker: CellMasker, characters: number): CellMasker {
  return (source, start, end, out) => {
    let stop = end;
    while (stop > start && source[stop - 1] === 0x20) stop--;
    if (stop === start) {
      out.copy(source, start, end);
      return MASKED;
    }
    const first = out.length;
    const result = masker(source, start, stop, out);
    if (result === SAME) out.copy(source, stop, end);
    if (result !== MASKED) return result;
    let length = 0;
    for (let at = first; at < out.length; at++) if ((out.bytes[at]! & 0xc0) !== 0x80) length++;
    out.reserve(Math.max(0, characters - length));
    for (; length < characters; length++) out.byte(0x20);
    return MASKED;
  };
}
