/** Casts: what of a value stays, and for which values they fail. */
import type { Tree } from '../tree.ts';
import { isCitext, isTextual, SPELT } from './asked-values.ts';
import {
  arrayOf,
  asText,
  combine,
  elementOf,
  isPlain,
  keepingBlank,
  rowOf,
  type Value,
  withoutDocument,
} from './flows.ts';
import type { Flow } from './lineage.ts';
import type { Tracer } from './tracer.ts';
import {
  baseType,
  elementType,
  fieldsOf,
  isJsonType,
  isTextType,
  isTotalCast,
  NAME,
  type NamedType,
  TEXT_TYPE,
  UNKNOWN,
} from './types.ts';

export function castValue(t: Tracer, value: Value, to: NamedType, at: Tree | undefined): Value {
  const target = to.oid;
  if (target !== undefined && target === value.type && !to.modified) return value;
  // Of a constant too: the function may read anything.
  const own = castByRoutine(t, value, to, at);
  if (own !== undefined) return own;
  if (value.flow.sources.length === 0 && value.flow.unknown.length === 0) {
    const isBlank = value.isBlank === true && isTextType(target) ? { isBlank: true } : {};
    return { flow: value.flow, type: target, origin: undefined, given: value.given, ...isBlank };
  }
  if (target === undefined) return t.unknown('a cast to a type that is not in the catalog', value.flow);
  if (!isTotalCast(t.catalog, value.type, to))
    t.use(value.flow, 'fallible', `cast to ${to.found?.name ?? 'a type'}`, at);
  const folds = foldedByCast(t, value, to);
  return {
    flow: keepingBlank(flowOfCast(t, value, to), [value.flow]),
    type: target,
    origin: undefined,
    given: undefined,
    row: value.row,
    ...(folds === undefined ? {} : { folds }),
    ...(folds !== undefined && (value.isCased === true || isPlain(value.flow)) ? { isCased: true } : {}),
    ...(value.asked === undefined || !keepsText(t, to) ? {} : { asked: value.asked }),
  };
}

/** A name is cut after 63 bytes: with so many put before it, little of a value would be left. */
function keepsText(t: Tracer, to: NamedType): boolean {
  return !to.modified && isTextual(t, to.oid) && baseType(t.catalog, to.oid) !== NAME;
}

function foldedByCast(t: Tracer, value: Value, to: NamedType): Flow | undefined {
  if (to.modified || !isTextual(t, to.oid)) return undefined;
  const from = baseType(t.catalog, value.type);
  if (isCitext(t, from) || (isTextType(from) && isCitext(t, to.oid)))
    return value.folds ?? (isPlain(value.flow) ? value.flow : undefined);
  if (isTextType(from)) return value.folds;
  return from !== undefined && SPELT.has(from) && isPlain(value.flow) ? value.flow : undefined;
}

/** A cast that somebody made, by a function. */
function castByRoutine(t: Tracer, value: Value, to: NamedType, at: Tree | undefined): Value | undefined {
  if (t.catalog.casts.length === 0 || to.oid === undefined) return undefined;
  const sources = value.type === undefined ? undefined : [value.type, baseType(t.catalog, value.type)];
  const targets = [to.oid, baseType(t.catalog, to.oid)];
  const made = t.catalog.casts.filter(
    (cast) => targets.includes(cast.target) && (sources === undefined || sources.includes(cast.source)),
  );
  for (const cast of made) {
    if (cast.routine === 0) continue;
    const routine = t.catalog.routineByOid(cast.routine);
    if (routine === undefined) return t.unknown('a cast by a function that is not in the catalog', value.flow);
    const result = t.routine(routine, [{ node: undefined, value, name: undefined }], at);
    return { ...result, type: to.oid };
  }
  return undefined;
}

function flowOfCast(t: Tracer, value: Value, to: NamedType): Value['flow'] {
  const { flow } = value;
  const from = baseType(t.catalog, value.type);
  const target = baseType(t.catalog, to.oid);
  const { shape } = flow;
  if (shape.kind === 'derived') return combine([flow]);
  // A length cuts: it is no longer the value.
  if (to.modified) return isTextType(target) && !isTextType(from) ? asText([flow]) : combine([flow]);
  if (target !== undefined && from === target) return flow;
  if (isTextType(target)) {
    if (isCitext(t, from)) return withoutDocument(flow);
    if (isTextType(from) || from === UNKNOWN) return target === NAME ? withoutDocument(flow) : flow;
    const isDocument = shape.kind === 'json' && isJsonType(from) && target !== NAME;
    return isDocument ? combine([flow], { kind: 'text', document: shape.value }) : asText([flow]);
  }
  if (isTextType(from) && isCitext(t, target)) return withoutDocument(flow);
  if (isJsonType(target) && (isJsonType(from) || shape.kind === 'json')) return flow;
  if (shape.kind === 'row') {
    const fields = fieldsOf(t.catalog, to.oid);
    if (fields?.length === shape.fields.length) {
      return rowOf(fields.map((field, i) => ({ name: field.name, flow: shape.fields[i]?.flow ?? combine([flow]) })));
    }
    return combine([flow]);
  }
  const [element, wanted] = [elementType(t.catalog, from), elementType(t.catalog, target)];
  if (wanted !== undefined && (element !== undefined || shape.kind === 'array')) {
    const inner: Value = { flow: elementOf(flow), type: element, origin: undefined, given: undefined };
    const found = t.catalog.typeByOid(wanted);
    if (element === undefined && wanted !== TEXT_TYPE) return combine([flow]);
    return arrayOf(flowOfCast(t, inner, { oid: wanted, found, modified: false, typmods: [] }));
  }
  // A text that is read as a document still holds what it held.
  if (isTextType(from) && (isJsonType(target) || target === 142)) return asText([flow]);
  return combine([flow]);
}
