/** Elements of an array, as something is compared with each of them. */
import { combine, isEmpty, isPlain, type Value } from './flows.ts';
import { BYTES, ELEMENTS, ownOf } from './lineage.ts';
import type { Tracer } from './tracer.ts';
import { baseType, elementType } from './types.ts';

/** What `= ANY(array)` compares with, `given` or not. */
export function elementsOf(t: Tracer, array: Value, given?: Value): Value {
  const { shape } = array.flow;
  const { isBlank: _, folds: __, isTrimmed: ___, isCased: ____, asked: _____, row: ______, ...rest } = array;
  // With other columns each row would bring as many as its array holds.
  if (given !== undefined && isEmpty(given.flow) && isPlain(array.flow)) {
    if (elementType(t.catalog, baseType(t.catalog, array.type)) !== undefined) return { ...rest, type: undefined };
  }
  if (shape.kind === 'array') return { ...rest, type: undefined, flow: shape.element };
  if (isEmpty(array.flow)) return { ...rest, type: undefined, flow: { ...array.flow, own: elementCount(array) } };
  return { ...rest, type: undefined, flow: combine([array.flow]) };
}

/** How many values there may be in an array of the text's own. */
export function elementCount({ flow, given }: Value): number {
  const own = ownOf(flow);
  if (given !== 'constant') return own;
  return own <= 1 ? ELEMENTS : Math.min(own, BYTES);
}
