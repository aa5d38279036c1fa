import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTree, type TreeCommand } from '../../src/commands/command-tree.ts';
import {
  COMPLETION_FILES,
  COMPLETION_SHELLS,
  type CompletionShell,
  completionScript,
} from '../../src/commands/completion-scripts.ts';
import { runCli } from '../commands/run-cli.ts';

const folder = new URL('../../completions/', import.meta.url);
const script = (shell: CompletionShell) => new URL(COMPLETION_FILES[shell], folder).pathname;

let tree: TreeCommand[];
let dir: string;

/** What a hostile server could have called its databases, one name a line of the cache. */
const HOSTILE = [
  'prod-db',
  'prod $(touch pwned)',
  'prod`touch pwned`',
  "prod';touch pwned;'",
  'prod"$(touch pwned)"',
  'prod;touch pwned',
];

beforeAll(async () => {
  tree = await commandTree();
  dir = mkdtempSync(join(tmpdir(), 'dbgate-completion-'));
  mkdirSync(join(dir, 'bin'));
  // As if __complete let everything through: the scripts must be safe by themselves.
  writeFileSync(join(dir, 'names'), `${HOSTILE.join('\n')}\n`);
  writeFileSync(join(dir, 'bin/dbgate'), `#!/bin/sh\n[ "$1 $2" = "__complete databases" ] && cat '${dir}/names'\n`);
  chmodSync(join(dir, 'bin/dbgate'), 0o755);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(command: string, args: string[]): string {
  return execFileSync(command, args, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: `${dir}/bin:${process.env.PATH}`, HOME: dir, TERM: 'xterm', LANG: 'C.UTF-8' },
    timeout: 240_000,
  });
}

const has = (shell: string) => {
  try {
    execFileSync(shell, [shell === 'expect' ? '-v' : '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('the scripts in completions/', () => {
  it.each(COMPLETION_SHELLS)('%s is what the command tree says (npm run completions)', (shell) => {
    expect(readFileSync(script(shell), 'utf8')).toBe(completionScript(shell, tree));
  });

  it.each(COMPLETION_SHELLS)('%s runs nothing but __complete, and evaluates nothing', (shell) => {
    const text = readFileSync(script(shell), 'utf8');
    expect(text).not.toMatch(/\beval\b|Invoke-Expression|\biex\b|compgen -W/);
  });

  it.each(COMPLETION_SHELLS)('"dbgate completion %s" prints it', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(script(shell), 'utf8'));
  });
});

describe('__complete', () => {
  it('reads the cache only, and lets no name through that a shell could misread', async () => {
    const config = join(dir, 'config');
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'database-names.json'), JSON.stringify([...HOSTILE, 'a\nb', '-rf', 7, 'staging.db_2']));
    const env = { DBGATE_CONFIG_DIR: config, DBGATE_GATEWAY: 'https://127.0.0.1:1', DBGATE_TOKEN: 'x' };
    expect(await runCli(['__complete', 'databases'], env)).toMatchObject({
      code: 0,
      stdout: 'prod-db\nstaging.db_2\n',
      stderr: '',
    });
  });

  it.each(['', '{', '{"a":1}', 'null'])('a broken cache (%j) offers nothing and says nothing', async (text) => {
    const config = join(dir, 'broken');
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'database-names.json'), text);
    expect(await runCli(['__complete', 'databases'], { DBGATE_CONFIG_DIR: config })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});

/** Candidates for a command line; the last word is being typed. */
type Complete = (words: string[]) => string[];

const bash: Complete = (words) => {
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const out = run('bash', [
    '--norc',
    '-c',
    `source '${script('bash')}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _dbgate; (( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"; true`,
  ]);
  return out.split('\n').filter(Boolean);
};

const fish: Complete = (words) => {
  const line = words.join(' ').replaceAll("'", "\\'");
  const out = run('fish', ['--no-config', '-c', `source '${script('fish')}'; complete -C '${line}'`]);
  return out
    .split('\n')
    .filter(Boolean)
    .map((candidate) => candidate.split('\t')[0]!);
};

/** A real zsh line editor on a pseudo-terminal; compadd is asked to say what it is given. */
const zsh: Complete = (words) => {
  const out = join(dir, 'zsh.out');
  writeFileSync(
    join(dir, 'zshrc'),
    `PROMPT=READY; cd '${dir}'; autoload -Uz compinit; compinit -u -d '${dir}/zcompdump'; source '${script('zsh')}'
compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- $found >>'${out}'; builtin compadd "$@" }
finish() { zle complete-word; print -- ---END--- >>'${out}'; exit }
zle -N finish; bindkey '^X' finish
`,
  );
  writeFileSync(
    join(dir, 'zsh.exp'),
    `set timeout 20
spawn -noecho zsh -f
send -- " source '${join(dir, 'zshrc')}'\\r"
expect "READY"
send -- {${words.join(' ')}}
send -- "\\030"
expect eof
`,
  );
  rmSync(out, { force: true });
  run('expect', [join(dir, 'zsh.exp')]);
  const lines = readFileSync(out, 'utf8').split('\n').filter(Boolean);
  expect(lines.pop()).toBe('---END---');
  return [...new Set(lines)];
};

describe.each([
  ['bash', bash],
  ['fish', fish],
  ['zsh', zsh],
] as const)('in a real %s', (shell, complete) => {
  const here = has(shell) && (shell !== 'zsh' || has('expect'));

  it.skipIf(!here)('offers commands', () => {
    expect(complete(['dbgate', 'con'])).toEqual(['connect']);
    const all = complete(['dbgate', '']);
    for (const { name } of tree) expect(all).toContain(name);
    expect(all).not.toContain('__complete');
  });

  it.skipIf(!here)('offers options and their choices', () => {
    expect(complete(['dbgate', 'connect', '--so'])).toEqual(['--socket']);
    expect(complete(['dbgate', 'env', 'prod-db', '--format', 'f'])).toEqual(['fish']);
    expect(complete(['dbgate', 'completion', 'z'])).toEqual(['zsh']);
  });

  it.skipIf(!here)('offers databases where one stands, behind global options too', () => {
    expect(complete(['dbgate', 'connect', 'prod-'])).toEqual(['prod-db']);
    expect(complete(['dbgate', '--gateway', 'https://x', 'token', 'prod-'])).toEqual(['prod-db']);
    expect(complete(['dbgate', 'history', '--db', 'prod-'])).toEqual(['prod-db']);
    expect(complete(['dbgate', 'token', 'prod-db', 'prod-'])).toEqual([]);
  });

  it.skipIf(!here)('runs nothing of what a server called its databases', () => {
    const offered = complete(['dbgate', 'connect', 'pro']);
    expect(offered.length).toBeGreaterThan(0);
    expect(existsSync(join(dir, 'pwned'))).toBe(false);
  });

  it.skipIf(!here)('offers commands and files behind --', () => {
    writeFileSync(join(dir, 'notes.sql'), '');
    expect(complete(['dbgate', 'connect', 'prod-db', '--', 'tou'])).toContain('touch');
  });
});

it.skipIf(!has('bash'))('bash: what is inserted is one quoted word', () => {
  const offered = bash(['dbgate', 'connect', 'prod']);
  expect(offered).toHaveLength(HOSTILE.length);
  const back = run('bash', ['--norc', '-c', `printf '%s\\n' ${offered.join(' ')}`]);
  expect(back.trimEnd().split('\n')).toEqual(HOSTILE);
  expect(existsSync(join(dir, 'pwned'))).toBe(false);
});
