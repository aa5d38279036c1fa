/**
 * Masking on one database, for all its sessions: the catalog they share, what its columns hold, and the plans that were
 * made, by what names meant, what classes were known and what the principal may see.
 */
import { createHmac } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { MaskingRights } from '../masking/clearance.ts';
import { rightsKey } from '../masking/clearance.ts';
import type { Gift } from '../masking/given-values.ts';
import { KeyedHash } from '../masking/keyed-hash.ts';
import { makePlan } from '../masking/make-plan.ts';
import { type MaskContext, maskContext } from '../masking/maskers/context.ts';
import { type Inheritance, type StatementPlan, unplannable } from '../masking/statement-plan.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { Lineage, StatementLineage } from '../sql/lineage/lineage.ts';
import { AwaitedRelations } from './awaited-relations.ts';
import { CatalogKnowledge, type IsOwned } from './catalog-knowledge.ts';
import type { CatalogSnapshot } from './catalog-snapshot.ts';
import { CatalogWatch } from './catalog-watch.ts';
import type { Inherited } from './classification-store.ts';
import type { Classifier } from './classifier.ts';
import { GivenStore } from './given-store.ts';
import { type CommandTag, GivenValues, type WrittenTo } from './given-values.ts';
import { LookupBudget, MAX_LOOKUPS } from './lookup-budget.ts';
import { MaskingSession } from './masking-session.ts';
import type { RecordWorld } from './named-relations.ts';
import type { SessionMasking } from './session/masking.ts';
import { SchemaClock } from './session/schema-clock.ts';
import { namesUsed } from './session/schema-names.ts';
import { AWAITED_MS, type SharedClass, type SharedClasses } from './shared-classes.ts';
import type { Rows } from './side-connection.ts';
import type { Tracer } from './tracer.ts';
import type { CatalogRows } from './tracer-worker.ts';
import { writtenTables } from './written-tables.ts';

/** A catalog as the tracer knows it. */
export interface TracedCatalog {
  readonly catalog: Catalog;
  readonly key: number;
}

/** What a plan depends on besides the text. */
export interface PlanWorld {
  readonly traced: TracedCatalog;
  /** Seen by one session only. */
  readonly own: boolean;
  readonly searchPath: readonly string[];
}

export interface TracedText {
  /** The one that it was traced in at last. */
  readonly world: PlanWorld;
  /** Undefined: it could not be traced, and every plan refuses. */
  readonly lineage: Lineage | undefined;
}

export interface ExplainedText extends TracedText {
  readonly knowledge: CatalogKnowledge;
  readonly plans: readonly StatementPlan[];
}

const MAX_TEXTS = 2_000;
const MAX_CACHES = 200;
const LOOK_AGAIN_MS = 250;
const MAX_LOOK_AGAIN_MS = 2_000;

interface PlanCache {
  readonly byShape: WeakMap<readonly StatementFacts[], readonly StatementPlan[]>;
  readonly byText: Map<string, readonly StatementPlan[]>;
}

interface RecentCache {
  readonly traced: TracedCatalog;
  readonly rights: MaskingRights;
  readonly cache: PlanCache;
}

/** What a text that is under way gives, and looks up by it. */
export interface Met {
  /** By statement of the text; undefined: it failed, or was never run. */
  ended(tags: readonly (CommandTag | undefined)[], sqlstate: string | undefined): void;
}

/** unique_violation, foreign_key_violation */
const KEY_FAILED: ReadonlySet<string> = new Set(['23505', '23503']);
/** That one of many values is there tells less than which. */
const FOUND_AMONG_MANY = 100;

