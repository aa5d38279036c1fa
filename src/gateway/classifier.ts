/**
 * The classes of one database's columns. In: its catalog, a sample of each table, what was stored, configuration. Out:
 * a Classification by table OID and attnum. A session waits only for the tables that it touches; all others are
 * classified in the background, and all are judged in another thread. A column that nobody looked at, or that nobody could
 * judge, has no Classification, which readers take for sensitive. Samples are not read here, nor kept, stored or logged.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { describeTable, typeName } from '../classify/catalog-subjects.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { ClassMap, familyOf, type KnownTable } from './class-map.ts';
import { ClassificationStore, type Inherited } from './classification-store.ts';
import { keptColumns, sameClasses } from './kept-classes.ts';
import { LookAgain } from './look-again.ts';
import type { SideConnection } from './side-connection.ts';
import { SideConnections } from './side-connections.ts';
import type { TableJudge } from './table-judge.ts';
import { type RunOnConnection, sampleTable, type TableSample } from './table-sample.ts';
import type { WrittenTable } from './written-tables.ts';

export interface ClassifierOptions {
  readonly settings: UpstreamSettings;
  /** The name it has in the gateway's settings. */
  readonly database: string;
  readonly stateDir: string;
  /** Shared by all databases; ended by whoever made it. */
  readonly judge: TableJudge;
  /** `schema.table.column` → class, or `none`. */
  readonly overrides?: ReadonlyMap<string, ColumnClass | 'none'>;
  /** A pass over the tables is through, or classes were configured otherwise. */
  readonly onChange?: () => void;
  readonly log: (line: string) => void;
}

export interface ClassifiedColumn {
  readonly oid: number;
  readonly attnum: number;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** Undefined: not classified yet. */
  readonly classification: Classification | undefined;
}

const STATEMENT_TIMEOUT_MS = 3_000;
/** In the background one after another; two more for tables that a session waits for. */
const FOREGROUND_CONNECTIONS = 2;
/** What was inherited cannot be found again by looking. */
const STORE_INHERITED_AFTER_MS = 100;
const STORE_AFTER_MS = 2_000;
/** While a pass goes on: what is stored is the whole map. */
const STORE_IN_PASS_MS = 30_000;
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 600_000;
const BATCH = 25;
/** Of a pass: one is judged, one waits for that, one is read. */
const AT_ONCE = 3;

type How = 'foreground' | 'background';

interface Running {
  /** A session waits for it. */
  isUrgent: boolean;
  readonly done: Promise<void>;
}

