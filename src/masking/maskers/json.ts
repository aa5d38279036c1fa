/**
 * json and jsonb: one pass over the text. What passes is copied as it stands, spaces and escapes included; keys stay,
 * unless a scan finds something in them; what is masked is a value of the same kind or null.
 */
import { Buffer } from 'node:buffer';
import { ByteOutput } from '../byte-output.ts';
import type { ColumnAction } from '../plan.ts';
import { type CellMasker, MASK_ROOM, MASKED, NULLED, SAME } from './cell-masker.ts';
import { hashedFor, type Mask, type MaskContext } from './context.ts';
import { numberMask } from './number.ts';
import { numericText } from './numeric.ts';
import { textMasker } from './text.ts';
import { REDACTED } from './text-partial.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
/** Shorter values tell nothing, whatever their key. */
const LEAST_SCANNED_BYTES = 7;
/** Of keys in which nothing was found: rows have the same ones. */
const MOST_KEYS = 256;
/** Deeper values are not looked into, so they do not leave. */
const MOST_DEPTH = 200;

interface Leaves {
  readonly kind: 'leaves';
  readonly text: CellMasker;
  readonly number: CellMasker | 'zero' | 'null';
}

type Node =
  | { readonly kind: 'pass' | 'redact' | 'null' }
  | { readonly kind: 'scan' }
  | Leaves
  | { readonly kind: 'keys'; readonly keys: ReadonlyMap<string, Node>; readonly otherwise: Node }
  | { readonly kind: 'elements'; readonly element: Node };

const REDACT: Node = { kind: 'redact' };

function compile(action: ColumnAction, context: MaskContext): Node {
  switch (action.do) {
    case 'pass':
    case 'scan':
      return { kind: action.do };
    case 'redact':
      return { kind: action.keepsBlank === true ? 'redact' : 'null' };
    case 'mask':
      if (action.mode === 'null') return { kind: 'null' };
      context = hashedFor(action, context);
      return { kind: 'leaves', text: textMasker(action, context), number: numberLeaf(action, context) };
    case 'json': {
      const keys = new Map([...action.keys].map(([key, inner]) => [key, compile(inner, context)]));
      return { kind: 'keys', keys, otherwise: compile(action.otherwise, context) };
    }
    case 'array':
      return { kind: 'elements', element: compile(action.element, context) };
    case 'row':
      return REDACT;
    default:
      return action satisfies never;
  }
}

function numberLeaf(mask: Mask, context: MaskContext): CellMasker | 'zero' | 'null' {
  if (mask.mode === 'redact') return 'null';
  const how = numberMask(mask);
  if (how === 'null') return 'zero';
  return how === 'keyed' && mask.mode === 'partial' ? 'zero' : numericText(mask, -1, context);
}

class MalformedJson extends Error {}

class JsonWalk {
  readonly #context: MaskContext;
  readonly #masked = new ByteOutput();
  readonly #clearKeys = new Set<string>();
  #source: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #out!: ByteOutput;
  #touched = false;

  constructor(context: MaskContext) {
    this.#context = context;
  }

