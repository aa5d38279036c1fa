/** Runs inside a D-Bus session of its own: uses the token store and prints what came of it, one JSON line a step. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DbgateError } from '../../src/errors.ts';
import type { StoredLogin } from '../../src/login/stored-login.ts';
import { openTokenStore } from '../../src/login/token-store.ts';

const [scenario] = process.argv.slice(2);
const store = openTokenStore(process.env, { name: 'gw.test', storage: 'keychain' });
const login = {
  version: 1,
  issuer: 'https://idp.test',
  clientId: 'cli',
  token: 'the-secret-token',
  tokenType: 'Bearer',
  expiresAt: 1,
} satisfies StoredLogin;

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const result = await work().then(
    (value) => ({ value: value ?? null }),
    (error: DbgateError) => ({ code: error.code, message: error.message, hint: error.hint }),
  );
  process.stdout.write(`${JSON.stringify({ name, ...result })}\n`);
}

function lock(): void {
  const collection = 'array:objpath:/org/freedesktop/secrets/collection/login';
  const service = ['--dest=org.freedesktop.secrets', '/org/freedesktop/secrets'];
  const call = ['--session', '--print-reply', ...service, 'org.freedesktop.Secret.Service.Lock', collection];
  execFileSync('dbus-send', call, { stdio: 'ignore' });
}

await step('prepare', () => store.prepare());
await step('save', () => store.save(login));
await step('load', () => store.load());
await step('in the clear', async () => {
  const dir = process.env.DBGATE_CONFIG_DIR as string;
  return readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes('the-secret-token'));
});
if (scenario === 'lock') {
  lock();
  await step('load locked', () => store.load());
  await step('prepare locked', () => store.prepare());
  await step('save locked', () => store.save(login));
} else {
  await step('remove', () => store.remove());
  await step('load removed', () => store.load());
}
