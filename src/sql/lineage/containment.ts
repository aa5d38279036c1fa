/**
 * Whether arrays and documents have given values among theirs: `@>`, `<@`, `&&`, `?`, `?|`, `?&`. Of a column itself that
 * asks what equality asks, of its elements or of its parts; of all else these are conditions like any other.
 */
import { as, castConstantOf, child, strings, type Tree, text } from '../tree.ts';
import { elementsOf } from './elements.ts';
import { combine, isEmpty, isPlain, jsonKeyOf, LITERAL, type Value } from './flows.ts';
import type { Flow } from './lineage.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { baseType, elementType, JSONB } from './types.ts';

const OPERATORS: ReadonlySet<string> = new Set(['@>', '<@', '&&', '?', '?|', '?&']);

export type Pairs = readonly (readonly [Value, Value])[];

/** What is compared with what; undefined: it is another operator, or neither side stands in the text. */
export function containmentOf(t: Tracer, node: Tree, scope: Scope): Pairs | undefined {
  const name = strings(node, 'name');
  const operator = name.at(-1) ?? '';
  const [left, right] = [child(node, 'lexpr'), child(node, 'rexpr')];
  if (text(node, 'kind') !== 'AEXPR_OP' || !OPERATORS.has(operator)) return undefined;
  if (left === undefined || right === undefined || !(isGiven(left) || isGiven(right))) return undefined;
  const values = [t.value(left, scope), t.value(right, scope)] as const;
  const pairs = isPlain(values[0].flow)
    ? asked(t, operator, values[0], values[1], right)
    : asked(t, mirrored(operator), values[1], values[0], left);
  const computed = values.map((value) => (isEmpty(value.flow) ? value : { ...value, flow: combine([value.flow]) }));
  return pairs ?? [[computed[0]!, computed[1]!]];
}

function isGiven(wrapped: Tree): boolean {
  const cast = as(wrapped, 'TypeCast');
  if (cast !== undefined) return isGiven(child(cast, 'arg') ?? {});
  return ['A_Const', 'ParamRef', 'A_ArrayExpr'].some((type) => as(wrapped, type) !== undefined);
}

function mirrored(operator: string): string {
  if (operator === '@>') return '<@';
  return operator === '<@' ? '@>' : operator === '&&' ? operator : '';
}

/** What is compared for equality with what; undefined: it is no such question. */
function asked(t: Tracer, operator: string, column: Value, given: Value, node: Tree): Pairs | undefined {
  if (!isPlain(column.flow) || !isEmpty(given.flow)) return undefined;
  const type = baseType(t.catalog, column.type);
  if (type === JSONB) {
    if (operator === '?') return [[column, given]];
    if (operator === '?|' || operator === '?&') return [[column, elementsOf(t, given)]];
    // The other way round it is one of as many as there are in a list.
    return operator === '@>' ? partsOf(t, column, given, node) : undefined;
  }
  if (operator.startsWith('?') || elementType(t.catalog, type) === undefined) return undefined;
  return operator === '' ? undefined : [[column, elementsOf(t, given)]];
}

/** Of a document in the text each part is compared where it stands; of a parameter, the whole. */
function partsOf(t: Tracer, column: Value, given: Value, node: Tree): Pairs {
  const constant = castConstantOf(node);
  if (constant?.kind !== 'string') return [[column, given]];
  t.readsLiterals = true;
  const parts = flowsOf(column.flow, documentOf(constant.value), 0);
  return parts.map((flow) => [
    { ...column, flow },
    { ...given, flow: LITERAL },
  ]);
}

function documentOf(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

const MOST_DEPTH = 8;

/** What stands in an array may be any of the array's elements. */
function flowsOf(flow: Flow, part: unknown, depth: number): readonly Flow[] {
  if (typeof part !== 'object' || part === null || Array.isArray(part) || depth > MOST_DEPTH) return [flow];
  const fields = Object.entries(part);
  return fields.length === 0
    ? [flow]
    : fields.flatMap(([key, inner]) => flowsOf(jsonKeyOf(flow, key), inner, depth + 1));
}
