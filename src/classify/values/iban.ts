import { modulo97 } from './checksums.ts';

/** Lengths by country, from the SWIFT registry. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 ' +
    'LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 ' +
    'RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const SHAPE = /^[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}$/i;

/** ISO 13616: length of the country and modulo 97. */
export function isIban(value: string): boolean {
  if (value.length < 15 || value.length > 42 || !SHAPE.test(value)) return false;
  const compact = value.replace(/[ -]/g, '').toUpperCase();
  if (LENGTHS[compact.slice(0, 2)] !== compact.length) return false;
  return modulo97(compact.slice(4) + compact.slice(0, 4)) === 1;
}

/** CLABE of Mexico and CBU of Argentina, which have check digits of their own. */
export function isAccountOfBank(value: string): boolean {
  if (/^\d{18}$/.test(value)) return checkedBy(value, [3, 7, 1]);
  if (!/^\d{22}$/.test(value)) return false;
  return checkedBy(value.slice(0, 8), [7, 1, 3, 9]) && checkedBy(value.slice(8), [3, 9, 7, 1]);
}

/** The last digit makes the weighted sum of all a multiple of ten. */
function checkedBy(digits: string, weights: readonly number[]): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length - 1; i++) sum += ((digits.charCodeAt(i) - 48) * weights[i % weights.length]!) % 10;
  return (10 - (sum % 10)) % 10 === digits.charCodeAt(digits.length - 1) - 48;
}

/** How many characters an IBAN of that country has. */
export function ibanLength(country: string): number | undefined {
  return LENGTHS[country];
}

const COUNTRIES =
  /^(?:A[DEFGILMOQRTUWZ]|B[ABDEFGHIJLMNORSTWYZ]|C[ACDFGHIKLMNORUVWYZ]|D[EJKMOZ]|E[CEGRST]|F[IJKOR]|G[ABDEFGHILMNPQRTUWY]|H[KNRTU]|I[DELMNQRST]|J[EMOP]|K[EGHIMNPRWYZ]|L[ABCIKRSTUVY]|M[ACDEGHKLMNOPQRTUVWXYZ]|N[ACEGILOPRZ]|OM|P[AEFGHKLPSTY]|QA|R[EOSUW]|S[ABCDEGIKLMNORSTVXYZ]|T[CDGHJLMNORTVWZ]|U[AGSYZ]|V[ACEGNU]|W[FS]|XK|Y[E]|Z[AMW])$/;

/** ISO 9362: the code of a bank, with a country in it. A word of eight letters may look like one, a column of words not. */
export function isBic(value: string): boolean {
  // An IFSC of India has a nought in the middle.
  if (/^[A-Z]{4}0[A-Z0-9]{6}$/.test(value)) return true;
  return /^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(value) && COUNTRIES.test(value.slice(4, 6));
}
