import fc from 'fast-check';
import { parse } from 'postgres-array';
import { describe, expect, it } from 'vitest';
import { COLUMN_CLASSES, type ColumnClass } from '../../src/classify/classes.ts';
import { BUILTIN_TYPES } from '../../src/masking/builtin-types.ts';
import { conditionName } from '../../src/masking/condition-names.ts';
import { looksMasked } from '../../src/masking/looks-masked.ts';
import type { ColumnAction, MaskMode, TypeShape } from '../../src/masking/plan.ts';
import { builtins, columnOf, maskText, maskValue } from './rows.ts';

const TEXT = 25;
const JSON_TYPE = 114;
const JSONB = 3802;
const mask = (columnClass: ColumnClass, mode: MaskMode = 'partial'): ColumnAction => ({
  do: 'mask',
  class: columnClass,
  mode,
});
const SCAN: ColumnAction = { do: 'scan' };
const PASS: ColumnAction = { do: 'pass' };
const REDACT: ColumnAction = { do: 'redact' };
const REDACT_VALUE: ColumnAction = { do: 'redact', keepsBlank: true };

describe('texts, partially', () => {
  it.each<[ColumnClass, string, string]>([
    ['email', 'jonas.weber@mailbox.example', 'j***@m***.example'],
    ['email', 'über@straße.de', 'ü***@s***.de'],
    ['email', 'jonas@localhost', 'j***@l***'],
    ['email', '"odd one"@x.com', '****@x***.com'],
    ['email', 'jonas at example', '[redacted]'],
    ['email', 'a@b.c, d@e.fr', 'a***@e***.fr'],
    ['email', '@x.com', '[redacted]'],
    ['phone', '+49 170 1234542', '+** *** **42'],
    ['phone', '(555) 010-9977 ext', '*** *** **77'],
    ['phone', '112', '[redacted]'],
    ['payment_card', '4111 1111 1111 1234', '**** **** **** 1234'],
    ['payment_card', '4111111111111234', '**** **** **** 1234'],
    ['payment_card', 'jonas 4111111111111234', '[redacted]'],
    ['payment_card', '41111', '[redacted]'],
    ['bank_account', 'DE89 3704 0044 0532 0130 00', 'DE** **** **** 3000'],
    ['bank_account', '1234567890', '********90'],
    ['bank_account', 'Jonas', '[redacted]'],
    ['person_name', 'Jonas Maria Weber', 'J. W.'],
    ['person_name', ' Zoë ', 'Z.'],
    ['person_name', '王 小明', '王. 小.'],
    ['person_name', '   ', '   '],
    ['person_name', '-', '*.'],
    ['username', 'jonas77', 'j***'],
    ['national_id', '123-45-6712', '***-**-**12'],
    ['tax_id', 'DE 123456789', '***-**-**89'],
    ['national_id', 'AB12', '[redacted]'],
    ['date_of_birth', '1985-03-12', '1985-01-01'],
    ['date_of_birth', '12.03.1985', '1985-01-01'],
    ['date_of_birth', '12/03/85', '[redacted]'],
    ['date_of_birth', '19850312', '[redacted]'],
    ['postal_address', '12 Long Street, Lakeview', '[address]'],
    ['postal_address', '52190', '5****'],
    ['postal_address', 'SW1A 1AA', '[address]'],
    ['postal_address', 'Berlin', '[address]'],
    ['geo', '52.520008,13.404954', '52,13'],
    ['geo', '-33.8', '-33'],
    ['geo', '030 123 456', '[redacted]'],
    ['geo', 'POINT(1 2)', '[redacted]'],
    ['geo', '1985', '[redacted]'],
    ['free_text', 'héllo', '[redacted, 5 characters]'],
    ['secret', 'sk_live_abc', '[secret]'],
    ['password_hash', '$2b$10$abcdef', '[secret]'],
    ['health', 'diabetes', '[redacted]'],
    ['photo', 'https://x.example/me.png', 'https://masked.invalid/photo.png'],
    ['ip_address', 'host.example', '[redacted]'],
    ['device_id', 'IMEI 490154203237518', '[redacted]'],
  ])('%s %j → %j', (columnClass, value, expected) => {
    expect(maskText(mask(columnClass), TEXT, value)).toBe(expected);
    // Dates and places are masked by such as could be written.
    const isTold = value !== expected && !/^[\d,-]+$/.test(expected);
    expect(looksMasked(expected, columnClass)).toBe(isTold);
    expect(looksMasked(value, columnClass)).toBe(false);
  });

  it('keeps addresses addresses, in networks of nobody', () => {
    expect(maskText(mask('ip_address'), TEXT, '192.168.3.77')).toMatch(/^10\.\d+\.\d+\.\d+$/);
    expect(maskText(mask('ip_address'), TEXT, '2a00:1450::8')).toMatch(/^2001:db8(:[0-9a-f]{1,4}){6}$/);
    expect(maskText(mask('device_id'), TEXT, '08:00:2b:01:02:03')).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(maskText(mask('device_id'), TEXT, '2f1c0a52-0b6f-4f0e-9f0e-0c8f8f0f0f0f')).toMatch(/^[0-9a-f]{8}-/);
  });

  it('tells at most four letters and digits of what is random', () => {
    const words = fc.stringMatching(/^[a-zA-Z0-9]{8,30}$/);
    fc.assert(
      fc.property(
        words,
        words,
        fc.constantFrom(...COLUMN_CLASSES),
        fc.constantFrom<MaskMode>('partial', 'redact'),
        (a, b, columnClass, mode) => {
          for (const value of [a, `${a} ${b}`, `${a}@${b}`, `${a}-${b}`]) {
            const masked = maskText(mask(columnClass, mode), TEXT, value)!;
            for (let i = 0; i + 5 <= a.length; i++) expect(masked).not.toContain(a.slice(i, i + 5));
          }
        },
      ),
    );
  });

  it('keeps NULL and what is empty', () => {
    for (const columnClass of COLUMN_CLASSES) {
      for (const mode of ['partial', 'token', 'redact'] as const) {
        expect(maskText(mask(columnClass, mode), TEXT, '')).toBe('');
        expect(maskValue(mask(columnClass, mode), columnOf(TEXT), null)).toBeNull();
      }
      expect(maskText(mask(columnClass, 'null'), TEXT, 'x')).toBeNull();
    }
    expect(maskText(REDACT_VALUE, TEXT, '')).toBe('');
    expect(maskValue(REDACT_VALUE, columnOf(TEXT), null)).toBeNull();
  });

  it('shows the same for every value where NULL and empty may tell something', () => {
    for (const value of [null, '', 'x', 'x'.repeat(500)])
      expect(maskValue(REDACT, columnOf(TEXT), value)?.toString()).toBe('[redacted]');
    const inside: ColumnAction = { do: 'array', element: REDACT };
    for (const value of ['{NULL}', '{""}', '{x}']) expect(maskText(inside, 1009, value)).toBe('{NULL}');
    const document: ColumnAction = { do: 'json', keys: new Map(), otherwise: REDACT };
    for (const value of ['{"a":null}', '{"a":""}', '{"a":"x"}', '{"a":7}', '{"a":[1]}'])
      expect(maskText(document, JSON_TYPE, value)).toBe('{"a":null}');
  });
});

