import { readFile } from 'node:fs/promises';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';

const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

/**
 * A libpq connection URL as upstream settings. Without `sslmode`, TLS is verified, except on this machine.
 * An error never shows the URL: it holds a password.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export async function parseUpstreamUrl(text: string): Promise<UpstreamSettings> {
  if (!/^postgres(ql)?:\/\//.test(text)) throw bad('it must begin with postgres://');
  let url: URL;
  try {
    // An empty host (a socket in `?host=`) is no URL to the WHATWG.
    url = new URL(text.replace(/^([a-z]+:\/\/)([^@/]*@)?(?=\/)/, '$1$2localhost'));
  } catch {
    throw bad('it is not a URL; percent-encode special characters of the password');
  }
  const params = new Map(url.searchParams);
  const take = (name: string) => {
    const value = params.get(name);
    params.delete(name);
    return value;
  };
  const host = take('host') ?? decode(url.hostname).replace(/^\[|\]$/g, '');
  const user = take('user') ?? decode(url.username);
  if (user === '') throw bad('it names no user');
  const password = take('password') ?? decode(url.password);
  const port = Number(take('port') ?? (url.port || 5432));
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw bad('its port is no port');
  const local = host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
  const mode = take('sslmode') ?? (local ? 'prefer' : 'verify-full');
  const known = MODES.find((name) => name === (mode === 'allow' ? 'prefer' : mode));
  if (!known) throw bad(`sslmode must be one of ${MODES.join(', ')}`);
  const files: Partial<Record<'ca' | 'cert' | 'key', string>> = {};
  for (const [param, field] of Object.entries(FILES)) {
    const file = take(param);
    if (file !== undefined && !(param === 'sslrootcert' && file === 'system')) files[field] = await pem(param, file);
  }
  const database = take('dbname') ?? (decode(url.pathname.slice(1)) || user);
  const timeout = Number(take('connect_timeout') ?? 10);
  // Of the client, not of the server: nothing to refuse.
  for (const name of ['application_name', 'fallback_application_name', 'channel_binding', 'sslnegotiation']) take(name);
  const [unknown] = params.keys();
  if (unknown !== undefined) throw bad(`its parameter ${JSON.stringify(unknown)} is not supported`);
  return {
    host,
    port,
    database,
    user,
    password: password === '' ? undefined : password,
    tls: { mode: known, ca: files.ca, cert: files.cert, key: files.key },
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : 10_000,
  };
}

function bad(why: string): DbgateError {
  return new DbgateError(ErrorCode.usage, `cannot use the upstream URL: ${why}`, {
    hint: 'dbgate demo --upstream postgres://user:password@host:5432/database?sslmode=verify-full',
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('a percent sign in it begins no valid escape');
  }
}

async function pem(param: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `cannot read the file of ${param}: ${file}`, { cause: error });
  }
}
