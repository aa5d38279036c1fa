/**
 * Who the record knows, and what each did in a period: for reviews of access. Runs in the index worker.
 * A person and an agent that acts for them are two, though they have one subject.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Period, periodPositions } from './record-selections.ts';

export interface PeopleQuery extends Period {
  readonly database: string | undefined;
}

/** As the newest session before the period's end says; of those who never had one, the newest login. */
export interface PersonSeen {
  /** `principalKey`. */
  readonly key: string;
  readonly subject: string;
  readonly kind: 'user' | 'service' | 'agent';
  /** Of an agent: `act.sub` of each, outermost first. */
  readonly actors: readonly string[];
  readonly email: string | null;
  /** Null: erased. */
  readonly groups: readonly string[] | null;
  /** Of that session or login, ISO 8601. */
  readonly lastSeen: string;
  /** Never had a session (on this database, where one is asked for). */
  readonly onlyLoggedIn: boolean;
  /** In the period, by database. */
  readonly did: readonly Doings[];
}

export interface Doings {
  readonly database: string;
  readonly sessions: number;
  readonly statements: number;
  readonly denied: number;
  readonly writes: number;
  readonly ddl: number;
  /** Statements that touched classified columns. */
  readonly classified: number;
}

export interface PeopleAnswer {
  readonly people: readonly PersonSeen[];
  /** Statements that ran in the period by each request. */
  readonly usedBy: Readonly<Record<string, number>>;
}

export function peopleSeen(sqlite: DatabaseSync, { since, until, database }: PeopleQuery): PeopleAnswer {
  const only = database === undefined ? '' : ' AND e.database = :database';
  const bound = { since: Math.ceil(since), until: Math.ceil(until), ...(database === undefined ? {} : { database }) };
  const { since: _, ...ending } = bound;
  const newest = sqlite
    .prepare(
      `SELECT max(e.position), p.key, e.subject, e.kind, e.actors, e.email, e.groups, e.opened_at
       FROM session e JOIN principal p ON p.id = e.principal_id
       WHERE e.opened_at < :until AND e.subject <> ''${only} GROUP BY p.key, e.kind, e.actors ORDER BY p.key, e.kind, e.actors`,
    )
    .all(ending) as unknown as SessionRow[];
  const doings = new Map<string, Map<string, Doings>>();
  const ofPerson = (row: KeyRow): Map<string, Doings> => {
    const key = nameOf(row);
    const known = doings.get(key) ?? new Map<string, Doings>();
    doings.set(key, known);
    return known;
  };
  for (const row of sqlite
    .prepare(
      `SELECT p.key, e.kind, e.actors, e.database, count(*) AS sessions FROM session e JOIN principal p ON p.id = e.principal_id
       WHERE e.opened_at >= :since AND e.opened_at < :until${only} GROUP BY p.key, e.kind, e.actors, e.database`,
    )
    .all(bound) as unknown as (KeyRow & { database: string; sessions: number })[]) {
    const { database: name, sessions } = row;
    ofPerson(row).set(name, { ...nothing(name), sessions });
  }
  const range = periodPositions(sqlite, bound);
  const usedBy: Record<string, number> = {};
  if (range !== undefined) {
    for (const row of sqlite
      .prepare(
        `SELECT p.key, e.kind, e.actors, e.database, sum(d.statements) AS statements, sum(d.denied) AS denied,
           sum(d.writes) AS writes, sum(d.ddl) AS ddl, sum(d.classified) AS classified
         FROM (SELECT s.session_id, count(*) AS statements, count(*) FILTER (WHERE s.flags & 1) AS denied,
                 count(*) FILTER (WHERE s.flags & 8 AND NOT s.flags & 1) AS writes,
                 count(*) FILTER (WHERE NOT s.flags & 1 AND s.text_id IN (SELECT t.id FROM text t JOIN facts f ON f.id = t.facts_id WHERE f.class = 'ddl')) AS ddl,
                 count(*) FILTER (WHERE NOT s.flags & 1 AND s.text_id IN (SELECT t.id FROM text t WHERE t.facts_id IN (SELECT facts_id FROM facts_classified))) AS classified
               FROM statement s WHERE s.position BETWEEN :first AND :last AND s.at >= :since AND s.at < :until GROUP BY s.session_id) d
         JOIN session e ON e.id = d.session_id JOIN principal p ON p.id = e.principal_id
         WHERE true${only} GROUP BY p.key, e.kind, e.actors, e.database`,
      )
      .all({ ...bound, ...range }) as unknown as (KeyRow & Doings)[]) {
      const { key: _key, kind: _kind, actors: _actors, ...did } = row;
      const known = ofPerson(row);
      known.set(did.database, { ...did, sessions: known.get(did.database)?.sessions ?? 0 });
    }
    for (const { approval, n } of sqlite
      .prepare(
        `SELECT s.approval, count(*) AS n FROM statement s JOIN session e ON e.id = s.session_id
         WHERE s.position BETWEEN :first AND :last AND s.at >= :since AND s.at < :until AND s.approval IS NOT NULL${only}
         GROUP BY s.approval`,
      )
      .all({ ...bound, ...range })) {
      usedBy[approval as string] = n as number;
    }
  }
  const came = new Set(newest.map(personOf));
  const others = loginsBefore(sqlite, bound.until).filter((row) => !came.has(personOf(row)));
  const people = [...newest, ...others].map((row): PersonSeen => {
    const { key, subject, kind, email, opened_at: openedAt } = row;
    return {
      key,
      subject,
      kind,
      actors: listOf(row.actors),
      email,
      groups: row.groups === null ? null : listOf(row.groups),
      lastSeen: new Date(openedAt).toISOString(),
      onlyLoggedIn: !came.has(personOf(row)),
      did: [...(doings.get(nameOf(row))?.values() ?? [])].sort((a, b) => (a.database < b.database ? -1 : 1)),
    };
  });
  return { people: people.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)), usedBy };
}

