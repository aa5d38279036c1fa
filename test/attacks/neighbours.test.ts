/** Ordinary work is let be: the same answers through the gateway, masked where it must be. See `attacks.test.ts`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Battlefield, openBattlefield } from './battlefield.ts';
import { answer, difference, errorsOf } from './compare.ts';
import { NEIGHBOURS } from './neighbours.ts';

const wanted = process.env.DBGATE_ATTACKS;

describe.skipIf(!wanted)('neighbours of attacks', () => {
  let field: Battlefield;
  beforeAll(async () => {
    field = await openBattlefield({ gateway: wanted !== 'plain' });
  });
  afterAll(() => field?.close());

  it('are at least 60', () => expect(NEIGHBOURS.length).toBeGreaterThanOrEqual(60));

  for (const neighbour of NEIGHBOURS) {
    it(`${neighbour.id} answers as the server does`, { timeout: 60_000 }, async () => {
      const { plain, gateway, detector } = field;
      const direct = await answer(neighbour, plain.url, plain.bystanderUrl);
      expect(errorsOf(direct)).toEqual([]);
      const through = await answer(neighbour, gateway.url, gateway.bystanderUrl);
      if (neighbour.stored !== undefined)
        await Promise.all([field.restore('plain'), wanted !== 'plain' && field.restore('gateway')]);
      if (wanted !== 'plain') expect(difference(neighbour, direct, through, detector)).toBeUndefined();
    });
  }
});
