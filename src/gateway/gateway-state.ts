/** What all parts of one running gateway share. Made by `server.ts`; no module state anywhere. */
import { isDeepStrictEqual } from 'node:util';
import type { RequestService } from '../approvals/requests.ts';
import type { OwnedObjects } from '../audit/owned-objects.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { DatabaseSettings, GatewaySettings, GrantSubject } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Revocations } from '../identity/revocation.ts';
import { LateWrites } from '../late-writes.ts';
import { type MaskingRights, NO_CLEARANCE, seesEverything } from '../masking/clearance.ts';
import { elevate } from '../policy/elevation.ts';
import { type Access, type Elevated, type Granted, isFor } from '../policy/grants.ts';
import type { SharedEventLog } from '../store/event-log.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { AnalyserPool } from './analyser-pool.ts';
import type { ClassificationChange } from './classification-changes.ts';
import { DatabaseRuntime } from './database-runtime.ts';
import { Durability } from './durability.ts';
import type { EgressUsages } from './egress-usage.ts';
import { HeldTexts } from './held-texts.ts';
import { MaskingParts } from './masking-parts.ts';
import type { Notices } from './notices.ts';
import { notGranted, PolicyInForce, type SessionContext } from './policy-in-force.ts';
import type { PolicyScope } from './policy-scope.ts';
import { RefusalRecord } from './refusal-record.ts';
import { Egress } from './session/egress.ts';
import { SessionElevations } from './session-elevations.ts';
import { type SessionEntry, SessionRegistry } from './session-registry.ts';
import type { SharedClasses } from './shared-classes.ts';

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly owned: OwnedObjects;
  readonly revocations: Revocations;
  readonly egress: EgressUsages;
  readonly requests: RequestService;
  /** Of several gateways; undefined: this one is by itself. */
  readonly sharedLog?: SharedEventLog | undefined;
  readonly sharedClasses?: SharedClasses | undefined;
  logLine(line: string): void;
}

/** Whose session it is; renewed with the token. */
export interface SessionHolder extends SessionContext {
  principal: Principal;
  /** Raised by each renewal that came with another principal, and by elevations: decisions made before are made again. */
  renewals: number;
  /** Elevations that its decisions rest on now. */
  elevated?: Elevated | undefined;
}

const NOTHING = { access: 'read', masking: NO_CLEARANCE } as const;

export class GatewayState {
  settings: GatewaySettings;
  /** Raised by every reload: decisions made before are made again. */
  policyEpoch = 1;
  /** Sessions whose upstream is being connected. */
  starting = 0;
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly owned: OwnedObjects;
  readonly revocations: Revocations;
  readonly #egress: EgressUsages;
  readonly requests: RequestService;
  /** Requests are kept there where there is one. */
  readonly sharedLog: SharedEventLog | undefined;
  /** To the other gateways. */
  notices: Notices | undefined;
  readonly sessions = new SessionRegistry();
  /** Statements that wait for an approval here. */
  readonly heldTexts = new HeldTexts();
  readonly durability: Durability;
  /** Of all sessions. */
  readonly lateWrites = new LateWrites();
  readonly refusals: RefusalRecord;
  readonly analysers = new AnalyserPool();
  readonly masking: MaskingParts;
  readonly logLine: (line: string) => void;
  /** Told of columns that have another class than before. */
  onClassesChanged: (database: string, changes: readonly ClassificationChange[]) => void = () => {};
  #policy: PolicyInForce;
  #policyTimer: NodeJS.Timeout | undefined;
  readonly #elevations: SessionElevations;
  readonly #databases = new Map<string, DatabaseRuntime>();

  constructor(parts: GatewayParts) {
    this.settings = parts.settings;
    this.log = parts.log;
    this.recorder = parts.recorder;
    this.owned = parts.owned;
    this.revocations = parts.revocations;
    this.#egress = parts.egress;
    this.requests = parts.requests;
    this.sharedLog = parts.sharedLog;
    this.logLine = parts.logLine;
    this.refusals = new RefusalRecord(parts.recorder);
    this.durability = new Durability(parts.log);
    this.masking = new MaskingParts(parts.settings.stateDir, parts.sharedClasses);
    this.#policy = new PolicyInForce(parts.settings);
    this.#watchTheClock();
    this.#elevations = new SessionElevations(this);
  }

  keyOf(principal: Principal): string {
    return principalKey(principal);
  }

  database(name: string): DatabaseRuntime | undefined {
    const settings = this.settings.databases.get(name);
    if (settings === undefined) return undefined;
    let runtime = this.#databases.get(name);
    if (runtime === undefined || (runtime.settings !== settings && !runtime.adopt(settings))) {
      void runtime?.close();
      runtime = new DatabaseRuntime(settings, this, this.logLine);
      this.#databases.set(name, runtime);
    }
    return runtime;
  }

  /** Those that sessions were opened to. */
  openDatabases(): Iterable<DatabaseRuntime> {
    return this.#databases.values();
  }

  /** DDL went through: this gateway looks at the catalog again, and so do the others. */
  schemaChanged(runtime: DatabaseRuntime): void {
    runtime.schemaChanged();
    this.notices?.schemaChanged(runtime.settings.name);
  }

