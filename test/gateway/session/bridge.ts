/** A session between a client's socket and a real PostgreSQL, and a direct connection to compare it with. */
import net from 'node:net';
import type { PostgresServer } from '../../../src/demo/postgres-server.ts';
import type { NamedObject, SessionEvent, SessionSurroundings } from '../../../src/gateway/session/contract.ts';
import { Session } from '../../../src/gateway/session/session.ts';
import { connectUpstream } from '../../../src/gateway/upstream.ts';
import { cancelUpstream } from '../../../src/gateway/upstream-cancel.ts';
import { analyse } from '../../../src/sql/analyse.ts';
import type { Analysis } from '../../../src/sql/facts.ts';
import { loadGrammar } from '../../../src/sql/grammar.ts';
import { egressOf, PRINCIPAL } from './script.ts';

const grammar = await loadGrammar(15);
const parameters = new Map([
  ['application_name', 'differential'],
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]);

async function upstream(server: PostgresServer) {
  const url = new URL(server.superuserUrl);
  const settings = {
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: decodeURIComponent(url.password),
    tls: { mode: 'disable' as const, ca: undefined, cert: undefined, key: undefined },
    connectTimeoutMs: 20_000,
  };
  const connected = await connectUpstream(settings, { parameters });
  return { ...connected, cancel: () => cancelUpstream(settings, connected.backendKey!) };
}

/** Sends to the server or to the bridge, and gives what came back. */
export interface Wire {
  send(bytes: Buffer): void;
  cancel(): Promise<void>;
  close(): void;
  onData(listener: (bytes: Buffer) => void): void;
}

export interface BridgeOptions {
  readonly seed?: number;
  readonly around?: Partial<SessionSurroundings>;
}

export interface Bridge extends Wire {
  /** What must not happen: a session that ends by itself, records without an outcome. */
  readonly problems: string[];
  readonly created: NamedObject[];
  /** The texts of the intents, in order. */
  readonly recorded: string[];
  readonly whenClosed: Promise<void>;
}

export async function direct(server: PostgresServer): Promise<Wire> {
  const { socket, cancel } = await upstream(server);
  return {
    send: (bytes) => socket.write(bytes),
    cancel,
    close: () => socket.destroy(),
    onData(listener) {
      socket.on('data', listener);
      socket.resume();
    },
  };
}

/** Two sockets and a session; `durable` comes at random, and so do analyses. Allows everything unless told otherwise. */
export async function bridged(server: PostgresServer, options: BridgeOptions = {}): Promise<Bridge> {
  const { socket, cancel } = await upstream(server);
  const problems: string[] = [];
  const created: NamedObject[] = [];
  const recorded: string[] = [];
  let random = options.seed ?? 1;
  const delay = (): number => {
    random = (random * 1103515245 + 12345) & 0x7fffffff;
    return random % 4;
  };
  let position = 0;
  let durableTo = 0;
  const seen = new Map<string, Analysis>();
  const open = new Set<number>();
  const session = new Session(
    {
      principal: PRINCIPAL,
      encoding: 'utf8',
      pinnedParameters: new Map([['client_encoding', 'UTF8']]),
      clientApplicationName: (value) => value,
      maxMessageBytes: 1 << 24,
      waitForRecord: true,
      egress: egressOf({}),
    },
    {
      journal: {
        intent({ sqlJson }) {
          recorded.push(JSON.parse(sqlJson) as string);
          position++;
          const at = position;
          open.add(at);
          setTimeout(() => {
            durableTo = Math.max(durableTo, at);
            handle({ type: 'durable', position: durableTo, nowMs: 0 });
          }, delay());
          return { n: at, position: at };
        },
        outcome(n) {
          if (!open.delete(n)) problems.push(`a second outcome for ${n}`);
        },
      },
      describeValues: () => '[]',
      describe: ({ recordedSql }) => ({ facts: '', sqlJson: JSON.stringify(recordedSql) }),
      lookup: (sql) => seen.get(sql),
      judge: () => ({ effect: 'allow' }),
      judgeResolved: () => ({ effect: 'allow' }),
      isPureRead: (statements) => statements.every((s) => s.class === 'read' && !s.writes),
      isOwn: (_catalog, oid) => created.some((object) => object.oid === oid),
      policyEpoch: () => 1,
      ...options.around,
    },
  );
  const client = net.createServer();
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', () => resolve()));
  const accepted = new Promise<net.Socket>((resolve) => client.once('connection', resolve));
  const near = net.connect((client.address() as net.AddressInfo).port, '127.0.0.1');
  const far = await accepted;
  client.close();
  let closed = false;
  let closedNow = (): void => {};
  const whenClosed = new Promise<void>((resolve) => {
    closedNow = resolve;
  });
  function handle(event: SessionEvent): void {
    if (closed) return;
    const commands = session.handle(event);
    const isSpent = event.type === 'upstream_data' && session.isSpent;
    for (const command of commands) {
      switch (command.type) {
        case 'send_client':
          far.write(isSpent ? Buffer.from(command.bytes) : command.bytes);
          if (isSpent) command.bytes.fill(0xee);
          break;
        case 'send_upstream':
          socket.write(command.bytes);
          break;
        case 'analyse': {
          const { sql } = command;
          setTimeout(() => {
            seen.set(sql, analyse(sql, grammar));
            handle({ type: 'analysed', analysis: seen.get(sql)!, nowMs: 0 });
          }, delay());
          break;
        }
        case 'pause_client':
          far.pause();
          break;
        case 'resume_client':
          far.resume();
          break;
        case 'pause_upstream':
          socket.pause();
          break;
        case 'resume_upstream':
          socket.resume();
          break;
        case 'close':
          closed = true;
          if (command.reason !== 'client') problems.push(`closed: ${command.reason}`);
          for (const n of open) problems.push(`no outcome for ${n}`);
          far.end();
          socket.destroy();
          closedNow();
          break;
        case 'objects_created':
          created.push(...command.objects);
          break;
        case 'internal_error':
          problems.push(String(command.error.stack));
          break;
        default:
          break;
      }
    }
    if (isSpent) event.chunk.fill(0xee);
  }
  far.on('data', (chunk) => handle({ type: 'client_data', chunk: Buffer.from(chunk as Buffer), nowMs: 0 }));
  far.on('end', () => handle({ type: 'client_end', nowMs: 0 }));
  far.on('error', () => {});
  near.on('error', () => {});
  socket.on('data', (chunk: Buffer) => handle({ type: 'upstream_data', chunk, nowMs: 0 }));
  socket.on('close', () => handle({ type: 'upstream_end', nowMs: 0 }));
  socket.resume();
  return {
    problems,
    created,
    recorded,
    whenClosed,
    send: (bytes) => near.write(bytes),
    cancel,
    close: () => near.end(),
    onData: (listener) => near.on('data', (chunk) => listener(chunk as Buffer)),
  };
}
