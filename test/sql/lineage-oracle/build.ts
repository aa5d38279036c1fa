/** Makes a random schema in a database: tables, then views, materialised views and routines that the server accepts. */
import type pg from 'pg';
import { KINDS, type Kind, SQL_TYPE } from './kinds.ts';
import { Queries } from './queries.ts';
import { type Random, seeded } from './random.ts';
import { type Routine, type Schema, type Table, tablesOf } from './schema.ts';
import { EMPTY } from './scope.ts';

export async function buildSchema(client: pg.Client, name: string, seed: number): Promise<Schema> {
  const random = seeded(seed);
  const { schema, ddl } = tablesOf(name, random);
  for (const sql of ddl) await client.query(sql);
  for (const sql of ownObjects(random)) await client.query(sql);
  for (let i = 0; i < 4; i++) await addRoutine(client, schema, random, i);
  for (let i = 0; i < 5; i++) await addView(client, schema, random, i);
  for (let i = 4; i < 8; i++) await addRoutine(client, schema, random, i);
  return schema;
}

/** An operator, an aggregate and a function that is not SQL, which expressions use by these names. */
function ownObjects(random: Random): string[] {
  const glue = random.pick(["coalesce($1, '') || '+' || coalesce($2, '')", 'coalesce($2, $1)', '$1 || $2']);
  return [
    `CREATE FUNCTION own_glue(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $body$ SELECT ${glue} $body$`,
    'CREATE OPERATOR +~ (LEFTARG = text, RIGHTARG = text, FUNCTION = own_glue)',
    `CREATE FUNCTION own_peek(integer) RETURNS text LANGUAGE sql STABLE AS $body$ SELECT t2.late FROM t2 WHERE t2.id = $1 % 5 $body$`,
    'CREATE OPERATOR !~! (RIGHTARG = integer, FUNCTION = own_peek)',
    "CREATE AGGREGATE own_list(text) (SFUNC = own_glue, STYPE = text, INITCOND = '')",
    `CREATE FUNCTION own_final(text) RETURNS text LANGUAGE sql STABLE AS $body$ SELECT $1 || (SELECT max(t2.late) FROM t2) $body$`,
    "CREATE AGGREGATE own_last(text) (SFUNC = own_glue, STYPE = text, INITCOND = '', FINALFUNC = own_final)",
    `CREATE FUNCTION own_loop(n integer) RETURNS text LANGUAGE plpgsql STABLE AS $body$ DECLARE r text; BEGIN SELECT late INTO r FROM t2 WHERE id = n; RETURN r; END $body$`,
    'CREATE TYPE wrap AS (w text)',
    `CREATE FUNCTION own_unwrap(wrap) RETURNS text LANGUAGE sql IMMUTABLE AS $body$ SELECT 'w' || ($1).w $body$`,
    'CREATE CAST (wrap AS text) WITH FUNCTION own_unwrap(wrap)',
  ];
}

const MOST_ROWS = 10;
/** Pages that one use reads: a measure of work that is the same on every machine, so that a seed makes one schema. */
const MOST_BLOCKS = 500;

const NONE: Table['generated'] = new Map();

async function addView(client: pg.Client, schema: Schema, random: Random, i: number): Promise<void> {
  const is = i >= 3 ? 'matview' : 'view';
  for (let attempt = 0; attempt < 20; attempt++) {
    const kinds: Kind[] = ['int', ...Array.from({ length: 1 + random.below(3) }, () => random.pick(KINDS))];
    const queries = new Queries(random, schema);
    queries.expressions.mayFail = false;
    const rows = queries.query(undefined, 2, kinds);
    const columns = kinds.map((kind, n) => ({ name: n === 0 ? 'id' : random.pick([`m${n}`, `col${n}`]), kind }));
    const view: Table = { name: `v${i}`, columns, is, generated: NONE, keyed: false };
    const kind = is === 'view' ? 'VIEW' : 'MATERIALIZED VIEW';
    const list = columns.map((column) => column.name).join();
    // A value is always of its kind's very type, as it is in a table.
    const casts = columns.map((column, n) => `x${n}::${SQL_TYPE[column.kind]}`).join();
    const inner = `SELECT ${casts} FROM (${rows.sql}) AS inside (${columns.map((_, n) => `x${n}`).join()})`;
    if (
      await accepted(client, `CREATE ${kind} v${i} (${list}) AS ${random.chance(50) ? rows.sql : inner}`, `TABLE v${i}`)
    ) {
      schema.relations.push(view);
      return;
    }
  }
}

