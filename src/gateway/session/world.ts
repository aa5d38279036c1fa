/**
 * Does the session still know what names mean? It asks the server for its effective search_path when something may
 * have changed it, and for its own view of the catalog when it changed the schema in a transaction that is still open.
 * Pure: it says what to ask, and takes the answer.
 */
import type { Analysis, StatementFacts } from '../../sql/facts.ts';

export const SEARCH_PATH_SQL = `SELECT pg_catalog.array_to_string(pg_catalog.current_schemas(true), E'\\x01')`;

/** Asked along with its own view of the catalog: such a transaction reads rows as they were when it began. */
export const OWN_WORLD_SQL = `${SEARCH_PATH_SQL}, pg_catalog.current_setting('transaction_isolation')`;

export class SessionWorld {
  /** Version of the shared catalog for which the path is known; -1: not known. */
  #knownFor = -1;
  #pathTouched = false;
  /** It has its own view of the catalog, or needs one. */
  #own = false;
  /** A statement of the batch at hand may have ended the transaction that was open before it. */
  #leavesBlock = false;
  /** Its own view of the catalog may be older than what the server looks names up in. */
  #isOld = false;

  /** Must names be asked for before a statement can be planned? */
  isStale(sharedVersion: number): boolean {
    return this.#knownFor !== sharedVersion;
  }

  /** Must the catalog be read in the session itself? */
  get needsOwnCatalog(): boolean {
    return this.#own;
  }

  /** `isolation`: of the transaction, where its own catalog was read. */
  adopted(sharedVersion: number, isolation?: string | null): void {
    this.#knownFor = sharedVersion;
    this.#isOld = isolation !== undefined && isolation !== 'read committed';
  }

  /** What it knows of the catalog is as the transaction began. */
  get isOld(): boolean {
    return this.#own && this.#isOld;
  }

  /**
   * May names of the statements behind this one, in the same text, mean something else than before it? What a trigger of a
   * statement that calls nothing itself runs is not counted, and DDL is the tracer's.
   */
  changesWithin(facts: StatementFacts, { runsCode }: { readonly runsCode: boolean }): boolean {
    if (facts.class === 'transaction') return (this.#pathTouched || this.#own) && !KEEPS_NAMES.test(facts.command);
    return mayChangePath(facts) || (runsCode && facts.functions.length > 0);
  }

  /** A statement goes upstream: what it may change is not known any more. */
  sent(
    statements: Analysis['statements'],
    changesSchema: boolean,
    plans: readonly { readonly runsCode: boolean }[] | undefined,
  ): void {
    if (changesSchema) {
      this.#own = true;
      this.#knownFor = -1;
    }
    if (statements.some(mayChangePath) || plans?.some((plan) => plan.runsCode) === true) {
      this.#pathTouched = true;
      this.#knownFor = -1;
    }
    if (!statements.some((one) => one.class === 'transaction')) return;
    this.#leavesBlock = true;
    // ROLLBACK TO a savepoint takes a SET back, and so does the end of the transaction.
    if (this.#pathTouched) this.#knownFor = -1;
  }

  /**
   * What ends the batch is sent, and whether anything in it has failed is not known: outside a transaction block that
   * takes back what was SET in it, also when the session had been asked in between. `inBlock`: one was open before it.
   */
  batchEnds(inBlock: boolean): void {
    if ((!inBlock || this.#leavesBlock) && (this.#pathTouched || this.#own)) this.#knownFor = -1;
    this.#leavesBlock = false;
  }

  /** No transaction is open: what was SET in one has become final, or is gone. `settled`: nothing more is in flight. */
  transactionEnded(settled: boolean): void {
    if (this.#pathTouched) this.#knownFor = -1;
    // What is in flight may be a SET of the next transaction.
    if (!settled) return;
    this.#pathTouched = false;
    if (!this.#own) return;
    this.#own = false;
    this.#knownFor = -1;
  }
}

const KEEPS_NAMES = /^(?:BEGIN|START TRANSACTION|SAVEPOINT|RELEASE)/;

/** SET, RESET, DISCARD and set_config by name; and whatever runs code that cannot be seen into. */
export function mayChangePath(facts: StatementFacts): boolean {
  if (facts.class === 'read' && facts.findings.length === 0 && facts.settings === undefined) return false;
  if (facts.settings?.some((name) => name === 'search_path' || name === '*') === true) return true;
  switch (facts.command) {
    case 'SET':
    case 'RESET':
    case 'DISCARD':
    case 'DO':
    case 'CALL':
    case 'EXECUTE':
      return true;
    default:
      return facts.findings.some(
        ({ kind }) => kind === 'set_config_dynamic' || kind === 'procedural_code' || kind === 'dynamic_sql',
      );
  }
}
