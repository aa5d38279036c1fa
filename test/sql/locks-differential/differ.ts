/**
 * One file of the regression SQL against a real server: what each statement locked, and what the analysis said of it.
 * In: a session on a database of the file's own. Out: counts, and the relations that nothing accounts for.
 */
import type { Catalog } from '../../../src/catalog/catalog.ts';
import { readScript } from '../../../src/commands/sql-script.ts';
import { analyse } from '../../../src/sql/analyse.ts';
import type { StatementFacts } from '../../../src/sql/facts.ts';
import { type Grammar, GrammarError } from '../../../src/sql/grammar.ts';
import type { StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import { createLineageMemo, traceLineage } from '../../../src/sql/lineage/trace.ts';
import { bareName } from '../../../src/sql/names.ts';
import { type Tree, unwrap } from '../../../src/sql/tree.ts';
import { EXCEPTIONS, type Missed } from './exceptions.ts';
import type { WatchedSession } from './session.ts';
import type { Relation, Structure } from './structure.ts';

export interface Tally {
  statements: number;
  failed: number;
  /** Not watched: transaction control, psql's own, COPY from stdin, and what may not run in a transaction. */
  unwatched: number;
  watched: number;
  relations: number;
  /** How each relation was accounted for, and each exception by its name. */
  readonly by: Map<string, number>;
  readonly missed: string[];
}

export function newTally(): Tally {
  return { statements: 0, failed: 0, unwatched: 0, watched: 0, relations: 0, by: new Map(), missed: [] };
}

/** Statements that read or write rows: lineage speaks of them. */
const WITH_ROWS =
  /^(?:SelectStmt|InsertStmt|UpdateStmt|DeleteStmt|MergeStmt|CopyStmt|CreateTableAsStmt|ViewStmt|ExplainStmt|DeclareCursorStmt|PrepareStmt|CallStmt|DoStmt|TruncateStmt)$/;
const EXPLAINED = /^(?:SelectStmt|InsertStmt|UpdateStmt|DeleteStmt|MergeStmt)$/;
/** They take effect by standing where they stand. */
const PLAIN = /^(?:TransactionStmt|VariableSetStmt|DiscardStmt|AlterSystemStmt|CheckPointStmt|ConstraintsSetStmt)$/;
const CANNOT_IN_TRANSACTION = '25001';

interface Piece {
  readonly sql: string;
  readonly type: string;
  readonly node: Tree;
}

/** What psql would send, one statement each; what does not parse is left out. */
export function* piecesOf(file: string, grammar: Grammar): Generator<Piece> {
  const { sql, cuts } = readScript(file);
  for (let i = 0; i < cuts.length; i++) {
    const from = cuts[i - 1] ?? 0;
    // A semicolon may stand in a rule's or a function's body.
    for (let end = i; end < Math.min(i + 8, cuts.length); end++) {
      const text = sql.slice(from, cuts[end]).trim();
      try {
        const parsed = grammar.parse(text);
        if (parsed.length === 1) {
          const [type, node] = unwrap(parsed[0]!.node)!;
          yield { sql: text, type, node };
        }
        i = end;
        break;
      } catch (error) {
        if (!(error instanceof GrammarError)) throw error;
      }
    }
  }
}

export class Differ {
  readonly #session: WatchedSession;
  readonly #grammar: Grammar;
  readonly #tally: Tally;
  readonly #name: string;
  readonly #memo = createLineageMemo();
  #catalog: Catalog | undefined;
  #structure: Structure | undefined;
  #changedInTransaction = false;

  constructor(session: WatchedSession, grammar: Grammar, name: string, tally: Tally) {
    this.#session = session;
    this.#grammar = grammar;
    this.#name = name;
    this.#tally = tally;
  }

  async run(file: string): Promise<void> {
    for (const piece of piecesOf(file, this.#grammar)) {
      this.#tally.statements++;
      await this.#statement(piece);
    }
    await this.#session.end();
  }

  #forget(): void {
    this.#catalog = undefined;
    this.#structure = undefined;
  }

  async #statement(piece: Piece): Promise<void> {
    const session = this.#session;
    const { sql, type, node } = piece;
    if (type === 'CopyStmt' && node.is_from === true && node.filename === undefined) {
      this.#tally.unwatched++;
      return;
    }
    if (session.status === 'E' || PLAIN.test(type)) {
      const failed = await session.plainly(sql);
      this.#tally[failed === undefined ? 'unwatched' : 'failed']++;
      if (type === 'TransactionStmt' && this.#changedInTransaction) this.#forget();
      if (session.status === 'I') this.#changedInTransaction = false;
      if (type === 'DiscardStmt') this.#forget();
      return;
    }
    const own = session.status === 'I';
    if (own) await session.begin();
    const [facts] = analyse(sql, this.#grammar).statements;
    const before = (this.#structure ??= await session.structure());
    const path = await session.searchPath();
    let lineage: StatementLineage | undefined;
    if (WITH_ROWS.test(type)) {
      this.#catalog ??= await session.catalog();
      const world = { catalog: this.#catalog, searchPath: path };
      lineage = traceLineage(sql, this.#grammar, world, { memo: this.#memo }).statements[0];
    }
    const ran = await session.watch(sql, EXPLAINED.test(type));
    if (typeof ran === 'string') {
      if (own) await session.end();
      if (ran === CANNOT_IN_TRANSACTION && own) {
        const failed = await session.plainly(sql);
        this.#tally[failed === undefined ? 'unwatched' : 'failed']++;
        this.#forget();
      } else this.#tally.failed++;
      return;
    }
    this.#tally.watched++;
    const unseen = [...ran.locked].some((oid) => before.get(oid) === undefined);
    const changes = unseen || mayChangeSchema(facts!);
    const after = changes ? await session.structure() : before;
    if (changes) {
      this.#forget();
      this.#structure = after;
      this.#changedInTransaction = true;
    }
    const pathAfter = changes && session.status === 'T' ? await session.searchPath() : path;
    this.#judge(piece, facts!, lineage, ran.locked, ran.explained, { before, after, path, pathAfter });
    if (own) await session.end();
    if (own && session.status === 'I') this.#changedInTransaction = false;
    // What ends with the transaction.
    if (own && changes && /\bon\s+commit\s+drop\b/i.test(sql)) this.#forget();
  }

  #judge(
    { sql, type }: Piece,
    facts: StatementFacts,
    lineage: StatementLineage | undefined,
    locked: ReadonlySet<number>,
    explained: readonly string[],
    at: { before: Structure; after: Structure; path: readonly string[]; pathAfter: readonly string[] },
  ): void {
    const { before, after } = at;
    const named = new Set<number>();
    for (const name of namesIn(facts)) {
      for (const oid of [before.resolve(name, at.path), after.resolve(name, at.pathAfter)]) {
        if (oid !== undefined) named.add(oid);
      }
    }
    // What is made goes where things are made, even if pg_catalog hides it there.
    for (const { action, name } of facts.targets) {
      if (action !== 'create') continue;
      for (const oid of after.called(bareName(name))) if (before.get(oid) === undefined) named.add(oid);
    }
    const seen = new Set(locked);
    for (const name of explained) {
      const [schema, relation] = JSON.parse(name) as [string, string];
      const oid = before.resolve(`"${relation.replaceAll('"', '""')}"`, [schema]);
      if (oid !== undefined) seen.add(oid);
    }
    const traced = new Set(lineage === undefined ? [] : tracedIn(lineage));
    const isOpen = lineage !== undefined && hasUnknown(lineage);
    const namedClosure = both(before, after, named);
    const tracedClosure = both(before, after, traced);
    for (const oid of seen) {
      const relation = after.get(oid) ?? before.get(oid);
      const whole = wholeOf(oid, before, after);
      if (relation?.schema.startsWith('pg_toast') && whole.size === 1) continue;
      this.#tally.relations++;
      const is = (set: ReadonlySet<number>): boolean => [...whole].some((one) => set.has(one));
      const inNames = is(named);
      const inFacts = inNames || is(namedClosure);
      const inLineage = is(traced) || is(tracedClosure);
      const isBase = relation !== undefined && relation.kind !== 'v' && relation.kind !== 'S' && relation.kind !== 'c';
      const wasThere = [...whole].some((one) => before.get(one) !== undefined);
      const missed: Missed = {
        relation,
        oid,
        type,
        sql,
        facts,
        lineage,
        before,
        after,
        whole,
        named,
        traced,
        inFacts: inFacts || inLineage,
      };
      // What the statement itself makes is among its names.
      const toTrace = lineage !== undefined && isBase && lineage.resultOf === undefined && wasThere;
      if ((inFacts || inLineage) && (!toTrace || inLineage)) {
        this.#count(inNames ? 'named' : inFacts ? 'in a named view, parent or child' : 'in the lineage');
        continue;
      }
      if (isOpen) {
        this.#count(inFacts ? 'named, and the lineage has a named unknown' : 'the lineage has a named unknown');
        continue;
      }
      const exception = EXCEPTIONS.find(({ holds }) => holds(missed));
      if (exception !== undefined) {
        this.#count(`exception: ${exception.name}`);
        continue;
      }
      const what = relation === undefined ? `oid ${oid}` : describe(relation);
      this.#tally.missed.push(
        `${this.#name}: ${what} ${inFacts ? 'is not in the lineage' : 'is nowhere'}: ${sql.replace(/^(?:\s+|--.*\n)+/, '').slice(0, 240)}`,
      );
    }
  }

  #count(what: string): void {
    this.#tally.by.set(what, (this.#tally.by.get(what) ?? 0) + 1);
  }
}

function describe({ schema, name, kind }: Relation): string {
  return `${schema}.${name} (${kind})`;
}

function mayChangeSchema({ class: of, command, targets, functions, nested }: StatementFacts): boolean {
  if (of === 'ddl' || of === 'grant' || of === 'admin' || of === 'utility') return true;
  if (targets.some(({ action }) => action !== 'call')) return true;
  if (/^(?:DO|CALL|EXECUTE|SELECT INTO|CREATE TABLE AS|VACUUM|CLUSTER)$/.test(command)) return true;
  return nested !== undefined || functions.some((name) => /regress|exec|test|drop|create/.test(name));
}

/** As written: relations, and what it creates, changes or removes. */
function namesIn({ relations, targets, findings, changed, types }: StatementFacts): string[] {
  const names = [...relations, ...(changed ?? []), ...types];
  for (const { kind, lookup, name } of targets) {
    if (kind === 'relation' || kind === 'type' || kind === 'other') names.push(lookup ?? name);
  }
  for (const { lookup } of findings) if (lookup !== undefined) names.push(lookup);
  return names.filter((name) => name !== '' && !name.includes('('));
}

function hasUnknown({ unknown, opaque, columns, writes }: StatementLineage): boolean {
  const flows = [...(columns ?? []), ...writes.map(({ flow }) => flow)];
  return unknown.length > 0 || opaque.some(({ blind }) => blind) || flows.some((flow) => flow.unknown.length > 0);
}

function tracedIn({ reads, modifies, opaque, writes }: StatementLineage): number[] {
  return [
    ...reads,
    ...(modifies ?? []),
    ...opaque.flatMap((routine) => routine.reads.map(({ relation }) => relation)),
    ...writes.flatMap(({ target }) => (target.kind === 'column' ? [target.relation] : [])),
  ];
}

/** With what a view, a parent or a child says by being named. */
function both(before: Structure, after: Structure, from: ReadonlySet<number>): Set<number> {
  const found = new Set<number>();
  for (const structure of [before, after]) {
    // Children first: a parent's other children are not touched.
    const down = structure.closure(from, ['view', 'rule'], ['heir', 'typed']);
    for (const oid of structure.closure(down, ['part'])) found.add(oid);
  }
  return found;
}

/** The relation, and the table that it is a part of: an index, a TOAST table, an owned sequence. */
function wholeOf(oid: number, before: Structure, after: Structure): Set<number> {
  return new Set([...before.closure([oid], ['part']), ...after.closure([oid], ['part'])]);
}
