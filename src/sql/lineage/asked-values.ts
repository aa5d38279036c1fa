/**
 * What an equality with a given value asks of a text that is computed: no more than of the column itself, or of several
 * columns as a whole. `folds` is a column's value but for case, blanks, signs or a hash of it; `asked` is a text in which
 * such values stand one behind another, or the digits of one.
 */
import { castConstantOf, type Tree } from '../tree.ts';
import { isPlainTemplate } from './failures.ts';
import { type Asked, COPY, combine, isEmpty, isPlain, type Value } from './flows.ts';
import type { Flow } from './lineage.ts';
import type { Argument, Tracer, UseMarks } from './tracer.ts';
import { BYTEA, baseType, INET, isCitextType, isTextType } from './types.ts';

/** int8, int2, int4, inet, cidr, macaddr, date, numeric, uuid: different ones are different texts, whatever is set. */
export const SPELT: ReadonlySet<number> = new Set([20, 21, 23, 869, 650, 829, 1082, 1700, 2950]);

export function isCitext(t: Tracer, type: number | undefined): boolean {
  return type !== undefined && isCitextType(t.catalog.typeByOid(type));
}

export function isTextual(t: Tracer, type: number | undefined): boolean {
  const base = baseType(t.catalog, type);
  return isTextType(base) || isCitext(t, base);
}

export const TRIMS = /^[blr]trim$/;

/** Of a text alone: what they give is equal where it is, but for case and blanks; nobody finds two texts of one md5. */
export const FOLDS: ReadonlySet<string> = new Set('lower upper initcap casefold btrim ltrim rtrim md5'.split(' '));
const CASES: ReadonlySet<string> = new Set('lower upper casefold btrim ltrim rtrim'.split(' '));
const HASHES: ReadonlySet<string> = new Set('sha224 sha256 sha384 sha512'.split(' '));

/** Signs and blanks, without which a number or a name is written too. */
const SIGNS = /^[^\p{L}\p{N}\p{M}]*$/u;

/** Folded already, or a column. */
function foldable({ folds, flow }: Value): Flow | undefined {
  return folds ?? (isPlain(flow) ? flow : undefined);
}

/** What a call of PostgreSQL's own gives for a column's value. */
export function foldedBy(
  t: Tracer,
  name: string,
  args: readonly Argument[],
): Pick<Value, 'folds' | 'isTrimmed' | 'isCased' | 'row'> {
  const [only, ...rest] = args;
  if (only === undefined || !isFoldedBy(t, name, only, rest)) return {};
  const { value } = only;
  const folds = foldable(value);
  if (folds === undefined) return {};
  const isAlone = rest.length === 0;
  const isCased =
    isAlone && CASES.has(name) && (value.isCased === true || (isPlain(value.flow) && isTextual(t, value.type)));
  return { folds, isTrimmed: isAlone && TRIMS.test(name), row: value.row, ...(isCased ? { isCased } : {}) };
}

function isFoldedBy(t: Tracer, name: string, { value }: Argument, rest: readonly Argument[]): boolean {
  const type = baseType(t.catalog, value.type);
  if (rest.length === 0 && name === 'host') return type === INET;
  // What convert_to and the hashes give, and what digest does.
  if (type === BYTEA) return value.folds !== undefined && (HASHES.has(name) || (name === 'encode' && isConstant(rest)));
  if (!isTextual(t, value.type)) return false;
  if (rest.length === 0) return FOLDS.has(name);
  return (name === 'convert_to' && isConstant(rest)) || takesSignsAway(t, name, rest);
}

function isConstant(args: readonly Argument[]): boolean {
  return args.every(({ value }) => value.given === 'constant');
}

/** `replace(phone, '-', '')`, `translate(phone, ' ()', '')`, `ltrim(phone, '+')`, `regexp_replace(phone, '\s', '', 'g')` */
function takesSignsAway(t: Tracer, name: string, rest: readonly Argument[]): boolean {
  const isPattern = name === 'regexp_replace' && rest.length >= 2;
  const isOfTwo = (name === 'replace' || name === 'translate') && rest.length === 2;
  if (!isPattern && !isOfTwo && !(TRIMS.test(name) && rest.length === 1)) return false;
  const [first, second = '', flags = ''] = constantsOf(t, rest) ?? [];
  if (first === undefined || !SIGNS.test(second)) return false;
  return isPattern ? second === '' && isGlobal(flags) && isSignPattern(first) : SIGNS.test(first);
}

function constantsOf(t: Tracer, args: readonly Argument[]): readonly string[] | undefined {
  t.readsLiterals = true;
  const texts = args.map(({ node }) => {
    const constant = castConstantOf(node);
    return constant?.kind === 'string' ? constant.value : undefined;
  });
  return texts.every((one) => one !== undefined) ? texts : undefined;
}

function isGlobal(flags: string): boolean {
  return flags === '' || flags === 'g';
}

