/** Names out of parse nodes, quoted so that to_regclass and its siblings read them back as the same object. */
import { as, child, flag, items, list, strings, stringsOf, type Tree, text } from './tree.ts';

/** As quote_ident, but without its list of keywords: to_regclass and to_regprocedure need no quotes around those. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function qualifiedName(parts: readonly string[]): string {
  return parts.length === 1 ? quoteIdentifier(parts[0] ?? '') : parts.map(quoteIdentifier).join('.');
}

/** Splits what `qualifiedName` made. */
export function nameParts(name: string): string[] {
  const parts: string[] = [];
  const pattern = /"((?:[^"]|"")*)"|([^."]+)/g;
  for (let match = pattern.exec(name); match !== null; match = pattern.exec(name)) {
    parts.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
  }
  return parts;
}

/** The last part of a qualified name, unquoted. */
export function bareName(name: string): string {
  return name.includes('"') ? (nameParts(name).at(-1) ?? name) : name.slice(name.lastIndexOf('.') + 1);
}

/** catalog, schema and name of a RangeVar, those that are there. */
export function rangeVarParts(rangeVar: Tree): string[] {
  const parts: string[] = [];
  const catalog = text(rangeVar, 'catalogname');
  const schema = text(rangeVar, 'schemaname');
  if (catalog !== undefined) parts.push(catalog);
  if (schema !== undefined) parts.push(schema);
  parts.push(text(rangeVar, 'relname') ?? '');
  return parts;
}

/** Temporary by its own words: CREATE TEMP …, or a name in pg_temp. */
export function isTemporary(rangeVar: Tree): boolean {
  return text(rangeVar, 'relpersistence') === 't' || text(rangeVar, 'schemaname') === 'pg_temp';
}

/** A type as regtype input reads it; undefined for what it cannot (`t.c%TYPE`). */
export function typeNameText(typeName: Tree): string | undefined {
  if (flag(typeName, 'pct_type')) return undefined;
  const name = qualifiedName(strings(typeName, 'names'));
  return name === '' ? undefined : name + '[]'.repeat(list(typeName, 'arrayBounds').length > 0 ? 1 : 0);
}

/** `schema.name(type, type)` of an ObjectWithArgs, for to_regprocedure, which needs the arguments. */
export function routineLookup(object: Tree): string | undefined {
  const name = qualifiedName(strings(object, 'objname'));
  if (flag(object, 'args_unspecified')) return undefined;
  const types: string[] = [];
  for (const argument of list(object, 'objargs')) {
    const typeName = as(argument, 'TypeName');
    const type = typeName === undefined ? undefined : typeNameText(typeName);
    if (type === undefined) return undefined;
    types.push(type);
  }
  return `${name}(${types.join(', ')})`;
}

const INPUT_MODES = new Set(['FUNC_PARAM_IN', 'FUNC_PARAM_INOUT', 'FUNC_PARAM_VARIADIC', 'FUNC_PARAM_DEFAULT']);

/** `schema.name(type, type)` of a CREATE FUNCTION or AGGREGATE: its input parameters are its identity. */
export function createdRoutineLookup(name: readonly string[], parameters: readonly Tree[]): string | undefined {
  const types: string[] = [];
  for (const wrapped of parameters) {
    const parameter = as(wrapped, 'FunctionParameter');
    if (parameter === undefined || !INPUT_MODES.has(text(parameter, 'mode') ?? '')) continue;
    const argument = child(parameter, 'argType');
    const type = argument === undefined ? undefined : typeNameText(argument);
    if (type === undefined) return undefined;
    types.push(type);
  }
  return `${qualifiedName(name)}(${types.join(', ')})`;
}

/** The name in a DROP/COMMENT object slot: a List of strings, a String, a TypeName or an ObjectWithArgs. */
export function objectParts(wrapped: Tree): string[] {
  const name = as(wrapped, 'String');
  if (name !== undefined) return [text(name, 'sval') ?? ''];
  const type = as(wrapped, 'TypeName');
  if (type !== undefined) return strings(type, 'names');
  const routine = as(wrapped, 'ObjectWithArgs');
  if (routine !== undefined) return strings(routine, 'objname');
  return stringsOf(items(wrapped));
}
