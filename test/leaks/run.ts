/**
 * `npm run leaks`: the black-box leak suite (DBGATE_LEAKS_DIR, default ../shared/leaks) against `dbgate demo --upstream`
 * around a throw-away PostgreSQL 15. In: flags for the suite's run.mjs, and `--via native`, `--principal analyst`,
 * `--with-superuser`. Out: the suite's figures and its exit code; 1, too, if a value of the seed stands in the gateway's
 * state (segments, index, logs) or in what an auditor exports. It leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../src/demo/postgres-server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const source = path.resolve(root, process.env.DBGATE_LEAKS_DIR ?? '../shared/leaks');
const children = new Set<ChildProcess>();

const launcher = path.join(root, 'bin/dbgate.js');

interface ReadyLine {
  readonly gateway: string;
  readonly ca: string;
  readonly connections: readonly { principal: string; role: string; url: string; nativeUrl: string; token: string }[];
}

async function main(argv: readonly string[]): Promise<number> {
  const { own, passed } = splitFlags(argv);
  await access(path.join(source, 'run.mjs')).catch(() => {
    throw new Error(`the leak suite is not at ${source}: set DBGATE_LEAKS_DIR to its folder`);
  });
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-leaks-'));
  let server: PostgresServer | undefined;
  try {
    const suite = path.join(dir, 'suite');
    await copySuite(suite);
    server = await startServer();
    const direct = server.url('postgres', 'postgres', 'saas');
    await run(process.execPath, ['run.mjs', '--seed-only', '--direct', direct], suite);
    const state = path.join(dir, 'state');
    const gateway = await startDemo(server.url('app_rw', 'app_rw', 'saas'), own, state);
    const flags = ['--direct', direct, '--gateway', gateway.url];
    if (own.superuser) {
      const superuser = await startDemo(server.url('app_su', 'app_su', 'saas'), own, `${state}-superuser`);
      flags.push('--superuser-gateway', superuser.url);
    }
    // node-pg takes sslmode=require of the native URL for verify-full.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: gateway.ca };
    const code = await run(process.execPath, ['run.mjs', ...flags, ...passed], suite, { env, answers: true });
    const exports = path.join(dir, 'exports');
    await exportAll(gateway.ready, exports);
    // What is written last is there when they have ended.
    await Promise.all([...children].map(end));
    const found = await canariesIn([state, `${state}-superuser`, exports], suite, passed);
    return code === 0 && found > 0 ? 1 : code;
  } finally {
    await Promise.all([...children].map(end));
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

interface OwnFlags {
  readonly via: 'tunnel' | 'native';
  readonly principal: string;
  readonly superuser: boolean;
}

function splitFlags(argv: readonly string[]): { own: OwnFlags; passed: string[] } {
  const { values, tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: {
      via: { type: 'string', default: 'tunnel' },
      principal: { type: 'string', default: 'developer' },
      'with-superuser': { type: 'boolean', default: false },
    },
  });
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !['via', 'principal', 'with-superuser'].includes(token.name)) continue;
    taken.add(token.index);
    if (token.value !== undefined && !token.inlineValue) taken.add(token.index + 1);
  }
  if (values.via !== 'tunnel' && values.via !== 'native') throw new Error('--via is tunnel or native');
  return {
    own: { via: values.via, principal: String(values.principal), superuser: values['with-superuser'] === true },
    passed: argv.filter((_, index) => !taken.has(index)),
  };
}

/** The suite's folder may be read-only, and wants its own node_modules. */
async function copySuite(suite: string): Promise<void> {
  await cp(source, suite, { recursive: true, filter: (file) => path.basename(file) !== 'node_modules' });
  for (const entry of await readdir(suite, { recursive: true, withFileTypes: true })) {
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
  await chmod(suite, 0o755);
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], suite);
}

/** As the suite's scripts/plain.sh sets it up. */
async function startServer(): Promise<PostgresServer> {
  const server = await startPostgres({
    major: 15,
    superuserPassword: 'postgres',
    settings: {
      wal_level: 'logical',
      max_connections: '60',
      autovacuum_naptime: '60',
      shared_preload_libraries: 'pg_stat_statements',
    },
  });
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query('CREATE DATABASE saas');
  await client.query("CREATE ROLE app_su SUPERUSER LOGIN PASSWORD 'app_su'");
  await client.end();
  return server;
}