describe('tokens', () => {
  it('are stable, keyed, and others for others', () => {
    const token = (value: string): string | null => maskText(mask('email', 'token'), TEXT, value);
    expect(token('a@b.co')).toMatch(/^email_[0-9a-f]{16}$/);
    expect(token('a@b.co')).toBe(token('a@b.co'));
    expect(token('a@b.co')).not.toBe(token('b@b.co'));
    // The class is no part of it: a user name is found again among e-mail addresses.
    expect(maskText(mask('national_id', 'token'), 23, '77')).toBe(maskText(mask('tax_id', 'token'), 23, '77'));
    expect(maskText(mask('national_id', 'token'), 23, '77')).not.toBe(maskText(mask('national_id', 'token'), 23, '78'));
  });

  it('fit into short columns with what tells them apart', () => {
    const short = (value: string, characters: number): string | null =>
      maskText(mask('bank_account', 'token'), 1043, value, characters + 4);
    expect(short('jonas', 20)).toMatch(/^[0-9a-f]{16}$/);
    expect(short('jonas', 5)).toMatch(/^[0-9a-f]{5}$/);
    expect(short('jonas', 24)).toMatch(/^account_[0-9a-f]{16}$/);
  });
});

describe('numbers', () => {
  const typmod = (precision: number, scale: number): number => ((precision << 16) | (scale & 0x7ff)) + 4;

  it('keep the precision and scale of their column', () => {
    expect(maskText(mask('tax_id'), 1700, '83412.50', typmod(12, 2))).toMatch(/^\d{1,10}\.00$/);
    expect(maskText(mask('tax_id'), 1700, '9.5', typmod(2, 1))).toMatch(/^\d\.0$/);
    expect(maskText(mask('tax_id'), 1700, '123400', typmod(5, -2))).toMatch(/^\d{1,7}$/);
    expect(maskText(mask('tax_id'), 1700, '0.1234', typmod(4, 4))).toBeNull();
  });

  it('of amounts keep their magnitude', () => {
    for (const [type, value, expected] of [
      [1700, '-83412.50', '-80000.00'],
      [1700, '9.99', '0.00'],
      [23, '83412', '80000'],
      [20, '-9223372036854775808', '-9000000000000000000'],
      [21, '7', '0'],
      [701, '83412.5', '80000'],
    ] as const) {
      expect(maskText(mask('financial'), type, value)).toBe(expected);
    }
  });

  it('of places keep whole degrees', () => {
    expect(maskText(mask('geo'), 701, '-0.4')).toBe('0');
    expect(maskText(mask('geo'), 701, '52.520008')).toBe('52');
    expect(maskText(mask('geo'), 1700, '13.404954')).toBe('13.000000');
  });

  it('that identify are in the range of their type', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const keyed = (type: number): number => Number(maskText(mask('national_id'), type, String(value % 32768)));
        for (const [type, most] of [
          [21, 2 ** 15],
          [23, 2 ** 31],
          [20, 2 ** 53],
        ] as const) {
          expect(keyed(type)).toBeGreaterThan(0);
          expect(keyed(type)).toBeLessThan(most);
        }
      }),
    );
  });
});

