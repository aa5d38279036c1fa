/**
 * The review of access: who could, by the grants as they are configured now, who did in a period, by the record, and what
 * of both deserves a look. Pure: what is configured and what was recorded are passed in.
 */
import type { DatabaseSettings, GrantSettings, GrantSubject } from '../../config/gateway-settings.ts';
import { coversDatabase, isFor, subjectsOf } from '../../policy/grants.ts';
import type { Doings, PeopleAnswer, PersonSeen } from '../../store/people-seen.ts';
import type { Period } from '../../store/record-selections.ts';
import type { RequestRecord } from '../record.ts';
import { type Elevation, elevationOf } from './elevations.ts';

export interface AccessReview {
  readonly version: 1;
  readonly gateway: string;
  readonly database: string | null;
  /** ISO 8601; the end is not in it. */
  readonly since: string;
  readonly until: string;
  readonly madeAt: string;
  readonly summary: {
    readonly people: number;
    readonly active: number;
    readonly dormant: number;
    readonly withoutGrant: number;
    readonly grants: number;
    readonly unusedGrants: number;
    readonly requests: number;
    readonly unusedElevations: number;
    readonly selfApprovals: number;
    readonly breakGlass: number;
    readonly breakGlassUnreviewed: number;
  };
  readonly people: readonly ReviewedPerson[];
  readonly grants: readonly ReviewedGrant[];
  readonly elevations: readonly Elevation[];
}

export interface ReviewedPerson
  extends Pick<PersonSeen, 'key' | 'subject' | 'kind' | 'actors' | 'email' | 'groups' | 'lastSeen'> {
  /** By the grants as they are now, whatever their hours and purposes. */
  readonly could: readonly {
    readonly database: string;
    readonly access: GrantSettings['access'];
    readonly create: boolean;
    /** Numbers of `grants`. */
    readonly grants: readonly number[];
  }[];
  readonly did: readonly Doings[];
  /**
   * `dormant`: may still come in, but did not in the period. `no grant`: may not any more. `unknown`: which groups they had
   * was erased, and no grant names them.
   */
  readonly state: 'active' | 'dormant' | 'no grant' | 'unknown';
}

export interface ReviewedGrant {
  /** Its place in the configuration, from 1. */
  readonly number: number;
  readonly to: readonly string[];
  readonly databases: readonly string[];
  readonly access: GrantSettings['access'];
  readonly create: boolean;
  readonly conditions: readonly string[];
  /** Of those whom the record knows: how many it is for. */
  readonly people: number;
  /** Sessions in the period of those on databases that it covers; grants add up, so one session may count for several. */
  readonly sessions: number;
  readonly state: 'used' | 'unused' | 'expired';
}

