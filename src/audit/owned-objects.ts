import type { EventLog, LogRecord, SharedEventLog } from '../store/event-log.ts';
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

export interface OwnedObjectsOptions {
  readonly now: () => number;
  /** What several gateways share: then this says who owns what, and `log` only records what was created here. */
  readonly shared?: SharedEventLog | undefined;
}

/** Reads who created what from the log. */
export async function openOwnedObjects(log: EventLog, options: OwnedObjectsOptions): Promise<OwnedObjects> {
  const { shared } = options;
  const owners = new Map<string, string>();
  const clock = isoClock(options.now);
  const keyOf = ({ database, catalog, oid }: Pick<OwnedObject, 'database' | 'catalog' | 'oid'>): string =>
    `${catalog}/${oid}/${database}`;
  const apply = (object: ObjectOwned): void => {
    if (object.kind === 'object.created') owners.set(keyOf(object), object.principal);
    else owners.delete(keyOf(object));
  };
  const recordOf = (kind: ObjectOwned['kind'], object: OwnedObject): readonly LogRecord[] => {
    const { database, principal, catalog, oid, name } = object;
    const record: ObjectOwned = { v: 2, kind, at: clock(), database, principal, catalog, oid, name };
    return [{ payload: JSON.stringify(record) }];
  };
  const append = async (kind: ObjectOwned['kind'], object: OwnedObject): Promise<void> => {
    const records = recordOf(kind, object);
    await shared?.append(OBJECTS_STREAM, records);
    await log.append(OBJECTS_STREAM, records);
  };

  const here = new Map<string, ObjectOwned>();
  for await (const { payload } of log.read(OBJECTS_STREAM)) {
    const object = JSON.parse(payload) as ObjectOwned;
    here.set(keyOf(object), object);
    apply(object);
  }
  if (shared !== undefined) {
    for await (const { payload } of shared.read(OBJECTS_STREAM)) {
      const object = readForeign(payload);
      if (object === undefined) continue;
      here.delete(keyOf(object));
      apply(object);
    }
    // Of when this gateway was by itself: the others do not know of it yet.
    for (const object of here.values()) {
      if (object.kind === 'object.created') await shared.append(OBJECTS_STREAM, recordOf(object.kind, object));
    }
    shared.onForeign(({ stream, payload }) => {
      const object = stream === OBJECTS_STREAM ? readForeign(payload) : undefined;
      if (object !== undefined) apply(object);
    });
  }

  return {
    isOwn: (database, principal, catalog, oid) => owners.get(keyOf({ database, catalog, oid })) === principal,
    isOwned: (database, catalog, oid) => owners.has(keyOf({ database, catalog, oid })),
    async created(object) {
      const key = keyOf(object);
      owners.set(key, object.principal);
      try {
        await append('object.created', object);
      } catch (error) {
        owners.delete(key);
        throw error;
      }
    },
    async dropped(object) {
      owners.delete(keyOf(object));
      await append('object.dropped', object);
    },
  };
}

/** What another gateway, maybe of another version, has written; undefined: it is nothing that is known here. */
function readForeign(payload: string): ObjectOwned | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, database, principal, catalog, oid } = value as Record<string, unknown>;
  const isKnown = kind === 'object.created' || kind === 'object.dropped';
  const texts = [database, principal, catalog].every((text) => typeof text === 'string');
  return isKnown && texts && Number.isSafeInteger(oid) ? (value as ObjectOwned) : undefined;
}
