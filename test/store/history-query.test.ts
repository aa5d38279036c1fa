import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditRecord, HistoryEntry, HistoryQuery } from '../../src/audit/record.ts';
import { FOLDED_TO_ASCII } from '../../src/store/history-conditions.ts';
import type { Effort } from '../../src/store/history-positions.ts';
import { defineHistoryFunctions, queryHistory } from '../../src/store/history-query.ts';
import { type IndexDatabase, openIndexDatabase } from '../../src/store/index-database.ts';
import { forgetRecords } from '../../src/store/index-forget.ts';
import { queryEvents, querySessions } from '../../src/store/index-lookups.ts';
import { readingsOf } from '../../src/store/needle-readings.ts';
import {
  beginningOf,
  containsFolded,
  fillerBody,
  fold,
  joinText,
  shapeBody,
  splitText,
} from '../../src/store/text-shape.ts';

const open: IndexDatabase[] = [];
afterEach(() => {
  for (const index of open.splice(0)) index.close();
});

function newIndex(): IndexDatabase {
  const index = openIndexDatabase(':memory:', 0);
  defineHistoryFunctions(index.sqlite);
  open.push(index);
  return index;
}

/** Texts as people and programs write them: few shapes, literals, quotes that match and that do not. */
const piece = fc.constantFrom(
  ...['select ', 'SELECT * FROM Orders', ' where id = ', "'it''s'", "'", '42', '4711', 'a1b2', '1.5', ' ', ', '],
  ...[
    "'‹email:3f9a0c12ab34›'",
    'Straße',
    'ΟΔΟΣ',
    'ος',
    'İ',
    '\u212a',
    'K',
    '\u0001',
    '\u0002',
    '\n',
    '%',
    '_',
    '"',
    "'x' ",
    '１２',
    '\u{1f600}',
  ],
);
const text = fc.oneof(
  fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const word = (...words: string[]) => fc.constantFrom(...words);
const TABLES = ['public.users', 'crm.users', 'public.orders', 'orders'];
const COLUMNS = { 'public.users.email': 'email', 'crm.users.email': 'email', 'public.users.tel': 'phone' } as const;

/** Of one of them no class is known beside another. */
function touchedBy(columns: Run['columns']) {
  const [first, ...rest] = columns;
  const classed = first === undefined ? [] : [[first, COLUMNS[first]] as const];
  return { columns: Object.fromEntries(classed), ...(rest.length === 0 ? {} : { otherColumns: rest }) };
}

interface Run {
  readonly session: number;
  readonly sql: string;
  readonly class: string;
  readonly decision: HistoryEntry['decision'];
  readonly relations: readonly string[];
  readonly columns: readonly (keyof typeof COLUMNS)[];
  readonly sqlstate: string | undefined;
  readonly masked: number;
  readonly fate: 'rolled_back' | 'unknown' | 'cut' | 'may_have_run' | undefined;
  readonly answered: boolean;
  /** Milliseconds since the one before; the clock may be set back. */
  readonly later: number;
}

const run: fc.Arbitrary<Run> = fc.record({
  session: fc.nat(3),
  sql: text,
  class: word('read', 'write', 'ddl', 'transaction', 'unknown'),
  decision: fc.constantFrom('allow', 'mask', 'hold', 'deny'),
  relations: fc.uniqueArray(word(...TABLES), { maxLength: 2 }),
  columns: fc.uniqueArray(fc.constantFrom(...(Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])), { maxLength: 2 }),
  sqlstate: fc.option(word('42501', '42P01'), { nil: undefined }),
  masked: fc.nat(1),
  fate: fc.option(fc.constantFrom('rolled_back', 'unknown', 'cut', 'may_have_run'), { nil: undefined }),
  answered: fc.boolean(),
  later: fc.integer({ min: -700_000, max: 1_500_000 }),
});

const SESSIONS = [
  { subject: 'dev', email: 'Dev@demo.test', database: 'shop', purpose: 'Ticket 1' },
  { subject: 'ana', email: undefined, database: 'crm', purpose: undefined },
  { subject: 'dev', email: 'Dev@demo.test', database: 'crm', purpose: 'fix ÄRGER' },
  { subject: 'bob', email: 'dev@demo.test', database: 'shop', purpose: undefined },
];

const START = Date.parse('2026-01-01T00:00:00Z');

