import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskScannedJson } from '../../src/classify/scan-json.ts';
import { maskScanned, mayHoldSensitive, scanText } from '../../src/classify/scan-text.ts';

const found = (text: string): string[] => scanText(text).map((hit) => `${hit.class}:${text.slice(hit.start, hit.end)}`);

function luhnNumber(prefix: string, length: number, filler: string): string {
  const body = (prefix + filler).slice(0, length - 1);
  for (let digit = 0; digit < 10; digit++) {
    let sum = 0;
    [...`${body}${digit}`].reverse().forEach((char, i) => {
      const value = Number(char) * (i % 2 === 0 ? 1 : 2);
      sum += value > 9 ? value - 9 : value;
    });
    if (sum % 10 === 0) return `${body}${digit}`;
  }
  throw new Error('no check digit');
}

function iban(country: string, bban: string): string {
  const digits = [...`${bban}${country}00`].map((c) => (c >= 'A' ? String(c.charCodeAt(0) - 55) : c)).join('');
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${bban}`;
}

const letters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';
const alphanumeric = fc.string({ unit: fc.constantFrom(...letters, ...'23456789'), minLength: 24, maxLength: 24 });
const digits = (n: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: n, maxLength: n });

const SENSITIVE: Record<string, fc.Arbitrary<string>> = {
  email: fc
    .tuple(
      fc.stringMatching(/^[a-z][a-z0-9._+-]{0,20}[a-z0-9]$/),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,15}[a-z]$/),
      fc.constantFrom('example', 'org', 'co.uk', 'museum'),
    )
    .map(([local, host, tld]) => `${local}@${host}.${tld}`),
  card: fc
    .tuple(fc.constantFrom(['4', 16], ['51', 16], ['37', 15], ['6011', 16], ['2223', 16]), digits(20))
    .map(([[prefix, length], filler]) => luhnNumber(String(prefix), Number(length), filler)),
  iban: fc.oneof(
    digits(18).map((d) => iban('DE', d)),
    fc.tuple(fc.stringMatching(/^[A-Z]{4}$/), digits(14)).map(([bank, d]) => iban('GB', bank + d)),
    digits(20).map((d) => iban('ES', d)),
  ),
  secret: fc
    .tuple(fc.constantFrom('sk_live_', 'ghp_', 'glpat-', 'xoxb-', 'npm_123456'), alphanumeric)
    .map(([prefix, body]) => prefix + body),
  ssn: fc
    .tuple(fc.integer({ min: 700, max: 899 }), fc.integer({ min: 10, max: 99 }), fc.integer({ min: 1000, max: 9999 }))
    .map((parts) => parts.join('-')),
  phone: digits(7).map((d) => `+1 212 ${d.slice(0, 3)} ${d.slice(3)}`),
};

/** Between the values there is prose: nothing that a value could grow into. */
const prose = fc.constantFrom('', 'see ', 'wrote from ', 'paid with (', 'über <', 'note: ', '"', 'a, ');
const after = fc.constantFrom('', ' and left', '.', ', ok', ')', '" x', '>\n');

describe('scanText', () => {
  it.each(Object.entries(SENSITIVE))('finds every %s wherever it stands, and its mask holds none', (_name, value) => {
    fc.assert(
      fc.property(prose, value, after, (before, secret, behind) => {
        const text = before + secret + behind;
        const covered = scanText(text).some((hit) => text.slice(hit.start, hit.end).includes(secret.slice(0, -1)));
        expect(covered, text).toBe(true);
        const bytes = Buffer.from(text);
        expect(mayHoldSensitive(bytes, 0, bytes.length), text).toBe(true);
        const masked = maskScanned(text);
        expect(masked).not.toContain(secret.slice(0, -4));
        expect(maskScanned(masked)).toBe(masked);
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('says no on bytes only where a scan finds nothing', () => {
    const piece = fc.oneof(...Object.values(SENSITIVE), fc.string({ unit: 'binary', maxLength: 12 }), prose);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join('').toWellFormed();
        const bytes = Buffer.from(text);
        if (!mayHoldSensitive(bytes, 0, bytes.length)) expect(scanText(text)).toEqual([]);
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });

  it.each([
    ['Called back on (415) 555-0132 today', ['phone:(415) 555-0132']],
    ['tel 030 1234567', ['phone:030 1234567']],
    ['reach me at 0151 23456789.', ['phone:0151 23456789']],
    ['SSN given as 801-12-4321, ok', ['national_id:801-12-4321']],
    ['ssn: 801124321', ['national_id:801124321']],
    ['born 12/04/1981 in Bern', ['date_of_birth:12/04/1981']],
    ['card 4111 1111 1111 1111 declined', ['payment_card:4111 1111 1111 1111']],
    ['DE89 3704 0044 0532 0130 00 BIC', ['bank_account:DE89 3704 0044 0532 0130 00']],
    ['from 84.17.45.201 at noon', ['ip_address:84.17.45.201']],
    ['from 2001:db8:85a3::8a2e:370:7334', ['ip_address:2001:db8:85a3::8a2e:370:7334']],
    ['https://hooks.example/in?token=k3jh5k2j3h5k2 ok', ['secret:k3jh5k2j3h5k2']],
    ['postgres://app:hunter2@db.internal/prod', ['secret:postgres://app:hunter2@db.internal/prod']],
    ['password: Tr0ub4dor&3', ['secret:Tr0ub4dor&3']],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\n-----END RSA PRIVATE KEY-----', 1],
    ['user%40host.example', ['email:user%40host.example']],
    ['{"m":"a.b\\u0040c.example"}', ['email:a.b\\u0040c.example']],
    ['Zoë.Müller@bücher.example', ['email:Zoë.Müller@bücher.example']],
    ['two: a@b.example,c@d.example', ['email:a@b.example', 'email:c@d.example']],
  ])('%s', (text, expected) => {
    if (typeof expected === 'number') expect(scanText(text)).toHaveLength(expected);
    else expect(found(text)).toEqual(expected);
  });

  it.each([
    'left-pad@1.2.3',
    'git@github.com:org/repo.git',
    'logo@2x.png',
    'build 5f0c3a1e9b7d4c2a8e6f1b3d5c7a9e0f2b4d6c81',
    'b6a3e7f0-4c1d-4f7e-a2b9-0d1c2e3f4a5b',
    'order 7012345678901234 shipped',
    'version 10.15.7.190',
    'Chrome/120.0.0.0',
    'at 2024-03-05 10:22:13.456789+00',
    '1700000000000',
    'v1.2.3-rc.4',
    'SELECT 1 + 2 * 3 FROM t WHERE a = 10',
    'INV-2024-000123',
    'min 12 characters, token := new_token',
    'AB-123-45-678',
    '978-3-16-148410-0',
    "nextval('public.users_id_seq'::regclass)",
    'CREATE TABLE t (token text, password text NOT NULL)',
    '10.0.0.17 and 192.168.1.20',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  ])('leaves %s as it is', (text) => {
    expect(found(text)).toEqual([]);
    expect(maskScanned(text)).toBe(text);
  });

  it('takes time in proportion to the text', () => {
    for (const unit of ['a@', '1 ', '1-', 'DE00', 'eyJ', '+1', 'x.', ':1', '1.', 'key: ', 'tel ']) {
      // A quadratic scan of these would take minutes, and the test its time limit.
      expect(scanText(unit.repeat(100_000)).length).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('maskScannedJson', () => {
  it('keeps json json, its keys and what is clear', () => {
    const text =
      '{ "who": "a.b@c.example", "n": [1, 2.50, {"pan": 4111111111111111}], "ok":true, "e": "x\\u0040y.example" }';
    const masked = maskScannedJson(text);
    expect(JSON.parse(masked)).toEqual({
      who: '***@***.example',
      n: [1, 2.5, { pan: 0 }],
      ok: true,
      e: '***@***.example',
    });
    expect(masked).toContain('2.50');
  });

  it('reads a value with its key', () => {
    expect(maskScannedJson('{"mobilePhone":"0151 23456789","ssn":"801124321","seq":"801124321"}')).toBe(
      '{"mobilePhone":"**** ********","ssn":"*********","seq":"801124321"}',
    );
  });

  it('masks keys that are addresses, and text that is no json', () => {
    expect(maskScannedJson('{"a@b.example":1}')).toBe('{"***@***.example":1}');
    expect(maskScannedJson('{"a": a@b.example')).toBe('{"a": ***@***.example');
  });

  it('gives any json back that holds nothing, byte for byte', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), fc.nat(4), (text, indent) => {
        const pretty = JSON.stringify(JSON.parse(text), undefined, indent);
        const masked = maskScannedJson(pretty);
        expect(() => JSON.parse(masked)).not.toThrow();
        if (scanText(pretty).length === 0 && !/@|\d{7}/.test(pretty)) expect(masked).toBe(pretty);
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});
