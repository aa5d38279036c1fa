import type { IssuerSettings } from '../config/gateway-settings.ts';
import type { Principal } from './principal.ts';

/** Thrown for claims that cannot make a principal; the message may be shown, it holds names of claims and no values. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

export const claimLimits = { subject: 255, text: 254, groups: 500, group: 256 } as const;

const MAX_ACTORS = 10;

type Claims = Readonly<Record<string, unknown>>;

/** Makes the principal from the claims of a token whose signature, issuer, audience and times have been checked. */
export function principalFromClaims(claims: Claims, settings: IssuerSettings, issuer: string): Principal {
  const subject = boundedText(claims.sub, 'sub', claimLimits.subject);
  if (subject === undefined) throw new ClaimError('it has no sub');
  const expiresAt = claims.exp;
  if (typeof expiresAt !== 'number') throw new ClaimError('it has no exp');
  const actor = actorOf(claims);
  return Object.freeze({
    kind: actor !== undefined ? 'agent' : isService(claims, subject) ? 'service' : 'user',
    issuer,
    subject,
    email: emailOf(claims, settings.claims.email),
    name: boundedText(claimAt(claims, settings.claims.name), settings.claims.name, claimLimits.text),
    groups: groupsOf(claimAt(claims, settings.claims.groups), settings.claims.groups),
    actor,
    ...actorsOf(claims),
    expiresAt: expiresAt * 1000,
    authMethods: authMethodsOf(claims),
    jkt: thumbprintOf(claims),
  } satisfies Principal);
}

/**
 * The value at a path: a claim of exactly that name first (`https://example.com/groups`), else by the dots
 * (`realm_access.roles`). Own properties only.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

/** RFC 8693 §4.1: only the outermost `act` is the current actor; what is nested in it is history. */
function actorOf(claims: Claims): string | undefined {
  const act = claims.act;
  if (act === undefined) return undefined;
  const actor = typeof act === 'object' && act !== null ? (act as Claims).sub : undefined;
  const text = boundedText(actor, 'act.sub', claimLimits.subject);
  if (text === undefined) throw new ClaimError('its act names no actor');
  return text;
}

/** The delegations before the current one: for the record only; one without a name ends the list. */
function actorsOf(claims: Claims): { actors?: readonly string[] } {
  const actors: string[] = [];
  for (let act = claims.act; typeof act === 'object' && act !== null && actors.length < MAX_ACTORS; ) {
    const actor = boundedText((act as Claims).sub, 'act.sub', claimLimits.subject);
    if (actor === undefined) break;
    actors.push(actor);
    act = (act as Claims).act;
  }
  return actors.length < 2 ? {} : { actors: Object.freeze(actors) };
}

/** A client-credentials token: its subject is the client itself (RFC 9068 §5). */
function isService(claims: Claims, subject: string): boolean {
  return claims.client_id === subject || claims.azp === subject;
}

/** An address that the issuer says is not verified is anybody's: it counts for nothing. */
function emailOf(claims: Claims, path: string): string | undefined {
  const dot = Object.hasOwn(claims, path) ? -1 : path.lastIndexOf('.');
  const verified = claimAt(claims, dot === -1 ? 'email_verified' : `${path.slice(0, dot)}.email_verified`);
  if (verified === false || verified === 'false') return undefined;
  return boundedText(claimAt(claims, path), path, claimLimits.text);
}

/** An array of strings, or one string of names with spaces between. Absent: none. */
function groupsOf(value: unknown, path: string): readonly string[] {
  if (value === undefined || value === null) return Object.freeze([]);
  const list = typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : value;
  if (!Array.isArray(list)) throw new ClaimError(`its claim ${path} is neither an array nor a string`);
  if (list.length > claimLimits.groups) {
    throw new ClaimError(`its claim ${path} has ${list.length} entries, at most ${claimLimits.groups} are accepted`);
  }
  const groups = new Set<string>();
  for (const entry of list) {
    const group = boundedText(entry, path, claimLimits.group);
    if (group === undefined) throw new ClaimError(`its claim ${path} has an empty entry`);
    groups.add(group);
  }
  return Object.freeze([...groups]);
}

function authMethodsOf(claims: Claims): readonly string[] {
  const words: string[] = [];
  const acr = boundedText(claims.acr, 'acr', claimLimits.text);
  if (acr !== undefined) words.push(acr);
  const amr = claims.amr;
  if (Array.isArray(amr)) {
    for (const method of amr.slice(0, 16)) {
      const word = boundedText(method, 'amr', 64);
      if (word !== undefined && !words.includes(word)) words.push(word);
    }
  }
  return Object.freeze(words);
}

/** RFC 9449 §6.1. A token bound in a way that is not checked here must not pass as unbound. */
function thumbprintOf(claims: Claims): string | undefined {
  const cnf = claims.cnf;
  if (cnf === undefined) return undefined;
  const jkt = typeof cnf === 'object' && cnf !== null ? (cnf as Claims).jkt : undefined;
  if (typeof jkt !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(jkt)) {
    throw new ClaimError('it is bound to a key in a way that is not supported (cnf without jkt)');
  }
  return jkt;
}

/** Undefined when absent or empty; a claim of another type, too long, or with control characters is refused. */
function boundedText(value: unknown, claim: string, maxLength: number): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new ClaimError(`its claim ${claim} is not a string`);
  if (value.length > maxLength) throw new ClaimError(`its claim ${claim} is longer than ${maxLength} characters`);
  // C0, DEL, C1, line separators, and the marks that reorder text on a screen.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(value)) {
    throw new ClaimError(`its claim ${claim} has control characters`);
  }
  if (!value.isWellFormed()) throw new ClaimError(`its claim ${claim} is not well-formed Unicode`);
  return value;
}
