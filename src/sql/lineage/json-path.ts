/** Paths of SQL/JSON that do nothing but compare parts of a document with constants. */

export interface PathCondition {
  /** Keys, and `[]` for any element. */
  readonly steps: readonly string[];
  readonly isEquality: boolean;
}

const STEP = /\s*(?:\.\s*([A-Za-z_]\w*)(?!\w*\s*\()|\.\s*"([^"\\]*)"|(\[\s*\*\s*\]))/y;
const COMPARISON = /\s*(==|!=|<>|<=|>=|<|>)\s*(?:"(?:[^"\\]|\\["\\/])*"|-?\d+(?:\.\d+)?|true\b|false\b|null\b)/y;
const AND_OR = /\s*(?:&&|\|\|)/y;

/**
 * `isPredicate`: as behind `@@`, where the path itself compares; else as behind `@?`, where a filter does. Undefined: it
 * does more than that.
 */
export function pathConditions(path: string, isPredicate: boolean): readonly PathCondition[] | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(path) ?? undefined;
    if (found !== undefined) at = pattern.lastIndex;
    return found;
  };
  const steps = (before: readonly string[]): readonly string[] => {
    const all = [...before];
    for (let found = take(STEP); found !== undefined; found = take(STEP)) all.push(found[1] ?? found[2] ?? '[]');
    return all;
  };
  const conditions: PathCondition[] = [];
  const compared = (start: RegExp, before: readonly string[]): boolean => {
    do {
      if (take(start) === undefined) return false;
      const part = steps(before);
      const operator = take(COMPARISON)?.[1];
      if (operator === undefined) return false;
      conditions.push({ steps: part, isEquality: operator === '==' || operator === '!=' || operator === '<>' });
    } while (take(AND_OR) !== undefined);
    return true;
  };
  const isDone = () => path.slice(at).trim() === '';
  take(/\s*lax\s+/y);
  if (isPredicate) return compared(/\s*\$/y, []) && isDone() ? conditions : undefined;
  if (take(/\s*\$/y) === undefined) return undefined;
  const base = steps([]);
  if (take(/\s*\?\s*\(/y) === undefined) return undefined;
  return compared(/\s*@/y, base) && take(/\s*\)/y) !== undefined && isDone() ? conditions : undefined;
}