function recordsOf(runs: readonly Run[]): AuditRecord[] {
  let at = START;
  const records: AuditRecord[] = SESSIONS.map(({ subject, database, ...body }, i) => ({
    ...{
      v: 2,
      kind: 'session.open',
      at: new Date(at).toISOString(),
      session: `s${i}`,
      gateway: 'gw',
      clock: 'unknown',
    },
    ...{
      issuer: 'https://i',
      subject,
      principalKind: 'user',
      actors: [],
      authMethods: [],
      bound: false,
      via: 'tunnel',
    },
    ...{ database, environment: 'production', upstreamUser: 'app', policyVersion: 'p' },
    body: { salt: 's', ...body, groups: [], clientAddress: '127.0.0.1', application: 'psql' },
  })) as AuditRecord[];
  const numbers = [0, 0, 0, 0];
  for (const one of runs) {
    at += one.later;
    const { session, sql, decision, relations, columns, answered, sqlstate, masked, fate } = one;
    const key = { at: new Date(at).toISOString(), session: `s${session}`, n: ++numbers[session]! };
    records.push({
      ...{ v: 2, kind: 'statement.intent', ...key, protocol: 'simple', fingerprint: 'f', command: 'SELECT' },
      ...{ class: one.class, relations, ...touchedBy(columns) },
      ...{ decision, binds: 0, body: { salt: 's', sql, hash: 'h' } },
    } as unknown as AuditRecord);
    if (answered)
      records.push({ v: 2, kind: 'statement.outcome', ...key, rows: 1, bytes: 1, ms: 1, sqlstate, masked, fate });
  }
  return records;
}

function indexed(records: readonly AuditRecord[]): IndexDatabase {
  const index = newIndex();
  // As it comes out of the segments: what JSON leaves out is missing.
  const stored = records.map((record, i) => ({
    position: i + 1,
    stream: 'audit',
    streamSeq: i + 1,
    payload: JSON.stringify(record),
  }));
  const half = Math.floor(stored.length / 2);
  for (const [batch, end] of [
    [stored.slice(0, half), half],
    [stored.slice(half), stored.length],
  ] as const) {
    index.apply(batch, { segment: 1, offset: end * 300_000, position: end });
  }
  return index;
}

const filters = fc.record({
  principal: word('https://i|dev', 'https://i|ana', 'https://i|nobody'),
  by: word('dev', 'DEV@demo.test', 'https://i|bob', 'nobody'),
  database: word('shop', 'crm', 'other'),
  since: fc.integer({ min: START - 1_000_000, max: START + 10_000_000 }),
  until: fc.integer({ min: START, max: START + 20_000_000 }),
  grep: fc.oneof(
    text,
    word('s', 'E', '4', '1', ' ', 'ς', '\u{1f600}', '\u0002', 'id', '2 ', "'s", "t'", ', 4', '1, ', '42, ', "''"),
    word('\u0001', '\u0003'),
    word('sel', 'ers', '471', '42', "= '", "'it''s'", 'd = 42', 'ος', 'SS', 'ß', 'a1b', '‹email:3f9'),
  ),
  errorsOnly: fc.constant(true as const),
  deniedOnly: fc.constant(true as const),
  maskedOnly: fc.constant(true as const),
  writesOnly: fc.constant(true as const),
  table: word('users', 'public.users', 'USERS', 'orders', 'ers', 'public'),
  column: word('email', 'users.email', 'public.users.email', 'ail', 'tel'),
  class: word('email', 'phone', 'secret'),
  session: word('s0', 's2', 's9'),
  purpose: word('ticket', 'ärger', 'x'),
});

/** At most three of them at once, or hardly anything would ever be found. */
const query: fc.Arbitrary<HistoryQuery> = fc
  .record({ all: filters, keys: fc.array(fc.nat(20), { maxLength: 3 }) })
  .map(({ all, keys }) => Object.fromEntries(keys.flatMap((i) => Object.entries(all).slice(i, i + 1))));

