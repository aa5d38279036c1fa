/** The texts that PostgreSQL prints for arrays, composites, hstore and bytea, taken apart. */

/** Elements of `{a,"b c",NULL}` in any dimension; undefined: it is no array. */
export function arrayElements(text: string): readonly string[] | undefined {
  const body = /^(?:\[[\d:[\]-]+\]=)?(\{.*\})$/s.exec(text)?.[1];
  if (body === undefined) return undefined;
  return parts(body.slice(1, -1).replace(/^\{+|\}+$/g, ''), /[{},]/).filter((part): part is string => part !== null);
}

/** Fields of `(a,"b c",)`, null where nothing stands; undefined: it is no composite. */
export function compositeFields(text: string): readonly (string | null)[] | undefined {
  return text.startsWith('(') && text.endsWith(')') ? parts(text.slice(1, -1), /,/, true) : undefined;
}

/** Pairs of `"key"=>"value"`; undefined: it is no hstore. */
export function hstorePairs(text: string): readonly (readonly [string, string])[] | undefined {
  const pairs: [string, string][] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, |$)/gsy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    if (match[2] !== undefined) pairs.push([withoutEscapes(match[1]!), withoutEscapes(match[2])]);
  }
  return pairs.length === 0 ? undefined : pairs;
}

/** Text behind `\x…`, if that is what the bytes are. */
export function printableBytea(text: string): string | undefined {
  if (!/^\\x(?:[0-9a-f]{2})+$/.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(2), 'hex');
  let odd = 0;
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) odd++;
  const decoded = bytes.toString('utf8');
  return odd === 0 && !decoded.includes('\ufffd') ? decoded : undefined;
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function parts(body: string, separator: RegExp, doubled = false): (string | null)[] {
  const out: (string | null)[] = [];
  let part = '';
  let quoted = false;
  let wasQuoted = false;
  const end = (): void => {
    const isNull = !wasQuoted && (doubled ? part === '' : part === 'NULL');
    if (isNull) out.push(null);
    else if (wasQuoted || part !== '') out.push(part);
    part = '';
    wasQuoted = false;
  };
  for (let i = 0; i < body.length; i++) {
    const char = body[i]!;
    if (char === '\\' && i + 1 < body.length) part += body[++i];
    else if (char === '"') {
      if (quoted && doubled && body[i + 1] === '"') part += body[++i];
      else quoted = !quoted;
      wasQuoted = true;
    } else if (!quoted && separator.test(char)) end();
    else part += char;
  }
  end();
  return out;
}
