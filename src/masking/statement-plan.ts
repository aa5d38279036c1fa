/** What happens to a statement and its answer, as plain data: what `makePlan` gives. */
import type { ColumnClass } from '../classify/classes.ts';
import type { CopyFormat, StatementLineage } from '../sql/lineage/lineage.ts';
import type { MaskingRights } from './clearance.ts';
import type { Gift, Meeting } from './given-values.ts';
import type { ResultPlan } from './plan.ts';

export interface PlanRefusal {
  readonly rule: string;
  readonly message: string;
  readonly why: string;
  /** What to do instead: `refusalHint` adds how to ask to see more. */
  readonly hint: string;
  /** Classes that would have to be shown as they are. Missing: that would not help. */
  readonly unmask?: 'all' | readonly ColumnClass[];
  /** Byte offset in the text. */
  readonly offset: number | undefined;
  /** It may be for what comes before it in its text alone. Missing: no. */
  readonly alone?: true;
}

/** `request`: the line to type to see more; undefined: nobody lets this principal ask. */
export function refusalHint({ hint, unmask }: PlanRefusal, request: string | undefined): string {
  return unmask === undefined ? hint : `${hint}, or ${request ?? 'ask for access without masking.'}`;
}

/** A class that goes along into a column that a statement makes. */
export interface Inheritance {
  readonly lookup: string;
  /** Undefined: all of them, as nobody knows what they are called. */
  readonly column: string | undefined;
  readonly class: ColumnClass;
  readonly from: string;
  /** What flows is no value of that class, but computed from such. */
  readonly computed: boolean;
  /** The relation is a session's own. Missing: no. */
  readonly temporary?: true;
}

/** A column that gets values of its class: it has that class whatever it is called later. */
export interface Pin {
  readonly relation: number;
  readonly attnum: number;
  readonly class: ColumnClass;
  readonly from: string;
}

export interface StatementPlan {
  readonly refuse: PlanRefusal | undefined;
  /** Undefined: every column of whatever comes back is redacted. */
  readonly result: ResultPlan | undefined;
  /** The answer is that of a cursor or prepared statement, so `result` is that one's. */
  readonly resultOf: StatementLineage['resultOf'];
  readonly defines: StatementLineage['defines'];
  /** Whose rows a table gets that it makes; missing: its own, or none. */
  readonly keeps?: StatementLineage['keeps'];
  /**
   * How messages of the server are told. `scan`: without what can be told from a value alone; `data`: where their kind
   * shows values (SQLSTATE classes 22, 23, P0) only of what kind they are; `generic`: only ever of what kind they are.
   */
  readonly messages: 'scan' | 'data' | 'generic';
  readonly inherits: readonly Inheritance[];
  /** Of tables made through dbgate, whose columns anybody may call as they like. Missing: none. */
  readonly pins?: readonly Pin[];
  /** How often a value that the client gave was compared with a masked column. */
  readonly lookups: number;
  /** How often with the elements of lists, and with as many as a text can hold. Missing: never. */
  readonly lists?: number;
  readonly texts?: number;
  /** Masked columns that meet others: values that clients gave to them count as lookups. Missing: none. */
  readonly meets?: readonly Meeting[];
  /** Missing: nothing. */
  readonly gives?: readonly Gift[];
  /** Where all rows go that its tag counts: a relation, or one that it makes. Missing: it is not known. */
  readonly writesTo?: { readonly relation: number } | { readonly lookup: string };
  /** Tables of which its transaction's earlier rows may be taken away uncounted, by TRUNCATE. Missing: none. */
  readonly empties?: readonly number[];
  /** It may run code that SQL does not show: what names mean in the session may be something else then. */
  readonly runsCode: boolean;
  /** It calls what is looked up only while it runs (bodies of routines): by then it may be another. Missing: no. */
  readonly looksUpLater?: boolean;
  /** Values of columns flow into others: where they come from must not change while it runs. Missing: no. */
  readonly copies?: boolean;
  /** What is computed from columns, or sent by COPY, is in its answer, and no RowDescription tells of it. Missing: no. */
  readonly computes?: boolean;
  /** Bare names on which the answer depends; missing or `all`: it cannot be told. */
  readonly names?: ReadonlySet<string> | 'all';
  /** And on those that the definitions rest on which the server vouches for. Missing: no. */
  readonly namesBehind?: boolean;
  /** Of a cursor: when it was declared or bound. */
  readonly plannedAt?: {
    readonly ticks: number;
    readonly names: ReadonlySet<string> | 'all';
    readonly isOpen: boolean;
  };
  /** Of a cursor: what the server said of the definitions that it was declared by. */
  readonly restsOn?: readonly {
    readonly parameters: readonly (readonly string[])[];
    readonly expected: string;
    readonly mayWait: boolean;
    readonly names?: ReadonlySet<string>;
  }[];
  /** Of a cursor: something may have been another when the server looked its names up. Missing: no. */
  readonly isDoubtful?: true;
  /** Of a cursor: nothing had changed by then. Missing: that is not known yet. */
  readonly isFixed?: true;
  /** Of FETCH: it goes only if the server says that nothing has changed which its cursor rests on. Missing: no. */
  readonly isOutdated?: 'doubtful' | 'looks-up-later';
  /** The answer is another statement's: the plan cannot be made of this one's text alone. */
  readonly isOfAnother: boolean;
  /** The statement's own text stands in its answer: what is in both is no news. */
  readonly explains: boolean;
  /** For COPY … TO STDOUT. */
  readonly copyOut: CopyFormat | undefined;
  /** With which it was made; missing: it shows nothing. */
  readonly rights?: MaskingRights;
}

export const NO_INHERITANCE: readonly Inheritance[] = [];

/** Of a statement whose lineage could not be found out, but which may be forwarded: nothing of its answer is shown. */
export const OPAQUE_PLAN: StatementPlan = {
  refuse: undefined,
  result: undefined,
  resultOf: undefined,
  defines: undefined,
  messages: 'generic',
  inherits: NO_INHERITANCE,
  lookups: 0,
  runsCode: true,
  looksUpLater: true,
  isOfAnother: false,
  explains: false,
  copyOut: undefined,
};

/** A statement of which nothing is known may not run. */
export function unplannable(why: string): StatementPlan {
  const refuse: PlanRefusal = {
    rule: 'masking.not-traced',
    message: 'where the values of the answer come from could not be found out',
    why,
    hint: 'Write it in a simpler form',
    unmask: 'all',
    offset: undefined,
  };
  return { ...OPAQUE_PLAN, refuse };
}
