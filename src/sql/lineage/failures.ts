/**
 * What can fail for some values and not for others. An expression that is computed only where another says so (behind
 * AND, OR, COALESCE, BETWEEN, IN, a comparison of rows) tells what that other says as soon as it can fail, with or
 * without masked columns in it: `mayFail`. A call whose argument decides whether it fails tells of the argument:
 * `failingArguments`. What is not known not to fail may fail.
 */
import { as, type Constant, castConstantOf, child, list, strings, type Tree, text, unwrap } from '../tree.ts';
import { TOTAL } from './builtin-lists.ts';
import { isEmpty } from './flows.ts';
import type { Flow } from './lineage.ts';
import type { Scope } from './scopes.ts';
import type { Argument, Tracer } from './tracer.ts';
import { isTrustedRoutine } from './trusted.ts';
import { elementType } from './types.ts';

function names(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Of functions in `TOTAL`: arguments that may be out of range, or no name of what they should name. `rest`: all but the first. */
const STEERING: ReadonlyMap<string, readonly number[] | 'rest' | 'all'> = new Map<
  string,
  readonly number[] | 'rest' | 'all'
>([
  ...names(
    `substr lpad rpad repeat substring left right overlay split_part array_fill encode to_char normalize convert_to
    digest hmac crypt generate_subscripts unaccent regexp_replace regexp_matches regexp_match regexp_split_to_array
    regexp_split_to_table regexp_like regexp_count regexp_instr regexp_substr jsonb_path_query jsonb_path_query_first
    jsonb_path_query_array jsonb_path_exists round trunc metaphone`,
  ).map((name) => [name, 'rest'] as const),
  ...names(
    `timezone date_part date_trunc extract ntile percentile_cont percentile_disc format to_regclass to_regtype to_regproc
    to_regrole to_regnamespace to_regprocedure to_ascii pg_encoding_to_char`,
  ).map((name) => [name, [0]] as const),
  ...names(
    `has_table_privilege has_schema_privilege has_column_privilege has_database_privilege has_function_privilege
    has_sequence_privilege has_type_privilege pg_has_role ts_headline ts_rank ts_rank_cd to_tsvector plainto_tsquery
    phraseto_tsquery websearch_to_tsquery`,
  ).map((name) => [name, 'all'] as const),
  ...names('jsonb_set jsonb_set_lax jsonb_insert jsonb_delete jsonb_delete_path').map((name) => [name, [1]] as const),
]);
/** With one argument it is a text, and no configuration stands before it. */
const OF_ONE_TEXT = new Set(names('to_tsvector plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_headline'));
/** They want an array, or an object: what somebody made may be another thing. */
const OF_STRUCTURE = new Set(
  names(`json_array_length jsonb_array_length json_array_elements jsonb_array_elements json_array_elements_text
    jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text json_object_keys jsonb_object_keys
    json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset jsonb_set jsonb_set_lax jsonb_insert jsonb_delete
    jsonb_delete_path`),
);
/** Arrays whose dimensions have to fit. */
const OF_DIMENSIONS = new Set(
  names('array_agg array_cat array_append array_prepend array_position array_remove array_replace hstore'),
);
/** Keys may not be NULL: each second argument, or the first. */
const KEYED = new Set(names('json_build_object jsonb_build_object'));
const KEYED_AGGREGATES = new Set(
  names('json_object_agg jsonb_object_agg json_object_agg_strict jsonb_object_agg_strict json_object'),
);

const LARGEST_COUNT = 10_000;

/** Where such a value is NULL, the columns' own value is. */
export function isNullAsStored({ shape, sources, unknown, keepsBlank }: Flow): boolean {
  if (sources.length + unknown.length === 0) return true;
  switch (shape.kind) {
    case 'copy':
      return true;
    case 'row':
      return shape.fields.every(({ flow }) => isNullAsStored(flow));
    case 'array':
      return isNullAsStored(shape.element);
    case 'json':
      return shape.value.shape.kind === 'row' || isNullAsStored(shape.value);
    default:
      return unknown.length === 0 && keepsBlank === true;
  }
}

/** Positions of the arguments whose values decide whether a function of `TOTAL` fails. */
export function failingArguments(t: Tracer, name: string, args: readonly Argument[]): ReadonlySet<number> {
  const found = new Set<number>();
  const steering = STEERING.get(name);
  args.forEach(({ value }, i) => {
    const { flow } = value;
    if (isEmpty(flow)) return;
    const isComputed = flow.shape.kind === 'derived' || flow.shape.kind === 'text';
    if (steersAt(steering, i) && !(OF_ONE_TEXT.has(name) && isText(name, args.length, i))) found.add(i);
    // A word that is too long, or a text without words, is told in a notice.
    if (OF_ONE_TEXT.has(name) && isComputed) found.add(i);
    // Of bytes in an encoding.
    if (name === 'length' && args.length > 1) found.add(i);
    if (name === 'repeat' && i === 0 && !isSmallCount(args[1]?.node)) found.add(i);
    if (OF_STRUCTURE.has(name) && !isNullAsStored(flow)) found.add(i);
    if (OF_DIMENSIONS.has(name) && isComputed && mayBeArray(t, args[i])) found.add(i);
    if (KEYED.has(name) && i % 2 === 0 && !isNullAsStored(flow)) found.add(i);
    if (KEYED_AGGREGATES.has(name) && i === 0 && !isNullAsStored(flow)) found.add(i);
    if (name === 'format' && i > 0 && !isNullAsStored(flow) && !isPlainTemplate(args[0]?.node)) found.add(i);
    if (/^jsonb_path_/.test(name) && i === 0 && !isTotalPath(args[1]?.node)) found.add(i);
  });
  t.readsLiterals ||= found.size > 0 || steering !== undefined;
  return found;
}

function steersAt(steering: readonly number[] | 'rest' | 'all' | undefined, i: number): boolean {
  if (steering === undefined) return false;
  return steering === 'all' || (steering === 'rest' ? i > 0 : steering.includes(i));
}

/** to_tsvector(text), to_tsvector(config, text); ts_headline(text, query), ts_headline(config, text, query). */
function isText(name: string, count: number, i: number): boolean {
  if (name === 'ts_headline') return i === 0 && count <= 2 ? true : i === 1 && count >= 3;
  return i === count - 1;
}

function mayBeArray(t: Tracer, argument: Argument | undefined): boolean {
  const type = argument?.value.type;
  return type === undefined || elementType(t.catalog, type) !== undefined;
}

function isSmallCount(node: Tree | undefined): boolean {
  const constant = castConstantOf(node);
  return constant?.kind === 'integer' && constant.value >= 0 && constant.value <= LARGEST_COUNT;
}

/** `%s` takes anything. */
export function isPlainTemplate(node: Tree | undefined): boolean {
  const constant = castConstantOf(node);
  if (constant?.kind !== 'string') return false;
  return !constant.value.replace(/%%|%s/g, '').includes('%');
}

/** Keys, elements and filters in lax mode pass over what is not there. */
export function isTotalPath(node: Tree | undefined): boolean {
  const constant = castConstantOf(node);
  if (constant?.kind !== 'string') return false;
  const bare = constant.value
    .replace(/"(?:[^"\\]|\\.)*"/gs, '""')
    .replace(/\[\s*\*\s*\]|\.\s*\*{1,2}(?:\{[^}]*\})?/g, '');
  if (/\bstrict\b|[-+*/%\\]/.test(bare)) return false;
  return [...bare.matchAll(/\.\s*(\w+)\s*\(/g)].every(([, method]) => method === 'type' || method === 'size');
}

