/** Flows and how they combine: what an expression's value is made of, given what its parts are made of. */
import {
  BYTES,
  type ColumnRef,
  ELEMENT,
  ELEMENTS,
  type Flow,
  growthOf,
  isBlankAsStored,
  ownOf,
  type Shape,
} from './lineage.ts';

/** What an expression gives. */
export interface Value {
  readonly flow: Flow;
  /** OID; undefined where it is not known for sure. */
  readonly type: number | undefined;
  /** What RowDescription says of it as a column of its own. */
  readonly origin: Origin | undefined;
  /** Made of the text's constants and parameters only; `list`: one of several of them. */
  readonly given: 'constant' | 'list' | undefined;
  /** Without data of columns, and not the same for every row: it may be a label for one. */
  readonly isLabel?: boolean;
  /** The empty text, as a constant. */
  readonly isBlank?: boolean;
  /**
   * The value that this one is but for case, blanks around it or its spelling: who may ask whether that one is a given
   * value learns no more by asking it of this one.
   */
  readonly folds?: Flow;
  /** Only blanks around it were taken away: it is empty where there is nothing else. */
  readonly isTrimmed?: boolean;
  /** `folds` differs by nothing but case, blanks around it and its type: groups of it are those of the columns. */
  readonly isCased?: boolean;
  /** What an equality with a given value asks for, though it is no column's own value: see `asked-values.ts`. */
  readonly asked?: Asked;
  /** Whose row it is in. Missing: nobody knows. */
  readonly row?: Row | undefined;
  /** It is what this function prints of a definition, all of it, as long as the flow is this very one. */
  readonly printed?: { readonly by: string; readonly flow: Flow };
  /** Of a FROM item's whole row: its columns, which keep their origin. */
  readonly fields?: readonly NamedValue[];
}
export interface Asked {
  readonly flow: Flow;
  /** Its digits alone, which are all that there is in a number and next to nothing of a name. */
  readonly digits?: true;
  /** Several columns, one behind another, of one row. */
  readonly joins?: true;
  readonly row?: Row | undefined;
}

/** A FROM item of a base relation: its values beside one another are of one row. */
export interface Row {
  readonly relation: number;
}
export interface Origin {
  readonly relation: number;
  readonly attnum: number;
}

/** A column of a query, a FROM item or a result. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

export const COPY: Shape = { kind: 'copy' };
export const TEXT: Shape = { kind: 'text' };
export const DERIVED: Shape = { kind: 'derived' };

/** Of a constant, a count, a NULL. */
export const NO_DATA: Flow = { sources: [], unknown: [], shape: COPY };

/** A literal or parameter: one value. */
export const LITERAL: Flow = { ...NO_DATA, own: 1 };
export const NULL_LITERAL: Flow = { ...NO_DATA, own: 0 };
/** A container of more parts than this, or deeper, counts as computed. */
const MAX_PARTS = 4000;
const MAX_SHAPE_DEPTH = 24;
/** Documents that have more keys between them count as computed. */
const MAX_KEYS = 1000;

export function valueFrom(flow: Flow, type?: number): Value {
  return { flow, type, origin: undefined, given: undefined };
}

export function unknownFlow(why: string, sources: readonly ColumnRef[] = []): Flow {
  return { sources, unknown: [why], shape: DERIVED };
}

export function refKey(ref: ColumnRef): string {
  return ref.path === undefined
    ? `${ref.relation}.${ref.attnum}`
    : `${ref.relation}.${ref.attnum}\0${ref.path.join('\0')}`;
}

function unionOf<T>(lists: readonly (readonly T[])[], key: (item: T) => string): readonly T[] {
  const filled = lists.filter((list) => list.length > 0);
  const [first] = filled;
  if (first === undefined) return [];
  if (filled.every((list) => list === first)) return first;
  const found = new Map<string, T>();
  for (const list of filled) {
    for (const item of list) {
      const name = key(item);
      if (!found.has(name)) found.set(name, item);
    }
  }
  return found.size === first.length ? first : [...found.values()];
}

export function unionOfSources(flows: readonly Flow[]): readonly ColumnRef[] {
  const filled = flows.map((flow) => flow.sources).filter((sources) => sources.length > 0);
  const [some, more, ...others] = filled;
  if (some !== undefined && more !== undefined && others.length === 0) return unionOfColumns(some, more);
  return unionOf(filled, refKey);
}

const FEW = 4;

/** Of two: a chain of operators adds one column to many, again and again. */
export function unionOfColumns(some: readonly ColumnRef[], more: readonly ColumnRef[]): readonly ColumnRef[] {
  if (more.length <= FEW) {
    const added = more.filter((ref) => !some.some((known) => isSame(known, ref)));
    return added.length === 0 ? some : [...some, ...added];
  }
  if (some.length <= more.length && some.every((ref, i) => ref === more[i])) return more;
  return unionOf([some, more], refKey);
}