export class Classifier {
  /** Raised when a column that was classified has another class now. */
  version = 0;
  /** Raised when a table is known that nobody had looked at. */
  firstLooks = 0;
  /** A relation that was known is there no more. */
  onGone: ((oid: number) => void) | undefined;
  readonly #options: ClassifierOptions;
  readonly #store: ClassificationStore;
  readonly #background: SideConnections;
  readonly #foreground: SideConnections;
  readonly #map: ClassMap;
  /** Which catalog what is known of a table was last found to describe. */
  readonly #currentIn = new WeakMap<KnownTable, Catalog>();
  readonly #running = new Map<number, Running>();
  #pass: Promise<void> | undefined;
  #again = false;
  readonly #lookAgain: LookAgain;
  #loaded: Promise<void> | undefined;
  #storing: NodeJS.Timeout | undefined;
  #storeAtMs = 0;
  /** Never rejects. */
  #writing: Promise<void> = Promise.resolve();
  #retryMs = RETRY_MS;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClassifierOptions) {
    this.#options = options;
    this.#store = new ClassificationStore(options.stateDir, options.database, options.log);
    const { settings, overrides } = options;
    const timeoutMs = STATEMENT_TIMEOUT_MS;
    this.#background = new SideConnections(settings, { count: 1, timeoutMs });
    this.#foreground = new SideConnections(settings, { count: FOREGROUND_CONNECTIONS, timeoutMs });
    this.#map = new ClassMap(overrides);
    this.#lookAgain = new LookAgain({
      map: this.#map,
      classify: (relation) => this.#classify(relation, 'background'),
      isRunning: (oid) => this.#running.has(oid),
      isPassing: () => this.#pass !== undefined,
    });
    options.judge.prepare();
  }

  /** Undefined: nobody has looked at it. */
  of(oid: number, attnum: number): Classification | undefined {
    return this.#map.of(oid, attnum);
  }

  /** Something that is masked was copied into it. */
  isInherited(oid: number, attnum: number): boolean {
    return this.#map.inherited.has(`${oid}.${attnum}`);
  }

  /** Of the configuration, from now on. */
  setOverrides(overrides: ReadonlyMap<string, ColumnClass | 'none'>): void {
    this.#map.overrides = overrides;
    this.#changed();
    this.#options.onChange?.();
  }

  /** Names in the configuration that no column has: nothing follows from them. */
  unmatchedOverrides(): string[] {
    const catalog = this.#map.catalog;
    if (catalog === undefined || this.#map.overrides.size === 0) return [];
    const names = new Set<string>();
    for (const { schema, name, columns } of [...catalog.allRelations].filter(isSampled)) {
      for (const column of columns) names.add(`${schema}.${name}.${column.name}`);
    }
    return [...this.#map.overrides.keys()].filter((name) => !names.has(name));
  }

  /** A newer catalog: new and changed tables are classified in the background. */
  update(catalog: Catalog): void {
    if (this.#closed) return;
    this.#map.catalog = catalog;
    this.#retryMs = RETRY_MS;
    this.#map.changed();
    for (const oid of this.#map.tables.keys()) if (catalog.relationByOid(oid) === undefined) this.#forget(oid);
    this.#start();
    this.#lookAgain.beginAtSmall();
  }

  /** These tables, and those that their columns' classes come from, are classified when it resolves. Never rejects. */
  async ensure(oids: readonly number[]): Promise<void> {
    await this.#load();
    const catalog = this.#map.catalog;
    if (catalog === undefined) return;
    const relations = this.#closure(catalog, oids);
    for (const { oid } of relations) this.#lookAgain.asked(oid);
    // A classification that was under way may be of the table as it was before.
    for (let attempt = 0; attempt < 2; attempt++) {
      const missing = [...relations].filter(
        (relation) => !this.#isCurrent(catalog, relation) || (attempt === 0 && this.#lookAgain.wasEmpty(relation.oid)),
      );
      await Promise.all(missing.map((relation) => this.#classify(relation, 'foreground')));
    }
    void this.#lookAgain.at(relations);
  }

  /** Tables that sessions read, and that told too little. */
  tellingLittle(): number[] {
    return this.#lookAgain.tellingLittle();
  }

  /**
   * Looks again at those of them that were written to since. To be called about once a second while there are sessions;
   * never rejects.
   */
  lookAtFilled(written: ReadonlyMap<number, WrittenTable>): Promise<void> {
    return this.#lookAgain.atFilled(written);
  }

  /**
   * Data of that class was copied there. Stays until configuration says otherwise or the column is gone. False: that was
   * known.
   */
  inherit(
    oid: number,
    attnum: number,
    { class: columnClass, from, computed }: Pick<Inherited, 'class' | 'from' | 'computed'>,
  ): boolean {
    const key = `${oid}.${attnum}`;
    const known = this.#map.inherited.get(key);
    if (known?.class === columnClass && (known.computed ?? false) === (computed ?? false)) return false;
    this.#map.inherited.set(key, { oid, attnum, class: columnClass, from, ...(computed === true ? { computed } : {}) });
    this.#changed();
    this.#storeIn(STORE_INHERITED_AFTER_MS);
    return true;
  }

  status(): { readonly tables: number; readonly done: number } {
    const catalog = this.#map.catalog;
    if (catalog === undefined) return { tables: 0, done: 0 };
    const relations = [...catalog.allRelations].filter(isSampled);
    return { tables: relations.length, done: relations.filter((one) => this.#isCurrent(catalog, one)).length };
  }

  /** The background pass over the tables known now is over. */
  async whenDone(): Promise<void> {
    while (this.#pass !== undefined) await this.#pass;
  }

  /** The whole map, by schema, table and position. */
  columns(): ClassifiedColumn[] {
    return [...this.tables()].flat();
  }

  /** The columns of one table after another, in that order. */
  *tables(): Generator<ClassifiedColumn[]> {
    const catalog = this.#map.catalog;
    if (catalog === undefined) return;
    const relations = [...catalog.allRelations].filter(isSampled);
    relations.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
    for (const { oid, schema, name, columns } of relations) {
      yield columns.map((column) => ({
        oid,
        attnum: column.attnum,
        schema,
        table: name,
        column: column.name,
        type: typeName(catalog, column.type),
        classification: this.of(oid, column.attnum),
      }));
    }
  }

  /** Stops sampling and writes what is known. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#lookAgain.close();
    this.#background.close();
    this.#foreground.close();
    await Promise.allSettled([...[...this.#running.values()].map(({ done }) => done), this.#pass]);
    if (this.#storing !== undefined) {
      clearTimeout(this.#storing);
      void this.#write();
    }
    await this.#writing;
  }

  // ── which tables are classified, and when ──────────────────────────────────────────────────────────────────────

  /** The tables themselves, what they reference, and their families. */
  #closure(catalog: Catalog, oids: readonly number[]): Set<CatalogRelation> {
    const found = new Set<CatalogRelation>();
    const queue = [...oids];
    for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
      const relation = catalog.relationByOid(oid);
      if (relation === undefined || found.has(relation) || !isSampled(relation)) continue;
      found.add(relation);
      queue.push(...relation.foreignKeys.map(({ references }) => references));
      for (const member of familyOf(catalog, relation)) queue.push(member.oid);
    }
    return found;
  }

  /** Every column that it has now was classified as of its type now. */
  #isCurrent(catalog: Catalog, relation: CatalogRelation): boolean {
    const known = this.#map.tables.get(relation.oid);
    if (known === undefined) return false;
    if (this.#currentIn.get(known) === catalog) return true;
    const isCurrent = this.#describes(known, catalog, relation);
    if (isCurrent) this.#currentIn.set(known, catalog);
    return isCurrent;
  }

  #describes(known: KnownTable, catalog: Catalog, relation: CatalogRelation): boolean {
    // What was stored is of another table when neither its name nor its columns are the same.
    if (known.sampledAtMs === undefined && (known.schema !== relation.schema || known.name !== relation.name))
      return false;
    return relation.columns.every(({ attnum, type }) => {
      const column = known.columns.find((one) => one.attnum === attnum);
      return column !== undefined && column.type === typeName(catalog, type);
    });
  }

  #start(): void {
    if (this.#pass !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#pass = this.#passOver().finally(() => {
      this.#pass = undefined;
      if (!this.#closed && !this.#again) this.#options.onChange?.();
      if (this.#storing !== undefined) this.#storeSoon();
      if (this.#again && !this.#closed) this.#start();
    });
  }

  async #passOver(): Promise<void> {
    await this.#load();
    const catalog = this.#map.catalog;
    if (catalog === undefined) return;
    const relations = [...catalog.allRelations].filter(isSampled);
    let failed = 0;
    let count = 0;
    const next = relations.values();
    const some = async (): Promise<void> => {
      for (const relation of next) {
        if (this.#closed || this.#again) return;
        const known = this.#map.tables.get(relation.oid);
        const isDone = known?.sampledAtMs !== undefined && known.rows >= 0;
        if (this.#isCurrent(catalog, relation) && (isDone || this.#lookAgain.isOnlyStored(relation.oid))) continue;
        await this.#classify(relation, 'background');
        // Over another one the thread may have broken that was to judge it.
        if (!this.#isCurrent(catalog, relation)) await this.#classify(relation, 'background');
        if (this.#map.tables.get(relation.oid)?.rows === -1) failed++;
        if (++count % BATCH === 0) await new Promise(setImmediate);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    if (this.#closed || this.#again) return;
    this.#lookAgain.beginAtLeisure();
    if (failed > 0) {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#start(), this.#retryMs).unref();
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    }
  }

  #classify(relation: CatalogRelation, how: How): Promise<void> {
    const running = this.#running.get(relation.oid);
    if (running !== undefined) {
      running.isUrgent ||= how === 'foreground';
      return running.done;
    }
    const begun = { isUrgent: how === 'foreground' };
    const done = this.#classifyNow(relation, how, () => begun.isUrgent).finally(() =>
      this.#running.delete(relation.oid),
    );
    this.#running.set(relation.oid, Object.assign(begun, { done }));
    return done;
  }

  async #classifyNow(relation: CatalogRelation, how: How, isUrgent: () => boolean): Promise<void> {
    const catalog = this.#map.catalog;
    if (catalog === undefined || this.#closed) return;
    const look = async (run: RunOnConnection) => {
      const sample = await this.#sample(catalog, relation, run);
      const { sampled, chunks } = sample ?? NO_VALUES;
      const table = { table: describeTable(catalog, relation), sampled, chunks };
      const judgement = this.#closed ? undefined : await this.#options.judge.judge(table, isUrgent);
      return { sample, sampled, judgement };
    };
    // In the background the next samples are on their way while one is judged, as long as they are small. Of what sessions
    // wait for no more samples lie here than there are connections.
    const { sample, sampled, judgement } =
      how === 'background'
        ? await look((work) => this.#inBackground(work))
        : await this.#foreground.run((connection) => look((work) => work(connection)));
    if (this.#closed) return;
    const known = this.#map.tables.get(relation.oid);
    if (judgement === undefined && known?.rows !== -1) this.#say(relation, 'could not be judged');
    const columns = keptColumns(catalog, relation, known, { found: judgement?.found, wasRead: sample !== undefined });
    const rows = judgement === undefined ? -1 : (sample?.rows ?? -1);
    const { oid, schema, name } = relation;
    const hasBlanks = rows > 0 && judgement!.told < sampled.length;
    this.#map.tables.set(oid, { oid, schema, name, rows, columns, sampledAtMs: performance.now(), hasBlanks });
    this.#map.changed();
    if (known === undefined) this.firstLooks++;
    if (known !== undefined && !sameClasses(known.columns, columns)) this.#changed();
    if (known === undefined || known.sampledAtMs === undefined || !sameClasses(known.columns, columns))
      this.#storeSoon();
  }

  #inBackground<T>(work: (connection: SideConnection) => Promise<T>): Promise<T> {
    return this.#background.run(async (connection) => {
      await this.#options.judge.room();
      if (this.#closed) throw new Error('the classifier was closed');
      return await work(connection);
    });
  }

  /** Undefined: it could not be read. */
  async #sample(catalog: Catalog, relation: CatalogRelation, run: RunOnConnection): Promise<TableSample | undefined> {
    try {
      return await sampleTable(catalog, relation, run);
    } catch (error) {
      const code = (error as { sqlstate?: string }).sqlstate ?? 'unknown';
      if (!this.#closed && this.#map.tables.get(relation.oid)?.rows !== -1)
        this.#say(relation, `could not be sampled: SQLSTATE ${code}`);
      return undefined;
    }
  }

  #say({ schema, name }: CatalogRelation, what: string): void {
    this.#options.log(`${this.#options.database}: ${schema}.${name} ${what}`);
  }

  // ── what is kept ───────────────────────────────────────────────────────────────────────────────────────────────

  #load(): Promise<void> {
    this.#loaded ??= this.#store.read().then((stored) => {
      for (const one of stored?.inherited ?? []) this.#map.inherited.set(`${one.oid}.${one.attnum}`, one);
      for (const table of stored?.tables ?? []) {
        if (!this.#map.tables.has(table.oid)) this.#map.tables.set(table.oid, { ...table, sampledAtMs: undefined });
      }
      this.#changed();
    });
    return this.#loaded;
  }

  #forget(oid: number): void {
    this.#lookAgain.forget(oid);
    this.#map.tables.delete(oid);
    for (const [key, one] of this.#map.inherited) if (one.oid === oid) this.#map.inherited.delete(key);
    this.onGone?.(oid);
    this.#storeSoon();
  }

  #changed(): void {
    this.version++;
    this.#map.changed();
  }

  #storeSoon(): void {
    this.#storeIn(this.#pass === undefined ? STORE_AFTER_MS : STORE_IN_PASS_MS);
  }

  #storeIn(ms: number): void {
    if (this.#closed) return;
    const atMs = performance.now() + ms;
    if (this.#storing !== undefined && this.#storeAtMs <= atMs) return;
    clearTimeout(this.#storing);
    this.#storeAtMs = atMs;
    this.#storing = setTimeout(() => void this.#write(), ms).unref();
  }

  #write(): Promise<void> {
    this.#storing = undefined;
    this.#writing = this.#writing.then(async () => {
      // Before it was read, nothing is known that could replace it.
      await this.#load();
      const tables = [...this.#map.tables.values()].map(({ sampledAtMs: _, hasBlanks: __, ...table }) => table);
      await this.#store.write({ tables, inherited: [...this.#map.inherited.values()] });
    });
    return this.#writing;
  }
}

function isSampled({ kind, isSystem, schema }: CatalogRelation): boolean {
  return (kind === 'r' || kind === 'p' || kind === 'm' || kind === 'f') && !isSystem && !schema.startsWith('pg_temp');
}

const NO_VALUES = { sampled: [], chunks: [] };

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