/** Letters and blanks: a pattern of which no dialect complains. */
const PLAIN_PATTERN = /^\^?[\p{L}\p{N}\s@_,:;/%-]*\$?$/u;
const UNITS =
  /^(?:microseconds?|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|decades?|centur(?:y|ies)|millennium|millennia|epoch|dow|doy|isodow|isoyear|julian)$/i;

/** A constant that a function takes at a place where others would make it fail. */
function isFitting(name: string, constant: Constant | undefined): boolean {
  if (constant?.kind === 'integer') return constant.value >= 0 && constant.value <= LARGEST_COUNT;
  if (constant?.kind !== 'string') return false;
  const { value } = constant;
  if (/^(?:date_part|date_trunc|extract)$/.test(name)) return UNITS.test(value);
  if (name === 'encode') return /^(?:hex|base64|escape)$/.test(value);
  if (name === 'convert_to') return /^utf-?8$/i.test(value);
  if (name === 'timezone')
    return /^(?:utc|gmt|(?:europe|america)\/(?:berlin|london|paris|madrid|rome|new_york|chicago|los_angeles))$/i.test(
      value,
    );
  if (name === 'to_char') return !/e{4}|rn|pl|mi|sg|v|s/i.test(value) || /^[ymdhisq24: ./-]+$/i.test(value);
  if (/^regexp_/.test(name)) return PLAIN_PATTERN.test(value);
  return /^(?:substr|substring|split_part|lpad|rpad|overlay|left|right)$/.test(name) && PLAIN_PATTERN.test(value);
}

