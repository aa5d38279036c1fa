/**
 * What is kept of a table's columns when it was looked at again: what was found now, together with what was known before.
 * Values that were seen once are remembered, by column, whatever it is called meanwhile. Plain functions.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { isTextLike, typeName } from '../classify/catalog-subjects.ts';
import type { Classification } from '../classify/classes.ts';
import type { KnownTable } from './class-map.ts';
import type { StoredColumn } from './classification-store.ts';

export interface TableLook {
  /** By position among the columns; undefined: it could not be judged. */
  readonly found: readonly Classification[] | undefined;
  /** False: its values could not be sampled. */
  readonly wasRead: boolean;
}

export function keptColumns(
  catalog: Catalog,
  relation: CatalogRelation,
  known: KnownTable | undefined,
  { found: all, wasRead }: TableLook,
): StoredColumn[] {
  const isSameTable =
    known?.sampledAtMs !== undefined || (known?.schema === relation.schema && known.name === relation.name);
  return relation.columns.flatMap((column, i): StoredColumn[] => {
    const type = typeName(catalog, column.type);
    const { attnum, name } = column;
    const was = known?.columns.find((one) => one.attnum === attnum);
    const before = was !== undefined && (was.type === type || isPinned(was.own)) ? was.own : undefined;
    const formerName = was !== undefined && was.name !== name && isSameTable ? was.name : undefined;
    const found = all?.[i];
    // Nobody knows: without a class it counts as sensitive. Its name alone would say what its values might refute.
    if (found === undefined) return before === undefined ? [] : [{ attnum, name, type, own: before }];
    if (!wasRead) return [{ attnum, name, type, own: before ?? unread(found, isTextLike(catalog, column.type)) }];
    return [{ attnum, name, type, own: kept(before, found, formerName) }];
  });
}

/** Without values: a text may hold anything. */
function unread(found: Classification, isText: boolean): Classification {
  if (found.class !== undefined || !isText) return found;
  const evidence = [...found.evidence, { from: 'values', says: 'could not be read' }] as const;
  return { ...found, class: 'free_text', confidence: 0.5, evidence };
}

/** By a name that it had once. */
function isPinned({ class: columnClass, evidence }: Classification): boolean {
  return columnClass !== undefined && evidence.some(({ from }) => from === 'inherited');
}

function pinned(before: Classification, formerName: string): Classification {
  return { ...before, evidence: [...before.evidence, { from: 'inherited', says: `it was called ${formerName}` }] };
}

/**
 * Values that were seen once are remembered: rows that come later, perhaps to hide them among others, take no class
 * away. A class that only the name had given goes when values speak against it, but not with the name: `formerName`, if it
 * had another when it was looked at before.
 */
function kept(
  before: Classification | undefined,
  found: Classification,
  formerName: string | undefined,
): Classification {
  if (before === undefined) return found;
  const wasSeen = before.evidence.some(({ from, says }) => from === 'values' && says !== 'could not be read');
  if (
    found.class === undefined &&
    before.class !== undefined &&
    (wasSeen || isPinned(before) || formerName !== undefined)
  )
    return formerName === undefined || isPinned(before) ? before : pinned(before, formerName);
  const paths =
    wasSeen && before.paths !== undefined ? new Map([...before.paths, ...(found.paths ?? [])]) : found.paths;
  return {
    ...found,
    scan: found.scan || (before.scan && found.class === undefined),
    ...(paths === undefined ? {} : { paths }),
  };
}

export function sameClasses(a: readonly StoredColumn[], b: readonly StoredColumn[]): boolean {
  const text = ({ attnum, type, own }: StoredColumn): string =>
    `${attnum} ${type} ${own.class} ${own.scan} ${[...(own.paths ?? [])].join()}`;
  return a.map(text).join('\n') === b.map(text).join('\n');
}
