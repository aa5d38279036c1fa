/**
 * Named selections of the record: what a report counts, in words and as SQL over the index. In: names and a period. Out:
 * for each how many there are, and a few of them, spread over the period, with the places of their records.
 * Runs in the index worker. Nothing of a body but who, and no SQL text, is in an answer: reports leave the house.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { DECISIONS, FATES, FLAG, SPAN_MS } from './index-schema.ts';

interface Selected {
  readonly of: 'sessions' | 'statements' | 'events';
  /** What is counted, as a plural noun: goes into reports. */
  readonly words: string;
  /** SQL; `:purpose` is the list of databases that want a purpose, `:started` the log's last position at the start. */
  readonly where: string;
}

const decision = (name: (typeof DECISIONS)[number]): string => `s.decision = ${DECISIONS.indexOf(name)}`;
const fate = (name: (typeof FATES)[number]): string => `s.fate IS ${FATES.indexOf(name)}`;
const ran = `NOT ${decision('deny')}`;
const ofClass = (...classes: readonly string[]): string =>
  `s.text_id IN (SELECT t.id FROM text t JOIN facts f ON f.id = t.facts_id WHERE f.class IN (${classes.map((one) => `'${one}'`).join(', ')}))`;
const CLASSIFIED = 's.text_id IN (SELECT t.id FROM text t WHERE t.facts_id IN (SELECT facts_id FROM facts_classified))';
const UNANSWERED = `${ran} AND s.answered IS NULL AND (e.position <= :started OR e.closed_at IS NOT NULL)`;

/** A request's own event, by a path of JSON; null where its body was erased. */
const told = (path: string): string => `json_extract(v.payload, '$.body.event.${path}')`;
const requestEvent = (type: string): string =>
  `k.word = 'request.event' AND json_extract(v.payload, '$.type') = '${type}'`;
const yes = requestEvent('approved');
const asked = requestEvent('requested');
const breakGlass = `${asked} AND ${told('request.breakGlass')} IS TRUE`;
const later = (type: string): string =>
  `EXISTS (SELECT 1 FROM event w WHERE w.subject = v.subject AND w.kind_id = v.kind_id AND json_extract(w.payload, '$.type') = '${type}')`;
const byRequester =
  "EXISTS (SELECT 1 FROM event w WHERE w.subject = v.subject AND w.kind_id = v.kind_id AND json_extract(w.payload, '$.type') = 'requested' AND w.by_id = v.by_id)";
const kind = (...kinds: readonly string[]): string => `k.word IN (${kinds.map((one) => `'${one}'`).join(', ')})`;

