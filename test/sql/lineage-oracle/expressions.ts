/** Random expressions of a wanted kind over what is in sight. */
import { KINDS, type Kind, literal, SQL_TYPE } from './kinds.ts';
import type { Random } from './random.ts';
import type { Schema } from './schema.ts';
import { columnsInSight, rowsInSight, type Scope } from './scope.ts';

/** What an expression needs of the query generator. */
export interface Subqueries {
  /** `SELECT one-column …` of a kind, at most one row if `scalar`. */
  subquery(kind: Kind, scope: Scope, depth: number, scalar: boolean): string;
}

type Make = () => string;

export class Expressions {
  readonly random: Random;
  readonly schema: Schema;
  readonly queries: Subqueries;
  /** A cast or division that some values of a column make fail has been used. */
  fallible = false;
  /** Whether one may be; what a REFRESH runs must work with any values. */
  mayFail = true;

  constructor(random: Random, schema: Schema, queries: Subqueries) {
    this.random = random;
    this.schema = schema;
    this.queries = queries;
  }

  make(kind: Kind, scope: Scope, depth: number): string {
    const columns = columnsInSight(scope, kind);
    if (depth <= 0 || this.random.chance(30)) {
      if (columns.length > 0) return this.random.chance(92) ? this.random.pick(columns) : literal(kind, this.random);
      const other = kind === 'text' ? columnsInSight(scope, this.random.pick(KINDS)) : [];
      return other.length > 0 ? `(${this.random.pick(other)})::text` : literal(kind, this.random);
    }
    const general = this.random.chance(40) ? this.general(kind, scope, depth) : undefined;
    return (general ?? this.random.pick(this.ofKind(kind, scope, depth)))();
  }

  /** What can be done with any kind. */
  private general(kind: Kind, scope: Scope, depth: number): Make {
    const one = () => this.make(kind, scope, depth - 1);
    const bool = () => this.make('bool', scope, depth - 1);
    const inner: Scope = { ...scope, items: scope.items, aggregates: false, windows: false };
    const ways: Make[] = [
      () => `coalesce(${one()}, ${one()})`,
      () => `CASE WHEN ${bool()} THEN ${one()} ELSE ${one()} END`,
      () =>
        `CASE ${this.make('int', scope, depth - 1)} WHEN 1 THEN ${one()} WHEN ${this.make('int', scope, 0)} THEN ${one()} END`,
      () => `(${this.queries.subquery(kind, inner, depth - 1, true)})`,
      () => `(${one()})::${SQL_TYPE[kind]}`,
    ];
    if (kind !== 'texts' && kind !== 'ints')
      ways.push(() => `(ARRAY[${one()}, ${one()}])[${1 + this.random.below(2)}]`);
    if (kind !== 'json' && kind !== 'pair')
      ways.push(
        () => `nullif(${one()}, ${one()})`,
        () => `greatest(${one()}, ${one()})`,
      );
    if (scope.windows) {
      const order = () => this.key(scope);
      ways.push(
        () => `first_value(${one()}) OVER (ORDER BY ${order()})`,
        () =>
          `lag(${one()}) OVER (PARTITION BY ${this.make('bool', { ...scope, windows: false }, 1)} ORDER BY ${order()})`,
        () =>
          `nth_value(${one()}, 2) OVER (ORDER BY ${order()} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`,
      );
    }
    if (scope.aggregates) {
      const argument = this.argument(scope);
      const arg = (of: Kind) => this.make(of, argument, depth - 1);
      if (kind !== 'json' && kind !== 'bool' && kind !== 'uuid' && kind !== 'pair' && kind !== 'range') {
        ways.push(
          () => `max(${arg(kind)})`,
          () => `min(${arg(kind)}) FILTER (WHERE ${arg('bool')})`,
        );
      }
      ways.push(
        () => `(array_agg(${arg(kind)} ORDER BY ${arg('int')}))[1]`,
        () => `mode() WITHIN GROUP (ORDER BY ${arg(kind)})`,
      );
    }
    const routines = this.schema.routines.filter((routine) => routine.is === 'scalar' && routine.returns === kind);
    if (routines.length > 0)
      ways.push(() => `${this.random.pick(routines).name}(${this.make('int', scope, depth - 1)})`);
    for (const item of rowsInSight(scope)) {
      const over = this.schema.routines.filter(
        (routine) => routine.is === 'row' && routine.returns === kind && routine.table === item.rowOf,
      );
      for (const routine of over) {
        ways.push(
          () => `${routine.name}(${item.alias})`,
          () => `(${item.alias}).${routine.name}`,
        );
      }
      const fields = item.columns.filter((column) => column.kind === kind && !item.merged?.has(column.name));
      const field = fields.length > 0 ? this.random.pick(fields) : undefined;
      if (field) {
        ways.push(() => `(${item.alias}).${field.name}`);
        if (field.name !== 'lower') ways.push(() => `${field.name}(${item.alias})`);
        if (!item.columns.some((column) => column.name === item.alias)) {
          ways.push(() => this.fromJson(kind, `to_jsonb(${item.alias})`, field.name));
        }
      }
    }
    return this.random.pick(ways);
  }

