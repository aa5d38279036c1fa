/** The server's side of `dbgate doctor --config gateway.yaml`: what the gateway will need, tried from where it will run. */
import { X509Certificate } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkTarget, doubtsAbout } from '../approvals/notify/check-target.ts';
import { loadGatewaySettings } from '../config/gateway-schema.ts';
import type { GatewaySettings, IssuerSettings } from '../config/gateway-settings.ts';
import { connectUpstream } from '../gateway/upstream.ts';
import { openHttpClient } from '../login/http-client.ts';
import type { CommandContext } from './context.ts';
import { type CheckResult, check, checkNode, checkOpenFiles, fail, ok, warn } from './doctor-check.ts';
import { checkIssuer } from './doctor-client.ts';

const dayMs = 86_400_000;
const expiryWarnDays = 14;
const syncWarnMs = 10;
const syncRounds = 9;

export async function* gatewayConfigChecks(context: CommandContext, configPath: string): AsyncIterable<CheckResult> {
  yield await check('node', () => checkNode(process.versions.node));
  let settings: GatewaySettings | undefined;
  yield await check('configuration', () => {
    settings = loadGatewaySettings(configPath, context.env);
    return ok(`${configPath} is valid`);
  });
  if (settings === undefined) return;
  const { tls, publicUrl, issuers, databases, stateDir, limits } = settings;
  yield await check('certificate', () => checkCertificate(tls.cert, new URL(publicUrl).hostname));
  for (const issuer of issuers) {
    yield await check(`issuer ${issuer.issuer}`, () => checkIssuerOf(context, issuer));
  }
  for (const { name, upstream } of databases.values()) {
    yield await check(`database ${name}`, async () => {
      const started = performance.now();
      const { socket, parameterStatus } = await connectUpstream(
        upstream,
        { parameters: new Map([['application_name', 'dbgate doctor']]) },
        { signal: context.signal },
      );
      // Terminate, so that the server's log shows no broken connection.
      socket.end(Buffer.from([0x58, 0, 0, 0, 4]));
      socket.resume();
      const version = parameterStatus.get('server_version') ?? 'unknown version';
      return ok(`PostgreSQL ${version} in ${(performance.now() - started).toFixed(0)} ms`);
    });
  }
  const { notify = [], web } = settings;
  for (const target of notify) {
    yield await check(`notify ${target.name}`, async () => ok(await checkTarget(target)));
  }
  for (const doubt of doubtsAbout(notify, web !== undefined)) {
    yield await check('notify', () => warn(doubt, 'see docs/notifications.md'));
  }
  yield await check('state folder', () => checkStateDir(stateDir));
  // Two sockets a session, and what the gateway itself has open.
  yield await check('open files', () => checkOpenFiles(2 * limits.maxSessions + 256));
}

export function checkCertificate(pem: string, hostname: string, now: number = Date.now()) {
  const certificate = new X509Certificate(pem);
  const days = Math.floor((certificate.validToDate.getTime() - now) / dayMs);
  const until = certificate.validToDate.toISOString().slice(0, 10);
  if (days < 0)
    return fail(`expired on ${until}`, 'renew it; the gateway takes the new one when its configuration is reloaded');
  if (certificate.validFromDate.getTime() > now) return fail('is not valid yet', 'check the clock of this machine');
  const matches = /^[\d.]+$|:/.test(hostname)
    ? certificate.checkIP(hostname.replace(/^\[|\]$/g, ''))
    : certificate.checkHost(hostname);
  if (matches === undefined)
    return fail(`is not for ${hostname}`, 'use a certificate that names the host of public_url');
  if (days < expiryWarnDays) return warn(`expires on ${until}, in ${days} days`, 'renew it');
  return ok(`for ${hostname}, until ${until}`);
}

async function checkIssuerOf(context: CommandContext, issuer: IssuerSettings) {
  if (issuer.ca === undefined) {
    const http = await openHttpClient(context.env, '');
    try {
      return await checkIssuer(http, issuer.issuer);
    } finally {
      await http.close();
    }
  }
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({ connect: { ca: issuer.ca }, requestTls: { ca: issuer.ca } });
  try {
    const send = (url: string, init?: object) => fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>;
    return await checkIssuer({ fetch: send }, issuer.issuer);
  } finally {
    await dispatcher.destroy();
  }
}

/** Every statement waits for such a sync, so its time is the gateway's. Nothing is made: it would be somebody else's. */
async function checkStateDir(dir: string) {
  const there = await nearestFolder(dir);
  const path = join(there, `.doctor-${process.pid}`);
  const file = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let i = 0; i < syncRounds; i++) {
      await file.write(Buffer.alloc(512, i));
      const started = performance.now();
      await file.datasync();
      times.push(performance.now() - started);
    }
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  const median = times.sort((a, b) => a - b)[syncRounds >> 1]!;
  const place = there === dir ? dir : `${dir}, which the gateway makes in ${there}`;
  const words = `${place}, fdatasync takes ${median.toFixed(2)} ms`;
  return median > syncWarnMs ? warn(words, 'put state_dir on a faster disk: every statement waits for it') : ok(words);
}

/** The folder itself, or the first above it that is there. */
async function nearestFolder(dir: string): Promise<string> {
  const isThere = await stat(dir).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  return isThere || dirname(dir) === dir ? dir : await nearestFolder(dirname(dir));
}
