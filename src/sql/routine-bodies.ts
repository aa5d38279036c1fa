/** Bodies of routines: SQL is parsed again; PL/pgSQL is taken apart by its own parser, each piece of SQL in it parsed again. */
import { splitAssignment } from './assignment-text.ts';
import { isNarrowRange } from './bounds.ts';
import { NO_CTES } from './ctes.ts';
import { Draft } from './draft.ts';
import { GIVEN_NAME, sampleOf, textOfType } from './dynamic-text.ts';
import { isShort } from './extents.ts';
import type { Grounds } from './facts.ts';
import { GrammarError, type ParsedStatement } from './grammar.ts';
import { ALWAYS, both, isAlways } from './grounds.ts';
import { nameParts } from './names.ts';
import { as, child, constantText, isTree, list, number, strings, type Tree, text } from './tree.ts';
import type { Walk } from './walk.ts';

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

/** `routine`: a whole DO or CREATE FUNCTION … LANGUAGE plpgsql; `runsNow`: it is run as it stands. */
export function plpgsqlBody(routine: string, walk: Walk, runsNow = false): void {
  const functions = walk.around.depth > MAX_DEPTH ? [] : parsed(routine, walk);
  const bodies = functions.filter((one) => one.action !== undefined);
  if (bodies.length === 0) {
    walk.draft.find('procedural_code', walk.at(undefined), 'plpgsql');
    return;
  }
  const variablesFirst = /#\s*variable_conflict\s+use_variable/i.test(routine);
  for (const one of bodies) {
    const variables = new Set(walk.around.variables);
    const texts = new Map(walk.around.texts);
    const seen = new Set<string>();
    for (const datum of list(one, 'datums')) {
      for (const key in datum) {
        const variable = datum[key];
        const name = isTree(variable) ? text(variable, 'refname') : undefined;
        if (name === undefined) continue;
        variables.add(name);
        // Parameters are declared here as texts, and a block may have its own variable of a name that there is already.
        const isParameter = walk.around.parameters.has(name) && !seen.has(name);
        const kind = isTree(variable) && !seen.has(name) ? textOfType(typeOf(variable)) : undefined;
        if (kind !== undefined) texts.set(name, kind);
        else if (!isParameter) texts.delete(name);
        seen.add(name);
      }
    }
    const blocks = new Set(walk.around.blocks);
    noteLabels(one, blocks);
    const inside = walk.fork({ variables, blocks, variablesFirst, texts, deferred: true });
    pieces(one, runsNow ? inside.fork({ once: onlyOne(one, inside) }) : inside, false);
  }
}

/**
 * The one statement of a block that does anything, once at most: `ALTER TABLE … EXCEPTION WHEN duplicate_object THEN NULL`. Its
 * names mean what they mean before the block. Conditions that are looked at first (`IF NOT EXISTS (SELECT …)`) may set
 * another search_path by what stands behind a view: beside them its objects have to be named in full.
 */
function onlyOne(block: Tree, walk: Walk): Tree | undefined {
  const expressions: { readonly key: string; readonly node: Tree }[] = [];
  let isPlain = true;
  const look = (tree: Tree, key: string): void => {
    const expression = as(tree, 'PLpgSQL_expr');
    if (expression !== undefined) expressions.push({ key, node: expression });
    else {
      for (const name in tree) {
        if (name.startsWith('PLpgSQL_stmt_') && !PLAIN_STATEMENTS.has(name)) isPlain = false;
        const value = tree[name];
        const inner = name.startsWith('PLpgSQL_stmt_') ? name : key;
        for (const part of Array.isArray(value) ? value : [value]) if (isTree(part)) look(part, inner);
      }
    }
  };
  look(block, '');
  const [only, more] = expressions.filter(({ key }) => key === 'PLpgSQL_stmt_execsql');
  if (!isPlain || only === undefined || more !== undefined) return undefined;
  const alone = new Draft();
  for (const { node } of parse(text(only.node, 'query') ?? '', walk.fork({}, alone)))
    walk.fork({}, alone).node(node, NO_CTES);
  const names = [...alone.targets.map(({ name }) => name), ...alone.relations];
  const isSure = expressions.length === 1 || names.every((name) => nameParts(name).length > 1);
  return isSure && [...alone.commands].every((one) => OF_OBJECTS.test(one)) ? only.node : undefined;
}

/** They reach no rows of others by what may have come into being meanwhile under that name, such as a view. */
const OF_OBJECTS =
  /^(?:ALTER (?:TABLE|TYPE|DOMAIN|SEQUENCE|INDEX|VIEW|MATERIALIZED VIEW)|DROP \S.*|CREATE INDEX|COMMENT)$/;

/** None of them runs anything more than once, or ends a transaction. */
const PLAIN_STATEMENTS = new Set([
  'PLpgSQL_stmt_block',
  'PLpgSQL_stmt_execsql',
  'PLpgSQL_stmt_if',
  'PLpgSQL_stmt_raise',
  'PLpgSQL_stmt_return',
]);

