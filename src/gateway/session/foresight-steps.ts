/**
 * Some rules depend on more than the text: on the columns that a statement comes to, on what its change carries along, on
 * how many rows it is about. Such a statement waits here: the session is asked where its names are looked up, then the
 * gateway finds out the rest. In: a message with what policy asks for. Out: the same message with what was found; where
 * nothing was, that counts against it.
 */
import { type Foresight, type ForesightNeed, HARMLESS } from '../../policy/foresight.ts';
import type { Backend } from './backend.ts';
import type { SessionCore } from './core.ts';
import type { MaskingSteps, StepParts } from './masking-steps.ts';
import type { OwnQuestions } from './own-questions.ts';
import type { PreparedStatement } from './prepared.ts';
import { type Held, keep, type Waiter, type Waiting } from './waiting.ts';
import { SEARCH_PATH_SQL } from './world.ts';

/** A transaction without an id has changed nothing, the schema neither. */
const SCOPE_SQL = `${SEARCH_PATH_SQL}, pg_catalog.current_setting('search_path'), pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL`;

const NOTHING_KNOWN: readonly Foresight[] = [];

/** What is known of the session by now. */
export interface ForesightScope {
  /** As the setting says it. */
  readonly searchPath: string;
  /** What it comes to, pg_catalog and the temporary schema included. */
  readonly schemas: readonly string[];
}

export class ForesightSteps {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #questions: OwnQuestions;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;

  constructor({ core, backend, questions, waiter, steps }: StepParts) {
    this.#core = core;
    this.#backend = backend;
    this.#questions = questions;
    this.#waiter = waiter;
    this.#steps = steps;
  }

  /**
   * Asks, and the message waits: undefined. Or, where nothing can be asked, what is to be taken for known. `of`: its statement,
   * or what that runs by EXECUTE.
   */
  ask(
    held: Held,
    of: PreparedStatement,
    needs: readonly ForesightNeed[],
    binds: number,
  ): readonly Foresight[] | undefined {
    // The server refuses it, whatever it is.
    if (this.#steps.failsAnyway(held.statement)) return of.analysis.statements.map(() => HARMLESS);
    if (this.#backend.discards) return NOTHING_KNOWN;
    if (this.#core.around.catalogSql === undefined) return NOTHING_KNOWN;
    if (this.#backend.skipping) {
      this.#waiter.awaitSettled(held.message);
      return undefined;
    }
    const collector = this.#questions.queries([SCOPE_SQL]);
    const kept = { ...held, message: keep(held.message) };
    this.#waiter.wait({ for: 'foresight_scope', held: kept, of, needs, binds, collector, scope: undefined });
    return undefined;
  }

  /** The session has answered. */
  probed(waiting: Extract<Waiting, { for: 'foresight_scope' }>): void {
    const { held, of, collector, scope } = waiting;
    const { failed, rows } = collector;
    if (failed !== undefined) {
      if (this.#steps.isFailedByProbe(collector, held.statement)) this.#waiter.passOver();
      else this.#resume(held, of, NOTHING_KNOWN);
      return;
    }
    const texts = rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
    if (scope !== undefined) {
      this.#foresee(waiting, scope, texts);
      return;
    }
    const [schemas, searchPath, hasChanged] = texts[0] ?? [];
    if (typeof schemas !== 'string' || typeof searchPath !== 'string') {
      this.#resume(held, of, NOTHING_KNOWN);
      return;
    }
    const found = { searchPath, schemas: schemas === '' ? [] : schemas.split('\x01') };
    if (hasChanged === 't' && this.#core.schemaTouched) {
      // What it has made or changed itself only the session can see.
      const collector = this.#questions.queries([this.#core.around.catalogSql!]);
      this.#waiter.wait({ ...waiting, collector, scope: found });
    } else this.#foresee(waiting, found, undefined);
  }

  #foresee(
    { held, of, needs, binds }: Extract<Waiting, { for: 'foresight_scope' }>,
    scope: ForesightScope,
    catalogRows: readonly (readonly (string | null)[])[] | undefined,
  ): void {
    const { analysis, sql } = of;
    this.#waiter.wait({ for: 'foreseen', held, of });
    this.#core.command({ type: 'foresee', question: { analysis, sql, needs, binds, ...scope, catalogRows } });
  }

  /** It has been found out. */
  foreseen(found: readonly Foresight[]): void {
    const { now } = this.#waiter;
    if (now.for !== 'foreseen') throw new Error('a foresight came that was not asked for');
    this.#resume(now.held, now.of, found);
  }

  #resume(held: Held, of: PreparedStatement, foreseen: readonly Foresight[]): void {
    this.#waiter.resume(withForesight(held, of, foreseen));
  }
}

/** The message with what was found out of its statement, or of what that runs. */
export function withForesight(held: Held, of: PreparedStatement, foreseen: readonly Foresight[]): Held {
  const { resolved, statement } = held;
  if (of === statement) return { ...held, resolved: { ...resolved, foreseen } };
  const executed = [...(resolved?.executed ?? []), { statement: of, foreseen }];
  return { ...held, resolved: { ...resolved, executed } };
}
