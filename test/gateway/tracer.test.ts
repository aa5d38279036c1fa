/** The threads that trace, on a real catalog. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tracer } from '../../src/gateway/tracer.ts';
import { withTestWorld } from '../sql/lineage/world.ts';

const test = withTestWorld();
const searchPath = ['pg_catalog', 'public'];
const LONG = `SELECT id FROM person WHERE ${Array.from({ length: 20_000 }, (_, i) => `mail = 'x${i}'`).join(' OR ')}`;

let tracer: Tracer;
beforeAll(() => {
  tracer = new Tracer(17);
});
afterAll(async () => {
  await tracer.close();
});

describe('tracer', () => {
  it('gives a short text its lineage while a long one that came before it is still traced', async () => {
    const catalog = tracer.remember(test.rows);
    await tracer.trace({ sql: 'SELECT name FROM person', catalog, searchPath });
    const order: string[] = [];
    const long = tracer.trace({ sql: LONG, catalog, searchPath }).then((lineage) => {
      order.push('long');
      return lineage;
    });
    // Posted by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const short = await tracer.trace({ sql: 'SELECT mail FROM person', catalog, searchPath });
    order.push('short');
    expect((await long)?.statements[0]?.uses[0]).toMatchObject({ use: 'lookup', own: 20_000 });
    expect(order).toEqual(['short', 'long']);
    expect(short?.statements[0]?.columns?.[0]?.name).toBe('mail');
    tracer.forget(catalog);
  });

  it('knows each catalog in whichever thread, as long as it is not forgotten', async () => {
    const [one, other] = [tracer.remember(test.rows), tracer.remember(test.rows)];
    const isKnown = async (sql: string, catalog: number): Promise<boolean | undefined> => {
      const lineage = await tracer.trace({ sql, catalog, searchPath });
      return lineage === undefined ? undefined : lineage.statements[0]?.unknown.length === 0;
    };
    const long = `SELECT name FROM person WHERE id IN (${'1, '.repeat(10_000)} 2)`;
    for (const sql of ['SELECT name FROM person', long]) {
      expect(await isKnown(sql, one)).toBe(true);
      expect(await isKnown(sql, other)).toBe(true);
    }
    tracer.forget(one);
    for (const sql of ['SELECT name FROM person', long]) {
      expect(await isKnown(sql, one)).toBeUndefined();
      expect(await isKnown(sql, other)).toBe(true);
    }
    tracer.forget(other);
  });
});