/** What the query means, said plainly. */
function naive(records: readonly AuditRecord[], q: HistoryQuery): string[] {
  const endsWith = (path: string, name: string): boolean =>
    [name, name.toLowerCase()].some((each) => path === each || path.endsWith(`.${each}`));
  const found: string[] = [];
  let numbers = 0;
  for (const record of records) {
    if (record.kind !== 'statement.intent') continue;
    numbers++;
    const session = SESSIONS[Number(record.session.slice(1))]!;
    const outcome = records.find(
      (other) => other.kind === 'statement.outcome' && other.session === record.session && other.n === record.n,
    ) as Extract<AuditRecord, { kind: 'statement.outcome' }> | undefined;
    const { sql } = record.body as { sql: string };
    const at = Date.parse(record.at);
    const key = `https://i|${session.subject}`;
    const denied = record.decision === 'deny';
    const others = (record.otherColumns ?? []).map((name): [string, undefined] => [name, undefined]);
    const columns = [...Object.entries(record.columns), ...others];
    const keep = [
      q.principal === undefined || key === q.principal,
      q.by === undefined ||
        key === q.by ||
        SESSIONS.some(
          (s) =>
            s.subject === session.subject && (s.subject === q.by || s.email?.toLowerCase() === q.by!.toLowerCase()),
        ),
      q.database === undefined || session.database === q.database,
      q.since === undefined || at >= q.since,
      q.until === undefined || at < q.until,
      q.grep === undefined || containsFolded(sql, fold(q.grep)),
      !q.errorsOnly || denied || outcome?.sqlstate !== undefined || outcome?.fate !== undefined,
      !q.deniedOnly || denied,
      !q.maskedOnly || record.decision === 'mask' || (outcome?.masked ?? 0) > 0,
      !q.writesOnly || !['read', 'transaction'].includes(record.class),
      q.table === undefined || record.relations.some((name) => endsWith(name, q.table!)),
      (q.column === undefined && q.class === undefined) ||
        columns.some(
          ([name, of]) =>
            (q.class === undefined || of === q.class) && (q.column === undefined || endsWith(name, q.column)),
        ),
      q.session === undefined || record.session === q.session,
      q.purpose === undefined || (session.purpose !== undefined && containsFolded(session.purpose, fold(q.purpose))),
    ];
    if (keep.every(Boolean)) found.unshift(`${record.session}.${record.n}`);
  }
  expect(numbers).toBe(records.filter(({ kind }) => kind === 'statement.intent').length);
  return found;
}

/** All of it is walked through; or next to nothing, so that the rest is looked up: in what is rare, in listed texts, or in none. */
const WALK: Effort = { walked: 1000, walkedThere: 0, few: 0, texts: 0, statements: 0 };
const RARE: Effort = { walked: 3, walkedThere: 2, few: 5, texts: 4, statements: 6 };
const LISTED: Effort = { walked: 0, walkedThere: 0, few: -1, texts: 1000, statements: 1000 };
const COMMON: Effort = { walked: 1, walkedThere: 1, few: -1, texts: 0, statements: 0 };

