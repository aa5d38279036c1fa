/** What a name stands for, against to_regclass, to_regtype and to_regproc of a real server under many search paths. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog, World } from '../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../src/catalog/catalog-query.ts';
import {
  effectiveSearchPath,
  resolveOperators,
  resolveRelation,
  resolveRoutines,
  resolveType,
  temporarySchemaOf,
} from '../../src/catalog/name-resolution.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();
let client: pg.Client;
let catalog: Catalog;
beforeAll(async () => {
  client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query(`
    CREATE SCHEMA a; CREATE SCHEMA "B b"; CREATE SCHEMA postgres; CREATE SCHEMA "A";
    CREATE TABLE public.users (id int); CREATE TABLE a.users (id int); CREATE TABLE "A".users (id int);
    CREATE TABLE "B b"."Users" (id int); CREATE TABLE a."Users" (id int); CREATE TABLE postgres.users (id int);
    CREATE VIEW "B b"."x.y" AS SELECT 1 AS a; CREATE TABLE a.pg_class (a int); CREATE TABLE a.only_a (id int);
    CREATE SEQUENCE "B b".users; CREATE INDEX taken ON a.users (id); CREATE TABLE public.taken (id int);
    CREATE TYPE a.mood AS ENUM ('x'); CREATE DOMAIN public.mood AS text; CREATE TYPE a.int4 AS (x int);
    CREATE DOMAIN a."Text" AS text; CREATE DOMAIN "B b".text AS text; CREATE TYPE "A".mood AS RANGE (SUBTYPE = int);
    CREATE FUNCTION a.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION "B b".f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION "B b".g(int, int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION public.g(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION a.only_one(int, VARIADIC int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION "B b".lower(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE a.p(a int, OUT b int) LANGUAGE plpgsql AS 'begin b := 1; end';
    CREATE OPERATOR a.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
    CREATE OPERATOR "B b".=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
    CREATE TEMP TABLE users (t int); CREATE TEMP TABLE pg_type (t int);
    CREATE DOMAIN pg_temp.mood AS int; CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION pg_temp.hidden() RETURNS int LANGUAGE sql AS 'SELECT 1';
  `);
  const { rows } = await client.query<(string | null)[]>({ text: CATALOG_SQL, rowMode: 'array' });
  catalog = catalogFromRows(rows, 1);
});
afterAll(async () => {
  await client?.end();
});

const PATHS = [
  '',
  'public',
  'a',
  'a, public',
  'public, a',
  '"B b", a, public',
  '"A", a',
  'a, "A"',
  '"$user", public',
  'a, pg_catalog',
  '"B b", pg_catalog, pg_temp',
  'pg_temp, a',
  'a, pg_temp',
  'pg_catalog, pg_temp, public',
  'nowhere, a, nowhere',
  'information_schema, a',
];
const SCHEMAS = [
  '',
  'a',
  'A',
  'B b',
  'b b',
  'public',
  'pg_temp',
  'pg_catalog',
  'nowhere',
  'information_schema',
  'pg_temp_77',
];
const RELATIONS = [
  'users',
  'Users',
  'USERS',
  'x.y',
  'pg_class',
  'pg_type',
  'taken',
  'only_a',
  'mood',
  'columns',
  'none',
];
const TYPES = ['mood', 'int4', 'text', 'Text', '_mood', 'users', '_users', 'x.y', 'pg_type', 'anyelement', 'none'];
const ROUTINES = ['f', 'g', 'only_one', 'lower', 'hidden', 'p', 'int4eq', 'none'];

async function under(path: string): Promise<World> {
  await client.query(`SET search_path = ${path === '' ? "''" : path}`);
  const { rows } = await client.query('SELECT to_json(current_schemas(true)) AS path');
  return { catalog, searchPath: rows[0].path };
}

const quoted = (parts: readonly string[]) => parts.map((part) => pg.escapeIdentifier(part)).join('.');

/** OIDs, 0 where there is none. */
async function asked(lookup: string, names: readonly string[]): Promise<number[]> {
  const { rows } = await client.query(
    `SELECT coalesce(${lookup}(n)::pg_catalog.oid, 0)::pg_catalog.int8::pg_catalog.int4 AS oid FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY u(n, i) ORDER BY i`,
    [names],
  );
  return rows.map(({ oid }) => oid);
}

const combinations = (names: readonly string[]) =>
  SCHEMAS.flatMap((schema) => names.map((name) => (schema === '' ? [name] : [schema, name])));