/** Blanks and signs, by themselves or in brackets in which nothing is a range. */
function isSignPattern(pattern: string): boolean {
  const bare = pattern.replace(/[+*]$/, '');
  if (/^(?:\\[sW]|\[\[:(?:space|punct|blank):\]\]|[ /,:;@#_-])$/.test(bare)) return true;
  const inside = /^\[-?((?:\\[sW.+()/-]|[^\]\\^[-])+)-?\]$/.exec(bare)?.[1];
  return inside !== undefined && SIGNS.test(inside.replace(/\\[sW]/g, ''));
}

/** All but digits, and the sign before them. */
const BUT_DIGITS = /^(?:\\D|\[\^\+?(?:0-9|\\d|\[:digit:\])\+?\])\+?$/;

/** A text that is put together of whole values, or what is left of one. */
export function askedBy(t: Tracer, name: string, args: readonly Argument[]): Pick<Value, 'asked'> {
  const [first, ...rest] = args;
  if (first === undefined) return {};
  const { value } = first;
  if (name === 'concat' || name === 'concat_ws' || (name === 'format' && isPlainTemplate(first.node)))
    return joined(
      t,
      args.map((one) => one.value),
    );
  if (name === 'regexp_replace' && rest.length === 3 && isTextual(t, value.type)) {
    const [pattern = '', by, flags] = constantsOf(t, rest) ?? [];
    const flow = value.asked?.digits === true ? value.asked.flow : foldable(value);
    if (flow !== undefined && by === '' && flags === 'g' && BUT_DIGITS.test(pattern))
      return { asked: { flow, digits: true } };
  }
  return value.asked !== undefined && isFoldedBy(t, name, first, rest) ? { asked: value.asked } : {};
}

/**
 * Of columns and constants, each as a whole. Columns of several rows are none: each row of one of them would ask another
 * question, as many as somebody likes for one given value.
 */
export function joined(t: Tracer, parts: readonly Value[]): Pick<Value, 'asked'> {
  const found: Asked[] = [];
  for (const part of parts) {
    if (isEmpty(part.flow) && part.given === 'constant') continue;
    const whole = wholeOf(t, part);
    if (whole === undefined) return {};
    found.push(whole);
  }
  const [first] = found;
  if (first === undefined) return {};
  if (found.length === 1) return { asked: first };
  const { row } = first;
  if (row === undefined || found.some((one) => one.row !== row)) return {};
  const flow = combine(
    found.map((one) => one.flow),
    COPY,
  );
  return { asked: { flow, joins: true, row } };
}

function wholeOf(t: Tracer, part: Value): Asked | undefined {
  const { asked, folds, flow, row } = part;
  if (asked !== undefined) return asked.digits === true ? undefined : asked;
  if (folds !== undefined) return isTextual(t, part.type) ? { flow: folds, row } : undefined;
  const type = baseType(t.catalog, part.type);
  const isSpelt = isTextual(t, type) || (type !== undefined && SPELT.has(type));
  return isSpelt && isPlain(flow) && flow.picked !== true ? { flow, row } : undefined;
}

/** Functions of extensions that write a value in another way. */
export function foldedByExtension(
  extension: string | undefined,
  name: string,
  args: readonly Argument[],
): Pick<Value, 'folds' | 'asked' | 'row'> {
  const [first, second, ...more] = args;
  const isUnaccent = extension === 'unaccent' && name === 'unaccent' && more.length === 0;
  const isDigest = extension === 'pgcrypto' && name === 'digest' && more.length === 0;
  if (!isUnaccent && !isDigest) return {};
  // unaccent(dictionary, text)
  const of = isUnaccent && second !== undefined ? second : first;
  const by = of === first ? second : first;
  if (of === undefined || (isDigest ? by?.value.given !== 'constant' : by !== undefined && !isUnaccents(by))) return {};
  const folds = foldable(of.value);
  const { asked, row } = of.value;
  return folds === undefined ? (asked === undefined ? {} : { asked }) : { folds, row };
}

function isUnaccents({ node }: Argument): boolean {
  const constant = castConstantOf(node);
  return constant?.kind === 'string' && /^(?:\w+\.)?unaccent$/.test(constant.value);
}

/** What a comparison with a given value asks. */
export function askedIn({ asked }: Value, other: Value): Asked | undefined {
  return asked !== undefined && isEmpty(other.flow) && other.given !== undefined ? asked : undefined;
}

/** It is compared with `own` given values. */
export function askFor(
  t: Tracer,
  { flow, digits, joins }: Asked,
  own: number,
  subject: string,
  at: Tree | undefined,
): void {
  const marks: UseMarks = { ...(digits === true ? { digits } : {}), ...(joins === true ? { joins } : {}) };
  t.use(flow, 'lookup', subject, at, joins === true ? flow.sources : undefined, Math.max(own, 1), marks);
}