describe('arrays', () => {
  const emails: ColumnAction = { do: 'array', element: mask('email') };
  const element = fc.option(
    fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
    { nil: null },
  );
  const encode = (values: readonly (string | null)[]): string =>
    `{${values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;

  it('keep their elements, NULLs and quotes', () => {
    fc.assert(
      fc.property(fc.array(element), (values) => {
        const masked = parse(maskText(emails, 1009, encode(values))!) as (string | null)[];
        expect(masked).toEqual(values.map((value) => (value === null ? null : maskText(mask('email'), TEXT, value))));
        expect(maskText({ do: 'array', element: PASS }, 1009, encode(values))).toBe(encode(values));
      }),
    );
  });

  it('keep dimensions and bounds', () => {
    expect(maskText(emails, 1009, '[0:1][2:2]={{a@b.co},{NULL}}')).toBe('[0:1][2:2]={{"a***@b***.co"},{NULL}}');
    expect(maskText(mask('email'), 1009, '{}')).toBe('{}');
    // A text "NULL" is no NULL.
    expect(maskText(emails, 1009, '{"NULL",null}')).toBe('{"[redacted]",null}');
  });

  it.each(['', 'jonas', '{', '{jonas', '{"jonas}', '{a}jonas', '{a}}', '{"a\\'])(
    'are NULL where they cannot be read: %s',
    (value) => {
      if (value !== '') expect(maskText(emails, 1009, value)).toBeNull();
    },
  );

  it('are NULL where the lineage says something else of them', () => {
    expect(maskText({ do: 'row', fields: [PASS] }, 1009, '{jonas}')).toBeNull();
    expect(maskText(REDACT, 1009, '{jonas}')).toBeNull();
    expect(maskText({ do: 'array', element: PASS }, TEXT, '{jonas}')).toBe('[redacted]');
  });

  it('in binary are NULL where the element has another type than was planned for', () => {
    const bytes = Buffer.alloc(12 + 8 + 4 + 5);
    bytes.writeInt32BE(1, 0);
    bytes.writeUInt32BE(17, 8);
    bytes.writeInt32BE(1, 12);
    bytes.writeInt32BE(5, 20);
    bytes.write('jonas', 24);
    expect(maskValue(emails, columnOf(1009, 1), bytes)).toBeNull();
    bytes.writeUInt32BE(25, 8);
    expect(maskValue(emails, columnOf(1009, 1), bytes)?.subarray(24).toString()).toBe('[redacted]');
  });

  it('in binary say that there are NULLs where masks made some', () => {
    const bytes = Buffer.alloc(12 + 8 + 4 + 1);
    bytes.writeInt32BE(1, 0);
    bytes.writeUInt32BE(16, 8);
    bytes.writeInt32BE(1, 12);
    bytes.writeInt32BE(1, 20);
    const masked = maskValue(mask('health'), columnOf(1000, 1), bytes)!;
    expect(masked.readInt32BE(4)).toBe(1);
    expect(masked.readInt32BE(20)).toBe(-1);
    expect(masked.length).toBe(24);
  });
});

describe('composites', () => {
  const text = BUILTIN_TYPES.get(TEXT)!;
  const pair: TypeShape = {
    oid: 70_000,
    base: 'pair',
    kind: 'composite',
    fields: [text, BUILTIN_TYPES.get(23)!, text],
  };
  const types = (oid: number): TypeShape | undefined => (oid === pair.oid ? pair : builtins(oid));
  const row: ColumnAction = { do: 'row', fields: [mask('person_name'), PASS, PASS] };
  const rowText = (action: ColumnAction, value: string): string | null =>
    maskValue(action, columnOf(pair.oid), value, types)?.toString() ?? null;

  it('have each field masked by its own action', () => {
    expect(rowText(row, '("Jonas ""J"" Weber",5,"a,b")')).toBe('("J. W.",5,"a,b")');
    expect(rowText(row, '(,5,)')).toBe('(,5,)');
    expect(rowText(mask('person_name'), '(Jonas,5,"x\\\\y")')).toMatch(/^\("J\.","\d+","x\."\)$/);
    expect(rowText(REDACT, '(Jonas,5,x)')).toBeNull();
    expect(rowText(SCAN, '(Jonas,5,"ring a.b@mail.com")')).toBe('(Jonas,5,"ring ***@***.com")');
  });

  it.each(['(a,5)', '(a,5,b,c)', '(a,5,"b)', 'a,5,b', '(a"b,5,c)', '(a,5,"b"c)'])(
    'are NULL where they are not what was planned for: %s',
    (value) => {
      expect(rowText(row, value)).toBeNull();
    },
  );

  it('in binary have their fields’ types checked', () => {
    const field = (type: number, value: string | null): Buffer => {
      const bytes = Buffer.alloc(8 + (value?.length ?? 0));
      bytes.writeUInt32BE(type, 0);
      bytes.writeInt32BE(value === null ? -1 : value.length, 4);
      bytes.write(value ?? '', 8);
      return bytes;
    };
    const record = (...fields: Buffer[]): Buffer => Buffer.concat([Buffer.from([0, 0, 0, fields.length]), ...fields]);
    const binary = (action: ColumnAction, value: Buffer, oid = pair.oid): Buffer | null =>
      maskValue(action, columnOf(oid, 1), value, types);
    expect(binary(row, record(field(25, 'Jonas'), field(23, 'abcd'), field(25, null)))).toEqual(
      record(field(25, 'J.'), field(23, 'abcd'), field(25, null)),
    );
    // The field is not of the type that the catalog says: nothing is known of it.
    expect(binary(row, record(field(17, 'Jonas'), field(23, 'abcd'), field(25, null)))).toEqual(
      record(field(17, null), field(23, 'abcd'), field(25, null)),
    );
    expect(binary(row, record(field(25, 'Jonas'), field(23, 'abcd')))).toBeNull();
    // An anonymous one tells its types itself.
    expect(binary(mask('email'), record(field(25, 'a@b.co'), field(4_000_000, 'jonas')), 2249)).toEqual(
      record(field(25, 'a***@b***.co'), field(4_000_000, null)),
    );
  });

  it('without a type are masked as texts', () => {
    expect(maskText({ do: 'row', fields: [PASS, mask('email')] }, 2249, '(7,a@b.co)')).toBe('(7,"a***@b***.co")');
    expect(maskText(mask('email'), 2249, '(7,a@b.co)')).toBeNull();
  });

  it('that hold themselves are masked to some depth', () => {
    const tree: TypeShape = {
      oid: 70_001,
      base: 'tree',
      kind: 'composite',
      get fields() {
        return [text, { oid: 70_002, base: 'array', kind: 'array', element: tree } as TypeShape];
      },
    };
    const value = '(Jonas,"{""(Jonas,{})""}")';
    const masked = maskValue(mask('person_name'), columnOf(tree.oid), value, () => tree)!.toString();
    expect(masked).not.toContain('Jonas');
    expect(masked).toContain('J.');
  });
});

describe('json', () => {
  const plan: ColumnAction = {
    do: 'json',
    keys: new Map<string, ColumnAction>([
      ['email', mask('email')],
      ['n', PASS],
      ['inner', { do: 'json', keys: new Map([['phone', mask('phone')]]), otherwise: PASS }],
    ]),
    otherwise: REDACT,
  };

  it('has each key masked by its action, and keeps what passes as it stands', () => {
    const value =
      '{ "email" : "a@b.co", "\\u006e": [1.50, {"x" : null}],  "inner":{"phone": "+49 170 123456", "é\\n": "\\u00e9"}, "z": {"k": 1}, "y": "t"}';
    expect(maskText(plan, JSON_TYPE, value)).toBe(
      '{ "email" : "a***@b***.co", "\\u006e": [1.50, {"x" : null}],  "inner":{"phone": "+** *** **56", "é\\n": "\\u00e9"}, "z": null, "y": null}',
    );
    expect(maskText(plan, JSON_TYPE, '[{"email": "a@b.co"}, 5, "x"]')).toBe('[{"email": "a***@b***.co"}, null, null]');
    expect(maskText(plan, JSON_TYPE, '"a@b.co"')).toBe('null');
    expect(maskText({ ...plan, otherwise: REDACT_VALUE }, JSON_TYPE, '["a@b.co", ""]')).toBe(
      '["[redacted]", "[redacted]"]',
    );
  });

  it('keeps its structure, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6 }),
        fc.constantFrom(...COLUMN_CLASSES),
        fc.constantFrom<MaskMode>('partial', 'token', 'redact'),
        (value, columnClass, mode) => {
          expect(maskText({ do: 'json', keys: new Map(), otherwise: PASS }, JSON_TYPE, value)).toBe(value);
          const masked: unknown = JSON.parse(maskText(mask(columnClass, mode), JSON_TYPE, value)!);
          same(JSON.parse(value), masked);
          const binary = maskValue(
            mask(columnClass, mode),
            columnOf(JSONB, 1),
            Buffer.concat([Buffer.from([1]), Buffer.from(value)]),
          )!;
          expect(binary[0]).toBe(1);
          expect(JSON.parse(binary.subarray(1).toString())).toEqual(masked);
        },
      ),
    );
    function same(from: unknown, to: unknown): void {
      if (Array.isArray(from)) {
        expect(to).toHaveLength(from.length);
        from.forEach((item, i) => {
          same(item, (to as unknown[])[i]);
        });
      } else if (typeof from === 'object' && from !== null) {
        const keys = Object.keys(from);
        expect(Object.keys(to as object).length).toBe(keys.length);
        for (const key of keys) if (key in (to as object)) same(Reflect.get(from, key), Reflect.get(to as object, key));
      } else if (typeof from === 'string' && from.length > 0) expect(to).not.toBe(from.length > 3 ? from : undefined);
    }
  });

  it('shows nothing of values that are deeper than one looks, or broken', () => {
    const deep = `${'['.repeat(300)}"jonas"${']'.repeat(300)}`;
    expect(maskText(mask('email'), JSON_TYPE, deep)).toBeNull();
    for (const value of [
      '{',
      '{"a"',
      '{"a":"jonas',
      '[1,',
      '{"a":jonas}x',
      'jonas@x.co',
      '"a" "b"',
      '{a:1}',
      '{"a":"\\x"}',
      '',
    ]) {
      const masked = maskText(mask('email'), JSON_TYPE, value);
      if (masked !== null) expect(masked).not.toContain('jonas');
      expect(maskText(SCAN, JSON_TYPE, value) ?? '').not.toContain('jonas@x.co');
    }
  });

  it('is scanned with keys as context, and its keys too', () => {
    const value = '{"note": "ring a.b@mail.com", "c.d@mail.com": 1, "card": 4111111111111111, "ok": [true, "4.2.1"]}';
    const masked = maskText(SCAN, JSON_TYPE, value)!;
    expect(JSON.parse(masked)).toEqual({ note: 'ring ***@***.com', '***@***.com': 1, card: 0, ok: [true, '4.2.1'] });
    expect(maskText(SCAN, JSON_TYPE, '{"phone": "2015550123"}')).not.toContain('2015550123');
    const passed = new Map<string, ColumnAction>([['c.d@mail.com', PASS]]);
    const both = maskText(
      { do: 'json', keys: passed, otherwise: SCAN },
      JSON_TYPE,
      '[{"c.d@mail.com":1},{"x":{"c.d@mail.com":1}}]',
    );
    expect(both).toBe('[{"c.d@mail.com":1},{"x":{"***@***.com":1}}]');
    const clear = '{"a":  [1,2.50,"x"],"b":{}}';
    expect(maskText(SCAN, JSON_TYPE, clear)).toBe(clear);
  });

  it('is NULL as a whole where it is redacted', () => {
    expect(maskText(REDACT, JSONB, '{"jonas": 1}')).toBeNull();
    expect(maskText(mask('email', 'null'), JSONB, '{"jonas": 1}')).toBeNull();
  });
});

describe('scans', () => {
  it('touch nothing where there is nothing', () => {
    for (const [type, value] of [
      [TEXT, 'order 12345, version 4.2.1'],
      [23, '123456'],
      [1082, '2024-01-02'],
      [1009, '{"a b",NULL,c}'],
      [3904, '[1,5)'],
      [17, '\\x00ff'],
      [1700, '12345.67'],
    ] as const) {
      expect(maskText(SCAN, type, value)).toBe(value);
    }
  });

  it('find what a value alone tells', () => {
    expect(maskText(SCAN, TEXT, 'write to a.b@mail.com')).toBe('write to ***@***.com');
    expect(maskText(SCAN, 20, '4111111111111111')).toBeNull();
    expect(maskText(SCAN, 1009, '{a,"b a.b@mail.com"}')).toBe('{"a","b ***@***.com"}');
  });
});

describe('hstore', () => {
  const HSTORE: TypeShape = { oid: 70_000, base: 'hstore', kind: 'scalar' };
  const types = (oid: number) => (oid === HSTORE.oid ? HSTORE : oid === 70_001 ? ARRAY : builtins(oid));
  const ARRAY: TypeShape = { oid: 70_001, base: 'array', kind: 'array', element: HSTORE };
  const leaf = (columnClass: ColumnClass): ColumnAction => ({
    do: 'json',
    keys: new Map(),
    otherwise: mask(columnClass),
  });
  const byKey: ColumnAction = {
    do: 'json',
    keys: new Map<string, ColumnAction>([
      ['mail', leaf('email')],
      ['a "b"', leaf('person_name')],
      ['open', { do: 'json', keys: new Map(), otherwise: PASS }],
    ]),
    otherwise: SCAN,
  };
  const text =
    '"mail"=>"jo@mail.example", "a \\"b\\""=>"Jane Doe", "open"=>"x@y.example", "k"=>"v", "n"=>NULL, "t"=>"a@b.example"';
  const masked =
    '"mail"=>"j***@m***.example", "a \\"b\\""=>"J. D.", "open"=>"x@y.example", "k"=>"v", "n"=>NULL, "t"=>"***@***.example"';

  it('is masked by its keys', () => {
    expect(maskValue(byKey, columnOf(HSTORE.oid), text, types)?.toString()).toBe(masked);
    const quoted = (one: string) => `{"${one.replace(/["\\]/g, '\\$&')}",NULL}`;
    expect(maskValue(byKey, columnOf(ARRAY.oid), quoted(text), types)?.toString()).toBe(quoted(masked));
    expect(maskValue(byKey, columnOf(HSTORE.oid), '"k"=>"v"', types)?.toString()).toBe('"k"=>"v"');
    expect(maskValue(byKey, columnOf(HSTORE.oid), '"mail"=>"jo@mail.example', types)).toBeNull();
  });

  it('is masked by its keys in binary', () => {
    const binary = (...values: (string | null)[]): Buffer => {
      const count = Buffer.alloc(4);
      count.writeInt32BE(values.length / 2);
      const fields = values.map((value) => {
        const length = Buffer.alloc(4);
        length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value));
        return Buffer.concat([length, Buffer.from(value ?? '')]);
      });
      return Buffer.concat([count, ...fields]);
    };
    const value = binary('k', 'v', 'mail', 'jo@mail.example', 'n', null, 'a "b"', 'Jane Doe');
    expect(maskValue(byKey, columnOf(HSTORE.oid, 1), value, types)).toEqual(
      binary('k', 'v', 'mail', 'j***@m***.example', 'n', null, 'a "b"', 'J. D.'),
    );
  });
});

