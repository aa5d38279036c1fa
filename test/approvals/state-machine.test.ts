import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalDecider, personOf, rulePerson, samePerson } from '../../src/approvals/person.ts';
import type {
  ElevationScope,
  Person,
  RequestEvent,
  Requested,
  RequestState,
  Terms,
} from '../../src/approvals/request.ts';
import { fold, next, TRANSITIONS } from '../../src/approvals/state-machine.ts';
import { canonicalTable, includes } from '../../src/approvals/terms.ts';
import { principal, statement } from './people.ts';

const HOUR = 3_600_000;
const ada = principal('ada');
/** The requester, those that are the same human being, and others. */
const REQUESTER = personOf(ada);
const SAME: readonly Person[] = [
  REQUESTER,
  personOf(principal('ada', { issuer: 'https://other.example.com', email: 'ADA@example.com ' })),
  personOf(principal('ada', { kind: 'agent', actor: 'helper' })),
  personOf(principal('ada-2', { email: 'Ada@Example.com' })),
];
const OTHERS: readonly Person[] = [
  personOf(principal('bob')),
  personOf(principal('bob', { issuer: 'https://other.example.com' })),
  personOf(principal('cleo')),
  personOf(principal('dora', { kind: 'agent', actor: 'helper' })),
  personOf(principal('job', { kind: 'service', email: undefined })),
  personOf(externalDecider('desk')),
  rulePerson('developers'),
];
const PEOPLE = [...SAME, ...OTHERS];

function asked(more: Partial<Requested> = {}): Requested {
  return {
    kind: 'elevation',
    id: 'r-00000001',
    by: REQUESTER,
    database: 'app',
    environment: 'production',
    purpose: undefined,
    application: undefined,
    reason: 'INC-1',
    expiresAt: HOUR,
    policy: 'developers',
    deciders: ['group reviewers'],
    needs: 1,
    external: undefined,
    scope: { access: 'write', unmask: undefined, tables: undefined, durationMs: HOUR },
    breakGlass: false,
    ...more,
  } as Requested;
}

const person = fc.constantFrom(...PEOPLE);
const at = fc.integer({ min: 0, max: 3 * HOUR });
const tables = fc.option(fc.subarray(['users', 'public.users', 'orders', 'billing.invoices']), { nil: undefined });
const unmask = fc.option(fc.oneof(fc.constant('all' as const), fc.subarray(['email', 'phone', 'health'] as const)), {
  nil: undefined,
});
const terms: fc.Arbitrary<Terms> = fc.record({
  durationMs: fc.option(fc.integer({ min: -1, max: 2 * HOUR }), { nil: undefined }),
  tables,
  unmask,
  maxRows: fc.option(fc.integer({ min: -1, max: 20 }), { nil: undefined }),
  times: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  tryFirst: fc.option(fc.boolean(), { nil: undefined }),
});
const scope: fc.Arbitrary<ElevationScope> = fc.record({
  access: fc.constantFrom('write', 'ddl', undefined),
  unmask,
  tables,
  durationMs: fc.integer({ min: 60_000, max: HOUR }),
});
const common = {
  needs: fc.constantFrom(1, 1, 2, 3),
  external: fc.option(fc.constant('desk'), { nil: undefined, freq: 4 }),
  expiresAt: fc.integer({ min: 1, max: 2 * HOUR }),
};
const requested: fc.Arbitrary<Requested> = fc.oneof(
  fc.record({ ...common, scope, breakGlass: fc.boolean() }).map((more) => asked(more)),
  fc
    .record({ ...common, canRollBack: fc.constantFrom(true, true, false) })
    .map(({ canRollBack, ...more }) =>
      asked({ kind: 'statement', statement: statement({ canRollBack }), ...more } as Partial<Requested>),
    ),
);
const via = fc.constantFrom('cli', 'web', 'slack', 'external', 'auto', 'break-glass');
const hash = fc.constantFrom('h1', 'h2');
const session = fc.constantFrom('session-1', 'session-2');
const reason = fc.constant('why');
const events = {
  approved: fc.record({ at, by: person, via, reason, terms, complete: fc.boolean() }),
  denied: fc.record({ at, by: person, via, reason }),
  cancelled: fc.record({ at, by: person, reason }),
  expired: fc.record({ at }),
  joined: fc.record({ at, hash, session }),
  unattended: fc.record({ at, session }),
  used: fc.record({ at, hash, session, n: fc.integer({ min: 1, max: 5 }) }),
  tried: fc.record({ at, rows: fc.integer({ min: -1, max: 30 }) }),
  ended: fc.record({ at, reason: fc.constant('time') }),
  revoked: fc.record({ at, by: person, reason }),
  reviewed: fc.record({ at, by: person, reason }),
  requested: fc.record({ at, request: requested }),
};
/** What goes on is more frequent than what ends. */
const WEIGHTS: Partial<Record<keyof typeof events, number>> = {
  approved: 20,
  used: 15,
  tried: 10,
  reviewed: 5,
  joined: 3,
};
const event = fc.oneof(
  ...Object.entries(events).map(([type, fields]) => ({
    arbitrary: (fields as fc.Arbitrary<object>).map((one) => ({ type, ...one }) as RequestEvent),
    weight: WEIGHTS[type as keyof typeof events] ?? 1,
  })),
);

