/**
 * Numbers of states that have letters or marks in them: cards, licences to drive, plates, the lines of a passport that
 * machines read. Of most the shape says it all, so that `chance` is how often what another made has it by chance.
 */
import { luhn, weighted } from './checksums.ts';
import type { IdForm } from './national-id.ts';

const always = (): boolean => true;

export const LETTERED_FORMS: readonly IdForm[] = [
  {
    name: 'identity cards of Uruguay',
    shape: /^\d\.\d{3}\.\d{3}-\d$/,
    check: (d) => (10 - (weighted(d, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10 === Number(d[7]),
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'identity cards of Sri Lanka',
    shape: /^\d{2}(?:[0-2]\d{2}|3[0-5]\d|36[0-6]|[5-7]\d{2}|8[0-5]\d|86[0-6])\d{4}[VX]$/i,
    check: always,
    chance: 0.1,
    kind: 'national_id',
  },
  {
    name: 'identity cards of the Dominican Republic',
    shape: /^\d{3}-\d{7}-\d$/,
    check: luhn,
    chance: 0.01,
    kind: 'national_id',
  },
  {
    name: 'identity cards of Venezuela',
    shape: /^[VE]-?\d{1,2}\.\d{3}\.\d{3}$|^[VE]-\d{7,8}$/,
    check: always,
    chance: 0.02,
    kind: 'national_id',
  },
  {
    name: 'licences to drive in Great Britain',
    shape: /^[A-Z]{1,5}9{0,4}\d(?:[05][1-9]|[16][0-2])(?:0[1-9]|[12]\d|3[01])\d[A-Z9]{2}[A-Z0-9]{3}$/,
    check: (code) => code.length === 16,
    chance: 0.001,
    kind: 'national_id',
  },
  // Plates of cars leave letters out that are read as others.
  {
    name: 'plates of Great Britain',
    shape: /^[A-HJ-PR-Y]{2}(?:0[1-9]|[1-7]\d) ?[A-HJ-PR-Z]{3}$/,
    check: always,
    chance: 0.3,
    kind: 'national_id',
  },
  {
    name: 'plates of France or Italy',
    shape: /^[A-HJ-NP-TV-Z]{2}([- ])\d{3}\1[A-HJ-NP-TV-Z]{2}$/,
    check: always,
    chance: 0.6,
    kind: 'national_id',
  },
  {
    name: 'plates of Germany',
    shape: /^[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} [1-9]\d{0,3}[EH]?$/,
    check: always,
    chance: 0.4,
    kind: 'national_id',
  },
  {
    name: 'plates of Spain',
    shape: /^\d{4} ?-?[BCDFGHJKLMNPRSTVWXYZ]{3}$/,
    check: always,
    chance: 0.5,
    kind: 'national_id',
  },
];

/** A line that machines read of a passport, card or visa (ICAO 9303). */
export const isMachineReadable = (value: string): boolean =>
  /^[PIAVC][A-Z<][A-Z<]{3}[A-Z0-9<]{25,39}(?:\s*[A-Z0-9<]{30,44}){0,2}$/.test(value) && value.includes('<<');
