/** Functions, procedures and DO: their bodies are parsed again and walked as part of the statement. */
import { Draft } from './draft.ts';
import { type TextOf, textOfType } from './dynamic-text.ts';
import { createdRoutineLookup, qualifiedName, routineLookup } from './names.ts';
import { plpgsqlBody, sqlBody } from './routine-bodies.ts';
import { as, child, flag, items, list, strings, stringsOf, type Tree, text } from './tree.ts';
import type { StatementHandler, Walk } from './walk.ts';

function options(node: Tree, field: string): Map<string, Tree> {
  const found = new Map<string, Tree>();
  for (const wrapped of list(node, field)) {
    const option = as(wrapped, 'DefElem');
    const name = option === undefined ? undefined : text(option, 'defname');
    if (option !== undefined && name !== undefined) found.set(name, option);
  }
  return found;
}

function optionText(option: Tree | undefined): string | undefined {
  const string = option === undefined ? undefined : as(child(option, 'arg'), 'String');
  return string === undefined ? undefined : (text(string, 'sval') ?? '');
}

function isTrue(option: Tree | undefined): boolean {
  const value = option === undefined ? undefined : as(child(option, 'arg'), 'Boolean');
  return value !== undefined && flag(value, 'boolval');
}

function parameterTexts(node: Tree): Map<string, TextOf> {
  const texts = new Map<string, TextOf>();
  for (const wrapped of list(node, 'parameters')) {
    const parameter = as(wrapped, 'FunctionParameter') ?? {};
    const type = child(parameter, 'argType') ?? {};
    const kind = list(type, 'arrayBounds').length > 0 ? undefined : textOfType(strings(type, 'names').at(-1) ?? '');
    const name = text(parameter, 'name');
    if (name !== undefined && kind !== undefined) texts.set(name, kind);
  }
  return texts;
}

function parameterNames(node: Tree): Set<string> {
  const names = new Set<string>();
  for (const wrapped of list(node, 'parameters')) {
    const name = text(as(wrapped, 'FunctionParameter') ?? {}, 'name');
    if (name !== undefined) names.add(name);
  }
  return names;
}

/** The declaration that parsePlPgSQL needs around a body: names of parameters matter, their types do not. */
function declaration(node: Tree, body: string): string {
  const tag = dollarTag(body);
  const parameters: string[] = [];
  for (const wrapped of list(node, 'parameters')) {
    const parameter = as(wrapped, 'FunctionParameter') ?? {};
    const name = text(parameter, 'name');
    const mode = text(parameter, 'mode');
    const words =
      mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_TABLE' ? 'OUT ' : mode === 'FUNC_PARAM_INOUT' ? 'INOUT ' : '';
    parameters.push(`${words}${name === undefined ? '' : `${qualifiedName([name])} `}text`);
  }
  if (flag(node, 'is_procedure')) {
    return `CREATE PROCEDURE f(${parameters.join(', ')}) LANGUAGE plpgsql AS ${tag}${body}${tag}`;
  }
  return `CREATE FUNCTION f(${parameters.join(', ')}) ${returns(node, parameters)}LANGUAGE plpgsql AS ${tag}${body}${tag}`;
}

/** How a function returns decides which RETURN statements its body may have. */
function returns(node: Tree, parameters: readonly string[]): string {
  const result = child(node, 'returnType');
  const outs = parameters.filter((one) => one.startsWith('OUT ') || one.startsWith('INOUT ')).length;
  if (result === undefined) return '';
  const setof = flag(result, 'setof') ? 'SETOF ' : '';
  if (outs > 0) return setof === '' ? '' : `RETURNS SETOF ${outs === 1 ? 'text' : 'record'} `;
  const name = strings(result, 'names').at(-1) ?? '';
  return `RETURNS ${setof}${SPECIAL_RESULTS.has(name) ? name : 'text'} `;
}

const SPECIAL_RESULTS = new Set(['trigger', 'event_trigger', 'void', 'record']);

function dollarTag(body: string): string {
  let tag = '$body$';
  for (let n = 0; body.includes(tag); n++) tag = `$body${n}$`;
  return tag;
}

function body(
  language: string,
  source: Tree | undefined,
  parameters: Set<string>,
  texts: Map<string, TextOf>,
  declare: (body: string) => string,
  blocks: ReadonlySet<string>,
  walk: Walk,
  runsNow = false,
): void {
  const parts = source === undefined ? [] : stringsOf(items(child(source, 'arg')));
  const text = optionText(source) ?? (parts.length === 1 ? parts[0] : undefined);
  const inside = walk.fork({
    nestedAt: walk.at(source),
    deferred: true,
    variables: parameters,
    parameters,
    blocks,
    texts,
    depth: walk.around.depth + 1,
  });
  if (text !== undefined && language === 'sql') sqlBody(text, inside);
  else if (text !== undefined && language === 'plpgsql') plpgsqlBody(declare(text), inside, runsNow);
  else inside.draft.find('procedural_code', inside.at(undefined), language);
}

export const ROUTINE_STATEMENTS: Readonly<Record<string, StatementHandler>> = {
  CreateFunctionStmt(node, walk, scope) {
    const settings = options(node, 'options');
    const label = flag(node, 'is_procedure') ? 'procedure' : 'function';
    const name = qualifiedName(strings(node, 'funcname'));
    const action = flag(node, 'replace') ? 'replace' : 'create';
    walk.target(
      action,
      'function',
      label,
      createdRoutineLookup(strings(node, 'funcname'), list(node, 'parameters')),
      name,
    );
    if (isTrue(settings.get('security'))) {
      walk.draft.find('security_definer', walk.at(settings.get('security')), name);
    }
    const inner = new Draft();
    const inside = walk.fork({}, inner);
    const parameters = parameterNames(node);
    const blocks = new Set(strings(node, 'funcname').slice(-1));
    const language = optionText(settings.get('language')) ?? 'sql';
    if (node.sql_body === undefined) {
      const texts = parameterTexts(node);
      body(language, settings.get('as'), parameters, texts, (source) => declaration(node, source), blocks, inside);
    } else {
      inside.fork({ deferred: true, variables: parameters, parameters, blocks }).node(child(node, 'sql_body'), scope);
    }
    walk.draft.absorb(inner);
    walk.draft.routine = inner.facts('', 0, 0);
    walk.children(node, scope, new Set(['sql_body', 'funcname']));
  },

  AlterFunctionStmt(node, walk, scope) {
    const object = child(node, 'func') ?? {};
    const name = qualifiedName(strings(object, 'objname'));
    const label = text(node, 'objtype') === 'OBJECT_PROCEDURE' ? 'procedure' : 'function';
    walk.target('alter', 'function', label, routineLookup(object), name);
    const security = options(node, 'actions').get('security');
    if (isTrue(security)) walk.draft.find('security_definer', walk.at(security), name);
    walk.children(node, scope);
  },

  DoStmt(node, walk) {
    walk.draft.writes = true;
    const settings = options(node, 'args');
    const language = optionText(settings.get('language')) ?? 'plpgsql';
    const declare = (source: string): string => {
      const tag = dollarTag(source);
      return `DO ${tag}${source}${tag}`;
    };
    body(language, settings.get('as'), new Set(), new Map(), declare, new Set(), walk, !walk.around.deferred);
  },
};
