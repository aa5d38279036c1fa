/**
 * Masking as a script writes it down. Each statement of a text says what its plan is by its first word: `mask`, `blind`,
 * `refuse`, `lookup`, `code` (runs code), `copymask`, `scan` (messages), `generic`; `declare c …`, `prepare s …` define what
 * follows; `fetch c` and `execute s` answer that; anything else passes.
 */

import type { SessionMasking } from '../../../src/gateway/session/masking.ts';
import { SchemaClock, type SchemaMoment } from '../../../src/gateway/session/schema-clock.ts';
import type { SchemaNames } from '../../../src/gateway/session/schema-names.ts';
import { BUILTIN_TYPES } from '../../../src/masking/builtin-types.ts';
import { maskContext } from '../../../src/masking/maskers/context.ts';
import type { ColumnAction, ResultPlan, TypeLookup } from '../../../src/masking/plan.ts';
import { OPAQUE_PLAN, type StatementPlan, unplannable } from '../../../src/masking/statement-plan.ts';
import type { StatementFacts } from '../../../src/sql/facts.ts';
import type { CopyFormat } from '../../../src/sql/lineage/lineage.ts';

const REDACT: ColumnAction = { do: 'redact' };
const PASS: ColumnAction = { do: 'pass' };
const NO_COLUMNS: ResultPlan = { columns: [], passes: true, because: [] };

export const TEXT_COPY: CopyFormat = {
  format: 'text',
  delimiter: '\t',
  nullText: '\\N',
  quote: '"',
  escape: '"',
  header: false,
};

export function resultOf(...columns: ColumnAction[]): ResultPlan {
  return { columns, passes: columns.every((one) => one.do === 'pass'), because: columns.map(() => undefined) };
}

const PASSES: StatementPlan = {
  ...OPAQUE_PLAN,
  result: resultOf(PASS),
  messages: 'scan',
  runsCode: false,
};

/** One column, text, unless a test's own `special` says otherwise. */
function planOf(text: string): StatementPlan {
  const [first = '', name = '', ...rest] = text.trim().split(/\s+/);
  switch (first) {
    case 'mask':
      return { ...PASSES, result: resultOf(REDACT), messages: 'generic' };
    case 'blind':
      return { ...PASSES, result: undefined, messages: 'data' };
    case 'refuse':
      return unplannable('the script says so');
    case 'lookup':
      return { ...PASSES, lookups: 1 };
    case 'code':
      return { ...PASSES, runsCode: true };
    case 'inherit':
      return {
        ...PASSES,
        inherits: [{ lookup: 't', column: 'v', class: 'email', from: 'users.email', computed: false }],
      };
    case 'copymask':
      return { ...PASSES, result: resultOf(REDACT), copyOut: TEXT_COPY, messages: 'generic' };
    case 'copypass':
      return { ...PASSES, copyOut: TEXT_COPY };
    case 'generic':
      return { ...PASSES, messages: 'generic' };
    case 'write':
      return { ...PASSES, result: NO_COLUMNS };
    case 'declare':
      return { ...planOf(rest.join(' ')), defines: { kind: 'cursor', name } };
    case 'prepare':
      return { ...planOf(rest.join(' ')), defines: { kind: 'prepared', name } };
    case 'fetch':
      return { ...PASSES, result: NO_COLUMNS, resultOf: { kind: 'cursor', name }, isOfAnother: true };
    case 'execute':
      return { ...PASSES, result: NO_COLUMNS, resultOf: { kind: 'prepared', name }, isOfAnother: true };
    default:
      return PASSES;
  }
}

const NOT_NEEDED = /^(BEGIN|COMMIT|ROLLBACK|SET|CLOSE CURSOR|DEALLOCATE|SAVEPOINT)$/;

export class FakeMasking implements SessionMasking {
  /** Of the database: tests move it. */
  readonly clock = new SchemaClock();
  moment(names: SchemaNames): SchemaMoment {
    return this.clock.moment(this, names);
  }
  hasMoved(moment: SchemaMoment): boolean {
    return this.clock.hasMoved(moment);
  }
  isTellable(moment: SchemaMoment): boolean {
    return this.clock.isTellable(moment);
  }
  changesSchema(alone: boolean, names: SchemaNames): void {
    this.clock.change(this, alone, names);
  }
  isCopied(): boolean {
    return false;
  }

  copies(): void {}

  copied(): void {}

  goesOn(): void {
    this.clock.goOn(this);
  }
  schemaSettled(): void {
    this.clock.end(this);
  }

  sharedVersion = 1;
  readonly catalogSql = 'select catalog';
  readonly context = maskContext(Buffer.alloc(32, 7));
  types: TypeLookup = (oid) => BUILTIN_TYPES.get(oid);
  /** Worlds that were adopted: paths, and `own` where rows of a catalog came along. */
  readonly adopted: string[] = [];
  readonly inheriting: StatementPlan[] = [];
  /** Texts that have to be traced first. */
  untraced: (sql: string) => boolean = () => false;
  readonly traced = new Set<string>();
  /** Before what the words say. */
  special: (text: string, path: string) => StatementPlan | undefined = () => undefined;
  masked: (relation: number, attnum: number) => boolean = () => false;
  lookupsLeft = Number.POSITIVE_INFINITY;

  isNeeded(statements: readonly StatementFacts[]): boolean {
    return statements.some(({ command }) => !NOT_NEEDED.test(command));
  }

  plans(_statements: readonly StatementFacts[], sql: string): readonly StatementPlan[] | undefined {
    if (this.untraced(sql) && !this.traced.has(sql)) return undefined;
    const path = this.adopted.at(-1) ?? '';
    const texts = sql.split(';').filter((text) => text.trim() !== '');
    return texts.map((text) => this.special(text.trim(), path) ?? planOf(text));
  }

  adopt(searchPath: readonly string[], rows: readonly (readonly (string | null)[])[] | undefined): void {
    this.adopted.push(`${searchPath.join(',')}${rows === undefined ? '' : ' own'}`);
  }

  isMasked(relation: number, attnum: number): boolean {
    return this.masked(relation, attnum);
  }

  inherit(plan: StatementPlan): void {
    this.inheriting.push(plan);
  }

  inherited(): void {}

  making(): void {}

  takeLookups(count: number): boolean {
    if (count > this.lookupsLeft) return false;
    this.lookupsLeft -= count;
    return true;
  }
}
