/**
 * The definitions of a database's objects at one moment (`definitions-query.ts`), and which of them statements rest on: what
 * their names may stand for, what that is defined by, and what the bodies of the routines among it name in turn. Names
 * over-approximate: any schema, any overload. In: rows, facts. Out: what to ask the server and what it must say for nothing
 * to have changed.
 */
import type { FindingKind, StatementFacts } from '../sql/facts.ts';
import { bareName } from '../sql/names.ts';
import { isBuiltinOperator } from '../sql/pure-functions.ts';
import type { RoutineTable } from '../sql/routines.ts';

type Row = readonly (string | null)[];
type Kind = 'r' | 'p' | 't' | 'o';

interface Defined {
  readonly kind: Kind;
  readonly oid: string;
  readonly name: string;
  readonly schema: string;
  /** Rows of its definition, as `lineOf` writes them. */
  readonly lines: string[];
  readonly by: Defined[];
  /** Partitions, and tables that inherit from it. */
  readonly children: Defined[];
  /** Of all these together: what fires on a row, and the checks that it has to pass. */
  readonly below: string[];
  /** More than a table's columns stands behind it: it is code, or runs some. */
  acts: boolean;
}

/** What to ask by `dbgate_definitions`. One object for the same statements as long as nothing is read anew. */
export interface DefinitionQuestion {
  /** Names and OIDs, in the order of `DEFINITIONS_PARAMETERS`. */
  readonly parameters: readonly (readonly string[])[];
  /** The rows that tell that nothing has changed. */
  readonly expected: string;
  /** Relations are among it: the server waits for the lock of whoever changes one. */
  readonly mayWait: boolean;
  /** Bare names of everything that it rests on, at any remove; missing: that cannot be told. */
  readonly names?: ReadonlySet<string>;
}

export interface RestsOn {
  readonly question: DefinitionQuestion;
  /** Something of it is more than columns of tables, or was not there yet. */
  readonly acts: boolean;
}

