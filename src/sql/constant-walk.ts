/**
 * The walk through a parse tree that gathers where constants and parameters go (`constant-places.ts`): every constant of
 * an expression may meet every column in it, AND, OR and NOT keep their operands apart, and what is nested flows on.
 */
import type { ColumnMet, ConstantPlace } from './facts.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import { isPureFunction } from './pure-functions.ts';
import { type Fold, foldsOf } from './shortened.ts';
import {
  as,
  child,
  flag,
  isTree,
  items,
  leftChain,
  list,
  location,
  number,
  strings,
  type Tree,
  text,
  unwrap,
} from './tree.ts';

/** What is known of where values go: all constants of an expression share one. */
export interface Place {
  /** Somewhere in the statement's relations. */
  anything: boolean;
  /** Who knows where: into a routine, a setting, a body. */
  hidden: boolean;
  readonly columns: Map<string, ColumnMet>;
  /** How many constants and parameters have it. */
  users: number;
}

/** What EXISTS and the like are called where nobody names them, as FigureColname does. */
const FIGURED: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  CaseExpr: 'case',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  GroupingFunc: 'grouping',
  NullIfExpr: 'nullif',
};

const NONE: readonly ColumnMet[] = [];

/** One expression: every constant in it may meet every column in it. */
interface Unit {
  readonly constants: Set<number>;
  readonly parameters: Set<number>;
  readonly columns: Map<string, ColumnMet>;
  anything: boolean;
  hidden: boolean;
}

export class ConstantWalk {
  /** By byte offset. */
  readonly constants = new Map<number, Place>();
  /** By number, from 0. */
  readonly parameters: (Place | undefined)[] = [];
  /** Rows that the parser did not see, and where their cells go. */
  readonly folds: { readonly fold: Fold; readonly cells: readonly Place[] }[] = [];
  readonly named = new Map<string, ColumnMet>();
  star = false;
  /** It has a body in SQL or PL/pgSQL, in dollar quotes. */
  hasBody = false;
  /** Names that something else than a column of a relation may go by. */
  readonly #introduced = new Set<string>();
  /** What an alias stands for; `null`: several things, or no relation. */
  readonly #aliases = new Map<string, string | null>();
  readonly #ctes = new Set<string>();
  readonly #places = new Map<string, ConstantPlace>();
  readonly #told = new Map<Place, ConstantPlace>();
  readonly #cells = new Map<ColumnMet | undefined, Place>();
  readonly #openCells = new Map<ColumnMet | undefined, Place>();

  /** The same places are one object: a text may have very many constants. */
  placeOf(place: Place): ConstantPlace {
    const { anything, hidden, columns } = place;
    if (hidden) return 'hidden';
    if (anything) return 'anything';
    if (columns.size === 0) return 'nothing';
    let told = this.#told.get(place);
    if (told === undefined) {
      const key = [...columns.keys()].join('\x01');
      told = this.#places.get(key) ?? this.#columnsOf(place);
      this.#places.set(key, told);
      this.#told.set(place, told);
    }
    return told;
  }