/** Labels of blocks and loops. */
function noteLabels(tree: Tree, labels: Set<string>): void {
  for (const key in tree) {
    const value = tree[key];
    if (key === 'label' && typeof value === 'string') labels.add(value);
    else if (Array.isArray(value)) {
      for (const item of value) if (isTree(item)) noteLabels(item, labels);
    } else if (isTree(value)) noteLabels(value, labels);
  }
}

function typeOf(variable: Tree): string {
  return text(as(child(variable, 'datatype'), 'PLpgSQL_type') ?? {}, 'typname') ?? '';
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

/** On which grounds it goes through few rows: of a narrowed query, a short range, an array that the caller gives. */
function isShortLoop(type: string, loop: Tree, walk: Walk): Grounds {
  switch (type) {
    case 'PLpgSQL_stmt_fors': {
      const query = parsedPiece(loop, 'query', walk);
      return query === undefined ? [] : isShort(query, { ...walk.around, scope: NO_CTES });
    }
    case 'PLpgSQL_stmt_fori':
      return loop.step === undefined &&
        isNarrowRange(constantPiece(loop, 'lower', walk), constantPiece(loop, 'upper', walk), 0)
        ? ALWAYS
        : [];
    case 'PLpgSQL_stmt_foreach_a': {
      const column = as(constantPiece(loop, 'expr', walk), 'ColumnRef');
      const isGiven = column !== undefined && walk.around.parameters.has(strings(column, 'fields').at(-1) ?? '');
      return isGiven ? ALWAYS : [];
    }
    default:
      return [];
  }
}

/** The surroundings of a loop's body. */
function insideOf(type: string, loop: Tree, walk: Walk): Walk {
  const { loose, loops } = walk.around;
  if (loose) return walk;
  const short = isShortLoop(type, loop, walk);
  if (short.length === 0) return walk.fork({ loose: true });
  return isAlways(short) ? walk : walk.fork({ loops: both(loops, short) });
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
    const command = ENDS[key];
    if (command !== undefined) walk.draft.commands.add(command);
    if (!head && isTree(value) && LOOPS.has(key)) {
      const { body, ...head } = value;
      pieces({ [key]: head }, walk, false, true);
      const inside = insideOf(key, value, walk);
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

/** What has no SQL of its own in a body, and ends transactions all the same. */
const ENDS: Readonly<Record<string, string>> = { PLpgSQL_stmt_commit: 'COMMIT', PLpgSQL_stmt_rollback: 'ROLLBACK' };

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
  const here = expression === walk.around.once ? walk.fork({ deferred: false, mayFail: true }) : walk;
  for (const statement of statements) here.node(statement.node, NO_CTES);
  if (!dynamic) return;
  const select = as(statements[0]?.node, 'SelectStmt');
  const value = as(list(select ?? {}, 'targetList')[0], 'ResTarget');
  const run = value === undefined ? undefined : constantText(isTree(value.val) ? value.val : undefined);
  if (run !== undefined) {
    sqlBody(run, walk.fork({ depth: walk.around.depth + 1 }));
    return;
  }
  const query = dynamicQuery(child(value ?? {}, 'val'), walk);
  if (query !== undefined) walk.draft.absorb(query);
  walk.draft.find('dynamic_sql', walk.at(undefined), query === undefined ? GIVEN_TEXT : undefined);
}

/** The subject of a text that is nothing but what the caller gives, or of which nobody can say what it begins with. */
export const GIVEN_TEXT = 'a text that is given';

/** Begins as a query. */
const QUERY = /^\s*(?:SELECT|WITH|VALUES|TABLE)\b/i;

/**
 * A query that is put together of the author's own words and of names and values that are quoted: what it calls counts as
 * called, and any relation as read. Undefined: somebody else may have written part of it.
 */
function dynamicQuery(value: Tree | undefined, walk: Walk): Draft | undefined {
  const sample = sampleOf(value, walk.around.texts);
  if (sample === undefined || !QUERY.test(sample.sql) || walk.around.depth > MAX_DEPTH) return undefined;
  const inner = new Draft();
  try {
    const statements = walk.around.grammar.parse(sample.sql);
    if (statements.length !== 1) return undefined;
    walk.fork({ depth: walk.around.depth + 1 }, inner).node(statements[0]!.node, NO_CTES);
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
  // A name that is given must be no function's, nor a type's, which may be a domain with a check.
  const given = (name: string): boolean => !name.startsWith('.') && name.includes(GIVEN_NAME);
  if ([...inner.functions, ...inner.types, ...inner.operators].some(given)) return undefined;
  for (const name of [...inner.relations]) if (name.includes(GIVEN_NAME)) inner.relations.delete(name);
  inner.functions.delete(`.${GIVEN_NAME}`);
  inner.anyRelation = sample.names;
  return inner;
}

/** `target := expression` as a SELECT of both, since subscripts of the target may call functions too. */
function assignment(source: string): string {
  const parts = splitAssignment(source);
  return parts === undefined ? source : `SELECT ${parts.target}, ${parts.value}`;
}
