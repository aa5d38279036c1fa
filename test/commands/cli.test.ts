import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { runCli } from './run-cli.ts';

const launcher = process.env.DBGATE_TEST_BIN ?? new URL('../../bin/dbgate.js', import.meta.url).pathname;

describe('the command line', () => {
  it('--help lists every command but the hidden ones, on stdout', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const { name, group, summary } of COMMANDS) {
      if (group === 'Hidden') expect(stdout).not.toContain(name);
      else expect(stdout.replace(/\s+/g, ' ')).toContain(`${name} ${summary.replace(/\s+/g, ' ')}`);
    }
  });

  it.each(COMMANDS.map(({ name }) => name))(
    '%s: help names its global options, and its definition its name',
    async (name) => {
      const entry = COMMANDS.find((each) => each.name === name)!;
      expect((await entry.load()).name).toBe(name);
      const { code, stdout } = await runCli([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: dbgate ${name}`);
      expect(stdout).toContain('--gateway <url>');
    },
  );

  it('--help loads neither commander nor a package: it costs hardly more than node itself', () => {
    const dist = join(dirname(launcher), '../dist');
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, target] of readFileSync(join(dist, file), 'utf8').matchAll(
        /^(?:import|export)\b[^;]*?"([^"]+)";$/gm,
      )) {
        if (target!.startsWith('./')) visit(target!.slice(2));
        else packages.add(target!);
      }
    };
    visit('main.js');
    expect([...packages]).toEqual([]);
    expect(seen.size).toBeGreaterThan(1);
    const bytes = [...seen].reduce((sum, file) => sum + statSync(join(dist, file)).size, 0);
    expect(bytes).toBeLessThan(40_000);
  });

  it.each([60, 40])('no line is wider than a terminal of %i columns', async (columns) => {
    for (const args of [['--help'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
      const { stdout } = await runCli(args, { COLUMNS: String(columns) });
      // What is to be typed stays in one line.
      const lines = stdout
        .split('\n')
        .filter((line) => !/^ {2}(bash|zsh|fish|pwsh) {2,}dbgate|^ {2}dbgate env/.test(line));
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  it('prints ASCII only under LANG=C', async () => {
    for (const args of [['--help'], ['nope'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
      const { stdout, stderr } = await runCli(args, { LANG: 'C' });
      expect(stdout + stderr).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });

  it('--version says the version of package.json', async () => {
    const { version } = JSON.parse(
      execFileSync('cat', [new URL('../../package.json', import.meta.url).pathname], { encoding: 'utf8' }),
    );
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await runCli(['--version', '--json'])).stdout).toBe(`{"version":"${version}"}\n`);
  });

  it.each([
    [['conect', 'x'], `error: unknown command 'conect'\nfix: did you mean "dbgate connect"?\n`],
    [['ls', '--jsn'], "error: unknown option '--jsn' (Did you mean --json?)\nfix: dbgate ls --help\n"],
    [['connect'], "error: missing required argument 'database'\nfix: dbgate connect --help\n"],
    [['--nope'], "error: unknown option '--nope'\nfix: dbgate --help\n"],
    [['token', 'a', 'b'], 'error: too many arguments. Expected 1 argument but got 2: a, b\nfix: dbgate token --help\n'],
    [['connect', 'x', '--port', '70000'], "error: --port '70000' is not a number from 0 to 65535\n"],
    [['history', '--since', 'soon'], /^error: --since 'soon' is not a point in time\nfix: such as now, 30m/],
    [['history', '--limit', '0'], /^error: --limit '0'/],
    [['connect', ''], "error: argument 'database' is empty\nfix: dbgate connect --help\n"],
    [['wait', ''], "error: argument 'id' is empty\nfix: dbgate wait --help\n"],
    [
      ['history', '--class', 'e-mail'],
      /^error: option '--class <class>' argument 'e-mail' is invalid. Allowed choices are email, /,
    ],
    [['watch', '--class', 'e-mail'], /^error: option '--class <class>'/],
    [['completion', 'tcsh'], /^error: command-argument value 'tcsh' is invalid/],
  ])('%j is a usage error, exit code 2', async (args, message) => {
    const text = await runCli(args);
    expect(text.code).toBe(2);
    expect(text.stdout).toBe('');
    if (typeof message === 'string') expect(text.stderr).toBe(message);
    else expect(text.stderr).toMatch(message);

    const json = await runCli([...args, '--json']);
    expect(json.code).toBe(2);
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: 'usage', message: expect.any(String) });
  });

  it('takes global options before and behind the command', async () => {
    const gateway = 'https://127.0.0.1:1';
    for (const args of [
      ['--gateway', gateway, '--json', 'ls'],
      ['ls', `--gateway=${gateway}`, '--json'],
    ]) {
      const { code, stdout } = await runCli(args, { DBGATE_TOKEN: 'x', DBGATE_CONFIG_DIR: '/nonexistent' });
      expect(code).toBe(9);
      expect(JSON.parse(stdout).error.code).toBe('gateway_unreachable');
    }
  });

  it('without a login: exit code 4 and what to type', async () => {
    const { code, stdout, stderr } = await runCli(['ls']);
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: no gateway is set and no login is stored\nfix: dbgate login/);
  });

  it('an invalid gateway.yaml: exit code 2', async () => {
    const { code, stdout } = await runCli(['gateway', '--check', '--config', '/dev/null', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('config');
  });

  it('a reader that has gone is no error to speak of', () => {
    // The pipe is closed before anything is written to it.
    const script = `(sleep 0.3; exec "${process.execPath}" "${launcher}" --help; ) | true; printf %s "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout).toBe('141');
    expect(stderr).toBe('');
  });

  it('closed stdin, stdout and stderr', () => {
    const run = (redirections: string) =>
      spawnSync('bash', ['-c', `"${process.execPath}" "${launcher}" --version ${redirections}; printf ' %s' "$?"`], {
        encoding: 'utf8',
      });
    expect(run('<&-').stdout).toMatch(/^\d+\.\d+\.\d+\S*\n 0$/);
    expect(run('>&-').stdout).toBe(' 0');
    expect(run('2>&-').stdout).toMatch(/ 0$/);
  });

  it.skipIf(process.platform !== 'linux')('a full disk under stdout is a failure', () => {
    const script = `"${process.execPath}" "${launcher}" --version >/dev/full; printf %s "$?"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout).toBe('1');
    expect(stderr).toMatch(/^error: cannot write to stdout\ncause: .*ENOSPC/);
  });
});