describe('a document as text', () => {
  const action: ColumnAction = {
    do: 'json',
    keys: new Map([['mail', { do: 'json', keys: new Map(), otherwise: mask('email') } as const]]),
    otherwise: SCAN,
  };

  it('is masked by its paths, what is none redacted', () => {
    expect(maskText(action, TEXT, '{"mail": "jo@mail.example", "k": 1}')).toBe('{"mail": "j***@m***.example", "k": 1}');
    expect(maskText(action, TEXT, 'Jane Doe')).toBe('[redacted]');
    expect(maskText(action, TEXT, '{"mail": "jo@mail.ex')).toBe('[redacted]');
  });
});

describe('ranges', () => {
  it('keep years of dates, and are NULL otherwise', () => {
    expect(maskText(mask('date_of_birth'), 3912, '[1985-03-12,1990-05-06)')).toBe('["1985-01-01","1990-01-01")');
    expect(maskText(mask('date_of_birth'), 3912, 'empty')).toBe('empty');
    expect(maskText(mask('national_id'), 3904, '[1,5)')).toBeNull();
    expect(maskText(mask('date_of_birth', 'token'), 3912, '[1985-03-12,1990-05-06)')).toBeNull();
    expect(maskText(REDACT, 3912, '[1985-03-12,1990-05-06)')).toBeNull();
  });
});

