/**
 * A dictionary tells what it is compared with: what a statement brings together (columns that it compares, groups or
 * shows by keyed masks) and what it gives to columns. In: its lineage, what columns hold. Out: plain data; how many values
 * were given is asked when it is sent (`gateway/given-values.ts`).
 */
import type { ColumnClass } from '../classify/classes.ts';
import {
  BYTES,
  type ColumnRef,
  type ColumnUse,
  ELEMENT,
  ELEMENTS,
  type Flow,
  type Given,
  ownOf,
  type StatementLineage,
} from '../sql/lineage/lineage.ts';
import type { ColumnAction, MaskMode } from './plan.ts';

/** A masked column that meets others of its class. */
export interface Meeting {
  readonly relation: number;
  readonly attnum: number;
  readonly class: ColumnClass;
  /** Which part of a document or composite it is. Missing: all of it. */
  readonly part?: string;
  /** Where its values lie between those that were given may show. Missing: only which of them are equal. */
  readonly ordered?: true;
  /** Which of them are equal does not show. */
  readonly unequal?: true;
  /** The elements of each value, of which there may be as many as one likes. Missing: each value as one. */
  readonly elements?: true;
}

/** What a statement puts into a column. */
export interface Gift {
  readonly to:
    | { readonly relation: number; readonly attnum: number }
    /** A relation that it makes. */
    | { readonly lookup: string; readonly attnum: number };
  /** Values of the text's own at most; `rows`: as many as the command tag says; `many`: as many as one likes. */
  readonly values: number | 'rows' | 'many';
  /** Masked columns that are copied there: what was given to them goes along. `elements`: of each value one for each of these. */
  readonly copies: readonly (ColumnRef & { readonly elements?: true })[];
  /** The command tag says how many rows. */
  readonly isCounted: boolean;
  /** A key is looked at for each value: whether it is there already, or elsewhere, shows. */
  readonly isChecked: boolean;
}

/** Comparisons with values of the text's own. */
export interface Lookups {
  /** Infinity: as many as one likes. */
  readonly count: number;
  /** So many times with the elements of lists. */
  readonly lists: number;
  /** So many times with as many as the text can hold. */
  readonly texts: number;
}

export const NO_LOOKUPS: Lookups = { count: 0, lists: 0, texts: 0 };

export function addLookups(one: Lookups, other: Lookups): Lookups {
  return { count: one.count + other.count, lists: one.lists + other.lists, texts: one.texts + other.texts };
}

/** Of `own`, as lineage counts. */
export function lookupsOf(own: number): Lookups {
  if (own < ELEMENTS) return { count: own, lists: 0, texts: 0 };
  if (own < BYTES) return { count: 0, lists: Math.ceil(own / ELEMENTS), texts: 0 };
  if (Number.isFinite(own)) return { count: 0, lists: 0, texts: Math.ceil(own / BYTES) };
  return { count: own, lists: 0, texts: 0 };
}

export interface GivenKnowledge {
  /** The class of a masked column, or of a part of it. */
  maskedClass(column: ColumnRef): ColumnClass | undefined;
  /** Those of all its parts. */
  maskedClasses(column: ColumnRef): readonly ColumnClass[];
  /** Made through dbgate, and nothing but what clients gave has come into it. */
  holdsOnlyGiven(column: ColumnRef): boolean;
  isTableMadeHere(relation: number): boolean;
  /** Attnums. */
  columnsOf(relation: number): readonly number[];
  isMadeHere(routine: string): boolean;
  /** Of a key: is a value that is put there looked for among others, here or in the table that it refers to? */
  isKey(column: ColumnRef): boolean;
  /** Columns that a foreign key of it refers to. */
  referredBy(column: ColumnRef): readonly ColumnRef[];
  hasTriggers(relation: number): boolean;
}

const COMPARES: ReadonlySet<ColumnUse['use']> = new Set(['join', 'group', 'count', 'order']);
/** By sorting, or by an index that the server reads in its order; a condition that it is not NULL is reason enough. */
const SORTS: ReadonlySet<ColumnUse['use']> = new Set(['join', 'group', 'order', 'null_test']);

/** What finding out a letter costs at least: six of them, told by where they stand in order, are an hour's budget. */
export const ORDER_COST = 35;

/** Lookups for where a value lies between so many others: halving them again and again finds it. */
export function orderCost(values: number): number {
  return values < 1 ? 0 : ORDER_COST * Math.ceil(Math.log2(Math.min(values, MOST_ORDERED) + 1));
}
const MOST_ORDERED = 1_000;

