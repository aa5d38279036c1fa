/**
 * The gateway's settings as code sees them: `gateway.yaml` after validation, with secrets read and defaults filled in.
 * `gateway-schema.ts` makes this from the file; tests and the demo may build it by hand.
 */
import type { ColumnClass } from '../classify/classes.ts';
import type { PredicateMode } from '../masking/clearance.ts';
import type { MaskMode } from '../masking/plan.ts';
import type { ApprovalSettings, NotifySettings } from './approval-settings.ts';
import type { AuditSettings } from './audit-settings.ts';
import type { MetricsSettings, OtlpSettings } from './telemetry-settings.ts';

export interface GatewaySettings {
  /** Names this gateway in records; default: the host name of `publicUrl`. */
  readonly gatewayId: string;
  readonly publicUrl: string;
  readonly listen: {
    readonly https: ListenAddress;
    /** The native Postgres listener; undefined: none. */
    readonly postgres: ListenAddress | undefined;
  };
  readonly tls: { readonly cert: string; readonly key: string };
  /** Segments, index, keys. */
  readonly stateDir: string;
  readonly issuers: readonly IssuerSettings[];
  readonly databases: ReadonlyMap<string, DatabaseSettings>;
  readonly grants: readonly GrantSettings[];
  /** Beside the shipped ones; undefined: none. */
  readonly rules?: readonly RuleSettings[];
  /** Who may ask for what, and who decides; undefined: nobody can ask. */
  readonly approvals?: ApprovalSettings | undefined;
  /** Where people are told of requests; undefined: nowhere. */
  readonly notify?: NotifySettings | undefined;
  /** The page on which people decide; undefined: there is none. */
  readonly web?: WebSettings | undefined;
  /** Who administers and audits this gateway; undefined: nobody. */
  readonly roles?: RoleSettings | undefined;
  /** What several gateways share; undefined: this one is by itself. */
  readonly shared?: SharedSettings | undefined;
  /** `/metrics`; undefined: there is none. */
  readonly metrics?: MetricsSettings | undefined;
  /** A collector of OpenTelemetry; undefined: none is told. */
  readonly otlp?: OtlpSettings | undefined;
  readonly audit: AuditSettings;
  readonly limits: LimitSettings;
}

export interface SharedSettings {
  readonly database: UpstreamSettings;
  readonly schema: string;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface IssuerSettings {
  /** `iss`, exactly as tokens carry it. */
  readonly issuer: string;
  /** `aud` that a token must have. */
  readonly audience: string;
  /** The CLI's public client. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Which token the CLI presents: `access` (RFC 9068 at+jwt) or `id` (issuers without JWT access tokens). */
  readonly token: 'access' | 'id';
  readonly dpop: 'required' | 'optional' | 'off';
  /** Paths into the claims, dots between: `realm_access.roles`. */
  readonly claims: { readonly email: string; readonly name: string; readonly groups: string };
  /** PEM of a private CA for talking to the issuer; undefined: the system's. */
  readonly ca: string | undefined;
  /** http: issuers, only on loopback (demo, tests). */
  readonly allowInsecure: boolean;
}

export interface DatabaseSettings {
  readonly name: string;
  /** `production`, `staging`, `development`, or another word (treated as production by the shipped rules). */
  readonly environment: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `schema.table.column` → its class, or that it has none, whatever was found; undefined: nothing is said. */
  readonly classification?: ReadonlyMap<string, ColumnClass | 'none'>;
  readonly upstream: UpstreamSettings;
}

export interface UpstreamSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly tls: {
    /** As libpq's sslmode; `verify-full` is the default, `disable` must be asked for. */
    readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  readonly connectTimeoutMs: number;
}

export type GrantSubject =
  | { readonly group: string }
  | { readonly user: string } // email or subject
  | { readonly service: string }
  | { readonly agent: string };

/** The web page's own client at one of the issuers. */
export interface WebSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client, PKCE alone. */
  readonly clientSecret: string | undefined;
}

/** Of the gateway itself, not of a database. Administrators are auditors too. */
export interface RoleSettings {
  readonly admins: readonly GrantSubject[];
  readonly auditors: readonly GrantSubject[];
}