export const SELECTIONS = {
  sessions: { of: 'sessions', words: 'sessions', where: 'true' },
  sessions_of_agents: {
    of: 'sessions',
    words: 'sessions of agents that acted for a person',
    where: "e.kind = 'agent'",
  },
  sessions_of_services: { of: 'sessions', words: 'sessions of services', where: "e.kind = 'service'" },
  sessions_bound: { of: 'sessions', words: 'sessions whose token was bound to a key', where: 'e.bound = 1' },
  sessions_with_methods: {
    of: 'sessions',
    words: 'sessions whose token named how the person authenticated',
    where: 'e.auth IS NOT NULL',
  },
  sessions_second_factor: {
    of: 'sessions',
    words:
      'sessions whose token named a second factor or a key of hardware (RFC 8176: mfa, otp, hwk, swk, fpt, face, pin, sms, sc)',
    where:
      "EXISTS (SELECT 1 FROM json_each(ifnull(e.auth, '[]')) WHERE value IN ('mfa', 'otp', 'hwk', 'swk', 'fpt', 'face', 'pin', 'sms', 'sc'))",
  },
  sessions_with_purpose: {
    of: 'sessions',
    words: 'sessions that said what they were for',
    where: 'e.purpose IS NOT NULL',
  },
  sessions_without_required_purpose: {
    of: 'sessions',
    words: 'sessions without a purpose on databases where a grant wants one',
    where: 'e.purpose IS NULL AND e.database IN (SELECT value FROM json_each(:purpose))',
  },
  sessions_ended_by_gateway: {
    of: 'sessions',
    words: 'sessions that the gateway ended: token expired, revoked, grant ended, idle',
    where: "e.reason IN ('token_expired', 'revoked', 'grant_ended', 'idle')",
  },
  sessions_ended: { of: 'sessions', words: 'sessions whose end is recorded', where: 'e.closed_at IS NOT NULL' },
  sessions_lost: {
    of: 'sessions',
    words: 'sessions without a recorded end: the gateway ended before them',
    where: 'e.closed_at IS NULL AND e.position <= :started',
  },
  sessions_clock_synchronised: {
    of: 'sessions',
    words: 'sessions opened while the clock was known to be synchronised',
    where: "e.clock = 'synchronised'",
  },
  sessions_clock_other: {
    of: 'sessions',
    words: 'sessions opened while the clock was not known to be synchronised',
    where: "ifnull(e.clock, 'unknown') <> 'synchronised'",
  },
  sessions_unknown: {
    of: 'sessions',
    words: 'sessions whose opening is missing in the record',
    where: "e.database = ''",
  },
  statements: { of: 'statements', words: 'statements', where: 'true' },
  statements_denied: { of: 'statements', words: 'statements that policy denied', where: decision('deny') },
  statements_held: { of: 'statements', words: 'statements that were held for an approval', where: decision('hold') },
  statements_approved: {
    of: 'statements',
    words: 'statements that ran by an approval or an elevation',
    where: `s.approval IS NOT NULL AND ${ran}`,
  },
  statements_masked: {
    of: 'statements',
    words: 'statements in whose answer values were masked',
    where: `s.flags & ${FLAG.masked}`,
  },
  statements_classified: { of: 'statements', words: 'statements that touched classified columns', where: CLASSIFIED },
  statements_writing: {
    of: 'statements',
    words: 'statements that could change something',
    where: `s.flags & ${FLAG.write} AND ${ran}`,
  },
  statements_ddl: {
    of: 'statements',
    words: 'statements that changed the schema',
    where: `${ofClass('ddl')} AND ${ran}`,
  },
  statements_ddl_denied: {
    of: 'statements',
    words: 'statements that would have changed the schema and were denied',
    where: `${ofClass('ddl')} AND ${decision('deny')}`,
  },
  statements_ddl_production_unapproved: {
    of: 'statements',
    words: 'statements that changed the schema of a production database without an approval or elevation',
    where: `${ofClass('ddl')} AND ${ran} AND s.approval IS NULL AND e.environment = 'production'`,
  },
  statements_privileged: {
    of: 'statements',
    words: 'privileged statements: rights, roles and administration',
    where: `${ofClass('grant', 'admin')} AND ${ran}`,
  },
  statements_privileged_denied: {
    of: 'statements',
    words: 'privileged statements that were denied',
    where: `${ofClass('grant', 'admin')} AND ${decision('deny')}`,
  },
  statements_of_agents: { of: 'statements', words: 'statements of agents', where: "e.kind = 'agent'" },
  statements_failed: {
    of: 'statements',
    words: 'statements that ended with an error of the database',
    where: `s.sqlstate_id IS NOT NULL AND ${ran}`,
  },
  statements_with_outcome: {
    of: 'statements',
    words: 'statements with an outcome: rows, bytes, time, error',
    where: `${ran} AND s.answered IS NOT NULL`,
  },
  statements_may_have_run: {
    of: 'statements',
    words: 'statements of which nobody knows whether they ran',
    where: `${fate('may_have_run')} OR ${fate('unknown')}`,
  },
  statements_without_outcome: {
    of: 'statements',
    words: 'statements without an outcome, though their session is over',
    where: UNANSWERED,
  },
  statements_without_rule: {
    of: 'statements',
    words: 'denied or held statements whose record names no rule',
    where: `(${decision('deny')} OR ${decision('hold')}) AND s.rule_id IS NULL`,
  },
  logins: { of: 'events', words: 'logins', where: kind('identity.login') },
  refused: { of: 'events', words: 'connections that were refused', where: kind('connect.refused') },
  revocations: { of: 'events', words: 'people and sessions that were revoked', where: kind('identity.revoked') },
  policy_changes: {
    of: 'events',
    words: 'changes of policy, grants, roles and rules of approvals',
    where: kind('policy.changed'),
  },
  classification_changes: { of: 'events', words: 'changes of classification', where: kind('classification.changed') },
  record_reads: { of: 'events', words: 'reads of the record of others', where: kind('history.read') },
  exports: { of: 'events', words: 'exports of the record', where: kind('audit.exported', 'audit.archived') },
  erasures: { of: 'events', words: 'erasures of bodies', where: kind('audit.erased') },
  retirements: { of: 'events', words: 'segments retired by retention', where: kind('audit.retired') },
  key_rotations: { of: 'events', words: 'rotations of the signing key', where: kind('audit.key_rotated') },
  rewrites_accepted: {
    of: 'events',
    words: 'times that an operator accepted a log that is not what was signed',
    where: kind('audit.rewrite_accepted'),
  },
  gateway_starts: { of: 'events', words: 'starts of the gateway', where: kind('gateway.started') },
  gateway_stops: { of: 'events', words: 'orderly stops of the gateway', where: kind('gateway.stopped') },
  callbacks_refused: {
    of: 'events',
    words: 'decisions from outside that were not taken',
    where: kind('callback.refused'),
  },
  requests: { of: 'events', words: 'requests for access, or to run a statement', where: asked },
  requests_approved: { of: 'events', words: 'approvals', where: yes },
  requests_approved_by_people: {
    of: 'events',
    words: 'approvals by a person other than the requester',
    where: `${yes} AND ifnull(${told('via')}, '') NOT IN ('auto', 'break-glass', 'external', '') AND NOT ${byRequester}`,
  },
  requests_auto: {
    of: 'events',
    words: 'approvals by a rule, without a person',
    where: `${yes} AND ${told('via')} = 'auto'`,
  },
  requests_erased: {
    of: 'events',
    words: 'events of requests whose body was erased, so that they cannot be judged',
    where: `k.word = 'request.event' AND json_type(v.payload, '$.body') = 'text'`,
  },
  requests_denied: { of: 'events', words: 'requests that were denied', where: requestEvent('denied') },
  requests_expired: { of: 'events', words: 'requests that nobody decided in time', where: requestEvent('expired') },
  access_ended: { of: 'events', words: 'elevations that ended by time', where: requestEvent('ended') },
  access_revoked: { of: 'events', words: 'approvals that were taken back', where: requestEvent('revoked') },
  self_approvals: {
    of: 'events',
    words: 'requests that their requester approved (break-glass is counted by itself)',
    where: `${yes} AND ifnull(${told('via')}, '') <> 'break-glass' AND ${byRequester}`,
  },
  break_glass: { of: 'events', words: 'uses of break-glass', where: breakGlass },
  break_glass_reviewed: {
    of: 'events',
    words: 'uses of break-glass that somebody else reviewed',
    where: `${breakGlass} AND ${later('reviewed')}`,
  },
  break_glass_unreviewed: {
    of: 'events',
    words: 'uses of break-glass that nobody reviewed',
    where: `${breakGlass} AND NOT ${later('reviewed')}`,
  },
} as const satisfies Record<string, Selected>;

