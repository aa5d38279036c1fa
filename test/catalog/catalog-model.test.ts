import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { type CatalogRows, catalogFromRows } from '../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../src/catalog/catalog-query.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
});

async function rowsOf(): Promise<CatalogRows> {
  return (await client.query<(string | null)[]>({ text: CATALOG_SQL, rowMode: 'array' })).rows;
}

async function read(version = 1): Promise<Catalog> {
  return catalogFromRows(await rowsOf(), version);
}

async function asked(sql: string): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
}

async function oidOf(name: string, kind: 'regclass' | 'regtype' | 'regprocedure' = 'regclass'): Promise<number> {
  const [row] = await asked(`SELECT '${name.replaceAll("'", "''")}'::${kind}::oid::int8::text`);
  return Number(row![0]);
}

describe('the catalog of an empty database', () => {
  it('has PostgreSQL’s own relations, types and functions, and nothing to read in them', async () => {
    const catalog = await read(7);
    expect(catalog.version).toBe(7);
    expect(catalog.database).toBe('postgres');
    expect([...catalog.schemas].sort()).toEqual(['information_schema', 'pg_catalog', 'public']);
    const statistic = catalog.relation('pg_catalog', 'pg_statistic')!;
    expect(statistic.oid).toBe(2619);
    expect(statistic.isSystem).toBe(true);
    expect(statistic.uniqueKeys[0]).toEqual([1, 2, 3]);
    expect(catalog.relationByOid(2619)).toBe(statistic);
    expect(catalog.relation('information_schema', 'columns')?.definition).toBeUndefined();
    expect([...catalog.allRelations].every((one) => one.isSystem)).toBe(true);
    expect(catalog.type('pg_catalog', 'int4')).toMatchObject({ oid: 23, kind: 'b', array: 1007, category: 'N' });
    expect(catalog.typeByOid(1007)).toMatchObject({ name: '_int4', element: 23, array: 0, category: 'A' });
    // Of fixed length and not of the array kind, though pg_type.typelem is set.
    expect(catalog.type('pg_catalog', 'point')?.element).toBe(0);
    expect(catalog.type('pg_catalog', 'int4range')).toMatchObject({ kind: 'r', base: 23 });
    expect(catalog.type('pg_catalog', 'int4multirange')).toMatchObject({ kind: 'm', base: 3904 });
    expect(catalog.builtin('count')).toEqual({ volatility: 'i', isAggregate: true, returnsSet: false, returns: [20] });
    expect(catalog.builtin('generate_series')?.returnsSet).toBe(true);
    expect(catalog.builtin('nextval')?.volatility).toBe('v');
    expect(catalog.builtin('no_such_function')).toBeUndefined();
    expect(catalog.routines('pg_catalog', 'lower')).toEqual([]);
    expect(catalog.routines('information_schema', '_pg_truetypid')).toHaveLength(1);
    expect(catalog.casts).toEqual([]);
    expect(catalog.operators('=')).toEqual([]);
  });
});