  /** A field of a row as json, back as its kind. */
  private fromJson(kind: Kind, json: string, field: string): string {
    if (kind === 'json') return `(${json} -> '${field}')`;
    if (kind === 'text' || kind === 'digits' || kind === 'tag') return `(${json} ->> '${field}')::${SQL_TYPE[kind]}`;
    return literal(kind, this.random);
  }

  /** In an aggregate's arguments: columns of this level only, and no other aggregate. */
  private argument(scope: Scope): Scope {
    return { items: scope.items, outer: undefined, aggregates: false, windows: false, grouped: undefined };
  }

  /** Mostly one that there are columns of. */
  private kindInSight(scope: Scope): Kind {
    const kinds = scope.items.flatMap((item) => item.columns.map(({ kind }) => kind));
    return kinds.length > 0 && this.random.chance(70) ? this.random.pick(kinds) : this.random.pick(KINDS);
  }

  /** Something to order by. */
  key(scope: Scope): string {
    const plain: Scope = { ...scope, windows: false };
    const ids = columnsInSight(plain, 'int').filter((name) => name.endsWith('.id'));
    return ids.length > 0 && this.random.chance(60)
      ? this.random.pick(ids)
      : this.make(this.random.pick(['int', 'text', 'date']), plain, 1);
  }