function isSame(one: ColumnRef, other: ColumnRef): boolean {
  if (one === other) return true;
  if (one.relation !== other.relation || one.attnum !== other.attnum) return false;
  return (one.path === undefined && other.path === undefined) || refKey(one) === refKey(other);
}

function unionOfUnknown(flows: readonly Flow[]): readonly string[] {
  return unionOf(
    flows.map((flow) => flow.unknown),
    (why) => why,
  );
}

/** Computed from all of them. */
export function combine(flows: readonly Flow[], shape: Shape = DERIVED): Flow {
  const picked = flows.some((flow) => flow.picked === true);
  const growth = flows.reduce((sum, flow) => sum + growthOf(flow), 0);
  return {
    sources: unionOfSources(flows),
    unknown: unionOfUnknown(flows),
    shape,
    ...(picked ? { picked } : {}),
    ...(growth > 1 ? { growth } : {}),
  };
}

/** As long as that at most. */
export function grownTo(flow: Flow, growth: number): Flow {
  if (growthOf(flow) === growth || (growth <= 1 && flow.growth === undefined)) return flow;
  const { growth: _, ...rest } = flow;
  return growth <= 1 ? rest : { ...rest, growth };
}

/** Text in which the text of each may stand. */
export function asText(flows: readonly Flow[]): Flow {
  return combine(
    flows,
    flows.some((flow) => flow.shape.kind === 'derived' && flow.sources.length > 0) ? DERIVED : TEXT,
  );
}

/** NULL, or empty, only where what it is made of is. */
export function keepingBlank(flow: Flow, of: readonly Flow[]): Flow {
  const { kind } = flow.shape;
  if (flow.keepsBlank === true || (kind !== 'text' && kind !== 'derived')) return flow;
  return of.every(isBlankAsStored) ? { ...flow, keepsBlank: true } : flow;
}

export function isEmpty(flow: Flow): boolean {
  return flow.sources.length === 0 && flow.unknown.length === 0;
}

/** The value of one of them. */
export function oneOf(flows: readonly Flow[], merge = mergeShapes): Flow {
  const filled = flows.filter((flow) => !isEmpty(flow) || flow.shape.kind !== 'copy');
  const [first] = filled;
  const own = flows.reduce((sum, flow) => sum + ownOf(flow), 0);
  if (first === undefined) return withOwn(NO_DATA, own);
  if (filled.every((flow) => flow === first)) return withOwn(first, own);
  const longest = Math.max(...filled.map((flow) => growthOf(flow)));
  return withOwn(
    grownTo(
      combine(
        filled,
        filled.map((flow) => flow.shape).reduce((one, other) => merge(one, other)),
      ),
      longest,
    ),
    own,
  );
}

/** A part of a container of which some are the text's own. */
export function withOwnOf(part: Flow, container: Flow): Flow {
  const own = isEmpty(container) ? 0 : ownOf(container);
  return own === 0 || isEmpty(part) ? part : { ...part, own: ownOf(part) + Math.max(own, ELEMENTS) };
}

function withOwn(flow: Flow, own: number): Flow {
  return ownOf(flow) === own ? flow : { ...flow, own };
}

function mergeShapes(left: Shape, right: Shape): Shape {
  if (left.kind === 'array' && right.kind === 'array') {
    return { kind: 'array', element: oneOf([left.element, right.element]) };
  }
  if (left.kind === 'json' && right.kind === 'json') {
    return { kind: 'json', value: oneOf([left.value, right.value], mergeParts) };
  }
  if (left.kind === 'row' && right.kind === 'row') {
    const same =
      left.fields.length === right.fields.length &&
      left.fields.every((field, i) => field.name === right.fields[i]?.name);
    if (!same) return DERIVED;
    return {
      kind: 'row',
      fields: left.fields.map((field, i) => ({
        name: field.name,
        flow: oneOf([field.flow, right.fields[i]?.flow ?? NO_DATA]),
      })),
    };
  }
  if (left.kind === right.kind) return left.kind === 'text' ? TEXT : left;
  const kinds = new Set([left.kind, right.kind]);
  return kinds.has('copy') && kinds.has('text') ? TEXT : DERIVED;
}

/** Of documents: an object has each key from whichever of them has it, whatever else they have. */
function mergeParts(left: Shape, right: Shape): Shape {
  if (left.kind === 'array' && right.kind === 'array') {
    return { kind: 'array', element: oneOf([left.element, right.element], mergeParts) };
  }
  if (left.kind !== 'row' || right.kind !== 'row') return mergeShapes(left, right);
  const fields = new Map(left.fields.map(({ name, flow }) => [name, flow]));
  const others = new Map(right.fields.map(({ name, flow }) => [name, flow]));
  // Of two keys of one name nobody can say which it is.
  if (fields.size < left.fields.length || others.size < right.fields.length) return mergeShapes(left, right);
  for (const [name, flow] of others) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? flow : oneOf([before, flow], mergeParts));
  }
  if (fields.size > MAX_KEYS) return DERIVED;
  return { kind: 'row', fields: [...fields].map(([name, flow]) => ({ name, flow })) };
}

