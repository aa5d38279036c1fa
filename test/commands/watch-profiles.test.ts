import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { type Profile, saveProfile } from '../../src/login/profiles.ts';
import { openTokenStore } from '../../src/login/token-store.ts';
import { type GatewayFixture, withGateway } from '../support/gateway.ts';
import { startCli } from './run-cli.ts';

const gateways = { east: withGateway(), west: withGateway() };

/** A login of the auditor, as `dbgate login` stores it. */
async function storeLogin(env: Record<string, string>, name: string, { demo, as }: GatewayFixture): Promise<void> {
  const { issuer } = demo.identity;
  const { url } = demo.gateway;
  const profile: Profile = {
    name,
    gateway: url,
    storage: 'file',
    caFile: demo.caFile,
    issuer: {
      ...{ issuer, clientId: 'dbgate-cli', scopes: ['openid'], audience: url },
      ...{ token: 'access', dpop: 'optional', device: true },
    },
  };
  await openTokenStore(env, profile).save({
    version: 1,
    issuer,
    clientId: 'dbgate-cli',
    token: as('auditor').token,
    tokenType: 'Bearer',
    expiresAt: Date.now() + 600_000,
  });
  await saveProfile(env, profile);
}

it('dbgate watch --profiles: shows what is run behind all of several gateways', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-watch-'));
  try {
    const env = { DBGATE_CONFIG_DIR: dir };
    for (const [name, gateway] of Object.entries(gateways)) await storeLogin(env, name, gateway);
    const watching = startCli(['watch', '--profiles', 'east, west', '--json'], env);
    try {
      const seen = Promise.all([watching.until(/ran_in_east/), watching.until(/ran_in_west/)]);
      let isSeen = false;
      seen.catch(() => {}).finally(() => (isSeen = true));
      // A stream is open some time after the command has begun.
      while (!isSeen) {
        for (const [name, gateway] of Object.entries(gateways)) {
          const client = new pg.Client({ connectionString: gateway.as('developer').url });
          await client.connect();
          await client.query(`SELECT 1 AS ran_in_${name}`);
          await client.end();
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await seen;
    } finally {
      watching.kill('SIGTERM');
    }
    const { stdout } = await watching.result;
    const east = stdout.split('\n').find((line) => line.includes('ran_in_east'))!;
    expect(JSON.parse(east)).toMatchObject({ event: 'statement', entry: { principal: 'dev@demo.test' } });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
