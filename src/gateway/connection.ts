/**
 * One established session on real sockets: turns what happens on them into the session's events, and executes the
 * commands that come back. All I/O of a session is here; what is said and when is the session's.
 */
import type { Duplex } from 'node:stream';
import type { Principal } from '../identity/principal.ts';
import { LateWriter, type LateWrites } from '../late-writes.ts';
import type { Foresight } from '../policy/foresight.ts';
import { takeReads } from '../socket-reads.ts';
import { giveBack, LEAST_SPENT_BYTES } from '../spent-memory.ts';
import type { Analysis } from '../sql/facts.ts';
import type { Drift } from './definition-guard.ts';
import type { Durability, DurabilityWaiter } from './durability.ts';
import { HeldStatement, type HoldParts } from './held-statement.ts';
import type {
  DefinitionQuestion,
  EndReason,
  ForeseeQuestion,
  NamedObject,
  SessionCommand,
  SessionEvent,
} from './session/contract.ts';
import type { Session } from './session/session.ts';
import type { MadeHere } from './session/unseen-creation.ts';

export interface ConnectionParts {
  readonly session: Session;
  readonly client: Duplex;
  readonly upstream: Duplex;
  /** Never rejects. */
  analyse(sql: string): Promise<Analysis>;
  readonly durability: Durability;
  readonly lateWrites: LateWrites;
  readonly principal: Principal;
  /** 0: never. */
  readonly idleTimeoutMs: number;
  /** Never rejects: what could not be traced has plans that refuse. */
  trace(statements: Analysis['statements'], sql: string): Promise<void>;
  /** Never rejects: what could not be found out is unknown. */
  foresee(question: ForeseeQuestion): Promise<readonly Foresight[]>;
  /** Never rejects. */
  checkDefinitions(questions: readonly DefinitionQuestion[]): Promise<Drift>;
  /** Never rejects. */
  checkMade(made: MadeHere): Promise<readonly NamedObject[]>;
  /** The same as `trace` in a catalog that was read since. */
  retrace(statements: Analysis['statements'], sql: string): Promise<void>;
  onCreated(objects: readonly NamedObject[]): void;
  onSchemaChanged(): void;
  onCancelUpstream(): void;
  /** Resolves when the server was told, or cannot be. */
  onCancelStatement(): Promise<void>;
  /** Undefined: nobody can be asked for approvals. */
  readonly holds?: HoldParts | undefined;
  onInternalError(error: Error): void;
  /** Called once, when both sockets are done with. */
  onClosed(reason: EndReason): void;
}

function sharesMemory(command: SessionCommand, chunk: Buffer): boolean {
  return command.type === 'send_client' && command.bytes.buffer === chunk.buffer;
}

/** How long a client may take to read why its session ended. */
const FAREWELL_MS = 2_000;

