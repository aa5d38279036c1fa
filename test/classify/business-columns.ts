/** The columns of `bench/business-tables.ts`, made without a database. */
import { createHash } from 'node:crypto';
import type { ColumnSubject } from '../../src/classify/classes.ts';

const hash = (kind: string, text: string) => createHash(kind).update(text);
const md5 = (text: string) => hash('md5', text).digest('hex');
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
const GIVEN = 'anna,peter,maria,john,laura,paul,emma,karl'.split(',');
const FAMILY = 'schmidt,miller,rossi,garcia,nowak,dubois,larsen'.split(',');
const given = (i: number) => GIVEN[i % 8]!;
const family = (i: number) => FAMILY[(i * 5) % 7]!;

const COLUMNS: readonly (readonly [name: string, type: string, value: (i: number) => string])[] = [
  ['id', 'integer', String],
  ['account_id', 'integer', (i) => String(i % 97)],
  ['reference', 'text', (i) => `ORD-${String((i * 7919) % 1_000_003).padStart(8, '0')}`],
  ['status', 'text', (i) => ['open', 'paid', 'shipped', 'returned'][i % 4]!],
  ['amount', 'numeric', (i) => (((i * 7907) % 100_003) / 100).toFixed(2)],
  ['customer_name', 'text', (i) => `${capital(given(i))} ${capital(family(i))}`],
  ['email', 'text', (i) => `${given(i)}.${family(i)}${i}@example.org`],
  ['phone', 'text', (i) => `+4930${1_000_000 + ((i * 7919) % 8_999_999)}`],
  ['street', 'text', (i) => `Example Street ${i % 240}, ${10_000 + (i % 80_000)} Berlin`],
  ['title', 'text', (i) => `Blue widget of size ${i % 60} with ${i % 7} handles`],
  ['note', 'text', (i) => `The parcel was handed to a neighbour, who will bring it over on day ${i % 28}. `.repeat(3)],
  ['checksum', 'text', (i) => md5(`${i}0`)],
  ['attributes', 'jsonb', (i) => `{"by": "${given(i)}", "size": ${i % 60}, "colour": "blue"}`],
  [
    'token',
    'text',
    (i) => hash('sha256', `0/${i}`).digest('base64').replaceAll('=', 'a').replaceAll('+', 'X').replaceAll('/', 'z'),
  ],
  ['ip', 'inet', (i) => `91.12.${i % 250}.${(i * 7) % 250}`],
  ['version', 'text', (i) => `v${i % 9}.${i % 17}.${i % 5}`],
];

export function businessTable(named: boolean, rows: number): ColumnSubject[] {
  const names = COLUMNS.map(([name], at) => (named ? name : `c${at}`));
  return COLUMNS.map(([, type, value], at) => ({
    schema: 'public',
    table: named ? 'orders_0' : 't_1',
    column: names[at]!,
    type,
    siblings: names.filter((_, other) => other !== at),
    values: Array.from({ length: rows }, (_, i) => value(i + 1)),
  }));
}
