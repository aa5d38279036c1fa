/**
 * Asks a server whether definitions are still what they were, on one connection. In: questions, whenever they come. Out: of
 * each, whether it is so. Those that come while others are under way go together, in one round trip, and one that several
 * sessions have is asked once.
 *
 * Most often nothing at all was written since a question was answered: then the server's snapshot has the very same bounds
 * and transactions, and that alone is asked, a fraction of the work. Only where something was written is the question
 * itself asked, and at once where that was so the last time.
 */
import type { DefinitionQuestion } from '../catalog/definitions.ts';
import { answered } from '../catalog/definitions.ts';
import {
  DEFINITIONS_PARAMETERS,
  DEFINITIONS_STATEMENT,
  MOMENT_STATEMENT,
  PREPARE_DEFINITIONS_SQL,
} from '../catalog/definitions-query.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { encodeArray, encodeName, encodeOid, NAME_OID, OID_OID } from '../pgwire/array.ts';
import { encodeBind, encodeExecute, SYNC } from '../pgwire/extended.ts';
import { type Rows, SideConnection } from './side-connection.ts';

const TIMEOUT_MS = 5_000;
/** Statements come and go; opening a connection takes longer than the question. */
const IDLE_MS = 60_000;
const MOST_AT_ONCE = 20;

interface Asker {
  readonly resolve: (isSame: boolean) => void;
  readonly reject: (error: unknown) => void;
}

type Asked = readonly [DefinitionQuestion, readonly Asker[]];

/** What asks a server: messages up to a Sync; rows of each of their Executes. */
export interface Asks {
  ask(messages: Buffer): Promise<readonly Rows[]>;
  /** Another for each connection. */
  readonly opened: number;
  close(): void;
}

export class DefinitionLine {
  readonly #connection: Asks;
  #waiting = new Map<DefinitionQuestion, Asker[]>();
  #isAsking = false;
  /** When the server last said of a question that nothing has changed. */
  readonly #sameAt = new WeakMap<DefinitionQuestion, string>();
  readonly #messages = new WeakMap<DefinitionQuestion, Buffer>();
  #moment: string | undefined;
  /** Nothing was written between the last two times that it was asked. */
  #isQuiet = false;

  constructor(connection: Asks) {
    this.#connection = connection;
  }

  static open(settings: UpstreamSettings): DefinitionLine {
    const options = { prologue: PREPARE_DEFINITIONS_SQL, idleMs: IDLE_MS };
    return new DefinitionLine(new SideConnection(settings, TIMEOUT_MS, options));
  }

  close(): void {
    this.#connection.close();
  }

  /** Does the server say what is expected? Rejects when it cannot be asked. */
  ask(question: DefinitionQuestion): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const askers = this.#waiting.get(question);
      if (askers === undefined) this.#waiting.set(question, [{ resolve, reject }]);
      else askers.push({ resolve, reject });
      void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#waiting.size > 0) {
      const asked: Asked[] = [...this.#waiting].slice(0, MOST_AT_ONCE);
      for (const [question] of asked) this.#waiting.delete(question);
      try {
        const same = await this.#areSame(asked.map(([question]) => question));
        for (const [question, askers] of asked) for (const { resolve } of askers) resolve(same.has(question));
      } catch (error) {
        for (const [, askers] of asked) for (const { reject } of askers) reject(error);
      }
    }
    this.#isAsking = false;
  }

  async #areSame(questions: readonly DefinitionQuestion[]): Promise<ReadonlySet<DefinitionQuestion>> {
    const inFull = questions.filter((one) => !this.#isQuiet || !this.#sameAt.has(one));
    const same = await this.#askInFull(inFull);
    const left: DefinitionQuestion[] = [];
    for (const one of questions) {
      if (inFull.includes(one)) continue;
      if (this.#moment !== undefined && this.#sameAt.get(one) === this.#moment) same.add(one);
      else left.push(one);
    }
    if (left.length > 0) for (const one of await this.#askInFull(left)) same.add(one);
    return same;
  }

  /** The moment first: what is said behind it was so then, or after something that makes the next moment another. */
  async #askInFull(questions: readonly DefinitionQuestion[]): Promise<Set<DefinitionQuestion>> {
    const messages = Buffer.concat([MOMENT, ...questions.map((one) => this.#messageOf(one)), SYNC]);
    const [moments, ...answers] = await this.#exchange(messages);
    if (answers.length !== questions.length) throw new Error('the server did not answer each question');
    // Snapshots of one server are comparable, and who is behind another connection is not known.
    const snapshot = moments?.[0]?.[0];
    const moment = snapshot == null ? undefined : `${this.#connection.opened} ${snapshot}`;
    this.#isQuiet = moment !== undefined && moment === this.#moment;
    this.#moment = moment;
    const same = questions.filter(({ expected }, i) => answered(answers[i]!) === expected);
    if (moment !== undefined) for (const one of same) this.#sameAt.set(one, moment);
    return new Set(same);
  }

  /** A connection that was kept may have been closed meanwhile. */
  async #exchange(messages: Buffer): Promise<readonly Rows[]> {
    try {
      return await this.#connection.ask(messages);
    } catch {
      return await this.#connection.ask(messages);
    }
  }

  #messageOf(question: DefinitionQuestion): Buffer {
    let message = this.#messages.get(question);
    if (message === undefined) {
      const parameters = question.parameters.map((values, i) =>
        DEFINITIONS_PARAMETERS[i] === 'name'
          ? encodeArray(NAME_OID, values.map(encodeName))
          : encodeArray(OID_OID, values.map(encodeOid)),
      );
      message = Buffer.concat([encodeBind('', DEFINITIONS_STATEMENT, parameters), encodeExecute('')]);
      this.#messages.set(question, message);
    }
    return message;
  }
}

const MOMENT = Buffer.concat([encodeBind('', MOMENT_STATEMENT, []), encodeExecute('')]);
