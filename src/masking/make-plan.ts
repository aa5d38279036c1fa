/**
 * Lineage × classes × clearance → what happens to a statement: refused, or forwarded with an action per output column.
 * In: where values come from, what the columns hold, what the principal may see. Out: plain data. Never reads a row,
 * a parser node or a clock. What is unknown counts as every column there is.
 */
import type { Flow, StatementLineage, WriteFlow } from '../sql/lineage/lineage.ts';
import { AnswerPlan, SCAN } from './answer-plan.ts';
import type { MaskingRights } from './clearance.ts';
import type { ColumnKnowledge } from './column-knowledge.ts';
import { addLookups, comparedBy, giftsOf, NO_LOOKUPS, shownBy } from './given-values.ts';
import { HeldColumns } from './held-columns.ts';
import { Inference } from './inference.ts';
import type { ColumnAction, ResultPlan } from './plan.ts';
import type { StatementPlan } from './statement-plan.ts';
import { WrittenColumns } from './written-columns.ts';

/** How much room a plan took would tell of masked values. */
const SCAN_PLAN: ColumnAction = { do: 'scan', withoutSizes: true };

export function makePlan(lineage: StatementLineage, known: ColumnKnowledge, rights: MaskingRights): StatementPlan {
  return new Planner(known, rights).plan(lineage);
}

class Planner {
  readonly #known: ColumnKnowledge;
  readonly #rights: MaskingRights;
  readonly #held: HeldColumns;
  readonly #answer: AnswerPlan;
  readonly #inference: Inference;
  readonly #written: WrittenColumns;

  constructor(known: ColumnKnowledge, rights: MaskingRights) {
    this.#known = known;
    this.#rights = rights;
    this.#held = new HeldColumns(known, rights);
    this.#answer = new AnswerPlan(known, this.#held);
    this.#inference = new Inference(known, this.#held, rights);
    this.#written = new WrittenColumns(known, this.#held);
  }

  plan(lineage: StatementLineage): StatementPlan {
    const shown = lineage.columns === undefined ? NO_COLUMNS : this.#answer.result(lineage.columns);
    const result =
      lineage.explains === true && this.#computesMasked(lineage)
        ? { ...shown, columns: shown.columns.map((action) => (action === SCAN ? SCAN_PLAN : action)) }
        : shown;
    const uses = this.#inference.uses(lineage);
    const { refuse } = uses;
    const writes = this.#written.writes(lineage);
    const blind = lineage.unknown.length > 0;
    const compared = this.#compared(lineage, result);
    const lookups = addLookups(uses.lookups, compared.lookups);
    const gives = giftsOf(lineage, this.#held.given);
    return {
      refuse:
        refuse ??
        this.#inference.oracle(lineage) ??
        this.#inference.opaque(lineage) ??
        writes.refuse ??
        this.#inference.laundry(lineage) ??
        this.#inference.guards(lineage),
      result: blind ? undefined : result,
      resultOf: lineage.resultOf,
      defines: lineage.defines,
      ...(lineage.keeps === undefined ? {} : { keeps: lineage.keeps }),
      messages: this.#touchesMasked(lineage) ? 'generic' : blind ? 'data' : 'scan',
      inherits: writes.inherits,
      ...(writes.pins.length === 0 ? {} : { pins: writes.pins }),
      lookups: lookups.count + this.#written.sums(lineage),
      ...(lookups.lists === 0 ? {} : { lists: lookups.lists }),
      ...(lookups.texts === 0 ? {} : { texts: lookups.texts }),
      ...(compared.meets.length === 0 ? {} : { meets: compared.meets }),
      ...(gives.length === 0 ? {} : { gives }),
      runsCode: lineage.opaque.length > 0,
      copies:
        lineage.writes.some(bringsValues) || lineage.opaque.some(({ routine }) => this.#known.isMadeHere(routine)),
      isOfAnother: lineage.resultOf !== undefined,
      explains: lineage.explains === true,
      copyOut: lineage.copyOut,
      rights: this.#rights,
    };
  }

  /** Who may ask anything needs no dictionary. */
  #compared(lineage: StatementLineage, { columns }: ResultPlan): ReturnType<typeof comparedBy> {
    if (this.#held.seesAll || this.#rights.predicates === 'free') return { meets: [], lookups: NO_LOOKUPS };
    const found = [comparedBy(lineage, this.#held.given)];
    (lineage.columns ?? []).forEach((column, i) => {
      found.push(shownBy(column, columns[i]!, column.type, this.#held.given));
    });
    return {
      meets: found.flatMap(({ meets }) => meets),
      lookups: found.map(({ lookups }) => lookups).reduce(addLookups),
    };
  }

  #computesMasked({ computes }: StatementLineage): boolean {
    if (this.#held.seesAll) return false;
    return computes === 'unknown' || computes?.some((source) => this.#held.isMasked(source)) === true;
  }

  #touchesMasked(lineage: StatementLineage): boolean {
    const touches = (flow: Flow): boolean =>
      flow.unknown.length > 0 || flow.sources.some((source) => this.#held.isMasked(source));
    return (
      (lineage.columns?.some(touches) ?? false) ||
      lineage.uses.some(({ source }) => this.#held.isMasked(source)) ||
      lineage.writes.some(({ flow }) => touches(flow)) ||
      lineage.writes.some(({ target }) => target.kind === 'column' && this.#held.isMasked(target)) ||
      // An error on a row that is written shows the row.
      (lineage.modifies ?? lineage.reads).some((relation) => this.#known.masksIn(relation, this.#rights))
    );
  }
}

/** Not where a column gets what is computed from itself, nor from constants. */
function bringsValues({ target, flow }: WriteFlow): boolean {
  if (target.kind === 'new' || flow.unknown.length > 0) return true;
  return flow.sources.some(({ relation, attnum }) => relation !== target.relation || attnum !== target.attnum);
}

const NO_COLUMNS: ResultPlan = { columns: [], passes: true, because: [] };
