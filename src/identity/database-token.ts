import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errors, jwtVerify, SignJWT } from 'jose';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Principal } from './principal.ts';

/** Its own type and a symmetric algorithm: the HTTP API's verifier refuses it twice over. */
const tokenType = 'dbgate-db+jwt';
const algorithm = 'HS256';
const hmac = { name: 'HMAC', hash: 'SHA-256' };
const keyBytes = 32;
const maxTokenLength = 65_536;

export interface DatabaseTokenOptions {
  readonly stateDir: string;
  readonly gatewayId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface MintedToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Passwords for the native listener: the gateway's own word on who someone is, for one database and a short time. */
export interface DatabaseTokens {
  mint(principal: Principal, database: string, ttlMs: number): Promise<MintedToken>;
  /** Throws `token_invalid`; the principal expires when the token does. */
  verify(token: string, database: string): Promise<Principal>;
}

/** Opens, or makes at first start, the key in `stateDir`. Whoever can read it can be anybody: 0600, and refused otherwise. */
export async function openDatabaseTokens(options: DatabaseTokenOptions): Promise<DatabaseTokens> {
  // Imported once: jose would do so for each token.
  const secret = new Uint8Array(await openKey(options.stateDir));
  const key = await crypto.subtle.importKey('raw', secret, hmac, false, ['sign', 'verify']);
  const audience = `dbgate:${options.gatewayId}`;
  return {
    async mint(principal, database, ttlMs) {
      const issuedAt = Math.floor(options.now() / 1000);
      const expiresAt = issuedAt + Math.max(1, Math.floor(ttlMs / 1000));
      const token = await new SignJWT({
        iss: principal.issuer,
        sub: principal.subject,
        email: principal.email,
        name: principal.name,
        groups: principal.groups,
        kind: principal.kind,
        actor: principal.actor,
        actors: principal.actors,
        amr: principal.authMethods,
        database,
        gw: options.gatewayId,
      })
        .setProtectedHeader({ alg: algorithm, typ: tokenType })
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt: expiresAt * 1000 };
    },
    async verify(token, database) {
      if (token.length > maxTokenLength) throw invalid('it is too long');
      const payload = await jwtVerify(token, key, {
        algorithms: [algorithm],
        typ: tokenType,
        audience,
        requiredClaims: ['iss', 'sub', 'exp', 'iat', 'kind', 'database'],
        currentDate: new Date(options.now()),
      }).then(
        (result) => result.payload as Record<string, unknown>,
        (error: unknown) => {
          throw invalid(error instanceof errors.JWTExpired ? 'expired' : 'it is not a database token of this gateway');
        },
      );
      if (payload.database !== database) throw invalid('it is for another database');
      return principalOf(payload);
    },
  };
}

/** Everything in it was written by `mint`, and the signature has been checked. */
function principalOf(payload: Record<string, unknown>): Principal {
  return Object.freeze({
    kind: payload.kind as Principal['kind'],
    issuer: payload.iss as string,
    subject: payload.sub as string,
    email: payload.email as string | undefined,
    name: payload.name as string | undefined,
    groups: Object.freeze(payload.groups as string[]),
    actor: payload.actor as string | undefined,
    ...(payload.actors === undefined ? {} : { actors: Object.freeze(payload.actors as string[]) }),
    expiresAt: (payload.exp as number) * 1000,
    authMethods: Object.freeze(payload.amr as string[]),
    jkt: undefined,
  });
}

function invalid(reason: string): DbgateError {
  return new DbgateError(ErrorCode.tokenInvalid, `database token refused: ${reason}`, {
    hint: 'get a new one: dbgate token <database>',
  });
}

async function openKey(stateDir: string): Promise<Uint8Array> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'database-token.key');
  return (await readKey(path)) ?? (await makeKey(path));
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (process.platform !== 'win32' && ((stat.mode & 0o077) !== 0 || stat.uid !== process.geteuid?.())) {
      throw new DbgateError(ErrorCode.config, `key file ${path} may be read by others`, {
        hint: `chmod 600 ${path}, and make the gateway's user its owner`,
      });
    }
    const key = await file.readFile();
    if (key.length !== keyBytes) {
      throw new DbgateError(ErrorCode.config, `key file ${path} has ${key.length} bytes, expected ${keyBytes}`, {
        hint: `remove it, a new one is made; database tokens handed out so far end with it`,
      });
    }
    return key;
  } finally {
    await file.close();
  }
}

/** Written aside and linked into place, so that of two gateways starting at once both use the same key. */
async function makeKey(path: string): Promise<Uint8Array> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(keyBytes));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(aside, { force: true });
  }
  return (await readKey(path)) as Uint8Array;
}
