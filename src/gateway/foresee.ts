/**
 * What only a catalog or the planner can tell of a text, for rules that ask for it: the columns that it comes to, what its
 * change carries along, how many rows it is about. In: the text and where the session looks names up. Out: one Foresight
 * a statement; what could not be found out is said to be unknown. Never a row's value.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { catalogFromRows } from '../catalog/catalog-model.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { NO_CLEARANCE } from '../masking/clearance.ts';
import { type ColumnName, type Foresight, HARMLESS, type TouchedColumn, UNFORESEEN } from '../policy/foresight.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';
import type { ColumnRef, StatementLineage } from '../sql/lineage/lineage.ts';
import type { CatalogKnowledge } from './catalog-knowledge.ts';
import type { ExplainedText, PlanWorld, TracedCatalog } from './database-masking.ts';
import type { DatabaseRuntime } from './database-runtime.ts';
import { estimateRows } from './planned-rows.ts';
import type { ForeseeQuestion } from './session/contract.ts';
import { mayChangePath } from './session/world.ts';
import { carriedAlong, referencing, relationNamed } from './statement-effects.ts';

/** An estimate that takes longer is none. */
const PLAN_MS = 2_000;
const MAX_KEPT = 500;

/** What was found out for one statement shape, in one world. */
interface Kept {
  readonly traced: TracedCatalog;
  readonly classes: number;
  readonly schemas: string;
  readonly routines: number;
  readonly foreseen: readonly Foresight[];
}

/** For one session. */
export class Foreseer {
  readonly #runtime: DatabaseRuntime;
  /** By the statements of a shape, whose constants do not matter. */
  #kept = new Map<Analysis['statements'], Kept>();

  constructor(runtime: DatabaseRuntime) {
    this.#runtime = runtime;
  }

  /** Never rejects. */
  async foresee(question: ForeseeQuestion): Promise<readonly Foresight[]> {
    const { needs } = question;
    const analysis = this.#runtime.withRoutines(question.analysis);
    const [found, estimatedRows] = await Promise.all([
      needs.includes('columns') || needs.includes('effects')
        ? this.#trace({ ...question, analysis }).catch(() => undefined)
        : undefined,
      needs.includes('rows') ? this.#plan({ ...question, analysis }) : undefined,
    ]);
    return analysis.statements.map((_, i) => ({ ...(found?.[i] ?? UNFORESEEN), estimatedRows }));
  }

  async #plan(question: ForeseeQuestion): Promise<number | undefined> {
    // Its own view of the schema is not that of another connection.
    if (question.catalogRows !== undefined) return undefined;
    const { masking } = this.#runtime;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PLAN_MS);
    });
    const planned = (async () => {
      if (masking.sharedCatalog === undefined) await masking.freshCatalog();
      return await estimateRows(this.#runtime, question, PLAN_MS);
    })();
    return await Promise.race([planned.catch(() => undefined), late]).finally(() => clearTimeout(timer));
  }

  async #trace(question: ForeseeQuestion): Promise<readonly Foresight[]> {
    const { masking, routineVersion } = this.#runtime;
    const { analysis, schemas, catalogRows } = question;
    if (catalogRows !== undefined) {
      const traced = masking.remember(catalogFromRows(catalogRows, -1), catalogRows);
      try {
        return (await this.#explain({ traced, own: true, searchPath: schemas }, question)).foreseen;
      } finally {
        masking.forget(traced);
      }
    }
    const traced = masking.sharedCatalog ?? (await masking.freshCatalog());
    const key = schemas.join('\x01');
    const shape = question.analysis.statements;
    const kept = this.#kept.get(shape);
    if (
      kept?.traced === traced &&
      kept.classes === masking.classifier.version &&
      kept.schemas === key &&
      kept.routines === routineVersion
    ) {
      return kept.foreseen;
    }
    let { foreseen, explained } = await this.#explain({ traced, own: false, searchPath: schemas }, question);
    const isAbsent = (): boolean =>
      analysis.statements.some((facts) => namesAbsent(explained.world.traced.catalog, facts, schemas));
    if (isAbsent()) {
      // It may have been made past this gateway since the catalog was read.
      const fresh = await this.#runtime.openMasking();
      ({ foreseen, explained } = await this.#explain(
        { traced: fresh.traced, own: false, searchPath: schemas },
        question,
      ));
    }
    if (explained.lineage?.readsLiterals === false && !isAbsent()) {
      const { version } = masking.classifier;
      const world = explained.world.traced;
      this.#kept.set(shape, { traced: world, classes: version, schemas: key, routines: routineVersion, foreseen });
      if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    }
    return foreseen;
  }

  async #explain(
    world: PlanWorld,
    { analysis, sql }: ForeseeQuestion,
  ): Promise<{ readonly foreseen: readonly Foresight[]; readonly explained: ExplainedText }> {
    const { statements } = analysis;
    const explained = await this.#runtime.masking.explain(world, NO_CLEARANCE, statements, sql);
    const { lineage, knowledge } = explained;
    const isTraced = lineage !== undefined && lineage.statements.length === statements.length;
    const foreseen = statements.map((facts, i) =>
      isTraced && !mayHaveMoved(statements, lineage.statements, i)
        ? foresightOf({ facts, lineage: lineage.statements[i]!, knowledge, world: explained.world })
        : UNFORESEEN,
    );
    return { foreseen, explained };
  }
}

