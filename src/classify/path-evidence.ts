/** Documents: the values of each path are judged like a column of their own. */
import type { ColumnClass } from './classes.ts';
import { integerEvidence } from './integer-evidence.ts';
import { JsonPlace, jsonValues } from './scan-json.ts';
import { scanText } from './scan-text.ts';
import { textEvidence } from './text-evidence.ts';
import type { Context, ValueEvidence } from './value-evidence.ts';

const MAX_PATHS = 400;
/** All of them are scanned on the way out, so that what few hold is not missed for good. */
const MAX_DOCUMENTS = 400;

export interface Part {
  readonly path: string;
  readonly text: string;
}

/** Undefined: most of it is no json. */
export function jsonEvidence(values: readonly string[], context: Context): ValueEvidence | undefined {
  const parts: Part[] = [];
  const root = new JsonPlace();
  let read = 0;
  const documents =
    values.length <= MAX_DOCUMENTS
      ? values
      : values.filter((_, at) => at % Math.ceil(values.length / MAX_DOCUMENTS) === 0);
  for (const value of documents) {
    const found = jsonValues(value, root);
    if (found === undefined) continue;
    read++;
    parts.push(...found);
  }
  // Long documents are cut in the sample, so they cannot be read.
  if (read < documents.length * 0.5) return undefined;
  return pathEvidence(parts, documents.length, context);
}

export function pathEvidence(parts: readonly Part[], rows: number, context: Context): ValueEvidence {
  const byPath = new Map<string, string[]>();
  for (const { path, text } of parts) {
    if (text === '') continue;
    const texts = byPath.get(path);
    if (texts !== undefined) texts.push(text);
    else if (byPath.size < MAX_PATHS) byPath.set(path, [text]);
  }
  const aboutPeople = context.aboutPeople;
  const paths = new Map<string, ColumnClass>();
  const untold = new Map<string, readonly string[]>();
  const counts = new Map<ColumnClass, number>();
  let keysHold = false;
  for (const [path, texts] of byPath) {
    if (scanText(path).length > 0) {
      keysHold = true;
      continue;
    }
    const isNumber = texts.every((text) => /^-?\d+$/.test(text) && text.length > 8);
    const within = { aboutPeople, isKey: false };
    const found = isNumber ? integerEvidence(texts, within) : textEvidence(texts, within);
    if (found.class === undefined || (found.strength !== 'proof' && found.strength !== 'strong')) {
      untold.set(path, texts);
      continue;
    }
    paths.set(path, found.class);
    counts.set(found.class, (counts.get(found.class) ?? 0) + texts.length);
  }
  if (keysHold) {
    // A key cannot be masked by its path.
    return { class: 'free_text', strength: 'strong', says: 'keys that are personal themselves', freeText: true };
  }
  if (paths.size === 0) return { class: undefined, strength: 'none', says: '', freeText: true, untold };
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0]!;
  const shown = [...paths]
    .slice(0, 4)
    .map(([path, columnClass]) => `${path === '' ? 'the value' : path}: ${columnClass}`);
  const more = paths.size > 4 ? ` and ${paths.size - 4} more` : '';
  return {
    class: most,
    strength: 'strong',
    says: `in ${rows} documents ${shown.join(', ')}${more}`,
    freeText: true,
    paths,
    untold,
  };
}
