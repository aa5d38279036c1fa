/** The validators one by one: what each takes and what it must not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { arrayElements, compositeFields, hstorePairs, printableBytea } from '../../src/classify/sample-forms.ts';
import { jsonValues } from '../../src/classify/scan-json.ts';
import { systemColumnAction } from '../../src/classify/system-columns.ts';
import { luhn, verhoeff } from '../../src/classify/values/checksums.ts';
import { birthDates } from '../../src/classify/values/date-of-birth.ts';
import { isImei, isMacAddress } from '../../src/classify/values/device.ts';
import { isEmail } from '../../src/classify/values/email.ts';
import { isIban } from '../../src/classify/values/iban.ts';
import { ipForm } from '../../src/classify/values/ip-address.ts';
import { idForms } from '../../src/classify/values/national-id.ts';
import { isPasswordHash } from '../../src/classify/values/password-hash.ts';
import { isPaymentCard } from '../../src/classify/values/payment-card.ts';
import { nameForm } from '../../src/classify/values/person-name.ts';
import { phoneForm } from '../../src/classify/values/phone.ts';
import { isPostalAddress } from '../../src/classify/values/postal-address.ts';
import { hasSecretFormat, isRandomToken, passwordUrls, SECRET_FORMATS } from '../../src/classify/values/secret.ts';

const yesNo = (name: string, test: (value: string) => boolean, yes: string[], no: string[]): void => {
  describe(name, () => {
    it.each(yes)('%s', (value) => expect(test(value)).toBe(true));
    it.each(no)('not %s', (value) => expect(test(value)).toBe(false));
  });
};

yesNo(
  'isEmail',
  isEmail,
  [
    'a@b.de',
    'Anna.Smith+x@mail.example.co.uk',
    'Zoë <zoe@x.example>',
    'mailto:a@b.example',
    "o'brien@x.example",
    'ü@ü.example',
  ],
  [
    '@handle',
    'a@b',
    'left-pad@1.2.3',
    '@scope/pkg@1.0.0',
    'git@github.com:org/repo.git',
    'a@b.c d',
    'a b@c.example',
    'x@.example',
  ],
);
yesNo(
  'isPaymentCard',
  isPaymentCard,
  [
    '4111111111111111',
    '4111 1111 1111 1111',
    '3782 822463 10005',
    '5555-5555-5555-4444',
    '6011111111111117',
    '4222222222222',
  ],
  [
    '4111111111111112',
    '1700000000000',
    '0000000000000000',
    '4111-11111111-1111',
    '9999999999999995',
    '41111111111111111111',
  ],
);
yesNo(
  'isIban',
  isIban,
  ['DE89370400440532013000', 'GB29 NWBK 6016 1331 9268 19', 'fr1420041010050500013m02606', 'NO9386011117947'],
  ['DE89370400440532013001', 'XX89370400440532013000', 'DE8937040044053201300', 'hello world'],
);
yesNo(
  'isPasswordHash',
  isPasswordHash,
  [
    `$2b$12$${'a'.repeat(53)}`,
    '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub',
    'pbkdf2_sha256$260000$salt$aGFzaGhhc2hoYXNo',
    '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    '$6$rounds=5000$salt$abcdefghijklmnop',
    'SCRAM-SHA-256$4096:c2FsdA==$a2V5:c2VydmVy',
    'md5a3f5c8d9e0b1a2c3d4e5f60718293a4b',
    'scrypt:32768:8:1$salt$0123456789abcdef0123456789abcdef',
    `AQAAAAIAAYagAAAAE${'aB3'.repeat(22)}w==`,
  ],
  ['AQAAAAIAAYag', '$2b$12$short', 'a3f5c8d9e0b1a2c3d4e5f60718293a4b', 'min 12 characters', '$19.99'],
);
yesNo(
  'hasSecretFormat',
  hasSecretFormat,
  [
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    `ghp_${'aB3'.repeat(12)}`,
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk',
    'redis://:p4ssw0rd@cache.internal:6379/0',
    'https://hooks.slack.com/services/T0000/B0000/XXXXXXXX',
    'https://hooks.example/in/4?token=bcdfghjkmnpqrstvwxz2345',
  ],
  [
    'https://example.com/a/b?page=2',
    'sk_test',
    'postgres://db.internal/prod',
    '-----BEGIN CERTIFICATE-----',
    'cus_NffrFeUfNV2Hib',
  ],
);
yesNo(
  'isMacAddress',
  isMacAddress,
  ['00:1b:44:11:3a:b7', '00-1B-44-11-3A-B7', '001b.4411.3ab7'],
  ['00:1b:44:11:3a', '10:20:30', '001b44113ab7'],
);
yesNo('isImei', isImei, ['490154203237518', '35-209900-176148-1'], ['490154203237519', '123456789012345']);
yesNo(
  'isPostalAddress',
  isPostalAddress,
  [
    '12 Main Street',
    'Lindenstr. 5, 10969 Berlin',
    '14 rue de la Paix',
    'Calle Mayor 12, 3º B',
    'ул. Ленина, д. 5',
    'P.O. Box 12',
    '東京都千代田区1丁目2番',
    'Prinsengracht 263',
    '221B Baker Street, London',
  ],
  [
    'Main Street',
    'Street food for 20',
    'Chapter 5',
    'https://x.example/street/5',
    'The road to 1999 was long and hard for all of us who were there and saw what came of it in the end of that year',
    'Nordic Desk Lamp 12',
  ],
);

describe('isRandomToken', () => {
  it.each(['aB3dE5gH7jK9mN2pQ4rS6tU8', 'xK9f-2Lm_Qw8Zr4Tn6Yb1Vc'])('%s', (value) =>
    expect(isRandomToken(value)).toBe('strong'),
  );
  it.each([
    '5f0c3a1e9b7d4c2a8e6f1b3d5c7a9e0f',
    'order-created-email-template-2',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'cus_4QFJOjw2pOmAGJxx12345',
    'app/models/user_profile_v2',
    'com.example.billing.InvoiceService2',
    'iVBORw0KGgoAAAANSUhEUgAAAAUA',
  ])('not %s', (value) => expect(isRandomToken(value)).toBeUndefined());
  // So many characters, all as often, have log2 of it bits each.
  it.each([
    ['aB1cD2eF3', undefined],
    ['aB1cD2eF3g', 'weak'],
    ['aB1cD2eF3gH4', 'weak'],
    ['aB1cD2eF3gH4i', 'strong'],
  ])('of the characters %s: %s', (characters, is) => expect(isRandomToken(characters.repeat(3))).toBe(is));
});

describe('phoneForm', () => {
  it.each([
    ['+49 30 901820', 'sure'],
    ['+12125550123', 'sure'],
    ['0044 20 7946 0123', 'sure'],
    ['(212) 555-0123', 'sure'],
    ['212-555-0123', 'sure'],
    ['030 901820', 'sure'],
    ['2125550123', 'national'],
    ['0612345678', 'national'],
  ])('%s is %s', (value, form) => expect(phoneForm(value)).toBe(form));
  it.each([
    '2024-03-05',
    '123-45-6789',
    '12345-6789',
    '978-3-16-148410-0',
    '10.0.0.1',
    '1234567',
    '1700000000',
    '3.14159265',
    '12:30:45',
    '4111 1111 1111 1111',
  ])('not %s', (value) => expect(phoneForm(value)).toBeUndefined());
});

describe('ipForm', () => {
  it.each([
    ['93.184.216.34', 'likely'],
    ['192.168.0.1', 'likely'],
    ['1.2.3.4', 'possible'],
    ['10.0.0.0/8', undefined],
    ['10.0.0.7/8', 'possible'],
    ['84.21.160.0/20', undefined],
    ['84.21.161.9/20', 'likely'],
    ['2001:db8::1', 'likely'],
    ['::1', 'likely'],
    ['256.1.1.1', undefined],
    ['1.2.3', undefined],
    ['10:20:30', undefined],
    ['1.2.3.4.5', undefined],
  ])('%s: %s', (value, form) => expect(ipForm(value)).toBe(form));
});

describe('idForms', () => {
  it.each([
    ['801-12-4321', 'US social security numbers'],
    ['529.982.247-25', 'CPF numbers'],
    ['12345678Z', 'DNI or NIE numbers'],
    ['X1234567L', 'DNI or NIE numbers'],
    ['111222333', 'BSN numbers'],
    ['44051401359', 'PESEL numbers'],
    ['RSSMRA85T10A562S', 'fiscal codes of Italy'],
    ['811228-9874', 'personnummer'],
    ['AB123456C', 'national insurance numbers'],
    ['2341 2341 2346', 'Aadhaar numbers'],
    ['HEGG560427MVZRRL04', 'CURP codes'],
    ['255081416802538', 'NIR numbers'],
    ['046-454-286', 'none'],
    ['756.9217.0769.85', 'AHV numbers'],
    ['10000000146', 'identity numbers of Turkey'],
    ['12.345.678-5', 'RUT numbers'],
    ['131052-308T', 'personal identity codes of Finland'],
    ['11010519491231002X', 'identity numbers of China'],
    ['86095742719', 'tax numbers of Germany'],
    ['943 476 5919', 'NHS numbers'],
    ['11.222.333/0001-81', 'CNPJ numbers'],
    ['20-1234567', 'employer identification numbers'],
    ['DE136695976', 'VAT numbers'],
  ])('%s: %s', (value, name) => {
    const names = idForms(value).map((form) => form.name);
    if (name === 'none') expect(names).toEqual([]);
    else expect(names).toContain(name);
  });
  it.each(['000-12-3456', '666-12-3456', '529.982.247-26', '12345678A', '44051401358', 'BG123456C', '2341 2341 2347'])(
    'not %s',
    (value) => expect(idForms(value)).toEqual([]),
  );
});

describe('nameForm', () => {
  it.each([
    ['Anna Kowalska', 'full'],
    ['SMITH, JOHN', 'full'],
    ['Dr. Jürgen von der Heide', 'full'],
    ["Seán O'Brien", 'full'],
    ['María-José Carreño Quiñones', 'full'],
    ['J. Smith', 'full'],
    ['Сергей Иванов', 'full'],
    ['王秀英', 'full'],
    ['Anna', 'given'],
    ['Kowalski', 'family'],
    ['Blorp Wuzzle', 'shape'],
    ['Acme Inc', undefined],
    ['Standing Desk', undefined],
    ['san francisco', undefined],
    ['anna', undefined],
    ['Version 2', undefined],
  ])('%s: %s', (value, form) => expect(nameForm(value)).toBe(form));
});

describe('birthDates', () => {
  const days = (n: number, year: (i: number) => number): string[] =>
    Array.from(
      { length: n },
      (_, i) => `${year(i)}-${String((i % 12) + 1).padStart(2, '0')}-${String(((i * 7) % 27) + 2).padStart(2, '0')}`,
    );
  it('knows adults', () => expect(birthDates(days(60, (i) => 1950 + (i % 50)))).toBe('strong'));
  it('doubts schoolchildren', () => expect(birthDates(days(60, (i) => 2006 + (i % 12)))).toBe('weak'));
  it('takes hiring days for none', () => expect(birthDates(days(60, (i) => 2012 + (i % 12)))).toBeUndefined());
  it('takes years of publication for none', () =>
    expect(birthDates(Array.from({ length: 60 }, (_, i) => `${1950 + (i % 50)}-01-01`))).toBeUndefined());
  it('takes one recent day for a sign', () =>
    expect(birthDates([...days(60, (i) => 1950 + (i % 50)), '2024-05-05'])).not.toBe('strong'));
});

describe('days that look like births', () => {
  const classOf = (column: string) => {
    const values = Array.from({ length: 200 }, (_, i) =>
      new Date(Date.UTC(1970, 0, 1 + i * 37)).toISOString().slice(0, 10),
    );
    const subject = {
      schema: 'public',
      table: 'zz',
      column,
      type: 'timestamp without time zone',
      siblings: [],
      values,
    };
    return classifyTable([subject])[0]!.class;
  };
  it.each(['c4', 'geb', 'tgl', 'x_naiss'])('are under a name that says nothing else: %s', (name) =>
    expect(classOf(name)).toBe('date_of_birth'),
  );
  it.each(['created', 'due', 'invoice_date', 'last_seen'])('are not under one that says what they are: %s', (name) =>
    expect(classOf(name)).toBeUndefined(),
  );
});

describe('check digits', () => {
  it('catch every wrong digit', () => {
    for (const [test, number] of [
      [luhn, '4111111111111111'],
      [verhoeff, '234123412346'],
    ] as const) {
      expect(test(number)).toBe(true);
      for (let i = 0; i < number.length; i++) {
        for (let digit = 0; digit < 10; digit++) {
          const other = number.slice(0, i) + digit + number.slice(i + 1);
          expect(test(other)).toBe(other === number);
        }
      }
    }
  });
});

describe('forms that PostgreSQL prints', () => {
  it('arrays', () => {
    expect(arrayElements('{a,"b, \\"c\\"",NULL,"NULL"}')).toEqual(['a', 'b, "c"', 'NULL']);
    expect(arrayElements('{{a,b},{c,d}}')).toEqual(['a', 'b', 'c', 'd']);
    expect(arrayElements('[0:1]={a,b}')).toEqual(['a', 'b']);
    expect(arrayElements('{}')).toEqual([]);
    expect(arrayElements('a,b')).toBeUndefined();
  });
  it('composites', () => {
    expect(compositeFields('("333 Foo Street, X",City,12345,,"say ""hi""")')).toEqual([
      '333 Foo Street, X',
      'City',
      '12345',
      null,
      'say "hi"',
    ]);
    expect(compositeFields('plain')).toBeUndefined();
  });
  it('hstore', () => {
    expect(hstorePairs('"a"=>"1", "b \\"c\\""=>NULL, "d"=>"x=>y"')).toEqual([
      ['a', '1'],
      ['d', 'x=>y'],
    ]);
    expect(hstorePairs('plain')).toBeUndefined();
  });
  it('bytea', () => {
    expect(printableBytea('\\x6162c3bc')).toBe('abü');
    expect(printableBytea('\\x00ff')).toBeUndefined();
  });
  it('json, whole or cut at any place', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)] }),
        (document) => {
          const text = JSON.stringify(document);
          const whole = jsonValues(text);
          expect(whole).toBeDefined();
          for (let end = 1; end < text.length; end += 3) {
            const part = jsonValues(text.slice(0, end));
            expect(part).toBeDefined();
            // A number may have lost its last digits.
            expect(whole!.map(({ path }) => path).slice(0, part!.length)).toEqual(part!.map(({ path }) => path));
          }
        },
      ),
      { numRuns: 200, seed: 3 },
    );
    expect(jsonValues('no json')).toBeUndefined();
    expect(jsonValues('<a>1</a>')).toBeUndefined();
  });
});

describe('systemColumnAction', () => {
  it.each([
    ['pg_catalog', 'pg_stats', 'most_common_vals', 'redact'],
    ['pg_catalog', 'pg_stats', 'n_distinct', 'redact'],
    ['pg_catalog', 'pg_stats', 'null_frac', 'pass'],
    ['pg_catalog', 'pg_statistic', 'stavalues3', 'redact'],
    ['pg_catalog', 'pg_stat_activity', 'query', 'redact'],
    ['ext', 'pg_stat_statements', 'query', 'redact'],
    ['pg_catalog', 'pg_authid', 'rolpassword', 'redact'],
    ['pg_catalog', 'pg_proc', 'prosrc', 'scan'],
    ['pg_catalog', 'pg_proc', 'proname', 'pass'],
    ['pg_catalog', 'pg_roles', 'rolconfig', 'scan'],
    ['information_schema', 'columns', 'column_default', 'scan'],
    ['information_schema', 'routines', 'routine_definition', 'scan'],
    ['pg_toast', 'pg_toast_2619', 'chunk_data', 'redact'],
    ['pg_catalog', 'pg_class', 'relname', 'pass'],
    ['pg_catalog', 'constructor', 'name', 'pass'],
    ['pg_catalog', 'pg_proc', 'constructor', 'pass'],
  ])('%s.%s.%s: %s', (schema, relation, column, action) => {
    expect(systemColumnAction(schema, relation, column)).toBe(action);
  });
});

describe('URLs with a password', () => {
  it('are what a pattern from the scheme on finds', () => {
    const pattern = /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{0,80}:[^\s/@"'<>]{1,200}@[^\s"'<>]+/g;
    const piece = fc.oneof(
      fc.constantFrom(
        '://',
        ':',
        '@',
        '/',
        ' ',
        'https',
        'a'.repeat(30),
        'x'.repeat(90),
        'Z',
        '"',
        '7',
        '-',
        'postgres://u:p@h',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        const expected = [...text.matchAll(pattern)].map(({ index, 0: all }) => [index, index + all.length]);
        expect([...passwordUrls(text)].map(({ start, end }) => [start, end])).toEqual(expected);
      }),
      { numRuns: 5_000, seed: 11 },
    );
  });
});

describe('formats of secrets', () => {
  it('begin with a character of their own: one that begins with any letter is begun at every letter of a text', () => {
    for (const format of SECRET_FORMATS) expect(format).not.toMatch(/^(?:\[[^\]]*a-z[^\]]*\]|\\w|\.)[{+*]/i);
  });
});
