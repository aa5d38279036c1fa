/** SQL’s own functions on documents: XML’s and those of SQL/JSON. */
import { as, child, flag, list, type Tree, text } from '../tree.ts';
import { traceWindow } from './calls.ts';
import { isNullAsStored, mayFail } from './failures.ts';
import { arrayOf, asText, combine, isEmpty, jsonOf, oneOf, type Value, valueFrom } from './flows.ts';
import { alongPath, toJson, withoutNulls } from './json-flows.ts';
import { orderUse } from './ordering.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { BOOL, isJsonType, isTextType, JSON_TYPE, JSONB, resolveType, TEXT_TYPE, XML } from './types.ts';

export function traceXml(t: Tracer, node: Tree, scope: Scope): Value {
  const operation = text(node, 'op') ?? '';
  const parts = [
    ...list(node, 'args'),
    ...list(node, 'named_args').map((one) => child(as(one, 'ResTarget') ?? {}, 'val')),
  ].map((one) => t.value(one, scope).flow);
  if (operation === 'IS_DOCUMENT') return valueFrom(combine(parts), BOOL);
  if (operation === 'IS_XMLPARSE' || operation === 'IS_XMLPI') {
    for (const flow of parts) t.use(flow, 'fallible', 'XML', node);
  }
  return valueFrom(asText(parts), XML);
}

export function traceJsonFunction(t: Tracer, node: Tree, scope: Scope): Value {
  const context = as(child(node, 'context_item'), 'JsonValueExpr') ?? child(node, 'context_item') ?? {};
  const document = t.value(child(context, 'raw_expr'), scope);
  const passed = list(node, 'passing').map((one) =>
    t.value(child(child(as(one, 'JsonArgument') ?? {}, 'val') ?? {}, 'raw_expr'), scope),
  );
  const path = child(node, 'pathspec');
  t.use(t.value(path, scope).flow, 'predicate', (text(node, 'op') ?? '').replace(/_OP$/, ''), node);
  const fallbacks = ['on_empty', 'on_error'].flatMap((slot) => {
    const expression = child(child(node, slot) ?? {}, 'expr');
    return expression === undefined ? [] : [t.value(expression, scope).flow];
  });
  const operation = text(node, 'op') ?? '';
  const defaults = ['on_empty', 'on_error'].map((slot) => child(child(node, slot) ?? {}, 'expr'));
  if (defaults.some((one) => one !== undefined && mayFail(t, one, scope))) {
    for (const { flow } of [document, ...passed]) t.use(flow, 'predicate', operation.replace(/_OP$/, ''), node);
  }
  const raises = ['on_empty', 'on_error'].some(
    (slot) => text(child(node, slot) ?? {}, 'btype') === 'JSON_BEHAVIOR_ERROR',
  );
  if (raises) t.use(document.flow, 'fallible', operation.replace(/_OP$/, ''), node);
  const isDocument = isJsonType(document.type) || document.flow.shape.kind === 'json';
  const found =
    isDocument && passed.every(({ flow }) => isEmpty(flow))
      ? alongPath(t, document.flow, path)
      : combine([document.flow, ...passed.map(({ flow }) => flow)]);
  if (operation === 'JSON_EXISTS_OP')
    return valueFrom(combine([document.flow, ...passed.map(({ flow }) => flow)]), BOOL);
  const type = resolveType(t.world, child(child(node, 'output') ?? {}, 'typeName')).oid;
  if (operation === 'JSON_VALUE_OP') {
    const isText = type === undefined || isTextType(type);
    const value = found.shape.kind === 'json' ? found.shape.value : found;
    return valueFrom(oneOf([isText ? value : combine([value]), ...fallbacks]), type ?? TEXT_TYPE);
  }
  return valueFrom(oneOf([found, ...fallbacks]), type ?? JSONB);
}

export function traceJsonAggregate(t: Tracer, type: string, node: Tree, scope: Scope): Value {
  const made = child(node, 'constructor') ?? {};
  t.condition(child(made, 'agg_filter'), scope);
  for (const wrapped of list(made, 'agg_order')) {
    const sorted = child(as(wrapped, 'SortBy') ?? {}, 'node');
    orderUse(t, sorted, t.value(sorted, scope), node, false);
  }
  const over = child(made, 'over');
  if (over !== undefined) traceWindow(t, over, scope);
  const argument = child(node, 'arg') ?? {};
  if (type === 'JsonArrayAgg') {
    const element = t.value(child(argument, 'raw_expr'), scope);
    return valueFrom(withoutNulls(jsonOf(arrayOf(toJson(t, element))), [element], node), JSON_TYPE);
  }
  const key = t.value(child(argument, 'key'), scope);
  if (flag(node, 'unique') || !isNullAsStored(key.flow)) t.use(key.flow, 'fallible', 'JSON_OBJECTAGG', node);
  const value = t.value(child(child(argument, 'value') ?? {}, 'raw_expr'), scope);
  return valueFrom(combine([key.flow, value.flow]), JSON_TYPE);
}