export class Definitions {
  readonly #all = new Map<string, Defined>();
  readonly #byName: Record<Kind, Map<string, Defined[]>> = {
    r: new Map(),
    p: new Map(),
    t: new Map(),
    o: new Map(),
  };
  readonly #schemas = new Map<string, string>();
  readonly #builtinTypes = new Set<string>();
  /** What every answer has. */
  readonly #common: string[] = [];

  /** Rows of `DEFINITIONS_SQL`. Throws on one that it cannot have given. */
  constructor(rows: readonly Row[]) {
    const rest: Row[] = [];
    for (const row of rows) {
      const [what, oid, , name, value] = row;
      if (what === 'builtin') this.#builtinTypes.add(name ?? '');
      else if (what === 'n') this.#schemas.set(oid ?? '', value ?? '');
      else if (what === 'x' || what === 'newest') this.#common.push(lineOf(row));
      else if (what === 'r' || what === 'p' || what === 't' || what === 'o') {
        if (oid == null || name == null || value == null) throw new Error(`definitions: ${what} without a name`);
        this.#add({ kind: what, oid, name, schema: schemaIn(what, value), lines: [lineOf(row)], value });
      } else rest.push(row);
    }
    for (const row of rest) this.#addPart(row);
  }

  #add({ value, ...one }: Omit<Defined, 'by' | 'children' | 'below' | 'acts'> & { readonly value: string }): void {
    const acts = one.kind === 'r' ? value.startsWith('v ') || value.startsWith('m ') : true;
    const defined: Defined = { ...one, by: [], children: [], below: [], acts };
    this.#all.set(one.kind + one.oid, defined);
    const named = this.#byName[one.kind].get(one.name);
    if (named === undefined) this.#byName[one.kind].set(one.name, [defined]);
    else named.push(defined);
  }

  #addPart(row: Row): void {
    const [what, owner, id, from, to] = row;
    switch (what) {
      case 'e': {
        const [one, other] = [this.#all.get(from ?? ''), this.#all.get(to ?? '')];
        if (one !== undefined && other !== undefined && one !== other) one.by.push(other);
        return;
      }
      case 'rule':
      case 'trigger':
      case 'policy':
      case 'default':
      case 'constraint':
      case 'child':
      case 'parent':
      case 'columns': {
        const relation = this.#all.get(`r${owner}`);
        relation?.lines.push(lineOf(row));
        if (what === 'child') {
          const child = this.#all.get(`r${id}`);
          if (child !== undefined) relation?.children.push(child);
        }
        if (relation !== undefined && (what === 'rule' || what === 'trigger' || what === 'policy'))
          relation.acts = true;
        return;
      }
      case 'below': {
        this.#all.get(`r${owner}`)?.below.push(lineOf(row));
        return;
      }
      case 'check':
        this.#all.get(`t${owner}`)?.lines.push(lineOf(row));
        return;
      default:
        throw new Error(`definitions: unknown row ${what}`);
    }
  }

  /** Undefined: on nothing that somebody could have defined. */
  restsOn(statements: readonly StatementFacts[], { routines, casts, builtin }: RoutineTable): RestsOn | undefined {
    const names: Record<Kind, Set<string>> = { r: new Set(), p: new Set(), t: new Set(), o: new Set() };
    const reached = new Set<Defined>();
    const isBuiltin: Record<Kind, (bare: string) => boolean> = {
      r: (bare) => bare.startsWith('pg_'),
      p: (bare) => builtin?.has(bare) === true,
      t: (bare) => this.#builtinTypes.has(bare) || this.#byName.r.has(bare) || GRAMMAR_TYPES.has(bare),
      o: isBuiltinOperator,
    };
    let isNew = false;
    /** It may read what nothing here shows. */
    let isHidden = false;
    const reach = (one: Defined): void => {
      if (reached.has(one)) return;
      reached.add(one);
      name(one.kind, one.name);
      for (const other of one.by) reach(other);
      for (const child of one.children) {
        // Of many, what fires on them is asked for at once; what that runs, like anything else.
        if (one.children.length <= MOST_CHILDREN || child.children.length > 0) reach(child);
        else for (const other of child.by) reach(other);
      }
      if (one.kind !== 'p') return;
      const schema = this.#schemas.get(one.schema);
      for (const routine of routines.get(one.name) ?? []) {
        if (routine.schema !== schema) continue;
        isHidden ||= routine.isHidden === true;
        look(routine.body);
      }
    };
    const name = (kind: Kind, bare: string): void => {
      if (bare === '' || names[kind].has(bare)) return;
      names[kind].add(bare);
      const found = this.#byName[kind].get(bare);
      if (found === undefined) isNew ||= !isBuiltin[kind](bare);
      else for (const one of found) reach(one);
    };
    const look = (facts: StatementFacts): void => {
      isHidden ||= runsWhatIsNotSeen(facts);
      for (const one of facts.relations) name('r', bareName(one));
      for (const one of facts.functions) {
        const bare = bareName(one.startsWith('.') ? one.slice(1) : one);
        name('p', bare);
        // One of an extension may run a text that it is given.
        isHidden ||= this.#byName.p.get(bare)?.some(({ schema }) => !isRead(bare, schema)) === true;
      }
      for (const one of facts.operators) {
        const bare = bareName(one);
        if (this.#byName.o.has(bare) || !isBuiltinOperator(bare)) name('o', bare);
      }
      for (const one of facts.types) {
        const bare = bareName(one.replace(/(?:\[\])+$/, ''));
        name('t', bare);
        if (this.#byName.r.has(bare)) name('r', bare);
        for (const cast of casts.get(bare) ?? []) name('p', cast.name);
      }
      if (facts.anyRelation === true) {
        for (const one of this.#all.values()) if (one.kind === 'r' && one.acts) reach(one);
      }
    };
    const isRead = (bare: string, schemaOid: string): boolean => {
      const schema = this.#schemas.get(schemaOid);
      return routines.get(bare)?.some((one) => one.schema === schema) === true;
    };
    for (const facts of statements) look(facts);
    // A cast need not be written to be called, and a domain's check is like one.
    const isSeen = !isHidden && ![...casts.values()].flat().some((one) => routines.has(one.name));
    if (names.r.size + names.p.size + names.t.size + names.o.size === 0) return undefined;
    return {
      acts: isNew || [...reached].some(({ acts }) => acts),
      question: this.#question(names, reached, isSeen),
    };
  }

  #question(
    names: Record<Kind, ReadonlySet<string>>,
    reached: ReadonlySet<Defined>,
    isSeen: boolean,
  ): DefinitionQuestion {
    const oids = { r: new Set<string>(), t: new Set<string>() };
    const manifold = new Set<string>();
    const schemas = new Set<string>();
    const expected = [...this.#common];
    for (const { kind, oid, schema, lines, children, below } of reached) {
      expected.push(...lines);
      if (children.length > MOST_CHILDREN) {
        manifold.add(oid);
        expected.push(...below);
      }
      if (kind === 'r' || kind === 't') oids[kind].add(oid);
      schemas.add(schema);
    }
    for (const schema of schemas) expected.push(lineOf(['n', schema, null, null, this.#schemas.get(schema) ?? null]));
    const parameters = [names.r, oids.r, names.p, names.t, oids.t, names.o, schemas, manifold].map((one) => [...one]);
    const question = { parameters, expected: sorted(expected), mayWait: names.r.size > 0 };
    return isSeen ? { ...question, names: new Set([...names.r, ...names.p, ...names.t, ...names.o]) } : question;
  }
}

const HIDES: ReadonlySet<FindingKind> = new Set([
  'dynamic_sql',
  'procedural_code',
  'dangerous_function',
  'server_object',
  'set_config_dynamic',
]);

/** What is put together while it runs, or is in another language, may read anything. */
function runsWhatIsNotSeen({ anyRelation, findings }: StatementFacts): boolean {
  return anyRelation === true || findings.some(({ kind }) => HIDES.has(kind));
}

/** Names that only the grammar knows. */
const GRAMMAR_TYPES: ReadonlySet<string> = new Set([
  'serial',
  'bigserial',
  'smallserial',
  'serial2',
  'serial4',
  'serial8',
]);

/** Each with a definition of its own; of more than these, which they are, and what fires on them. */
const MOST_CHILDREN = 200;

/** Rows of an answer, as `expected` has them. */
export function answered(rows: readonly Row[]): string {
  return sorted(rows.map(lineOf));
}

function sorted(lines: readonly string[]): string {
  return [...lines].sort().join('\n');
}

function lineOf(row: Row): string {
  return row.map((value) => value ?? '').join('\t');
}

/** The OID of its schema is the first of a routine's, type's and operator's value, the second of a relation's. */
function schemaIn(kind: Kind, value: string): string {
  return value.split(' ')[kind === 'r' ? 1 : 0] ?? '';
}