/** What names mean in a statement may be changed by one before it; what EXECUTE runs, by any in its text. */
function mayHaveMoved(
  statements: Analysis['statements'],
  lineages: readonly StatementLineage[],
  index: number,
): boolean {
  const prepares = statements.some(({ prepared }) => prepared?.some(({ action }) => action === 'prepare') === true);
  if (prepares && statements.some(mayChangePath)) return true;
  return statements.slice(0, index).some((facts, i) => {
    const runsCode = facts.functions.length > 0 && lineages[i]!.opaque.length > 0;
    return mayChangePath(facts) || runsCode || facts.callsWrite === true || UNDOES.test(facts.command);
  });
}

const UNDOES = /^(?:ROLLBACK|COMMIT|END|ABORT)/;

interface Traced {
  readonly facts: StatementFacts;
  readonly lineage: StatementLineage;
  readonly knowledge: CatalogKnowledge;
  readonly world: PlanWorld;
}

function foresightOf({ facts, lineage, knowledge, world }: Traced): Foresight {
  const { catalog } = world.traced;
  const schemas = world.searchPath;
  const isBlind = isUnknown(facts, lineage);
  const effects = isBlind ? undefined : carriedAlong(catalog, facts, lineage, schemas);
  const columns = new Map<string, TouchedColumn>();
  const add = ({ relation: oid, attnum }: Pick<ColumnRef, 'relation' | 'attnum'>): void => {
    const relation = catalog.relationByOid(oid);
    if (attnum < 0 || columns.has(`${oid}.${attnum}`)) return;
    const column = relation?.columns.find((one) => one.attnum === attnum)?.name;
    // What a view shows is stored elsewhere.
    if (relation === undefined || column === undefined || relation.kind === 'v') return;
    const classes = relation.isSystem ? [] : classesOf(knowledge.classOf(oid, attnum));
    const { schema, name: table } = relation;
    columns.set(`${oid}.${attnum}`, {
      schema,
      table,
      column,
      classes,
      alsoNamed: relatives(catalog, relation, column),
    });
  };
  const addAll = (oid: number): void => {
    for (const { attnum } of catalog.relationByOid(oid)?.columns ?? []) add({ relation: oid, attnum });
  };
  for (const { sources } of lineage.columns ?? []) sources.forEach(add);
  for (const { source, against = [] } of lineage.uses) [source, ...against].forEach(add);
  for (const { reads } of lineage.opaque) reads.forEach(add);
  for (const { target, flow } of lineage.writes) {
    flow.sources.forEach(add);
    if (target.kind === 'column') add(target);
  }
  const assigns = lineage.assigns ?? [];
  assigns.forEach(add);
  const given = new Set(assigns.map(({ relation }) => relation).filter((oid) => !lineage.firedOn?.includes(oid)));
  const removes = [facts.command, ...(facts.nested ?? [])].some((command) => REMOVES.test(command));
  // A row that goes takes all of its columns along; of what is written without being named, it may be any.
  for (const oid of lineage.modifies ?? []) if (removes || !given.has(oid)) addAll(oid);
  for (const { action, kind, name, cascade } of facts.targets) {
    if (kind !== 'relation' || !CHANGES.has(action)) continue;
    const relation = relationNamed(catalog, name, schemas);
    if (relation === undefined) continue;
    addAll(relation.oid);
    if (cascade === true) referencing(catalog, relation.oid).forEach(addAll);
  }
  effects?.carriedTo.forEach(addAll);
  return {
    ...HARMLESS,
    columns: [...columns.values()],
    isBlind,
    cascades: effects?.cascades,
    triggers: effects?.triggers,
  };
}

const REMOVES = /^(?:DELETE|MERGE)$/;
const CHANGES: ReadonlySet<string> = new Set(['replace', 'alter', 'drop', 'truncate']);

/** May it come to columns that its lineage does not name? */
function isUnknown(facts: StatementFacts, { unknown, columns, writes, opaque }: StatementLineage): boolean {
  if (unknown.length > 0 || opaque.some(({ blind }) => blind === true)) return true;
  if ((columns ?? []).some((column) => column.unknown.length > 0)) return true;
  if (writes.some(({ flow }) => flow.unknown.length > 0)) return true;
  // What bodies write is not in the lineage.
  if (facts.callsWrite === true || facts.anyRelation === true) return true;
  return /^(?:DO|CALL|UNKNOWN)$/.test(facts.command) && facts.writes;
}

function namesAbsent(catalog: Catalog, { targets }: StatementFacts, schemas: readonly string[]): boolean {
  return targets.some(
    ({ action, kind, name }) =>
      kind === 'relation' && CHANGES.has(action) && relationNamed(catalog, name, schemas) === undefined,
  );
}

/** Undefined: nobody has looked at it. */
function classesOf(found: Classification | undefined): readonly ColumnClass[] | undefined {
  if (found === undefined) return undefined;
  return [...(found.class === undefined ? [] : [found.class]), ...(found.paths?.values() ?? [])];
}

/** The same column where the table is a part or the parent of another. */
function relatives(catalog: Catalog, relation: CatalogRelation, column: string): ColumnName[] {
  const oids = new Set<number>(relation.parents);
  for (const oid of oids) for (const parent of catalog.relationByOid(oid)?.parents ?? []) oids.add(parent);
  for (const oid of catalog.descendants(relation.oid)) oids.add(oid);
  return [...oids].flatMap((oid) => {
    const one = catalog.relationByOid(oid);
    if (one === undefined || !one.columns.some(({ name }) => name === column)) return [];
    return [{ schema: one.schema, table: one.name, column }];
  });
}
