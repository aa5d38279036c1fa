/**
 * A session against a model of PostgreSQL, whatever the client sends, however the bytes come, and whatever else happens
 * meanwhile: see `ModelRun` for what must hold. Longer: `DBGATE_PROPERTY_RUNS`; one that failed again: `DBGATE_PROPERTY_SEED`.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDescribe, encodeExecute, SYNC } from '../../../src/pgwire/extended.ts';
import { functionCall } from './backend-messages.ts';
import { copies, inBatches, messagesOf, someTexts } from './model-messages.ts';
import { type Happening, ModelRun, type Run } from './model-run.ts';

const RUNS = Number(process.env.DBGATE_PROPERTY_RUNS ?? 1500);
const SEED = process.env.DBGATE_PROPERTY_SEED;
const PATH = process.env.DBGATE_PROPERTY_PATH;

const groups = someTexts.chain((texts) =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: messagesOf(texts) },
      { weight: 2, arbitrary: copies },
      { weight: 1, arbitrary: fc.constant([functionCall]) },
      { weight: 1, arbitrary: fc.constantFrom('', 'p', 's').map((name) => [encodeDescribe('S', name)]) },
      { weight: 1, arbitrary: fc.constantFrom('', 'c', 'd').map((name) => [encodeExecute(name, 1), SYNC]) },
    ),
    { minLength: 1, maxLength: 12 },
  ),
);
const meanwhile: fc.Arbitrary<Happening['what']> = fc.constantFrom(
  ...(['cancel', 'cancel', 'access', 'access', 'elevation', 'elevation', 'ddl', 'ddl', 'policy', 'log_fails'] as const),
);
const ending: fc.Arbitrary<Happening['what']> = fc.constantFrom(
  'client_end',
  'upstream_end',
  'shutdown',
  'client_gone',
);
const at = fc.nat(150);

const run: fc.Arbitrary<Run> = fc
  .record({
    groups,
    elevated: fc.boolean(),
    order: fc.array(fc.nat(1000), { minLength: 8, maxLength: 24 }),
    happenings: fc.array(fc.record({ at, what: meanwhile }), { maxLength: 6 }),
    end: fc.option(fc.record({ at, what: ending }), { freq: 4, nil: undefined }),
    traces: fc.boolean(),
    analyses: fc.boolean(),
    waitsForRecord: fc.boolean(),
    flushesRows: fc.boolean(),
    limits: fc.constantFrom({}, {}, { rowsPerStatement: 1 }, { rowsPerHour: 3 }),
  })
  .map(({ groups, end, happenings, ...rest }) => ({
    ...rest,
    messages: inBatches([...groups.flat(), SYNC]),
    happenings: end === undefined ? happenings : [...happenings, end],
  }));

describe('whatever happens', () => {
  it('nothing masked is told, no effect is without its record and right, and all is answered', {
    timeout: 300_000 + RUNS * 20,
  }, () => {
    fc.assert(
      fc.property(run, (one) => {
        expect(new ModelRun(one).play()).toEqual([]);
      }),
      {
        numRuns: RUNS,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        ...(PATH === undefined ? {} : { path: PATH }),
      },
    );
  });
});