  /** Whether something was masked. */
  run(node: Node, source: Buffer, start: number, end: number, out: ByteOutput): boolean {
    this.#source = source;
    this.#at = start;
    this.#end = end;
    this.#out = out;
    this.#touched = false;
    this.#spaces();
    this.#value(node, 0, '');
    this.#spaces();
    if (this.#at !== end) throw new MalformedJson();
    return this.#touched;
  }

  #spaces(): void {
    const from = this.#at;
    while (this.#at < this.#end && this.#source[this.#at]! <= 0x20) this.#at++;
    if (this.#at > from) this.#out.append(this.#source, from, this.#at);
  }

  #value(node: Node, depth: number, key: string): void {
    if (depth > MOST_DEPTH) throw new MalformedJson();
    const first = this.#source[this.#at];
    if (this.#at >= this.#end) throw new MalformedJson();
    switch (node.kind) {
      case 'pass': {
        const from = this.#at;
        this.#skip();
        this.#out.append(this.#source, from, this.#at);
        return;
      }
      case 'null':
      case 'redact':
        this.#skip();
        this.#touched = true;
        this.#write(node.kind === 'redact' && first === QUOTE ? `"${REDACTED}"` : 'null');
        return;
      case 'elements':
        if (first === OPEN_ARRAY) this.#container(node.element, node.element, undefined, depth);
        else this.#value(REDACT, depth, key);
        return;
      case 'keys':
        if (first === OPEN_OBJECT) this.#container(undefined, node.otherwise, node.keys, depth);
        else if (first === OPEN_ARRAY) this.#container(node, node, undefined, depth);
        else this.#value(node.otherwise, depth, key);
        return;
      case 'scan':
      case 'leaves':
        if (first === OPEN_OBJECT || first === OPEN_ARRAY) this.#container(node, node, undefined, depth, key);
        else if (node.kind === 'scan') this.#scanLeaf(first!, key);
        else this.#maskLeaf(first!, node);
        return;
      default:
        node satisfies never;
    }
  }

  /** An object or array: `keys`, else `otherwise`, for the values. A key that itself tells something is masked. */
  #container(
    element: Node | undefined,
    otherwise: Node,
    keys: ReadonlyMap<string, Node> | undefined,
    depth: number,
    outerKey = '',
  ): void {
    const source = this.#source;
    const isObject = source[this.#at] === OPEN_OBJECT;
    const close = isObject ? CLOSE_OBJECT : CLOSE_ARRAY;
    this.#byte();
    this.#spaces();
    if (source[this.#at] === close && this.#at < this.#end) {
      this.#byte();
      return;
    }
    for (;;) {
      let node = element ?? otherwise;
      let key = outerKey;
      if (isObject) {
        if (source[this.#at] !== QUOTE) throw new MalformedJson();
        const from = this.#at;
        this.#skipString();
        key = this.#text(from, this.#at);
        node = keys?.get(key) ?? otherwise;
        // What is told by a key itself is no context for its value.
        if (!this.#key(key, from, node.kind === 'pass')) key = '';
        this.#spaces();
        if (source[this.#at] !== COLON) throw new MalformedJson();
        this.#byte();
        this.#spaces();
      }
      this.#value(node, depth + 1, key);
      this.#spaces();
      if (this.#at >= this.#end) throw new MalformedJson();
      const byte = source[this.#at];
      this.#byte();
      if (byte === close) return;
      if (byte !== COMMA) throw new MalformedJson();
      this.#spaces();
    }
  }

  /** Whether it goes as it is. */
  #key(key: string, from: number, passes: boolean): boolean {
    const isClear = passes || this.#clearKeys.has(key);
    const masked = isClear ? key : this.#context.scan(key);
    if (!isClear && masked === key && this.#clearKeys.size < MOST_KEYS) this.#clearKeys.add(key);
    if (masked === key) this.#out.append(this.#source, from, this.#at);
    else this.#replace(JSON.stringify(masked));
    return masked === key;
  }

  #scanLeaf(first: number, key: string): void {
    const from = this.#at;
    this.#skip();
    const isText = first === QUOTE;
    if (this.#at - from < (isText ? LEAST_SCANNED_BYTES + 2 : LEAST_SCANNED_BYTES)) {
      this.#out.append(this.#source, from, this.#at);
      return;
    }
    // A card number may stand there as a number.
    const text = isText ? this.#text(from, this.#at) : this.#source.toString('latin1', from, this.#at);
    const masked = this.#scanned(text, key);
    if (masked === text) this.#out.append(this.#source, from, this.#at);
    else this.#replace(isText ? JSON.stringify(masked) : '0');
  }

  /** The key is context: `phone: 0171…`. */
  #scanned(text: string, key: string): string {
    const { scan } = this.#context;
    const before = key === '' ? '' : `${key.replace(/[_-]/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2')}: `.slice(-40);
    const whole = before + text;
    const masked = scan(whole);
    if (masked === whole) return before === '' ? text : scan(text);
    return masked.startsWith(before) ? masked.slice(before.length) : REDACTED;
  }

  #maskLeaf(first: number, node: Leaves): void {
    const from = this.#at;
    this.#skip();
    if (first === QUOTE) this.#replace(this.#maskedString(from, node.text));
    else if (first >= 0x61 || node.number === 'null') this.#replace('null');
    else if (node.number === 'zero') this.#replace('0');
    else {
      this.#out.reserve(this.#at - from + MASK_ROOM);
      this.#touched = true;
      // A number with an exponent has no such mask.
      if (node.number(this.#source, from, this.#at, this.#out) === NULLED) this.#write('0');
    }
  }

  /** Of the string from `from` to where the walk is. */
  #maskedString(from: number, masker: CellMasker): string {
    let source = this.#source;
    let start = from + 1;
    let end = this.#at - 1;
    if (source.subarray(start, end).includes(BACKSLASH)) {
      source = Buffer.from(this.#text(from, this.#at));
      start = 0;
      end = source.length;
    }
    const masked = this.#masked;
    masked.clear();
    masked.reserve(end - start + MASK_ROOM);
    if (masker(source, start, end, masked) === NULLED) return 'null';
    return JSON.stringify(masked.bytes.toString('utf8', 0, masked.length));
  }

  #replace(text: string): void {
    this.#touched = true;
    this.#write(text);
  }

  #write(text: string): void {
    this.#out.append(Buffer.from(text));
  }

  #byte(): void {
    this.#out.append(this.#source, this.#at, ++this.#at);
  }

  #text(from: number, to: number): string {
    const raw = this.#source.toString('utf8', from, to);
    return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  #skipString(): void {
    for (let at = this.#at + 1; at < this.#end; at++) {
      const byte = this.#source[at];
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) {
        this.#at = at + 1;
        return;
      }
    }
    throw new MalformedJson();
  }

  /** Over one value of any depth. */
  #skip(): void {
    let depth = 0;
    do {
      if (this.#at >= this.#end) throw new MalformedJson();
      const byte = this.#source[this.#at]!;
      if (byte === QUOTE) this.#skipString();
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        depth++;
        this.#at++;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth--;
        this.#at++;
      } else if (byte <= 0x20 || byte === COMMA || byte === COLON) {
        if (depth === 0) throw new MalformedJson();
        this.#at++;
      } else {
        while (this.#at < this.#end && isWord(this.#source[this.#at]!)) this.#at++;
        if (!isWord(byte)) throw new MalformedJson();
      }
    } while (depth > 0);
  }
}

/** Of numbers, true, false and null. */
function isWord(byte: number): boolean {
  const lower = byte | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}

/** A json value in text, which is what json and jsonb are in text and json is in binary. */
export function jsonText(action: ColumnAction, context: MaskContext): CellMasker {
  const node = compile(action, context);
  const walk = new JsonWalk(context);
  return (source, start, end, out) => {
    if (node.kind === 'null' || node.kind === 'redact') return NULLED;
    const first = out.length;
    try {
      return walk.run(node, source, start, end, out) ? MASKED : SAME;
    } catch (error) {
      // Nothing of what could not be read leaves; JSON.parse says SyntaxError.
      if (!(error instanceof MalformedJson) && !(error instanceof SyntaxError)) throw error;
      out.length = first;
      return NULLED;
    }
  };
}

/** jsonb_send: a version byte before the text. */
export function jsonbBinary(action: ColumnAction, context: MaskContext): CellMasker {
  const text = jsonText(action, context);
  return (source, start, end, out) => {
    if (source[start] !== 1 || end === start) return NULLED;
    const first = out.length;
    out.byte(1);
    out.reserve(end - start + MASK_ROOM);
    const result = text(source, start + 1, end, out);
    if (result === NULLED) out.length = first;
    return result;
  };
}
