/**
 * Shapes of types, from PostgreSQL's own and what a catalog says of the others: domains are what they are over, an
 * array knows its element, a composite its fields. Types that neither knows are undefined.
 */
import type { Catalog, CatalogType } from '../catalog/catalog.ts';
import { BUILTIN_TYPES } from './builtin-types.ts';
import type { TypeLookup, TypeShape } from './plan.ts';

/** Base types of extensions that can be masked; only a superuser can make another of that name. */
const EXTENSION_TYPES: ReadonlySet<string> = new Set(['citext', 'hstore']);
/** A domain over a domain over … */
const MOST_DOMAINS = 32;

export function typeShapes(catalog: Pick<Catalog, 'typeByOid' | 'relationByOid'>): TypeLookup {
  const known = new Map<number, TypeShape | undefined>();

  const lookup = (oid: number): TypeShape | undefined => {
    const builtin = BUILTIN_TYPES.get(oid);
    if (builtin !== undefined) return builtin;
    if (known.has(oid)) return known.get(oid);
    const type = catalog.typeByOid(oid);
    const shape = type === undefined ? undefined : shapeOf(type);
    known.set(oid, shape);
    return shape;
  };

  const shapeOf = (type: CatalogType): TypeShape | undefined => {
    const { oid, name } = type;
    switch (type.kind) {
      case 'b':
        if (type.category === 'A' && type.element !== 0)
          return container(oid, 'array', 'array', () => lookup(type.element));
        return EXTENSION_TYPES.has(name) ? { oid, base: name, kind: 'scalar' } : undefined;
      case 'd':
        return domain(type);
      case 'e':
        return { oid, base: 'enum', kind: 'enum' };
      case 'r':
        return container(oid, 'range', 'range', () => lookup(type.base));
      case 'm':
        return container(oid, 'multirange', 'multirange', () => lookup(type.base));
      case 'c':
        return composite(type);
      case 'p':
        return undefined;
      default:
        return type.kind satisfies never;
    }
  };

  const domain = (type: CatalogType): TypeShape | undefined => {
    let under: CatalogType | undefined = type;
    let base = type.base;
    for (let i = 0; under?.kind === 'd'; i++) {
      if (i === MOST_DOMAINS) return undefined;
      base = under.base;
      under = BUILTIN_TYPES.has(base) ? undefined : catalog.typeByOid(base);
    }
    const shape = lookup(base);
    return shape === undefined ? undefined : renamed(shape, type.oid);
  };

  const composite = (type: CatalogType): TypeShape | undefined => {
    const relation = catalog.relationByOid(type.relation);
    if (relation === undefined) return undefined;
    let fields: readonly TypeShape[] | undefined;
    return {
      oid: type.oid,
      base: type.name,
      kind: 'composite',
      // At need: a table's column may be an array of its own rows.
      get fields() {
        fields ??= relation.columns.map((column) => lookup(column.type) ?? unknownType(column.type));
        return fields;
      },
    };
  };

  return lookup;
}

/** Its base is no type's name, so that no masker takes it. */
function unknownType(oid: number): TypeShape {
  return { oid, base: '', kind: 'scalar' };
}

function container(
  oid: number,
  base: string,
  kind: 'array' | 'range' | 'multirange',
  elementOf: () => TypeShape | undefined,
): TypeShape {
  let element: TypeShape | undefined;
  return {
    oid,
    base,
    kind,
    get element() {
      element ??= elementOf() ?? unknownType(0);
      return element;
    },
  };
}

/** The shape under another OID; what it computes at need stays so. */
function renamed(shape: TypeShape, oid: number): TypeShape {
  return Object.create(shape, { oid: { value: oid, enumerable: true } }) as TypeShape;
}
