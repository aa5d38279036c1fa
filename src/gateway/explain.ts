/**
 * What would happen to a text, without running it: what policy says, where each output column's values come from, how
 * they are shown to this principal, and what it writes. It is planned as in a session that has just begun, so what a
 * session has set, opened or created is not known here. Never a row's value.
 */
import { typeName } from '../classify/catalog-subjects.ts';
import type { ColumnClass } from '../classify/classes.ts';
import { type MaskingRights, modeOf, seesEverything } from '../masking/clearance.ts';
import type { ColumnAction } from '../masking/plan.ts';
import { type PlanRefusal, refusalHint, type StatementPlan } from '../masking/statement-plan.ts';
import type { Decision } from '../policy/decision.ts';
import type { Access } from '../policy/grants.ts';
import { characterPosition } from '../sql/byte-offsets.ts';
import type { Analysis } from '../sql/facts.ts';
import type { ColumnRef, ColumnUse, Flow, OutputColumn, StatementLineage } from '../sql/lineage/lineage.ts';
import type { ExplainedText } from './database-masking.ts';
import type { DatabaseRuntime } from './database-runtime.ts';
import { Foreseer } from './foresee.ts';
import { mayAnswer } from './masking-session.ts';
import type { PolicyScope } from './policy-scope.ts';
import { SEARCH_PATH_SQL } from './session/world.ts';
import { queryOnce } from './side-query.ts';

export interface ExplainQuestion {
  readonly sql: string;
  /** As SET takes it; undefined: what a new session has. */
  readonly searchPath: readonly string[] | undefined;
  readonly granted: Access;
  readonly scope: PolicyScope;
}

/** Why it would not run; positions count characters from 1. */
export interface ExplainedRefusal {
  readonly rule: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
  readonly position: number | undefined;
}

export interface Explanation extends Access {
  readonly database: string;
  readonly environment: string;
  /** Nothing is masked for this principal. */
  readonly sees_everything: boolean;
  readonly search_path: readonly string[];
  /** `depends`: on whose the objects in `depends_on` are; a session asks its server. */
  readonly decision: 'allow' | 'mask' | 'deny' | 'hold' | 'depends';
  readonly refusal: ExplainedRefusal | undefined;
  readonly depends_on: readonly string[];
  readonly statements: readonly ExplainedStatement[];
}

export interface ExplainedStatement {
  readonly command: string;
  /** `depends`: on what another statement of the session defined, `result_of`. */
  readonly decision: 'pass' | 'mask' | 'refuse' | 'depends';
  readonly refusal: ExplainedRefusal | undefined;
  /** Undefined: it answers no rows, or `result_of` or `unknown` says what is known of them. */
  readonly columns: readonly ExplainedColumn[] | undefined;
  /** The cursor or prepared statement whose rows these are. */
  readonly result_of: string | undefined;
  /** Why its answer cannot be traced: all of it is redacted. */
  readonly unknown: readonly string[];
  readonly writes: readonly ExplainedWrite[];
  /** Masked columns that steer it. */
  readonly uses: readonly ExplainedUse[];
  /** How many comparisons of masked columns with given values it takes from the hour's budget. */
  readonly lookups: number;
}

/** `pass`, `mask`, `redact`, `scan`; of containers what happens to their parts. */
export interface ExplainedAction {
  readonly action: ColumnAction['do'];
  readonly class?: string;
  readonly mode?: string;
  readonly element?: ExplainedAction;
  readonly fields?: readonly ExplainedAction[];
  readonly keys?: Readonly<Record<string, ExplainedAction>>;
  readonly otherwise?: ExplainedAction;
}

export interface ExplainedColumn extends ExplainedAction {
  readonly name: string;
  readonly type: string | undefined;
  /** `copy`: a value as it is stored; `array`, `row`, `json`: of known parts; `text`, `derived`: computed. */
  readonly made: Flow['shape']['kind'];
  readonly sources: readonly ExplainedSource[];
  readonly unknown: readonly string[];
  readonly because: string | undefined;
}

export interface ExplainedSource {
  /** `schema.table.column`, with a path into it in parentheses. */
  readonly column: string;
  readonly class: ColumnClass | null;
}

export interface ExplainedWrite {
  readonly target: string;
  readonly sources: readonly ExplainedSource[];
  readonly unknown: readonly string[];
  /** The class that a column inherits which the statement makes. */
  readonly inherits: string | undefined;
}

export interface ExplainedUse {
  readonly column: string;
  readonly use: ColumnUse['use'];
  readonly subject: string | undefined;
  readonly position: number | undefined;
}

/** The line to type to see these classes as they are. */
type UnmaskRequest = (unmask: 'all' | readonly ColumnClass[]) => string | undefined;

