/**
 * Scripts for the session: events in, commands out, no sockets and no clock. The surroundings are a fake whose answers a
 * test writes down: the first word of a statement says what it is (see `analysisOf`).
 */

import type { HoldOutcome } from '../../../src/approvals/contract.ts';
import type { EgressLimits } from '../../../src/config/gateway-settings.ts';
import type {
  EndReason,
  SessionCommand,
  SessionEvent,
  SessionJournal,
  SessionOptions,
  SessionSurroundings,
} from '../../../src/gateway/session/contract.ts';
import { Egress, type EgressUsage } from '../../../src/gateway/session/egress.ts';
import type { SessionMasking } from '../../../src/gateway/session/masking.ts';
import { Session } from '../../../src/gateway/session/session.ts';
import type { Principal } from '../../../src/identity/principal.ts';
import { decodeErrorFields } from '../../../src/pgwire/error-response.ts';
import { decodeBind, decodeClose, decodeDescribe, decodeExecute, decodeParse } from '../../../src/pgwire/extended.ts';
import { decodeQuery } from '../../../src/pgwire/query.ts';
import { commandTag, decodeDataRow, decodeParameterStatus } from '../../../src/pgwire/result.ts';
import type { ResolvedTarget } from '../../../src/policy/context.ts';
import type { Decision, DenyDecision } from '../../../src/policy/decision.ts';
import type { Analysis, ObjectTarget, PreparedName, StatementFacts } from '../../../src/sql/facts.ts';

type Intent = Parameters<SessionJournal['intent']>[0] & { n: number; position: number };
type Outcome = { n: number } & Parameters<SessionJournal['outcome']>[1];

export const PRINCIPAL: Principal = {
  kind: 'user',
  issuer: 'https://id.test',
  subject: 'u1',
  email: 'dev@demo.test',
  name: undefined,
  groups: [],
  actor: undefined,
  expiresAt: 0,
  authMethods: [],
  jkt: undefined,
};

/** Limits of one session that nobody shares and whose hours never end. */
export function egressOf(limits: EgressLimits): Egress {
  const usage: EgressUsage = {
    rows: 0,
    bytes: 0,
    recent: () => ({ rowsHour: usage.rows, bytesHour: usage.bytes, rowsDay: usage.rows, bytesDay: usage.bytes }),
  };
  return new Egress(usage, limits);
}

export const DENIED: DenyDecision = {
  effect: 'deny',
  sqlstate: '42501',
  rule: 'production.no-drop',
  message: 'DROP TABLE on production is not allowed',
  detail: 'rule production.no-drop: because',
  hint: 'ask for it',
  position: undefined,
};

/** `hold …` needs an approval. */
export const HELD: DenyDecision = {
  ...DENIED,
  rule: 'holds',
  held: true,
  approvers: [],
  message: 'it needs an approval',
};

export interface ScriptOptions extends Partial<SessionOptions> {
  /** Texts that the analyser has not seen: an `analyse` command is expected for them. */
  unseen?: (sql: string) => boolean;
  isOwn?: (oid: number) => boolean;
  /** Every intent is durable as soon as it is taken. */
  instantlyDurable?: boolean;
  /** Missing: the principal sees everything. */
  masking?: SessionMasking;
  /** There is somebody to ask for approvals. */
  holds?: true;
  /** What statements rest on; missing: on nothing that could be another by now. */
  definitions?: SessionSurroundings['definitions'];
}

/** `deny …`, `own …` (policy asks for names), `create …`, `write …`; PREPARE, DEALLOCATE, EXECUTE; else a pure read. */
export function analysisOf(sql: string): Analysis {
  let at = 0;
  const statements = sql.split(';').flatMap((text) => {
    const offset = at + text.length - text.trimStart().length;
    at += text.length + 1;
    return text.trim() === '' ? [] : [{ ...factsOf(text.trim()), offset, length: text.trim().length }];
  });
  return {
    statements,
    error: undefined,
    recordedSql: sql,
    class: statements.some((s) => s.class === 'ddl') ? 'ddl' : (statements[0]?.class ?? 'read'),
  };
}