function idsOf(index: IndexDatabase, q: HistoryQuery, limit: number, effort: Effort): string[] {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = queryHistory(index.sqlite, { ...q, limit, ...(cursor === undefined ? {} : { cursor }) }, 0, effort);
    ids.push(...page.entries.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

describe('a query of the index', () => {
  it('finds what a plain look at every record finds, in the order of the log, whatever the page and the way', () => {
    let hits = 0;
    fc.assert(
      fc.property(
        fc.array(run, { maxLength: 40 }),
        fc.array(query, { minLength: 8, maxLength: 8 }),
        (runs, queries) => {
          const records = recordsOf(runs);
          const index = indexed(records);
          for (const q of queries) {
            const expected = naive(records, q);
            hits += expected.length;
            expect(idsOf(index, q, 1000, WALK)).toEqual(expected);
            for (const effort of [RARE, LISTED, COMMON]) expect(idsOf(index, q, 7, effort)).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(hits).toBeGreaterThan(100);
  });

  it('finds a number that is the end of a name, and one that is a gap, in one needle', () => {
    const of = (sql: string): Run => ({
      ...{ session: 0, sql, class: 'read', decision: 'allow', relations: [], columns: [], sqlstate: undefined },
      ...{ masked: 0, fate: undefined, answered: true, later: 5 },
    });
    const index = indexed(recordsOf([of('select t_4711 = 1'), of('select 4711 = 1000'), of('select 1 = 471122')]));
    for (const [grep, expected] of [
      ['4711 = 1', ['s0.2', 's0.1']],
      ['1 = 471', ['s0.3']],
      [' = 1000', ['s0.2']],
      ['= 1', ['s0.2', 's0.1']],
      ['47', ['s0.3', 's0.2', 's0.1']],
    ] as const) {
      expect(idsOf(index, { grep }, 10, LISTED)).toEqual(expected);
    }
  });

  it('finds one, two and three characters wherever they stand, by the lists of texts alone', () => {
    const texts = [
      "select 'é' || x",
      'select 7,8',
      "where a='b' and c=12",
      't_47',
      '\u{1f600}',
      "it's 5",
      'q\u0002z',
      'ΟΔΟΣ',
      "1 \u212a, 'a\u212ab'",
      "1 \u0130x, '\u0130y'",
    ];
    const records = recordsOf(
      texts.map((sql) => ({
        ...{ session: 0, sql, class: 'read', decision: 'allow', relations: [], columns: [], sqlstate: undefined },
        ...{ masked: 0, fate: undefined, answered: true, later: 5 },
      })),
    );
    const index = indexed(records);
    const needles = texts.flatMap((sql) => {
      const characters = [...sql];
      return characters.flatMap((_, i) => [1, 2, 3].map((length) => characters.slice(i, i + length).join('')));
    });
    for (const grep of new Set([...needles, '9', 'zz', "='", ',9', '77', 'k', 'akb', ' k,', 'i', "'a"])) {
      expect(idsOf(index, { grep }, 10, LISTED), grep).toEqual(naive(records, { grep }));
    }
  });

  it('shows what was recorded', () => {
    const one: Run = {
      ...{ session: 0, sql: "select * from users where id = 4711 and name = 'x'", class: 'read', decision: 'mask' },
      ...{
        relations: ['public.users'],
        columns: ['public.users.email', 'crm.users.email'],
        sqlstate: '42P01',
        masked: 2,
      },
      ...{ fate: undefined, answered: true, later: 5 },
    };
    const index = indexed(recordsOf([one]));
    expect(queryHistory(index.sqlite, {}, 0).entries).toEqual([
      {
        ...{ id: 's0.1', at: '2026-01-01T00:00:00.005Z', database: 'shop', environment: 'production', session: 's0' },
        ...{ principal: 'Dev@demo.test', application: 'psql', purpose: 'Ticket 1', sql: one.sql, fingerprint: 'f' },
        ...{
          command: 'SELECT',
          class: 'read',
          relations: ['public.users'],
          columns: { 'public.users.email': 'email' },
          other_columns: ['crm.users.email'],
        },
        ...{
          decision: 'mask',
          rule: null,
          approval: null,
          gateway: 'gw',
          rows: 1,
          ms: 1,
          sqlstate: '42P01',
          masked: 2,
        },
        state: 'failed',
      } satisfies HistoryEntry,
    ]);
  });
});

describe('a text in the index', () => {
  it('has ASCII that SQLite’s lower() does not fold, from these letters alone', () => {
    const others: string[] = [];
    for (let point = 0x80; point < 0x110000; point++) {
      const letter = String.fromCodePoint(point);
      if (/[\0-\x7f]/.test(fold(letter))) others.push(letter);
    }
    expect(others.sort()).toEqual([...FOLDED_TO_ASCII].sort());
  });

  it('comes out as it went in, and is found by every part of it', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(8), (sql, from, length) => {
        const split = splitText(sql);
        expect(joinText(split)).toBe(sql);
        for (const limit of [1, 7, sql.length - 1, sql.length].filter((one) => one > 0)) {
          const { text, isCut } = beginningOf(split, limit);
          expect(isCut).toBe(sql.length > limit);
          expect(sql.slice(0, limit)).toBe(
            text + (/[\ud800-\udbff]$/.test(sql.slice(0, limit)) && isCut ? sql[limit - 1] : ''),
          );
        }
        const characters = [...fold(sql)];
        const start = characters.length === 0 ? 0 : from % characters.length;
        const needle = characters.slice(start, start + length).join('');
        if (needle === '') return;
        const [shape, fillers] = [shapeBody(split.shape), fillerBody(split.fillers)];
        const answers = readingsOf(needle).some(
          (reading) => shape.includes(reading.shape) && fillers.includes(reading.fillers),
        );
        expect(answers).toBe(true);
      }),
      { numRuns: 2000, examples: [["'a\n'x", 2, 1]] },
    );
  });

  it('shares its shape with those that differ in numbers and strings', () => {
    const shapes = ["select 1 from t2 where a = 'x'", "select 234 from t2 where a = ''"].map(
      (sql) => splitText(sql).shape,
    );
    expect(new Set(shapes).size).toBe(1);
  });
});

describe('what was erased', () => {
  const of = (session: number, sql: string): Run => ({
    ...{
      session,
      sql,
      class: 'read',
      decision: 'allow',
      relations: ['public.users'],
      columns: [],
      sqlstate: undefined,
    },
    ...{ masked: 0, fate: undefined, answered: true, later: 5 },
  });

  it('is not found and not shown any more; what others wrote too stays', () => {
    const records = recordsOf([
      of(0, "select 'canary-one'"),
      of(1, 'select shared_text, 77777'),
      of(0, 'select shared_text, 77777'),
    ]);
    const index = indexed(records);
    const positionOf = (id: string): number =>
      records.findIndex((one) => one.kind === 'statement.intent' && `${one.session}.${one.n}` === id) + 1;
    expect(forgetRecords(index.sqlite, index.writer, [1, positionOf('s0.1'), positionOf('s0.2'), 9999])).toBe(3);
    expect(idsOf(index, { grep: 'canary' }, 10, LISTED)).toEqual([]);
    expect(idsOf(index, { grep: 'shared_text' }, 10, LISTED)).toEqual(['s1.1']);
    const erased = queryHistory(index.sqlite, { session: 's0' }, 0).entries;
    expect(erased.map(({ sql, purpose, principal }) => ({ sql, purpose, principal }))).toEqual([
      { sql: null, purpose: null, principal: 'dev' },
      { sql: null, purpose: null, principal: 'dev' },
    ]);
    expect(erased[0]!.relations).toEqual(['public.users']);
    expect(index.sqlite.prepare('SELECT rowid FROM filler_trigram WHERE filler_trigram MATCH \'"can"\'').all()).toEqual(
      [],
    );
    expect(
      index.sqlite.prepare('SELECT rowid FROM filler_trigram WHERE filler_trigram MATCH \'"777"\'').all(),
    ).toHaveLength(1);
  });

  it('is as unknown when the index is made anew from erased records', () => {
    const records = recordsOf([of(0, 'select canary')]).map((record) =>
      record.kind === 'statement.intent' || record.kind === 'session.open' ? { ...record, body: 'sha256:x' } : record,
    );
    const index = indexed(records as AuditRecord[]);
    expect(queryHistory(index.sqlite, {}, 0).entries[0]).toMatchObject({ sql: null, principal: 'dev', class: 'read' });
    expect(idsOf(index, { table: 'users' }, 10, LISTED)).toEqual(['s0.1']);
  });
});

describe('sessions and events', () => {
  it('tells sessions, who they are of, and how they ended', () => {
    const records = recordsOf([]);
    records.push({
      v: 2,
      kind: 'session.close',
      at: '2026-01-01T00:01:00.000Z',
      session: 's1',
      reason: 'client',
      statements: 4,
      denied: 1,
    });
    const index = indexed(records);
    const all = querySessions(index.sqlite, {}, 2).sessions;
    expect(all.map(({ session, state, statements, denied }) => [session, state, statements, denied])).toEqual([
      ['s3', 'open', 0, 0],
      ['s2', 'open', 0, 0],
      ['s1', 'closed', 4, 1],
      ['s0', 'lost', 0, 0],
    ]);
    expect(querySessions(index.sqlite, { openOnly: true, limit: 1 }, 2)).toMatchObject({
      sessions: [{ session: 's3' }],
    });
    expect(querySessions(index.sqlite, { by: 'ana' }, 2).sessions.map(({ session }) => session)).toEqual(['s1']);
    expect(querySessions(index.sqlite, { database: 'crm', principal: 'https://i|dev' }, 2).sessions).toHaveLength(1);
  });

  it('gives events by kind, person and what they are about', () => {
    const event = (kind: string, more: object): AuditRecord =>
      ({
        v: 2,
        kind,
        at: '2026-01-01T00:00:00.000Z',
        gateway: 'gw',
        ...more,
        body: { salt: 's' },
      }) as unknown as AuditRecord;
    const index = indexed([
      event('identity.login', { by: 'https://i|dev', detail: {} }),
      event('request.event', { request: 'r-1', type: 'requested', by: 'https://i|dev', database: 'shop' }),
      event('connect.refused', { subject: 'eve', database: 'shop', code: 'denied' }),
      event('history.read', { by: 'https://i|ana', detail: {} }),
    ]);
    const kinds = (q: Parameters<typeof queryEvents>[1]): string[] =>
      queryEvents(index.sqlite, q).events.map(({ record }) => record.kind);
    expect(kinds({})).toEqual(['history.read', 'connect.refused', 'request.event', 'identity.login']);
    expect(kinds({ kinds: ['identity.login', 'history.read'] })).toEqual(['history.read', 'identity.login']);
    expect(kinds({ by: 'https://i|dev', database: 'shop' })).toEqual(['request.event']);
    expect(kinds({ subject: 'r-1' })).toEqual(['request.event']);
    const first = queryEvents(index.sqlite, { limit: 3 });
    expect(kinds({ cursor: first.nextCursor! })).toEqual(['identity.login']);
  });
});
