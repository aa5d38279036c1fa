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
import { answered, type DefinitionQuestion, Definitions, type RestsOn } from '../catalog/definitions.ts';
import { DEFINITIONS_SQL, PREPARE_DEFINITIONS_SQL } from '../catalog/definitions-query.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { RoutineTable } from '../sql/routines.ts';
import { type Rows, SideConnection } from './side-connection.ts';
import { queryOnce } from './side-query.ts';

const TIMEOUT_MS = 5_000;
/** Statements come and go; opening a connection takes longer than the question. */
const IDLE_MS = 60_000;

/** `same`: nothing has changed; `changed`: it has been read anew; `unknown`: it could not be asked, or not be read. */
export type Drift = 'same' | 'changed' | 'unknown';

export interface GuardedSnapshots {
  readonly routines: RoutineTable;
  /** Each is read from now on. Rejects when one of them cannot be. */
  readAnew(): Promise<void>;
}

interface Asked {
  readonly parameters: string;
  readonly resolve: (rows: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Nothing has been read: whatever there is to ask, the answer is that it is read. */
const NOT_READ: DefinitionQuestion = { parameters: '', expected: '', mayWait: false };

export class DefinitionGuard {
  readonly #settings: UpstreamSettings;
  readonly #snapshots: GuardedSnapshots;
  readonly #log: (line: string) => void;
  readonly #connection: SideConnection;
  #definitions: Definitions | undefined;
  /** As performance.now(). */
  readAtMs = Number.POSITIVE_INFINITY;
  /** Under the routines that they were found with. */
  #found = new WeakMap<readonly StatementFacts[], RestsOn | 'nothing'>();
  #foundWith: RoutineTable | undefined;
  #reading: Promise<void> | undefined;
  #waiting: Asked[] = [];
  #isAsking = false;

  constructor(settings: UpstreamSettings, snapshots: GuardedSnapshots, log: (line: string) => void) {
    this.#settings = settings;
    this.#snapshots = snapshots;
    this.#log = log;
    this.#connection = new SideConnection(settings, TIMEOUT_MS, { prologue: PREPARE_DEFINITIONS_SQL, idleMs: IDLE_MS });
  }

  /** Before anything else of the catalog is read for the first time. Never rejects. */
  async ensure(): Promise<void> {
    if (this.#definitions !== undefined) return;
    try {
      this.#adopt(await this.#read(), performance.now());
    } catch (error) {
      this.#log(`definitions of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.#connection.close();
  }

  /**
   * What to ask before these go upstream; undefined: nothing. `computes`: values of columns go into the answer or into other
   * columns in a way that the answer does not show.
   */
  questionOf(statements: readonly StatementFacts[], computes: boolean): DefinitionQuestion | undefined {
    if (this.#definitions === undefined) return statements.some(namesAnything) ? NOT_READ : undefined;
    const { routines } = this.#snapshots;
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
    return found.acts || computes || statements.some(mayFire) ? found.question : undefined;
  }

  /** Never rejects. */
  async check(question: DefinitionQuestion): Promise<Drift> {
    try {
      if (question !== NOT_READ && (await this.#ask(question.parameters)) === question.expected) return 'same';
      await this.#readAnew();
      return 'changed';
    } catch (error) {
      this.#log(`definitions of ${this.#settings.database} could not be compared: ${(error as Error).message}`);
      return 'unknown';
    }
  }

  /** Those that come while one is under way go together. */
  #ask(parameters: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parameters, resolve, reject });
      void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0, MOST_AT_ONCE);
      const texts = asked.map(({ parameters }, i) => `EXECUTE dbgate_definitions('${i}', ${parameters})`);
      try {
        const rows = await this.#query(texts.join(';'));
        const ofEach: (readonly (string | null)[])[][] = asked.map(() => []);
        for (const [tag, ...row] of rows) ofEach[Number(tag)]?.push(row);
        asked.forEach(({ resolve }, i) => {
          resolve(answered(ofEach[i]!));
        });
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#isAsking = false;
  }

  /** A connection that was kept may have been closed meanwhile. */
  async #query(sql: string): Promise<Rows> {
    try {
      return await this.#connection.query(sql);
    } catch {
      return await this.#connection.query(sql);
    }
  }

  #readAnew(): Promise<void> {
    this.#reading ??= this.#readAllAnew().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAllAnew(): Promise<void> {
    const definitions = await this.#read();
    const readAtMs = performance.now();
    await this.#snapshots.readAnew();
    this.#adopt(definitions, readAtMs);
  }

  async #read(): Promise<Definitions> {
    return new Definitions(await queryOnce(this.#settings, DEFINITIONS_SQL));
  }

  #adopt(definitions: Definitions, readAtMs: number): void {
    this.readAtMs = readAtMs;
    this.#definitions = definitions;
    this.#found = new WeakMap();
  }
}

const MOST_AT_ONCE = 20;

function namesAnything({ relations, functions }: StatementFacts): boolean {
  return relations.length + functions.length > 0;
}

/** What triggers do counts for who writes many rows; somebody may have put one there. */
function mayFire({ writes, manyRows, relations }: StatementFacts): boolean {
  return writes && manyRows === true && relations.length > 0;
}
