/**
 * What the names in a held statement stand for: relations and routines, and those that they name in turn, by OID and by
 * definition. Whoever decides has seen the names only, so a view that is another when the statement runs makes it another
 * statement. In: facts, where names are looked up, the catalog that all sessions share. Out: a text to compare.
 */
import type { Catalog, CatalogRelation, CatalogRoutine } from '../catalog/catalog.ts';
import type { StatementFacts } from '../sql/facts.ts';
import { nameParts } from '../sql/names.ts';

/** Beyond so many nobody waits for it. */
const MAX_OBJECTS = 2_000;
const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$]*|"(?:[^"]|"")+"/gu;

/** Undefined: it cannot be told. */
export function meaningOf(
  catalog: Catalog,
  statements: readonly StatementFacts[],
  schemas: readonly string[],
): string | undefined {
  const found = new Map<number, CatalogRelation | CatalogRoutine>();
  const add = (one: CatalogRelation | CatalogRoutine | undefined): void => {
    if (one !== undefined) found.set(one.oid, one);
  };
  for (const { relations, functions, targets } of statements) {
    for (const name of [...relations, ...targets.map((target) => target.name)]) {
      for (const [schema, bare] of places(name, schemas)) add(catalog.relation(schema, bare));
    }
    // An attribute may be a call of a function in any schema.
    for (const name of functions) {
      const isAttribute = name.startsWith('.');
      const inAny = isAttribute ? [...catalog.schemas] : schemas;
      for (const [schema, bare] of places(isAttribute ? name.slice(1) : name, inAny)) {
        for (const routine of catalog.routines(schema, bare)) add(routine);
      }
    }
  }
  // What is added meanwhile is gone through as well.
  for (const one of found.values()) {
    if (found.size > MAX_OBJECTS || catalog.unreadable.has(one.oid)) return undefined;
    for (const named of namedIn(catalog, one)) add(named);
  }
  return JSON.stringify([...found.values()].sort((a, b) => a.oid - b.oid).map(described));
}

function places(name: string, schemas: readonly string[]): [schema: string, name: string][] {
  const parts = nameParts(name);
  const bare = parts.at(-1)!;
  return parts.length === 1 ? schemas.map((schema) => [schema, bare]) : [[parts.at(-2)!, bare]];
}

function* namedIn(
  catalog: Catalog,
  one: CatalogRelation | CatalogRoutine,
): Generator<CatalogRelation | CatalogRoutine | undefined> {
  if ('triggers' in one) {
    for (const { routine } of one.triggers) yield catalog.routineByOid(routine);
    for (const routine of one.guards?.routines ?? []) yield catalog.routineByOid(routine);
  }
  const words = one.definition?.match(WORD)?.map((word) => word.replace(/^"|"$/g, '').replaceAll('""', '"')) ?? [];
  for (const word of new Set(words)) {
    for (const schema of catalog.schemas) {
      yield catalog.relation(schema, word);
      yield* catalog.routines(schema, word);
    }
  }
}

function described(one: CatalogRelation | CatalogRoutine): unknown[] {
  const { oid, kind, definition } = one;
  return 'triggers' in one ? [oid, kind, definition, one.hasRules, one.parents, one.triggers] : [oid, kind, definition];
}
