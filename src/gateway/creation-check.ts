/**
 * Which objects of an open transaction does nobody else see? Those it has made: what was there before is seen by every
 * session, in its former shape. In: the transaction, and what it may have made. Out: what it did make; nothing where that
 * cannot be found out, as when the transaction is over, or another server was asked.
 */
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { NamedObject } from './session/contract.ts';
import type { MadeHere } from './session/unseen-creation.ts';
import { SideConnections } from './side-connections.ts';

const TIMEOUT_MS = 2_000;
const CATALOGS: ReadonlySet<string> = new Set(['pg_class', 'pg_type', 'pg_proc', 'pg_namespace']);

export class CreationCheck {
  readonly #connections: SideConnections;
  readonly #log: (line: string) => void;

  constructor(settings: UpstreamSettings, log: (line: string) => void) {
    this.#connections = new SideConnections(settings, { count: 1, timeoutMs: TIMEOUT_MS });
    this.#log = log;
  }

  /** Never rejects. */
  async made({ xact, objects }: MadeHere): Promise<readonly NamedObject[]> {
    if (!/^\d+$/.test(xact) || objects.some(({ catalog }) => !CATALOGS.has(catalog))) return [];
    try {
      const rows = await this.#connections.run((one) => one.query(seenSql(xact, objects)));
      if (rows.length === 0) return [];
      const seen = new Set(rows.map(([catalog, oid]) => `${catalog} ${oid}`));
      return objects.filter(({ catalog, oid }) => !seen.has(`${catalog} ${oid}`));
    } catch (error) {
      this.#log(`whether a statement made what it names could not be found out: ${(error as Error).message}`);
      return [];
    }
  }

  close(): void {
    this.#connections.close();
  }
}

/** No row at all unless the transaction is under way on this very server. */
function seenSql(xact: string, objects: readonly NamedObject[]): string {
  const parts = [...CATALOGS].map((catalog) => {
    const oids = objects.filter((one) => one.catalog === catalog).map(({ oid }) => oid);
    return `SELECT '${catalog}', oid::text FROM pg_catalog.${catalog} WHERE oid = ANY ('{${oids.join()}}'::oid[])`;
  });
  return `SELECT s.* FROM (SELECT '', '' UNION ALL ${parts.join(' UNION ALL ')}) s
    WHERE pg_xact_status('${xact}') = 'in progress' AND NOT pg_is_in_recovery()`;
}
