/** Random FROM clauses: relations, subqueries, LATERAL, functions in FROM, VALUES, joins of all kinds. */
import type { Expressions } from './expressions.ts';
import { KINDS, type Kind, literal, SQL_TYPE } from './kinds.ts';
import type { Column, Table } from './schema.ts';
import { EMPTY, type Item, type Scope } from './scope.ts';

/** A query as text, with the columns that it returns. */
export interface Rows {
  readonly sql: string;
  readonly columns: readonly Column[];
}

/** What FROM needs of the query generator. */
export interface FromSource {
  readonly expressions: Expressions;
  /** WITH queries in sight, by name. */
  readonly ctes: readonly { readonly name: string; readonly columns: readonly Column[] }[];
  nextAlias(prefix: string): string;
  query(outer: Scope | undefined, depth: number): Rows;
}

interface From {
  readonly sql: string;
  readonly items: readonly Item[];
}

export function fromClause(source: FromSource, outer: Scope | undefined, depth: number): From {
  const { random } = source.expressions;
  let from = entry(source, outer, [], depth);
  const more = depth <= 0 ? random.below(2) : random.below(3);
  for (let i = 0; i < more; i++) from = joined(source, outer, from, depth, i === more - 1);
  return from;
}

function joined(source: FromSource, outer: Scope | undefined, left: From, depth: number, last: boolean): From {
  const { random } = source.expressions;
  const sees = (items: readonly Item[]): Scope => ({ ...EMPTY, items, outer });
  const right = entry(source, outer, left.items, depth - 1);
  const both = [...left.items, ...right.items];
  const way = random.below(10);
  // What stands before a comma is out of sight of the ON of a later join.
  if (way === 0 && last) return { sql: `${left.sql}, ${right.sql}`, items: both };
  if (way === 1) return { sql: `${left.sql} CROSS JOIN ${right.sql}`, items: both };
  // USING (id): the merged column has no alias any more that the others' rules fit, so it is only used bare.
  const idOf = (from: From) => from.items.filter((item) => item.columns.some(({ name }) => name === 'id'));
  if (way === 2 && idOf(left).length === 1 && idOf(right).length === 1 && left.items.length === 1) {
    const kind = random.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN', 'RIGHT JOIN']);
    return { sql: `${left.sql} ${kind} ${right.sql} USING (id)`, items: both };
  }
  // The same with a name for the merged columns, or for the whole join.
  if (way === 3 && idOf(left).length === 1 && idOf(right).length === 1 && left.items.length === 1) {
    const name = source.nextAlias('j');
    const merged: Item = { alias: name, columns: [{ name: 'id', kind: 'int' }], rowOf: undefined };
    return { sql: `${left.sql} JOIN ${right.sql} USING (id) AS ${name}`, items: [...both, merged] };
  }
  if (
    way === 4 &&
    left.items.length === 1 &&
    right.items.length === 1 &&
    !/LATERAL|unnest|jsonb_|f\d/.test(right.sql)
  ) {
    const name = source.nextAlias('j');
    const columns = both.flatMap((item) => item.columns).map((column, i) => ({ name: `j${i}`, kind: column.kind }));
    const names = columns.map((column) => column.name).join();
    return {
      sql: `(${left.sql} LEFT JOIN ${right.sql} ON true) AS ${name} (${names})`,
      items: [{ alias: name, columns, rowOf: undefined }],
    };
  }
  const kind = random.pick(['JOIN', 'LEFT JOIN', 'JOIN', 'RIGHT JOIN', 'FULL JOIN']);
  const lateral = right.sql.includes('LATERAL') || right.sql.includes('unnest(') || right.sql.includes('jsonb_');
  const join = lateral ? random.pick(['JOIN', 'LEFT JOIN']) : kind;
  const first = left.items[0]?.columns.find((column) => column.kind === 'int');
  const second = right.items[0]?.columns.find((column) => column.kind === 'int');
  const equal =
    first && second ? `${left.items[0]!.alias}.${first.name} = ${right.items[0]!.alias}.${second.name}` : undefined;
  const on =
    join === 'FULL JOIN'
      ? (equal ?? 'true')
      : random.chance(70) && equal
        ? equal
        : source.expressions.make('bool', sees(both), 1);
  return { sql: `${left.sql} ${join} ${right.sql} ON ${on}`, items: both };
}

function entry(source: FromSource, outer: Scope | undefined, left: readonly Item[], depth: number): From {
  const { expressions } = source;
  const { random, schema } = expressions;
  const way = random.below(100);
  if (way < 45 || depth <= 0) return relation(source, random.pick(schema.relations));
  if (way < 55 && source.ctes.length > 0) {
    const cte = random.pick(source.ctes);
    const alias = random.chance(30) ? cte.name : source.nextAlias('w');
    if (left.some((item) => item.alias === alias)) return relation(source, random.pick(schema.relations));
    return one(alias === cte.name ? cte.name : `${cte.name} AS ${alias}`, {
      alias,
      columns: cte.columns,
      rowOf: undefined,
    });
  }
  if (way < 70) return subquery(source, outer, left, depth);
  if (way < 78) return values(source);
  return call(source, outer, left, depth);
}

