/**
 * Who acts. Made only by the gateway's token verifier (`identity/verifier.ts`) from a verified token,
 * or by the gateway from its own database token; nothing else constructs one.
 */
export interface Principal {
  /** `user`: a person. `service`: a CI job or machine. `agent`: acts for `subject`. */
  readonly kind: 'user' | 'service' | 'agent';
  /** `iss` of the token. */
  readonly issuer: string;
  /** `sub` of the token: stable, opaque. */
  readonly subject: string;
  /** For display and for grants `to: {user: …}`; undefined if the issuer says none. */
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[];
  /** RFC 8693 `act.sub` of the agent, when `kind` is `agent`. */
  readonly actor: string | undefined;
  /** `sub` of each `act`, outermost first, where one is nested in another; missing: `actor` alone, or none. For the record. */
  readonly actors?: readonly string[];
  /** Epoch milliseconds at which the token ends. */
  readonly expiresAt: number;
  /** `acr`/`amr` in one word list, e.g. `['pwd','otp']`; for the record. */
  readonly authMethods: readonly string[];
  /** RFC 7638 thumbprint when the token is bound to a key (DPoP `cnf.jkt`). */
  readonly jkt: string | undefined;
}

/** The stable key of a person or machine: the pair that no other principal shares. */
export function principalKey(principal: Pick<Principal, 'issuer' | 'subject'>): string {
  return `${principal.issuer}|${principal.subject}`;
}

/** How a principal is named to people: email, else name, else subject. */
export function displayName(principal: Pick<Principal, 'email' | 'name' | 'subject'>): string {
  return principal.email ?? principal.name ?? principal.subject;
}
