/** Whole columns without a telling name: what they hold is told by their values alone, or they are clear. */
import { describe, expect, it } from 'vitest';
import type { ColumnSubject } from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { valueEvidence } from '../../src/classify/value-evidence.ts';
import { CLEAR, card, column, FIRST, LAST, type R, random, SENSITIVE, word } from './made-columns.ts';

describe('columns of values alone', () => {
  // Scanned, and no more than that.
  it.each<[string, (r: R) => string]>([
    [
      'what a shop for physicians sells',
      (r) =>
        `${r.pick(['Digital', 'Compact', 'Portable'])} blood pressure monitor for ${r.pick(['home', 'clinic', 'hospital'])} use, no ${r.int(1, 99)}`,
    ],
    [
      'sentences that begin with words that are names too',
      (r) =>
        `${r.pick(['Mark', 'Grace', 'Hope', 'Max', 'Rose'])} ${r.pick(['is set for this row', 'be done by the next run'])} no ${r.int(1, 99)}`,
    ],
  ])('prose of nobody: %s', (_what, make) => {
    expect(classifyTable([column(make)])[0]).toMatchObject({ class: undefined, scan: true });
  });

  it.each(SENSITIVE)('%s: %s', (expected, _what, make, type) => {
    const found = valueEvidence(column(make, type));
    expect(found).toMatchObject({ class: expected });
    expect(['proof', 'strong']).toContain(found.strength);
  });

  it.each(SENSITIVE)('%s: %s, in a table of twelve rows', (expected, what, make, type) => {
    // Too few to tell from numbers that are nothing.
    if (what.includes('as integers')) return;
    expect(valueEvidence(column(make, type, 12)).class).toBe(expected);
  });

  it.each(CLEAR)('clear: %s', (what, make, type) => {
    const found = valueEvidence(column(make, type));
    expect([found.class, found.says]).toEqual([undefined, found.says]);
    // Prose and documents are scanned for what no sample shows.
    expect(found.freeText).toBe(type === 'jsonb' || what === 'SQL in a log');
  });

  it('needs no values of addresses of networks and hardware, which are not sampled', () => {
    const named = [
      'ip',
      'last_ip',
      'c12',
      'email',
      'network',
      'allowed_ips',
      'gateway',
      'value',
      'id',
      'mac',
      'user_name',
    ];
    const held = { inet: '91.12.6.42/32', cidr: '10.4.0.0/16', macaddr: '08:00:2b:01:02:03' };
    for (const [type, value] of Object.entries(held))
      for (const table of ['users', 'sessions', 'routers', 't'])
        for (const columnName of named) {
          const subject = { ...column((_, i) => value.replace('2', `${i % 10}`), type), table, column: columnName };
          const { values: _, ...unseen } = subject;
          expect(classifyTable([subject]), `${table}.${columnName} ${type}`).toEqual(classifyTable([unseen]));
        }
  });

  it('judges integers by the table that they stand in', () => {
    const few = column((r) => `${r.int(700, 899)}${r.int(10, 99)}${r.int(1000, 9999)}`, 'integer', 8);
    expect(valueEvidence(few).class).toBeUndefined();
    expect(valueEvidence({ ...few, siblings: ['id', 'full_name'] })).toMatchObject({
      class: 'national_id',
      strength: 'strong',
    });
  });

  it('has a text scanned in which one row of two hundred holds something', () => {
    const found = valueEvidence(
      column((r, i) => (i === 77 ? `mail ${word(r)}@x.example` : r.pick(['ok', 'retry', `took ${i} ms`]))),
    );
    expect(found).toMatchObject({ class: undefined, freeText: true });
  });

  it('tells the paths of documents', () => {
    const found = valueEvidence(
      column(
        (r) =>
          JSON.stringify({
            party: { mail: `${word(r)}@x.example`, phones: [`+1212555${r.digits(4)}`] },
            size: 3,
            items: [{ pan: card(r) }],
          }),
        'jsonb',
      ),
    );
    expect([...found.paths!]).toEqual([
      ['party.mail', 'email'],
      ['party.phones.[]', 'phone'],
      ['items.[].pan', 'payment_card'],
    ]);
  });

  it('tells the paths of documents that are kept as text or bytes', () => {
    const document = (r: Parameters<Parameters<typeof column>[0]>[0]) =>
      `{"who": {"mail": "${word(r)}@x.example"}, "n": ${r.int(1, 40)}}`;
    expect([...valueEvidence(column(document, 'text')).paths!]).toEqual([['who.mail', 'email']]);
    const hex = (r: Parameters<Parameters<typeof column>[0]>[0]) => `\\x${Buffer.from(document(r)).toString('hex')}`;
    expect([...valueEvidence(column(hex, 'bytea')).paths!]).toEqual([['who.mail', 'email']]);
    const mixed = column((r) => (r.int(0, 1) === 0 ? document(r) : `${word(r)} ${word(r)}`), 'text');
    expect(valueEvidence(mixed).paths).toBeUndefined();
  });

  it('tells the paths of documents that are longer than a sample', () => {
    const found = valueEvidence(
      column((r) => `{"who": {"mail": "${word(r)}@x.example"}, "log": "${'x'.repeat(3000)}"}`.slice(0, 2048), 'json'),
    );
    expect([...found.paths!]).toEqual([['who.mail', 'email']]);
  });

  it('tells the fields of composites and hstore', () => {
    const contact = column((r) => `("${r.pick(FIRST)} ${r.pick(LAST)}",+1212555${r.digits(4)},)`, 'public.contact');
    expect([...valueEvidence({ ...contact, fields: ['who', 'tel', 'mail'] }).paths!]).toEqual([
      ['who', 'person_name'],
      ['tel', 'phone'],
    ]);
    const address = column((r) => `("${r.int(1, 99)} ${word(r)} Street, X",City,12345,GB)`, 'public.place');
    expect(valueEvidence({ ...address, fields: ['a', 'b', 'c', 'd'] }).paths!.get('a')).toBe('postal_address');
    const pairs = column((r) => `"k"=>"${word(r)}@x.example", "size"=>"3", "note"=>NULL`, 'hstore');
    expect([...valueEvidence(pairs).paths!]).toEqual([['k', 'email']]);
  });

  it('tells latitude and longitude in columns of their own by one another', () => {
    const one = (name: string, make: (r: R) => string, type = 'numeric') => ({ ...column(make, type), column: name });
    const classes = (...columns: ColumnSubject[]) => classifyTable(columns).map((found) => found.class);
    const lat = one('f_1', (r) => `${r.int(47, 54)}.${r.digits(6)}`);
    const lon = one('f_2', (r) => `${r.int(6, 14)}.${r.digits(6)}`);
    expect(classes(lat, lon)).toEqual(['geo', 'geo']);
    // Alone, called what they are, near nought, or written as amounts are.
    expect(classes(lat)).toEqual([undefined]);
    expect(classes({ ...lat, column: 'weight' }, { ...lon, column: 'height' })).toEqual([undefined, undefined]);
    const share = (name: string) => one(name, (r) => `0.${r.digits(6)}`, 'double precision');
    expect(classes(share('f_1'), share('f_2'))).toEqual([undefined, undefined]);
    const amount = (name: string) => one(name, (r) => `${r.int(1, 80)}.${r.digits(2)}`);
    expect(classes(amount('f_1'), amount('f_2'))).toEqual([undefined, undefined]);
  });

  it.each([9, 240, 9_999])('finds what one of a thousand holds, of which it judges only some', (kinds) => {
    const many = column(
      (r, i) => (i === 771 ? `by:${word(r)}@x.example` : `state/${i % kinds}/${word(random(i % kinds))}`),
      'text',
      1000,
    );
    expect(valueEvidence(many)).toMatchObject({ class: undefined, freeText: true });
  });

  it('never says a value', () => {
    for (const [, , make, type] of SENSITIVE) {
      const subject = column(make, type);
      const { says } = valueEvidence(subject);
      expect(subject.values!.filter((value) => value.length > 5 && says.includes(value))).toEqual([]);
    }
  });
});