  #columnsOf({ columns }: Place): ConstantPlace {
    const met: ColumnMet[] = [];
    for (const { relation, column, position } of columns.values()) {
      if (position === undefined && this.#introduced.has(column)) return 'anything';
      const stands = relation === undefined || position !== undefined ? relation : this.#aliases.get(relation);
      met.push({
        ...(stands == null || this.#ctes.has(stands) ? {} : { relation: stands }),
        column,
        ...(position === undefined ? {} : { position }),
      });
    }
    return met;
  }

  /** `nested`: what it answers flows on. */
  statement(wrapped: Tree | undefined, nested: boolean): void {
    const [type, node] = unwrap(wrapped) ?? ['', {}];
    switch (type) {
      case 'SelectStmt':
        this.#select(node, { nested, into: undefined });
        break;
      case 'InsertStmt':
        this.#insert(node, nested);
        break;
      case 'UpdateStmt':
        this.#with(node);
        this.#relation(child(node, 'relation'));
        this.#assign(list(node, 'targetList'));
        for (const item of list(node, 'fromClause')) this.#from(item);
        this.#condition(child(node, 'whereClause'));
        this.#returning(node, nested);
        break;
      case 'DeleteStmt':
        this.#with(node);
        this.#relation(child(node, 'relation'));
        for (const item of list(node, 'usingClause')) this.#from(item);
        this.#condition(child(node, 'whereClause'));
        this.#returning(node, nested);
        break;
      case 'MergeStmt':
        this.#merge(node, nested);
        break;
      case 'ExplainStmt':
      case 'DeclareCursorStmt':
      case 'PrepareStmt':
        this.statement(child(node, 'query'), nested);
        break;
      case 'CopyStmt':
        if (child(node, 'query') !== undefined) this.statement(child(node, 'query'), nested);
        this.#condition(child(node, 'whereClause'));
        break;
      case 'CreateTableAsStmt':
      case 'ViewStmt':
        this.statement(child(node, 'query'), true);
        break;
      case 'VariableSetStmt':
        // A setting of one's own may hold anything.
        this.#everything(node, (text(node, 'name') ?? '.').includes('.') ? 'hidden' : 'nothing');
        break;
      case 'DoStmt':
        this.hasBody ||= languageOf(list(node, 'args'), 'plpgsql');
        break;
      case 'CreateFunctionStmt':
        this.hasBody ||= languageOf(list(node, 'options'), 'sql');
        this.#everything(node, 'hidden');
        break;
      default:
        this.#everything(node, 'hidden');
    }
  }

  #with(node: Tree): void {
    for (const wrapped of list(child(node, 'withClause') ?? {}, 'ctes')) {
      const cte = as(wrapped, 'CommonTableExpr') ?? {};
      this.#ctes.add(text(cte, 'ctename') ?? '');
      for (const name of strings(cte, 'aliascolnames')) this.#introduced.add(name);
      for (const clause of ['search_clause', 'cycle_clause']) this.#everything(child(cte, clause) ?? {}, 'anything');
      this.statement(child(cte, 'ctequery'), true);
    }
  }

