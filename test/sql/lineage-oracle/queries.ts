/**
 * Random statements over a random schema. Most run; what does not is told by the server and counts for nothing. Orders
 * are total where PostgreSQL's answer depends on them, mostly: what is left is told by running twice.
 */
import { Expressions, type Subqueries } from './expressions.ts';
import { KINDS, type Kind, literal } from './kinds.ts';
import type { Random } from './random.ts';
import { type FromSource, fromClause, type Rows } from './relations.ts';
import type { Column, Schema, Table } from './schema.ts';
import { columnsInSight, EMPTY, rowsInSight, type Scope } from './scope.ts';

export interface Statement {
  readonly sql: string;
  /** A relation that it writes to. */
  readonly writes: string | undefined;
  readonly fallible: boolean;
}

/** Kinds that DISTINCT, UNION and GROUP BY are used with. */
const GROUPED: readonly Kind[] = ['int', 'text', 'bool', 'date', 'mood', 'json', 'digits', 'num', 'tag', 'texts'];

export class Queries implements FromSource, Subqueries {
  readonly expressions: Expressions;
  readonly ctes: { name: string; columns: readonly Column[] }[] = [];
  readonly random: Random;
  readonly schema: Schema;
  private aliases = 0;

  constructor(random: Random, schema: Schema) {
    this.random = random;
    this.schema = schema;
    this.expressions = new Expressions(random, schema, this);
  }

  nextAlias(prefix: string): string {
    // Some are the names of columns, tables and types.
    if (this.random.chance(6)) {
      const name = this.random.pick(['name', 'note', 'value', 'pair', 'lower', 't2', 'p']);
      if (!this.taken.has(name)) {
        this.taken.add(name);
        return name;
      }
    }
    return `${prefix}${++this.aliases}`;
  }
  private readonly taken = new Set<string>();

  /** One statement of any sort. */
  statement(): Statement {
    const way = this.random.below(100);
    let writes: string | undefined;
    let sql: string;
    if (way < 86) sql = this.top();
    else if (way < 88) sql = `TABLE ${this.random.pick(this.schema.relations).name}`;
    else [sql, writes] = this.write();
    return { sql, writes, fallible: this.expressions.fallible };
  }

  private top(): string {
    const depth = 1 + this.random.below(3);
    return this.withQueries(depth) + this.query(undefined, depth).sql;
  }

  /** `WITH …` or nothing; what it defines is in sight from then on. */
  private withQueries(depth: number): string {
    if (!this.random.chance(25)) return '';
    const parts: string[] = [];
    let recursive = false;
    const count = 1 + this.random.below(2);
    for (let i = 0; i < count; i++) {
      // A WITH query may hide a table.
      const name = this.random.chance(25) ? this.random.pick(['t0', 't3', 'v0']) : `c${i}`;
      if (this.ctes.some((cte) => cte.name === name)) continue;
      const way = this.random.below(10);
      if (way < 2) {
        recursive = true;
        parts.push(this.recursive(`rc${i}`));
        continue;
      }
      const target = this.random.pick(this.schema.relations);
      if (way === 2 && target.is === 'table' && !target.keyed) {
        const set = target.columns.find(({ kind }) => kind === 'text');
        if (set) {
          const value = this.expressions.make('text', { ...EMPTY, items: [this.itemOf(target, target.name)] }, 1);
          parts.push(`${name} AS (UPDATE ${target.name} SET ${set.name} = ${value} RETURNING *)`);
          this.ctes.push({ name, columns: target.columns });
          continue;
        }
      }
      const rows = this.query(undefined, depth - 1);
      const columns = rows.columns.map((column, n) => ({ name: `${name.charAt(0)}${i}${n}`, kind: column.kind }));
      const materialized = this.random.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
      parts.push(`${name} (${columns.map((column) => column.name).join()}) AS ${materialized}(${rows.sql})`);
      this.ctes.push({ name, columns });
    }
    return parts.length === 0 ? '' : `WITH ${recursive ? 'RECURSIVE ' : ''}${parts.join(', ')} `;
  }