const SURE_OPERATORS = /^(?:[=<>]|<>|<=|>=|@>|<@|&&|\?[|&]?|\|\||->>?|#>>?)$/;
const PATTERN_OPERATORS = /^(?:!?~~?\*?|\^@)$/;
const SURE_KINDS =
  /^(?:AEXPR_IN|AEXPR_BETWEEN|AEXPR_NOT_BETWEEN|AEXPR_BETWEEN_SYM|AEXPR_NOT_BETWEEN_SYM|AEXPR_NULLIF)$/;

/** Computing it may fail, with or without columns in it. */
export function mayFail(t: Tracer, wrapped: Tree | undefined, scope: Scope): boolean {
  if (wrapped === undefined) return false;
  const { failing } = t.findings;
  const known = failing.get(wrapped, scope);
  if (known !== undefined) return known;
  const found = fails(t, wrapped, scope);
  failing.set(wrapped, scope, found);
  return found;
}

function fails(t: Tracer, wrapped: Tree, scope: Scope): boolean {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  const any = (nodes: readonly Tree[]): boolean => nodes.some((one) => mayFail(t, one, scope));
  switch (type) {
    case '':
    case 'A_Const':
    case 'ParamRef':
    case 'SQLValueFunction':
      return false;
    case 'ColumnRef':
      return !isStored(t, wrapped, scope);
    case 'A_Expr': {
      const [operator = '', schema = 'pg_catalog'] = [...strings(node, 'name')].reverse();
      if (schema !== 'pg_catalog') return true;
      const right = child(node, 'rexpr');
      const sides = [
        child(node, 'lexpr'),
        ...(as(right, 'List') === undefined ? [right] : list(as(right, 'List') ?? {}, 'items')),
      ];
      const isSure = SURE_OPERATORS.test(operator) || SURE_KINDS.test(text(node, 'kind') ?? '');
      if (!isSure && !(PATTERN_OPERATORS.test(operator) && isPlainPattern(t, right))) return true;
      return isSomebodysOperator(t, operator) || any(sides.filter((one) => one !== undefined));
    }
    case 'TypeCast':
      if (castConstantOf(wrapped) !== undefined) return false;
      return !isTextName(child(node, 'typeName')) || hasCastsOfOthers(t) || mayFail(t, child(node, 'arg'), scope);
    case 'FuncCall': {
      const name = strings(node, 'funcname');
      return callMayFail(t, name, list(node, 'args')) || any(list(node, 'args'));
    }
    case 'BoolExpr':
    case 'CoalesceExpr':
      return any(list(node, 'args'));
    case 'NullTest':
    case 'BooleanTest':
    case 'CollateClause':
      return mayFail(t, child(node, 'arg'), scope);
    default:
      return true;
  }
}

function callMayFail(t: Tracer, name: readonly string[], args: readonly Tree[]): boolean {
  const bare = name.at(-1) ?? '';
  const schema = name.at(-2);
  if (!TOTAL.has(bare) || OF_STRUCTURE.has(bare) || OF_DIMENSIONS.has(bare) || KEYED_AGGREGATES.has(bare)) return true;
  if (schema !== undefined && schema !== 'pg_catalog') return true;
  if (t.catalog.builtin(bare) === undefined) return true;
  const isShadowed = t.world.searchPath.some((place) =>
    t.catalog.routines(place, bare).some((routine) => !isTrustedRoutine(routine)),
  );
  if (schema === undefined && isShadowed) return true;
  t.readsLiterals = true;
  if (/^jsonb_path_/.test(bare) && !isTotalPath(args[1])) return true;
  if (bare === 'format') return !isPlainTemplate(args[0]);
  const steering = STEERING.get(bare);
  return args.some((one, i) => {
    if (KEYED.has(bare) && i % 2 === 0) return castConstantOf(one)?.kind !== 'string';
    if (!steersAt(steering, i) || /^jsonb_path_/.test(bare)) return false;
    if (OF_ONE_TEXT.has(bare) && isText(bare, args.length, i)) return false;
    return !isFitting(bare, castConstantOf(one));
  });
}

/** A column of a table, stored there: what a subquery or a view computes is computed where it is used. */
function isStored(t: Tracer, wrapped: Tree | undefined, scope: Scope): boolean {
  const { origin } = t.apart(() => t.value(wrapped, scope)).result;
  if (origin === undefined) return false;
  const relation = t.catalog.relationByOid(origin.relation);
  const column = relation?.columns.find(({ attnum }) => attnum === origin.attnum);
  return relation !== undefined && relation.kind !== 'v' && column !== undefined && column.generated === undefined;
}

function isPlainPattern(t: Tracer, node: Tree | undefined): boolean {
  t.readsLiterals = true;
  const constant = castConstantOf(node);
  return constant?.kind === 'null' || (constant?.kind === 'string' && PLAIN_PATTERN.test(constant.value));
}

function isSomebodysOperator(t: Tracer, operator: string): boolean {
  const reachable = t.catalog.operators(operator).filter(({ schema }) => t.world.searchPath.includes(schema));
  return reachable.some(({ routine }) => {
    const behind = t.catalog.routineByOid(routine);
    return behind === undefined || !isTrustedRoutine(behind);
  });
}

function hasCastsOfOthers(t: Tracer): boolean {
  return t.catalog.casts.some(({ routine }) => {
    const behind = routine === 0 ? undefined : t.catalog.routineByOid(routine);
    return behind !== undefined && !isTrustedRoutine(behind);
  });
}

function isTextName(typeName: Tree | undefined): boolean {
  return ['text', 'varchar', 'bpchar', 'name'].includes(strings(typeName ?? {}, 'names').at(-1) ?? '');
}
