import type { IncomingMessage } from 'node:http';

/** `__Host-`: the browser takes them over TLS only, for this host and all of its paths. */
export const SESSION_COOKIE = '__Host-dbgate';
export const LOGIN_COOKIE = '__Host-dbgate-login';

export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** `maxAgeMs` 0 takes it away. Lax: the link in a message leads here from another site. */
export function setCookie(name: string, value: string, maxAgeMs: number): string {
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
}