/** The newest login of each; what it says of the person is null where it was erased. */
function loginsBefore(sqlite: DatabaseSync, until: number): SessionRow[] {
  return sqlite
    .prepare(
      `SELECT max(v.position), p.key, substr(p.key, instr(p.key, '|') + 1) AS subject, v.at AS opened_at,
         json_extract(v.payload, '$.detail.principalKind') AS kind,
         CASE WHEN json_extract(v.payload, '$.body.actor') IS NULL THEN NULL
           ELSE json_array(json_extract(v.payload, '$.body.actor')) END AS actors,
         json_extract(v.payload, '$.body.email') AS email, json_extract(v.payload, '$.body.groups') AS groups
       FROM event v JOIN principal p ON p.id = v.by_id
       WHERE v.kind_id = (SELECT id FROM word WHERE word = 'identity.login') AND v.at < ?
         AND json_extract(v.payload, '$.detail.principalKind') IS NOT NULL
       GROUP BY p.key, kind, actors ORDER BY p.key, kind, actors`,
    )
    .all(until) as unknown as SessionRow[];
}

/** A login names the nearest agent only, a session all. */
function personOf({ key, kind, actors }: KeyRow): string {
  return JSON.stringify([key, kind, listOf(actors)[0]]);
}

interface KeyRow {
  readonly key: string;
  readonly kind: PersonSeen['kind'];
  readonly actors: string | null;
}

interface SessionRow extends KeyRow {
  readonly subject: string;
  readonly email: string | null;
  readonly groups: string | null;
  readonly opened_at: number;
}

function nameOf({ key, kind, actors }: KeyRow): string {
  return JSON.stringify([key, kind, actors]);
}

function nothing(database: string): Doings {
  return { database, sessions: 0, statements: 0, denied: 0, writes: 0, ddl: 0, classified: 0 };
}

function listOf(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[]);
}
