/** Documents: a key names its values as a column would, where they do not show by themselves what they are. */
import type { ColumnClass, ColumnSubject } from './classes.ts';
import { ELEMENTS, keyOf, stepsOf } from './document-path.ts';
import { nameEvidence } from './name-evidence.ts';
import { tableTopic } from './name-table.ts';
import { refutes } from './plausible.ts';
import type { TableTopic } from './words/name-rule.ts';
import type { Splitter } from './words/vocabulary.ts';

/** Classes of paths by their last keys. `untold`: values by path (`kontakte.[].vorname`). */
export function keyClasses(
  subject: ColumnSubject,
  topic: TableTopic,
  untold: ReadonlyMap<string, readonly string[]>,
  split: Splitter,
): ReadonlyMap<string, ColumnClass> {
  const objects = new Map<string, string[]>();
  for (const path of untold.keys()) {
    const { object, key } = placeOf(path);
    if (key !== undefined) objects.set(object, [...(objects.get(object) ?? []), key]);
  }
  const found = new Map<string, ColumnClass>();
  for (const [path, texts] of untold) {
    const { object, key } = placeOf(path);
    if (key === undefined) continue;
    const keys = objects.get(object) ?? [];
    const table =
      stepsOf(object)
        .map(keyOf)
        .findLast((step) => step) ?? subject.table;
    const own = tableTopic(table, keys, split);
    const about = own === 'unknown' ? topic : own;
    const siblings = keys.filter((one) => one !== key);
    const named: ColumnSubject = { schema: subject.schema, table, column: key, type: 'text', siblings };
    const { class: held, strength } = nameEvidence(named, about, split);
    // What is free to say anything is looked through on the way out.
    if (held === undefined || held === 'free_text' || refutes(held, texts)) continue;
    if (strength === 'strong' || about === 'person') found.set(path, held);
  }
  return found;
}

/** `a.[].b.[]`: the key `b` of the object at `a.[]`. */
function placeOf(path: string): { readonly object: string; readonly key: string | undefined } {
  const steps = [...stepsOf(path)];
  while (steps.at(-1) === ELEMENTS) steps.pop();
  const key = steps.pop();
  return { object: steps.join('.'), key: (key && keyOf(key)) || undefined };
}