interface Secret {
  readonly kind: string;
  readonly core: string;
  readonly label: string;
}

/** Looks for every value of the seed in what the gateways have kept; says where, and gives how many there are. */
async function canariesIn(dirs: readonly string[], suite: string, passed: readonly string[]): Promise<number> {
  const { buildSeed, DEFAULT_SEED } = (await import(path.join(suite, 'lib/seed.mjs'))) as {
    buildSeed(seed: number | string): { secrets: readonly Secret[] };
    DEFAULT_SEED: number;
  };
  const { secrets } = buildSeed(flagOf(passed, '--seed') ?? DEFAULT_SEED);
  const found = new Set<string>();
  let files = 0;
  let bytes = 0;
  for (const dir of dirs) {
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const name = path.join(entry.parentPath, entry.name);
      const content = (await readFile(name, 'latin1')).toLowerCase();
      files++;
      bytes += content.length;
      // Separators do not hide a number.
      const digits = content.replace(/(?<=\d)[ ().-]{1,2}(?=\d)/g, '');
      for (const { kind, core, label } of secrets) {
        const isThere = kind === 'alpha' ? content.includes(core.toLowerCase()) : digits.includes(core.toLowerCase());
        if (isThere) found.add(`${label} in ${path.relative(dir, name)}`);
      }
    }
  }
  console.log(
    `record: ${secrets.length} values of the seed looked for in ${files} files (${bytes} bytes): ${found.size} found`,
  );
  for (const one of [...found].slice(0, 50)) console.log(`  ${one}`);
  return found.size;
}

function flagOf(flags: readonly string[], name: string): string | undefined {
  const at = flags.indexOf(name);
  return at < 0 ? undefined : flags[at + 1];
}

/** All of the record in each format, and what evidence is made of it, as the demo's auditor gets it. */
async function exportAll({ gateway, ca, connections }: ReadyLine, into: string): Promise<void> {
  await mkdir(into);
  const token = connections.find(({ role }) => role === 'auditor')!.token;
  const env = { ...process.env, DBGATE_GATEWAY: gateway, DBGATE_CA_FILE: ca, DBGATE_TOKEN: token };
  for (const format of ['ocsf', 'jsonl', 'csv', 'cef']) {
    const args = [launcher, 'audit', 'export', '--format', format, '--since', '1d', '--to', path.join(into, format)];
    await run(process.execPath, args, root, { env });
  }
  const period = ['--framework', 'soc2', '--from', '1d', '--out', path.join(into, 'evidence')];
  await run(process.execPath, [launcher, 'evidence', ...period], root, { env });
}

/** Starts `dbgate demo` around an upstream; resolves to the principal's URL, the gateway's CA file, and all that it said. */
async function startDemo(
  upstream: string,
  own: OwnFlags,
  stateDir: string,
): Promise<{ url: string; ca: string; ready: ReadyLine }> {
  const upstreamUrl = `${upstream}?sslmode=disable`;
  const child = spawn(
    process.execPath,
    [launcher, 'demo', '--upstream', upstreamUrl, '--state-dir', stateDir, '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.add(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line') as Promise<string[]>,
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`dbgate demo ended with exit code ${code}`))),
  ]);
  const ready = JSON.parse(line!) as ReadyLine;
  const connection = ready.connections.find(
    ({ role, principal }) => role === own.principal || principal === own.principal,
  );
  if (!connection) throw new Error(`--principal is one of ${ready.connections.map(({ role }) => role).join(', ')}`);
  return { url: own.via === 'native' ? connection.nativeUrl : connection.url, ca: ready.ca, ready };
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Its exit code is an answer; else one that is not 0 is a failure. */
  readonly answers?: boolean;
}

async function run(command: string, args: readonly string[], cwd: string, options: RunOptions = {}): Promise<number> {
  const child = spawn(command, args, { cwd, stdio: 'inherit', env: options.env ?? process.env });
  children.add(child);
  const [code] = (await once(child, 'close')) as [number | null];
  children.delete(child);
  if (!options.answers && code !== 0) throw new Error(`${command} ${args[0]} ended with exit code ${code}`);
  return code ?? 1;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exited;
  clearTimeout(timer);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
