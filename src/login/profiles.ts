import { join } from 'node:path';
import { z } from 'zod';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';
import { configDir, ensureConfigDir } from './config-dir.ts';
import { withFileLock } from './file-lock.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const issuerSchema = z.object({
  issuer: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  audience: z.string(),
  token: z.enum(['access', 'id']),
  dpop: z.enum(['required', 'optional', 'off']),
  device: z.boolean(),
});

const profileSchema = z.object({
  gateway: z.string(),
  caFile: z.string().optional(),
  storage: z.enum(['keychain', 'file']),
  issuer: issuerSchema,
});

const fileSchema = z.object({
  version: z.literal(1),
  default: z.string().optional(),
  profiles: z.record(z.string(), profileSchema),
});

/** What the gateway's discovery said of the issuer, kept for refresh and logout. */
export type IssuerProfile = z.infer<typeof issuerSchema>;

/** One gateway that the developer has logged in to. Holds no secret: tokens are in the token store. */
export type Profile = z.infer<typeof profileSchema> & { readonly name: string };

export interface Profiles {
  readonly default: string | undefined;
  readonly all: readonly Profile[];
}

export async function readProfiles(env: Env): Promise<Profiles> {
  const path = join(configDir(env), 'profiles.json');
  const content = await readPrivateFile(path);
  if (content === undefined) return { default: undefined, all: [] };
  const parsed = fileSchema.safeParse(parseJson(content.toString('utf8')));
  if (!parsed.success) {
    throw new DbgateError(ErrorCode.config, `${path} is not a file of profiles: ${z.prettifyError(parsed.error)}`, {
      hint: `remove it and log in again: dbgate login`,
    });
  }
  const all = Object.entries(parsed.data.profiles).map(([name, profile]) => ({ ...profile, name }));
  return { default: parsed.data.default, all };
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
