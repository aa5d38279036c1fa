/** Names as PostgreSQL's settings write them. */

const MAX_NAME_BYTES = 63;

/**
 * The names in a list such as `"$user", public`, as SplitIdentifierString reads it: quotes taken off, the rest in lower
 * case, each cut at 63 bytes. Undefined names throw.
 */
export function splitIdentifiers(text: string): string[] {
  const names: string[] = [];
  const trimmed = text.trim();
  if (trimmed === '') return names;
  const name = /\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(,|$)/gy;
  for (;;) {
    const match = name.exec(trimmed);
    if (match === null) throw new Error('catalog: a search_path that is not a list of names');
    names.push(truncated(match[1]?.replaceAll('""', '"') ?? lowerCase(match[2]!)));
    if (match[3] === '') return names;
  }
}

/** downcase_identifier: ASCII only in a multi-byte encoding. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function truncated(name: string): string {
  let bytes = 0;
  for (let i = 0; i < name.length; ) {
    const point = name.codePointAt(i)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > MAX_NAME_BYTES) return name.slice(0, i);
    i += point < 0x10000 ? 1 : 2;
  }
  return name;
}
