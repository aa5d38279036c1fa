/**
 * A real PostgreSQL for the demo and the tests: initdb in a temporary folder, SCRAM on 127.0.0.1, a free port.
 * In: what is special about it (major, settings, pg_hba, TLS). Out: where it listens, and how to stop it.
 * It must never outlive this process, not even when that is killed, nor be used for data worth keeping (fsync is off).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DbgateError, ErrorCode } from '../errors.ts';
import { freePort } from './free-port.ts';
import { watchParent } from './parent-watch.ts';
import { findPostgres, type PostgresBinaries, type RunAs, unprivilegedAccount } from './postgres-binaries.ts';

const run = promisify(execFile);
const exe = process.platform === 'win32' ? '.exe' : '';
const START_TIMEOUT_MS = 60_000;

export interface PostgresOptions {
  /** Where its files go; kept by `stop()`. An existing cluster there is started again. Default: a temporary folder, removed. */
  dir?: string;
  /** Default: whichever of 15 to 18 is at hand. */
  major?: 14 | 15 | 16 | 17 | 18;
  /** Lines of postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** The whole of pg_hba.conf; default: SCRAM for everyone. */
  hba?: string;
  /** Of the superuser `postgres`; default: a random one. */
  superuserPassword?: string;
  /** What a new cluster is a copy of; default: initdb makes each. */
  template?: ClusterTemplate;
  /** Default: any free one. */
  port?: number;
  /** PEM; turns `ssl` on. `ca` is for client certificates. */
  tls?: { cert: string; key: string; ca?: string };
}

/** A cluster of that version which no server runs on. `make` has initdb make one in `<dir>/data`. */
export type ClusterTemplate = (
  version: string,
  make: (dir: string, superuserPassword: string) => Promise<void>,
) => Promise<{ readonly data: string; readonly superuserPassword: string }>;

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** Folder of the Unix socket. */
  readonly socketDir: string;
  readonly version: string;
  readonly major: number;
  /** Database `postgres` as its superuser. */
  readonly superuserUrl: string;
  /** The same server for another user or database. */
  url(user: string, password: string, database: string): string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server and waits until it accepts connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const account = await unprivilegedAccount();
  const dir = options.dir ?? (await mkdtemp(path.join(os.tmpdir(), 'dbgate-postgres-')));
  const removes = options.dir === undefined ? [dir] : [];
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await own(dir, account);
    const binaries = await findPostgres(dir, account, options.major);
    // A socket's path has at most 107 bytes (103 on macOS).
    let socketDir = dir;
    if (dir.length > 80) {
      socketDir = await mkdtemp('/tmp/dbgate-socket-');
      await own(socketDir, account);
      removes.push(socketDir);
    }
    let password = options.superuserPassword ?? randomBytes(18).toString('base64url');
    const data = path.join(dir, 'data');
    if (!existsSync(path.join(data, 'PG_VERSION'))) {
      if (options.template === undefined || options.superuserPassword !== undefined) {
        await initialise(binaries, dir, password, account);
      } else {
        const template = await options.template(binaries.version, async (at, secret) => {
          await own(at, account);
          await initialise(binaries, at, secret, account);
        });
        await run('cp', ['-a', template.data, data], { ...account });
        password = template.superuserPassword;
      }
    }
    await configure(data, socketDir, options, account);
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await freePort());
      const server = await launch(binaries, data, port, account, removes);
      if (server === 'port taken' && options.port === undefined && attempt < 5) continue;
      if (server === 'port taken') throw new DbgateError(ErrorCode.config, `port ${port} is taken`);
      const url = (user: string, secret: string, database: string) =>
        `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
      return {
        host: '127.0.0.1',
        port,
        socketDir,
        version: binaries.version,
        major: binaries.major,
        superuserUrl: url('postgres', password, 'postgres'),
        url,
        ...server,
      };
    }
  } catch (error) {
    for (const folder of removes) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function own(file: string, account: RunAs | undefined): Promise<void> {
  if (account) await chown(file, account.uid, account.gid);
}

async function writeOwned(file: string, content: string, account: RunAs | undefined): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, 0o600);
  await own(file, account);
}

async function initialise(
  binaries: PostgresBinaries,
  dir: string,
  password: string,
  account: RunAs | undefined,
): Promise<void> {
  const data = path.join(dir, 'data');
  const pwfile = path.join(dir, 'password');
  await writeOwned(pwfile, password, account);
  // The built-in provider needs no locale of the operating system; older majors have only those.
  const locale =
    binaries.major >= 17
      ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
      : [`--locale=${process.platform === 'linux' ? 'C.UTF-8' : 'C'}`];
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${pwfile}`, '-E', 'UTF8', '--no-sync'];
  try {
    await run(path.join(binaries.bin, `initdb${exe}`), [...args, ...locale], { ...account, cwd: dir, env: plainEnv() });
  } catch (error) {
    const stderr = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new DbgateError(ErrorCode.internal, `initdb of PostgreSQL ${binaries.version} failed: ${stderr}`, {
      cause: error,
    });
  } finally {
    await rm(pwfile, { force: true });
  }
}