interface Step {
  readonly before: RequestState;
  readonly event: RequestEvent;
  readonly after: RequestState;
}

/** As it is, or set right in what would keep it from following. */
interface Move {
  readonly event: RequestEvent;
  readonly likely: boolean;
  readonly other: Person;
}

const move: fc.Arbitrary<Move> = fc.record({
  event,
  likely: fc.boolean(),
  other: fc.constantFrom(...OTHERS.filter(({ kind }) => kind === 'user')),
});

function eventOf({ event: one, likely, other }: Move, state: RequestState): RequestEvent {
  if (!likely) return one;
  const early = one.at % 1_000;
  const { request } = state;
  switch (one.type) {
    case 'approved': {
      if (one.via === 'break-glass') return { ...one, at: 0, by: request.by, terms: {}, complete: true };
      const counts = request.kind === 'statement' && request.statement.canRollBack;
      const { times } = one.terms;
      const tryFirst = counts && state.triedRows === undefined ? one.terms.tryFirst : undefined;
      const maxRows = counts ? one.terms.maxRows : undefined;
      const some: Terms =
        request.kind === 'statement'
          ? { durationMs: HOUR, tryFirst, times: tryFirst ? 1 : times, maxRows }
          : { durationMs: Math.min(60_000, request.scope.durationMs) };
      return {
        ...one,
        at: 0,
        by: other,
        via: 'cli',
        terms: some,
        complete: state.approvals.length + 1 >= request.needs,
      };
    }
    case 'used':
      return { ...one, at: early, hash: 'h1', n: state.used + 1 };
    case 'tried':
      return { ...one, at: early, rows: Math.abs(one.rows) % 10 };
    case 'ended':
      return { ...one, at: 10 * HOUR };
    case 'reviewed':
      return { ...one, by: other };
    default:
      return one;
  }
}

/** What of a random sequence may happen. */
function walk(
  request: Requested,
  events: readonly Move[],
): { steps: Step[]; state: RequestState; all: RequestEvent[] } {
  const first = { type: 'requested', at: 0, request } as const;
  let state = fold([first]);
  const steps: Step[] = [];
  const all: RequestEvent[] = [first];
  for (const wanted of events) {
    const one = eventOf(wanted, state);
    const after = next(state, one);
    if ('refused' in after) continue;
    steps.push({ before: state, event: one, after });
    all.push(one);
    state = after;
  }
  return { steps, state, all };
}

const walks = fc.tuple(requested, fc.array(move, { minLength: 5, maxLength: 30, size: 'max' }));
const RUNS = { numRuns: 2_000 };
const FINAL = ['denied', 'cancelled', 'expired', 'revoked', 'used', 'ended'];

