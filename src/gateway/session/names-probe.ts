/**
 * What the names in a statement stand for at this point of the session: asked before it goes upstream where policy or the
 * memory of who created what depends on it, and again once a statement that creates objects is through; then what else it
 * has made, where its names mean something only when it runs.
 */
import { FLUSH } from '../../pgwire/extended.ts';
import type { Analysis, ObjectTarget } from '../../sql/facts.ts';
import { bareName } from '../../sql/names.ts';
import type { Backend } from './backend.ts';
import type { NamedObject } from './contract.ts';
import type { SessionCore } from './core.ts';
import type { ProbeCollector, Request } from './in-flight.ts';
import type { MaskingSteps, StepParts } from './masking-steps.ts';
import type { OwnQuestions } from './own-questions.ts';
import { catalogOf, createdBy, isProbeable, type ProbedTarget, readProbe } from './ownership-probe.ts';
import type { PreparedStatement } from './prepared.ts';
import { namesToAskFor } from './statements.ts';
import {
  MADE_SQL,
  mayEndTransaction,
  NO_CREATION,
  readMade,
  routinesSql,
  type UnseenCreation,
} from './unseen-creation.ts';
import { type Held, keep, type Waiter, type Waiting } from './waiting.ts';

export class NamesProbe {
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

  /** Asks, or will, and the message waits. False: nothing can be asked, so nothing is known of its names. */
  ask(held: Held): boolean {
    const targets = namesToAskFor(held.statement).filter((target) => this.#canProbe(target));
    // What the server discards is never answered.
    if (targets.length === 0 || this.#backend.discards) return false;
    if (this.#backend.skipping) {
      this.#waiter.awaitSettled(held.message);
      return true;
    }
    const kept = { ...held, message: keep(held.message) };
    this.#waiter.wait({ for: 'names', held: kept, targets, collector: this.#questions.names(targets) });
    return true;
  }

  #canProbe(target: ObjectTarget): boolean {
    if (!isProbeable(target)) return false;
    return this.#core.options.encoding === 'utf8' || !/[^\x00-\x7f]/.test(target.lookup!);
  }

  /** The names were asked for. */
  probed({ held, targets, collector }: Extract<Waiting, { for: 'names' }>): void {
    const resolved = this.#read(targets, collector);
    if (this.#steps.isFailedByProbe(collector, held.statement)) this.#waiter.passOver();
    // A probe that failed proves nothing: nothing counts as one's own.
    else this.#waiter.resume({ ...held, resolved: { ...held.resolved, names: resolved ?? [] } });
  }

  /** What was created has been looked up. */
  createdProbed({ targets, unseen, collector }: Extract<Waiting, { for: 'created_names' }>): void {
    const resolved = this.#read(targets, collector);
    if (resolved !== undefined) this.#claim(resolved);
    if (unseen.length > 0 && collector.failed === undefined) this.#askWhatWasMade(unseen);
    else this.#waiter.passOver();
  }

  /** In the transaction that made it: there is nothing to be seen of it behind its end. */
  #askWhatWasMade(unseen: readonly UnseenCreation[]): void {
    const routines = new Set(unseen.flatMap(({ routine }) => routine ?? []));
    // What the encoding of the session may not have counts as others'.
    const sure = [...routines].filter((name) => this.#core.options.encoding === 'utf8' || !/[^\x00-\x7f]/.test(name));
    const texts = sure.length === 0 ? [MADE_SQL] : [MADE_SQL, routinesSql(sure)];
    this.#waiter.wait({ for: 'made', unseen, collector: this.#questions.queries(texts) });
  }

  madeProbed({ unseen, collector }: Extract<Waiting, { for: 'made' }>): void {
    const made =
      collector.failed === undefined
        ? readMade(unseen, collector.rows, (catalog, oid) => this.#core.around.isOwn(catalog, oid))
        : undefined;
    if (made === undefined) {
      this.#waiter.passOver();
      return;
    }
    this.#waiter.wait({ for: 'made_check' });
    this.#core.command({ type: 'check_made', made });
  }

  /** What nobody else sees has been made here. */
  madeChecked(objects: readonly NamedObject[]): void {
    if (objects.length > 0) this.#core.command({ type: 'objects_created', objects });
    this.#waiter.passOver();
  }

  /**
   * Has it to be sent by the statement, in a transaction block, to know what is its own work? What it makes without its
   * names being known is asked for before the transaction ends; what it may find there is looked up right before it would be
   * made, not before a statement that waits for long. Not what may end transactions itself.
   */
  needsPieces(statement: PreparedStatement): boolean {
    const { analysis } = statement;
    const { statements } = analysis;
    if (statements.length > 1 && statements.some(({ targets }) => targets.some(mayFind))) return true;
    // What is in flight may end a block: then that is waited for.
    if (!mayMakeUnseen(analysis) || (this.#backend.status !== 'I' && this.#core.inFlight.size === 0)) return false;
    return this.#unseenOf(analysis).length > 0 && !analysis.statements.some(mayEndTransaction);
  }

  #unseenOf(analysis: Analysis): readonly UnseenCreation[] {
    return mayMakeUnseen(analysis) ? (this.#core.around.unseenCreations?.(analysis) ?? NO_CREATION) : NO_CREATION;
  }

  #read(targets: readonly ObjectTarget[], { failed, rows }: ProbeCollector): ProbedTarget[] | undefined {
    if (failed !== undefined) return undefined;
    return readProbe(targets, rows, (catalog, oid) => this.#core.around.isOwn(catalog, oid));
  }

  /** After a statement that may create objects: waits until it is through, to see which of them are new. */
  awaitCreation(request: Request, resolved: readonly ProbedTarget[] | undefined): boolean {
    const unseen =
      request.pure || request.statement === undefined ? NO_CREATION : this.#unseenOf(request.statement.analysis);
    if (resolved === undefined && unseen.length === 0) return false;
    const created = (resolved ?? []).flatMap((one) => {
      if (one.oid !== undefined || (one.target.action !== 'create' && one.target.action !== 'replace')) return [];
      return isOutlived(one.target, request.statement!.analysis) ? [] : (createdBy(one) ?? []);
    });
    if (created.length === 0 && unseen.length === 0) return false;
    if (request.kind === 'execute') this.#core.toUpstream.put(FLUSH);
    this.#waiter.wait({ for: 'creation', request, created, unseen });
    return true;
  }

  succeeded(request: Request): void {
    const { now } = this.#waiter;
    if (now.for !== 'creation' || now.request !== request) return;
    const { created: targets, unseen } = now;
    if (targets.length === 0) this.#askWhatWasMade(unseen);
    else this.#waiter.wait({ for: 'created_names', targets, unseen, collector: this.#questions.names(targets) });
  }

  /** A failed creation leaves nothing to look up. */
  failed(request: Request): void {
    const { now } = this.#waiter;
    if (now.for === 'creation' && now.request === request) this.#waiter.passOver();
  }

  #claim(resolved: readonly ProbedTarget[]): void {
    const objects = resolved.flatMap(({ target, oid, temporary }) =>
      oid === undefined || temporary ? [] : [{ catalog: catalogOf(target.kind)!, oid, name: target.name }],
    );
    if (objects.length > 0) this.#core.command({ type: 'objects_created', objects });
  }
}

/** May it be there already when it is to be made, and that be no error? */
function mayFind({ action, ifNotExists, temporary }: ObjectTarget): boolean {
  return !temporary && (action === 'replace' || (action === 'create' && ifNotExists));
}

/** May its name be that of somebody else's by the time the whole text is through? */
function isOutlived(target: ObjectTarget, { statements }: Analysis): boolean {
  if (statements.length < 2) return false;
  if (mayFind(target)) return true;
  const name = bareName(target.name);
  const behind = statements.slice(statements.findIndex(({ targets }) => targets.includes(target)) + 1);
  return behind.some(({ targets }) =>
    targets.some((one) => {
      if (one.cascade === true || (one.kind === 'schema' && one.action !== 'create')) return true;
      return (one.action === 'drop' || one.becomes !== undefined) && bareName(one.name) === name;
    }),
  );
}

/** By its text: most statements run no code whose names they do not say. */
function mayMakeUnseen({ statements }: Analysis): boolean {
  for (const { command, functions } of statements) {
    if (functions.length > 0 || command === 'DO' || command === 'CALL') return true;
  }
  return false;
}