export interface GrantSettings {
  readonly to: GrantSubject | readonly GrantSubject[];
  /** What it is for: of these three, those that are given must all hold; `*` is every database. */
  readonly database: string | undefined;
  readonly environment: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly access: AccessLevel;
  /** May create objects, and change or drop those that the same principal created through dbgate. */
  readonly create: boolean;
  /** `Mon-Fri 08:00-18:00 Europe/Berlin`; one of them must be open. */
  readonly hours?: readonly string[] | undefined;
  /** Epoch milliseconds at which it ends. */
  readonly expiresAt?: number | undefined;
  /** Holds for sessions that say what they are for. */
  readonly purposeRequired?: boolean | undefined;
  readonly limits?: GrantLimits | undefined;
  readonly masking?: GrantMasking | undefined;
}

/** How sensitive columns are shown; what is not said is as the database's environment and the access have it. */
export interface GrantMasking {
  /** For classes that are not named. */
  readonly mask?: MaskMode | 'none' | undefined;
  readonly classes?: Readonly<Partial<Record<ColumnClass, MaskMode | 'none'>>> | undefined;
  readonly predicates?: PredicateMode | undefined;
}

export interface GrantLimits {
  /** Sessions of one principal on one database at once. */
  readonly maxSessions?: number | undefined;
  readonly statementTimeoutMs?: number | undefined;
  readonly lockTimeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  /** Names that a session may not change, lower case. */
  readonly settings?: readonly string[] | undefined;
  readonly egress?: EgressLimits | undefined;
}

/** How much of a database may leave it. `…Statement`: one answer; the others: one principal's sessions on one database. */
export interface EgressLimits {
  readonly rowsPerStatement?: number | undefined;
  readonly bytesPerStatement?: number | undefined;
  readonly rowsPerHour?: number | undefined;
  readonly bytesPerHour?: number | undefined;
  readonly rowsPerDay?: number | undefined;
  readonly bytesPerDay?: number | undefined;
}

/** One rule of the policy language (docs/policy.md), checked by `policy/language/read-rules.ts`. */
export interface RuleSettings {
  readonly id: string;
  readonly name?: string;
  readonly match: RuleMatch;
  /** `then:` in the file. */
  readonly effect: 'allow' | 'deny' | 'hold';
  readonly message?: string;
  readonly hint?: string;
  readonly approvers?: readonly string[];
}

/** All keys must hold, of a list one entry; the words are those of `policy/language/match-words.ts`. */
export interface RuleMatch {
  readonly environment?: readonly string[];
  readonly tier?: readonly string[];
  readonly database?: readonly string[];
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly group?: readonly string[];
  readonly user?: readonly string[];
  readonly kind?: readonly string[];
  readonly access?: readonly string[];
  readonly create?: boolean;
  readonly application?: readonly string[];
  readonly hours?: readonly string[];
  readonly purpose?: readonly string[];
  readonly command?: readonly string[];
  readonly class?: readonly string[];
  readonly writes?: boolean;
  readonly finding?: readonly string[];
  readonly object?: readonly string[];
  readonly relation?: readonly string[];
  readonly function?: readonly string[];
  readonly column?: readonly string[];
  readonly 'column class'?: readonly string[];
  readonly cascades?: boolean;
  readonly triggers?: boolean;
  /** `over 1000` */
  readonly 'estimated rows'?: readonly string[];
}

export type AccessLevel = 'read' | 'write' | 'ddl' | 'admin';

export interface LimitSettings {
  /** Sessions of this gateway at once. */
  readonly maxSessions: number;
  /** One protocol message held in memory for judging (Parse, Query); data messages are streamed. */
  readonly maxStatementBytes: number;
  /** No byte either way for so long ends a session; 0: never. */
  readonly idleTimeoutMs: number;
  /** A client that does not finish its start-up in this time is cut. */
  readonly startupTimeoutMs: number;
  /** Life of a database token for the native listener. */
  readonly databaseTokenTtlMs: number;
}
