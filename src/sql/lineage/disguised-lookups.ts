/**
 * Conditions in other words that ask what equality with a given value asks: a pattern without wildcards, whether a text
 * has a length, a document's parts by a path of comparisons. All else is left to those who know it as a condition.
 */
import { as, castConstantOf, child, list, strings, type Tree, text } from '../tree.ts';
import type { Pairs } from './containment.ts';
import { elementOf, isPlain, jsonKeyOf, LITERAL, type Value, valueFrom } from './flows.ts';
import { pathConditions } from './json-path.ts';
import type { Flow } from './lineage.ts';
import { resolveOperator } from './operators.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { baseType, INT4, isTextType, JSONB, UNKNOWN } from './types.ts';

export interface Disguised {
  /** What is compared with what. */
  readonly pairs: Pairs;
  readonly operator: readonly string[];
}

/** Undefined: it is none of them. */
export function disguisedIn(t: Tracer, node: Tree, scope: Scope): Disguised | undefined {
  const kind = text(node, 'kind');
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') return exactPattern(t, node, scope);
  if (kind === 'AEXPR_OP') return lengthOfNone(t, node, scope) ?? partsOfPath(t, node, scope);
  return kind === undefined ? partsOfPath(t, node, scope) : undefined;
}

const GIVEN: Value = { flow: LITERAL, type: UNKNOWN, origin: undefined, given: 'constant' };

/** `email ILIKE 'jane@example.com'`: without `%`, `_` and `\\` it is that text, whatever its case. */
function exactPattern(t: Tracer, node: Tree, scope: Scope): Disguised | undefined {
  const pattern = castConstantOf(child(node, 'rexpr'));
  if (pattern?.kind !== 'string') return undefined;
  t.readsLiterals = true;
  if (/[%_\\]/.test(pattern.value)) return undefined;
  const value = t.value(child(node, 'lexpr'), scope);
  if (!isTextType(baseType(t.catalog, value.type))) return undefined;
  return { pairs: [[value, GIVEN]], operator: strings(node, 'name') };
}

const LENGTHS: ReadonlySet<string> = new Set(['length', 'char_length', 'character_length', 'octet_length']);

/** `length(trim(email)) > 0`: that it is not the empty text. */
function lengthOfNone(t: Tracer, node: Tree, scope: Scope): Disguised | undefined {
  const call = as(child(node, 'lexpr'), 'FuncCall');
  const name = strings(call ?? {}, 'funcname');
  const args = list(call ?? {}, 'args');
  if (args.length !== 1 || name.length !== 1 || !LENGTHS.has(name[0]!)) return undefined;
  const than = castConstantOf(child(node, 'rexpr'));
  if (than?.kind !== 'integer') return undefined;
  t.readsLiterals = true;
  const operator = strings(node, 'name');
  const isOfNone = than.value === 0 ? /^(?:=|<>|>)$/ : than.value === 1 ? /^(?:<|>=)$/ : undefined;
  if (isOfNone?.test(operator.join('.')) !== true) return undefined;
  const isOwn = t.world.searchPath.some((place) => t.catalog.routines(place, name[0]!).length > 0);
  const number = valueFrom(LITERAL, INT4);
  if (isOwn || resolveOperator(t, operator, [number, number]).kind !== 'builtin') return undefined;
  const value = t.value(args[0], scope);
  if (!isTextType(baseType(t.catalog, value.type))) return undefined;
  return { pairs: [[value, { ...GIVEN, isBlank: true }]], operator: ['='] };
}

const PATHS: ReadonlyMap<string, 'filter' | 'predicate'> = new Map([
  ['@?', 'filter'],
  ['@@', 'predicate'],
  ['jsonb_path_exists', 'filter'],
  ['jsonb_path_match', 'predicate'],
]);

/** `document @@ '$.a.b == "x"'`, `document @? '$.a ? (@.b == "x" && @.c > 3)'` */
function partsOfPath(t: Tracer, node: Tree, scope: Scope): Disguised | undefined {
  const isCall = 'funcname' in node;
  const name = strings(node, isCall ? 'funcname' : 'name');
  const [subject = ''] = name;
  const mode = name.length === 1 ? PATHS.get(subject) : undefined;
  const [of, by, ...more] = isCall ? list(node, 'args') : [child(node, 'lexpr'), child(node, 'rexpr')];
  if (mode === undefined || more.length > 0) return undefined;
  const path = castConstantOf(by);
  t.readsLiterals = true;
  const conditions = path?.kind === 'string' ? pathConditions(path.value, mode === 'predicate') : undefined;
  if (conditions === undefined) return undefined;
  const document = t.value(of, scope);
  if (baseType(t.catalog, document.type) !== JSONB || !isPlain(document.flow)) return undefined;
  const isOwn = isCall
    ? t.world.searchPath.some((place) => t.catalog.routines(place, subject).length > 0)
    : resolveOperator(t, name, [document, GIVEN]).kind !== 'builtin';
  if (isOwn) return undefined;
  for (const { steps, isEquality } of conditions) {
    const part = steps.reduce<Flow>(
      (flow, step) => (step === '[]' ? elementOf(flow) : jsonKeyOf(flow, step)),
      document.flow,
    );
    if (isEquality && isPlain(part)) t.use(part, 'lookup', subject, node, undefined, 1);
    else t.use(part, 'predicate', subject, node);
  }
  return { pairs: [], operator: name };
}
