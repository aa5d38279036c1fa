/** The words of a PL/pgSQL body, without comments; names as PostgreSQL folds them. Pure. */

export interface Token {
  readonly kind: 'name' | 'text' | 'sign';
  readonly text: string;
  /** Quoted, so no keyword. */
  readonly isQuoted: boolean;
}

const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?\*\/)|([eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$([\p{L}_]\w*)?\$[\s\S]*?\$\3\$)|"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*)|(:=|::|\S)/gu;

export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [, blank, text, , quoted, name, sign] of source.matchAll(TOKEN)) {
    if (blank !== undefined) continue;
    if (text !== undefined) tokens.push({ kind: 'text', text, isQuoted: false });
    else if (quoted !== undefined) tokens.push({ kind: 'name', text: quoted.replaceAll('""', '"'), isQuoted: true });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.toLowerCase(), isQuoted: false });
    else tokens.push({ kind: 'sign', text: sign ?? '', isQuoted: false });
  }
  return tokens;
}

/** What stands between `AS $function$` and its end, as pg_get_functiondef prints it. */
export function bodyOf(definition: string): string | undefined {
  return /\bAS (\$\w*\$)([\s\S]*)\1\s*$/.exec(definition)?.[2];
}

export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token !== undefined && token.kind === 'name' && !token.isQuoted && words.includes(token.text);
}

export function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

/** Parts between these signs or words, as far as no bracket is open. */
export function split(tokens: readonly Token[], at: (token: Token) => boolean): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (isSign(token, '(')) depth++;
    if (isSign(token, ')')) depth--;
    if (depth <= 0 && at(token)) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}