/** What a statement's conditions bring together, with itself or with values of the text's own. */
export function comparedBy(
  lineage: StatementLineage,
  known: GivenKnowledge,
): { readonly meets: readonly Meeting[]; readonly lookups: Lookups } {
  const meets = new Map<string, Meeting>();
  let lookups = NO_LOOKUPS;
  for (const { source, use, own, against } of lineage.uses) {
    if (!COMPARES.has(use) && !SORTS.has(use)) continue;
    meet(meets, source, known, {
      ...(SORTS.has(use) ? { ordered: true } : {}),
      ...(COMPARES.has(use) ? {} : { unequal: true }),
      ...(isElement(source) ? { elements: true } : {}),
    });
    if (known.maskedClass(source) === undefined || known.holdsOnlyGiven(source)) continue;
    if (own !== undefined) lookups = addLookups(lookups, lookupsOf(own));
    if (use !== 'group') continue;
    const isAmongClear = against?.some((other) => known.maskedClass(other) === undefined) === true;
    const among = Math.max(own ?? 0, isAmongClear ? 1 : 0);
    if (among === 0) continue;
    const extra = Math.max(0, orderCost(among) - (own !== undefined && own < ELEMENTS ? own : 0));
    lookups = addLookups(lookups, { ...NO_LOOKUPS, count: extra });
  }
  // By an index of several columns its rows may come in order without a word of it.
  for (const relation of lineage.reads.filter((one) => known.isTableMadeHere(one))) {
    for (const attnum of known.columnsOf(relation)) {
      if (!known.holdsOnlyGiven({ relation, attnum }))
        meet(meets, { relation, attnum }, known, { ordered: true, unequal: true });
    }
  }
  for (const { target, flow } of lineage.gives ?? []) {
    if (target.kind !== 'column') continue;
    const referred = known.referredBy(target);
    if (referred.length === 0 || flow.sources.every((source) => known.maskedClass(source) === undefined)) continue;
    for (const column of [...flow.sources, ...referred]) meet(meets, column, known);
  }
  return { meets: [...meets.values()], lookups };
}

function isElement({ path }: ColumnRef): boolean {
  return path?.includes(ELEMENT) === true;
}

function meet(
  meets: Map<string, Meeting>,
  column: ColumnRef,
  known: GivenKnowledge,
  marks: Pick<Meeting, 'ordered' | 'unequal' | 'elements'> = {},
): void {
  const { relation, attnum, path } = column;
  const part = path === undefined ? {} : { part: JSON.stringify(path) };
  for (const found of known.maskedClasses(column)) {
    const key = `${relation}.${attnum} ${part.part ?? ''} ${found}`;
    const before = meets.get(key);
    const { unequal: _, ...both } = { ...before, ...marks };
    const isUnequal = marks.unequal === true && (before === undefined || before.unequal === true);
    meets.set(key, { ...both, relation, attnum, ...part, class: found, ...(isUnequal ? { unequal: true } : {}) });
  }
}

/** PostgreSQL's own types whose partial masks are made of the value's text or keep a part of it. */
const SHOWN_IN_PART: ReadonlySet<number> = new Set([18, 19, 25, 1042, 1043, 1082, 1114, 1184]);
const ARRAYS_SHOWN_IN_PART: ReadonlySet<number> = new Set([1002, 1003, 1009, 1014, 1015, 1182, 1115, 1185]);
const TEXT = 25;
const KEYED_CLASSES: ReadonlySet<ColumnClass> = new Set(['ip_address', 'device_id']);
/** Whose numbers keep their size, or are not shown. */
const NEVER_KEYED: ReadonlySet<ColumnClass> = new Set([
  'financial',
  'geo',
  'secret',
  'password_hash',
  'health',
  'demographic',
  'free_text',
]);

/** Does the mask show the same for the same value, and another for any other? */
function isKeyed(columnClass: ColumnClass, mode: MaskMode, type: number | undefined): boolean {
  if (mode === 'token') return true;
  if (mode !== 'partial' || NEVER_KEYED.has(columnClass)) return false;
  return KEYED_CLASSES.has(columnClass) || type === undefined || !SHOWN_IN_PART.has(type);
}

