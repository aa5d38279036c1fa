/** The name RowDescription gives a column without an alias: FigureColname of PostgreSQL's parser. */
import { as, child, list, strings, stringsOf, type Tree, text, unwrap } from '../tree.ts';

/** A name, and whether it is better than the ones that a cast or CASE gives. */
type Figured = readonly [name: string, strong: boolean] | undefined;

export function columnName(target: Tree): string {
  return text(target, 'name') ?? figure(child(target, 'val'))?.[0] ?? '?column?';
}

const FIXED: Readonly<Record<string, string>> = {
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
};

const XML_NAMES: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  IS_XMLSERIALIZE: 'xmlserialize',
};

function figure(wrapped: Tree | undefined, depth = 0): Figured {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  if (depth > 500) return undefined;
  const fixed = FIXED[type];
  if (fixed !== undefined) return [fixed, true];
  switch (type) {
    case 'ColumnRef': {
      const name = strings(node, 'fields').at(-1);
      return name === undefined ? undefined : [name, true];
    }
    case 'A_Indirection': {
      const name = stringsOf(list(node, 'indirection')).at(-1);
      return name === undefined ? figure(child(node, 'arg'), depth + 1) : [name, true];
    }
    case 'FuncCall': {
      const name = strings(node, 'funcname').at(-1);
      return name === undefined ? undefined : [name, true];
    }
    case 'A_Expr':
      return text(node, 'kind') === 'AEXPR_NULLIF' ? ['nullif', true] : undefined;
    case 'TypeCast': {
      const inner = figure(child(node, 'arg'), depth + 1);
      if (inner?.[1]) return inner;
      const name = strings(child(node, 'typeName') ?? {}, 'names').at(-1);
      return name === undefined ? inner : [name, false];
    }
    case 'CollateClause':
      return figure(child(node, 'arg'), depth + 1);
    case 'CaseExpr': {
      const inner = figure(child(node, 'defresult'), depth + 1);
      return inner?.[1] ? inner : ['case', false];
    }
    case 'MinMaxExpr':
      return [text(node, 'op') === 'IS_LEAST' ? 'least' : 'greatest', true];
    case 'SubLink':
      return figureSubLink(node, depth);
    case 'SQLValueFunction':
      return [
        (text(node, 'op') ?? '')
          .replace(/^SVFOP_/, '')
          .replace(/_N$/, '')
          .toLowerCase(),
        true,
      ];
    case 'XmlExpr': {
      const name = XML_NAMES[text(node, 'op') ?? ''];
      return name === undefined ? undefined : [name, true];
    }
    case 'JsonFuncExpr':
      return [(text(node, 'op') ?? '').replace(/_OP$/, '').toLowerCase(), true];
    default:
      return undefined;
  }
}

function figureSubLink(node: Tree, depth: number): Figured {
  switch (text(node, 'subLinkType')) {
    case 'EXISTS_SUBLINK':
      return ['exists', true];
    case 'ARRAY_SUBLINK':
      return ['array', true];
    case 'EXPR_SUBLINK': {
      let query = as(child(node, 'subselect'), 'SelectStmt');
      for (let left = child(query ?? {}, 'larg'); left !== undefined; left = child(left, 'larg')) query = left;
      if (list(query ?? {}, 'valuesLists').length > 0) return ['column1', true];
      const target = as(list(query ?? {}, 'targetList')[0], 'ResTarget');
      if (target === undefined) return undefined;
      const name = text(target, 'name');
      return name === undefined ? figure(child(target, 'val'), depth + 1) : [name, true];
    }
    default:
      return undefined;
  }
}
