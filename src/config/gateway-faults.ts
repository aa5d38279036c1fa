import type * as z from 'zod';
import { nearest } from './nearest.ts';
import { nodeAt, type SchemaNode } from './schema-walk.ts';
import type { KeyPath } from './yaml-source.ts';

export interface ValueFault {
  readonly path: KeyPath;
  readonly message: string;
}

/** zod's issues in the words of this file: what stands there, what may, and the key that was probably meant. */
export function schemaFaults(issues: readonly z.core.$ZodIssue[], root: SchemaNode, value: unknown): ValueFault[] {
  return issues.flatMap((issue): ValueFault[] => {
    const path = issue.path as KeyPath;
    if (issue.code === 'invalid_union') {
      // One, a list or a mapping: what is wrong with the one that it is.
      const branch = branchOf(issue.errors, valueAt(value, path));
      const inside = branch.map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
      return schemaFaults(inside as z.core.$ZodIssue[], root, value);
    }
    if (issue.code === 'unrecognized_keys') {
      const known = nodeAt(root, path)?.keys ?? [];
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
    }
    if (issue.code === 'custom' && issue.message !== '' && issue.message !== 'Invalid input') {
      return [{ path, message: issue.message }];
    }
    const node = nodeAt(root, path);
    return [{ path, message: mismatch(valueAt(value, path), node) }];
  });
}

function branchOf([one = [], other = []]: readonly z.core.$ZodIssue[][], found: unknown): readonly z.core.$ZodIssue[] {
  if (Array.isArray(found)) return isOfAnotherKind(other) ? one : other;
  if (typeof found === 'object' && found !== null) return isOfAnotherKind(one) ? other : one;
  return one;
}

function isOfAnotherKind(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some(({ code, path }) => path.length === 0 && /^invalid_(type|value|union)$/.test(code));
}

/** A word that is not in a list of them, in the same form wherever it stands. */
export function unknownWord(message: string, word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  const suggestion = near === undefined ? '' : `, did you mean "${near}"?`;
  return `${message}${suggestion} (allowed: ${allowed.join(', ')})`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const suggestion = near === undefined ? '' : `, did you mean "${near}"?`;
  return `unknown key${suggestion} (allowed: ${known.join(', ')})`;
}

function mismatch(found: unknown, node: SchemaNode | undefined): string {
  const expected = node?.meta.expects ?? 'something else';
  if (found === undefined) return `missing; expected ${expected}`;
  const near = typeof found === 'string' && node?.choices !== undefined ? nearest(found, node.choices) : undefined;
  const meant = near === undefined ? '' : `; did you mean "${near}"?`;
  return `found ${show(found, node)}, expected ${expected}${meant}`;
}

/** A short scalar is shown, but never where a secret may stand by design or by mistake. */
function show(found: unknown, node: SchemaNode | undefined): string {
  if (found === null) return 'nothing';
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object') return 'a mapping';
  if (node?.kind !== 'leaf' || node.meta.secret === true || node.meta.reference !== undefined) {
    return typeof found === 'string' ? 'a plain text' : `a ${typeof found}`;
  }
  const text = JSON.stringify(found);
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.hasOwn(current, key) ? (current as Record<string | number, unknown>)[key] : undefined;
  }
  return current;
}