  #select(
    node: Tree,
    how: {
      readonly nested: boolean;
      /** INSERT: where its columns go; one by one, or by position in a relation. */
      readonly into: readonly ColumnMet[] | ((position: number) => ColumnMet) | undefined;
      /** Nobody sees what it answers. */
      readonly exists?: boolean;
    },
  ): void {
    this.#with(node);
    const { into } = how;
    const target = typeof into === 'function' ? into : (i: number): ColumnMet | undefined => into?.[i];
    const nested = how.nested && how.exists !== true;
    const left = child(node, 'larg');
    const right = child(node, 'rarg');
    // The rows of both sides are compared with one another, except by UNION ALL; names are those of the left.
    if (left !== undefined) this.#select(left, { nested: true, into: undefined });
    if (right !== undefined) this.#select(right, { nested: true, into: undefined });
    for (const row of list(node, 'valuesLists')) {
      items(row).forEach((cell, i) => {
        const column = target(i);
        this.#unit(
          cell,
          column === undefined ? NONE : [column],
          nested || (into !== undefined && column === undefined),
        );
      });
    }
    for (const fold of foldsOf(node)) {
      const cells = fold.given.map((_, i) => this.#cell(target(i), nested || target(i) === undefined));
      this.folds.push({ fold, cells });
    }
    if (list(node, 'valuesLists').length > 0 && nested) this.#introduced.add('column1');
    let known = into !== undefined;
    list(node, 'targetList').forEach((wrapped, i) => {
      const result = as(wrapped, 'ResTarget') ?? {};
      const value = child(result, 'val');
      const reference = as(value, 'ColumnRef');
      if (reference !== undefined && list(reference, 'fields').some((one) => as(one, 'A_Star') !== undefined))
        known = false;
      const column = known ? target(i) : undefined;
      this.#unit(value, column === undefined ? NONE : [column], nested || (into !== undefined && column === undefined));
      if (nested) this.#introduce(text(result, 'name'), value);
    });
    for (const item of list(node, 'fromClause')) this.#from(item);
    this.#condition(child(node, 'whereClause'));
    this.#condition(child(node, 'havingClause'));
    for (const key of ['groupClause', 'distinctClause', 'windowClause', 'sortClause']) {
      for (const one of list(node, key)) this.#ordering(one);
    }
    for (const key of ['limitCount', 'limitOffset']) this.#unit(child(node, key), NONE, false);
  }

  #ordering(wrapped: Tree): void {
    const sort = as(wrapped, 'SortBy');
    const window = as(wrapped, 'WindowDef');
    if (window !== undefined) {
      for (const key of ['partitionClause', 'orderClause']) for (const one of list(window, key)) this.#ordering(one);
      for (const key of ['startOffset', 'endOffset']) this.#unit(child(window, key), NONE, true);
    } else this.#unit(sort === undefined ? wrapped : child(sort, 'node'), NONE, false);
  }

  /** What a column of a nested query is called that is no column of the same name. */
  #introduce(name: string | undefined, value: Tree | undefined): void {
    const [type, node] = unwrap(value) ?? ['', {}];
    if (name !== undefined) {
      const fields = type === 'ColumnRef' ? strings(node, 'fields') : [];
      if (fields.at(-1) !== name) this.#introduced.add(name);
      return;
    }
    switch (type) {
      case 'ColumnRef':
        return;
      case 'FuncCall':
        this.#introduced.add(strings(node, 'funcname').at(-1) ?? '');
        return;
      case 'TypeCast':
        this.#introduce(undefined, child(node, 'arg'));
        this.#introduced.add(strings(child(node, 'typeName') ?? {}, 'names').at(-1) ?? '');
        return;
      case 'CollateClause':
        this.#introduce(undefined, child(node, 'arg'));
        return;
      case 'A_Indirection':
        this.#introduce(undefined, child(node, 'arg'));
        for (const field of strings(node, 'indirection')) this.#introduced.add(field);
        return;
      default:
        this.#introduced.add(FIGURED[type] ?? type.toLowerCase());
        for (const figured of ['greatest', 'least', 'exists', '?column?']) this.#introduced.add(figured);
    }
  }

  #relation(range: Tree | undefined): void {
    if (range === undefined) return;
    const name = qualifiedName(rangeVarParts(range));
    const alias = child(range, 'alias');
    for (const column of strings(alias ?? {}, 'colnames')) this.#introduced.add(column);
    this.#alias(text(alias ?? {}, 'aliasname') ?? text(range, 'relname') ?? '', name);
  }

  #alias(alias: string, stands: string | null): void {
    const known = this.#aliases.get(alias);
    this.#aliases.set(alias, known === undefined || known === stands ? stands : null);
  }

  #aliased(node: Tree): void {
    const alias = child(node, 'alias');
    if (alias !== undefined) this.#alias(text(alias, 'aliasname') ?? '', null);
    for (const name of strings(alias ?? {}, 'colnames')) this.#introduced.add(name);
    const using = child(node, 'join_using_alias');
    if (using !== undefined) this.#alias(text(using, 'aliasname') ?? '', null);
  }

  #from(item: Tree): void {
    const [type, node] = unwrap(item) ?? ['', {}];
    switch (type) {
      case 'RangeVar':
        this.#relation(node);
        return;
      case 'JoinExpr':
        this.#aliased(node);
        for (const key of ['larg', 'rarg']) {
          const side = child(node, key);
          if (side !== undefined) this.#from(side);
        }
        this.#condition(child(node, 'quals'));
        return;
      case 'RangeSubselect':
        this.#aliased(node);
        this.statement(child(node, 'subquery'), true);
        return;
      case 'RangeTableSample': {
        const relation = child(node, 'relation');
        if (relation !== undefined) this.#from(relation);
        for (const one of [...list(node, 'args'), child(node, 'repeatable')]) this.#unit(one, NONE, false);
        return;
      }
      case 'RangeFunction':
        this.#aliased(node);
        // A function's one column goes by its alias, or by the function's name.
        this.#introduced.add(text(child(node, 'alias') ?? {}, 'aliasname') ?? '');
        for (const column of list(node, 'coldeflist')) {
          this.#introduced.add(text(as(column, 'ColumnDef') ?? {}, 'colname') ?? '');
        }
        for (const one of list(node, 'functions')) {
          for (const part of items(one)) {
            this.#introduce(undefined, part);
            this.#unit(part, NONE, true);
          }
        }
        return;
      default:
        this.#aliased(node);
        for (const column of list(node, 'columns')) {
          const definition = as(column, 'RangeTableFuncCol') ?? as(column, 'JsonTableColumn') ?? {};
          this.#introduced.add(text(definition, 'colname') ?? text(definition, 'name') ?? '');
        }
        this.#everything(node, 'anything');
    }
  }

  #returning(node: Tree, nested: boolean): void {
    const clause = child(node, 'returningClause');
    const targets = clause === undefined ? list(node, 'returningList') : list(clause, 'exprs');
    for (const wrapped of targets) {
      const result = as(wrapped, 'ResTarget') ?? {};
      this.#unit(child(result, 'val'), NONE, nested);
      if (nested) this.#introduce(text(result, 'name'), child(result, 'val'));
    }
  }

  #insert(node: Tree, nested: boolean): void {
    this.#with(node);
    const range = child(node, 'relation');
    this.#relation(range);
    const relation = qualifiedName(rangeVarParts(range ?? {}));
    const named = list(node, 'cols').map((wrapped) => this.#target(as(wrapped, 'ResTarget') ?? {}, relation));
    const unnamed: ColumnMet[] = [];
    const into =
      named.length > 0
        ? named
        : (position: number): ColumnMet => (unnamed[position] ??= { relation, column: '', position });
    const source = as(child(node, 'selectStmt'), 'SelectStmt');
    if (source !== undefined) this.#select(source, { nested: false, into });
    if (named.length === 0) this.star = true;
    const conflict = child(node, 'onConflictClause');
    if (conflict !== undefined) {
      const infer = child(conflict, 'infer') ?? {};
      for (const wrapped of list(infer, 'indexElems')) {
        this.#unit(child(as(wrapped, 'IndexElem') ?? {}, 'expr'), NONE, false);
      }
      this.#condition(child(infer, 'whereClause'));
      this.#assign(list(conflict, 'targetList'));
      this.#condition(child(conflict, 'whereClause'));
    }
    this.#returning(node, nested);
  }

  /** A column that is written. */
  #target(result: Tree, relation: string | undefined): ColumnMet {
    const column = text(result, 'name') ?? '';
    const met: ColumnMet = { column };
    this.#name(relation === undefined ? met : { relation, column });
    for (const wrapped of list(result, 'indirection')) this.#everything(wrapped, 'nothing');
    return met;
  }

  #assign(targets: readonly Tree[]): void {
    for (const wrapped of targets) {
      const result = as(wrapped, 'ResTarget') ?? {};
      const column = this.#target(result, undefined);
      const value = child(result, 'val');
      const several = as(value, 'MultiAssignRef');
      if (several === undefined) {
        this.#unit(value, [column], false);
        continue;
      }
      const row = as(child(several, 'source'), 'RowExpr');
      if (row === undefined) this.#unit(child(several, 'source'), [column], true);
      else this.#unit(list(row, 'args')[(number(several, 'colno') ?? 1) - 1], [column], false);
    }
  }

  #merge(node: Tree, nested: boolean): void {
    this.#with(node);
    this.#relation(child(node, 'relation'));
    const source = child(node, 'sourceRelation');
    if (source !== undefined) this.#from(source);
    this.#condition(child(node, 'joinCondition'));
    for (const wrapped of list(node, 'mergeWhenClauses')) {
      const when = as(wrapped, 'MergeWhenClause') ?? {};
      this.#condition(child(when, 'condition'));
      if (text(when, 'commandType') !== 'CMD_INSERT') {
        this.#assign(list(when, 'targetList'));
        continue;
      }
      const columns = list(when, 'targetList').map((one) => this.#target(as(one, 'ResTarget') ?? {}, undefined));
      list(when, 'values').forEach((value, i) => {
        const column = columns[i];
        this.#unit(value, column === undefined ? NONE : [column], column === undefined);
      });
      if (columns.length === 0) this.star = true;
    }
    this.#returning(node, nested);
  }

  // ── expressions ────────────────────────────────────────────────────────────────────────────────────────────────

  /** AND, OR and NOT keep their operands apart. */
  #condition(wrapped: Tree | undefined): void {
    const [type, node] = unwrap(wrapped) ?? ['', {}];
    if (type === 'BoolExpr') for (const one of list(node, 'args')) this.#condition(one);
    else this.#unit(wrapped, NONE, false);
  }

  #unit(wrapped: Tree | undefined, columns: readonly ColumnMet[], anything: boolean): void {
    if (wrapped === undefined) return;
    const constant = as(wrapped, 'A_Const');
    const offset = constant === undefined ? undefined : offsetOf(constant);
    if (offset !== undefined && columns.length <= 1 && !this.constants.has(offset)) {
      this.constants.set(offset, this.#cell(columns[0], anything));
      return;
    }
    const unit: Unit = { ...newUnit(), anything };
    for (const met of columns) unit.columns.set(keyOf(met), met);
    this.#gather(wrapped, unit);
    this.#settle(unit);
  }

  /** Of a constant by itself. */
  #cell(column: ColumnMet | undefined, anything: boolean): Place {
    const cells = anything ? this.#openCells : this.#cells;
    let place = cells.get(column);
    if (place === undefined) {
      // One for the next constant: it must stay as it is.
      place = { anything, hidden: false, columns: new Map(), users: 1 };
      if (column !== undefined) place.columns.set(keyOf(column), column);
      cells.set(column, place);
    }
    place.users++;
    return place;
  }

  /**
   * All that are in the unit go where it goes, too. Nothing is done constant by constant and column by column: an
   * expression may have very many of both.
   */
  #settle({ constants, parameters, anything, hidden, columns }: Unit): void {
    const place: Place = { anything, hidden, columns, users: 0 };
    const users = new Map<Place, number>();
    const note = (known: Place | undefined): void => {
      if (known === undefined) place.users++;
      else users.set(known, (users.get(known) ?? 0) + 1);
    };
    for (const offset of constants) note(this.constants.get(offset));
    for (const index of parameters) note(this.parameters[index]);
    const now = new Map<Place | undefined, Place>([[undefined, place]]);
    for (const [known, count] of users) {
      let own = known;
      if (count < known.users) {
        own = { ...known, columns: new Map(known.columns), users: count };
        known.users -= count;
      }
      own.anything ||= anything;
      own.hidden ||= hidden;
      for (const [key, met] of columns) own.columns.set(key, met);
      now.set(known, own);
    }
    for (const offset of constants) this.constants.set(offset, now.get(this.constants.get(offset))!);
    for (const index of parameters) this.parameters[index] = now.get(this.parameters[index])!;
  }

  #gather(wrapped: Tree, unit: Unit): void {
    const [type, node] = unwrap(wrapped) ?? ['', wrapped];
    switch (type) {
      case 'A_Const': {
        const offset = offsetOf(node);
        if (offset !== undefined) unit.constants.add(offset);
        return;
      }
      case 'ParamRef': {
        const index = (number(node, 'number') ?? 0) - 1;
        if (index >= 0) unit.parameters.add(index);
        return;
      }
      case 'ColumnRef':
        this.#reference(node, unit);
        return;
      case 'A_Indirection':
        for (const field of strings(node, 'indirection')) this.#meetColumn({ column: field }, unit);
        break;
      case 'SubLink':
        this.#subLink(node, unit);
        return;
      case 'CaseExpr':
        this.#case(node, unit);
        return;
      case 'TypeName':
        // varchar(40): a number of the type's.
        for (const modifier of list(node, 'typmods')) this.#unit(modifier, NONE, false);
        return;
      case 'FuncCall': {
        const name = strings(node, 'funcname');
        // Which rows are counted: apart from what is made of them.
        this.#condition(child(node, 'agg_filter'));
        const isOwn = name.length > 1 && name[0] !== 'pg_catalog';
        if (isOwn || !(isPureFunction(name.at(-1) ?? '') || KNOWN.has(name.at(-1) ?? ''))) unit.hidden = true;
        break;
      }
      case 'A_Expr': {
        const chain = leftChain(node);
        const first = child(chain.at(-1)!, 'lexpr');
        if (first !== undefined) this.#gather(first, unit);
        for (const one of chain.reverse()) {
          const right = child(one, 'rexpr');
          if (right !== undefined) this.#gather(right, unit);
        }
        return;
      }
      case 'TypeCast':
        for (const key of ['arg', 'typeName']) {
          const part = child(node, key);
          if (part !== undefined) this.#gather(key === 'typeName' ? { TypeName: part } : part, unit);
        }
        return;
      default:
        break;
    }
    for (const key in node) {
      const value = node[key];
      if (Array.isArray(value)) for (const item of value) if (isTree(item)) this.#gather(item, unit);
      if (isTree(value) && key !== 'agg_filter') this.#gather(value, unit);
    }
  }

  #reference(node: Tree, unit: Unit): void {
    const fields = list(node, 'fields');
    if (as(fields.at(-1), 'A_Star') !== undefined) {
      this.star = true;
      unit.anything = true;
      return;
    }
    const names = strings(node, 'fields');
    const column = names.at(-1) ?? '';
    const qualifier = names.length === 2 ? names[0] : undefined;
    this.#meetColumn(qualifier === undefined ? { column } : { relation: qualifier, column }, unit);
  }

  #meetColumn(met: ColumnMet, unit: Unit): void {
    unit.columns.set(keyOf(met), met);
    this.#name({ column: met.column });
  }

  #name(met: ColumnMet): void {
    this.named.set(met.column, met);
  }

  /** What it gives goes where the expression goes; what it asks only chooses. */
  #case(node: Tree, unit: Unit): void {
    const tested = child(node, 'arg');
    const asked = newUnit();
    if (tested !== undefined) this.#gather(tested, asked);
    for (const wrapped of list(node, 'args')) {
      const when = as(wrapped, 'CaseWhen') ?? {};
      const condition = child(when, 'expr');
      if (tested === undefined) this.#condition(condition);
      else if (condition !== undefined) this.#gather(condition, asked);
      const result = child(when, 'result');
      if (result !== undefined) this.#gather(result, unit);
    }
    const otherwise = child(node, 'defresult');
    if (otherwise !== undefined) this.#gather(otherwise, unit);
    this.#settle(asked);
  }

  #subLink(node: Tree, unit: Unit): void {
    const kind = text(node, 'subLinkType');
    const query = as(child(node, 'subselect'), 'SelectStmt');
    if (query !== undefined) this.#select(query, { nested: true, into: undefined, exists: kind === 'EXISTS_SUBLINK' });
    const test = child(node, 'testexpr');
    if (test !== undefined) this.#gather(test, unit);
    if (kind !== 'EXISTS_SUBLINK') unit.anything = true;
  }

  /** Of what nobody here knows the parts of. */
  #everything(tree: Tree, where: 'nothing' | 'anything' | 'hidden'): void {
    const [type, node] = unwrap(tree) ?? ['', tree];
    if (type === 'A_Const' || type === 'ParamRef') {
      const unit = newUnit();
      const index = (number(node, 'number') ?? 0) - 1;
      if (type === 'A_Const') unit.constants.add(location(node) ?? 0);
      else if (index >= 0) unit.parameters.add(index);
      // What a parameter is there for is never known.
      unit.hidden = where === 'hidden';
      unit.anything = where === 'anything' || (where === 'nothing' && type === 'ParamRef');
      this.#settle(unit);
      return;
    }
    if (type === 'ColumnRef') {
      this.#name({ column: strings(node, 'fields').at(-1) ?? '' });
      return;
    }
    if (type === 'RangeVar') {
      this.#relation(node);
      return;
    }
    for (const key in node) {
      const value = node[key];
      if (key === 'typmods' && Array.isArray(value)) {
        for (const item of value) if (isTree(item)) this.#everything(item, 'nothing');
      } else if (Array.isArray(value)) {
        for (const item of value) if (isTree(item)) this.#everything(item, where);
      } else if (isTree(value)) this.#everything(value, where);
    }
  }
}