export type SelectionName = keyof typeof SELECTIONS;

export interface Period {
  /** Epoch milliseconds; the end is not in it. */
  readonly since: number;
  readonly until: number;
}

export interface SelectionQuery extends Period {
  readonly names: readonly SelectionName[];
  readonly database: string | undefined;
  /** Databases where a grant wants a purpose. */
  readonly purposeDatabases: readonly string[];
  /** How many of each are shown. */
  readonly samples: number;
}

export interface Sample {
  /** `<session>.<n>`, a session, a request, or `event-<position>`. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly who: string | null;
  readonly database: string | null;
  /** One clause for people: no SQL, no values. */
  readonly what: string;
  readonly records: readonly {
    readonly kind: 'session' | 'intent' | 'outcome' | 'event';
    readonly position: Position;
  }[];
}

export interface Found {
  readonly count: number;
  readonly samples: readonly Sample[];
}

export type SelectionAnswer = Readonly<Partial<Record<SelectionName, Found>>>;

const FROM = {
  statements: 'statement s JOIN session e ON e.id = s.session_id',
  sessions: 'session e',
  events: 'event v JOIN word k ON k.id = v.kind_id',
} as const;
const KEY = { statements: 's', sessions: 'e', events: 'v' } as const;
const TIME = { statements: 's.at', sessions: 'e.opened_at', events: 'v.at' } as const;
const DATABASE = {
  statements: 'e.database = :database',
  sessions: 'e.database = :database',
  // What is of no database is of all of them.
  events: '(v.database_id IS NULL OR v.database_id = (SELECT id FROM word WHERE word = :database))',
} as const;