/** Of a document: its numbers are counted with it, as one value. */
function isKeyedWithin(action: ColumnAction): boolean {
  switch (action.do) {
    case 'json':
      return [...action.keys.values(), action.otherwise].some(isKeyedWithin);
    case 'array':
      return isKeyedWithin(action.element);
    case 'row':
      return action.fields.some(isKeyedWithin);
    case 'mask':
      return isKeyed(action.class, action.mode, TEXT);
    default:
      return false;
  }
}

/** What an output column shows by keyed masks: who compares them by themselves needs no join. */
export function shownBy(
  flow: Flow,
  action: ColumnAction,
  type: number | undefined,
  known: GivenKnowledge,
): { readonly meets: readonly Meeting[]; readonly lookups: Lookups } {
  const meets = new Map<string, Meeting>();
  let lookups = NO_LOOKUPS;
  const visit = (part: Flow, does: ColumnAction, of: number | undefined, areMany = false): void => {
    if (does.do === 'pass' || does.do === 'redact' || does.do === 'scan') return;
    if (does.do === 'mask' && (does.given === true || !isKeyed(does.class, does.mode, of))) return;
    if (does.do === 'json' && !isKeyedWithin(does)) return;
    const { shape } = part;
    if (shape.kind === 'array' && does.do === 'array') {
      visit(shape.element, does.element, undefined);
      return;
    }
    if (shape.kind === 'row' && does.do === 'row') {
      shape.fields.forEach((field, i) => {
        visit(field.flow, does.fields[i] ?? does, undefined);
      });
      return;
    }
    if (does.do === 'array') {
      visit(part, does.element, of !== undefined && ARRAYS_SHOWN_IN_PART.has(of) ? TEXT : undefined, true);
      return;
    }
    const elements = areMany || (does.do === 'json' && isKeyedWithin(does));
    for (const source of part.sources)
      meet(meets, source, known, elements || isElement(source) ? { elements: true } : {});
    if (part.sources.length > 0) lookups = addLookups(lookups, lookupsOf(ownOf(part)));
  };
  visit(flow, action, type);
  return { meets: [...meets.values()], lookups };
}

/** What a statement puts where. */
export function giftsOf(lineage: StatementLineage, known: GivenKnowledge): readonly Gift[] {
  const gifts: Gift[] = [];
  for (const given of lineage.gives ?? []) {
    const { target } = given;
    if (target.kind === 'new') {
      gifts.push({
        ...valuesOf(given, false, known),
        to: { lookup: target.lookup, attnum: target.ordinal },
        isChecked: false,
      });
      continue;
    }
    const { relation, attnum } = target;
    const isOwn = known.isTableMadeHere(relation);
    // Others' columns stay what they are.
    if (!isOwn && known.maskedClass(target) === undefined) continue;
    // What its own defaults hold, whoever made it has put there.
    if (given.byDefault === true && !isOwn) continue;
    const gift = valuesOf(given, isOwn && known.hasTriggers(relation), known);
    const isAmongOwn =
      known.holdsOnlyGiven(target) && known.referredBy(target).every((one) => known.holdsOnlyGiven(one));
    const isChecked = known.isKey(target) && known.maskedClass(target) !== undefined && !isAmongOwn;
    if (gift.values !== 0 || gift.copies.length > 0) gifts.push({ ...gift, to: { relation, attnum }, isChecked });
  }
  for (const relation of lineage.fires ?? []) {
    const values = relation === 0 || known.isTableMadeHere(relation) ? 'many' : 'rows';
    gifts.push({ to: { relation, attnum: 0 }, values, copies: [], isCounted: false, isChecked: false });
  }
  return gifts;
}

function valuesOf(
  { flow, isTop, within }: Given,
  isChanged: boolean,
  known: GivenKnowledge,
): Pick<Gift, 'values' | 'copies' | 'isCounted'> {
  const masked = flow.sources.filter((source) => known.maskedClass(source) !== undefined);
  const copies = masked.map((source) => ({
    ...{ relation: source.relation, attnum: source.attnum },
    ...(isElement(source) ? { elements: true as const } : {}),
  }));
  const isCopy = flow.sources.length > 0 && masked.length === flow.sources.length && flow.unknown.length === 0;
  const own = isChanged || (!isCopy && flow.sources.length + flow.unknown.length > 0) ? BYTES : ownOf(flow);
  // The rows of an answer, where a routine was there before; one of the client's own may do it in a loop.
  const isCounted = isTop || (within.length > 0 && within.every((routine) => !known.isMadeHere(routine)));
  return { values: own < ELEMENTS ? own : isCounted ? 'rows' : 'many', copies, isCounted };
}
