/** What planning asks of a catalog and its classes, for one view of the catalog. */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { systemColumnAction } from '../classify/system-columns.ts';
import { type MaskingRights, modeOf } from '../masking/clearance.ts';
import type { ColumnKnowledge } from '../masking/column-knowledge.ts';
import type { StatementFacts } from '../sql/facts.ts';
import { type ColumnRef, PRINTED, type StatementLineage } from '../sql/lineage/lineage.ts';
import { bareName } from '../sql/names.ts';
import type { Classifier } from './classifier.ts';

/** Texts of statements: no scan finds all that is in them. */
const RUN_BY_OTHERS: ReadonlySet<string> = new Set(['pg_stat_activity']);

/** Of partitions within partitions. */
const MOST_LEVELS = 32;

const CLEAR: Classification = { class: undefined, confidence: 1, evidence: [], scan: false };
/** Nobody looked into it: a constant of another table's default may stand in it. */
const UNSEEN: Classification = { ...CLEAR, scan: true };

/** Did somebody create that object through dbgate? */
/** Was it made through dbgate, by this principal (`principalKey`) or, without one, by anybody? */
export type IsOwned = (catalog: 'pg_proc' | 'pg_class', oid: number, principal?: string) => boolean;

export class CatalogKnowledge implements ColumnKnowledge {
  readonly #catalog: Catalog;
  /** The catalog that all sessions share, when this one is a session's own. */
  readonly #shared: Catalog | undefined;
  readonly #classifier: Classifier;
  readonly #isOwned: IsOwned;
  /** Came into being by a statement that was planned here. */
  readonly #isMade: (oid: number) => boolean;
  /** Were values copied there? */
  readonly #isCopied: (oid: number, attnum: number) => boolean;

  constructor(
    catalog: Catalog,
    shared: Catalog | undefined,
    classifier: Classifier,
    isOwned: IsOwned,
    isMade: (oid: number) => boolean,
    isCopied: (oid: number, attnum: number) => boolean,
  ) {
    this.#isCopied = isCopied;
    this.#isOwned = isOwned;
    this.#isMade = isMade;
    this.#catalog = catalog;
    this.#shared = shared;
    this.#classifier = classifier;
  }

  classOf(oid: number, attnum: number): Classification | undefined {
    // tableoid, ctid, xmin: nothing of anybody's.
    if (attnum < 0) return CLEAR;
    const found = this.#classifier.of(oid, attnum);
    if (found !== undefined) return found;
    const relation = this.#catalog.relationByOid(oid);
    if (relation === undefined) return undefined;
    // What is masked may not be given to setval, so no sequence holds any of it.
    if (relation.kind === 'S') return CLEAR;
    const column = relation.columns.find((one) => one.attnum === attnum);
    // What it is computed from may be masked.
    if (column === undefined || column.generated !== undefined || relation.kind === 'v') return undefined;
    if (this.#isPrivate(relation)) return this.#isMade(oid) ? UNSEEN : undefined;
    // A column that the open transaction added to a table of one's own.
    const isNew = this.#shared?.relationByOid(oid)?.columns.every((one) => one.attnum !== attnum) === true;
    return isNew && this.isTableMadeHere(oid) ? UNSEEN : undefined;
  }

  /**
   * Temporary, or of a transaction that is open: nobody but the session can read it, so nobody can look into it. Where a
   * statement that was planned here made it, what is masked in it has flown there and is known to have; what a routine
   * made may hold anything.
   */
  #isPrivate(relation: CatalogRelation): boolean {
    if (relation.schema.startsWith('pg_temp_')) return true;
    return this.#shared !== undefined && this.#shared.relationByOid(relation.oid) === undefined;
  }

  systemAction({ relation: oid, attnum, path }: ColumnRef): 'pass' | 'scan' | 'redact' | undefined {
    const relation = this.#catalog.relationByOid(oid);
    if (relation === undefined || !relation.isSystem) return undefined;
    if (attnum < 0) return 'pass';
    const column = relation.columns.find((one) => one.attnum === attnum);
    if (column === undefined) return 'redact';
    const action = systemColumnAction(relation.schema, relation.name, column.name);
    // A parse tree is unreadable to a scan; what is printed of it is not.
    return action === 'redact' && path?.[0] === PRINTED && !RUN_BY_OTHERS.has(relation.name) ? 'scan' : action;
  }

  fieldsOf({ relation: oid, attnum }: ColumnRef): readonly string[] | undefined {
    const column = this.#catalog.relationByOid(oid)?.columns.find((one) => one.attnum === attnum);
    let type = column === undefined ? undefined : this.#catalog.typeByOid(column.type);
    if (type?.kind === 'd') type = this.#catalog.typeByOid(type.base);
    if (type === undefined || type.relation === 0) return undefined;
    return this.#catalog.relationByOid(type.relation)?.columns.map(({ name }) => name);
  }

