/** What `approvals:` and `notify:` of gateway.yaml say; read by `gateway-schema.ts`. */
import type { ColumnClass } from '../classify/classes.ts';
import type { AccessLevel, GrantSubject } from './gateway-settings.ts';

/** Who says yes. */
export type Approver =
  | { readonly group: string }
  | { readonly user: string }
  /** One email or subject a line, read at each decision; `#` begins a comment. */
  | { readonly file: string }
  /** Its output is read as such a file; the program and its arguments, no shell. */
  | { readonly command: readonly string[] }
  /** The one authority is a decider outside, by webhook. Stands alone. */
  | { readonly external: string };

export interface ApprovalRule {
  readonly id: string;
  /** Who may ask; undefined: everybody whom a grant lets connect to the database. */
  readonly to: readonly GrantSubject[] | undefined;
  readonly database: string | undefined;
  readonly environment: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** What may be asked for: of each listed level and those below it. Empty: no access. */
  readonly access: readonly AccessLevel[];
  readonly unmask: 'all' | readonly ColumnClass[];
  /** Is it for held statements too? Those of a rule with approvers of its own go to these. */
  readonly statements: boolean;
  readonly approvers: readonly Approver[];
  /** How many different people must say yes. */
  readonly needs: number;
  readonly maxDurationMs: number;
  /** After a denial the same person may not ask for the same again before. */
  readonly cooldownMs: number;
  /** All that are given must hold. Undefined: nothing is approved by itself. */
  readonly auto: AutoApproval | undefined;
  /** May be self-granted with a reason: loud, and reviewed afterwards. */
  readonly breakGlass: boolean;
}

export interface AutoApproval {
  readonly access: readonly AccessLevel[] | undefined;
  readonly unmask: readonly ColumnClass[] | undefined;
  readonly maxDurationMs: number | undefined;
  /** As a grant's. */
  readonly hours: readonly string[] | undefined;
  /** A regular expression that the reason must contain: `INC-\d+`. */
  readonly ticket: string | undefined;
  /** Of a held statement: it names only these findings (words of the policy language). */
  readonly findings: readonly string[] | undefined;
  /** Of a held statement: the planner expects at most so many rows. */
  readonly maxEstimatedRows: number | undefined;
}

export interface ApprovalSettings {
  /** The first that fits decides. */
  readonly rules: readonly ApprovalRule[];
  /** A request that nobody decides expires. */
  readonly requestTtlMs: number;
  /** A statement waits on the wire for so long, and for less in a transaction, whose locks are kept meanwhile. */
  readonly holdMs: number;
  readonly holdInTransactionMs: number;
  /** An approval of a statement that is not on the wire any more holds for so long. */
  readonly approvalTtlMs: number;
  /** NOTICE to a client that waits. 0: none but the first. */
  readonly noticeEveryMs: number;
  /** What becomes of a statement that runs when its elevation ends. */
  readonly atEnd: 'finish' | 'cancel';
  /** Executions of one shape that one approval may cover. */
  readonly maxBatch: number;
}

export const NOTIFY_EVENTS = [
  'requested',
  'approved',
  'denied',
  'cancelled',
  'expired',
  'used',
  'ended',
  'revoked',
  'reviewed',
] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

interface NotifyTarget {
  readonly name: string;
  /** Undefined: all. */
  readonly events: readonly NotifyEvent[] | undefined;
}

export interface WebhookTarget extends NotifyTarget {
  readonly kind: 'webhook' | 'external';
  readonly url: string;
  /** `whsec_…`, as Standard Webhooks has it. For `external` it verifies what comes back too. */
  readonly secret: string;
}
export interface SlackTarget extends NotifyTarget {
  readonly kind: 'slack';
  readonly url: string;
  /** Verifies the callback of its buttons (`v0=` HMAC-SHA256); undefined: no buttons but a link. */
  readonly signingSecret: string | undefined;
  /** Slack user id → email or subject of who presses: whoever is not here is asked to log in. */
  readonly people: Readonly<Record<string, string>>;
}
export interface TeamsTarget extends NotifyTarget {
  readonly kind: 'teams';
  readonly url: string;
}
export interface MailTarget extends NotifyTarget {
  readonly kind: 'mail';
  /** `smtps://user:password@host:port`, or smtp with STARTTLS. */
  readonly server: string;
  readonly from: string;
  readonly to: readonly string[];
}
export type NotifySettings = readonly (WebhookTarget | SlackTarget | TeamsTarget | MailTarget)[];
