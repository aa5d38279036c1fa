/** json: constructors whose keys are constants, and what is picked out of a value by constants. */
import { as, type Constant, castConstantOf, child, flag, list, strings, type Tree } from '../tree.ts';
import { isNullAsStored } from './failures.ts';
import {
  arrayOf,
  combine,
  elementOf,
  isEmpty,
  jsonKeyOf,
  jsonOf,
  jsonText,
  keepingBlank,
  rowOf,
  type Value,
  valueFrom,
} from './flows.ts';
import { ELEMENT, type Flow } from './lineage.ts';
import type { Argument, Tracer } from './tracer.ts';
import { elementType, isJsonType, JSON_TYPE, JSONB, TEXT_TYPE } from './types.ts';

/** The json of a value, as to_json makes it. */
export function toJson(t: Tracer, value: Value): Flow {
  if (isJsonType(value.type)) return value.flow;
  if (value.flow.shape.kind === 'copy' && elementType(t.catalog, value.type) !== undefined) {
    return jsonOf(arrayOf(elementOf(value.flow)));
  }
  return jsonOf(value.flow);
}

/** A constant key or path; undefined: not a constant. */
export function constantKeys(wrapped: Tree | undefined): readonly string[] | undefined {
  const array = as(wrapped, 'A_ArrayExpr');
  if (array !== undefined) {
    const keys = list(array, 'elements').map((one) => textOf(castConstantOf(one)));
    return keys.every((key) => key !== undefined) ? keys : undefined;
  }
  const key = textOf(castConstantOf(wrapped));
  return key === undefined ? undefined : [key];
}

function textOf(constant: Constant | undefined): string | undefined {
  if (constant?.kind === 'string') return constant.value;
  return constant?.kind === 'integer' ? String(constant.value) : undefined;
}

/** `{a,b}` as `#>` reads it; undefined where it needs more of the array syntax. */
function pathOf(wrapped: Tree | undefined): readonly string[] | undefined {
  const keys = constantKeys(wrapped);
  if (keys === undefined || as(wrapped, 'A_ArrayExpr') !== undefined) return keys;
  const inner = /^\{(.*)\}$/s.exec(keys[0] ?? '')?.[1];
  if (inner === undefined || /["\\{}]/.test(inner)) return undefined;
  if (inner.trim() === '') return [];
  const parts = inner.split(',').map((part) => part.trim());
  return parts.some((part) => part === '' || /^null$/i.test(part)) ? undefined : parts;
}

/** `->`, `->>`, `#>`, `#>>`; undefined: not on a json value. */
export function jsonOperator(
  t: Tracer,
  operator: string,
  left: Value,
  right: Value,
  key: Tree | undefined,
): Value | undefined {
  if (!['->', '->>', '#>', '#>>'].includes(operator)) return undefined;
  if (left.type !== undefined && !isJsonType(left.type)) return undefined;
  const isText = operator.endsWith('>>');
  const type = isText ? TEXT_TYPE : left.type;
  if (isEmpty(left.flow) && isEmpty(right.flow)) return valueFrom(left.flow, type);
  const constant = castConstantOf(key);
  let flow: Flow;
  if (operator.startsWith('->') && constant?.kind === 'integer') flow = elementOf(left.flow);
  else {
    const keys = operator.startsWith('#') ? pathOf(key) : constantKeys(key);
    if (keys === undefined) return valueFrom(combine([left.flow, right.flow]), type);
    t.readsLiterals = true;
    flow = keys.reduce(jsonKeyOf, left.flow);
  }
  return valueFrom(isText ? textOfJson(t, flow) : flow, type);
}

/** A json string as text is what it was made of; dates and numbers are written anew. */
export function textOfJson(t: Tracer, flow: Flow): Flow {
  const picked = jsonText(flow);
  if (picked === flow || picked.shape.kind !== 'copy') return picked;
  const written = picked.sources.some((ref) => {
    const type = t.catalog.relationByOid(ref.relation)?.columns.find((one) => one.attnum === ref.attnum)?.type;
    return ref.path === undefined && type !== undefined && t.catalog.typeByOid(type)?.category !== 'S';
  });
  return written ? keepingBlank({ ...picked, shape: { kind: 'text' } }, [picked]) : picked;
}

/** json_extract_path and its kin. */
export function extractPath(t: Tracer, args: readonly Argument[], isText: boolean, type: number): Value {
  const [document, ...rest] = args;
  if (document === undefined) return valueFrom(combine([]), type);
  const keys = rest.map((argument) => constantKeys(argument.node));
  if (keys.some((key) => key?.length !== 1)) return valueFrom(combine(args.map(({ value }) => value.flow)), type);
  t.readsLiterals = true;
  const flow = keys.flatMap((key) => key ?? []).reduce(jsonKeyOf, document.value.flow);
  return valueFrom(isText ? textOfJson(t, flow) : flow, type);
}

/** Steps of a path that is nothing but keys and elements; undefined: it filters or computes. */
export function simplePath(wrapped: Tree | undefined): readonly string[] | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind !== 'string') return undefined;
  const body = /^\s*(?:lax\s+|strict\s+)?\$(.*)$/s.exec(constant.value)?.[1];
  if (body === undefined) return undefined;
  const steps: string[] = [];
  const step = /\s*(?:\.\s*([A-Za-z_]\w*)(?!\s*\()|\.\s*"([^"\\]*)"|(\[\s*(?:\*|\d+)\s*\]))\s*/y;
  while (step.lastIndex < body.length) {
    const found = step.exec(body);
    if (found === null) return undefined;
    steps.push(found[1] ?? found[2] ?? '[]');
  }
  return steps;
}