  private ofKind(kind: Kind, scope: Scope, depth: number): Make[] {
    const make = (of: Kind) => this.make(of, scope, depth - 1);
    const { random } = this;
    const argument = this.argument(scope);
    const arg = (of: Kind) => this.make(of, argument, depth - 1);
    const ways: Make[] = [];
    const any = () => make(this.kindInSight(scope));
    switch (kind) {
      case 'int':
        if (this.mayFail && random.chance(12)) {
          const failing = this.failing(scope);
          if (failing.length > 0) return failing;
        }
        ways.push(
          () => `(${make('int')} ${random.pick(['+', '-', '*', '#', '&'])} ${make('int')})`,
          () => `length(${make('text')})`,
          () => `ascii(${make('text')})`,
          () => `cardinality(${make(random.pick(['texts', 'ints']))})`,
          () => `extract(${random.pick(['day', 'month', 'year'])} FROM ${make('date')})::int`,
          () => `strpos(${make('text')}, ${make('text')})`,
          () => `(${make('ints')})[${random.chance(70) ? '1' : make('int')}]`,
          () => `(${make('pair')}).q`,
          () => `lower(${make('range')})`,
          () => `(${make('num')})::int`,
          () => `num_nulls(${any()}, ${any()})`,
          () => `(${make('bool')})::int`,
          () => `mod(${make('int')}, 3)`,
          () => `abs(-${make('int')})`,
        );
        if (scope.windows) {
          ways.push(
            () => `(row_number() OVER (ORDER BY ${this.key(scope)}))::int`,
            () => `(count(*) OVER (PARTITION BY ${this.make('text', { ...scope, windows: false }, 1)}))::int`,
            () => `(rank() OVER (ORDER BY ${this.key(scope)} DESC))::int`,
            () => `(sum(${this.make('int', { ...scope, windows: false }, 1)}) OVER w)::int`,
          );
        }
        if (scope.aggregates) {
          ways.push(
            () => 'count(*)::int',
            () => `regr_count(${arg('int')}, ${arg('int')})::int`,
            () => `(rank(3) WITHIN GROUP (ORDER BY ${arg('int')}))::int`,
            () => `count(${arg(random.pick(KINDS))})::int`,
            () => `count(DISTINCT ${arg(random.pick(['text', 'int', 'date']))})::int`,
            () => `sum(${arg('int')})::int`,
            () => `percentile_disc(0.5) WITHIN GROUP (ORDER BY ${arg('int')})`,
          );
        }
        break;
      case 'num':
        ways.push(
          () => `(${make('num')} ${random.pick(['+', '-', '*'])} ${make('num')})`,
          () => `(${make('int')})::numeric`,
          () => `round(${make('num')}, 1)`,
          () => `(${make('num')} / nullif(${make('num')}, 0))`,
          () => `trunc(${make('num')})`,
        );
        if (scope.aggregates)
          ways.push(
            () => `avg(${arg('int')})`,
            () => `sum(${arg('num')})`,
          );
        break;
      case 'text':
        ways.push(
          () =>
            `${random.pick(['upper', 'lower', 'reverse', 'initcap', 'md5', 'btrim', 'quote_literal'])}(${make('text')})`,
          () => `(${make('text')} || ${make('text')})`,
          () => `(${make('text')} || ${make('int')})`,
          () => `substr(${make('text')}, ${make('int')})`,
          () => `substring(${make('text')} FROM 1 FOR 3)`,
          () => `replace(${make('text')}, ${make('text')}, 'r')`,
          () => `regexp_replace(${make('text')}, '[aeiou]', 'v', 'g')`,
          () => `concat(${any()}, ${any()})`,
          () => `concat_ws('-', ${make('text')}, ${any()})`,
          () => `format('%s/%s', ${any()}, ${make('text')})`,
          () => `(${any()})::text`,
          () => `CAST(${any()} AS varchar)`,
          () => `(${make('json')} ->> 'k')`,
          () => `(${make('json')} #>> '{o,i}')`,
          () => `(${make('json')})['o']['i']::text`,
          () => `(${make('texts')})[${1 + random.below(2)}]`,
          () => `(${make('pair')}).${random.pick(['p', 'r'])}`,
          () => `array_to_string(${make(random.pick(['texts', 'ints']))}, '+')`,
          () => `split_part(${make('text')}, 'e', 1)`,
          () => `to_char(${make('date')}, 'YYYY/MM')`,
          () => `left(${make('text')}, 2)`,
          () => `(${make('text')} COLLATE "C")`,
          () =>
            `jsonb_build_object('deep', jsonb_build_array(${any()}, ${make('text')})) #>> '{deep,${random.below(2)}}'`,
          () => `(ROW(${any()}, ${make('text')}))::text`,
          () => `overlay(${make('text')} PLACING ${make('text')} FROM 2)`,
          () => `translate(${make('text')}, 'ae', 'xy')`,
          () => `encode(convert_to(${make('text')}, 'UTF8'), 'hex')`,
          () => `nullif(pg_typeof(${any()})::text, ${make('text')})`,
          () => `(${make('text')} +~ ${make('text')})`,
          () => `(${make('text')} OPERATOR(+~) ${make('text')})`,
          () => `(!~! ${make('int')})`,
          () => `ROW(${make('text')})::wrap::text`,
          () => `own_glue(${make('text')}, ${make('text')})`,
          () => `(xpath('/r/text()', xmlelement(name r, ${make('text')})))[1]::text`,
          () => `xmlserialize(CONTENT xmlforest(${make('text')} AS f, ${make('int')} AS g) AS text)`,
          () =>
            `(SELECT x.v FROM (VALUES (1, ${make('text')}), (2, ${make('text')})) AS x (n, v) WHERE x.n = ${make('int')} % 2 + 1)`,
          () => `(WITH w_ AS (SELECT ${make('text')} AS a, ${make('int')} AS b) SELECT a FROM w_ WHERE b IS NOT NULL)`,
          () => `((ARRAY[${make('pair')}])[1]).p`,
          () => `jsonb_path_query_array(to_jsonb(${make('text')}), '$') ->> 0`,
          () => `(to_jsonb(ARRAY[${make('text')}, ${make('text')}]) -> ${random.below(2)}) #>> '{}'`,
          () => `(json_build_object('a', ${make('text')}, 'b', ${any()}) ->> '${random.pick(['a', 'b'])}')`,
          () => `string_to_array(${make('text')}, 'e')::text`,
          () =>
            `(SELECT string_agg(c_, '' ORDER BY n_) FROM string_to_table(${make('text')}, NULL) WITH ORDINALITY AS s_ (c_, n_))`,
        );
        if (random.chance(5)) ways.push(() => `own_loop(${make('int')})`);
        if (scope.aggregates) {
          ways.push(
            () => `string_agg(${arg('text')}, ',' ORDER BY ${arg('int')})`,
            () => `own_list(${arg('text')} ORDER BY ${arg('int')}, ${arg('text')})`,
            () => `own_last(${arg('text')} ORDER BY ${arg('int')}, ${arg('text')})`,
            () => `max(${arg('text')}) || min(${arg('digits')})`,
            () => `string_agg(DISTINCT ${arg('text')}, ';')`,
          );
        }
        break;
      case 'digits':
        ways.push(
          () => `(${make('int')})::varchar(40)`,
          () => `lpad(${make('digits')}, 3, '0')::varchar(40)`,
        );
        break;
      case 'tag':
        ways.push(() => `(${make('text')} || '~')::tag`);
        break;
      case 'bool':
        ways.push(
          () => `(${make('int')} ${random.pick(['=', '<', '>=', '<>'])} ${make('int')})`,
          () => `(${make('text')} ${random.pick(['=', '<', '<>', '~'])} ${make('text')} || '')`,
          () => `(${make('bool')} ${random.pick(['AND', 'OR'])} ${make('bool')})`,
          () => `(NOT ${make('bool')})`,
          () => `(${any()} IS ${random.pick(['NULL', 'NOT NULL'])})`,
          () => `(${make('text')} IN (${make('text')}, ${literal('text', random)}))`,
          () =>
            `(${make('int')} IN (${this.queries.subquery('int', { ...scope, aggregates: false, windows: false }, depth - 1, false)}))`,
          () =>
            `EXISTS (${this.queries.subquery('text', { ...scope, aggregates: false, windows: false }, depth - 1, false)})`,
          () => `(${make('int')} BETWEEN ${make('int')} AND ${make('int')})`,
          () => `(${make('text')} LIKE ${literal('text', random)} || '%')`,
          () => `(${make('text')} = ANY (${make('texts')}))`,
          () =>
            `(${make('int')} > ALL (${this.queries.subquery('int', { ...scope, aggregates: false, windows: false }, depth - 1, false)}))`,
          () => `(${make('mood')} IS DISTINCT FROM ${make('mood')})`,
          () => `((${make('int')}, ${make('text')}) = (${make('int')}, ${make('text')}))`,
          () => `(${make('range')} && ${make('range')})`,
          () => `(${make('json')} @> ${make('json')})`,
          () => `(${make('json')} ? 'k')`,
          () => `(${make('bool')} IS TRUE)`,
          () => `starts_with(${make('text')}, ${make('text')})`,
        );
        if (scope.aggregates)
          ways.push(
            () => `bool_or(${arg('bool')})`,
            () => `every(${arg('bool')})`,
          );
        break;
      case 'date':
        ways.push(
          () => `(${make('date')} + ${make('int')})`,
          () => `date_trunc('month', ${make('date')}::timestamp)::date`,
        );
        break;
      case 'json':
        ways.push(...this.jsonWays(scope, make, arg, any));
        break;
      case 'texts':
        ways.push(
          () => `ARRAY[${make('text')}, ${make('text')}]`,
          () => `array_append(${make('texts')}, ${make('text')})`,
          () => `(${make('texts')} || ${make('texts')})`,
          () => `(${make('texts')})[1:1]`,
          () => `string_to_array(${make('text')}, 'e')`,
          () =>
            `ARRAY(${this.queries.subquery('text', { ...scope, aggregates: false, windows: false }, depth - 1, false)})`,
          () => `array_remove(${make('texts')}, ${make('text')})`,
          () => `regexp_split_to_array(${make('text')}, '')`,
        );
        if (scope.aggregates) ways.push(() => `array_agg(${arg('text')} ORDER BY ${arg('int')}, ${arg('text')})`);
        break;
      case 'ints':
        ways.push(
          () => `ARRAY[${make('int')}, ${make('int')}]`,
          () => `array_prepend(${make('int')}, ${make('ints')})`,
          () => `(${make('ints')})[2:]`,
        );
        break;
      case 'pair':
        ways.push(
          () => `ROW(${make('text')}, ${make('int')}, ${make('text')})::pair`,
          () => `(${make('text')}, ${make('int')}, ${make('text')})::pair`,
          () => `jsonb_populate_record(NULL::pair, ${make('json')} || jsonb_build_object('p', ${make('text')}))`,
        );
        break;
      case 'uuid':
        ways.push(() => `md5(${make('text')})::uuid`);
        break;
      case 'range':
        ways.push(
          () => `int4range(0, abs(${make('int')}))`,
          () => `(${make('range')} * ${make('range')})`,
        );
        break;
      case 'mood':
        ways.push(() => `CASE WHEN ${make('bool')} THEN 'sad'::mood ELSE ${make('mood')} END`);
        break;
      default:
        kind satisfies never;
    }
    return ways;
  }

