/** More identification numbers with check digits, as `national-id.ts` has them; the sources are the states' own rules. */
import { luhn, weighted } from './checksums.ts';
import type { IdForm } from './national-id.ts';

const digitAt = (digits: string, at: number): number => digits.charCodeAt(at) - 48;

/** ISO 7064, modulus 11 and 10. */
function modulo11And10(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < digits.length - 1; i++) product = (((product + digitAt(digits, i)) % 10 || 10) * 2) % 11;
  return (11 - product) % 10 === digitAt(digits, digits.length - 1);
}

const elevenRest = (digits: string, weights: readonly number[]): number => {
  const rest = 11 - (weighted(digits, weights) % 11);
  return rest > 9 ? 0 : rest;
};

export const FURTHER_FORMS: readonly IdForm[] = [
  {
    name: 'NIF numbers of Portugal',
    shape: /^[1235689]\d{2} ?\d{3} ?\d{3}$/,
    check: (d) => elevenRest(d, [9, 8, 7, 6, 5, 4, 3, 2]) === digitAt(d, 8),
    chance: 0.1,
    kind: 'tax_id',
  },
  { name: 'OIB numbers', shape: /^\d{11}$/, check: modulo11And10, chance: 0.1, kind: 'national_id' },
  {
    name: 'NIK numbers',
    shape: /^[1-9]\d{5}(?:[0-6]\d|7[01])(?:0[1-9]|1[0-2])\d{2}\d{4}$/,
    check: (d) => Number(d.slice(6, 8)) % 40 >= 1 && Number(d.slice(6, 8)) % 40 <= 31,
    chance: 0.05,
    kind: 'national_id',
  },
  { name: 'identity numbers of Israel', shape: /^[0-3]\d{8}$/, check: luhn, chance: 0.1, kind: 'national_id' },
  {
    name: 'kennitala',
    shape: /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-?\d{3}[890]$/,
    check: (d) => (11 - (weighted(d, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === digitAt(d, 8),
    chance: 0.003,
    kind: 'national_id',
  },
  {
    name: 'individual numbers of Kazakhstan',
    shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-6]\d{5}$/,
    check: (d) => {
      let rest = weighted(d, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
      if (rest === 10) rest = weighted(d, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
      return rest === digitAt(d, 11);
    },
    chance: 0.003,
    kind: 'national_id',
  },
  {
    name: 'taxpayer numbers of Ukraine',
    shape: /^[1-4]\d{9}$/,
    check: (d) => {
      const sum = -digitAt(d, 0) + weighted(d.slice(1), [5, 7, 9, 4, 6, 10, 5, 7]);
      return (((sum % 11) + 11) % 11) % 10 === digitAt(d, 9);
    },
    chance: 0.1,
    kind: 'tax_id',
  },
  { name: 'CNIC numbers', shape: /^\d{5}-\d{7}-\d$/, check: () => true, chance: 0.01, kind: 'national_id' },
  {
    name: 'Emirates identity numbers',
    shape: /^784-?(?:19|20)\d{2}-?\d{7}-?\d$/,
    check: luhn,
    chance: 0.0001,
    kind: 'national_id',
  },
  {
    name: 'personal codes of Latvia',
    shape: /^(?:0[1-9]|[12]\d|3[0-2])(?:0[1-9]|1[0-2])\d{2}-[012]\d{4}$/,
    check: () => true,
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Egypt',
    shape: /^[23]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)\d{5}$/,
    check: () => true,
    chance: 0.003,
    kind: 'national_id',
  },
  {
    name: 'national codes of Iran',
    shape: /^\d{10}$/,
    check: (d) => {
      const rest = weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return digitAt(d, 9) === (rest < 2 ? rest : 11 - rest);
    },
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'insurance numbers of Austria',
    shape: /^[1-9]\d{3} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}$/,
    check: (d) => weighted(d, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === digitAt(d, 3),
    chance: 0.003,
    kind: 'national_id',
  },
  {
    name: 'identity numbers of Ecuador',
    shape: /^(?:0[1-9]|1\d|2[0-4])[0-5]\d{7}$/,
    check: luhn,
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'PIS numbers',
    shape: /^\d{3}\.\d{5}\.\d{2}-\d$/,
    check: (d) => elevenRest(d, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) === digitAt(d, 10),
    chance: 0.001,
    kind: 'national_id',
  },
  {
    name: 'business numbers of Australia',
    shape: /^[1-9]\d ?\d{3} ?\d{3} ?\d{3}$/,
    check: (d) => (weighted(d, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0,
    chance: 0.012,
    kind: 'tax_id',
  },
  {
    name: 'tax file numbers of Australia',
    shape: /^[1-9]\d{2} \d{3} \d{3}$/,
    check: (d) => weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    chance: 0.05,
    kind: 'tax_id',
  },
  {
    name: 'TAJ numbers',
    shape: /^\d{3}[ -]?\d{3}[ -]?\d{3}$/,
    check: (d) => weighted(d, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === digitAt(d, 8),
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'tax numbers of Greece',
    shape: /^[0-9]\d{8}$/,
    check: (d) => (weighted(d, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === digitAt(d, 8),
    chance: 0.1,
    kind: 'tax_id',
  },
];
