/** Globs of rules: `*` is any run of characters, `?` one; for words, and for names of the form `schema.name`. */

export type Pattern = (text: string) => boolean;

/** `ignoreCase` for command names and the like. */
export function glob(pattern: string, ignoreCase = false): Pattern {
  if (!/[*?]/.test(pattern)) {
    if (!ignoreCase) return (text) => text === pattern;
    const folded = pattern.toLowerCase();
    return (text) => text.toLowerCase() === folded;
  }
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
  return (text) => expression.test(text);
}

/**
 * How sure a name is meant by a pattern: an unqualified name could be in any schema. What forbids takes `maybe` for
 * yes, what permits takes it for no.
 */
export type NameMatch = 'yes' | 'maybe' | 'no';

export interface NamePattern {
  /** A name as the facts write it: `name`, `schema.name`, `schema."Odd Name"`. */
  match(name: string): NameMatch;
  /** A whole schema. */
  matchSchema(name: string): NameMatch;
}

/** `schema.name` with globs in both; a pattern without a dot means that name in every schema. */
export function namePattern(pattern: string): NamePattern {
  const dot = pattern.indexOf('.');
  const schema = dot < 0 ? undefined : glob(pattern.slice(0, dot));
  const name = glob(pattern.slice(dot + 1));
  const everything = /^\*+$/.test(pattern.slice(dot + 1));
  return {
    match(written) {
      const parts = nameParts(written);
      if (!name(parts.at(-1) ?? '')) return 'no';
      if (schema === undefined) return 'yes';
      const of = parts.at(-2);
      return of === undefined ? 'maybe' : schema(of) ? 'yes' : 'no';
    },
    matchSchema(written) {
      if (schema !== undefined && !schema(nameParts(written).at(-1) ?? '')) return 'no';
      return everything && schema !== undefined ? 'yes' : 'maybe';
    },
  };
}

/** Splits a name at its dots, and takes its quotes off; arguments of a function are left out. */
function nameParts(name: string): string[] {
  if (!name.includes('"')) return name.replace(/\(.*$/s, '').split('.');
  const parts: string[] = [];
  const expression = /"((?:[^"]|"")*)"|([^."(]+)|\(/g;
  for (let match = expression.exec(name); match !== null && match[0] !== '('; match = expression.exec(name)) {
    parts.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
  }
  return parts;
}
