/**
 * What happens to the gateway itself and at its door, as records: that it started and stopped, which policy came into
 * force, who logged in, whose columns have another class; and what an earlier process left open is given an end.
 * In: calls of the server. Out: records; nothing here can refuse anything but the start.
 */
import path from 'node:path';
import * as z from 'zod';
import type { Recorder } from '../audit/recorder.ts';
import { unfinishedIntents } from '../audit/unfinished-intents.ts';
import { VERSION } from '../config/version.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Position } from '../store/event-log.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import type { ClassificationChange } from './classification-changes.ts';
import type { RulesInForce } from './rules-in-force.ts';
import { StateFile } from './state-file.ts';

/** Tokens that are remembered as recorded; the oldest is forgotten, and recorded again when it comes again. */
const MAX_TOKENS = 20_000;
const MAX_CHANGES = 200;

const fileSchema = z.object({
  /** Every intent up to here has an outcome, or was refused. */
  settledTo: z.int(),
  policyVersion: z.string(),
  /** Missing: an earlier dbgate did not keep them. */
  roles: z.string().optional(),
  approvals: z.string().optional(),
});
type Kept = z.output<typeof fileSchema>;

const NOTHING_KEPT: Kept = { settledTo: 0, policyVersion: '' };

export interface LifeRecordParts {
  readonly log: SegmentLog;
  readonly recorder: Recorder;
  readonly stateDir: string;
  readonly logLine: (line: string) => void;
}

export class LifeRecord {
  readonly #parts: LifeRecordParts;
  readonly #file: StateFile<typeof fileSchema>;
  readonly #tokens = new Set<string>();
  #kept: Kept;
  #settling: Promise<void> = Promise.resolve();

  constructor(parts: LifeRecordParts) {
    this.#parts = parts;
    this.#file = new StateFile(path.join(parts.stateDir, 'life.json'), fileSchema);
    const found = this.#file.readSync();
    if (found.kind === 'unusable') {
      parts.logLine(`audit: ${this.#file.path} cannot be used, the whole record is looked through: ${found.why}`);
    }
    this.#kept = found.kind === 'found' ? found.state : NOTHING_KEPT;
  }

  /** Throws `audit_unavailable`. What an earlier process left open is looked for behind it. */
  async started(rules: RulesInForce): Promise<void> {
    const { log, recorder } = this.#parts;
    await recorder.event({
      kind: 'gateway.started',
      by: undefined,
      database: undefined,
      detail: { version: VERSION, node: process.versions.node, policyVersion: rules.policy },
    });
    this.rulesInForce(rules);
    this.#settling = this.#settle(log.openedAtPosition).catch((error: Error) =>
      this.#parts.logLine(`audit: what ran when the gateway ended last is not known: ${error.message}`),
    );
  }

  /** Resolves when what was left open has an end. */
  get settled(): Promise<void> {
    return this.#settling;
  }

  async #settle(to: Position): Promise<void> {
    const { log, recorder, logLine } = this.#parts;
    const unfinished = await unfinishedIntents(log.dir, this.#kept.settledTo, to);
    for (const { session, n } of unfinished) recorder.mayHaveRun(session, n);
    if (unfinished.length > 0) {
      logLine(`audit: ${unfinished.length} statements may have run when the gateway ended last`);
      await log.flush();
      if (log.state !== 'healthy' || recorder.pending > 0) return;
    }
    this.#keep({ ...this.#kept, settledTo: to });
  }

  /** At the start and after each reload. */
  rulesInForce({ policy, roles, approvals }: RulesInForce): void {
    const { policyVersion: before, ...kept } = this.#kept;
    const changed = [
      ...(policy === before ? [] : ['policy']),
      ...(roles === (kept.roles ?? roles) ? [] : ['roles']),
      ...(approvals === (kept.approvals ?? approvals) ? [] : ['approvals']),
    ];
    if (changed.length > 0) {
      this.#parts.recorder.note({
        kind: 'policy.changed',
        by: undefined,
        database: undefined,
        detail: {
          version: policy,
          before: before === '' ? null : before,
          changed: changed.join(' '),
          roles,
          approvals,
        },
      });
    }
    if (changed.length === 0 && kept.roles === roles && kept.approvals === approvals) return;
    this.#keep({ ...this.#kept, policyVersion: policy, roles, approvals });
  }

  /** A token was accepted; `tokenHash` is kept in memory only. */
  accepted(principal: Principal, tokenHash: string): void {
    if (this.#tokens.has(tokenHash)) return;
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!);
    this.#tokens.add(tokenHash);
    const { kind, email, groups, actor, authMethods, jkt } = principal;
    this.#parts.recorder.note({
      kind: 'identity.login',
      by: principalKey(principal),
      database: undefined,
      detail: { principalKind: kind, methods: authMethods.join(' '), bound: jkt !== undefined },
      body: { email, groups, actor },
    });
  }

  classesChanged(database: string, changes: readonly ClassificationChange[]): void {
    if (changes.length === 0) return;
    this.#parts.recorder.note({
      kind: 'classification.changed',
      by: undefined,
      database,
      detail: { changes: changes.length },
      body: { changes: changes.slice(0, MAX_CHANGES) },
    });
  }

  /** Before the recorder is closed. */
  async stopped(): Promise<void> {
    const { log, recorder } = this.#parts;
    await this.#settling;
    recorder.note({ kind: 'gateway.stopped', by: undefined, database: undefined, detail: {} });
    await log.flush();
    // A clean end leaves nothing open: the next start has nothing to look for.
    if (log.state === 'healthy' && recorder.pending === 0 && this.#kept.settledTo >= log.openedAtPosition) {
      this.#keep({ ...this.#kept, settledTo: log.syncedPosition });
    }
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    try {
      this.#file.replaceSync(kept);
    } catch (error) {
      // Then it is looked for once more, and recorded once more.
      this.#parts.logLine(`audit: ${this.#file.path} cannot be written: ${(error as Error).message}`);
    }
  }
}
