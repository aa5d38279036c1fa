#!/usr/bin/env node
// The launcher: runs dist/main.js on a Node that is new enough, the one that `npm ci` brought if need be.

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 19)) {
  await boundYoungGeneration();
  const entry = new URL('../dist/main.js', import.meta.url);
  // By getBuiltinModule: an import of node:fs loads its streams as well.
  const fs = process.getBuiltinModule('node:fs');
  const cache = codeCache(fs);
  if (cache !== undefined) process.getBuiltinModule('node:module').enableCompileCache?.(cache);
  if (!fs.existsSync(entry)) {
    console.error('error: dbgate is not built\nfix: npm run build');
    process.exit(1);
  }
  await import(entry.href);
} else {
  const [{ existsSync }, { fileURLToPath }] = await Promise.all([import('node:fs'), import('node:url')]);
  const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(own) || process.env.DBGATE_NODE) {
    console.error(`error: dbgate needs Node.js 22.19 or newer, this is ${process.versions.node}`);
    console.error('fix: install a newer Node.js, or run "npm ci" in the folder of dbgate');
    process.exit(1);
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, DBGATE_NODE: own },
  });
  // A terminal sends SIGINT to the whole foreground group, so the child has it already; others are passed on.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`error: cannot start ${own}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}

/**
 * What serves for long gets a young generation of 2 × 8 MB from the start, which can be said only to a process that
 * begins: by itself V8 lets it grow to 2 × 32, and cuts it to 2 × 1 when little is done, where a busy proxy spends a
 * sixth of its time on collecting. Whoever gives node arguments of their own has said what they want.
 */
async function boundYoungGeneration() {
  const [command] = process.argv.slice(2);
  if ((command !== 'gateway' && command !== 'demo') || process.execArgv.length > 0) return;
  if (process.platform === 'win32' || process.execve === undefined) return;
  const { fileURLToPath } = await import('node:url');
  const flags = ['--min-semi-space-size=8', '--max-semi-space-size=8'];
  // The same process, with its id, its files and its place among the system's services.
  process.execve(
    process.execPath,
    [process.argv0, ...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    process.env,
  );
}

/**
 * Where V8 keeps compiled code, a folder that nobody else can write to: what is in it is run. Not node's default in the
 * temporary folder, which whoever comes first can make. Undefined: there is none, and starting takes longer.
 */
function codeCache(fs) {
  const { env, platform } = process;
  const home = env.HOME?.startsWith('/') ? `${env.HOME}/.cache` : undefined;
  const base =
    platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : home;
  if (!base) return undefined;
  const dir = `${base}/dbgate`;
  try {
    for (const path of [base, dir]) if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 });
    const found = fs.lstatSync(dir);
    const isOwn = platform === 'win32' || (found.uid === process.geteuid() && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? dir : undefined;
  } catch {
    return undefined;
  }
}
