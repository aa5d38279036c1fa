/** Secrets that a statement's text carries by its grammar, taken out before the text is recorded. */

const SECRET_WORD = /passw|passcode|secret|token|connection|dblink/i;

/** Cheap test: only texts with such a word can hold a secret that we know to be one. */
export function mayHoldSecret(sql: string): boolean {
  return SECRET_WORD.test(sql);
}

/** A literal of the text, by character offsets; `end` is past the closing quote. */
interface Literal {
  readonly start: number;
  readonly end: number;
}

/**
 * String literals of a text, by a lexer that errs towards seeing more: quotes of every form, comments skipped. An
 * unterminated one runs to the end.
 */
function literalsOf(sql: string): Literal[] {
  const literals: Literal[] = [];
  const pattern =
    /--[^\n]*|\/\*|"(?:[^"]|"")*"?|(?:(?<![A-Za-z0-9_$])[eE])'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/g;
  for (let match = pattern.exec(sql); match !== null; match = pattern.exec(sql)) {
    const found = match[0];
    const start = match.index;
    if (found === '/*') {
      pattern.lastIndex = endOfComment(sql, start);
    } else if (found.startsWith('$')) {
      const close = sql.indexOf(found, start + found.length);
      const end = close < 0 ? sql.length : close + found.length;
      literals.push({ start, end });
      pattern.lastIndex = end;
    } else if (!found.startsWith('--') && !found.startsWith('"')) {
      literals.push({ start, end: start + found.length });
    }
  }
  return literals;
}

function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let i = start; i < sql.length - 1; i++) {
    if (sql[i] === '/' && sql[i + 1] === '*') {
      depth++;
      i++;
    } else if (sql[i] === '*' && sql[i + 1] === '/') {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return sql.length;
}

/** Every string literal becomes `'***'`: for a text that could not be parsed but may hold a secret. */
export function redactAllLiterals(sql: string): string {
  return replaceLiterals(sql, literalsOf(sql));
}

/**
 * The literal that follows each of these character offsets (the place of PASSWORD, or of the literal itself) becomes
 * `'***'`, with what continues it.
 */
export function redactAt(sql: string, offsets: readonly number[]): string {
  const literals = literalsOf(sql);
  const chosen = new Set<Literal>();
  for (const offset of offsets) {
    let index = literals.findIndex((one) => one.end > offset);
    // The parser saw one that this lexer does not: then none is shown.
    if (index < 0) return redactAllLiterals(sql);
    for (;;) {
      const literal = literals[index++];
      if (literal === undefined) break;
      chosen.add(literal);
      const next = literals[index];
      if (next === undefined || !/^(?:\s|--[^\n]*\n)*$/.test(sql.slice(literal.end, next.start))) break;
    }
  }
  return replaceLiterals(
    sql,
    literals.filter((one) => chosen.has(one)),
  );
}

function replaceLiterals(sql: string, literals: readonly Literal[]): string {
  let out = '';
  let from = 0;
  for (const { start, end } of literals) {
    out += `${sql.slice(from, start)}'***'`;
    from = end;
  }
  return out + sql.slice(from);
}