/** Throws DbgateError `upstream_unavailable`. */
export async function explainText(runtime: DatabaseRuntime, question: ExplainQuestion): Promise<Explanation> {
  const { sql, scope, granted } = question;
  const { masking, analyser, traced } = await runtime.openMasking();
  const analysis = runtime.withRoutines(await analyser.analyse(sql));
  const rights = scope.masking;
  const searchPath = await effectivePath(runtime, question.searchPath);
  const decision = await judged(runtime, question, analysis, searchPath);
  const { statements } = analysis;
  const ask: UnmaskRequest = (unmask) => scope.unmaskRequest(unmask)?.command;
  const explained =
    analysis.error === undefined
      ? await masking.explain({ traced, own: false, searchPath }, rights, statements, sql)
      : undefined;
  const each =
    explained === undefined ? [] : statements.map((_, i) => explainOne(explained, i, analysis, rights, sql, ask));
  const denied = decision.effect === 'deny' ? decision : undefined;
  const refused = denied ?? each.find(({ refusal }) => refusal !== undefined)?.refusal;
  return {
    database: runtime.settings.name,
    environment: runtime.settings.environment,
    access: granted.access,
    create: granted.create,
    sees_everything: seesEverything(rights),
    search_path: searchPath,
    decision: outcome(denied?.held === true, refused !== undefined, decision.effect === 'resolve', each),
    refusal: refused && refusalOf(refused),
    depends_on: decision.effect === 'resolve' ? decision.targets.map(({ name }) => name) : [],
    statements: each,
  };
}

/** With what a session would find out besides; what depends on whose objects they are is left open. */
async function judged(
  runtime: DatabaseRuntime,
  { scope, sql, searchPath: asked }: ExplainQuestion,
  analysis: Analysis,
  schemas: readonly string[],
): Promise<Decision> {
  const decision = scope.judge(analysis);
  if (decision.effect !== 'resolve' || decision.foresee === undefined || decision.targets.length > 0) return decision;
  const searchPath = asked === undefined ? null : settingOf(asked);
  const foreseen = await new Foreseer(runtime).foresee({
    ...{ analysis, sql, needs: decision.foresee, binds: 0, schemas, catalogRows: undefined },
    searchPath:
      searchPath ??
      schemas
        .filter((name) => !name.startsWith('pg_'))
        .map(quoteName)
        .join(', '),
  });
  return scope.judgeResolved(analysis, [], foreseen);
}

function outcome(
  held: boolean,
  refused: boolean,
  depends: boolean,
  statements: readonly ExplainedStatement[],
): Explanation['decision'] {
  if (held) return 'hold';
  if (refused) return 'deny';
  if (depends) return 'depends';
  return statements.some((one) => one.decision === 'mask') ? 'mask' : 'allow';
}

/** What `current_schemas(true)` is in a session with that search_path. */
async function effectivePath(runtime: DatabaseRuntime, asked: readonly string[] | undefined): Promise<string[]> {
  const setting = asked === undefined ? null : settingOf(asked);
  const rows = await queryOnce(runtime.settings.upstream, SEARCH_PATH_SQL, setting);
  return (rows[0]?.[0] ?? '').split('\x01').filter((name) => name !== '');
}