  /** What some values make fail, of a column: what is constant never does. */
  private failing(scope: Scope): Make[] {
    const of = (kind: Kind, write: (column: string) => string): Make[] => {
      const columns = columnsInSight(scope, kind);
      return columns.length === 0 ? [] : [() => this.fails(write(this.random.pick(columns)))];
    };
    return [
      ...of('digits', (digits) => `(${digits})::int`),
      ...of('int', (int) => `(100 / (${int} - 30))`),
      ...of('json', (json) => `(${json} ->> 'n')::int`),
      ...of('int', (int) => `length(substring('some text' FROM 1 FOR 9 - ${int}))`),
      ...of('json', (json) => `(SELECT count(*) FROM jsonb_object_keys(${json} -> 'o'))::int`),
      ...of('int', (int) => `extract(day FROM make_date(2024, 12 - mod(abs(${int}), 12), 1))::int`),
      ...of('int', (int) => `upper(int4range(${int}, 9))`),
      ...of('digits', (digits) => `length(decode(lpad(${digits}, 2, '0'), 'hex'))`),
      ...of('text', (text) => `(nullif(length(${text}), 9) / nullif(length(${text}), 8))`),
    ];
  }

  private jsonWays(scope: Scope, make: (kind: Kind) => string, arg: (kind: Kind) => string, any: Make): Make[] {
    const ways: Make[] = [
      () => `jsonb_build_object('a', ${any()}, ${make('text')} || 'k', ${any()})`,
      () => `jsonb_build_array(${any()}, ${any()})`,
      () => `to_jsonb(${any()})`,
      () => `(${make('json')} || ${make('json')})`,
      () => `(${make('json')} -> 'o')`,
      () => `(jsonb_build_object('u', ${any()}, 'v', ${any()}) -> '${this.random.pick(['u', 'v'])}')`,
      () => `jsonb_set(${make('json')}, '{k}', to_jsonb(${make('text')}))`,
      () => `(${make('json')} - 'k')`,
      () => `jsonb_path_query_first(${make('json')}, '$.o')`,
      () => `(json_build_object('r', ROW(${any()}, ${make('text')})))::jsonb`,
      () => `jsonb_strip_nulls(${make('json')})`,
      () => `array_to_json(${make('texts')})::jsonb`,
    ];
    for (const item of rowsInSight(scope)) {
      if (item.columns.some((column) => column.name === item.alias)) continue;
      ways.push(
        () => `to_jsonb(${item.alias})`,
        () => `row_to_json(${item.alias})::jsonb`,
        () => `jsonb_build_object('row', ${item.alias})`,
      );
    }
    if (scope.aggregates) {
      ways.push(
        () => `jsonb_agg(${arg('text')} ORDER BY ${arg('int')}, ${arg('text')})`,
        () => `jsonb_object_agg(coalesce(${arg('text')}, 'nil'), ${arg('int')} ORDER BY ${arg('int')})`,
        () => `json_agg(DISTINCT ${arg('text')})::jsonb`,
      );
    }
    return ways;
  }

  private fails(sql: string): string {
    this.fallible = true;
    return sql;
  }
}
