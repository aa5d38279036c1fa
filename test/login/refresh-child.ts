/** One CLI process of the test of refresh: waits for the go, asks for a fresh login, prints what it got. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openGatewayClient } from '../../src/login/gateway-client.ts';

const [go = ''] = process.argv.slice(2);
process.stdout.write('ready\n');
while (!existsSync(go)) await sleep(2);
const client = await openGatewayClient({ env: process.env });
const who = (await client.request('GET', '/v1/whoami')) as { subject: string };
const { authorization } = await client.authorizationHeaders('GET', '/v1/whoami');
process.stdout.write(`${JSON.stringify({ subject: who.subject, token: authorization.slice(-16) })}\n`);
await client.close();