async function addRoutine(client: pg.Client, schema: Schema, random: Random, i: number): Promise<void> {
  const is = (['scalar', 'set', 'row', 'rows'] as const)[i % 4]!;
  const tables = schema.relations.filter((one) => one.is === 'table');
  for (let attempt = 0; attempt < 20; attempt++) {
    const table = random.pick(tables);
    const returns = random.pick<Kind>(['text', 'int', 'json', 'text']);
    const queries = new Queries(random, schema);
    queries.expressions.mayFail = false;
    const name = `f${i}`;
    const language = `LANGUAGE sql ${random.pick(['STABLE', 'VOLATILE'])}`;
    const parameter = { alias: 'f_', columns: [{ name: 'n', kind: 'int' as const }], rowOf: undefined };
    let routine: Routine;
    let sql: string;
    const body = (query: string) => (random.chance(30) ? `BEGIN ATOMIC ${query}; END` : `AS $body$ ${query} $body$`);
    switch (is) {
      case 'scalar': {
        // The argument is in the value half of the time, and steers what is found the other half.
        const inner = queries.query(undefined, 1, [returns]).sql;
        const value = random.chance(50)
          ? `coalesce((SELECT z.z FROM (${inner}) z (z) ORDER BY 1 LIMIT 1), NULL)`
          : `(SELECT z.z FROM (${inner}) z (z) ORDER BY 1 OFFSET ${random.pick(['n', '$1'])} % 2 LIMIT 1)`;
        const whole = returns === 'text' && random.chance(40) ? `${value} || n` : value;
        sql = `CREATE FUNCTION ${name}(n integer) RETURNS ${SQL_TYPE[returns]} ${language} ${body(`SELECT ${whole}`)}`;
        routine = { name, is, table: '', returns, columns: [] };
        break;
      }
      case 'row': {
        const item = { alias: 'r_', columns: table.columns, rowOf: undefined };
        const value = queries.expressions.make(returns, { ...EMPTY, items: [item] }, 1).replaceAll(/\br_\./g, '(r_).');
        sql = `CREATE FUNCTION ${name}(r_ ${table.name}) RETURNS ${SQL_TYPE[returns]} ${language} AS $body$ SELECT ${value} $body$`;
        routine = { name, is, table: table.name, returns, columns: [] };
        break;
      }
      case 'set':
        sql = `CREATE FUNCTION ${name}(n integer) RETURNS SETOF ${table.name} ${language} ${body(`SELECT * FROM ${table.name} WHERE id <= $1 % 4`)}`;
        routine = { name, is, table: table.name, returns, columns: table.columns };
        break;
      default: {
        const kinds: Kind[] = ['int', returns, 'text'];
        const rows = queries.query(undefined, 1, kinds);
        const columns = kinds.map((kind, n) => ({ name: `out${n}`, kind }));
        sql = `CREATE FUNCTION ${name}(n integer) RETURNS TABLE (${columns.map((one) => `${one.name} ${SQL_TYPE[one.kind]}`).join()}) ${language} ${body(rows.sql)}`;
        routine = { name, is, table: '', returns, columns };
        parameter.alias = name;
      }
    }
    const call = is === 'row' ? `SELECT ${name}(x) FROM ${table.name} x` : `SELECT * FROM ${name}(1)`;
    if (await accepted(client, sql, call)) {
      schema.routines.push(routine);
      return;
    }
  }
}

/** Makes it, and sees that it can be used. */
async function accepted(client: pg.Client, sql: string, use: string): Promise<boolean> {
  await client.query('BEGIN; SET LOCAL statement_timeout = 10000');
  try {
    await client.query(sql);
    // Small and quick, since others are made of it.
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT JSON) ${use}`);
    const [{ Plan: plan }] = JSON.parse(Object.values(rows[0])[0] as string);
    const blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    const good = plan['Actual Rows'] > 0 && plan['Actual Rows'] <= MOST_ROWS && blocks <= MOST_BLOCKS;
    await client.query(good ? 'COMMIT' : 'ROLLBACK');
    return good;
  } catch {
    await client.query('ROLLBACK');
    return false;
  }
}
