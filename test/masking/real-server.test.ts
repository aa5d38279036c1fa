import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLUMN_CLASSES } from '../../src/classify/classes.ts';
import { BUILTIN_TYPES } from '../../src/masking/builtin-types.ts';
import type { MaskMode, TypeShape } from '../../src/masking/plan.ts';
import { withPostgres } from '../support/postgres.ts';
import { builtins, columnOf, maskValue } from './rows.ts';

const server = withPostgres();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client(server.superuserUrl);
  await client.connect();
  await client.query(`CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext`);
  await client.query(`CREATE TYPE pair AS (who text, n int, born date); CREATE DOMAIN mail AS text`);
});
afterAll(() => client?.end());

/** Type → literals; the type is cast to as it is written. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  text: [
    'jonas.weber@mailbox.example',
    '',
    'Jonas Weber',
    '4111 1111 1111 1111',
    'DE89370400440532013000',
    '192.168.3.77',
    '1985-03-12',
    'é',
    '"',
    '52.52,13.405',
    '+49 170 1234567',
    '2f1c0a52-0b6f-4f0e-9f0e-0c8f8f0f0f0f',
  ],
  'varchar(5)': ['jonas', 'a@b.c', 'éééé'],
  'varchar(12)': ['jo@mail.com', '123-45-6789'],
  'character(4)': ['ab', 'abcd', ''],
  'character(30)': ['jonas@mailbox.example'],
  name: ['jonas@mailbox.example'],
  citext: ['Jonas@Mailbox.example'],
  '"char"': ['x'],
  int2: ['0', '-32768', '32767', '1985'],
  int4: ['0', '-2147483648', '2147483647', '123456789'],
  int8: ['0', '-9223372036854775808', '9223372036854775807', '4111111111111111'],
  numeric: ['0', '-1.50', '83412.50', '12345678901234567890.123', 'NaN', '0.00001', '52.52'],
  'numeric(12,2)': ['83412.50', '0.01', '-9.99'],
  'numeric(3,1)': ['52.5', '-9.9'],
  'numeric(4,4)': ['0.1234'],
  float4: ['0', '52.52', '-1e30', 'NaN', 'Infinity', '83412.5'],
  float8: ['0', '52.520008', '-1e300', '-Infinity', '83412.5'],
  bool: ['t', 'f'],
  date: ['1985-03-12', 'infinity', '-infinity', '0044-03-15 BC', '4714-11-24 BC', '20240-01-02'],
  timestamp: ['1985-03-12 10:11:12.345678', 'infinity', '0044-03-15 10:00:00 BC', '4714-11-24 00:00:00 BC'],
  timestamptz: ['1985-03-12 10:11:12.345678+02', '-infinity', '2024-12-31 23:59:59-11'],
  time: ['10:11:12.5'],
  timetz: ['10:11:12.5+03'],
  interval: ['1 year 2 days 03:04:05'],
  uuid: ['2f1c0a52-0b6f-4f0e-9f0e-0c8f8f0f0f0f'],
  inet: ['192.168.3.77', '10.1.2.3/8', '2001:db8::1', '::ffff:1.2.3.4', '::/0', 'fe80::1/64'],
  cidr: ['192.168.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '2001:4860::/32', '192.168.3.77/32'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  bytea: ['\\x', '\\x00ff41', '\\x6a6f6e6173406d61696c626f782e6578616d706c65'],
  json: [
    '{"a": [1, "x@mail.com", {"b": null}], "c": true}',
    '"jonas"',
    '12.5',
    'null',
    '[]',
    '{}',
    '[1e5, -0.5]',
    '{"k\\u0061": "a\\"b\\\\"}',
  ],
  jsonb: ['{"a": [1, "x@mail.com", {"b": null}], "c": true}', '"jonas"', '12.5', 'null', '[]', '{}', '[1e400]'],
  xml: ['<a>jonas</a>', 'text'],
  hstore: ['"a"=>"jonas@mail.com", "b"=>NULL', '', '"x\\"y"=>"q\\\\"'],
  money: ['$1,234.56', '-$0.05', '$0.56', '$0.00', '-$92,233,720,368,547,758.08'],
  bit: ['1'],
  'bit varying': ['1010'],
  tsvector: ["'jonas':1 'weber':2"],
  tsquery: ["'jonas' & 'weber'"],
  point: ['(1,2)', '(52.520008,13.404954)', '(-0.5,1e300)', '(NaN,Infinity)'],
  box: ['(1,1),(0,0)'],
  polygon: ['((0,0),(1,1),(1,0))'],
  oid: ['12'],
  regclass: ['pg_class'],
  pg_lsn: ['0/1'],
  'text[]': ['{}', '{a@b.co,NULL,"x \\"y\\" \\\\",""}', '{{a,b},{c,d}}', '[2:3]={x,NULL}', '{null,"NULL"}'],
  'int4[]': ['{1,NULL,3}', '{{1},{2}}'],
  'date[]': ['{1985-03-12,NULL}'],
  'uuid[]': ['{2f1c0a52-0b6f-4f0e-9f0e-0c8f8f0f0f0f}'],
  'inet[]': ['{192.168.3.77,NULL}'],
  'jsonb[]': ['{"{\\"a\\": \\"b\\"}",NULL}'],
  'box[]': ['{(1,1),(0,0);(2,2),(1,1)}'],
  'numeric[]': ['{1.5,NULL,83412}'],
  'timestamptz[]': ['{"1985-03-12 10:11:12+02"}'],
  daterange: ['[1985-03-12,1990-01-01)', 'empty', '(,)', '[1985-03-12,)', '[1985-03-12,1985-03-13)'],
  tsrange: ['["1985-03-12 10:00","1985-03-12 11:00")', '(,"2020-01-01 00:00:00"]'],
  int4range: ['[1,5)'],
  numrange: ['[1.5,)'],
  datemultirange: ['{}', '{[1985-03-12,1986-01-01),[1990-05-05,)}'],
  'daterange[]': ['{"[1985-03-12,1990-01-01)",NULL}'],
  pair: ['(jonas,5,1985-03-12)', '(,,)', '("a ""b"" \\\\c",,)'],
  'pair[]': ['{"(jonas,5,1985-03-12)",NULL,"(,,)"}'],
  mail: ['jonas@mailbox.example'],
};

/** Of the literals: what no mask may show, whatever its type. */
const TELLING =
  /jonas|weber|6a6f6e6173|8370400|1111 1111|123-?45|03-12|10:11|2f1c0a52|8f0f0f|3\.77|4860:|fe80|1\.2\.3|2b:01|3412\.5|20008|4954|2345|\b1234567|147483648|92,?233/i;

