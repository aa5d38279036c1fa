/** What all parts of one running gateway share. Made by `server.ts`; no module state anywhere. */
import type { OwnedObjects } from '../audit/owned-objects.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { DatabaseSettings, GatewaySettings } from '../config/gateway-settings.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import { type Access, accessOf } from '../policy/grants.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { AnalyserPool } from './analyser-pool.ts';
import { DatabaseRuntime } from './database-runtime.ts';
import { Durability } from './durability.ts';
import { type PolicyScope, PolicyScopes } from './policy-scope.ts';
import { SessionRegistry } from './session-registry.ts';

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly owned: OwnedObjects;
  logLine(line: string): void;
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
  readonly sessions = new SessionRegistry();
  readonly durability: Durability;
  readonly analysers = new AnalyserPool();
  readonly logLine: (line: string) => void;
  #scopes = new PolicyScopes();
  readonly #databases = new Map<string, DatabaseRuntime>();

  constructor(parts: GatewayParts) {
    this.settings = parts.settings;
    this.log = parts.log;
    this.recorder = parts.recorder;
    this.owned = parts.owned;
    this.logLine = parts.logLine;
    this.durability = new Durability(parts.log);
  }

  keyOf(principal: Principal): string {
    return principalKey(principal);
  }

  database(name: string): DatabaseRuntime | undefined {
    const settings = this.settings.databases.get(name);
    if (settings === undefined) return undefined;
    let runtime = this.#databases.get(name);
    if (runtime === undefined || runtime.settings !== settings) {
      runtime?.close();
      runtime = new DatabaseRuntime(settings, this.analysers, this.logLine);
      this.#databases.set(name, runtime);
    }
    return runtime;
  }

  /** Policy for one session, followed through reloads: a look-up while nothing changed. */
  followScope(database: DatabaseSettings, principal: Principal, access: Access): () => PolicyScope {
    let epoch = this.policyEpoch;
    let scope = this.#scopes.get(database, access, principal.kind);
    return () => {
      if (epoch !== this.policyEpoch) {
        epoch = this.policyEpoch;
        const settings = this.settings.databases.get(database.name) ?? database;
        // A session whose grant is gone is ended by the reload itself; until then it may only read.
        const now = accessOf(principal, settings, this.settings.grants) ?? { access: 'read', create: false };
        scope = this.#scopes.get(settings, now, principal.kind);
      }
      return scope;
    };
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
    for (const entry of [...this.sessions]) {
      const database = settings.databases.get(entry.database);
      if (database === undefined || accessOf(entry.principal, database, settings.grants) === undefined) {
        entry.connection.end('revoked');
      }
    }
  }

  async close(): Promise<void> {
    this.sessions.endAll('shutdown');
    for (const runtime of this.#databases.values()) runtime.close();
    this.durability.close();
    await this.analysers.close();
  }
}
