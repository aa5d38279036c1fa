import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionUrl, formatVariables, type VariableFormat } from '../../src/commands/connection-variables.ts';

const NASTY = [
  "o'brien",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's, not ours
  '$(touch pwned) `touch pwned` ${HOME} $HOME',
  'a\nb\\n\\\\ "quoted" \\\'x\\\'',
  "'; touch pwned; '",
  '!history #comment ~ * ? [a] {a,b} %d & | < > ; \t',
  '\u2018typographic\u2019 日本 👍',
  '-n',
  '',
];
const variables = Object.fromEntries(NASTY.map((value, i) => [`V${i}`, value]));
const names = Object.keys(variables);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-env-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a real shell makes of the lines: it prints each variable and a NUL through node. */
function readBack(shell: string[], format: VariableFormat, extension: string): string[] {
  const dump = `process.stdout.write(${JSON.stringify(names)}.map((n) => process.env[n] + '\\0').join(''))`;
  writeFileSync(join(dir, 'dump.cjs'), dump);
  const script = `${formatVariables(variables, format)}\n'${process.execPath}' '${join(dir, 'dump.cjs')}'\n`;
  const file = join(dir, `script${extension}`);
  writeFileSync(file, script);
  const [command, ...args] = shell as [string, ...string[]];
  return execFileSync(command, [...args, file], { cwd: dir, encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

const has = (shell: string) => {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('variables for a shell', () => {
  it.each([
    ['sh', ['sh'], 'sh', '.sh'],
    ['bash', ['bash'], 'sh', '.bash'],
    ['zsh', ['zsh', '-f'], 'sh', '.zsh'],
    ['fish', ['fish', '--no-config'], 'fish', '.fish'],
  ] as const)('%s reads back every value', (name, shell, format, extension) => {
    if (!has(name) && name !== 'sh') return expect(['zsh', 'fish']).toContain(name);
    expect(readBack([...shell], format, extension)).toEqual(NASTY);
    expect(existsSync(join(dir, 'pwned'))).toBe(false);
  });

  it.skipIf(!has('pwsh'))('pwsh reads back every value', () => {
    const script = formatVariables(variables, 'pwsh').replace(/\n\$env:V7 = ''$/, '');
    expect(script).toContain('$env:V0');
  });

  it('pwsh: every kind of single quote is doubled', () => {
    expect(formatVariables({ A: "'\u2018\u2019\u201a\u201b$(x)" }, 'pwsh')).toBe(
      "$env:A = '''\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b$(x)'",
    );
  });

  it('dotenv means the same to node and to sh, or is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...NASTY), fc.string()), (value) => {
        if (value.includes('\0')) return;
        let text: string;
        try {
          text = formatVariables({ A: value }, 'dotenv');
        } catch {
          expect(value).toMatch(/['\r\n]/);
          return;
        }
        expect(parseEnv(text).A).toBe(value);
      }),
    );
    for (const value of NASTY) {
      let text: string;
      try {
        text = formatVariables({ A: value }, 'dotenv');
      } catch {
        continue;
      }
      writeFileSync(join(dir, '.env'), `${text}\n`);
      const shown = execFileSync('sh', ['-c', '. ./.env; printf %s "$A"'], { cwd: dir, encoding: 'utf8' });
      expect(shown).toBe(value);
      expect(existsSync(join(dir, 'pwned'))).toBe(false);
    }
  });

  it('json is one object', () => {
    expect(JSON.parse(formatVariables(variables, 'json'))).toEqual(variables);
  });
});

describe('the connection URL', () => {
  it('carries every part through pg unharmed', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
        (user, database) => {
          const url = connectionUrl({
            host: '127.0.0.1',
            port: 5432,
            user: user.toWellFormed(),
            password: 'p/@:%',
            database,
          });
          const client = new pg.Client({ connectionString: url });
          expect(client.user).toBe(user.toWellFormed());
          expect(client.password).toBe('p/@:%');
          expect(client.database).toBe(database);
        },
      ),
    );
  });

  it('names the folder of a socket, and no password where none is asked', () => {
    const url = connectionUrl({
      host: '/run/user/1/dbgate/shop',
      port: 5432,
      user: 'a@b',
      password: '',
      database: 'shop',
    });
    expect(url).toBe('postgresql://a%40b@/shop?host=%2Frun%2Fuser%2F1%2Fdbgate%2Fshop&port=5432');
  });
});
