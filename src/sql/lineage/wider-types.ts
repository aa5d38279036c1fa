/** ALTER COLUMN TYPE: whether it can fail for values that the column may have, and so tells of them. */
import type { CatalogColumn, CatalogRelation } from '../../catalog/catalog.ts';
import { as, child, strings, type Tree } from '../tree.ts';
import type { Tracer } from './tracer.ts';
import {
  BPCHAR,
  INT2,
  INT4,
  INT8,
  integerOf,
  type NamedType,
  NUMERIC,
  resolveType,
  TEXT_TYPE,
  VARCHAR,
} from './types.ts';

/** What atttypmod of these types is more than the length, or packed precision and scale. */
const HEADER = 4;

/** To what holds every value, as it is: it cannot fail. */
export function isWider(t: Tracer, relation: CatalogRelation, column: CatalogColumn, definition: Tree): boolean {
  const to = resolveType(t.world, child(definition, 'typeName'));
  // They hold whatever there is; a domain of such a name does not.
  if (!to.modified && (to.oid === TEXT_TYPE || to.oid === VARCHAR)) return true;
  // Another collation may find values equal that were not; what USING computes may be of any length.
  if (child(definition, 'collClause') !== undefined || !usesItself(column, definition)) return false;
  if (to.oid === undefined || to.found?.kind === 'd') return false;
  t.readsLiterals = true;
  if (to.oid === column.type) return to.modified ? hasMoreRoom(relation, column, to) : true;
  // Checks and indexes are tried anew: what they compute may be of the type.
  if (to.modified || isGuarded(relation, column)) return false;
  return column.type === INT2 ? to.oid === INT4 || to.oid === INT8 : column.type === INT4 && to.oid === INT8;
}

/** To the same text, of a length: it fails where a value is longer, and for nothing else. */
export function isOfLength(t: Tracer, relation: CatalogRelation, column: CatalogColumn, definition: Tree): boolean {
  const to = resolveType(t.world, child(definition, 'typeName'));
  if (child(definition, 'collClause') !== undefined || child(definition, 'raw_default') !== undefined) return false;
  if (to.oid !== VARCHAR || to.found?.kind === 'd' || to.typmods.length !== 1) return false;
  // Others' columns change with it.
  if (t.catalog.descendants(relation.oid).length > 0) return false;
  return (column.type === VARCHAR || column.type === TEXT_TYPE) && !isGuarded(relation, column);
}

/** Without USING, or with the column as it is, or that in its new type: with room enough all three are the same. */
export function usesItself({ name }: CatalogColumn, definition: Tree): boolean {
  const using = child(definition, 'raw_default');
  if (using === undefined) return true;
  const cast = as(using, 'TypeCast');
  if (cast !== undefined && typeText(child(cast, 'typeName')) !== typeText(child(definition, 'typeName'))) return false;
  const fields = strings(as(cast === undefined ? using : child(cast, 'arg'), 'ColumnRef') ?? {}, 'fields');
  return fields.length === 1 && fields[0] === name;
}

function typeText(typeName: Tree | undefined): string {
  return JSON.stringify(typeName, (key, value) => (key === 'location' ? undefined : value));
}

function hasMoreRoom(relation: CatalogRelation, column: CatalogColumn, to: NamedType): boolean {
  const { type, modifier } = column;
  if (modifier === undefined || modifier < HEADER) return false;
  const before = modifier - HEADER;
  const [size, digits = 0] = to.typmods.map((one) => integerOf(one) ?? Number.NaN);
  if (size === undefined) return false;
  if (type === VARCHAR) return to.typmods.length === 1 && size >= before;
  // Blanks are added to what is shorter.
  if (type === BPCHAR)
    return to.typmods.length === 1 && size >= before && (size === before || !isGuarded(relation, column));
  if (type !== NUMERIC || to.typmods.length > 2) return false;
  const precision = before >> 16;
  // Signed, in eleven bits.
  const scale = ((before & 0x7ff) ^ 0x400) - 0x400;
  if (digits !== scale && isGuarded(relation, column)) return false;
  return digits >= scale && size - digits >= precision - scale;
}

function isGuarded({ guards }: CatalogRelation, { attnum }: CatalogColumn): boolean {
  return guards?.columns.some((one) => one === attnum || one === 0) ?? false;
}
