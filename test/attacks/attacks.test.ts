/**
 * Every attack leaks on plain PostgreSQL, by the same client code, and not through the gateway as a developer. Takes
 * minutes: `npm run attacks`, which sets DBGATE_ATTACKS=1 (`plain`: only the server, without a gateway).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresOptions } from '../../src/demo/postgres-server.ts';
import { leavesTraces } from './attack.ts';
import { type Battlefield, openBattlefield } from './battlefield.ts';
import { FAMILIES } from './families.ts';
import { perform } from './perform.ts';

const wanted = process.env.DBGATE_ATTACKS;
const all = Object.values(FAMILIES).flat();
/** Of PostgreSQL; DBGATE_ATTACKS_MAJOR=18 has the attacks that need a newer one. */
const major = Number(process.env.DBGATE_ATTACKS_MAJOR ?? 15);

describe('the attacks', () => {
  it('are at least 200, of different names', () => {
    expect(all.length).toBeGreaterThanOrEqual(200);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });
});

describe.skipIf(!wanted)('attacks', () => {
  let field: Battlefield;
  beforeAll(async () => {
    field = await openBattlefield({ gateway: wanted !== 'plain', major: major as PostgresOptions['major'] });
  });
  afterAll(() => field?.close());

  for (const [family, attacks] of Object.entries(FAMILIES)) {
    describe(family, () => {
      for (const attack of attacks) {
        if ((attack.since ?? 0) > major) continue;
        it(`${attack.id} leaks on plain PostgreSQL`, { timeout: 60_000 }, async () => {
          const outcome = await perform(attack, field.plain, field.seed, field.detector);
          if (leavesTraces(attack)) await field.restore('plain');
          expect(outcome.leak, outcome.error).toBeDefined();
        });
        if (wanted === 'plain') continue;
        it(`${attack.id} does not leak through the gateway`, { timeout: 60_000 }, async () => {
          const outcome = await perform(attack, field.gateway, field.seed, field.detector);
          if (leavesTraces(attack)) await field.restore('gateway');
          expect(outcome.leak).toBeUndefined();
          // Those that say something unusual at the start may be turned away there.
          if (!/parameters|client_encoding|options/.test(String(attack.run)))
            expect(outcome.connected, outcome.error).toBe(true);
        });
      }
    });
  }
});
