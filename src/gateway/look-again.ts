/**
 * Which tables are looked at again, and when: small ones that sessions read, those that told too little once somebody has
 * written to them, and, at leisure, what is known from the store alone. In: what is known of them. Out: calls of `classify`
 * for one after another, so that no more samples lie here than are judged.
 */
import type { CatalogRelation } from '../catalog/catalog.ts';
import type { ClassMap } from './class-map.ts';
import { FilledTables } from './filled-tables.ts';
import { FEW_ROWS } from './table-sample.ts';
import type { WrittenTable } from './written-tables.ts';

const LOOK_AGAIN_MS = 60_000;
/** Of tables whose classes are stored and that nobody reads. */
const LEISURE_MS = 1_000;
/** One that had no rows is looked at again before more of it is planned for. */
const LOOK_AGAIN_AT_EMPTY_MS = 1_000;

export interface LookAgainParts {
  readonly map: ClassMap;
  /** In the background. Never rejects. */
  readonly classify: (relation: CatalogRelation) => Promise<void>;
  /** Is it being classified now? */
  readonly isRunning: (oid: number) => boolean;
  /** Is all of the database being classified now? */
  readonly isPassing: () => boolean;
}

export class LookAgain {
  readonly #parts: LookAgainParts;
  /** Tables that sessions read: those are looked at again while they are small. */
  readonly #asked = new Set<number>();
  readonly #filled = new FilledTables();
  #lookingAtFilled = false;
  #atSmall: NodeJS.Timeout | undefined;
  #atLeisure: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: LookAgainParts) {
    this.#parts = parts;
  }

  /** Sessions read it. */
  asked(oid: number): void {
    this.#asked.add(oid);
  }

  forget(oid: number): void {
    this.#asked.delete(oid);
  }

  /** From now on, at those that sessions read. */
  beginAtSmall(): void {
    this.#atSmall ??= setInterval(() => void this.at(this.#relationsOf(this.#asked)), LOOK_AGAIN_MS).unref();
  }

  /** From now on, at what is only stored. */
  beginAtLeisure(): void {
    this.#atLeisure ??= setInterval(() => void this.#lookAtStored(), LEISURE_MS).unref();
  }

  /** Those of them that may be others by now. */
  async at(relations: Iterable<CatalogRelation>): Promise<void> {
    for (const relation of relations) {
      const { oid } = relation;
      if (this.#mayHaveGrown(oid) || this.isOnlyStored(oid)) await this.#parts.classify(relation);
    }
  }

  /** Tables that sessions read, and that told too little. */
  tellingLittle(): number[] {
    return [...this.#asked].filter((oid) => this.#toldLittle(oid));
  }

  /** At those of them that were written to since. */
  async atFilled(written: ReadonlyMap<number, WrittenTable>): Promise<void> {
    if (this.#lookingAtFilled || this.#closed) return;
    this.#lookingAtFilled = true;
    try {
      const filled = this.#filled.among(this.tellingLittle(), written);
      for (const relation of this.#relationsOf(filled)) await this.#parts.classify(relation);
    } finally {
      this.#lookingAtFilled = false;
    }
  }

  /** It was sampled before this process began, and there were rows enough: that holds until it is looked at again. */
  isOnlyStored(oid: number): boolean {
    const known = this.#parts.map.tables.get(oid);
    if (known === undefined || known.sampledAtMs !== undefined) return false;
    return known.rows >= FEW_ROWS && !this.#parts.isRunning(oid);
  }

  /** When it was looked at, and that is a while ago. */
  wasEmpty(oid: number): boolean {
    const known = this.#parts.map.tables.get(oid);
    if (known?.rows !== 0 || known.sampledAtMs === undefined) return false;
    return performance.now() - known.sampledAtMs > LOOK_AGAIN_AT_EMPTY_MS;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#atSmall);
    clearInterval(this.#atLeisure);
  }

  /** One table at a time, as a whole database costs minutes of a processor. */
  async #lookAtStored(): Promise<void> {
    const { map, isPassing, classify } = this.#parts;
    const oid = [...map.tables.keys()].find((one) => this.isOnlyStored(one));
    if (map.catalog === undefined || isPassing()) return;
    if (oid === undefined) clearInterval(this.#atLeisure);
    const relation = oid === undefined ? undefined : map.catalog.relationByOid(oid);
    if (relation !== undefined) await classify(relation);
  }

  /** As they are in the catalog when their turn comes. */
  *#relationsOf(oids: Iterable<number>): Generator<CatalogRelation> {
    for (const oid of [...oids]) {
      const relation = this.#parts.map.catalog?.relationByOid(oid);
      if (relation !== undefined) yield relation;
    }
  }

  #mayHaveGrown(oid: number): boolean {
    const known = this.#parts.map.tables.get(oid);
    if (known === undefined || known.rows >= FEW_ROWS || this.#parts.isRunning(oid)) return false;
    return performance.now() - (known.sampledAtMs ?? -Infinity) > LOOK_AGAIN_MS;
  }

  #toldLittle(oid: number): boolean {
    const known = this.#parts.map.tables.get(oid);
    if (known?.sampledAtMs === undefined || known.rows < 0) return false;
    return known.rows < FEW_ROWS || known.hasBlanks === true;
  }
}