describe('names, as PostgreSQL resolves them', () => {
  it.each(PATHS)('relations under search_path = %s', async (path) => {
    const world = await under(path);
    const names = [...combinations(RELATIONS), ['postgres', 'a', 'users'], ['postgres', 'pg_temp', 'users']];
    const resolved = names.map((parts) => {
      const relation = resolveRelation(world, parts);
      expect(relation).not.toBe('ambiguous');
      return relation === undefined ? 0 : (relation as { oid: number }).oid;
    });
    const wanted = await asked('to_regclass', names.map(quoted));
    expect(names.map((parts, i) => [...parts, resolved[i]])).toEqual(names.map((parts, i) => [...parts, wanted[i]]));
    expect(wanted.filter((oid) => oid !== 0).length).toBeGreaterThan(10);
  });

  it.each(PATHS)('types under search_path = %s', async (path) => {
    const world = await under(path);
    const names = combinations(TYPES).flatMap((parts) => [
      { parts, isArray: false },
      { parts, isArray: true },
    ]);
    const resolved = names.map(({ parts, isArray }) => {
      const type = resolveType(world, parts, { isArray });
      expect(type).not.toBe('ambiguous');
      return type === undefined ? 0 : (type as { oid: number }).oid;
    });
    const wanted = await asked(
      'to_regtype',
      names.map(({ parts, isArray }) => quoted(parts) + (isArray ? '[]' : '')),
    );
    expect(names.map(({ parts }, i) => [...parts, resolved[i]])).toEqual(
      names.map(({ parts }, i) => [...parts, wanted[i]]),
    );
  });

  it.each(PATHS)('routines that only one can be meant by, under search_path = %s', async (path) => {
    const world = await under(path);
    const names = combinations(ROUTINES);
    const wanted = await asked('to_regproc', names.map(quoted));
    for (const [i, parts] of names.entries()) {
      const candidates = resolveRoutines(world, parts);
      if (candidates === 'ambiguous') throw new Error('ambiguous');
      const label = quoted(parts);
      if (wanted[i] === 0) {
        // None, or several.
        const several = candidates !== undefined && candidates.routines.length + (candidates.builtin ? 1 : 0) > 1;
        expect(candidates === undefined || several || candidates.builtin !== undefined, label).toBe(true);
      } else if (candidates?.builtin !== undefined) {
        expect(candidates.routines, label).toEqual([]);
      } else {
        expect(
          candidates?.routines.map(({ oid }) => oid),
          label,
        ).toEqual([wanted[i]]);
      }
    }
  });

  it('takes the effective path from a list as PostgreSQL does', async () => {
    for (const path of PATHS) {
      const { searchPath } = await under(path);
      const { rows } = await client.query("SELECT current_setting('search_path') AS setting");
      const names =
        rows[0].setting === '""' ? [] : rows[0].setting.split(', ').map((name: string) => name.replaceAll('"', ''));
      expect(effectiveSearchPath(catalog, names, 'postgres', temporarySchemaOf(searchPath))).toEqual(searchPath);
    }
  });

  it('finds routines by the number of arguments', async () => {
    const world = await under('"B b", public, a');
    const names = (name: string, count?: number) => {
      const found = resolveRoutines(world, [name], count);
      return found === undefined || found === 'ambiguous' ? found : found.routines.map(({ schema }) => schema);
    };
    expect(names('g')).toEqual(['B b', 'public']);
    expect(names('g', 2)).toEqual(['B b']);
    expect(names('g', 3)).toBeUndefined();
    expect(names('only_one', 1)).toBeUndefined();
    expect(names('only_one', 9)).toEqual(['a']);
    expect(names('p', 2)).toEqual(['a']);
    expect(names('f')).toEqual(['B b']);
    expect(resolveRoutines(world, ['lower'], 1)).toMatchObject({ routines: [{ schema: 'B b' }], builtin: {} });
    expect(resolveRoutines(world, ['a', 'lower'])).toBeUndefined();
    expect(resolveRoutines(world, ['pg_temp', 'hidden'], 0)).toMatchObject({ routines: [{ name: 'hidden' }] });
  });

  it('finds operators of the path, never in the temporary schema', async () => {
    const world = await under('a, public');
    const schemas = (parts: string[]) => {
      const found = resolveOperators(world, parts);
      return found === 'ambiguous' ? found : found.map(({ schema }) => schema);
    };
    expect(schemas(['==='])).toEqual(['a']);
    expect(schemas(['B b', '==='])).toEqual(['B b']);
    expect(schemas(['public', '==='])).toEqual([]);
    expect(schemas(['='])).toEqual([]);
  });

  it('tells what it cannot know', async () => {
    const world = await under('a, public');
    const stale = { catalog, searchPath: ['made_since', ...world.searchPath] };
    expect(resolveRelation(stale, ['users'])).toBe('ambiguous');
    expect(resolveRelation(stale, ['a', 'users'])).toMatchObject({ schema: 'a' });
    expect(resolveRoutines(stale, ['f'])).toBe('ambiguous');
    expect(resolveOperators(stale, ['==='])).toBe('ambiguous');
    const two = { catalog, searchPath: ['pg_temp_77', ...world.searchPath] };
    expect(resolveRelation(two, ['pg_temp', 'users'])).toBe('ambiguous');
    expect(resolveRoutines(two, ['f'])).toBe('ambiguous');
    expect(resolveType(two, ['mood'], { asFunction: true })).toBe('ambiguous');
    expect(resolveRelation(world, ['other', 'a', 'users'])).toBeUndefined();
    expect(resolveRelation(world, ['x', 'postgres', 'a', 'users'])).toBeUndefined();
    expect(resolveRelation(world, [])).toBeUndefined();
  });

  it('does not see a temporary type where a function’s name stands', async () => {
    const world = await under('public');
    expect(resolveType(world, ['mood'])).toMatchObject({ schema: temporarySchemaOf(world.searchPath) });
    expect(resolveType(world, ['mood'], { asFunction: true })).toMatchObject({ schema: 'public' });
  });
});
