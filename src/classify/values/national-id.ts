/**
 * National identification numbers. Each form says how likely a number of that shape is one by chance, so that a column
 * is judged by all of its values: one Luhn number in ten is nothing, a hundred in a row are proof.
 */

import { luhn, modulo97, verhoeff, weighted } from './checksums.ts';
import { FURTHER_FORMS } from './national-id-further.ts';
import { LETTERED_FORMS } from './national-id-lettered.ts';

export interface IdForm {
  readonly name: string;
  readonly shape: RegExp;
  readonly check: (compact: string) => boolean;
  /** Of a random value of that shape to pass; 1: the shape says it all or nothing does. */
  readonly chance: number;
  readonly kind: 'national_id' | 'tax_id';
}

export interface IdMatch {
  readonly name: string;
  readonly chance: number;
  readonly kind: 'national_id' | 'tax_id';
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/** Area, group and serial as the Social Security Administration gives them out. */
export function isSsn(digits: string): boolean {
  const area = digits.slice(0, 3);
  return area !== '000' && area !== '666' && area < '900' && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000';
}

function mod11(digits: string, weights: readonly number[]): number {
  const rest = weighted(digits, weights) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

const CPF = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const CNPJ = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE';
const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY';

function same(digits: string): boolean {
  return /^(\d)\1+$/.test(digits);
}

function fiscalCode(code: string): boolean {
  const odd = '1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23'.split(' ').map(Number);
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const char = code.charCodeAt(i);
    const value = char <= 57 ? char - 48 : char - 65;
    sum += i % 2 === 0 ? odd[value]! : value;
  }
  return code.charCodeAt(15) - 65 === sum % 26;
}

function taxNumberOfGermany(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < 10; i++) {
    const sum = (digits.charCodeAt(i) - 48 + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  const check = (11 - product) % 10;
  const counts = new Set(digits.slice(0, 10)).size;
  return digits.charCodeAt(10) - 48 === check && digits[0] !== '0' && (counts === 9 || counts === 8);
}

const FORMS: readonly IdForm[] = [
  { name: 'US social security numbers', shape: /^\d{3}-\d{2}-\d{4}$/, check: isSsn, chance: 0.05, kind: 'national_id' },
  { name: 'US social security numbers', shape: /^\d{3} \d{2} \d{4}$/, check: isSsn, chance: 0.2, kind: 'national_id' },
  {
    name: 'US taxpayer numbers',
    shape: /^9\d{2}-(?:[5-8]\d|9[0-24-9])-\d{4}$/,
    check: () => true,
    chance: 0.1,
    kind: 'tax_id',
  },
  {
    name: 'CPF numbers',
    shape: /^\d{3}\.?\d{3}\.?\d{3}-?\d{2}$/,
    check: (d) => !same(d) && mod11(d, CPF) === Number(d[9]) && mod11(d.slice(1), CPF) === Number(d[10]),
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'DNI or NIE numbers',
    shape: /^[XYZ]?\d{7,8}[- ]?[A-Z]$/i,
    check: (d) => {
      const number = d.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
      return number.length === 8 && DNI[Number(number) % 23] === d.at(-1);
    },
    chance: 1 / 23,
    kind: 'national_id',
  },
  {
    name: 'BSN numbers',
    shape: /^\d{9}$/,
    check: (d) => !same(d) && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    chance: 1 / 11,
    kind: 'national_id',
  },
  {
    name: 'PESEL numbers',
    shape: /^\d{11}$/,
    check: (d) =>
      isDay(Number(d.slice(2, 4)) % 20, Number(d.slice(4, 6))) &&
      weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'fiscal codes of Italy',
    shape: /^[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]$/i,
    check: fiscalCode,
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'fiscal codes of Italy',
    shape: /^[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]$/i,
    check: () => true,
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'personnummer',
    shape: /^(?:19|20)?\d{6}[-+]\d{4}$|^(?:19|20)\d{10}$/,
    check: (d) => {
      const short = d.slice(-10);
      const day = Number(short.slice(4, 6));
      return isDay(Number(short.slice(2, 4)), day > 60 ? day - 60 : day) && luhn(short);
    },
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'national insurance numbers',
    shape: /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]$/i,
    check: () => true,
    chance: 0.05,
    kind: 'national_id',
  },
  {
    name: 'Aadhaar numbers',
    shape: /^[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}$/,
    check: verhoeff,
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'CURP codes',
    shape: /^[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d$/i,
    check: (d) => isDay(Number(d.slice(6, 8)), Number(d.slice(8, 10))),
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'NIR numbers',
    shape: /^[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}$/i,
    check: (d) => {
      const number = d.slice(0, 13).replace('2A', '19').replace('2B', '18');
      return 97 - modulo97(number) === Number(d.slice(13));
    },
    chance: 0.005,
    kind: 'national_id',
  },
  {
    name: 'social insurance numbers of Canada',
    shape: /^[1-79]\d{2}([ -])\d{3}\1\d{3}$/,
    check: luhn,
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'AHV numbers',
    shape: /^756\.?\d{4}\.?\d{4}\.?\d{2}$/,
    check: (d) => weighted(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'national numbers of Belgium',
    shape: /^\d{2}[.]?\d{2}[.]?\d{2}[-]?\d{3}[.]?\d{2}$/,
    check: (d) => {
      if (Number(d.slice(2, 4)) > 12 || Number(d.slice(4, 6)) > 31) return false;
      const check = Number(d.slice(9));
      return 97 - (Number(d.slice(0, 9)) % 97) === check || 97 - (Number(`2${d.slice(0, 9)}`) % 97) === check;
    },
    chance: 0.007,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Turkey',
    shape: /^[1-9]\d{10}$/,
    check: (d) => {
      const n = [...d].map(Number) as number[];
      const odd = n[0]! + n[2]! + n[4]! + n[6]! + n[8]!;
      const even = n[1]! + n[3]! + n[5]! + n[7]!;
      return (((odd * 7 - even) % 10) + 10) % 10 === n[9] && (odd + even + n[9]!) % 10 === n[10];
    },
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'RUT numbers',
    shape: /^\d{1,2}\.?\d{3}\.?\d{3}-[\dK]$/i,
    check: (d) => {
      let sum = 0;
      for (let i = d.length - 2, weight = 2; i >= 0; i--, weight = weight === 7 ? 2 : weight + 1)
        sum += weight * Number(d[i]);
      const check = 11 - (sum % 11);
      return (check === 11 ? '0' : check === 10 ? 'K' : String(check)) === d.at(-1);
    },
    chance: 1 / 11,
    kind: 'national_id',
  },
  {
    name: 'personal identity codes of Finland',
    shape: /^\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]$/,
    check: (d) => HETU[Number(d.slice(0, 6) + d.slice(-4, -1)) % 31] === d.at(-1),
    chance: 1 / 31,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of China',
    shape: /^[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]$/i,
    check: (d) =>
      '10X98765432'[weighted(d.slice(0, 17), [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === d.at(-1),
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'resident numbers of Korea',
    shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}$/,
    check: () => true,
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'tax numbers of Germany',
    shape: /^\d{2} ?\d{3} ?\d{3} ?\d{3}$/,
    check: taxNumberOfGermany,
    chance: 0.04,
    kind: 'tax_id',
  },
  {
    name: 'NHS numbers',
    shape: /^\d{3}[ -]?\d{3}[ -]?\d{4}$/,
    check: (d) => {
      const check = 11 - (weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
      return !same(d) && (check === 11 ? 0 : check) === Number(d[9]);
    },
    chance: 1 / 11,
    kind: 'national_id',
  },
  {
    name: 'CNPJ numbers',
    shape: /^\d{2}\.?\d{3}\.?\d{3}\/?\d{4}-?\d{2}$/,
    check: (d) => !same(d) && mod11(d, CNPJ) === Number(d[12]) && mod11(d, [6, ...CNPJ]) === Number(d[13]),
    chance: 0.01,
    kind: 'tax_id',
  },
  {
    name: 'employer identification numbers',
    shape: /^(?:0[1-6]|1[0-6]|2[0-7]|3[0-9]|4[0-8]|5[0-9]|6[0-8]|7[1-7]|8[0-8]|9[0-58-9])-\d{7}$/,
    check: () => true,
    chance: 0.3,
    kind: 'tax_id',
  },
  {
    name: 'VAT numbers',
    shape:
      /^(?:ATU\d{8}|BE[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|EE\d{9}|EL\d{9}|ES[A-Z0-9]\d{7}[A-Z0-9]|FI\d{8}|FR[A-Z0-9]{2}\d{9}|GB\d{9}(?:\d{3})?|HR\d{11}|HU\d{8}|IE\d{7}[A-W][A-I]?|IT\d{11}|LT\d{9}(?:\d{3})?|LU\d{8}|LV\d{11}|MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|RO\d{6,10}|SE\d{12}|SI\d{8}|SK\d{10}|CHE-?\d{3}\.?\d{3}\.?\d{3}(?: ?(?:MWST|TVA|IVA))?)$/i,
    check: () => true,
    chance: 0.3,
    kind: 'tax_id',
  },
  {
    name: 'personal numbers of Denmark',
    shape: /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-\d{4}$/,
    check: () => true,
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'birth numbers of Czechia and Slovakia',
    shape: /^\d{2}(?:[0257][1-9]|[1368][0-2])(?:0[1-9]|[12]\d|3[01])\/\d{3,4}$/,
    check: (d) => d.length === 9 || Number(d) % 11 === 0 || Number(d.slice(0, 9)) % 11 === 10,
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'birth numbers of Norway',
    shape: /^(?:[04][1-9]|[1256]\d|[37][01])(?:[048][1-9]|[159][0-2])\d{2} ?\d{5}$/,
    check: (d) =>
      weighted(d, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
      weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
    chance: 0.002,
    kind: 'national_id',
  },
  {
    name: 'personal numbers of Romania',
    shape: /^[1-9]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{6}$/,
    check: (d) => {
      const rest = weighted(d, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
      return (rest === 10 ? 1 : rest) === Number(d[12]);
    },
    chance: 0.005,
    kind: 'national_id',
  },
  {
    name: 'personal numbers of Bulgaria',
    shape: /^\d{2}(?:[024][1-9]|[135][0-2])(?:0[1-9]|[12]\d|3[01])\d{4}$/,
    check: (d) => (weighted(d, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(d[9]),
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'insurance numbers of Russia',
    shape: /^\d{3}-\d{3}-\d{3}[ -]\d{2}$/,
    check: (d) => {
      const sum = weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101;
      return (sum === 100 ? 0 : sum) === Number(d.slice(9));
    },
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of South Africa',
    shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}[012][89]\d$/,
    check: luhn,
    chance: 0.0005,
    kind: 'national_id',
  },
  {
    name: 'identity cards of Hong Kong',
    shape: /^[A-Z]{1,2}\d{6}\([\dA]\)$/,
    check: () => true,
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Singapore',
    shape: /^[STFGM]\d{7}[A-Z]$/,
    check: (d) => {
      const sum = weighted(d.slice(1), [2, 7, 6, 5, 4, 3, 2]) + (/[TG]/.test(d[0]!) ? 4 : d[0] === 'M' ? 3 : 0);
      const letters = /[ST]/.test(d[0]!) ? 'JZIHGFEDCBA' : d[0] === 'M' ? 'KLJNPQRTUWX' : 'XWUTRQPNMLK';
      return d[0] === 'M' || letters[sum % 11] === d[8];
    },
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Taiwan',
    shape: /^[A-Z][12]\d{8}$/,
    check: (d) => {
      const code = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(d[0]!) + 10;
      return (Math.floor(code / 10) + (code % 10) * 9 + weighted(d.slice(1), [8, 7, 6, 5, 4, 3, 2, 1, 1])) % 10 === 0;
    },
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Thailand',
    shape: /^[1-8](?:\d{12}|-\d{4}-\d{5}-\d{2}-\d)$/,
    check: (d) => (11 - (weighted(d, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === Number(d[12]),
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'identity cards of Malaysia',
    shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|[1-5]\d|7[1-9]|8[2-9])-\d{4}$/,
    check: () => true,
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'tax numbers of Argentina',
    shape: /^(?:2[0347]|3[034])-?\d{8}-?\d$/,
    check: (d) => (11 - (weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(d[10]),
    chance: 0.01,
    kind: 'tax_id',
  },
  {
    name: 'PAN numbers',
    shape: /^[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]$/,
    check: () => true,
    chance: 0.01,
    kind: 'tax_id',
  },
  {
    name: 'RFC codes',
    shape: /^[A-ZÑ&]{3,4}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[A-Z\d]{3}$/,
    check: () => true,
    chance: 0.005,
    kind: 'tax_id',
  },
  {
    name: 'GST numbers of India',
    shape: /^(?:0[1-9]|[1-3]\d)[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]$/,
    check: () => true,
    chance: 0.001,
    kind: 'tax_id',
  },
  {
    name: 'PPS numbers',
    shape: /^\d{7}[A-W][A-IW]?$/,
    check: (d) => {
      const second = d[8] === undefined || d[8] === 'W' ? 0 : d.charCodeAt(8) - 64;
      return 'WABCDEFGHIJKLMNOPQRSTUV'[(weighted(d, [8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23] === d[7];
    },
    chance: 1 / 23,
    kind: 'national_id',
  },
  {
    name: 'JMBG numbers',
    shape: /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])[09]\d{8}$/,
    check: (d) => {
      const rest = 11 - (weighted(d, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
      return (rest > 9 ? 0 : rest) === Number(d[12]);
    },
    chance: 0.003,
    kind: 'national_id',
  },
  {
    name: 'personal codes of Estonia and Lithuania',
    shape: /^[1-6]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}$/,
    check: (d) => {
      let rest = weighted(d, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
      if (rest === 10) rest = weighted(d, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
      return rest % 10 === Number(d[10]);
    },
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'tax numbers of Poland',
    shape: /^\d{3}-(?:\d{3}-\d{2}-\d{2}|\d{2}-\d{2}-\d{3})$/,
    check: (d) => weighted(d, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === Number(d[9]),
    chance: 0.05,
    kind: 'tax_id',
  },
  {
    name: 'AMKA numbers',
    shape: /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{7}$/,
    check: luhn,
    chance: 0.005,
    kind: 'national_id',
  },
  ...FURTHER_FORMS,
  ...LETTERED_FORMS,
];

/** All of them at once, as most values have none: of either case, and what refers back to a group may be anything. */
const ANY_SHAPE = new RegExp(FORMS.map(({ shape }) => `(?:${shape.source.replace(/\\\d/g, '[^]*')})`).join('|'), 'i');

/** Every form that the value has; a column is what most of its values agree on. */
export function idForms(value: string): readonly IdMatch[] {
  if (value.length < 8 || value.length > 22 || !/\d/.test(value)) return NO_MATCH;
  if (!ANY_SHAPE.test(value)) return NO_MATCH;
  const compact = value.replace(/[ ./-]/g, '').toUpperCase();
  let matches: IdMatch[] | undefined;
  for (const form of FORMS) {
    if (!form.shape.test(value)) continue;
    // The sign between date and number of a Finnish code says the century.
    if (form.check(compact)) (matches ??= []).push(form);
  }
  return matches ?? NO_MATCH;
}

const NO_MATCH: readonly IdMatch[] = [];
