/** Keys of documents name their values, as columns do; ranges of days hold births. Each of these went through unmasked. */
import { describe, expect, it } from 'vitest';
import type { ColumnSubject } from '../../src/classify/classes.ts';
import { classifyColumn } from '../../src/classify/classify-column.ts';

const NAMES = ['Bdcwsvvstwk', 'Hbsvqncgmdb', 'Qzrtplkmnbv', 'Wxcvbnmlkjh', 'Rtzpsdfghjk', 'Mnbvcxylkjh'];

function column(name: string, type: string, more: Partial<ColumnSubject> = {}) {
  return classifyColumn({ schema: 's', table: 'abonnes', column: name, type, siblings: ['numero', 'ville'], ...more });
}
const documents = (of: (name: string) => unknown) => NAMES.map((name) => JSON.stringify(of(name)));

describe('keys of documents', () => {
  it('say what values are that do not look like it', () => {
    const values = documents((name) => [{ enfants: [{ prenom: name, rang: 1 }] }]);
    expect([...(column('carnet', 'jsonb', { values }).paths ?? [])]).toEqual([['[].enfants.[].prenom', 'person_name']]);
  });

  it('make the column one that is masked there', () => {
    const values = documents((name) => ({ last_name: name, lang: 'fr' }));
    expect(column('dossier', 'jsonb', { values })).toMatchObject({ class: 'person_name', scan: false });
  });

  it('of things say nothing', () => {
    const values = documents((name) => ({
      name,
      colour: 'red',
      sku: name,
      sizes: ['S', 'M'],
      owner: { theme: 'dark' },
    }));
    expect(column('attributes', 'jsonb', { table: 'products', siblings: ['id', 'price'], values })).toMatchObject({
      class: undefined,
    });
  });

  it('that the values refute say nothing', () => {
    const values = documents(() => ({ email: 'yes', phone: 'no' }));
    expect(column('channels', 'jsonb', { values }).paths).toBeUndefined();
  });
});

describe('days of birth', () => {
  it.each([
    ['naissance', 'daterange'],
    ['birth_date', 'datemultirange'],
    ['urodzony', 'date'],
    ['ne_le', 'date'],
  ])('%s %s', (name, type) => {
    expect(column(name, type).class).toBe('date_of_birth');
  });

  it('of a composite', () => {
    const subject = { fields: ['imie', 'adresy', 'urodzony'] };
    expect(column('osoba', 'osoba_t', subject).paths?.get('urodzony')).toBe('date_of_birth');
  });

  it.each([
    ['season', 'daterange'],
    ['valid_during', 'tstzrange'],
    ['price_range', 'numrange'],
  ])('not %s %s', (name, type) => {
    expect(column(name, type, { table: 'offers', siblings: ['id'] }).class).toBeUndefined();
  });
});