export class Connection implements DurabilityWaiter {
  readonly #parts: ConnectionParts;
  readonly #toClient: LateWriter;
  readonly #toUpstream: LateWriter;
  #closed = false;
  #clientHeld = false;
  #upstreamHeld = false;
  #clientFull = false;
  #upstreamFull = false;
  #expiry: NodeJS.Timeout | undefined;
  #expiresAt: number;
  #lastByteAt = performance.now();
  #idle: NodeJS.Timeout | undefined;
  #held: HeldStatement | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#toClient = new LateWriter(parts.client, parts.lateWrites, () => {
      this.#clientFull = true;
      this.#flowUpstream();
    });
    this.#toUpstream = new LateWriter(parts.upstream, parts.lateWrites, () => {
      this.#upstreamFull = true;
      this.#flowClient();
    });
    this.#expiresAt = parts.principal.expiresAt;
  }

  get counters(): Session['counters'] {
    return this.#parts.session.counters;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  start(): void {
    const { client, upstream, idleTimeoutMs, lateWrites } = this.#parts;
    takeReads(client, (chunk) => {
      // Before the statement's record is put off as well: the server works while the record is written.
      lateWrites.schedule();
      this.#lastByteAt = performance.now();
      this.#handle({ type: 'client_data', chunk, nowMs: this.#lastByteAt });
    });
    client.on('end', () => this.#event('client_end'));
    client.on('error', () => {});
    client.on('close', () => this.#clientClosed());
    client.on('drain', () => {
      this.#clientFull = false;
      this.#flowUpstream();
    });
    takeReads(upstream, (chunk) => {
      this.#lastByteAt = performance.now();
      this.#answer(chunk);
    });
    upstream.on('error', () => {});
    upstream.on('close', () => this.#event('upstream_end'));
    upstream.on('drain', () => {
      this.#upstreamFull = false;
      this.#flowClient();
    });
    this.#scheduleExpiry();
    if (idleTimeoutMs > 0) {
      this.#idle = setInterval(
        () => {
          if (this.#parts.session.isIdle && performance.now() - this.#lastByteAt > idleTimeoutMs) this.end('idle');
        },
        Math.min(idleTimeoutMs, 30_000),
      ).unref();
    }
    upstream.resume();
    client.resume();
  }

  /** The gateway ends the session; the client is told why. */
  end(reason: EndReason): void {
    this.#handle({ type: 'end', reason, nowMs: performance.now() });
    // A client that never reads does not keep its session.
    setTimeout(() => this.#destroy(), FAREWELL_MS).unref();
  }

  /** Resolves when everything for the client is with its socket's system, and its end with it, or the client is gone. */
  told(): Promise<void> {
    const { client } = this.#parts;
    return new Promise((resolve) => {
      if (client.writableFinished || client.closed) resolve();
      client.once('finish', resolve).once('close', resolve);
    });
  }

  /** A fresh token for the same principal: the session lives on. */
  renew(expiresAt: number): void {
    if (expiresAt <= this.#expiresAt) return;
    this.#expiresAt = expiresAt;
    this.#scheduleExpiry();
  }

  /** What the session may do has changed: the server follows before the next statement. */
  setReadOnly(readOnly: boolean): void {
    this.#handle({ type: 'access', readOnly, nowMs: performance.now() });
  }

  cancelRequested(): void {
    this.#handle({ type: 'cancel_requested', nowMs: performance.now() });
  }

  durable(position: number): void {
    this.#handle({ type: 'durable', position, nowMs: performance.now() });
  }

  auditFailed(from: number): void {
    this.#handle({ type: 'audit_failed', from, nowMs: performance.now() });
  }

  #event(type: 'client_end' | 'upstream_end' | 'statement_cancelled'): void {
    this.#handle({ type, nowMs: performance.now() });
  }

  #handle(event: SessionEvent): void {
    if (this.#closed) return;
    for (const command of this.#parts.session.handle(event)) this.#execute(command);
  }

  /** Bytes of the upstream: of a large answer their memory, and that of what is made of them, is given back at once. */
  #answer(chunk: Buffer): void {
    if (this.#closed) return;
    const { session } = this.#parts;
    const commands = session.handle({ type: 'upstream_data', chunk, nowMs: this.#lastByteAt });
    const isSpent = chunk.length >= LEAST_SPENT_BYTES && session.isSpent;
    const shares = isSpent ? commands.filter((command) => sharesMemory(command, chunk)).length : 0;
    for (const command of commands) {
      if (!isSpent || command.type !== 'send_client') this.#execute(command);
      else if (!sharesMemory(command, chunk)) this.#toClient.write(command.bytes, command.bytes);
      else this.#toClient.write(command.bytes, shares === 1 ? chunk : undefined);
    }
    if (isSpent && shares === 0) giveBack(chunk);
  }

  #execute(command: SessionCommand): void {
    switch (command.type) {
      case 'send_client':
        this.#toClient.write(command.bytes);
        return;
      case 'send_upstream':
        this.#toUpstream.write(command.bytes);
        return;
      case 'analyse':
        void this.#parts
          .analyse(command.sql)
          .then((analysis) => this.#handle({ type: 'analysed', analysis, nowMs: performance.now() }));
        return;
      case 'trace':
        void this.#parts
          .trace(command.statements, command.sql)
          .then(() => this.#handle({ type: 'traced', nowMs: performance.now() }));
        return;
      case 'foresee':
        void this.#parts
          .foresee(command.question)
          .then((foreseen) => this.#handle({ type: 'foreseen', foreseen, nowMs: performance.now() }));
        return;
      case 'check_definitions':
        void this.#parts
          .checkDefinitions(command.questions)
          .then((drift) => this.#handle({ type: 'definitions_checked', drift, nowMs: performance.now() }));
        return;
      case 'confirm_definitions':
        void this.#parts
          .checkDefinitions(command.questions)
          .then((drift) => this.#handle({ type: 'definitions_confirmed', drift, nowMs: performance.now() }));
        return;
      case 'check_made':
        void this.#parts
          .checkMade(command.made)
          .then((objects) => this.#handle({ type: 'made_checked', objects, nowMs: performance.now() }));
        return;
      case 'retrace':
        void this.#parts
          .retrace(command.statements, command.sql)
          .then(() => this.#handle({ type: 'retraced', nowMs: performance.now() }));
        return;
      case 'await_durable':
        this.#parts.durability.wait(this, command.position);
        return;
      case 'pause_client':
        this.#clientHeld = true;
        this.#flowClient();
        return;
      case 'resume_client':
        this.#clientHeld = false;
        this.#flowClient();
        return;
      case 'pause_upstream':
        this.#upstreamHeld = true;
        this.#flowUpstream();
        return;
      case 'resume_upstream':
        this.#upstreamHeld = false;
        this.#flowUpstream();
        return;
      case 'objects_created':
        this.#parts.onCreated(command.objects);
        return;
      case 'schema_changed':
        this.#parts.onSchemaChanged();
        return;
      case 'cancel_upstream':
        this.#parts.onCancelUpstream();
        return;
      case 'cancel_statement':
        void this.#parts.onCancelStatement().then(() => this.#event('statement_cancelled'));
        return;
      case 'hold':
        this.#held = new HeldStatement(this.#parts.holds!, command.question, (event) =>
          this.#handle({ ...event, nowMs: performance.now() }),
        );
        return;
      case 'end_hold':
        this.#held?.end(command.how);
        this.#held = undefined;
        return;
      case 'hold_tried':
        this.#held?.tried(command.rows, command.effects);
        return;
      case 'internal_error':
        this.#parts.onInternalError(command.error);
        return;
      case 'close':
        this.#close(command.reason);
        return;
      default: {
        const never: never = command;
        throw new Error(`unknown command ${String(never)}`);
      }
    }
  }

  #flowClient(): void {
    const { client } = this.#parts;
    if (this.#clientHeld || this.#upstreamFull) client.pause();
    else if (client.isPaused()) client.resume();
  }

  #flowUpstream(): void {
    const { upstream } = this.#parts;
    if (this.#upstreamHeld || this.#clientFull) upstream.pause();
    else if (upstream.isPaused()) upstream.resume();
  }

  #scheduleExpiry(): void {
    clearTimeout(this.#expiry);
    const left = this.#expiresAt - Date.now();
    if (left <= 0) {
      this.end('token_expired');
      return;
    }
    // Longer than a timer can count: look again then.
    this.#expiry = setTimeout(() => this.#scheduleExpiry(), Math.min(left, 2 ** 31 - 1)).unref();
  }

  #clientClosed(): void {
    this.#handle({ type: 'end', reason: 'client', nowMs: performance.now() });
    this.#close('client');
  }

  #close(reason: EndReason): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#expiry);
    clearInterval(this.#idle);
    this.#held?.end('abandon');
    const { client, upstream } = this.#parts;
    this.#toClient.flush();
    this.#toUpstream.flush();
    client.end();
    upstream.end();
    client.resume();
    setTimeout(() => this.#destroy(), FAREWELL_MS).unref();
    client.once('close', () => this.#destroy());
    if (client.closed) this.#destroy();
    this.#parts.onClosed(reason);
  }

  #destroy(): void {
    this.#parts.client.destroy();
    this.#parts.upstream.destroy();
    this.#close('client');
  }
}