export class DatabaseMasking {
  readonly classifier: Classifier;
  /** For tokens: stable for the database. */
  readonly key: Buffer;
  /** Of all its sessions: nothing is kept of one value when another is masked. */
  readonly context: MaskContext;
  readonly budget = new LookupBudget();
  readonly #given = new GivenValues();
  readonly clock = new SchemaClock();
  readonly #snapshot: CatalogSnapshot;
  readonly #watch: CatalogWatch;
  readonly #givenStore: GivenStore;
  readonly #isOwned: IsOwned;
  /** As configuration calls it. */
  readonly #database: string;
  readonly #sharedClasses: SharedClasses | undefined;
  readonly #tracer: Tracer;
  #shared: TracedCatalog | undefined;
  #sharedVersion = 1;
  #caches = new Map<string, PlanCache>();
  /** By the very path that a session adopted: the key of a cache is dear to make for each statement. */
  #recent = new WeakMap<readonly string[], RecentCache>();
  #classesVersion = -1;
  readonly awaited: AwaitedRelations;
  #lookedAgainAt = Number.NEGATIVE_INFINITY;
  #recordWorld: RecordWorld | undefined;
  #readForRecordAt = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    /** Did somebody create that object through dbgate? */
    isOwned: IsOwned;
    upstream: UpstreamSettings;
    /** Somebody has changed the schema, maybe not through here. */
    onNoticed: () => void;
    snapshot: CatalogSnapshot;
    tracer: Tracer;
    classifier: Classifier;
    key: Buffer;
    /** With other gateways. */
    shared: SharedClasses | undefined;
    /** Whence and where to its state is kept. */
    state: { readonly stateDir: string; readonly database: string; readonly log: (line: string) => void };
  }) {
    this.#snapshot = parts.snapshot;
    this.#isOwned = parts.isOwned;
    this.#givenStore = new GivenStore(parts.state, () => this.#given.stored(this.#madeAndThere()));
    const stored = this.#givenStore.read();
    this.awaited = new AwaitedRelations(stored.map(({ oid }) => oid));
    this.#given.restore(stored);
    this.#given.onChange = () => this.#givenStore.changed();
    this.#watch = new CatalogWatch(parts.upstream, {
      noticed: parts.onNoticed,
      changed: () => void this.#snapshot.refresh(),
      asked: (query) => this.#lookAtWritten(query),
    });
    this.#tracer = parts.tracer;
    this.classifier = parts.classifier;
    this.key = parts.key;
    const givenKey = createHmac('sha256', parts.key).update('given').digest();
    this.context = { ...maskContext(parts.key), givenHash: new KeyedHash(givenKey) };
    this.#database = parts.state.database;
    this.#sharedClasses = parts.shared;
    this.classifier.onGone = (oid) => parts.shared?.forget(this.#database, oid);
    parts.shared?.listen(this.#database, (one) => this.#heard(one));
  }

  open(
    rights: () => MaskingRights,
    principal: string,
    unmaskRequest?: SessionMasking['unmaskRequest'],
  ): MaskingSession {
    this.#watch.acquire();
    return new MaskingSession(this, rights, principal, unmaskRequest);
  }

  /** A session that sees everything: its statements are recorded by what columns hold. `release` when it is over. */
  follow(): void {
    this.#watch.acquire();
  }

  /** The session is over. */
  release(): void {
    this.#watch.release();
  }

  async close(): Promise<void> {
    this.#watch.close();
    this.#givenStore.close();
    this.#snapshot.close();
    await this.classifier.close();
  }

  /** Another whenever names may mean something else than before. */
  get sharedVersion(): number {
    return this.#sharedVersion;
  }

  schemaChanged(): void {
    this.#snapshot.invalidate();
    this.#sharedVersion++;
  }

  isMadeBy(relation: number, principal: string): boolean {
    return this.#isOwned('pg_class', relation, principal);
  }

  /** Undefined: it is out of date; `freshCatalog` first. */
  get sharedCatalog(): TracedCatalog | undefined {
    const { current } = this.#snapshot;
    return current === undefined || this.#shared?.catalog !== current ? undefined : this.#shared;
  }

  /** It may be out of date. Undefined: none was read yet. */
  get lastCatalog(): Catalog | undefined {
    return this.#shared?.catalog;
  }

  /** What the record takes names for; undefined while the catalog is out of date: it is read anew then. */
  get recordWorld(): RecordWorld | undefined {
    const shared = this.sharedCatalog;
    if (shared === undefined) {
      this.#readForRecord();
      return undefined;
    }
    if (this.#recordWorld?.catalog !== shared.catalog) {
      this.#recordWorld = { catalog: shared.catalog, classes: this.classifier };
    }
    return this.#recordWorld;
  }

  #readForRecord(): void {
    const nowMs = performance.now();
    if (nowMs < this.#readForRecordAt + LOOK_AGAIN_MS) return;
    this.#readForRecordAt = nowMs;
    // What goes wrong is logged by the snapshot; until it goes well, every literal counts as one of a classified column.
    this.freshCatalog().catch(() => {});
  }

  /** Throws when it cannot be read. */
  async freshCatalog(): Promise<TracedCatalog> {
    const catalog = await this.#snapshot.fresh();
    if (this.#shared?.catalog !== catalog) {
      if (this.awaited.madeHere.size > 0) this.#givenStore.changed();
      if (this.#shared !== undefined) this.#tracer.forget(this.#shared.key);
      this.#shared = { catalog, key: this.#tracer.remember(this.#snapshot.rows) };
      this.#sharedVersion++;
      this.#forgetPlans();
      this.classifier.update(catalog);
    }
    this.settle(catalog);
    return this.#shared;
  }

  /** Of one read since now, but not too often. */
  async #newerCatalog(): Promise<TracedCatalog | undefined> {
    const nowMs = performance.now();
    const waitMs = this.#lookedAgainAt + LOOK_AGAIN_MS - nowMs;
    this.#lookedAgainAt = nowMs + Math.max(0, waitMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, MAX_LOOK_AGAIN_MS)));
    await this.#snapshot.refresh();
    return this.freshCatalog();
  }

  /** One session's own view. */
  remember(catalog: Catalog, rows: CatalogRows): TracedCatalog {
    this.settle(catalog);
    return { catalog, key: this.#tracer.remember(rows) };
  }

  forget({ key }: TracedCatalog): void {
    this.#tracer.forget(key);
  }

  plans(
    world: PlanWorld,
    rights: MaskingRights,
    statements: readonly StatementFacts[],
    sql: string,
  ): readonly StatementPlan[] | undefined {
    const cache = this.#cacheOf(world, rights);
    const plans = cache.byShape.get(statements) ?? cache.byText.get(sql);
    if (!this.awaited.isFull || plans?.some(({ inherits }) => inherits.length > 0) !== true) return plans;
    return [unplannable('too many tables are being made from masked columns within a day')];
  }

  /** Makes the plans of a text, so that `plans` has them. */
  async trace(
    world: PlanWorld,
    rights: MaskingRights,
    statements: readonly StatementFacts[],
    sql: string,
  ): Promise<void> {
    const { lineage, plans, world: planned } = await this.explain(world, rights, statements, sql);
    this.#put(planned, rights, { statements, sql, plans, forShape: lineage?.readsLiterals === false });
  }

  /** What `trace` keeps, and what it is made of. */
  async explain(
    world: PlanWorld,
    rights: MaskingRights,
    statements: readonly StatementFacts[],
    sql: string,
  ): Promise<ExplainedText> {
    const { lineage, world: seen } = await this.lineageOf(world, sql);
    const { traced } = seen;
    const knowledge = this.#knowledgeOf(traced.catalog, world.own);
    const plans =
      lineage === undefined || lineage.statements.length !== statements.length
        ? statements.map(() => unplannable('it could not be traced'))
        : lineage.statements.map((one, i) => {
            const runsCode = knowledge.runsCode(statements[i]!, one);
            const looksUpLater = runsCode || knowledge.looksUpLater(statements[i]!);
            const facts = [statements[i]!];
            const { command } = facts[0]!;
            // What EXECUTE answers depends on the names of what it executes. Nobody vouches for what is a session's own.
            const cannotBeTold =
              command === 'EXECUTE' ? runsCode : looksUpLater && (world.own || command === 'DO' || command === 'CALL');
            const names = namesUsed(facts, cannotBeTold);
            const plan = makePlan(one, knowledge, rights);
            // A view of constants may become one of what is masked.
            const copies = plan.copies === true || (statements[i]!.writes && statements[i]!.relations.length > 1);
            const computes = hasComputed(one, plan);
            const namesBehind = looksUpLater;
            const empties = mayTruncate(statements[i]!) ? (one.modifies ?? []) : [];
            const writesTo = writtenTo(statements[i]!, one, traced.catalog);
            return {
              ...plan,
              ...(runsCode ? { runsCode } : {}),
              ...(writesTo === undefined ? {} : { writesTo }),
              ...(empties.length === 0 ? {} : { empties }),
              ...{ looksUpLater, names, namesBehind, copies, computes },
            };
          });
    return { world: seen, lineage, knowledge, plans };
  }

  /** Its lineage; what it reads and writes is classified then. `world`: of a newer catalog where a name was in none. */
  async lineageOf(world: PlanWorld, sql: string): Promise<TracedText> {
    const { searchPath } = world;
    let { traced } = world;
    let lineage = await this.#tracer.trace({ sql, catalog: traced.key, searchPath });
    if (!world.own && lineage !== undefined && hasUnknown(lineage)) {
      // A name may be that of something which was made past this gateway since the catalog was read.
      const fresh = await this.#newerCatalog();
      if (fresh !== undefined && fresh !== traced) {
        traced = fresh;
        lineage = await this.#tracer.trace({ sql, catalog: traced.key, searchPath });
      }
    }
    const shared = this.#shared?.catalog;
    if (lineage !== undefined) {
      const relations = relationsOf(lineage).filter((oid) => shared?.relationByOid(oid) !== undefined);
      await this.classifier.ensure(relations);
    }
    return { world: traced === world.traced ? world : { ...world, traced }, lineage };
  }

  #knowledgeOf(catalog: Catalog, isOwn: boolean): CatalogKnowledge {
    return new CatalogKnowledge(
      catalog,
      isOwn ? this.#shared?.catalog : undefined,
      this.classifier,
      this.#isOwned,
      (oid) => this.awaited.isMadeHere(oid),
      (oid, attnum) => this.#given.isCopied(oid, attnum),
    );
  }

  /**
   * A text goes upstream: what it gives is taken down, and what that makes comparable is taken from the budget. Undefined:
   * the budget does not allow it.
   */
  meet(
    principal: string,
    {
      catalog,
      isOwn,
      schema,
      isAlone,
    }: {
      readonly catalog: Catalog;
      readonly isOwn: boolean;
      readonly schema: string | undefined;
      readonly isAlone: boolean;
    },
    plans: readonly StatementPlan[],
  ): Met | undefined {
    const world = this.#knowledgeOf(catalog, isOwn);
    const nowMs = Date.now();
    const runs = plans.map((plan) => (plan.defines?.kind === 'prepared' ? undefined : plan));
    const gifts = runs.map((plan) => plan?.gives ?? []);
    const checked = gifts.map((ofOne) => ofOne.filter((gift) => gift.isChecked));
    const lookups = [...new Set(gifts.flat().flatMap(({ to }) => ('lookup' in to ? [to.lookup] : [])))];
    if (!this.awaited.giving(lookups, schema, catalog)) return undefined;
    const writesTo = runs.map((plan) => plan?.writesTo);
    const giving = this.#given.give(principal, { gifts, writesTo }, world, nowMs);
    if (!isAlone) for (const oid of runs.flatMap((plan) => plan?.empties ?? [])) this.#given.emptied(oid, world);
    const unpaid = this.#given.unpaid(
      principal,
      runs.flatMap((plan) => plan?.meets ?? []),
      world,
      nowMs,
    );
    const isOfOwn = (to: Gift['to']): boolean => 'relation' in to && world.origin(to.relation) !== 'before';
    let count = unpaid.count;
    for (const { to, values } of checked.flat()) {
      if (values === 'many') count = Number.POSITIVE_INFINITY;
      // One that is begun may go over the budget: another is not.
      else if (isOfOwn(to)) count += values === 'rows' ? 1 : values;
    }
    if (!this.budget.take(principal, count, performance.now())) {
      giving.ended([]);
      this.awaited.given(lookups, schema);
      return undefined;
    }
    this.#given.pay(principal, unpaid);
    return {
      ended: (tags, sqlstate) => {
        giving.ended(tags);
        this.awaited.given(lookups, schema);
        let owed = 0;
        checked.forEach((ofOne, i) => {
          const tag = tags[i];
          for (const { to, values } of ofOne) {
            const isFound = KEY_FAILED.has(sqlstate ?? '') && tag === undefined;
            if (isOfOwn(to)) owed += values !== 'rows' ? 0 : tag === undefined ? (isFound ? MAX_LOOKUPS : 0) : tag.rows;
            else if (isFound) owed += values === 'rows' ? FOUND_AMONG_MANY : Number(values);
          }
        });
        if (owed > 0) this.budget.owe(principal, owed, performance.now());
      },
    };
  }

  #put(
    world: PlanWorld,
    rights: MaskingRights,
    made: {
      statements: readonly StatementFacts[];
      sql: string;
      plans: readonly StatementPlan[];
      forShape: boolean;
    },
  ): void {
    const cache = this.#cacheOf(world, rights);
    if (made.forShape) {
      cache.byShape.set(made.statements, made.plans);
      return;
    }
    cache.byText.set(made.sql, made.plans);
    if (cache.byText.size > MAX_TEXTS) cache.byText.delete(cache.byText.keys().next().value!);
  }

  #cacheOf(world: PlanWorld, rights: MaskingRights): PlanCache {
    const version = this.classifier.version + this.#given.version;
    if (this.#classesVersion !== version) {
      this.#classesVersion = version;
      this.#forgetPlans();
    }
    const recent = this.#recent.get(world.searchPath);
    if (recent !== undefined && recent.traced === world.traced && recent.rights === rights) return recent.cache;
    const key = `${world.traced.key} ${world.searchPath.join('\x01')} ${rightsKey(rights)}`;
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = { byShape: new WeakMap(), byText: new Map() };
      this.#caches.set(key, cache);
      if (this.#caches.size > MAX_CACHES) this.#caches.delete(this.#caches.keys().next().value!);
    }
    this.#recent.set(world.searchPath, { traced: world.traced, rights, cache });
    return cache;
  }

  #forgetPlans(): void {
    this.#caches.clear();
    this.#recent = new WeakMap();
  }

  /** Rows that others put into tables which were made here, and those that came into tables which told too little. */
  async #lookAtWritten(query: (sql: string) => Promise<Rows>): Promise<void> {
    const made = this.#madeAndThere().filter((oid) => !this.#given.isCopied(oid, 0));
    const written = await writtenTables([...new Set([...made, ...this.classifier.tellingLittle()])], query);
    for (const oid of made) {
      const rows = written.get(oid)?.rows;
      if (rows !== undefined) this.#given.compare(oid, rows);
    }
    void this.classifier.lookAtFilled(written);
  }

  #madeAndThere(): number[] {
    const catalog = this.#shared?.catalog;
    return [...this.awaited.madeHere].filter(
      (oid) => catalog === undefined || catalog.relationByOid(oid) !== undefined,
    );
  }

  /** Data of a class comes into a column, here or at another gateway. */
  inherit(oid: number, attnum: number, what: Pick<Inherited, 'class' | 'from' | 'computed'>): void {
    if (this.classifier.inherit(oid, attnum, what)) this.#tell({ kind: 'carried', oid, attnum, ...classOf(what) });
  }

  /** A statement is sent that makes relations with data of classes. */
  awaitRelations(inherits: readonly Inheritance[], schema: string | undefined, catalog: Catalog | undefined): void {
    for (const one of inherits) {
      // Of its session alone.
      if (this.#sharedClasses === undefined || one.temporary === true) continue;
      const { lookup, column } = one;
      const { schema: of, known } = this.awaited.expected(one, schema, catalog);
      const where = { ...(of === undefined ? {} : { schema: of }), ...(column === undefined ? {} : { column }) };
      this.#tell({ kind: 'awaited', at: Date.now(), lookup, known: [...known], ...where, ...classOf(one) });
    }
    this.awaited.inherit(inherits, schema, catalog);
  }

  #tell(one: Told): void {
    this.#sharedClasses?.tell({ ...one, database: this.#database });
  }

  #heard(one: SharedClass): void {
    if (one.kind === 'carried') {
      this.classifier.inherit(one.oid, one.attnum, one);
      return;
    }
    const agoMs = Date.now() - one.at;
    if (agoMs > AWAITED_MS) return;
    const { lookup, column, schema, known, from, computed = false } = one;
    this.awaited.inheritElsewhere({ lookup, column, class: one.class, from, computed }, schema, known, agoMs);
    const catalog = this.#shared?.catalog;
    if (catalog !== undefined) this.settle(catalog);
  }

  /** What has come into being since gets the classes that flowed into it. */
  settle(catalog: Catalog): void {
    const { size } = this.awaited.madeHere;
    this.awaited.settle(
      catalog,
      (oid, attnum, inheritance) => this.inherit(oid, attnum, inheritance),
      (name, oid) => this.#given.arrived(name, oid),
    );
    if (this.awaited.madeHere.size > size) this.#givenStore.changed();
  }
}

