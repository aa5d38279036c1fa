/** Bodies of routines: SQL is parsed again; PL/pgSQL is taken apart by its own parser, each piece of SQL in it parsed again. */
import { isNarrowRange } from './bounds.ts';
import { GrammarError, type ParsedStatement } from './grammar.ts';
import { isShort } from './narrowing.ts';
import { as, child, constantText, isTree, list, number, strings, type Tree, text } from './tree.ts';
import { NO_CTES, type Walk } from './walk.ts';

/** A body within a body within …: past this it is opaque. */
const MAX_DEPTH = 6;

/** A text of SQL statements that runs as part of the statement. */
export function sqlBody(source: string, walk: Walk): void {
  const statements = parse(source, walk);
  for (const statement of statements) walk.node(statement.node, NO_CTES);
}

function parse(source: string, walk: Walk): ParsedStatement[] {
  if (walk.around.depth <= MAX_DEPTH) {
    try {
      return walk.around.grammar.parse(source);
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
    }
  }
  walk.draft.find('procedural_code', walk.at(undefined), undefined);
  return [];
}

/** `routine`: a whole DO or CREATE FUNCTION … LANGUAGE plpgsql. */
export function plpgsqlBody(routine: string, walk: Walk): void {
  const functions = walk.around.depth > MAX_DEPTH ? [] : parsed(routine, walk);
  const bodies = functions.filter((one) => one.action !== undefined);
  if (bodies.length === 0) {
    walk.draft.find('procedural_code', walk.at(undefined), 'plpgsql');
    return;
  }
  for (const one of bodies) {
    const variables = new Set(walk.around.variables);
    for (const datum of list(one, 'datums')) {
      for (const key in datum) {
        const name = isTree(datum[key]) ? text(datum[key], 'refname') : undefined;
        if (name !== undefined) variables.add(name);
      }
    }
    pieces(one, walk.fork({ variables, deferred: true }), false);
  }
}

function parsed(routine: string, walk: Walk): Tree[] {
  try {
    const tree = walk.around.grammar.parseRoutine(routine);
    return list(tree, 'plpgsql_funcs').flatMap((wrapped) => {
      const found = as(wrapped, 'PLpgSQL_function');
      return found === undefined ? [] : [found];
    });
  } catch (error) {
    if (error instanceof GrammarError) return [];
    throw error;
  }
}

/** Where the value of an expression is run as SQL. */
const DYNAMIC_SLOTS: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_dynexecute: 'query',
  PLpgSQL_stmt_dynfors: 'query',
};

const LOOPS = new Set([
  'PLpgSQL_stmt_fors',
  'PLpgSQL_stmt_dynfors',
  'PLpgSQL_stmt_forc',
  'PLpgSQL_stmt_fori',
  'PLpgSQL_stmt_foreach_a',
  'PLpgSQL_stmt_while',
  'PLpgSQL_stmt_loop',
]);

/** Goes through few rows: of a narrowed query, a short range, an array that the caller gives. */
function isShortLoop(type: string, loop: Tree, walk: Walk): boolean {
  switch (type) {
    case 'PLpgSQL_stmt_fors': {
      const query = parsedPiece(loop, 'query', walk);
      return query !== undefined && isShort(query, { ...walk.around, scope: NO_CTES });
    }
    case 'PLpgSQL_stmt_fori':
      return (
        loop.step === undefined &&
        isNarrowRange(constantPiece(loop, 'lower', walk), constantPiece(loop, 'upper', walk), 0)
      );
    case 'PLpgSQL_stmt_foreach_a': {
      const column = as(constantPiece(loop, 'expr', walk), 'ColumnRef');
      return column !== undefined && walk.around.parameters.has(strings(column, 'fields').at(-1) ?? '');
    }
    default:
      return false;
  }
}

