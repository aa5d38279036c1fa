/**
 * Paths into a document, composite or hstore as one text: keys with a dot between them, `[]` for the elements of an
 * array, nothing for the document itself. What would be read otherwise in a key has a backslash before it.
 */

/** The step that stands for elements of an array. */
export const ELEMENTS = '[]';

/** A key of an object as a step. */
export function keyStep(key: string): string {
  if (key === '') return '\\e';
  return key === ELEMENTS ? '\\[]' : key.replace(/[\\.]/g, '\\$&');
}

/** Undefined: the step stands for elements. */
export function keyOf(step: string): string | undefined {
  return step === ELEMENTS ? undefined : step.replace(/\\(.)/gs, (_, char: string) => (char === 'e' ? '' : char));
}

export function stepsOf(path: string): readonly string[] {
  const steps: string[] = [];
  let step = '';
  for (let i = 0; i < path.length; i++) {
    if (path[i] === '.') {
      steps.push(step);
      step = '';
    } else {
      if (path[i] === '\\') step += path[i++];
      step += path[i] ?? '';
    }
  }
  if (step !== '') steps.push(step);
  return steps;
}

/**
 * What is left of a path below what `wanted` (keys, and positions as numbers) picks out: nothing where it is at the path
 * or inside of what stands there, undefined where they have nothing in common. A number is a position or a key, and lax
 * jsonpath goes through arrays that it does not name: of several ways to read it the one that leaves least counts.
 */
export function stepsBelow(steps: readonly string[], wanted: readonly string[]): readonly string[] | undefined {
  const [step, ...rest] = steps;
  const [want, ...inner] = wanted;
  if (step === undefined || want === undefined) return steps;
  const isPosition = want === ELEMENTS || /^-?\d+$/.test(want);
  const ways = [
    keyOf(step) === want ? stepsBelow(rest, inner) : undefined,
    step === ELEMENTS ? stepsBelow(rest, isPosition ? inner : wanted) : undefined,
    isPosition ? stepsBelow(steps, inner) : undefined,
  ];
  return ways.reduce((least, way) => (least === undefined || (way && way.length < least.length) ? way : least));
}
