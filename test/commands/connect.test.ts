import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { type CliResult, runCli, startCli } from './run-cli.ts';
import { type StandInGateway, startStandInGateway, whoami } from './stand-in-gateway.ts';

/** The stand-in joins streams with a real Postgres that trusts whoever comes, as the gateway does behind its policy. */
let postgres: PostgresServer;
let gateway: StandInGateway;

beforeAll(async () => {
  postgres = await startPostgres({ hba: 'local all all trust\nhost all all 127.0.0.1/32 trust\n' });
  const admin = new pg.Client({ connectionString: postgres.superuserUrl });
  await admin.connect();
  await admin.query(`CREATE ROLE "${whoami.email}" LOGIN`);
  await admin.query('CREATE DATABASE shop');
  await admin.end();
});
afterAll(() => postgres?.stop());

beforeAll(async () => {
  gateway = await startStandInGateway();
});
afterAll(() => gateway?.close());
afterEach(() => {
  gateway.seen.length = 0;
  gateway.onStream = bridge;
  gateway.answer = undefined;
  gateway.routes.set('GET /v1/whoami', () => ({ body: whoami }));
});

function bridge(stream: net.Socket) {
  const upstream = net.connect(postgres.port, postgres.host);
  upstream.on('error', () => stream.destroy());
  stream.on('close', () => upstream.destroy());
  upstream.on('close', () => stream.end());
  stream.pipe(upstream);
  upstream.pipe(stream);
}

