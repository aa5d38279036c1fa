/**
 * The walk over one statement's tree: every node is visited, known ones leave facts in the draft. Statements have
 * handlers (`statements.ts`); here is what can occur anywhere: relations, CTE scopes, functions, operators, types.
 */
import { commandOf } from './commands.ts';
import { ctesOf, type Scope } from './ctes.ts';
import type { Draft } from './draft.ts';
import type { TextOf } from './dynamic-text.ts';
import { callsAreFew } from './extents.ts';
import type { Finding, Grounds, ObjectKind, ObjectTarget } from './facts.ts';
import { isDangerousFunction, isWritingFunction, removesLargeObjects } from './functions.ts';
import type { Grammar } from './grammar.ts';
import { ALWAYS, both, isAlways } from './grounds.ts';
import { qualifiedName, rangeVarParts, typeNameText } from './names.ts';
import { isPureFunction } from './pure-functions.ts';
import { settingNameOf } from './setting-name.ts';
import { settingFinding } from './settings.ts';
import {
  as,
  castConstantOf,
  child,
  flag,
  isTree,
  leftChain,
  list,
  location,
  strings,
  type Tree,
  text,
  unwrap,
} from './tree.ts';

/** Adds the facts of one kind of statement and walks on into its children itself. */
export type StatementHandler = (node: Tree, walk: Walk, scope: Scope) => void;

/** Where a piece of SQL stands. */
export interface Surroundings {
  readonly handlerOf: (type: string) => StatementHandler | undefined;
  readonly grammar: Grammar;
  /** How many texts deep: a body within a body. */
  readonly depth: number;
  /** Names that are parameters or variables of the routine around it. */
  readonly variables: ReadonlySet<string>;
  /** Those of them that a caller gives. */
  readonly parameters: ReadonlySet<string>;
  /** What qualifies them: the routine's own name, labels of blocks. */
  readonly blocks: ReadonlySet<string>;
  /** A name that is a variable's and a column's is the variable's. */
  readonly variablesFirst: boolean;
  /** Those of them whose type says what their text is. */
  readonly texts: ReadonlyMap<string, TextOf>;
  /** In a loop over who knows how many rows: variables may take the value of each. */
  readonly loose: boolean;
  /** On which grounds the loops around it go over few rows. */
  readonly loops: Grounds;
  /** ms since 1970. */
  readonly nowMs: number;
  /** It runs later or elsewhere, so its names cannot be resolved now. */
  readonly deferred: boolean;
  /** An expression of the body around it whose names can be resolved now all the same: nothing of that runs before it. */
  readonly once?: Tree | undefined;
  /** It may fail without the statement around it failing: what is there afterwards need not be its own work. */
  readonly mayFail?: boolean;
  /** The role that a statement makes the owner of what it alters. */
  readonly givenTo?: string;
  /** The place in the whole text of everything in a nested text; undefined: locations are the tree's own. */
  readonly nestedAt: number | undefined;
}

export interface TargetOptions {
  readonly temporary?: boolean;
  readonly ifNotExists?: boolean;
  /** See `ObjectTarget`. */
  readonly confined?: boolean;
  readonly becomes?: string | undefined;
  readonly at?: Tree | undefined;
}

/** Slots of one type hold the bare node: what it is, by the slot's name. */
const SLOT_TYPES: Readonly<Record<string, string>> = {
  relation: 'RangeVar',
  rel: 'RangeVar',
  view: 'RangeVar',
  sequence: 'RangeVar',
  table: 'RangeVar',
  typevar: 'RangeVar',
  pktable: 'RangeVar',
  constrrel: 'RangeVar',
  larg: 'SelectStmt',
  rarg: 'SelectStmt',
  argType: 'TypeName',
  datatype: 'TypeName',
  ofTypename: 'TypeName',
  returnType: 'TypeName',
  sourcetype: 'TypeName',
  storedtype: 'TypeName',
  targettype: 'TypeName',
  typeName: 'TypeName',
  type_name: 'TypeName',
  funccall: 'FuncCall',
  setstmt: 'VariableSetStmt',
};

/** End in `Stmt` but are parts of a statement. */
const NOT_STATEMENTS = new Set(['ReplicaIdentityStmt', 'ReturnStmt', 'RawStmt']);

