import type * as z from 'zod';
import type { FieldMeta } from './fields.ts';

/** One place of the schema, with the wrappers (optional, default, transform) taken off. */
export interface SchemaNode {
  readonly kind: 'object' | 'record' | 'array' | 'leaf';
  readonly meta: Partial<FieldMeta>;
  readonly optional: boolean;
  /** As it is written in the file; undefined: none. */
  readonly default: unknown;
  /** Keys of an object, or those that a record may have, in the schema's order. */
  readonly keys: readonly string[];
  /** Words that may stand here; undefined: not a choice of words. */
  readonly choices: readonly string[] | undefined;
  child(key: string | number): SchemaNode | undefined;
}

interface Def {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly unknown[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly defaultValue?: unknown;
}

/** Reads what a schema says of itself: the documentation and the error messages are made from this. */
export function schemaNode(schema: z.ZodType): SchemaNode {
  let current = schema;
  let meta: Partial<FieldMeta> = {};
  let optional = false;
  let fallback: unknown;
  for (;;) {
    meta = { ...(current.meta() as Partial<FieldMeta> | undefined), ...meta };
    const def = current.def as unknown as Def;
    if (def.type === 'optional') optional = true;
    if (def.type === 'default' || def.type === 'prefault') {
      optional = true;
      fallback ??= def.defaultValue;
    }
    // One or several: told as one, and what is in the list or mapping is the same.
    if (def.type === 'union' && def.options !== undefined) return oneOrSeveral(def.options, meta, optional);
    const inner = def.type === 'pipe' ? def.in : def.innerType;
    if (inner === undefined) break;
    current = inner;
  }
  const def = current.def as unknown as Def;
  const shape = def.shape ?? {};
  const keys = (def.keyType?.def as unknown as Def | undefined)?.entries ?? shape;
  const element = def.type === 'array' ? def.element : def.type === 'record' ? def.valueType : undefined;
  return {
    kind: def.type === 'object' || def.type === 'record' || def.type === 'array' ? def.type : 'leaf',
    meta,
    optional,
    default: fallback,
    keys: Object.keys(keys),
    choices: def.entries === undefined ? undefined : Object.values(def.entries),
    child: (key) => {
      const next = element ?? (Object.hasOwn(shape, key) ? shape[key] : undefined);
      return next === undefined ? undefined : schemaNode(next);
    },
  };
}

function oneOrSeveral([one, other]: readonly z.ZodType[], meta: Partial<FieldMeta>, optional: boolean): SchemaNode {
  const single = schemaNode(one!);
  const several = schemaNode(other!);
  const byKey = several.kind === 'record' ? several : single;
  return {
    ...single,
    meta: { ...single.meta, ...meta },
    optional: optional || single.optional,
    keys: byKey.keys,
    child: (key) => (typeof key === 'number' ? several.child(key) : byKey.child(key)),
  };
}

/** The node at a path, or undefined where the schema knows no such key. */
export function nodeAt(root: SchemaNode, path: readonly (string | number)[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const key of path) node = node?.child(key);
  return node;
}