  private recursive(name: string): string {
    const table = this.random.pick(this.schema.relations);
    const item = this.itemOf(table, 'b');
    const scope: Scope = { ...EMPTY, items: [item] };
    const kind = this.random.pick<Kind>(['text', 'int', 'json']);
    const columns: Column[] = [
      { name: 'n', kind: 'int' },
      { name: 'x', kind },
      { name: 'y', kind: 'text' },
    ];
    const self: Scope = { ...EMPTY, items: [{ alias: name, columns, rowOf: undefined }, item] };
    const first = `SELECT 1, ${this.expressions.make(kind, scope, 1)}, 'seed'::text FROM ${table.name} b WHERE b.id <= 2`;
    // The last column changes places in the recursive part, so that one turn of the fixpoint is not enough.
    const third = kind === 'text' ? `${name}.x` : this.expressions.make('text', self, 1);
    const second = this.expressions.make(kind, self, 1);
    this.ctes.push({ name, columns });
    const cycle = this.random.chance(15) ? ' CYCLE n SET looped USING way' : '';
    return `${name} (n, x, y) AS (${first} UNION ALL SELECT ${name}.n + 1, ${second}, ${third} FROM ${name} JOIN ${table.name} b ON b.id = ${name}.n WHERE ${name}.n < 3)${cycle}`;
  }

  query(outer: Scope | undefined, depth: number, kinds?: readonly Kind[]): Rows {
    if (depth > 0 && this.random.chance(15)) return this.setOperation(outer, depth, kinds);
    return this.select(outer, depth, kinds);
  }

