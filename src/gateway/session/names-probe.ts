/**
 * What the names in a statement stand for at this point of the session: asked before it goes upstream where policy or the
 * memory of who created what depends on it, and again once a statement that creates objects is through.
 */
import { FLUSH } from '../../pgwire/extended.ts';
import type { ObjectTarget } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import type { SessionCore } from './core.ts';
import type { ProbeCollector, Request } from './in-flight.ts';
import type { MaskingSteps, StepParts } from './masking-steps.ts';
import type { OwnQuestions } from './own-questions.ts';
import { catalogOf, createdBy, isProbeable, type ProbedTarget, readProbe } from './ownership-probe.ts';
import { namesToAskFor } from './statements.ts';
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
  createdProbed({ targets, collector }: Extract<Waiting, { for: 'created_names' }>): void {
    const resolved = this.#read(targets, collector);
    if (resolved !== undefined) this.#claim(resolved);
    this.#waiter.passOver();
  }

  #read(targets: readonly ObjectTarget[], { failed, rows }: ProbeCollector): ProbedTarget[] | undefined {
    if (failed !== undefined) return undefined;
    return readProbe(targets, rows, (catalog, oid) => this.#core.around.isOwn(catalog, oid));
  }

  /** After a statement that may create objects: waits until it is through, to see which of them are new. */
  awaitCreation(request: Request, resolved: readonly ProbedTarget[] | undefined): boolean {
    if (resolved === undefined) return false;
    const created = resolved.flatMap((one) => {
      if (one.oid !== undefined || (one.target.action !== 'create' && one.target.action !== 'replace')) return [];
      return createdBy(one) ?? [];
    });
    if (created.length === 0) return false;
    if (request.kind === 'execute') this.#core.toUpstream.put(FLUSH);
    this.#waiter.wait({ for: 'creation', request, created });
    return true;
  }

  succeeded(request: Request): void {
    const { now } = this.#waiter;
    if (now.for !== 'creation' || now.request !== request) return;
    const targets = now.created;
    this.#waiter.wait({ for: 'created_names', targets, collector: this.#questions.names(targets) });
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