/** Neither PG* variables nor a foreign locale may change what the server does. */
function plainEnv(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(env), LC_ALL: 'C' };
}

const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;

async function configure(
  data: string,
  socketDir: string,
  options: PostgresOptions,
  account: RunAs | undefined,
): Promise<void> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    password_encryption: 'scram-sha-256',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    logging_collector: 'off',
  };
  if (process.platform !== 'win32') settings.unix_socket_directories = socketDir;
  if (options.tls) {
    await writeOwned(path.join(data, 'server.crt'), options.tls.cert, account);
    await writeOwned(path.join(data, 'server.key'), options.tls.key, account);
    settings.ssl = 'on';
    if (options.tls.ca) {
      await writeOwned(path.join(data, 'root.crt'), options.tls.ca, account);
      settings.ssl_ca_file = 'root.crt';
    }
  }
  Object.assign(settings, options.settings);
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}\n`);
  await writeOwned(path.join(data, 'dbgate.conf'), lines.join(''), account);
  const main = path.join(data, 'postgresql.conf');
  const include = "include 'dbgate.conf'\n";
  if (!(await readFile(main, 'utf8')).endsWith(include)) await appendFile(main, include);
  if (options.hba !== undefined) await writeOwned(path.join(data, 'pg_hba.conf'), `${options.hba}\n`, account);
}

async function launch(
  binaries: PostgresBinaries,
  data: string,
  port: number,
  account: RunAs | undefined,
  removes: readonly string[],
): Promise<'port taken' | { pid: number; stop(): Promise<void> }> {
  // Detached: Ctrl-C on a terminal goes to the whole foreground group, but this ends in its own order.
  const child = spawn(path.join(binaries.bin, `postgres${exe}`), ['-D', data, '-p', String(port)], {
    ...account,
    cwd: data,
    env: plainEnv(),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      log += error.message;
      resolve();
    });
  });
  const pid = child.pid;
  const guard = pid === undefined ? undefined : watchParent(removes, { pid, data });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(data, pid))) {
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill('SIGQUIT');
      await ended;
      guard?.dismiss();
      if (/Address already in use/.test(log)) return 'port taken';
      throw new DbgateError(ErrorCode.internal, `PostgreSQL ${binaries.version} did not start: ${log.trim()}`);
    }
    await sleep(20);
  }
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  const stop = async () => {
    if (process.platform === 'win32') {
      await run(path.join(binaries.bin, `pg_ctl${exe}`), ['-D', data, '-m', 'fast', 'stop']).catch(() => child.kill());
    } else await end(child, ended);
    await ended;
    guard?.dismiss();
    for (const folder of removes) await rm(folder, { recursive: true, force: true });
  };
  let stopping: Promise<void> | undefined;
  return { pid: pid!, stop: () => (stopping ??= stop()) };
}

/** postmaster.pid: its first line is the process, its eighth the state. */
async function isReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

/** Fast shutdown, then immediate, then the hard way. */
async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref();
  for (const [signal, graceMs] of [
    ['SIGINT', 5000],
    ['SIGQUIT', 3000],
    ['SIGKILL', 3000],
  ] as const) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timer = new AbortController();
    await Promise.race([ended, sleep(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }
}
