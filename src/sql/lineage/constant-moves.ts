/**
 * How large constants are, and by how much those of nested sums and products move what stands between them. Each
 * operation is looked at once, from the innermost outwards and without recursion: a text may have tens of thousands in
 * a row.
 */
import { as, castConstantOf, child, strings, type Tree, text } from '../tree.ts';

/** How far constants may move a value of a type, all of them together. */
export interface Room {
  readonly factor: number;
  readonly sum: number;
}

/** Of operations that are nested deeper nobody knows. */
const MOST_NESTED = 201;

interface Known {
  /** Of an operation on constants; undefined: it is none. */
  readonly size: number | undefined;
  readonly sizeDepth: number;
  readonly room: Room | undefined;
  readonly roomDepth: number;
}

const UNMOVED: Room = { factor: 1, sum: 0 };

export class ConstantMoves {
  /** By the node of an `A_Expr`. */
  readonly #known = new Map<Tree, Known>();

  /** By how much the constants of nested sums and products may move what stands between them; undefined: nobody knows. */
  roomOf(operation: Tree): Room | undefined {
    const { room, roomDepth } = this.#of(operation);
    return roomDepth > MOST_NESTED ? undefined : room;
  }

  /**
   * How large a constant is, or a sum or product of some: of an interval, in days. Undefined: it is none, or an address,
   * or a time at the end of its type's range.
   */
  sizeOf(wrapped: Tree | undefined): number | undefined {
    const { size, depth } = this.#sized(wrapped);
    return depth > MOST_NESTED ? undefined : size;
  }

  #sized(wrapped: Tree | undefined): { readonly size: number | undefined; readonly depth: number } {
    const constant = castConstantOf(wrapped);
    switch (constant?.kind) {
      case 'integer':
      case 'float': {
        const size = Math.abs(Number(constant.value));
        return { size: Number.isNaN(size) ? undefined : size, depth: 0 };
      }
      case 'string':
        return { size: isAddress(wrapped) ? undefined : sizeOfText(constant.value), depth: 0 };
      case 'null':
        return { size: 0, depth: 0 };
      default: {
        const operation = as(wrapped, 'A_Expr');
        if (operation === undefined) return { size: undefined, depth: 0 };
        const { size, sizeDepth } = this.#of(operation);
        return { size, depth: sizeDepth };
      }
    }
  }

  #of(operation: Tree): Known {
    const waiting = [operation];
    for (let node = waiting.at(-1); node !== undefined; node = waiting.at(-1)) {
      const inner = this.#known.has(node) ? [] : operandsOf(node).filter((one) => !this.#known.has(one));
      if (inner.length > 0) {
        waiting.push(...inner);
        continue;
      }
      waiting.pop();
      if (!this.#known.has(node)) this.#known.set(node, { ...this.#sizeOfOperation(node), ...this.#roomOf(node) });
    }
    return this.#known.get(operation)!;
  }

  #sizeOfOperation(node: Tree): Pick<Known, 'size' | 'sizeDepth'> {
    const none = { size: undefined, sizeDepth: 1 };
    const operator = operatorOf(node);
    if (!isArithmetic(node, operator) || operator === '/') return none;
    const right = this.#sized(child(node, 'rexpr'));
    if (right.size === undefined) return none;
    const first = child(node, 'lexpr');
    if (first === undefined) {
      return operator === '*' ? none : { size: right.size, sizeDepth: right.depth + 1 };
    }
    const left = this.#sized(first);
    if (left.size === undefined) return none;
    const sizeDepth = Math.max(left.depth, right.depth) + 1;
    return { size: operator === '*' ? left.size * right.size : left.size + right.size, sizeDepth };
  }

  #roomOf(node: Tree): Pick<Known, 'room' | 'roomDepth'> {
    const operator = operatorOf(node);
    if (!isArithmetic(node, operator)) return { room: UNMOVED, roomDepth: 1 };
    const sides = [child(node, 'lexpr'), child(node, 'rexpr')];
    const sizes = sides.map((side) => this.sizeOf(side));
    let room = UNMOVED;
    let depth = 0;
    for (const [i, side] of sides.entries()) {
      if (side === undefined || sizes[i] !== undefined) continue;
      const inner = as(stripped(side), 'A_Expr');
      const below = inner === undefined ? { room: UNMOVED, roomDepth: 0 } : this.#known.get(inner)!;
      if (below.room === undefined) return { room: undefined, roomDepth: 1 };
      room = { factor: Math.max(room.factor, below.room.factor), sum: room.sum + below.room.sum };
      depth = Math.max(depth, below.roomDepth);
    }
    for (const [i, size] of sizes.entries()) {
      if (size === undefined) {
        const side = sides[i];
        if (side === undefined || !isOpenEnded(side)) continue;
        return { room: undefined, roomDepth: 1 };
      }
      if (operator === '/') {
        // The constant above the line is no factor, and nobody knows what is below.
        if (i === 0 || size === 0) continue;
        room = { factor: room.factor / Math.min(size, 1), sum: room.sum / Math.min(size, 1) };
      } else if (operator === '*')
        room = { factor: room.factor * Math.max(size, 1), sum: room.sum * Math.max(size, 1) };
      else room = { ...room, sum: room.sum + size };
    }
    return { room, roomDepth: depth + 1 };
  }
}

function operatorOf(node: Tree): string {
  return strings(node, 'name').at(-1) ?? '';
}

function isArithmetic(node: Tree, operator: string): boolean {
  return text(node, 'kind') === 'AEXPR_OP' && /^[-+*/]$/.test(operator);
}

/** The operations that an operation is on, casts aside. */
function operandsOf(node: Tree): Tree[] {
  if (!isArithmetic(node, operatorOf(node))) return [];
  const found: Tree[] = [];
  for (const slot of ['lexpr', 'rexpr']) {
    const side = child(node, slot);
    const inner = side === undefined ? undefined : as(stripped(side), 'A_Expr');
    if (inner !== undefined) found.push(inner);
  }
  return found;
}

/** A parameter, or what the text makes up. */
function isOpenEnded(side: Tree): boolean {
  const bare = stripped(side);
  return as(bare, 'ParamRef') !== undefined || as(bare, 'SubLink') !== undefined;
}

/** Without casts. */
function stripped(wrapped: Tree): Tree {
  let bare = wrapped;
  for (;;) {
    const cast = as(bare, 'TypeCast');
    const inner = cast === undefined ? undefined : child(cast, 'arg');
    if (inner === undefined) return bare;
    bare = inner;
  }
}

/** No number and no time is written longer. */
const LONGEST_CONSTANT = 10_000;

function sizeOfText(value: string): number | undefined {
  if (value.length > LONGEST_CONSTANT || /infinity|nan|e[+]?\d/i.test(value)) return undefined;
  const numbers = [...value.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const largest = Math.max(0, ...numbers);
  // A year of five digits is near the end of time.
  if (/\d{5,}-\d/.test(value)) return undefined;
  if (/dec|cent|mil(?!li)/i.test(value)) return largest * 366_000;
  return /y/i.test(value) ? largest * 366 : /mon/i.test(value) ? largest * 31 : largest;
}

function isAddress(node: Tree | undefined): boolean {
  const cast = as(node, 'TypeCast');
  return (
    cast !== undefined &&
    /^(?:inet|cidr|macaddr8?|pg_lsn)$/.test(strings(child(cast, 'typeName') ?? {}, 'names').at(-1) ?? '')
  );
}
