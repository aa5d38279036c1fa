/** Random schemas, with dropped and renamed things: the model says what information_schema says. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog, CatalogRelation } from '../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../src/catalog/catalog-model.ts';
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

const SCHEMAS = ['s1', 'S 2'];
const NAMES = ['users', 'Users', 'select', 'a"b', 'ü😀', 'order', 'x'.repeat(63)];
const COLUMNS = ['id', 'Id', 'e mail', 'ssn', 'naïve', "q'", 'table'];
const TYPES = [
  'int',
  'text',
  'varchar(7)',
  'numeric(9,2)',
  'jsonb',
  'text[]',
  'timestamptz',
  's1.mood',
  's1.mail',
  'int4range',
];

const quoted = pg.escapeIdentifier;
const relationName = fc
  .record({ schema: fc.constantFrom(...SCHEMAS), name: fc.constantFrom(...NAMES) })
  .map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`);
const column = fc.constantFrom(...COLUMNS).map(quoted);
const type = fc.constantFrom(...TYPES);
const columnDefinition = fc
  .record({ column, type, notNull: fc.boolean() })
  .map((one) => `${one.column} ${one.type}${one.notNull ? ' NOT NULL' : ''}`);

/** Statements that may fail: what fails has changed nothing. */
const statement = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(relationName, fc.array(columnDefinition, { maxLength: 6 }))
      .map(([t, own]) => `CREATE TABLE ${t} (${own.join(', ')})`),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.nat(9),
        fc.oneof(
          relationName,
          fc.nat(9).map((n) => `s1.heir_${n}`),
        ),
      )
      .map(([n, of]) => `CREATE TABLE s1.heir_${n} (extra int) INHERITS (${of})`),
  },
  fc.tuple(relationName, relationName).map(([v, of]) => `CREATE VIEW ${v} AS SELECT * FROM ${of}`),
  { weight: 2, arbitrary: fc.tuple(relationName, columnDefinition).map(([t, one]) => `ALTER TABLE ${t} ADD ${one}`) },
  {
    weight: 3,
    arbitrary: fc.tuple(relationName, column).map(([t, one]) => `ALTER TABLE ${t} DROP COLUMN ${one} CASCADE`),
  },
  fc.tuple(relationName, column, column).map(([t, from, to]) => `ALTER TABLE ${t} RENAME ${from} TO ${to}`),
  fc.tuple(relationName, fc.constantFrom(...NAMES)).map(([t, to]) => `ALTER TABLE ${t} RENAME TO ${quoted(to)}`),
  fc.tuple(relationName, fc.constantFrom(...SCHEMAS)).map(([t, to]) => `ALTER TABLE ${t} SET SCHEMA ${quoted(to)}`),
  {
    weight: 3,
    arbitrary: fc.tuple(relationName, column).map(([t, one]) => `ALTER TABLE ${t} ADD PRIMARY KEY (${one})`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(relationName, column, column)
      .map(([t, one, two]) => `ALTER TABLE ${t} ADD UNIQUE (${one}, ${two})`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(relationName, relationName, fc.nat(9), fc.constantFrom('CASCADE', 'SET NULL', 'NO ACTION')).map(
      ([t, to, n, action]) =>
        `ALTER TABLE ${to} ADD key_${n} int UNIQUE;
          ALTER TABLE ${t} ADD ref_${n} int REFERENCES ${to} (key_${n}) ON DELETE ${action}`,
    ),
  },
  fc
    .tuple(relationName, column, column)
    .map(([t, one, of]) => `ALTER TABLE ${t} ADD ${one} text GENERATED ALWAYS AS (${of}::text) STORED`),
  fc.tuple(relationName).map(([t]) => `DROP TABLE ${t} CASCADE`),
);

async function asked(sql: string): Promise<string[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows.map((row) => JSON.stringify(row)).sort();
}

const told = (rows: readonly unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function typeName(catalog: Catalog, oid: number): [string, string] {
  let type = catalog.typeByOid(oid)!;
  while (type.kind === 'd') type = catalog.typeByOid(type.base)!;
  return [type.schema, type.name];
}

const columnName = (relation: CatalogRelation, attnum: number) =>
  relation.columns.find((one) => one.attnum === attnum)?.name;

describe('the catalog of random schemas', () => {
  it('says what information_schema says', async () => {
    let columns = 0;
    let keys = 0;
    let references = 0;
    let heirs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { minLength: 60, maxLength: 90 }), async (statements) => {
        await client.query('DROP SCHEMA IF EXISTS s1, "S 2" CASCADE; CREATE SCHEMA s1; CREATE SCHEMA "S 2"');
        await client.query("CREATE TYPE s1.mood AS ENUM ('a'); CREATE DOMAIN s1.mail AS varchar(9)");
        for (const sql of statements) await client.query(sql).catch(() => undefined);
        const { rows } = await client.query<(string | null)[]>({ text: CATALOG_SQL, rowMode: 'array' });
        const catalog = catalogFromRows(rows, 1);
        const relations = [...catalog.allRelations].filter(({ kind }) => ['r', 'p', 'v', 'f'].includes(kind));

        const allColumns = relations.flatMap((relation) =>
          relation.columns.map((one) => [
            relation.schema,
            relation.name,
            one.name,
            one.attnum,
            ...typeName(catalog, one.type),
            one.notNull ? 'NO' : 'YES',
            one.generated ?? null,
          ]),
        );
        expect(told(allColumns)).toEqual(
          await asked(`SELECT table_schema, table_name, column_name, ordinal_position, udt_schema, udt_name, is_nullable,
            generation_expression FROM information_schema.columns`),
        );

        const users = relations.filter(({ isSystem }) => !isSystem);
        const allKeys = relations.flatMap((relation) =>
          relation.uniqueKeys.map((key) => [relation.schema, relation.name, key.map((n) => columnName(relation, n))]),
        );
        expect(told(allKeys)).toEqual(
          await asked(`SELECT table_schema, table_name, json_agg(column_name ORDER BY k.ordinal_position)
            FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k
              USING (table_schema, table_name, constraint_schema, constraint_name)
            WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') GROUP BY table_schema, table_name, constraint_name`),
        );

        const rule: Readonly<Record<string, string>> = { a: 'NO ACTION', c: 'CASCADE', n: 'SET NULL' };
        const allReferences = users.flatMap((relation) =>
          relation.foreignKeys.map((key) => {
            const to = catalog.relationByOid(key.references)!;
            const from = columnName(relation, key.columns[0]!);
            return [
              relation.schema,
              relation.name,
              from,
              to.schema,
              to.name,
              columnName(to, key.referenced[0]!),
              rule[key.onDelete],
            ];
          }),
        );
        expect(told(allReferences)).toEqual(
          await asked(`SELECT k.table_schema, k.table_name, k.column_name, n.nspname, c.relname, a.attname, r.delete_rule
            FROM information_schema.referential_constraints r
            JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
            JOIN pg_constraint o ON o.conname = constraint_name AND o.conrelid = format('%I.%I', k.table_schema, k.table_name)::regclass
            JOIN pg_class c ON c.oid = o.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.confkey[1]`),
        );

        const allHeirs = users.flatMap((relation) =>
          catalog.descendants(relation.oid).map((heir) => [String(relation.oid), String(heir)]),
        );
        expect(told(allHeirs)).toEqual(
          await asked(`WITH RECURSIVE h(top, oid) AS (SELECT inhparent, inhrelid FROM pg_inherits
            UNION SELECT h.top, i.inhrelid FROM h JOIN pg_inherits i ON i.inhparent = h.oid) SELECT top::text, oid::text FROM h`),
        );
        for (const relation of users.filter(({ kind }) => kind === 'v')) {
          const [definition] = await asked(`SELECT pg_get_viewdef(${relation.oid})`);
          expect(JSON.stringify([relation.definition])).toBe(definition);
        }
        columns += users.reduce((sum, one) => sum + one.columns.length, 0);
        keys += allKeys.filter(([schema]) => SCHEMAS.includes(String(schema))).length;
        references += allReferences.length;
        heirs += allHeirs.length;
      }),
      { numRuns: 40, seed: 20_261, endOnFailure: true },
    );
    // They are no empty schemas.
    expect(columns).toBeGreaterThan(500);
    expect({ keys: keys > 5, references: references > 5, heirs: heirs > 5 }).toEqual({
      keys: true,
      references: true,
      heirs: true,
    });
  });
});