export interface ReviewQuestion extends Period {
  readonly gateway: string;
  readonly database: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ReviewSources {
  readonly grants: readonly GrantSettings[];
  readonly databases: readonly DatabaseSettings[];
  readonly seen: PeopleAnswer;
  /** Of all requests that were asked, or changed, in the period: each whole, the first event first. */
  readonly requests: readonly (readonly RequestRecord[])[];
}

const LEVELS: readonly GrantSettings['access'][] = ['read', 'write', 'ddl', 'admin'];

export function reviewAccess(sources: ReviewSources, question: ReviewQuestion): AccessReview {
  const { gateway, database, now, since, until } = question;
  const databases = sources.databases.filter(({ name }) => database === undefined || name === database);
  const grants = sources.grants.map((settings, i) => ({ settings, number: i + 1 }));
  const people = sources.seen.people
    .map((person) => ({ person, reviewed: reviewedPerson(person, databases, grants, now) }))
    // Whoever may not come in, and never did, only has a login at the issuer.
    .filter(({ person, reviewed }) => !person.onlyLoggedIn || reviewed.state !== 'no grant')
    .map(({ reviewed }) => reviewed);
  const reviewed = grants
    .map((grant) => reviewedGrant(grant, sources.seen.people, databases, now))
    .filter((grant) => grant.databases.length > 0);
  const elevations = sources.requests
    .map((records) => elevationOf(records, sources.seen.usedBy[records[0]?.request ?? ''] ?? 0))
    .filter((one) => one !== undefined)
    .filter((one) => Date.parse(one.requestedAt) < until);
  const broken = elevations.filter(({ breakGlass }) => breakGlass);
  const opened = elevations.filter(({ kind, grantedMs }) => kind === 'elevation' && grantedMs !== null);
  return {
    version: 1,
    gateway,
    database: database ?? null,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    madeAt: new Date(now).toISOString(),
    summary: {
      people: people.length,
      active: people.filter(({ did }) => did.length > 0).length,
      dormant: people.filter(({ state }) => state === 'dormant').length,
      withoutGrant: people.filter(({ state }) => state === 'no grant').length,
      grants: reviewed.length,
      unusedGrants: reviewed.filter(({ state }) => state !== 'used').length,
      requests: elevations.length,
      unusedElevations: opened.filter(({ used }) => used === 0).length,
      selfApprovals: elevations.filter(({ approvals }) => approvals.some(({ self }) => self)).length,
      breakGlass: broken.length,
      breakGlassUnreviewed: broken.filter(({ reviewedBy }) => reviewedBy === null).length,
    },
    people,
    grants: reviewed,
    elevations,
  };
}

interface Numbered {
  readonly settings: GrantSettings;
  readonly number: number;
}

function reviewedPerson(
  person: PersonSeen,
  databases: readonly DatabaseSettings[],
  grants: readonly Numbered[],
  now: number,
): ReviewedPerson {
  const could = databases.flatMap((database) => {
    const covering = grants.filter(
      ({ settings }) => isOpen(settings, now) && coversDatabase(settings, database) && isForSeen(settings, person),
    );
    if (covering.length === 0) return [];
    const level = Math.max(...covering.map(({ settings }) => LEVELS.indexOf(settings.access)));
    return [
      {
        database: database.name,
        access: LEVELS[level]!,
        create: covering.some(({ settings }) => settings.create),
        grants: covering.map(({ number }) => number),
      },
    ];
  });
  const { key, subject, kind, actors, email, groups, lastSeen, did } = person;
  const without = groups === null ? 'unknown' : 'no grant';
  const state = could.length === 0 ? without : did.length === 0 ? 'dormant' : 'active';
  return { key, subject, kind, actors, email, groups, lastSeen, could, did, state };
}

function reviewedGrant(
  { settings, number }: Numbered,
  seen: readonly PersonSeen[],
  databases: readonly DatabaseSettings[],
  now: number,
): ReviewedGrant {
  const covered = databases.filter((database) => coversDatabase(settings, database)).map(({ name }) => name);
  const theirs = seen.filter((person) => isForSeen(settings, person));
  const sessions = theirs
    .flatMap(({ did }) => did)
    .filter(({ database }) => covered.includes(database))
    .reduce((sum, one) => sum + one.sessions, 0);
  return {
    number,
    to: subjectsOf(settings).map(subjectWords),
    databases: covered,
    access: settings.access,
    create: settings.create,
    conditions: conditionsOf(settings),
    people: theirs.length,
    sessions,
    state: !isOpen(settings, now) ? 'expired' : sessions > 0 ? 'used' : 'unused',
  };
}

function isOpen({ expiresAt }: GrantSettings, now: number): boolean {
  return expiresAt === undefined || now < expiresAt;
}

function isForSeen(settings: GrantSettings, { kind, subject, email, groups, actors }: PersonSeen): boolean {
  const who = { kind, subject, email: email ?? undefined, groups: groups ?? [], actor: actors[0] };
  return subjectsOf(settings).some((to) => isFor(to, who));
}

function subjectWords(to: GrantSubject): string {
  return Object.entries(to)
    .map(([kind, name]) => `${kind} ${name}`)
    .join(', ');
}

function conditionsOf({ hours, expiresAt, purposeRequired, limits }: GrantSettings): string[] {
  return [
    ...(hours ?? []).map((one) => `hours ${one}`),
    ...(expiresAt === undefined ? [] : [`until ${new Date(expiresAt).toISOString()}`]),
    ...(purposeRequired === true ? ['says what for'] : []),
    ...(limits === undefined ? [] : ['limits']),
  ];
}
