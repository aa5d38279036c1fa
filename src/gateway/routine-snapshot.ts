/**
 * The routines of one database and what each does, for all sessions: read on a connection of the gateway's own, again
 * after DDL and now and then. A body is analysed once, as long as it stays the same. While a new snapshot is read the
 * old one holds: what was made since is asked for by name.
 */
import { createHash } from 'node:crypto';
import {
  type CatalogRoutine,
  type CatalogView,
  ROUTINE_CATALOG_SQL,
  type RoutineCatalog,
  routineCatalogFromRows,
} from '../catalog/routine-catalog.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { Analysis, ShownView, StatementFacts } from '../sql/facts.ts';
import { bareName, nameParts } from '../sql/names.ts';
import { GIVEN_TEXT } from '../sql/routine-bodies.ts';
import {
  type Made,
  NO_ROUTINES,
  type RelationCalls,
  type Routine,
  type RoutineTable,
  withRoutines,
} from '../sql/routines.ts';
import { type View, viewOf } from '../sql/shown-columns.ts';
import type { Analyser } from './analyser.ts';
import { type UnseenCreation, unseenCreations } from './session/unseen-creation.ts';
import { queryOnce } from './side-query.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';

const FIRST_READ_MS = 1_500;
/** Statements that are judged by it wait longer than sessions do; what takes longer still is judged without. */
const FIRST_JUDGED_MS = 15_000;
/** Bodies given to the analyser at once: sessions' statements come between. */
const BATCH = 4;
/** Names whose bodies are remembered until a snapshot has them. */
const MAX_MADE = 1_000;
const MAX_BODIES = 16;
/** By then a snapshot has what was put behind a relation. */
const MADE_BEHIND_MS = 180_000;
/** Longer than transactions last: until its end only they see the view that they made. */
const MADE_VIEW_MS = 3_600_000;
/** Views that a lock hid are asked for again. */
const UNREADABLE_MS = 2_000;
const NO_ROUTINE: readonly Routine[] = [];
const NO_VIEW: readonly View[] = [];

export class RoutineSnapshot {
  /** Raised whenever a statement may have to be judged anew. */
  version = 0;
  readonly #settings: UpstreamSettings;
  readonly #log: (line: string) => void;
  #table: RoutineTable = NO_ROUTINES;
  #fingerprint = '';
  #bodies = new Map<string, Body>();
  #judged = new WeakMap<readonly StatementFacts[], readonly StatementFacts[]>();
  /** By the facts of the text, like those. */
  #unseen = new WeakMap<readonly StatementFacts[], readonly UnseenCreation[]>();
  /** Bare name → bodies of CREATE FUNCTION that were judged here. */
  readonly #made = new Map<string, readonly Routine[]>();
  /** Bare name of a relation → names in statements that were judged here and may put something behind it. */
  readonly #madeBehind = new Map<string, { readonly names: Set<string>; until: number }>();
  /** Bare name → what views that statements made here show; the oldest first. */
  readonly #madeViews = new Map<string, MadeViews>();
  /** What a view's definition shows, as long as it is the same. */
  #shown = new Map<string, ShownView>();
  readonly #lately: Made = {
    routines: (name) => this.#made.get(name) ?? NO_ROUTINE,
    behind: (relation) => [...(this.#madeBehind.get(relation)?.names ?? [])],
    views: (relation) => this.#madeViews.get(relation)?.views ?? NO_VIEW,
  };
  #analyser: Analyser | undefined;
  #failure: Error | undefined;
  /** Until what was read first is there, or takes too long; undefined: it is nothing to wait for. */
  #first: Promise<void> | undefined;
  readonly #schedule = new SnapshotSchedule(() => this.#readNow());

  constructor(settings: UpstreamSettings, log: (line: string) => void) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Reads the first snapshot, if none was read yet; waits for it a while. */
  async ensure(analyser: Analyser): Promise<void> {
    this.#analyser = analyser;
    if (this.#table !== NO_ROUTINES) return;
    const read = this.#schedule.read();
    this.#first ??= within(read, FIRST_JUDGED_MS).finally(() => {
      this.#first = undefined;
    });
    // A database that is slow to tell holds no session back: only what is judged by it.
    await within(read, FIRST_READ_MS);
  }

