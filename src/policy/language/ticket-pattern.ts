/**
 * Regular expressions over what people type, run in time linear in its length: an operator's `a*a*a*b` must not stop the
 * gateway, nor whoever types a reason for it. A Thompson automaton of a subset of JavaScript's syntax; what is not in
 * the subset (look-around, back references, lazy quantifiers, flags) is a fault of the configuration. Pure.
 * @see https://swtch.com/~rsc/regexp/regexp1.html
 */

export interface TicketPattern {
  /** Does the text contain it? At most `MAX_INPUT` characters are looked at; a longer one contains nothing. */
  isIn(text: string): boolean;
}

export const MAX_PATTERN = 200;
export const MAX_INPUT = 2_000;
/** Of the automaton, bounded repetitions written out: work is at most this times the characters. */
const MAX_STATES = 1_000;
const MAX_DEPTH = 20;

export const TICKET_EXPECTS =
  'a regular expression of literals, `.`, `[…]`, `\\d \\w \\s \\b`, `( )`, `|`, `* + ? {n,m}`, `^ $`, such as `INC-\\d+`';

type Test = (code: number) => boolean;
type Assertion = 'start' | 'end' | 'word' | 'no_word';

type Node =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'either'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

/** A state of the automaton: consumes by `test`, or leads on to `next` without. */
interface State {
  readonly test: Test | undefined;
  readonly assertion: Assertion | undefined;
  next: number[];
}

class PatternFault extends Error {}

/** The pattern, or what is wrong with it. */
export function ticketPattern(source: string): TicketPattern | { readonly fault: string } {
  if (source.length === 0 || source.length > MAX_PATTERN) return { fault: `expected 1 to ${MAX_PATTERN} characters` };
  try {
    return automaton(new Parser(source).parse());
  } catch (error) {
    if (error instanceof PatternFault) return { fault: error.message };
    throw error;
  }
}