/** Functions that the grammar itself calls, and those that act, but on no value of a column. */
const KNOWN: ReadonlySet<string> = new Set(
  'pg_sleep nextval currval setval pg_cancel_backend pg_terminate_backend extract timezone overlay position substring btrim ltrim rtrim like_escape similar_to_escape overlaps normalize is_normalized xmlexists'.split(
    ' ',
  ),
);

function newUnit(): Unit {
  return { constants: new Set(), parameters: new Set(), columns: new Map(), anything: false, hidden: false };
}

function keyOf({ relation, column, position }: ColumnMet): string {
  return `${relation ?? ''}\0${column}\0${position ?? ''}`;
}

/** Undefined: NULL, TRUE and FALSE are the value of no column. */
function offsetOf(constant: Tree): number | undefined {
  return flag(constant, 'isnull') || constant.boolval !== undefined ? undefined : (location(constant) ?? 0);
}

/** A body that is read as SQL is read: what is quoted in it are literals and names. */
function languageOf(options: readonly Tree[], fallback: string): boolean {
  let language = fallback;
  for (const wrapped of options) {
    const option = as(wrapped, 'DefElem') ?? {};
    if (text(option, 'defname') === 'language') {
      language = (text(as(child(option, 'arg'), 'String') ?? {}, 'sval') ?? '').toLowerCase();
    }
  }
  return language === 'sql' || language === 'plpgsql';
}
