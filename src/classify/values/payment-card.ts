import { luhn } from './checksums.ts';

const SHAPE = /^\d(?:[ -]?\d){12,18}$/;
const GROUPED = /^\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}$|^\d{4}([ -])\d{6}\2\d{5}$|^\d{13,19}$/;

/** Lengths by the issuers' ranges (ISO/IEC 7812); false: no issuer of payment cards. */
export function hasIssuer(digits: string): boolean {
  const n = digits.length;
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (digits.startsWith('4')) return n === 13 || n === 16 || n === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return n === 16;
  if (two === 34 || two === 37) return n === 15;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return n >= 14 && n <= 19;
  if (four >= 3528 && four <= 3589) return n >= 16;
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return n >= 16;
  if (two === 62 || two === 81) return n >= 16;
  if (four >= 2200 && four <= 2204) return n >= 16;
  return (two === 50 || two === 60 || (two >= 56 && two <= 58) || two === 63 || two === 67) && n >= 16;
}

const ENDING =
  /^(?:visa|master ?card|amex|american express|discover|maestro|diners(?: club)?|jcb|unionpay|card|karte)(?: (?:card )?(?:ending(?: in)?|endet auf|x-?))? ?[*xX•·#. -]{0,12}\d{4}$/iu;

/** The last digits behind as many signs as hide the rest: `**** **** **** 1234`, `XXXXXXXXXXXX1234`, `411111******1111`. */
export function isMaskedCard(value: string): boolean {
  if (ENDING.test(value)) return true;
  return (
    /^(?:\d{4}[ -]?\d{0,2})?(?:[*xX•·#]{2,6}[ -]?){2,5}\d{4}$/u.test(value) &&
    /[*xX•·#]{4}/u.test(value.replace(/[ -]/gu, ''))
  );
}

export function isPaymentCard(value: string): boolean {
  if (value.length < 13 || value.length > 23 || !SHAPE.test(value) || !GROUPED.test(value)) return false;
  const digits = value.replace(/[ -]/g, '');
  return hasIssuer(digits) && luhn(digits) && !/^(\d)\1+$/.test(digits);
}
