/** The masking of one session: in which world its names live, and what its principal may see. */

import type { Catalog } from '../catalog/catalog.ts';
import { catalogFromRows } from '../catalog/catalog-model.ts';
import { CATALOG_SQL } from '../catalog/catalog-query.ts';
import { DbgateError } from '../errors.ts';
import { type MaskingRights, modeIn, modeOf, showsMore } from '../masking/clearance.ts';
import type { MaskContext } from '../masking/maskers/context.ts';
import type { TypeLookup } from '../masking/plan.ts';
import { type StatementPlan, unplannable } from '../masking/statement-plan.ts';
import { typeShapes } from '../masking/type-shapes.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { DatabaseMasking, PlanWorld, TracedCatalog } from './database-masking.ts';
import { NamesBeside } from './names-beside.ts';
import type { SessionMasking } from './session/masking.ts';
import type { SchemaMoment } from './session/schema-clock.ts';
import type { SchemaNames } from './session/schema-names.ts';
import type { CatalogRows } from './tracer-worker.ts';

const needs = new WeakMap<readonly StatementFacts[], boolean>();

export class MaskingSession implements SessionMasking {
  readonly catalogSql = CATALOG_SQL;
  readonly #database: DatabaseMasking;
  readonly #rights: () => MaskingRights;
  readonly #principal: string;
  #searchPath: readonly string[] = [];
  #own: TracedCatalog | undefined;
  /** What could not be traced this time: refused once, then tried again. */
  #failed: { readonly sql: string; readonly version: number; readonly plans: readonly StatementPlan[] } | undefined;
  #types: { readonly catalog: Catalog; readonly lookup: TypeLookup } | undefined;

  readonly #beside = new NamesBeside();
  readonly context: MaskContext;
  readonly unmaskRequest?: NonNullable<SessionMasking['unmaskRequest']>;

  constructor(
    database: DatabaseMasking,
    rights: () => MaskingRights,
    principal: string,
    unmaskRequest?: SessionMasking['unmaskRequest'],
  ) {
    if (unmaskRequest !== undefined) this.unmaskRequest = unmaskRequest;
    this.#database = database;
    this.context = database.context;
    this.#rights = rights;
    this.#principal = principal;
  }

  isNeeded(statements: readonly StatementFacts[]): boolean {
    // What a name stood for that classes are to go to must be known before it can be renamed.
    if (this.#database.awaited.any && statements.some((one) => one.class === 'ddl')) return true;
    let needed = needs.get(statements);
    if (needed === undefined) {
      needed = statements.some(mayAnswer);
      needs.set(statements, needed);
    }
    return needed;
  }

  get sharedVersion(): number {
    return this.#database.sharedVersion;
  }

  adopt(searchPath: readonly string[], rows: CatalogRows | undefined): void {
    this.#searchPath = searchPath;
    this.#forget();
    if (rows !== undefined) this.#own = this.#database.remember(catalogFromRows(rows, -1), rows);
  }

  plans(statements: readonly StatementFacts[], sql: string): readonly StatementPlan[] | undefined {
    const world = this.#world();
    if (world === undefined) return this.#failedPlans(sql);
    return this.#database.plans(world, this.#rights(), statements, sql) ?? this.#failedPlans(sql);
  }

  #failedPlans(sql: string): readonly StatementPlan[] | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed?.sql === sql && failed.version === this.sharedVersion ? failed.plans : undefined;
  }