function parsedPiece(loop: Tree, slot: string, walk: Walk): Tree | undefined {
  const source = text(as(child(loop, slot), 'PLpgSQL_expr') ?? {}, 'query');
  if (source === undefined) return undefined;
  try {
    return walk.around.grammar.parse(slot === 'query' ? source : `SELECT ${source}`)[0]?.node;
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

function constantPiece(loop: Tree, slot: string, walk: Walk): Tree | undefined {
  const select = as(parsedPiece(loop, slot, walk), 'SelectStmt');
  return child(as(list(select ?? {}, 'targetList')[0], 'ResTarget') ?? {}, 'val');
}

/** Every PLpgSQL_expr below `tree`; `head`: the tree is a loop without its body. */
function pieces(tree: Tree, walk: Walk, dynamic: boolean, head = false): void {
  const expression = as(tree, 'PLpgSQL_expr');
  if (expression !== undefined) {
    piece(expression, walk, dynamic);
    return;
  }
  for (const key in tree) {
    const value = tree[key];
    if (!head && isTree(value) && LOOPS.has(key)) {
      const { body, ...head } = value;
      pieces({ [key]: head }, walk, false, true);
      const inside = walk.around.loose || isShortLoop(key, value, walk) ? walk : walk.fork({ loose: true });
      if (Array.isArray(body)) for (const item of body) if (isTree(item)) pieces(item, inside, false);
      continue;
    }
    if (Array.isArray(value)) {
      for (const item of value) if (isTree(item)) pieces(item, walk, false);
    } else if (isTree(value)) {
      const slot = DYNAMIC_SLOTS[key];
      if (slot === undefined) pieces(value, walk, key === 'dynquery');
      else {
        for (const field in value) {
          const part = value[field];
          if (isTree(part)) pieces(part, walk, field === slot);
          else if (Array.isArray(part)) for (const item of part) if (isTree(item)) pieces(item, walk, false);
        }
      }
    }
  }
}

/** `parseMode` of PostgreSQL's RawParseMode. */
const MODE_TYPE_NAME = 1;
const MODE_EXPRESSION = 2;

function piece(expression: Tree, walk: Walk, dynamic: boolean): void {
  const source = text(expression, 'query') ?? '';
  const mode = number(expression, 'parseMode') ?? 0;
  if (mode === MODE_TYPE_NAME) return;
  let statements: ParsedStatement[];
  if (mode === MODE_EXPRESSION) statements = parse(`SELECT ${source}`, walk);
  else if (mode > MODE_EXPRESSION) statements = parse(assignment(source), walk);
  else statements = parse(source, walk);
  for (const statement of statements) walk.node(statement.node, NO_CTES);
  if (!dynamic) return;
  const select = as(statements[0]?.node, 'SelectStmt');
  const value = as(list(select ?? {}, 'targetList')[0], 'ResTarget');
  const run = value === undefined ? undefined : constantText(isTree(value.val) ? value.val : undefined);
  if (run === undefined)
    walk.draft.find(
      'dynamic_sql',
      walk.at(undefined),
      readsByItself(child(value ?? {}, 'val')) ? undefined : GIVEN_TEXT,
    );
  else sqlBody(run, walk.fork({ depth: walk.around.depth + 1 }));
}

/** The subject of a text that is nothing but what the caller gives, or of which nobody can say what it begins with. */
export const GIVEN_TEXT = 'a text that is given';

/** Put together of constants, the first of which makes it a query. */
function readsByItself(tree: Tree | undefined): boolean {
  if (tree === undefined) return false;
  const constant = constantText(tree);
  if (constant !== undefined) return /^\s*(?:SELECT|WITH|VALUES|TABLE)\b/i.test(constant);
  const [first] = [
    child(as(tree, 'A_Expr') ?? {}, 'lexpr'),
    list(as(tree, 'FuncCall') ?? {}, 'args')[0],
    child(as(tree, 'TypeCast') ?? {}, 'arg'),
  ].filter(isTree);
  return readsByItself(first);
}

/** `target := expression` as a SELECT of both, since subscripts of the target may call functions too. */
function assignment(source: string): string {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < source.length; i++) {
    const character = source[i];
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '[' || character === '(') depth++;
    else if (character === ']' || character === ')') depth--;
    else if (depth === 0 && (character === '=' || (character === ':' && source[i + 1] === '='))) {
      const value = source.slice(i + (character === '=' ? 1 : 2));
      return `SELECT ${source.slice(0, i)}, ${value}`;
    }
  }
  return source;
}
