/**
 * PL/pgSQL's `target := expression`, as its parser keeps it: where the target ends. Subscripts of the target may hold `=`,
 * and quoted names anything. Undefined: the text is no assignment.
 */
export function splitAssignment(source: string): { readonly target: string; readonly value: string } | undefined {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < source.length; i++) {
    const character = source[i];
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '[' || character === '(') depth++;
    else if (character === ']' || character === ')') depth--;
    else if (depth === 0 && (character === '=' || (character === ':' && source[i + 1] === '='))) {
      return { target: source.slice(0, i), value: source.slice(i + (character === '=' ? 1 : 2)) };
    }
  }
  return undefined;
}