interface Size {
  parts: number;
}

function fits(flow: Flow, size: Size, depth: number): boolean {
  if (++size.parts > MAX_PARTS || depth > MAX_SHAPE_DEPTH) return false;
  const { shape } = flow;
  switch (shape.kind) {
    case 'array':
      return fits(shape.element, size, depth + 1);
    case 'json':
      return fits(shape.value, size, depth + 1);
    case 'row':
      return shape.fields.every((field) => fits(field.flow, size, depth + 1));
    default:
      return true;
  }
}

function container(shape: Shape, parts: readonly Flow[]): Flow {
  const flow = combine(parts, shape);
  return fits(flow, { parts: 0 }, 0) ? flow : { ...flow, shape: DERIVED };
}

export function arrayOf(of: Flow): Flow {
  // Arrays are sorted, and what is in them is picked.
  const element = withoutDocument(of);
  return container({ kind: 'array', element }, [element]);
}

export function rowOf(fields: readonly { readonly name: string; readonly flow: Flow }[]): Flow {
  return container(
    { kind: 'row', fields },
    fields.map((field) => field.flow),
  );
}

/** A row whose keys repeat is no object that can be told apart by its keys. */
export function jsonOf(given: Flow): Flow {
  if (given.shape.kind === 'json') return given;
  const value = unboxed(given);
  const inner = value.shape;
  if (inner.kind === 'row' && new Set(inner.fields.map(({ name }) => name)).size < inner.fields.length) {
    return container({ kind: 'json', value: combine([value]) }, [value]);
  }
  return container({ kind: 'json', value }, [value]);
}

/** A path that grows past this says no more than its beginning. */
const MAX_PATH = 12;

/** Without the marks of json within json: a document's parts are parts of one document. */
function unboxed(flow: Flow): Flow {
  const { shape } = flow;
  switch (shape.kind) {
    case 'json':
      return unboxed(shape.value);
    case 'array':
      return { ...flow, shape: { kind: 'array', element: unboxed(shape.element) } };
    case 'row':
      return {
        ...flow,
        shape: { kind: 'row', fields: shape.fields.map((field) => ({ name: field.name, flow: unboxed(field.flow) })) },
      };
    default:
      return flow;
  }
}

function deeper(flow: Flow, step: string): Flow {
  if (flow.sources.some((ref) => (ref.path?.length ?? 0) >= MAX_PATH)) return combine([flow]);
  return {
    sources: flow.sources.map((ref) => ({ ...ref, path: [...(ref.path ?? []), step] })),
    unknown: flow.unknown,
    shape: COPY,
    ...(flow.picked === true ? { picked: true as const } : {}),
    ...(flow.own === undefined || flow.own === 0 ? {} : { own: isEmpty(flow) ? Math.max(flow.own, ELEMENTS) : BYTES }),
  };
}

export function elementOf(flow: Flow): Flow {
  const { shape } = flow;
  if (shape.kind === 'array') return withOwnOf(shape.element, flow);
  if (shape.kind === 'json') {
    // Of an object there is none.
    return shape.value.shape.kind === 'row' ? combine([flow]) : jsonOf(elementOf(shape.value));
  }
  if (shape.kind === 'copy') return deeper(flow, ELEMENT);
  return combine([flow]);
}

/** A field of a composite. */
export function fieldOf(flow: Flow, name: string): Flow {
  const { shape } = flow;
  if (shape.kind === 'row') {
    const found = shape.fields.filter((field) => field.name === name);
    return found.length === 1 && found[0] !== undefined ? withOwnOf(found[0].flow, flow) : combine([flow]);
  }
  return shape.kind === 'copy' ? deeper(flow, name) : combine([flow]);
}

/** What stands under a constant key of a json value; a number may be an element's or an object's. */
export function jsonKeyOf(flow: Flow, key: string): Flow {
  const { shape } = flow;
  if (shape.kind === 'json') {
    const inner = shape.value.shape.kind;
    if (inner === 'row' || inner === 'copy') return jsonOf(fieldOf(shape.value, key));
    return combine([flow]);
  }
  if (shape.kind !== 'copy' || /^-?\d+$/.test(key)) return combine([flow]);
  return deeper(flow, key);
}

/** Of a document as text: computed from its parts, and no more. */
export function withoutDocument(flow: Flow): Flow {
  return flow.shape.kind === 'text' && flow.shape.document !== undefined ? { ...flow, shape: TEXT } : flow;
}

/** The json value as text, as `->>` gives it. */
export function jsonText(flow: Flow): Flow {
  const { shape } = flow;
  if (shape.kind !== 'json') return flow;
  const inner = shape.value.shape.kind;
  return inner === 'copy' || inner === 'text' ? shape.value : asText([shape.value]);
}

/** The value of one column or of one of several, unchanged. */
export function isPlain(flow: Flow): boolean {
  return flow.shape.kind === 'copy' && flow.sources.length > 0 && flow.unknown.length === 0;
}