async function query(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const runtimeFiles = () => readdirSync(join(gateway.dir, 'dbgate')).filter((name) => name.startsWith('tunnel-'));

describe('dbgate connect', () => {
  it('prints one URL on stdout, serves it until a signal, and keeps its port', async () => {
    gateway.onStream = bridge;
    const cli = startCli(['connect', 'shop', '--purpose', 'ünit test'], gateway.env);
    const [url] = await cli.until(/^postgresql:.*$/m);
    expect(new URL(url).password).toMatch(/^[\w-]{24,}$/);
    expect(await query(url, 'SELECT current_user AS me')).toEqual([{ me: whoami.email }]);
    const upgrade = gateway.seen.find(({ method }) => method === 'UPGRADE')!;
    expect(upgrade.url).toBe('/v1/databases/shop/connect');
    expect(upgrade.headers).toMatchObject({
      authorization: 'Bearer token-of-the-test',
      'dbgate-tunnel': expect.stringMatching(/^[\w-]{8,}$/),
      'dbgate-purpose': encodeURIComponent('ünit test'),
    });
    expect(runtimeFiles()).toHaveLength(1);
    expect(statSync(join(gateway.dir, 'dbgate', runtimeFiles()[0]!)).mode & 0o777).toBe(0o600);
    await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    );

    cli.kill('SIGTERM');
    const { code, stdout } = await cli.result;
    expect(code).toBe(143);
    expect(stdout).toBe(`${url}\n`);
    expect(runtimeFiles()).toEqual([]);

    const again = startCli(['connect', 'shop', '--json'], gateway.env);
    const second = JSON.parse((await again.until(/^\{.*\}$/m))[0]);
    expect(second.port).toBe(Number(new URL(url).port));
    expect(second.password).not.toBe(new URL(url).password);
    again.kill('SIGINT');
    expect((await again.result).code).toBe(130);
  });

  it('--json: one object; --socket: a 0600 socket in a 0700 folder', async () => {
    gateway.onStream = bridge;
    const cli = startCli(['connect', 'shop', '--socket', '--json'], gateway.env);
    const open = JSON.parse((await cli.until(/^\{.*\}$/m))[0]);
    expect(open).toEqual({
      url: `postgresql://${encodeURIComponent(whoami.email)}@/shop?host=${encodeURIComponent(join(gateway.dir, 'dbgate/shop'))}&port=5432`,
      host: join(gateway.dir, 'dbgate/shop'),
      port: 5432,
      user: whoami.email,
      password: null,
      database: 'shop',
      socket: join(gateway.dir, 'dbgate/shop/.s.PGSQL.5432'),
      tunnel: expect.any(String),
    });
    expect(statSync(open.socket).mode & 0o777).toBe(0o600);
    expect(statSync(open.host).mode & 0o777).toBe(0o700);
    expect(await query(open.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    cli.kill('SIGHUP');
    expect((await cli.result).code).toBe(129);
  });

  it('renews, follows the counts, and says what happens, line by line off a terminal', async () => {
    gateway.onStream = bridge;
    const soon = new Date(Date.now() + 20_000).toISOString();
    gateway.routes.set('GET /v1/whoami', () => ({ body: { ...whoami, expires_at: soon } }));
    const counts = { event: 'stats', sessions: 1, statements: 7, denied: 2, masked: 3, errors: 0 };
    const renewed = new Promise<string>((resolve) => {
      gateway.answer = (key) => {
        if (/^GET \/v1\/tunnels\/[^/]+\/events$/.test(key)) return { lines: [counts, { event: 'of a newer gateway' }] };
        const tunnel = /^POST \/v1\/tunnels\/([^/]+)\/renew$/.exec(key)?.[1];
        if (tunnel === undefined) return undefined;
        resolve(tunnel);
        return { body: { expires_at: new Date(Date.now() + 3_600_000).toISOString() } };
      };
    });
    const cli = startCli(['connect', 'shop', '--json'], gateway.env);
    const open = JSON.parse((await cli.until(/^\{.*\}$/m))[0]);
    expect(await renewed).toBe(open.tunnel);
    await cli.until(/^shop: 1 sessions, 7 statements, 2 denied, 3 masked$/m);
    cli.kill('SIGTERM');
    const { stdout } = await cli.result;
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['denied by the gateway', {}, 'denied', 5, 'not granted'],
    ['no login', { DBGATE_TOKEN: '' }, 'login_required', 4, 'not logged in'],
    ['an unreachable gateway', { DBGATE_GATEWAY: 'https://127.0.0.1:1' }, 'gateway_unreachable', 9, 'cannot'],
  ] as const)('%s: nothing is printed, exit code and hint', async (_, env, code, exitCode, message) => {
    gateway.onStream = undefined;
    for (const command of [[], ['--', 'true']]) {
      const text = await runCli(['connect', 'x', ...command], { ...gateway.env, ...env });
      expect(text.code).toBe(exitCode);
      expect(text.stdout).toBe('');
      expect(text.stderr).toMatch(new RegExp(`^error: .*${message}[\\s\\S]*^fix: `, 'm'));
    }
    const json = await runCli(['connect', 'x', '--json'], { ...gateway.env, ...env });
    expect(json.code).toBe(exitCode);
    expect(JSON.parse(json.stdout).error).toMatchObject({ code, hint: expect.any(String) });
  });

  it('a port that is taken, by name and exit code', async () => {
    gateway.onStream = bridge;
    const taken = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as net.AddressInfo;
    const { code, stderr } = await runCli(['connect', 'shop', '--port', String(port)], gateway.env);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: cannot listen on 127.0.0.1:${port}: EADDRINUSE`));
    taken.close();
  });

  it('an unwritable home costs the kept port, not the tunnel', async () => {
    gateway.onStream = bridge;
    const file = join(gateway.dir, 'a-file');
    writeFileSync(file, '');
    const env = { ...gateway.env, DBGATE_CONFIG_DIR: join(file, 'x'), XDG_RUNTIME_DIR: undefined };
    const { code, stdout, stderr } = await runCli(['connect', 'shop', '--', 'sh', '-c', 'echo $PGHOST'], env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '127.0.0.1\n' });
    expect(stderr).toMatch(/"dbgate env" will not find this tunnel/);
  });

  // There mkdir's own `recursive` never ends.
  it.skipIf(process.platform !== 'linux')('nor does a home that takes no folders at all', async () => {
    gateway.onStream = bridge;
    const env = { ...gateway.env, HOME: '/proc', DBGATE_CONFIG_DIR: undefined, XDG_RUNTIME_DIR: undefined };
    const through = await runCli(['connect', 'shop', '--', 'sh', '-c', 'echo $PGHOST'], env);
    expect(through).toMatchObject({ code: 0, stdout: '127.0.0.1\n' });
    const socket = await runCli(['connect', 'shop', '--socket=/proc/x/s', '--', 'true'], env);
    expect(socket).toMatchObject({ code: 2, stdout: '' });
    expect(socket.stderr).toMatch(/^error: cannot make the folder of the socket: \/proc\/x\/s\n/);
  });
});

describe('dbgate connect -- command', () => {
  const through = (...command: string[]): Promise<CliResult> => {
    gateway.onStream = bridge;
    return runCli(['connect', 'shop', '--', ...command], gateway.env);
  };

  it('sets the variables, adds nothing to stdout, returns the exit code', async () => {
    const script =
      'printf "%s|" "$PGHOST" "$PGPORT" "$PGUSER" "$PGDATABASE" "$PGSSLMODE"; case $DATABASE_URL in postgresql://*) [ -n "$PGPASSWORD" ] && exit 3;; esac';
    const { code, stdout, stderr } = await through('sh', '-c', script);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^127\.0\.0\.1\|\d+\|o'brien\+x@demo\.test\|shop\|disable\|$/);
    expect(stderr).toBe('');
    expect(runtimeFiles()).toEqual([]);
  });

  it.skipIf(spawnSync('psql', ['--version']).status !== 0)('runs psql', async () => {
    const { code, stdout } = await through('psql', '-XAtc', 'SELECT current_user');
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${whoami.email}\n` });
  });

  it.each([
    [127, ['/no/such/program']],
    [126, ['/']],
    [143, ['sh', '-c', 'kill -TERM $$']],
    [7, ['sh', '-c', 'exit 7']],
    [0, ['true', '--json']],
  ] as const)('exit code %i: %j', async (expected, command) => {
    const { code } = await through(...command);
    expect(code).toBe(expected);
  });

  it('passes SIGTERM, SIGHUP and, without a terminal, SIGINT on', async () => {
    gateway.onStream = bridge;
    for (const [signal, name] of [
      ['SIGTERM', 'TERM'],
      ['SIGHUP', 'HUP'],
      ['SIGINT', 'INT'],
    ] as const) {
      const script = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`;
      const cli = startCli(['connect', 'shop', '--', 'sh', '-c', script], gateway.env);
      await cli.until(/ready/);
      cli.kill(signal);
      expect(await cli.result).toMatchObject({ code: 9, stdout: `ready\ngot ${name}\n` });
    }
  });
});

/** A real terminal by expect(1); what `script` sees, without escape sequences. */
function onTerminal(args: readonly string[], script: string, env: Record<string, string> = {}) {
  const launcher = process.env.DBGATE_TEST_BIN ?? new URL('../../bin/dbgate.js', import.meta.url).pathname;
  const words = [process.execPath, launcher, ...args].map((word) => `{${word}}`).join(' ');
  const file = join(gateway.dir, 'terminal.exp');
  writeFileSync(file, `set timeout 20\nspawn -noecho ${words}\n${script}\nexpect eof\nexit [lindex [wait] 3]\n`);
  return new Promise<{ code: number | null; shown: string }>((resolve) => {
    const child = spawn('expect', [file], {
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        ...gateway.env,
        ...env,
      },
    });
    let shown = '';
    child.stdout.on('data', (chunk) => {
      shown += chunk;
    });
    child.on('close', (code) => resolve({ code, shown }));
  });
}

describe.skipIf(spawnSync('expect', ['-v']).status !== 0)('on a terminal', () => {
  it('draws the live view on stderr, in colour, and ends it on Ctrl-C', async () => {
    gateway.onStream = bridge;
    const counts = { event: 'stats', sessions: 1, statements: 41, denied: 2, masked: 0, errors: 0 };
    gateway.answer = (key) => (key.endsWith('/events') ? { lines: [counts] } : undefined);
    const { code, shown } = await onTerminal(['connect', 'shop'], 'expect "statements 41"\nsend "\\003"');
    expect(code).toBe(130);
    expect(shown).toMatch(/^postgresql:/m);
    expect(shown).toContain('\u001b[31mdenied 2');
    expect(shown).toContain('●');
    // The URL stands above the view, which is drawn over and over.
    expect(shown.indexOf('postgresql:')).toBeLessThan(shown.indexOf('●'));
  });

  it.each([
    ['NO_COLOR', { NO_COLOR: '1' }, /statements 0/],
    ['LANG=C', { LANG: 'C' }, /\*\S* \S*shop/],
    ['TERM=dumb', { TERM: 'dumb' }, /Ctrl-C closes the tunnel/],
    ['COLUMNS=40', { COLUMNS: '40' }, /statements 0/],
  ])('with %s', async (name, env, expected) => {
    gateway.onStream = bridge;
    const { code, shown } = await onTerminal(['connect', 'shop'], 'expect "closes the tunnel"\nsend "\\003"', env);
    expect(code).toBe(130);
    expect(shown).toMatch(expected);
    if (name === 'NO_COLOR' || name === 'TERM=dumb') expect(shown).not.toMatch(/\u001b\[[\d;]*m/);
    if (name === 'TERM=dumb') expect(shown).not.toContain('\u001b');
    if (name === 'LANG=C') expect(shown).toMatch(/^[\x00-\x7f]*$/);
  });

  it('Ctrl-C reaches the command once, and dbgate stays until it ends', async () => {
    gateway.onStream = bridge;
    const script = "trap 'echo once >>$OUT; sleep 0.3; exit 4' INT; echo ready; while :; do sleep 0.05; done";
    const out = join(gateway.dir, 'interrupts');
    const { code } = await onTerminal(['connect', 'shop', '--', 'sh', '-c', script], 'expect "ready"\nsend "\\003"', {
      OUT: out,
    });
    expect(code).toBe(4);
    expect(readFileSync(out, 'utf8')).toBe('once\n');
  });
});

describe('dbgate env', () => {
  it('needs an open tunnel, finds it, and does not take a dead one for it', async () => {
    gateway.onStream = bridge;
    const none = await runCli(['env', 'shop'], gateway.env);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/^error: no tunnel to shop is open\nfix: in another terminal: dbgate connect shop/);

    const cli = startCli(['connect', 'shop', '--json'], gateway.env);
    const open = JSON.parse((await cli.until(/^\{.*\}$/m))[0]);
    const json = await runCli(['env', 'shop', '--format', 'json'], gateway.env);
    expect(JSON.parse(json.stdout)).toEqual({
      PGHOST: '127.0.0.1',
      PGPORT: String(open.port),
      PGUSER: whoami.email,
      PGPASSWORD: open.password,
      PGDATABASE: 'shop',
      PGSSLMODE: 'disable',
      DATABASE_URL: open.url,
    });
    const sh = await runCli(['env', 'shop'], gateway.env);
    const sourced = spawnSync('sh', ['-c', `${sh.stdout}\nprintf %s "$PGUSER $DATABASE_URL"`], { encoding: 'utf8' });
    expect(sourced.stdout).toBe(`${whoami.email} ${open.url}`);
    expect((await runCli(['env', 'other'], gateway.env)).code).toBe(1);

    cli.kill('SIGKILL');
    await cli.result;
    expect(runtimeFiles()).toHaveLength(1);
    expect((await runCli(['env', 'shop'], gateway.env)).code).toBe(1);
    expect(runtimeFiles()).toEqual([]);
  });

  it('does not read a file that others could have written', async () => {
    const dir = join(gateway.dir, 'dbgate');
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'tunnel-forged.json');
    writeFileSync(file, readFileSync('/dev/null'), { mode: 0o666 });
    expect((await runCli(['env', 'shop'], gateway.env)).code).toBe(1);
  });
});