  /** Another gateway says so; undefined: of which database is not known. */
  schemaChangedElsewhere(name: string | undefined): void {
    for (const [known, runtime] of this.#databases) if (name === undefined || known === name) runtime.schemaChanged();
  }

  /** Of the gateway (`roles.admins`); a revoked one is none. */
  isAdministrator(principal: Principal): boolean {
    return this.#hasRole(principal, this.settings.roles?.admins);
  }

  /** May read the record of everybody (`roles.auditors`); administrators may too. */
  isAuditor(principal: Principal): boolean {
    return this.#hasRole(principal, this.settings.roles?.auditors) || this.isAdministrator(principal);
  }

  #hasRole(principal: Principal, subjects: readonly GrantSubject[] = []): boolean {
    // An agent has a role only where it is named: not by the groups of the person it acts for.
    const named = subjects.filter((to) => principal.kind !== 'agent' || 'agent' in to);
    return named.some((to) => isFor(to, principal)) && this.#isKnown(principal);
  }

  /** Of rules and grants, SHA-256 in hex. */
  get policyVersion(): string {
    return this.#policy.version;
  }

  /** What a principal may do on a database now, if it says what for; undefined: it may not reach it, or not any more. */
  accessOf(principal: Principal, databaseName: string): Access | undefined {
    const outcome = this.#grantOf(principal, databaseName, null);
    return outcome.granted ? { access: outcome.access, create: outcome.create } : undefined;
  }

  /** As `accessOf`; throws what whoever may not reach it is told. */
  mustReach(principal: Principal, databaseName: string): void {
    const outcome = this.#grantOf(principal, databaseName, null);
    if (!outcome.granted) throw notGranted(databaseName, outcome);
  }

  /** As `accessOf`, by grants alone. */
  baseAccessOf(principal: Principal, databaseName: string): Access | undefined {
    const outcome = this.#baseGrantOf(principal, databaseName, null);
    return outcome.granted ? { access: outcome.access, create: outcome.create } : undefined;
  }

  /** What it may see there now, by grants that want no purpose, and elevations. Without a grant all is masked. */
  maskingRightsOf(principal: Principal, databaseName: string): MaskingRights {
    const outcome = this.#grantOf(principal, databaseName, undefined);
    return outcome.granted ? outcome.masking : NO_CLEARANCE;
  }

  /** The grant for a session; throws the refusal. */
  grantFor(principal: Principal, databaseName: string, purpose: string | undefined): Granted {
    const outcome = this.#grantOf(principal, databaseName, purpose);
    if (!outcome.granted) throw notGranted(databaseName, outcome);
    return outcome;
  }

  /** The grant, and policy as it would speak in a session; `purpose` undefined: not said yet. Throws the refusal. */
  scopeFor(
    principal: Principal,
    database: DatabaseSettings,
    purpose: string | undefined,
  ): Granted & { scope: PolicyScope } {
    const outcome = this.#grantOf(principal, database.name, purpose ?? null);
    if (!outcome.granted) throw notGranted(database.name, outcome);
    const context: SessionContext = { purpose, application: undefined };
    return { ...outcome, scope: this.#policy.scopeOf(principal, database, outcome, context, Date.now()) };
  }

  /** What may leave through a session; its counts are those of all sessions of this principal on the database. */
  egressOf(principal: Principal, databaseName: string, { limits }: Granted): Egress {
    // An agent has its own grants, so its own budget, though it has the subject of the person it acts for.
    const who = JSON.stringify([principalKey(principal), principal.kind, principal.actor]);
    return new Egress(this.#egress.of(who, databaseName), limits.egress);
  }

  /** Throws when the grant's sessions are all in use; nothing may be waited for between this and `sessions.add`. */
  checkSessionCount(principal: Principal, databaseName: string, { limits: { maxSessions } }: Granted): void {
    if (maxSessions === undefined || this.sessions.countOf(principal, databaseName) < maxSessions) return;
    const sessions = maxSessions === 1 ? 'one session' : `${maxSessions} sessions`;
    throw new DbgateError(
      'denied',
      `your grant on database ${JSON.stringify(databaseName)} is for ${sessions} at once`,
      {
        sqlstate: '53300',
        hint: 'Close connections that are not used.',
      },
    );
  }

  #grantOf(
    principal: Principal,
    databaseName: string,
    purpose: string | undefined | null,
  ): ReturnType<PolicyInForce['grantOf']> {
    const base = this.#baseGrantOf(principal, databaseName, purpose);
    const isKnown = this.settings.databases.has(databaseName) && this.#isKnown(principal);
    return isKnown ? elevate(base, this.requests.elevationsOf(principal, databaseName), principalKey(principal)) : base;
  }

  /** Its issuer is one of ours, and it was not cut off. */
  #isKnown(principal: Principal): boolean {
    const known = this.settings.issuers.some(({ issuer }) => issuer === principal.issuer);
    return known && !this.revocations.isRevoked(principal);
  }

