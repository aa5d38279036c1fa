import { describe, expect, it } from 'vitest';
import type { CatalogColumn, CatalogRelation, CatalogType } from '../../src/catalog/catalog.ts';
import { typeShapes } from '../../src/masking/type-shapes.ts';

const type = (oid: number, name: string, rest: Partial<CatalogType>): CatalogType => ({
  oid,
  schema: 'public',
  name,
  kind: 'b',
  element: 0,
  array: 0,
  base: 0,
  relation: 0,
  labels: [],
  category: 'U',
  ...rest,
});
const types = [
  type(50, 'mail', { kind: 'd', base: 25 }),
  type(51, 'work_mail', { kind: 'd', base: 50 }),
  type(52, '_mail', { element: 50, category: 'A' }),
  type(53, 'mails', { kind: 'd', base: 52 }),
  type(54, 'status', { kind: 'e' }),
  type(55, 'people', { kind: 'c', relation: 90 }),
  type(56, '_people', { element: 55, category: 'A' }),
  type(57, 'datespan', { kind: 'r', base: 1082 }),
  type(58, 'datespans', { kind: 'm', base: 57 }),
  type(59, 'citext', {}),
  type(60, 'geometry', {}),
  type(61, 'person', { kind: 'd', base: 55 }),
  type(62, 'loop', { kind: 'd', base: 62 }),
];
const columns = [25, 56, 60].map((column, i) => ({ attnum: i + 1, name: `c${i}`, type: column }) as CatalogColumn);
const lookup = typeShapes({
  typeByOid: (oid) => types.find((each) => each.oid === oid),
  relationByOid: (oid) => (oid === 90 ? ({ oid, columns } as unknown as CatalogRelation) : undefined),
});

describe('typeShapes', () => {
  it('knows PostgreSQL’s own', () => {
    expect(lookup(25)).toMatchObject({ oid: 25, base: 'text', kind: 'scalar' });
    expect(lookup(1009)).toMatchObject({ kind: 'array', element: { base: 'text' } });
    expect(lookup(3912)).toMatchObject({ kind: 'range', element: { base: 'date' } });
    expect(lookup(4535)).toMatchObject({ kind: 'multirange', element: { kind: 'range' } });
    expect(lookup(2249)).toMatchObject({ base: 'record', kind: 'composite' });
  });

  it('takes a domain for what it is over, under its own OID', () => {
    expect(lookup(51)).toMatchObject({ base: 'text', kind: 'scalar' });
    expect(lookup(51)?.oid).toBe(51);
    expect(lookup(53)).toMatchObject({ kind: 'array' });
    expect(lookup(53)?.element?.oid).toBe(50);
    expect(lookup(61)?.fields).toHaveLength(3);
    expect(lookup(62)).toBeUndefined();
  });

  it('reads arrays, enums, ranges and rows, those too that hold themselves', () => {
    expect(lookup(52)?.element).toMatchObject({ base: 'text' });
    expect(lookup(54)?.kind).toBe('enum');
    expect(lookup(57)?.element?.base).toBe('date');
    expect(lookup(58)?.element?.element?.base).toBe('date');
    const people = lookup(55)!;
    expect(people.fields?.map(({ base }) => base)).toEqual(['text', 'array', '']);
    expect(people.fields?.[1]?.element).toBe(people);
  });

  it('does not know what no masker knows', () => {
    expect(lookup(59)?.base).toBe('citext');
    expect(lookup(60)).toBeUndefined();
    expect(lookup(99)).toBeUndefined();
  });
});
