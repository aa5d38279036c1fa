/**
 * How long a computed text may become, in times the values that it is made of. A value of PostgreSQL has an end, at 1 GB
 * (256 MB in jsonb): a text that grows only where a letter is found, and then beyond that, tells of the letter by failing.
 */
import { castConstantOf, type Tree } from '../tree.ts';
import { isEmpty } from './flows.ts';
import { type Flow, growthOf, isBlankAsStored } from './lineage.ts';
import type { Argument, Tracer } from './tracer.ts';
import { DATE, FLOAT4, FLOAT8, isInteger, NUMERIC, TIMESTAMP, TIMESTAMPTZ, UUID } from './types.ts';

/** Texts of a hundred kilobytes are still in range. */
export const MOST_GROWTH = 10_000;
/** Of what is put together of many rows, where that depends on what it is. */
const MOST_OF_MANY = 4;
/** A text that is not in the statement. */
const UNSEEN = 1_000;

const FIXED: ReadonlySet<number> = new Set([16, DATE, FLOAT4, FLOAT8, NUMERIC, TIMESTAMP, TIMESTAMPTZ, UUID]);
/** Never longer than what they are given, or as long whatever it is. */
const STEADY: ReadonlySet<string> = new Set(
  `lower upper initcap casefold btrim ltrim rtrim trim left right substr substring reverse split_part translate
  regexp_substr regexp_match normalize md5 sha224 sha256 sha384 sha512 to_char host text abbrev concat concat_ws format
  string_agg array_agg array_to_string min max any_value mode first_value last_value nth_value lag lead percentile_disc
  json_agg jsonb_agg json_build_object jsonb_build_object json_build_array jsonb_build_array row_to_json
  unnest`.split(/\s+/),
);
const OF_MANY: ReadonlySet<string> = new Set(
  'string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg'.split(' '),
);

/** Notes what a call tells by becoming too long; gives how much longer it makes its arguments. */
export function growthOfCall(
  t: Tracer,
  name: string,
  args: readonly Argument[],
  type: number | undefined,
  at: Tree | undefined,
): number {
  const isFixed = type !== undefined && (isInteger(type) || FIXED.has(type));
  const growth = isFixed ? 1 : factorOf(t, name, args);
  for (const { value } of args) {
    const { flow } = value;
    if (isEmpty(flow)) continue;
    noteComputed(t, flow);
    const isTold = OF_MANY.has(name) && growth > MOST_OF_MANY && !isBlankAsStored(flow);
    if (growth > MOST_GROWTH || isTold) t.use(flow, 'fallible', name, at);
  }
  return isFixed ? 1 : growth;
}

/** Its size tells of columns, where what is made of them takes room. */
export function noteComputed(t: Tracer, { sources }: Flow): void {
  t.spendColumns(sources.length);
  t.findings.computesOf(sources);
}

/** What a chain of `||` tells by becoming too long. */
export function noteGrowth(t: Tracer, flow: Flow, subject: string, at: Tree | undefined): void {
  noteComputed(t, flow);
  if (!isEmpty(flow) && growthOf(flow) > MOST_GROWTH) t.use(flow, 'fallible', subject, at);
}

function factorOf(t: Tracer, name: string, args: readonly Argument[]): number {
  const sum = args.reduce((total, { value }) => total + growthOf(value.flow), 0);
  const first = Math.max(1, growthOf(args[0]?.value.flow));
  switch (name) {
    case 'repeat':
      return sizeOf(t, args[0], first) * Math.max(1, numberOf(t, args[1]?.node));
    case 'lpad':
    case 'rpad':
      return Math.max(first, numberOf(t, args[1]?.node));
    case 'replace':
    case 'regexp_replace':
      return first * (sizeOf(t, args[2], UNSEEN) + 1);
    case 'overlay':
      return sum;
    case 'string_to_array':
    case 'regexp_split_to_array':
      return 32 * first;
    default:
      return STEADY.has(name) ? sum : 2 * sum;
  }
}

function numberOf(t: Tracer, node: Tree | undefined): number {
  t.readsLiterals = true;
  const constant = castConstantOf(node);
  return constant?.kind === 'integer' ? constant.value : Number.POSITIVE_INFINITY;
}

/** Of a literal its length. */
function sizeOf(t: Tracer, argument: Argument | undefined, otherwise: number): number {
  if (argument === undefined) return 0;
  t.readsLiterals = true;
  const constant = castConstantOf(argument.node);
  if (constant?.kind === 'string') return constant.value.length;
  return Math.max(otherwise, growthOf(argument.value.flow));
}
