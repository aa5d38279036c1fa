/** PostgreSQL's own types by OID, and what can be said of types without a server. */
import type { Catalog, CatalogType, World } from '../../catalog/catalog.ts';
import { child, list, strings, type Tree } from '../tree.ts';

export const BOOL = 16;
export const BYTEA = 17;
export const NAME = 19;
export const INT8 = 20;
export const INT2 = 21;
export const INT4 = 23;
export const TEXT_TYPE = 25;
export const OID = 26;
export const JSON_TYPE = 114;
export const XML = 142;
export const FLOAT4 = 700;
export const FLOAT8 = 701;
/** The type of a quoted literal before its surroundings give it one. */
export const UNKNOWN = 705;
export const INET = 869;
export const BPCHAR = 1042;
export const VARCHAR = 1043;
export const DATE = 1082;
export const TIMESTAMP = 1114;
export const TIMESTAMPTZ = 1184;
export const NUMERIC = 1700;
export const RECORD = 2249;
export const VOID = 2278;
export const UUID = 2950;
export const JSONB = 3802;

const TEXTS = new Set([TEXT_TYPE, VARCHAR, NAME, BPCHAR]);
const INTEGERS = [INT2, INT4, INT8];
const REGTYPES = new Set([24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191]);
const POLYMORPHIC = new Set([2276, 2277, 2283, 2776, 3500, 3831, 4537, 4538, 5077, 5078, 5079, 5080]);

export function isTextType(type: number | undefined): boolean {
  return type !== undefined && TEXTS.has(type);
}
/** The text of the extension: whoever is no superuser makes no base types. */
export function isCitextType(type: CatalogType | undefined): boolean {
  return type?.name === 'citext' && type.kind === 'b' && type.category === 'S';
}
export function isJsonType(type: number | undefined): boolean {
  return type === JSON_TYPE || type === JSONB;
}
export function isInteger(type: number | undefined): boolean {
  return type !== undefined && INTEGERS.includes(type);
}
export function isPolymorphic(type: number): boolean {
  return POLYMORPHIC.has(type);
}

/** What a domain is over, at any remove. */
export function baseType(catalog: Catalog, type: number | undefined): number | undefined {
  let current = type;
  for (let i = 0; i < 32 && current !== undefined; i++) {
    const found = catalog.typeByOid(current);
    if (found?.kind !== 'd') return current;
    current = found.base;
  }
  return current;
}

/** Element type of an array type; undefined: it is none. */
export function elementType(catalog: Catalog, type: number | undefined): number | undefined {
  const base = baseType(catalog, type);
  const element = base === undefined ? undefined : catalog.typeByOid(base)?.element;
  return element === undefined || element === 0 ? undefined : element;
}

export function arrayType(catalog: Catalog, element: number | undefined): number | undefined {
  const found = element === undefined ? undefined : catalog.typeByOid(element);
  if (found === undefined) return undefined;
  const array = catalog.type(found.schema, `_${found.name}`);
  return array?.element === found.oid ? array.oid : undefined;
}

/** Names and types of a composite's fields. */
export function fieldsOf(
  catalog: Catalog,
  type: number | undefined,
): readonly { readonly name: string; readonly type: number }[] | undefined {
  const base = baseType(catalog, type);
  const found = base === undefined ? undefined : catalog.typeByOid(base);
  if (found === undefined || found.kind !== 'c') return undefined;
  return catalog.relationByOid(found.relation)?.columns.map(({ name, type }) => ({ name, type }));
}

export interface NamedType {
  readonly oid: number | undefined;
  readonly found: CatalogType | undefined;
  /** A length or precision is given. */
  readonly modified: boolean;
  readonly typmods: readonly Tree[];
}

/** What a TypeName means under a search path. */
export function resolveType(world: World, typeName: Tree | undefined): NamedType {
  const names = strings(typeName ?? {}, 'names');
  const typmods = list(typeName ?? {}, 'typmods');
  const isArray = list(typeName ?? {}, 'arrayBounds').length > 0;
  let found = findType(world, names);
  if (found !== undefined && isArray) {
    const array = arrayType(world.catalog, found.oid);
    found = array === undefined ? undefined : world.catalog.typeByOid(array);
  }
  return { oid: found?.oid, found, modified: typmods.length > 0, typmods };
}

export function findType(world: World, names: readonly string[]): CatalogType | undefined {
  const name = names.at(-1);
  if (name === undefined) return undefined;
  const schema = names.at(-2);
  if (schema !== undefined) return world.catalog.type(temporarySchema(world, schema), name);
  for (const place of world.searchPath) {
    const found = world.catalog.type(place, name);
    if (found !== undefined) return found;
  }
  return world.searchPath.includes('pg_catalog') ? undefined : world.catalog.type('pg_catalog', name);
}

/** `pg_temp` is this session's own. */
export function temporarySchema(world: World, schema: string): string {
  if (schema !== 'pg_temp') return schema;
  return world.searchPath.find((place) => place.startsWith('pg_temp_')) ?? schema;
}

/** A cast between them that no value of the source can make fail. */
export function isTotalCast(catalog: Catalog, from: number | undefined, to: NamedType): boolean {
  if (to.found?.kind === 'd') return from === to.oid;
  const target = to.oid;
  const source = baseType(catalog, from);
  if (target === undefined || source === undefined) return false;
  // Of numbers only small ones are characters.
  if (isTextType(target) || (target === 18 && !isInteger(source))) return true;
  if (isTextType(source) && isCitextType(to.found)) return true;
  if (target === NUMERIC) return (isInteger(source) || isFloat(source) || source === NUMERIC) && roomy(to);
  if (source === target) return true;
  const [a, b] = [INTEGERS.indexOf(source), INTEGERS.indexOf(target)];
  if (a >= 0 && b >= 0) return a <= b;
  if (isInteger(source) && isFloat(target)) return true;
  // An oid has no sign, and 32 bits.
  if (isInteger(source) && source !== INT8 && (target === OID || REGTYPES.has(target))) return true;
  if (source === FLOAT4 && target === FLOAT8) return true;
  if (source === BOOL && target === INT4) return true;
  if (source === INT4 && target === BOOL) return true;
  if (source === OID || REGTYPES.has(source)) return REGTYPES.has(target) || target === OID || target === INT8;
  const times = [DATE, TIMESTAMP, TIMESTAMPTZ, 1083, 1266];
  if (times.includes(source) && times.includes(target)) return true;
  if (isJsonType(source) && isJsonType(target)) return true;
  if ((source === 869 || source === 650) && (target === 869 || target === 650)) return true;
  const [element, wanted] = [elementType(catalog, source), elementType(catalog, target)];
  if (element !== undefined && wanted !== undefined) {
    return isTotalCast(catalog, element, { ...to, oid: wanted, found: catalog.typeByOid(wanted) });
  }
  return false;
}

function isFloat(type: number): boolean {
  return type === FLOAT4 || type === FLOAT8;
}

/** No precision, or one that no amount of money or count meets. */
function roomy(to: NamedType): boolean {
  if (!to.modified) return true;
  const [precision, scale] = to.typmods.map((one) => Number(integerOf(one) ?? Number.NaN));
  return (precision ?? 0) - (scale ?? 0) >= 9;
}

/** Of a constant in a text; undefined: it is none. */
export function integerOf(wrapped: Tree): number | undefined {
  const constant = child(wrapped, 'A_Const');
  const value = constant === undefined ? undefined : child(constant, 'ival');
  return value === undefined ? undefined : typeof value.ival === 'number' ? value.ival : 0;
}
