import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';
import { configDir, ensureConfigDir } from './config-dir.ts';
import { withFileLock } from './file-lock.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/** What the gateway's discovery said of the issuer, kept for refresh and logout. */
export interface IssuerProfile {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly token: 'access' | 'id';
  readonly dpop: 'required' | 'optional' | 'off';
  /** It offers the device flow. */
  readonly device: boolean;
}

/** One gateway that the developer has logged in to. Holds no secret: tokens are in the token store. */
export interface Profile {
  readonly name: string;
  readonly gateway: string;
  /** A private CA for gateway and issuer. */
  readonly caFile?: string | undefined;
  readonly storage: 'keychain' | 'file';
  readonly issuer: IssuerProfile;
}

export interface Profiles {
  readonly default: string | undefined;
  readonly all: readonly Profile[];
}

export async function readProfiles(env: Env): Promise<Profiles> {
  const path = join(configDir(env), 'profiles.json');
  const content = await readPrivateFile(path);
  if (content === undefined) return { default: undefined, all: [] };
  const profiles = decodeProfiles(content.toString('utf8'));
  if (profiles !== undefined) return profiles;
  throw new DbgateError(ErrorCode.config, `${path} is not a file of profiles`, {
    hint: 'remove it and log in again: dbgate login',
  });
}

/** Stores the profile and makes it the default. */
export async function saveProfile(env: Env, profile: Profile): Promise<void> {
  await change(env, ({ all }) => ({
    default: profile.name,
    all: [...all.filter((other) => other.name !== profile.name), profile],
  }));
}

/** Without it the profile that is left becomes the default, if only one is. */
export async function removeProfile(env: Env, name: string): Promise<void> {
  await change(env, (profiles) => {
    const all = profiles.all.filter((profile) => profile.name !== name);
    return {
      default: profiles.default === name ? (all.length === 1 ? all[0]?.name : undefined) : profiles.default,
      all,
    };
  });
}

/**
 * The profile to use: `DBGATE_PROFILE`, else the one of `DBGATE_GATEWAY`, else the default; undefined if there is none.
 * Throws `not_found` for a `DBGATE_PROFILE` that does not exist.
 */
export function selectProfile(profiles: Profiles, env: Env): Profile | undefined {
  if (env.DBGATE_PROFILE) {
    const named = profiles.all.find((profile) => profile.name === env.DBGATE_PROFILE);
    if (named !== undefined) return named;
    throw new DbgateError(ErrorCode.notFound, `there is no profile '${env.DBGATE_PROFILE}'`, {
      hint:
        profiles.all.length === 0
          ? 'dbgate login <gateway>'
          : `one of: ${profiles.all.map((profile) => profile.name).join(', ')}`,
    });
  }
  if (env.DBGATE_GATEWAY) {
    const gateway = parseGatewayUrl(env.DBGATE_GATEWAY);
    const matching = profiles.all.filter((profile) => profile.gateway === gateway);
    return matching.find((profile) => profile.name === profiles.default) ?? matching[0];
  }
  return profiles.all.find((profile) => profile.name === profiles.default);
}

/** `https://host[:port][/path]` without a trailing slash. Refuses http: unless on loopback: tokens travel on it. */
export function parseGatewayUrl(text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new DbgateError(ErrorCode.usage, `'${text}' is not the URL of a gateway`, { hint: 'https://host[:port]' });
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new DbgateError(ErrorCode.usage, `gateway ${url.origin === 'null' ? text : url.origin} is not https`, {
      hint: 'use https://; http:// is only for loopback',
    });
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

async function change(env: Env, edit: (profiles: Profiles) => Profiles): Promise<void> {
  const path = join(await ensureConfigDir(env), 'profiles.json');
  await withFileLock(path, async () => {
    const next = edit(await readProfiles(env));
    const profiles = Object.fromEntries(next.all.map(({ name, ...profile }) => [name, profile]));
    const content = { version: 1, default: next.default, profiles };
    await writePrivateFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
  });
}

/** Undefined if anything in it is not as it should be. By hand: a schema library would cost each start of the CLI. */
function decodeProfiles(text: string): Profiles | undefined {
  const file = asObject(parseJson(text));
  const named = asObject(file?.profiles);
  if (file?.version !== 1 || named === undefined || !isOptionalText(file.default)) return undefined;
  const all = Object.entries(named).map(([name, value]) => {
    const profile = asObject(value);
    const issuer = asObject(profile?.issuer);
    const valid =
      typeof profile?.gateway === 'string' &&
      isOptionalText(profile.caFile) &&
      isOneOf(profile.storage, ['keychain', 'file']) &&
      issuer !== undefined &&
      [issuer.issuer, issuer.clientId, issuer.audience].every((each) => typeof each === 'string') &&
      Array.isArray(issuer.scopes) &&
      issuer.scopes.every((scope) => typeof scope === 'string') &&
      isOneOf(issuer.token, ['access', 'id']) &&
      isOneOf(issuer.dpop, ['required', 'optional', 'off']) &&
      typeof issuer.device === 'boolean';
    return valid ? ({ ...profile, name } as unknown as Profile) : undefined;
  });
  const valid = all.filter((profile) => profile !== undefined);
  return valid.length === all.length ? { default: file.default as string | undefined, all: valid } : undefined;
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isOneOf(value: unknown, words: readonly string[]): boolean {
  return typeof value === 'string' && words.includes(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