function settingOf(names: readonly string[]): string {
  return names.map(quoteName).join(', ');
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function explainOne(
  explained: ExplainedText,
  i: number,
  { statements }: Analysis,
  rights: MaskingRights,
  sql: string,
  ask: UnmaskRequest,
): ExplainedStatement {
  const { lineage, plans } = explained;
  const facts = statements[i]!;
  const one = lineage?.statements[i];
  const plan = plans[i]!;
  // As in a session: there nothing is planned for these.
  const isPlanned = !seesEverything(rights) && statements.some(mayAnswer);
  const named = one?.resultOf === undefined ? undefined : definedBefore(explained, i);
  const answer = named ?? { lineage: one, plan };
  const columns = answer.lineage?.columns;
  const refusal = isPlanned ? (plan.refuse ?? named?.plan.refuse) : undefined;
  const view = new View(explained);
  const shown = isPlanned ? answer.plan : undefined;
  const isHidden = shown !== undefined && shown.result === undefined && one?.defines === undefined;
  const masks = shown !== undefined && one?.defines === undefined && shown.result?.passes !== true;
  const isOfAnother = one?.resultOf !== undefined && named === undefined;
  const answered = isOfAnother ? 'depends' : masks ? 'mask' : 'pass';
  return {
    command: facts.command,
    decision: refusal === undefined ? answered : 'refuse',
    refusal: refusal && maskingRefusal(refusal, sql, ask),
    columns: columns?.map((column, at) => explainColumn(view, column, isPlanned ? answer.plan : undefined, at)),
    result_of: isOfAnother ? `${one.resultOf.kind} ${one.resultOf.name}` : undefined,
    unknown: one === undefined ? ['it could not be traced'] : isHidden ? unknownOf(one) : [],
    writes: one === undefined ? [] : explainWrites(view, one, plan),
    uses: one === undefined || !isPlanned ? [] : explainUses(view, one, rights, sql),
    lookups: isPlanned ? plan.lookups : 0,
  };
}

/** The statement of the same text that defined the cursor or prepared statement. */
function definedBefore(
  { lineage, plans }: ExplainedText,
  i: number,
): { lineage: StatementLineage; plan: StatementPlan } | undefined {
  const { resultOf } = lineage!.statements[i]!;
  const at = lineage!.statements
    .slice(0, i)
    .findLastIndex(({ defines }) => defines?.kind === resultOf?.kind && defines?.name === resultOf?.name);
  return at < 0 ? undefined : { lineage: lineage!.statements[at]!, plan: plans[at]! };
}

function unknownOf({ unknown, columns }: StatementLineage): string[] {
  return [...new Set([...unknown, ...(columns ?? []).flatMap((column) => column.unknown)])];
}

class View {
  readonly #explained: ExplainedText;

  constructor(explained: ExplainedText) {
    this.#explained = explained;
  }

  typeOf(oid: number | undefined): string | undefined {
    return oid === undefined ? undefined : typeName(this.#explained.world.traced.catalog, oid);
  }

  nameOf(column: ColumnRef): string {
    return this.#explained.knowledge.nameOf(column);
  }

  source(column: ColumnRef): ExplainedSource {
    const { knowledge } = this.#explained;
    const system = knowledge.systemAction(column);
    const found = system === undefined ? knowledge.classOf(column.relation, column.attnum) : undefined;
    const [first] = found?.paths?.values() ?? [];
    return { column: this.nameOf(column), class: found?.class ?? first ?? null };
  }

  sources({ sources }: Flow): ExplainedSource[] {
    return sources.map((one) => this.source(one));
  }

  isMasked(column: ColumnRef, rights: MaskingRights): boolean {
    const found = this.source(column).class;
    return found !== null && modeOf(rights, found) !== 'none';
  }
}

/** `plan` undefined: nothing is masked, whatever it is. */
function explainColumn(view: View, column: OutputColumn, plan: StatementPlan | undefined, at: number): ExplainedColumn {
  const action: ColumnAction = plan === undefined ? { do: 'pass' } : (plan.result?.columns[at] ?? { do: 'redact' });
  const because = plan === undefined || action.do === 'pass' ? undefined : plan.result?.because[at];
  return {
    name: column.name,
    type: view.typeOf(column.type),
    ...explainAction(action),
    made: column.shape.kind,
    sources: view.sources(column),
    unknown: column.unknown,
    because,
  };
}

function explainAction(action: ColumnAction): ExplainedAction {
  switch (action.do) {
    case 'pass':
    case 'redact':
    case 'scan':
      return { action: action.do };
    case 'mask':
      return { action: 'mask', class: action.class, mode: action.mode };
    case 'array':
      return { action: 'array', element: explainAction(action.element) };
    case 'row':
      return { action: 'row', fields: action.fields.map(explainAction) };
    case 'json':
      return {
        action: 'json',
        keys: Object.fromEntries([...action.keys].map(([key, inner]) => [key, explainAction(inner)])),
        otherwise: explainAction(action.otherwise),
      };
    default:
      return action satisfies never;
  }
}

function explainWrites(view: View, { writes }: StatementLineage, { inherits }: StatementPlan): ExplainedWrite[] {
  return writes.map(({ target, flow }) => {
    const made =
      target.kind === 'new'
        ? inherits.find((one) => one.lookup === target.lookup && one.column === target.column)
        : undefined;
    return {
      target: target.kind === 'new' ? `${target.lookup}.${target.column ?? '*'}` : view.nameOf(target),
      sources: view.sources(flow),
      unknown: flow.unknown,
      inherits: made?.class,
    };
  });
}

function explainUses(view: View, { uses }: StatementLineage, rights: MaskingRights, sql: string): ExplainedUse[] {
  return uses
    .filter(({ source }) => view.isMasked(source, rights))
    .map(({ source, use, subject, offset }) => ({
      column: view.nameOf(source),
      use,
      subject,
      position: offset === undefined ? undefined : characterPosition(sql, offset),
    }));
}

function maskingRefusal(refusal: PlanRefusal, sql: string, ask: UnmaskRequest): ExplainedRefusal {
  const { rule, message, why, unmask, offset } = refusal;
  const hint = refusalHint(refusal, unmask && ask(unmask));
  const position = offset === undefined ? undefined : characterPosition(sql, offset);
  return { rule, sqlstate: '42501', message, detail: `rule ${rule}: ${why}`, hint, position };
}

function refusalOf({ rule, sqlstate, message, detail, hint, position }: ExplainedRefusal): ExplainedRefusal {
  return { rule, sqlstate, message, detail, hint, position };
}
