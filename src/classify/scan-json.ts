/** json as text: its values by path, and the text with what `scan-text.ts` finds in keys and values masked. */
import { maskScanned } from './scan-text.ts';

/** Deeper than this, and beyond so many values, nothing is looked at for a column's paths. */
const MAX_DEPTH = 32;
const MAX_VALUES = 2_000;

export interface JsonValue {
  /** `a.b`, elements as `[]`: `items.[].pan`; empty: the document itself. */
  readonly path: string;
  /** Of a string or number, as text. */
  readonly text: string;
}

/** Strings and numbers of a document; undefined: it is not json. */
export function jsonValues(text: string): readonly JsonValue[] | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const values: JsonValue[] = [];
  visit(document, '', 0, values);
  return values;
}

function visit(value: unknown, path: string, depth: number, values: JsonValue[]): void {
  if (values.length >= MAX_VALUES || depth > MAX_DEPTH) return;
  if (typeof value === 'string') values.push({ path, text: value });
  else if (typeof value === 'number') values.push({ path, text: String(value) });
  else if (Array.isArray(value)) {
    for (const element of value) visit(element, join(path, '[]'), depth + 1, values);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) visit(member, join(path, key), depth + 1, values);
  }
}

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`;
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
      before = `${value.replace(/[_-]/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2')}: `.slice(-40);
      const out = maskScanned(value);
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