/** `startedAt`: the log's last position when this process began. Throws `usage`. */
export function selectRecords(sqlite: DatabaseSync, query: SelectionQuery, startedAt: Position): SelectionAnswer {
  const { since, until } = query;
  if (!(Number.isFinite(since) && Number.isFinite(until) && since < until)) {
    throw new DbgateError(ErrorCode.usage, 'the period has no length');
  }
  const unknown = query.names.find((name) => !Object.hasOwn(SELECTIONS, name));
  if (unknown !== undefined) throw new DbgateError(ErrorCode.usage, `there is no selection ${JSON.stringify(unknown)}`);
  const found: Partial<Record<SelectionName, Found>> = {};
  for (const table of ['statements', 'sessions', 'events'] as const) {
    const names = query.names.filter((name) => SELECTIONS[name].of === table);
    if (names.length > 0) Object.assign(found, selectOf(sqlite, table, names, query, startedAt));
  }
  return found;
}

function selectOf(
  sqlite: DatabaseSync,
  of: Selected['of'],
  names: readonly SelectionName[],
  query: SelectionQuery,
  startedAt: Position,
): Partial<Record<SelectionName, Found>> {
  const parameters: Record<string, SQLInputValue> = { since: Math.ceil(query.since), until: Math.ceil(query.until) };
  const period = [`${TIME[of]} >= :since`, `${TIME[of]} < :until`];
  if (query.database !== undefined) {
    period.push(DATABASE[of]);
    parameters.database = query.database;
  }
  const named = { ':started': startedAt, ':purpose': JSON.stringify(query.purposeDatabases) };
  const bind = (sql: string): Record<string, SQLInputValue> => {
    const used: Record<string, SQLInputValue> = { ...parameters };
    for (const [name, value] of Object.entries(named)) if (sql.includes(name)) used[name.slice(1)] = value;
    return used;
  };
  const key = `${KEY[of]}.position`;
  const range = of === 'statements' ? periodPositions(sqlite, query) : { first: 0, last: Number.MAX_SAFE_INTEGER };
  if (range === undefined) return Object.fromEntries(names.map((name) => [name, { count: 0, samples: [] }]));
  const within = `FROM ${FROM[of]} WHERE ${key} BETWEEN :first AND :last AND ${period.join(' AND ')}`;
  // One walk counts them all.
  const counting = `SELECT min(${key}) AS first, max(${key}) AS last, ${names.map((name) => `count(*) FILTER (WHERE ${SELECTIONS[name].where}) AS ${name}`).join(', ')} ${within}`;
  const counts = sqlite.prepare(counting).get({ ...bind(counting), ...range }) as Record<string, number | null>;
  return Object.fromEntries(
    names.map((name) => {
      const count = counts[name] ?? 0;
      const one = `SELECT ${key} AS position ${within} AND (${SELECTIONS[name].where}) ORDER BY ${key} LIMIT 1`;
      const statement = sqlite.prepare(one);
      const positions = spread(count, query.samples, { first: counts.first ?? 0, last: counts.last ?? 0 }, (first) => {
        const row = statement.get({ ...bind(one), first, last: range.last });
        return row?.position as Position | undefined;
      });
      return [name, { count, samples: positions.map((position) => sampleAt(sqlite, of, position)) }];
    }),
  );
}

/**
 * Positions of as many as are wanted of those that `from` finds: one behind each mark, the marks at equal distances, and
 * where they stand closer together than these, the first ones besides. Always the same ones.
 */
function spread(
  count: number,
  wanted: number,
  { first, last }: { first: Position; last: Position },
  from: (position: Position) => Position | undefined,
): Position[] {
  const most = Math.min(wanted, count);
  const positions = new Set<Position>();
  const step = count <= wanted ? 0 : (last - first + 1) / wanted;
  let next = first;
  for (let i = 0; i < most; i++) {
    const position = from(Math.max(next, Math.floor(first + i * step)));
    if (position === undefined) break;
    positions.add(position);
    next = position + 1;
  }
  for (let at: Position | undefined = first; positions.size < most; at++) {
    at = from(at);
    if (at === undefined) break;
    positions.add(at);
  }
  return [...positions].sort((a, b) => a - b);
}

