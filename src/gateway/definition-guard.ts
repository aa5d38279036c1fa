/**
 * Is what is known of a database still so? What a view, a routine, a trigger is, is known from snapshots of the catalog;
 * somebody may have changed it since, past every gateway. Before a statement goes upstream that rests on such definitions,
 * the server is asked, on a connection of the gateway's own, which transactions wrote them, by index. In: facts of the
 * statement. Out: what to ask, and what became of it.
 *
 * The definitions are always read before the snapshots that they vouch for: where the server still says what it said then,
 * nothing has changed since, so the snapshots tell what is so now. Where it does not, everything is read anew, in that order.
 * The session's own view of a changed catalog is not asked: a transaction's snapshot may be older than what the server
 * looks names up in.
 */
import { type DefinitionQuestion, Definitions, type RestsOn } from '../catalog/definitions.ts';
import { DEFINITIONS_SQL } from '../catalog/definitions-query.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { RoutineTable } from '../sql/routines.ts';
import { DefinitionLine } from './definition-line.ts';
import { queryOnce } from './side-query.ts';

/** Names and OIDs. Who asks for more does not keep the others waiting. */
const MOST_IN_SHORT = 200;

/** `same`: nothing has changed; `changed`: it has been read anew; `unknown`: it could not be asked, or not be read. */
export type Drift = 'same' | 'changed' | 'unknown';

export interface GuardedSnapshots {
  routines(): RoutineTable;
  /** Each is read from now on. Rejects when one of them cannot be. */
  readAnew(): Promise<void>;
}

/** Nothing has been read: whatever there is to ask, the answer is that it is read. */
const NOT_READ: DefinitionQuestion = { parameters: [], expected: '', mayWait: false };

export class DefinitionGuard {
  readonly #settings: UpstreamSettings;
  readonly #snapshots: GuardedSnapshots;
  readonly #log: (line: string) => void;
  readonly #short: DefinitionLine;
  readonly #long: DefinitionLine;
  #definitions: Definitions | undefined;
  /** As performance.now(). */
  readAtMs = Number.POSITIVE_INFINITY;
  /** When it was begun to read them. */
  #readFromMs = Number.POSITIVE_INFINITY;
  /** When it was noticed last that something has changed, somewhere. */
  #noticedAtMs = Number.NEGATIVE_INFINITY;
  /** Since when the server has said the same to a question. */
  #vouchedAtMs = new WeakMap<DefinitionQuestion, number>();
  /** Under the routines that they were found with. */
  #found = new WeakMap<readonly StatementFacts[], RestsOn | 'nothing'>();
  #foundWith: RoutineTable | undefined;
  #reading: Promise<void> | undefined;

  constructor(settings: UpstreamSettings, snapshots: GuardedSnapshots, log: (line: string) => void) {
    this.#settings = settings;
    this.#snapshots = snapshots;
    this.#log = log;
    this.#short = DefinitionLine.open(settings);
    this.#long = DefinitionLine.open(settings);
  }

  /** Before anything else of the catalog is read for the first time. Never rejects. */
  async ensure(): Promise<void> {
    if (this.#definitions !== undefined) return;
    try {
      this.#adopt(await this.#read());
    } catch (error) {
      this.#log(`definitions of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.#short.close();
    this.#long.close();
  }

  /**
   * What to ask before these go upstream; undefined: nothing. `computes`: values of columns go into the answer or into other
   * columns in a way that the answer does not show.
   */
  questionOf(statements: readonly StatementFacts[], computes: boolean): DefinitionQuestion | undefined {
    if (this.#definitions === undefined) return statements.some(namesAnything) ? NOT_READ : undefined;
    const routines = this.#snapshots.routines();
    if (this.#foundWith !== routines) {
      this.#foundWith = routines;
      this.#found = new WeakMap();
    }
    let found = this.#found.get(statements);
    if (found === undefined) {
      found = this.#definitions.restsOn(statements, routines) ?? 'nothing';
      this.#found.set(statements, found);
    }
    if (found === 'nothing') return undefined;
    if (found.acts || computes || statements.some(mayFire)) return found.question;
    return this.#isDoubtful(found.question) ? found.question : undefined;
  }

  /** Something may be another than it was read, of this database: what is not asked for each time is asked for once. */
  noticed(): void {
    this.#noticedAtMs = performance.now();
  }

  #isDoubtful(question: DefinitionQuestion): boolean {
    if (this.#noticedAtMs < this.#readFromMs) return false;
    return this.#noticedAtMs >= (this.#vouchedAtMs.get(question) ?? Number.NEGATIVE_INFINITY);
  }

  /** Never rejects. */
  async check(questions: readonly DefinitionQuestion[]): Promise<Drift> {
    try {
      const fromMs = performance.now();
      const isRead = !questions.includes(NOT_READ);
      const same = isRead ? await Promise.all(questions.map((one) => this.#lineOf(one).ask(one))) : [false];
      if (!same.includes(false)) {
        for (const one of questions) this.#vouchedAtMs.set(one, fromMs);
        return 'same';
      }
      await this.#readAnew();
      return 'changed';
    } catch (error) {
      this.#log(`definitions of ${this.#settings.database} could not be compared: ${(error as Error).message}`);
      return 'unknown';
    }
  }

  #lineOf({ parameters }: DefinitionQuestion): DefinitionLine {
    let count = 0;
    for (const { length } of parameters) count += length;
    return count > MOST_IN_SHORT ? this.#long : this.#short;
  }

  #readAnew(): Promise<void> {
    this.#reading ??= this.#readAllAnew().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAllAnew(): Promise<void> {
    const read = await this.#read();
    await this.#snapshots.readAnew();
    this.#adopt(read);
  }

  async #read(): Promise<Read> {
    const fromMs = performance.now();
    const definitions = new Definitions(await queryOnce(this.#settings, DEFINITIONS_SQL));
    return { definitions, fromMs, atMs: performance.now() };
  }

  #adopt({ definitions, fromMs, atMs }: Read): void {
    this.#readFromMs = fromMs;
    this.readAtMs = atMs;
    this.#definitions = definitions;
    this.#found = new WeakMap();
  }
}

interface Read {
  readonly definitions: Definitions;
  readonly fromMs: number;
  readonly atMs: number;
}

function namesAnything({ relations, functions }: StatementFacts): boolean {
  return relations.length + functions.length > 0;
}

/** What triggers do counts for who writes many rows; somebody may have put one there. */
function mayFire({ writes, manyRows, relations }: StatementFacts): boolean {
  return writes && manyRows === true && relations.length > 0;
}