function factsOf(text: string): StatementFacts {
  const words = text.split(/\s+/);
  const first = words[0]!.toLowerCase();
  if (first === 'hold' && words[1] === 'alter') return factsOf(words.slice(1).join(' '));
  const targets: ObjectTarget[] = [];
  const prepared: PreparedName[] = [];
  let command = 'SELECT';
  let pure = false;
  let isTransaction = false;
  switch (first) {
    case 'own':
      command = 'DROP TABLE';
      for (const name of words.slice(1)) targets.push(target('drop', name));
      break;
    case 'create':
      command = 'CREATE TABLE';
      for (const name of words.slice(1)) targets.push(target('create', name));
      break;
    case 'prepare':
      command = 'PREPARE';
      prepared.push({ action: 'prepare', name: words[1]! });
      break;
    case 'deallocate': {
      command = 'DEALLOCATE';
      const all = words[1] === 'all';
      prepared.push({ action: 'deallocate', name: all ? undefined : words[1]! });
      break;
    }
    case 'execute':
      command = 'EXECUTE';
      prepared.push({ action: 'execute', name: words[1]! });
      break;
    case 'hold':
      command = 'DELETE';
      break;
    case 'alter':
    case 'deny':
    case 'write':
    case 'copyin':
    case 'call':
      command = first.toUpperCase();
      break;
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
      command = first.toUpperCase();
      isTransaction = true;
      break;
    case 'set':
      command = 'SET';
      break;
    case 'reset':
      command = 'RESET';
      break;
    case 'close':
      command = 'CLOSE CURSOR';
      break;
    case 'declare':
      command = 'DECLARE CURSOR';
      pure = true;
      break;
    case 'fetch':
      command = 'FETCH';
      pure = true;
      break;
    default:
      pure = true;
  }
  return {
    command,
    class: targets.length > 0 || first === 'alter' ? 'ddl' : isTransaction ? 'transaction' : pure ? 'read' : 'write',
    writes: !pure,
    findings: [],
    targets,
    relations: pure ? ['t'] : [],
    functions: [],
    operators: [],
    types: [],
    locks: false,
    offset: 0,
    length: 0,
    ...(prepared.length > 0 ? { prepared } : {}),
    ...(first === 'set' ? { settings: [words[1]!] } : {}),
  };
}

function target(action: 'create' | 'drop', name: string): ObjectTarget {
  return { action, kind: 'relation', label: 'table', lookup: name, name, temporary: false, ifNotExists: false };
}

export class Script {
  readonly session: Session;
  readonly intents: Intent[] = [];
  readonly outcomes: Outcome[] = [];
  /** All that went to each side, not yet taken by `toClient()` and `toUpstream()`. */
  clientBytes: Buffer[] = [];
  upstreamBytes: Buffer[] = [];
  /** Commands but for sends, not yet taken by `others()`. */
  commands: SessionCommand[] = [];
  /** Why the session was closed. */
  closed: EndReason | undefined;
  /** The journal refuses intents. */
  broken = false;
  /** What a statement is recorded as cannot be said: a fault of the gateway's own. */
  faulty = false;
  epoch = 1;
  /** Denied from now on, besides `deny …`. */
  denies: (sql: string) => boolean = () => false;
  /** Refused as a text of several statements. */
  alone: (sql: string) => boolean = () => false;
  position = 0;
  durableTo = 0;
  paused = false;
  #now = 0;
  readonly #seen = new Set<string>();

