/**
 * A private certificate authority, trusted beside those that node trusts anyway. A server's certificate is checked
 * against the private one alone at first: to parse the system's 140 takes 15 ms and 700 KB, and they are hardly ever
 * needed where a private one was named. Only when that does not vouch for a server are all of them asked.
 */
import tls from 'node:tls';

/** OpenSSL's reasons not to trust a certificate; a name that does not match is none of them. */
const UNTRUSTED = /^(UNABLE_TO_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|PATH_LENGTH_)/;

export class PrivateAuthority {
  readonly #pem: string;
  #own: tls.SecureContext | undefined;
  #all: tls.SecureContext | undefined;
  #asksAll = false;

  constructor(pem: string) {
    this.#pem = pem;
  }

  /** For a connection to be opened now. */
  get secureContext(): tls.SecureContext {
    if (this.#asksAll) {
      this.#all ??= tls.createSecureContext({ ca: [...tls.getCACertificates('default'), this.#pem] });
      return this.#all;
    }
    this.#own ??= tls.createSecureContext({ ca: this.#pem });
    return this.#own;
  }

  /** After a connection with `tried` failed. True: more are trusted than that did, so another one may succeed. */
  widen(tried: tls.SecureContext, error: unknown): boolean {
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    if (tried !== this.#own || code === undefined || !UNTRUSTED.test(code)) return false;
    this.#asksAll = true;
    return true;
  }
}

const authorities = new Map<string, PrivateAuthority>();

/** One for each PEM in this process. */
export function privateAuthority(pem: string): PrivateAuthority {
  let authority = authorities.get(pem);
  if (authority === undefined) {
    authority = new PrivateAuthority(pem);
    authorities.set(pem, authority);
  }
  return authority;
}