const MODES: readonly MaskMode[] = ['partial', 'token', 'redact', 'null'];

interface Sample {
  readonly type: string;
  readonly oid: number;
  readonly typeModifier: number;
  readonly format: 0 | 1;
  readonly value: Buffer;
}

async function samples(types: Readonly<Record<string, readonly string[]>>): Promise<Sample[]> {
  const found: Sample[] = [];
  for (const [type, literals] of Object.entries(types)) {
    for (const literal of literals) {
      const value = `(${pg.escapeLiteral(literal)}::${type})`;
      const { fields } = await client.query(`SELECT ${value}`);
      const { rows } = await client.query<{ text: string; binary: Buffer }>(
        `SELECT coalesce(${value}::text, '') AS text, record_send(ROW(${value})) AS binary`,
      );
      const { dataTypeID: oid, dataTypeModifier: typeModifier } = fields[0]!;
      const { text, binary } = rows[0]!;
      // bpchar loses its padding when it is cast.
      const padded = type.startsWith('character(') ? text.padEnd(typeModifier - 4) : text;
      const plain = type === 'bool' ? text[0]! : padded;
      found.push({ type, oid, typeModifier, format: 0, value: Buffer.from(plain) });
      found.push({ type, oid, typeModifier, format: 1, value: binary.subarray(12) });
    }
  }
  return found;
}

