/** What all parts of one running gateway share. Made by `server.ts`; no module state anywhere. */
import { isDeepStrictEqual } from 'node:util';
import type { OwnedObjects } from '../audit/owned-objects.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { DatabaseSettings, GatewaySettings } from '../config/gateway-settings.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Revocations } from '../identity/revocation.ts';
import { type Access, accessOf } from '../policy/grants.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { AnalyserPool } from './analyser-pool.ts';
import { DatabaseRuntime } from './database-runtime.ts';
import { Durability } from './durability.ts';
import { type PolicyScope, PolicyScopes } from './policy-scope.ts';
import { RefusalRecord } from './refusal-record.ts';
import { type SessionEntry, SessionRegistry } from './session-registry.ts';

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly owned: OwnedObjects;
  readonly revocations: Revocations;
  logLine(line: string): void;
}

/** Whose session it is; renewed with the token. */
export interface SessionHolder {
  principal: Principal;
  /** Raised by each renewal that came with another principal: decisions made before are made again. */
  renewals: number;
}

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
  readonly sessions = new SessionRegistry();
  readonly durability: Durability;
  readonly refusals: RefusalRecord;
  readonly analysers = new AnalyserPool();
  readonly logLine: (line: string) => void;
  #scopes = new PolicyScopes();
  readonly #databases = new Map<string, DatabaseRuntime>();

  constructor(parts: GatewayParts) {
    this.settings = parts.settings;
    this.log = parts.log;
    this.recorder = parts.recorder;
    this.owned = parts.owned;
    this.revocations = parts.revocations;
    this.logLine = parts.logLine;
    this.refusals = new RefusalRecord(parts.recorder);
    this.durability = new Durability(parts.log);
  }

  keyOf(principal: Principal): string {
    return principalKey(principal);
  }

  database(name: string): DatabaseRuntime | undefined {
    const settings = this.settings.databases.get(name);
    if (settings === undefined) return undefined;
    let runtime = this.#databases.get(name);
    if (runtime === undefined || (runtime.settings !== settings && !isDeepStrictEqual(runtime.settings, settings))) {
      runtime?.close();
      runtime = new DatabaseRuntime(settings, this.analysers, this.logLine);
      this.#databases.set(name, runtime);
    }
    return runtime;
  }

  /** What a principal may do on a database now; undefined: it may not reach it, or not any more. */
  accessOf(principal: Principal, databaseName: string): Access | undefined {
    const database = this.settings.databases.get(databaseName);
    if (database === undefined || this.revocations.isRevoked(principal)) return undefined;
    if (!this.settings.issuers.some(({ issuer }) => issuer === principal.issuer)) return undefined;
    return accessOf(principal, database, this.settings.grants);
  }

  /** Policy for one session, followed through reloads and renewals: a look-up while nothing changed. */
  followScope(database: DatabaseSettings, holder: SessionHolder, access: Access): () => PolicyScope {
    let epoch = this.policyEpoch;
    let { renewals } = holder;
    let scope = this.#scopes.get(database, access, holder.principal.kind);
    return () => {
      if (epoch !== this.policyEpoch || renewals !== holder.renewals) {
        epoch = this.policyEpoch;
        renewals = holder.renewals;
        const settings = this.settings.databases.get(database.name) ?? database;
        // A session whose grant is gone is being ended; until then it may only read.
        const now = this.accessOf(holder.principal, database.name) ?? { access: 'read', create: false };
        scope = this.#scopes.get(settings, now, holder.principal.kind);
      }
      return scope;
    };
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
    this.#scopes = new PolicyScopes();
    for (const [name, runtime] of this.#databases) {
      if (!settings.databases.has(name)) {
        runtime.close();
        this.#databases.delete(name);
      }
    }
    for (const entry of [...this.sessions]) this.#endIfLost(entry);
  }

  #endIfLost(entry: SessionEntry): void {
    const access = this.accessOf(entry.holder.principal, entry.database);
    // A session that may only read was opened as read only upstream, which reaches further than policy: into functions.
    if (access === undefined || (access.access === 'read' && !entry.readOnly)) entry.connection.end('revoked');
  }

  async close(): Promise<void> {
    this.sessions.endAll('shutdown');
    for (const runtime of this.#databases.values()) runtime.close();
    this.durability.close();
    await this.analysers.close();
  }
}
