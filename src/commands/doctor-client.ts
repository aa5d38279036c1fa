/**
 * The developer's side of `dbgate doctor`: from the node that runs it to a canary query through the real path. A check
 * whose ground another one found missing is skipped, so that the first failure is the one to mend.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureConfigDir } from '../login/config-dir.ts';
import { discoverGateway } from '../login/discovery.ts';
import { type GatewayClient, openGatewayClient } from '../login/gateway-client.ts';
import { type HttpClient, networkReason, openHttpClient } from '../login/http-client.ts';
import { openKeychain } from '../login/keychain.ts';
import type { CommandContext } from './context.ts';
import { type CheckResult, check, checkNode, checkOpenFiles, fail, ok, skip, warn } from './doctor-check.ts';
import { databasesAnswer, readAnswer, whoamiAnswer } from './gateway-answers.ts';
import { openTunnel } from './open-tunnel.ts';

/** DPoP proofs and tokens are refused beyond about a minute. */
const skewFailMs = 45_000;
const skewWarnMs = 5000;
const requestTimeoutMs = 15_000;
/** A tunnel's own sockets; hardly anybody has 100 clients open on a laptop. */
const neededFiles = 512;

export async function* clientChecks(
  context: CommandContext,
  onlyDatabase: string | undefined,
): AsyncIterable<CheckResult> {
  const { env, signal } = context;
  yield await check('node', () => checkNode(process.versions.node));
  yield await check('config folder', async () => {
    const dir = await ensureConfigDir(env);
    await rm(await mkdtemp(join(dir, 'doctor-')), { recursive: true });
    return ok(dir);
  });
  yield await check('open files', () => checkOpenFiles(neededFiles));

  let client: GatewayClient | undefined;
  let http: HttpClient | undefined;
  try {
    const opened = await check('gateway address', async () => {
      client = await openGatewayClient({ env, signal });
      http = await openHttpClient(env, env.DBGATE_CA_FILE || client.profile?.caFile);
      return ok(client.gateway);
    });
    yield opened;
    yield await check('keychain', () => checkKeychain(client));
    if (client === undefined || http === undefined) return;
    yield* gatewayChecks(context, client, http, onlyDatabase);
  } finally {
    await http?.close();
    await client?.close();
  }
}

async function* gatewayChecks(
  context: CommandContext,
  client: GatewayClient,
  http: HttpClient,
  onlyDatabase: string | undefined,
): AsyncIterable<CheckResult> {
  let reachable = false;
  const gateway = await check('gateway', async () => {
    const { gatewayId } = await discoverGateway(http, client.gateway, context.signal);
    reachable = true;
    return ok(`${gatewayId} answers`);
  });
  yield gateway;
  if (!reachable) return;
  yield await check('clock', () => checkClock(http, client.gateway));
  for (const { issuer } of (await discoverGateway(http, client.gateway, context.signal)).issuers) {
    yield await check(`issuer ${issuer}`, () => checkIssuer(http, issuer));
  }
  let names: string[] | undefined;
  yield await check('login', async () => {
    const who = readAnswer(whoamiAnswer, await client.request('GET', '/v1/whoami'), 'GET /v1/whoami');
    const minutes = Math.floor((Date.parse(who.expires_at) - Date.now()) / 60_000);
    const from = client.tokenKind === 'login' ? '' : `, from ${client.tokenKind}`;
    return ok(`${who.email || who.name || who.subject}, token good for ${minutes} min${from}`);
  });
  yield await check('databases', async () => {
    const answer = readAnswer(databasesAnswer, await client.request('GET', '/v1/databases'), 'GET /v1/databases');
    names = answer.databases.map(({ name }) => name);
    if (names.length > 0) return ok(names.join(', '));
    return warn('none is granted to you', 'ask whoever administers the gateway for a grant');
  });
  const database = onlyDatabase ?? names?.[0];
  yield await check(`canary query${database === undefined ? '' : ` on ${database}`}`, () =>
    database === undefined ? skip('there is no database to ask') : runCanary(context, database),
  );
}

async function checkKeychain(client: GatewayClient | undefined) {
  if (client?.profile?.storage === 'file') return ok('not used: the login is in a file (--insecure-storage)');
  if (client !== undefined && client.tokenKind !== 'login')
    return ok(`not used: the token is from ${client.tokenKind}`);
  await openKeychain().get('doctor');
  return ok('answers');
}

async function checkClock(http: HttpClient, gateway: string) {
  const before = Date.now();
  const response = await http.fetch(`${gateway}/healthz`, { signal: AbortSignal.timeout(requestTimeoutMs) });
  const after = Date.now();
  await response.text();
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return skip('the gateway says no time');
  // The header has whole seconds; the answer was made somewhere between question and arrival.
  const skewMs = Math.max(0, before - (theirs + 1000), theirs - after);
  const words = `${(skewMs / 1000).toFixed(0)} s apart from the gateway`;
  if (skewMs > skewFailMs) return fail(words, 'set the clock of this machine (timedatectl set-ntp true)');
  if (skewMs > skewWarnMs) return warn(words, 'set the clock of this machine (timedatectl set-ntp true)');
  return ok(words);
}

export async function checkIssuer(http: Pick<HttpClient, 'fetch'>, issuer: string) {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let response: Response;
  let body: { issuer?: unknown; jwks_uri?: unknown };
  try {
    response = await http.fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
    body = (await response.json()) as typeof body;
  } catch (error) {
    return fail(`cannot read ${url}: ${networkReason(error)}`, 'check the network, HTTPS_PROXY and the CA');
  }
  if (!response.ok) return fail(`${url} answers ${response.status}`, "check the issuer's URL");
  if (body.issuer !== issuer) {
    return fail(`it calls itself ${JSON.stringify(body.issuer)}`, 'configure it exactly as it calls itself');
  }
  return ok('answers');
}

/** The whole way: upgrade, local listener, SCRAM, gateway, policy, upstream and back. */
async function runCanary(context: CommandContext, database: string) {
  const started = performance.now();
  const env = { ...context.env, DBGATE_PURPOSE: context.env.DBGATE_PURPOSE || 'dbgate doctor' };
  const refusals: string[] = [];
  const tunnel = await openTunnel({
    env,
    database,
    port: 0,
    signal: context.signal,
    events: { refused: (error) => refusals.push(error.message) },
  });
  try {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      ...tunnel.connection,
      ssl: false,
      application_name: 'dbgate doctor',
      connectionTimeoutMillis: requestTimeoutMs,
      query_timeout: requestTimeoutMs,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query('SELECT 1 AS canary');
      if (rows[0]?.canary !== 1) return fail('SELECT 1 did not answer 1', 'report this');
      return ok(`SELECT 1 in ${(performance.now() - started).toFixed(0)} ms, connecting included`);
    } catch (error) {
      throw new Error([(error as Error).message, ...refusals].join(': '), { cause: error });
    } finally {
      await client.end().catch(() => {});
    }
  } finally {
    await tunnel.close();
  }
}