const DIGIT: Test = (code) => code >= 48 && code <= 57;
const WORD: Test = (code) => DIGIT(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const SPACE: Test = (code) => code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
const CLASSES: Readonly<Record<string, Test>> = { d: DIGIT, w: WORD, s: SPACE };
const not =
  (test: Test): Test =>
  (code) =>
    !test(code);

function classOf(letter: string): Test | undefined {
  const positive = CLASSES[letter.toLowerCase()];
  return positive === undefined || letter === letter.toLowerCase() ? positive : not(positive);
}

class Parser {
  readonly #text: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#text = [...source];
  }

  parse(): Node {
    const node = this.#either();
    if (this.#at < this.#text.length) throw new PatternFault('a `)` too many');
    return node;
  }

  #either(): Node {
    if (++this.#depth > MAX_DEPTH) throw new PatternFault(`more than ${MAX_DEPTH} groups inside one another`);
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'either', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && this.#peek() !== '|' && this.#peek() !== ')') parts.push(this.#quantified());
    return { kind: 'sequence', parts };
  }

  #quantified(): Node {
    const part = this.#atom();
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    if (part.kind === 'assert') throw new PatternFault('a quantifier behind something that is no character');
    if (['?', '+', '*', '{'].includes(this.#peek() ?? '')) throw new PatternFault('two quantifiers in a row');
    return { kind: 'repeat', part, ...bounds };
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return undefined;
    const rest = this.#text.slice(this.#at).join('');
    const match = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(rest);
    if (match === null) throw new PatternFault('a `{` that is no quantifier; write `\\{`');
    this.#at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (max < min) throw new PatternFault('a quantifier whose end is before its beginning');
    return { min, max };
  }

  #atom(): Node {
    const letter = this.#next();
    switch (letter) {
      case '(': {
        if (this.#peek() === '?' && !(this.#text[this.#at + 1] === ':'))
          throw new PatternFault('`(?` is not known here');
        if (this.#peek() === '?') this.#at += 2;
        const inner = this.#either();
        if (!this.#take(')')) throw new PatternFault('a `(` without its `)`');
        return inner;
      }
      case '[':
        return { kind: 'test', test: this.#set() };
      case '.':
        return { kind: 'test', test: (code) => code !== 10 && code !== 13 };
      case '^':
        return { kind: 'assert', assertion: 'start' };
      case '$':
        return { kind: 'assert', assertion: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternFault(`a \`${letter}\` with nothing before it`);
      case '\\': {
        const escaped = this.#next();
        if (escaped === 'b') return { kind: 'assert', assertion: 'word' };
        if (escaped === 'B') return { kind: 'assert', assertion: 'no_word' };
        return { kind: 'test', test: classOf(escaped) ?? same(literal(escaped)) };
      }
      default:
        return { kind: 'test', test: same(letter) };
    }
  }

  #set(): Test {
    const negated = this.#take('^');
    const tests: Test[] = [];
    while (!this.#take(']')) {
      const from = this.#setPart();
      if (typeof from !== 'string') {
        tests.push(from);
      } else if (this.#peek() === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        const to = this.#setPart();
        if (typeof to !== 'string' || to.codePointAt(0)! < from.codePointAt(0)!) {
          throw new PatternFault('a range in `[…]` that goes nowhere');
        }
        const [low, high] = [from.codePointAt(0)!, to.codePointAt(0)!];
        tests.push((code) => code >= low && code <= high);
      } else tests.push(same(from));
    }
    const test: Test = (code) => tests.some((one) => one(code));
    return negated ? not(test) : test;
  }

  #setPart(): string | Test {
    const letter = this.#next('a `[` without its `]`');
    if (letter !== '\\') return letter;
    const escaped = this.#next('a `[` without its `]`');
    return classOf(escaped) ?? literal(escaped);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(letter: string): boolean {
    if (this.#peek() !== letter) return false;
    this.#at++;
    return true;
  }

  #next(fault = 'it ends too early'): string {
    const letter = this.#text[this.#at++];
    if (letter === undefined) throw new PatternFault(fault);
    return letter;
  }
}

/** A letter or digit behind a backslash means something else in other dialects: not here. */
function literal(escaped: string): string {
  if (/[A-Za-z0-9]/.test(escaped)) throw new PatternFault(`\`\\${escaped}\` is not known here`);
  return escaped;
}

function same(letter: string): Test {
  const wanted = letter.codePointAt(0)!;
  return (code) => code === wanted;
}

function automaton(node: Node): TicketPattern {
  const states: State[] = [];
  const add = (test: Test | undefined, assertion: Assertion | undefined, next: number[]): number => {
    if (states.length >= MAX_STATES) throw new PatternFault('it repeats too much');
    return states.push({ test, assertion, next }) - 1;
  };
  let steps = 0;
  /** Built from the end: `after` is the state that follows. */
  const build = (part: Node, after: number): number => {
    // What makes no state can be repeated too.
    if (++steps > MAX_STATES * 10) throw new PatternFault('it repeats too much');
    switch (part.kind) {
      case 'test':
        return add(part.test, undefined, [after]);
      case 'assert':
        return add(undefined, part.assertion, [after]);
      case 'sequence':
        return part.parts.reduceRight((follows, one) => build(one, follows), after);
      case 'either':
        return add(
          undefined,
          undefined,
          part.parts.map((one) => build(one, after)),
        );
      case 'repeat': {
        let follows = after;
        if (part.max === Number.POSITIVE_INFINITY) {
          const loop = add(undefined, undefined, [after]);
          states[loop]!.next.push(build(part.part, loop));
          follows = loop;
        } else {
          for (let i = part.min; i < part.max; i++) {
            follows = add(undefined, undefined, [after, build(part.part, follows)]);
          }
        }
        for (let i = 0; i < part.min; i++) follows = build(part.part, follows);
        return follows;
      }
      default:
        return part satisfies never;
    }
  };
  const accept = add(undefined, undefined, []);
  const first = build(node, accept);
  return { isIn: (text) => text.length <= MAX_INPUT && search(states, first, accept, text) };
}

function search(states: readonly State[], first: number, accept: number, text: string): boolean {
  const codes = [...text].map((letter) => letter.codePointAt(0)!);
  const seen = new Int32Array(states.length).fill(-1);
  let now: number[] = [];
  for (let at = 0; at <= codes.length; at++) {
    const reached: number[] = [];
    // It may begin anywhere.
    const open = [...now, first];
    while (open.length > 0) {
      const index = open.pop()!;
      if (seen[index] === at) continue;
      seen[index] = at;
      if (index === accept) return true;
      const state = states[index]!;
      if (state.test !== undefined) reached.push(index);
      else if (state.assertion === undefined || holds(state.assertion, codes, at)) open.push(...state.next);
    }
    const code = codes[at];
    now = [];
    if (code === undefined) break;
    for (const index of reached) {
      const { test, next } = states[index]!;
      if (test!(code)) now.push(...next);
    }
  }
  return false;
}

function holds(assertion: Assertion, codes: readonly number[], at: number): boolean {
  if (assertion === 'start') return at === 0;
  if (assertion === 'end') return at === codes.length;
  const before = at > 0 && WORD(codes[at - 1]!);
  const after = at < codes.length && WORD(codes[at]!);
  return (before !== after) === (assertion === 'word');
}
