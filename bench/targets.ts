/**
 * What is measured: the same PostgreSQL reached directly and through each proxy, all on loopback. Out: one target
 * each, with how to connect and which processes to charge. All of it ends with the `Processes` it was started in.
 */
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeCertificates } from '../src/demo/certificates.ts';
import { unprivilegedAccount } from '../src/demo/postgres-binaries.ts';
import { type PostgresServer, startPostgres } from '../src/demo/postgres-server.ts';
import { findProgram, firstJsonLine, freePort, type Processes, userName, withDescendants } from './processes.ts';

export interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
  /** The proxy's processes now; none for `direct`. */
  pids(): number[];
}

export interface Upstream {
  readonly server: PostgresServer;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A PostgreSQL as in production, with a role `bench` that owns database `bench`. */
export async function startUpstream(dir: string): Promise<Upstream> {
  const server = await startPostgres({
    dir: path.join(dir, 'postgres'),
    settings: {
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      shared_buffers: '256MB',
      max_connections: '1200',
      max_wal_size: '4GB',
    },
  });
  const upstream = { server, user: 'bench', password: 'bench', database: 'bench' };
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query("CREATE ROLE bench LOGIN PASSWORD 'bench'");
  await client.query('CREATE DATABASE bench OWNER bench');
  await client.end();
  return upstream;
}

export function directTarget({ server, user, password, database }: Upstream): Target {
  return { name: 'direct', host: server.host, port: server.port, user, password, database, tls: false, pids: () => [] };
}

export async function startPgBouncer(
  processes: Processes,
  dir: string,
  upstream: Upstream,
  tls: boolean,
): Promise<Target> {
  const name = tls ? 'pgbouncer-tls' : 'pgbouncer';
  const program = findProgram('pgbouncer', 'pgbouncer');
  const folder = path.join(dir, name);
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const { server, user, password, database } = upstream;
  const lines = [
    '[databases]',
    `${database} = host=${server.host} port=${server.port} dbname=${database}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1`,
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${folder}/userlist.txt`,
    'pool_mode = session',
    'max_client_conn = 2000',
    'default_pool_size = 1100',
    'ignore_startup_parameters = extra_float_digits',
    'log_connections = 0',
    'log_disconnections = 0',
  ];
  const files = [
    ['userlist.txt', `"${user}" "${password}"\n`],
    ['pgbouncer.ini', ''],
  ];
  if (tls) {
    const { cert, key } = await makeCertificates();
    files.push(['server.crt', cert], ['server.key', key]);
    lines.push(
      'client_tls_sslmode = require',
      `client_tls_cert_file = ${folder}/server.crt`,
      `client_tls_key_file = ${folder}/server.key`,
    );
  }
  files[1]![1] = `${lines.join('\n')}\n`;
  const account = await unprivilegedAccount();
  for (const [file, content] of files) {
    await writeFile(path.join(folder, file!), content!, { mode: 0o600 });
    if (account) await chown(path.join(folder, file!), account.uid, account.gid);
  }
  const child = processes.start(program, [path.join(folder, 'pgbouncer.ini')], { ...account, cwd: '/' });
  const target: Target = {
    name,
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    tls,
    pids: () => [child.pid],
  };
  await untilReachable(target, child.failure);
  return target;
}

/** `ssh -L` through an sshd of our own: throw-away keys, public key only. */
export async function startSsh(processes: Processes, dir: string, upstream: Upstream): Promise<Target> {
  const sshd = findProgram('sshd', 'openssh-server');
  const ssh = findProgram('ssh', 'openssh-client');
  const keygen = findProgram('ssh-keygen', 'openssh-client');
  const folder = path.join(dir, 'ssh');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const key of ['host', 'user']) {
    execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', path.join(folder, key)]);
  }
  const [sshdPort, port] = [await freePort(), await freePort()];
  const hostKey = await readFile(path.join(folder, 'host.pub'), 'utf8');
  const userKey = await readFile(path.join(folder, 'user.pub'), 'utf8');
  await writeFile(path.join(folder, 'known_hosts'), `[127.0.0.1]:${sshdPort} ${hostKey}`);
  await writeFile(path.join(folder, 'authorized_keys'), userKey, { mode: 0o600 });
  const { server, user, password, database } = upstream;
  await writeFile(
    path.join(folder, 'sshd_config'),
    [
      `ListenAddress 127.0.0.1:${sshdPort}`,
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      'AuthenticationMethods publickey',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      `PermitOpen ${server.host}:${server.port}`,
      '',
    ].join('\n'),
  );
  // sshd's privilege separation wants it; Debian's service file makes it.
  if (process.getuid?.() === 0) {
    await mkdir('/run/sshd', { recursive: true });
    await chmod('/run/sshd', 0o755);
  }
  const daemon = processes.start(sshd, ['-D', '-e', '-f', path.join(folder, 'sshd_config')]);
  await untilPortOpen(sshdPort, daemon.failure);
  const client = processes.start(ssh, [
    ...['-F', 'none', '-N', '-T', '-i', path.join(folder, 'user'), '-p', String(sshdPort)],
    ...['-o', `UserKnownHostsFile=${folder}/known_hosts`, '-o', 'StrictHostKeyChecking=yes'],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes'],
    ...['-L', `127.0.0.1:${port}:${server.host}:${server.port}`, `${userName()}@127.0.0.1`],
  ]);
  const target: Target = {
    name: 'ssh',
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    tls: false,
    pids: () => withDescendants([daemon.pid, client.pid]),
  };
  await untilReachable(target, () => client.failure() ?? daemon.failure());
  return target;
}

export interface DbgateTargets {
  readonly native: Target;
  readonly tunnel: Target;
  /** As `native`, for a principal that sees everything unmasked. */
  readonly admin: Target;
  /** For `dbgate` as the developer: gateway, CA, token. */
  readonly cli: Readonly<Record<string, string>>;
  readonly database: string;
  /** WebSocket URLs of the inspectors of the gateway and of the CLI, where `--inspect` was asked for. */
  inspectors(): string[];
}

export interface DbgateOptions {
  readonly durability: 'sync' | 'async';
  /** Added to the gateway's and the CLI's node, e.g. `--inspect`. */
  readonly nodeArguments?: readonly string[];
  /** Another built checkout of dbgate, to compare with; and what to call it. Default: this one. */
  readonly checkout?: string;
  readonly label?: string;
}

interface ReadyLine {
  readonly gateway: string;
  readonly ca: string;
  readonly connections: readonly { role: string; database: string; nativeUrl: string; token: string }[];
}

/** The gateway of `dbgate demo` as one process, and `dbgate connect` as another, as on a developer's machine. */
export async function startDbgate(
  processes: Processes,
  dir: string,
  upstream: Upstream,
  { durability, nodeArguments = [], checkout = path.join(import.meta.dirname, '..'), label = 'dbgate' }: DbgateOptions,
): Promise<DbgateTargets> {
  const launcher = path.join(checkout, 'bin', 'dbgate.js');
  const home = path.join(dir, `${label}-${durability}`);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    DBGATE_CONFIG_DIR: path.join(home, 'config'),
    TMPDIR: process.env.TMPDIR,
    NO_COLOR: '1',
  };
  const { server, user, password, database } = upstream;
  const upstreamUrl = `${server.url(user, password, database)}?sslmode=disable`;
  const gateway = processes.start(
    process.execPath,
    [
      ...nodeArguments,
      launcher,
      'demo',
      '--upstream',
      upstreamUrl,
      '--json',
      '--durability',
      durability,
      '--state-dir',
      path.join(home, 'state'),
    ],
    { env, cwd: home },
  );
  const ready = (await firstJsonLine(gateway)) as ReadyLine;
  const developer = ready.connections.find(({ role }) => role === 'developer')!;
  const native: Target = {
    name: `${label}-native-${durability}`,
    ...addressOf(developer.nativeUrl),
    tls: true,
    pids: () => [gateway.pid],
  };
  const admin: Target = {
    ...native,
    name: `${label}-admin-${durability}`,
    ...addressOf(ready.connections.find(({ role }) => role === 'admin')!.nativeUrl),
  };
  const cli = { DBGATE_GATEWAY: ready.gateway, DBGATE_CA_FILE: ready.ca, DBGATE_TOKEN: developer.token };
  const connect = processes.start(
    process.execPath,
    [...nodeArguments, launcher, 'connect', developer.database, '--port', '0', '--json'],
    {
      env: { ...env, ...cli },
      cwd: home,
    },
  );
  const opened = (await firstJsonLine(connect)) as { url: string };
  const tunnel: Target = {
    name: `${label}-tunnel-${durability}`,
    ...addressOf(opened.url),
    tls: false,
    pids: () => [gateway.pid, connect.pid],
  };
  await untilReachable(native, gateway.failure);
  await untilReachable(tunnel, () => connect.failure() ?? gateway.failure());
  const inspectors = () => [gateway, connect].flatMap((child) => /ws:\/\/\S+/.exec(child.said())?.[0] ?? []);
  return { native, tunnel, admin, cli, database: developer.database, inspectors };
}

function addressOf(url: string): Pick<Target, 'host' | 'port' | 'user' | 'password' | 'database'> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

/** A driver's way in; the certificates are made for this run, so nobody knows them. */
export function clientOf(target: Target): pg.Client {
  const { host, port, user, password, database, tls } = target;
  return new pg.Client({ host, port, user, password, database, ssl: tls ? { rejectUnauthorized: false } : false });
}

/** libpq's variables for psql and pgbench. */
export function libpqEnvironment(target: Target): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LC_ALL: 'C',
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGPASSWORD: target.password,
    PGDATABASE: target.database,
    PGSSLMODE: target.tls ? 'require' : 'disable',
    PGGSSENCMODE: 'disable',
  };
}

export async function untilReachable(target: Target, failure: () => string | undefined): Promise<void> {
  await until(`${target.name} serves`, failure, async () => {
    const client = clientOf(target);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
    } finally {
      await client.end().catch(() => {});
    }
  });
}

async function untilPortOpen(port: number, failure: () => string | undefined): Promise<void> {
  const { connect } = await import('node:net');
  await until(`port ${port} is open`, failure, async () => {
    const socket = connect(port, '127.0.0.1');
    try {
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    } finally {
      socket.destroy();
    }
  });
}

async function until(what: string, failure: () => string | undefined, attempt: () => Promise<void>): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; ) {
    const failed = failure();
    if (failed !== undefined) throw new Error(`${what}: ${failed}`);
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
      await sleep(100);
    }
  }
}