describe('no path', () => {
  it('grants without everybody who is needed, none of them the requester, or a rule that says so', () => {
    let granted = 0;
    fc.assert(
      fc.property(walks, ([request, events]) => {
        for (const { before, event: one, after } of walk(request, events).steps) {
          if (before.status !== 'pending' || (after.status !== 'approved' && after.status !== 'used')) continue;
          granted++;
          expect(one.type).toBe('approved');
          const last = after.approvals.at(-1)!;
          if (last.via === 'auto') expect(last.by.issuer).toBe('dbgate:rule');
          else if (last.via === 'break-glass') expect(request).toMatchObject({ breakGlass: true, by: last.by });
          else if (last.via === 'external') expect(request.external).toBe(last.by.subject);
          else {
            expect(request.external).toBeUndefined();
            expect(after.approvals.length).toBe(request.needs);
            for (const { by } of after.approvals) {
              expect(by.kind).toBe('user');
              expect(samePerson(by, request.by)).toBe(false);
            }
            for (const [i, a] of after.approvals.entries()) {
              for (const b of after.approvals.slice(i + 1)) expect(samePerson(a.by, b.by)).toBe(false);
            }
          }
        }
      }),
      RUNS,
    );
    expect(granted).toBeGreaterThan(100);
  });

  it('grants after its time, a denial, a withdrawal or a revocation, or twice', () => {
    fc.assert(
      fc.property(walks, ([request, events]) => {
        let grants = 0;
        for (const { before, event: one, after } of walk(request, events).steps) {
          if (FINAL.includes(before.status)) expect(after.status).toBe(before.status);
          if (one.type === 'approved') expect(one.at).toBeLessThan(request.expiresAt);
          if (before.status === 'pending' && after.status === 'approved') grants++;
          if (one.type === 'used') {
            expect(before.status).toBe('approved');
            expect(one.at).toBeLessThan(before.validUntil!);
          }
        }
        expect(grants).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });

  it('uses a statement more often than approved, or another where only the very same was', () => {
    let used = 0;
    fc.assert(
      fc.property(walks, ([request, events]) => {
        const { steps, state } = walk(request, events);
        expect(state.used).toBeLessThanOrEqual(state.terms.times ?? 1);
        for (const { before, event: one } of steps) {
          if (one.type !== 'used') continue;
          used++;
          expect(one.n).toBe(before.used + 1);
          if ((before.terms.times ?? 1) === 1) expect(one.hash).toBe('h1');
        }
      }),
      RUNS,
    );
    expect(used).toBeGreaterThan(20);
  });

  it('gives more than was asked for, or than anybody said', () => {
    fc.assert(
      fc.property(walks, ([request, events]) => {
        const { steps } = walk(request, events);
        for (const { before, after } of steps) {
          const { terms: now } = after;
          expect(now.durationMs ?? 0).toBeLessThanOrEqual(before.terms.durationMs ?? Number.POSITIVE_INFINITY);
          expect(now.times ?? 0).toBeLessThanOrEqual(before.terms.times ?? Number.POSITIVE_INFINITY);
          if (before.terms.maxRows !== undefined) expect(now.maxRows).toBeLessThanOrEqual(before.terms.maxRows);
          if (request.kind !== 'elevation') continue;
          expect(now.durationMs).toBeLessThanOrEqual(request.scope.durationMs);
          if (request.scope.tables !== undefined) {
            const all = request.scope.tables.map(canonicalTable);
            for (const table of now.tables ?? ['nothing said']) expect(all).toContain(canonicalTable(table));
          }
          if (now.unmask !== undefined) expect(includes(request.scope.unmask ?? [], now.unmask)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('folds to something else than it was walked to', () => {
    fc.assert(
      fc.property(walks, ([request, events]) => {
        const { state, all } = walk(request, events);
        expect(fold(JSON.parse(JSON.stringify(all)) as RequestEvent[])).toEqual(JSON.parse(JSON.stringify(state)));
        expect(state.seq).toBe(all.length);
      }),
      { numRuns: 500 },
    );
  });
});

it('agrees with its table', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(walks, ([request, events]) => {
      let state: RequestState | undefined;
      for (const wanted of [undefined, ...events]) {
        const one =
          wanted === undefined || state === undefined
            ? ({ type: 'requested', at: 0, request } as const)
            : eventOf(wanted, state);
        const transition = TRANSITIONS[state?.status ?? 'none'][one.type];
        const after = next(state, one);
        if ('refused' in after) {
          if (typeof transition === 'string') expect(after.refused).toBe(transition);
          continue;
        }
        expect(transition).toContain(after.status);
        seen.add(`${state?.status ?? 'none'} ${one.type} ${after.status}`);
        state = after;
      }
    }),
    { ...RUNS, seed: 20_261_121 },
  );
  const all = Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([type, to]) =>
      typeof to === 'string' ? [] : to.map((one) => `${from} ${type} ${one}`),
    ),
  );
  // Every way of the table is one that can be gone.
  expect(all.filter((one) => !seen.has(one))).toEqual([]);
});

describe('what is tried', () => {
  const tryFirst = (more: Partial<Terms> = {}): RequestEvent => ({
    type: 'approved',
    at: 1,
    by: OTHERS[0]!,
    via: 'cli',
    reason: '',
    terms: { durationMs: HOUR, tryFirst: true, ...more },
    complete: true,
  });
  const begun: RequestEvent[] = [
    { type: 'requested', at: 0, request: asked({ kind: 'statement', statement: statement() } as Partial<Requested>) },
    tryFirst(),
    { type: 'used', at: 2, hash: 'h1', session: 'session-1', n: 1 },
  ];
  const yes: RequestEvent = { ...tryFirst(), at: 4, terms: {} } as RequestEvent;

  it('waits again when its rows are counted, and is kept or rolled back then', () => {
    expect(fold(begun)).toMatchObject({ status: 'approved', used: 1 });
    const tried = fold([...begun, { type: 'tried', at: 3, rows: 7 }]);
    expect(tried).toMatchObject({ status: 'pending', triedRows: 7, approvals: [] });
    expect(next(tried, yes)).toMatchObject({ status: 'used' });
    expect(next(tried, { type: 'denied', at: 4, by: OTHERS[0]!, via: 'cli', reason: '' })).toMatchObject({
      status: 'denied',
    });
    expect(next(tried, { ...yes, by: REQUESTER } as RequestEvent)).toHaveProperty('refused');
  });

  it('is not used again meanwhile, and not tried when it was revoked', () => {
    const again: RequestEvent = { type: 'used', at: 3, hash: 'h1', session: 'session-2', n: 2 };
    expect(next(fold(begun), again)).toHaveProperty('refused');
    const revoked = fold([...begun, { type: 'revoked', at: 3, by: OTHERS[0]!, reason: '' }]);
    expect(next(revoked, { type: 'tried', at: 4, rows: 1 })).toHaveProperty('refused');
  });

  it('is not kept when it changed more rows than were approved', () => {
    const [first, , used] = begun;
    const tried = fold([first!, tryFirst({ maxRows: 5 }), used!, { type: 'tried', at: 3, rows: 7 }]);
    expect(next(tried, yes)).toEqual({ refused: 'it changed 7 rows, more than 5' });
  });
});

it('stands in docs/approvals.md as it is', () => {
  const types = Object.keys(TRANSITIONS.none) as (keyof typeof TRANSITIONS.none)[];
  const froms = Object.keys(TRANSITIONS) as (keyof typeof TRANSITIONS)[];
  const cell = (to: (typeof TRANSITIONS)['none']['denied']) =>
    typeof to === 'string' ? to : `**${to.join('**, **')}**`;
  const table = [
    `| | ${froms.map((from) => `\`${from}\``).join(' | ')} |`,
    `|---|${froms.map(() => '---|').join('')}`,
    ...types.map((type) => `| \`${type}\` | ${froms.map((from) => cell(TRANSITIONS[from][type])).join(' | ')} |`),
  ];
  if (process.env.DBGATE_SHOW_TABLE !== undefined) console.log(table.join('\n'));
  expect(readFileSync('docs/approvals.md', 'utf8')).toContain(table.join('\n'));
});
