/**
 * Notices between gateways that share a PostgreSQL: that a schema changed. In: what happened here. Out: what happened
 * there, done here too. A notice can only have a gateway look again at what it looks at anyway; what somebody may do is
 * never taken from one.
 */
import type { SharedDatabase } from '../store/postgres-database.ts';
import { PostgresNotices } from '../store/postgres-notices.ts';

type Notice = { readonly kind: 'schema_changed'; readonly database: string };

export interface NoticeEffects {
  /** Of the database with this name in the settings; undefined: of any. */
  schemaChanged(database: string | undefined): void;
}

export class Notices {
  readonly #board: PostgresNotices;

  private constructor(board: PostgresNotices) {
    this.#board = board;
  }

  static async open(database: SharedDatabase, effects: NoticeEffects): Promise<Notices> {
    const board = new PostgresNotices(database, {
      onNotice: (body) => {
        const notice = read(body);
        if (notice?.kind === 'schema_changed') effects.schemaChanged(notice.database);
      },
      onMissed: () => effects.schemaChanged(undefined),
    });
    await board.begin();
    return new Notices(board);
  }

  /** Has the other gateways look at the catalog again. */
  schemaChanged(database: string): void {
    const notice: Notice = { kind: 'schema_changed', database };
    const body = JSON.stringify(notice);
    this.#board.give(body, body);
  }

  close(): void {
    this.#board.close();
  }
}

/** Undefined: it is of a kind that this version does not know, or no notice at all. */
function read(body: string): Notice | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, database } = value as Record<string, unknown>;
  return kind === 'schema_changed' && typeof database === 'string' ? { kind, database } : undefined;
}
