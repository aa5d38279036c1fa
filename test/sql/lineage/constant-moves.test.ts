/** What is computed once for each operation is what the definition gives that is computed anew for each. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Grammar, loadGrammar } from '../../../src/sql/grammar.ts';
import { ConstantMoves, type Room } from '../../../src/sql/lineage/constant-moves.ts';
import { as, child, list, type Tree } from '../../../src/sql/tree.ts';

const SIZES: Readonly<Record<string, number | undefined>> = {
  '0': 0,
  '1': 1,
  '7': 7,
  '250': 250,
  '0.5': 0.5,
  "'12'": 12,
  "'3 hours'": 3,
  "'2 years'": 732,
  "'1 month'": 31,
  "'1 century'": 366_000,
  "'infinity'": undefined,
  "'10.0.0.1'::inet": undefined,
  NULL: 0,
};
const OTHERS = ['pay', '$1', '(SELECT 1)', 'length(pay)', "(pay || '1')", '(pay = 1)', '(pay IN (1, 2))', '(pay ^ 2)'];
const OPERATORS = ['+', '-', '*', '/'];

/** An expression, and what the definition says of it. */
interface Example {
  readonly sql: string;
  /** With a cast around it, it is no constant operation any more. */
  readonly size: (depth: number) => number | undefined;
  readonly room: (depth: number) => Room | undefined;
  readonly isOpen: boolean;
}

const NESTED = 200;

function constant(sql: string): Example {
  return { sql, size: () => SIZES[sql], room: () => ({ factor: 1, sum: 0 }), isOpen: false };
}

function other(sql: string): Example {
  const isOperation = sql.startsWith('(pay');
  return {
    sql,
    size: () => undefined,
    room: (depth) => (isOperation && depth > NESTED ? undefined : { factor: 1, sum: 0 }),
    isOpen: sql === '$1' || sql === '(SELECT 1)',
  };
}

function casted(inner: Example, isOperation: boolean): Example {
  return { ...inner, sql: `(${inner.sql})::numeric`, size: isOperation ? () => undefined : inner.size };
}

function operation(operator: string, left: Example | undefined, right: Example): Example {
  const size = (depth: number): number | undefined => {
    if (depth > NESTED) return undefined;
    const [a, b] = [left?.size(depth + 1), right.size(depth + 1)];
    if (b === undefined || (left !== undefined && a === undefined)) return undefined;
    if (left === undefined) return operator === '+' || operator === '-' ? b : undefined;
    return operator === '*' ? a! * b : operator === '/' ? undefined : a! + b;
  };
  const room = (depth: number): Room | undefined => {
    if (depth > NESTED) return undefined;
    let [factor, sum] = [1, 0];
    const sides = left === undefined ? [right] : [left, right];
    for (const side of sides) {
      if (side.size(0) !== undefined) continue;
      const below = side.room(depth + 1);
      if (below === undefined || side.isOpen) return undefined;
      [factor, sum] = [Math.max(factor, below.factor), sum + below.sum];
    }
    for (const side of sides) {
      const by = side.size(0);
      if (by === undefined) continue;
      if (operator === '/') {
        if (side === left || by === 0) continue;
        [factor, sum] = [factor / Math.min(by, 1), sum / Math.min(by, 1)];
      } else if (operator === '*') [factor, sum] = [factor * Math.max(by, 1), sum * Math.max(by, 1)];
      else sum += by;
    }
    return { factor, sum };
  };
  return { sql: `(${left === undefined ? '' : `${left.sql} `}${operator} ${right.sql})`, size, room, isOpen: false };
}

const examples = fc.letrec<{ any: Example; operation: Example }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium' },
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(SIZES)).map(constant) },
    { weight: 1, arbitrary: fc.constantFrom(...OTHERS).map(other) },
    { weight: 1, arbitrary: tie('operation').map((one) => casted(one, true)) },
    { weight: 4, arbitrary: tie('operation') },
  ),
  operation: fc.oneof(
    { depthSize: 'medium' },
    { weight: 1, arbitrary: fc.constantFrom('+', '-').map((sign) => operation(sign, undefined, other('pay'))) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('+', '-'), fc.constantFrom(...OTHERS))
        .map(([sign, one]) => operation(sign, undefined, other(one))),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...OPERATORS), tie('any'), tie('any'))
        .map(([operator, left, right]) => operation(operator, left, right)),
    },
  ),
}));

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(17);
});

function treeOf(sql: string): Tree {
  const select = as(grammar.parse(`SELECT ${sql}`)[0]!.node, 'SelectStmt')!;
  return child(as(list(select, 'targetList')[0], 'ResTarget')!, 'val')!;
}

/** All operations in it, the outermost first. */
function operationsIn(wrapped: Tree): Tree[] {
  const found: Tree[] = [];
  const waiting = [wrapped];
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    const node = as(tree, 'A_Expr');
    if (node !== undefined) found.push(node);
    const inner = node ?? as(tree, 'TypeCast');
    if (inner === undefined) continue;
    for (const slot of ['lexpr', 'rexpr', 'arg']) {
      const side = child(inner, slot);
      if (side !== undefined) waiting.push(side);
    }
  }
  return found;
}

describe('constants of sums and products', () => {
  it('move a value as far as the definition says, whatever was asked before', () => {
    fc.assert(
      fc.property(examples.operation, fc.boolean(), (example, innermostFirst) => {
        const tree = treeOf(example.sql);
        const moves = new ConstantMoves();
        // As a trace does, which asks for each operation behind those within it.
        const all = operationsIn(tree);
        if (innermostFirst) for (const one of all.reverse()) moves.roomOf(one);
        const node = as(tree, 'A_Expr')!;
        expect(moves.roomOf(node)).toEqual(example.room(0));
        expect(moves.sizeOf(tree)).toEqual(example.size(0));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([199, 200, 201, 202, 203, 260])('%i in a row are what the definition says', (count) => {
    for (const [start, add] of [
      [other('pay'), constant('1')],
      [constant('7'), constant('1')],
      [constant('7'), other('pay')],
    ] as const) {
      for (const isLeft of [true, false]) {
        let example = start;
        for (let i = 0; i < count; i++) {
          const operator = i % 3 === 0 ? '*' : '+';
          example = isLeft ? operation(operator, example, add) : operation(operator, add, example);
        }
        // The definition takes its time for what is nested on both sides.
        const tree = treeOf(example.sql);
        expect(new ConstantMoves().roomOf(as(tree, 'A_Expr')!)).toEqual(example.room(0));
        expect(new ConstantMoves().sizeOf(tree)).toEqual(example.size(0));
      }
    }
  });

  it('are computed without recursion', () => {
    const innermost = as(treeOf('pay + 1'), 'A_Expr')!;
    let outermost = innermost;
    for (let i = 0; i < 100_000; i++) outermost = { ...innermost, lexpr: { A_Expr: outermost } };
    const moves = new ConstantMoves();
    expect(moves.roomOf(outermost)).toBeUndefined();
    expect(moves.sizeOf({ A_Expr: outermost })).toBeUndefined();
    expect(moves.roomOf(innermost)).toEqual({ factor: 1, sum: 1 });
  });
});