  /** Never rejects. */
  async trace(statements: readonly StatementFacts[], sql: string): Promise<void> {
    this.#failed = undefined;
    try {
      const world = this.#world() ?? {
        traced: await this.#database.freshCatalog(),
        own: false,
        searchPath: this.#searchPath,
      };
      await this.#database.trace(world, this.#rights(), statements, sql);
    } catch (error) {
      const plan = notTraced(error);
      this.#failed = { sql, version: this.sharedVersion, plans: statements.map(() => plan) };
    }
  }

  types: TypeLookup = (oid) => {
    const catalog = this.#catalog();
    if (catalog === undefined) return undefined;
    if (this.#types?.catalog !== catalog) this.#types = { catalog, lookup: typeShapes(catalog) };
    return this.#types.lookup(oid);
  };

  isMasked(relation: number, attnum: number): boolean {
    const found = this.#database.classifier.of(relation, attnum)?.class;
    if (found === undefined) return false;
    const rights = this.#rights();
    if (rights.cleared === undefined) return modeOf(rights, found) !== 'none';
    const table = this.#catalog()?.relationByOid(relation);
    const name = table === undefined ? '' : `${table.schema}.${table.name}`;
    return modeIn(rights, found, name, (principal) => this.#database.isMadeBy(relation, principal)) !== 'none';
  }

  showsMore({ rights }: StatementPlan): boolean {
    return rights !== undefined && showsMore(rights, this.#rights());
  }

  inherit({ inherits, pins = [] }: StatementPlan, isPathKnown: boolean): void {
    for (const { relation, attnum, ...what } of pins) this.#database.inherit(relation, attnum, what);
    if (inherits.length === 0) return;
    const schema = isPathKnown ? this.#searchPath.find(isForCreating) : undefined;
    this.#database.awaitRelations(inherits, schema, this.#catalogBefore());
  }

  inherited({ inherits }: StatementPlan): void {
    this.#database.awaited.inherited(inherits);
  }

  making(statements: readonly StatementFacts[], isPathKnown: boolean): void {
    const schema = isPathKnown ? this.#searchPath.find(isForCreating) : undefined;
    for (const { targets } of statements) {
      for (const target of targets) {
        if (target.action !== 'create' || target.kind !== 'relation') continue;
        this.#database.awaited.making(target, schema, this.#catalogBefore());
      }
    }
  }

  meet(plans: readonly StatementPlan[], isPathKnown: boolean, isAlone: boolean): ReturnType<DatabaseMasking['meet']> {
    const catalog = this.#catalog();
    // Of what is not known there is no plan.
    if (catalog === undefined) return NOTHING_MET;
    const schema = isPathKnown ? this.#searchPath.find(isForCreating) : undefined;
    return this.#database.meet(this.#principal, { catalog, isOwn: this.#own !== undefined, schema, isAlone }, plans);
  }

  takeLookups(count: number): boolean {
    return this.#database.budget.take(this.#principal, count, performance.now());
  }

  moment(names: SchemaNames): SchemaMoment {
    return this.#database.clock.moment(this, this.#beside.of(names, this.#catalog()));
  }

  hasMoved(moment: SchemaMoment): boolean {
    return this.#database.clock.hasMoved(moment);
  }

  /** Its own view of the catalog was read before. */
  isTellable(moment: SchemaMoment): boolean {
    return this.#own === undefined && this.#database.clock.isTellable(moment);
  }

  changesSchema(alone: boolean, names: SchemaNames): void {
    this.#database.clock.change(this, alone, names);
  }

  isCopied(names: SchemaNames): boolean {
    return this.#database.clock.isCopied(this, names);
  }

  copies(names: SchemaNames): void {
    this.#database.clock.copies(this, names);
  }

  copied(names: SchemaNames): void {
    this.#database.clock.copied(this, names);
  }

  goesOn(): void {
    this.#database.clock.goOn(this);
  }

  schemaSettled(): void {
    this.#database.clock.end(this);
  }

  close(): void {
    this.#database.clock.close(this);
    this.#database.release();
    this.#forget();
  }

  #world(): PlanWorld | undefined {
    const own = this.#own;
    if (own !== undefined) return { traced: own, own: true, searchPath: this.#searchPath };
    const shared = this.#database.sharedCatalog;
    return shared === undefined ? undefined : { traced: shared, own: false, searchPath: this.#searchPath };
  }

  #catalog(): Catalog | undefined {
    return (this.#own ?? this.#database.sharedCatalog)?.catalog;
  }

  /** What there was before a statement, at least: the one that is out of date, where there is no other. */
  #catalogBefore(): Catalog | undefined {
    return this.#catalog() ?? this.#database.lastCatalog;
  }

  #forget(): void {
    if (this.#own !== undefined) this.#database.forget(this.#own);
    this.#own = undefined;
  }
}

/** Of the effective search_path: what is not qualified is made in the first of these, but for temporary relations. */
function isForCreating(schema: string): boolean {
  return schema !== 'pg_catalog' && !schema.startsWith('pg_temp_');
}

const NOTHING_MET = { ended: () => {} };

/** Nothing says that it will not go better the next time. */
function notTraced(error: unknown): StatementPlan {
  // What is no error of dbgate's own may show anything.
  const plan = unplannable(error instanceof DbgateError ? error.message : 'internal error of the gateway');
  return { ...plan, refuse: { ...plan.refuse!, hint: 'Try again; if it stays, tell who runs the gateway.' } };
}

/** Commands whose answer is no rows and which take no values from tables but by functions. */
const WITHOUT_ROWS: ReadonlySet<StatementFacts['class']> = new Set(['transaction', 'session']);
const ANSWERING_DDL =
  /^(CREATE TABLE AS|SELECT INTO|CREATE MATERIALIZED VIEW|REFRESH MATERIALIZED VIEW|CREATE VIEW|EXPLAIN|UNKNOWN)$/;

/** As columns of new tables have them; a cast to another may be a function of somebody's. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(
  'text uuid date json jsonb xml inet cidr bytea timestamptz timestamp name oid money point tsvector serial bigserial'.split(
    ' ',
  ),
);

/** May something of a table or of the catalog be in its answer, its errors or in what it writes? */
export function mayAnswer({
  command,
  class: kind,
  relations,
  functions,
  operators,
  types,
  nested,
}: StatementFacts): boolean {
  // Operators and casts call functions too.
  if (command === 'SELECT') return relations.length + functions.length + operators.length + types.length > 0;
  if (WITHOUT_ROWS.has(kind)) return functions.length > 0;
  if (kind === 'ddl' && !ANSWERING_DDL.test(command)) {
    return (
      // A unique or foreign key is tried on every row, and a default fills them.
      command === 'CREATE INDEX' ||
      command === 'ALTER TABLE' ||
      functions.length + operators.length > 0 ||
      // LIKE takes defaults along.
      (command === 'CREATE TABLE' && relations.length > 1) ||
      (nested?.length ?? 0) > 0 ||
      types.some((type) => !PLAIN_TYPES.has(type) && !type.startsWith('pg_catalog.'))
    );
  }
  return true;
}