type Told = SharedClass extends infer One ? (One extends SharedClass ? Omit<One, 'database'> : never) : never;

function classOf({ class: columnClass, from, computed }: Pick<Inherited, 'class' | 'from' | 'computed'>) {
  return { class: columnClass, from, ...(computed === true ? { computed } : {}) };
}

const TRUNCATE = 'TRUNCATE TABLE';

function mayTruncate({ command, nested }: StatementFacts): boolean {
  return command === TRUNCATE || nested?.includes(TRUNCATE) === true;
}

const READS = /^(?:SELECT|VALUES|TABLE)$/;

/** Where all rows go that the statement's tag will count; undefined: it counts others as well, or nobody knows. */
function writtenTo(facts: StatementFacts, lineage: StatementLineage, catalog: Catalog): WrittenTo | undefined {
  if (facts.nested?.every((command) => READS.test(command)) === false) return undefined;
  const relations = new Set(lineage.modifies);
  const lookups = new Set<string>();
  for (const { target } of [...lineage.writes, ...(lineage.gives ?? [])]) {
    if (target.kind === 'column') relations.add(target.relation);
    else lookups.add(target.lookup);
  }
  if (relations.size + lookups.size !== 1) return undefined;
  const [lookup] = lookups;
  if (lookup !== undefined) return { lookup };
  const [oid] = relations;
  const relation = catalog.relationByOid(oid!);
  // Rules, children and partitions make the tag count other tables' rows.
  if (relation?.kind !== 'r' || relation.hasRules || catalog.descendants(oid!).length > 0) return undefined;
  return { relation: oid! };
}

