/**
 * A random schema: tables (plain, inheriting, partitioned, with generated columns), then views, materialised views and
 * routines over them, which are random queries themselves (`queries.ts`). In: a seed's randomness. Out: DDL and a model
 * of what is in it, from which queries are made and base columns are changed.
 */
import { KINDS, type Kind, literal, SQL_TYPE, TYPE_DDL } from './kinds.ts';
import type { Random } from './random.ts';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

export interface Table {
  readonly name: string;
  /** Of a table: with `id` first. */
  readonly columns: readonly Column[];
  readonly is: 'table' | 'child' | 'partitioned' | 'partition' | 'view' | 'matview';
  /** Generated columns, and what they are made of; not in the list of what can be changed. */
  readonly generated: ReadonlyMap<string, readonly string[]>;
  /** It has a primary key. */
  readonly keyed: boolean;
}

export interface Routine {
  readonly name: string;
  /** `row`: one argument, a row of `table`. `set`: SETOF `table`. `rows`: RETURNS TABLE. `scalar`: one int argument. */
  readonly is: 'scalar' | 'row' | 'set' | 'rows';
  readonly table: string;
  readonly returns: Kind;
  readonly columns: readonly Column[];
}

export interface Schema {
  readonly name: string;
  readonly relations: Table[];
  readonly routines: Routine[];
}

/** Names that several tables share, and that mean other things elsewhere: a table, a type, a function, a field. */
const NAMES = ['a', 'b', 'c', 'name', 'note', 'value', 't1', 'v0', 'p', 'q', 'lower', 'pair', 'key', 'amount', 'x'];
const ROWS = 5;

export function tablesOf(name: string, random: Random): { schema: Schema; ddl: string[] } {
  const ddl = [`CREATE SCHEMA ${name}`, `SET search_path = ${name}`, ...TYPE_DDL];
  const relations: Table[] = [];
  const none = new Map<string, readonly string[]>();
  const columnsOf = (least: number): Column[] => {
    const names = random.shuffle(NAMES).slice(0, least + random.below(3));
    return [{ name: 'id', kind: 'int' }, ...names.map((column) => ({ name: column, kind: random.pick(KINDS) }))];
  };
  const definition = (columns: readonly Column[]) =>
    columns.map(({ name: column, kind }) => `${column} ${SQL_TYPE[kind]}`);
  for (let i = 0; i < 4; i++) {
    const columns = columnsOf(4);
    const parts = definition(columns);
    const generated = new Map<string, readonly string[]>();
    const text = columns.find(({ kind }) => kind === 'text');
    const int = columns.find(({ name: column, kind }) => kind === 'int' && column !== 'id');
    if (i === 1 && (text ?? int)) {
      const from = (text ?? int)!;
      const made = text ? `upper(${from.name}) || '!'` : `(${from.name} * 2 + 1)::text`;
      parts.push(`gen text GENERATED ALWAYS AS (${made}) STORED`);
      columns.push({ name: 'gen', kind: 'text' });
      generated.set('gen', [from.name]);
    }
    const keyed = i !== 3;
    if (keyed) parts.push('PRIMARY KEY (id)');
    ddl.push(`CREATE TABLE t${i} (${parts.join(', ')})`);
    relations.push({ name: `t${i}`, columns, is: 'table', generated, keyed });
  }
  const child: Column = { name: 'extra', kind: random.pick(['text', 'int', 'json']) };
  ddl.push(`CREATE TABLE t0_kid (${definition([child]).join()}) INHERITS (t0)`);
  relations.push({
    name: 't0_kid',
    columns: [...relations[0]!.columns, child],
    is: 'child',
    generated: none,
    keyed: false,
  });
  const parted = columnsOf(3);
  ddl.push(
    `CREATE TABLE tp (${definition(parted).join(', ')}) PARTITION BY RANGE (id)`,
    'CREATE TABLE tp_low PARTITION OF tp FOR VALUES FROM (MINVALUE) TO (3)',
    `CREATE TABLE tp_high (${definition([...parted].reverse()).join(', ')})`,
    'ALTER TABLE tp ATTACH PARTITION tp_high DEFAULT',
  );
  relations.push({ name: 'tp', columns: parted, is: 'partitioned', generated: none, keyed: false });
  relations.push({ name: 'tp_low', columns: parted, is: 'partition', generated: none, keyed: false });
  relations.push({ name: 'tp_high', columns: [...parted].reverse(), is: 'partition', generated: none, keyed: false });
  for (const table of relations) {
    if (table.is === 'partition') continue;
    const written = table.columns.filter(({ name: column }) => !table.generated.has(column));
    for (let row = 1; row <= ROWS; row++) {
      const values = written.map(({ name: column, kind }) =>
        column === 'id' ? String(row) : random.chance(8) ? 'NULL' : literal(kind, random),
      );
      ddl.push(`INSERT INTO ${table.name} (${written.map((column) => column.name).join()}) VALUES (${values.join()})`);
    }
  }
  // A column that is dropped leaves a hole in the attnums.
  ddl.push(
    'ALTER TABLE t2 ADD COLUMN gone text',
    'ALTER TABLE t2 DROP COLUMN gone',
    'ALTER TABLE t2 ADD COLUMN late text',
  );
  ddl.push("UPDATE t2 SET late = 'late' || id");
  relations[2] = { ...relations[2]!, columns: [...relations[2]!.columns, { name: 'late', kind: 'text' }] };
  return { schema: { name, relations, routines: [] }, ddl };
}

/** Those whose values are changed: rows that stand in that very table (for a partitioned one, in its partitions). */
export function baseTables(schema: Schema): Table[] {
  return schema.relations.filter(({ is }) => is === 'table' || is === 'child' || is === 'partitioned');
}

export function baseColumns(table: Table): Column[] {
  return table.columns.filter(
    ({ name }) => !table.generated.has(name) && !(table.is === 'partitioned' && name === 'id'),
  );
}
