import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PostgresServer } from './postgres-server.ts';
import { SHOP_DATABASE, SHOP_ROLE, seedSql } from './seed-sql.ts';

/** Makes the shop's role and database on a fresh server and fills it; the URL is for the gateway's upstream login. */
export async function seedShop(server: PostgresServer): Promise<string> {
  const password = randomBytes(18).toString('base64url');
  await withClient(server.superuserUrl, async (client) => {
    await client.query(`CREATE ROLE ${SHOP_ROLE} LOGIN PASSWORD '${password}'`);
    await client.query(`CREATE DATABASE ${SHOP_DATABASE} OWNER ${SHOP_ROLE}`);
  });
  const url = server.url(SHOP_ROLE, password, SHOP_DATABASE);
  await withClient(url, (client) => client.query(seedSql()));
  return url;
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
