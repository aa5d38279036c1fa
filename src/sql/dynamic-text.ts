/**
 * A text that a routine puts together and runs. In: the expression. Out: a sample of it, with stand-ins for what is filled
 * in, if that is quoted wherever the text is not the author's own; undefined if a caller may have written part of the SQL.
 */
import { as, castConstantOf, child, constantText, list, strings, type Tree, text } from './tree.ts';

/** Stands for a name that is filled in. */
export const GIVEN_NAME = 'dbgate_given';
const VALUE = '1';
const LITERAL = `'${VALUE}'`;

/** What the text of a value is, in SQL. */
export type TextOf = 'name' | 'value';

const VALUE_TYPES = new Set(
  'int2 int4 int8 smallint integer int bigint numeric decimal real float4 float8 bool boolean oid uuid date'.split(' '),
);

/** `value`: a number or the like; `name`: of a relation, quoted as needed; undefined: it can be any text. */
export function textOfType(name: string): TextOf | undefined {
  const bare = name
    .replace(/^pg_catalog\./, '')
    .replaceAll('"', '')
    .toLowerCase();
  if (bare === 'regclass') return 'name';
  return VALUE_TYPES.has(bare) ? 'value' : undefined;
}

export interface Sample {
  readonly sql: string;
  /** Names are filled in. */
  readonly names: boolean;
}

const QUOTES: Readonly<Record<string, string>> = {
  quote_ident: GIVEN_NAME,
  quote_literal: LITERAL,
  quote_nullable: LITERAL,
};

/** `known`: variables and parameters whose type says what their text is. */
export function sampleOf(tree: Tree | undefined, known: ReadonlyMap<string, TextOf>): Sample | undefined {
  const sql = sampleText(tree, known);
  return sql === undefined ? undefined : { sql, names: sql.includes(GIVEN_NAME) };
}

function sampleText(tree: Tree | undefined, known: ReadonlyMap<string, TextOf>): string | undefined {
  if (tree === undefined) return undefined;
  const constant = constantText(tree);
  if (constant !== undefined) return constant;
  const other = castConstantOf(tree);
  if (other !== undefined) return other.kind === 'integer' || other.kind === 'float' ? String(other.value) : undefined;
  const cast = as(tree, 'TypeCast');
  if (cast !== undefined) {
    const kind = textOfType(strings(child(cast, 'typeName') ?? {}, 'names').at(-1) ?? '');
    if (list(child(cast, 'typeName') ?? {}, 'arrayBounds').length > 0) return undefined;
    return kind === undefined ? sampleText(child(cast, 'arg'), known) : standIn(kind);
  }
  const column = as(tree, 'ColumnRef');
  if (column !== undefined) {
    const fields = strings(column, 'fields');
    const kind = fields.length === 1 && list(column, 'fields').length === 1 ? known.get(fields[0] ?? '') : undefined;
    return kind === undefined ? undefined : standIn(kind);
  }
  const operation = as(tree, 'A_Expr');
  if (operation !== undefined) {
    if (strings(operation, 'name').join('.') !== '||') return undefined;
    return joined([child(operation, 'lexpr'), child(operation, 'rexpr')], known);
  }
  const call = as(tree, 'FuncCall');
  if (call === undefined) return undefined;
  const name = strings(call, 'funcname').at(-1) ?? '';
  const args = list(call, 'args');
  if (Object.hasOwn(QUOTES, name)) return QUOTES[name];
  if (name === 'format') return formatted(args, known);
  return name === 'concat' ? joined(args, known) : undefined;
}

function standIn(kind: TextOf): string {
  return kind === 'name' ? GIVEN_NAME : VALUE;
}

function joined(parts: readonly (Tree | undefined)[], known: ReadonlyMap<string, TextOf>): string | undefined {
  let all = '';
  for (const part of parts) {
    const one = sampleText(part, known);
    if (one === undefined) return undefined;
    all += one;
  }
  return all;
}

const PLACE = /%(?:(\d+)\$)?(?:-?\d*)([sIL%])|%/g;

/** @see https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT */
function formatted([form, ...args]: readonly Tree[], known: ReadonlyMap<string, TextOf>): string | undefined {
  const pattern = constantText(form);
  if (pattern === undefined || args.some((arg) => text(as(arg, 'NamedArgExpr') ?? {}, 'name') !== undefined)) {
    return undefined;
  }
  let next = 0;
  let open = false;
  const filled = pattern.replace(PLACE, (_, position: string | undefined, kind: string | undefined) => {
    if (kind === '%') return '%';
    if (position !== undefined) next = Number(position) - 1;
    const arg = args[next++];
    if (kind === 'I') return GIVEN_NAME;
    if (kind === 'L') return LITERAL;
    const plain = kind === 's' ? sampleText(arg, known) : undefined;
    if (plain === undefined) open = true;
    return plain ?? '';
  });
  return open ? undefined : filled;
}
