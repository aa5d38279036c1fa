/** Globs of rules: `*` is any run of characters, `?` one; for words, and for names of the form `schema.name`. */

export type Pattern = (text: string) => boolean;

/** The common forms need no regular expression: a rule is looked at for every statement. */
export function glob(pattern: string): Pattern {
  const inner = pattern.replace(/^\*+|\*+$/g, '');
  if (!/[*?]/.test(inner)) {
    const open = pattern.startsWith('*');
    const openEnd = pattern.endsWith('*');
    if (inner === '' && open) return () => true;
    if (open) return openEnd ? (text) => text.includes(inner) : (text) => text.endsWith(inner);
    return openEnd ? (text) => text.startsWith(inner) : (text) => text === inner;
  }
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}

/**
 * How sure a name is meant by a pattern: an unqualified name could be in any schema. What forbids takes `maybe` for
 * yes, what permits takes it for no.
 */
export type NameMatch = 'yes' | 'maybe' | 'no';

export interface NamePattern {
  match(name: WrittenName): NameMatch;
  /** Of a whole schema. */
  matchSchema(schema: WrittenName): NameMatch;
}

/** A name as it is written: `name`, `schema.name`, `schema."Odd Name"`. */
export interface WrittenName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** `schema.name` with globs in both; a pattern without a dot means that name in every schema. */
export function namePattern(pattern: string): NamePattern {
  const dot = pattern.indexOf('.');
  const schema = dot < 0 ? undefined : glob(pattern.slice(0, dot));
  const name = glob(pattern.slice(dot + 1));
  const everything = /^\*+$/.test(pattern.slice(dot + 1));
  return {
    match(written) {
      if (!name(written.name)) return 'no';
      if (schema === undefined) return 'yes';
      return written.schema === undefined ? 'maybe' : schema(written.schema) ? 'yes' : 'no';
    },
    matchSchema(written) {
      if (schema !== undefined && !schema(written.name)) return 'no';
      return everything && schema !== undefined ? 'yes' : 'maybe';
    },
  };
}

/** As the facts write it; what stands before the schema, and a function's arguments, are left out. */
export function writtenName(text: string): WrittenName {
  const parts = nameParts(text);
  return { schema: parts.at(-2), name: parts.at(-1) ?? '' };
}

/** Splits a name at its dots, and takes its quotes off; arguments of a function are left out. */
function nameParts(name: string): string[] {
  if (!name.includes('"')) {
    const paren = name.indexOf('(');
    return (paren < 0 ? name : name.slice(0, paren)).split('.');
  }
  const parts: string[] = [];
  const expression = /"((?:[^"]|"")*)"|([^."(]+)|\(/g;
  for (let match = expression.exec(name); match !== null && match[0] !== '('; match = expression.exec(name)) {
    parts.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
  }
  return parts;
}