/**
 * Is there something in the answer that is neither a plain column, nor redacted whatever it is? What COPY sends is never
 * held against a RowDescription: it has none.
 */
function hasComputed({ columns, copyOut }: StatementLineage, { result }: StatementPlan): boolean {
  return (columns ?? []).some(
    ({ origin, sources, unknown }, i) =>
      (origin === undefined || copyOut !== undefined) &&
      sources.length + unknown.length > 0 &&
      result?.columns[i]?.do !== 'redact',
  );
}

function hasUnknown({ statements }: Lineage): boolean {
  return statements.some(
    ({ unknown, columns }) => unknown.length > 0 || (columns ?? []).some((column) => column.unknown.length > 0),
  );
}

function relationsOf({ statements }: Lineage): number[] {
  const oids = new Set<number>();
  for (const { columns, uses, writes, reads, modifies, opaque } of statements) {
    for (const { sources } of columns ?? []) for (const { relation } of sources) oids.add(relation);
    for (const { source } of uses) oids.add(source.relation);
    for (const { target, flow } of writes) {
      if (target.kind === 'column') oids.add(target.relation);
      for (const { relation } of flow.sources) oids.add(relation);
    }
    for (const oid of reads) oids.add(oid);
    for (const oid of modifies ?? []) oids.add(oid);
    for (const { reads: columnsRead } of opaque) for (const { relation } of columnsRead) oids.add(relation);
  }
  return [...oids];
}