  #baseGrantOf(
    principal: Principal,
    databaseName: string,
    purpose: string | undefined | null,
  ): ReturnType<PolicyInForce['grantOf']> {
    const database = this.settings.databases.get(databaseName);
    if (database === undefined || !this.#isKnown(principal)) return { granted: false, reason: 'none' };
    return this.#policy.grantOf(principal, database, purpose, Date.now());
  }

  /** Policy for one session, followed through reloads, renewals and time: a look-up while nothing changed. */
  followScope(database: DatabaseSettings, holder: SessionHolder, granted: Granted): () => PolicyScope {
    let epoch = this.policyEpoch;
    let { renewals } = holder;
    this.#rest(holder, granted.elevated);
    let scope = this.#policy.scopeOf(holder.principal, database, granted, holder, Date.now());
    return () => {
      this.epochOf(holder);
      if (epoch !== this.policyEpoch || renewals !== holder.renewals) {
        epoch = this.policyEpoch;
        renewals = holder.renewals;
        const settings = this.settings.databases.get(database.name) ?? database;
        const outcome = this.#grantOf(holder.principal, database.name, holder.purpose);
        this.#rest(holder, outcome.granted ? outcome.elevated : undefined);
        // A session whose grant is gone is being ended; until then it may only read.
        const now = outcome.granted
          ? outcome
          : { access: 'read' as const, create: false, limits: {}, masking: NO_CLEARANCE };
        scope = this.#policy.scopeOf(holder.principal, settings, now, holder, Date.now());
      }
      return scope;
    };
  }

  /** Raised whenever what a session may do may be another; an elevation counts until its time, not until that is written. */
  epochOf(holder: SessionHolder): number {
    if (holder.elevated !== undefined && Date.now() >= holder.elevated.until) {
      holder.elevated = undefined;
      holder.renewals++;
    }
    return this.policyEpoch + holder.renewals;
  }

  #rest(holder: SessionHolder, elevated: Elevated | undefined): void {
    holder.elevated = elevated;
    if (elevated !== undefined) this.#elevations.watch();
  }

  /** An elevation of its principal began or is over: the session lives on with what it may do now. */
  follow(entry: SessionEntry): void {
    const { holder } = entry;
    holder.renewals++;
    const outcome = this.#grantOf(holder.principal, entry.database, holder.purpose);
    this.#rest(holder, outcome.granted ? outcome.elevated : undefined);
    this.#endIfLost(entry, 'grant_ended');
    if (outcome.granted) entry.connection.setReadOnly(outcome.access === 'read');
  }

  /** A fresh token for the same principal: its session lives on with what the new token says. */
  renew(entry: SessionEntry, principal: Principal): void {
    const changed = !isDeepStrictEqual({ ...entry.holder.principal, expiresAt: 0 }, { ...principal, expiresAt: 0 });
    entry.holder.principal = principal;
    if (changed) {
      entry.holder.renewals++;
      this.#endIfLost(entry);
    }
    entry.connection.renew(principal.expiresAt);
  }

  /** All or nothing: `settings` have been validated as a whole. */
  reload(settings: GatewaySettings): void {
    this.settings = settings;
    this.policyEpoch++;
    this.#policy = new PolicyInForce(settings);
    this.#watchTheClock();
    for (const [name, runtime] of this.#databases) {
      if (!settings.databases.has(name)) {
        void runtime.close();
        this.#databases.delete(name);
      } else this.database(name);
    }
    for (const entry of [...this.sessions]) this.#endIfLost(entry);
  }

  #endIfLost(entry: SessionEntry, reason: 'revoked' | 'grant_ended' = 'revoked'): void {
    const { principal, purpose } = entry.holder;
    const outcome = this.#grantOf(principal, entry.database, purpose);
    // A session that may only read was opened as read only upstream, which reaches further than policy: into functions.
    if (outcome.granted) entry.egress.limit(outcome.limits.egress);
    // What an elevation adds is followed while the session lives; what the grants lose ends it.
    const { access, masking } = outcome.granted ? (outcome.elevated ?? outcome) : NOTHING;
    const lost =
      !outcome.granted || (access === 'read' && !entry.readOnly) || (entry.unmasked && !seesEverything(masking));
    if (lost) entry.connection.end(reason);
  }

  /** Grants end and rules begin by time alone. */
  #watchTheClock(): void {
    clearTimeout(this.#policyTimer);
    const now = Date.now();
    const next = this.#policy.nextChangeMs(now);
    if (next === undefined) return;
    // A timer may fire a little early, and cannot count longer than 24 days.
    this.#policyTimer = setTimeout(() => this.#timeChanged(), Math.min(next - now + 1, 2 ** 31 - 1)).unref();
  }

  #timeChanged(): void {
    this.policyEpoch++;
    this.#watchTheClock();
    for (const entry of [...this.sessions]) this.#endIfLost(entry, 'grant_ended');
  }

  async close(): Promise<void> {
    clearTimeout(this.#policyTimer);
    this.#elevations.close();
    void this.sessions.endAll('shutdown');
    const runtimes = [...this.#databases.values()].map((runtime) => runtime.close());
    this.durability.close();
    await Promise.all(runtimes);
    await this.analysers.close();
    await this.masking.close();
  }
}