export class Walk {
  readonly draft: Draft;
  readonly around: Surroundings;
  /** Where the statement starts, for nodes without a location. */
  readonly start: number;
  /** CREATE SCHEMA s …: unqualified elements go into it. */
  schema: string | undefined;
  /** The SELECT whose parts are being visited. */
  #select: Tree | undefined;
  /** The statement says CASCADE. */
  #cascade = false;
  /** The statements around what is being visited, with the CTEs in their sight. */
  readonly #statements: { readonly type: string; readonly node: Tree; readonly scope: Scope; few?: Grounds }[] = [];
  /** Those of them whose first FROM item, a function, is being visited: it is called once, however many rows it gives. */
  readonly #before = new Set<Tree>();

  constructor(draft: Draft, around: Surroundings, start: number) {
    this.draft = draft;
    this.around = around;
    this.start = start;
  }

  /** A walk beside this one: other surroundings, or another draft. */
  fork(around: Partial<Surroundings>, draft: Draft = this.draft): Walk {
    const walk = new Walk(draft, { ...this.around, ...around }, this.start);
    walk.schema = this.schema;
    return walk;
  }

  at(node: Tree | undefined): number {
    return this.around.nestedAt ?? location(node) ?? this.start;
  }

  /** A wrapped node of any type. */
  node(wrapped: Tree | undefined, scope: Scope): void {
    const found = unwrap(wrapped);
    if (found !== undefined) this.visit(found[0], found[1], scope);
  }

  nodes(wrapped: readonly Tree[], scope: Scope): void {
    for (const one of wrapped) this.node(one, scope);
  }

  /** All fields of a node but those named. */
  children(node: Tree, scope: Scope, skip?: ReadonlySet<string>): void {
    for (const key in node) {
      if (skip?.has(key)) continue;
      const value = node[key];
      if (typeof value !== 'object' || value === null) continue;
      this.#slot(key, value, scope);
    }
  }

