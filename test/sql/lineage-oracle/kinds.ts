/**
 * The kinds of values that schemas and queries of the oracle are made of: how a value is written, how every value of a
 * column is changed at once, and a canary: a value that stands nowhere else, so that it is recognised in an answer.
 */
import type { Random } from './random.ts';

export type Kind =
  | 'int'
  | 'num'
  | 'text'
  | 'digits'
  | 'bool'
  | 'date'
  | 'json'
  | 'texts'
  | 'ints'
  | 'pair'
  | 'uuid'
  | 'range'
  | 'mood'
  | 'tag';

export const KINDS: readonly Kind[] = [
  'int',
  'num',
  'text',
  'digits',
  'bool',
  'date',
  'json',
  'texts',
  'ints',
  'pair',
  'uuid',
  'range',
  'mood',
  'tag',
];

const WORDS = ['ada', 'bo', 'cy', 'dee', 'eve', 'a,b', "o'x", ''];

export const SQL_TYPE: Readonly<Record<Kind, string>> = {
  int: 'integer',
  num: 'numeric',
  text: 'text',
  digits: 'character varying(40)',
  bool: 'boolean',
  date: 'date',
  json: 'jsonb',
  texts: 'text[]',
  ints: 'integer[]',
  pair: 'pair',
  uuid: 'uuid',
  range: 'int4range',
  mood: 'mood',
  tag: 'tag',
};

/** Types that every schema needs before its tables. */
export const TYPE_DDL = [
  'CREATE TYPE pair AS (p text, q integer, r text)',
  "CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')",
  "CREATE DOMAIN tag AS text CHECK (VALUE <> 'never')",
];

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;

export function literal(kind: Kind, random: Random): string {
  const word = () => quoted(random.pick(WORDS));
  const small = () => String(random.below(7));
  switch (kind) {
    case 'int':
      return small();
    case 'num':
      return `${small()}.5`;
    case 'text':
      return `${word()}::text`;
    case 'digits':
      return `'${small()}'::varchar`;
    case 'bool':
      return random.pick(['true', 'false']);
    case 'date':
      return `date '2024-0${1 + random.below(6)}-1${small()}'`;
    case 'json':
      return `'{"k": "${random.pick(['ada', 'bo', 'cy'])}", "n": ${small()}, "o": {"i": "${random.pick(['x', 'y'])}"}}'::jsonb`;
    case 'texts':
      return `ARRAY[${word()}, ${word()}]::text[]`;
    case 'ints':
      return `ARRAY[${small()}, ${small()}]::integer[]`;
    case 'pair':
      return `ROW(${word()}, ${small()}, ${word()})::pair`;
    case 'uuid':
      return `'00000000-0000-4000-8000-00000000000${small()}'::uuid`;
    case 'range':
      return `int4range(${small()}, 1${small()})`;
    case 'mood':
      return `'${random.pick(['sad', 'ok', 'glad'])}'::mood`;
    case 'tag':
      return `${word()}::tag`;
    default:
      return kind satisfies never;
  }
}

/** Another value for every row: `column = …` in an UPDATE of a table that has `id`. */
export function changed(kind: Kind, column: string): string {
  switch (kind) {
    case 'int':
      return `coalesce(${column}, 0) * 3 + id + 11`;
    case 'num':
      return `coalesce(${column}, 0) * 3 + id + 11.25`;
    case 'text':
      return `coalesce(${column}, 'n') || 'z' || id`;
    case 'tag':
      return `(coalesce(${column}, 'n') || 'z' || id)::tag`;
    case 'digits':
      return `coalesce(${column}, '') || 'z' || id`;
    case 'bool':
      return `NOT coalesce(${column}, id % 2 = 0)`;
    case 'date':
      return `coalesce(${column}, date '2020-01-01') + id + 40`;
    case 'json':
      return `jsonb_build_object('k', 'zz' || id, 'n', id + 90, 'o', jsonb_build_object('i', 'zi' || id), 'z', id)`;
    case 'texts':
      return `ARRAY['zz' || id, 'zy', 'zx' || id]`;
    case 'ints':
      return 'ARRAY[id + 60, id + 70, 80]';
    case 'pair':
      return `ROW('zc' || id, id + 50, 'zd' || id)::pair`;
    case 'uuid':
      return `md5('z' || id || coalesce(${column}::text, ''))::uuid`;
    case 'range':
      return 'int4range(id + 100, id + 120)';
    case 'mood':
      return `(CASE ${column} WHEN 'sad' THEN 'ok' WHEN 'ok' THEN 'glad' ELSE 'sad' END)::mood`;
    default:
      return kind satisfies never;
  }
}

export const CANARY_TEXT = 'qzcanaryzq';
export const CANARY_NUMBER = '770123';

/** Undefined: the kind has too few values to recognise one. */
export function canary(kind: Kind): string | undefined {
  switch (kind) {
    case 'int':
    case 'num':
      return CANARY_NUMBER;
    case 'text':
    case 'digits':
      return `'${CANARY_TEXT}'`;
    case 'tag':
      return `'${CANARY_TEXT}'::tag`;
    case 'json':
      return `'{"k": "${CANARY_TEXT}", "n": ${CANARY_NUMBER}, "o": {"i": "${CANARY_TEXT}"}}'::jsonb`;
    case 'texts':
      return `ARRAY['${CANARY_TEXT}', '${CANARY_TEXT}']`;
    case 'ints':
      return `ARRAY[${CANARY_NUMBER}, ${CANARY_NUMBER}]`;
    case 'pair':
      return `ROW('${CANARY_TEXT}', ${CANARY_NUMBER}, '${CANARY_TEXT}')::pair`;
    case 'range':
      return `int4range(${CANARY_NUMBER}, ${CANARY_NUMBER}9)`;
    case 'bool':
    case 'date':
    case 'uuid':
    case 'mood':
      return undefined;
    default:
      return kind satisfies never;
  }
}

export const showsCanary = (cell: string) => cell.includes(CANARY_TEXT) || cell.includes(CANARY_NUMBER);
