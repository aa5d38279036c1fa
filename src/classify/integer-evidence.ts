/** Whole numbers that are cards, social security or telephone numbers; counters, ids and epochs are none. */

import type { Context, ValueEvidence } from './value-evidence.ts';
import { isImei } from './values/device.ts';
import { idForms, isSsn } from './values/national-id.ts';
import { isPaymentCard } from './values/payment-card.ts';
import { isPhoneInteger } from './values/phone.ts';

const NOTHING: ValueEvidence = { class: undefined, strength: 'none', says: '', freeText: false };

export function integerEvidence(values: readonly string[], context: Context): ValueEvidence {
  if (!areMostlyLong(values)) return NOTHING;
  const all = new Set(values);
  const distinct = [...all].filter((value) => /^\d{8,19}$/.test(value));
  const n = distinct.length;
  if (n < 3 || n < all.size * 0.8 || isCounted(distinct)) return NOTHING;
  const shareOf = (test: (value: string) => boolean): number => distinct.filter(test).length / n;
  const says = (share: number, what: string): string => `${Math.round(share * 100)}% of ${n} are ${what}`;
  const cards = shareOf(isPaymentCard);
  if (cards >= 0.7)
    return { class: 'payment_card', strength: 'proof', says: says(cards, 'card numbers'), freeText: false };
  const imeis = shareOf(isImei);
  if (imeis >= 0.9 && n >= 4)
    return { class: 'device_id', strength: 'strong', says: says(imeis, 'IMEIs'), freeText: false };
  if (context.isKey) return NOTHING;
  // Leading zeros are lost in an integer.
  const ssn = shareOf((value) => /^\d{8,9}$/.test(value) && isSsn(value.padStart(9, '0')));
  const checked = checkedIds(distinct);
  if (checked !== undefined) return checked;
  const nine = shareOf((value) => value.length === 9);
  // One random number of nine digits in a hundred has a group 00.
  if (ssn === 1 && nine >= 0.9 && (n >= 100 || (context.aboutPeople && n >= 4))) {
    const strength = context.aboutPeople || n >= 200 ? 'strong' : 'weak';
    return { class: 'national_id', strength, says: says(ssn, 'valid social security numbers'), freeText: false };
  }
  const phones = shareOf(isPhoneInteger);
  if (phones >= 0.97 && n >= 5 && shareOf((value) => value.length >= 10 && value.length <= 13) === 1) {
    const strength = n >= 30 || (context.aboutPeople && n >= 10) ? 'strong' : 'weak';
    return { class: 'phone', strength, says: says(phones, 'telephone numbers'), freeText: false };
  }
  return NOTHING;
}

/** A look at some of them: most columns of integers are keys and counters. */
function areMostlyLong(values: readonly string[]): boolean {
  const step = Math.max(1, Math.floor(values.length / LOOKED_AT));
  let looked = 0;
  let long = 0;
  for (let i = 0; i < values.length; i += step) {
    looked++;
    if (values[i]!.length >= 8) long++;
  }
  return long >= looked * 0.4;
}
const LOOKED_AT = 64;

function checkedIds(distinct: readonly string[]): ValueEvidence | undefined {
  const counts = new Map<string, { count: number; logChance: number; kind: 'national_id' | 'tax_id' }>();
  for (const value of distinct) {
    // A number of eleven digits that begins with 0 has ten.
    for (const { name, chance, kind } of idForms(value.length === 10 ? `0${value}` : value)) {
      const one = counts.get(name) ?? { count: 0, logChance: -Math.log10(chance), kind };
      one.count++;
      counts.set(name, one);
    }
  }
  for (const [name, { count, logChance, kind }] of counts) {
    if (count < distinct.length * 0.9 || count * logChance < 5) continue;
    const says = `${Math.round((count / distinct.length) * 100)}% of ${distinct.length} are ${name}`;
    return { class: kind, strength: 'strong', says, freeText: false };
  }
  return undefined;
}

/** Handed out one after another, or points in time: most numbers lie in a narrow band for their size. */
function isCounted(distinct: readonly string[]): boolean {
  const sorted = distinct.map(Number).sort((a, b) => a - b);
  const low = sorted[Math.floor(sorted.length * 0.05)]!;
  const high = sorted[Math.ceil(sorted.length * 0.95) - 1]!;
  // Epoch seconds, milliseconds, microseconds and nanoseconds of 1990 to 2050.
  for (const unit of [1, 1e3, 1e6, 1e9])
    if (low >= 631e6 * unit && high <= 2.53e9 * unit && /^1/.test(distinct[0]!)) return true;
  return sorted.length >= 8 && (high - low) / sorted.length < 50;
}