/** Positions of the statements of a period, and some around them; undefined: there are none. */
export function periodPositions(
  sqlite: DatabaseSync,
  { since, until }: Period,
): { first: Position; last: Position } | undefined {
  const span = sqlite
    .prepare('SELECT min(first) AS first, max(last) AS last FROM span WHERE span BETWEEN ? AND ?')
    .get(Math.floor(since / SPAN_MS), Math.floor(until / SPAN_MS));
  if (typeof span?.first !== 'number' || typeof span.last !== 'number') return undefined;
  return { first: span.first, last: span.last };
}

function sampleAt(sqlite: DatabaseSync, of: Selected['of'], position: Position): Sample {
  if (of === 'statements') return statementSample(sqlite, position);
  return of === 'sessions' ? sessionSample(sqlite, position) : eventSample(sqlite, position);
}

function statementSample(sqlite: DatabaseSync, position: Position): Sample {
  const row = sqlite
    .prepare(
      `SELECT s.at, s.n, s.decision, s.approval, s.answered, e.session, e.position AS opened, ifnull(e.email, e.subject) AS who,
         e.database, f.command, r.word AS rule, c.word AS sqlstate
       FROM statement s JOIN session e ON e.id = s.session_id JOIN text t ON t.id = s.text_id JOIN facts f ON f.id = t.facts_id
       LEFT JOIN word r ON r.id = s.rule_id LEFT JOIN word c ON c.id = s.sqlstate_id WHERE s.position = ?`,
    )
    .get(position) as Record<string, string> & {
    at: number;
    n: number;
    decision: number;
    answered: number | null;
    opened: number;
  };
  const { command, rule, approval, sqlstate } = row;
  const said = [`${command}: ${DECISIONS[row.decision]}`];
  if (rule) said.push(`by rule ${rule}`);
  if (approval) said.push(`by request ${approval}`);
  if (sqlstate) said.push(`SQLSTATE ${sqlstate}`);
  return {
    id: `${row.session}.${row.n}`,
    at: new Date(row.at).toISOString(),
    who: row.who!,
    database: row.database!,
    what: said.join(', '),
    records: [
      { kind: 'intent', position },
      ...(row.answered === null ? [] : [{ kind: 'outcome', position: position + row.answered } as const]),
    ],
  };
}

function sessionSample(sqlite: DatabaseSync, position: Position): Sample {
  const row = sqlite
    .prepare(
      'SELECT session, opened_at, kind, actors, ifnull(email, subject) AS who, database, reason FROM session WHERE position = ?',
    )
    .get(position) as { [name: string]: string | null } & { opened_at: number };
  const { session, kind: who, reason, actors } = row;
  const said = [`session of ${who === 'agent' ? 'an agent' : `a ${who}`}`];
  if (actors != null) said.push(`through ${(JSON.parse(actors) as string[]).join(', ')}`);
  if (reason != null) said.push(`ended: ${reason}`);
  return {
    id: session!,
    at: new Date(row.opened_at).toISOString(),
    who: row.who!,
    database: row.database!,
    what: said.join(', '),
    records: [{ kind: 'session', position }],
  };
}

function eventSample(sqlite: DatabaseSync, position: Position): Sample {
  const row = sqlite
    .prepare(
      `SELECT v.at, k.word AS kind, coalesce(json_extract(v.payload, '$.body.event.by.email'),
           (SELECT e.email FROM session e WHERE e.principal_id = v.by_id ORDER BY e.position DESC LIMIT 1), p.key) AS who,
         d.word AS database, v.subject, json_extract(v.payload, '$.type') AS type,
         json_extract(v.payload, '$.code') AS code, json_extract(v.payload, '$.detail') AS detail
       FROM event v JOIN word k ON k.id = v.kind_id LEFT JOIN principal p ON p.id = v.by_id LEFT JOIN word d ON d.id = v.database_id
       WHERE v.position = ?`,
    )
    .get(position) as Record<string, string | null> & { at: number };
  const { kind: named, type, subject, code, detail } = row;
  const isRequest = named === 'request.event';
  const said = [isRequest ? `request ${type}` : named!];
  if (code != null) said.push(code);
  if (detail != null) {
    for (const [name, value] of Object.entries(JSON.parse(detail) as object)) said.push(`${name} ${value}`);
  }
  return {
    id: isRequest && subject != null ? subject : `event-${position}`,
    at: new Date(row.at).toISOString(),
    who: row.who ?? (isRequest ? null : (subject ?? null)),
    database: row.database ?? null,
    what: said.join(', '),
    records: [{ kind: 'event', position }],
  };
}
