#!/usr/bin/env node
// The launcher: runs dist/main.js on a Node that is new enough, the one that `npm ci` brought if need be.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 19)) {
  module.enableCompileCache?.();
  const entry = new URL('../dist/main.js', import.meta.url);
  if (!existsSync(entry)) {
    console.error('error: dbgate is not built\nfix: npm run build');
    process.exit(1);
  }
  await import(entry.href);
} else {
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