  isText({ relation: oid, attnum }: ColumnRef): boolean {
    const column = this.#catalog.relationByOid(oid)?.columns.find((one) => one.attnum === attnum);
    let type = column === undefined ? undefined : this.#catalog.typeByOid(column.type);
    for (let i = 0; i < 32 && type !== undefined && (type.kind === 'd' || type.category === 'A'); i++) {
      type = this.#catalog.typeByOid(type.kind === 'd' ? type.base : type.element);
    }
    return type === undefined || type.category === 'S';
  }

  nameOf({ relation: oid, attnum, path }: ColumnRef): string {
    const relation = this.#catalog.relationByOid(oid);
    const column = relation?.columns.find((one) => one.attnum === attnum);
    if (relation === undefined) return 'a column';
    const name = `${relation.schema}.${relation.name}.${column?.name ?? attnum}`;
    return path === undefined ? name : `${name} (${path.join('.')})`;
  }

  masksIn(oid: number, rights: MaskingRights): boolean {
    const relation = this.#catalog.relationByOid(oid);
    if (relation === undefined) return true;
    if (relation.isSystem) return false;
    return relation.columns.some(({ attnum }) => {
      const found = this.classOf(oid, attnum);
      if (found === undefined) return true;
      return classesOf(found).some((one) => modeOf(rights, one) !== 'none');
    });
  }