  private setOperation(outer: Scope | undefined, depth: number, kinds?: readonly Kind[]): Rows {
    const wanted = kinds ?? Array.from({ length: 1 + this.random.below(3) }, () => this.random.pick(GROUPED));
    const left = this.query(outer, depth - 1, wanted);
    const right = this.query(outer, depth - 1, wanted);
    const operator = this.random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'UNION ALL']);
    const order = this.random.chance(40) ? ` ORDER BY ${wanted.map((_, i) => i + 1).join()}` : '';
    const limit = order && this.random.chance(40) ? ` LIMIT ${1 + this.random.below(6)}` : '';
    return { sql: `(${left.sql}) ${operator} (${right.sql})${order}${limit}`, columns: left.columns };
  }

  private select(outer: Scope | undefined, depth: number, kinds?: readonly Kind[]): Rows {
    const { random, expressions } = this;
    const from = fromClause(this, outer, depth);
    const plain: Scope = { ...EMPTY, items: from.items, outer };
    const where = random.chance(45) ? ` WHERE ${expressions.make('bool', plain, depth)}` : '';
    const grouped = random.chance(22);
    if (grouped) return this.grouped(from.sql + where, plain, depth, kinds);
    const windows = random.chance(20);
    const scope: Scope = { ...plain, windows };
    const columns: Column[] = [];
    const targets: string[] = [];
    const add = (sql: string, kind: Kind, alias?: string) => {
      const name = alias ?? `o${columns.length}`;
      targets.push(`${sql}${random.chance(80) ? ' AS' : ''} ${name}`);
      columns.push({ name, kind });
    };
    if (kinds) for (const kind of kinds) add(expressions.make(kind, scope, depth), kind);
    else {
      const count = 1 + random.below(4);
      for (let i = 0; i < count; i++) {
        const kind = this.kindAt(plain);
        add(
          expressions.make(kind, scope, depth),
          kind,
          random.chance(25) ? random.pick(['name', 'id', 'p', 'value', 'lower']) : undefined,
        );
      }
      // Whole rows and stars can only stand where nobody counts columns: at the top.
      if (outer === undefined && depth >= 1) targets.push(...this.wholes(plain));
    }
    const named = columns.length === targets.length;
    const distinct = random.chance(12) && named ? random.pick([' DISTINCT', ' ALL']) : '';
    const window = windows
      ? ` WINDOW w AS (PARTITION BY ${expressions.make('bool', plain, 1)} ORDER BY ${expressions.key(plain)} RANGE UNBOUNDED PRECEDING)`
      : '';
    let order = '';
    if (random.chance(30)) {
      const all = targets.map((_, i) => i + 1).join();
      order =
        distinct || random.chance(40)
          ? ` ORDER BY ${all}`
          : ` ORDER BY ${expressions.key(plain)} ${random.pick(['', 'DESC'])}, ${all}`;
      if (random.chance(30))
        order += random.pick([
          ' LIMIT 2',
          ' OFFSET 1',
          ' FETCH FIRST 1 ROW WITH TIES',
          ` LIMIT ${1 + random.below(3)}`,
        ]);
    } else if (random.chance(6) && !distinct && targets.length === columns.length && columns.length > 0) {
      const on = columns.map((_, i) => i + 1);
      return {
        sql: `SELECT DISTINCT ON (1) ${targets.join(', ')} FROM ${from.sql}${where}${window} ORDER BY ${on.join()}`,
        columns,
      };
    }
    return { sql: `SELECT${distinct} ${targets.join(', ')} FROM ${from.sql}${where}${window}${order}`, columns };
  }

  /** Mostly one that there are columns of. */
  private kindAt(scope: Scope): Kind {
    const columns = scope.items.flatMap((item) => item.columns);
    return columns.length > 0 && this.random.chance(75) ? this.random.pick(columns).kind : this.random.pick(KINDS);
  }

  /** Targets that are rows, or many columns. */
  private wholes(scope: Scope): string[] {
    const found: string[] = [];
    const rows = rowsInSight(scope);
    if (rows.length === 0 || !this.random.chance(25)) return found;
    const item = this.random.pick(rows);
    const columns = this.random.shuffle(columnsInSight(scope, 'text')).slice(0, 2);
    const pair = columnsInSight(scope, 'pair');
    found.push(
      this.random.pick([
        '*',
        `${item.alias}.*`,
        item.columns.some(({ name }) => name === item.alias) ? `${item.alias}.*` : item.alias,
        `ROW(${item.alias}.*, ${[...columns, '1'].join()})`,
        `(${item.alias}).*`,
        item.columns.some(({ name }) => name === item.alias) ? '1' : `${item.alias}::text`,
        pair.length > 0 ? `(${this.random.pick(pair)}).*` : '2',
        `ARRAY(SELECT ${item.alias})::text`,
        `(SELECT ${item.alias} LIMIT 1)`,
      ]),
    );
    return found;
  }

  private grouped(from: string, plain: Scope, depth: number, kinds?: readonly Kind[]): Rows {
    const { random, expressions } = this;
    const keys: { sql: string; kind: Kind }[] = [];
    const count = random.below(3);
    for (let i = 0; i < count; i++) {
      const kind = random.pick(GROUPED);
      const columns = columnsInSight({ ...plain, outer: undefined }, kind);
      if (columns.length > 0) keys.push({ sql: random.pick(columns), kind });
    }
    const scope: Scope = { ...plain, grouped: keys, aggregates: true };
    const wanted = kinds ?? Array.from({ length: 1 + random.below(3) }, () => this.kindAt(plain));
    const columns = wanted.map((kind, i) => ({ name: `g${i}`, kind }));
    const targets = wanted.map((kind, i) => `${expressions.make(kind, scope, Math.max(1, depth))} AS g${i}`);
    const list = keys.map(({ sql }) => sql);
    const by =
      list.length === 0
        ? ''
        : random.pick([
            ` GROUP BY ${list.join()}`,
            ` GROUP BY ${list.join()}`,
            ` GROUP BY ROLLUP (${list.join()})`,
            ` GROUP BY CUBE (${list.join()})`,
            ` GROUP BY GROUPING SETS ((${list.join()}), (${list[0]}), ())`,
          ]);
    // Without a key and without an aggregate it is a plain query over nothing that it may name: one group is said.
    const empty = list.length === 0 ? ' HAVING count(*) >= 0' : '';
    const having = list.length > 0 && random.chance(30) ? ` HAVING ${expressions.make('bool', scope, 1)}` : empty;
    return { sql: `SELECT ${targets.join(', ')} FROM ${from}${by}${having}`, columns };
  }

  subquery(kind: Kind, scope: Scope, depth: number, scalar: boolean): string {
    if (this.random.chance(15))
      return `SELECT ${this.expressions.make(kind, { ...scope, aggregates: false, windows: false }, depth)}`;
    const rows = this.query(scope, Math.max(0, Math.min(depth, 1)), [kind]);
    if (!scalar) return rows.sql;
    return `SELECT z.z FROM (${rows.sql}) AS z (z) ORDER BY 1 LIMIT 1`;
  }

  private itemOf(table: Table, alias: string) {
    return { alias, columns: table.columns, rowOf: table.name };
  }

  private write(): [string, string | undefined] {
    const { random, expressions } = this;
    const tables = this.schema.relations.filter((table) => table.is === 'table');
    const target = random.pick(tables);
    const own = target.columns.filter(({ name }) => name !== 'id' && !target.generated.has(name));
    const returning = (scope: Scope) =>
      random.chance(60)
        ? ` RETURNING ${random.pick(['*', `${expressions.make('text', scope, 1)} AS r0, ${expressions.make('int', scope, 1)} AS r1`])}`
        : '';
    const itself: Scope = { ...EMPTY, items: [this.itemOf(target, target.name)] };
    switch (random.below(7)) {
      case 5: {
        // Parts of a column.
        const pair = own.find(({ kind }) => kind === 'pair');
        const texts = own.find(({ kind }) => kind === 'texts');
        const json = own.find(({ kind }) => kind === 'json');
        const set = pair
          ? `${pair.name}.p = ${expressions.make('text', itself, 1)}`
          : texts
            ? `${texts.name}[1] = ${expressions.make('text', itself, 1)}`
            : json
              ? `${json.name}['k'] = to_jsonb(${expressions.make('text', itself, 1)})`
              : `${own[0]!.name} = DEFAULT`;
        return [`UPDATE ${target.name} SET ${set}${returning(itself)}`, target.name];
      }
      case 6: {
        const column = random.pick(own.filter(() => target.keyed).concat(own));
        const value = this.subquery(column.kind, EMPTY, 1, true);
        const id = target.keyed ? 900 : 1;
        return [
          `INSERT INTO ${target.name} (id, ${column.name}) VALUES (${id}, (${value}))${returning(itself)}`,
          target.name,
        ];
      }
      case 0:
      case 1: {
        const columns = random.shuffle(own).slice(0, 1 + random.below(own.length));
        const rows = this.query(
          undefined,
          1,
          columns.map(({ kind }) => kind),
        );
        const loose = { ...target, name: target.keyed ? 't3' : target.name };
        if (target.keyed) return this.upsert(target, columns);
        return [
          `INSERT INTO ${loose.name} (${columns.map(({ name }) => name).join()}) ${rows.sql}${returning(itself)}`,
          loose.name,
        ];
      }
      case 2: {
        const set = random.pick(own);
        const value = expressions.make(set.kind, itself, 2);
        const where = random.chance(50) ? ` WHERE ${expressions.make('bool', itself, 1)}` : '';
        return [`UPDATE ${target.name} SET ${set.name} = ${value}${where}${returning(itself)}`, target.name];
      }
      case 3: {
        const other = random.pick(tables);
        const scope: Scope = { ...EMPTY, items: [this.itemOf(target, 'd'), this.itemOf(other, 'e')] };
        const set = random.pick(own);
        const two = random.pick(own);
        const pairs =
          set === two
            ? `${set.name} = ${expressions.make(set.kind, scope, 1)}`
            : `(${set.name}, ${two.name}) = (SELECT ${expressions.make(set.kind, scope, 1)}, ${expressions.make(two.kind, scope, 1)})`;
        return [
          `UPDATE ${target.name} AS d SET ${pairs} FROM ${oneEach(other)} e WHERE d.id = e.id${returning(scope)}`,
          target.name,
        ];
      }
      default: {
        const other = random.pick(tables);
        const scope: Scope = { ...EMPTY, items: [this.itemOf(target, 'd'), this.itemOf(other, 'e')] };
        return [
          `DELETE FROM ${target.name} d USING ${oneEach(other)} e WHERE d.id = e.id AND ${expressions.make('bool', scope, 1)}${returning(scope)}`,
          target.name,
        ];
      }
    }
  }

  private upsert(target: Table, columns: readonly Column[]): [string, string] {
    const { random, expressions } = this;
    const source = random.pick(this.schema.relations);
    const scope: Scope = { ...EMPTY, items: [this.itemOf(source, 'e')] };
    const values = columns.map(({ kind }) => expressions.make(kind, scope, 1));
    const set = random.pick(columns);
    const names = columns.map(({ name }) => name).join();
    const returned = random.pick(['', ' RETURNING *', ` RETURNING ${set.name} AS r0, id`]);
    if (random.chance(30)) {
      const merge = `MERGE INTO ${target.name} m USING ${source.name} e ON m.id = e.id WHEN MATCHED THEN UPDATE SET ${set.name} = ${expressions.make(set.kind, scope, 1)} WHEN NOT MATCHED THEN INSERT (id, ${names}) VALUES (e.id, ${values.join(', ')})`;
      return [merge, target.name];
    }
    const value = random.pick([
      `EXCLUDED.${set.name}`,
      expressions.make(set.kind, { ...EMPTY, items: [this.itemOf(target, target.name)] }, 1),
      literal(set.kind, random),
    ]);
    return [
      `INSERT INTO ${target.name} (id, ${names}) SELECT DISTINCT ON (e.id) e.id, ${values.join(', ')} FROM ${source.name} e ORDER BY e.id ON CONFLICT (id) DO UPDATE SET ${set.name} = ${value}${returned}`,
      target.name,
    ];
  }
}

/** Without children, whose rows may have the same key: which of several rows an UPDATE takes values from is anybody's guess. */
function oneEach({ name, keyed }: Table): string {
  return keyed ? `ONLY ${name}` : name;
}