  /** What has to come before these can be judged by what there is; undefined: nothing. */
  before(statements: readonly StatementFacts[]): Promise<void> | undefined {
    if (this.#first === undefined || !statements.some((one) => this.#isJudgedBy(one))) return undefined;
    return this.#first;
  }

  /** May it be judged in another way when the first snapshot is there? */
  #isJudgedBy({ functions, findings, rests, relations }: StatementFacts): boolean {
    if (this.#table === NO_ROUTINES) {
      return functions.length > 0 || rests !== undefined || findings.some(({ unless }) => unless !== undefined);
    }
    // Only what its views show is missing.
    return relations.some((name) => this.#table.views?.has(bareName(name)) === true);
  }

  /** The analysis as it is to be judged: with what the routines do that it calls. */
  judged(analysis: Analysis): Analysis {
    let statements = this.#judged.get(analysis.statements);
    if (statements === undefined) {
      this.#remember(analysis.statements);
      statements = withRoutines(analysis.statements, this.#table, this.#lately);
      // Routines that it calls make views, too.
      if (statements !== analysis.statements && this.#rememberViews(statements)) {
        statements = withRoutines(analysis.statements, this.#table, this.#lately);
      }
      this.#judged.set(analysis.statements, statements);
    }
    return statements === analysis.statements ? analysis : { ...analysis, statements };
  }

  /** Found once for each text, as what is judged is. */
  unseenCreations(analysis: Analysis): readonly UnseenCreation[] {
    let unseen = this.#unseen.get(analysis.statements);
    if (unseen === undefined) {
      // What is judged first may put an end to what was kept.
      unseen = unseenCreations(this.judged(analysis).statements);
      this.#unseen.set(analysis.statements, unseen);
    }
    return unseen;
  }

  /** Something changed the schema. */
  invalidate(): void {
    this.#schedule.invalidate();
  }

  get table(): RoutineTable {
    return this.#table;
  }

  /** As it is from now on. Throws when it cannot be read. */
  async readAnew(): Promise<void> {
    await this.#schedule.readAnew();
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#schedule.close();
  }

  /** True if there is something new. */
  #rememberViews(statements: readonly StatementFacts[]): boolean {
    let isNew = false;
    for (const { name, ...shown } of statements.flatMap(({ shows }) => shows ?? [])) {
      const bare = nameParts(name).at(-1) ?? '';
      if (shown.renamed === true && shown.others?.every((one) => this.#isTable(nameParts(one).at(-1) ?? ''))) continue;
      const text = JSON.stringify(shown);
      const made = this.#madeViews.get(bare) ?? { texts: new Set(), views: [], until: 0 };
      made.until = Date.now() + MADE_VIEW_MS;
      this.#madeViews.delete(bare);
      this.#madeViews.set(bare, made);
      if (made.texts.has(text)) continue;
      made.texts.add(text);
      // Of very many nobody can say what it shows.
      made.views = made.texts.size > MAX_BODIES ? [viewOf('', undefined)] : [...made.views, viewOf('', shown)];
      isNew = true;
    }
    for (const [bare] of this.#madeViews) {
      if (this.#madeViews.size <= MAX_MADE) break;
      this.#madeViews.delete(bare);
    }
    if (isNew) this.#renew();
    return isNew;
  }

  /** No view has, or lately had, that name. */
  #isTable(bare: string): boolean {
    return this.#table.views?.has(bare) === false && !this.#madeViews.has(bare);
  }

  #remember(statements: readonly StatementFacts[]): void {
    this.#rememberViews(statements);
    for (const { routine, targets, functions, class: statementClass } of statements) {
      if (statementClass === 'ddl' && routine === undefined) this.#rememberBehind(targets, functions);
      const target = targets.find((one) => one.kind === 'function');
      if (routine === undefined || target === undefined || this.#made.size >= MAX_MADE) continue;
      const name = target.name.includes('"')
        ? target.name.slice(target.name.lastIndexOf('."') + 1).replaceAll('"', '')
        : target.name.slice(target.name.lastIndexOf('.') + 1);
      const bodies = this.#made.get(name) ?? [];
      if (bodies.length >= MAX_BODIES) continue;
      this.#made.set(name, [...bodies, { schema: '', name, isAttribute: false, body: routine }]);
      this.#renew();
    }
  }

  /** CREATE TRIGGER, checks and defaults, also of domains. */
  #rememberBehind(targets: StatementFacts['targets'], functions: readonly string[]): void {
    if (functions.length === 0) return;
    for (const { kind, action, name } of targets) {
      if ((kind !== 'relation' && kind !== 'type') || action === 'drop') continue;
      const bare = nameParts(name).at(-1) ?? '';
      const made = this.#madeBehind.get(bare) ?? { names: new Set(), until: 0 };
      if (this.#madeBehind.size >= MAX_MADE && made.until === 0) continue;
      for (const one of functions) made.names.add(one);
      made.until = Date.now() + MADE_BEHIND_MS;
      this.#madeBehind.set(bare, made);
      this.#renew();
    }
  }

  /** Every statement is looked at again. */
  #renew(): void {
    this.version++;
    this.#judged = new WeakMap();
    this.#unseen = new WeakMap();
  }

  async #readNow(): Promise<void> {
    const analyser = this.#analyser;
    if (analyser === undefined || this.#schedule.isClosed) return;
    try {
      const rows = await queryOnce(this.#settings, ROUTINE_CATALOG_SQL);
      this.#failure = undefined;
      const texts = rows.map((row) => JSON.stringify(row)).sort();
      const fingerprint = createHash('sha256').update(texts.join()).digest('hex');
      if (fingerprint === this.#fingerprint) return;
      const catalog = routineCatalogFromRows(rows);
      const bodies = await this.#analyse(catalog.routines, analyser);
      if (this.#schedule.isClosed) return;
      this.#bodies = bodies;
      const table = tableOf(catalog, bodies);
      // What sessions wait for, while very many views are still being looked at: until then nobody knows what they show.
      if (this.#table === NO_ROUTINES && catalog.views.length > 0) {
        this.#table = { ...table, views: viewsOf(catalog.views, new Map()) };
        this.#renew();
      }
      const shown = await this.#look(catalog.views, analyser);
      if (this.#schedule.isClosed) return;
      this.#shown = shown;
      if (catalog.views.some((one) => one.definition === undefined && !shown.has(keyOfView(one)))) {
        setTimeout(() => void this.#schedule.read(), UNREADABLE_MS).unref();
      }
      this.#table = { ...table, views: viewsOf(catalog.views, shown) };
      this.#fingerprint = fingerprint;
      for (const [name, { until }] of this.#madeViews) if (until < Date.now()) this.#madeViews.delete(name);
      for (const { name } of catalog.known) this.#made.delete(name);
      for (const [name, { until }] of this.#madeBehind) if (until < Date.now()) this.#madeBehind.delete(name);
      this.#renew();
    } catch (error) {
      this.#failure = error as Error;
      this.#log(`routines of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }

  async #look(views: readonly CatalogView[], analyser: Analyser): Promise<Map<string, ShownView>> {
    const shown = new Map<string, ShownView>();
    const missing: CatalogView[] = [];
    const note = (view: CatalogView, known: ShownView | undefined): void => {
      if (known === undefined) return;
      shown.set(keyOfView(view), known);
      // By which it is known while a lock hides its definition.
      shown.set(view.version, known);
    };
    for (const view of views) {
      const known = this.#shown.get(keyOfView(view));
      if (known === undefined && view.definition !== undefined) missing.push(view);
      else note(view, known);
    }
    for (let i = 0; i < missing.length; i += BATCH) {
      const batch = missing.slice(i, i + BATCH);
      const analyses = await Promise.all(batch.map((view) => analyser.analyse(`CREATE VIEW v AS ${view.definition}`)));
      for (const [n, view] of batch.entries()) {
        note(view, analyses[n]?.statements[0]?.shows?.[0]);
      }
    }
    return shown;
  }

  async #analyse(routines: readonly CatalogRoutine[], analyser: Analyser): Promise<Map<string, Body>> {
    const bodies = new Map<string, Body>();
    const missing: CatalogRoutine[] = [];
    for (const routine of routines) {
      const known = this.#bodies.get(keyOf(routine));
      if (known === undefined) missing.push(routine);
      else bodies.set(keyOf(routine), known);
    }
    for (let i = 0; i < missing.length; i += BATCH) {
      const batch = missing.slice(i, i + BATCH);
      const analyses = await Promise.all(batch.map((routine) => analyser.analyse(routine.definition)));
      for (const [n, routine] of batch.entries()) {
        bodies.set(keyOf(routine), bodyOf(routine, analyses[n]?.statements[0]?.routine));
      }
    }
    return bodies;
  }
}

/** Resolves when it does, or after so long. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    timer.unref();
  });
  await Promise.race([promise, enough]);
  clearTimeout(timer);
}

interface MadeViews {
  readonly texts: Set<string>;
  views: readonly View[];
  until: number;
}

function keyOfView({ version, definition }: CatalogView): string {
  return definition === undefined ? version : `${version}\0${definition}`;
}

function viewsOf(
  views: readonly CatalogView[],
  shown: ReadonlyMap<string, ShownView>,
): ReadonlyMap<string, readonly View[]> {
  const found = new Map<string, View[]>();
  for (const view of views) {
    const named = found.get(view.name) ?? [];
    named.push(viewOf(view.schema, shown.get(keyOfView(view))));
    found.set(view.name, named);
  }
  return found;
}

function keyOf(routine: CatalogRoutine): string {
  return `${routine.readsOnly ? 'r' : 'v'}${routine.definition}`;
}

interface Body {
  readonly facts: StatementFacts;
  /** See `Routine`. */
  readonly isHidden: boolean;
}

/** What Postgres itself keeps from writing may put together its reads. */
function bodyOf(routine: CatalogRoutine, body: StatementFacts | undefined): Body {
  if (body === undefined) return OPAQUE;
  if (!routine.readsOnly) return { facts: body, isHidden: false };
  const findings = body.findings.filter(
    ({ kind, subject }) => (kind !== 'dynamic_sql' || subject === GIVEN_TEXT) && kind !== 'procedural_code',
  );
  return { facts: { ...body, findings }, isHidden: findings.length < body.findings.length };
}

const OPAQUE_FACTS: StatementFacts = {
  command: '',
  class: 'unknown',
  writes: true,
  findings: [{ kind: 'procedural_code', offset: undefined, subject: undefined }],
  targets: [],
  relations: [],
  functions: [],
  operators: [],
  types: [],
  locks: false,
  offset: 0,
  length: 0,
};

const OPAQUE: Body = { facts: OPAQUE_FACTS, isHidden: true };

function tableOf(catalog: RoutineCatalog, bodies: ReadonlyMap<string, Body>): RoutineTable {
  const known = new Map<string, Set<string>>();
  for (const { schema, name } of catalog.known) {
    const schemas = known.get(name);
    if (schemas === undefined) known.set(name, new Set([schema]));
    else schemas.add(schema);
  }
  const routines = new Map<string, Routine[]>();
  for (const one of catalog.routines) {
    const { facts: body, isHidden } = bodies.get(keyOf(one)) ?? OPAQUE;
    const overloads = routines.get(one.name) ?? [];
    const { schema, name, isAttribute, behindColumn } = one;
    overloads.push({ schema, name, isAttribute, behindColumn, body, ...(isHidden ? { isHidden } : {}) });
    routines.set(one.name, overloads);
  }
  const { builtin, operators, aggregates, casts } = catalog;
  return { builtin, known, routines, operators, aggregates, casts, relations: relationsOf(catalog) };
}

/** Views show views: what is called behind any of them is called behind all above it. */
function relationsOf({ relations }: RoutineCatalog): ReadonlyMap<string, readonly RelationCalls[]> {
  const keyOfRelation = ({ schema, name }: { schema: string; name: string }): string => JSON.stringify([schema, name]);
  const byKey = new Map(relations.map((one) => [keyOfRelation(one), one]));
  const found = new Map<string, RelationCalls[]>();
  for (const relation of relations) {
    const below = new Set([relation]);
    for (const one of below) {
      for (const shown of one.shows) {
        const next = byKey.get(keyOfRelation(shown));
        if (next !== undefined) below.add(next);
      }
    }
    const read = [...new Set([...below].flatMap((one) => one.read))];
    if (read.length === 0 && relation.write.length === 0) continue;
    const named = found.get(relation.name) ?? [];
    named.push({ schema: relation.schema, read, write: relation.write });
    found.set(relation.name, named);
  }
  return found;
}
