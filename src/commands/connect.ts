import { DbgateError, ErrorCode, ExitCode, exitCodeOf } from '../errors.ts';
import { stateLine, type TunnelState } from '../views/tunnel-state.ts';
import { ChildNotRunError, runChild } from './child-process.ts';
import { connectionVariables } from './connection-variables.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { rememberDatabaseName } from './database-names.ts';
import { addFooter } from './help-footer.ts';
import type { OpenTunnel } from './open-tunnel.ts';
import { beginOwnLine } from './own-line.ts';
import { announceTunnel } from './running-tunnels.ts';
import { sanitise } from './sanitise.ts';
import type { TunnelStats } from './tunnel-events.ts';

export const connectCommand: CommandDefinition = {
  name: 'connect',
  configure(command) {
    command
      .description(
        'Opens a tunnel to a database and prints its local URL, or runs a command against it: dbgate connect prod-db -- psql',
      )
      .usage('<database> [options] [-- command...]')
      .argument('<database>', 'name as "dbgate ls" shows it')
      .argument('[command...]', 'what to run, with PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and DATABASE_URL set')
      .option('--port <number>', 'local port, 0 for any; default: one of its own for each database')
      .option('--socket [path]', 'listen on a Unix socket (mode 0600) instead; --socket=PATH chooses its folder');
    addFooter(command, [
      "With a command the exit code is the command's: 128 + n if a signal ended it, 127 if it is not found, 126 if it cannot be run, 125 if the tunnel could not be set up for a reason that has no code of its own.",
    ]);
  },
  async run(context, options, [database, ...command]) {
    const place = readPlace(options);
    if (command.length === 0) return hold(context, database!, place);
    try {
      return await runThrough(context, database!, place, command);
    } catch (error) {
      if (context.signal.aborted || exitCodeOf(error) !== ExitCode.failure || error instanceof ChildNotRunError)
        throw error;
      const { message, hint } = error as DbgateError;
      throw new ChildNotRunError(ExitCode.childSetupFailed, message, { ...(hint ? { hint } : {}), cause: error });
    }
  },
};

interface Place {
  readonly port: number | undefined;
  readonly socket: string | undefined;
}

function readPlace(options: CommandOptions): Place {
  const socket = options.socket as string | undefined;
  const text = options.port as string | undefined;
  if (socket !== undefined && text !== undefined) {
    throw new DbgateError(ErrorCode.usage, '--port and --socket exclude each other');
  }
  if (socket !== undefined && process.platform === 'win32') {
    throw new DbgateError(ErrorCode.usage, '--socket is not available on Windows', { hint: 'leave it out' });
  }
  const port = text === undefined ? undefined : Number(text);
  if (port !== undefined && (!/^\d+$/.test(text!) || port > 65_535)) {
    throw new DbgateError(ErrorCode.usage, `--port '${text}' is not a number from 0 to 65535`);
  }
  return { port, socket };
}

/** Without a command: print how to connect, then stay until a signal. */
async function hold(context: CommandContext, database: string, place: Place): Promise<void> {
  await using open = await start(context, database, place);
  const { connection, socket, tunnel } = open.tunnel;
  const { url, host, port, user, password } = connection;
  context.print({ url, host, port, user, password: password || null, database, socket: socket ?? null, tunnel }, () =>
    sanitise(url),
  );
  // Only now: a view that is drawn anew would wipe out what is printed in between.
  await open.show();
  await aborted(context.signal);
}

/** With a command: nothing of our own on stdout. */
async function runThrough(context: CommandContext, database: string, place: Place, command: string[]): Promise<number> {
  await using open = await start(context, database, place);
  return await runChild(context, command, connectionVariables(open.tunnel.connection));
}

interface StartedTunnel extends AsyncDisposable {
  readonly tunnel: OpenTunnel;
  /** From now on what happens is shown: drawn on a terminal that can be redrawn, in lines elsewhere. */
  show(): Promise<void>;
}

async function start(context: CommandContext, database: string, place: Place): Promise<StartedTunnel> {
  const [{ openTunnel }, { keepRenewed }, { followTunnel }] = await Promise.all([
    import('./open-tunnel.ts'),
    import('./tunnel-renewal.ts'),
    import('./tunnel-events.ts'),
  ]);
  let state: TunnelState | undefined;
  let view: { update(state: TunnelState, said?: string): void; close(): void } | undefined;
  const change = (changes: Partial<TunnelState>, said?: string) => {
    if (state !== undefined) state = { ...state, ...changes };
    if (view !== undefined && state !== undefined) view.update(shown(state), said && sanitise(said));
    else if (said !== undefined) context.note(sanitise(said));
  };
  const tunnel = await openTunnel({
    env: context.env,
    database,
    ...place,
    signal: context.signal,
    events: {
      refused: (error) => change({}, `a client was refused: ${error.message}`),
      gatewayLost: (error) => change({ link: 'lost' }, `the gateway is lost: ${error.message}`),
      gatewayRegained: () => change({ link: 'up' }, 'the gateway answers again'),
    },
  });
  const stop = new AbortController();
  const forget = await announce(context, tunnel);
  await rememberDatabaseName(context.env, database);
  const { host, port } = tunnel.connection;
  state = {
    database,
    environment: tunnel.environment,
    access: tunnel.access,
    address: tunnel.socket ?? `${host}:${port}`,
    link: 'up',
    sessions: 0,
    statements: 0,
    denied: 0,
    masked: 0,
    errors: 0,
    expiresAt: tunnel.expiresAt,
  };
  const renewal = keepRenewed(
    tunnel.client,
    tunnel.tunnel,
    tunnel.expiresAt,
    {
      renewed: (expiresAt, wasExpired) => change({ expiresAt, link: 'up' }, wasExpired ? 'logged in again' : undefined),
      failing: (message, expired) => change(expired ? { link: 'expired' } : {}, message),
    },
    stop.signal,
  );
  let stats: Promise<void> | undefined;
  return {
    tunnel,
    async show() {
      if (context.live) {
        const { openTunnelView } = await import('../views/tunnel-live.tsx');
        view = await openTunnelView(context, shown(state!));
      } else if (context.isTerminal && !context.json) context.note('Ctrl-C closes the tunnel');
      const onStats = ({ event: _, ...counts }: TunnelStats) => {
        const before = stateLine(state!);
        change(counts);
        if (view === undefined && stateLine(state!) !== before) context.note(sanitise(stateLine(state!)));
      };
      stats = followTunnel(tunnel.client, tunnel.tunnel, onStats, stop.signal);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      view?.close();
      if (view !== undefined) beginOwnLine(context);
      await forget().catch(() => {});
      await Promise.all([renewal, stats]);
      await tunnel.close();
    },
  };
}

function shown(state: TunnelState): TunnelState {
  return {
    ...state,
    database: sanitise(state.database),
    environment: sanitise(state.environment),
    access: sanitise(state.access),
    address: sanitise(state.address),
  };
}

async function announce(
  context: CommandContext,
  { connection, tunnel, client }: OpenTunnel,
): Promise<() => Promise<void>> {
  const file = {
    ...connection,
    tunnel,
    gateway: client.gateway,
    pid: process.pid,
    startedAt: new Date().toISOString(),
  };
  try {
    return await announceTunnel(context.env, file);
  } catch (error) {
    context.note(sanitise(`"dbgate env" will not find this tunnel: ${(error as Error).message}`));
    return async () => {};
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