describe('the catalog of what a user makes', () => {
  it('has columns by attnum, what they are made of, and what is said of them', async () => {
    await client.query(`
      CREATE SCHEMA a;
      CREATE TABLE a.people (id int, gone int, "E Mail" text NOT NULL, upper_mail text
        GENERATED ALWAYS AS (upper("E Mail")) STORED, UNIQUE (upper_mail, id));
      ALTER TABLE a.people DROP COLUMN gone;
      ALTER TABLE a.people ADD PRIMARY KEY (id);
      CREATE UNIQUE INDEX partial ON a.people (upper_mail) WHERE id > 3;
      CREATE UNIQUE INDEX computed ON a.people (lower(upper_mail));
      CREATE UNIQUE INDEX covering ON a.people ("E Mail") INCLUDE (id);
      COMMENT ON TABLE a.people IS 'who';
      COMMENT ON COLUMN a.people."E Mail" IS 'an "address"';
      CREATE TABLE a.orders (id int, person int REFERENCES a.people ON DELETE CASCADE ON UPDATE SET NULL);
      INSERT INTO a.people VALUES (1, 'x'), (2, 'y');
      ANALYZE a.people;
    `);
    const catalog = await read();
    const people = catalog.relation('a', 'people')!;
    expect(people).toMatchObject({ kind: 'r', comment: 'who', estimatedRows: 2, isSystem: false, hasRules: false });
    expect(people.columns.map(({ attnum, name, type, notNull }) => [attnum, name, type, notNull])).toEqual([
      [1, 'id', 23, true],
      [3, 'E Mail', 25, true],
      [4, 'upper_mail', 25, false],
    ]);
    expect(people.columns[1]?.comment).toBe('an "address"');
    expect(people.columns[2]?.generated).toBe('upper("E Mail")');
    expect(people.uniqueKeys).toEqual([[1], [4, 1], [3]]);
    expect(catalog.typeByOid(people.rowType)).toMatchObject({ name: 'people', kind: 'c', relation: people.oid });
    const orders = catalog.relation('a', 'orders')!;
    expect(orders.estimatedRows).toBe(-1);
    expect(orders.foreignKeys).toEqual([
      { columns: [2], references: people.oid, referenced: [1], onDelete: 'c', onUpdate: 'n' },
    ]);
    expect(catalog.relation('a', 'partial')?.kind).toBe('i');
  });

  it('has the lengths and precisions of columns, also behind dropped ones', async () => {
    await client.query(`
      CREATE TABLE sized (a varchar(3), b int, c varchar(4), d numeric(8, 2), e text, f bit(5));
      ALTER TABLE sized DROP COLUMN a; ALTER TABLE sized DROP COLUMN e;`);
    const { columns } = (await read()).relation('public', 'sized')!;
    expect(columns.map(({ name, attnum, modifier }) => [name, attnum, modifier])).toEqual([
      ['b', 2, undefined],
      ['c', 3, 4 + 4],
      ['d', 4, ((8 << 16) | 2) + 4],
      ['f', 6, 5],
    ]);
  });

  it('has the columns that the server has of sequences', async () => {
    await client.query('CREATE SEQUENCE counted AS smallint');
    const { columns } = (await read()).relation('public', 'counted')!;
    const attributes = await asked(`SELECT attnum::int, attname, atttypid::int, attnotnull, atttypmod FROM pg_attribute
      WHERE attrelid = 'counted'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`);
    expect(columns.map((c) => [c.attnum, c.name, c.type, c.notNull, c.modifier ?? -1])).toEqual(attributes);
  });

  it('prints definitions under the path that it names', async () => {
    await client.query(`
      CREATE SCHEMA b;
      CREATE TABLE b.t (x int); CREATE TABLE public.t (y int);
      CREATE VIEW b.v AS SELECT x, y, now() FROM b.t, public.t;
      CREATE MATERIALIZED VIEW b.m AS SELECT x FROM b.v;
      CREATE FUNCTION b.atomic() RETURNS SETOF int BEGIN ATOMIC SELECT x FROM b.t; END;
    `);
    for (const [path, prefix] of [
      ['pg_catalog', 'b.'],
      ['b, public', ''],
      ['public', 'b.'],
    ]) {
      await client.query(`SET search_path = ${path}`);
      const catalog = await read();
      const [row] = await asked('SELECT to_json(current_schemas(true))');
      expect(catalog.definitionPath).toEqual(row![0]);
      expect(catalog.relation('b', 'v')?.definition).toContain(`FROM ${prefix}t`);
      expect(catalog.relation('b', 'm')?.definition).toContain(`FROM ${prefix}v`);
      expect(catalog.routines('b', 'atomic')[0]?.definition).toContain(`FROM ${prefix}t`);
    }
    await client.query('RESET search_path');
  });

  it('has routines with their arguments as calls see them', async () => {
    await client.query(`
      CREATE SCHEMA r;
      CREATE FUNCTION r.f(a int, OUT b text, OUT c int, VARIADIC d int[] DEFAULT '{}') STABLE LANGUAGE sql
        SET search_path = "$user", 'Odd "One"', R, pg_temp AS 'SELECT 1::text, 2';
      CREATE FUNCTION r.f(text, INOUT x text) SECURITY DEFINER LANGUAGE plpgsql AS 'begin end';
      CREATE FUNCTION r.tab() RETURNS TABLE (p int, q text) LANGUAGE sql SET search_path = '' AS 'SELECT 1, null::text';
      CREATE PROCEDURE r.proc(a int, OUT b int) LANGUAGE plpgsql AS 'begin b := 1; end';
      CREATE AGGREGATE r.agg(int) (SFUNC = int4pl, STYPE = int);
      CREATE FUNCTION pg_catalog.lower(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION r.note() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
      CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA r;
    `);
    const catalog = await read();
    const [first, second] = [...catalog.routines('r', 'f')].sort((x, y) => x.oid - y.oid);
    expect(first).toMatchObject({
      kind: 'f',
      language: 'sql',
      volatility: 's',
      securityDefiner: false,
      returns: 2249,
      argumentTypes: [23, 1007],
      argumentNames: ['a', 'd'],
      defaults: 1,
      variadic: true,
      outputs: [
        { name: 'b', type: 25 },
        { name: 'c', type: 23 },
      ],
      setsSearchPath: ['$user', 'Odd "One"', 'r', 'pg_temp'],
      extension: undefined,
    });
    expect(first?.oid).toBe(await oidOf('r.f(int, int[])', 'regprocedure'));
    expect(first?.definition).toMatch(/^CREATE OR REPLACE FUNCTION r\.f\(a integer/);
    expect(second).toMatchObject({
      argumentTypes: [25, 25],
      argumentNames: ['', 'x'],
      outputs: [{ name: 'x', type: 25 }],
      securityDefiner: true,
      setsSearchPath: undefined,
    });
    expect(catalog.routines('r', 'tab')[0]).toMatchObject({
      returnsSet: true,
      argumentTypes: [],
      setsSearchPath: [''],
    });
    expect(catalog.routines('r', 'tab')[0]?.outputs.map(({ name }) => name)).toEqual(['p', 'q']);
    expect(catalog.routines('r', 'proc')[0]).toMatchObject({ kind: 'p', argumentNames: ['a'] });
    expect(catalog.routines('r', 'agg')[0]).toMatchObject({ kind: 'a', definition: undefined });
    // Somebody's own, though among PostgreSQL's.
    expect(catalog.routines('pg_catalog', 'lower')[0]?.definition).toContain('SELECT 1');
    expect(catalog.builtin('lower')?.returns).not.toContain(23);
    expect(catalog.routines('r', 'similarity')[0]).toMatchObject({ language: 'c', extension: 'pg_trgm' });
    expect(catalog.operators('%').map(({ schema }) => schema)).toContain('r');
    const percent = catalog.operators('%')[0]!;
    expect(catalog.routineByOid(percent.routine)?.name).toBe('similarity_op');
    expect(catalog.unreadable.size).toBe(0);
  });

  it('has types of every kind, and casts', async () => {
    await client.query(`
      CREATE SCHEMA t;
      CREATE TYPE t.mood AS ENUM ('low', 'high');
      ALTER TYPE t.mood ADD VALUE 'mid' BEFORE 'high';
      CREATE DOMAIN t.mail AS varchar(80);
      CREATE DOMAIN t.mails AS t.mail[];
      CREATE TYPE t.pair AS (x int, y t.mail);
      CREATE TYPE t.span AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = t.spans);
      CREATE FUNCTION t.score(t.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE CAST (t.mood AS int) WITH FUNCTION t.score(t.mood);
      CREATE CAST (int AS t.mood) WITH INOUT;
    `);
    const catalog = await read();
    const type = (name: string) => catalog.type('t', name)!;
    expect(type('mood')).toMatchObject({ kind: 'e', labels: ['low', 'mid', 'high'], category: 'E' });
    expect(type('mail')).toMatchObject({ kind: 'd', base: 1043, oid: await oidOf('t.mail', 'regtype') });
    expect(type('mails')).toMatchObject({ kind: 'd', base: type('mail').array, element: 0 });
    expect(type('_mail')).toMatchObject({ kind: 'b', element: type('mail').oid, category: 'A' });
    expect(type('span')).toMatchObject({ kind: 'r', base: 23 });
    expect(type('spans')).toMatchObject({ kind: 'm', base: type('span').oid });
    const pair = catalog.relationByOid(type('pair').relation)!;
    expect(pair).toMatchObject({ kind: 'c', name: 'pair' });
    expect(pair.columns.map((column) => [column.name, column.type])).toEqual([
      ['x', 23],
      ['y', type('mail').oid],
    ]);
    expect(catalog.typeByOid(type('pair').array)).toMatchObject({ name: '_pair', element: type('pair').oid });
    const routine = catalog.routines('t', 'score')[0]!.oid;
    // A range type brings one of its own, to its multirange.
    expect(catalog.casts.filter(({ source }) => source !== type('span').oid)).toEqual([
      { source: type('mood').oid, target: 23, routine },
      { source: 23, target: type('mood').oid, routine: 0 },
    ]);
  });

  it('has what a statement does besides what it says: rules, triggers, partitions, heirs', async () => {
    await client.query(`
      CREATE SCHEMA w;
      CREATE TABLE w.top (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
      CREATE TABLE w.middle PARTITION OF w.top FOR VALUES FROM (0) TO (9) PARTITION BY LIST (a);
      CREATE TABLE w.leaf PARTITION OF w.middle FOR VALUES IN (1);
      CREATE TABLE w.one (c int);
      CREATE TABLE w.two (d int);
      CREATE TABLE w.heir () INHERITS (w.one, w.two);
      CREATE VIEW w.v AS SELECT a FROM w.top;
      CREATE VIEW w.ruled AS SELECT a FROM w.top;
      CREATE RULE more AS ON INSERT TO w.ruled DO INSTEAD NOTHING;
      CREATE FUNCTION w.note() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
      CREATE TRIGGER t1 AFTER INSERT OR DELETE ON w.top FOR EACH ROW EXECUTE FUNCTION w.note();
      CREATE TRIGGER t2 BEFORE UPDATE OR TRUNCATE ON w.one EXECUTE FUNCTION w.note();
      CREATE TRIGGER t3 BEFORE UPDATE ON w.two EXECUTE FUNCTION w.note();
      ALTER TABLE w.two DISABLE TRIGGER t3;
      CREATE TABLE w.far (z int REFERENCES w.top);
    `);
    const catalog = await read();
    const relation = (name: string) => catalog.relation('w', name)!;
    const names = (oids: readonly number[]) => oids.map((oid) => catalog.relationByOid(oid)?.name).sort();
    expect(relation('top').kind).toBe('p');
    expect(names(catalog.descendants(relation('top').oid))).toEqual(['leaf', 'middle']);
    expect(names(relation('heir').parents)).toEqual(['one', 'two']);
    expect(names(catalog.descendants(relation('two').oid))).toEqual(['heir']);
    expect(catalog.descendants(relation('leaf').oid)).toEqual([]);
    expect([relation('v').hasRules, relation('ruled').hasRules, relation('top').hasRules]).toEqual([
      false,
      true,
      false,
    ]);
    const routine = catalog.routines('w', 'note')[0]!.oid;
    expect(relation('top').triggers).toEqual([{ name: 't1', routine, events: ['insert', 'delete'] }]);
    expect(relation('leaf').triggers).toEqual([{ name: 't1', routine, events: ['insert', 'delete'] }]);
    expect(relation('one').triggers).toEqual([{ name: 't2', routine, events: ['update', 'truncate'] }]);
    expect(relation('two').triggers).toEqual([]);
    expect(relation('far').triggers).toEqual([]);
  });

  it('takes names and comments with any character', async () => {
    const odd = ['a"b', "it's", 'back\\slash', 'línea\nnueva', '日本 語', '😀', 'x'.repeat(63), '{1,2}', '$user'];
    for (const name of odd)
      await client.query(`CREATE TABLE public.${pg.escapeIdentifier(name)} (${pg.escapeIdentifier(name)} int)`);
    const catalog = await read();
    for (const name of odd) expect(catalog.relation('public', name)?.columns[0]?.name).toBe(name);
  });
});

describe('rows that the query cannot have given', () => {
  it.each<[string, CatalogRows]>([
    ['nothing at all', []],
    ['another query’s', [['plain', 'users']]],
    ['no name', [[null, '[]', null]]],
    ['an unknown part', [['secrets', '[]', null]]],
    ['a relation without an OID', [['relation', '["x"]', '1']]],
    ['a kind that is none', [['relation', '[1,"s","n","Z",0,null,null,null,null]', '1']]],
    ['columns without types', [['relation', '[1,"s","n","r",0,null,null,["a","b"],[23]]', '1']]],
    ['no estimate', [['relation', '[1,"s","n","r",0,null,null,["a"],[23]]', null]]],
    ['a routine cut short', [['routine', '[1,"s","f","f","sql","v",false,23,false]', null]]],
  ])('%s', async (_what, wrong) => {
    const all = await rowsOf();
    const rows = wrong.length === 0 ? [] : [...all, ...wrong];
    expect(() => catalogFromRows(rows, 1)).toThrow();
  });

  it('two snapshots in one', async () => {
    const rows = await rowsOf();
    expect(() => catalogFromRows([...rows, ...rows], 1)).toThrow('catalog');
  });
});