  isMadeHere(name: string): boolean {
    let known = false;
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const [schema, bare] = [name.slice(0, dot), name.slice(dot + 1)];
      if (schema === 'pg_catalog' && this.#catalog.builtin(bare) !== undefined) known = true;
      const view = this.#catalog.relation(schema, bare);
      if (view !== undefined) {
        known = true;
        const isNew = this.#shared !== undefined && this.#shared.relationByOid(view.oid) === undefined;
        if (isNew || this.#isOwned('pg_class', view.oid)) return true;
      }
      for (const { oid } of this.#catalog.routines(schema, bare)) {
        known = true;
        const isNew = this.#shared !== undefined && this.#shared.routineByOid(oid) === undefined;
        if (isNew || this.#isOwned('pg_proc', oid)) return true;
      }
    }
    // DO, and what cannot be told.
    return !known;
  }

  isTableMadeHere(oid: number): boolean {
    const relation = this.#catalog.relationByOid(oid);
    return relation === undefined || this.#isPrivate(relation) || this.#isOwned('pg_class', oid);
  }

  /** A name alone says little: that of others' may come up at the same time. */
  #isMadeForCertain(oid: number): boolean {
    return this.#isMade(oid) && this.isTableMadeHere(oid);
  }

  isMadeBy(oid: number, principal: string): boolean {
    const relation = this.#catalog.relationByOid(oid);
    return relation === undefined || this.#isPrivate(relation) || this.#isOwned('pg_class', oid, principal);
  }

  /** `made`: by a statement that was planned here; `unknown`: through dbgate, but not so; `before`: by others. */
  origin(oid: number): 'made' | 'unknown' | 'before' {
    if (this.#isMadeForCertain(oid)) return 'made';
    return this.isTableMadeHere(oid) ? 'unknown' : 'before';
  }

  rootOf({ relation: oid, attnum }: Pick<ColumnRef, 'relation' | 'attnum'>): Pick<ColumnRef, 'relation' | 'attnum'> {
    let root = oid;
    for (let i = 0; i < MOST_LEVELS; i++) {
      const parent = this.#catalog.relationByOid(root)?.parents[0];
      if (parent === undefined) break;
      root = parent;
    }
    if (root === oid) return { relation: oid, attnum };
    // A partition may have its columns in another order.
    const name = this.#catalog.relationByOid(oid)?.columns.find((one) => one.attnum === attnum)?.name;
    const column = this.#catalog.relationByOid(root)?.columns.find((one) => one.name === name);
    return column === undefined ? { relation: oid, attnum } : { relation: root, attnum: column.attnum };
  }

  columnsOf(oid: number): readonly number[] {
    return this.#catalog.relationByOid(oid)?.columns.map(({ attnum }) => attnum) ?? [];
  }

  holdsOnlyGiven({ relation: oid, attnum }: Pick<ColumnRef, 'relation' | 'attnum'>): boolean {
    const kind = this.#catalog.relationByOid(oid)?.kind;
    if ((kind !== 'r' && kind !== 'p') || !this.#isMadeForCertain(oid)) return false;
    return ![attnum, 0].some((at) => this.#classifier.isInherited(oid, at) || this.#isCopied(oid, at));
  }

  isKey({ relation: oid, attnum }: ColumnRef): boolean {
    const relation = this.#catalog.relationByOid(oid);
    if (relation === undefined) return false;
    return (
      relation.uniqueKeys.some((key) => key.includes(attnum)) ||
      relation.foreignKeys.some(({ columns }) => columns.includes(attnum))
    );
  }

  referredBy({ relation: oid, attnum }: ColumnRef): readonly ColumnRef[] {
    return (this.#catalog.relationByOid(oid)?.foreignKeys ?? []).flatMap(({ columns, references, referenced }) => {
      const other = referenced[columns.indexOf(attnum)];
      return other === undefined ? [] : [{ relation: references, attnum: other }];
    });
  }

  hasTriggers(oid: number): boolean {
    return (this.#catalog.relationByOid(oid)?.triggers.length ?? 1) > 0;
  }

  isLaundry(oid: number): boolean {
    const relation = this.#catalog.relationByOid(oid);
    if (relation === undefined || (relation.hasRules && this.isTableMadeHere(oid))) return true;
    const acts = relation.triggers.length > 0 || relation.hasRules;
    return acts && relation.columns.some(({ attnum }) => this.#classifier.isInherited(oid, attnum));
  }

  decidesBy({ relation: oid, attnum }: ColumnRef): boolean {
    const column = this.#catalog.relationByOid(oid)?.columns.find((one) => one.attnum === attnum);
    if (column === undefined) return true;
    return this.#family(oid).some((relation) => {
      const own = relation.columns.find(({ name }) => name === column.name);
      const looksAt = relation.guards?.columns ?? [];
      const isDecided = looksAt.includes(0) || (own !== undefined && looksAt.includes(own.attnum));
      if (!isDecided && (own === undefined || this.#checksOf(own.type) === undefined)) return false;
      return this.isTableMadeHere(relation.oid);
    });
  }

  guardOf(oid: number, when: 'written' | 'read'): string | undefined {
    for (const relation of this.#family(oid)) {
      const { guards, columns } = relation;
      const ofTypes = when === 'read' ? [] : columns.flatMap(({ type }) => this.#checksOf(type) ?? []);
      for (const routine of [...((when === 'read' ? guards?.readRoutines : guards?.routines) ?? []), ...ofTypes]) {
        const found = this.#catalog.routineByOid(routine);
        if (found === undefined) return 'a routine that is not known';
        const name = `${found.schema}.${found.name}`;
        if (this.isMadeHere(name)) return name;
      }
    }
    return undefined;
  }

  /** Itself, its partitions and children, and what it is a part of: each has a say in its rows. */
  #family(oid: number): CatalogRelation[] {
    const oids = new Set([oid, ...this.#catalog.descendants(oid)]);
    for (const one of oids) for (const parent of this.#catalog.relationByOid(one)?.parents ?? []) oids.add(parent);
    return [...oids].flatMap((one) => this.#catalog.relationByOid(one) ?? []);
  }

  /** Routines that a domain's checks call; undefined: it checks nothing. */
  #checksOf(type: number): readonly number[] | undefined {
    let found: readonly number[] | undefined;
    let one = this.#catalog.typeByOid(type);
    if (one?.element !== undefined && one.element !== 0) one = this.#catalog.typeByOid(one.element);
    for (; one?.kind === 'd'; one = this.#catalog.typeByOid(one.base)) {
      if (one.checks !== undefined) found = [...(found ?? []), ...one.checks];
    }
    return found;
  }

  /** Does it call, by whatever name or through a view, what is no built-in? */
  looksUpLater({ command, functions, operators, types, relations }: StatementFacts): boolean {
    if (command === 'DO' || command === 'CALL' || command === 'EXECUTE') return true;
    const catalog = this.#catalog;
    const isAnywhere = (is: (schema: string) => boolean): boolean => [...catalog.schemas].some(is);
    return (
      functions.some((name) => isAnywhere((schema) => catalog.routines(schema, bareName(name)).length > 0)) ||
      operators.some((name) => catalog.operators(name).length > 0) ||
      // Of a type, only its casts can be another's routine.
      (catalog.casts.length > 0 &&
        types.some((name) => isAnywhere((s) => s !== 'pg_catalog' && catalog.type(s, bareName(name)) !== undefined))) ||
      relations.some((name) =>
        isAnywhere((schema) => {
          const relation = catalog.relation(schema, bareName(name));
          return relation !== undefined && (relation.kind === 'v' || relation.hasRules) && !relation.isSystem;
        }),
      )
    );
  }

  runsCode({ functions, command }: StatementFacts, lineage: StatementLineage): boolean {
    if (command === 'DO' || command === 'CALL') return true;
    if (functions.some((name) => !name.startsWith('.') && this.#catalog.builtin(bareName(name)) === undefined))
      return true;
    return (lineage.modifies ?? []).some((oid) => (this.#catalog.relationByOid(oid)?.triggers.length ?? 1) > 0);
  }
}

function classesOf({ class: own, paths }: Classification): ColumnClass[] {
  return [...(own === undefined ? [] : [own]), ...(paths?.values() ?? [])];
}