describe('redaction', () => {
  it('leaves texts `[redacted]` and all else NULL', () => {
    for (const [oid, shape] of BUILTIN_TYPES) {
      const masked = maskText(REDACT, oid, 'jonas');
      if (['text', 'varchar', 'bpchar', 'name', 'unknown', 'cstring'].includes(shape.base))
        expect(masked).toBe('[redacted]');
      else expect([shape.base, masked]).toEqual([shape.base, null]);
    }
  });

  it('does not let a value through that is not of its type', () => {
    for (const [oid, shape] of BUILTIN_TYPES) {
      for (const columnClass of COLUMN_CLASSES) {
        for (const mode of ['partial', 'token', 'redact'] as const) {
          for (const format of [0, 1]) {
            const masked =
              maskValue(mask(columnClass, mode), columnOf(oid, format), 'jonas.secret77@mail')?.toString('latin1') ??
              '';
            expect([shape.base, masked.includes('onas'), masked.includes('secret77')]).toEqual([
              shape.base,
              false,
              false,
            ]);
          }
        }
      }
    }
  });
});

it('knows what PostgreSQL calls its errors', () => {
  expect(conditionName('22P02')).toBe('invalid text representation');
  expect(conditionName('23505')).toBe('unique violation');
  expect(conditionName('JONAS')).toBeUndefined();
});
