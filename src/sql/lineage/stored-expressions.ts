/**
 * Expressions that a definition stores, to be run later for whoever writes: defaults, and the conditions of checks,
 * policies, triggers and rules. What a routine in them reads steers or fills what others will see, so it is given away.
 */
import { isTree, type Tree } from '../tree.ts';
import type { Flow } from './lineage.ts';
import { EMPTY_SCOPE } from './scopes.ts';
import type { Tracer } from './tracer.ts';

const CALLS: ReadonlySet<string> = new Set(['FuncCall', 'A_Expr', 'TypeCast']);

/** Of a whole definition: each call in it is traced by itself, as its columns are not those of a statement. */
export function noteStoredCalls(t: Tracer, definition: Tree): void {
  for (const key in definition) {
    const part = definition[key];
    for (const node of Array.isArray(part) ? part : [part]) {
      if (!isTree(node)) continue;
      // What is inside a call is traced with it.
      if (CALLS.has(key)) noteCall(t, { [key]: node });
      else noteStoredCalls(t, node);
    }
  }
}

function noteCall(t: Tracer, call: Tree): void {
  const { result, findings } = t.apart(() => t.value(call, EMPTY_SCOPE));
  // A column that is not known here is one of the definition's own.
  const sources = [...[...findings.uses.values()].map(({ source }) => source), ...result.flow.sources];
  const flow: Flow = { sources, unknown: [], shape: { kind: 'derived' } };
  t.use(flow, 'sink', 'a stored expression', undefined);
  for (const one of findings.opaque) t.findings.opaque.push(one);
}