  constructor(options: ScriptOptions = {}) {
    const {
      unseen = () => false,
      isOwn = () => false,
      instantlyDurable = false,
      masking,
      holds,
      definitions,
      ...sessionOptions
    } = options;
    const decide = (analysis: Analysis, resolved?: readonly ResolvedTarget[]): Decision => {
      if (analysis.error !== undefined) return { ...DENIED, sqlstate: analysis.error.sqlstate };
      const sql = analysis.recordedSql;
      if (this.alone(sql)) return { ...DENIED, alone: true };
      if (/(^|; *)deny\b/.test(sql) || this.denies(sql)) return DENIED;
      const unknown = analysis.statements.flatMap((s) => s.targets).filter((t) => t.action === 'drop');
      const known: Decision = /(^|; *)hold\b/.test(sql) ? HELD : { effect: 'allow' };
      if (unknown.length === 0) return known;
      if (resolved === undefined) return { effect: 'resolve', targets: unknown };
      const mine = (t: ObjectTarget): boolean => {
        const found = resolved.find((r) => r.target.lookup === t.lookup);
        return found !== undefined && (found.oid === undefined || found.own || found.temporary);
      };
      return unknown.every(mine) ? known : DENIED;
    };
    const around: SessionSurroundings = {
      journal: {
        intent: (intent) => {
          if (this.broken) throw new Error('the log is broken');
          this.position++;
          if (instantlyDurable) this.durableTo = this.position;
          const taken = { ...intent, n: this.intents.length + 1, position: this.position };
          this.intents.push(taken);
          return taken;
        },
        outcome: (n, outcome) => {
          this.outcomes.push({ n, ...outcome });
        },
      },
      describeValues: () => '[]',
      describe: ({ recordedSql }) => {
        if (this.faulty) throw new TypeError('a fault');
        return { facts: '', sqlJson: JSON.stringify(recordedSql) };
      },
      lookup: (sql) => (unseen(sql) && !this.#seen.has(sql) ? undefined : analysisOf(sql)),
      judge: (analysis) => decide(analysis),
      judgeResolved: (analysis, resolved) => decide(analysis, resolved),
      isPureRead: (statements) => statements.every((s) => !s.writes),
      isOwn: (_catalog, oid) => isOwn(oid),
      policyEpoch: () => this.epoch,
      masking,
      canHold: () => holds === true,
      definitions,
    };
    this.session = new Session(
      {
        principal: PRINCIPAL,
        encoding: 'utf8',
        pinnedParameters: new Map([
          ['client_encoding', 'UTF8'],
          ['standard_conforming_strings', 'on'],
        ]),
        clientApplicationName: (value) => (value === 'psql (dev@demo.test)' ? 'psql' : value),
        maxMessageBytes: 1 << 20,
        waitForRecord: true,
        egress: egressOf({}),
        ...sessionOptions,
      },
      around,
    );
  }

  /** Chunks of which nothing was kept. */
  spentChunks = 0;

  handle(event: SessionEvent): this {
    const commands = this.session.handle(event);
    const isSpent = event.type === 'upstream_data' && this.session.isSpent;
    const spent: Buffer[] = isSpent ? [event.chunk] : [];
    for (const command of commands) {
      switch (command.type) {
        case 'send_client':
          if (this.closed !== undefined) throw new Error('sent behind close');
          this.clientBytes.push(isSpent ? Buffer.from(command.bytes) : command.bytes);
          if (isSpent) spent.push(command.bytes);
          break;
        case 'send_upstream':
          if (this.closed !== undefined) throw new Error('sent behind close');
          this.upstreamBytes.push(command.bytes);
          break;
        case 'close':
          this.closed = command.reason;
          break;
        case 'pause_client':
          this.paused = true;
          break;
        case 'resume_client':
          this.paused = false;
          break;
        case 'await_durable':
          break;
        default:
          this.commands.push(command);
      }
    }
    // As a connection gives their memory back: whoever still reads it finds nothing of use.
    for (const bytes of spent) bytes.fill(0xee);
    this.spentChunks += isSpent ? 1 : 0;
    return this;
  }

  client(...messages: Buffer[]): this {
    return this.handle({ type: 'client_data', chunk: Buffer.concat(messages), nowMs: ++this.#now });
  }

  upstream(...messages: Buffer[]): this {
    return this.handle({ type: 'upstream_data', chunk: Buffer.concat(messages), nowMs: ++this.#now });
  }

  /** Everything taken so far is on stable storage. */
  durable(position = this.position): this {
    this.durableTo = position;
    return this.handle({ type: 'durable', position, nowMs: ++this.#now });
  }

  auditFailed(from: number): this {
    return this.handle({ type: 'audit_failed', from, nowMs: ++this.#now });
  }

  analysed(sql: string): this {
    this.#seen.add(sql);
    return this.handle({ type: 'analysed', analysis: analysisOf(sql), nowMs: ++this.#now });
  }

  traced(): this {
    return this.handle({ type: 'traced', nowMs: ++this.#now });
  }

  checked(drift: 'same' | 'changed' | 'unknown'): this {
    return this.handle({ type: 'definitions_checked', drift, nowMs: ++this.#now });
  }

  confirmed(drift: 'same' | 'changed' | 'unknown'): this {
    return this.handle({ type: 'definitions_confirmed', drift, nowMs: ++this.#now });
  }

  retraced(): this {
    return this.handle({ type: 'retraced', nowMs: ++this.#now });
  }

  cancelRequested(): this {
    return this.handle({ type: 'cancel_requested', nowMs: ++this.#now });
  }

  statementCancelled(): this {
    return this.handle({ type: 'statement_cancelled', nowMs: ++this.#now });
  }

  clientEnd(): this {
    return this.handle({ type: 'client_end', nowMs: ++this.#now });
  }

  holdPlaced(request = 'r-1'): this {
    return this.handle({
      type: 'hold_placed',
      request,
      link: 'https://g/r-1',
      deciders: ['group dba'],
      nowMs: ++this.#now,
    });
  }

  holdDecided(outcome: HoldOutcome): this {
    return this.handle({ type: 'hold_decided', outcome, nowMs: ++this.#now });
  }

  holdKept(keep: boolean): this {
    return this.handle({ type: 'hold_kept', keep, nowMs: ++this.#now });
  }

  setReadOnly(readOnly: boolean): this {
    return this.handle({ type: 'access', readOnly, nowMs: ++this.#now });
  }

  upstreamEnd(): this {
    return this.handle({ type: 'upstream_end', nowMs: ++this.#now });
  }

  end(reason: EndReason): this {
    return this.handle({ type: 'end', reason, nowMs: ++this.#now });
  }

  /** Readable messages sent to the client since last asked. */
  toClient(): string[] {
    const bytes = Buffer.concat(this.clientBytes.splice(0));
    return describeMessages(bytes, describeBackend);
  }

  toUpstream(): string[] {
    const bytes = Buffer.concat(this.upstreamBytes.splice(0));
    return describeMessages(bytes, describeFrontend);
  }

  others(): SessionCommand[] {
    return this.commands.splice(0);
  }
}

export function describeMessages(
  bytes: Buffer,
  describe: (type: string, buffer: Buffer, start: number, end: number) => string,
): string[] {
  const messages: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 5 > bytes.length ? Number.POSITIVE_INFINITY : at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) {
      messages.push(`… ${bytes.length - at} bytes of ${String.fromCharCode(bytes[at]!)}`);
      break;
    }
    messages.push(describe(String.fromCharCode(bytes[at]!), bytes, at + 5, end));
    at = end;
  }
  return messages;
}

const REJECTED = 'dbgate refused a statement here';

export function describeFrontend(type: string, buffer: Buffer, start: number, end: number): string {
  switch (type) {
    case 'Q': {
      const { sqlStart, sqlEnd } = decodeQuery(buffer, start, end);
      const sql = buffer.toString('utf8', sqlStart, sqlEnd);
      return sql === REJECTED ? 'Query <rejected>' : `Query ${sql}`;
    }
    case 'P': {
      const { name, sqlStart, sqlEnd } = decodeParse(buffer, start, end);
      const sql = buffer.toString('utf8', sqlStart, sqlEnd);
      if (sql === REJECTED) return `Parse ${name}=<rejected>`;
      if (sql.includes('current_schemas(true)')) return `Parse ${name}=<path>`;
      return sql.includes('to_regclass') ? `Parse ${name}=<probe>` : `Parse ${name}=${sql}`;
    }
    case 'B': {
      const { portal, statement } = decodeBind(buffer, start, end);
      return `Bind ${portal}<-${statement}`;
    }
    case 'D': {
      const { kind, name } = decodeDescribe(buffer, start, end);
      return `Describe ${kind} ${name}`;
    }
    case 'C': {
      const { kind, name } = decodeClose(buffer, start, end);
      return `Close ${kind} ${name}`;
    }
    case 'E': {
      const { portal, maxRows } = decodeExecute(buffer, start, end);
      return `Execute ${portal}${maxRows > 0 ? ` ${maxRows}` : ''}`;
    }
    case 'S':
      return 'Sync';
    case 'H':
      return 'Flush';
    case 'X':
      return 'Terminate';
    case 'd':
      return `CopyData ${buffer.toString('latin1', start, Math.min(end, start + 40))}`;
    case 'c':
      return 'CopyDone';
    case 'f':
      return 'CopyFail';
    default:
      return `${type}?`;
  }
}

export function describeBackend(type: string, buffer: Buffer, start: number, end: number): string {
  switch (type) {
    case 'T':
      return 'RowDescription';
    case 'D':
      return `DataRow ${decodeDataRow(buffer, start, end)
        .map((v) => (v === null ? 'NULL' : v.toString('utf8', 0, 40)))
        .join(',')}`;
    case 'C':
      return `CommandComplete ${commandTag(buffer, start, end)}`;
    case 'E':
    case 'N': {
      const { severity, code } = decodeErrorFields(buffer, start, end);
      return `${severity} ${code}`;
    }
    case 'Z':
      return `ReadyForQuery ${String.fromCharCode(buffer[start]!)}`;
    case 'S': {
      const { name, value } = decodeParameterStatus(buffer, start, end);
      return `ParameterStatus ${name}=${value}`;
    }
    case 'd':
      return `CopyData ${buffer.toString('latin1', start, Math.min(end, start + 40))}`;
    default:
      return (
        {
          '1': 'ParseComplete',
          '2': 'BindComplete',
          '3': 'CloseComplete',
          n: 'NoData',
          t: 'ParameterDescription',
          I: 'EmptyQueryResponse',
          s: 'PortalSuspended',
          G: 'CopyInResponse',
          H: 'CopyOutResponse',
          c: 'CopyDone',
          A: 'NotificationResponse',
          V: 'FunctionCallResponse',
        }[type] ?? `${type}?`
      );
  }
}