const one = (sql: string, item: Item): From => ({ sql, items: [item] });

function relation(source: FromSource, table: Table): From {
  const { random } = source.expressions;
  const only = table.is === 'table' && random.chance(10) ? 'ONLY ' : '';
  const way = random.below(10);
  const rowOf = table.name;
  if (way === 0) {
    // Columns renamed, some of them to each other's names.
    const alias = source.nextAlias('r');
    const names = random
      .shuffle(table.columns.map(({ name }) => name))
      .slice(0, 1 + random.below(table.columns.length));
    const rest = table.columns.slice(names.length).map(({ name }) => name);
    if (rest.some((name) => names.includes(name))) return relation(source, table);
    const columns = table.columns.map((column, i) => ({ name: names[i] ?? column.name, kind: column.kind }));
    return one(`${only}${table.name} AS ${alias} (${names.join()})`, { alias, columns, rowOf: undefined });
  }
  const alias = source.nextAlias('r');
  return one(`${only}${table.name} ${random.pick(['', 'AS '])}${alias}`, { alias, columns: table.columns, rowOf });
}

function subquery(source: FromSource, outer: Scope | undefined, left: readonly Item[], depth: number): From {
  const { random } = source.expressions;
  const lateral = left.length > 0 && random.chance(50);
  const rows = source.query(lateral ? { ...EMPTY, items: left, outer } : outer, depth - 1);
  const alias = source.nextAlias('s');
  const renamed = rows.columns.map((column, i) => ({ name: `s${i}`, kind: column.kind }));
  const names = new Set(rows.columns.map(({ name }) => name));
  const rename = names.size < rows.columns.length || random.chance(40);
  const columns = rename ? renamed : rows.columns;
  const list = rename ? ` (${renamed.map(({ name }) => name).join()})` : '';
  return one(`${lateral ? 'LATERAL ' : ''}(${rows.sql}) AS ${alias}${list}`, { alias, columns, rowOf: undefined });
}

function values(source: FromSource): From {
  const { expressions } = source;
  const { random } = expressions;
  const kinds: Kind[] = [random.pick(KINDS), 'int', random.pick(KINDS)];
  const row = () => `(${kinds.map((kind) => `${literal(kind, random)}::${SQL_TYPE[kind]}`).join()})`;
  const alias = source.nextAlias('k');
  const columns = kinds.map((kind, i) => ({ name: `k${i}`, kind }));
  return one(`(VALUES ${row()}, ${row()}) ${alias} (k0, k1, k2)`, { alias, columns, rowOf: undefined });
}

function call(source: FromSource, outer: Scope | undefined, left: readonly Item[], depth: number): From {
  const { expressions } = source;
  const { random, schema } = expressions;
  const scope: Scope = { ...EMPTY, items: left, outer };
  const alias = source.nextAlias('f');
  const make = (kind: Kind) => expressions.make(kind, scope, Math.min(depth - 1, 2));
  const set = schema.routines.filter((routine) => routine.is === 'set' || routine.is === 'rows');
  const item = (...columns: Column[]): Item => ({ alias, columns, rowOf: undefined });
  switch (random.below(8)) {
    case 0:
      return one(`unnest(${make('texts')}) AS ${alias} (u)`, item({ name: 'u', kind: 'text' }));
    case 1:
      return one(
        `unnest(${make('texts')}, ${make('ints')}) WITH ORDINALITY AS ${alias} (u, i, o)`,
        item({ name: 'u', kind: 'text' }, { name: 'i', kind: 'int' }),
      );
    case 2:
      return one(
        `jsonb_each_text(${make('json')}) AS ${alias} (jk, jv)`,
        item({ name: 'jk', kind: 'text' }, { name: 'jv', kind: 'text' }),
      );
    case 3:
      return one(
        `jsonb_to_record(${make('json')}) AS ${alias} (k text, n numeric, o jsonb)`,
        item({ name: 'k', kind: 'text' }, { name: 'n', kind: 'num' }, { name: 'o', kind: 'json' }),
      );
    case 4:
      return one(`generate_series(1, least(${make('int')}, 4)) AS ${alias} (g)`, item({ name: 'g', kind: 'int' }));
    case 5:
      return one(
        `ROWS FROM (regexp_split_to_table(${make('text')}, 'e'), unnest(${make('ints')})) AS ${alias} (u, i)`,
        item({ name: 'u', kind: 'text' }, { name: 'i', kind: 'int' }),
      );
    default: {
      const routine = set.length > 0 ? random.pick(set) : undefined;
      if (!routine)
        return one(
          `jsonb_array_elements(jsonb_build_array(${make('json')})) AS ${alias} (e)`,
          item({ name: 'e', kind: 'json' }),
        );
      return one(`${routine.name}(${make('int')}) AS ${alias}`, {
        alias,
        columns: routine.columns,
        rowOf: routine.is === 'set' ? routine.table : undefined,
      });
    }
  }
}