/** `isMany`: all that it finds, not the first or the only one. */
export function alongPath(t: Tracer, flow: Flow, path: Tree | undefined, isMany = false): Flow {
  if (isEmpty(flow)) return flow;
  const steps = simplePath(path);
  if (steps === undefined) return combine([flow]);
  t.readsLiterals = true;
  const found = steps.reduce((at, step) => (step === ELEMENT ? elementOf(at) : jsonKeyOf(at, step)), flow);
  // Keys go through arrays that the path does not name, unless it is strict.
  const { kind } = found.shape.kind === 'json' ? found.shape.value.shape : found.shape;
  return isMany && kind === 'copy' && steps.length > 0 && steps.at(-1) !== ELEMENT ? elementOf(found) : found;
}

/** json_build_object('a', x, …): by key where all keys are constants. */
export function buildObject(t: Tracer, args: readonly Argument[]): Flow {
  const fields: { name: string; flow: Flow }[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const key = constantKeys(args[i]?.node);
    const value = args[i + 1]?.value;
    if (key?.length !== 1 || value === undefined) {
      const all = combine(args.map((one) => one.value.flow));
      // Values among the keys are no part that could be masked by itself.
      return args.some((one, at) => at % 2 === 0 && !isEmpty(one.value.flow)) ? all : jsonOf(all);
    }
    fields.push({ name: key[0] ?? '', flow: toJson(t, value) });
  }
  t.readsLiterals = true;
  return jsonOf(rowOf(fields));
}

/** JSON_OBJECT, JSON_ARRAY, JSON_VALUE and the other constructs with a grammar of their own; undefined: none of them. */
export function jsonConstruct(
  t: Tracer,
  type: string,
  node: Tree,
  value: (wrapped: Tree | undefined) => Value,
): Value | undefined {
  const raw = (slot: Tree | undefined): Tree | undefined =>
    child(as(slot, 'JsonValueExpr') ?? slot ?? {}, 'raw_expr') ?? slot;
  const output = (): number => {
    const name = strings(child(child(node, 'output') ?? {}, 'typeName') ?? {}, 'names').at(-1);
    if (name === undefined) return type === 'JsonSerializeExpr' ? TEXT_TYPE : JSON_TYPE;
    return name === 'jsonb' ? JSONB : name === 'json' ? JSON_TYPE : TEXT_TYPE;
  };
  switch (type) {
    case 'JsonObjectConstructor': {
      const args = list(node, 'exprs').flatMap((one): Argument[] => {
        const pair = as(one, 'JsonKeyValue') ?? {};
        const [key, held] = [child(pair, 'key'), raw(child(pair, 'value'))];
        return [key, held].map((part) => ({ node: part, value: value(part), name: undefined }));
      });
      args.forEach((one, i) => {
        const { flow } = one.value;
        if (i % 2 === 0 && (flag(node, 'unique') || !isNullAsStored(flow)))
          t.use(flow, 'fallible', 'JSON_OBJECT', node);
      });
      const values = args.filter((_, i) => i % 2 === 1).map((one) => one.value);
      return valueFrom(withoutNulls(buildObject(t, args), values, node), output());
    }
    case 'JsonArrayConstructor': {
      const values = list(node, 'exprs').map((one) => value(raw(one)));
      return valueFrom(withoutNulls(jsonOf(arrayFrom(t, values)), values, node), output());
    }
    case 'JsonScalarExpr':
      return valueFrom(toJson(t, value(child(node, 'expr'))), JSON_TYPE);
    case 'JsonParseExpr':
    case 'JsonSerializeExpr': {
      const parsed = value(raw(child(node, 'expr')));
      if (isJsonType(parsed.type) && type === 'JsonParseExpr') return parsed;
      if (type === 'JsonParseExpr') t.use(parsed.flow, 'fallible', 'JSON', node);
      return valueFrom(keepingBlank(combine([parsed.flow], { kind: 'text' }), [parsed.flow]), output());
    }
    case 'JsonIsPredicate':
      return valueFrom(combine([value(raw(child(node, 'expr'))).flow]));
    default:
      return undefined;
  }
}

/** ABSENT ON NULL: which parts there are tells which are NULL. */
export function withoutNulls(document: Flow, values: readonly Value[], node: Tree): Flow {
  const isTold = flag(node, 'absent_on_null') && !values.every(({ flow }) => isNullAsStored(flow));
  return isTold ? combine([document]) : document;
}

export function arrayFrom(t: Tracer, values: readonly Value[]): Flow {
  return arrayOf(values.length === 0 ? combine([]) : oneOfJson(t, values));
}

function oneOfJson(t: Tracer, values: readonly Value[]): Flow {
  const flows = values.map((value) => toJson(t, value));
  const [first] = flows;
  // Elements of different makes are told apart by nobody: the parts are what each may be.
  const alike = first !== undefined && flows.every((flow) => flow.shape.kind === first.shape.kind);
  if (!alike || flows.length === 0) return combine(flows);
  return flows.length === 1 ? first : mergedJson(flows);
}

function mergedJson(flows: readonly Flow[]): Flow {
  const inner = flows.map((flow) => (flow.shape.kind === 'json' ? flow.shape.value : flow));
  const copies = inner.every((flow) => flow.shape.kind === 'copy');
  return jsonOf(combine(inner, copies ? { kind: 'copy' } : { kind: 'derived' }));
}
