/**
 * JSON schemas of the classes of a schema that OCSF's own compiler made (`ocsf-schema-compiler`, JSON on stdout), unnamed members
 * refused. What a profile adds is a member only where the event names the profile.
 */
interface Attribute {
  readonly type: string;
  readonly object_type?: string;
  readonly is_array?: boolean;
  readonly requirement?: 'required' | 'recommended' | 'optional';
  readonly profiles?: readonly string[] | null;
  readonly enum?: Readonly<Record<string, unknown>>;
}

interface Item {
  readonly uid?: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] };
}

interface Type {
  /** The type that it narrows; none for a base type. */
  readonly type?: string;
  readonly regex?: string;
  readonly max_len?: number;
  readonly range?: readonly [number, number];
}

export interface CompiledOcsf {
  readonly version: string;
  readonly classes: Readonly<Record<string, Item>>;
  readonly objects: Readonly<Record<string, Item>>;
  readonly dictionary: { readonly types: { readonly attributes: Readonly<Record<string, Type>> } };
}

const BASE: Readonly<Record<string, object>> = {
  string_t: { type: 'string' },
  integer_t: { type: 'integer' },
  long_t: { type: 'integer' },
  float_t: { type: 'number' },
  boolean_t: { type: 'boolean' },
  json_t: {},
};

/** The schema of an event of the class; throws when there is none of that number. */
export function schemaOfClass(ocsf: CompiledOcsf, uid: number, profiles: readonly string[]): object {
  const found = Object.values(ocsf.classes).find((one) => one.uid === uid);
  if (found === undefined) throw new Error(`OCSF ${ocsf.version} has no class ${uid}`);
  const objects = Object.entries(ocsf.objects).map(([name, one]) => [key(name), schemaOf(ocsf, one, profiles)]);
  return { ...schemaOf(ocsf, found, profiles), $defs: Object.fromEntries(objects) };
}

const key = (name: string): string => name.replaceAll('/', '_');

function schemaOf(ocsf: CompiledOcsf, item: Item, profiles: readonly string[]): object {
  const attributes = Object.entries(item.attributes).filter(
    ([, { profiles: only }]) => !only?.length || only.some((one) => profiles.includes(one)),
  );
  const { at_least_one: anyOf = [], just_one: oneOf = [] } = item.constraints ?? {};
  const needs = (name: string) => ({ required: [name] });
  return {
    type: 'object',
    properties: Object.fromEntries(attributes.map(([name, one]) => [name, schemaOfAttribute(ocsf, one)])),
    additionalProperties: attributes.length === 0,
    required: attributes
      .filter(([name, one]) => one.requirement === 'required' && !anyOf.includes(name) && !oneOf.includes(name))
      .map(([name]) => name),
    ...(anyOf.length > 0 ? { anyOf: anyOf.map(needs) } : {}),
    ...(oneOf.length > 0 ? { oneOf: oneOf.map(needs) } : {}),
  };
}

function schemaOfAttribute(ocsf: CompiledOcsf, attribute: Attribute): object {
  const one =
    attribute.type === 'object_t'
      ? { $ref: `#/$defs/${key(attribute.object_type!)}` }
      : schemaOfType(ocsf, attribute.type, attribute.enum);
  return attribute.is_array ? { type: 'array', items: one } : one;
}

function schemaOfType(ocsf: CompiledOcsf, name: string, values: Attribute['enum']): object {
  const { type, regex, max_len, range } = ocsf.dictionary.types.attributes[name]!;
  const schema = type === undefined ? BASE[name]! : (schemaOfType(ocsf, type, undefined) as { type?: string });
  const isInteger = 'type' in schema && schema.type === 'integer';
  return {
    ...schema,
    ...(regex === undefined ? {} : { pattern: regex }),
    ...(max_len === undefined ? {} : { maxLength: max_len }),
    ...(range === undefined ? {} : { minimum: range[0], maximum: range[1] }),
    ...(values === undefined ? {} : { enum: Object.keys(values).map((one) => (isInteger ? Number(one) : one)) }),
  };
}
