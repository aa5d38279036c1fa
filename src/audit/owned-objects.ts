import type { EventLog } from '../store/event-log.ts';
import type { ObjectOwned } from './record.ts';
import { isoClock } from './recorder.ts';

/** The stream of `object.created` and `object.dropped`; rare, so it is found fast in the segments. */
export const OBJECTS_STREAM = 'objects';

export interface OwnedObject {
  readonly database: string;
  /** `principalKey` of whoever created it through dbgate. */
  readonly principal: string;
  /** pg_class, pg_proc, pg_type or pg_namespace. */
  readonly catalog: string;
  readonly oid: number;
  /** For people who read the record. */
  readonly name: string;
}

/** Which objects of the upstream databases a principal created through dbgate. */
export interface OwnedObjects {
  /** In memory, so policy can ask it for each statement. */
  isOwn(database: string, principal: string, catalog: string, oid: number): boolean;
  /** Did anybody create it through dbgate? */
  isOwned(database: string, catalog: string, oid: number): boolean;
  /** Counts at once, so that the next statement sees it; durable when it resolves. Throws `audit_unavailable`, and then it does not count. */
  created(object: OwnedObject): Promise<void>;
  /** Forgets at once, then records; an object whose drop could not be recorded is still nobody's here. */
  dropped(object: OwnedObject): Promise<void>;
}

/** Reads who created what from the log. */
export async function openOwnedObjects(log: EventLog, options: { readonly now: () => number }): Promise<OwnedObjects> {
  const owners = new Map<string, string>();
  const clock = isoClock(options.now);
  const keyOf = (database: string, catalog: string, oid: number): string => `${catalog}/${oid}/${database}`;

  for await (const { payload } of log.read(OBJECTS_STREAM)) {
    const { kind, database, principal, catalog, oid } = JSON.parse(payload) as ObjectOwned;
    if (kind === 'object.created') owners.set(keyOf(database, catalog, oid), principal);
    else owners.delete(keyOf(database, catalog, oid));
  }

  const append = async (kind: ObjectOwned['kind'], object: OwnedObject): Promise<void> => {
    const { database, principal, catalog, oid, name } = object;
    const record: ObjectOwned = { v: 2, kind, at: clock(), database, principal, catalog, oid, name };
    await log.append(OBJECTS_STREAM, [{ payload: JSON.stringify(record) }]);
  };

  return {
    isOwn: (database, principal, catalog, oid) => owners.get(keyOf(database, catalog, oid)) === principal,
    isOwned: (database, catalog, oid) => owners.has(keyOf(database, catalog, oid)),
    async created(object) {
      const key = keyOf(object.database, object.catalog, object.oid);
      owners.set(key, object.principal);
      try {
        await append('object.created', object);
      } catch (error) {
        owners.delete(key);
        throw error;
      }
    },
    async dropped(object) {
      owners.delete(keyOf(object.database, object.catalog, object.oid));
      await append('object.dropped', object);
    },
  };
}
