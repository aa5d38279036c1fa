/** The facts of one statement while they are being gathered. */
import { higherClass } from './commands.ts';
import type {
  Finding,
  FindingKind,
  ObjectTarget,
  PreparedName,
  Resting,
  ShownView,
  StatementClass,
  StatementFacts,
} from './facts.ts';

export class Draft {
  class: StatementClass = 'transaction';
  writes = false;
  locks = false;
  changesRows = false;
  manyRows = false;
  anyRelation = false;
  routine: StatementFacts | undefined;
  readonly findings: Finding[] = [];
  readonly targets: ObjectTarget[] = [];
  readonly rests: Resting[] = [];
  readonly shows: ShownView[] = [];
  readonly relations = new Set<string>();
  readonly changed = new Set<string>();
  readonly written = new Set<string>();
  readonly functions = new Set<string>();
  /** Those of the functions that are called for who knows how many rows. */
  readonly repeated = new Set<string>();
  readonly operators = new Set<string>();
  readonly types = new Set<string>();
  readonly commands = new Set<string>();
  /** INSERT, UPDATE, DELETE and MERGE, how often. */
  changes = 0;
  readonly settings = new Set<string>();
  readonly prepared: PreparedName[] = [];

  raise(statementClass: StatementClass): void {
    this.class = higherClass(this.class, statementClass);
  }

  find(
    kind: FindingKind,
    offset: number | undefined,
    subject: string | undefined,
    more: Pick<Finding, 'lookup' | 'unless'> = {},
  ): void {
    this.findings.push({ kind, offset, subject, ...more });
  }

  /** Takes over what a part does. */
  absorb(part: Draft): void {
    this.raise(part.class);
    this.writes ||= part.writes;
    this.locks ||= part.locks;
    this.changesRows ||= part.changesRows;
    this.changes += part.changes;
    this.manyRows ||= part.manyRows;
    this.anyRelation ||= part.anyRelation;
    this.findings.push(...part.findings);
    this.targets.push(...part.targets);
    this.rests.push(...part.rests);
    this.shows.push(...part.shows);
    this.prepared.push(...part.prepared);
    for (const one of part.changed) this.changed.add(one);
    for (const one of part.written) this.written.add(one);
    for (const key of ['relations', 'functions', 'repeated', 'operators', 'types', 'commands', 'settings'] as const) {
      for (const one of part[key]) this[key].add(one);
    }
  }

  facts(command: string, offset: number, length: number): StatementFacts {
    this.commands.delete(command);
    return {
      command,
      class: this.class,
      writes: this.writes,
      findings: this.findings,
      targets: this.targets,
      relations: [...this.relations],
      functions: [...this.functions],
      ...(this.repeated.size > 0 ? { repeated: [...this.repeated] } : {}),
      operators: [...this.operators],
      types: [...this.types],
      locks: this.locks,
      ...(this.commands.size > 0 ? { nested: [...this.commands] } : {}),
      ...(this.changes > 1 ? { changesTwice: true as const } : {}),
      ...(this.settings.size > 0 ? { settings: [...this.settings] } : {}),
      ...(this.prepared.length > 0 ? { prepared: this.prepared } : {}),
      ...(this.changesRows ? { changesRows: true } : {}),
      ...(this.changed.size > 0 ? { changed: [...this.changed] } : {}),
      ...(this.written.size > 0 ? { written: [...this.written] } : {}),
      ...(this.manyRows ? { manyRows: true as const } : {}),
      ...(this.rests.length > 0 ? { rests: this.rests } : {}),
      ...(this.shows.length > 0 ? { shows: this.shows } : {}),
      ...(this.anyRelation ? { anyRelation: true as const } : {}),
      ...(this.routine === undefined ? {} : { routine: this.routine }),
      offset,
      length,
    };
  }
}