async function ownTypes(): Promise<Map<number, TypeShape>> {
  const { rows } = await client.query<{ name: string; oid: number; array: number }>(
    `SELECT typname AS name, oid::int, typarray::int AS array FROM pg_type WHERE typname IN ('citext', 'hstore', 'pair', 'mail')`,
  );
  const shapes = new Map<number, TypeShape>();
  for (const { name, oid, array } of rows) {
    const fields = [25, 23, 1082].map((field) => BUILTIN_TYPES.get(field)!);
    const shape: TypeShape =
      name === 'pair'
        ? { oid, base: name, kind: 'composite', fields }
        : { oid, base: name === 'mail' ? 'text' : name, kind: 'scalar' };
    shapes.set(oid, shape);
    shapes.set(array, { oid: array, base: 'array', kind: 'array', element: shape });
  }
  return shapes;
}

describe('a masked value is one of its type', () => {
  let all: Sample[];
  let types: (oid: number) => TypeShape | undefined;
  beforeAll(async () => {
    all = await samples(VALUES);
    const own = await ownTypes();
    types = (oid) => builtins(oid) ?? own.get(oid);
  });

  it.each(COLUMN_CLASSES)('%s', async (columnClass) => {
    const seen = new Set<string>();
    const failed: string[] = [];
    let cast = 0;
    for (const { type, oid, typeModifier, format, value } of all) {
      for (const mode of MODES) {
        const masked = maskValue(
          { do: 'mask', class: columnClass, mode },
          columnOf(oid, format, typeModifier),
          value,
          types,
        );
        if (masked === null) continue;
        const key = `${type} ${format} ${masked.toString('latin1')}`;
        if (seen.has(key)) continue;
        seen.add(key);
        cast++;
        // A Buffer is sent in binary.
        const parameter = format === 1 ? masked : masked.toString();
        try {
          const { rows } = await client.query(`SELECT ($1::${type})::text AS t, $1::${type} IS NULL AS lost`, [
            parameter,
          ]);
          if (TELLING.test(rows[0].t))
            failed.push(`${type} ${format} ${mode}: ${value.toString('latin1')} shows as ${rows[0].t}`);
          if (rows[0].lost && type !== 'pair') failed.push(`${type} ${mode}: became NULL`);
        } catch (error) {
          failed.push(
            `${type} ${format} ${mode} ${value.toString('latin1')} → ${masked.toString('latin1')}: ${(error as Error).message}`,
          );
        }
        if (format === 0 && typeModifier > 0 && /^(varchar|character)\(/.test(type)) {
          const most = typeModifier - 4;
          if ([...masked.toString()].length > most) failed.push(`${type} ${mode}: ${masked} is too long`);
        }
      }
    }
    expect(failed).toEqual([]);
    expect(cast).toBeGreaterThan(100);
  });

  it('is the same in text and in binary', async () => {
    const different: string[] = [];
    for (let i = 0; i < all.length; i += 2) {
      const { type, oid, typeModifier, value } = all[i]!;
      for (const columnClass of COLUMN_CLASSES) {
        for (const mode of ['partial', 'token'] as const) {
          const action = { do: 'mask', class: columnClass, mode } as const;
          const text = maskValue(action, columnOf(oid, 0, typeModifier), value, types);
          const binary = maskValue(action, columnOf(oid, 1, typeModifier), all[i + 1]!.value, types);
          const told = async (masked: Buffer | null, format: number) =>
            masked === null
              ? null
              : (await client.query(`SELECT ($1::${type})::text AS t`, [format === 1 ? masked : masked.toString()]))
                  .rows[0].t;
          if (
            columnClass !== 'financial' &&
            columnClass !== 'national_id' &&
            columnClass !== 'geo' &&
            columnClass !== 'date_of_birth' &&
            columnClass !== 'ip_address'
          )
            continue;
          const [a, b] = [await told(text, 0), await told(binary, 1)];
          if (a !== b) different.push(`${type} ${value} as ${columnClass} ${mode}: ${a} and ${b}`);
        }
      }
    }
    expect(different).toEqual([]);
  });
});
