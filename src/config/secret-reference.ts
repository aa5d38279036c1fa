import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ReferenceKind } from './fields.ts';

const MAX_SECRET_BYTES = 1 << 20;

export interface ReferenceSource {
  /** Folder that `file:` paths are relative to. */
  readonly baseDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Resolved =
  | { readonly ok: true; readonly value: string; readonly file: string | undefined }
  | { readonly ok: false; readonly message: string; readonly file: string | undefined };

/** Reads `env:NAME` or `file:PATH` (anything else is the value itself) and checks that it is what it should be. */
export function resolveReference(text: string, kind: ReferenceKind, source: ReferenceSource): Resolved {
  const file = text.startsWith('file:') ? resolve(source.baseDir, text.slice('file:'.length)) : undefined;
  const fail = (message: string): Resolved => ({ ok: false, message, file });
  let value = text;
  if (file !== undefined) {
    try {
      if (statSync(file).size > MAX_SECRET_BYTES) return fail(`the file ${file} is larger than 1 MiB`);
      value = readFileSync(file, 'utf8');
    } catch (error) {
      return fail(`cannot read the file ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    }
  } else if (text.startsWith('env:')) {
    const variable = source.env[text.slice('env:'.length)];
    if (variable === undefined) return fail(`the environment variable ${text.slice('env:'.length)} is not set`);
    value = variable;
  }
  if (kind !== 'certificate' && kind !== 'private-key') value = value.replace(/\r?\n$/, '');
  if (value === '') return fail(`${text} is empty`);
  const fault = faultOf(value, kind, value === text);
  return fault === undefined ? { ok: true, value, file } : fail(fault);
}

function faultOf(value: string, kind: ReferenceKind, plain: boolean): string | undefined {
  switch (kind) {
    case 'password':
      return value.includes('\0') ? 'the password contains a NUL' : undefined;
    case 'certificate':
      try {
        new X509Certificate(value);
        return undefined;
      } catch {
        return 'is not a PEM certificate (-----BEGIN CERTIFICATE-----)';
      }
    case 'private-key':
      try {
        createPrivateKey(value);
        return undefined;
      } catch {
        return 'is not a PEM private key without a passphrase';
      }
    case 'public-key':
      try {
        createPublicKey(value);
        return undefined;
      } catch {
        return 'is not a PEM public key';
      }
    case 'url':
      return upstreamUrlFault(value, plain);
    case 'endpoint':
      return endpointFault(value);
    case 'mail-server':
      return mailServerFault(value, plain);
    case 'webhook-secret':
      return webhookSecretFault(value);
    default:
      return kind satisfies never;
  }
}

export const UPSTREAM_URL_MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

function upstreamUrlFault(value: string, plain: boolean): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '') {
    return 'expected postgres://user@host[:port]/database[?sslmode=…]';
  }
  if (url.username === '') return 'the URL names no user';
  if (plain && url.password !== '') {
    return 'a password does not stand in this file; use `env:NAME` or `file:PATH` for the URL, or `password`';
  }
  for (const [name, setting] of url.searchParams) {
    if (name !== 'sslmode') return `the URL has the parameter ${JSON.stringify(name)}; only sslmode is known`;
    if (!UPSTREAM_URL_MODES.includes(setting)) return `sslmode must be one of ${UPSTREAM_URL_MODES.join(', ')}`;
  }
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    return 'the URL has a broken percent escape';
  }
  return url.pathname.slice(1).includes('/') ? 'the URL has more than a database name in its path' : undefined;
}

/** Only what the operator wrote is ever fetched; in the clear only on this machine. */
function endpointFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'is not an https URL';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) return 'is an http URL, which is for loopback only';
  if (url.username !== '' || url.password !== '') return 'the URL has a user or password in it';
  return url.hash === '' ? undefined : 'the URL has a fragment';
}

function mailServerFault(value: string, plain: boolean): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    return 'expected smtps://[user:password@]host[:port] or smtp://…';
  }
  if (plain && url.password !== '') return 'a password does not stand in this file; use `env:NAME` or `file:PATH`';
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    return 'the URL has more than a server in it';
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part);
  } catch {
    return 'the URL has a broken percent escape';
  }
  return undefined;
}

const MIN_WEBHOOK_SECRET_BYTES = 24;

/** Standard Webhooks: 24 to 64 random bytes. */
function webhookSecretFault(value: string): string | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1];
  if (base64 === undefined) return 'is no secret of Standard Webhooks: `whsec_` and base64';
  const bytes = Buffer.from(base64, 'base64').length;
  return bytes < MIN_WEBHOOK_SECRET_BYTES
    ? `has ${bytes} bytes, expected ${MIN_WEBHOOK_SECRET_BYTES} or more`
    : undefined;
}

export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
