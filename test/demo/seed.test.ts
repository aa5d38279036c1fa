import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedShop } from '../../src/demo/seed.ts';
import { seedSql } from '../../src/demo/seed-sql.ts';
import { germanIban, shopRows, withLuhn } from '../../src/demo/shop-data.ts';
import { withPostgres } from '../support/postgres.ts';

it('makes numbers with right check digits', () => {
  expect(withLuhn('411111111111111')).toBe('4111111111111111');
  expect(withLuhn('7992739871')).toBe('79927398713');
  expect(germanIban('370400440532013000')).toBe('DE89370400440532013000');
});

it('makes the same rows every time', () => {
  expect(seedSql()).toBe(seedSql());
  expect(shopRows().people[0]).toMatchObject({ id: 1, email: expect.stringMatching(/@example\.com$/) });
});

describe('the shop on a real server', () => {
  const server = withPostgres();
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client({ connectionString: await seedShop(server) });
    await client.connect();
  });
  afterAll(() => client?.end());

  it('belongs to a role that is no superuser', async () => {
    const { rows } = await client.query(
      `SELECT rolsuper OR rolcreaterole OR rolcreatedb AS powerful,
              (SELECT count(*)::int FROM pg_class WHERE relkind = 'r' AND relowner = r.oid) AS tables
       FROM pg_roles r WHERE rolname = current_user`,
    );
    expect(rows).toEqual([{ powerful: false, tables: 5 }]);
  });

  it('holds a few hundred rows, and goes on counting after them', async () => {
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM people) AS people, (SELECT count(*)::int FROM orders) AS orders,
              (SELECT count(*)::int FROM payments WHERE (card_number IS NULL) = (iban IS NULL)) AS odd,
              (SELECT count(*)::int FROM open_orders) > 0 AS open`,
    );
    expect(rows).toEqual([{ people: 240, orders: 400, odd: 0, open: true }]);
    const added = await client.query("INSERT INTO products (name, price, stock) VALUES ('Spoon', 2, 5) RETURNING id");
    expect(added.rows).toEqual([{ id: 13 }]);
  });
});