  #slot(key: string, value: object, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const item of value) if (isTree(item)) this.#slot('', item, scope);
      return;
    }
    const tree = value as Tree;
    const wrapped = unwrap(tree);
    if (wrapped !== undefined) {
      this.visit(wrapped[0], wrapped[1], scope);
      return;
    }
    // Fields may have names that every object has (`constructor` of JSON_OBJECTAGG).
    const type = Object.hasOwn(SLOT_TYPES, key) ? SLOT_TYPES[key] : undefined;
    if (type === undefined || (type === 'RangeVar' && tree.relname === undefined)) this.children(tree, scope);
    else this.visit(type, tree, scope);
  }

  visit(type: string, node: Tree, scope: Scope): void {
    if (type.endsWith('Stmt') && !NOT_STATEMENTS.has(type)) {
      const command = commandOf(type, node);
      this.draft.raise(command.class);
      this.draft.commands.add(command.name);
      if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(type)) this.draft.changes++;
      const handler = this.around.handlerOf(type);
      const outer = this.#select;
      const outerCascade = this.#cascade;
      this.#select = type === 'SelectStmt' ? node : undefined;
      this.#cascade = cascades(node);
      this.#statements.push({ type, node, scope });
      if (handler === undefined) this.children(node, scope);
      else handler(node, this, scope);
      this.#statements.pop();
      this.#select = outer;
      this.#cascade = outerCascade;
      return;
    }
    switch (type) {
      case 'RangeVar':
        this.relation(node, scope);
        return;
      case 'FuncCall':
        this.#call(node);
        break;
      case 'A_Expr': {
        const chain = leftChain(node);
        for (const one of chain) this.#operator(one);
        const first = chain.at(-1)!;
        if (isTree(first.lexpr)) this.#slot('lexpr', first.lexpr, scope);
        for (const { rexpr } of chain.reverse()) if (isTree(rexpr)) this.#slot('rexpr', rexpr, scope);
        return;
      }
      case 'SubLink': {
        const operator = strings(node, 'operName').at(-1);
        if (operator !== undefined) this.draft.operators.add(operator);
        else if (text(node, 'subLinkType') === 'ANY_SUBLINK') this.draft.operators.add('=');
        break;
      }
      case 'SortBy': {
        const operator = strings(node, 'useOp').at(-1);
        if (operator !== undefined) this.draft.operators.add(operator);
        break;
      }
      case 'JoinExpr':
        if (node.usingClause !== undefined || flag(node, 'isNatural')) this.draft.operators.add('=');
        break;
      case 'TypeName':
        this.draft.types.add(typeNameText(node) ?? qualifiedName(strings(node, 'names')));
        break;
      case 'ColumnRef':
      case 'A_Indirection':
        this.#attribute(node, type === 'ColumnRef');
        break;
      case 'RangeFunction': {
        const select = this.#select;
        if (select === undefined || firstFrom(select) !== node) break;
        this.#before.add(select);
        this.children(node, scope);
        this.#before.delete(select);
        return;
      }
      case 'RangeTableSample':
        this.draft.functions.add(qualifiedName(strings(node, 'method')));
        break;
      case 'LockingClause':
        // Its relations are aliases of the query.
        this.draft.locks = true;
        return;
      case 'Constraint': {
        // A foreign key adds triggers to, and from then on stops deletes in, the other table.
        const referenced = child(node, 'pktable');
        if (referenced !== undefined) this.relationTarget('alter', 'table', referenced, { confined: true });
        break;
      }
      case 'PartitionCmd': {
        const partition = child(node, 'name');
        if (partition !== undefined) this.relationTarget('alter', 'table', partition);
        break;
      }
      default:
        break;
    }
    this.children(node, scope);
  }

  /** A relation that is read or written by name; the name of a CTE in scope is none. */
  relation(rangeVar: Tree, scope: Scope): void {
    const parts = rangeVarParts(rangeVar);
    if (parts.length === 1 && scope.has(parts[0] ?? '')) return;
    this.draft.relations.add(qualifiedName(parts));
  }

  /** The scope inside a statement that has a WITH clause; visits the CTEs themselves. */
  withClause(node: Tree, scope: Scope): Scope {
    const clause = child(node, 'withClause');
    if (clause === undefined) return scope;
    const ctes = ctesOf(clause);
    const inner = scope.opened(clause);
    const recursive = flag(clause, 'recursive');
    if (recursive) for (const cte of ctes) inner.declare(cte);
    // Each sees those before it, and is in sight of those behind.
    for (const cte of ctes) {
      this.children(cte, inner);
      if (!recursive) inner.declare(cte);
    }
    return inner;
  }

  /** Records a target and the finding that gives its place. */
  target(
    action: ObjectTarget['action'],
    kind: ObjectKind,
    label: string,
    lookup: string | undefined,
    name: string,
    options: TargetOptions = {},
  ): void {
    this.draft.targets.push({
      action,
      kind,
      label,
      lookup: this.around.deferred || (this.around.mayFail === true && action === 'create') ? undefined : lookup,
      name,
      temporary: options.temporary ?? false,
      ifNotExists: options.ifNotExists ?? false,
      ...(this.#cascade ? { cascade: true } : {}),
      ...(options.confined === true ? { confined: true } : {}),
      ...(options.becomes === undefined ? {} : { becomes: options.becomes }),
      ...(this.around.givenTo === undefined ? {} : { givenTo: this.around.givenTo }),
    });
    if (action === 'maintain' || action === 'call') return;
    this.draft.find(action === 'replace' ? 'create' : action, this.at(options.at), name);
  }

  relationTarget(
    action: ObjectTarget['action'],
    label: string,
    rangeVar: Tree,
    options: Omit<TargetOptions, 'at'> = {},
  ): void {
    const parts = rangeVarParts(rangeVar);
    if (parts.length === 1 && this.schema !== undefined) parts.unshift(this.schema);
    const name = qualifiedName(parts);
    this.draft.relations.add(name);
    const temporary = text(rangeVar, 'relpersistence') === 't' || text(rangeVar, 'schemaname') === 'pg_temp';
    this.target(action, 'relation', label, name, name, { temporary, at: rangeVar, ...options });
  }

  /** On which grounds is what is being visited evaluated for few rows? */
  #few(): Grounds {
    const { around } = this;
    let few = around.loose ? [] : around.loops;
    for (const one of this.#statements) {
      if (few.length === 0) break;
      if (this.#before.has(one.node)) continue;
      one.few ??= callsAreFew(one.type, one.node, { ...around, scope: one.scope });
      few = isAlways(few) ? one.few : isAlways(one.few) ? few : both(few, one.few);
    }
    return isAlways(few) ? ALWAYS : few;
  }

  /** A function that is named, but not called here: by an operator, an aggregate, a trigger. */
  functionName(parts: readonly string[], at: Tree | undefined): void {
    if (parts.at(-1) === 'set_config') this.draft.find('set_config_dynamic', this.at(at), undefined);
    this.#named(parts, at);
  }

  #named(parts: readonly string[], at: Tree | undefined): void {
    if (parts.length === 0) return;
    const name = qualifiedName(parts);
    this.draft.functions.add(name);
    if (isDangerousFunction(parts)) this.draft.find('dangerous_function', this.at(at), name);
    if (isWritingFunction(parts.at(-1) ?? '')) {
      this.draft.raise('write');
      this.draft.writes = true;
    }
  }

  #call(node: Tree): void {
    const parts = strings(node, 'funcname');
    const bare = parts.at(-1) ?? '';
    this.#named(parts, node);
    if (bare === 'set_config') this.#setConfig(node);
    if (bare === 'setval') this.#setSequence(node);
    if (removesLargeObjects(bare)) this.draft.changesRows = true;
    if (isPureFunction(bare)) return;
    const few = this.#few();
    if (isAlways(few)) return;
    const name = qualifiedName(parts);
    const finding: Finding | undefined = removesLargeObjects(bare)
      ? { kind: 'delete_without_where', offset: this.at(node), subject: 'large objects' }
      : undefined;
    if (few.length > 0) {
      this.draft.rests.push({ grounds: few, repeats: name, ...(finding === undefined ? {} : { finding }) });
      return;
    }
    this.draft.repeated.add(name);
    if (finding !== undefined) this.draft.findings.push(finding);
  }

  /** setval is ALTER SEQUENCE … RESTART by another name. */
  #setSequence(node: Tree): void {
    const [argument] = list(node, 'args');
    const call = as(argument, 'FuncCall');
    const serial = call !== undefined && strings(call, 'funcname').at(-1) === 'pg_get_serial_sequence';
    const constant = castConstantOf(serial ? list(call, 'args')[0] : argument);
    // A number is an OID to regclass, and nothing to to_regclass.
    const name = constant?.kind === 'string' && /[^\d\s-]/.test(constant.value) ? constant.value : undefined;
    this.target('alter', 'relation', 'sequence', name, name ?? 'sequence', { at: node });
  }

  #setConfig(node: Tree): void {
    const args = list(node, 'args');
    const name = settingNameOf(args[0], this.#select);
    if (name === undefined || args.some((argument) => as(argument, 'NamedArgExpr') !== undefined)) {
      this.draft.find('set_config_dynamic', this.at(node), undefined);
      return;
    }
    this.draft.settings.add(name.toLowerCase());
    const value = castConstantOf(args[1]);
    const finding = settingFinding(name, value?.kind === 'string' ? value.value : null);
    if (finding !== undefined) this.draft.find(finding, this.at(node), name);
  }

  #operator(node: Tree): void {
    const name = strings(node, 'name').at(-1) ?? '';
    switch (text(node, 'kind')) {
      case 'AEXPR_BETWEEN':
      case 'AEXPR_NOT_BETWEEN':
      case 'AEXPR_BETWEEN_SYM':
      case 'AEXPR_NOT_BETWEEN_SYM':
        for (const one of ['>=', '<=', '<', '>']) this.draft.operators.add(one);
        break;
      default:
        this.draft.operators.add(name);
    }
  }

  #attribute(node: Tree, isColumn: boolean): void {
    const fields = isColumn ? strings(node, 'fields').slice(1) : strings(node, 'indirection');
    for (const field of fields) this.draft.functions.add(`.${field}`);
  }
}

/** It can see no row of the query: what it names are the columns of queries around that. */
function firstFrom(select: Tree): Tree | undefined {
  let found = unwrap(list(select, 'fromClause')[0]);
  while (found?.[0] === 'JoinExpr') found = unwrap(child(found[1], 'larg'));
  return found?.[1];
}

/** DROP, TRUNCATE, and ALTER TABLE … DROP COLUMN or CONSTRAINT. */
function cascades(node: Tree): boolean {
  if (text(node, 'behavior') === 'DROP_CASCADE') return true;
  return list(node, 'cmds').some((wrapped) => text(as(wrapped, 'AlterTableCmd') ?? {}, 'behavior') === 'DROP_CASCADE');
}
