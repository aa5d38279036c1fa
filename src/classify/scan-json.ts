/** json as text: its values by path, and the text with what `scan-text.ts` finds in keys and values masked. */
import { ELEMENTS, keyStep } from './document-path.ts';
import { JsonLexer } from './json-lexer.ts';
import { maskScanned } from './scan-text.ts';

/** Deeper than this, and beyond so many values, nothing is looked at for a column's paths. */
const MAX_DEPTH = 32;
const MAX_VALUES = 2_000;

export interface JsonValue {
  /** `items.[].pan`: see `document-path.ts`. */
  readonly path: string;
  /** Of a string or number, as text. */
  readonly text: string;
}

/** A place in documents, made once for all that have it. */
export class JsonPlace {
  readonly path: string;
  readonly #isRoot: boolean;
  readonly #keys = new Map<string, JsonPlace>();
  #elements: JsonPlace | undefined;
  #unnamed: JsonPlace | undefined;

  constructor(path?: string) {
    this.path = path ?? '';
    this.#isRoot = path === undefined;
  }

  key(key: string): JsonPlace {
    let place = this.#keys.get(key);
    if (place === undefined) this.#keys.set(key, (place = this.#below(keyStep(key))));
    return place;
  }

  elements(): JsonPlace {
    return (this.#elements ??= this.#below(ELEMENTS));
  }

  /** Of an object before its first key. */
  unnamed(): JsonPlace {
    return (this.#unnamed ??= this.#below(''));
  }

  #below(step: string): JsonPlace {
    return new JsonPlace(this.#isRoot ? step : `${this.path}.${step}`);
  }
}

/**
 * Strings and numbers of a document, of one that was cut off as far as it goes; undefined: it is no object or array,
 * or no json. `root`: the same for documents that are alike.
 */
export function jsonValues(text: string, root = new JsonPlace()): readonly JsonValue[] | undefined {
  if (!/^\s*[{["\d-]/.test(text)) return undefined;
  const values: JsonValue[] = [];
  /** Where the document, then each object or array that is open, has its next value. */
  const places: JsonPlace[] = [root];
  const objects: boolean[] = [];
  let wantsKey = false;
  const lexer = new JsonLexer(text);
  while (lexer.at < text.length && values.length < MAX_VALUES) {
    const from = lexer.at;
    const token = lexer.next();
    // The end of a value that was cut, or no json at all.
    if (token === undefined)
      return from === 0 || /^\s*$/.test(text.slice(from)) || isCut(text, from) ? values : undefined;
    const depth = places.length - 1;
    const mark = token.kind === 'mark' ? token.mark : undefined;
    if (token.kind === 'string') {
      const value = decoded(text.slice(token.start, token.end));
      if (value === undefined) return undefined;
      if (token.isKey) {
        if (depth === 0) return undefined;
        places[depth] = places[depth - 1]!.key(value);
        wantsKey = false;
      } else if (wantsKey) {
        // Its colon was cut off.
        return values;
      } else if (depth <= MAX_DEPTH) values.push({ path: places[depth]!.path, text: value });
    } else if (token.kind === 'number') {
      if (depth <= MAX_DEPTH) values.push({ path: places[depth]!.path, text: text.slice(token.start, token.end) });
    } else if (mark === '{' || mark === '[') {
      places.push(mark === '[' ? places[depth]!.elements() : places[depth]!.unnamed());
      objects.push(mark === '{');
    } else if (mark === '}' || mark === ']') {
      if (depth > 0) places.pop();
      objects.pop();
    }
    if (mark === '{' || mark === ',') wantsKey = objects.at(-1) === true;
    else if (mark !== undefined) wantsKey = false;
  }
  return values;
}

/** What is left over is the beginning of a token. */
function isCut(text: string, from: number): boolean {
  return /^\s*(?:"(?:[^"\\]|\\.)*\\?|-|t\w*|f\w*|n\w*)$/s.test(text.slice(from));
}

function decoded(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

/** A string token, escapes included, and the colon that makes it a key; or a number. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/**
 * The document with every such place in a key or string masked; a number that is one becomes 0. Everything else stays
 * as it was, and json stays json. A value is read with its key before it, as `phone: 2015550123`. What is no json is
 * masked as text.
 */
export function maskScannedJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return maskScanned(text);
  }
  let changed = false;
  let before = '';
  const masked = text.replace(TOKEN, (token: string, quoted: string | undefined, colon: string | undefined) => {
    const value = quoted === undefined ? token : (JSON.parse(quoted) as string);
    if (colon !== undefined) {
      const out = maskScanned(value);
      before = `${out.replace(/[_-]/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2')}: `.slice(-40);
      if (out === value) return token;
      changed = true;
      return JSON.stringify(out) + colon;
    }
    const out = maskScanned(before + value);
    if (out === before + value) return token;
    changed = true;
    if (quoted === undefined) return '0';
    return JSON.stringify(out.startsWith(before) ? out.slice(before.length) : '[redacted]');
  });
  return changed ? masked : text;
}
