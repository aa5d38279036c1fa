/** What a person wants to see of an open tunnel: props of the live view, source of the plain lines. */
export interface TunnelState {
  readonly database: string;
  readonly environment: string;
  readonly access: string;
  /** Where clients connect: `127.0.0.1:25432` or the socket's path. */
  readonly address: string;
  /** `lost`: the gateway does not answer; `expired`: the login has ended. */
  readonly link: 'up' | 'lost' | 'expired';
  /** Of the gateway's count for this tunnel. */
  readonly sessions: number;
  readonly statements: number;
  readonly denied: number;
  readonly masked: number;
  readonly errors: number;
  /** Epoch milliseconds at which sessions end unless renewed. */
  readonly expiresAt: number;
}

/** The line off a terminal when the counts have changed. */
export function stateLine(state: TunnelState): string {
  const { database, sessions, statements, denied, masked } = state;
  return `${database}: ${sessions} sessions, ${statements} statements, ${denied} denied, ${masked} masked`;
}
