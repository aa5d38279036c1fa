/** One database as the gateway serves it: its settings, its server's version, and what is known of its catalog. */
import { isDeepStrictEqual } from 'node:util';
import type { OwnedObjects } from '../audit/owned-objects.ts';
import { closeSoon } from '../close-soon.ts';
import type { DatabaseSettings, UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { TERMINATE } from '../pgwire/extended.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';
import { isPureRead, type PurityCatalog } from '../sql/purity.ts';
import type { Analyser } from './analyser.ts';
import type { AnalyserPool } from './analyser-pool.ts';
import { CatalogSnapshot } from './catalog-snapshot.ts';
import { type ClassificationChange, ClassificationChanges } from './classification-changes.ts';
import { Classifier } from './classifier.ts';
import { CreationCheck } from './creation-check.ts';
import { DatabaseMasking, type TracedCatalog } from './database-masking.ts';
import { DefinitionGuard } from './definition-guard.ts';
import type { MaskingParts } from './masking-parts.ts';
import { PuritySnapshot } from './purity-snapshot.ts';
import { RoutineSnapshot } from './routine-snapshot.ts';
import type { UnseenCreation } from './session/unseen-creation.ts';
import { StatementRecords } from './statement-records.ts';
import { connectUpstream } from './upstream.ts';

/** What there is to ask about masking without a session. */
export interface OpenMasking {
  readonly masking: DatabaseMasking;
  readonly analyser: Analyser;
  readonly traced: TracedCatalog;
}

export class DatabaseRuntime {
  #settings: DatabaseSettings;
  readonly #analysers: AnalyserPool;
  readonly #purity: PuritySnapshot;
  readonly #routines: RoutineSnapshot;
  #major = 0;
  #analyser: Analyser | undefined;
  #preparing: Promise<Analyser> | undefined;
  /** Purity of statement shapes under the snapshot they were judged with. */
  #pure = new WeakMap<readonly StatementFacts[], boolean>();
  #judgedWith: PurityCatalog | undefined;

  readonly #isOwned: (database: string, catalog: string, oid: number, principal: string | undefined) => boolean;
  /** As its own connections are made with: one object, which changes with the settings. */
  readonly #upstream: UpstreamSettings;
  readonly #changes: ClassificationChanges;
  readonly #snapshot: CatalogSnapshot;
  readonly #masking: MaskingParts;
  readonly #log: (line: string) => void;
  /** Vouches for what is known of its catalog. */
  readonly definitions: DefinitionGuard;
  readonly creations: CreationCheck;
  #databaseMasking: DatabaseMasking | undefined;
  #records: StatementRecords | undefined;

  constructor(
    settings: DatabaseSettings,
    shared: {
      readonly analysers: AnalyserPool;
      readonly masking: MaskingParts;
      readonly owned: OwnedObjects;
      onClassesChanged(database: string, changes: readonly ClassificationChange[]): void;
    },
    log: (line: string) => void,
  ) {
    const { analysers, masking, owned } = shared;
    this.#isOwned = (database, catalog, oid, principal) =>
      principal === undefined ? owned.isOwned(database, catalog, oid) : owned.isOwn(database, principal, catalog, oid);
    this.#settings = settings;
    this.#analysers = analysers;
    this.#masking = masking;
    this.#log = log;
    this.#changes = new ClassificationChanges(masking.stateDir, settings.name, log, (changes) =>
      shared.onClassesChanged(settings.name, changes),
    );
    this.#upstream = { ...settings.upstream };
    this.creations = new CreationCheck(this.#upstream, log);
    this.#snapshot = new CatalogSnapshot(this.#upstream, log);
    this.#purity = new PuritySnapshot(this.#upstream, log);
    this.#routines = new RoutineSnapshot(this.#upstream, log);
    const routines = this.#routines;
    const readAnew = (): Promise<void> => this.#readAnew();
    this.definitions = new DefinitionGuard(this.#upstream, { routines: () => routines.table, readAnew }, log);
  }

  get settings(): DatabaseSettings {
    return this.#settings;
  }

  /** Epoch milliseconds; undefined: nobody needed its catalog yet. */
  get catalogReadAt(): number | undefined {
    return this.#snapshot.readAt;
  }

  /** Other settings of the same server and database; false: it is another one. */
  adopt(settings: DatabaseSettings): boolean {
    const { upstream } = settings;
    const known = this.#upstream;
    for (const part of ['host', 'port', 'database', 'user'] as const) if (upstream[part] !== known[part]) return false;
    // Another password or certificate is for the connections to come, also for those that open sessions depend on.
    Object.assign(known, upstream);
    const before = this.#settings.classification;
    this.#settings = settings;
    if (!isDeepStrictEqual(before, settings.classification)) {
      this.#databaseMasking?.classifier.setOverrides(settings.classification ?? new Map());
    }
    return true;
  }

  /** The analyser with the grammar of the server; refuses servers that speak another encoding. */
  async prepare(parameterStatus: ReadonlyMap<string, string>): Promise<Analyser> {
    const version = parameterStatus.get('server_version') ?? '';
    const major = Number.parseInt(version, 10);
    if (!(major >= 14)) {
      throw new DbgateError(
        'upstream_unavailable',
        `PostgreSQL 14 or newer is needed, the server says ${JSON.stringify(version)}`,
        {
          sqlstate: '0A000',
        },
      );
    }
    const encoding = parameterStatus.get('server_encoding');
    if (encoding !== 'UTF8') {
      throw new DbgateError('upstream_unavailable', `the database's encoding is ${encoding}, only UTF8 is supported`, {
        sqlstate: '0A000',
        hint: 'In another encoding the gateway would read other statements than the server.',
      });
    }
    // Before all that it vouches for.
    await this.definitions.ensure();
    // The first session does not wait for the snapshot: until it is there, nothing counts as pure.
    void this.#purity.ensure();
    const analyser = await this.#analysers.get(major);
    await this.#routines.ensure(analyser);
    this.#major = major;
    this.#analyser = analyser;
    return analyser;
  }

  /** Without a session, and as of now: the server is asked what it is, and its catalog read. Throws as `prepare`. */
  async openMasking(): Promise<OpenMasking> {
    const analyser = this.#analyser ?? (await this.#prepareAlone());
    const { masking } = this;
    await this.#snapshot.refresh();
    const traced = await masking.freshCatalog();
    return { masking, analyser, traced };
  }

  #prepareAlone(): Promise<Analyser> {
    this.#preparing ??= (async () => {
      const parameters = new Map([['application_name', 'dbgate']]);
      const { socket, parameterStatus } = await connectUpstream(this.#settings.upstream, { parameters });
      closeSoon(socket, { lastWord: TERMINATE });
      return await this.prepare(parameterStatus);
    })().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  /** For sessions that do not see everything. `prepare` first. Throws when the gateway's state cannot be read. */
  get masking(): DatabaseMasking {
    if (this.#databaseMasking === undefined) {
      const { name, classification } = this.settings;
      const upstream = this.#upstream;
      const classifier = new Classifier({
        settings: upstream,
        database: name,
        stateDir: this.#masking.stateDir,
        judge: this.#masking.judge,
        ...(classification === undefined ? {} : { overrides: classification }),
        onChange: () => void this.#noteChanges(classifier),
        log: this.#log,
      });
      this.#databaseMasking = new DatabaseMasking({
        isOwned: (catalog, oid, principal) => this.#isOwned(name, catalog, oid, principal),
        upstream,
        onNoticed: () => this.definitions.noticed(),
        snapshot: this.#snapshot,
        tracer: this.#masking.tracer(this.#major),
        classifier,
        key: this.#masking.secret.tokenKey(name),
        shared: this.#masking.classes,
        state: { stateDir: this.#masking.stateDir, database: name, log: this.#log },
      });
      // Sessions come to know its columns while the first is still being greeted.
      this.#databaseMasking.freshCatalog().catch((error: Error) => this.#log(error.message));
    }
    return this.#databaseMasking;
  }

  /** What the record says of its statements. Throws when the gateway's state cannot be read. */
  get records(): StatementRecords {
    this.#records ??= new StatementRecords({
      key: this.#masking.secret.recordKey(),
      world: () => this.#databaseMasking?.recordWorld,
    });
    return this.#records;
  }

  /** What was noticed of its classes since then, as they are now included. `openMasking` first. */
  async classificationChanges(sinceMs: number): Promise<readonly ClassificationChange[]> {
    await this.#noteChanges(this.masking.classifier);
    return this.#changes.since(sinceMs);
  }

  #noteChanges(classifier: Classifier): Promise<void> {
    return this.#changes.note(
      () => classifier.tables(),
      () => new Date().toISOString(),
    );
  }

  isPureRead(statements: readonly StatementFacts[]): boolean {
    const catalog = this.#purity.current;
    if (catalog === undefined) return false;
    if (catalog !== this.#judgedWith) {
      this.#judgedWith = catalog;
      this.#pure = new WeakMap();
    }
    let pure = this.#pure.get(statements);
    if (pure === undefined) {
      pure = isPureRead(statements, catalog);
      this.#pure.set(statements, pure);
    }
    return pure;
  }

  /** The analysis with what the routines do that it calls. */
  withRoutines(analysis: Analysis): Analysis {
    return this.#routines.judged(analysis);
  }

  /** What it makes without its names being known to the session. */
  unseenCreations(analysis: Analysis): readonly UnseenCreation[] {
    return this.#routines.unseenCreations(analysis);
  }

  /** The analysis of a text that can be judged at once; undefined: `analyse` it. */
  lookup(analyser: Analyser, sql: string): Analysis | undefined {
    const analysis = analyser.lookup(sql);
    return analysis === undefined || this.#routines.before(analysis.statements) === undefined ? analysis : undefined;
  }

  /** When it can be judged by what the database has. Never rejects. */
  async analyse(analyser: Analyser, sql: string): Promise<Analysis> {
    const analysis = await analyser.analyse(sql);
    await this.#routines.before(analysis.statements);
    return analysis;
  }

  /** Raised whenever statements may have to be judged anew. */
  get routineVersion(): number {
    return this.#routines.version;
  }

  async #readAnew(): Promise<void> {
    const masking = this.#databaseMasking;
    masking?.schemaChanged();
    await Promise.all([this.#routines.readAnew(), this.#purity.readAnew(), masking?.freshCatalog()]);
  }

  schemaChanged(): void {
    this.#routines.invalidate();
    this.#purity.invalidate();
    this.#databaseMasking?.schemaChanged();
  }

  /**
   * Sessions that are still open lose nothing but speed: without a snapshot no statement counts as pure. Once it is done,
   * nothing more is written to its state: another gateway may begin on that.
   */
  async close(): Promise<void> {
    this.#purity.close();
    this.#routines.close();
    this.definitions.close();
    this.creations.close();
    this.#snapshot.close();
    await this.#databaseMasking?.close();
    await this.#changes.close();
  }
}
